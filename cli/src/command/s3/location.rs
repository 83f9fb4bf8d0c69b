//! Where something is: `s3://BUCKET/KEY`, a path, or a standard stream.

use std::path::PathBuf;

use crate::error::{Failure, Result};

/// A source or a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Location {
    /// Standard input or output.
    Stream,
    /// A file or a folder.
    Path(PathBuf),
    /// In a bucket.
    Object(ObjectUrl),
}

/// `s3://BUCKET/KEY`; the key may be a prefix, or empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ObjectUrl {
    pub(super) bucket: String,
    pub(super) key: String,
}

impl Location {
    /// Reads an argument.
    ///
    /// # Errors
    ///
    /// If an `s3://` URL has no bucket; exit code 65.
    pub(super) fn parse(text: &str) -> Result<Self> {
        match text {
            "-" => Ok(Self::Stream),
            url if url.starts_with(SCHEME) => Ok(Self::Object(ObjectUrl::parse(url)?)),
            path => Ok(Self::Path(PathBuf::from(path))),
        }
    }
}

const SCHEME: &str = "s3://";

impl ObjectUrl {
    /// Reads a URL. Without `s3://` it is a bucket and a prefix, as in `aws s3 ls BUCKET`.
    ///
    /// # Errors
    ///
    /// If it has no bucket; exit code 65.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let rest = text.strip_prefix(SCHEME).unwrap_or(text);
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(
                Failure::input(format!("no bucket in the URL: {}", text.escape_debug()))
                    .hint("write `s3://BUCKET/KEY`"),
            );
        }
        Ok(Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }

    /// The URL of an object.
    ///
    /// # Errors
    ///
    /// If the URL has no key; exit code 65.
    pub(super) fn object(self) -> Result<Self> {
        if self.key.is_empty() {
            return Err(Failure::input(format!("no key in the URL: {self}"))
                .hint("write `s3://BUCKET/KEY`"));
        }
        Ok(self)
    }

    /// The part of the key after its last slash.
    pub(super) fn name(&self) -> &str {
        self.key.rsplit('/').next().unwrap_or_default()
    }

    /// The object in this place, where a place that ends with a slash is a folder for something of that name.
    pub(super) fn with_name(mut self, name: &str) -> Self {
        if self.key.is_empty() || self.key.ends_with('/') {
            self.key.push_str(name);
        }
        self
    }

    /// The place as a folder: its key is empty or ends with a slash.
    pub(super) fn folder(mut self) -> Self {
        if !self.key.is_empty() && !self.key.ends_with('/') {
            self.key.push('/');
        }
        self
    }
}

impl std::fmt::Display for ObjectUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.bucket, self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::{Location, ObjectUrl};

    fn url(bucket: &str, key: &str) -> ObjectUrl {
        ObjectUrl {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        }
    }

    #[test]
    fn arguments_are_streams_paths_and_urls() {
        assert_eq!(Location::parse("-").unwrap(), Location::Stream);
        assert_eq!(
            Location::parse("a/b").unwrap(),
            Location::Path("a/b".into())
        );
        assert_eq!(
            Location::parse("s3://b/k/").unwrap(),
            Location::Object(url("b", "k/"))
        );
        assert_eq!(ObjectUrl::parse("b").unwrap(), url("b", ""));
        assert!(Location::parse("s3://").is_err() && ObjectUrl::parse("s3:///k").is_err());
        assert!(url("b", "").object().is_err());
    }

    #[test]
    fn names_go_into_folders_and_replace_nothing() {
        assert_eq!(url("b", "").with_name("n"), url("b", "n"));
        assert_eq!(url("b", "k/").with_name("n"), url("b", "k/n"));
        assert_eq!(url("b", "k").with_name("n"), url("b", "k"));
        assert_eq!(url("b", "k").folder(), url("b", "k/"));
        assert_eq!(url("b", "").folder(), url("b", ""));
        assert_eq!(url("b", "k/n").name(), "n");
    }
}
