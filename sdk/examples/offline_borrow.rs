//! Taking a floating seat out of the network for a while, and bringing it back.
//!
//! ```text
//! LEASEHOLD_LICENSE_KEY=LH-… LEASEHOLD_TRUST=trust.json cargo run -p sdk --example offline_borrow -- 3
//! ```
//!
//! With a number of days it borrows, with `return` it returns, without anything it only looks, which works offline.

use std::time::Duration;

use sdk::{client::Client, wire::Identity};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let trust = std::fs::read_to_string(std::env::var("LEASEHOLD_TRUST")?)?;
    let client = Client::builder()
        .server(std::env::var("LEASEHOLD_SERVER").unwrap_or_else(|_| "http://127.0.0.1:3000".into()))
        .product("iot-platform")
        .version("4.2.1")
        .identity(Identity::instance("laptop-7"))
        .data_file("data/borrow/license.json")
        .trust(serde_json::from_str(&trust)?)
        .build()?;
    let wanted = std::env::args().nth(1);
    if let Some(wanted) = wanted {
        let key = std::env::var("LEASEHOLD_LICENSE_KEY")?.parse()?;
        client.activate(&key).await?;
        if wanted == "return" {
            client.return_borrowed().await?;
        } else {
            let days: u64 = wanted.parse()?;
            client.borrow(Duration::from_secs(days * 86_400)).await?;
        }
    }
    let status = client.status();
    match (status.licensed_until, status.borrowed) {
        (Some(until), true) => println!("borrowed: runs without the network until {until}"),
        (Some(until), false) => println!("an ordinary lease until {until}"),
        (None, _) => println!("no lease; give a number of days to borrow"),
    }
    client.close().await;
    Ok(())
}
