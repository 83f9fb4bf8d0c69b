//! What each operation of S3 asks of IAM, before it runs. What is checked is S3 user guide, "Required permissions for Amazon S3 API
//! operations".

use std::sync::Arc;

use percent_encoding::percent_decode_str;
use s3s::{
    S3Request, S3Result,
    access::{S3Access, S3AccessContext},
    dto::DeleteObjectsInput,
    path::S3Path,
    s3_error,
};

use super::store::Store;
use crate::{
    local::services::policy_guard::{Attempt, PolicyGuard},
    policy::{self, On},
};

/// The check before each operation.
pub(super) struct Access {
    pub(super) guard: PolicyGuard,
    pub(super) store: Arc<Store>,
}

fn object(bucket: &str, key: &str) -> String {
    format!("arn:aws:s3:::{bucket}/{key}")
}

fn bucket_arn(bucket: &str) -> String {
    format!("arn:aws:s3:::{bucket}")
}

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(credentials) = cx.credentials() else {
            return Err(s3_error!(AccessDenied, "Signature is required"));
        };
        let caller = credentials.access_key.clone();
        let operation = match cx.s3_op().name() {
            // A form's upload is allowed by the same action; its key is in the form.
            "PostObject" => "PutObject",
            // Each key is checked when they are known.
            "DeleteObjects" => return Ok(()),
            named => named,
        };
        let query = cx.uri().query().unwrap_or_default();
        let headers = cx.headers();
        let sets = |name: &str| match name {
            "version_id" => query.split('&').any(|pair| pair.starts_with("versionId=")),
            "acl" => headers.contains_key("x-amz-acl"),
            "tagging" => headers.contains_key("x-amz-tagging"),
            _ => false,
        };
        let (bucket, key) = match cx.s3_path() {
            S3Path::Root => ("", ""),
            S3Path::Bucket { bucket } => (&**bucket, "*"),
            S3Path::Object { bucket, key } => (&**bucket, &**key),
        };
        // Where nothing is copied the header says nothing.
        let copies = matches!(operation, "CopyObject" | "UploadPartCopy");
        let source = headers.get("x-amz-copy-source").filter(|_| copies);
        let source = source.map(|source| {
            let source = String::from_utf8_lossy(source.as_bytes());
            let path = source.split('?').next().unwrap_or_default();
            let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8_lossy();
            format!("arn:aws:s3:::{path}")
        });
        for (action, on) in policy::actions("s3", operation, &sets) {
            let arn = match on {
                On::Object if action.starts_with("s3:GetObject") => {
                    source.clone().unwrap_or_else(|| object(bucket, key))
                }
                On::Object => object(bucket, key),
                On::Bucket => bucket_arn(bucket),
                On::Resource | On::Everything => "*".to_owned(),
            };
            self.ask(&caller, operation, &action, &arn)?;
        }
        if matches!(operation, "GetObject" | "HeadObject") {
            self.missing(&caller, operation, bucket, key)?;
        }
        Ok(())
    }

    async fn delete_objects(&self, request: &mut S3Request<DeleteObjectsInput>) -> S3Result<()> {
        // S3 tells a denial for each key; here one is enough to refuse all, as none is to be deleted half-way.
        let caller = request.credentials.as_ref();
        let caller = caller.map_or("", |credentials| credentials.access_key.as_str());
        for named in &request.input.delete.objects {
            let arn = object(&request.input.bucket, &named.key);
            self.ask(caller, "DeleteObjects", "s3:DeleteObject", &arn)?;
        }
        Ok(())
    }
}

impl Access {
    /// Refuses unless the action is allowed.
    fn ask(&self, key: &str, operation: &str, action: &str, resource: &str) -> S3Result<()> {
        let attempt = Attempt {
            key,
            service: "S3",
            operation,
            action,
            resource,
        };
        let decided = self.guard.check(attempt);
        decided.map_err(|message| s3_error!(AccessDenied, "{message}"))
    }

    /// Who may not list the bucket is not told that a key does not exist (S3 API reference, `GetObject`, "Permissions":
    /// 403 in place of 404).
    fn missing(&self, caller: &str, operation: &str, bucket: &str, key: &str) -> S3Result<()> {
        let arn = bucket_arn(bucket);
        let Err(whose) = self.guard.allowed(caller, "s3:ListBucket", &arn) else {
            return Ok(());
        };
        let found = self
            .store
            .bucket(bucket)
            .and_then(|bucket| bucket.find(key));
        // What is wrong with the bucket or the key is for the operation itself to say.
        if !matches!(found, Ok(None)) {
            return Ok(());
        }
        self.guard.tell(&format!(
            "S3 answers 403 and not 404 to {operation} of `{}`, which does not exist: {whose} policy does not allow \
             `s3:ListBucket` on `{arn}`",
            key.escape_debug()
        ));
        Err(s3_error!(AccessDenied, "Access Denied"))
    }
}
