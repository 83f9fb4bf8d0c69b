//! Bodies checked by the function: `validate`, and `Valid<Json<T>>`, behind each gateway.

use fw::{
    App, Json, Result,
    extract::Valid,
    post, put,
    rejection::JsonRejection,
    routes,
    service::from_fn,
    test::{Client, Gateway, TestResponse},
};
use garde::Validate;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

const GATEWAYS: [Gateway; 4] = [
    Gateway::HttpApi,
    Gateway::HttpApiV1,
    Gateway::RestApi,
    Gateway::FunctionUrl,
];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Order {
    #[schemars(length(min = 1, max = 3))]
    customer_name: String,
    #[schemars(regex(pattern = r"^[A-Z]{2}$"))]
    country: Option<String>,
    #[schemars(length(min = 1))]
    items: Vec<Item>,
    #[serde(default)]
    delivery: Option<Delivery>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Item {
    #[schemars(range(min = 1, max = 99))]
    count: u32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "by", rename_all = "lowercase")]
enum Delivery {
    Post {
        #[schemars(length(min = 4))]
        code: String,
    },
    Hand,
}

#[post("/orders/<id>", validate)]
async fn order(id: u32, Json(order): Json<Order>) -> String {
    let by = match &order.delivery {
        Some(Delivery::Post { code }) => code,
        Some(Delivery::Hand) => "hand",
        None => "none",
    };
    let counts: Vec<u32> = order.items.iter().map(|item| item.count).collect();
    format!(
        "{id} {} {counts:?} {:?} {by}",
        order.customer_name, order.country
    )
}

/// The document has the bounds without `validate` too, so they hold.
#[post("/documented")]
async fn documented(Json(order): Json<Order>) -> String {
    order.customer_name
}

#[put("/maybe", validate)]
async fn maybe(body: Option<Json<Item>>) -> String {
    body.map_or("none".to_owned(), |Json(item)| item.count.to_string())
}

#[put("/judged", validate)]
async fn judged(body: Result<Json<Item>, JsonRejection>) -> String {
    match body {
        Ok(Json(item)) => item.count.to_string(),
        Err(rejection) => format!("{}: {rejection}", rejection.status()),
    }
}

fn app() -> App {
    App::stateless("orders").routes(routes![order, documented, maybe, judged])
}

fn errors(response: &TestResponse) -> Value {
    let document: Value = response.json();
    assert_eq!(document["status"], response.status().as_u16());
    document["errors"].clone()
}

#[test]
fn a_good_body_passes() {
    let good = json!({"customerName": "éöü", "country": null, "items": [{"count": 1}, {"count": 99.0}], "delivery": {"by": "hand"}, "more": [1]});
    for gateway in GATEWAYS {
        let client = Client::new(app(), ()).through(gateway);
        let response = client.post("/orders/7").json(&good).send();
        assert_eq!(response.status(), 200, "{gateway:?}: {}", response.text());
        assert_eq!(response.text(), "7 éöü [1, 99] None hand");
    }
}

#[test]
fn all_violations_are_in_one_answer_behind_every_gateway() {
    let bad = json!({
        "customerName": "éöüß",
        "country": "xyz",
        "items": [{"count": 0}, {"count": "1"}, {}, {"count": 1, "extra": 1}],
        "delivery": {"by": "post", "code": "123"},
    });
    for gateway in GATEWAYS {
        let client = Client::new(app(), ()).through(gateway);
        let response = client.post("/orders/7").json(&bad).send();
        assert_eq!(response.status(), 422, "{gateway:?}");
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
        let document: Value = response.json();
        assert_eq!(document["detail"], "7 problems, listed in `errors`");
        assert_eq!(document["code"], "unprocessable");
        let mut found = errors(&response);
        let list = found.as_array_mut().unwrap();
        list.sort_by_key(|problem| problem["pointer"].to_string());
        assert_eq!(
            found,
            json!([
                {"in": "body", "pointer": "/country", "detail": "must match `^[A-Z]{2}$`"},
                {"in": "body", "pointer": "/customerName", "detail": "must have at most 3 characters"},
                {"in": "body", "pointer": "/delivery/code", "detail": "must have at least 4 characters"},
                {"in": "body", "pointer": "/items/0/count", "detail": "must be at least 1"},
                {"in": "body", "pointer": "/items/1/count", "detail": "must be an integer"},
                {"in": "body", "pointer": "/items/2", "detail": "missing field `count`"},
                {"in": "body", "pointer": "/items/3", "detail": "unknown field `extra`"},
            ])
        );
    }
}

#[test]
fn violations_join_what_is_wrong_with_the_parameters() {
    let client = Client::new(app(), ());
    let body = json!({"customerName": "", "items": [{"count": 1}]});
    let response = client.post("/orders/x").json(&body).send();
    assert_eq!(response.status(), 400);
    assert_eq!(
        errors(&response),
        json!([
            {"in": "path", "name": "id", "detail": "invalid digit found in string: `x`"},
            {"in": "body", "pointer": "/customerName", "detail": "must have at least 1 character"},
        ])
    );
}

#[test]
fn what_cannot_be_checked_is_refused_as_ever() {
    let client = Client::new(app(), ());
    let post = |body: &str| {
        let request = client.post("/orders/7");
        let request = request.header("content-type", "application/json");
        request.body(body.to_owned()).send()
    };
    let deep = format!(
        r#"{{"customerName":"a","items":[{{"count":1}}],"more":{}{}}}"#,
        "[".repeat(200),
        "]".repeat(200)
    );
    for (body, status) in [
        ("", 400),
        ("{", 400),
        ("[]", 422),
        ("null", 422),
        (&*deep, 400),
    ] {
        assert_eq!(post(body).status(), status, "{body}");
    }
    let response = client.post("/orders/7").body("{}").send();
    assert_eq!(response.status(), 415);
    let response = client
        .post("/documented")
        .json(&json!({"customerName": "", "items": []}))
        .send();
    assert_eq!(response.status(), 422);
    assert_eq!(errors(&response).as_array().map(Vec::len), Some(2));
}

#[test]
fn optional_bodies_and_rejections_are_checked_too() {
    let client = Client::new(app(), ());
    assert_eq!(client.put("/maybe").send().text(), "none");
    assert_eq!(
        client
            .put("/maybe")
            .json(&json!({"count": 7}))
            .send()
            .text(),
        "7"
    );
    assert_eq!(
        client
            .put("/maybe")
            .json(&json!({"count": 0}))
            .send()
            .status(),
        422
    );
    assert_eq!(
        client
            .put("/judged")
            .json(&json!({"count": 100}))
            .send()
            .text(),
        "422 Unprocessable Entity: body at `/count`: must be at most 99"
    );
}

#[test]
fn what_a_layer_makes_of_the_body_is_checked() {
    let app = app().layer(from_fn(|mut request, next| async move {
        *request.body_mut() = r#"{"count": 0}"#.into();
        next.run(request).await
    }));
    let client = Client::new(app, ());
    let response = client.put("/maybe").json(&json!({"count": 7})).send();
    assert_eq!(response.status(), 422);
}

#[test]
fn a_schema_that_nothing_can_check_by_is_refused_at_the_start() {
    #[derive(Deserialize, JsonSchema)]
    struct Password {
        #[expect(dead_code, reason = "only its schema matters")]
        #[schemars(regex(pattern = r"^(?=.*\d).+$"))]
        text: String,
    }

    #[post("/password", validate)]
    async fn password(Json(_): Json<Password>) {}

    let app = || App::stateless("orders").routes(routes![password]);
    let problem = app().check().unwrap_err().to_string();
    assert!(
        problem.starts_with(
            "the body of `validation::password` cannot be validated: the regular expression"
        ),
        "{problem}"
    );
    // And where nobody asked, nothing passes.
    let client = Client::new(app(), ());
    let response = client.post("/password").json(&json!({"text": "a1"})).send();
    assert_eq!(response.status(), 500);
}

#[derive(Deserialize, Validate)]
#[serde(rename_all = "camelCase")]
struct Signup {
    #[garde(length(chars, min = 1, max = 3))]
    display_name: String,
    #[garde(dive)]
    home_address: Address,
    #[garde(length(min = 1), inner(range(max = 9)))]
    lucky_numbers: Vec<u32>,
    #[garde(custom(has_no_slash))]
    #[serde(rename = "a/b")]
    folder: String,
}

#[derive(Deserialize, Validate)]
struct Address {
    #[garde(length(chars, max = 5))]
    #[serde(rename = "zip-code")]
    zip_code: String,
}

fn has_no_slash(value: &str, (): &()) -> garde::Result {
    if value.contains('/') {
        return Err(garde::Error::new("must not have a slash"));
    }
    Ok(())
}

#[post("/signups")]
async fn sign_up(Valid(Json(signup)): Valid<Json<Signup>>) -> String {
    let Signup {
        display_name,
        home_address,
        lucky_numbers,
        folder,
    } = signup;
    format!(
        "{display_name} {} {lucky_numbers:?} {folder}",
        home_address.zip_code
    )
}

#[put("/signups")]
async fn change(signup: Option<Valid<Json<Signup>>>) -> &'static str {
    if signup.is_some() { "some" } else { "none" }
}

#[test]
fn garde_s_findings_are_one_answer_with_places_in_the_body() {
    let app = || App::stateless("signups").routes(routes![sign_up, change]);
    let body = app()
        .manifest()
        .routes
        .into_iter()
        .find_map(|route| route.body);
    assert_eq!(body.unwrap().content_type, "application/json");
    for gateway in GATEWAYS {
        let client = Client::new(app(), ()).through(gateway);
        let good = json!({"displayName": "éöü", "homeAddress": {"zip-code": "1"}, "luckyNumbers": [9], "a/b": "f"});
        let response = client.post("/signups").json(&good).send();
        assert_eq!(response.text(), "éöü 1 [9] f", "{gateway:?}");
        let bad = json!({"displayName": "éöüß", "homeAddress": {"zip-code": "123456"}, "luckyNumbers": [1, 10, 11], "a/b": "/"});
        let response = client.post("/signups").json(&bad).send();
        assert_eq!(response.status(), 422, "{gateway:?}");
        let found = errors(&response);
        let found: Vec<&str> = found
            .as_array()
            .unwrap()
            .iter()
            .map(|problem| problem["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(
            found,
            [
                "/displayName",
                "/folder",
                "/homeAddress/zip-code",
                "/luckyNumbers/1",
                "/luckyNumbers/2"
            ],
            "{gateway:?}"
        );
        // The shape comes first.
        let response = client
            .post("/signups")
            .json(&json!({"displayName": 1}))
            .send();
        assert_eq!(response.status(), 422);
        assert_eq!(errors(&response)[0]["pointer"], "/displayName");
        assert_eq!(client.put("/signups").send().text(), "none");
        assert_eq!(client.put("/signups").json(&good).send().text(), "some");
        assert_eq!(client.put("/signups").json(&bad).send().status(), 422);
    }
}
