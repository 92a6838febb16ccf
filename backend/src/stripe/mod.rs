//! Stripe: the one place that knows its types.
//!
//! [`Stripe`] is one vendor's account there, with methods in the words of the business that answer types
//! of our own. Nothing Stripe sends is believed because it arrived: a webhook is a hint, and what is
//! projected is fetched again. Every call that changes something takes an idempotency key made from our
//! own ids ([`IdempotencyKey`]), so the same step of the business acts once, also across a crash.
//!
//! No call may be made inside a database transaction.

mod cards;
mod checkout;
pub mod checkup;
mod configuration;
mod conversion;
mod customers;
mod error;
mod events;
mod invoices;
mod listed_prices;
mod price_list;
mod promotions;
mod raw;
pub mod rehearsal;
mod reversals;
mod schedules;
mod sent_invoices;
mod subscriptions;
mod tax;
mod tax_ids;
mod transfers;
mod transport;
mod webhook;
mod yearly;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use stripe_client_core::{RequestStrategy, StripeRequest};

pub use cards::{CardCheckout, CardPayment, NewCardCheckout, StripeCard};
pub use checkout::{CheckoutItem, CheckoutMode, CheckoutSession, CheckoutStatus, NewCheckout};
pub use configuration::{STRIPE_API_BASE, StripeConfig, UnsafeConfiguration, check_configuration};
pub use conversion::NewConversion;
pub use customers::CustomerDetails;
pub use error::{StripeError, StripeErrorKind};
pub(crate) use invoices::BILLS_A_CHANGE;
pub use invoices::{BuyerAddress, InvoiceState, LineTax, StripeInvoice, StripeInvoiceLine, TaxTotal};
pub use listed_prices::StripePrice;
pub use price_list::{NewStripePrice, NewStripeProduct, Recurrence};
pub use promotions::{AmountOff, CouponDuration, NewCoupon, NewDiscount, Promotion};
pub use reversals::{
    CreditSettlement, DisputeState, NewCreditNote, Reversals, StripeCreditNote, StripeCreditNoteLine, StripeDispute,
    StripeRefund,
};
pub use schedules::PlannedChange;
pub use sent_invoices::{InvoiceTerms, MadeForOrder, NewSentInvoice, NewSubscription};
pub use subscriptions::{ItemChange, StripeSubscription, SubscriptionItem, SubscriptionState};
pub use tax::{HeadOffice, StripeTax};
pub use tax_ids::StripeTaxId;
pub use transfers::{BankAccount, CashBalance, TransferNetwork, transfer_network};
pub use webhook::{EventEnvelope, WebhookRefusal, verify_webhook};
pub use yearly::{NewYearly, YearlyLine};

use crate::cx::Entropy;
use crate::ids::VendorId;

/// The key under which a call to Stripe acts at most once. Made from our ids, never at random.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// From the id of what the call is for, what it does, and whatever distinguishes attempts that may
    /// differ. Parameters that differ need keys that differ.
    #[must_use]
    pub fn new(parts: &[&str]) -> Self {
        let key = format!("lh:{}", parts.join(":"));
        // Stripe takes at most 255 characters; ids are far shorter, so a long one is folded, not cut.
        if key.len() <= 255 {
            return Self(key);
        }
        Self(format!("lh:{}", data_encoding::HEXLOWER.encode(&crate::keys::sha256(key.as_bytes()))))
    }

    fn strategy(&self) -> RequestStrategy {
        // Neither empty nor longer than 255 characters, see `new`.
        stripe_client_core::IdempotencyKey::new(&self.0).map_or(RequestStrategy::Once, RequestStrategy::Idempotent)
    }
}

/// One vendor's Stripe account. Cheap to clone.
#[derive(Clone)]
pub struct Stripe(Arc<Inner>);

struct Inner {
    transport: transport::Transport,
    config: StripeConfig,
}

impl std::fmt::Debug for Stripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Stripe").field(&self.0.config).finish()
    }
}

impl Stripe {
    /// Connects lazily; `entropy` spreads the pauses between retries. Whether the configuration may be
    /// used at all is [`check_configuration`]'s question.
    ///
    /// # Errors
    /// [`StripeError`] when no HTTP client can be made.
    pub fn new(config: StripeConfig, entropy: Entropy) -> Result<Self, StripeError> {
        let transport = transport::Transport::new(&config.api_base, config.secret_key.clone(), entropy)?;
        Ok(Self(Arc::new(Inner { transport, config })))
    }

    /// What it was made from.
    #[must_use]
    pub fn config(&self) -> &StripeConfig {
        &self.0.config
    }

    async fn fetch<R>(&self, request: R) -> Result<R::Output, StripeError>
    where
        R: StripeRequest,
        R::Output: miniserde::Deserialize,
    {
        request.customize().send(&self.0.transport).await
    }

    async fn act<R>(&self, key: &IdempotencyKey, request: R) -> Result<R::Output, StripeError>
    where
        R: StripeRequest,
        R::Output: miniserde::Deserialize,
    {
        request.customize().request_strategy(key.strategy()).send(&self.0.transport).await
    }
}

/// The Stripe accounts of a deployment's vendors. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct StripeAccounts {
    by_vendor: Arc<HashMap<VendorId, Stripe>>,
    otherwise: Option<Stripe>,
    /// Where only one may have `otherwise`: who it is, once one has asked.
    taken_by: Option<Arc<OnceLock<VendorId>>>,
}

impl StripeAccounts {
    /// One account for whichever vendor asks: development and tests.
    #[must_use]
    pub fn single(stripe: Stripe) -> Self {
        Self { otherwise: Some(stripe), ..Self::default() }
    }

    /// The account of the one vendor that is to come: whoever asks first has it, and nobody else, because what happens on
    /// an account is taken for its vendor's.
    #[must_use]
    pub fn of_the_first(stripe: Stripe) -> Self {
        Self { otherwise: Some(stripe), taken_by: Some(Arc::default()), ..Self::default() }
    }

    /// An account for each vendor.
    #[must_use]
    pub fn by_vendor(accounts: HashMap<VendorId, Stripe>) -> Self {
        Self { by_vendor: Arc::new(accounts), ..Self::default() }
    }

    /// Whether nobody can sell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_vendor.is_empty() && self.otherwise.is_none()
    }

    /// The vendor's account; `None` when it sells nothing here.
    #[must_use]
    pub fn of(&self, vendor_id: &VendorId) -> Option<&Stripe> {
        let is_its = || self.taken_by.as_ref().is_none_or(|taken| taken.get_or_init(|| vendor_id.clone()) == vendor_id);
        self.by_vendor.get(vendor_id).or_else(|| self.otherwise.as_ref().filter(|_| is_its()))
    }
}
