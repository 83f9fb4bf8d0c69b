//! Checks of single values: numbers in a range, and ARNs of some services. They need nothing else
//! from the settings.

use crate::error::{Failure, Result};

/// Checks that a number of Lambda's is in its range.
pub(super) fn range(key: &str, value: u32, least: u32, most: u32, unit: &str) -> Result<()> {
    if (least..=most).contains(&value) {
        return Ok(());
    }
    Err(Failure::input(format!("`{key}` is out of range: {value}"))
        .because_of(format!("Lambda accepts {least} to {most} {unit}")))
}

/// Checks that a text is the ARN of something of those services.
pub(super) fn arn_of(key: &str, arn: &str, services: &[&str], example: &str) -> Result<()> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let right = matches!(parts.as_slice(),
        ["arn", partition, service, _, _, rest]
            if !partition.is_empty() && services.contains(service) && !rest.is_empty());
    if right {
        return Ok(());
    }
    Err(Failure::input(format!(
        "`{key}` is not an ARN of the right kind: `{}`",
        arn.escape_debug()
    ))
    .hint(format!("write its ARN: `{example}`")))
}
