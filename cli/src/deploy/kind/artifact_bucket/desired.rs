//! The bucket for a zip that is too large for a call: which bucket, and which of its objects belong
//! to the deployment.

use sha2::{Digest as _, Sha256};

use crate::{
    aws::s3::Bucket,
    deploy::names::{AwsLocation, Names},
    values::{
        code::{Code, Way},
        text::hex,
    },
};

/// The longest name of a bucket (S3 user guide, "General purpose bucket naming rules").
const LONGEST: usize = 63;

/// A bucket, and the place of a deployment's zips in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ArtifactBucket {
    /// The bucket. With an owner it is the deployment's own: it is created, tagged and deleted. Any
    /// other is never changed.
    pub(crate) bucket: Bucket,
    /// The prefix of the keys of the deployment's zips.
    prefix: String,
}

impl ArtifactBucket {
    /// The deployment's own bucket, whose name consists of app, stage, account and region.
    pub(crate) fn own(names: &Names, place: &AwsLocation) -> Self {
        Self {
            bucket: Bucket {
                name: name(names, place),
                owner: Some(place.account.clone()),
            },
            prefix: prefix(names),
        }
    }

    /// The bucket that `artifact_bucket` names.
    pub(crate) fn named(bucket: &str, names: &Names) -> Self {
        Self {
            bucket: Bucket {
                name: bucket.to_owned(),
                owner: None,
            },
            prefix: prefix(names),
        }
    }

    /// True if it is created and deleted with the deployment.
    pub(crate) const fn is_own(&self) -> bool {
        self.bucket.owner.is_some()
    }

    /// The prefix to list: everything in the deployment's own bucket, because it is deleted once it
    /// is empty.
    pub(crate) fn listed(&self) -> &str {
        match self.is_own() {
            true => "",
            false => &self.prefix,
        }
    }

    /// The key of a zip: its digest, so that an existing object need not be uploaded again.
    pub(crate) fn key(&self, code: &Code) -> String {
        format!("{}{}.zip", self.prefix, code.digits())
    }

    /// True if an object is a zip of the deployment.
    pub(crate) fn holds(&self, key: &str) -> bool {
        let digits = key.strip_prefix(&self.prefix);
        let digits = digits.and_then(|rest| rest.strip_suffix(".zip"));
        digits.is_some_and(|digits| {
            digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    }

    /// Sends a zip that is too large for a call through this bucket.
    pub(crate) fn takes(&self, code: &mut Code) {
        code.way = Way::Stored {
            bucket: self.bucket.name.clone(),
            key: self.key(code),
        };
    }
}

fn prefix(names: &Names) -> String {
    format!("fw/{}/{}/", names.app, names.stage)
}

/// `fw-APP-STAGE-ACCOUNT-REGION`; where that is too long, or the app's name has what no bucket's may have, with a shortened app
/// and a digest behind it.
fn name(names: &Names, place: &AwsLocation) -> String {
    let Names { app, stage, .. } = names;
    let AwsLocation {
        account, region, ..
    } = place;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let whole = format!("fw-{app}-{stage}-{account}-{region}");
    if whole.len() <= LONGEST && app.chars().all(plain) {
        return whole;
    }
    let digest = Sha256::digest(&whole);
    let digest = hex(&digest[..4]);
    let rest = format!("-{digest}-{stage}-{account}-{region}");
    let room = LONGEST.saturating_sub("fw-".len() + rest.len());
    let app: String = app.to_ascii_lowercase().replace('_', "-");
    let app: String = app.chars().take(room).collect();
    format!("fw-{app}{rest}")
}

#[cfg(test)]
mod tests {
    use crate::deploy::kind::artifact_bucket::desired::{ArtifactBucket, LONGEST};
    use crate::{
        deploy::names::{AwsLocation, Names},
        values::{code::Code, lambda::Architecture, names::check_bucket_name},
    };

    fn place(region: &str) -> AwsLocation {
        AwsLocation {
            partition: "aws".to_owned(),
            account: "123456789012".to_owned(),
            region: region.to_owned(),
        }
    }

    fn bucket(app: &str, stage: &str, region: &str) -> String {
        let names = Names::new(app, stage, region).unwrap();
        ArtifactBucket::own(&names, &place(region)).bucket.name
    }

    #[test]
    fn every_deployment_has_a_name_that_s3_takes_and_its_own() {
        assert_eq!(
            bucket("notes", "dev", "eu-central-1"),
            "fw-notes-dev-123456789012-eu-central-1"
        );
        let long = "a".repeat(30);
        let apps = ["notes", "Notes", "no_tes", "no-tes", &long, &long[1..]];
        let mut all = Vec::new();
        for app in apps {
            for (stage, region) in [
                ("dev", "eu-central-1"),
                ("a-long-stage-16c", "ap-northeast-1"),
            ] {
                let name = bucket(app, stage, region);
                check_bucket_name(&name).unwrap();
                assert!(name.len() <= LONGEST && name.ends_with(region), "{name}");
                all.push(name);
            }
        }
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn ours_are_the_zips_under_our_name() {
        let names = Names::new("notes", "dev", "eu-central-1").unwrap();
        let store = ArtifactBucket::named("builds", &names);
        let key = store.key(&Code::new(b"zip".to_vec(), Architecture::HOST));
        assert!(key.starts_with("fw/notes/dev/"), "{key}");
        assert!(store.holds(&key));
        for other in ["fw/notes/dev/notes.zip", "notes.zip", &key[1..]] {
            assert!(!store.holds(other), "{other}");
        }
    }
}
