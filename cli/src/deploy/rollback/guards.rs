//! Checks whether other routes admit callers that the current routes refuse. A request goes to the
//! most specific matching route, so an added or removed route may change which one answers.

use fw_manifest::{Manifest, ManifestRoute};

use crate::deploy::access::precedence::overlap;

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

#[cfg(test)]
mod tests {
    use fw_manifest::{Authorization, Manifest, ManifestRoute};

    use super::opened;

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
