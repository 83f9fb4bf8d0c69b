use fw::{App, Error, auth::Deny, authorizer, get, routes};

struct Store;
struct Members;

#[authorizer]
async fn check(members: &Members) -> Deny {
    let _ = members;
    Deny
}

#[get("/a", authorizer = check)] //~ mistake
async fn a(store: &Store) {
    let _ = store;
}

#[get("/b", authorizer = check)]
async fn b() {}

fn main() {
    let app = App::new("x", async || Ok::<_, Error>(Store));
    let _ = app.routes(routes![
        b, //~ mistake
    ]);
}
