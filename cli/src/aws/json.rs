//! Calls of services that speak AWS JSON, by operation and document: what a kind of resource makes its own calls of, where an SDK
//! crate would cost more than it gives.

use serde_json::Value;

use super::{Account, Operation, Result};

/// One signed call, as a document.
pub(crate) trait Json {
    /// Makes the call of that operation with those parameters; gives the answer's members, `null` where it has none.
    ///
    /// # Errors
    ///
    /// What the service answers, by its code.
    async fn json(&self, operation: Operation, parameters: &Value) -> Result<Value>;
}

impl Json for Account {
    async fn json(&self, operation: Operation, parameters: &Value) -> Result<Value> {
        self.signed.json(operation, parameters).await
    }
}
