//! Who may do what: the app's own policy, enforced before an operation as IAM would.
//!
//! The app is denied here what its role would be denied in the account, so that a missing permission shows on the
//! laptop. What is checked is S3 user guide, "Required permissions for Amazon S3 API operations".

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

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
    policy::{self, On, evaluate::allows},
    settings::Statement,
};

/// What the app may do; cheap to clone, and changed while the server runs. Until statements are set, everything is allowed.
#[derive(Clone, Default)]
pub(crate) struct Guard(Arc<Inner>);

/// Who is told of each denial.
type Told = Box<dyn Fn(&str) + Send + Sync>;

#[derive(Default)]
struct Inner {
    statements: RwLock<Option<Vec<Statement>>>,
    told: Option<Told>,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

impl Guard {
    /// A guard that tells each denial in a line.
    pub(crate) fn telling(told: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(Inner {
            statements: RwLock::default(),
            told: Some(Box::new(told)),
        }))
    }

    /// Allows those statements and nothing else, from now on.
    pub(crate) fn enforce(&self, statements: Vec<Statement>) {
        *self
            .0
            .statements
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(statements);
    }

    fn allowed(&self, action: &str, arn: &str) -> bool {
        let statements = self.0.statements.read();
        let statements = statements.unwrap_or_else(PoisonError::into_inner);
        statements
            .as_ref()
            .is_none_or(|statements| allows(statements, action, arn))
    }

    /// Refuses unless the action is allowed.
    fn check(&self, operation: &str, action: &str, arn: &str) -> S3Result<()> {
        if self.allowed(action, arn) {
            return Ok(());
        }
        let shown = arn.escape_debug();
        self.tell(&format!(
            "S3 denied {operation}: no statement of the app's policy allows `{action}` on `{shown}`; `cargo fw policy` shows \
             what it allows, and a `[[policy]]` in `fw.toml` with `actions = [\"{action}\"]` adds to it"
        ));
        // The words are IAM's (IAM user guide, "Troubleshoot access denied error messages").
        Err(s3_error!(
            AccessDenied,
            "The app is not authorized to perform: {action} on resource: \"{arn}\" because no identity-based policy allows \
             the {action} action"
        ))
    }

    fn tell(&self, line: &str) {
        if let Some(told) = &self.0.told {
            told(line);
        }
    }
}

/// The check before each operation.
pub(super) struct Access {
    pub(super) guard: Guard,
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
        if cx.credentials().is_none() {
            return Err(s3_error!(AccessDenied, "Signature is required"));
        }
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
        let source = headers.get("x-amz-copy-source").map(|source| {
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
            self.guard.check(operation, &action, &arn)?;
        }
        if matches!(operation, "GetObject" | "HeadObject") {
            self.missing(operation, bucket, key)?;
        }
        Ok(())
    }

    async fn delete_objects(&self, request: &mut S3Request<DeleteObjectsInput>) -> S3Result<()> {
        // S3 tells a denial for each key; here one is enough to refuse all, as none is to be deleted half-way.
        for named in &request.input.delete.objects {
            let arn = object(&request.input.bucket, &named.key);
            self.guard.check("DeleteObjects", "s3:DeleteObject", &arn)?;
        }
        Ok(())
    }
}

impl Access {
    /// Who may not list the bucket is not told that a key does not exist (S3 API reference, `GetObject`, "Permissions":
    /// 403 in place of 404).
    fn missing(&self, operation: &str, bucket: &str, key: &str) -> S3Result<()> {
        let arn = bucket_arn(bucket);
        if self.guard.allowed("s3:ListBucket", &arn) {
            return Ok(());
        }
        let found = self
            .store
            .bucket(bucket)
            .and_then(|bucket| bucket.find(key));
        // What is wrong with the bucket or the key is for the operation itself to say.
        if !matches!(found, Ok(None)) {
            return Ok(());
        }
        self.guard.tell(&format!(
            "S3 answers 403 and not 404 to {operation} of `{}`, which does not exist: the app's policy does not allow \
             `s3:ListBucket` on `{arn}`",
            key.escape_debug()
        ));
        Err(s3_error!(AccessDenied, "Access Denied"))
    }
}
