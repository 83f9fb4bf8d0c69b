//! Serves DynamoDB on the port that the first argument names, in memory or in the folder of the second: for suites of others.

#![allow(clippy::print_stdout)]

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use fw_dynamodb::DynamoDb;
use fw_services::{Options, Services};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|port| port.parse().ok());
    let data = arguments.next().map(PathBuf::from);
    let database = DynamoDb::open(data.as_deref().map(|data| data.join("dynamodb")).as_deref())?;
    let services = Services::start(Options {
        address: (Ipv4Addr::LOCALHOST, port.unwrap_or(0)).into(),
        data,
        tables: Some(Arc::new(database)),
        ..Options::default()
    })
    .await?;
    println!("{}", services.endpoint());
    std::future::pending::<()>().await;
    drop(services);
    Ok(())
}
