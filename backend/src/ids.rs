//! Typed ids: a prefix that says what they name (`lic_…`) and 128 random bits in Crockford base32.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What all ids have in common.
pub trait Id: Sized {
    /// The prefix, without the underscore.
    const PREFIX: &'static str;
    /// Builds an id from 128 random bits.
    fn from_random(random: [u8; 16]) -> Self;
}

pub(crate) fn base32(random: [u8; 16]) -> String {
    data_encoding::BASE32_DNSSEC.encode(&random)
}

macro_rules! ids { ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => { $(
    $(#[$doc])*
    #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
    #[sqlx(transparent)]
    #[serde(transparent)]
    pub struct $name(String);

    impl $name {
        /// Takes a string from outside for an id. It need not name anything: look-ups decide.
        #[must_use]
        pub fn from_untrusted(text: &str) -> Self {
            Self(text.to_owned())
        }

        /// The id as text.
        #[must_use]
        pub fn as_str(&self) -> &str {
            &self.0
        }
    }

    impl Id for $name {
        const PREFIX: &'static str = $prefix;
        fn from_random(random: [u8; 16]) -> Self {
            Self(format!(concat!($prefix, "_{}"), base32(random)))
        }
    }

    impl fmt::Display for $name {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }

    impl fmt::Debug for $name {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(&self.0)
        }
    }
)* } }

ids! {
    /// A vendor: whoever sells software through this deployment.
    VendorId = "ven";
    /// A person who can sign in.
    UserId = "usr";
    /// A customer or partner organisation.
    AccountId = "acc";
    /// An invitation to act for an account, or as staff.
    InvitationId = "ivt";
    /// A passkey of somebody's.
    PasskeyId = "psk";
    /// A change of the address that somebody signs in with.
    EmailChangeId = "ech";
    /// A reset of a second factor that waits for its time.
    FactorResetId = "frs";
    /// A signed-in browser.
    SessionId = "ses";
    /// What is sold.
    ProductId = "prd";
    /// A published version of a product.
    ReleaseId = "rel";
    /// One way to buy a product.
    PlanId = "pln";
    /// One price of a plan.
    PriceId = "prc";
    /// A purchase, from the choice to its fulfilment.
    OrderId = "ord";
    /// What is taken off, for whom and how often.
    CampaignId = "cmp";
    /// A code of a campaign.
    PromotionCodeId = "pco";
    /// A code used for an order.
    RedemptionId = "rdm";
    /// A license that a partner has paid for in advance.
    VoucherId = "vch";
    /// A Stripe subscription as we project it.
    SubscriptionId = "sub";
    /// A card that is being changed.
    CardUpdateId = "cdu";
    /// Updates that renew by themselves.
    AutoRenewalId = "arn";
    /// A license that turns from a subscription to perpetual.
    ConversionId = "cnv";
    /// An account's right to run one product under a plan.
    LicenseId = "lic";
    /// One activated installation.
    InstanceId = "ins";
    /// One interval in which an instance holds its seat.
    LeaseId = "lea";
    /// What an account and the vendor write to each other about one thing.
    ConversationId = "con";
    /// A message of a conversation.
    MessageId = "msg";
    /// What somebody said when asked.
    FeedbackId = "fbk";
    /// A product that waits for its license key.
    ClaimId = "clm";
    /// A license that goes over to another account.
    HandoverId = "hnd";
    /// A partner and a client.
    RelationId = "rln";
    /// A signing key.
    SigningKeyId = "key";
    /// An invoice.
    InvoiceId = "inv";
    /// A document of an invoice, credit note or order.
    DocumentId = "doc";
    /// A credit note.
    CreditNoteId = "cno";
    /// What a partner earns by an invoice.
    CommissionId = "cms";
    /// Commissions that were paid out.
    PayoutId = "pyo";
    /// Money paid back.
    RefundId = "rfd";
    /// A payment that its payer disputes.
    DisputeId = "dis";
    /// A posting of the ledger.
    PostingId = "pst";
    /// An API token.
    ApiTokenId = "tok";
    /// A time in which one of the staff acts for a customer.
    ActingId = "act";
    /// A queued job.
    JobId = "job";
    /// An event of the licensing or commerce history.
    EventId = "evt";
    /// An audit row.
    AuditId = "aud";
}
