//! Signatures in the `Authorization` header.

use http::header::DATE;

use super::{
    ALGORITHM, Canonical, ChunkSigning, Credential, MOST_SKEW_MS, Payload, all_signed,
    old_signature, owner_of, payload_of, signed_as,
};
use crate::error::{S3Error, S3Result, error, error_with, not_implemented};
use crate::request::{Call, Signed};
use crate::service::Shared;
use crate::time;

fn malformed(message: &str) -> S3Error {
    error_with(
        "AuthorizationHeaderMalformed",
        format!("The authorization header is malformed; {message}"),
    )
}

/// # Errors
/// Those of a header that is malformed, of a key that is not known, of a time that is off and of a signature that does not match.
pub(super) fn authenticate(shared: &Shared, call: &mut Call) -> S3Result<Payload> {
    let value = call.header("authorization").unwrap_or_default();
    let rest = match value.split_once(' ') {
        Some((ALGORITHM, rest)) => rest,
        Some(("AWS", _)) => return Err(old_signature()),
        Some(("AWS4-ECDSA-P256-SHA256", _)) => {
            return Err(not_implemented("AWS4-ECDSA-P256-SHA256"));
        }
        _ => {
            return Err(
                error_with("InvalidArgument", "Unsupported Authorization Type")
                    .member("ArgumentName", "Authorization")
                    .member("ArgumentValue", value),
            );
        }
    };
    let part = |name: &str| {
        rest.split(',')
            .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
    };
    let credential = part("Credential").ok_or_else(|| malformed("missing Credential"))?;
    let signed_headers = part("SignedHeaders").ok_or_else(|| malformed("missing SignedHeaders"))?;
    let signature = part("Signature")
        .ok_or_else(|| malformed("missing Signature"))?
        .to_owned();
    let credential = Credential::parse(credential).ok_or_else(|| {
        malformed("the Credential is mal-formed; expecting \"<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request\".")
    })?;
    if let Some((complaint, region)) = credential.complaint(shared) {
        let made = malformed(&complaint);
        return Err(match region {
            Some(region) => made.member("Region", region),
            None => made,
        });
    }
    let signed_headers: Vec<String> = signed_headers
        .split(';')
        .map(str::to_ascii_lowercase)
        .collect();
    let (caller, secret) = owner_of(shared, &credential.access_key)?;
    let date = date(call)?;
    if date.get(..8) != Some(credential.date.as_str()) {
        return Err(malformed(&format!(
            "Invalid credential date \"{}\". This date is not the same as X-Amz-Date: \"{}\".",
            credential.date,
            date.get(..8).unwrap_or_default()
        )));
    }
    let at = time::parse_compact(&date).unwrap_or(0);
    let machine = time::machine_ms();
    if at.abs_diff(machine) > MOST_SKEW_MS {
        return Err(error("RequestTimeTooSkewed")
            .member("RequestTime", date)
            .member("ServerTime", time::iso(machine))
            .member("MaxAllowedSkewMilliseconds", MOST_SKEW_MS.to_string()));
    }
    let hash = call.header("x-amz-content-sha256").ok_or_else(|| {
        error_with(
            "InvalidRequest",
            "Missing required header for this request: x-amz-content-sha256",
        )
    })?;
    let signing = ChunkSigning {
        key: credential.key(&secret),
        date: date.clone(),
        scope: credential.scope(),
        seed: signature.clone(),
    };
    let payload = payload_of(&hash, signing)?;
    all_signed(&call.headers, &signed_headers)?;
    let canonical = Canonical {
        call,
        signed_headers: &signed_headers,
        payload: &hash,
    };
    canonical.check(&credential, &date, &secret, &signature)?;
    call.region = Some(credential.region.clone());
    signed_as(call, caller, Signed::Header);
    Ok(payload)
}

/// The time of the signature in its own form, from `x-amz-date` or else from `Date`.
fn date(call: &Call) -> S3Result<String> {
    let missing = || {
        error_with(
            "AccessDenied",
            "AWS authentication requires a valid Date or x-amz-date header",
        )
    };
    if let Some(date) = call.header("x-amz-date") {
        return time::parse_compact(&date).map(|_| date).ok_or_else(missing);
    }
    let date = call.header(DATE.as_str()).ok_or_else(missing)?;
    let at = time::parse_compact(&date)
        .or_else(|| time::parse_http(&date))
        .ok_or_else(missing)?;
    Ok(time::compact(at))
}
