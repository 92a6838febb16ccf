//! Features of the license as switches in the product, with limits, levels and counters.
//!
//! ```text
//! LEASEHOLD_LICENSE_KEY=LH-… LEASEHOLD_TRUST=trust.json cargo run -p sdk --example feature_flags
//! ```

use sdk::{
    client::{Client, Status},
    wire::Identity,
};

/// What the product switches by its license; asked anew each time, so that a change arrives without a restart.
struct Features<'a>(&'a Client);

impl Features<'_> {
    fn exports(&self) -> bool {
        let on = self.0.status().has_feature("export");
        if on {
            // Counted only where the vendor wants usage signals.
            self.0.count("export");
        }
        on
    }

    fn may_add_device(&self, present: i64) -> bool {
        self.0.set_level("devices", present);
        self.0.status().limit("devices").allows(present + 1)
    }
}

fn list(status: &Status) {
    for (name, end) in &status.features {
        match end {
            Some(end) => println!("feature {name} until {end}"),
            None => println!("feature {name}"),
        }
    }
    for over in &status.over_limit {
        println!("{}: {} in use, {} licensed", over.name, over.used, over.limit);
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let trust = std::fs::read_to_string(std::env::var("LEASEHOLD_TRUST")?)?;
    let mut builder = Client::builder()
        .server(std::env::var("LEASEHOLD_SERVER").unwrap_or_else(|_| "http://127.0.0.1:3000".into()))
        .product("iot-platform")
        .version("4.2.1")
        .identity(Identity::instance("features"))
        .data_file("data/features/license.json")
        .trust(serde_json::from_str(&trust)?);
    // A product that makes no sense without a feature says so: activation is then refused where it is missing.
    for required in std::env::args().skip(1) {
        builder = builder.require_feature(required);
    }
    let client = builder.build()?;
    if let Err(error) = client.activate(&std::env::var("LEASEHOLD_LICENSE_KEY")?.parse()?).await {
        println!("{error} {}", error.remedy());
    }
    list(&client.status());
    let features = Features(&client);
    println!("exports: {}", if features.exports() { "on" } else { "off" });
    println!("one more device than 99: {}", features.may_add_device(99));
    // Levels and counters travel with the next check.
    client.check_now().await?;
    client.close().await;
    Ok(())
}
