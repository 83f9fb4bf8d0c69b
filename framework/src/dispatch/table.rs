//! The table of endpoints: which one a request is for.

use std::{borrow::Cow, fmt, sync::Arc};

use crate::{
    app::AppError,
    entry::Entry,
    request::Request,
    response::{IntoResponse, Response},
    route::{BoxFuture, Call, Guard, Listed, RouteInfo},
    service::shared::no_route,
};
use fw_gateway::{Matcher, PathPattern, decode_path};
use fw_manifest::{ManifestBody, ManifestParameter, ManifestRoute, Part, Source};

/// One method on one path, and its handler or service.
pub(crate) struct Endpoint<S> {
    pub(crate) method: &'static str,
    pub(crate) path: Cow<'static, str>,
    pub(crate) info: Option<RouteInfo>,
    pub(crate) source: Source,
    pub(crate) target: Target<S>,
    /// The layers of its lists, by their positions in the app, the outermost first.
    pub(crate) layers: Vec<usize>,
    pub(crate) guard: Option<Guard<S>>,
    pub(crate) api_key: bool,
    pub(crate) no_cors: bool,
    /// True if it answers with a stream.
    pub(crate) stream: bool,
    #[cfg(feature = "schema")]
    pub(crate) description: Option<crate::route::Description>,
}

/// The handler or service.
pub(crate) enum Target<S> {
    Handler(Call<S>),
    Service(Mounted),
    /// The app's fallback.
    Fallback,
}

/// A tower service under a path, after the conversion of the request.
pub(crate) type Mounted =
    Arc<dyn for<'r> Fn(&'r Request<'r>) -> BoxFuture<'r, Response> + Send + Sync>;

impl<S> Endpoint<S> {
    /// One endpoint for each method of a route, under a prefix.
    pub(crate) fn of(prefix: &str, listed: Listed<S>) -> impl Iterator<Item = Self> {
        let Listed {
            route,
            prefix: inner,
            layers,
        } = listed;
        let info = route.info;
        let path: Cow<'static, str> = match (prefix, &*inner, info.path) {
            ("", "", path) => path.into(),
            (prefix, inner, "/") => format!("{prefix}{inner}").into(),
            (prefix, inner, path) => format!("{prefix}{inner}{path}").into(),
        };
        let head = route.head && info.methods.contains(&"GET") && !info.methods.contains(&"HEAD");
        let methods = info.methods.iter().copied().chain(head.then_some("HEAD"));
        methods.map(move |method| Self {
            method,
            path: path.clone(),
            info: Some(info),
            source: Source::new(info.file, info.line),
            target: Target::Handler(route.call),
            layers: layers.clone(),
            guard: route.guard,
            api_key: route.api_key,
            no_cors: route.no_cors,
            stream: info.stream,
            #[cfg(feature = "schema")]
            description: route.description,
        })
    }

    /// Its description in the manifest.
    pub(crate) fn manifest(&self) -> ManifestRoute {
        let mut route = ManifestRoute::new(self.method, &*self.path);
        route.handler = self.handler().to_owned();
        route.source = Some(self.source.clone());
        if let Some(info) = &self.info {
            info.summary.clone_into(&mut route.summary);
            info.description.clone_into(&mut route.description);
            route.parameters = info
                .params
                .iter()
                .map(|param| {
                    ManifestParameter::new(param.name, param.place, param.required, param.multiple)
                })
                .collect();
        }
        route.body = self.info.and_then(|info| info.body).map(|info| {
            let mut body = ManifestBody::new(info.content_type, info.required);
            body.schema = info.schema.map(|schema| schema());
            body
        });
        route.authorization = self.guard.as_ref().and_then(Guard::manifest);
        route.api_key = self.api_key;
        route.no_cors = self.no_cors;
        route.stream = self.stream;
        route
    }

    /// What its requests are checked by.
    #[cfg(feature = "schema")]
    fn checks(&self) -> Option<crate::schema::Checks> {
        let info = self.info?;
        let json = info
            .body
            .is_some_and(|body| body.content_type == "application/json");
        let of = |description: &crate::route::Description| {
            let (body, form) = if json {
                (Some(description.body), None)
            } else {
                (None, Some(description.body))
            };
            (body, form, Some(description.query))
        };
        let (body, form, query) = self.description.as_ref().map(of).unwrap_or_default();
        Some(crate::schema::Checks {
            asked: info.body.and_then(|body| body.schema),
            body,
            form,
            query,
        })
    }

    /// What its types say of it.
    #[cfg(feature = "schema")]
    pub(crate) fn api(
        &self,
        schemas: &mut crate::describe::Describer,
    ) -> Option<fw_manifest::RouteApi> {
        let description = self.description?;
        let mut operation = crate::describe::Operation::new(schemas, description.statuses);
        (description.describe)(&mut operation);
        let mut api = operation.finish();
        api.deprecated = description.deprecated;
        if let Some(info) = &self.info {
            crate::describe::complete(&mut api, info.params);
        }
        Some(api)
    }

    /// The authorizer that is asked before it.
    pub(crate) fn authorizer(&self) -> Option<&Entry<S>> {
        match &self.guard {
            Some(Guard::Authorizer(authorizer)) => Some(authorizer),
            _ => None,
        }
    }

    /// The handler's path, `module::function`.
    pub(super) fn handler(&self) -> &'static str {
        self.info.map_or("a tower service", |info| info.handler)
    }
}

impl<S> fmt::Debug for Endpoint<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} => {}", self.method, self.path, self.handler())
    }
}

/// The position of the endpoint for a request, or the response if there is none.
pub(crate) type Found = Result<usize, Box<Response>>;

/// The endpoints, ready to be found.
pub(crate) struct Table<S> {
    pub(super) endpoints: Vec<Endpoint<S>>,
    sources: Vec<Entry<S>>,
    pub(super) matcher: Matcher,
    #[cfg(feature = "schema")]
    models: crate::schema::Models,
}

impl<S> Table<S> {
    /// Takes endpoints that are ordered by path and method, and sources.
    pub(crate) fn new(
        endpoints: Vec<Endpoint<S>>,
        sources: Vec<Entry<S>>,
    ) -> Result<Self, AppError> {
        Self::entries_of(&endpoints, &sources)?;
        let matcher = matcher(&endpoints)?;
        Ok(Self {
            #[cfg(feature = "schema")]
            models: crate::schema::Models::of(endpoints.len()),
            endpoints,
            sources,
            matcher,
        })
    }

    /// The entries that the endpoints name, each once, and the sources. The first of them collects
    /// them all, so that an app without entries does not contain this code.
    pub(crate) fn entries_of(
        endpoints: &[Endpoint<S>],
        sources: &[Entry<S>],
    ) -> Result<Vec<Entry<S>>, AppError> {
        let named: Vec<Entry<S>> = endpoints
            .iter()
            .filter_map(Endpoint::authorizer)
            .chain(sources)
            .copied()
            .collect();
        match named.first() {
            None => Ok(named),
            Some(first) => (first.collect)(named),
        }
    }

    /// The entries, each once.
    pub(crate) fn entries(&self) -> Vec<Entry<S>> {
        Self::entries_of(&self.endpoints, &self.sources).unwrap_or_default()
    }

    /// The entry of this part, or the names of the existing ones; the API has none.
    pub(crate) fn entry(&self, part: &Part) -> Result<Option<Entry<S>>, String> {
        if *part == Part::Api {
            return Ok(None);
        }
        let all = self.entries();
        match all.iter().find(|entry| entry.part() == *part) {
            Some(found) => Ok(Some(*found)),
            None if all.is_empty() => Err("none".to_owned()),
            None => {
                let names: Vec<&str> = all.iter().map(Entry::name).collect();
                Err(names.join(", "))
            }
        }
    }

    /// Finds conflicts between endpoints, and schemas that no body can be checked by.
    pub(crate) fn check(endpoints: &[Endpoint<S>], sources: &[Entry<S>]) -> Result<(), AppError> {
        Self::entries_of(endpoints, sources)?;
        let needs_token = |endpoint: &&Endpoint<S>| {
            let claims = endpoint.info.is_some_and(|info| info.claims);
            claims && matches!(endpoint.guard, None | Some(Guard::Public))
        };
        if let Some(endpoint) = endpoints.iter().find(needs_token) {
            return Err(AppError::Claims {
                key: format!("{} {}", endpoint.method, endpoint.path),
                handler: endpoint.handler().to_owned(),
                source: endpoint.source.clone(),
            });
        }
        #[cfg(feature = "schema")]
        for endpoint in endpoints {
            let body = endpoint.info.and_then(|info| info.body);
            if let Some(schema) = body.and_then(|body| body.schema)
                && let Err(error) = crate::schema::compile(schema)
            {
                return Err(AppError::Schema {
                    handler: endpoint.handler().to_owned(),
                    problem: error.to_string(),
                    source: endpoint.source.clone(),
                });
            }
        }
        matcher(endpoints).map(drop)
    }

    /// The endpoint of exactly that path, for the method or else for `ANY`.
    fn look_up(&self, path: &str, method: &str) -> Option<usize> {
        let of = |method: &str| {
            self.endpoints
                .binary_search_by(|endpoint| {
                    (&*endpoint.path, endpoint.method).cmp(&(path, method))
                })
                .ok()
        };
        of(method).or_else(|| of("ANY"))
    }

    /// The endpoint for a request, and the check of the request's body.
    pub(super) fn find(&self, route: Option<&str>, request: &mut Request<'_>) -> Found {
        let found = self.find_route(route, request)?;
        #[cfg(feature = "schema")]
        {
            let endpoint = self.endpoints.get(found);
            if let Some(checks) = endpoint.and_then(Endpoint::checks) {
                let attached = self.models.attach(found, &checks, request);
                attached.map_err(|error| Box::new(error.into_response()))?;
            }
        }
        Ok(found)
    }

    /// The endpoint for a request. Where the gateway has not said which, the path parameters are set here.
    fn find_route(&self, route: Option<&str>, request: &mut Request<'_>) -> Found {
        let method = request.method.as_str();
        if let Some(found) = route.and_then(|path| self.look_up(path, method)) {
            return Ok(found);
        }
        if let Some(found) = self.matcher.find(method, &request.encoded_path) {
            // The matcher's values are encoded, and a handler's are not.
            let decode = |value| decode_path(value).into_owned().into();
            request.path_params = found
                .params
                .iter()
                .map(|&(name, value)| (name.to_owned().into(), decode(value)))
                .collect();
            return Ok(found.index);
        }
        let allowed = self.matcher.allowed_methods(&request.encoded_path);
        Err(Box::new(no_route(allowed).into_response()))
    }
}

/// A matcher over the endpoints, by their position.
fn matcher<S>(endpoints: &[Endpoint<S>]) -> Result<Matcher, AppError> {
    let mut matcher = Matcher::default();
    for (index, endpoint) in endpoints.iter().enumerate() {
        let path: PathPattern = endpoint.path.parse().map_err(|error| AppError::Path {
            problem: format!("{error}"),
            source: endpoint.source.clone(),
        })?;
        if let Err(error) = matcher.insert(index, endpoint.method, &path) {
            let first = endpoints
                .iter()
                .find(|first| first.method == endpoint.method && *first.path == *error.first);
            let both = [first.unwrap_or(endpoint), endpoint];
            return Err(AppError::Conflict {
                key: format!("{} {}", endpoint.method, endpoint.path),
                handlers: Box::new(both.map(|it| (it.handler().to_owned(), it.source.clone()))),
            });
        }
    }
    Ok(matcher)
}
