//! Reading a deployed app's logs: which groups, one time order over all of them, and how a line is shown.
//!
//! This module does not know the command line. `since` reads points in time, `line` shows one line,
//! `report` reads the line that Lambda writes after each invocation, `metrics` counts it, `chart`
//! draws.

mod chart;
mod line;
pub(crate) mod metrics;
mod report;

use std::collections::{BTreeSet, HashMap};

pub(crate) use self::line::{document, readable};
use crate::{
    aws::{
        Aws, Error, Kind,
        error::Result,
        logs::{LogEvent, LogQuery},
        tagging::Tagged,
    },
    deploy::names::{Names, TAG_APP, TAG_STAGE},
};

/// The log group of a function.
const GROUPS: &str = "/aws/lambda/";
/// How much later than others a line may arrive and still be shown when following, in milliseconds.
/// Unverified: the service gives no number. Half a minute is several times the delays that were
/// reported.
const LATE: i64 = 30_000;

/// A log line and the function that wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The function.
    pub(crate) function: String,
    /// The line.
    pub(crate) event: LogEvent,
}

/// The functions of a deployment, as far as they are known.
#[derive(Debug)]
pub(crate) struct Functions {
    /// Their names, in order.
    pub(crate) names: Vec<String>,
    /// The services of which something has the deployment's tags: `sqs`.
    pub(crate) services: BTreeSet<String>,
    /// Why the one that answers the API is all that is known: what AWS answered to who may not read tags.
    pub(crate) denied: Option<Error>,
}

/// The functions of a deployment: the one that answers the API, and every other that carries its tags.
///
/// # Errors
///
/// If the tags cannot be read. Without the permission to read them, only the first function is
/// returned.
pub(crate) async fn functions<A: Aws>(aws: &A, names: &Names) -> Result<Functions> {
    let tags = [
        (TAG_APP, Some(names.app.as_str())),
        (TAG_STAGE, Some(names.stage.as_str())),
    ];
    let (tagged, denied) = match aws.tagged(&tags).await {
        Err(error) if error.kind == Kind::Denied => (Vec::new(), Some(error)),
        answer => (answer?, None),
    };
    let services = tagged.iter().map(|one| one.service().to_owned());
    let services = services.collect();
    let others = tagged.iter().filter_map(Tagged::function);
    let others = others.map(str::to_owned);
    let all: BTreeSet<String> = others.chain([names.function.clone()]).collect();
    Ok(Functions {
        names: all.into_iter().collect(),
        services,
        denied,
    })
}

/// Reads continuously: each call of [`Reader::more`] returns the new lines.
#[derive(Debug)]
pub(crate) struct Reader {
    functions: Vec<String>,
    query: LogQuery,
    /// The lines that were already returned, by function and id, with their time.
    given: HashMap<(String, String), i64>,
}

impl Reader {
    /// A reader of those functions' logs.
    pub(crate) fn new(functions: Vec<String>, query: LogQuery) -> Self {
        Self {
            functions,
            query,
            given: HashMap::new(),
        }
    }

    /// The new lines of all functions, in one time order.
    pub(crate) async fn more<A: Aws>(&mut self, aws: &A) -> Result<Vec<Entry>> {
        let mut found = Vec::new();
        for function in &self.functions {
            let group = format!("{GROUPS}{function}");
            let mut page = None;
            loop {
                let (events, next) = aws.log_events(&group, &self.query, page).await?;
                found.extend(events.into_iter().map(|event| Entry {
                    function: function.clone(),
                    event,
                }));
                page = next;
                if page.is_none() {
                    break;
                }
            }
        }
        found.retain(|entry| {
            let key = (entry.function.clone(), entry.event.id.clone());
            self.given.insert(key, entry.event.at).is_none()
        });
        // Lines of one moment stay as they were read: in the order of one function's log.
        found.sort_by_key(|entry| entry.event.at);
        if let Some(newest) = self.given.values().max() {
            self.query.from = self.query.from.max(newest - LATE);
            let from = self.query.from;
            self.given.retain(|_, at| *at >= from);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::{Reader, functions};
    use crate::{
        aws::{
            fake::Fake,
            iam::Iam as _,
            lambda::{Configuration, Lambda as _},
            logs::{LogEvent, LogQuery, Logs as _},
        },
        deploy::{block_on, names::Names},
        values::{
            code::{Code, Way},
            lambda::Architecture,
        },
    };

    fn event(id: &str, at: i64) -> LogEvent {
        LogEvent {
            id: id.to_owned(),
            at,
            stream: "s".to_owned(),
            message: format!("line {id}\n"),
        }
    }

    fn ids(entries: &[super::Entry]) -> String {
        let ids = entries.iter().map(|entry| entry.event.id.as_str());
        ids.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lines_of_all_functions_come_in_one_order_and_each_once() {
        let fake = Fake::default();
        let put = |function: &str, event: LogEvent| {
            let group = format!("/aws/lambda/{function}");
            fake.log_events
                .borrow_mut()
                .entry(group)
                .or_default()
                .push(event);
        };
        for (id, at) in [("a", 10), ("c", 30), ("e", 50)] {
            put("one", event(id, at));
        }
        for (id, at) in [("b", 20), ("d", 40)] {
            put("two", event(id, at));
        }
        let query = LogQuery {
            from: 20,
            filter: None,
        };
        let functions = ["one", "two", "three"].map(str::to_owned).to_vec();
        let mut reader = Reader::new(functions, query);
        block_on(async {
            assert_eq!(ids(&reader.more(&fake).await.unwrap()), "b c d e");
            put("two", event("f", 60));
            // Later than the line before it by less than what is waited for.
            put("one", event("late", 55));
            assert_eq!(ids(&reader.more(&fake).await.unwrap()), "late f");
            assert_eq!(ids(&reader.more(&fake).await.unwrap()), "");
            put("one", event("g", 100_000));
            assert_eq!(ids(&reader.more(&fake).await.unwrap()), "g");
            put("one", event("too-late", 60_000));
            assert_eq!(ids(&reader.more(&fake).await.unwrap()), "");
            Ok(())
        })
        .unwrap();
    }

    #[test]
    fn the_functions_are_those_with_the_tags() {
        let fake = Fake::default();
        let names = Names::new("notes", "dev", Fake::REGION).unwrap();
        let code = Code {
            zip: "x".into(),
            sha256: String::new(),
            architecture: Architecture::HOST,
            way: Way::Sent,
        };
        block_on(async {
            fake.create_role("r", &serde_json::Value::Null, None, &names.tags())
                .await
                .unwrap();
            let configuration = Configuration {
                role: "arn:aws:iam::1:role/r".to_owned(),
                ..Configuration::default()
            };
            for (name, tags) in [
                ("notes-dev", names.tags()),
                ("notes-dev-nightly", names.tags()),
                ("other-dev", [].into()),
            ] {
                fake.create_function(name, &code, &configuration, &tags)
                    .await
                    .unwrap();
            }
            // A log group outlives its function.
            let group = Names::log_group_of("notes-dev-gone");
            fake.create_log_group(&group, &names.tags()).await.unwrap();
            let all = functions(&fake, &names).await.unwrap();
            assert_eq!(all.names, ["notes-dev", "notes-dev-nightly"]);
            assert_eq!(all.denied, None);
            fake.denied.set(Some("GetResources"));
            let all = functions(&fake, &names).await.unwrap();
            assert_eq!(all.names, ["notes-dev"]);
            assert_eq!(all.denied.unwrap().operation.action(), "tag:GetResources");
            Ok(())
        })
        .unwrap();
    }
}
