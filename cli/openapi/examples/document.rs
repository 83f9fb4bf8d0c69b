//! Makes a document from a manifest in a file: `cargo run -p fw-openapi --example document -- MANIFEST [3.1|3.0|aws]`.

use std::{env, error::Error, fs, io::Write as _};

use fw_openapi::{Info, Version, document};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let path = arguments.next().ok_or("name the manifest's file")?;
    let version = match arguments.next().as_deref() {
        None | Some("3.1") => Version::V3_1,
        Some("3.0") => Version::V3_0,
        Some("aws") => Version::Aws,
        Some(other) => return Err(format!("not a version: `{other}`").into()),
    };
    let manifest: fw_manifest::Manifest = serde_json::from_str(&fs::read_to_string(path)?)?;
    let mut info = Info::new(&*manifest.app, "1.0.0");
    info.license = "MIT".to_owned();
    for route in &manifest.routes {
        if let Some(fw_manifest::Authorization::Jwt { name, .. }) = &route.authorization {
            let issuer = "https://issuer.example.org".to_owned();
            info.issuers.insert(name.clone(), issuer);
        }
    }
    let document = document(&manifest, &info, version)?;
    writeln!(
        std::io::stdout(),
        "{}",
        serde_json::to_string_pretty(&document)?
    )?;
    Ok(())
}
