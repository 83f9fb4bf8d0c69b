//! Who may do what: the app's own policy, enforced before an operation as IAM would.
//!
//! The app is denied here what its role would be denied in the account, so that a missing permission shows on the
//! laptop. What is checked is S3 user guide, "Required permissions for Amazon S3 API operations".

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, PoisonError, RwLock},
};

use fw_manifest::Part;
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
    values::statement::Statement,
};

/// What the functions may do; cheap to clone, and changed while the server runs. Until statements are set, everything is allowed.
#[derive(Clone, Default)]
pub(crate) struct Guard(Arc<Inner>);

/// Who is told of each denial.
type Told = Box<dyn Fn(&str) + Send + Sync>;

#[derive(Default)]
struct Inner {
    policies: RwLock<Option<Policies>>,
    told: Option<Told>,
}

/// What each function may do.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    /// The function that answers requests, and whoever else signs with its key.
    pub(crate) app: Vec<Statement>,
    /// The others, by the access keys of their processes: which it is, and what it may do.
    pub(crate) others: BTreeMap<String, (Part, Vec<Statement>)>,
}

impl Policies {
    /// Which part the owner of that access key is, and what it may do.
    fn of(&self, key: &str) -> (&Part, &[Statement]) {
        match self.others.get(key) {
            Some((part, statements)) => (part, statements),
            None => (&Part::Api, &self.app),
        }
    }
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
            policies: RwLock::default(),
            told: Some(Box::new(told)),
        }))
    }

    /// Allows that and nothing else, from now on.
    pub(crate) fn enforce(&self, policies: Policies) {
        let held = self.0.policies.write();
        *held.unwrap_or_else(PoisonError::into_inner) = Some(policies);
    }

    /// Whether the owner of that access key may do that; if not, whose policy says so.
    fn allowed(&self, key: &str, action: &str, arn: &str) -> Result<(), Whose> {
        let policies = self.0.policies.read();
        let policies = policies.unwrap_or_else(PoisonError::into_inner);
        let Some(policies) = policies.as_ref() else {
            return Ok(());
        };
        let (part, statements) = policies.of(key);
        if allows(statements, action, arn) {
            return Ok(());
        }
        Err(Whose(part.clone()))
    }

    /// Refuses unless the action is allowed.
    fn check(&self, key: &str, operation: &str, action: &str, arn: &str) -> S3Result<()> {
        let Err(whose) = self.allowed(key, action, arn) else {
            return Ok(());
        };
        let shown = arn.escape_debug();
        let (flag, line) = match whose.0.name() {
            Some(name) => (
                format!(" --function {name}"),
                format!(" and `functions = [\"{name}\"]`"),
            ),
            None => (String::new(), String::new()),
        };
        self.tell(&format!(
            "S3 denied {operation}: no statement of {whose} policy allows `{action}` on `{shown}`; `cargo fw policy{flag}` shows \
             what it allows, and a `[[policy]]` in `fw.toml` with `actions = [\"{action}\"]`{line} adds to it"
        ));
        // The words are IAM's (IAM user guide, "Troubleshoot access denied error messages").
        Err(s3_error!(
            AccessDenied,
            "The app is not authorized to perform: {action} on resource: \"{arn}\" because no identity-based policy allows \
             the {action} action"
        ))
    }

    pub(super) fn tell(&self, line: &str) {
        if let Some(told) = &self.0.told {
            told(line);
        }
    }
}

/// The function whose policy it is.
struct Whose(Part);

impl fmt::Display for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Part::Api => f.write_str("the app's"),
            part => write!(f, "{part}'s"),
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
            self.guard.check(&caller, operation, &action, &arn)?;
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
            self.guard
                .check(caller, "DeleteObjects", "s3:DeleteObject", &arn)?;
        }
        Ok(())
    }
}

impl Access {
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
