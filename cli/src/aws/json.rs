//! Calls of services that speak AWS JSON, by operation and document. A kind of resource builds its
//! own calls on it if an SDK crate would cost more than it gives.

use serde_json::Value;

use super::{Account, Operation, Result};

/// One signed call, as a document.
pub(crate) trait Json {
    /// Calls this operation with these parameters and returns the answer's members, `null` without
    /// any.
    ///
    /// # Errors
    ///
    /// The service's error, by its code.
    async fn json(&self, operation: Operation, parameters: &Value) -> Result<Value>;
}

impl Json for Account {
    async fn json(&self, operation: Operation, parameters: &Value) -> Result<Value> {
        self.signed.json(operation, parameters).await
    }
}
