//! The handlers that Chalice's cases name, played by an app of ours.
//!
//! A case's routes are data, and a route of ours is code, so one route takes every request behind whatever gateway the case
//! sets up, and looks up what to do in a stage variable. All else is what any handler does: it reads through our extractors and
//! answers with our responses and errors.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fw::{
    App, Error, FromRequest, IntoResponse, Json, Request, Response, StatusCode, extract::Query,
    route, routes, test::Client,
};
use serde_json::{Value, json};

/// The stage variable that holds a case's routes.
pub(crate) const ROUTES: &str = "routes";

/// A client of the app, for its events.
pub(crate) fn client() -> Client {
    Client::new(
        App::stateless("chalice").routes(routes![root, anything]),
        (),
    )
}

/// What a handler of the case answers.
struct Played(Response);

#[route("/", methods = [GET, POST, PUT, PATCH, DELETE, OPTIONS])]
async fn root(played: Played) -> Response {
    played.0
}

#[route("/<_rest..>", methods = [GET, POST, PUT, PATCH, DELETE, OPTIONS])]
async fn anything(_rest: String, played: Played) -> Response {
    played.0
}

impl FromRequest for Played {
    type Rejection = Error;

    fn from_request(request: &Request<'_>) -> Result<Self, Error> {
        let event: Value = serde_json::from_str(request.event()).map_err(Error::internal)?;
        let routes = request
            .stage_variables()
            .find(|(name, _)| *name == ROUTES)
            .map_or("[]", |(_, routes)| routes);
        let routes: Vec<Value> = serde_json::from_str(routes).map_err(Error::internal)?;
        let resource = &event["requestContext"]["resourcePath"];
        let method = request.method().as_str();
        let is_it = |route: &&Value| {
            let mut methods = route["methods"].as_array().into_iter().flatten();
            route["path"] == *resource && methods.any(|name| name == method)
        };
        let Some(route) = routes.iter().find(is_it) else {
            return Err(Error::internal(format!(
                "no handler for {method} {resource}"
            )));
        };
        let response = play(&route["handler"], request, &event);
        let response = response.unwrap_or_else(IntoResponse::into_response);
        Ok(Self(with_cors(&route["cors"], response)))
    }
}

/// What a layer around the app would add: a REST API adds nothing to a function's answers.
fn with_cors(cors: &Value, response: Response) -> Response {
    if cors.is_null() || *cors == json!(false) {
        return response;
    }
    let mut response = response;
    for (name, value) in cors_headers(cors) {
        response = response.with_header(name, value);
    }
    response
}

/// The headers that Chalice makes of a CORS configuration.
pub(crate) fn cors_headers(cors: &Value) -> Vec<(&'static str, String)> {
    let text = |name: &str| cors[name].as_str().map(str::to_owned);
    let list = |name: &str| -> Vec<&str> {
        let values = cors[name].as_array().into_iter().flatten();
        values.filter_map(Value::as_str).collect()
    };
    let mut allowed = vec![
        "Authorization",
        "Content-Type",
        "X-Amz-Date",
        "X-Amz-Security-Token",
        "X-Api-Key",
    ];
    allowed.extend(list("allow_headers"));
    allowed.sort_unstable();
    let mut headers = vec![
        (
            "Access-Control-Allow-Origin",
            text("allow_origin").unwrap_or_else(|| "*".into()),
        ),
        ("Access-Control-Allow-Headers", allowed.join(",")),
    ];
    if !list("expose_headers").is_empty() {
        let exposed = list("expose_headers").join(",");
        headers.push(("Access-Control-Expose-Headers", exposed));
    }
    if let Some(seconds) = cors["max_age"].as_u64() {
        headers.push(("Access-Control-Max-Age", seconds.to_string()));
    }
    if cors["allow_credentials"] == true {
        headers.push(("Access-Control-Allow-Credentials", "true".into()));
    }
    headers
}

fn play(handler: &Value, request: &Request<'_>, event: &Value) -> Result<Response, Error> {
    if let Some(value) = handler.get("return") {
        return Ok(match value {
            Value::String(text) => text.clone().into_response(),
            value => Json(value).into_response(),
        });
    }
    if let Some(kind) = handler["raise"].as_str() {
        return Err(raise(
            kind,
            handler["message"].as_str().unwrap_or_default().to_owned(),
        ));
    }
    if let Some(response) = handler.get("response") {
        return respond(response);
    }
    let Some(echo) = handler["echo"].as_str() else {
        return Err(Error::internal(format!("no such handler: {handler}")));
    };
    let (name, argument) = echo.split_once(':').unwrap_or((echo, ""));
    let value = match name {
        "path_params" => {
            let names = event["pathParameters"].as_object().into_iter().flatten();
            // The gateway leaves them encoded; handlers get them decoded.
            let decode = |text: &str| {
                let decoded = percent_encoding::percent_decode_str(text);
                decoded.decode_utf8_lossy().into_owned()
            };
            names
                .map(|(name, value)| {
                    (
                        name.clone(),
                        json!(decode(value.as_str().unwrap_or_default())),
                    )
                })
                .collect()
        }
        "method" => json!({"method": request.method().as_str()}),
        "query_last" | "query_multi" => {
            let Query(query) = Query::<BTreeMap<String, Vec<String>>>::from_request(request)?;
            if query.is_empty() {
                Value::Null
            } else if name == "query_multi" {
                json!(query)
            } else {
                query
                    .iter()
                    .map(|(name, values)| (name.clone(), json!(values.last())))
                    .collect()
            }
        }
        "json_body" => {
            let Json(value) = Json::<Value>::from_request(request)?;
            value
        }
        "raw_text" => json!({"raw": String::from_request(request)?}),
        "raw_bytes" => {
            let bytes = Vec::<u8>::from_request(request)?;
            return Ok(bytes.with_header("content-type", argument));
        }
        "header" => json!({"value": request.header(argument)}),
        "authorizer_context" => event["requestContext"]["authorizer"].clone(),
        "lambda_context" => {
            let lambda = request.lambda();
            json!({
                "function_version": lambda.function_version,
                "memory_limit_in_mb": lambda.memory_mb,
                "aws_request_id": lambda.request_id,
                "remaining_ms": u64::try_from(lambda.remaining().as_millis()).unwrap_or(u64::MAX),
            })
        }
        "event" => event.clone(),
        _ => return Err(Error::internal(format!("no such echo: {echo}"))),
    };
    Ok(Json(value).into_response())
}

/// Chalice's errors as ours.
fn raise(kind: &str, message: String) -> Error {
    match kind {
        "BadRequestError" => Error::bad_request(message),
        "UnauthorizedError" => Error::unauthorized(message),
        "ForbiddenError" => Error::forbidden(message),
        "NotFoundError" => Error::not_found(message),
        "MethodNotAllowedError" => Error::new(StatusCode::METHOD_NOT_ALLOWED, message),
        "ConflictError" => Error::conflict(message),
        "UnprocessableEntityError" => Error::unprocessable(message),
        "TooManyRequestsError" => Error::too_many_requests(message),
        _ => Error::internal(message),
    }
}

fn respond(response: &Value) -> Result<Response, Error> {
    let status = response["status"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok());
    let body = match (
        response.get("json"),
        response["text"].as_str(),
        response["base64"].as_str(),
    ) {
        (Some(value), ..) => Json(value).into_response(),
        (_, Some(text), _) => text.to_owned().into_response(),
        (_, _, Some(encoded)) => STANDARD
            .decode(encoded)
            .map_err(Error::internal)?
            .into_response(),
        _ => ().into_response(),
    };
    let mut answer = (status.unwrap_or_default(), body).into_response();
    for (name, value) in response["headers"].as_object().into_iter().flatten() {
        match value {
            Value::Array(values) => {
                for value in values {
                    answer =
                        answer.with_added_header(name.as_str(), value.as_str().unwrap_or_default());
                }
            }
            value => answer = answer.with_header(name.as_str(), value.as_str().unwrap_or_default()),
        }
    }
    Ok(answer)
}
