//! The least that a product embeds.
//!
//! ```text
//! LEASEHOLD_LICENSE_KEY=LH-… LEASEHOLD_TRUST=trust.json cargo run -p sdk --example minimal
//! ```

use sdk::{client::Client, lease::Stage, wire::Identity};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    // A product that is sold builds the bundle in: include_str!("trust.json").
    let trust = std::fs::read_to_string(std::env::var("LEASEHOLD_TRUST")?)?;
    let client = Client::builder()
        .server(std::env::var("LEASEHOLD_SERVER").unwrap_or_else(|_| "http://127.0.0.1:3000".into()))
        .product("iot-platform")
        .version("4.2.1")
        .identity(Identity::instance("node-a"))
        .data_file("data/minimal/license.json")
        .trust(serde_json::from_str(&trust)?)
        .build()?;
    if let Err(error) = client.activate(&std::env::var("LEASEHOLD_LICENSE_KEY")?.parse()?).await {
        eprintln!("{error} {}", error.remedy());
    }
    let mut changes = client.watch();
    loop {
        let status = changes.borrow_and_update().clone();
        match status.stage {
            None => println!("licensed for {} devices", status.limit("devices")),
            Some(Stage::Stop) => anyhow::bail!("the license could not be confirmed for too long"),
            Some(stage) => println!("the license could not be confirmed: {}", stage.as_str()),
        }
        changes.changed().await?;
    }
}
