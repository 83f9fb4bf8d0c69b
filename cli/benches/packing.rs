//! How long it takes to zip and hash an executable of 10 MB.
//!
//! ```console
//! $ cargo bench --profile cli -p cargo-fw --bench packing
//! $ cargo bench --profile cli -p cargo-fw --bench packing -- --check    # fails where it takes more than 1 s
//! ```
//!
//! `cargo fw package --format zip` packs two programs in turns that differ in one thing: what one of them carries, 10 MB of machine code. What
//! it takes longer for that one is the zip, the hash, and the writing of both files; what it takes at all has cargo's look at the sources in it.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Instant,
};

use support::{Limits, Result, median};

const ROUNDS: usize = 7;
const MEGABYTES: usize = 10;

/// Prints its manifest, and carries the file beside it.
const MAIN: &str = r##"
static CARRIED: &[u8] = include_bytes!("carried.bin");

fn main() {
    println!("{}", r#"{"schema":1,"app":"packed","routes":[{"method":"GET","path":"/"}]}"#);
    std::hint::black_box(CARRIED);
}
"##;

fn main() -> Result<()> {
    let folder = tempfile::tempdir()?;
    // Machine code is packed otherwise than noise or text: this is the CLI's own.
    let own = fs::read(env!("CARGO_BIN_EXE_cargo-fw"))?;
    let code: Vec<u8> = own.into_iter().cycle().take(MEGABYTES << 20).collect();
    let small = project(&folder.path().join("small"), &[])?;
    let large = project(&folder.path().join("large"), &code)?;
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (project, times) in [&small, &large].into_iter().zip(&mut times) {
            let took = package(project)?;
            // The first builds.
            if round > 0 {
                times.push(took);
            }
        }
    }
    let [small_time, large_time] = times.map(|all| median(all, |time| *time).unwrap_or_default());
    let mut limits = Limits::default();
    for (what, project, time) in [("small", &small, small_time), ("10 MB", &large, large_time)] {
        let zip = fs::metadata(project.join("dist/packed-dev.zip"))?.len();
        println!(
            "{what:>8}: `cargo fw package` {:.2} s, the zip {:.1} MB",
            time,
            zip as f64 / 1e6
        );
    }
    let packing = large_time - small_time;
    println!("zip and hash of {MEGABYTES} MB: {packing:.2} s, median of {ROUNDS}");
    limits.expect(packing <= 1.0, "1 s for the zip and the hash of 10 MB");
    limits.conclude()
}

fn project(folder: &Path, carried: &[u8]) -> Result<PathBuf> {
    fs::create_dir_all(folder.join("src"))?;
    let manifest =
        "[package]\nname = \"packed\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/main.rs"), MAIN)?;
    fs::write(folder.join("src/carried.bin"), carried)?;
    Ok(folder.to_owned())
}

/// Packages, and says how many seconds that took.
fn package(project: &Path) -> Result<f64> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-fw"));
    command
        .args(["fw", "package", "--format", "zip", "dist"])
        .current_dir(project)
        .env_remove("CARGO_TARGET_DIR")
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let start = Instant::now();
    let output = command.output()?;
    let took = start.elapsed().as_secs_f64();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(took)
}
