//! What a bucket reports of its objects, and to whom: S3's notification configurations.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// What the ids of the notifications of a stage of an app begin with. Neither name has a colon in it.
pub(crate) fn ids(app: &str, stage: &str) -> String {
    format!("fw:{app}:{stage}:")
}

/// Who gets the reports of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Receiver {
    /// A function, by its ARN.
    Function(String),
    /// A queue, by its ARN.
    Queue(String),
    /// A topic, by its ARN.
    Topic(String),
}

/// A configuration: which events of which objects go to whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Notification {
    /// Its id in the bucket.
    pub(crate) id: String,
    /// Who gets them.
    pub(crate) receiver: Receiver,
    /// The events, in S3's words: `s3:ObjectCreated:*`.
    pub(crate) events: BTreeSet<String>,
    /// With what the objects' keys begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) prefix: Option<String>,
    /// With what they end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) suffix: Option<String>,
}

impl Notification {
    /// Whether S3 refuses both in one bucket: an event that both name, of objects that both may mean (messaging-truth §4, "Errors").
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let events = self.events.iter();
        let shared = events.flat_map(|one| other.events.iter().map(move |two| (one, two)));
        let mut shared = shared.filter(|(one, two)| same_event(one, two));
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let (one, two) = (text(&self.prefix), text(&other.prefix));
        let prefixes = one.starts_with(&two) || two.starts_with(&one);
        let (one, two) = (text(&self.suffix), text(&other.suffix));
        let suffixes = one.ends_with(&two) || two.ends_with(&one);
        prefixes && suffixes && shared.next().is_some()
    }
}

/// Whether one event may be both: `s3:ObjectCreated:*` is `s3:ObjectCreated:Put` as well.
fn same_event(one: &str, two: &str) -> bool {
    let of = |pattern: &str, event: &str| match pattern.strip_suffix('*') {
        Some(start) => event.starts_with(start),
        None => event == pattern,
    };
    of(one, two) || of(two, one)
}

#[cfg(test)]
mod tests {
    use super::{Notification, Receiver};

    fn one(events: &[&str], prefix: &str, suffix: &str) -> Notification {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Notification {
            id: String::new(),
            receiver: Receiver::Function(String::new()),
            events: events.iter().map(|&event| event.to_owned()).collect(),
            prefix: some(prefix),
            suffix: some(suffix),
        }
    }

    #[test]
    fn two_overlap_where_one_object_is_meant_by_both() {
        const CREATED: &str = "s3:ObjectCreated:*";
        for (first, second, overlap) in [
            (one(&[CREATED], "", ""), one(&[CREATED], "", ""), true),
            (
                one(&[CREATED], "", ""),
                one(&["s3:ObjectCreated:Put"], "in/", ".png"),
                true,
            ),
            (
                one(&[CREATED], "in/", ""),
                one(&[CREATED], "out/", ""),
                false,
            ),
            (
                one(&[CREATED], "in/", ".png"),
                one(&[CREATED], "in/a", ".jpg"),
                false,
            ),
            (
                one(&[CREATED], "in/", ".png"),
                one(&[CREATED], "in/a", ""),
                true,
            ),
            (
                one(&[CREATED], "", ".jpg"),
                one(&["s3:ObjectRemoved:*"], "", ".jpg"),
                false,
            ),
            (
                one(&["s3:ObjectCreated:Put", "s3:ObjectRemoved:Delete"], "", ""),
                one(&["s3:ObjectCreated:Copy", "s3:ObjectRemoved:*"], "", ""),
                true,
            ),
        ] {
            assert_eq!(first.overlaps(&second), overlap, "{first:?} {second:?}");
            assert_eq!(second.overlaps(&first), overlap);
        }
    }
}
