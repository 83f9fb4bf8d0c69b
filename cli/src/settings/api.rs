//! `[api]`: which changes of the API a deploy accepts.

use serde::Deserialize;

use super::over::Over;
use crate::error::{Failure, Result};

/// The settings of the API's document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Api {
    /// What a deploy does with changes that break clients.
    breaking: Option<OnBreaking>,
    /// The changes that are accepted all the same.
    #[serde(default)]
    pub(crate) allow: Vec<Allowed>,
}

/// What a deploy does with changes that break clients.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnBreaking {
    /// Stops before the first write.
    #[default]
    Stop,
    /// Reports them and goes on.
    Warn,
}

/// A change that breaks clients and is accepted, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Allowed {
    /// The rule of the finding: `request-property-required`.
    pub(crate) rule: String,
    /// The method and the path: `POST /orders`.
    pub(crate) route: String,
    /// Why no client breaks, or why that is accepted.
    pub(crate) reason: String,
}

impl Api {
    /// What a deploy does with changes that break clients.
    pub(crate) fn on_breaking(&self) -> OnBreaking {
        self.breaking.unwrap_or_default()
    }

    /// Refuses a rule that no finding has, and a line without a route or a reason.
    pub(super) fn check(&self) -> Result<()> {
        self.allow.iter().try_for_each(Allowed::check)
    }
}

/// A stage's lines are added to those of the file.
impl Over for Api {
    fn over(self, base: Self) -> Self {
        Self {
            breaking: self.breaking.or(base.breaking),
            allow: base.allow.into_iter().chain(self.allow).collect(),
        }
    }
}

impl Allowed {
    /// Reads `RULE@METHOD /PATH` from the command line.
    pub(crate) fn parse(change: &str, reason: &str) -> Result<Self> {
        let Some((rule, route)) = change.split_once('@') else {
            return Err(
                Failure::input(format!("not a change: `{}`", change.escape_debug())).hint(
                    "write the rule and the route, such as `request-property-required@POST /orders`",
                ),
            );
        };
        let one = Self {
            rule: rule.trim().to_owned(),
            route: route.trim().to_owned(),
            reason: reason.trim().to_owned(),
        };
        one.check()?;
        Ok(one)
    }

    /// True if the line is about this rule at this route.
    pub(crate) fn is_about(&self, rule: &str, route: &str) -> bool {
        // A document writes a greedy parameter as a single one.
        let line = self.route.replace("+}", "}");
        let any = || Some(line.strip_prefix("ANY ")? == route.split_once(' ')?.1);
        self.rule == rule && (line == route || any() == Some(true))
    }

    /// The line for `fw.toml`.
    pub(crate) fn to_toml(&self) -> String {
        // The escapes of JSON are valid in TOML, and control characters are refused.
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            "[[api.allow]]\nrule = {}\nroute = {}\nreason = {}\n",
            quoted(&self.rule),
            quoted(&self.route),
            quoted(&self.reason),
        )
    }

    fn check(&self) -> Result<()> {
        let rule = self.rule.as_str();
        if !fw_contract::RULES.contains(&rule) {
            let near = fw_contract::RULES
                .iter()
                .min_by_key(|known| strsim::damerau_levenshtein(rule, known))
                .filter(|known| strsim::damerau_levenshtein(rule, known) <= known.len() / 3);
            let failure = Failure::input(format!(
                "`api.allow` has a rule that no change has: `{}`",
                rule.escape_debug()
            ));
            return Err(match near {
                Some(near) => failure.hint(format!("did you mean `{near}`?")),
                None => failure.hint(
                    "`cargo fw diff --against deployed` prints the rule of each change in brackets",
                ),
            });
        }
        let route = self.route.split_once(' ');
        if !route.is_some_and(|(method, path)| {
            method.chars().all(|c| c.is_ascii_uppercase()) && path.starts_with('/')
        }) {
            return Err(Failure::input(format!(
                "`api.allow` has a route that is not a method and a path: `{}`",
                self.route.escape_debug()
            ))
            .hint("write it as a finding does, such as `POST /orders`"));
        }
        if self.reason.trim().is_empty() || self.reason.chars().any(char::is_control) {
            return Err(Failure::input(format!(
                "`api.allow` needs a reason in one line: `{rule}` at `{}`",
                self.route
            ))
            .hint("say why no client breaks, or who agreed to it"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Allowed, OnBreaking};
    use crate::settings::Settings;

    fn settings(text: &str, stage: &str) -> Result<Settings, String> {
        Settings::from_toml(text, stage, None, None)
            .map_err(|failure| format!("{failure}: {}", failure.advice().unwrap_or_default()))
    }

    #[test]
    fn a_stage_adds_lines_and_may_only_warn() {
        let text = r#"
            [[api.allow]]
            rule = "operation-removed"
            route = "GET /old"
            reason = "no client is left"
            [stages.dev.api]
            breaking = "warn"
            [[stages.dev.api.allow]]
            rule = "bound-changed"
            route = "GET /a/{b}"
            reason = "agreed"
        "#;
        let dev = settings(text, "dev").unwrap().api;
        assert_eq!((dev.on_breaking(), dev.allow.len()), (OnBreaking::Warn, 2));
        assert!(dev.allow[0].is_about("operation-removed", "GET /old"));
        let prod = settings(text, "prod").unwrap().api;
        assert_eq!(
            (prod.on_breaking(), prod.allow.len()),
            (OnBreaking::Stop, 1)
        );
    }

    #[test]
    fn a_line_without_a_known_rule_a_route_or_a_reason_is_refused() {
        let line = |rule: &str, route: &str, reason: &str| {
            format!("[[api.allow]]\nrule = \"{rule}\"\nroute = \"{route}\"\nreason = \"{reason}\"")
        };
        for (text, said) in [
            (
                line("operation-removd", "GET /a", "why"),
                "did you mean `operation-removed`?",
            ),
            (line("nonsense", "GET /a", "why"), "prints the rule"),
            (line("operation-removed", "/a", "why"), "`POST /orders`"),
            (line("operation-removed", "GET /a", " "), "needs a reason"),
            (
                "[[api.allow]]\nrule = \"operation-removed\"\nroute = \"GET /a\"".to_owned(),
                "reason",
            ),
            ("[api]\nbreaking = \"ignore\"".to_owned(), "warn"),
        ] {
            let error = settings(&text, "dev").unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn a_line_is_written_as_it_is_read() {
        let one = Allowed::parse(
            "operation-removed@GET /files/{path+}",
            r#"the "old" one, c:\x"#,
        )
        .unwrap();
        assert!(one.is_about("operation-removed", "GET /files/{path}"));
        let read = settings(&one.to_toml(), "dev").unwrap().api;
        assert_eq!(read.allow, [one]);
        let any = Allowed::parse("operation-removed@ANY /files", "why").unwrap();
        assert!(any.is_about("operation-removed", "PUT /files"));
        assert!(!any.is_about("operation-removed", "PUT /files/{path}"));
        for wrong in ["operation-removed", "operation-removed@/files"] {
            assert!(Allowed::parse(wrong, "why").is_err(), "{wrong}");
        }
    }
}
