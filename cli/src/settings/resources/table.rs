//! A table's settings: its keys, indexes, stream and time to live.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{
    error::{Failure, Result},
    settings::over::Over,
    values::resources::Arn,
};

/// A table's settings as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableSettings {
    /// The attribute that items are spread by.
    pub(crate) partition_key: Option<Key>,
    /// The attribute that items with one partition key are sorted by.
    pub(crate) sort_key: Option<Key>,
    /// The indexes by name.
    #[serde(default)]
    pub(crate) indexes: BTreeMap<String, IndexSettings>,
    /// What the records of its stream show; no stream without.
    pub(crate) stream: Option<StreamView>,
    /// The attribute that holds when an item expires, in seconds since the Unix epoch.
    pub(crate) ttl: Option<String>,
    /// The ARN of an existing table, which a deployment uses as it is.
    pub(crate) existing: Option<String>,
}

/// An index' settings as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IndexSettings {
    /// The attribute that it is spread by; the table's for a local index.
    pub(crate) partition_key: Option<Key>,
    /// The attribute that it is sorted by.
    pub(crate) sort_key: Option<Key>,
    /// What it holds in addition to the keys; everything without.
    pub(crate) projection: Option<Projection>,
}

/// The attributes of an index.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "`all`, `keys-only` or a list of attributes")]
pub(crate) enum Projection {
    /// `all` or `keys-only`.
    Word(ProjectionWord),
    /// These and the keys.
    Attributes(Vec<String>),
}

/// The attributes of an index, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProjectionWord {
    /// All attributes.
    All,
    /// The keys of table and index.
    KeysOnly,
}

/// A key: the name of an attribute that holds texts, or its name and its type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "the name of an attribute, or `{ name = \"…\", type = \"number\" }`"
)]
pub(crate) enum Key {
    /// An attribute that holds texts.
    Name(String),
    /// An attribute with its type.
    Typed(TypedKey),
}

/// A key with its type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypedKey {
    name: String,
    #[serde(rename = "type")]
    kind: KeyType,
}

/// The type of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KeyType {
    /// `S`.
    String,
    /// `N`.
    Number,
    /// `B`.
    Binary,
}

impl Key {
    /// The attribute.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Typed(key) => &key.name,
        }
    }

    /// Its type as DynamoDB writes it.
    pub(crate) fn letter(&self) -> &'static str {
        match self {
            Self::Name(_) => "S",
            Self::Typed(key) => match key.kind {
                KeyType::String => "S",
                KeyType::Number => "N",
                KeyType::Binary => "B",
            },
        }
    }
}

/// What the records of a stream show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum StreamView {
    /// The key of the item.
    KeysOnly,
    /// The item as it is after the change.
    NewImage,
    /// The item as it was before the change.
    OldImage,
    /// Both.
    NewAndOldImages,
}

impl StreamView {
    /// The view type as DynamoDB writes it.
    pub(crate) const fn view_type(self) -> &'static str {
        match self {
            Self::KeysOnly => "KEYS_ONLY",
            Self::NewImage => "NEW_IMAGE",
            Self::OldImage => "OLD_IMAGE",
            Self::NewAndOldImages => "NEW_AND_OLD_IMAGES",
        }
    }
}

impl TableSettings {
    /// The name of an existing table.
    pub(crate) fn existing_name(&self) -> Option<&str> {
        Arn::of(self.existing.as_deref()?)?
            .resource
            .strip_prefix("table/")
    }

    /// Refuses what DynamoDB would, and a table without a key.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong; exit code 65.
    pub(super) fn check(&self, name: &str) -> Result<()> {
        if let Some(arn) = &self.existing
            && self.existing_name().is_none()
        {
            return Err(Failure::input(format!(
                "`tables.{name}.existing` is not the ARN of a table: `{}`",
                arn.escape_debug()
            ))
            .hint("write `existing = \"arn:aws:dynamodb:REGION:123456789012:table/NAME\"`"));
        }
        if self.partition_key.is_none() && self.existing.is_none() {
            return Err(
                Failure::input(format!("`tables.{name}` has no `partition_key`"))
                    .because_of("each item of a table is found by its key")
                    .hint("write `partition_key = \"id\"`, for example"),
            );
        }
        for (index, one) in &self.indexes {
            if one.partition_key.is_none() && one.sort_key.is_none() {
                return Err(
                    Failure::input(format!("`tables.{name}.indexes.{index}` has no key")).hint(
                        "write `partition_key = \"…\"`, or `sort_key = \"…\"` for a local index",
                    ),
                );
            }
            if one.partition_key.is_none() && self.sort_key.is_none() {
                return Err(Failure::input(format!(
                    "`tables.{name}.indexes.{index}` has no `partition_key`"
                ))
                .because_of(
                    "an index without one is a local index, and the table needs a `sort_key` for that",
                )
                .hint("write `partition_key = \"…\"`"));
            }
        }
        self.check_types(name)
    }

    /// Refuses an attribute that is a key with two types.
    fn check_types(&self, name: &str) -> Result<()> {
        let mut types: BTreeMap<&str, &str> = BTreeMap::new();
        for key in self.keys() {
            let before = types.insert(key.name(), key.letter());
            if before.is_some_and(|before| before != key.letter()) {
                return Err(Failure::input(format!(
                    "`tables.{name}` has two types for the attribute `{}`",
                    key.name().escape_debug()
                ))
                .because_of("an attribute that is a key has one type")
                .hint("write the same `type` in each place"));
            }
        }
        Ok(())
    }

    /// The keys of the table and of its indexes.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Key> {
        let own = [&self.partition_key, &self.sort_key].into_iter();
        let indexes = self.indexes.values();
        let indexes = indexes.flat_map(|one| [&one.partition_key, &one.sort_key]);
        own.chain(indexes).flatten()
    }
}

impl Over for TableSettings {
    fn over(self, base: Self) -> Self {
        Self {
            partition_key: self.partition_key.or(base.partition_key),
            sort_key: self.sort_key.or(base.sort_key),
            indexes: self.indexes.over(base.indexes),
            stream: self.stream.or(base.stream),
            ttl: self.ttl.or(base.ttl),
            existing: self.existing.or(base.existing),
        }
    }
}

impl Over for IndexSettings {
    fn over(self, base: Self) -> Self {
        Self {
            partition_key: self.partition_key.or(base.partition_key),
            sort_key: self.sort_key.or(base.sort_key),
            projection: self.projection.or(base.projection),
        }
    }
}
