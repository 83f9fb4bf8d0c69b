//! The bodies that handlers read, in the manifest.

use fw::{App, Json, extract::Form, get, post, put, rejection::JsonRejection, routes};
use fw_gateway::Model;
use fw_manifest::ManifestBody;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

/// An order.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Order {
    /// How many.
    #[schemars(range(min = 1))]
    count: u32,
    note: Option<String>,
    lines: Vec<Line>,
    #[deprecated]
    #[schemars(extend("examples" = ["x"], "x-internal" = true))]
    #[serde(default)]
    _reason: String,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind")]
enum Line {
    Gift { to: String },
}

#[post("/validated", validate)]
async fn validated(Json(order): Json<Order>) -> String {
    let Some(Line::Gift { to }) = order.lines.into_iter().next() else {
        return order.note.unwrap_or_default();
    };
    format!("{} {to}", order.count)
}

#[put("/json")]
async fn optional(_order: Option<Json<Order>>) {}

#[post("/form")]
async fn form(Form(_fields): Form<Vec<(String, String)>>) {}

#[post("/judged")]
async fn judged(_order: Result<Json<Order>, JsonRejection>) {}

#[get("/none")]
async fn none() {}

#[test]
fn the_manifest_tells_of_bodies() {
    let app = App::stateless("bodies").routes(routes![validated, optional, form, judged, none]);
    let manifest = app.manifest();
    let body = |path: &str| {
        let route = manifest
            .routes
            .iter()
            .find(|route| route.path == path)
            .unwrap();
        route.body.clone()
    };
    let json = "application/json";
    assert_eq!(body("/json"), Some(ManifestBody::new(json, false)));
    assert_eq!(body("/judged"), Some(ManifestBody::new(json, false)));
    assert_eq!(
        body("/form"),
        Some(ManifestBody::new("application/x-www-form-urlencoded", true))
    );
    assert_eq!(body("/none"), None);
    let validated = body("/validated").unwrap();
    assert_eq!(
        (validated.content_type.as_str(), validated.required),
        (json, true)
    );
    let schema = validated.schema.unwrap();
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-04/schema#");
    assert_eq!(schema["required"], json!(["count", "lines"]));
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["properties"]["count"]["minimum"], 1);
    assert_eq!(
        schema["properties"]["lines"]["items"]["$ref"],
        "#/definitions/Line"
    );
    assert_eq!(
        schema["definitions"]["Line"]["oneOf"][0]["properties"]["kind"]["enum"],
        json!(["Gift"]),
        "{schema:#}"
    );
    assert!(!schema.to_string().contains("\"const\""), "{schema:#}");
    // A REST API takes it: there is no keyword in it that draft 4 does not know.
    assert!(Model::new(&schema).is_ok(), "{schema:#}");
}
