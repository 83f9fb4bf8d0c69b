//! The client in Rust of the example `catalog`, compiled and called. `examples.rs` writes it: `FW_UPDATE=1 cargo test -p fw-openapi --test examples`.

use std::{
    collections::VecDeque,
    future::Future,
    pin::pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
};

use serde_json::{Value, json};

#[allow(
    unexpected_cfgs,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    unused_qualifications,
    reason = "a crate of its own has the feature, and none of our lints"
)]
// As it is written, so that it can be compared.
#[rustfmt::skip]
#[path = "golden/catalog-client.rs"]
mod catalog;

use self::catalog::{
    Binding, BookChange, Client, CreateAnswer, FetchAnswer, Hit, ListAnswer, NewBook, Place, Price,
    Reply, Request, SearchAnswer, Transport,
};

/// Keeps what is sent, and answers what it was given.
#[derive(Default)]
struct Canned {
    sent: Mutex<Vec<Request>>,
    replies: Mutex<VecDeque<Reply>>,
}

impl Transport for &Canned {
    type Error = &'static str;

    async fn send(&self, request: Request) -> Result<Reply, &'static str> {
        self.sent.lock().expect("nobody panics").push(request);
        let reply = self.replies.lock().expect("nobody panics").pop_front();
        reply.ok_or("no reply is left")
    }
}

impl Canned {
    fn answering(status: u16, body: &Value) -> Self {
        let reply = Reply {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        };
        Self {
            sent: Mutex::default(),
            replies: Mutex::new(VecDeque::from([reply])),
        }
    }

    fn sent(&self) -> Request {
        self.sent
            .lock()
            .expect("nobody panics")
            .pop()
            .expect("a request")
    }
}

/// The result of a future that waits for nothing.
fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    match future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the future waits"),
    }
}

fn book() -> Value {
    json!({
        "id": 7,
        "title": "Atlas",
        "authors": [],
        "published": null,
        "binding": "ebook",
        "price": {"kind": "fixed", "inCents": 990, "currency": "EUR"},
        "extent": [1, 30, 0],
        "labels": {"maps": null},
        "created_by": "ada",
        "revision": 3,
        "place": {"at": "shelf", "place": [4, -1]},
    })
}

#[test]
fn a_call_is_the_request_that_the_document_describes() {
    let transport = Canned::answering(200, &json!({"items": [book()], "next": null}));
    let client = Client::new(&transport).with_header("authorization", "Bearer x");
    let answer = now(client.list(
        Some(Binding::HardCover),
        None,
        vec!["a b".to_owned(), "c".to_owned()],
        Some(5),
    ));
    let Ok(ListAnswer::Status200(page)) = answer else {
        panic!("{answer:?}");
    };
    assert_eq!(page.items[0].title, "Atlas");
    let request = transport.sent();
    assert_eq!(request.method, "GET");
    assert!(
        request.target.starts_with("/books?binding=hard-cover&"),
        "{}",
        request.target
    );
    for pair in ["limit=5", "label=a%20b", "label=c"] {
        assert!(request.target.contains(pair), "{}", request.target);
    }
    assert_eq!(request.headers[0].1, "Bearer x");
    assert!(request.body.is_none());
}

#[test]
fn statuses_tell_answers_apart() {
    let fetch = |status: u16, body: &Value| {
        let transport = Canned::answering(status, body);
        now(Client::new(&transport).fetch(7, None)).expect("an answer")
    };
    let FetchAnswer::Status200(found) = fetch(200, &book()) else {
        panic!("a book");
    };
    assert_eq!(serde_json::to_value(&found).expect("JSON"), book());
    assert!(matches!(found.place, Place::Shelf(_)));
    assert!(matches!(found.price, Price::Fixed(_)));
    assert_eq!(fetch(304, &json!(null)), FetchAnswer::Status304);
    assert!(matches!(
        fetch(418, &json!({})),
        FetchAnswer::Other(Reply { status: 418, .. })
    ));
}

#[test]
fn what_is_sent_is_of_the_type() {
    let transport = Canned::answering(201, &book());
    let mut new = book();
    for key in ["id", "place"] {
        new.as_object_mut().expect("an object").remove(key);
    }
    let book: NewBook = serde_json::from_value(new.clone()).expect("a book");
    let answer = now(Client::new(&transport).create(Some("shop".to_owned()), book));
    assert!(
        matches!(answer, Ok(CreateAnswer::Status201(_))),
        "{answer:?}"
    );
    let request = transport.sent();
    let body: Value = serde_json::from_slice(&request.body.unwrap_or_default()).expect("JSON");
    new.as_object_mut().expect("an object").remove("published");
    assert_eq!(body, new);
    let header = |name: &str| {
        request
            .headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| &**value)
    };
    assert_eq!(header("x-tenant"), Some("shop"));
    assert_eq!(header("content-type"), Some("application/json"));
    let change = serde_json::to_value(BookChange {
        title: Some("Maps".to_owned()),
        binding: None,
    });
    assert_eq!(change.expect("JSON"), json!({"title": "Maps"}));
}

#[test]
fn each_kind_of_enum_is_read() {
    let found = json!({
        "data": {"items": [{"Book": 7}, {"Heading": {"name": "maps", "books": 2}}, "Nothing"], "next": null},
        "query": "maps",
        "took": {"all": 0.5},
    });
    let transport = Canned::answering(200, &found);
    let answer = now(Client::new(&transport).search(vec!["maps".to_owned()], None));
    let Ok(SearchAnswer::Status200(envelope)) = answer else {
        panic!("{answer:?}");
    };
    assert!(matches!(
        envelope.data.items.as_slice(),
        [Hit::Book(7), Hit::Heading(_), Hit::Nothing]
    ));
    assert_eq!(serde_json::to_value(&envelope).expect("JSON"), found);
}
