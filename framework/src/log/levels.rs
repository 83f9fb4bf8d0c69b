//! Which events are logged: a level, or levels by target.

use tracing::{Metadata, level_filters::LevelFilter};

/// Levels by target; without a target, for all others.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Levels {
    /// The longest target first, so that the first that matches decides.
    by_target: Vec<(String, LevelFilter)>,
    others: LevelFilter,
}

impl Levels {
    /// The values of the two variables, Lambda's before Rust's; a malformed value is ignored.
    pub(super) fn new(lambda: Option<&str>, rust_log: Option<&str>) -> Self {
        let mut levels = Self {
            by_target: Vec::new(),
            others: LevelFilter::INFO,
        };
        // Lambda's `FATAL` is above all levels of Rust code; errors are the closest.
        let lambda = lambda.map(|level| if level == "FATAL" { "ERROR" } else { level });
        // An empty text would be read as a level, too.
        if let Some(Ok(level)) = lambda.filter(|level| !level.is_empty()).map(str::parse) {
            levels.others = level;
            return levels;
        }
        let directives = rust_log.unwrap_or_default().split(',').map(str::trim);
        for directive in directives.filter(|directive| !directive.is_empty()) {
            match directive.split_once('=') {
                Some((target, level)) => {
                    if let Ok(level) = level.parse() {
                        levels.insert(target, level);
                    }
                }
                None => match directive.parse() {
                    Ok(level) => levels.others = level,
                    Err(_) => levels.insert(directive, LevelFilter::TRACE),
                },
            }
        }
        levels
    }

    /// Adds a target, after the longer ones.
    fn insert(&mut self, target: &str, level: LevelFilter) {
        let longer = |(other, _): &(String, _)| other.len() > target.len();
        let at = self.by_target.partition_point(longer);
        self.by_target.insert(at, (target.to_owned(), level));
    }

    /// True if an event with this level and target is logged.
    pub(super) fn enable(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.of(metadata.target())
    }

    /// The level of a target: that of the module itself, or of the closest around it.
    fn of(&self, target: &str) -> LevelFilter {
        let fits = |module: &str| {
            target
                .strip_prefix(module)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        self.by_target
            .iter()
            .find(|(module, _)| fits(module))
            .map_or(self.others, |&(_, level)| level)
    }

    /// The most verbose level of any target.
    pub(super) fn most(&self) -> LevelFilter {
        let levels = self.by_target.iter().map(|&(_, level)| level);
        levels.fold(self.others, LevelFilter::max)
    }
}

#[cfg(test)]
mod tests {
    use super::{LevelFilter as Level, Levels};

    #[test]
    fn lambda_s_level_goes_before_rust_s() {
        for (lambda, rust_log, level) in [
            (None, None, Level::INFO),
            (Some("DEBUG"), Some("off"), Level::DEBUG),
            (Some("FATAL"), None, Level::ERROR),
            (Some("nonsense"), Some("warn"), Level::WARN),
            (None, Some(""), Level::INFO),
        ] {
            assert_eq!(Levels::new(lambda, rust_log).of("any"), level);
        }
    }

    #[test]
    fn the_closest_module_decides() {
        let levels = Levels::new(None, Some("warn, app=debug,app::noisy=off,hyper,bad=loud"));
        for (target, level) in [
            ("other", Level::WARN),
            ("app", Level::DEBUG),
            ("app::store", Level::DEBUG),
            ("app::noisy", Level::OFF),
            ("app::noisy::inner", Level::OFF),
            ("application", Level::WARN),
            ("hyper::client", Level::TRACE),
            ("bad", Level::WARN),
        ] {
            assert_eq!(levels.of(target), level, "{target}");
        }
        assert_eq!(levels.most(), Level::TRACE);
    }
}
