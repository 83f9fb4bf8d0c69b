//! Which of two route keys answers a request that both match: API Gateway takes the most specific one.

use fw_gateway::{RouteKey, Segment};

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
    use super::{outranks, overlap};

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
}
