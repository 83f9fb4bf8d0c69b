//! Calls by operation and document, whatever a service speaks: what a kind of resource makes its own calls of, where an SDK crate
//! would cost more than it gives.

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
