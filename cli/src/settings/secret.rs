//! Variables whose values are secrets: `fw.toml` only names them.
//!
//! `KEY = "secret:NAME"` is a secret of Secrets Manager, `"secret:NAME#field"` a field of a secret
//! that holds JSON, and `"secret:ssm:/path"` a parameter of Systems Manager. The values are looked
//! up when the app is deployed or served, and go only into the function's variables.

use std::{collections::BTreeMap, fmt, io::ErrorKind, path::Path};

use serde::Deserialize;

use super::{Settings, check};
use crate::{
    aws::{self, secrets::Held},
    error::{Context as _, Exit, Failure, Result},
    values::names::{FILE_NAME, SECRETS_FILE},
};

/// The prefix of a reference.
const PREFIX: &str = "secret:";

/// The place of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// In Secrets Manager.
    Secret {
        /// Its name or ARN.
        name: String,
        /// The field, where the secret is JSON and one of its fields is meant.
        field: Option<String>,
    },
    /// In Systems Manager's Parameter Store.
    Parameter {
        /// Its name: `/notes/token`.
        name: String,
    },
}

impl Reference {
    /// The secret that a variable's value refers to; `None` for a plain value.
    pub(crate) fn of(value: &str) -> Option<Self> {
        let name = value.strip_prefix(PREFIX)?;
        if let Some(name) = name.strip_prefix("ssm:") {
            let name = name.to_owned();
            return Some(Self::Parameter { name });
        }
        let (name, field) = match name.split_once('#') {
            Some((name, field)) => (name, Some(field.to_owned())),
            None => (name, None),
        };
        Some(Self::Secret {
            name: name.to_owned(),
            field,
        })
    }

    /// Refuses what neither service has as a name.
    pub(super) fn check(&self, key: &str) -> Result<()> {
        // Secrets Manager API reference, `CreateSecret`; Systems Manager API reference, `PutParameter`.
        let (name, most, more) = match self {
            Self::Secret { name, .. } => (name, 512, "/_+=.@-:"),
            Self::Parameter { name } => (name, 2048, "/_.-:"),
        };
        let taken = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        let field = matches!(self, Self::Secret { field: Some(field), .. } if field.is_empty());
        if name.is_empty() || name.len() > most || !name.chars().all(taken) || field {
            return Err(Failure::input(format!("the variable `{key}` does not name a secret"))
                .because_of(format!(
                    "a secret's name has letters, digits and `{more}`, at most {most} characters"
                ))
                .hint("write `\"secret:NAME\"`, `\"secret:NAME#FIELD\"` or `\"secret:ssm:/PATH\"`"));
        }
        Ok(())
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret { name, field: None } => write!(f, "the secret `{name}`"),
            Self::Secret {
                name,
                field: Some(field),
            } => write!(f, "`{field}` of the secret `{name}`"),
            Self::Parameter { name } => write!(f, "the parameter `{name}`"),
        }
    }
}

/// A variable that refers to a secret.
struct Variable {
    /// The function that has it in its own table.
    of: Option<String>,
    key: String,
    reference: Reference,
}

/// The variables that refer to secrets.
fn references(settings: &Settings) -> Vec<Variable> {
    let all = settings.variables();
    all.flat_map(|(of, environment)| {
        environment.iter().filter_map(move |(key, value)| {
            Some(Variable {
                of: of.cloned(),
                key: key.clone(),
                reference: Reference::of(value)?,
            })
        })
    })
    .collect()
}

/// Puts what the account keeps in the place of the references.
///
/// # Errors
///
/// If a secret does not exist, is binary or may not be read, or if the environment is too large
/// with it.
pub(crate) async fn from_account<A: aws::secrets::Secrets>(
    aws: &A,
    settings: &mut Settings,
) -> Result<()> {
    let mut known: BTreeMap<String, Option<Held>> = BTreeMap::new();
    for Variable { of, key, reference } in references(settings) {
        let value = match &reference {
            Reference::Secret { name, field } => {
                let held = match known.get(name) {
                    Some(held) => held.clone(),
                    None => {
                        let held = aws.secret(name).await.map_err(|error| {
                            error.into_failure(format!("cannot read {reference}, for `{key}`"))
                        })?;
                        known.insert(name.clone(), held.clone());
                        held
                    }
                };
                match (held, field) {
                    (Some(Held::Binary), _) => {
                        return Err(Failure::input(format!(
                            "the secret `{name}` is binary, for `{key}`"
                        ))
                        .because_of("a variable can only hold text; nothing was changed")
                        .hint(format!(
                            "store a text: `aws secretsmanager put-secret-value --secret-id {name} --secret-string …`, base64 \
                             for example; or correct the name in `{FILE_NAME}`"
                        )));
                    }
                    (Some(Held::Text(held)), Some(field)) => Some(field_of(&held, field).ok_or_else(|| {
                        Failure::input(format!("{reference} does not exist, for `{key}`")).because_of(
                            "the secret is not a JSON object, or the field is missing or neither a text nor a number",
                        )
                    })?),
                    (Some(Held::Text(held)), None) => Some(held),
                    (None, _) => None,
                }
            }
            Reference::Parameter { name } => aws.parameter(name).await.map_err(|error| {
                error.into_failure(format!("cannot read {reference}, for `{key}`"))
            })?,
        };
        let Some(value) = value else {
            let make = match &reference {
                Reference::Secret { name, .. } => {
                    format!("aws secretsmanager create-secret --name {name} --secret-string …")
                }
                Reference::Parameter { name } => {
                    format!("aws ssm put-parameter --type SecureString --name {name} --value …")
                }
            };
            return Err(Failure::input(format!(
                "{reference} is not in this account and region, for `{key}`"
            ))
            .because_of("nothing was changed")
            .hint(format!(
                "create it: `{make}`; or correct the name in `{FILE_NAME}`"
            )));
        };
        settings.secret(of.as_deref(), key, value);
    }
    check::variables(settings)
}

/// A field of a secret that is JSON.
fn field_of(secret: &str, field: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(secret).ok()?;
    match document.get(field)? {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The file: values by variable, and tables of them by stage.
#[derive(Debug, Default, Deserialize)]
struct File {
    #[serde(default)]
    stages: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(flatten)]
    values: BTreeMap<String, String>,
}

/// Puts the developer's own values in the place of the references: a variable of the same name in the environment, or a line of
/// `fw.secrets.toml`.
///
/// # Errors
///
/// If neither exists, or the file cannot be understood; exit code 65.
pub(crate) fn from_developer(settings: &mut Settings, folder: &Path) -> Result<()> {
    let references = references(settings);
    if references.is_empty() {
        return Ok(());
    }
    let path = folder.join(SECRETS_FILE);
    let file: File = match std::fs::read_to_string(&path) {
        Ok(text) => toml::from_str(&text).map_err(|error: toml::de::Error| {
            // The reader's own words would show the line, and a secret in it.
            Failure::input(format!("cannot understand the secrets: {}", path.display()))
                .because_of(match error.span() {
                    Some(span) => {
                        let before = text.get(..span.start).unwrap_or_default();
                        format!("line {} is not a `KEY = \"value\"`", before.lines().count().max(1))
                    }
                    None => "a line is not a `KEY = \"value\"`".to_owned(),
                })
                .hint("write a line `KEY = \"value\"` for each secret; the lines of a stage follow `[stages.NAME]`")
        })?,
        Err(error) if error.kind() == ErrorKind::NotFound => File::default(),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot read the secrets: {}", path.display()))
                .map_err(|failure| failure.exiting(Exit::Input));
        }
    };
    let own = file.stages.get(&settings.stage);
    for Variable { of, key, reference } in references {
        let value = std::env::var(&key)
            .ok()
            .or_else(|| own.and_then(|own| own.get(&key)).cloned())
            .or_else(|| file.values.get(&key).cloned());
        let Some(value) = value else {
            return Err(Failure::input(format!("no local value for `{key}`, which is {reference}"))
                .because_of("the local server does not ask an account")
                .hint(format!(
                    "write `{key} = \"…\"` to `{SECRETS_FILE}`, which git should ignore, or set the variable `{key}`; `--aws` \
                     asks the account"
                )));
        };
        settings.secret(of.as_deref(), key, value);
    }
    Ok(())
}

/// The variables that refer to secrets, for warnings about them.
pub(crate) fn named(settings: &Settings) -> Vec<(String, Reference)> {
    let all = references(settings).into_iter();
    all.map(|found| (found.key, found.reference)).collect()
}

#[cfg(test)]
mod tests {
    use fw_manifest::Part;

    use super::{Reference, field_of, from_developer};
    use crate::{error::Exit, settings::Settings};

    fn settings(environment: &str) -> Settings {
        let text = format!("[environment]\n{environment}");
        Settings::from_toml(&text, "dev", None, None).unwrap()
    }

    #[test]
    fn a_value_refers_to_a_secret_or_is_none() {
        assert_eq!(Reference::of("plain"), None);
        assert_eq!(
            Reference::of("secret:ssm:/a/b"),
            Some(Reference::Parameter {
                name: "/a/b".to_owned()
            })
        );
        assert_eq!(
            Reference::of("secret:db#password"),
            Some(Reference::Secret {
                name: "db".to_owned(),
                field: Some("password".to_owned())
            })
        );
        let json = r#"{"password": "p", "port": 5432, "more": {}}"#;
        assert_eq!(field_of(json, "port").as_deref(), Some("5432"));
        assert_eq!(field_of(json, "more"), None);
        assert_eq!(field_of("p", "password"), None);
        for wrong in ["secret:", "secret:ssm:", "secret:a b", "secret:a#"] {
            let text = format!("[environment]\nKEY = \"{wrong}\"");
            let failure = Settings::from_toml(&text, "dev", None, None).unwrap_err();
            assert_eq!(failure.exit(), Exit::Input, "{wrong}");
        }
    }

    #[test]
    fn a_developers_secrets_come_from_a_file_of_theirs() {
        let folder = tempfile::tempdir().unwrap();
        let text = "FW_TEST_TOKEN = \"secret:ssm:/token\"\nFW_TEST_PLAIN = \"x\"";
        let failure = from_developer(&mut settings(text), folder.path()).unwrap_err();
        assert!(
            failure
                .advice()
                .unwrap()
                .contains("`FW_TEST_TOKEN = \"…\"`")
        );
        let file = folder.path().join(super::SECRETS_FILE);
        std::fs::write(
            &file,
            "FW_TEST_TOKEN = \"one\"\n[stages.prod]\nFW_TEST_TOKEN = \"two\"\n",
        )
        .unwrap();
        for (stage, value) in [("dev", "one"), ("prod", "two")] {
            let mut settings = settings(text);
            stage.clone_into(&mut settings.stage);
            from_developer(&mut settings, folder.path()).unwrap();
            assert_eq!(settings.of(&Part::Api).environment["FW_TEST_TOKEN"], value);
            assert_eq!(settings.of(&Part::Api).environment["FW_TEST_PLAIN"], "x");
            assert!(settings.of(&Part::Api).secrets.contains("FW_TEST_TOKEN"));
        }
        std::fs::write(&file, "\nFW_TEST_TOKEN = \"hush\n").unwrap();
        let failure = from_developer(&mut settings(text), folder.path()).unwrap_err();
        let said = format!("{failure} {:?}", failure.causes());
        assert!(said.contains("line 2") && !said.contains("hush"), "{said}");
    }
}
