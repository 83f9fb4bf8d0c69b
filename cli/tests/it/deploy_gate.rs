//! The gate before a deploy: the API is compared with that of the deployed version, on moto, through the real binary.

use serde_json::{Value, json};

use crate::{deploy_account::Account, deploy_moto::Moto, deploy_support::App};

/// An app with one route, whose body has these required members.
fn manifest(required: &[&str], extra: &[&str]) -> String {
    let members = |names: &[&str]| -> Value {
        let members = names
            .iter()
            .map(|name| ((*name).to_owned(), json!({"type": "string"})));
        members.collect::<serde_json::Map<_, _>>().into()
    };
    let all: Vec<&str> = required.iter().chain(extra).copied().collect();
    let schema = json!({"type": "object", "properties": members(&all), "required": required});
    json!({
        "schema": 3, "framework": "0.1.0", "app": "shop",
        "routes": [{
            "method": "POST", "path": "/orders", "handler": "shop::order", "source": {"file": "src/main.rs", "line": 7},
            "body": {"content_type": "application/json", "required": true},
            "api": {
                "bodies": [{"content_type": "application/json", "required": true, "schema": {"$ref": "#/$defs/Order"}}],
                "responses": [{"status": "204"}],
            },
        }],
        "schemas": {"request": {"Order": {"id": "shop::Order", "schema": schema}}},
    })
    .to_string()
}

const CHANGE: &str = "POST /orders: request body: /customer: the property is new and required [request-property-required]";

#[test]
fn a_change_that_breaks_clients_stops_the_deploy_until_a_line_allows_it() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = App::new("shop");
    app.program_of("one", &manifest(&["item"], &[]));
    app.fw(&moto, &["diff", "--against", "deployed"])
        .ends(1)
        .says("`shop` is not deployed to stage `dev`");
    app.fw(&moto, &["deploy"]).ends(0);

    app.program_of("two", &manifest(&["item", "customer"], &[]));
    let plan = app.fw(&moto, &["deploy", "--plan"]).ends(4);
    assert!(
        plan.stdout
            .contains(&format!("breaking {CHANGE} src/main.rs:7")),
        "{}",
        plan.stdout
    );
    let plan = app.fw(&moto, &["plan", "--output", "json"]).ends(4).stdout;
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["api"]["verdict"], "breaking");
    let finding = &plan["api"]["findings"][0];
    assert_eq!(
        (&finding["source"], &finding["direction"]),
        (&json!("src/main.rs:7"), &json!("request"))
    );
    app.fw(&moto, &["deploy", "--yes"])
        .ends(4)
        .says("would break clients of the deployed version 1, so nothing was changed")
        .says(CHANGE)
        .says("--allow 'request-property-required@POST /orders' --reason TEXT");
    assert_eq!(account.alias("shop-dev"), "1");
    let diff = app.fw(&moto, &["diff", "--against", "deployed"]).ends(1);
    assert_eq!(diff.stdout, format!("breaking {CHANGE} src/main.rs:7\n"));

    let allow = |change: &str| {
        let args = ["diff", "--against", "deployed", "--allow", change];
        app.fw(
            &moto,
            &[&args[..], &["--reason", "the shop is new"]].concat(),
        )
    };
    allow("operation-removed@POST /orders")
        .ends(65)
        .says("no change that breaks clients has this rule and this route");
    let allowed = allow("request-property-required@POST /orders").ends(0);
    assert!(allowed.stdout.starts_with("allowed "), "{}", allowed.stdout);
    assert!(app.read("fw.toml").contains("reason = \"the shop is new\""));
    app.fw(&moto, &["deploy", "--plan"]).ends(2);
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says(&format!("allowed {CHANGE}"))
        .says("(the shop is new)");
    assert_eq!(account.alias("shop-dev"), "2");
    // The same code again is the same API.
    app.fw(&moto, &["deploy", "--plan"]).ends(0);
}

#[test]
fn the_version_that_has_the_traffic_is_what_counts() {
    let moto = Moto::start();
    let app = App::new("shop");
    app.program_of("one", &manifest(&["item"], &[]));
    app.fw(&moto, &["deploy"]).ends(0);
    app.program_of("two", &manifest(&["item"], &["note"]));
    app.fw(&moto, &["deploy"]).ends(0);
    // Without `note` again: the property of version 2 is no longer read, and version 1 never had it.
    app.program_of("three", &manifest(&["item"], &[]));
    let diff = |verdict: &str| {
        let args = ["diff", "--against", "deployed", "--output", "json"];
        let diff = app.fw(&moto, &args).ends(0).stdout;
        let diff: Value = serde_json::from_str(&diff).unwrap();
        assert_eq!(diff["verdict"], verdict, "{diff}");
    };
    diff("info");
    app.fw(&moto, &["rollback"]).ends(0);
    diff("compatible");

    // A stage may only warn, and a line that allows nothing is noted.
    app.settings(
        "[api]\nbreaking = \"warn\"\n[[api.allow]]\nrule = \"operation-removed\"\nroute = \"GET /\"\nreason = \"gone\"\n",
    );
    app.program_of("four", &manifest(&["item", "customer"], &[]));
    app.fw(&moto, &["deploy"])
        .ends(0)
        .says(&format!("breaking {CHANGE}"))
        .says("has a line that allows nothing here: `operation-removed` at `GET /`");
    app.settings("");
    // An app without types: its routes are compared.
    app.program("five", &["GET /other"]);
    app.fw(&moto, &["deploy"])
        .ends(4)
        .says("POST /orders: the operation was removed [operation-removed]");
}
