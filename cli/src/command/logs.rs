//! `cargo fw logs`: what the deployed app wrote, over all its functions in one time order.

use std::time::Duration;

use super::deployed::Found;
use crate::{
    args::{self, Output},
    aws::logs::LogQuery,
    console::Console,
    deploy,
    error::{Exit, Result},
    interrupt::interrupted,
    logs_view::{self, Entry, Reader},
    values::since,
};

/// The pause between two reads when following. `FilterLogEvents` accepts 5 to 10 calls per second
/// in an account.
const PAUSE: Duration = Duration::from_secs(1);

/// Prints the lines, and with `--follow` continues until Ctrl-C.
pub(super) fn logs(args: &args::Logs, console: &Console) -> Result<Exit> {
    deploy::block_on(async {
        tokio::select! {
            ended = show(args, console) => ended,
            () = interrupted() => Ok(Exit::Interrupted),
        }
    })
}

async fn show(args: &args::Logs, console: &Console) -> Result<Exit> {
    let found = Found::find(&args.deployed, console).await?;
    let functions = found.functions(args.function.as_deref()).await?;
    let several = functions.len() > 1;
    let query = LogQuery {
        from: args.since.millis(since::now()),
        filter: pattern(args.filter.as_deref(), args.request_id.as_deref()),
    };
    let mut reader = Reader::new(functions, query);
    let mut shown = false;
    loop {
        let entries = reader.more(&found.aws).await;
        let entries = entries.map_err(|error| error.into_failure("cannot read the logs"))?;
        for entry in entries {
            if !wanted(&entry, args.request_id.as_deref()) {
                continue;
            }
            let line = match args.deployed.output {
                Output::Json => Some(logs_view::document(&entry)),
                Output::Text => {
                    let name = several.then_some(entry.function.as_str());
                    logs_view::readable(&entry, name, console.is_verbose())
                }
            };
            if let Some(line) = line {
                shown = true;
                if !console.result_was_read(line) {
                    // Nobody reads on: `| head` has what it wanted.
                    return Ok(Exit::Success);
                }
            }
        }
        if !args.follow {
            if !shown {
                console.line("no lines; `--since 1h` looks further back, `-f` waits for new ones");
            }
            return Ok(Exit::Success);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The filter pattern: the user's, or the request id. The service accepts one; the other is
/// filtered here.
fn pattern(filter: Option<&str>, request_id: Option<&str>) -> Option<String> {
    let term = |text: &str| format!("\"{}\"", text.replace(['"', '\\'], ""));
    filter.map_or_else(
        || request_id.map(term),
        |filter| {
            // A filter pattern of the service starts with one of these (CloudWatch Logs user guide,
            // "Filter pattern syntax"). Any other text is literal, including colons and hyphens.
            let syntax = filter.starts_with(['"', '{', '[', '?', '-', '%']);
            Some(if syntax {
                filter.to_owned()
            } else {
                term(filter)
            })
        },
    )
}

fn wanted(entry: &Entry, request_id: Option<&str>) -> bool {
    request_id.is_none_or(|id| entry.event.message.contains(id))
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn words_are_quoted_and_patterns_are_not() {
        assert_eq!(pattern(None, None), None);
        assert_eq!(pattern(None, Some("8f-1")).unwrap(), "\"8f-1\"");
        assert_eq!(pattern(Some("not found"), None).unwrap(), "\"not found\"");
        assert_eq!(
            pattern(Some("{ $.level = \"ERROR\" }"), Some("8f")).unwrap(),
            "{ $.level = \"ERROR\" }"
        );
        assert_eq!(pattern(Some("?a ?b"), None).unwrap(), "?a ?b");
        assert_eq!(pattern(None, Some("a\" \"b")).unwrap(), "\"a b\"");
    }
}
