//! One method of one path.

use std::collections::{BTreeMap, BTreeSet};

use fw_manifest::{ApiBody, ApiParameter, Manifest, ManifestRoute, Place, RouteApi};
use serde_json::{Map, Value, json};

use crate::{
    Info,
    answers::{self, Shared},
    names::Names,
    rewrite::{self, Direction},
    security,
};

/// The methods that a document has, in its order.
const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The methods that `ANY` stands for here: those that an application answers.
const ANY: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// A route's methods, each with its place in the path's list.
pub(crate) fn methods(method: &str) -> Vec<(usize, &'static str)> {
    let lower = method.to_ascii_lowercase();
    let all = METHODS.iter().enumerate();
    all.filter(|(_, known)| **known == lower || (method == "ANY" && ANY.contains(known)))
        .map(|(order, known)| (order, *known))
        .collect()
}

/// A path in the words of a document, which has no word for a greedy parameter.
pub(crate) fn path(path: &str) -> String {
    path.replace("+}", "}")
}

/// The parameters of a path, with whether they are greedy.
fn in_path(path: &str) -> impl Iterator<Item = (&str, bool)> {
    path.split('/').filter_map(|segment| {
        let name = segment.strip_prefix('{')?.strip_suffix('}')?;
        Some(match name.strip_suffix('+') {
            Some(name) => (name, true),
            None => (name, false),
        })
    })
}

/// The handler's function and the modules in which it is, the crate left out.
fn handler(route: &ManifestRoute) -> (Vec<&str>, &str) {
    let mut parts: Vec<&str> = route.handler.split("::").collect();
    let function = parts.pop().unwrap_or_default();
    let modules = parts.into_iter().skip(1).collect();
    (modules, function)
}

/// The id of each route's operation, by path and method.
///
/// It is the function's name after those of its modules: `orders_list` of `shop::orders::list`. What a handler answers under several paths has
/// the words of the path after that, but for the first path. So a new route changes no other's id, unless it goes before.
pub(crate) fn ids<'m>(routes: &[&'m ManifestRoute]) -> BTreeMap<(&'m str, &'m str), String> {
    let mut paths: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut methods: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for route in routes {
        paths.entry(&route.handler).or_default().insert(&route.path);
        *methods.entry((&route.handler, &route.path)).or_default() += 1;
    }
    let mut taken = BTreeSet::new();
    let mut ids = BTreeMap::new();
    for route in routes {
        let (mut words, function) = handler(route);
        let method = route.method.to_ascii_lowercase();
        let several = methods.get(&(&*route.handler, &*route.path)) > Some(&1);
        if several && !function.is_empty() {
            words.insert(0, &method);
        }
        if function.is_empty() {
            words.push(&method);
        } else {
            words.push(function);
        }
        let first = paths
            .get(&*route.handler)
            .and_then(|paths| paths.first().copied());
        let mut id = words.join("_");
        if function.is_empty() || first != Some(&*route.path) {
            id = joined(&id, &route.path);
        }
        let mut unique = id.clone();
        let mut number = 2;
        while !taken.insert(unique.clone()) {
            unique = format!("{id}_{number}");
            number += 1;
        }
        ids.insert((route.path.as_str(), route.method.as_str()), unique);
    }
    ids
}

/// An id with the words of a path.
fn joined(id: &str, path: &str) -> String {
    let mut joined = id.to_owned();
    for word in path.split(|letter: char| !letter.is_ascii_alphanumeric()) {
        if !word.is_empty() {
            joined.push('_');
            joined.push_str(word);
        }
    }
    joined
}

/// The id for one of the methods that `ANY` stands for.
pub(crate) fn id_of(id: &str, method: &str, one: &str) -> String {
    if method == "ANY" {
        format!("{one}_{id}")
    } else {
        id.to_owned()
    }
}

/// The handler's innermost module; in the crate's root the app's name.
pub(crate) fn tag(route: &ManifestRoute, app: &str) -> String {
    let (modules, _) = handler(route);
    modules
        .last()
        .map_or_else(|| app.to_owned(), |module| (*module).to_owned())
}

/// The operation.
pub(crate) fn of(
    route: &ManifestRoute,
    manifest: &Manifest,
    info: &Info,
    names: &Names,
    shared: &mut Shared,
    id: &str,
    tag: &str,
) -> Value {
    let mut operation = Map::new();
    let mut say = |key: &str, value: Value| operation.insert(key.to_owned(), value);
    say("operationId", id.into());
    let summary = if route.summary.is_empty() {
        spoken(id)
    } else {
        route.summary.clone()
    };
    say("summary", summary.into());
    if !route.description.is_empty() {
        say("description", route.description.clone().into());
    }
    say("tags", json!([tag]));
    let api = route.api.as_ref();
    if api.is_some_and(|api| api.deprecated) {
        say("deprecated", true.into());
    }
    say("security", security::requirements(route, manifest, info));
    let parameters = parameters(route, names);
    if !parameters.is_empty() {
        say("parameters", parameters.into());
    }
    if let Some(body) = body(route, names) {
        say("requestBody", body);
    }
    say(
        "responses",
        answers::of(route, manifest, info, names, shared),
    );
    operation.into()
}

/// An id as words: `orders list`.
fn spoken(id: &str) -> String {
    id.replace('_', " ")
}

fn parameters(route: &ManifestRoute, names: &Names) -> Vec<Value> {
    let described = |place: Place, name: &str| -> Option<&ApiParameter> {
        let mut all = route.api.iter().flat_map(|api| &api.parameters);
        all.find(|one| one.place == place && one.name == name)
    };
    let mut written = Vec::new();
    for (name, greedy) in in_path(&route.path) {
        let known = described(Place::Path, name);
        let mut parameter = parameter(name, Place::Path, true, known, false, names);
        if greedy {
            parameter["x-greedy"] = true.into();
        }
        written.push(parameter);
    }
    let plain = route.parameters.iter();
    for one in plain.filter(|one| matches!(one.place, Place::Query | Place::Header)) {
        let known = described(one.place, &one.name);
        written.push(parameter(
            &one.name,
            one.place,
            one.required,
            known,
            one.multiple,
            names,
        ));
    }
    let listed = |one: &ApiParameter| {
        let mut plain = route.parameters.iter();
        one.place == Place::Path
            || plain.any(|known| known.place == one.place && known.name == one.name)
    };
    for one in route.api.iter().flat_map(|api| &api.parameters) {
        if !listed(one) {
            written.push(parameter(
                &one.name,
                one.place,
                one.required,
                Some(one),
                false,
                names,
            ));
        }
    }
    written
}

fn parameter(
    name: &str,
    place: Place,
    required: bool,
    known: Option<&ApiParameter>,
    multiple: bool,
    names: &Names,
) -> Value {
    let mut schema = match known {
        Some(known) => rewrite::schema(&known.schema, Direction::Request, names),
        None if multiple => json!({ "type": "array", "items": { "type": "string" } }),
        None => json!({ "type": "string" }),
    };
    let mut parameter = json!({ "name": name, "in": place.as_str() });
    // Beside a reference, 3.0 knows no description, and a reader looks for it at the parameter.
    if let Some(members) = schema.as_object_mut() {
        if let Some(description) = members.remove("description") {
            parameter["description"] = description;
        }
        if let Some(deprecated) = members.remove("deprecated") {
            parameter["deprecated"] = deprecated;
        }
    }
    parameter["required"] = required.into();
    parameter["schema"] = schema;
    parameter
}

fn body(route: &ManifestRoute, names: &Names) -> Option<Value> {
    let described = route.api.as_ref().map(|api: &RouteApi| &api.bodies);
    let plain: Vec<ApiBody> = match described {
        Some(bodies) => bodies.clone(),
        None => {
            let body = route.body.as_ref()?;
            vec![ApiBody::new(&body.content_type, body.required, None)]
        }
    };
    let required = plain.iter().any(|body| body.required);
    let mut content = Map::new();
    for body in plain {
        let schema = body.schema.unwrap_or_else(|| json!({}));
        let schema = rewrite::schema(&schema, Direction::Request, names);
        content
            .entry(body.content_type)
            .or_insert_with(|| json!({ "schema": schema }));
    }
    if content.is_empty() {
        return None;
    }
    let mut body = json!({ "content": content });
    if required {
        body["required"] = true.into();
    }
    Some(body)
}

#[cfg(test)]
mod tests {
    use fw_manifest::ManifestRoute;

    use super::ids;

    fn route(method: &str, path: &str, handler: &str) -> ManifestRoute {
        let mut route = ManifestRoute::new(method, path);
        route.handler = handler.to_owned();
        route
    }

    #[test]
    fn an_id_is_the_handler_s_name_and_a_new_path_changes_none() {
        let routes = [
            route("GET", "/a", "shop::list"),
            route("GET", "/b", "shop::orders::list"),
            route("GET", "/c/{id}", "shop::thing"),
            route("PUT", "/c/{id}", "shop::thing"),
            route("GET", "/v1/d", "shop::d"),
            route("GET", "/v2/d", "shop::d"),
            route("GET", "/x/{y+}", ""),
        ];
        let found = |routes: &[ManifestRoute]| {
            let routes: Vec<&ManifestRoute> = routes.iter().collect();
            ids(&routes).into_values().collect::<Vec<_>>()
        };
        assert_eq!(
            found(&routes),
            [
                "list",
                "orders_list",
                "get_thing",
                "put_thing",
                "d",
                "d_v2_d",
                "get_x_y"
            ]
        );
        assert_eq!(found(&routes[..5])[4], "d");
    }
}
