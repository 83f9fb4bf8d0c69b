//! Extractors and responses at work behind each gateway: what a client sends and reads, whichever event carries it.

use std::collections::BTreeMap;

use fw::{
    App, Error, IntoResponse, Json, Response, StatusCode,
    context::LambdaContext,
    extract::{
        Cookies, Event, Form, Header, Headers, Query, RequestId, SourceIp, Stage, UserAgent,
    },
    get, post, put,
    rejection::JsonRejection,
    response::{Content, Redirect, SetCookie},
    routes,
    test::{Client, Gateway},
};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
struct Page {
    page: u32,
    #[serde(default)]
    tag: Vec<String>,
}

/// All that can be wrong with a request.
#[put("/orders/<id>?<limit>")]
async fn order(
    id: u32,
    limit: Option<u8>,
    Query(page): Query<Page>,
    agent: Option<Header<UserAgent>>,
    Json(body): Json<BTreeMap<String, u8>>,
) -> Json<Value> {
    let agent = agent.map(|Header(UserAgent(agent))| agent);
    Json(json!([id, limit, page.page, page.tag, agent, body]))
}

/// What the gateway tells.
#[get("/about")]
async fn about(
    cookies: Cookies,
    headers: Headers,
    stage: Stage,
    id: RequestId,
    ip: SourceIp,
    Event(event): Event<Value>,
    context: LambdaContext,
) -> Json<Value> {
    assert!(event.is_object());
    assert!(context.remaining() > std::time::Duration::ZERO);
    let cookies: Vec<_> = cookies.iter().collect();
    let many: Vec<_> = headers
        .get_all("x-many")
        .iter()
        .flat_map(|value| value.to_str().unwrap().split(','))
        .collect();
    Json(
        json!({ "cookies": cookies, "many": many, "stage": !stage.is_empty(), "id": !id.is_empty(), "ip": ip.0 }),
    )
}

/// A body that the handler judges itself.
#[post("/judge")]
async fn judge(body: Result<Json<u8>, JsonRejection>) -> Result<String, StatusCode> {
    match body {
        Ok(Json(number)) => Ok(number.to_string()),
        Err(JsonRejection::EmptyBody(_)) => Err(StatusCode::IM_A_TEAPOT),
        Err(rejection) => Err(rejection.status()),
    }
}

/// A form, and two cookies with the answer.
#[post("/login")]
async fn login(Form(form): Form<BTreeMap<String, String>>) -> Response {
    Redirect::see_other("/about")
        .with_cookie(SetCookie::new("user", form["user"].clone()))
        .with_cookie(SetCookie::new("seen", "1").path("/"))
        .with_added_header("x-many", "a")
        .with_added_header("x-many", "b")
}

/// Bytes.
#[get("/image")]
async fn image() -> Content {
    Content::new("image/png", b"\x89PNG\xff\x00".to_vec())
}

/// Nothing there.
#[get("/nothing")]
async fn nothing() -> Option<String> {
    None
}

/// An unexpected error.
#[get("/broken")]
async fn broken() -> fw::Result<()> {
    Err(std::io::Error::other("hunter2"))?;
    Err(Error::gone("never"))
}

fn clients() -> [Client; 4] {
    [
        Gateway::HttpApi,
        Gateway::HttpApiV1,
        Gateway::RestApi,
        Gateway::FunctionUrl,
    ]
    .map(|gateway| {
        let app = App::stateless("all")
            .routes(routes![order, about, judge, login, image, nothing, broken]);
        Client::new(app, ()).through(gateway)
    })
}

#[test]
fn arguments_arrive() {
    for client in clients() {
        let response = client
            .put("/orders/7?page=2&tag=a+b&tag=%C3%BC&limit=3")
            .header("user-agent", "x")
            .json(&json!({"n": 1}))
            .send();
        assert_eq!(response.text(), r#"[7,3,2,["a b","ü"],"x",{"n":1}]"#);
        let response = client
            .get("/about")
            .header("cookie", "a=1; b=2")
            .header("x-many", "1")
            .header("x-many", "2")
            .source_ip([192, 0, 2, 7])
            .send();
        let expected = json!({
            "cookies": [["a", "1"], ["b", "2"]], "many": ["1", "2"], "stage": true, "id": true, "ip": "192.0.2.7"
        });
        assert_eq!(response.json::<Value>(), expected);
    }
}

#[test]
fn all_problems_arrive() {
    for client in clients() {
        let response = client
            .put("/orders/x?limit=999&page=y")
            .json(&json!({"n": 300}))
            .send();
        assert_eq!(response.status(), 400);
        assert_eq!(
            response.header("content-type"),
            Some("application/problem+json")
        );
        let places: Vec<_> = response.json::<Value>()["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                (
                    error["in"].clone(),
                    error["name"].clone(),
                    error["pointer"].clone(),
                )
            })
            .collect();
        assert_eq!(
            places,
            [
                (json!("path"), json!("id"), json!(null)),
                (json!("query"), json!("limit"), json!(null)),
                (json!("query"), json!("page"), json!(null)),
                (json!("body"), json!(null), json!("/n")),
            ]
        );
        assert_eq!(client.post("/judge").send().status(), 418);
        assert_eq!(client.post("/judge").json(&300).send().status(), 422);
        assert_eq!(
            client.post("/judge").form(&[("a", "1")]).send().status(),
            415
        );
        assert_eq!(client.post("/judge").json(&200).send().text(), "200");
    }
}

#[test]
fn answers_arrive() {
    for client in clients() {
        let response = client.post("/login").form(&[("user", "ada")]).send();
        assert_eq!(response.status(), 303);
        assert_eq!(response.header("location"), Some("/about"));
        let cookies: Vec<_> = response.header_values("set-cookie").collect();
        assert_eq!(cookies, ["user=ada", "seen=1; Path=/"]);
        let many: Vec<_> = response
            .header_values("x-many")
            .flat_map(|value| value.split([',', ' ']))
            .filter(|value| !value.is_empty())
            .collect();
        assert_eq!(many, ["a", "b"]);

        let response = client.get("/image").header("accept", "image/png").send();
        assert_eq!(response.bytes(), b"\x89PNG\xff\x00");
        assert_eq!(response.header("content-type"), Some("image/png"));

        let response = client.get("/nothing").send();
        assert_eq!(response.status(), 404);
        assert_eq!(response.json::<Value>()["code"], "not_found");

        let response = client.get("/broken").send();
        assert_eq!(response.status(), 500);
        assert!(response.json::<Value>()["requestId"].is_string());
        assert!(!response.text().contains("hunter2"));
    }
}
