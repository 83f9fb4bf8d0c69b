use super::{RouteInfo, assert_distinct, same_path, shape};

type Entry = (usize, &'static str, u64, RouteInfo);

const fn entry(
    number: usize,
    name: &'static str,
    methods: &'static [&'static str],
    path: &'static str,
) -> Entry {
    let info = RouteInfo {
        methods,
        path,
        ..RouteInfo::NONE
    };
    (number, name, shape(path), info)
}

#[test]
fn routes_of_other_methods_or_paths_are_distinct() {
    let routes = [
        entry(0, "a", &["GET"], "/a/{key}"),
        entry(1, "b", &["PUT", "POST"], "/a/{id}"),
        // A number may be missing: `#[cfg]` took it out.
        entry(3, "c", &["GET"], "/a/{key+}"),
        entry(4, "d", &[], ""),
        entry(6, "e", &[], ""),
    ];
    for (number, ..) in routes {
        assert_distinct(&routes, number);
    }
}

#[test]
#[should_panic(expected = "`POST /a/{id}` is in this list twice: in `m::a` and in `b`")]
fn the_second_of_two_equal_routes_is_told() {
    let routes = [
        entry(1, "m::a", &["GET", "POST"], "/a/{key}"),
        entry(3, "b", &["PUT", "POST"], "/a/{id}"),
    ];
    assert_distinct(&routes, 1);
    assert_distinct(&routes, 3);
}

#[test]
fn what_is_the_same_has_the_same_shape() {
    assert_eq!(shape("/a/{key}/b"), shape("/a/{id}/b"));
    assert_eq!(shape("/a/{key+}"), shape("/a/{rest+}"));
    assert_ne!(shape("/a/{key}"), shape("/a/{key+}"));
    assert_ne!(shape("/a/{key}"), shape("/a/key"));
    assert_ne!(shape("/a/{key}/b"), shape("/a/{key}/c"));
}

#[test]
fn paths_are_the_same_whatever_their_parameters_are_called() {
    assert!(same_path("/a/{key}/b", "/a/{id}/b"));
    assert!(same_path("/a/{key+}", "/a/{rest+}"));
    assert!(!same_path("/a/{key}", "/a/{key+}"));
    assert!(!same_path("/a/{key}", "/a/b"));
    assert!(!same_path("/a/{key}", "/a/{key}/b"));
    assert!(!same_path("/a", "/b"));
}
