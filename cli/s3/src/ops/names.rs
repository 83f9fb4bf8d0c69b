//! What is checked of every request: the names in it, and whom it expects to own the bucket.

use crate::error::{S3Result, error};
use crate::names::broken_rule;
use crate::operation::Operation;
use crate::request::Call;

/// # Errors
/// `InvalidBucketName`, of a name that a bucket cannot have.
pub(crate) fn check(call: &Call, operation: Operation) -> S3Result<()> {
    if call.bucket.is_empty() {
        return Ok(());
    }
    if broken_rule(&call.bucket).is_some() {
        // A name that is no bucket's is not found, unless it is to become one.
        let code = if operation == Operation::CreateBucket || !is_plain(&call.bucket) {
            "InvalidBucketName"
        } else {
            "NoSuchBucket"
        };
        return Err(error(code).member("BucketName", &call.bucket));
    }
    Ok(())
}

/// Whether a name has the letters that names had in older days: such a bucket could exist.
fn is_plain(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (3..=255).contains(&name.len()) && name.bytes().all(plain)
}
