//! Who may call which route, and whether a change admits more callers or fewer.
//!
//! A version of the app relies on the guards of its own routes. So a guard that is added or
//! narrowed must be in the account before a version that relies on it gets traffic, and one that is
//! removed or widened must stay until no version relies on it. This module compares guards and
//! decides which routes an API may have while the traffic moves; it makes no calls.

pub(crate) mod precedence;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use self::precedence::{outranks, overlap, same_path};
use crate::{
    aws::apigateway::{Checks, Guard},
    settings::access::ApiKeySource,
};

/// An authorizer: its name, and which callers it admits where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Its name, or its id if the API has no authorizer with this id.
    pub(crate) name: String,
    /// Which callers it admits. `None` where nothing describes it, or where only the name counts.
    pub(crate) checks: Option<Checks>,
}

/// Which callers a route admits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    /// The guard of the route.
    pub(crate) guard: Guard<Asked>,
    /// The source of the API key that the caller also needs.
    pub(crate) api_key: Option<ApiKeySource>,
}

/// The routes of an API or of an app, by key.
pub(crate) type Routes = BTreeMap<String, Access>;

/// The effect of a change on the set of callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    /// The same callers.
    Same,
    /// Fewer callers.
    Tighter,
    /// More callers.
    Looser,
    /// Other callers: some that were refused before, and not all that were admitted.
    Other,
}

impl Shift {
    /// Two changes at once; a caller must pass both.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Same, one) | (one, Self::Same) => one,
            (one, two) if one == two => one,
            _ => Self::Other,
        }
    }

    /// True if some callers are refused from then on, or others are meant: the change comes before
    /// the traffic.
    pub(crate) fn is_guard(self) -> bool {
        matches!(self, Self::Tighter | Self::Other)
    }

    /// True if it admits callers that were refused before: the user must agree.
    pub(crate) fn admits_more(self) -> bool {
        matches!(self, Self::Looser | Self::Other)
    }

    /// A list of which a caller needs one entry, or none if it is empty.
    fn any_of(old: &BTreeSet<&String>, new: &BTreeSet<&String>) -> Self {
        match (old, new) {
            _ if old == new => Self::Same,
            _ if old.is_empty() || (!new.is_empty() && new.is_subset(old)) => Self::Tighter,
            _ if new.is_empty() || old.is_subset(new) => Self::Looser,
            _ => Self::Other,
        }
    }

    /// A list of which a caller needs each entry.
    fn all_of(old: &BTreeSet<&String>, new: &BTreeSet<&String>) -> Self {
        match (old, new) {
            _ if old == new => Self::Same,
            _ if old.is_subset(new) => Self::Tighter,
            _ if new.is_subset(old) => Self::Looser,
            _ => Self::Other,
        }
    }

    fn equal<T: PartialEq>(old: &T, new: &T) -> Self {
        match old == new {
            true => Self::Same,
            false => Self::Other,
        }
    }
}

/// The effect of a change of an authorizer.
///
/// If a function's answers are cached longer, a caller is admitted longer, so a longer `ttl` is
/// looser. The form of its events and answers admits nobody: an answer in the wrong form is refused
/// (API Gateway developer guide, "Control access to HTTP APIs with AWS Lambda authorizers").
pub(crate) fn checks(old: &Checks, new: &Checks) -> Shift {
    match (old, new) {
        (
            Checks::Jwt {
                issuer: old_issuer,
                audience: old_audience,
                identity: old_identity,
            },
            Checks::Jwt {
                issuer,
                audience,
                identity,
            },
        ) => Shift::any_of(&old_audience.iter().collect(), &audience.iter().collect())
            .and(Shift::equal(old_issuer, issuer))
            .and(Shift::equal(old_identity, identity)),
        (
            Checks::Function {
                function: old_function,
                identity: old_identity,
                ttl: old_ttl,
                ..
            },
            Checks::Function {
                function,
                identity,
                ttl,
                ..
            },
        ) => {
            let kept = match old_ttl.cmp(ttl) {
                std::cmp::Ordering::Equal => Shift::Same,
                std::cmp::Ordering::Greater => Shift::Tighter,
                std::cmp::Ordering::Less => Shift::Looser,
            };
            // A request without one of them is refused before the function is asked.
            Shift::all_of(&old_identity.iter().collect(), &identity.iter().collect())
                .and(kept)
                .and(Shift::equal(old_function, function))
        }
        _ => Shift::Other,
    }
}

/// The effect of a change of a route's guard.
pub(crate) fn shift(old: &Access, new: &Access) -> Shift {
    let asked = |old: &Asked, new: &Asked| match (&old.checks, &new.checks) {
        (Some(old), Some(new)) => checks(old, new),
        _ => Shift::equal(&old.name, &new.name),
    };
    let guard = match (&old.guard, &new.guard) {
        (Guard::Open, Guard::Open) | (Guard::Iam, Guard::Iam) => Shift::Same,
        (Guard::Open, _) => Shift::Tighter,
        (_, Guard::Open) => Shift::Looser,
        (Guard::Jwt(one, old), Guard::Jwt(other, new)) => {
            Shift::any_of(&old.iter().collect(), &new.iter().collect()).and(asked(one, other))
        }
        (Guard::Lambda(one), Guard::Lambda(other)) => asked(one, other),
        _ => Shift::Other,
    };
    guard.and(match (old.api_key, new.api_key) {
        (None, Some(_)) => Shift::Tighter,
        (Some(_), None) => Shift::Looser,
        (old, new) => Shift::equal(&old, &new),
    })
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.guard.word())?;
        if let Some(asked) = self.guard.authorizer() {
            write!(f, " {}", asked.name.trim_start_matches("jwt-"))?;
        }
        let scopes = self.guard.scopes();
        if !scopes.is_empty() {
            write!(f, ": {}", scopes.join(" or "))?;
        }
        match self.api_key {
            Some(ApiKeySource::Header) => f.write_str(" with an API key"),
            Some(ApiKeySource::Authorizer) => f.write_str(" with an API key from the authorizer"),
            None => Ok(()),
        }
    }
}

impl Access {
    /// Admits everyone.
    pub(crate) fn is_open(&self) -> bool {
        self.guard == Guard::Open && self.api_key.is_none()
    }

    /// True if the other admits everyone that this one admits.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        matches!(shift(other, self), Shift::Same | Shift::Tighter)
    }
}

/// The routes with authorizers identified only by their names: changes of what an authorizer checks
/// are separate.
pub(crate) fn named(routes: &Routes) -> Routes {
    let mut all = routes.clone();
    for access in all.values_mut() {
        access.guard = access.guard.map(|asked| Asked {
            name: asked.name.clone(),
            checks: None,
        });
    }
    all
}

/// True if a version with the routes `app` may answer a request that the API matched to the route
/// `key` by the handler of its route `target`: it looks its handler up by the key, and where it
/// does not have the key, by the path.
fn reaches(key: &str, app: &Routes, target: &str) -> bool {
    if !overlap(key, target) {
        return false;
    }
    let Some((method, path)) = key.split_once(' ') else {
        return true;
    };
    let has = |method: &str| app.contains_key(&format!("{method} {path}"));
    match same_path(key, target) {
        true => key == target || !has(method) || method == "ANY",
        false => !has(method) && !has("ANY"),
    }
}

/// The first route of an API through which a version with the routes `app` would serve callers that
/// its own guard does not admit: the API's route, and the route of the app.
pub(crate) fn exposed<'a>(api: &'a Routes, app: &'a Routes) -> Option<(&'a str, &'a str)> {
    exposed_by(api, app, Access::is_within)
}

/// As [`exposed`]; `fits` decides which guards are sufficient.
pub(crate) fn exposed_by<'a>(
    api: &'a Routes,
    app: &'a Routes,
    fits: impl Fn(&Access, &Access) -> bool,
) -> Option<(&'a str, &'a str)> {
    let guarded = app.iter().filter(|(_, wanted)| !wanted.is_open());
    for (target, wanted) in guarded {
        for (key, found) in api {
            // The API sends the request to the more specific route.
            let hidden = key != target && api.contains_key(target) && outranks(target, key);
            if !hidden && reaches(key, app, target) && !fits(found, wanted) {
                return Some((key, target));
            }
        }
    }
    None
}

/// The routes that an API with the routes `api` has while the traffic moves to a version with the
/// routes `app`: it has each guard that is added, narrowed or replaced, and none is removed or
/// widened.
///
/// A new route is created early only if its requests would otherwise reach its handler without its
/// guard, and a route is deleted early only for the same reason.
pub(crate) fn interim(api: &Routes, app: &Routes) -> Routes {
    let mut all = api.clone();
    for (key, found) in &mut all {
        if let Some(wanted) = app.get(key)
            && shift(found, wanted).is_guard()
        {
            *found = wanted.clone();
        }
    }
    for (key, wanted) in app.iter().filter(|(_, wanted)| !wanted.is_open()) {
        let mut held = all.iter();
        if !all.contains_key(key)
            && held.any(|(held, found)| reaches(held, app, key) && !found.is_within(wanted))
        {
            all.insert(key.clone(), wanted.clone());
        }
    }
    let gone: Vec<String> = api
        .keys()
        .filter(|key| !app.contains_key(*key))
        .filter(|key| {
            let one = app.iter().filter(|(_, wanted)| !wanted.is_open());
            let mut one = one.filter(|(target, _)| reaches(key, app, target));
            one.any(|(target, wanted)| {
                let hidden = all.contains_key(target) && outranks(target, key);
                !hidden && !api[*key].is_within(wanted)
            })
        })
        .cloned()
        .collect();
    all.retain(|key, _| !gone.contains(key));
    all
}

/// True if the route `key`, which an API with the routes `api` does not have, would answer requests
/// that a narrower route answers now.
pub(crate) fn opens(api: &Routes, key: &str, access: &Access) -> bool {
    let mut all = api.iter();
    all.any(|(held, found)| overlap(held, key) && !outranks(held, key) && !access.is_within(found))
}

#[cfg(test)]
mod tests {
    use super::{
        Access, ApiKeySource, Asked, Checks, Guard, Routes, Shift, exposed, interim, opens, shift,
    };

    fn jwt(issuer: &str, audience: &[&str], scopes: &[&str]) -> Access {
        let checks = Checks::Jwt {
            issuer: issuer.to_owned(),
            audience: audience.iter().map(|&one| one.to_owned()).collect(),
            identity: "$request.header.Authorization".to_owned(),
        };
        let asked = Asked {
            name: "jwt-users".to_owned(),
            checks: Some(checks),
        };
        let scopes = scopes.iter().map(|&one| one.to_owned()).collect();
        guarded(Guard::Jwt(asked, scopes))
    }

    fn lambda(function: &str, identity: &[&str], ttl: u32) -> Access {
        let checks = Checks::Function {
            function: function.to_owned(),
            identity: identity.iter().map(|&one| one.to_owned()).collect(),
            ttl,
            format: crate::values::gateway::PayloadFormat::V2,
            simple: true,
        };
        guarded(Guard::Lambda(Asked {
            name: "door".to_owned(),
            checks: Some(checks),
        }))
    }

    fn guarded(guard: Guard<Asked>) -> Access {
        let api_key = None;
        Access { guard, api_key }
    }

    fn keyed(access: &Access) -> Access {
        let api_key = Some(ApiKeySource::Header);
        Access {
            api_key,
            ..access.clone()
        }
    }

    #[test]
    fn a_change_admits_the_same_callers_fewer_more_or_others() {
        use Shift::{Looser, Other, Same, Tighter};
        let (open, iam) = (guarded(Guard::Open), guarded(Guard::Iam));
        let one = jwt("i", &["a"], &["read"]);
        for (old, new, wanted) in [
            (&open, &open, Same),
            (&open, &iam, Tighter),
            (&open, &keyed(&open), Tighter),
            (&iam, &keyed(&iam), Tighter),
            (&iam, &keyed(&open), Other),
            (&iam, &one, Other),
            (&one, &jwt("i", &["a"], &[]), Looser),
            (&one, &jwt("i", &["a"], &["read", "write"]), Looser),
            (&one, &jwt("i", &["a"], &["write"]), Other),
            (&one, &jwt("i", &["a", "b"], &["read"]), Looser),
            (&one, &jwt("i", &["a", "b"], &["read", "write"]), Looser),
            (
                &jwt("i", &["a", "b"], &["read"]),
                &jwt("i", &["a"], &["read", "write"]),
                Other,
            ),
            (&one, &jwt("j", &["a"], &["read"]), Other),
            (&lambda("f", &["x"], 0), &lambda("f", &["x"], 60), Looser),
            (
                &lambda("f", &["x"], 0),
                &lambda("f", &["x", "y"], 0),
                Tighter,
            ),
            (
                &lambda("f", &["x"], 60),
                &lambda("f", &["x", "y"], 0),
                Tighter,
            ),
            (
                &lambda("f", &["x"], 0),
                &lambda("f", &["x", "y"], 60),
                Other,
            ),
            (&lambda("f", &["x"], 0), &lambda("g", &["x"], 0), Other),
        ] {
            assert_eq!(shift(old, new), wanted, "{old:?} to {new:?}");
            let back = match wanted {
                Tighter => Looser,
                Looser => Tighter,
                Same | Other => wanted,
            };
            assert_eq!(shift(new, old), back, "{new:?} to {old:?}");
        }
    }

    fn routes(all: &[(&str, &Access)]) -> Routes {
        let all = all.iter();
        all.map(|(key, access)| ((*key).to_owned(), (*access).clone()))
            .collect()
    }

    /// Every set of up to three of these routes, each guarded in every way.
    fn sets() -> Vec<Routes> {
        let keys = [
            "$default",
            "ANY /a",
            "GET /a",
            "GET /{x}",
            "GET /{y}",
            "GET /{x+}",
        ];
        let ways = [
            guarded(Guard::Open),
            guarded(Guard::Iam),
            lambda("f", &["x"], 0),
        ];
        let mut all = vec![Routes::new()];
        for key in keys {
            for held in all.clone().iter().filter(|held| held.len() < 3) {
                for way in &ways {
                    let mut more = held.clone();
                    more.insert(key.to_owned(), way.clone());
                    all.push(more);
                }
            }
        }
        all
    }

    #[test]
    fn the_routes_in_between_expose_nothing_and_open_nothing() {
        let sets = sets();
        for (nth, api) in sets.iter().enumerate() {
            for app in sets.iter().skip(nth % 3).step_by(3) {
                let early = interim(api, app);
                assert_eq!(exposed(&early, app), None, "{api:?} to {app:?}: {early:?}");
                assert_eq!(interim(&early, app), early, "{api:?} to {app:?}");
                for (key, found) in &early {
                    match api.get(key) {
                        Some(before) => assert_ne!(shift(before, found), Shift::Looser, "{key}"),
                        None => assert!(!found.is_open(), "{key}: {api:?} to {app:?}"),
                    }
                }
            }
            assert_eq!(&interim(api, api), api);
        }
    }

    #[test]
    fn a_route_opens_what_a_vaguer_one_guards() {
        let (open, iam) = (guarded(Guard::Open), guarded(Guard::Iam));
        let api = routes(&[("GET /{x}", &iam), ("GET /a", &open)]);
        assert!(opens(&api, "GET /b", &open));
        assert!(!opens(&api, "GET /b", &iam) && !opens(&api, "GET /b/c", &open));
        // The narrower one answers as before.
        assert!(!opens(&routes(&[("GET /a", &iam)]), "GET /{x}", &open));
    }
}
