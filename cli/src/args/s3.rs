//! The arguments of `cargo fw s3`.

use std::{path::PathBuf, time::Duration};

use clap::Subcommand;

use super::{Output, RunningApp, local::duration};

/// The longest lifetime of a presigned URL, in seconds: a week (S3 API reference, "Authenticating Requests: Using Query Parameters").
const LONGEST: u64 = 604_800;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  cargo fw s3 ls                                   list the buckets of the running `cargo fw local`\n  cargo fw s3 cp photo.png s3://photos/2026/       upload a file\n  cargo fw s3 cp s3://photos . --recursive         download a bucket\n  cargo fw s3 presign s3://photos/2026/photo.png   print a URL for an hour\n  cargo fw s3 ls --endpoint-url http://127.0.0.1:4566    ask a running `cargo fw services`\n\nIf no `cargo fw local` runs, the commands read and write the stage's data folder. They never use an AWS account"
)]
pub(crate) struct S3 {
    #[command(subcommand)]
    pub(crate) command: S3Command,
}

/// Which embedded S3 is meant.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct S3Server {
    #[command(flatten)]
    pub(crate) app: RunningApp,
    /// Use the `cargo fw services` at this address instead of the app's S3
    #[arg(long, value_name = "URL", conflicts_with_all = ["package", "bin", "bootstrap", "data"])]
    pub(crate) endpoint_url: Option<String>,
    /// Use this data folder of `cargo fw services --data`, while it does not run
    #[arg(long, value_name = "DIR", conflicts_with_all = ["package", "bin", "bootstrap"])]
    pub(crate) data: Option<PathBuf>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum S3Command {
    /// List buckets, or the objects below a prefix
    #[command(
        after_help = "Examples:\n  cargo fw s3 ls\n  cargo fw s3 ls s3://photos/2026/\n  cargo fw s3 ls s3://photos --recursive\n  cargo fw s3 ls s3://photos --recursive --output json | jq '.[].key'"
    )]
    Ls(S3Ls),
    /// Copy a file, an object, or everything below a folder or prefix
    #[command(
        after_help = "Examples:\n  cargo fw s3 cp photo.png s3://photos/2026/\n  cargo fw s3 cp s3://photos/2026/photo.png .\n  cargo fw s3 cp s3://photos/a.png s3://photos/b.png\n  cargo fw s3 cp site s3://pages --recursive\n  date | cargo fw s3 cp - s3://notes/now.txt"
    )]
    Cp(S3Cp),
    /// Print a presigned URL of an object
    #[command(
        after_help = "Examples:\n  curl \"$(cargo fw s3 presign s3://photos/a.png)\" -o a.png\n  curl -T a.png \"$(cargo fw s3 presign s3://photos/a.png --put --expires-in 10m)\""
    )]
    Presign(S3Presign),
    /// Create a bucket
    #[command(after_help = "Example:\n  cargo fw s3 mb s3://photos")]
    Mb(S3Mb),
}

#[derive(Debug, clap::Args)]
pub(crate) struct S3Ls {
    /// `s3://BUCKET` or `s3://BUCKET/PREFIX` [default: lists the buckets]
    pub(crate) place: Option<String>,
    /// List all objects below the prefix
    #[arg(long)]
    pub(crate) recursive: bool,
    /// The output format
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Output,
    #[command(flatten)]
    pub(crate) server: S3Server,
}

#[derive(Debug, clap::Args)]
pub(crate) struct S3Cp {
    /// A file, a folder, `s3://BUCKET/KEY`, or `-` for standard input
    pub(crate) from: String,
    /// A file, a folder, `s3://BUCKET/KEY`, or `-` for standard output
    pub(crate) to: String,
    /// Copy everything below the folder or the prefix
    #[arg(long)]
    pub(crate) recursive: bool,
    /// The content type of what is uploaded [default: by the file's extension]
    #[arg(long, value_name = "TYPE")]
    pub(crate) content_type: Option<String>,
    #[command(flatten)]
    pub(crate) server: S3Server,
}

#[derive(Debug, clap::Args)]
pub(crate) struct S3Presign {
    /// `s3://BUCKET/KEY`
    pub(crate) place: String,
    /// The URL is for an upload with `PUT`, instead of a download
    #[arg(long)]
    pub(crate) put: bool,
    /// How long the URL is valid: seconds, or `90s`, `10m`, `1h`, `7d`
    #[arg(long, value_name = "TIME", default_value = "3600", value_parser = lifetime)]
    pub(crate) expires_in: Duration,
    #[command(flatten)]
    pub(crate) server: S3Server,
}

#[derive(Debug, clap::Args)]
pub(crate) struct S3Mb {
    /// `s3://BUCKET`
    pub(crate) place: String,
    #[command(flatten)]
    pub(crate) server: S3Server,
}

/// Reads seconds, as `aws s3 presign` has them, or a number with a unit.
fn lifetime(text: &str) -> Result<Duration, String> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let time = if plain {
        duration(&format!("{text}s"))
    } else {
        duration(text)
    }?;
    match time.as_secs() {
        1..=LONGEST => Ok(time),
        _ => Err("a presigned URL is valid for 1 s to 7 d".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::lifetime;

    #[test]
    fn a_lifetime_is_seconds_or_has_a_unit_and_is_a_week_at_most() {
        for (text, seconds) in [("1", 1), ("3600", 3600), ("10m", 600), ("7d", 604_800)] {
            assert_eq!(lifetime(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["0", "604801", "8d", "", "-1", "h", "99999999999999999999"] {
            assert!(lifetime(text).is_err(), "{text}");
        }
    }
}
