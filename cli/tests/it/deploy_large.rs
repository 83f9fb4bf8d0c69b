//! An artifact that is too large for a call, on moto, through the real binary, read back by boto3.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

use serde_json::json;
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use crate::{
    deploy_account::Account,
    deploy_gateways::read_back,
    deploy_moto::Moto,
    deploy_support::{ACCOUNT, App, REGION},
};

const MEGABYTE: usize = 1024 * 1024;

/// A zip that was packaged, with so much more behind the end of its executable, which runs as before.
fn grown(packaged: &Path, folder: &Path, megabytes: usize) -> PathBuf {
    let mut archive = ZipArchive::new(File::open(packaged).unwrap()).unwrap();
    let path = folder.join(format!("{megabytes}.zip"));
    let mut writer = ZipWriter::new(File::create(&path).unwrap());
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).unwrap();
        let name = entry.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .unix_permissions(entry.unix_mode().unwrap());
        writer.start_file(&name, options).unwrap();
        writer.write_all(&bytes).unwrap();
        if name == "bootstrap" {
            let more = vec![7; MEGABYTE];
            for _ in 0..megabytes {
                writer.write_all(&more).unwrap();
            }
        }
    }
    writer.finish().unwrap();
    path
}

#[test]
fn a_large_artifact_goes_through_a_bucket() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = App::new("notes");
    app.program("one", &["GET /objects/{key}"]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().to_str().unwrap();
    app.command(&["package", "--format", "zip", out])
        .output()
        .unwrap();
    let packaged = folder.path().join("notes-dev.zip");
    let bucket = format!("fw-notes-dev-{ACCOUNT}-{REGION}");

    // What Lambda never takes is refused before anything is written.
    let huge = grown(&packaged, folder.path(), 251);
    let huge = huge.to_str().unwrap();
    app.fw(&moto, &["deploy", "--artifact", huge])
        .ends(65)
        .says("the executable is too large: 2")
        .says("Lambda takes 250 MB");
    account.is_empty();
    std::fs::remove_file(huge).unwrap();

    let large = grown(&packaged, folder.path(), 51);
    let size = std::fs::metadata(&large).unwrap().len();
    let large = large.to_str().unwrap();
    let plan = app.fw(&moto, &["deploy", "--plan", "--artifact", large]);
    let told = plan.ends(2).stdout;
    assert!(told.contains(&format!("bucket `{bucket}`")), "{told}");
    assert!(told.contains("Lambda accepts 50 MB in a call"), "{told}");
    app.fw(&moto, &["deploy", "--artifact", large])
        .ends(0)
        .says(&format!("MB to bucket `{bucket}`"));
    let version = account.version("notes-dev", "1");
    assert_eq!(version.code_size, i64::try_from(size).unwrap());
    let seen = read_back(&moto);
    assert_eq!(
        seen["buckets"],
        json!([{
            "name": bucket,
            "tags": { "fw:app": "notes", "fw:stage": "dev" },
            "block": {
                "BlockPublicAcls": true,
                "IgnorePublicAcls": true,
                "BlockPublicPolicy": true,
                "RestrictPublicBuckets": true,
            },
            "keys": [],
        }])
    );
    app.fw(&moto, &["deploy", "--plan", "--artifact", large])
        .ends(0);
    let same = app.fw(&moto, &["deploy", "--artifact", large]).ends(0);
    assert_eq!(same.steps(), [""; 0]);

    // A small one goes with the call again, and a deletion takes the bucket with it.
    let small = packaged.to_str().unwrap();
    let changed = app.fw(&moto, &["deploy", "--artifact", small]).ends(0);
    assert_eq!(
        changed.steps(),
        [
            "Updated code of function `notes-dev`",
            "Updated alias of function `notes-dev`"
        ]
    );
    let deleted = app.fw(&moto, &["delete", "--yes", "--logs"]).ends(0);
    let steps = deleted.steps();
    assert!(
        steps.contains(&format!("Deleted bucket `{bucket}`")),
        "{steps:?}"
    );
    assert_eq!(read_back(&moto)["buckets"], json!([]));
    account.is_empty();
}
