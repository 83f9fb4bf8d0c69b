//! Cases of the two small languages, played through the API: patterns by `TestEventPattern`, schedule expressions by `PutRule` and
//! `CreateSchedule`. When expressions fire is a matter of the grammar's own tests.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::case::Case;
use crate::client::ApiError;
use crate::runner::{self, Play};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LanguageCase {
    pub(crate) id: String,
    pub(crate) target: String,
    #[serde(default)]
    pub(crate) title: String,
    pub(crate) confidence: String,
    pattern: Option<Value>,
    pattern_raw: Option<String>,
    event: Option<Value>,
    r#match: Option<bool>,
    service: Option<String>,
    expression: Option<String>,
    timezone: Option<String>,
    error: Option<Expected>,
    #[serde(rename = "after", default)]
    _after: Option<String>,
    #[serde(rename = "next", default)]
    _next: Option<Vec<String>>,
    #[serde(rename = "valid", default)]
    _valid: Option<bool>,
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "note", default)]
    _note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    code: String,
    message: Option<String>,
}

/// Plays a case to its end.
///
/// # Errors
/// What is not as expected.
pub(crate) async fn play(case: &LanguageCase) -> Result<(), String> {
    let play = runner::start(&Case::of(&case.id, [].into())).await?;
    match case.target.as_str() {
        "pattern" => pattern(case, &play).await,
        "schedule" => schedule(case, &play).await,
        other => Err(format!("unknown target {other}")),
    }
}

async fn pattern(case: &LanguageCase, play: &Play) -> Result<(), String> {
    let text = match &case.pattern_raw {
        Some(raw) => raw.clone(),
        None => case.pattern.as_ref().ok_or("no pattern")?.to_string(),
    };
    let event = case.event.as_ref().ok_or("no event")?.to_string();
    let input = json!({"EventPattern": text, "Event": event});
    let result = call(play, "events.TestEventPattern", input).await?;
    match (result, &case.error) {
        (Err(error), Some(expected)) => refused(&error, expected),
        (Ok(result), None) if result["Result"] == json!(case.r#match) => Ok(()),
        (result, _) => Err(format!("{result:?}")),
    }
}

async fn schedule(case: &LanguageCase, play: &Play) -> Result<(), String> {
    let expression = case.expression.as_deref().ok_or("no expression")?;
    let result = match case.service.as_deref() {
        Some("events") => {
            let mut input = json!({"Name": "r", "ScheduleExpression": expression});
            let on_custom_bus = case.title.contains("on a custom bus");
            if on_custom_bus {
                call(play, "events.CreateEventBus", json!({"Name": "custom"}))
                    .await?
                    .map_err(|error| error.message)?;
                input["EventBusName"] = "custom".into();
            }
            call(play, "events.PutRule", input).await?
        }
        Some("scheduler") => {
            let mut input = json!({
                "Name": "s",
                "ScheduleExpression": expression,
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": {
                    "Arn": "arn:aws:sqs:us-east-1:123456789012:q",
                    "RoleArn": "arn:aws:iam::123456789012:role/r",
                },
            });
            if let Some(zone) = &case.timezone {
                input["ScheduleExpressionTimezone"] = zone.as_str().into();
            }
            call(play, "scheduler.CreateSchedule", input).await?
        }
        other => return Err(format!("unknown service {other:?}")),
    };
    match (result, &case.error) {
        (Err(error), Some(expected)) => refused(&error, expected),
        (Ok(_), None) => Ok(()),
        (result, _) => Err(format!("{result:?}")),
    }
}

async fn call(
    play: &Play,
    operation: &str,
    input: Value,
) -> Result<Result<Value, ApiError>, String> {
    let input = input.as_object().cloned().unwrap_or_default();
    let outcome = play.client.call(operation, &input, &[].into()).await?;
    Ok(outcome.result)
}

/// Texts are compared by their first line: AWS's parser puts its position on a second one.
fn refused(error: &ApiError, expected: &Expected) -> Result<(), String> {
    let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    if error.code != expected.code {
        return Err(format!("code {}, wanted {}", error.code, expected.code));
    }
    match &expected.message {
        Some(message) if first_line(message) != first_line(&error.message) => {
            Err(format!("message {:?}, wanted {message:?}", error.message))
        }
        _ => Ok(()),
    }
}
