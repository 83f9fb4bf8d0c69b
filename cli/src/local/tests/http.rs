//! The server in front: HTTP in, HTTP out, and the swap of generations.

use super::*;

/// A running server, and what ends it.
pub(super) struct Running {
    pub(super) server: Arc<Server>,
    pub(super) lines: Lines,
    stop: Mutex<Option<oneshot::Sender<()>>>,
    done: tokio::task::JoinHandle<()>,
}

pub(super) async fn start() -> Running {
    start_with(Patience::default()).await
}

/// A server that waits so long for its clients.
pub(super) async fn start_with(patience: Patience) -> Running {
    let lines = Lines::default();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let hosts = Hosts::new(address.ip(), &["friend.example".to_owned()]);
    let server = Server::bind_with(address, hosts, lines.logs(), patience)
        .await
        .unwrap();
    let server = Arc::new(server);
    let (stop, stopped) = oneshot::channel();
    let done = tokio::spawn({
        let server = Arc::clone(&server);
        async move {
            server
                .run(async {
                    let _ = stopped.await;
                })
                .await;
        }
    });
    Running {
        server,
        lines,
        stop: Mutex::new(Some(stop)),
        done,
    }
}

impl Running {
    pub(super) fn serve(&self, variables: &[(&str, &str)]) {
        self.serve_behind("", variables);
    }

    /// The same with that `fw.toml`.
    pub(super) fn serve_behind(&self, text: &str, variables: &[(&str, &str)]) {
        self.serve_app(bootstrap(), text, variables);
    }

    /// The same with that bootstrap.
    pub(super) fn serve_app(&self, bootstrap: &Path, text: &str, variables: &[(&str, &str)]) {
        let routes = ["GET", "POST", "HEAD"].map(|method| ManifestRoute::new(method, "/{what}"));
        self.serve_routes(bootstrap, text, routes.to_vec(), variables);
    }

    /// The same with these routes.
    pub(super) fn serve_routes(
        &self,
        bootstrap: &Path,
        text: &str,
        routes: Vec<ManifestRoute>,
        variables: &[(&str, &str)],
    ) {
        let mut manifest = Manifest::new("test");
        manifest.set_routes(routes);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("fw.toml"), text).unwrap();
        let settings = Settings::load(folder.path(), "dev").unwrap();
        let generation = Generation::new(
            Source {
                manifest: &manifest,
                settings: &settings,
                bootstrap,
                replaceable: true,
                directory: &std::env::temp_dir(),
                url: "http://localhost:8000",
                keyring: Keyring::new(folder.path().join("key")),
                info: fw_openapi::Info::default(),
                credentials: LocalCredentials::well_known(),
                options: super::super::generation::Options::default(),
                environment: variables
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
            },
            self.server.logs(),
        );
        self.server.serve(generation.unwrap());
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.server.address()).await.unwrap()
    }

    /// Tells the server to end.
    fn end(&self) {
        let stop = self.stop.lock().unwrap().take();
        stop.expect("it has not been told yet").send(()).unwrap();
    }

    pub(super) async fn stop(self) {
        self.end();
        self.done.await.unwrap();
    }
}

/// Sends the bytes on a connection of their own, and reads until the server closes it.
pub(super) async fn exchange(running: &Running, request: &str) -> String {
    let mut stream = running.connect().await;
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

pub(super) async fn get(running: &Running, target: &str) -> (u16, Value) {
    let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let answer = exchange(running, &request).await;
    let status = answer.split(' ').nth(1).expect("a status").parse().unwrap();
    let body = answer.split_once("\r\n\r\n").expect("a body").1;
    (
        status,
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}")),
    )
}

#[tokio::test]
async fn a_request_past_the_grace_is_answered_as_a_failed_one_and_not_as_one_too_many() {
    let running = start().await;
    running.serve(&[]);
    let (answer, ()) = tokio::join!(
        exchange(
            &running,
            "GET /do:sleep:600000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        ),
        async {
            let lines = running.lines.clone();
            eventually(|| lines.all().iter().any(|line| line.starts_with("START"))).await;
            running.end();
        }
    );
    assert!(answer.starts_with("HTTP/1.1 500 "), "{answer}");
    assert!(
        answer.ends_with("{\"message\":\"Internal Server Error\"}"),
        "{answer}"
    );
}

#[tokio::test]
async fn each_gateway_sends_its_own_event_and_answers_in_its_own_words() {
    let running = start().await;
    running.serve_behind(
        "gateway = \"rest-api\"\nstage_variables = { table = \"t1\" }",
        &[],
    );
    // The bootstrap answers with a result that is none for a REST API, which the error shows.
    let (status, body) = get(&running, "/dev/do:echo").await;
    assert_eq!(
        (status, body),
        (502, json!({"message": "Internal server error"}))
    );
    let (status, body) = get(&running, "/dev/no/such").await;
    let missing = json!({"message": "Missing Authentication Token"});
    assert_eq!((status, body), (403, missing));
    let (status, _) = get(&running, "/do:echo").await;
    assert_eq!(status, 403, "a REST API's stage is in the path");

    running.serve_behind("gateway = \"function-url\"", &[]);
    let (status, event) = get(&running, "/do:echo").await;
    assert_eq!(status, 200);
    assert_eq!(event["routeKey"], "$default");
    assert_eq!(event["rawPath"], "/do:echo");

    running.serve_behind(
        "stage_name = \"v1\"\nstage_variables = { table = \"t1\" }",
        &[],
    );
    let (status, event) = get(&running, "/v1/do:echo").await;
    assert_eq!(status, 200);
    assert_eq!(event["rawPath"], "/v1/do:echo");
    assert_eq!(event["stageVariables"]["table"], "t1");
    assert_eq!(event["requestContext"]["stage"], "v1");
    assert_eq!(get(&running, "/do:echo").await.0, 404);

    running.serve_behind("payload_format = \"1.0\"", &[]);
    // Format 1.0 infers nothing, and an echoed event is no answer.
    assert_eq!(get(&running, "/do:echo").await.0, 500);
    running.stop().await;
}

#[tokio::test]
async fn an_api_waits_as_long_as_it_is_told_and_the_function_goes_on() {
    let running = start().await;
    for (settings, prefix, expected) in [
        ("", "", (503, json!({"message": "Service Unavailable"}))),
        (
            "gateway = \"rest-api\"\n",
            "/dev",
            (504, json!({"message": "Endpoint request timed out"})),
        ),
    ] {
        running.serve_behind(&format!("{settings}integration_timeout = 50"), &[]);
        // The first one waits for a process to start as well; it does not matter which of the two took too long.
        let answer = get(&running, &format!("{prefix}/do:sleep:700")).await;
        assert_eq!(answer, expected, "{settings}");
    }
    let reports = || {
        let lines = running.lines.all();
        let reports = lines.iter().filter(|line| line.starts_with("REPORT"));
        reports.count()
    };
    eventually(|| reports() == 2).await;
    running.stop().await;
}

#[tokio::test]
async fn a_request_goes_through_gateway_and_process_and_back() {
    let running = start().await;
    // A request before the first generation waits for it.
    let (answer, ()) = tokio::join!(get(&running, "/do:echo?a=1&a=2"), async {
        running.serve(&[]);
    });
    let (status, event) = answer;
    assert_eq!(status, 200);
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["routeKey"], "GET /{what}");
    assert_eq!(event["rawPath"], "/do:echo");
    assert_eq!(event["rawQueryString"], "a=1&a=2");
    assert_eq!(event["headers"]["host"], "localhost");
    let (status, body) = get(&running, "/no/such/route").await;
    assert_eq!((status, body), (404, json!({"message": "Not Found"})));
    let (status, body) = get(&running, "/do:exit:1").await;
    assert_eq!(
        (status, body),
        (500, json!({"message": "Internal Server Error"}))
    );
    let lines = running.lines.clone();
    running.stop().await;
    lines.position("GET /do:echo?a=1&a=2 200 ");
    lines.position("GET /no/such/route 404 ");
    lines.position("GET /do:exit:1 500 ");
}

#[tokio::test]
async fn bodies_come_whole_chunked_expected_and_not_too_large() {
    let running = start().await;
    running.serve(&[]);
    let head = "POST /do:echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nConnection: close\r\n";
    let body_of = |answer: &str| -> Value {
        let body = answer.rsplit_once("\r\n\r\n").expect("a body").1;
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"))
    };
    let plain = exchange(&running, &format!("{head}Content-Length: 5\r\n\r\nhello")).await;
    assert_eq!(body_of(&plain)["body"], "hello");
    let chunked =
        format!("{head}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n");
    assert_eq!(
        body_of(&exchange(&running, &chunked).await)["body"],
        "hello"
    );
    // Who waits is told to go on; who has not waited needs not be (RFC 9110 §10.1.1).
    let expects = format!("{head}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    let answer = exchange(&running, &format!("{expects}hello")).await;
    assert_eq!(body_of(&answer)["body"], "hello");
    let mut stream = running.connect().await;
    stream.write_all(expects.as_bytes()).await.unwrap();
    let mut told = [0; 25];
    stream.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(body_of(&answer)["body"], "hello");
    // Who would send too much is told so before they do.
    let large = "POST /do:echo HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n";
    let answer = exchange(&running, large).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let large = exchange(&running, &format!("{head}Content-Length: 10485761\r\n\r\n")).await;
    assert!(large.starts_with("HTTP/1.1 413 "), "{large}");
    assert_eq!(
        body_of(&large),
        json!({"message": "Request Entity Too Large"})
    );
    let long = "x".repeat(10_240);
    let answer = exchange(&running, &format!("{head}X-Long: {long}\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn head_has_no_body_and_names_are_spelt_as_the_gateways() {
    let running = start().await;
    running.serve(&[]);
    let request = "HEAD /do:pid HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = exchange(&running, request).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    for name in [
        "Content-Type: ",
        "Content-Length: ",
        "Apigw-Requestid: ",
        "Date: ",
    ] {
        assert_eq!(
            answer.matches(&format!("\r\n{name}")).count(),
            1,
            "{name} {answer}"
        );
    }
    running.stop().await;
}

#[tokio::test]
async fn a_connection_is_kept_and_takes_pipelined_requests() {
    let running = start().await;
    running.serve(&[]);
    let one = "GET /do:pid HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let last = "GET /do:pid HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = exchange(&running, &format!("{one}{one}{last}")).await;
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
    running.stop().await;
}

#[tokio::test]
async fn a_taken_port_is_named_with_what_to_do() {
    let running = start().await;
    let address = running.server.address();
    let hosts = Hosts::new(address.ip(), &[]);
    let failure = Server::bind_with(address, hosts, Lines::default().logs(), Patience::default())
        .await
        .unwrap_err();
    assert_eq!(failure.exit(), crate::error::Exit::Unavailable);
    assert!(
        failure.message().contains(&address.port().to_string()),
        "{failure}"
    );
    assert!(failure.advice().unwrap().contains("--port 0"));
    running.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_disturbs_nobody() {
    let running = start().await;
    running.serve(&[]);
    let mut stream = running.connect().await;
    let request = "GET /do:sleep:200 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    eventually(|| {
        running
            .lines
            .all()
            .iter()
            .any(|line| line.starts_with("START"))
    })
    .await;
    drop(stream);
    eventually(|| {
        running
            .lines
            .all()
            .iter()
            .any(|line| line.starts_with("REPORT"))
    })
    .await;
    assert_eq!(get(&running, "/do:pid").await.1["count"], 1);
    let lines = running.lines.clone();
    running.stop().await;
    lines.position("the client disconnected before the response");
}

/// Swaps generations under load; every request must be answered by one of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_refused_while_generations_are_swapped() {
    const SWAPS: usize = 10;
    let running = Arc::new(start().await);
    running.serve(&[("GENERATION", "0")]);
    let over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let client = |keep: bool| {
        let (running, over) = (Arc::clone(&running), Arc::clone(&over));
        tokio::spawn(async move {
            let mut answered = 0;
            let mut stream = running.connect().await;
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                if !keep {
                    stream = running.connect().await;
                }
                let request = "GET /do:sleep:2 HTTP/1.1\r\nHost: localhost\r\n\r\n";
                stream.write_all(request.as_bytes()).await.unwrap();
                let mut answer = vec![0; 4096];
                let count = stream.read(&mut answer).await.unwrap();
                let answer = String::from_utf8_lossy(&answer[..count]);
                assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
                answered += 1;
            }
            answered
        })
    };
    let clients = [client(true), client(false), client(true), client(false)];
    let mut process = Value::Null;
    for swap in 1..=SWAPS {
        let (_, event) = get(&running, "/do:env").await;
        assert_eq!(event["GENERATION"], (swap - 1).to_string());
        let (_, who) = get(&running, "/do:pid").await;
        process = who["pid"].clone();
        running.serve(&[("GENERATION", &swap.to_string())]);
    }
    // The processes of a former generation end.
    eventually(|| !is_alive(&process)).await;
    over.store(true, std::sync::atomic::Ordering::Relaxed);
    for client in clients {
        assert!(client.await.unwrap() > 0);
    }
    let running = Arc::into_inner(running).expect("all clients are gone");
    let (_, last) = get(&running, "/do:pid").await;
    running.stop().await;
    assert!(!is_alive(&last["pid"]));
}

#[tokio::test]
async fn ending_lets_a_request_finish_and_leaves_no_process() {
    let running = start().await;
    running.serve(&[]);
    let mut stream = running.connect().await;
    let request = "GET /do:sleep:300 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    eventually(|| {
        running
            .lines
            .all()
            .iter()
            .any(|line| line.starts_with("START"))
    })
    .await;
    let stopping = async {
        running.stop().await;
    };
    let mut answer = Vec::new();
    let (read, ()) = tokio::join!(stream.read_to_end(&mut answer), stopping);
    read.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    let body = answer.split_once("\r\n\r\n").expect("a body").1;
    let who: Value = serde_json::from_str(body).unwrap();
    assert!(!is_alive(&who["pid"]));
}

#[tokio::test]
async fn http_2_without_tls_gives_the_same_event() {
    use http_body_util::{BodyExt, Empty};

    let running = start().await;
    running.serve(&[]);
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .http2_only(true)
        .build_http::<Empty<Bytes>>();
    let url = format!("http://{}/do:echo?a=b", running.server.address());
    let response = client.get(url.parse().unwrap()).await.unwrap();
    assert_eq!(response.version(), ::http::Version::HTTP_2);
    assert_eq!(response.status(), 200);
    assert!(!response.headers().contains_key("connection"));
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let event: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(event["rawPath"], "/do:echo");
    assert_eq!(event["rawQueryString"], "a=b");
    assert_eq!(
        event["headers"]["host"],
        running.server.address().to_string()
    );
    drop(client);
    running.stop().await;
}

/// Bytes that are no HTTP, and connections on which nothing comes, hold up nobody.
#[tokio::test]
async fn strangers_are_turned_away_and_the_others_served() {
    let running = start().await;
    running.serve(&[]);
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(running.connect().await);
    }
    let mut noise: u32 = 1;
    for _ in 0..20 {
        let mut stream = running.connect().await;
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            noise.to_be_bytes()[0]
        })
        .take(64 * 1024)
        .collect();
        // The server may close before it has read all.
        let _ = stream.write_all(&bytes).await;
        let _ = stream.shutdown().await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
            "{answer}"
        );
    }
    assert_eq!(get(&running, "/do:pid").await.0, 200);
    drop(silent);
    running.stop().await;
}
