//! The headings under which books stand.

use fw::{Json, get, put};

use crate::types::Heading;

/// List the headings.
#[get("/headings")]
pub async fn list() -> Json<Vec<Heading>> {
    let maps = Heading {
        name: "maps".to_owned(),
        narrower: Vec::new(),
        related: None,
    };
    Json(vec![maps])
}

/// Replace the headings.
#[put("/headings")]
pub async fn replace(Json(headings): Json<Vec<Heading>>) -> Json<Vec<Heading>> {
    Json(headings)
}
