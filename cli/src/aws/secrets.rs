//! Secrets: what Secrets Manager and Systems Manager's Parameter Store keep.

use serde_json::{Value, json};

use crate::aws::{
    account::Account,
    error::{Kind, Operation, Result},
};

pub(crate) const GET_SECRET: Operation = Operation::new("secretsmanager", "GetSecretValue");
pub(crate) const GET_PARAMETER: Operation = Operation::new("ssm", "GetParameter");

/// The content of a secret: one or the other (Secrets Manager API reference, `GetSecretValue`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// `SecretString`.
    Text(String),
    /// `SecretBinary`, which no variable can hold.
    Binary,
}

/// The calls used.
pub(crate) trait Secrets {
    /// `GetSecretValue`: the content of a secret, by name or ARN.
    async fn secret(&self, name: &str) -> Result<Option<Held>>;
    /// `GetParameter`, decrypted: a parameter's text, by its path.
    async fn parameter(&self, name: &str) -> Result<Option<String>>;
}

impl Secrets for Account {
    async fn secret(&self, name: &str) -> Result<Option<Held>> {
        let asked = json!({ "SecretId": name });
        let answer = self.signed.json(GET_SECRET, &asked).await;
        Ok(
            found(answer)?.and_then(|answer| match text(&answer["SecretString"]) {
                Some(text) => Some(Held::Text(text)),
                None => answer["SecretBinary"].is_string().then_some(Held::Binary),
            }),
        )
    }

    async fn parameter(&self, name: &str) -> Result<Option<String>> {
        let asked = json!({ "Name": name, "WithDecryption": true });
        let answer = self.signed.json(GET_PARAMETER, &asked);
        Ok(found(answer.await)?.and_then(|answer| text(&answer["Parameter"]["Value"])))
    }
}

/// `None` if it does not exist.
fn found(answer: Result<Value>) -> Result<Option<Value>> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.kind == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
