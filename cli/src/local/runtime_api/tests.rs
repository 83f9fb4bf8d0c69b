//! The wire: what correct clients send in all its forms, and what hostile ones do. No processes: the tests are the process.
//!
//! The file is long because every malformed request stands here beside the answer that it gets.

use std::{path::PathBuf, sync::Arc, time::Duration};

use bytes::Bytes;
use proptest::prelude::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    task::JoinHandle,
};

use super::{
    LARGEST_RESULT, Line, PortGuard, converse,
    wire::{Broken, Connection, Head},
};
use crate::{
    local::{
        instance::Instance,
        logs::Logs,
        pool::{Limits, Outcome, Pool},
    },
    process::environment::Function,
    values::credentials::LocalCredentials,
};

/// A process that the test plays, with one connection to its Runtime API.
struct Played {
    pool: Pool,
    instance: Arc<Instance>,
    stream: DuplexStream,
    served: JoinHandle<()>,
}

impl Played {
    fn new() -> Self {
        let function = Function {
            name: "played-dev".to_owned(),
            handler: "bootstrap".to_owned(),
            memory_mb: 128,
            timeout_seconds: 30,
            bootstrap: PathBuf::from("/nowhere"),
            directory: std::env::temp_dir(),
            region: "eu-central-1".to_owned(),
            account: "123456789012".to_owned(),
            strict: false,
            traces: false,
            asynchronous: None,
            credentials: LocalCredentials::well_known(),
            environment: Vec::new(),
        };
        let pool = Pool::new(function, Limits::default(), Logs::to(false, true, |_| {}));
        let instance = Instance::new(pool.clone(), 1, None, false);
        Self::on(pool, instance)
    }

    /// The same process by another connection.
    fn again(&self) -> Self {
        Self::on(self.pool.clone(), Arc::clone(&self.instance))
    }

    fn on(pool: Pool, instance: Arc<Instance>) -> Self {
        let (stream, theirs) = duplex(64 * 1024);
        let own = Arc::clone(&instance);
        let served = tokio::spawn(async move {
            converse(theirs, &instance, &PortGuard::instance(1), &Line::new(None)).await;
        });
        Self {
            pool,
            instance: own,
            stream,
            served,
        }
    }

    async fn say(&mut self, text: impl AsRef<[u8]>) {
        self.stream.write_all(text.as_ref()).await.unwrap();
    }

    /// The next answer: its status and its body.
    async fn hear(&mut self) -> (u16, String) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let length = head.split_once("Content-Length: ");
        let length = length.and_then(|(_, rest)| rest.lines().next()?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut body).await.unwrap();
        (status, String::from_utf8(body).unwrap())
    }

    /// An invocation that the process has, and what becomes of it.
    async fn invoked(&mut self) -> JoinHandle<Outcome> {
        self.say("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .await;
        while self.pool.idle() == 0 {
            tokio::task::yield_now().await;
        }
        let pool = self.pool.clone();
        let invocation = tokio::spawn(async move {
            let event = Bytes::from_static(b"{}");
            pool.invoke("id-1".to_owned(), "Root=1".to_owned(), event)
                .await
        });
        assert_eq!(self.hear().await, (200, "{}".to_owned()));
        invocation
    }
}

/// The ways in which a result can be sent; each is the whole request.
fn results(payload: &str) -> Vec<String> {
    let path = "/2018-06-01/runtime/invocation/id-1/response";
    let length = payload.len();
    let (first, second) = payload.split_at(length / 2);
    let chunks = format!(
        "{:x}\r\n{first}\r\n{:X};a=\"b\"\r\n{second}\r\n0\r\n",
        first.len(),
        second.len()
    );
    vec![
        format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:9001\r\nContent-Length: {length}\r\n\r\n{payload}"
        ),
        format!(
            "\r\n\r\nPOST {path}?a=b HTTP/1.1\r\nhost:localhost\r\nCONTENT-LENGTH:   {length}\t\r\n\r\n{payload}"
        ),
        format!(
            "POST {path} HTTP/1.1\nHost: localhost\nContent-Length: {length}, {length}\n\n{payload}"
        ),
        format!(
            "POST http://127.0.0.1:9001{path} HTTP/1.1\r\nHost: [::1]:9001\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{payload}"
        ),
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:1\r\nTransfer-Encoding: Chunked\r\n\r\n{chunks}\r\n"
        ),
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nLambda-Runtime-Function-Response-Mode: streaming\r\n\
             Transfer-Encoding: chunked\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n\r\n{chunks}\
             Lambda-Runtime-Function-Error-Type: Mine\r\nX-Other: 1\r\n\r\n"
        ),
        format!("POST {path} HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{payload}"),
    ]
}

#[tokio::test]
async fn a_result_is_taken_in_every_form_and_however_it_is_cut() {
    for request in results("{\"answer\": 42}") {
        for cut in [1, 7, 100, request.len()] {
            let mut it = Played::new();
            let outcome = it.invoked().await;
            for part in request.as_bytes().chunks(cut) {
                it.say(part).await;
                tokio::task::yield_now().await;
            }
            assert_eq!(
                it.hear().await,
                (202, "{\"status\":\"OK\"}\n".to_owned()),
                "{request}"
            );
            let expected = Outcome::Payload(Bytes::from_static(b"{\"answer\": 42}"));
            assert_eq!(outcome.await.unwrap(), expected, "{request}");
        }
    }
}

#[tokio::test]
async fn requests_may_come_before_their_turn_and_the_writer_may_stop_writing() {
    let mut it = Played::new();
    let outcome = it.invoked().await;
    it.say(
        "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nContent-Length: 1\r\n\r\n1\
         POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nContent-Length: 1\r\n\r\n2\
         GET /elsewhere HTTP/1.1\r\n\r\nHEAD /elsewhere HTTP/1.1\r\n\r\n",
    )
    .await;
    it.stream.shutdown().await.unwrap();
    let mut all = String::new();
    it.stream.read_to_string(&mut all).await.unwrap();
    let statuses: Vec<_> = all.matches("HTTP/1.1 ").collect();
    assert_eq!(statuses.len(), 4, "{all}");
    assert!(
        all.contains("HTTP/1.1 202 Accepted\r\nContent-Type: application/json\r\n"),
        "{all}"
    );
    assert!(
        all.contains(
            "{\"errorMessage\":\"Invalid request ID\",\"errorType\":\"InvalidRequestID\"}"
        )
    );
    // HEAD is told the length, and gets no body.
    assert_eq!(all.matches("404 page not found\n").count(), 1, "{all}");
    assert!(all.ends_with("\r\n\r\n"), "{all}");
    assert_eq!(
        outcome.await.unwrap(),
        Outcome::Payload(Bytes::from_static(b"1"))
    );
    it.served.await.unwrap();
}

const NEXT: &str = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: 127.0.0.1:9001\r\n";

#[tokio::test]
async fn what_a_page_sends_takes_no_event_and_answers_none() {
    let mut it = Played::new();
    it.say(format!("{NEXT}\r\n")).await;
    while it.pool.idle() == 0 {
        tokio::task::yield_now().await;
    }
    let post = "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n";
    for fields in [
        "Origin: http://evil.example",
        "Origin: null",
        "Origin: http://localhost:3000",
        "Origin: http://127.0.0.1:9001",
        // An image tag.
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image",
        "sec-fetch-site: same-site",
        "Sec-Fetch-Site: same-origin",
        "Sec-Fetch-Site: none",
        "Host: rebound.example",
        "Host: [::1]evil",
    ] {
        for request in [
            format!("{NEXT}{fields}\r\n\r\n"),
            format!("{post}{fields}\r\n\r\n1"),
        ] {
            let mut page = it.again();
            page.say(&request).await;
            assert_eq!(page.hear().await.0, 403, "{request}");
        }
    }
    let pool = it.pool.clone();
    let invocation = tokio::spawn(async move {
        let event = Bytes::from_static(b"{}");
        pool.invoke("id-1".to_owned(), "Root=1".to_owned(), event)
            .await
    });
    assert_eq!(it.hear().await, (200, "{}".to_owned()));
    it.say(
        "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nContent-Length: 1\r\n\r\n2",
    )
    .await;
    assert_eq!(it.hear().await.0, 202);
    let expected = Outcome::Payload(Bytes::from_static(b"2"));
    assert_eq!(invocation.await.unwrap(), expected);
}

#[tokio::test]
async fn a_second_call_for_an_event_takes_none_from_a_first_that_is_alive() {
    let mut first = Played::new();
    first.say(format!("{NEXT}\r\n")).await;
    while first.pool.idle() == 0 {
        tokio::task::yield_now().await;
    }
    let mut second = first.again();
    second.say(format!("{NEXT}\r\n")).await;
    assert_eq!(second.hear().await.0, 403);
    let pool = first.pool.clone();
    let invocation = tokio::spawn(async move {
        let event = Bytes::from_static(b"{}");
        pool.invoke("id-1".to_owned(), "Root=1".to_owned(), event)
            .await
    });
    assert_eq!(first.hear().await, (200, "{}".to_owned()));
    first.say("POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nContent-Length: 1\r\n\r\n1").await;
    assert_eq!(first.hear().await.0, 202);
    assert_eq!(
        invocation.await.unwrap(),
        Outcome::Payload(Bytes::from_static(b"1"))
    );
}

#[tokio::test]
async fn a_process_that_has_given_up_its_call_asks_by_another_connection() {
    let first = Played::new();
    let Played {
        pool,
        instance,
        mut stream,
        served,
    } = first;
    stream
        .write_all(format!("{NEXT}\r\n").as_bytes())
        .await
        .unwrap();
    while pool.idle() == 0 {
        tokio::task::yield_now().await;
    }
    // More often than a process may have connections.
    let mut before = (stream, served);
    for _ in 0..70 {
        let mut next = Played::on(pool.clone(), Arc::clone(&instance));
        next.say(format!("{NEXT}\r\n")).await;
        // It asks before the server can know that the first is gone.
        tokio::task::yield_now().await;
        drop(before.0);
        before.1.await.unwrap();
        before = (next.stream, next.served);
    }
    let mut last = Played {
        pool,
        instance,
        stream: before.0,
        served: before.1,
    };
    let pool = last.pool.clone();
    let invocation = tokio::spawn(async move {
        let event = Bytes::from_static(b"{}");
        pool.invoke("id-1".to_owned(), "Root=1".to_owned(), event)
            .await
    });
    assert_eq!(last.hear().await, (200, "{}".to_owned()));
    last.say(
        "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nContent-Length: 1\r\n\r\n1",
    )
    .await;
    assert_eq!(last.hear().await.0, 202);
    assert_eq!(
        invocation.await.unwrap(),
        Outcome::Payload(Bytes::from_static(b"1"))
    );
}

#[tokio::test]
async fn a_process_that_asks_before_it_sends_a_body_is_told_to_go_on() {
    let mut it = Played::new();
    let outcome = it.invoked().await;
    it.say(
        "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    )
    .await;
    assert_eq!(it.hear().await, (100, String::new()));
    it.say("hello").await;
    assert_eq!(it.hear().await.0, 202);
    assert_eq!(
        outcome.await.unwrap(),
        Outcome::Payload(Bytes::from_static(b"hello"))
    );
}

#[tokio::test]
async fn a_result_that_is_too_large_is_read_to_its_end_in_either_form() {
    for chunked in [false, true] {
        let mut it = Played::new();
        let outcome = it.invoked().await;
        let length = LARGEST_RESULT + 1;
        let (framing, before, after) = if chunked {
            let framing = "Transfer-Encoding: chunked".to_owned();
            (framing, format!("{length:x}\r\n"), "\r\n0\r\n\r\n")
        } else {
            (format!("Content-Length: {length}"), String::new(), "")
        };
        it.say(format!(
            "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\n{framing}\r\n\r\n{before}"
        ))
        .await;
        it.say(vec![b'x'; length]).await;
        it.say(after).await;
        let (status, body) = it.hear().await;
        assert_eq!(status, 413, "{body}");
        assert!(matches!(outcome.await.unwrap(), Outcome::FunctionError(_)));
        // The connection goes on.
        it.say("GET /elsewhere HTTP/1.1\r\n\r\n").await;
        assert_eq!(it.hear().await.0, 404);
    }
}

#[tokio::test]
async fn what_is_no_request_is_told_so_and_the_connection_is_closed() {
    let many = "A: b\r\n".repeat(65);
    let long = format!("GET / HTTP/1.1\r\nA: {}\r\n", "x".repeat(600 * 1024));
    let next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n";
    let post = "POST /x HTTP/1.1\r\n";
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/2.0\r\n\r\n".to_owned(), 505),
        ("GET / HTTP/1.1\r\nA b\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\n{many}\r\n"), 431),
        (long, 431),
        (format!("{next}Host: rebound.example:9001\r\n\r\n"), 403),
        (format!("{post}Content-Length: -1\r\n\r\n"), 400),
        (
            format!("{post}Content-Length: 1\r\nContent-Length: 2\r\n\r\n1"),
            400,
        ),
        (
            format!("{post}Content-Length: 99999999999999999999\r\n\r\n"),
            400,
        ),
        (
            format!("{post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            400,
        ),
        (
            format!("{post}Transfer-Encoding: gzip, chunked\r\n\r\n"),
            501,
        ),
        (
            format!("{post}Transfer-Encoding: chunked\r\n\r\nxyz\r\n"),
            400,
        ),
        (
            format!("{post}Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n"),
            400,
        ),
        (
            format!("{post}Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n"),
            400,
        ),
        (
            format!("{post}Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n"),
            400,
        ),
        (
            format!(
                "{post}Transfer-Encoding: chunked\r\n\r\n1{}",
                " ".repeat(5000)
            ),
            400,
        ),
        (
            format!("{post}Transfer-Encoding: chunked\r\n\r\n0\r\nbad trailer\r\n\r\n"),
            400,
        ),
        (
            "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_owned(),
            400,
        ),
    ] {
        let it = Played::new();
        let (mut read, mut write) = tokio::io::split(it.stream);
        let shown = request.chars().take(80).collect::<String>();
        tokio::spawn(async move {
            // The other side may close before it has read all of it.
            let _ = write.write_all(request.as_bytes()).await;
        });
        let mut all = String::new();
        read.read_to_string(&mut all).await.unwrap();
        assert!(
            all.starts_with(&format!("HTTP/1.1 {status} ")),
            "{shown:?}: {all}"
        );
        assert!(
            all.contains("\r\nConnection: close\r\n"),
            "{shown:?}: {all}"
        );
    }
}

/// A body as those read it who pass it on while it comes.
async fn pieces(input: &[u8]) -> Result<(Head, Vec<u8>, Option<Vec<u8>>), Broken> {
    let (mut ours, theirs) = duplex(16);
    let send = async {
        let _ = ours.write_all(input).await;
        drop(ours);
    };
    let receive = async {
        let mut connection = Connection::new(theirs, PortGuard::instance(1));
        let head = connection.head().await?;
        let mut body = Vec::new();
        while let Some(piece) = connection.piece().await? {
            body.extend_from_slice(&piece);
        }
        let error = connection.trailers().error_type.clone();
        Ok((head, body, error))
    };
    tokio::join!(send, receive).1
}

#[tokio::test]
async fn a_streamed_body_comes_in_pieces_and_its_trailers_after_it() {
    for request in results("some payload") {
        let streams = request.contains("streaming");
        let (head, body, error) = pieces(request.as_bytes()).await.unwrap();
        assert_eq!(head.path, "/2018-06-01/runtime/invocation/id-1/response");
        assert_eq!(head.response_mode.as_deref() == Some(b"streaming"), streams);
        assert_eq!(body, b"some payload", "{request}");
        assert_eq!(error.as_deref() == Some(b"Mine"), streams, "{request}");
    }
}

/// Bytes that a hostile process may send: nonsense, and requests with parts changed.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..64),
        proptest::sample::select(vec![
            "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n",
            "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\n",
            "POST /2018-06-01/runtime/invocation/id-1/error HTTP/1.1\r\n",
            "POST /2018-06-01/runtime/init/error HTTP/1.1\r\n",
            "Content-Length: 5\r\n",
            "Content-Length: 18446744073709551615\r\n",
            "Transfer-Encoding: chunked\r\n",
            "Expect: 100-continue\r\n",
            "Connection: close\r\n",
            "Host: é\r\n",
            "Lambda-Runtime-Function-Response-Mode: streaming\r\n",
            "\r\n",
            "\n\n",
            "5\r\nhello\r\n",
            "FFFFFFFFFFFFFFFF\r\n",
            "0\r\n",
            "0\r\n\r\n",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever comes, the connection is served to its end and the pool can be used: nothing panics, nothing hangs.
    #[test]
    fn hostile_bytes_end_the_connection_and_nothing_else(bytes in hostile(), cut in 1_usize..64) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut it = Played::new();
            let (mut read, mut write) = tokio::io::split(it.stream);
            let reader = tokio::spawn(async move {
                let mut all = Vec::new();
                // An error is the end as well.
                let _ = read.read_to_end(&mut all).await;
                all
            });
            for part in bytes.chunks(cut) {
                if write.write_all(part).await.is_err() {
                    break;
                }
            }
            let _ = write.shutdown().await;
            // One that waits for an event is given one, and so on until all that it sent has been read. Only one that has said that
            // it could not initialise, and asks all the same, waits for its end.
            let end = tokio::time::Instant::now() + Duration::from_secs(20);
            let fails = bytes.windows(10).any(|part| part == b"init/error");
            let mut turns = 0;
            while !it.served.is_finished() {
                turns += 1;
                if fails && turns > 20 {
                    it.served.abort();
                }
                assert!(tokio::time::Instant::now() < end, "the connection hangs");
                if it.pool.idle() > 0 {
                    let pool = it.pool.clone();
                    tokio::spawn(async move {
                        pool.invoke("id-1".to_owned(), "Root=1".to_owned(), Bytes::new()).await
                    });
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            let served = (&mut it.served).await;
            assert!(served.is_ok() || fails, "{served:?}");
            let answers = reader.await.unwrap();
            let answers = String::from_utf8_lossy(&answers);
            assert!(answers.is_empty() || answers.starts_with("HTTP/1.1 "), "{answers}");
        });
    }

    /// A body cut into any chunks is the body, whatever follows it.
    #[test]
    fn chunks_make_up_the_body(parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..200), 0..8)) {
        let mut request = b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        for part in &parts {
            request.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
            request.extend_from_slice(part);
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"0\r\n\r\n");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (_, body, _) = runtime.block_on(pieces(&request)).unwrap();
        prop_assert_eq!(body, parts.concat());
    }
}

#[tokio::test]
async fn an_error_that_cannot_be_read_is_made_of_its_header() {
    for (body, kind, expected) in [
        ("", "Runtime.Odd", r#"{"errorType":"Runtime.Odd"}"#),
        ("no json", "Runtime.Odd", r#"{"errorType":"Runtime.Odd"}"#),
        ("[1]", "Mine", r#"{"errorType":"Mine"}"#),
        (
            r#"{"errorType":"Own","errorMessage":"m"}"#,
            "Mine",
            r#"{"errorType":"Own","errorMessage":"m"}"#,
        ),
    ] {
        let mut it = Played::new();
        let outcome = it.invoked().await;
        it.say(format!(
            "POST /2018-06-01/runtime/invocation/id-1/error HTTP/1.1\r\n\
             Lambda-Runtime-Function-Error-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
        assert_eq!(it.hear().await.0, 202, "{body}");
        match outcome.await.unwrap() {
            Outcome::FunctionError(document) => assert_eq!(document, expected),
            other => panic!("{body}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn the_id_of_another_invocation_is_refused() {
    let mut it = Played::new();
    let outcome = it.invoked().await;
    for (sent, status) in [
        ("Lambda-Runtime-Invocation-Id: id-0\r\n", 400),
        ("Lambda-Runtime-Invocation-Id: id-1\r\n", 202),
    ] {
        it.say(format!(
            "POST /2018-06-01/runtime/invocation/id-1/response HTTP/1.1\r\n{sent}Content-Length: 4\r\n\r\nnull"
        ))
        .await;
        assert_eq!(it.hear().await.0, status, "{sent}");
    }
    assert!(matches!(outcome.await.unwrap(), Outcome::Payload(_)));
}
