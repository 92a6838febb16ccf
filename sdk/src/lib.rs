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
//! The trust bundle, fetched from the vendor's `/.well-known/trust.json` when the product is built, is built into it: it is
//! what makes a lease of somebody else's server worthless. The examples show a cluster, a desktop application, feature flags, borrowing and a
//! command line; `examples/demo_product` is a complete product.
//!
//! # What is verified, and when
//!
//! Nothing of an answer counts before its [lease] has passed all of this, offline:
//!
//! - its form: canonical base64url, JSON without duplicate members, `alg` and `typ` as expected, no header that brings
//!   its own key or rules ([`jws`]);
//! - its signature, strictly, by a key of the [trust bundle](trust::TrustBundle), of a [key set](key_set) that a trusted
//!   key signed, or of a local license server within its [delegation];
//! - that it is the answer to this request (its nonce), for this product, this holder and this instance;
//! - that none of the times is of the wrong type or contradicts another.
//!
//! What the data file keeps is verified again at each start, so that writing to it grants nothing. Where leases last
//! over an hour, and whenever the server cannot answer, the vendor's [revocations] are read as well.
//!
//! # What happens while the license cannot be confirmed
//!
//! The lease carries the vendor's [policy](lease::EnforcementPolicy): stages, and how long after the first failed check
//! each applies. `t0`, the first failed check since the last accepted lease, is kept in the data file.
//!
//! | what failed | stages |
//! |---|---|
//! | network, 5xx, 429, an answer that cannot be verified | a warning at once; nothing beyond it before the lease ends |
//! | the server refuses the license, seat, instance or version; the lease is revoked | from `t0` on, without awaiting the lease's end |
//! | no lease was ever accepted | the last stage |
//!
//! A successful check clears everything. The crate computes the stage; the application acts on it, and is told by
//! `Client::watch` when time alone changes it.
//!
//! # Clock
//!
//! A lease that answers the client's own nonce is fresh: its `iat` is the time, and the monotonic clock carries on from
//! there, whatever the system's clock says. At a start without the server the system's clock counts, but never falls
//! behind the highest time that was seen before. `Status::clock_skew_s` says how far the system's clock is off.
//!
//! # Data file
//!
//! One JSON file per instance, mode 0600, replaced atomically, with a lock file beside it: a second process is refused
//! with a sentence. It holds the last lease, one credential per server, `t0`, counters, key sets and revocations, and
//! never the license key. Losing it costs one activation; an unreadable one is set aside as `….corrupt`; a full disk is
//! reported in `Status::last_error` while the license goes on in memory. A copy on another machine is noticed by the
//! server.
//!
//! # Errors
//!
//! Every refusal is a [`Problem`](error::Problem) with title and remedy in plain words, ready to be shown. The whole table
//! is [`error::Code`]; these a product may want to treat in its own way:
//!
//! | code | what it means for the product |
//! |---|---|
//! | `seats_exhausted`, `devices_exhausted` | show who holds them: [`Problem::holders`](error::Problem::holders) |
//! | `version_not_covered` | show the newest covered release and the price of a renewal |
//! | `feature_not_licensed` | a feature that the product requires is missing: [`Problem::features`](error::Problem::features) |
//! | `license_expired`, `license_inactive`, `license_suspended`, `license_revoked` | send the operator to the portal |
//! | `license_not_found`, `license_key_replaced` | ask for the key again |
//! | `instance_released`, `instance_deactivated`, `instance_blocked` | stopped on purpose: the client waits for `activate` |
//! | `instance_conflict`, `instance_stale` | two copies run under one identity: give each its own |
//! | `rate_limited`, `server_error`, `not_ready` | nothing: the client comes back by itself |
//!
//! # Where to find what
//!
//! | question | module |
//! |---|---|
//! | What do instances and server say to each other? | [`wire`] |
//! | What can be refused, and what should one do then? | [`error`] |
//! | What is in a lease, and how is it verified? | [`lease`], on [`jws`], [`jwk`] and [`trust`] |
//! | How are keys rotated? | [`key_set`] |
//! | What is withdrawn before its time? | [`revocations`] |
//! | How may a server in the customer's network sign? | [`delegation`] |
//! | What happens while the license cannot be confirmed? | [`lease::EnforcementPolicy`] |
//! | Which versions does a perpetual license cover? | [`version`] |
//! | What does a license key look like? | [`license_key`] |
//! | How do I talk to the server? | `client` (feature `client`, on by default) |
//!
//! Without the feature `client` the crate does no input or output, reads no clock, draws no randomness, and compiles
//! to WebAssembly: everything that it needs to know comes in as a value.

#[cfg(feature = "client")]
pub mod client;
pub mod delegation;
pub mod error;
pub mod jwk;
pub mod jws;
pub mod key_set;
pub mod lease;
pub mod license_key;
pub mod revocations;
pub mod trust;
pub mod version;
pub mod wire;
