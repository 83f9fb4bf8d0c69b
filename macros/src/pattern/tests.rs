//! The grammar as a table: what parses, and each way not to.

use super::*;

#[test]
fn good_paths() {
    let table = [
        ("/", "/", "", ""),
        ("/objects", "/objects", "", ""),
        ("/objects/<key>", "/objects/{key}", "key", ""),
        ("/files/<path..>", "/files/{path+}", "path", ""),
        ("/a/<b>/c.d-e_f/<g>", "/a/{b}/c.d-e_f/{g}", "b g", ""),
        ("/search?<q>", "/search", "", "q"),
        (
            "/search/<kind>?<q>&<page>",
            "/search/{kind}",
            "kind",
            "q page",
        ),
        ("/?<q>", "/", "", "q"),
        ("/<type>/<_key>", "/{type}/{_key}", "type _key", ""),
        ("/.well-known/x", "/.well-known/x", "", ""),
        ("/<rest..>?<q>", "/{rest+}", "rest", "q"),
        ("/x?<page=1>&<q=>&<sort=a=b>", "/x", "", "page q sort"),
    ];
    for (path, gateway, names, query) in table {
        let pattern = parse(path).unwrap_or_else(|flaws| panic!("{path}: {flaws:?}"));
        assert_eq!(pattern.gateway_path(), gateway, "{path}");
        assert_eq!(
            pattern.path_names().collect::<Vec<_>>().join(" "),
            names,
            "{path}"
        );
        assert_eq!(pattern.query.join(" "), query, "{path}");
    }
    let pattern = parse("/x?<page=1>&<size>&<q=>&<sort=a=b>").unwrap();
    let defaults = [("page", "1"), ("q", ""), ("sort", "a=b")];
    let defaults = defaults.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(pattern.defaults, defaults);
}

/// Each path has one flaw: what is marked, its kind, and the path that the help proposes.
fn bad_paths() -> Vec<(&'static str, FlawKind, &'static str, Option<&'static str>)> {
    use FlawKind::*;
    vec![
        ("", NoSlash, "", Some("/")),
        ("objects/<key>", NoSlash, "", Some("/objects/<key>")),
        (
            "https://example.com/a/<b>",
            Url,
            "https://example.com",
            Some("/a/<b>"),
        ),
        ("https://example.com", Url, "https://example.com", Some("/")),
        ("//", TrailingSlash, "/", Some("/")),
        ("/objects/", TrailingSlash, "/", Some("/objects")),
        ("/objects//", TrailingSlash, "//", Some("/objects")),
        ("/<rest..>/", TrailingSlash, "/", Some("/<rest..>")),
        ("/objects//<key>", EmptySegment, "/", Some("/objects/<key>")),
        ("//objects///x", EmptySegment, "/", Some("/objects///x")),
        ("/a/../b", DotSegment, "..", None),
        ("/a/.", DotSegment, ".", None),
        ("/caf\u{e9}", Character('\u{e9}'), "\u{e9}", None),
        ("/a b", Character(' '), " ", None),
        ("/a~b", Character('~'), "~", None),
        ("/events:batch", Character(':'), ":", None),
        ("/a#b", Character('#'), "#", None),
        ("/a%20b", PercentEncoding, "%20", None),
        ("/a%2Db", PercentEncoding, "%2D", Some("/a-b")),
        ("/a%zz", PercentEncoding, "%", None),
        ("/objects/{key}", Braces, "{key}", Some("/objects/<key>")),
        ("/files/{path+}", Braces, "{path+}", Some("/files/<path..>")),
        ("/files/{*path}", Braces, "{*path}", Some("/files/<path..>")),
        ("/{id:int}", Braces, "{id:int}", Some("/<id>")),
        ("/objects/:key", Colon, ":key", Some("/objects/<key>")),
        ("/objects/:", Colon, ":", Some("/objects/<name>")),
        ("/files/*", Star, "*", Some("/files/<rest..>")),
        ("/files/*path", Star, "*path", Some("/files/<path..>")),
        ("/*/x", Star, "*", Some("/<rest>/x")),
        ("/a-<id>", PartialSegment, "a-<id>", Some("/<id>")),
        ("/<id>.json", PartialSegment, "<id>.json", Some("/<id>")),
        ("/<a><b>", PartialSegment, "<a><b>", Some("/<a>/<b>")),
        ("/<a>-<b>.x", PartialSegment, "<a>-<b>.x", Some("/<a>/<b>")),
        ("/{id}.json", PartialSegment, "{id}.json", Some("/<id>")),
        ("/<<id>>", PartialSegment, "<<id>>", Some("/<id>")),
        ("/>id<", PartialSegment, ">id<", Some("/<id>")),
        ("/objects/<key", Unclosed, "<key", Some("/objects/<key>")),
        (
            "/objects/{key/x",
            Unclosed,
            "{key",
            Some("/objects/<key>/x"),
        ),
        ("/objects/key>", Unopened, "key>", Some("/objects/<key>")),
        ("/objects/<>", NoName, "<>", Some("/objects/<name>")),
        ("/objects/<_>", NoName, "<_>", Some("/objects/<name>")),
        ("/objects/<..>", NoName, "<..>", Some("/objects/<rest..>")),
        (
            "/<page-size>",
            NotAName("page-size".into()),
            "<page-size>",
            Some("/<page_size>"),
        ),
        ("/<2nd>", NotAName("2nd".into()), "<2nd>", Some("/<_2nd>")),
        (
            "/<self>",
            NotAName("self".into()),
            "<self>",
            Some("/<self_>"),
        ),
        (
            "/<\u{e9}>",
            NotAName("\u{e9}".into()),
            "<\u{e9}>",
            Some("/<name>"),
        ),
        (
            "/< key >",
            NotAName(" key ".into()),
            "< key >",
            Some("/<key>"),
        ),
        ("/<id: u32>", TypedName, "<id: u32>", Some("/<id>")),
        ("/<path*>", RestSpelling, "<path*>", Some("/<path..>")),
        ("/<path...>", RestSpelling, "<path...>", Some("/<path..>")),
        ("/<..path>", RestSpelling, "<..path>", Some("/<path..>")),
        ("/<path+>", RestSpelling, "<path+>", Some("/<path..>")),
        ("/<id?>", OptionalName, "<id?>", Some("/<id>")),
        ("/x/<page=1>", DefaultValue, "<page=1>", Some("/x/<page>")),
        (
            "/x?<page..=1>",
            RestInQuery,
            "<page..=1>",
            Some("/x?<page>"),
        ),
        ("/<r#type>", RawName, "<r#type>", Some("/<type>")),
        ("/<path..>/x", RestNotLast, "<path..>", Some("/<path>/x")),
        (
            "/<a>/x/<a>",
            Duplicate("a".into()),
            "<a>",
            Some("/<a>/x/<a2>"),
        ),
        ("/<a>?<a>", Duplicate("a".into()), "<a>", Some("/<a>?<a2>")),
        ("/search?", EmptyQuery, "?", Some("/search")),
        ("/search?<a>&", EmptyQueryPart, "&", Some("/search?<a>")),
        ("/search?&<a>", EmptyQueryPart, "&", Some("/search?<a>")),
        (
            "/search?<a>&&<b>",
            EmptyQueryPart,
            "&",
            Some("/search?<a>&<b>"),
        ),
        ("/search?q=<q>", QueryValue, "q=<q>", Some("/search?<q>")),
        (
            "/search?sort=asc",
            QueryValue,
            "sort=asc",
            Some("/search?<sort>"),
        ),
        ("/search?q", QueryName, "q", Some("/search?<q>")),
        ("/search?{q}", QueryName, "{q}", Some("/search?<q>")),
        ("/search?<q..>", RestInQuery, "<q..>", Some("/search?<q>")),
        (
            "/search?<q>?<page>",
            SecondQuery,
            "?",
            Some("/search?<q>&<page>"),
        ),
    ]
}

#[test]
fn each_flaw_is_found_placed_and_mended() {
    for (path, kind, marked, mended) in bad_paths() {
        let flaws = parse(path).expect_err(path);
        let [flaw, ..] = flaws.as_slice() else {
            panic!("{path}: an error without a flaw");
        };
        if path != "//objects///x" {
            assert_eq!(flaws.len(), 1, "{path}: {flaws:?}");
        }
        assert_eq!(flaw.kind, kind, "{path}");
        assert_eq!(&path[flaw.range.clone()], marked, "{path}");
        assert_eq!(flaw.mended(path).as_deref(), mended, "{path}");
    }
}

#[test]
fn what_the_help_proposes_parses_in_the_end() {
    for (path, ..) in bad_paths() {
        let mut path = path.to_owned();
        for _ in 0..5 {
            match parse(&path) {
                Ok(_) => break,
                Err(flaws) => match flaws.iter().find_map(|flaw| flaw.mended(&path)) {
                    Some(mended) => path = mended,
                    // Only what has no correction of its own stays; its help is a sentence.
                    None => break,
                },
            }
        }
        if let Err(flaws) = parse(&path) {
            assert!(flaws.iter().all(|flaw| flaw.mend.is_none()), "{path}");
        }
    }
}

#[test]
fn every_mistake_of_a_path_is_told() {
    let flaws = parse("a//{b}/c%20/:d?e&<f..>").unwrap_err();
    let kinds: Vec<_> = flaws.into_iter().map(|flaw| flaw.kind).collect();
    assert_eq!(
        kinds,
        [
            FlawKind::NoSlash,
            FlawKind::EmptySegment,
            FlawKind::Braces,
            FlawKind::PercentEncoding,
            FlawKind::Colon,
            FlawKind::QueryName,
            FlawKind::RestInQuery,
        ]
    );
}

#[test]
fn the_place_is_marked_under_the_path() {
    let path = "/objects/{key}/x";
    let flaw = &parse(path).unwrap_err()[0];
    assert_eq!(
        flaw.what(path),
        "a parameter is written in angle brackets, not in braces\n\n  \"/objects/{key}/x\"\n            ^^^^^"
    );
    assert_eq!(flaw.help(path), "write \"/objects/<key>/x\"");
}

#[test]
fn no_text_makes_the_parser_panic() {
    // Every string of up to four characters over those that mean something, and one that is several bytes long.
    let alphabet = [
        '/', '<', '>', '{', '}', '?', '&', '=', '.', '%', ':', '*', 'a', '\u{e9}',
    ];
    let mut texts = vec![String::new()];
    let mut start = 0;
    for _ in 0..4 {
        let end = texts.len();
        for i in start..end {
            for char in alphabet {
                let text = format!("{}{char}", texts[i]);
                if let Err(flaws) = parse(&text) {
                    for flaw in flaws {
                        assert!(flaw.what(&text).contains('^'), "{text}");
                        assert!(!flaw.help(&text).is_empty(), "{text}");
                    }
                }
                texts.push(text);
            }
        }
        start = end;
    }
}
