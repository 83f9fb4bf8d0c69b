//! A catalogue of books: an API whose document comes from its handlers.
//!
//! `cargo fw openapi -p catalog` prints the document. The types have what documents are poor at: each kind of enum, flattened and recursive
//! types, generic ones, maps, numbers of all widths, answers of several statuses.

mod headings;
mod types;

use std::{
    collections::{BTreeMap, HashMap},
    process::ExitCode,
    sync::Mutex,
};

use fw::{
    App, Bytes, Error, Json, Result, delete,
    extract::{Form, Header, Query},
    get, patch, post, put,
    response::{Created, Either, NoContent, Status, WithHeader},
    routes,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::types::{
    Audit, Binding, Book, BookChange, BookId, Counts, ETag, Envelope, Hit, IfNoneMatch, NewBook,
    Page, Paging, Place, Price, Tenant,
};

/// The books, in memory: each process has its own.
struct Shop(Mutex<BTreeMap<BookId, Book>>);

impl Shop {
    async fn open() -> Result<Self> {
        let book = NewBook {
            title: "On Growth and Form".to_owned(),
            authors: vec!["D'Arcy Wentworth Thompson".to_owned()],
            published: None,
            binding: Binding::HardCover,
            price: Price::Fixed {
                in_cents: 2_450,
                currency: "GBP".to_owned(),
            },
            extent: None,
            labels: HashMap::new(),
            audit: Audit {
                created_by: "shop".to_owned(),
                revision: 0,
            },
        };
        let first = shelved(BookId(1), book);
        Ok(Self(Mutex::new(BTreeMap::from([(first.id, first)]))))
    }

    fn books(&self) -> Result<std::sync::MutexGuard<'_, BTreeMap<BookId, Book>>> {
        let books = self.0.lock();
        books.map_err(|_| Error::internal("a handler failed while it changed the books"))
    }
}

#[allow(deprecated, reason = "old clients read it")]
fn shelved(id: BookId, book: NewBook) -> Book {
    Book {
        id,
        book,
        place: Place::Gone,
        legacy_number: None,
    }
}

fn unknown() -> Error {
    Error::not_found("there is no book of this number")
}

/// List the books.
///
/// They come in the order of their numbers. The answer's `next` is the `after` of the next page.
#[get("/books?<binding>")]
async fn list(
    shop: &Shop,
    binding: Option<Binding>,
    Query(paging): Query<Paging>,
) -> Result<Json<Page<Book>>> {
    let after = paging.after.and_then(|after| after.parse().ok());
    let books = shop.books()?;
    let mut rest = books
        .values()
        .filter(|book| after.is_none_or(|after: BookId| book.id > after))
        .filter(|book| binding.is_none_or(|binding| book.book.binding == binding))
        .filter(|book| {
            let labels = &book.book.labels;
            paging.label.iter().all(|label| labels.contains_key(label))
        });
    let items: Vec<Book> = rest.by_ref().take(paging.limit.into()).cloned().collect();
    let next = rest.next().and(items.last());
    let next = next.map(|book| book.id.0.to_string());
    Ok(Json(Page { items, next }))
}

/// Add a book.
#[post("/books", validate)]
async fn create(
    shop: &Shop,
    tenant: Option<Header<Tenant>>,
    Json(mut book): Json<NewBook>,
) -> Result<Created<Json<Book>>> {
    if let Some(Header(Tenant(name))) = tenant {
        book.audit.created_by = name;
    }
    let mut books = shop.books()?;
    let last = books.keys().next_back().map_or(0, |last| last.0);
    if last >= 10_000 {
        return Err(Error::conflict("the catalogue is full"));
    }
    let book = shelved(BookId(last + 1), book);
    books.insert(book.id, book.clone());
    Ok(Created::at(format!("/books/{}", book.id.0), Json(book)))
}

/// Fetch a book, unless the client has it.
#[get("/books/<id>")]
async fn fetch(
    shop: &Shop,
    id: BookId,
    known: Option<Header<IfNoneMatch>>,
) -> Result<Either<WithHeader<Json<Book>, ETag>, Status<304>>> {
    let books = shop.books()?;
    let book = books.get(&id).ok_or_else(unknown)?;
    let revision = book.book.audit.revision.to_string();
    if known.is_some_and(|Header(IfNoneMatch(known))| known == revision) {
        return Ok(Either::Right(Status(())));
    }
    let book = Json(book.clone());
    Ok(Either::Left(WithHeader(book, ETag(revision))))
}

/// Change a book.
#[patch("/books/<id>")]
async fn change(
    shop: &Shop,
    id: BookId,
    Json(change): Json<BookChange>,
) -> Result<Option<Json<Book>>> {
    let mut books = shop.books()?;
    let Some(book) = books.get_mut(&id) else {
        return Ok(None);
    };
    if let Some(title) = change.title {
        book.book.title = title;
    }
    if let Some(binding) = change.binding {
        book.book.binding = binding;
    }
    book.book.audit.revision = book.book.audit.revision.saturating_add(1);
    Ok(Some(Json(book.clone())))
}

/// Remove a book.
#[delete("/books/<id>")]
async fn remove(shop: &Shop, id: BookId) -> Result<NoContent> {
    match shop.books()?.remove(&id) {
        Some(_) => Ok(NoContent),
        None => Err(Error::not_found("there is no book of this number")),
    }
}

/// Say where a book is.
#[put("/books/<id>/place")]
async fn shelve(shop: &Shop, id: BookId, Json(place): Json<Place>) -> Result<Json<Place>> {
    let mut books = shop.books()?;
    let book = books.get_mut(&id).ok_or_else(unknown)?;
    book.place = place.clone();
    Ok(Json(place))
}

/// Set the price of a book.
#[put("/books/<id>/price")]
async fn price(shop: &Shop, id: BookId, Json(price): Json<Price>) -> Result<Json<Price>> {
    let mut books = shop.books()?;
    let book = books.get_mut(&id).ok_or_else(unknown)?;
    book.book.price = price.clone();
    Ok(Json(price))
}

/// Show the cover of a book, a picture.
#[get("/books/<id>/cover")]
async fn cover(shop: &Shop, id: BookId) -> Result<Bytes> {
    let books = shop.books()?;
    let book = books.get(&id).ok_or_else(unknown)?;
    Ok(Bytes::from(book.book.title.clone()))
}

/// Search the catalogue.
#[get("/search?<words>&<limit>")]
async fn search(
    shop: &Shop,
    words: Vec<&str>,
    limit: Option<u16>,
) -> Result<Json<Envelope<'static, Page<Hit>>>> {
    let books = shop.books()?;
    let found = books.values().filter(|book| {
        let title = book.book.title.to_lowercase();
        words
            .iter()
            .any(|word| title.contains(&word.to_lowercase()))
    });
    let items = found.map(|book| Hit::Book(book.id));
    let items = items.take(limit.unwrap_or(10).into()).collect();
    Ok(Json(Envelope {
        data: Page { items, next: None },
        query: words.join(" ").into(),
        took: BTreeMap::from([("all", 0.5)]),
    }))
}

/// What a reader writes about a book.
#[derive(Deserialize, JsonSchema)]
struct Review {
    /// From 1 to 5.
    #[schemars(range(min = 1, max = 5))]
    stars: u8,
    /// In the reader's words.
    #[serde(default)]
    text: Option<String>,
}

/// Review a book, by a form.
#[post("/books/<id>/reviews")]
async fn review(
    shop: &Shop,
    id: BookId,
    Form(review): Form<Review>,
) -> Result<Status<202, String>> {
    let books = shop.books()?;
    let book = books.get(&id).ok_or_else(unknown)?;
    let text = review.text.unwrap_or_default();
    Ok(Status(format!(
        "{}: {} of 5. {text}",
        book.book.title, review.stars
    )))
}

/// Count the books by their bindings.
#[deprecated = "list the books, and count"]
#[get("/counts")]
async fn counts(shop: &Shop) -> Result<Json<Counts>> {
    let mut counts = BTreeMap::new();
    for book in shop.books()?.values() {
        let binding = serde_json::to_value(book.book.binding)?;
        let name = binding.as_str().unwrap_or_default().to_owned();
        let count: &mut u32 = counts.entry(name).or_default();
        *count = count.saturating_add(1);
    }
    Ok(Json(Counts(counts)))
}

#[allow(deprecated, reason = "old clients call it")]
fn app() -> App<Shop> {
    App::new("catalog", Shop::open)
        .routes(routes![
            list, create, fetch, change, remove, shelve, price, cover, search, review, counts
        ])
        .routes(routes![headings::list, headings::replace])
}

fn main() -> ExitCode {
    app().run()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, sync::Mutex};

    use fw::test::{Client, Gateway};
    use serde_json::{Value, json};

    use super::{Shop, app};

    const GATEWAYS: [Gateway; 3] = [Gateway::HttpApi, Gateway::RestApi, Gateway::FunctionUrl];

    fn client(gateway: Gateway) -> Client {
        Client::new(app(), Shop(Mutex::new(BTreeMap::new()))).through(gateway)
    }

    fn book() -> Value {
        json!({
            "title": "Atlas",
            "binding": "ebook",
            "price": {"kind": "fixed", "inCents": 990, "currency": "EUR"},
            "extent": [1, 30, 0],
            "created_by": "ada",
        })
    }

    #[test]
    fn a_book_is_added_found_changed_and_removed() {
        for gateway in GATEWAYS {
            let client = client(gateway);
            let created = client.post("/books").json(&book()).send();
            assert_eq!(created.status(), 201, "{}", created.text());
            assert_eq!(created.headers()["location"], "/books/1");
            let fetched = client.get("/books/1").send();
            assert_eq!(fetched.headers()["etag"], "\"0\"");
            let known = client
                .get("/books/1")
                .header("if-none-match", "\"0\"")
                .send();
            assert_eq!(known.status(), 304);
            let changed = client
                .patch("/books/1")
                .json(&json!({"title": "Maps"}))
                .send();
            assert_eq!(changed.json::<Value>()["title"], "Maps");
            let found: Value = client.get("/search?words=map").send().json();
            assert_eq!(found["data"]["items"], json!([{"Book": 1}]));
            assert_eq!(client.delete("/books/1").send().status(), 204);
            assert_eq!(client.get("/books/1").send().status(), 404);
        }
    }

    #[test]
    fn what_the_document_forbids_is_refused_behind_every_gateway() {
        for gateway in GATEWAYS {
            let client = client(gateway);
            assert_eq!(client.post("/books").json(&book()).send().status(), 201);
            for (path, body) in [
                (
                    "/books/1/price",
                    json!({"kind": "fixed", "inCents": 0, "currency": "EUR"}),
                ),
                (
                    "/books/1/price",
                    json!({"kind": "fixed", "inCents": 1, "currency": "euro"}),
                ),
                (
                    "/books/1/place",
                    json!({"at": "store", "place": {"label": ""}}),
                ),
                ("/books/1/place", json!({"at": "shelf", "place": [0, 1]})),
                ("/headings", json!([["name", []]])),
            ] {
                let answer = client.put(path).json(&body).send();
                assert_eq!(
                    answer.status(),
                    422,
                    "{gateway:?} {body}: {}",
                    answer.text()
                );
            }
            for query in ["limit=0", "limit=101", "binding=cloth"] {
                let answer = client.get(&format!("/books?{query}")).send();
                assert_eq!(answer.status(), 400, "{gateway:?} {query}");
            }
            let form = client
                .post("/books/1/reviews")
                .header("content-type", "application/x-www-form-urlencoded");
            assert_eq!(form.body("stars=6").send().status(), 422);
        }
    }
}
