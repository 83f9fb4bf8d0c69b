//! What a new version of the API means for the clients of the one before, with what the settings allow.

use std::collections::BTreeMap;

use fw_contract::{Finding, Verdict, compare};
use fw_manifest::Manifest;
use fw_openapi::{Info, Version, document};
use serde_json::{Value, json};

use super::openapi;
use crate::{
    artifact,
    aws::Aws,
    console::{BAD, DIM, GOOD, WARN},
    error::{Exit, Failure, Result},
    project::Project,
    settings::{Settings, api::Allowed},
    values::text::counted,
};

/// A change, where its handler is, and the reason for which the settings allow it.
struct Change {
    finding: Finding,
    source: Option<String>,
    allowed: Option<String>,
}

/// The changes of an API.
pub(super) struct Changes {
    changes: Vec<Change>,
    /// The lines of the settings that allow no change.
    pub(super) unused: Vec<Allowed>,
}

impl Changes {
    /// Compares two documents. Breaking changes that `allow` has do not count.
    pub(super) fn between(
        before: &Value,
        after: &Value,
        sources: &Sources,
        allow: &[Allowed],
    ) -> Self {
        let today = jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
        let mut used = vec![false; allow.len()];
        let changes = compare(before, after, &today).findings.into_iter();
        let changes = changes.map(|finding| {
            let line = allow
                .iter()
                .position(|line| line.is_about(finding.rule, &finding.route))
                .filter(|_| finding.verdict == Verdict::Breaking);
            if let Some(used) = line.and_then(|at| used.get_mut(at)) {
                *used = true;
            }
            let allowed = line.and_then(|at| allow.get(at));
            Change {
                source: sources.of(&finding.route),
                allowed: allowed.map(|line| line.reason.clone()),
                finding,
            }
        });
        let changes = changes.collect();
        let unused = allow.iter().zip(used).filter(|(_, used)| !used);
        let unused = unused.map(|(line, _)| line.clone()).collect();
        Self { changes, unused }
    }

    /// The verdict on what is not allowed; an allowed change is worth knowing.
    pub(super) fn verdict(&self) -> Verdict {
        let verdicts = self.changes.iter().map(|change| match &change.allowed {
            Some(_) => Verdict::Info,
            None => change.finding.verdict,
        });
        verdicts.max().unwrap_or_default()
    }

    /// The changes that break clients and are not allowed.
    pub(super) fn breaking(&self) -> impl Iterator<Item = &Finding> {
        let breaking = |change: &&Change| {
            change.allowed.is_none() && change.finding.verdict == Verdict::Breaking
        };
        self.changes
            .iter()
            .filter(breaking)
            .map(|change| &change.finding)
    }

    /// As one document: the verdict and the findings.
    pub(super) fn json(&self) -> Value {
        let findings = self.changes.iter().map(|change| {
            let finding = &change.finding;
            let mut told = json!({
                "verdict": finding.verdict.as_str(),
                "rule": finding.rule,
                "route": finding.route,
                "place": finding.place,
                "direction": finding.direction(),
                "pointer": finding.pointer,
                "message": finding.message,
            });
            if let Some(source) = &change.source {
                told["source"] = source.clone().into();
            }
            if let Some(reason) = &change.allowed {
                told["allowed"] = reason.clone().into();
            }
            told
        });
        let findings: Vec<Value> = findings.collect();
        json!({"schema": 1, "verdict": self.verdict().as_str(), "findings": findings})
    }

    /// A line for each change: those that break clients first, then the allowed ones, then what is worth knowing.
    pub(super) fn lines(&self) -> Vec<String> {
        let rank = |change: &&Change| match (change.finding.verdict, &change.allowed) {
            (Verdict::Breaking, None) => 0,
            (Verdict::Breaking, Some(_)) => 1,
            _ => 2,
        };
        let mut all: Vec<&Change> = self.changes.iter().collect();
        all.sort_by_key(rank);
        all.into_iter().map(Change::line).collect()
    }

    /// The lines of the changes that break clients, allowed or not, and how many others there are.
    pub(super) fn short(&self) -> Vec<String> {
        let breaking = |change: &&Change| change.finding.verdict == Verdict::Breaking;
        let mut lines = self.lines();
        let count = self.changes.iter().filter(breaking).count();
        let others = lines.len() - count;
        lines.truncate(count);
        if others > 0 {
            let others = counted(others, "other change");
            lines.push(format!(
                "{DIM}{others} without effect on clients: `cargo fw diff --against deployed`{DIM:#}"
            ));
        }
        lines
    }

    /// The failure of a deploy, if clients of this version would break.
    ///
    /// # Errors
    ///
    /// If there are breaking changes that are not allowed; exit code 4.
    pub(super) fn accepted(&self, version: &str) -> Result<()> {
        let Some(first) = self.breaking().next() else {
            return Ok(());
        };
        let mut failure = Failure::new(format!(
            "the API would break clients of the deployed version {version}, so nothing was changed"
        ));
        for finding in self.breaking().take(MOST_CAUSES) {
            failure = failure.because_of(format!("{finding} [{}]", finding.rule));
        }
        let more = self.breaking().count().saturating_sub(MOST_CAUSES);
        if more > 0 {
            failure = failure.because_of(counted(more, "more change"));
        }
        Err(failure.exiting(Exit::Breaking).hint(format!(
            "keep what clients rely on, or allow a change in fw.toml with `cargo fw diff --against deployed --allow '{}@{}' --reason TEXT`",
            first.rule, first.route
        )))
    }
}

/// The most changes that a failure names.
const MOST_CAUSES: usize = 10;

impl Change {
    fn line(&self) -> String {
        let (word, style) = match (&self.allowed, self.finding.verdict) {
            (Some(_), _) => ("allowed", GOOD),
            (None, Verdict::Breaking) => ("breaking", BAD),
            (None, verdict) => (verdict.as_str(), WARN),
        };
        let (finding, rule) = (&self.finding, self.finding.rule);
        let source = self.source.as_ref();
        let source = source
            .map(|source| format!(" {DIM}{source}{DIM:#}"))
            .unwrap_or_default();
        let reason = self.allowed.as_ref();
        let reason = reason
            .map(|reason| format!(" ({reason})"))
            .unwrap_or_default();
        format!("{style}{word}{style:#} {finding} [{rule}]{source}{reason}")
    }
}

/// Where the handlers of routes are. Nothing is known of documents in files.
#[derive(Default)]
pub(super) struct Sources(BTreeMap<String, String>);

impl Sources {
    /// Those of these manifests; the first one counts more.
    pub(super) fn of_manifests(manifests: &[&Manifest]) -> Self {
        let mut all = BTreeMap::new();
        for route in manifests.iter().flat_map(|manifest| &manifest.routes) {
            if let Some(source) = &route.source {
                let place = format!("{}:{}", source.file, source.line);
                all.entry(key(&route.method, &route.path)).or_insert(place);
            }
        }
        Self(all)
    }

    fn of(&self, route: &str) -> Option<String> {
        let (method, path) = route.split_once(' ')?;
        let found = self.0.get(&key(method, path));
        found.or_else(|| self.0.get(&key("ANY", path))).cloned()
    }
}

/// A route without the names of its parameters, which two versions may call differently.
fn key(method: &str, path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| match segment.split_once('{') {
            Some((before, _)) => format!("{before}{{}}"),
            None => segment.to_owned(),
        });
    let segments: Vec<String> = segments.collect();
    format!("{method} {}", segments.join("/"))
}

/// What is deployed, as its own artifact says.
pub(super) enum Deployed {
    /// The manifest of the version that has the traffic.
    Manifest(Box<Manifest>),
    /// It says nothing of its API: why.
    Silent(String),
}

/// Asks a version for its manifest, which is in its zip. A rollback moves the traffic to another version, and so to its manifest.
///
/// # Errors
///
/// If it cannot be read.
pub(super) async fn deployed<A: Aws>(aws: &A, function: &str, version: &str) -> Result<Deployed> {
    let zip = aws.code(function, version).await.map_err(|error| {
        error
            .into_failure("cannot read the deployed version to compare its API")
            .hint("run it again, or set `breaking = \"warn\"` in `[api]` of this stage to deploy without the comparison")
    })?;
    Ok(match artifact::manifest_of(&zip) {
        Ok(manifest) => Deployed::Manifest(Box::new(manifest)),
        Err(failure) => Deployed::Silent(failure.to_string()),
    })
}

/// The changes from a deployed manifest to this one.
///
/// # Errors
///
/// If this one has no document.
pub(super) fn changes(
    project: &Project,
    settings: &Settings,
    before: &Manifest,
    after: &Manifest,
) -> Result<Changes> {
    let sources = Sources::of_manifests(&[after, before]);
    let documented = |manifest: &Manifest| manifest.routes.iter().any(|it| it.api.is_some());
    let both = documented(before) && documented(after);
    let of = |manifest: &Manifest| {
        let info: Info = openapi::info(project.about(), settings, manifest);
        // What one side does not say of its types cannot be compared, but its routes can.
        let plain = (!both).then(|| without_types(manifest));
        document(plain.as_ref().unwrap_or(manifest), &info, Version::V3_1)
    };
    // A deployed manifest without a document cannot be: an older `fw` may have taken it.
    let old = of(before).unwrap_or_else(|_| json!({"openapi": "3.1.1"}));
    let new = of(after)
        .map_err(|fault| Failure::input(fault.to_string()).hint(fault.correction().to_owned()))?;
    Ok(Changes::between(&old, &new, &sources, &settings.api.allow))
}

/// The routes alone, as an app without the feature `schema` has them.
fn without_types(manifest: &Manifest) -> Manifest {
    let mut plain = manifest.clone();
    for route in &mut plain.routes {
        route.api = None;
        if let Some(body) = &mut route.body {
            body.schema = None;
        }
    }
    plain.schemas = fw_manifest::ManifestSchemas::default();
    plain
}

#[cfg(test)]
mod tests {
    use fw_contract::Verdict;
    use fw_manifest::{Manifest, ManifestRoute, Source};
    use serde_json::json;

    use super::{Changes, Sources};
    use crate::settings::api::Allowed;

    fn manifest(line: u32, path: &str) -> Manifest {
        let mut manifest = Manifest::new("shop");
        let mut route = ManifestRoute::new("GET", path);
        route.source = Some(Source::new("src/main.rs", line));
        manifest.routes.push(route);
        manifest
    }

    #[test]
    fn an_allowed_change_does_not_count_and_an_unneeded_line_is_found() {
        let before =
            json!({"openapi": "3.1.1", "paths": {"/a": {"get": {}}, "/b/{c}": {"get": {}}}});
        let after = json!({"openapi": "3.1.1", "paths": {}});
        let line = |change: &str| Allowed::parse(change, "agreed").unwrap();
        let lines = [
            line("operation-removed@GET /a"),
            line("operation-removed@POST /a"),
        ];
        let sources = Sources::of_manifests(&[&manifest(7, "/b/{d}"), &manifest(9, "/b/{e}")]);
        let changes = Changes::between(&before, &after, &sources, &lines);
        assert_eq!(changes.verdict(), Verdict::Breaking);
        assert_eq!(changes.unused, lines[1..]);
        let told = changes.json();
        assert_eq!(told["findings"][0]["allowed"], "agreed");
        assert_eq!(told["findings"][1]["source"], "src/main.rs:7");
        let failure = changes.accepted("3").unwrap_err();
        assert!(
            failure
                .advice()
                .is_some_and(|hint| hint.contains("'operation-removed@GET /b/{c}'")),
            "{failure:?}"
        );
        let both = [
            line("operation-removed@GET /a"),
            line("operation-removed@GET /b/{c}"),
        ];
        let changes = Changes::between(&before, &after, &sources, &both);
        assert_eq!(changes.verdict(), Verdict::Info);
        assert!(changes.accepted("3").is_ok() && changes.unused.is_empty());
    }
}
