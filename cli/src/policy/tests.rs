//! Whole derivations: sources in, statements out.

use super::{Derived, calls::Scan, derived, evaluate::allows, resources::Place, sdk::Sdk};
use crate::{
    settings::{APP, Settings},
    values::statement::Effect,
};

fn sdks() -> Vec<Sdk> {
    vec![
        Sdk::of(
            "aws-sdk-s3",
            &[
                "copy_object",
                "get_object",
                "head_bucket",
                "head_object",
                "list_buckets",
                "list_objects_v2",
                "put_object",
            ],
            &[("wait_until_bucket_exists", "head_bucket")],
        ),
        Sdk::of(
            "aws-sdk-sqs",
            &["list_queues", "send_message", "tag_queue"],
            &[],
        ),
        Sdk::of(
            "aws-sdk-dynamodb",
            &["get_item", "list_tags", "query", "scan"],
            &[],
        ),
        Sdk::of("aws-sdk-sns", &["list_tags", "publish"], &[]),
    ]
}

fn settings(text: &str) -> Settings {
    settings_of(text, "dev")
}

fn settings_of(text: &str, stage: &str) -> Settings {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("fw.toml"), text).unwrap();
    Settings::load(folder.path(), stage).unwrap()
}

fn derive(source: &str, with: &str) -> Derived {
    derive_of(source, &settings(with))
}

fn derive_of(source: &str, settings: &Settings) -> Derived {
    let sdks = sdks();
    let mut scan = Scan::default();
    scan.file("src/main.rs", source, &sdks);
    derived(&scan, &sdks, settings, &Place { partition: "aws" })
}

/// `sid action,action resource,resource` a line.
fn shown(derived: &Derived) -> String {
    shown_of(derived, APP)
}

fn shown_of(derived: &Derived, part: &str) -> String {
    let lines = derived.of(part).iter().map(|needed| {
        let actions: Vec<&str> = needed.actions.keys().map(String::as_str).collect();
        let marked = if needed.unnamed { " (unnamed)" } else { "" };
        format!(
            "{} {} {}{marked}",
            &needed.sid[..needed.sid.len() - 8],
            actions.join(","),
            needed.resources.join(",")
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn calls_are_found_however_they_are_written() {
    for (source, expected) in [
        (
            "async fn f(c: &C) { c.get_object().bucket(1).send().await?; }",
            "s3:GetObject",
        ),
        (
            "fn f(s: &S) { let request = s.client().await.put_object().key(1); }",
            "s3:PutObject",
        ),
        (
            "fn f(s: &S) { self.a.b[0].list_objects_v2().into_paginator().send() }",
            "s3:ListBucket",
        ),
        (
            "fn f() { client.wait_until_bucket_exists().bucket(b).wait(d).await }",
            "s3:ListBucket",
        ),
        (
            "fn f() { Client::get_object(&client).send() }",
            "s3:GetObject",
        ),
        (
            "fn f() { PutObjectInput::builder().build()?.send_with(&c) }",
            "s3:PutObject",
        ),
        (
            "fn f() { tokio::join!(a.get_object().send(), b) }",
            "s3:GetObject",
        ),
        (
            "fn f() { tokio::select! { x = a.get_object().key(1).send() => {}, _ = b => {} } }",
            "s3:GetObject",
        ),
        (
            "macro_rules! get { ($c:expr) => { $c.get_object().send() } }",
            "s3:GetObject",
        ),
        (
            "mod a { mod b { impl X { fn f(&self) { (self.c).get_object().send(); } } } }",
            "s3:GetObject",
        ),
        ("fn f() { c.get_object().presigned(p) }", "s3:GetObject"),
        (
            "#[cfg(any(test, unix))] fn f() { c.get_object().send() }",
            "s3:GetObject",
        ),
        (
            "#[cfg(not(test))] fn f() { c.get_object().send() }",
            "s3:GetObject",
        ),
        (
            "fn f() { run(|c| async { c.get_object().send().await }) }",
            "s3:GetObject",
        ),
    ] {
        let derived = derive(source, "");
        let actions: Vec<&str> = derived
            .of(APP)
            .iter()
            .flat_map(|needed| needed.actions.keys().map(String::as_str))
            .collect();
        assert_eq!(actions, [expected], "{source}: {:?}", derived.notes);
        assert_eq!(derived.notes, [""; 0], "{source}");
    }
}

#[test]
fn what_is_no_call_of_an_sdk_is_none() {
    for source in [
        "fn f() { v.iter().scan(0, |a, b| None) }",
        "fn f() { client.get_object(\"a\") }",
        "#[cfg(test)] mod tests { fn f() { c.get_object().send() } }",
        "#[cfg(all(test, unix))] mod tests { fn f() { c.get_object().send() } }",
        "#[cfg(all(test, unix))] fn f() { c.get_object().send() }",
        "#[tokio::test] async fn f() { c.get_object().send() }",
        "fn f() { \"c.get_object().send()\" } // c.get_object().send()",
        "struct S { get_object: u8 }",
    ] {
        let derived = derive(source, "");
        assert_eq!(shown(&derived), "", "{source}");
        assert_eq!(derived.notes, [""; 0], "{source}");
    }
}

#[test]
fn what_cannot_be_attributed_is_told_and_not_guessed() {
    for (source, told) in [
        (
            "fn f() { c.list_tags().send() }",
            "may belong to aws-sdk-dynamodb or aws-sdk-sns",
        ),
        (
            "fn get_object(&self) {} fn f() { store.get_object(); }",
            "or be your own",
        ),
        (
            "fn f() { news.publish(); }",
            "`publish()` at src/main.rs:1 may belong",
        ),
        ("fn f( {", "src/main.rs cannot be parsed (line 1"),
    ] {
        let derived = derive(source, "");
        assert_eq!(derived.of(APP), [], "{source}");
        assert_eq!(derived.notes.len(), 1, "{source}: {:?}", derived.notes);
        assert!(derived.notes[0].contains(told), "{:?}", derived.notes);
    }
    let named = derive(
        "use aws_sdk_sns::Client; fn f() { c.list_tags().send(); c.publish(); }",
        "",
    );
    assert_eq!(
        shown(&named),
        "DerivedSnsResources sns:ListTags,sns:Publish * (unnamed)"
    );
}

#[test]
fn resources_are_what_the_settings_name() {
    let source = "use aws_sdk_sqs as s; fn f() {
        c.get_object().send(); c.head_bucket().send(); c.list_buckets().send();
        c.send_message().send(); c.query().send(); c.list_queues().send();
    }";
    assert_eq!(
        shown(&derive(source, "")),
        "DerivedDynamodbResources dynamodb:Query * (unnamed)\n\
         DerivedS3Objects s3:GetObject * (unnamed)\n\
         DerivedS3Buckets s3:ListBucket * (unnamed)\n\
         DerivedS3Everything s3:ListAllMyBuckets *\n\
         DerivedSqsResources sqs:SendMessage * (unnamed)\n\
         DerivedSqsEverything sqs:ListQueues *"
    );
    let with = r#"
        [local]
        buckets = ["for-local-use-alone"]
        [environment]
        BUCKET = "notes"
        UPLOAD_BUCKET = "uploads"
        NOTES_TABLE = "notes"
        QUEUE_URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/jobs"
        OTHER = "arn:aws:sqs:eu-central-1:123456789012:others"
    "#;
    assert_eq!(
        shown(&derive(source, with)),
        "DerivedDynamodbResources dynamodb:Query arn:aws:dynamodb:*:*:table/notes,arn:aws:dynamodb:*:*:table/notes/index/*\n\
         DerivedS3Objects s3:GetObject arn:aws:s3:::notes/*,arn:aws:s3:::uploads/*\n\
         DerivedS3Buckets s3:ListBucket arn:aws:s3:::notes,arn:aws:s3:::uploads\n\
         DerivedS3Everything s3:ListAllMyBuckets *\n\
         DerivedSqsResources sqs:SendMessage arn:aws:sqs:eu-central-1:123456789012:jobs,arn:aws:sqs:eu-central-1:123456789012:others\n\
         DerivedSqsEverything sqs:ListQueues *"
    );
}

/// A resource that a pattern names would be every bucket or table of the account, without a warning.
#[test]
fn a_pattern_is_not_a_name() {
    let all = "use aws_sdk_dynamodb as d; fn f() {
        c.get_object().send(); c.head_bucket().send(); c.send_message().send(); c.query().send();
        news.publish().send();
    }";
    let none = "DerivedDynamodbResources dynamodb:Query * (unnamed)\n\
         DerivedS3Objects s3:GetObject * (unnamed)\n\
         DerivedS3Buckets s3:ListBucket * (unnamed)\n\
         DerivedSnsResources sns:Publish * (unnamed)\n\
         DerivedSqsResources sqs:SendMessage * (unnamed)";
    for (name, value) in [
        ("BUCKET", "*"),
        ("BUCKET", "notes-*"),
        ("BUCKET", "note?"),
        ("BUCKET", "${aws:username}"),
        ("UPLOADS", "arn:aws:s3:::*"),
        ("UPLOADS", "arn:aws:s3:::*/notes"),
        ("UPLOADS", "arn:aws:s3:::${*}"),
        ("NOTES_TABLE", "*"),
        ("NOTES_TABLE", "arn:aws:dynamodb:*:*:table/*"),
        (
            "NOTES",
            "arn:aws:dynamodb:eu-west-1:123456789012:table/n?tes",
        ),
        ("QUEUE", "*"),
        (
            "QUEUE_URL",
            "https://sqs.eu-central-1.amazonaws.com/123456789012/*",
        ),
        ("JOBS", "arn:aws:sqs:eu-central-1:123456789012:*"),
        ("TOPIC", "arn:aws:sns:*:*:*"),
    ] {
        let derived = derive(all, &format!("[environment]\n{name} = \"{value}\""));
        assert_eq!(shown(&derived), none, "{name} = {value}");
        let note = format!("`{name}` holds a pattern and not a name: `{value}`");
        assert_eq!(
            derived.notes.len(),
            1,
            "{name} = {value}: {:?}",
            derived.notes
        );
        assert!(derived.notes[0].starts_with(&note), "{:?}", derived.notes);
    }
    // Beside a name the pattern adds nothing, and is still reported.
    let both = "[environment]\nBUCKET = \"*\"\nUPLOAD_BUCKET = \"uploads\"";
    let derived = derive("fn f() { c.get_object().send(); }", both);
    assert_eq!(
        shown(&derived),
        "DerivedS3Objects s3:GetObject arn:aws:s3:::uploads/*"
    );
    assert_eq!(derived.notes.len(), 1);
    let own = "[authorizers.door.environment]\nBUCKET = \"*\"";
    let derived = derive("fn f() { c.get_object().send(); }", own);
    assert_eq!(
        shown_of(&derived, "door"),
        "DerivedS3Objects s3:GetObject * (unnamed)"
    );
    assert_eq!(derived.notes.len(), 1);
    // What is not taken for a resource may hold what it likes, and so may what no call is about.
    let other = "[environment]\nGREETING = \"what?\"\nTABLE = \"*\"";
    let derived = derive("fn f() { c.get_object().send(); }", other);
    assert_eq!(derived.notes, [""; 0]);
}

#[test]
fn the_settings_own_statements_add_narrow_and_replace() {
    let source = "fn f() { c.get_object().send(); c.send_message().send(); }";
    let with = r#"
        [environment]
        BUCKET = "notes"
        OTHER_BUCKET = "more"
        [[policy]]
        actions = ["sqs:*"]
        resources = ["arn:aws:sqs:eu-central-1:123456789012:jobs"]
        [[policy]]
        actions = ["s3:GetObject"]
        resources = ["arn:aws:s3:::notes/*"]
        [[policy]]
        effect = "deny"
        actions = ["s3:GetObject"]
        resources = ["*"]
    "#;
    // The queue is narrowed; one bucket of two is written, so both stay derived; a denial takes nothing away from it.
    assert_eq!(
        shown(&derive(source, with)),
        "DerivedS3Objects s3:GetObject arn:aws:s3:::more/*,arn:aws:s3:::notes/*"
    );
    let mut settings = settings(with);
    super::complete(&mut settings, &derive(source, with));
    assert_eq!(settings.policy.len(), 4);
    let sid = settings.policy[0].sid.as_deref().unwrap();
    assert!(sid.starts_with("DerivedS3Objects") && sid.chars().all(char::is_alphanumeric));
    assert!(!allows(
        &settings.policy,
        "s3:GetObject",
        "arn:aws:s3:::notes/a"
    ));
    assert!(allows(
        &settings.policy,
        "sqs:SendMessage",
        "arn:aws:sqs:eu-central-1:123456789012:jobs"
    ));
    assert_eq!(settings.policy[3].effect, Effect::Deny);
}

#[test]
fn telling_a_missing_key_needs_the_bucket_too() {
    let with = "[environment]\nBUCKET = \"notes\"";
    let plain = "fn f() { c.get_object().send(); }";
    assert_eq!(
        shown(&derive(plain, with)),
        "DerivedS3Objects s3:GetObject arn:aws:s3:::notes/*"
    );
    let telling = "fn f() { c.get_object().send(); matches!(e, GetObjectError::NoSuchKey(_)) }";
    assert_eq!(
        shown(&derive(telling, with)),
        "DerivedS3Objects s3:GetObject arn:aws:s3:::notes/*\n\
         DerivedS3Buckets s3:ListBucket arn:aws:s3:::notes"
    );
}

/// A handle's methods are known, and so is its one resource: what other functions or nobody reach is not granted.
#[test]
fn a_handle_may_use_its_own_resource() {
    const SHOP: &str = "use fw::resource::{Bucket, Queue, Topic};
        static ORDERS: Queue<Order> = Queue::new(\"orders\");
        static NEWS: Topic<Order> = Topic::new(\"news\");
        static DOCS: Bucket = Bucket::new(\"docs\");
        static SECRETS: Bucket = Bucket::new(\"secrets\");
        fn main() { App::new(\"shop\", state).routes(routes![take]).uses(&ORDERS).uses(&NEWS).uses(&SECRETS).run() }
        #[post(\"/\", authorizer = door)] async fn take() { ORDERS.send(&1).await; NEWS.publish(&1).await; DOCS.get(\"a\"); }
        #[authorizer] async fn door() { SECRETS.get(\"keys\").await; }";
    let with = "[queues.orders]\n[queues.others]\n[environment]\nFW_BUCKET_DOCS = \"my-docs\"\n\
        FW_BUCKET_SECRETS = \"my-secrets\"\nBUCKET = \"other\"";
    let derived = derive(SHOP, with);
    assert_eq!(
        shown(&derived),
        "DerivedSqsResources sqs:SendMessage queue:orders\n\
         DerivedSnsResources sns:Publish topic:news\n\
         DerivedS3Objects s3:DeleteObject,s3:GetObject,s3:PutObject arn:aws:s3:::my-docs/*\n\
         DerivedS3Buckets s3:ListBucket arn:aws:s3:::my-docs"
    );
    assert_eq!(
        shown_of(&derived, "door"),
        "DerivedS3Objects s3:DeleteObject,s3:GetObject,s3:PutObject arn:aws:s3:::my-secrets/*\n\
         DerivedS3Buckets s3:ListBucket arn:aws:s3:::my-secrets"
    );
    // A type of the app's own that has the name.
    let own = "static ORDERS: Queue = Queue::new(\"orders\"); fn main() { ORDERS.send() }";
    assert_eq!(shown(&derive(own, with)), "");
}

/// The example and the template, whose policy stands in no settings.
#[test]
fn the_example_has_what_it_calls() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/s3test");
    let source = std::fs::read_to_string(format!("{example}/src/main.rs")).unwrap();
    let with = std::fs::read_to_string(format!("{example}/fw.toml")).unwrap();
    let derived = derive(&source, &with);
    assert_eq!(
        shown(&derived),
        "DerivedS3Objects s3:GetObject,s3:PutObject arn:aws:s3:::s3test-documents/*\n\
         DerivedS3Buckets s3:ListBucket arn:aws:s3:::s3test-documents"
    );
    assert_eq!(derived.notes, [""; 0]);
    let uses = &derived.of(APP)[0].actions["s3:GetObject"];
    assert_eq!((uses.len(), uses[0].operation.as_str()), (1, "GetObject"));
}

const MAIN: &str = "fn main() { App::new(\"notes\", State::load).routes(routes![list, add]).run() }
    struct State { s3: Client }
    impl State { async fn load() -> Self { todo() } }
    #[get(\"/\", authorizer = door)] async fn list(state: &State) { state.s3.get_object().send().await; }
    #[post(\"/\", authorizer = door)] async fn add(state: &State) { state.s3.send_message().send().await; }
    #[authorizer] async fn door(state: &State) -> bool { state.s3.get_item().send().await }";

#[test]
fn each_function_has_what_its_own_code_calls_on_what_its_own_variables_name() {
    let with = r#"
        [environment]
        QUEUE = "jobs"
        [authorizers.door.environment]
        KEYS_TABLE = "keys"
    "#;
    let derived = derive(MAIN, with);
    assert_eq!(
        shown(&derived),
        "DerivedS3Objects s3:GetObject * (unnamed)\n\
         DerivedSqsResources sqs:SendMessage arn:aws:sqs:*:*:jobs"
    );
    assert_eq!(
        shown_of(&derived, "door"),
        "DerivedDynamodbResources dynamodb:GetItem arn:aws:dynamodb:*:*:table/keys,arn:aws:dynamodb:*:*:table/keys/index/*"
    );
}

#[test]
fn a_variable_that_only_others_read_names_nothing() {
    let with = r#"
        [environment]
        NOTES_TABLE = "notes"
        KEYS_TABLE = "keys"
        MORE_TABLE = "more"
    "#;
    // Nobody reads the third by its name, so anybody may.
    let source = |init: &str| {
        format!(
            "fn main() {{ App::new(\"a\", State::load).routes(routes![list]).run() }}
             impl State {{ fn load() -> Self {{ {init} }} }}
             #[get(\"/\")] fn list() {{ c.query().table_name(env::var(\"NOTES_TABLE\")).send() }}
             fn log() {{ warn(\"MORE_TABLE\") }}
             #[authorizer] fn door() {{ c.get_item().table_name(env::var_os(\"KEYS_TABLE\")).send() }}"
        )
    };
    let tables = |derived: &Derived, part: &str| {
        let shown = shown_of(derived, part);
        let names = ["notes", "keys", "more"].into_iter();
        names
            .filter(|name| shown.contains(&format!("table/{name},")))
            .collect::<Vec<_>>()
    };
    let apart = derive(&source("1"), with);
    assert_eq!(tables(&apart, APP), ["notes", "more"]);
    assert_eq!(tables(&apart, "door"), ["keys", "more"]);
    let shared = derive(&source("env::var(\"NOTES_TABLE\")"), with);
    assert_eq!(tables(&shared, "door"), ["notes", "keys", "more"]);
}

/// The actions of each function's whole policy, with what is written.
fn allowed(source: &str, with: &str, parts: &[&str]) -> Vec<String> {
    let mut settings = settings(with);
    super::complete(&mut settings, &derive(source, with));
    let of = |part: &&str| {
        let statements = settings.policy_of(part).into_iter();
        let actions = statements.map(|statement| {
            let sign = match statement.effect {
                Effect::Allow => "",
                Effect::Deny => "!",
            };
            format!("{sign}{}", statement.actions.join("+"))
        });
        actions.collect::<Vec<_>>().join(" ")
    };
    parts.iter().map(of).collect()
}

#[test]
fn a_written_statement_is_for_those_that_may_call_what_it_says() {
    let statement = |actions: &str, more: &str| {
        format!("[[policy]]\nactions = [{actions}]\nresources = [\"*\"]\n{more}\n")
    };
    for (actions, more, app, door) in [
        // The app alone calls it.
        (
            "\"sqs:SendMessage\"",
            "",
            "s3:GetObject sqs:SendMessage",
            "dynamodb:GetItem",
        ),
        // The authorizer calls it, and the app has it as before.
        (
            "\"dynamodb:*\"",
            "",
            "s3:GetObject sqs:SendMessage dynamodb:*",
            "dynamodb:*",
        ),
        // Nobody is seen to call it, so anybody may.
        (
            "\"kms:Decrypt\"",
            "",
            "s3:GetObject sqs:SendMessage kms:Decrypt",
            "dynamodb:GetItem kms:Decrypt",
        ),
        (
            "\"s3:GetObject\", \"kms:Decrypt\"",
            "",
            "sqs:SendMessage s3:GetObject+kms:Decrypt",
            "dynamodb:GetItem s3:GetObject+kms:Decrypt",
        ),
        // What is said counts.
        (
            "\"kms:Decrypt\"",
            "functions = [\"door\"]",
            "s3:GetObject sqs:SendMessage",
            "dynamodb:GetItem kms:Decrypt",
        ),
        (
            "\"kms:Decrypt\"",
            "functions = [\"app\"]",
            "s3:GetObject sqs:SendMessage kms:Decrypt",
            "dynamodb:GetItem",
        ),
        (
            "\"sqs:*\"",
            "functions = [\"app\", \"door\"]",
            "s3:GetObject sqs:*",
            "dynamodb:GetItem sqs:*",
        ),
        // One that is for another function narrows nothing here.
        (
            "\"sqs:*\"",
            "functions = [\"door\"]",
            "s3:GetObject sqs:SendMessage",
            "dynamodb:GetItem sqs:*",
        ),
        (
            "\"s3:*\"",
            "effect = \"deny\"",
            "s3:GetObject sqs:SendMessage !s3:*",
            "dynamodb:GetItem !s3:*",
        ),
    ] {
        let with = statement(actions, more);
        assert_eq!(allowed(MAIN, &with, &[APP, "door"]), [app, door], "{with}");
    }
    // Without derivation nothing is known of the code.
    let with = format!(
        "derive_policy = false\n{}",
        statement("\"s3:GetObject\"", "")
    );
    assert_eq!(settings(&with).policy_of("door").len(), 1);
    // An authorizer that the sources do not show may do what any function does.
    let with = statement("\"sqs:SendMessage\"", "");
    let unseen = allowed(MAIN, &with, &["unseen"]);
    assert_eq!(unseen, ["s3:GetObject dynamodb:GetItem sqs:SendMessage"]);
}

#[test]
fn a_stage_may_use_what_its_own_variables_name() {
    let source = "fn f() { c.get_object().send(); }";
    let with = "[environment]\nBUCKET = \"notes\"\n[local]\nbuckets = [\"notes\", \"scratch\"]\n\
                [stages.prod.environment]\nBUCKET = \"notes-prod\"\n";
    // The key's former place grants nothing either.
    let before = with.replace("[local]\nbuckets = [\"notes\", \"scratch\"]\n", "");
    let before = format!("buckets = [\"old\"]\n{before}");
    for (text, stage, bucket) in [
        (with, "dev", "notes"),
        (with, "prod", "notes-prod"),
        (&before, "prod", "notes-prod"),
    ] {
        let settings = settings_of(text, stage);
        assert_eq!(
            shown(&derive_of(source, &settings)),
            format!("DerivedS3Objects s3:GetObject arn:aws:s3:::{bucket}/*"),
            "{stage}"
        );
    }
}
