//! `cargo fw s3`: with the S3 of a running server, with that of `cargo fw services`, and with a data folder.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::Path,
};

use serde_json::{Value, json};

use crate::{
    events_support::{app, command, done, serve},
    local_support::run,
    services::Running,
};

/// Sends a request to a presigned URL: the status, and the body.
fn ask(method: &str, url: &str, body: &str) -> (u16, String) {
    let rest = url.trim().strip_prefix("http://").expect("a URL");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = TcpStream::connect(host).expect("a connection");
    let length = body.len();
    let request = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    let status = head.split(' ').nth(1).expect("a status");
    (status.parse().expect("a number"), body.to_owned())
}

/// Runs `cargo fw s3 …` to its end.
fn s3(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    run(folder, &[&["s3"], args].concat(), "from a pipe")
}

#[test]
fn objects_are_listed_copied_and_presigned_in_services_and_in_their_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let services = Running::start(folder);
    let endpoint = format!("http://{}", services.address);
    let at = |args: &[&str]| s3(folder, &[args, &["--endpoint-url", &endpoint]].concat());
    let ok = |args: &[&str]| {
        let (code, out, said) = at(args);
        assert_eq!(code, Some(0), "{args:?}: {said}");
        out
    };
    let (code, _, said) = at(&["cp", "-", "s3://photos/a"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("PutObject with NoSuchBucket")
            && said.contains("create it with `cargo fw s3 mb s3://photos`"),
        "{said}"
    );
    ok(&["mb", "s3://photos"]);
    assert!(ok(&["ls"]).trim_end().ends_with(" photos"));

    // More than a part, so that it goes in parts.
    let large = "0123456789abcdef".repeat(2_200_000);
    fs::create_dir_all(folder.join("site/sub")).expect("a folder");
    fs::write(folder.join("site/large"), &large).expect("a file");
    fs::write(folder.join("site/sub/page.html"), "<p>").expect("a file");
    ok(&["cp", "site", "s3://photos/site", "--recursive"]);
    ok(&["cp", "s3://photos/site/", "back", "--recursive"]);
    assert!(fs::read_to_string(folder.join("back/large")).expect("a file") == large);
    assert_eq!(
        fs::read_to_string(folder.join("back/sub/page.html")).expect("a file"),
        "<p>"
    );
    ok(&["cp", "s3://photos/site/sub/page.html", "s3://photos/"]);
    ok(&["cp", "-", "s3://photos/c++ d.txt"]);
    assert_eq!(ok(&["cp", "s3://photos/c++ d.txt", "-"]), "from a pipe");
    ok(&["cp", "s3://photos/c++ d.txt", "s3://photos/copy of c++"]);

    let lines = ok(&["ls", "s3://photos/"]);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines[0].trim_start(), "PRE site/");
    assert!(lines[1].ends_with("        11 c++ d.txt"), "{lines:?}");
    assert!(lines[2].ends_with("        11 copy of c++"), "{lines:?}");
    assert!(lines[3].ends_with("         3 page.html"), "{lines:?}");
    let all = ok(&["ls", "photos/site", "--recursive", "--output", "json"]);
    let all: Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!(all[0]["key"], "site/large");
    assert_eq!(all[1]["size"], 3);

    let get = ok(&["presign", "s3://photos/page.html", "--expires-in", "60"]);
    assert_eq!(ask("GET", &get, ""), (200, "<p>".to_owned()));
    let put = ok(&["presign", "s3://photos/new", "--put", "--expires-in", "10m"]);
    assert_eq!(ask("PUT", &put, "new").0, 200);
    assert_eq!(ask("GET", &put, "").0, 403);
    let (code, _, said) = at(&["presign", "s3://photos/new", "--expires-in", "8d"]);
    assert_eq!(code, Some(64), "{said}");

    // A key that would leave the folder is not written.
    ok(&["cp", "-", "s3://photos/evil/../../out"]);
    let (code, _, said) = at(&["cp", "s3://photos/evil", "back", "--recursive"]);
    assert_eq!(code, Some(65), "{said}");
    assert!(said.contains("not a path below the folder"), "{said}");
    assert!(!folder.join("out").exists());

    // While they run the folder is theirs; after that it is open to the commands.
    let with_data = |args: &[&str]| s3(folder, &[args, &["--data", "state"]].concat());
    let (code, _, said) = with_data(&["ls"]);
    assert_eq!(code, Some(69), "{said}");
    services.stop();
    let (code, out, said) = with_data(&["cp", "s3://photos/new", "-"]);
    assert_eq!((code, out.as_str()), (Some(0), "new"), "{said}");
    let (code, _, said) = with_data(&["presign", "s3://photos/new"]);
    assert_eq!(code, Some(69), "{said}");
    let (code, _, said) = at(&["ls"]);
    assert_eq!(code, Some(69), "{said}");
    assert!(said.contains("check `--endpoint-url`"), "{said}");
}

/// The developer's commands are not held to the app's policy, which allows nothing in this bucket.
#[test]
fn the_running_app_s_buckets_are_open_to_the_developer() {
    let settings = "[local]\nbuckets = [\"photos\"]\n";
    let folder = app(settings, &json!([]));
    let local = serve(&folder, &[]);
    let keys = "as the app, test and test without its policy";
    assert!(local.log().contains(keys), "{}", local.log());
    let (code, _, said) = command(&folder, &["s3", "cp", "fw.toml", "s3://photos/"]);
    assert_eq!(code, Some(0), "{said}");
    let (_, listed, _) = command(&folder, &["s3", "ls", "photos"]);
    assert!(listed.contains(" fw.toml"), "{listed}");
    let (code, _, said) = command(&folder, &["s3", "ls", "photo"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("add it to `buckets` in `[local]`"), "{said}");
    let (_, url, _) = command(&folder, &["s3", "presign", "s3://photos/fw.toml"]);
    assert_eq!(ask("GET", &url, ""), (200, settings.to_owned()));
    drop(local);
    let (code, out, said) = command(&folder, &["s3", "cp", "s3://photos/fw.toml", "-"]);
    assert_eq!((code, out.as_str()), (Some(0), settings), "{said}");
    done(&folder, &["s3", "ls"]);
}
