//! A desktop application that is licensed by user: one seat per person, on any of their devices.
//!
//! ```text
//! LEASEHOLD_LICENSE_KEY=LH-… LEASEHOLD_TRUST=trust.json cargo run -p sdk --example desktop_user -- ada@example.com
//! ```

use std::{fs, io::Write as _, path::Path};

use anyhow::Context as _;
use sdk::{client::Client, error::Code, lease::Stage, wire::Identity};

/// The stable name of this installation: made once, kept beside the license.
fn device(folder: &Path) -> anyhow::Result<String> {
    let path = folder.join("device");
    if let Ok(device) = fs::read_to_string(&path) {
        return Ok(device);
    }
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    let device = data_encoding::HEXLOWER.encode(&random);
    fs::create_dir_all(folder)?;
    fs::File::create(&path)?.write_all(device.as_bytes())?;
    Ok(device)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let user = std::env::args().nth(1).context("say who you are, as in: desktop_user ada@example.com")?;
    let folder = Path::new("data/desktop").join(user.replace(['/', '\\'], "_"));
    let trust = fs::read_to_string(std::env::var("LEASEHOLD_TRUST")?)?;
    let identity = Identity::user(&user, device(&folder)?).named(format!("{user} at their desk"));
    let client = Client::builder()
        .server(std::env::var("LEASEHOLD_SERVER").unwrap_or_else(|_| "http://127.0.0.1:3000".into()))
        .product("plan-desk")
        .version("2.0.0")
        .identity(identity)
        .data_file(folder.join("license.json"))
        .trust(serde_json::from_str(&trust)?)
        .build()?;
    if let Err(error) = client.activate(&std::env::var("LEASEHOLD_LICENSE_KEY")?.parse()?).await {
        match error.code() {
            Some(Code::DevicesExhausted) => println!("You are signed in on too many devices."),
            Some(Code::SeatsExhausted) => println!("Your company's seats are all taken."),
            _ => {}
        }
        println!("{error} {}", error.remedy());
    }
    // A desktop application never takes work away: it goes read-only, and says why.
    let status = client.status();
    match status.stage {
        None | Some(Stage::Warn) => println!("editing; licensed until {:?}", status.licensed_until),
        Some(_) => println!("read-only"),
    }
    client.close().await;
    Ok(())
}
