//! The stages in the file: whether it has the chosen one.

use std::collections::BTreeSet;

use super::Settings;
use crate::values::{
    names::{DEFAULT_STAGE, FILE_NAME},
    statement::Effect,
};

impl Settings {
    /// The warning if the file has tables of stages, but none for the chosen one.
    pub(crate) fn stage_note(&self) -> Option<String> {
        let stage = &self.stage;
        if self.stages.is_empty() || stage == DEFAULT_STAGE || self.stages.contains(stage) {
            return None;
        }
        let known: Vec<_> = self.stages.iter().map(String::as_str).collect();
        let rest = match self.near_stage() {
            Some(near) => format!("; did you mean `{near}`?"),
            None => format!(", which has: {}", known.join(", ")),
        };
        Some(format!("stage `{stage}` has no table in {FILE_NAME}{rest}"))
    }

    /// The stage of the file with a name similar to the chosen one.
    pub(crate) fn near_stage(&self) -> Option<&str> {
        let distance = |known: &&String| strsim::damerau_levenshtein(&self.stage, known);
        let near = self.stages.iter().min_by_key(distance)?;
        (distance(&near) <= 1 + near.len() / 3).then_some(near)
    }

    /// Resources that inherited statements allow and that none of the stage's variables names: they
    /// may belong to another stage.
    pub(crate) fn unnamed_grants(&self) -> BTreeSet<&str> {
        if !self.inherits_policy {
            return BTreeSet::new();
        }
        let written = self
            .policy
            .iter()
            .filter(|statement| statement.effect == Effect::Allow && statement.sid.is_none());
        let values: Vec<&String> = self
            .variables()
            .flat_map(|(_, variables)| variables.values())
            .filter(|value| value.len() > 2)
            .collect();
        let names = |resource: &str| {
            // A URL of a queue ends in the name that its ARN ends in.
            let named = |value: &&String| {
                let last = value.rsplit(['/', ':']).next().unwrap_or_default();
                resource.contains(value.as_str()) || (last.len() > 2 && resource.contains(last))
            };
            values.iter().any(named)
        };
        let resources = written.flat_map(|statement| &statement.resources);
        let specific = resources.filter(|resource| {
            // arn:partition:service:region:account:resource
            let resource = resource.splitn(6, ':').nth(5).unwrap_or_default();
            let name = resource.rsplit(':').next().unwrap_or_default();
            !name.is_empty() && !name.starts_with('*')
        });
        specific
            .map(String::as_str)
            .filter(|resource| !names(resource))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::Settings;

    fn settings(text: &str, stage: &str) -> Settings {
        Settings::from_toml(text, stage, None, None).unwrap()
    }

    #[test]
    fn a_stage_without_a_table_is_noted_where_others_have_one() {
        let with = "[stages.prod]\nmemory = 256\n[stages.internal]\n";
        let note = |text: &str, stage: &str| settings(text, stage).stage_note();
        let of = |stage: &str| note(with, stage);
        assert_eq!(
            of("prd").as_deref(),
            Some("stage `prd` has no table in fw.toml; did you mean `prod`?")
        );
        assert_eq!(
            of("pr-128").as_deref(),
            Some("stage `pr-128` has no table in fw.toml, which has: internal, prod")
        );
        for (text, stage) in [
            (with, "prod"),
            (with, "dev"),
            ("", "prd"),
            ("memory = 256", "prd"),
        ] {
            assert_eq!(note(text, stage), None, "{stage}");
        }
    }

    #[test]
    fn buckets_are_the_local_servers() {
        let new = settings("[local]\nbuckets = [\"notes\"]\n", "dev");
        assert_eq!(
            (new.buckets.as_slice(), new.notes.len()),
            (&["notes".to_owned()][..], 0)
        );
        let old = "buckets = [\"notes\"]\n[stages.prod]\nbuckets = [\"notes-prod\"]\n";
        for (stage, bucket) in [("dev", "notes"), ("prod", "notes-prod")] {
            let old = settings(old, stage);
            assert_eq!(old.buckets, [bucket]);
            assert!(old.notes[0].contains("`[local]`"), "{:?}", old.notes);
        }
        for wrong in [
            "buckets = 1",
            "buckets = [\"a\"]\nmemry = 1",
            "buckets = []\nlocal = 1",
        ] {
            assert!(
                Settings::from_toml(wrong, "dev", None, None).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn what_is_inherited_and_named_by_no_variable_is_found() {
        let with = r#"
            [environment]
            BUCKET = "notes"
            QUEUE = "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs"
            [[policy]]
            actions = ["s3:GetObject"]
            resources = ["arn:aws:s3:::notes/*", "arn:aws:s3:::shared/*", "*"]
            [[policy]]
            actions = ["sqs:SendMessage"]
            resources = ["arn:aws:sqs:eu-central-1:123456789012:jobs", "arn:aws:sqs:*:*:*"]
            [[policy]]
            effect = "deny"
            actions = ["s3:DeleteObject"]
            resources = ["arn:aws:s3:::other/*"]
            [stages.prod.environment]
            BUCKET = "archive"
            [stages.own]
            policy = [{ actions = ["s3:GetObject"], resources = ["arn:aws:s3:::any/*"] }]
        "#;
        let found = |stage: &str| {
            let settings = settings(with, stage);
            let found = settings.unnamed_grants().into_iter();
            found.map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(
            found("prod"),
            ["arn:aws:s3:::notes/*", "arn:aws:s3:::shared/*"]
        );
        assert_eq!(
            found("own").len() + found("dev").len(),
            0,
            "its own settings name it"
        );
    }
}
