//! The functions that events invoke, as the app's own files show them by their attributes: `#[on_sqs("orders")]`.

use std::collections::BTreeSet;

use syn::{
    Attribute, LitStr,
    parse::ParseStream,
    visit::{self, Visit},
};

use super::modules::{self, for_tests};
use crate::{
    error::{Context as _, Exit, Result},
    project::Project,
};

/// The attributes of functions that something in the account invokes.
const ATTRIBUTES: [&str; 5] = ["on_event", "on_s3", "on_sns", "on_sqs", "schedule"];

/// A function that events invoke.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ShownSource {
    /// Its name.
    pub(crate) name: String,
    /// Its attribute: `on_sqs`.
    pub(crate) attribute: &'static str,
    /// The text that comes first in the attribute: the queue's, topic's or bucket's name in the app; a schedule.
    pub(crate) first: Option<String>,
}

/// The sources that the files of the project show. A file that cannot be parsed shows none.
///
/// # Errors
///
/// When a folder or a file cannot be read; exit code 65.
pub(crate) fn sources(project: &Project) -> Result<BTreeSet<ShownSource>> {
    let files = modules::files(project.policy_sources())
        .context("cannot read the folders of the sources")
        .map_err(|failure| failure.exiting(Exit::Input))?;
    let mut shown = Shown::default();
    for path in files {
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read a source: {}", path.display()))
            .map_err(|failure| failure.exiting(Exit::Input))?;
        shown.text(&text);
    }
    Ok(shown.0)
}

#[derive(Default)]
struct Shown(BTreeSet<ShownSource>);

impl Shown {
    fn text(&mut self, text: &str) {
        if let Ok(parsed) = syn::parse_file(text) {
            self.visit_file(&parsed);
        }
    }
}

impl<'ast> Visit<'ast> for Shown {
    fn visit_item_fn(&mut self, function: &'ast syn::ItemFn) {
        let named = |attribute: &Attribute| {
            let last = attribute.path().segments.last()?.ident.to_string();
            ATTRIBUTES.into_iter().find(|known| *known == last)
        };
        let mut all = function.attrs.iter();
        let found = all.find_map(|attribute| Some((attribute, named(attribute)?)));
        if let Some((attribute, kind)) = found {
            let name = function.sig.ident.to_string();
            self.0.insert(ShownSource {
                name: name.trim_start_matches("r#").to_owned(),
                attribute: kind,
                first: first(attribute),
            });
        }
        visit::visit_item_fn(self, function);
    }

    fn visit_item_mod(&mut self, module: &'ast syn::ItemMod) {
        if !for_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }
}

/// The text that an attribute's arguments begin with.
fn first(attribute: &Attribute) -> Option<String> {
    let text = |input: ParseStream<'_>| {
        let text: LitStr = input.parse()?;
        // What comes after it is another part's to read.
        input.parse::<proc_macro2::TokenStream>()?;
        Ok(text.value())
    };
    attribute.parse_args_with(text).ok()
}

#[cfg(test)]
mod tests {
    use super::Shown;

    #[test]
    fn sources_are_known_by_their_attributes() {
        let mut shown = Shown::default();
        shown.text(
            r#"
            #[on_sqs("orders")]
            async fn pack(order: Json<Order>) {}
            mod inner {
                /// Documented.
                #[fw::on_s3("labels", created, prefix = "parcels/")]
                pub async fn announce(label: ObjectEvent) {}
                #[on_event(source = "carrier")]
                fn returned() {}
            }
            #[get("/")]
            async fn index() {}
            #[cfg(test)]
            mod tests {
                #[on_sns("news")]
                fn only_here() {}
            }
            "#,
        );
        shown.text("fn broken( {");
        let all: Vec<_> = shown
            .0
            .iter()
            .map(|one| (one.name.as_str(), one.attribute, one.first.as_deref()))
            .collect();
        assert_eq!(
            all,
            [
                ("announce", "on_s3", Some("labels")),
                ("pack", "on_sqs", Some("orders")),
                ("returned", "on_event", None),
            ]
        );
    }
}
