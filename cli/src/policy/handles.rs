//! What the handles of `fw::resource` need: their methods are known, and so is the one resource of each.

use std::collections::{BTreeMap, BTreeSet};

use fw_manifest::UseKind;

use super::{
    Needed, Use,
    actions::{On, actions},
    calls::Handle,
    resources::{self, Place},
    sid,
};
use crate::{
    settings::{function::FunctionSettings, resources::Resources},
    values::resources::{Reference, ResourceKind, bucket},
};

/// The service that a handle calls, and the operations of its methods.
const fn operations(kind: UseKind) -> (&'static str, &'static [&'static str]) {
    match kind {
        UseKind::Queue => ("sqs", &["SendMessage"]),
        UseKind::Topic => ("sns", &["Publish"]),
        UseKind::Bus => ("eventbridge", &["PutEvents"]),
        // Without the list S3 answers 403 in place of 404 for a key that does not exist (S3 API reference, `GetObject`).
        UseKind::Bucket => (
            "s3",
            &["GetObject", "PutObject", "DeleteObject", "ListObjectsV2"],
        ),
    }
}

/// The uses of each action.
type Actions = BTreeMap<String, BTreeSet<Use>>;

/// The statements for a function that reaches those handles, each for the handle's own resource and no other.
pub(super) fn statements(
    handles: &[&Handle],
    (function, declared): (&FunctionSettings, &Resources),
    place: &Place<'_>,
) -> Vec<Needed> {
    let mut grouped: BTreeMap<(UseKind, On, &str), Actions> = BTreeMap::new();
    for handle in handles {
        let (service, operations) = operations(handle.kind);
        for operation in operations {
            for (action, on) in actions(service, operation, &|_| false) {
                let key = (handle.kind, on, handle.name.as_str());
                let actions = grouped.entry(key).or_default();
                actions.entry(action).or_default().insert(Use {
                    operation: (*operation).to_owned(),
                    file: handle.file.clone(),
                    line: handle.at.line,
                });
            }
        }
    }
    let statement = |((kind, on, name), actions): ((UseKind, On, &str), Actions)| {
        let (service, _) = operations(kind);
        let variable = kind.variable(name);
        let mut own = function.clone();
        own.environment.retain(|name, _| *name == variable);
        let mut only = declared.clone();
        only.retain(|name| *name == variable);
        let named = resources::arns(service, on, (&own, &only), place);
        let resources = named.unwrap_or_else(|| vec![reference(kind, on, name)]);
        Needed {
            sid: sid(service, on, actions.keys(), &resources),
            actions: actions
                .into_iter()
                .map(|(action, uses)| (action, uses.into_iter().collect()))
                .collect(),
            resources,
            unnamed: false,
        }
    };
    grouped.into_iter().map(statement).collect()
}

/// The resource by the app's own name, where a source declares it and the settings do not.
fn reference(kind: UseKind, on: On, name: &str) -> String {
    let kind = match kind {
        UseKind::Queue => ResourceKind::Queue,
        UseKind::Topic => ResourceKind::Topic,
        UseKind::Bus => ResourceKind::Bus,
        UseKind::Bucket => return bucket(name, on == On::Object),
    };
    let name = name.to_owned();
    Reference { kind, name }.to_string()
}
