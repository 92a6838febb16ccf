//! What can go wrong in commerce beyond refusals.

use crate::db::DbError;
use crate::stripe::StripeError;

/// A surprise: the database's, Stripe's, or a configuration that lacks something.
#[derive(Debug, thiserror::Error)]
pub enum CommerceError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// Stripe.
    #[error(transparent)]
    Stripe(#[from] StripeError),
    /// No Stripe account is configured for the vendor.
    #[error("no Stripe account is configured for this vendor")]
    NoStripeAccount,
    /// A price was never pushed to Stripe: `admin apply-catalog` does it.
    #[error("the price {0} is not known to Stripe yet; apply the catalog again")]
    PriceNotPushed(String),
    /// Stripe answered something that contradicts what we asked for.
    #[error("Stripe and our records disagree: {0}")]
    Contradiction(String),
    /// A document could not be made or does not match its hash.
    #[error("a document cannot be given out: {0}")]
    Document(String),
}

impl CommerceError {
    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Stripe(error) => error.may_pass(),
            Self::Db(DbError::Unavailable(_) | DbError::GivenUp(_)) => true,
            _ => false,
        }
    }
}
