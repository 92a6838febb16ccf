//! What a use case is told about the world: which vendor, who acts, what time it is, and where fresh
//! randomness comes from. Nothing below this line reads a clock or an RNG of its own.

use std::net::IpAddr;
use std::sync::Arc;

use crate::clock::UnixMs;
use crate::ids::{ActingId, ApiTokenId, Id, UserId, VendorId};

/// Who causes a change; recorded with every audit row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in person, for an account or for themselves.
    User(UserId),
    /// A signed-in person who acts as the vendor's staff. What staff may do hangs on the person's role all the same;
    /// the kind only keeps apart, in the audit log, what the vendor did from what a customer did.
    Staff(UserId),
    /// One of the vendor's staff who acts for a customer, and is nobody else meanwhile; see [`crate::acting`].
    ActingStaff(ActingId),
    /// A visitor who is not signed in (sign-up, password reset).
    Visitor,
    /// A product instance that proved its key or secret.
    Instance(String),
    /// A program with an API token.
    Token(ApiTokenId),
    /// An event or object of Stripe's, by id.
    Stripe(String),
    /// A queued job, by its kind.
    Job(&'static str),
    /// The operator of the deployment, at its command line.
    Operator,
}

impl Actor {
    /// The signed-in person who acts, for whomever. Staff who act for a customer are no person of either side: they write
    /// in nobody's name, and change nobody's membership or password.
    #[must_use]
    pub fn person(&self) -> Option<&UserId> {
        match self {
            Self::User(id) | Self::Staff(id) => Some(id),
            Self::ActingStaff(_)
            | Self::Visitor
            | Self::Instance(_)
            | Self::Token(_)
            | Self::Stripe(_)
            | Self::Job(_)
            | Self::Operator => None,
        }
    }

    /// Kind and id as audit rows store them.
    #[must_use]
    pub fn as_columns(&self) -> (&'static str, String) {
        match self {
            Self::User(id) => ("user", id.to_string()),
            Self::Staff(id) => ("staff", id.to_string()),
            Self::ActingStaff(id) => ("acting_staff", id.to_string()),
            Self::Visitor => ("visitor", String::new()),
            Self::Instance(id) => ("instance", id.clone()),
            Self::Token(id) => ("token", id.to_string()),
            Self::Stripe(id) => ("stripe", id.clone()),
            Self::Job(kind) => ("job", (*kind).to_owned()),
            Self::Operator => ("operator", String::new()),
        }
    }
}

/// Where random bytes come from: the operating system, or a seeded generator in tests.
#[derive(Clone)]
pub struct Entropy(Arc<Fill>);

/// Fills a buffer with fresh randomness.
type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Entropy {
    /// The operating system's generator.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that draws randomness")]
    pub fn system() -> Self {
        Self(Arc::new(|bytes| rand::Rng::fill_bytes(&mut rand::rng(), bytes)))
    }

    /// A reproducible generator for tests.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        use rand::SeedableRng;
        let rng = std::sync::Mutex::new(rand::rngs::StdRng::seed_from_u64(seed));
        Self(Arc::new(move |bytes| {
            let mut rng = rng.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            rand::Rng::fill_bytes(&mut *rng, bytes);
        }))
    }

    /// `N` fresh random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }

    /// A fresh id: the type's prefix and 128 random bits.
    #[must_use]
    pub fn id<I: Id>(&self) -> I {
        I::from_random(self.bytes())
    }
}

/// The context of one act.
#[derive(Clone)]
pub struct Cx {
    /// The vendor whose data is touched; every query is bound to it.
    pub vendor_id: VendorId,
    /// Who acts.
    pub actor: Actor,
    /// The moment of the act; one for everything the act does.
    pub now: UnixMs,
    /// Fresh randomness.
    pub entropy: Entropy,
    /// The request this belongs to, as logs and error pages name it.
    pub request_id: Option<String>,
    /// The network address of who acts, as far as trusted proxies say; none for the command line and jobs.
    pub address: Option<IpAddr>,
}

impl Cx {
    /// The context of an act that belongs to no request.
    #[must_use]
    pub fn new(vendor_id: VendorId, actor: Actor, now: UnixMs, entropy: Entropy) -> Self {
        Self { vendor_id, actor, now, entropy, request_id: None, address: None }
    }

    /// The same act, as it came with a request from this address.
    #[must_use]
    pub fn of_request(self, request_id: impl Into<String>, address: IpAddr) -> Self {
        Self { request_id: Some(request_id.into()), address: Some(address), ..self }
    }

    /// A fresh id.
    #[must_use]
    pub fn id<I: Id>(&self) -> I {
        self.entropy.id()
    }
}
