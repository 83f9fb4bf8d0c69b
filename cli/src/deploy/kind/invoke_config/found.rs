//! What the account holds of how a function's asynchronous invocations are handled.

use crate::{
    aws::{Aws, error::Result, lambda::Function},
    values::{asynchronous::Asynchronous, lambda::ALIAS},
};

/// Reads it of a function that events may invoke: no call for any other.
pub(crate) async fn invoke_config<A: Aws>(
    aws: &A,
    name: &str,
    function: &Function,
) -> Result<Option<Asynchronous>> {
    match function.configuration.handler.starts_with("source.") {
        true => aws.invoke_config(name, ALIAS).await,
        false => Ok(None),
    }
}
