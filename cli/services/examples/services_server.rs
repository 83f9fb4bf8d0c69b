//! Serves the services on a port until it is interrupted: `cargo run -p fw-services --example services_server -- 4566`.

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .unwrap_or(4566);
    let options = fw_services::Options {
        address: ([127, 0, 0, 1], port).into(),
        ..fw_services::Options::default()
    };
    let services = fw_services::Services::start(options).await?;
    std::future::pending::<()>().await;
    services.shutdown().await
}
