//! What a bucket should be: from its table, and from the functions that its objects invoke.

use std::collections::BTreeMap;

use fw_manifest::{Manifest, ManifestSource, SourceEvent};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::TAG;
use crate::{
    aws::s3::Bucket,
    deploy::kind::naming::Naming,
    settings::Settings,
    values::{
        names::Tags,
        notification::{Notification, Receiver, ids},
        text::hex,
    },
};

/// The longest name that S3 takes (S3 user guide, "General purpose bucket naming rules").
const LONGEST: usize = 63;
/// The digits of an account, and the letters of the longest region's name (`ap-northeast-1`), with a hyphen before each.
const PLACE: usize = 1 + 12 + 1 + 14;

/// A bucket that the deployment creates, or in which it has notifications.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DesiredBucket {
    /// The app's name for it.
    pub(crate) key: String,
    /// Its name.
    pub(crate) name: String,
    /// The account that owns it, where the deployment creates it: names of buckets are one for all accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    /// What it reports to functions of the deployment.
    pub(crate) notifications: Vec<Notification>,
}

impl DesiredBucket {
    /// Whether the deployment creates it.
    pub(crate) const fn own(&self) -> bool {
        self.owner.is_some()
    }

    /// The bucket as the calls name it.
    pub(crate) fn bucket(&self) -> Bucket {
        Bucket {
            name: self.name.clone(),
            owner: self.owner.clone(),
        }
    }

    /// The tags of one that the deployment creates, with those that everything of it has.
    pub(crate) fn tags(&self, mut all: Tags) -> Tags {
        all.insert(TAG.to_owned(), self.key.clone());
        all
    }
}

/// The name of a bucket of the deployment's own: `APP-STAGE-NAME-ACCOUNT-REGION`, where `prefix` is the beginning. Where that is too long, or
/// has what no bucket's name may have, it is shortened, with a digest behind it.
pub(crate) fn name(prefix: &str, (account, region): (&str, &str), key: &str) -> String {
    const ROOM: usize = LONGEST - PLACE;
    let whole = format!("{prefix}{key}");
    let plain = whole.to_ascii_lowercase().replace('_', "-");
    let stem = if plain == whole && whole.len() <= ROOM {
        whole
    } else {
        let digest = hex(&Sha256::digest(&whole)[..4]);
        let room = ROOM - digest.len() - 1;
        let short: String = plain.chars().take(room).collect();
        format!("{}-{digest}", short.trim_end_matches('-'))
    };
    format!("{stem}-{account}-{region}")
}

/// The buckets that the deployment creates, and those in which it has notifications, by the app's names.
pub(crate) fn buckets(
    manifest: &Manifest,
    settings: &Settings,
    at: &impl Naming,
) -> Vec<DesiredBucket> {
    let ids = ids(&manifest.app, &settings.stage);
    let mut reports: BTreeMap<&str, Vec<Notification>> = BTreeMap::new();
    for source in &manifest.sources {
        if let SourceEvent::S3 { bucket, .. } = &source.event {
            let one = notification(source, &ids, at);
            reports.entry(bucket).or_default().extend(one);
        }
    }
    let declared = settings.resources.buckets.iter();
    let all = declared.map(|(key, one)| DesiredBucket {
        key: key.clone(),
        name: at.bucket(key),
        owner: one.existing.is_none().then(|| at.account().to_owned()),
        notifications: reports.remove(key.as_str()).unwrap_or_default(),
    });
    // Nothing is done with one that is there already and that the code only uses.
    all.filter(|one| one.own() || !one.notifications.is_empty())
        .collect()
}

/// What a bucket reports to a source's function.
fn notification(source: &ManifestSource, ids: &str, at: &impl Naming) -> Option<Notification> {
    let SourceEvent::S3 {
        events,
        prefix,
        suffix,
        ..
    } = &source.event
    else {
        return None;
    };
    let some = |text: &String| (!text.is_empty()).then(|| text.clone());
    Some(Notification {
        id: format!("{ids}{}", source.name),
        receiver: Receiver::Function(at.alias(&at.function(&source.part()))),
        events: events.iter().cloned().collect(),
        prefix: some(prefix),
        suffix: some(suffix),
    })
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, name};
    use crate::values::names::check_bucket_name;

    #[test]
    fn every_bucket_has_a_name_that_s3_takes_and_its_own() {
        let name = |app: &str, key: &str, region: &str| {
            name(&format!("{app}-dev-"), ("123456789012", region), key)
        };
        assert_eq!(
            name("shop", "labels", "eu-central-1"),
            "shop-dev-labels-123456789012-eu-central-1"
        );
        let long = "a".repeat(60);
        let mut all = Vec::new();
        for key in ["labels", "Labels", "la_bels", "la-bels", &long, &long[1..]] {
            let name = name("shop", key, "ap-northeast-1");
            check_bucket_name(&name).unwrap();
            assert!(name.len() <= LONGEST, "{name}");
            all.push(name);
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
