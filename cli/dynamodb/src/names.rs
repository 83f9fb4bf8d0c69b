//! Tables by name and by ARN, and the ARNs in answers.
//!
//! The engine knows tables by their names and has one constant account and region. Both are replaced here, at the places that have them.

use dynoxide::streams::{LOCAL_ACCOUNT, LOCAL_REGION};
use fw_services::TablesPlace;
use serde_json::{Map, Value};

/// The ARNs of an account and a region.
#[derive(Clone, Debug)]
pub(crate) struct Arns {
    /// The beginning of the ARNs here, with the last colon.
    here: String,
    /// The beginning of the engine's.
    engine: String,
}

impl Arns {
    pub(crate) fn of(place: &TablesPlace) -> Self {
        Self {
            here: format!("arn:aws:dynamodb:{}:{}:", place.region, place.account),
            engine: format!("arn:aws:dynamodb:{LOCAL_REGION}:{LOCAL_ACCOUNT}:"),
        }
    }

    /// The ARN of a table.
    pub(crate) fn table(&self, name: &str) -> String {
        format!("{}table/{name}", self.here)
    }

    /// The ARN of an index.
    pub(crate) fn index(&self, table: &str, index: &str) -> String {
        format!("{}table/{table}/index/{index}", self.here)
    }

    /// The ARN of a stream.
    pub(crate) fn stream(&self, table: &str, label: &str) -> String {
        format!("{}table/{table}/stream/{label}", self.here)
    }

    /// The table and the label of a stream's ARN.
    pub(crate) fn parse_stream<'a>(&self, arn: &'a str) -> Option<(&'a str, &'a str)> {
        arn.strip_prefix(self.here.as_str())?
            .strip_prefix("table/")?
            .split_once("/stream/")
    }

    /// The name of a table that is given by its name or its ARN.
    fn name<'a>(&self, text: &'a str) -> &'a str {
        text.strip_prefix(self.here.as_str())
            .and_then(|rest| rest.strip_prefix("table/"))
            .filter(|name| !name.contains('/'))
            .unwrap_or(text)
    }

    /// Replaces the ARNs of an input by what the engine knows.
    pub(crate) fn to_engine(&self, input: &mut Map<String, Value>) {
        self.rename(input);
        if let Some(Value::Object(tables)) = input.get_mut("RequestItems")
            && tables.keys().any(|name| self.name(name) != name.as_str())
        {
            let all = std::mem::take(tables).into_iter();
            tables.extend(all.map(|(name, requests)| (self.name(&name).to_owned(), requests)));
        }
        if let Some(Value::Array(actions)) = input.get_mut("TransactItems") {
            let actions = actions.iter_mut().filter_map(Value::as_object_mut);
            for action in actions.flat_map(|action| action.values_mut()) {
                if let Value::Object(action) = action {
                    self.rename(action);
                }
            }
        }
        if let Some(Value::String(arn)) = input.get_mut("ResourceArn")
            && let Some(rest) = arn.strip_prefix(self.here.as_str())
        {
            *arn = format!("{}{rest}", self.engine);
        }
    }

    fn rename(&self, object: &mut Map<String, Value>) {
        if let Some(Value::String(name)) = object.get_mut("TableName")
            && self.name(name) != name.as_str()
        {
            *name = self.name(name).to_owned();
        }
    }

    /// Replaces the engine's ARNs in a text.
    pub(crate) fn in_text(&self, text: &str) -> Option<String> {
        text.contains(self.engine.as_str())
            .then(|| text.replace(self.engine.as_str(), &self.here))
    }

    /// Replaces the engine's ARNs in a table's description.
    pub(crate) fn in_description(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(changed) = self.in_text(text) {
                    *text = changed;
                }
            }
            Value::Array(elements) => elements.iter_mut().for_each(|one| self.in_description(one)),
            Value::Object(members) => members
                .values_mut()
                .for_each(|one| self.in_description(one)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
