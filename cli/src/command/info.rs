//! `cargo fw info`: what is deployed, read from the account.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::deployed::Found;
use crate::{
    args::{self, Output},
    console::{BOLD, Console, columns},
    deploy::{
        self,
        kind::{
            bus::calls::FoundRule, function::found::WholeFunction, schedule::calls::FoundSchedule,
        },
        names::{AwsLocation, Names},
        observe::Actual,
        report,
    },
    error::{Context as _, Exit, Result},
    values::{
        asynchronous::Asynchronous,
        lambda::ALIAS,
        mapping::Polling,
        names::Tags,
        text::{bytes, counted},
    },
};

/// The version of the JSON document.
const SCHEMA: u32 = 1;
/// Tags about the last deploy, if the deployer could set them.
const DEPLOYED: [(&str, &str); 3] = [
    ("fw:by", "by"),
    ("fw:commit", "from commit"),
    ("fw:at", "at"),
];

/// What is deployed.
#[derive(Debug, Serialize)]
struct Info<'a> {
    schema: u32,
    app: &'a str,
    stage: &'a str,
    account: &'a str,
    region: &'a str,
    /// Its URL, with the domain of the settings if it leads here.
    url: Option<String>,
    /// The gateway's own URL.
    gateway_url: Option<&'a str>,
    /// The domain that leads to it, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<Domain<'a>>,
    functions: Vec<Function<'a>>,
    /// Who deployed it, from which commit and when, according to its tags.
    deployed: BTreeMap<&'static str, &'a str>,
    /// The log group of the gateway's access log and its retention in days, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    access_log: Option<AccessLog>,
    /// The queues, if there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queues: Vec<Queue<'a>>,
    /// The event source mappings, if there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mappings: Vec<Mapping<'a>>,
    /// The topics, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    topics: Vec<Topic<'a>>,
    /// The event buses, by ARN, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buses: Vec<&'a str>,
    /// The rules, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Rule<'a>>,
    /// The schedules, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    schedules: Vec<Schedule<'a>>,
    /// The buckets that report to functions, and those of the deployment's own as far as they do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    buckets: Vec<&'a str>,
    /// The route keys.
    routes: Vec<&'a str>,
}

/// A queue of the settings.
#[derive(Debug, Serialize)]
struct Queue<'a> {
    name: &'a str,
    url: &'a str,
    /// About how many messages are in it.
    messages: u64,
    /// In seconds.
    visibility_timeout: u32,
}

/// An event source mapping.
#[derive(Debug, Serialize)]
struct Mapping<'a> {
    id: &'a str,
    function: &'a str,
    /// The queue's ARN.
    queue: &'a str,
    enabled: bool,
    #[serde(flatten)]
    polling: &'a Polling,
}

/// A topic of the deployment's, or one that is there and leads to it.
#[derive(Debug, Serialize)]
struct Topic<'a> {
    arn: &'a str,
    /// The functions and queues of the deployment's that it leads to.
    subscriptions: Vec<&'a str>,
}

impl<'a> Topic<'a> {
    /// All that there are.
    fn all(actual: &'a Actual) -> Vec<Self> {
        let found = &actual.topics;
        let own = found.topics.iter().filter_map(|one| one.found.ours());
        let own = own.map(|found| found.arn.as_str());
        let others = found.subscriptions.iter().map(|one| one.topic.as_str());
        let arns: BTreeSet<&str> = own.chain(others).collect();
        let led = |arn: &str| {
            let all = found.subscriptions.iter();
            let all = all.filter(|one| one.topic == arn);
            all.map(|one| one.endpoint.name()).collect()
        };
        let topic = |arn| Self {
            arn,
            subscriptions: led(arn),
        };
        arns.into_iter().map(topic).collect()
    }
}

/// A rule: what leads from a bus to a function.
#[derive(Debug, Serialize)]
struct Rule<'a> {
    bus: &'a str,
    name: &'a str,
    enabled: bool,
}

/// A schedule of the deployment's group.
#[derive(Debug, Serialize)]
struct Schedule<'a> {
    name: &'a str,
    expression: &'a str,
    timezone: &'a str,
    enabled: bool,
}

impl<'a> Schedule<'a> {
    fn of(found: &'a FoundSchedule) -> Self {
        let text = |key: &str| found.document[key].as_str().unwrap_or_default();
        Self {
            name: &found.name,
            expression: text("ScheduleExpression"),
            timezone: text("ScheduleExpressionTimezone"),
            enabled: text("State") != "DISABLED",
        }
    }
}

/// A custom domain.
#[derive(Debug, Serialize)]
struct Domain<'a> {
    name: &'a str,
    /// The host that the DNS record must point to.
    target: Option<&'a str>,
}

/// The gateway's own log.
#[derive(Debug, Serialize)]
struct AccessLog {
    log_group: String,
    log_retention: Option<u32>,
}

#[derive(Debug, Serialize)]
struct Function<'a> {
    name: &'a str,
    /// The version that carries the traffic.
    version: Option<&'a str>,
    alias: &'static str,
    /// The version that gets a part of the traffic, and its percentage.
    canary: Option<(&'a str, u32)>,
    /// The published versions, newest first.
    versions: Vec<u64>,
    runtime: &'a str,
    architecture: &'a str,
    memory: u32,
    timeout: u32,
    /// Other settings, with their names in `fw.toml`.
    options: Vec<String>,
    /// What is set of its asynchronous invocations, in the same way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    asynchronous: Vec<String>,
    /// The zip's, in bytes.
    size: u64,
    sha256: &'a str,
    role: &'a str,
    log_group: String,
    log_retention: Option<u32>,
    /// True if something was uploaded or set that is not part of a version yet.
    unpublished: bool,
}

impl<'a> Function<'a> {
    /// The details of an existing function.
    fn of(name: &'a str, whole: &'a WholeFunction) -> Option<Self> {
        let latest = whole.function.ours()?;
        let live = whole.live.as_ref();
        let serving = live.and_then(|live| live.function.as_ref());
        let shown = serving.unwrap_or(latest);
        // After a rollback, and while a canary runs, it is another version than the one that serves.
        let unpublished = !whole.versions.iter().any(|(_, version)| {
            (&version.sha256, &version.configuration) == (&latest.sha256, &latest.configuration)
        });
        Some(Self {
            name,
            version: live.map(|live| live.version.as_str()),
            alias: ALIAS,
            canary: live
                .and_then(|live| live.canary.as_ref())
                .map(|canary| (canary.version.as_str(), canary.percent)),
            versions: whole.versions.iter().map(|(number, _)| *number).collect(),
            runtime: &shown.configuration.runtime,
            architecture: &shown.architecture,
            memory: shown.configuration.memory,
            timeout: shown.configuration.timeout,
            options: shown.configuration.options.told(),
            asynchronous: whole
                .asynchronous
                .iter()
                .flat_map(Asynchronous::told)
                .collect(),
            size: shown.size,
            sha256: &shown.sha256,
            role: &shown.configuration.role,
            log_group: Names::log_group_of(name),
            log_retention: whole.log_group.ours().and_then(|group| group.retention),
            unpublished,
        })
    }
}

/// A log group, and for how long it is kept.
fn kept(group: &str, days: Option<u32>) -> String {
    match days {
        Some(1) => format!("{group}, kept 1 day"),
        Some(days) => format!("{group}, kept {days} days"),
        None => format!("{group}, kept forever"),
    }
}

/// Prints what is deployed.
pub(super) fn info(args: &args::Deployed, console: &Console) -> Result<Exit> {
    deploy::block_on(async {
        let found = Found::find(args, console).await?;
        let place = deploy::place(&found.aws).await?;
        let actual = deploy::observe(&found.aws, &found.names).await?;
        let Some(info) = Info::of(&found.names, &place, &actual) else {
            return Err(found.absent());
        };
        match args.output {
            Output::Json => {
                let text = serde_json::to_string_pretty(&info).context("cannot write JSON")?;
                console.result(text);
            }
            Output::Text => {
                console.result(report::headline(&found.names, &place));
                info.lines().iter().for_each(|line| console.result(line));
            }
        }
        Ok(Exit::Success)
    })
}

impl<'a> Info<'a> {
    /// The deployment's details, or `None` if it has neither a function nor an API.
    fn of(names: &'a Names, place: &'a AwsLocation, actual: &'a Actual) -> Option<Self> {
        // The main function's name is the beginning of the others', so it is the first.
        let functions = actual.functions.iter();
        let functions: Vec<_> = functions
            .filter_map(|(name, whole)| Function::of(name, whole))
            .collect();
        if functions.is_empty() && actual.apis.is_empty() && actual.rests.apis.is_empty() {
            return None;
        }
        let function = actual.function(&names.function).function.ours();
        let tag = |tags: &'a Tags, (key, _): (&str, &'static str)| tags.get(key);
        let deployed = function.into_iter().flat_map(|function| {
            DEPLOYED.into_iter().filter_map(move |pair| {
                tag(&function.tags, pair)
                    .map(|value| (pair.0.trim_start_matches("fw:"), value.as_str()))
            })
        });
        let mut routes: Vec<&str> = actual
            .apis
            .first()
            .into_iter()
            .flat_map(|whole| &whole.routes)
            .map(|route| route.key.as_str())
            .collect();
        let rest = actual.rests.apis.first().into_iter();
        routes.extend(rest.flat_map(|whole| &whole.routes).map(String::as_str));
        routes.sort_unstable();
        let (custom, domain) = actual.custom().unzip();
        let domain = domain.map(|whole| Domain {
            name: &whole.name,
            target: whole.found.as_ref().map(|found| found.target.as_str()),
        });
        Some(Self {
            schema: SCHEMA,
            app: &names.app,
            stage: &names.stage,
            account: &place.account,
            region: &place.region,
            url: custom.or_else(|| actual.url().map(str::to_owned)),
            gateway_url: actual.url(),
            domain,
            access_log: actual.access_log.group.ours().map(|group| AccessLog {
                log_group: names.access_log(),
                log_retention: group.retention,
            }),
            functions,
            queues: actual
                .queues
                .iter()
                .filter_map(|whole| {
                    let found = whole.found.ours()?;
                    Some(Queue {
                        name: &whole.name,
                        url: &found.url,
                        messages: found.messages,
                        visibility_timeout: found.attributes.visibility_timeout,
                    })
                })
                .collect(),
            mappings: mappings(actual),
            topics: Topic::all(actual),
            buses: {
                let buses = actual.buses.buses.iter();
                let buses = buses.filter_map(|one| one.found.ours());
                buses.map(|found| found.arn.as_str()).collect()
            },
            rules: {
                let rules = actual.buses.rules.iter();
                let rules = rules.filter_map(|one| one.found.ours());
                let rule = |found: &'a FoundRule| Rule {
                    bus: &found.bus,
                    name: &found.name,
                    enabled: found.enabled,
                };
                rules.map(rule).collect()
            },
            schedules: actual
                .schedules
                .schedules
                .iter()
                .map(Schedule::of)
                .collect(),
            buckets: actual
                .buckets
                .iter()
                .map(|one| one.bucket.name.as_str())
                .collect(),
            deployed: deployed.collect(),
            routes,
        })
    }

    fn lines(&self) -> Vec<String> {
        let row = |name: &str, value: String| vec![format!("  {name}"), value];
        let url = self.url.as_deref().unwrap_or("none yet");
        let mut rows = vec![row("URL", url.to_owned())];
        if let Some(domain) = &self.domain {
            let own = self.gateway_url.unwrap_or("none yet");
            rows.push(row("gateway's URL", own.to_owned()));
            let target = domain.target.unwrap_or("?");
            let dns = format!(
                "`{}` must point to `{target}`: a CNAME or an alias record",
                domain.name
            );
            rows.push(row("DNS", dns));
        }
        if let Some(log) = &self.access_log {
            let group = kept(&log.log_group, log.log_retention);
            rows.push(row("access log", group));
        }
        for one in &self.functions {
            rows.push(row("function", one.name.to_owned()));
            rows.push(row(
                "version",
                match one.version {
                    Some(version) => {
                        let mut text =
                            format!("{version} gets the traffic (alias `{}`)", one.alias);
                        if let Some((canary, percent)) = one.canary {
                            text.push_str(&format!(", {canary} gets {percent} % of it"));
                        }
                        text
                    }
                    None => "no version gets traffic".to_owned(),
                },
            ));
            let published: Vec<String> = one.versions.iter().map(u64::to_string).collect();
            if published.len() > 1 {
                rows.push(row("published", published.join(", ")));
            }
            rows.push(row(
                "code",
                format!(
                    "{}, {}, SHA-256 {}",
                    bytes(one.size),
                    one.architecture,
                    one.sha256
                ),
            ));
            rows.push(row(
                "runs",
                format!("{}, {} MB, {} s", one.runtime, one.memory, one.timeout),
            ));
            rows.extend(one.options.iter().map(|option| row("", option.clone())));
            if !one.asynchronous.is_empty() {
                rows.push(row("events", one.asynchronous.join(", ")));
            }
            rows.push(row("logs", kept(&one.log_group, one.log_retention)));
            if one.unpublished {
                let hint =
                    "a change is not part of any version yet: `cargo fw deploy` publishes it";
                rows.push(row("unpublished", hint.to_owned()));
            }
        }
        for queue in &self.queues {
            let Queue { name, messages, .. } = queue;
            let shown = format!(
                "{name}, about {messages} waiting, visibility timeout {} s",
                queue.visibility_timeout
            );
            rows.push(row("queue", shown));
        }
        for bucket in &self.buckets {
            rows.push(row("bucket", (*bucket).to_owned()));
        }
        for mapping in &self.mappings {
            let queue = mapping.queue.rsplit(':').next().unwrap_or_default();
            let mut shown = format!(
                "{} reads {queue}, up to {} at once",
                mapping.function,
                counted(
                    usize::try_from(mapping.polling.batch_size).unwrap_or_default(),
                    "message"
                ),
            );
            let set = Polling::default().differences(mapping.polling);
            let set = set.iter().filter_map(|said| said.split_once(": "));
            for (key, values) in set.filter(|(key, _)| *key != "batch_size") {
                let new = values.split_once(" → ").map_or(values, |(_, new)| new);
                shown.push_str(&format!(", {key} {new}"));
            }
            if !mapping.enabled {
                shown.push_str(", stopped: `cargo fw deploy` starts it");
            }
            rows.push(row("mapping", shown));
        }
        for Topic { arn, subscriptions } in &self.topics {
            let name = arn.rsplit(':').next().unwrap_or_default();
            let led = match subscriptions.is_empty() {
                true => "which leads nowhere here".to_owned(),
                false => format!("which leads to {}", subscriptions.join(", ")),
            };
            rows.push(row("topic", format!("{name}, {led}")));
        }
        for arn in &self.buses {
            let name = arn.rsplit('/').next().unwrap_or_default();
            rows.push(row("bus", name.to_owned()));
        }
        let off = |enabled: bool| if enabled { "" } else { ", disabled" };
        for Rule { bus, name, enabled } in &self.rules {
            let shown = format!("{name}, on the bus {bus}{}", off(*enabled));
            rows.push(row("rule", shown));
        }
        for one in &self.schedules {
            let Schedule {
                name,
                expression,
                timezone,
                enabled,
            } = one;
            let shown = format!("{name}, {expression} in {timezone}{}", off(*enabled));
            rows.push(row("schedule", shown));
        }
        let deployed: Vec<String> = DEPLOYED
            .iter()
            .filter_map(|(key, word)| {
                let value = self.deployed.get(key.trim_start_matches("fw:"))?;
                Some(format!("{word} {value}"))
            })
            .collect();
        if !deployed.is_empty() {
            rows.push(row("deployed", deployed.join(" ")));
        }
        let mut lines = columns(&rows);
        if !self.routes.is_empty() {
            lines.push(format!("  {BOLD}routes{BOLD:#}"));
            lines.extend(self.routes.iter().map(|key| format!("    {key}")));
        }
        lines
    }
}

/// The mappings of the deployment's.
fn mappings(actual: &Actual) -> Vec<Mapping<'_>> {
    let all = actual.functions.iter();
    let all = all.flat_map(|(name, whole)| whole.mappings.iter().map(move |one| (name, one)));
    all.filter_map(|(function, one)| {
        let found = &one.found.ours()?.mapping;
        Some(Mapping {
            id: &found.id,
            function,
            queue: &found.queue,
            enabled: found.enabled,
            polling: &found.polling,
        })
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::Function;
    use crate::{
        aws::lambda::{self, Canary, Configuration, Readiness},
        deploy::{
            found::Found,
            kind::function::found::{Live, WholeFunction},
        },
        values::names::Tags,
    };

    fn function(sha256: &str, memory: u32) -> lambda::Function {
        lambda::Function {
            sha256: sha256.to_owned(),
            size: 1,
            architecture: "arm64".to_owned(),
            configuration: Configuration {
                memory,
                ..Configuration::default()
            },
            reserved: None,
            readiness: Readiness::Ready,
            tags: Tags::new(),
        }
    }

    #[test]
    fn what_a_version_carries_is_published_whichever_one_serves() {
        let (one, two) = (function("one", 128), function("two", 128));
        let unpublished = |latest: &lambda::Function, live: Option<(&str, Option<Canary>)>| {
            let whole = WholeFunction {
                function: Found::Ours(latest.clone()),
                live: live.map(|(version, canary)| Live {
                    version: version.to_owned(),
                    function: Some(one.clone()),
                    canary,
                }),
                versions: vec![(2, two.clone()), (1, one.clone())],
                ..WholeFunction::ABSENT
            };
            Function::of("notes-dev", &whole).unwrap().unpublished
        };
        assert!(!unpublished(&one, Some(("1", None))));
        // After a rollback, during a canary, and before the first flip.
        assert!(!unpublished(&two, Some(("1", None))));
        let canary = Canary {
            version: "2".to_owned(),
            percent: 10,
        };
        assert!(!unpublished(&two, Some(("1", Some(canary)))));
        assert!(!unpublished(&two, None));
        // Uploaded or set, and in no version.
        assert!(unpublished(&function("three", 128), Some(("1", None))));
        assert!(unpublished(&function("one", 256), Some(("1", None))));
    }
}
