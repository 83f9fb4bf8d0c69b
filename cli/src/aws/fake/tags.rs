//! Tags of what is there.

use super::{Fake, State, missing};
use crate::{
    aws::{
        error::Result,
        tags::{Taggable, TaggedKind, Tagger},
    },
    values::names::Tags,
};

fn tags<'a>(
    state: &'a mut State,
    resource: &Taggable,
) -> Result<&'a mut Tags, (&'static str, String)> {
    let Taggable { kind, name, .. } = resource;
    let found = match kind {
        TaggedKind::Function => state.functions.get_mut(name).map(|found| &mut found.tags),
        TaggedKind::Role => state.roles.get_mut(name).map(|found| &mut found.tags),
        TaggedKind::LogGroup => state.groups.get_mut(name).map(|found| &mut found.tags),
        TaggedKind::RestApi => {
            let mut all = state.rests.iter_mut();
            let found = all.find(|one| one.api.id == *name);
            found.map(|found| &mut found.api.tags)
        }
        TaggedKind::Mapping => {
            let mut all = state.mappings.iter_mut();
            let found = all.find(|one| one.mapping.arn == resource.arn);
            found.map(|found| &mut found.tags)
        }
        TaggedKind::Api => {
            let mut all = state.apis.iter_mut();
            let found = all.find(|one| one.api.id == *name);
            found.map(|found| &mut found.api.tags)
        }
    };
    found.ok_or_else(|| missing("ResourceNotFoundException", name))
}

impl Tagger for Fake {
    async fn tag(&self, resource: &Taggable, more: &Tags) -> Result<()> {
        self.call(resource.kind.tag(), |state| {
            tags(state, resource)?.extend(more.clone());
            Ok(())
        })
    }

    async fn untag(&self, resource: &Taggable, keys: &[String]) -> Result<()> {
        self.call(resource.kind.untag(), |state| {
            tags(state, resource)?.retain(|key, _| !keys.contains(key));
            Ok(())
        })
    }
}
