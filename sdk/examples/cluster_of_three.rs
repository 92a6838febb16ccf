//! A cluster under one key: each node takes a floating seat of its own, and a node too many is told who holds them.
//!
//! ```text
//! LEASEHOLD_LICENSE_KEY=LH-… LEASEHOLD_TRUST=trust.json cargo run -p sdk --example cluster_of_three
//! ```
//!
//! Real nodes are processes on machines of their own. All that differs between them is the identity, such as the name
//! of the pod of a StatefulSet, and the data file, which no two instances share.

use sdk::{
    client::{Client, ClientError},
    license_key::LicenseKey,
    trust::TrustBundle,
    wire::Identity,
};

fn node(name: &str, trust: &TrustBundle) -> anyhow::Result<Client> {
    let server = std::env::var("LEASEHOLD_SERVER").unwrap_or_else(|_| "http://127.0.0.1:3000".into());
    let builder = Client::builder().server(server).product("iot-platform").version("4.2.1");
    let builder = builder.identity(Identity::instance(name).named(format!("Example {name}")));
    Ok(builder.data_file(format!("data/cluster/{name}/license.json")).trust(trust.clone()).build()?)
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let trust = serde_json::from_str(&std::fs::read_to_string(std::env::var("LEASEHOLD_TRUST")?)?)?;
    let key: LicenseKey = std::env::var("LEASEHOLD_LICENSE_KEY")?.parse()?;
    let mut running = Vec::new();
    for name in ["node-a", "node-b", "node-c"] {
        let node = node(name, &trust)?;
        match node.activate(&key).await {
            Ok(status) => {
                let seats = status.seats.unwrap_or_default();
                println!("{name}: one of {seats} seats, {} devices", status.limit("devices"));
                running.push((name, node));
            }
            Err(ClientError::Refused(problem)) => {
                println!("{name}: {problem}");
                for holder in problem.holders.iter().flatten() {
                    println!("  held by {} since {}", holder.identity.id, holder.first_contact_at);
                }
            }
            Err(error) => println!("{name}: {error} {}", error.remedy()),
        }
    }
    println!("the cluster runs with {} nodes; Ctrl-C stops it", running.len());
    tokio::signal::ctrl_c().await?;
    // A node that stops for good gives its seat back; one that is only restarted does not need to.
    for (name, node) in running {
        match node.release().await {
            Ok(free_at) => println!("{name}: another may have the seat from {free_at}"),
            Err(error) => println!("{name}: the seat lapses with its lease ({error})"),
        }
    }
    Ok(())
}
