//! The arguments as a table: what reads, and each way not to.

use super::*;

fn read(attr: &str, name: &'static str) -> (RouteArgs, Vec<String>) {
    let mut errors = Errors::new();
    let row = crate::table::row(name).unwrap();
    let args = parse(attr.parse().unwrap(), row, &mut errors);
    let found = match errors.finish() {
        Ok(()) => Vec::new(),
        Err(tokens) => tokens
            .to_string()
            .split("compile_error")
            .skip(1)
            .map(str::to_owned)
            .collect(),
    };
    (args, found)
}

#[test]
fn good_arguments() {
    let (args, errors) = read(r#""/a", methods = [GET, PUT,],"#, "route");
    assert_eq!(errors, [""; 0]);
    assert_eq!(args.path.unwrap().value(), "/a");
    assert_eq!(args.methods, ["GET", "PUT"]);
    assert_eq!(args.krate.at(Span::call_site()).to_string(), ":: fw");
    let (args, errors) = read(r#""/a", crate = web"#, "get");
    assert_eq!(errors, [""; 0]);
    assert_eq!(args.methods, ["GET"]);
    assert_eq!(args.krate.at(Span::call_site()).to_string(), "web");
    let (args, errors) = read(r#""/a", stream, cors = false"#, "get");
    assert_eq!(errors, [""; 0]);
    assert!(args.stream && args.no_cors);
}

#[test]
fn each_mistake_is_one_error_with_its_correction() {
    let table = [
        ("route", "", "needs a path", r#"methods = [GET])]"#),
        (
            "get",
            r#""/a", cors"#,
            "on for every route",
            "`cors = false`",
        ),
        (
            "get",
            r#""/a", cors = true"#,
            "on for every route",
            "`cors = false`",
        ),
        (
            "get",
            r#""/a", cors = false, cors = false"#,
            "given twice",
            "remove",
        ),
        ("get", r#""/a", stream, stream"#, "given twice", "remove"),
        (
            "get",
            r#""/a", stream = true"#,
            "does not take a value",
            "write `stream`",
        ),
        ("route", "methods = [GET]", "needs a path", "write"),
        ("route", r#""/a""#, "needs its methods", r#"#[get(\"/a\")]"#),
        (
            "route",
            r#""/a", methods = GET"#,
            "in brackets",
            "methods = [GET]",
        ),
        (
            "route",
            r#""/a", methods(GET, PUT)"#,
            "in brackets",
            "methods = [GET , PUT]",
        ),
        (
            "route",
            r#""/a", methods = (GET)"#,
            "in brackets",
            "methods = [GET]",
        ),
        (
            "route",
            r#""/a", methods ="#,
            "in brackets",
            "methods = [GET]",
        ),
        (
            "route",
            r#""/a", methods = []"#,
            "at least one",
            "methods = [GET]",
        ),
        (
            "route",
            r#""/a", methods = [get]"#,
            "upper case",
            "write `GET`",
        ),
        (
            "route",
            r#""/a", methods = ["GET"]"#,
            "without quotes",
            "write `GET`",
        ),
        (
            "route",
            r#""/a", methods = [Method::GET]"#,
            "name alone",
            "write `GET`",
        ),
        (
            "route",
            r#""/a", methods = [GTE]"#,
            "unknown method `GTE`",
            "did you mean `GET`?",
        ),
        (
            "route",
            r#""/a", methods = [FETCH]"#,
            "unknown method",
            "use one of GET",
        ),
        (
            "route",
            r#""/a", methods = [ANY]"#,
            "not a method",
            "or some of these",
        ),
        (
            "route",
            r#""/a", methods = [TRACE]"#,
            "no routes for `TRACE`",
            "use one of",
        ),
        (
            "route",
            r#""/a", methods = [GET, GET]"#,
            "twice",
            "remove one",
        ),
        (
            "route",
            r#""/a", methods = [GET,, PUT]"#,
            "comma",
            "methods = [GET, PUT]",
        ),
        (
            "route",
            r#""/a", methods = [GET], methods = [PUT]"#,
            "twice",
            "one list",
        ),
        (
            "route",
            r#""/a", method = [GET]"#,
            "unknown argument",
            "write `methods`",
        ),
        ("route", r#""/a", GET"#, "unexpected", "methods = [GET]"),
        (
            "route",
            r#""/a", methods = [GET], cache = 3"#,
            "unknown argument",
            "remove it",
        ),
        ("route", r#"methods = [GET], "/a""#, "comes first", "write"),
        (
            "route",
            r#"path = "/a", methods = [GET]"#,
            "without a name",
            r#"#[route(\"/a\""#,
        ),
        ("get", "/a", "string literal", r#"#[get(\"/a\")]"#),
        ("get", "PATH", "string literal", r#"#[get(\"/path\")]"#),
        ("get", "b\"/a\"", "string literal", "write"),
        (
            "get",
            r#""/a", methods = [GET]"#,
            "already is the method",
            "leave `methods` out",
        ),
        ("get", r#""/a", crate = 3"#, "knows `fw`", "crate = ::name"),
        (
            "get",
            r#""/a", crate = a, crate = b"#,
            "twice",
            "remove one",
        ),
        ("get", r#""/a",, crate = a"#, "comma", "write"),
        ("get", r#""/a", "/b""#, "unexpected", "second function"),
    ];
    for (name, attr, what, help) in table {
        let (_, errors) = read(attr, name);
        assert_eq!(errors.len(), 1, "{attr}: {errors:?}");
        let (before, after) = errors[0].split_once("= help: ").unwrap();
        assert!(before.contains(what), "{attr}: {before}");
        let after = after.replace("\\\\", "\\");
        assert!(after.contains(help), "{attr}: {after}");
    }
}
