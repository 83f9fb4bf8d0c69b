use super::*;

fn environment(endpoints: &[(&str, &str)]) -> Environment {
    let read = |name: &str| match name {
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("x".to_owned()),
        _ => endpoints
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, url)| (*url).to_owned()),
    };
    Environment::read(read).unwrap()
}

fn located(environment: &Environment, call: &Call) -> String {
    let (at, path) = environment.locate(call).unwrap();
    let scheme = if at.tls { "https" } else { "http" };
    format!("{scheme}://{}{path}", at.authority)
}

#[test]
fn a_call_goes_to_the_services_endpoint_of_the_region() {
    let object = |bucket, key| Call::object("GET", bucket, key);
    let account = environment(&[]);
    for (call, place) in [
        (
            Call::json(Service::Sqs, "x", &Value::Null),
            "https://sqs.eu-central-1.amazonaws.com/",
        ),
        (
            Call::form(Service::Sns, std::iter::empty()),
            "https://sns.eu-central-1.amazonaws.com/",
        ),
        (
            Call::json(Service::EventBridge, "x", &Value::Null),
            "https://events.eu-central-1.amazonaws.com/",
        ),
        (
            object("docs", Some("a b/ü+.txt")),
            "https://docs.s3.eu-central-1.amazonaws.com/a%20b/%C3%BC%2B.txt",
        ),
        (
            object("docs", None),
            "https://docs.s3.eu-central-1.amazonaws.com/",
        ),
        (
            object("my.docs", Some("a")),
            "https://s3.eu-central-1.amazonaws.com/my.docs/a",
        ),
    ] {
        assert_eq!(located(&account, &call), place);
    }
    let local = environment(&[
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
        ("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000/"),
    ]);
    for (call, place) in [
        (
            Call::json(Service::Sqs, "x", &Value::Null),
            "http://127.0.0.1:4566/",
        ),
        (object("docs", Some("a")), "http://127.0.0.1:9000/docs/a"),
        (object("docs", None), "http://127.0.0.1:9000/docs"),
    ] {
        assert_eq!(located(&local, &call), place);
    }
    let wrong = environment(&[("AWS_ENDPOINT_URL", "localhost")]);
    assert!(wrong.locate(&object("docs", None)).is_err());
}

#[test]
fn what_the_environment_lacks_is_named() {
    let nothing = Environment::read(|_| None).err().unwrap_or_default();
    assert!(nothing.contains("AWS_REGION"), "{nothing}");
}

#[test]
fn the_head_is_signed_and_says_what_is_sent() {
    let mut call = Call::object("PUT", "docs", Some("a"));
    call.headers.push(("content-type", "text/plain".to_owned()));
    call.body = Bytes::from_static(b"text");
    let mut environment = environment(&[]);
    environment.credentials.token = Some("token".to_owned());
    let (at, path) = environment.locate(&call).unwrap();
    call.path = path;
    let head = call.head(&at, &environment, 1_440_938_160);
    for line in [
        "PUT /a HTTP/1.1\r\n",
        "host: docs.s3.eu-central-1.amazonaws.com\r\n",
        "x-amz-date: 20150830T123600Z\r\n",
        "x-amz-security-token: token\r\n",
        "content-length: 4\r\n",
        "x-amz-content-sha256: 982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1\r\n",
        "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token, ",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
}

#[test]
fn an_error_has_awss_code_and_text() {
    let handle = Handle::new(super::super::UseKind::Queue, "orders");
    for (status, body, code, told, again) in [
        (
            400,
            r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no such queue"}"#,
            "QueueDoesNotExist",
            "queue orders: 400 QueueDoesNotExist: no such queue",
            false,
        ),
        (
            403,
            "<ErrorResponse><Error><Code>AuthorizationError</Code><Message>not &lt;you&gt;</Message></Error></ErrorResponse>",
            "AuthorizationError",
            "queue orders: 403 AuthorizationError: not <you>",
            false,
        ),
        (
            503,
            "<Error><Code>SlowDown</Code></Error>",
            "SlowDown",
            "queue orders: 503 SlowDown: ",
            true,
        ),
        (
            400,
            r#"{"__type":"ThrottlingException"}"#,
            "ThrottlingException",
            "queue orders: 400 ThrottlingException: ",
            true,
        ),
        (500, "", "", "queue orders: 500 : ", true),
    ] {
        let error = refusal(
            &handle,
            &Answer {
                status,
                body: body.into(),
            },
        );
        assert_eq!((error.code(), error.status()), (code, Some(status)));
        assert_eq!(error.to_string(), told);
        assert_eq!(passes(&error), again, "{told}");
    }
}
