//! `[functions.NAME]`: its keys, its alias, and what it may name.

use fw_manifest::{Manifest, ManifestAuthorizer, ManifestRoute, Part};

use crate::{
    error::{Exit, Failure, Result},
    settings::{Settings, compatibility},
};

fn settings(text: &str, stage: &str) -> Result<Settings> {
    Settings::from_toml(text, stage, None, None)
}

/// The message, its causes and its hint.
fn said(failure: &Failure) -> String {
    assert_eq!(failure.exit(), Exit::Input, "{failure}");
    let advice = failure.advice().unwrap_or_default();
    format!("{failure}: {}: {advice}", failure.causes().join(": "))
}

/// What the app with the authorizer `door` says to those settings.
fn fitting(text: &str) -> Result<()> {
    let mut manifest = Manifest::new("notes");
    manifest.routes.push(ManifestRoute::new("GET", "/"));
    let mut door = ManifestAuthorizer::new("door");
    door.identity = vec!["$request.header.Authorization".to_owned()];
    manifest.authorizers.push(door);
    compatibility::check(&manifest, &settings(text, "dev")?)
}

#[test]
fn a_functions_own_keys_go_over_the_apps() {
    let text = r#"
        memory = 256
        timeout = 20
        concurrency = 9
        role = "arn:aws:iam::123456789012:role/mine"
        environment = { TABLE = "notes", MODE = "plain" }
        [functions.ship]
        memory = 512
        provisioned_concurrency = 2
        environment = { TABLE = "orders" }
        [stages.prod]
        timeout = 25
        [stages.prod.functions.ship]
        timeout = 60
        environment = { MODE = "fast" }
    "#;
    let ship = Part::Source("ship".to_owned());
    let (dev, prod) = (
        settings(text, "dev").unwrap(),
        settings(text, "prod").unwrap(),
    );
    let (in_dev, in_prod) = (dev.of(&ship), prod.of(&ship));
    assert_eq!((in_dev.memory, in_dev.timeout), (512, 20));
    // What the stage does not set is as before, in the function's table too.
    assert_eq!((in_prod.memory, in_prod.timeout), (512, 60));
    assert_eq!(prod.of(&Part::Api).timeout, 25);
    let variables = |set: &super::super::function::FunctionSettings| {
        ["TABLE", "MODE"].map(|name| set.environment[name].clone())
    };
    assert_eq!(variables(&in_dev), ["orders", "plain"]);
    assert_eq!(variables(&in_prod), ["orders", "fast"]);
    assert_eq!(in_dev.role, dev.of(&Part::Api).role);
    assert!(in_dev.role.is_some());
    // Concurrency is each function's own.
    assert_eq!((in_dev.reserved, in_dev.provisioned), (None, Some(2)));
    let other = dev.of(&Part::Source("other".to_owned()));
    assert_eq!((other.memory, other.reserved), (256, None));
}

#[test]
fn an_authorizers_table_is_the_same_by_both_names() {
    let text =
        "[functions.door]\nttl = 60\nmemory = 512\nenvironment = { KEY = \"one\" }\nvpc = {}";
    let alias = text.replace("functions", "authorizers");
    let (one, other) = (
        settings(text, "dev").unwrap(),
        settings(&alias, "dev").unwrap(),
    );
    let door = Part::Authorizer("door".to_owned());
    assert_eq!(one.of(&door), other.of(&door));
    assert_eq!(one.access, other.access);
    assert_eq!(one.access.authorizers["door"].ttl, Some(60));
    fitting(text).unwrap();
    fitting(&alias).unwrap();
}

#[test]
fn two_tables_of_one_function_are_refused_with_both_places() {
    let (functions, authorizers) = (
        "[functions.door]\nmemory = 512\n",
        "[authorizers.door]\nttl = 60\n",
    );
    let in_prod = |table: &str| table.replace('[', "[stages.prod.");
    for (text, places) in [
        (
            format!("{functions}{authorizers}"),
            "`[functions.door]` and `[authorizers.door]`",
        ),
        (
            format!("{functions}{}", in_prod(authorizers)),
            "`[functions.door]` and `[stages.prod.authorizers.door]`",
        ),
        (
            format!("{authorizers}{}", in_prod(functions)),
            "`[stages.prod.functions.door]` and `[authorizers.door]`",
        ),
    ] {
        let failure = settings(&text, "prod").unwrap_err();
        let said = said(&failure);
        assert!(said.contains(places), "{text}: {said}");
    }
    let failure = settings("[functions.app]\nmemory = 512", "dev").unwrap_err();
    assert!(said(&failure).contains("top of the file"), "{failure}");
}

#[test]
fn a_table_of_no_function_is_refused_with_the_nearest_name() {
    for (text, message, hint) in [
        (
            "[functions.dor]",
            "`[functions.dor]`, but the app has no such function",
            "did you mean `door`?",
        ),
        (
            "[authorizers.dor]",
            "`[authorizers.dor]`, but the app has no such authorizer",
            "did you mean `door`?",
        ),
        (
            "[functions.shipping]",
            "no such function",
            "use one of: door",
        ),
        (
            "[[policy]]\nactions = [\"s3:*\"]\nresources = [\"*\"]\nfunctions = \"dor\"",
            "no such function",
            "did you mean `door`?",
        ),
    ] {
        let failure = fitting(text).unwrap_err();
        let said = said(&failure);
        assert!(
            said.contains(message) && said.ends_with(hint),
            "{text}: {said}"
        );
    }
}

#[test]
fn a_key_is_checked_where_it_stands() {
    for (text, place) in [
        ("[functions.door]\nmemory = 64", "`functions.door.memory`"),
        (
            "[functions.door]\ntimeout = 901",
            "`functions.door.timeout`",
        ),
        ("[functions.door]\nttl = 3601", "`functions.door.ttl`"),
        (
            "[functions.door]\nvpc = { subnets = [\"x\"], security_groups = [\"sg-1\"] }",
            "`functions.door.vpc.subnets`",
        ),
        (
            "[functions.door]\nconcurrency = 1\nprovisioned_concurrency = 2",
            "`functions.door.provisioned_concurrency` is greater than `functions.door.concurrency`",
        ),
        (
            "[functions.door.environment]\nAWS_REGION = \"x\"",
            "set in `[functions.door]`",
        ),
        ("[functions.door]\nmemry = 1", "did you mean `memory`?"),
        ("[functions.door]\nstage_name = \"v1\"", "`stage_name`"),
        (
            "gateway = \"function-url\"\n[functions.door]\nttl = 60",
            "`functions.NAME.ttl`",
        ),
    ] {
        let failure = settings(text, "dev").unwrap_err();
        let said = said(&failure);
        assert!(said.contains(place), "{text}: {said}");
    }
    // Behind a URL nothing is said of authorizers, and all else of a function is.
    settings(
        "gateway = \"function-url\"\n[functions.ship]\nmemory = 512",
        "dev",
    )
    .unwrap();
}

#[test]
fn what_takes_effect_only_deployed_is_told_with_its_table() {
    let text = "layers = []\nmemory = 256\n[functions.door]\nlog_format = \"json\"\nephemeral_storage = 1024";
    let told = settings(text, "dev").unwrap().only_deployed();
    assert_eq!(told, ["layers", "functions.door.ephemeral_storage"]);
}
