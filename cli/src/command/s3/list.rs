//! `cargo fw s3 ls`.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::{Value, json};

use super::{failure, location::ObjectUrl, server::Server};
use crate::{
    args::{self, Output},
    aws::objects::Entry,
    console::Console,
    error::{Context as _, Exit, Failure, Result},
};

/// The width of the column of sizes, and of the time before it, as in `aws s3 ls`.
const SIZE_WIDTH: usize = 10;
const TIME_WIDTH: usize = 19;

/// Prints buckets, or what is below a prefix.
pub(super) async fn list(args: &args::S3Ls, server: &Server, console: &Console) -> Result<Exit> {
    let Some(place) = &args.place else {
        return buckets(args.output, server, console).await;
    };
    let place = ObjectUrl::parse(place)?;
    let mut next = None;
    let mut found = false;
    let mut documents = Vec::new();
    loop {
        let page = server
            .store
            .page(&place.bucket, &place.key, args.recursive, next)
            .await
            .map_err(|error| failure(server, &place.bucket, error))?;
        for entry in &page.entries {
            found = true;
            match args.output {
                Output::Json => documents.push(document(entry)),
                Output::Text => {
                    if !console.result_was_read(line(entry, &place, args.recursive)) {
                        return Ok(Exit::Success);
                    }
                }
            }
        }
        next = page.next;
        if next.is_none() {
            break;
        }
    }
    if matches!(args.output, Output::Json) {
        let text = serde_json::to_string_pretty(&documents).context("cannot write JSON")?;
        console.result(text);
    }
    if !found && !place.key.is_empty() {
        return Err(Failure::new(format!(
            "no key begins with this prefix: {place}"
        )));
    }
    Ok(Exit::Success)
}

async fn buckets(output: Output, server: &Server, console: &Console) -> Result<Exit> {
    let all = server.store.buckets().await;
    let all = all.map_err(|error| failure(server, "", error))?;
    match output {
        Output::Json => {
            let all: Vec<Value> = all
                .iter()
                .map(|one| json!({ "name": one.name, "created": instant(one.created) }))
                .collect();
            console.result(serde_json::to_string_pretty(&all).context("cannot write JSON")?);
        }
        Output::Text => {
            for bucket in all {
                console.result(format_args!("{} {}", time(bucket.created), bucket.name));
            }
        }
    }
    Ok(Exit::Success)
}

/// A line as `aws s3 ls` prints it: names relative to the prefix's folder, or whole keys of a recursive listing.
fn line(entry: &Entry, place: &ObjectUrl, recursive: bool) -> String {
    let folder = match place.key.rfind('/') {
        Some(slash) if !recursive => slash + 1,
        _ => 0,
    };
    let below = |key: &str| shown(key.get(folder..).unwrap_or(key));
    match entry {
        Entry::Prefix(prefix) => {
            let width = TIME_WIDTH + 1 + SIZE_WIDTH;
            format!("{:>width$} {}", "PRE", below(prefix))
        }
        Entry::Object {
            key,
            size,
            modified,
            ..
        } => format!("{} {size:>SIZE_WIDTH$} {}", time(*modified), below(key)),
    }
}

fn document(entry: &Entry) -> Value {
    match entry {
        Entry::Prefix(prefix) => json!({ "prefix": prefix }),
        Entry::Object {
            key,
            size,
            modified,
            etag,
        } => {
            json!({ "key": key, "size": size, "modified": instant(*modified), "etag": etag.trim_matches('"') })
        }
    }
}

/// A key without characters that would move the terminal's cursor.
fn shown(key: &str) -> String {
    key.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}

fn instant(ms: i64) -> Option<String> {
    let time = Timestamp::from_millisecond(ms).ok();
    time.map(|time| time.to_string())
}

/// The time in the zone of this machine.
fn time(ms: i64) -> String {
    let time = Timestamp::from_millisecond(ms).unwrap_or_default();
    let local = time.to_zoned(TimeZone::system());
    local.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::{Entry, ObjectUrl, line};

    #[test]
    fn lines_are_those_of_the_aws_cli() {
        let place = ObjectUrl::parse("s3://b/a/p").unwrap();
        let prefix = Entry::Prefix("a/photos/".to_owned());
        assert_eq!(
            line(&prefix, &place, false),
            "                           PRE photos/"
        );
        let object = Entry::Object {
            key: "a/p\u{1b}.txt".to_owned(),
            size: 12,
            modified: 0,
            etag: String::new(),
        };
        let shown = line(&object, &place, false);
        assert!(shown.ends_with("         12 p\u{fffd}.txt"), "{shown}");
        assert!(line(&object, &place, true).ends_with("12 a/p\u{fffd}.txt"));
        assert_eq!(
            shown.len(),
            "1970-01-01 00:00:00         12 p\u{fffd}.txt".len()
        );
    }
}
