//! What goes over the wire.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt,
    num::NonZeroU16,
    str::FromStr,
};

use fw::{extract::HeaderField, response::WithHeaderField};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The number of a book, from 1.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct BookId(#[schemars(range(min = 1, max = 1_000_000))] pub u64);

impl FromStr for BookId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(number @ 1..=1_000_000) => Ok(Self(number)),
            _ => Err("must be a number from 1 to 1000000"),
        }
    }
}

/// A day, as `2026-12-01`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Day(#[schemars(regex(pattern = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))] pub String);

/// How a book is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// Boards and cloth.
    HardCover,
    /// Paper.
    PaperBack,
    /// No binding at all: a file.
    #[serde(rename = "ebook")]
    EBook,
}

impl FromStr for Binding {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "hard-cover" => Self::HardCover,
            "paper-back" => Self::PaperBack,
            "ebook" => Self::EBook,
            _ => return Err("must be hard-cover, paper-back or ebook"),
        })
    }
}

/// What a book costs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    tag = "kind",
    rename_all = "snake_case",
    rename_all_fields = "camelCase"
)]
pub enum Price {
    /// A fixed price.
    Fixed {
        /// In cents.
        #[schemars(range(min = 1))]
        in_cents: u32,
        /// Three letters, as `EUR`.
        #[schemars(regex(pattern = r"^[A-Z]{3}$"))]
        currency: String,
    },
    /// The buyer says what it is worth.
    PayWhatYouWant,
    /// Only with a subscription.
    Subscription {
        /// Which of them.
        plan_names: BTreeSet<String>,
    },
}

/// Where a book is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "at", content = "place", rename_all = "lowercase")]
pub enum Place {
    /// In the shop: shelf and board.
    Shelf(NonZeroU16, i8),
    /// In the store.
    Store(Box),
    /// Nowhere: it is sold out.
    Gone,
}

/// A box in the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Box {
    /// Its label.
    #[schemars(length(min = 1, max = 8))]
    pub label: String,
    /// Its weight in grams, where it was weighed.
    pub grams: Option<f64>,
}

/// What can be measured of a book: its pages, or for how long it plays.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Extent {
    /// Pages.
    Pages(u16),
    /// Hours, minutes, seconds.
    Played((u8, u8, u8)),
    /// In words.
    Words {
        /// As `two boxes of maps`.
        text: String,
    },
}

/// What every record has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Audit {
    /// Who wrote it first.
    pub created_by: String,
    /// How often it was changed.
    #[serde(default)]
    pub revision: u64,
}

/// A book as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewBook {
    /// What stands on its cover.
    #[schemars(length(min = 1, max = 200))]
    pub title: String,
    /// Who wrote it; nobody where that is not known.
    #[serde(default)]
    #[schemars(length(max = 8))]
    pub authors: Vec<String>,
    /// When it came out.
    pub published: Option<Day>,
    /// How it is bound.
    pub binding: Binding,
    /// What it costs.
    pub price: Price,
    /// How long it is.
    pub extent: Option<Extent>,
    /// Words by which it is found.
    #[serde(default)]
    pub labels: HashMap<String, Option<String>>,
    #[serde(flatten)]
    pub audit: Audit,
}

/// A book.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Book {
    /// Its number.
    pub id: BookId,
    #[serde(flatten)]
    pub book: NewBook,
    /// Where it is.
    pub place: Place,
    /// The number that the old system gave it.
    #[deprecated = "use `id`"]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legacy_number: Option<i128>,
}

/// A change of a book: what is left out stays, and null takes away.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct BookChange {
    /// Another title.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub title: Option<String>,
    /// Another binding.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What to ask for the next one with; null on the last.
    pub next: Option<String>,
}

/// How many to send, and from where.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct Paging {
    /// How many at the most.
    #[serde(default = "twenty")]
    #[schemars(range(min = 1, max = 100))]
    pub limit: u8,
    /// What the page before said.
    pub after: Option<String>,
    /// Words that a book must have, all of them.
    #[serde(default)]
    pub label: Vec<String>,
}

fn twenty() -> u8 {
    20
}

/// A heading, with the headings under it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Heading {
    /// As it is shown.
    pub name: String,
    /// Narrower ones.
    #[serde(default)]
    pub narrower: Vec<Heading>,
    /// A related one.
    #[serde(default)]
    pub related: Option<std::boxed::Box<Heading>>,
}

/// What was found: each in its own shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Hit {
    /// A book.
    Book(BookId),
    /// A heading, by its name.
    Heading {
        /// Its name.
        name: String,
        /// How many books are under it.
        books: usize,
    },
    /// The search engine slept.
    Nothing,
}

/// An answer of the search.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Envelope<'a, T> {
    /// What it is of.
    pub data: T,
    /// What was asked.
    pub query: Cow<'a, str>,
    /// Milliseconds that each part took.
    pub took: BTreeMap<&'a str, f32>,
}

/// Numbers by bindings, in whatever order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Counts(pub BTreeMap<String, u32>);

/// Which of the shop's tenants asks.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(transparent)]
pub struct Tenant(#[schemars(regex(pattern = "^[a-z]{2,12}$"))] pub String);

impl HeaderField for Tenant {
    const NAME: &'static str = "x-tenant";
}

impl FromStr for Tenant {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters = text.bytes().all(|byte| byte.is_ascii_lowercase());
        if letters && (2..=12).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err("must have 2 to 12 letters, a to z")
        }
    }
}

/// The revision of an answer.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(transparent)]
pub struct ETag(pub String);

impl WithHeaderField for ETag {
    const NAME: &'static str = "etag";
}

impl fmt::Display for ETag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// The `If-None-Match` header: the revision that the client has.
#[derive(Clone, Debug, JsonSchema)]
#[schemars(transparent)]
pub struct IfNoneMatch(pub String);

impl HeaderField for IfNoneMatch {
    const NAME: &'static str = "if-none-match";
}

impl FromStr for IfNoneMatch {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.trim_matches('"').to_owned()))
    }
}
