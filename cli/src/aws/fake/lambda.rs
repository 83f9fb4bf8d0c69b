//! Lambda: nothing is changed or published while a change is under way, and the same code and configuration give no new
//! version (Lambda API reference, `PublishVersion`).

use std::collections::BTreeMap;

use super::{Fake, FakeFunction, Revision, State, missing};
use crate::aws::lambda::{
    ADD_PERMISSION, Alias, CREATE_ALIAS, CREATE_FUNCTION, CREATE_URL, Canary, Configuration,
    DELETE_FUNCTION, DELETE_URL, Function, FunctionUrl, GET_FUNCTION, GET_POLICY, GET_URL, Grant,
    INVOKE, Invoked, LIST_ALIASES, LIST_FUNCTIONS, LIST_VERSIONS, Lambda, PUBLISH_VERSION,
    REMOVE_PERMISSION, Readiness, UPDATE_ALIAS, UPDATE_CODE, UPDATE_CONFIGURATION, UPDATE_URL,
    UrlSettings,
};
use crate::{
    aws::error::Result,
    deploy::kind::mapping::fake as mapping,
    values::{
        code::{Code, Way},
        lambda::InvocationType,
        names::Tags,
    },
};
use bytes::Bytes;

const GONE: &str = "ResourceNotFoundException";
const CONFLICT: &str = "ResourceConflictException";

type Refused = (&'static str, String);

fn known<'a>(state: &'a mut State, name: &str) -> Result<&'a mut FakeFunction, Refused> {
    state
        .functions
        .get_mut(name)
        .ok_or_else(|| missing(GONE, name))
}

/// The function, unless it is being changed.
fn idle<'a>(state: &'a mut State, name: &str) -> Result<&'a mut FakeFunction, Refused> {
    let found = known(state, name)?;
    if found.pending > 0 {
        found.pending -= 1;
        return Err((CONFLICT, format!("an update is in progress for {name}")));
    }
    Ok(found)
}

/// Lambda takes only a role that it can assume by now.
fn assumable(state: &mut State, arn: &str) -> Result<(), Refused> {
    let name = arn.rsplit('/').next().unwrap_or_default();
    match state.roles.get_mut(name) {
        Some(role) if role.lag == 0 => Ok(()),
        found => {
            if let Some(role) = found {
                role.lag -= 1;
            }
            let message = "The role defined for the function cannot be assumed by Lambda.";
            Err(("InvalidParameterValueException", message.to_owned()))
        }
    }
}

/// Lambda takes a zip that comes with the call, or one that is in the bucket.
fn arrived(state: &State, code: &Code) -> Result<(), Refused> {
    let found = match &code.way {
        Way::Sent => true,
        Way::Large => return Err(("RequestEntityTooLargeException", code.sha256.clone())),
        Way::Stored { bucket, key } => {
            let bucket = state.buckets.get(bucket);
            bucket.and_then(|bucket| bucket.objects.get(key)) == Some(&code.zip)
        }
    };
    let message = "Error occurred while GetObject. S3 Error Code: NoSuchKey.";
    found
        .then_some(())
        .ok_or_else(|| ("InvalidParameterValueException", message.to_owned()))
}

/// Makes a version of what is the latest, unless the newest is one; gives its number.
fn published(found: &mut FakeFunction) -> String {
    let newest = found.versions.last_key_value();
    if newest.map(|(_, newest)| newest) != Some(&found.latest) {
        found.published += 1;
        let revision = found.latest.clone();
        found.versions.insert(found.published, revision);
    }
    found.published.to_string()
}

fn version<'a>(function: &'a FakeFunction, number: &str) -> Result<&'a Revision, Refused> {
    let number_of = number.parse::<u32>().ok();
    number_of
        .and_then(|number| function.versions.get(&number))
        .ok_or_else(|| missing(GONE, number))
}

impl Lambda for Fake {
    async fn function(&self, name: &str, qualifier: Option<&str>) -> Result<Option<Function>> {
        self.later().await.call(GET_FUNCTION, |state| {
            let Some(found) = state.functions.get_mut(name) else {
                return Ok(None);
            };
            let readiness = match found.pending {
                0 => Readiness::Ready,
                _ => {
                    found.pending -= 1;
                    Readiness::Pending
                }
            };
            if let Some(number) = qualifier {
                let revision = version(found, number).ok();
                return Ok(revision.map(|one| one.seen(readiness, &found.tags)));
            }
            Ok(Some(Function {
                reserved: found.reserved,
                ..found.latest.seen(readiness, &found.tags)
            }))
        })
    }

    async fn code(&self, name: &str, number: &str) -> Result<Bytes> {
        self.later().await.call(GET_FUNCTION, |state| {
            let found = known(state, name)?;
            Ok(version(found, number)?.zip.clone())
        })
    }

    async fn create_function(
        &self,
        name: &str,
        code: &Code,
        configuration: &Configuration,
        tags: &Tags,
    ) -> Result<String> {
        self.later().await.call(CREATE_FUNCTION, |state| {
            if state.functions.contains_key(name) {
                return Err((CONFLICT, format!("function already exist: {name}")));
            }
            arrived(state, code)?;
            assumable(state, &configuration.role)?;
            let mut function = FakeFunction {
                latest: Revision::new(code, configuration),
                versions: [].into(),
                published: 0,
                aliases: [].into(),
                grants: [].into(),
                url: None,
                reserved: None,
                provisioned: None,
                asynchronous: None,
                tags: tags.clone(),
                pending: self.function_lag.get(),
            };
            let number = published(&mut function);
            state.functions.insert(name.to_owned(), function);
            Ok(number)
        })
    }

    async fn update_code(&self, name: &str, code: &Code, publish: bool) -> Result<String> {
        self.later().await.call(UPDATE_CODE, |state| {
            arrived(state, code)?;
            let found = idle(state, name)?;
            found.latest = Revision::new(code, &found.latest.configuration);
            found.pending = self.function_lag.get();
            Ok(match publish {
                true => published(found),
                false => "$LATEST".to_owned(),
            })
        })
    }

    async fn update_configuration(&self, name: &str, configuration: &Configuration) -> Result<()> {
        self.later().await.call(UPDATE_CONFIGURATION, |state| {
            idle(state, name)?;
            assumable(state, &configuration.role)?;
            mapping::suits(state, name, configuration.timeout)?;
            let found = known(state, name)?;
            found.latest.configuration = configuration.clone();
            found.pending = self.function_lag.get();
            Ok(())
        })
    }

    async fn publish_version(&self, name: &str, sha256: &str) -> Result<String> {
        self.later().await.call(PUBLISH_VERSION, |state| {
            let found = idle(state, name)?;
            if found.latest.sha256 != sha256 {
                let message = format!("{sha256} is not the code's hash");
                return Err(("InvalidParameterValueException", message));
            }
            Ok(published(found))
        })
    }

    async fn versions(&self, name: &str) -> Result<Vec<(String, Function)>> {
        self.later().await.call(LIST_VERSIONS, |state| {
            let found = state.functions.get(name);
            let all = found.into_iter().flat_map(|found| &found.versions);
            Ok(all
                .map(|(number, one)| (number.to_string(), one.seen(Readiness::Ready, &Tags::new())))
                .collect())
        })
    }

    async fn aliases(&self, name: &str) -> Result<BTreeMap<String, Alias>> {
        self.later().await.call(LIST_ALIASES, |state| {
            let found = state.functions.get(name);
            Ok(found.map(|found| found.aliases.clone()).unwrap_or_default())
        })
    }

    async fn create_alias(&self, name: &str, alias: &str, number: &str) -> Result<()> {
        self.later().await.call(CREATE_ALIAS, |state| {
            let found = known(state, name)?;
            version(found, number)?;
            if found.aliases.contains_key(alias) {
                return Err((CONFLICT, format!("alias already exists: {alias}")));
            }
            let to = Alias {
                version: number.to_owned(),
                canary: None,
            };
            found.aliases.insert(alias.to_owned(), to);
            Ok(())
        })
    }

    async fn update_alias(
        &self,
        name: &str,
        alias: &str,
        number: &str,
        canary: Option<&Canary>,
    ) -> Result<()> {
        self.later().await.call(UPDATE_ALIAS, |state| {
            let found = known(state, name)?;
            version(found, number)?;
            if let Some(canary) = canary {
                version(found, &canary.version)?;
            }
            let held = found.aliases.get_mut(alias);
            *held.ok_or_else(|| missing(GONE, alias))? = Alias {
                version: number.to_owned(),
                canary: canary.cloned(),
            };
            Ok(())
        })
    }

    async fn function_url(&self, name: &str, _alias: &str) -> Result<Option<FunctionUrl>> {
        self.later().await.call(GET_URL, |state| {
            let found = state.functions.get(name);
            Ok(found.and_then(|found| found.url.clone()))
        })
    }

    async fn create_function_url(
        &self,
        name: &str,
        alias: &str,
        settings: &UrlSettings,
    ) -> Result<String> {
        self.later().await.call(CREATE_URL, |state| {
            let found = known(state, name)?;
            if !found.aliases.contains_key(alias) {
                return Err(missing(GONE, alias));
            }
            if found.url.is_some() {
                return Err((CONFLICT, format!("{alias} has a URL")));
            }
            let url = format!("https://{name}.lambda-url.{}.on.aws", Self::REGION);
            let settings = settings.clone();
            let held = found.url.insert(FunctionUrl { url, settings });
            Ok(held.url.clone())
        })
    }

    async fn update_function_url(
        &self,
        name: &str,
        alias: &str,
        settings: &UrlSettings,
    ) -> Result<()> {
        self.later().await.call(UPDATE_URL, |state| {
            let found = known(state, name)?;
            let held = found.url.as_mut().ok_or_else(|| missing(GONE, alias))?;
            held.settings = settings.clone();
            Ok(())
        })
    }

    async fn delete_function_url(&self, name: &str, alias: &str) -> Result<()> {
        self.later().await.call(DELETE_URL, |state| {
            let removed = known(state, name)?.url.take();
            removed.map(drop).ok_or_else(|| missing(GONE, alias))
        })
    }

    async fn grants(&self, name: &str, qualifier: &str) -> Result<Vec<Grant>> {
        self.later().await.call(GET_POLICY, |state| {
            let found = state.functions.get(name);
            let grants = found.and_then(|found| found.grants.get(qualifier).cloned());
            Ok(grants.unwrap_or_default())
        })
    }

    async fn add_permission(&self, name: &str, qualifier: &str, grant: &Grant) -> Result<()> {
        self.later().await.call(ADD_PERMISSION, |state| {
            let found = known(state, name)?;
            if !found.aliases.contains_key(qualifier) {
                return Err(missing(GONE, qualifier));
            }
            let grants = found.grants.entry(qualifier.to_owned()).or_default();
            if grants.iter().any(|held| held.id == grant.id) {
                let message = format!("the statement id ({}) exists already", grant.id);
                return Err((CONFLICT, message));
            }
            grants.push(grant.clone());
            Ok(())
        })
    }

    async fn remove_permission(&self, name: &str, qualifier: &str, id: &str) -> Result<()> {
        self.later().await.call(REMOVE_PERMISSION, |state| {
            let found = known(state, name)?;
            let grants = found.grants.entry(qualifier.to_owned()).or_default();
            let before = grants.len();
            grants.retain(|held| held.id != id);
            if grants.len() == before {
                return Err(missing(GONE, id));
            }
            Ok(())
        })
    }

    async fn invoke(
        &self,
        name: &str,
        qualifier: Option<&str>,
        _kind: InvocationType,
        event: Bytes,
        _client_context: Option<&str>,
    ) -> Result<Invoked> {
        self.later().await.call(INVOKE, |state| {
            let found = idle(state, name)?;
            let qualifier = qualifier.unwrap_or("$LATEST");
            if qualifier != "$LATEST" && !found.aliases.contains_key(qualifier) {
                version(found, qualifier)?;
            }
            let payload = String::from_utf8_lossy(&event).into_owned();
            let mut invoked = self.invoked.borrow_mut();
            invoked.push((qualifier.to_owned(), payload));
            let answer = self.answer.borrow().clone();
            Ok(answer.unwrap_or_else(|| Invoked {
                payload: event,
                ..Invoked::default()
            }))
        })
    }

    async fn functions(&self) -> Result<Vec<String>> {
        self.later().await.call(LIST_FUNCTIONS, |state| {
            Ok(state.functions.keys().cloned().collect())
        })
    }

    async fn delete_function(&self, name: &str) -> Result<()> {
        self.later().await.call(DELETE_FUNCTION, |state| {
            let removed = state.functions.remove(name);
            removed.map(drop).ok_or_else(|| missing(GONE, name))
        })
    }

    async fn delete_version(&self, name: &str, number: &str) -> Result<()> {
        self.later().await.call(DELETE_FUNCTION, |state| {
            let found = known(state, name)?;
            let used = found.aliases.values().any(|alias| {
                let canary = alias.canary.as_ref();
                alias.version == number || canary.is_some_and(|canary| canary.version == number)
            });
            if used {
                return Err((CONFLICT, format!("version {number} is used by an alias")));
            }
            version(found, number)?;
            found.versions.retain(|held, _| held.to_string() != number);
            Ok(())
        })
    }
}
