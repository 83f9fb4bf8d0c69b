//! Writes the manifest for an app: the same output as serde's `Serialize` with a fraction of the
//! code, because every app contains it.

#[cfg(feature = "schema")]
mod api;

use super::{
    Authorization, AuthorizerKind, Manifest, ManifestAuthorizer, ManifestRoute, ManifestSource,
    Source, SourceEvent,
};

impl Manifest {
    /// The manifest as JSON on one line: the same text as `serde_json::to_string`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = Json(String::with_capacity(4096));
        json.open('{');
        json.plain("schema", self.schema);
        json.text("framework", &self.framework);
        json.text("app", &self.app);
        if self.response_stream {
            json.flag("response_stream", true);
        }
        json.list("routes", &self.routes, route);
        if !self.authorizers.is_empty() {
            json.list("authorizers", &self.authorizers, authorizer);
        }
        if !self.sources.is_empty() {
            json.list("sources", &self.sources, event_source);
        }
        if !self.uses.is_empty() {
            json.list("uses", &self.uses, |json, used| {
                json.open('{');
                json.text("kind", used.kind.word());
                json.text("name", &used.name);
                json.close('}');
            });
        }
        #[cfg(feature = "schema")]
        if !self.schemas.is_empty() {
            api::schemas(&mut json, &self.schemas);
        }
        json.close('}');
        json.0
    }
}

fn route(json: &mut Json, route: &ManifestRoute) {
    json.open('{');
    json.text("method", &route.method);
    json.text("path", &route.path);
    json.text("handler", &route.handler);
    source(json, route.source.as_ref());
    json.text_if_any("summary", &route.summary);
    json.text_if_any("description", &route.description);
    if !route.parameters.is_empty() {
        json.list("parameters", &route.parameters, |json, parameter| {
            json.open('{');
            json.text("name", &parameter.name);
            json.text("in", parameter.place.as_str());
            json.flag("required", parameter.required);
            json.flag("multiple", parameter.multiple);
            json.close('}');
        });
    }
    if let Some(authorization) = &route.authorization {
        json.key("authorization");
        json.open('{');
        match authorization {
            Authorization::Iam => json.text("type", "iam"),
            Authorization::Jwt { name, scopes } => {
                json.text("type", "jwt");
                json.text("name", name);
                json.texts("scopes", scopes);
            }
            Authorization::Lambda { name } => {
                json.text("type", "lambda");
                json.text("name", name);
            }
        }
        json.close('}');
    }
    if route.api_key {
        json.flag("api_key", true);
    }
    if let Some(body) = &route.body {
        json.key("body");
        json.open('{');
        json.text("content_type", &body.content_type);
        json.flag("required", body.required);
        if let Some(schema) = &body.schema {
            json.key("schema");
            json.0.push_str(&schema.to_string());
        }
        json.close('}');
    }
    if route.no_cors {
        json.flag("no_cors", true);
    }
    if route.stream {
        json.flag("stream", true);
    }
    #[cfg(feature = "schema")]
    if let Some(api) = &route.api {
        api::route(json, api);
    }
    json.close('}');
}

fn authorizer(json: &mut Json, authorizer: &ManifestAuthorizer) {
    json.open('{');
    json.text("name", &authorizer.name);
    json.text("handler", &authorizer.handler);
    source(json, authorizer.source.as_ref());
    json.text(
        "kind",
        match authorizer.kind {
            AuthorizerKind::Request => "request",
            AuthorizerKind::Token => "token",
        },
    );
    json.texts("identity", &authorizer.identity);
    json.plain("ttl", authorizer.ttl);
    if let Some(format) = &authorizer.payload_format {
        json.text("payload_format", format);
    }
    json.flag("simple", authorizer.simple);
    json.close('}');
}

fn event_source(json: &mut Json, source: &ManifestSource) {
    json.open('{');
    json.text("name", &source.name);
    json.text("handler", &source.handler);
    self::source(json, source.source.as_ref());
    json.text_if_any("summary", &source.summary);
    json.text_if_any("description", &source.description);
    json.key("event");
    json.open('{');
    json.text("type", source.event.kind());
    match &source.event {
        SourceEvent::Sqs { queue } => json.text("queue", queue),
        SourceEvent::Sns { topic } => json.text("topic", topic),
        SourceEvent::S3 {
            bucket,
            events,
            prefix,
            suffix,
        } => {
            json.text("bucket", bucket);
            json.list("events", events, |json, event| {
                json.next();
                json.quoted(event);
            });
            json.text_if_any("prefix", prefix);
            json.text_if_any("suffix", suffix);
        }
        SourceEvent::Event { bus, pattern } => {
            if let Some(bus) = bus {
                json.text("bus", bus);
            }
            json.key("pattern");
            // A map always is JSON.
            json.0
                .push_str(&serde_json::to_string(pattern).unwrap_or_default());
        }
        SourceEvent::Schedule {
            expression,
            timezone,
        } => {
            json.text("expression", expression);
            if let Some(timezone) = timezone {
                json.text("timezone", timezone);
            }
        }
        SourceEvent::Function => {}
    }
    json.close('}');
    json.close('}');
}

fn source(json: &mut Json, source: Option<&Source>) {
    if let Some(source) = source {
        json.key("source");
        json.open('{');
        json.text("file", &source.file);
        json.plain("line", source.line);
        json.close('}');
    }
}

/// JSON that is being written.
struct Json(String);

impl Json {
    /// A comma, unless something has just been opened.
    #[inline(never)]
    fn next(&mut self) {
        if !self.0.ends_with(['{', '[', ':']) && !self.0.is_empty() {
            self.0.push(',');
        }
    }

    fn open(&mut self, bracket: char) {
        self.next();
        self.0.push(bracket);
    }

    fn close(&mut self, bracket: char) {
        self.0.push(bracket);
    }

    #[inline(never)]
    fn key(&mut self, name: &str) {
        self.next();
        self.quoted(name);
        self.0.push(':');
    }

    #[inline(never)]
    fn text(&mut self, name: &str, value: &str) {
        self.key(name);
        self.quoted(value);
    }

    #[inline(never)]
    fn text_if_any(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.text(name, value);
        }
    }

    /// A list of texts, unless it is empty.
    #[inline(never)]
    fn texts(&mut self, name: &str, values: &[String]) {
        if !values.is_empty() {
            self.list(name, values, |json, value| {
                json.next();
                json.quoted(value);
            });
        }
    }

    fn list<T>(&mut self, name: &str, values: &[T], write: impl Fn(&mut Self, &T)) {
        self.key(name);
        self.open('[');
        for value in values {
            write(self, value);
        }
        self.close(']');
    }

    #[inline(never)]
    fn flag(&mut self, name: &str, value: bool) {
        self.key(name);
        self.0.push_str(if value { "true" } else { "false" });
    }

    #[inline(never)]
    fn plain(&mut self, name: &str, value: u32) {
        self.key(name);
        self.0.push_str(&value.to_string());
    }

    #[inline(never)]
    fn quoted(&mut self, text: &str) {
        // A text always is JSON.
        self.0
            .push_str(&serde_json::to_string(text).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Manifest;

    #[test]
    fn it_is_what_serde_writes() {
        let source = json!({"file": "src/\"main\".rs", "line": 7});
        let full = json!({
            "schema": 1, "framework": "fw 0", "app": "a\n", "response_stream": true,
            "routes": [
                {"method": "GET", "path": "/", "handler": "x::y", "source": source, "summary": "s", "description": "d\u{7}",
                 "parameters": [
                    {"name": "a", "in": "path", "required": true, "multiple": false},
                    {"name": "b", "in": "query", "required": false, "multiple": true}],
                 "authorization": {"type": "jwt", "name": "main", "scopes": ["a", "b"]}, "api_key": true,
                 "body": {"content_type": "application/json", "required": true, "schema": {"type": ["null", {"a": 1.5}]}}},
                {"method": "GET", "path": "/a", "authorization": {"type": "iam"}},
                {"method": "GET", "path": "/b", "authorization": {"type": "lambda", "name": "check"}},
                {"method": "GET", "path": "/c", "authorization": {"type": "jwt", "name": "main"},
                 "body": {"content_type": "text/plain", "required": false}},
            ],
            "authorizers": [
                {"name": "check", "handler": "h", "source": source, "kind": "token", "identity": ["$request.header.a", "b"],
                 "ttl": 300, "payload_format": "1.0", "simple": false},
                {"name": "other"},
            ],
            "sources": [
                {"name": "a", "handler": "h", "source": source, "summary": "s", "description": "d", "event": {"type": "sqs", "queue": "q"}},
                {"name": "b", "event": {"type": "sns", "topic": "t"}},
                {"name": "c", "event": {"type": "s3", "bucket": "b", "events": []}},
                {"name": "d", "event": {"type": "s3", "bucket": "b", "events": ["x", "y"], "prefix": "p", "suffix": "s"}},
                {"name": "e", "event": {"type": "event", "pattern": {"a": [{"prefix": "\""}], "b": {}}}},
                {"name": "f", "event": {"type": "event", "bus": "b", "pattern": {}}},
                {"name": "g", "event": {"type": "schedule", "expression": "e"}},
                {"name": "h", "event": {"type": "schedule", "expression": "e", "timezone": "t"}},
                {"name": "i", "event": {"type": "function"}},
            ],
        });
        for manifest in [full, json!({"schema": 1, "app": ""})] {
            let manifest: Manifest = serde_json::from_value(manifest).unwrap();
            assert_eq!(
                manifest.to_json(),
                serde_json::to_string(&manifest).unwrap()
            );
        }
    }
}
