//! The functions that have a name and, in the settings, a table: `[functions.NAME]`. For an authorizer `[authorizers.NAME]` means the
//! same. What a function's own table does not set is as the app's.

use std::collections::BTreeMap;

use fw_manifest::Part;

use super::{
    APP, Layer, Settings,
    access::AuthorizerSettings,
    asynchronous::AsyncKeys,
    function::{FunctionKeys, FunctionSettings, FunctionTable},
    mapping::MappingKeys,
};
use crate::{
    error::{Failure, Result},
    values::mapping::Polling,
};

/// The written settings of a function in its own table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedFunction {
    /// Its table: `functions` or `authorizers`.
    pub(crate) table: &'static str,
    /// Its keys.
    pub(super) keys: FunctionKeys,
}

const FUNCTIONS: &str = "functions";
/// The tables only for authorizers.
pub(crate) const AUTHORIZERS: &str = "authorizers";

/// Refuses a function with two tables, and the app's own function in a table.
///
/// # Errors
///
/// The first such table; exit code 65.
pub(super) fn check(base: &Layer, own: Option<&Layer>, stage: &str) -> Result<()> {
    let at = |name: &str, table: fn(&Layer) -> &BTreeMap<String, FunctionTable>, key: &str| {
        if own.is_some_and(|own| table(own).contains_key(name)) {
            return Some(format!("[stages.{stage}.{key}.{name}]"));
        }
        let there = table(base).contains_key(name);
        there.then(|| format!("[{key}.{name}]"))
    };
    let layers = [Some(base), own].into_iter().flatten();
    for name in layers.flat_map(|layer| layer.functions.keys()) {
        let Some(one) = at(name, |layer| &layer.functions, FUNCTIONS) else {
            continue;
        };
        if name == APP {
            return Err(Failure::input(format!(
                "the app's own function has no table of its own: `{one}`"
            ))
            .hint("write its keys at the top of the file, or of the stage"));
        }
        if let Some(other) = at(name, |layer| &layer.authorizers, AUTHORIZERS) {
            return Err(Failure::input(format!(
                "a function has two tables: `{one}` and `{other}`"
            ))
            .because_of("both mean the same")
            .hint(format!("write all of its keys as `[functions.{name}]`")));
        }
    }
    Ok(())
}

/// What the functions' tables say, each by name.
pub(super) struct Tables {
    /// Their keys.
    pub(super) functions: BTreeMap<String, NamedFunction>,
    /// How authorizers are asked.
    pub(super) authorizers: BTreeMap<String, AuthorizerSettings>,
    /// How messages are taken from queues.
    pub(super) mappings: BTreeMap<String, MappingKeys>,
    /// How asynchronous invocations are handled.
    pub(super) asynchronous: BTreeMap<String, AsyncKeys>,
}

/// Takes the functions' tables out of the layer: what is set of the functions, of how authorizers are asked, and of how messages are taken
/// from queues.
pub(super) fn split(layer: &mut Layer) -> Tables {
    let mut functions = BTreeMap::new();
    let mut authorizers = BTreeMap::new();
    let mut mappings = BTreeMap::new();
    let mut asynchronous = BTreeMap::new();
    let tables = [
        (FUNCTIONS, std::mem::take(&mut layer.functions)),
        (AUTHORIZERS, std::mem::take(&mut layer.authorizers)),
    ];
    for (table, all) in tables {
        for (name, mut written) in all {
            let keys = written.take_function();
            let FunctionTable {
                ttl,
                identity,
                batch_size,
                batch_window,
                filters,
                max_concurrency,
                pollers,
                retries,
                max_event_age,
                on_success,
                on_failure,
                ..
            } = written;
            let mapping = MappingKeys {
                batch_size,
                batch_window,
                filters,
                max_concurrency,
                pollers,
            };
            if mapping.first().is_some() {
                mappings.insert(name.clone(), mapping);
            }
            let keys_of_events = AsyncKeys {
                retries,
                max_event_age,
                on_success,
                on_failure,
            };
            if keys_of_events.first().is_some() {
                asynchronous.insert(name.clone(), keys_of_events);
            }
            if ttl.is_some() || identity.is_some() {
                authorizers.insert(name.clone(), AuthorizerSettings { ttl, identity });
            }
            functions.insert(name, NamedFunction { table, keys });
        }
    }
    Tables {
        functions,
        authorizers,
        mappings,
        asynchronous,
    }
}

impl NamedFunction {
    /// The name of its table: `functions.NAME`.
    pub(super) fn place(&self, name: &str) -> String {
        format!("{}.{name}", self.table)
    }
}

impl Settings {
    /// The settings of a function: its own over the app's.
    pub(crate) fn of(&self, part: &Part) -> FunctionSettings {
        self.keys_of(part.name()).resolve()
    }

    /// The settings of the function with this name in the settings.
    pub(crate) fn of_name(&self, name: &str) -> FunctionSettings {
        self.keys_of((name != APP).then_some(name)).resolve()
    }

    /// The settings of the app's function and of each function with a table.
    pub(crate) fn every_function(&self) -> impl Iterator<Item = FunctionSettings> {
        let named = self.functions.keys().map(|name| Some(name.as_str()));
        let all = std::iter::once(None).chain(named);
        all.map(|name| self.keys_of(name).resolve())
    }

    /// The keys of a function, including those from the app; the app's if no name is given.
    pub(super) fn keys_of(&self, name: Option<&str>) -> FunctionKeys {
        let Some(name) = name else {
            return self.app.clone();
        };
        let own = self.functions.get(name);
        let own = own.map(|own| own.keys.clone()).unwrap_or_default();
        own.over_app(&self.app)
    }

    /// The variables as they are written: the app's, and those of each function's table with its name.
    pub(super) fn variables(
        &self,
    ) -> impl Iterator<Item = (Option<&String>, &BTreeMap<String, String>)> {
        let named = self.functions.iter();
        let named = named.map(|(name, own)| (Some(name), &own.keys.environment));
        std::iter::once((None, &self.app.environment)).chain(named)
    }

    /// Gives a variable the value of a secret: the app's, or that of a function's table.
    pub(super) fn secret(&mut self, of: Option<&str>, key: String, value: String) {
        let own = of.and_then(|name| self.functions.get_mut(name));
        let keys = own.map_or(&mut self.app, |own| &mut own.keys);
        keys.secrets.insert(key.clone());
        keys.environment.insert(key, value);
    }

    /// How the source of that name reads messages from its queue.
    pub(crate) fn polling(&self, source: &str) -> Polling {
        let own = self.mappings.get(source);
        own.map(MappingKeys::resolve).unwrap_or_default()
    }

    /// The keys that are set and mean nothing to the local server.
    pub(crate) fn only_deployed(&self) -> Vec<String> {
        let app = self.app.only_deployed();
        let app = app.into_iter().chain(self.gateway_settings.only_deployed());
        let named = self.functions.iter().flat_map(|(name, own)| {
            let keys = own.keys.only_deployed().into_iter();
            keys.map(|key| format!("{}.{key}", own.place(name)))
        });
        let pollers = self.mappings.iter();
        let pollers = pollers.filter(|(_, keys)| keys.pollers.is_some());
        let pollers = pollers.map(|(name, _)| format!("functions.{name}.pollers"));
        app.map(str::to_owned).chain(named).chain(pollers).collect()
    }
}
