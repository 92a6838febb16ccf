//! Licensing for your product: activate with a key, check in the background, verify offline, degrade gracefully.
//!
//! # Embedding it
//!
//! ```no_run
//! # #[cfg(feature = "client")]
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! use sdk::{client::Client, lease::Stage, wire::Identity};
//!
//! let client = Client::builder()
//!     .server("https://licenses.example.com")
//!     .product("iot-platform")
//!     .version("4.2.1")
//!     .identity(Identity::instance("node-a"))
//!     .data_file("/var/lib/iot/license.json")
//!     .trust(serde_json::from_str(r#"{"iss": "https://licenses.example.com", "keys": []}"#)?)
//!     .build()?;
//!
//! if let Err(error) = client.activate(&"LH-60RK4-CSM6M-V3EE1-SC5H6-6S35C-SAJ8R".parse()?).await {
//!     eprintln!("{error} {}", error.remedy());
//! }
//! match client.status().stage {
//!     None => println!("licensed for {} devices", client.status().limit("devices")),
//!     Some(Stage::Warn) => println!("the license could not be confirmed for a while"),
//!     Some(stage) => println!("act on {}", stage.as_str()),
//! }
//! client.set_level("devices", 42);
//! # Ok(()) }
//! ```
//!
//! The trust bundle, which the vendor's portal shows, is built into the product: it is what makes a lease of somebody
//! else's server worthless. `examples/demo_product` is a complete product.
//!
//! # Where to find what
//!
//! | question | module |
//! |---|---|
//! | What do instances and server say to each other? | [`wire`] |
//! | What can be refused, and what should one do then? | [`error`] |
//! | What is in a lease, and how is it verified? | [`lease`], on [`jws`], [`jwk`] and [`trust`] |
//! | What happens while the license cannot be confirmed? | [`lease::EnforcementPolicy`] |
//! | Which versions does a perpetual license cover? | [`version`] |
//! | What does a license key look like? | [`license_key`] |
//! | How do I talk to the server? | `client` (feature `client`, on by default) |
//!
//! Without the feature `client` the crate does no input or output, reads no clock, draws no randomness, and compiles
//! to WebAssembly: everything that it needs to know comes in as a value.

#[cfg(feature = "client")]
pub mod client;
pub mod error;
pub mod jwk;
pub mod jws;
pub mod lease;
pub mod license_key;
pub mod trust;
pub mod version;
pub mod wire;
