//! Small sources, and who reaches what in them: each `mark_NAME` is looked up by its place.

use proc_macro2::LineColumn;

use super::Graph;

/// The owners of each `.mark_…()` in the sources, by its name.
fn owners(files: &[&str]) -> Vec<String> {
    let mut graph = Graph::default();
    for (index, text) in files.iter().enumerate() {
        graph.file(&format!("{index}.rs"), &syn::parse_file(text).unwrap());
    }
    let owners = graph.owners();
    let mut all = Vec::new();
    for (index, text) in files.iter().enumerate() {
        for (number, line) in text.lines().enumerate() {
            for (at, _) in line.match_indices("mark_") {
                let name = line[at + 5..].split(|c: char| !c.is_alphanumeric());
                let place = LineColumn {
                    line: number + 1,
                    column: at,
                };
                let found = owners.of(&format!("{index}.rs"), place);
                let found: Vec<&str> = found.iter().map(String::as_str).collect();
                all.push(format!(
                    "{}: {}",
                    name.into_iter().next().unwrap_or_default(),
                    found.join(" ")
                ));
            }
        }
    }
    all
}

const MAIN: &str = "use fw::App; fn main() { App::new(\"a\", State::load).routes(routes![list, objects::get]).run() }\n";

/// `main` before those sources.
fn one(text: &str) -> Vec<String> {
    owners(&[&format!("{MAIN}{text}")])
}

#[test]
fn handlers_are_the_apps_and_authorizers_their_own() {
    assert_eq!(
        one(
            "#[get(\"/\", authorizer = door)] fn list() { c.mark_list() }
             #[fw::authorizer(ttl = 3)] fn door() { c.mark_door() }
             #[authorizer] fn admin() { c.mark_admin() }
             fn dead() { c.mark_dead() }"
        ),
        ["list: app", "door: door", "admin: admin", "dead: app"]
    );
}

#[test]
fn what_main_and_the_state_reach_is_everybodys() {
    assert_eq!(
        one("struct State { store: Store }
             impl State { async fn load() -> Self { Self { store: connect().await } } }
             async fn connect() -> Store { c.mark_connect() }
             #[get(\"/\")] fn list(state: &State) { c.mark_list() }
             #[authorizer] fn door(state: &State) { 1 }"),
        ["connect: app door", "list: app"]
    );
}

#[test]
fn helpers_belong_to_those_who_call_them() {
    assert_eq!(
        one("#[get(\"/\")] fn list() { both(); apps() }
             #[authorizer] fn door() { both(); doors() }
             fn both() { c.mark_both() }
             fn apps() { c.mark_apps() }
             fn doors() { deeper() }
             fn deeper() { c.mark_deeper() }"),
        ["both: app door", "apps: app", "deeper: door"]
    );
}

#[test]
fn modules_and_other_crates_are_followed_by_their_names() {
    let apps = "mod objects; mod keys;
        #[authorizer] async fn door() { keys::find(1).await; shared::audit() }";
    let objects = "#[get(\"/o\")] pub async fn get() { c.mark_objects(); shared::audit() }";
    let keys = "pub async fn find(key: u8) { inner::find_one(key) } mod inner { pub fn find_one(key: u8) { c.mark_keys() } }";
    let shared = "pub fn audit() { c.mark_audit() } pub fn unused() { c.mark_unused() }";
    assert_eq!(
        owners(&[&format!("{MAIN}{apps}"), objects, keys, shared]),
        [
            "objects: app",
            "keys: door",
            "audit: app door",
            "unused: app"
        ]
    );
}

#[test]
fn a_method_is_one_of_all_types_that_have_it() {
    assert_eq!(
        one("trait Store { fn fetch(&self); fn both(&self) { self.helper() } }
             impl Store for Tables { fn fetch(&self) { c.mark_tables() } }
             impl Store for Files { fn fetch(&self) { c.mark_files() } }
             impl Files { fn save(&self) { c.mark_save() } fn helper(&self) { c.mark_helper() } fn new() { c.mark_new() } }
             #[get(\"/\")] fn list(state: &State) { state.files.save(); Files::new() }
             #[authorizer] fn door(state: &dyn Store) { state.fetch(); state.both() }"),
        [
            "tables: door",
            "files: door",
            "save: app",
            "helper: door",
            "new: app"
        ]
    );
}

#[test]
fn what_is_called_without_its_name_comes_with_its_type() {
    assert_eq!(
        one("struct User(Inner); struct Inner; struct Other;
             impl FromRequest for User { fn from_request() -> Self { c.mark_user() } }
             impl Drop for Inner { fn drop(&mut self) { c.mark_inner() } }
             impl fmt::Display for Other { fn fmt(&self) { c.mark_other() } }
             impl From<Other> for Error { fn from(other: Other) -> Self { c.mark_from() } }
             #[get(\"/\")] fn list() { let other = Other; }
             #[authorizer] fn door(user: User) -> bool { true }"),
        ["user: door", "inner: door", "other: app", "from: app"]
    );
}

#[test]
fn a_trait_of_the_apps_own_is_called_by_name_and_one_of_the_same_name_is_not() {
    let own = "trait Check { fn check(&self); }
        struct User;
        impl Check for User { fn check(&self) { c.mark_check() } }
        #[authorizer] fn door(user: User) -> bool { true }";
    assert_eq!(one(own), ["check: app"]);
    assert_eq!(one(&format!("use other::Check; {own}")), ["check: door"]);
}

#[test]
fn functions_are_reached_however_they_are_passed_on() {
    for body in [
        "rows.map(find)",
        "rows.map(|row| find(row))",
        "run(async move { find(1).await })",
        "tokio::join!(find(1), other)",
        "tokio::select! { x = find(1) => {}, _ = b => {} }",
        "let table: fn(u8) = find; table(1)",
        "let find = find; find(1)",
        "Lookup { find }",
        "LAZY.get(1)",
        "ask!(1)",
        "Keys::find_in(&keys)",
        "lookup(1)",
        "Keys2::find_in(&keys)",
        "r#find(1)",
        "match x { Some(find) => find, None => crate::find(1) }",
        "for find in [1] {} find(1)",
        "{ let find = 1; } find(1)",
    ] {
        let text = format!(
            "#[authorizer] fn door() {{ {body} }}
             fn find(row: u8) {{ c.mark_find() }}
             static LAZY: LazyLock<Table> = LazyLock::new(|| find(1));
             use self::find as lookup; use self::{{Keys as Keys2}};
             struct Keys; impl Keys {{ fn find_in(&self) {{ find(1) }} }}
             macro_rules! ask {{ ($x:expr) => {{ find($x) }} }}"
        );
        // What else names it here is the app's.
        assert!(one(&text)[0].ends_with(" door"), "{body}");
    }
}

#[test]
fn a_variable_is_no_function() {
    for body in [
        "let user = 1; keep(user)",
        "rows.map(|user| keep(user))",
        "match row { user => keep(user) }",
        "for user in rows { keep(user) }",
        "rows.user",
    ] {
        let text = format!(
            "#[get(\"/\")] fn user() {{ c.mark_user() }}
             #[authorizer] fn door() {{ {body} }}"
        );
        assert_eq!(one(&text), ["user: app"], "{body}");
    }
    let text = "#[get(\"/\")] fn user() { c.mark_user() } #[authorizer] fn door(user: User) { keep(user) }";
    assert_eq!(one(text), ["user: app"]);
}

#[test]
fn in_doubt_it_is_everybodys() {
    let apart =
        "#[get(\"/\")] fn list() { c.mark_list() } #[authorizer] fn door() { c.mark_door() }";
    assert_eq!(one(apart), ["list: app", "door: door"]);
    // Nobody knows what every process runs.
    assert_eq!(owners(&[apart]), ["list: app door", "door: app door"]);
    // Nobody sees what is in there.
    let hidden = format!("{apart} include!(\"more.rs\");");
    assert_eq!(one(&hidden), ["list: app door", "door: app door"]);
    // Nobody knows what a macro makes of it.
    let made = format!(
        "{apart} lazy_static! {{ static ref X: u8 = c.mark_made(); }} cached! {{ help }} fn help() {{ c.mark_help() }}"
    );
    assert_eq!(
        one(&made),
        [
            "list: app",
            "door: door",
            "made: app door",
            "help: app door"
        ]
    );
    let unnamed = format!("{apart} const _: u8 = help(); fn help() {{ c.mark_help() }}");
    assert_eq!(one(&unnamed)[2], "help: app door");
}

#[test]
fn naming_who_is_asked_or_who_answers_calls_neither() {
    assert_eq!(
        one(
            "pub fn cave() -> Routes<State> { routes![seats].authorizer::<door>() }
             #[get(\"/seats\")] fn seats() { c.mark_seats() }
             #[authorizer] fn door() { c.mark_door() }"
        ),
        ["seats: app", "door: door"]
    );
    // A handler that asks the authorizer's own function calls what that calls.
    assert_eq!(
        one("#[get(\"/\")] fn list() { door() } #[authorizer] fn door() { c.mark_door() }"),
        ["door: app door"]
    );
}

#[test]
fn attributes_name_functions_in_texts() {
    assert_eq!(
        one(
            "#[derive(Deserialize)] struct Key { #[serde(default = \"fresh\")] id: u8 }
             fn fresh() -> u8 { c.mark_fresh() }
             /// Not like `other`.
             #[authorizer] fn door(key: Key) {}
             fn other() { c.mark_other() }"
        ),
        ["fresh: door", "other: app"]
    );
}

#[test]
fn tests_are_nobodys() {
    assert_eq!(
        one("#[authorizer] fn door() { 1 }
             fn help() { c.mark_help() }
             #[cfg(test)] mod tests { use super::*; #[test] fn t() { help(); door() } }"),
        ["help: app"]
    );
}
