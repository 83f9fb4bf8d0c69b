//! Checks whether other routes admit callers that the current routes refuse. A request goes to the
//! most specific matching route, so an added or removed route may change which one answers.

use fw_gateway::{RouteKey, Segment};
use fw_manifest::{Manifest, ManifestRoute};

/// The routes of `then`, by their keys, that would answer requests which a guarded route of `now` answers, and are not guarded as
/// that one is.
pub(super) fn opened(now: &Manifest, then: &Manifest) -> Vec<String> {
    let guarded = now.routes.iter();
    let guarded = guarded.filter(|route| route.authorization.is_some() || route.api_key);
    let mut all = Vec::new();
    for one in guarded {
        for other in &then.routes {
            if alike(one, other) || !overlap(&one.key(), &other.key()) {
                continue;
            }
            // If both exist before and after, the same one answers.
            if holds(then, one) && holds(now, other) {
                continue;
            }
            all.push(other.key());
        }
    }
    all.sort();
    all.dedup();
    all
}

/// True if the same callers are admitted.
fn alike(one: &ManifestRoute, other: &ManifestRoute) -> bool {
    one.authorization == other.authorization && one.api_key == other.api_key
}

fn holds(manifest: &Manifest, route: &ManifestRoute) -> bool {
    let mut all = manifest.routes.iter();
    all.any(|found| found.key() == route.key() && alike(found, route))
}

/// The parts of a route key: the method, and the path's segments. `$default` has every method and
/// no segments. A key that API Gateway would not accept counts as `$default`, so that it overlaps
/// with all.
fn parts(key: &str) -> (String, Option<Vec<Segment>>) {
    match key.parse() {
        Ok(RouteKey::Path { method, path }) => (method, Some(path.segments().to_vec())),
        _ => ("ANY".to_owned(), None),
    }
}

/// True if two keys have the same path, for any methods.
pub(crate) fn same_path(one: &str, other: &str) -> bool {
    parts(one).1 == parts(other).1
}

/// How unspecific a segment is: a word, a variable, the rest of the path.
fn vague(segment: &Segment) -> u8 {
    match segment {
        Segment::Literal(_) => 0,
        Segment::Variable(_) => 1,
        Segment::Greedy(_) => 2,
    }
}

/// True if there are requests that both keys match.
pub(crate) fn overlap(one: &str, other: &str) -> bool {
    let ((method, path), (other_method, other_path)) = (parts(one), parts(other));
    if method != other_method && method != "ANY" && other_method != "ANY" {
        return false;
    }
    let (Some(path), Some(other_path)) = (path, other_path) else {
        return true;
    };
    for (a, b) in path.iter().zip(&other_path) {
        match (vague(a), vague(b)) {
            (2, _) | (_, 2) => return true,
            (0, 0) if a != b => return false,
            _ => {}
        }
    }
    path.len() == other_path.len()
}

/// True if a request that both match certainly goes to the first one: at the first segment in which
/// they differ in kind it is more specific, or it names the method on the same path.
pub(crate) fn outranks(one: &str, other: &str) -> bool {
    let ((method, path), (other_method, other_path)) = (parts(one), parts(other));
    let (Some(path), Some(other_path)) = (&path, &other_path) else {
        return path.is_some();
    };
    for (a, b) in path.iter().zip(other_path) {
        if vague(a) != vague(b) {
            return vague(a) < vague(b);
        }
    }
    path.len() == other_path.len() && method != "ANY" && other_method == "ANY"
}

#[cfg(test)]
mod tests {
    use fw_manifest::{Authorization, Manifest, ManifestRoute};

    use super::{opened, outranks, overlap};

    #[test]
    fn keys_overlap_where_one_request_matches_both() {
        for (one, other, wanted) in [
            ("GET /a", "GET /a", true),
            ("GET /a", "PUT /a", false),
            ("ANY /a", "PUT /a", true),
            ("GET /a", "GET /b", false),
            ("GET /a", "GET /{x}", true),
            ("GET /a/b", "GET /{x}", false),
            ("GET /a/b", "ANY /{x+}", true),
            ("GET /a/b", "GET /a/{x+}", true),
            ("GET /a", "GET /a/{x+}", false),
            ("GET /a/{y}", "GET /{x}/b", true),
            ("$default", "GET /a", true),
        ] {
            assert_eq!(overlap(one, other), wanted, "{one} {other}");
            assert_eq!(overlap(other, one), wanted, "{other} {one}");
        }
        for (one, other) in [
            ("GET /a", "GET /{x}"),
            ("GET /{x}", "GET /{x+}"),
            ("GET /a", "ANY /a"),
            ("ANY /a", "$default"),
        ] {
            assert!(
                outranks(one, other) && !outranks(other, one),
                "{one} {other}"
            );
        }
        assert!(!outranks("GET /a", "GET /a") && !outranks("$default", "$default"));
    }

    fn manifest(routes: &[(&str, &str, Option<Authorization>, bool)]) -> Manifest {
        let mut manifest = Manifest::new("notes");
        for (method, path, guard, api_key) in routes {
            let mut route = ManifestRoute::new(*method, *path);
            route.authorization = guard.clone();
            route.api_key = *api_key;
            manifest.routes.push(route);
        }
        manifest
    }

    #[test]
    fn what_is_guarded_now_is_not_opened_by_another_route() {
        let iam = || Some(Authorization::Iam);
        let door = || {
            Some(Authorization::Lambda {
                name: "door".to_owned(),
            })
        };
        for (now, then, wanted) in [
            (
                vec![("GET", "/", None, false)],
                vec![("GET", "/", iam(), false)],
                &[][..],
            ),
            (
                vec![("GET", "/", iam(), false)],
                vec![("GET", "/", iam(), false)],
                &[],
            ),
            (
                vec![("GET", "/", iam(), false)],
                vec![("GET", "/", None, false)],
                &["GET /"],
            ),
            (
                vec![("GET", "/", iam(), false)],
                vec![("GET", "/", door(), false)],
                &["GET /"],
            ),
            (
                vec![("GET", "/", None, true)],
                vec![("GET", "/", None, false)],
                &["GET /"],
            ),
            // The guarded route is deleted, and the one behind it answers.
            (
                vec![("GET", "/a", iam(), false), ("ANY", "/{x}", None, false)],
                vec![("ANY", "/{x}", None, false)],
                &["ANY /{x}"],
            ),
            // An open one comes before it.
            (
                vec![("GET", "/{x}", iam(), false)],
                vec![("GET", "/{x}", iam(), false), ("GET", "/a", None, false)],
                &["GET /a"],
            ),
            // Both exist before and after.
            (
                vec![
                    ("GET", "/a", iam(), false),
                    ("GET", "/{x}", None, false),
                    ("GET", "/n/m", None, false),
                ],
                vec![("GET", "/a", iam(), false), ("GET", "/{x}", None, false)],
                &[],
            ),
        ] {
            assert_eq!(
                opened(&manifest(&now), &manifest(&then)),
                wanted,
                "{now:?} {then:?}"
            );
        }
    }
}
