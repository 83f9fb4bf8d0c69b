//! Conditional requests: which requests go on, which answer 304 and which 412.

use http::HeaderMap;
use http::header::{CACHE_CONTROL, ETAG, EXPIRES, HeaderValue, LAST_MODIFIED};
use s3s::dto::{ETag, ETagCondition, Timestamp, TimestampFormat};
use s3s::{S3Error, S3Result, s3_error};

use super::object::Meta;

/// The conditions of a read: those of GET and HEAD, or those of a copy's source.
#[derive(Debug, Default)]
pub(super) struct ReadConditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<Timestamp>,
    pub(super) if_unmodified_since: Option<Timestamp>,
}

/// What [`ReadConditions::evaluate`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Answer as if there were no conditions.
    Proceed,
    /// `If-Match` or `If-Unmodified-Since` is false.
    Failed,
    /// `If-None-Match` or `If-Modified-Since` is false.
    NotModified,
}

impl ReadConditions {
    /// Evaluate the conditions in the order of RFC 9110 §13.2.2, which S3 follows (API reference, `GetObject`).
    ///
    /// A date is looked at only when the entity-tag condition of its kind is absent, so that `If-Match: true` with
    /// `If-Unmodified-Since: false` proceeds, and `If-None-Match: false` with `If-Modified-Since: true` is a 304.
    pub(super) fn evaluate(&self, meta: &Meta) -> Outcome {
        let modified = meta.last_modified();
        let unchanged = match (&self.if_match, &self.if_unmodified_since) {
            (Some(condition), _) => matches(condition, meta, ETag::strong_cmp),
            (None, Some(since)) => modified <= *since,
            (None, None) => true,
        };
        if !unchanged {
            return Outcome::Failed;
        }
        let changed = match (&self.if_none_match, &self.if_modified_since) {
            (Some(condition), _) => !matches(condition, meta, ETag::weak_cmp),
            (None, Some(since)) => modified > *since,
            (None, None) => true,
        };
        if changed {
            Outcome::Proceed
        } else {
            Outcome::NotModified
        }
    }

    /// The answer to a GET or HEAD whose conditions do not hold.
    pub(super) fn check_read(&self, meta: &Meta) -> S3Result<()> {
        match self.evaluate(meta) {
            Outcome::Proceed => Ok(()),
            Outcome::Failed => Err(precondition_failed()),
            Outcome::NotModified => {
                let mut error = s3_error!(NotModified);
                error.set_headers(validators(meta));
                Err(error)
            }
        }
    }

    /// The answer to a copy whose source conditions do not hold: always 412 (API reference, `CopyObject`).
    pub(super) fn check_copy_source(&self, meta: &Meta) -> S3Result<()> {
        match self.evaluate(meta) {
            Outcome::Proceed => Ok(()),
            Outcome::Failed | Outcome::NotModified => Err(precondition_failed()),
        }
    }
}

/// The conditions of a write: they are checked together with the write, so that of two writers one sees the other.
#[derive(Debug, Default)]
pub(super) struct WriteConditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_none_match: Option<ETagCondition>,
}

impl WriteConditions {
    /// Whether the object that exists has to be looked at.
    pub(super) fn is_empty(&self) -> bool {
        self.if_match.is_none() && self.if_none_match.is_none()
    }

    /// Check against the object that stands at the key now.
    pub(super) fn check(&self, current: Option<&Meta>) -> S3Result<()> {
        match &self.if_none_match {
            None => {}
            Some(ETagCondition::Any) if current.is_none() => {}
            Some(ETagCondition::Any) => return Err(precondition_failed()),
            // S3 "expects the '*' (asterisk) character" (API reference, `PutObject`).
            Some(ETagCondition::ETag(_)) => {
                return Err(s3_error!(
                    NotImplemented,
                    "If-None-Match of a write takes `*` only"
                ));
            }
        }
        match (&self.if_match, current) {
            (None, _) => Ok(()),
            // S3 user guide, "How to prevent object overwrites with conditional writes": no object, 404.
            (Some(_), None) => Err(s3_error!(NoSuchKey, "The specified key does not exist.")),
            (Some(condition), Some(meta)) if matches(condition, meta, ETag::strong_cmp) => Ok(()),
            (Some(_), Some(_)) => Err(precondition_failed()),
        }
    }
}

fn matches(condition: &ETagCondition, meta: &Meta, same: fn(&ETag, &ETag) -> bool) -> bool {
    match condition {
        ETagCondition::Any => true,
        // RFC 9110 allows a list; s3s hands that over as one tag with the quotes between still in it.
        ETagCondition::ETag(tag) if tag.value().contains('"') => {
            tag.value().split('"').any(|piece| piece == meta.etag)
        }
        ETagCondition::ETag(tag) => same(tag, &meta.e_tag()),
    }
}

pub(super) fn precondition_failed() -> S3Error {
    s3_error!(
        PreconditionFailed,
        "At least one of the pre-conditions you specified did not hold"
    )
}

/// The headers that RFC 9110 §15.4.5 wants in a 304, as far as S3 has them.
fn validators(meta: &Meta) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = meta.e_tag().to_http_header() {
        headers.insert(ETAG, value);
    }
    let expires = meta.attributes.expires.clone();
    for (name, time) in [
        (LAST_MODIFIED, Some(meta.last_modified())),
        (EXPIRES, expires),
    ] {
        let mut text = Vec::new();
        if let Some(time) = time
            && time.format(TimestampFormat::HttpDate, &mut text).is_ok()
            && let Ok(value) = HeaderValue::from_bytes(&text)
        {
            headers.insert(name, value);
        }
    }
    if let Some(text) = &meta.attributes.cache_control
        && let Ok(value) = HeaderValue::from_str(text)
    {
        headers.insert(CACHE_CONTROL, value);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::super::object::from_seconds;
    use super::*;

    fn tag(value: &str) -> Option<ETagCondition> {
        Some(ETagCondition::ETag(ETag::Strong(value.to_owned())))
    }

    #[test]
    fn order_is_that_of_rfc_9110() {
        let meta = Meta {
            etag: "now".to_owned(),
            modified: 1_000,
            ..Meta::default()
        };
        let (before, same, after) = (
            Some(from_seconds(999)),
            Some(from_seconds(1_000)),
            Some(from_seconds(1_001)),
        );
        let (yes, no, any) = (tag("now"), tag("old"), Some(ETagCondition::Any));
        // if-match, if-unmodified-since, if-none-match, if-modified-since
        for (case, expected) in [
            ((None, None, None, None), Outcome::Proceed),
            ((yes.clone(), None, None, None), Outcome::Proceed),
            ((any.clone(), None, None, None), Outcome::Proceed),
            ((no.clone(), None, None, None), Outcome::Failed),
            ((yes.clone(), before.clone(), None, None), Outcome::Proceed),
            ((no.clone(), after.clone(), None, None), Outcome::Failed),
            ((None, before.clone(), None, None), Outcome::Failed),
            ((None, same.clone(), None, None), Outcome::Proceed),
            ((None, None, yes.clone(), None), Outcome::NotModified),
            ((None, None, any.clone(), None), Outcome::NotModified),
            ((None, None, no.clone(), None), Outcome::Proceed),
            ((None, None, None, same.clone()), Outcome::NotModified),
            ((None, None, None, before.clone()), Outcome::Proceed),
            (
                (None, None, yes.clone(), before.clone()),
                Outcome::NotModified,
            ),
            ((None, None, no.clone(), after.clone()), Outcome::Proceed),
            ((no.clone(), None, yes.clone(), None), Outcome::Failed),
            ((yes.clone(), None, yes.clone(), None), Outcome::NotModified),
            (
                (None, None, tag("old\", \"now"), None),
                Outcome::NotModified,
            ),
            ((tag("old\",\"older"), None, None, None), Outcome::Failed),
        ] {
            let shown = format!("{case:?}");
            let (if_match, if_unmodified_since, if_none_match, if_modified_since) = case;
            let conditions = ReadConditions {
                if_match,
                if_none_match,
                if_modified_since,
                if_unmodified_since,
            };
            assert_eq!(conditions.evaluate(&meta), expected, "{shown}");
        }
    }
}
