//! Compares two documents, and prints how long that took: `cargo run --release -p fw-contract --example compare OLD.json NEW.json`.

use std::{
    env,
    error::Error,
    fs,
    io::{Write as _, stdout},
    time::Instant,
};

use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let mut documents = Vec::new();
    for path in env::args().skip(1) {
        documents.push(serde_json::from_slice::<Value>(&fs::read(path)?)?);
    }
    let [before, after] = documents.as_slice() else {
        return Err("give two documents".into());
    };
    let begun = Instant::now();
    let report = fw_contract::compare(before, after, "2026-12-01");
    writeln!(
        stdout(),
        "{}: {} findings in {} ms",
        report.verdict().as_str(),
        report.findings.len(),
        begun.elapsed().as_millis()
    )?;
    Ok(())
}
