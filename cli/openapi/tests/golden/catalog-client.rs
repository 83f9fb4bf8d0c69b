//! A client of catalog 1.2.0, made by `cargo fw client rust`: changes are lost.
#![allow(clippy::all, clippy::pedantic, dead_code, deprecated, unused_mut)]

use std::fmt;

/// A request, as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method, upper case.
    pub method: &'static str,
    /// Path and query, percent-encoded.
    pub target: String,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<Vec<u8>>,
}

/// An answer, as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What sends requests.
pub trait Transport {
    /// Why a request has no answer.
    type Error;

    /// Sends a request, and returns the answer of whatever status.
    fn send(&self, request: Request) -> impl Future<Output = Result<Reply, Self::Error>>;
}

/// Why a call has no answer.
#[derive(Debug)]
pub enum Error<E> {
    /// The request has none.
    Transport(E),
    /// A body is not of the type that the document says.
    Body(serde_json::Error),
}

impl<E> From<serde_json::Error> for Error<E> {
    fn from(error: serde_json::Error) -> Self {
        Self::Body(error)
    }
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Transport(error) => write!(f, "no answer: {error}"),
            Self::Body(error) => write!(f, "not of the document's type: {error}"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for Error<E> {}

/// A client of the API.
#[derive(Clone, Debug)]
pub struct Client<T> {
    transport: T,
    headers: Vec<(String, String)>,
}

impl<T: Transport> Client<T> {
    /// A client that sends by that transport.
    pub fn new(transport: T) -> Self {
        Self {
            transport,
            headers: Vec::new(),
        }
    }

    /// The same with a header in each request: `authorization`, say.
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    async fn send(
        &self,
        method: &'static str,
        path: String,
        query: Vec<(&str, String)>,
        headers: Vec<(String, String)>,
        body: Option<Vec<u8>>,
    ) -> Result<Reply, Error<T::Error>> {
        let mut target = path;
        for (number, (name, value)) in query.iter().enumerate() {
            target.push(if number == 0 { '?' } else { '&' });
            target += &segment(name);
            target.push('=');
            target += &segment(value);
        }
        let request = Request {
            method,
            target,
            headers,
            body,
        };
        self.transport.send(request).await.map_err(Error::Transport)
    }
}

/// A transport of reqwest.
#[cfg(feature = "reqwest")]
#[derive(Clone, Debug)]
pub struct Reqwest {
    base: String,
    client: reqwest::Client,
}

#[cfg(feature = "reqwest")]
impl Reqwest {
    /// Sends to the API at that URL, without a slash at its end.
    pub fn new(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            client: reqwest::Client::new(),
        }
    }
}

#[cfg(feature = "reqwest")]
impl Transport for Reqwest {
    type Error = reqwest::Error;

    async fn send(&self, request: Request) -> Result<Reply, reqwest::Error> {
        let method = request.method.parse().unwrap_or_default();
        let url = format!("{}{}", self.base, request.target);
        let mut sent = self.client.request(method, url);
        for (name, value) in request.headers {
            sent = sent.header(name, value);
        }
        if let Some(body) = request.body {
            sent = sent.body(body);
        }
        let answer = sent.send().await?;
        let headers = answer.headers().iter().map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        });
        Ok(Reply {
            status: answer.status().as_u16(),
            headers: headers.collect(),
            body: answer.bytes().await?.to_vec(),
        })
    }
}

/// A value as it stands in a path, a query or a header.
fn text(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(other) => other.to_string(),
        Err(_) => String::new(),
    }
}

/// A text, percent-encoded: what is unreserved stays (RFC 3986 §2.3).
fn segment(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

/// Several segments of a path.
fn segments(text: &str) -> String {
    let all: Vec<String> = text.split('/').map(segment).collect();
    all.join("/")
}

/// An object as a form.
fn form(value: &serde_json::Value) -> Vec<u8> {
    let mut pairs = Vec::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let list = match value {
            serde_json::Value::Null => Vec::new(),
            serde_json::Value::Array(list) => list.clone(),
            one => vec![one.clone()],
        };
        for one in list {
            pairs.push(format!("{}={}", segment(name), segment(&text(&one))));
        }
    }
    pairs.join("&").into_bytes()
}

/// How a book is bound.
/// 
/// - `hard-cover`: Boards and cloth.
/// - `paper-back`: Paper.
/// - `ebook`: No binding at all: a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Binding {
    #[serde(rename = "hard-cover")]
    HardCover,
    #[serde(rename = "paper-back")]
    PaperBack,
    #[serde(rename = "ebook")]
    Ebook,
}

/// A book.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Book {
    /// Who wrote it; nobody where that is not known.
    pub authors: Vec<String>,
    /// How it is bound.
    pub binding: Binding,
    /// Who wrote it first.
    pub created_by: String,
    /// How long it is.
    pub extent: Option<Extent>,
    /// Its number.
    pub id: BookId,
    /// Words by which it is found.
    pub labels: std::collections::BTreeMap<String, Option<String>>,
    /// The number that the old system gave it.
    #[deprecated]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legacy_number: Option<i128>,
    /// Where it is.
    pub place: Place,
    /// What it costs.
    pub price: Price,
    /// When it came out.
    pub published: Option<Day>,
    /// How often it was changed.
    pub revision: u64,
    /// What stands on its cover.
    pub title: String,
}

/// A change of a book: what is left out stays, and null takes away.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BookChange {
    /// Another binding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
    /// Another title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// The number of a book, from 1.
pub type BookId = u64;

/// A page of a list.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BookPage {
    /// What is on it.
    pub items: Vec<Book>,
    /// What to ask for the next one with; null on the last.
    pub next: Option<String>,
}

/// A box in the store.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct BoxInput {
    /// Its weight in grams, where it was weighed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grams: Option<f64>,
    /// Its label.
    pub label: String,
}

/// A box in the store.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Box_ {
    /// Its weight in grams, where it was weighed.
    pub grams: Option<f64>,
    /// Its label.
    pub label: String,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum ChangeAnswer400 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum ChangeAnswer404 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum ChangeAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

/// Numbers by bindings, in whatever order.
pub type Counts = std::collections::BTreeMap<String, u32>;

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum CountsAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum CoverAnswer400 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum CoverAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum CreateAnswer400 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum CreateAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

/// A day, as `2026-12-01`.
pub type Day = String;

/// The revision of an answer.
pub type ETag = String;

/// What can be measured of a book: its pages, or for how long it plays.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum Extent {
    /// Pages.
    Variant0(u16),
    /// Hours, minutes, seconds.
    Variant1((u8, u8, u8)),
    /// In words.
    Variant2(Extent2),
}

/// In words.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Extent2 {
    /// As `two boxes of maps`.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum FetchAnswer400 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum FetchAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

/// What the gateway in front of the API answers by itself.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct GatewayMessage {
    /// What is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A heading, with the headings under it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Heading {
    /// As it is shown.
    pub name: String,
    /// Narrower ones.
    pub narrower: Vec<Heading>,
    /// A related one.
    pub related: Option<Box<Heading>>,
}

/// A heading, with the headings under it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct HeadingInput {
    /// As it is shown.
    pub name: String,
    /// Narrower ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrower: Option<Vec<HeadingInput>>,
    /// A related one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub related: Option<Box<HeadingInput>>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum HeadingsListAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum HeadingsReplaceAnswer400 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum HeadingsReplaceAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

/// What was found: each in its own shape.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Hit {
    /// A book.
    Book(BookId),
    /// A heading, by its name.
    Heading(HitHeading),
    /// The search engine slept.
    Nothing,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct HitHeading {
    /// How many books are under it.
    pub books: u64,
    /// Its name.
    pub name: String,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct HitPage {
    /// What is on it.
    pub items: Vec<Hit>,
    /// What to ask for the next one with; null on the last.
    pub next: Option<String>,
}

/// An answer of the search.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct HitPageEnvelope {
    /// What it is of.
    pub data: HitPage,
    /// What was asked.
    pub query: String,
    /// Milliseconds that each part took.
    pub took: std::collections::BTreeMap<String, f32>,
}

/// The `If-None-Match` header: the revision that the client has.
pub type IfNoneMatch = String;

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum ListAnswer400 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum ListAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

/// A book as it is written.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct NewBook {
    /// Who wrote it; nobody where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authors: Option<Vec<String>>,
    /// How it is bound.
    pub binding: Binding,
    /// Who wrote it first.
    pub created_by: String,
    /// How long it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extent: Option<Extent>,
    /// Words by which it is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<std::collections::BTreeMap<String, Option<String>>>,
    /// What it costs.
    pub price: Price,
    /// When it came out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Day>,
    /// How often it was changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// What stands on its cover.
    pub title: String,
}

/// Where a book is.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "at")]
pub enum Place {
    /// In the shop: shelf and board.
    #[serde(rename = "shelf")]
    Shelf(PlaceShelf),
    /// In the store.
    #[serde(rename = "store")]
    Store(PlaceStore),
    /// Nowhere: it is sold out.
    #[serde(rename = "gone")]
    Gone,
}

/// Where a book is.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "at")]
pub enum PlaceInput {
    /// In the shop: shelf and board.
    #[serde(rename = "shelf")]
    Shelf(PlaceInputShelf),
    /// In the store.
    #[serde(rename = "store")]
    Store(PlaceInputStore),
    /// Nowhere: it is sold out.
    #[serde(rename = "gone")]
    Gone,
}

/// In the shop: shelf and board.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PlaceInputShelf {
    pub place: (u16, i8),
}

/// In the store.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PlaceInputStore {
    pub place: BoxInput,
}

/// In the shop: shelf and board.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PlaceShelf {
    pub place: (u16, i8),
}

/// In the store.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PlaceStore {
    pub place: Box_,
}

/// What a book costs.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind")]
pub enum Price {
    /// A fixed price.
    #[serde(rename = "fixed")]
    Fixed(PriceFixed),
    /// The buyer says what it is worth.
    #[serde(rename = "pay_what_you_want")]
    PayWhatYouWant,
    /// Only with a subscription.
    #[serde(rename = "subscription")]
    Subscription(PriceSubscription),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum PriceAnswer400 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum PriceAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

/// A fixed price.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PriceFixed {
    /// Three letters, as `EUR`.
    pub currency: String,
    /// In cents.
    #[serde(rename = "inCents")]
    pub in_cents: u32,
}

/// Only with a subscription.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct PriceSubscription {
    /// Which of them.
    #[serde(rename = "planNames")]
    pub plan_names: Vec<String>,
}

/// What is wrong (RFC 9457).
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ProblemDocument {
    /// A URI that identifies the kind of problem.
    pub r#type: String,
    /// The reason of the status.
    pub title: String,
    /// The status.
    pub status: u64,
    /// What is wrong, in a sentence.
    pub detail: String,
    /// A word by which a program tells this problem from others.
    pub code: String,
    /// All that is wrong with the request, each with its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<ProblemDocumentErrorsItem>>,
    /// The request's id in the log.
    #[serde(rename = "requestId", default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ProblemDocumentErrorsItem {
    /// `path`, `query`, `header`, `cookie` or `body`.
    pub r#in: String,
    /// The name of the parameter or the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The place in the body, a JSON pointer (RFC 6901).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What is wrong with it.
    pub detail: String,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum RemoveAnswer400 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum RemoveAnswer404 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum RemoveAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

/// What a reader writes about a book.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Review {
    /// From 1 to 5.
    pub stars: u8,
    /// In the reader's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum ReviewAnswer400 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum ReviewAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum SearchAnswer400 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum SearchAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum ShelveAnswer400 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum ShelveAnswer500 {
    ProblemDocument(ProblemDocument),
    GatewayMessage(GatewayMessage),
}

/// Which of the shop's tenants asks.
pub type Tenant = String;

/// What `list` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum ListAnswer {
    /// 200.
    Status200(BookPage),
    /// 400.
    Status400(ListAnswer400),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(ListAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl ListAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            200 => serde_json::from_slice(&reply.body).map(Self::Status200),
            400 => serde_json::from_slice(&reply.body).map(Self::Status400),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `create` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum CreateAnswer {
    /// 201.
    Status201(Book),
    /// 400.
    Status400(CreateAnswer400),
    /// 409.
    Status409(ProblemDocument),
    /// 413.
    Status413(GatewayMessage),
    /// 415.
    Status415(ProblemDocument),
    /// 422.
    Status422(ProblemDocument),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(CreateAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl CreateAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            201 => serde_json::from_slice(&reply.body).map(Self::Status201),
            400 => serde_json::from_slice(&reply.body).map(Self::Status400),
            409 => serde_json::from_slice(&reply.body).map(Self::Status409),
            413 => serde_json::from_slice(&reply.body).map(Self::Status413),
            415 => serde_json::from_slice(&reply.body).map(Self::Status415),
            422 => serde_json::from_slice(&reply.body).map(Self::Status422),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `fetch` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum FetchAnswer {
    /// 200.
    Status200(Book),
    /// 304.
    Status304,
    /// 400.
    Status400(FetchAnswer400),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(FetchAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl FetchAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            200 => serde_json::from_slice(&reply.body).map(Self::Status200),
            304 => Ok(Self::Status304),
            400 => serde_json::from_slice(&reply.body).map(Self::Status400),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `remove` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum RemoveAnswer {
    /// 204.
    Status204,
    /// 400.
    Status400(RemoveAnswer400),
    /// 404.
    Status404(RemoveAnswer404),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(RemoveAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl RemoveAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            204 => Ok(Self::Status204),
            400 => serde_json::from_slice(&reply.body).map(Self::Status400),
            404 => serde_json::from_slice(&reply.body).map(Self::Status404),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `change` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeAnswer {
    /// 200.
    Status200(Book),
    /// 400.
    Status400(ChangeAnswer400),
    /// 404.
    Status404(ChangeAnswer404),
    /// 413.
    Status413(GatewayMessage),
    /// 415.
    Status415(ProblemDocument),
    /// 422.
    Status422(ProblemDocument),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(ChangeAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl ChangeAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            200 => serde_json::from_slice(&reply.body).map(Self::Status200),
            400 => serde_json::from_slice(&reply.body).map(Self::Status400),
            404 => serde_json::from_slice(&reply.body).map(Self::Status404),
            413 => serde_json::from_slice(&reply.body).map(Self::Status413),
            415 => serde_json::from_slice(&reply.body).map(Self::Status415),
            422 => serde_json::from_slice(&reply.body).map(Self::Status422),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `cover` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum CoverAnswer {
    /// 200.
    Status200(Vec<u8>),
    /// 400.
    Status400(CoverAnswer400),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(CoverAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl CoverAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            200 => Ok(reply.body).map(Self::Status200),
            400 => serde_json::from_slice(&reply.body).map(Self::Status400),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `shelve` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum ShelveAnswer {
    /// 200.
    Status200(Place),
    /// 400.
    Status400(ShelveAnswer400),
    /// 413.
    Status413(GatewayMessage),
    /// 415.
    Status415(ProblemDocument),
    /// 422.
    Status422(ProblemDocument),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(ShelveAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl ShelveAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            200 => serde_json::from_slice(&reply.body).map(Self::Status200),
            400 => serde_json::from_slice(&reply.body).map(Self::Status400),
            413 => serde_json::from_slice(&reply.body).map(Self::Status413),
            415 => serde_json::from_slice(&reply.body).map(Self::Status415),
            422 => serde_json::from_slice(&reply.body).map(Self::Status422),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `price` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum PriceAnswer {
    /// 200.
    Status200(Price),
    /// 400.
    Status400(PriceAnswer400),
    /// 413.
    Status413(GatewayMessage),
    /// 415.
    Status415(ProblemDocument),
    /// 422.
    Status422(ProblemDocument),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(PriceAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl PriceAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            200 => serde_json::from_slice(&reply.body).map(Self::Status200),
            400 => serde_json::from_slice(&reply.body).map(Self::Status400),
            413 => serde_json::from_slice(&reply.body).map(Self::Status413),
            415 => serde_json::from_slice(&reply.body).map(Self::Status415),
            422 => serde_json::from_slice(&reply.body).map(Self::Status422),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `review` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum ReviewAnswer {
    /// 202.
    Status202(String),
    /// 400.
    Status400(ReviewAnswer400),
    /// 413.
    Status413(GatewayMessage),
    /// 415.
    Status415(ProblemDocument),
    /// 422.
    Status422(ProblemDocument),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(ReviewAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl ReviewAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            202 => Ok(String::from_utf8_lossy(&reply.body).into_owned()).map(Self::Status202),
            400 => serde_json::from_slice(&reply.body).map(Self::Status400),
            413 => serde_json::from_slice(&reply.body).map(Self::Status413),
            415 => serde_json::from_slice(&reply.body).map(Self::Status415),
            422 => serde_json::from_slice(&reply.body).map(Self::Status422),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `counts` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum CountsAnswer {
    /// 200.
    Status200(Counts),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(CountsAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl CountsAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            200 => serde_json::from_slice(&reply.body).map(Self::Status200),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `headings_list` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum HeadingsListAnswer {
    /// 200.
    Status200(Vec<Heading>),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(HeadingsListAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl HeadingsListAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            200 => serde_json::from_slice(&reply.body).map(Self::Status200),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `headings_replace` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum HeadingsReplaceAnswer {
    /// 200.
    Status200(Vec<Heading>),
    /// 400.
    Status400(HeadingsReplaceAnswer400),
    /// 413.
    Status413(GatewayMessage),
    /// 415.
    Status415(ProblemDocument),
    /// 422.
    Status422(ProblemDocument),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(HeadingsReplaceAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl HeadingsReplaceAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            200 => serde_json::from_slice(&reply.body).map(Self::Status200),
            400 => serde_json::from_slice(&reply.body).map(Self::Status400),
            413 => serde_json::from_slice(&reply.body).map(Self::Status413),
            415 => serde_json::from_slice(&reply.body).map(Self::Status415),
            422 => serde_json::from_slice(&reply.body).map(Self::Status422),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// What `search` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum SearchAnswer {
    /// 200.
    Status200(HitPageEnvelope),
    /// 400.
    Status400(SearchAnswer400),
    /// 429.
    Status429(GatewayMessage),
    /// 500.
    Status500(SearchAnswer500),
    /// 503.
    Status503(GatewayMessage),
    /// Any other status.
    Other(Reply),
}

impl SearchAnswer {
    fn read(reply: Reply) -> Result<Self, serde_json::Error> {
        match reply.status {
            200 => serde_json::from_slice(&reply.body).map(Self::Status200),
            400 => serde_json::from_slice(&reply.body).map(Self::Status400),
            429 => serde_json::from_slice(&reply.body).map(Self::Status429),
            500 => serde_json::from_slice(&reply.body).map(Self::Status500),
            503 => serde_json::from_slice(&reply.body).map(Self::Status503),
            _ => Ok(Self::Other(reply)),
        }
    }
}

/// The API's operations.
impl<T: Transport> Client<T> {
    /// List the books.
    /// They come in the order of their numbers. The answer's `next` is the `after` of the next page.
    pub async fn list(&self, binding: Option<Binding>, after: Option<String>, label: Vec<String>, limit: Option<u8>) -> Result<ListAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = "/books".to_owned();
        if let Some(value) = binding {
            query.push(("binding", text(&value)));
        }
        if let Some(value) = after {
            query.push(("after", text(&value)));
        }
        for value in label {
            query.push(("label", text(&value)));
        }
        if let Some(value) = limit {
            query.push(("limit", text(&value)));
        }
        let reply = self.send("GET", path, query, headers, None).await?;
        Ok(ListAnswer::read(reply)?)
    }

    /// Add a book.
    pub async fn create(&self, x_tenant: Option<Tenant>, body: NewBook) -> Result<CreateAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = "/books".to_owned();
        if let Some(value) = x_tenant {
            headers.push(("x-tenant".to_owned(), text(&value)));
        }
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let body = Some(serde_json::to_vec(&body)?);
        let reply = self.send("POST", path, query, headers, body).await?;
        Ok(CreateAnswer::read(reply)?)
    }

    /// Fetch a book, unless the client has it.
    pub async fn fetch(&self, id: BookId, if_none_match: Option<IfNoneMatch>) -> Result<FetchAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = format!("/books/{}", segment(&text(&id)));
        if let Some(value) = if_none_match {
            headers.push(("if-none-match".to_owned(), text(&value)));
        }
        let reply = self.send("GET", path, query, headers, None).await?;
        Ok(FetchAnswer::read(reply)?)
    }

    /// Remove a book.
    pub async fn remove(&self, id: BookId) -> Result<RemoveAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = format!("/books/{}", segment(&text(&id)));
        let reply = self.send("DELETE", path, query, headers, None).await?;
        Ok(RemoveAnswer::read(reply)?)
    }

    /// Change a book.
    pub async fn change(&self, id: BookId, body: BookChange) -> Result<ChangeAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = format!("/books/{}", segment(&text(&id)));
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let body = Some(serde_json::to_vec(&body)?);
        let reply = self.send("PATCH", path, query, headers, body).await?;
        Ok(ChangeAnswer::read(reply)?)
    }

    /// Show the cover of a book, a picture.
    pub async fn cover(&self, id: BookId) -> Result<CoverAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = format!("/books/{}/cover", segment(&text(&id)));
        let reply = self.send("GET", path, query, headers, None).await?;
        Ok(CoverAnswer::read(reply)?)
    }

    /// Say where a book is.
    pub async fn shelve(&self, id: BookId, body: PlaceInput) -> Result<ShelveAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = format!("/books/{}/place", segment(&text(&id)));
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let body = Some(serde_json::to_vec(&body)?);
        let reply = self.send("PUT", path, query, headers, body).await?;
        Ok(ShelveAnswer::read(reply)?)
    }

    /// Set the price of a book.
    pub async fn price(&self, id: BookId, body: Price) -> Result<PriceAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = format!("/books/{}/price", segment(&text(&id)));
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let body = Some(serde_json::to_vec(&body)?);
        let reply = self.send("PUT", path, query, headers, body).await?;
        Ok(PriceAnswer::read(reply)?)
    }

    /// Review a book, by a form.
    pub async fn review(&self, id: BookId, body: Review) -> Result<ReviewAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = format!("/books/{}/reviews", segment(&text(&id)));
        headers.push(("content-type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
        let body = Some(form(&serde_json::to_value(&body)?));
        let reply = self.send("POST", path, query, headers, body).await?;
        Ok(ReviewAnswer::read(reply)?)
    }

    /// Count the books by their bindings.
    #[deprecated]
    pub async fn counts(&self) -> Result<CountsAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = "/counts".to_owned();
        let reply = self.send("GET", path, query, headers, None).await?;
        Ok(CountsAnswer::read(reply)?)
    }

    /// List the headings.
    pub async fn headings_list(&self) -> Result<HeadingsListAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = "/headings".to_owned();
        let reply = self.send("GET", path, query, headers, None).await?;
        Ok(HeadingsListAnswer::read(reply)?)
    }

    /// Replace the headings.
    pub async fn headings_replace(&self, body: Vec<HeadingInput>) -> Result<HeadingsReplaceAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = "/headings".to_owned();
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
        let body = Some(serde_json::to_vec(&body)?);
        let reply = self.send("PUT", path, query, headers, body).await?;
        Ok(HeadingsReplaceAnswer::read(reply)?)
    }

    /// Search the catalogue.
    pub async fn search(&self, words: Vec<String>, limit: Option<u16>) -> Result<SearchAnswer, Error<T::Error>> {
        let mut query: Vec<(&str, String)> = Vec::new();
        let mut headers = self.headers.clone();
        let path = "/search".to_owned();
        for value in words {
            query.push(("words", text(&value)));
        }
        if let Some(value) = limit {
            query.push(("limit", text(&value)));
        }
        let reply = self.send("GET", path, query, headers, None).await?;
        Ok(SearchAnswer::read(reply)?)
    }

}
