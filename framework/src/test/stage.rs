//! The settings of a stage, as far as the gateway of a test has them.
//!
//! `cargo fw` reads the whole file and refuses what is misspelt. Here only what changes a test is read.

use std::{collections::BTreeMap, env, fs, io::ErrorKind, path::PathBuf};

use toml::{Table, Value};

use super::Gateway;
use crate::dispatch::CorsHeaders;
use fw_gateway::{CorsConfig, GatewayResponse, GatewayResponseType, RequestValidation};
use fw_manifest::BINARY_MEDIA_TYPES;

/// The settings of a stage.
#[derive(Debug, Default)]
pub(super) struct StageSettings {
    table: Table,
    name: Option<String>,
    pub(super) variables: BTreeMap<String, String>,
    pub(super) cors: Option<CorsConfig>,
}

/// The settings of a stage in the `fw.toml` of the package that is tested.
pub(super) fn read(stage: &str) -> Result<StageSettings, String> {
    let folder = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let file = folder.unwrap_or_default().join("fw.toml");
    match fs::read_to_string(&file) {
        Ok(text) => StageSettings::parse(&text, stage),
        Err(error) if error.kind() == ErrorKind::NotFound => StageSettings::parse("", stage),
        Err(error) => Err(format!("`{}` cannot be read: {error}", file.display())),
    }
}

impl StageSettings {
    pub(super) fn parse(text: &str, stage: &str) -> Result<Self, String> {
        let mut table: Table = text
            .parse()
            .map_err(|error| format!("the settings are not TOML: {error}"))?;
        let own = match table.remove("stages") {
            Some(Value::Table(mut stages)) => stages.remove(stage),
            _ => None,
        };
        if let Some(Value::Table(own)) = own {
            for (key, value) in own {
                // Tables with names of the user's own are merged name by name, all else is replaced.
                match (table.get_mut(&key), value) {
                    (Some(Value::Table(base)), Value::Table(own)) if key != "cors" => {
                        base.extend(own);
                    }
                    (_, value) => {
                        table.insert(key, value);
                    }
                }
            }
        }
        let variables = table.get("stage_variables").and_then(Value::as_table);
        Ok(Self {
            name: Some(stage.to_owned()),
            variables: variables.map(texts).unwrap_or_default(),
            cors: table.get("cors").and_then(Value::as_table).map(cors),
            table,
        })
    }

    pub(super) fn gateway(&self) -> Gateway {
        match self.text("gateway") {
            Some("rest-api") => Gateway::RestApi,
            Some("function-url") => Gateway::FunctionUrl,
            _ if self.text("payload_format") == Some("1.0") => Gateway::HttpApiV1,
            _ => Gateway::HttpApi,
        }
    }

    /// The stage of a REST API, which has no default one: its clients always name it.
    pub(super) fn name(&self) -> &str {
        let name = self.text("stage_name").or(self.name.as_deref());
        name.unwrap_or("test")
    }

    pub(super) fn binary_media_types(&self) -> Vec<String> {
        match self.table.get("binary_media_types") {
            Some(list) => strings(list),
            None => BINARY_MEDIA_TYPES.map(str::to_owned).to_vec(),
        }
    }

    pub(super) fn validation(&self) -> RequestValidation {
        let asked = self.table.get("request_validation");
        let asked = asked.and_then(Value::as_bool).unwrap_or_default();
        RequestValidation {
            parameters: asked,
            body: asked,
        }
    }

    /// The changes to a REST API's own answers.
    pub(super) fn responses(
        &self,
    ) -> Result<BTreeMap<GatewayResponseType, GatewayResponse>, String> {
        let own = self.table.get("gateway_responses");
        let own = own.and_then(Value::as_table).into_iter().flatten();
        let mut all = own
            .map(|(kind, response)| {
                let kind: GatewayResponseType = kind.parse().map_err(|error| format!("{error}"))?;
                let status = response.get("status").and_then(Value::as_integer);
                let headers = response.get("headers").and_then(Value::as_table);
                let templates = response.get("templates").and_then(Value::as_table);
                let headers = headers.map(texts).unwrap_or_default().into_iter();
                let response = GatewayResponse {
                    status: status.and_then(|status| status.try_into().ok()),
                    headers: headers
                        .map(|(name, value)| (name, GatewayResponse::value(&value)))
                        .collect(),
                    templates: templates.map(texts).unwrap_or_default(),
                };
                Ok((kind, response))
            })
            .collect::<Result<BTreeMap<_, _>, String>>()?;
        if let Some(cors) = &self.cors {
            cors.add_to(&mut all);
        }
        Ok(all)
    }

    /// The headers that the app behind a REST API adds.
    pub(super) fn cors_headers(&self) -> CorsHeaders {
        let headers = self.cors.iter().flat_map(CorsConfig::answer_headers);
        headers
            .filter_map(|(name, value)| Some((name.parse().ok()?, value.parse().ok()?)))
            .collect()
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.table.get(key).and_then(Value::as_str)
    }
}

fn cors(table: &Table) -> CorsConfig {
    let list = |key: &str| table.get(key).map(strings).unwrap_or_default();
    let age = table.get("max_age").and_then(Value::as_integer);
    let credentials = table.get("allow_credentials").and_then(Value::as_bool);
    CorsConfig {
        allow_origins: list("allow_origins"),
        allow_methods: list("allow_methods"),
        allow_headers: list("allow_headers"),
        expose_headers: list("expose_headers"),
        max_age: age.and_then(|age| age.try_into().ok()),
        allow_credentials: credentials.unwrap_or_default(),
    }
}

fn strings(list: &Value) -> Vec<String> {
    let list = list.as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn texts(table: &Table) -> BTreeMap<String, String> {
    let entries = table.iter();
    entries
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}
