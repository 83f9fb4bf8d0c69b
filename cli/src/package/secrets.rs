//! Secrets in templates: never their values. The tool that deploys the template looks them up.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::settings::secret::Reference;

/// A variable's value for `CloudFormation`: a dynamic reference for a secret, `None` for a value that is one itself.
///
/// `CloudFormation` resolves parameters of the type `SecureString` for few properties and not for variables ("Using dynamic
/// references" in its user guide), so a parameter is named by the reference for plain ones.
pub(super) fn stack(value: &str) -> Option<Value> {
    Some(match Reference::of(value)? {
        Reference::Secret { name, field } => {
            let field = field.map(|field| format!(":{field}")).unwrap_or_default();
            json!(format!(
                "{{{{resolve:secretsmanager:{name}:SecretString{field}}}}}"
            ))
        }
        Reference::Parameter { name } => json!(format!("{{{{resolve:ssm:{name}}}}}")),
    })
}

/// A variable's value for Terraform: an expression of the data source of that name, which [`sources`] has.
pub(super) fn terraform(source: &str, value: &str) -> Option<Value> {
    Some(match Reference::of(value)? {
        Reference::Secret { field, .. } => {
            let text = format!("data.aws_secretsmanager_secret_version.{source}.secret_string");
            match field {
                None => json!(format!("${{{text}}}")),
                Some(field) => json!(format!("${{jsondecode({text})[\"{field}\"]}}")),
            }
        }
        Reference::Parameter { .. } => json!(format!("${{data.aws_ssm_parameter.{source}.value}}")),
    })
}

/// Terraform's data sources for the secrets among those values, by kind; each value has the name of its source.
pub(super) fn sources(values: &BTreeMap<String, String>) -> Map<String, Value> {
    let mut all: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (label, value) in values {
        let (kind, source) = match Reference::of(value) {
            None => continue,
            Some(Reference::Secret { name, .. }) => (
                "aws_secretsmanager_secret_version",
                json!({ "secret_id": name }),
            ),
            Some(Reference::Parameter { name }) => ("aws_ssm_parameter", json!({ "name": name })),
        };
        all.entry(kind).or_default().insert(label.clone(), source);
    }
    let all = all.into_iter();
    all.map(|(kind, sources)| (kind.to_owned(), sources.into()))
        .collect()
}
