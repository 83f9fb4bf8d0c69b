//! The values of condition keys, for a bucket's policy.

use crate::ops::tagging;
use crate::policy::condition_key;
use crate::request::{Call, Caller, Signed, text};
use crate::store::model::Version;

/// The values of the condition keys.
pub(super) fn context(
    call: &Call,
    object: Option<&Version>,
    version: Option<&str>,
) -> Vec<(String, Vec<String>)> {
    let mut context: Vec<(String, Vec<String>)> = Vec::new();
    let mut put = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            context.push((condition_key(key), vec![value]));
        }
    };
    put(
        "aws:SourceIp",
        call.peer.map(|peer| peer.to_canonical().to_string()),
    );
    put("aws:SecureTransport", Some("false".to_owned()));
    put("aws:UserAgent", call.header("user-agent"));
    put("aws:Referer", call.header("referer"));
    put("aws:CurrentTime", Some(crate::time::iso(call.now)));
    put("aws:EpochTime", Some((call.now / 1000).to_string()));
    if let Caller::User { user, .. } = &call.caller {
        put("aws:PrincipalAccount", Some(user.account.clone()));
        put("aws:PrincipalArn", Some(user.arn()));
        put("aws:username", Some(user.display_name.clone()));
        put("aws:userid", Some(user.id.clone()));
        put("s3:signatureversion", Some("AWS4-HMAC-SHA256".to_owned()));
        let kind = match call.signed {
            Signed::Query => "REST-QUERY-STRING",
            Signed::Form => "POST",
            _ => "REST-HEADER",
        };
        put("s3:authType", Some(kind.to_owned()));
    }
    for name in ["prefix", "delimiter", "max-keys"] {
        put(
            &format!("s3:{name}"),
            call.query.get(name).map(str::to_owned),
        );
    }
    put("s3:VersionId", version.map(str::to_owned));
    if let Some(source) = call.header("x-amz-copy-source") {
        let source = percent_encoding::percent_decode_str(&source)
            .decode_utf8_lossy()
            .into_owned();
        put(
            "s3:x-amz-copy-source",
            Some(source.trim_start_matches('/').to_owned()),
        );
    }
    for (name, value) in &call.headers {
        let name = name.as_str();
        if name.starts_with("x-amz-") && name != "x-amz-copy-source" {
            put(&format!("s3:{name}"), Some(text(value)));
        }
    }
    for name in ["if-match", "if-none-match"] {
        put(&format!("s3:{name}"), call.header(name));
    }
    put("s3:object-lock-mode", call.header("x-amz-object-lock-mode"));
    put(
        "s3:object-lock-legal-hold",
        call.header("x-amz-object-lock-legal-hold"),
    );
    for (key, value) in object
        .map(|object| object.extra().tags.as_slice())
        .unwrap_or_default()
    {
        put(&format!("s3:ExistingObjectTag/{key}"), Some(value.clone()));
    }
    let asked = call
        .header("x-amz-tagging")
        .and_then(|tags| tagging::of_header(&tags).ok())
        .unwrap_or_default();
    for (key, value) in &asked {
        put(&format!("s3:RequestObjectTag/{key}"), Some(value.clone()));
    }
    if !asked.is_empty() {
        context.push((
            "s3:requestobjecttagkeys".to_owned(),
            asked.into_iter().map(|(key, _)| key).collect(),
        ));
    }
    context
}
