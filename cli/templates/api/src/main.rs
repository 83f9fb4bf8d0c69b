//! Notes: an API with types, errors, tests and an OpenAPI document.
//!
//! `cargo fw local` also serves a page that describes the API, at /_fw/docs.

use std::process::ExitCode;

use fw::{
    App, Error, Json, Result, delete, get, put, resource::Bucket, response::NoContent, routes,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An object for each note.
static NOTES: Bucket = Bucket::new("notes");

/// A note.
#[derive(Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
struct Note {
    /// What it is about.
    #[schemars(length(min = 1, max = 100))]
    title: String,
    /// What it says.
    #[serde(default)]
    text: String,
}

/// Why a handler has no answer; `answer` says what the client gets.
#[derive(Debug, thiserror::Error)]
enum NoteError {
    #[error("there is no note `{0}`")]
    Missing(String),
    #[error("the id of a note has at most 40 letters, digits or `-`: `{0}`")]
    Id(String),
}

fn answer(error: &NoteError) -> Error {
    match error {
        NoteError::Missing(_) => Error::not_found(error.to_string()),
        NoteError::Id(_) => Error::bad_request(error.to_string()),
    }
}

/// The id, if it can name an object.
fn checked(id: &str) -> Result<&str, NoteError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if id.len() <= 40 && id.bytes().all(allowed) {
        Ok(id)
    } else {
        Err(NoteError::Id(id.to_owned()))
    }
}

/// List the ids of all notes.
#[get("/notes")]
async fn list() -> Result<Json<Vec<String>>> {
    Ok(Json(NOTES.list("").await?))
}

/// Fetch a note.
#[get("/notes/<id>")]
async fn fetch(id: &str) -> Result<Json<Note>> {
    let note = NOTES.get_json(checked(id)?).await?;
    let missing = || NoteError::Missing(id.to_owned());
    Ok(Json(note.ok_or_else(missing)?))
}

/// Write a note, or replace it.
#[put("/notes/<id>", validate)]
async fn save(id: &str, Json(note): Json<Note>) -> Result<Json<Note>> {
    NOTES.put_json(checked(id)?, &note).await?;
    Ok(Json(note))
}

/// Delete a note.
#[delete("/notes/<id>")]
async fn remove(id: &str) -> Result<NoContent> {
    NOTES.delete(checked(id)?).await?;
    Ok(NoContent)
}

/// Say what there is.
#[get("/")]
async fn index() -> &'static str {
    "PUT a note to /notes/ and an id, then GET it. The API is described at /_fw/docs.\n"
}

fn app() -> App {
    App::stateless("{{name}}")
        .routes(routes![index, list, fetch, save, remove])
        .uses(&NOTES)
        .map_error(answer)
}

fn main() -> ExitCode {
    app().run()
}

#[cfg(test)]
mod tests {
    use fw::{StatusCode, test::Client};
    use serde_json::{Value, json};

    #[test]
    fn a_note_is_written_listed_read_and_deleted() {
        let client = Client::new(super::app(), ());
        let note = json!({ "title": "Milk", "text": "two bottles" });
        let saved = client.put("/notes/shopping").json(&note).send();
        assert_eq!(saved.status(), StatusCode::OK);
        assert_eq!(client.get("/notes").send().json::<Value>(), json!(["shopping"]));
        assert_eq!(client.get("/notes/shopping").send().json::<Value>(), note);

        let deleted = client.delete("/notes/shopping").send();
        assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
        let gone = client.get("/notes/shopping").send();
        assert_eq!(gone.status(), StatusCode::NOT_FOUND);
        assert_eq!(gone.json::<Value>()["detail"], "there is no note `shopping`");
    }

    #[test]
    fn a_note_without_a_title_is_refused() {
        let client = Client::new(super::app(), ());
        let refused = client.put("/notes/a").json(&json!({ "title": "" })).send();
        assert_eq!(refused.status(), StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.text().contains("/title"), "{}", refused.text());
    }
}
