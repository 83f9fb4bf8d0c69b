//! Asks who calls, in each way that an HTTP API has: a token of an issuer, an authorizer of the app's own, a signature.

use std::{collections::HashMap, process::ExitCode};

use fw::{
    App, Error, Json, Result, Routes,
    auth::Allow,
    authorizer,
    extract::{AuthContext, Bearer, Claims, IamIdentity, Principal},
    get, routes,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is known of a member. The authorizer tells it, the handlers read it.
#[derive(Clone, Serialize, Deserialize)]
struct Member {
    plan: String,
    seats: u32,
}

/// The members by their keys: a table of yours in earnest.
struct Members(HashMap<&'static str, (&'static str, Member)>);

impl Members {
    async fn load() -> Result<Self> {
        let member = |plan: &str, seats| Member {
            plan: plan.to_owned(),
            seats,
        };
        Ok(Self(HashMap::from([
            ("sesame", ("ali", member("team", 40))),
            ("tulip", ("ada", member("free", 1))),
        ])))
    }
}

/// Knows members by their keys. The gateway asks before it calls a route that names this.
#[authorizer(identity = ["header:authorization"], ttl = 300)]
async fn members(members: &Members, Bearer(key): Bearer) -> Result<Option<Allow>> {
    if key == "lost" {
        return Err(Error::internal("the table of members is lost"));
    }
    let known = members.0.get(key.as_str());
    Ok(known.map(|(name, member)| Allow::new(*name).with_context(member)))
}

/// Say what everybody may know.
#[get("/")]
async fn index() -> &'static str {
    "everybody is welcome"
}

/// Tell members what they pay for.
#[get("/plan", authorizer = members)]
async fn plan(Principal(name): Principal, AuthContext(member): AuthContext<Member>) -> String {
    format!("{name}: {}, {} seats", member.plan, member.seats)
}

/// The claims that the notes ask for.
#[derive(Deserialize)]
struct User {
    sub: String,
    exp: u64,
}

/// A note of a member.
#[derive(Serialize, JsonSchema)]
struct Note {
    text: String,
    until: u64,
}

/// Fetch the notes of the token's bearer.
#[get("/notes", jwt = "users", scopes = ["notes:read", "notes:all"])]
async fn notes(Claims(user): Claims<User>) -> Json<[Note; 1]> {
    Json([Note {
        text: format!("to {}: water the tulips", user.sub),
        until: user.exp,
    }])
}

/// Tell who signed the request.
#[get("/signed", iam)]
async fn signed(identity: IamIdentity) -> String {
    identity.user_arn
}

/// Count the seats, unless that is past counting.
#[get("/seats")]
async fn seats(members: &Members, AuthContext(member): AuthContext<Member>) -> Json<u32> {
    let others = members.0.values().map(|(_, member)| member.seats);
    Json(others.sum::<u32>() - member.seats)
}

/// Say that one is at the door.
#[get("/door", public)]
async fn door() -> &'static str {
    "closed"
}

/// A list may be guarded as a whole; `public` opens one of its routes.
fn cave() -> Routes<Members> {
    routes![seats, door].authorizer::<members>()
}

fn app() -> App<Members> {
    App::new("guarded", Members::load)
        .routes(routes![index, plan, notes, signed])
        .mount("/cave", cave())
}

fn main() -> ExitCode {
    app().run()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use fw::test::Client;
    use serde_json::json;

    use super::{Member, Members, app};

    fn client() -> Client {
        let member = Member {
            plan: "team".to_owned(),
            seats: 2,
        };
        Client::new(app(), Members(HashMap::from([("open", ("zoe", member))])))
    }

    /// The app's own authorizer runs, with the state that the test gives.
    #[test]
    fn members_have_plans() {
        let client = client();
        let plan = |key: &str| {
            client
                .get("/plan")
                .header("authorization", format!("Bearer {key}"))
                .send()
        };
        assert_eq!(plan("open").text(), "zoe: team, 2 seats");
        assert_eq!(plan("sesame").status(), 403);
        assert_eq!(plan("lost").status(), 500);
        assert_eq!(client.get("/plan").send().status(), 401);
        assert_eq!(client.get("/cave/seats").send().status(), 401);
        assert_eq!(client.get("/cave/door").send().text(), "closed");
    }

    /// A test has no issuer and no secrets: it says who calls.
    #[test]
    fn tokens_and_signatures_are_what_the_test_says() {
        let client = client();
        let claims =
            json!({ "sub": "ann", "exp": 4_000_000_000_u64, "scope": "notes:read profile" });
        let response = client.get("/notes").claims(&claims).send();
        assert_eq!(
            response.json::<serde_json::Value>()[0]["text"],
            "to ann: water the tulips"
        );
        let claims = json!({ "sub": "ann", "exp": 4_000_000_000_u64, "scope": "profile" });
        assert_eq!(client.get("/notes").claims(&claims).send().status(), 403);
        assert_eq!(client.get("/notes").send().status(), 401);

        let arn = "arn:aws:iam::123456789012:user/ann";
        assert_eq!(client.get("/signed").signed_by(arn).send().text(), arn);
        assert_eq!(client.get("/signed").send().status(), 403);
    }
}
