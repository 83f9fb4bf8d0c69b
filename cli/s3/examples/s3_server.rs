//! Serves S3 on a port until it is interrupted: `cargo run -p fw-s3 --example s3_server -- FOLDER 9000 [KEY SECRET ID NAME ACCOUNT EMAIL]…`.
//!
//! With users, each by six arguments, new buckets are as before 2020, as suites of cases expect.

use fw_s3::{Options, S3, User};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("expected a folder")?;
    let port: u16 = arguments.next().ok_or("expected a port")?.parse()?;
    let mut options = Options::new(folder.into());
    options.address = ([127, 0, 0, 1], port).into();
    let rest: Vec<String> = arguments.collect();
    let users = rest.chunks_exact(6).map(|of| User {
        access_key: of[0].clone(),
        secret_key: of[1].clone(),
        id: of[2].clone(),
        display_name: of[3].clone(),
        account: of[4].clone(),
        email: Some(of[5].clone()),
    });
    let users: Vec<User> = users.collect();
    if !users.is_empty() {
        options.users = users;
        options.older_buckets = true;
        options.any_page = true;
    }
    let s3 = S3::start(options).await?;
    tokio::signal::ctrl_c().await?;
    s3.shutdown().await;
    Ok(())
}
