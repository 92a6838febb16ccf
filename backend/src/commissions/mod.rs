//! What partners earn by what is paid, month by month, and what of it was paid out.
//!
//! **Who earns** is noted with the order ([`crate::orders::Order::partner_id`]), with the share that was agreed then: the
//! partner that ordered for its client, else the partner whose code was used. It earns by every invoice of what the order
//! began: the first, renewals, changes, further seats, years of updates; unless an order for these names a partner of its
//! own. That goes on when the relation with the client has ended, and ends with the partnership: by an invoice that is
//! paid later nobody earns anything. What was earned before stays, and what is given back later of it is taken back. An account
//! that becomes a partner anew earns by orders from then on, and not by what it brought before. Orders that were placed before
//! there were commissions have nobody noted with them, so nobody earns by them or by what they began.
//!
//! **How much** follows from what the invoice is now (`rules.rs`): the share of what was paid, net of tax, discounts, credit
//! notes, refunds and disputes, whoever pays. [`settle_commission`] compares that with what was noted before and writes the
//! difference, in the transaction that imports the invoice or what was given back of it; so duplicates add nothing, and any
//! order of events comes to the same. What a credit note keeps as the customer's credit is money that the vendor
//! keeps, so it stays earned, and nothing is earned by what Stripe takes from that credit later: each amount counts once.
//!
//! **A month that is over never changes**: each difference is an entry with the moment at which it was noted, and entries
//! stay (the database refuses otherwise). What is given back in March of an invoice of January stands in March. So does a
//! payout in the month in which it was recorded, whatever day the money was sent on. One that was noted wrongly stays, and
//! another entry takes it back ([`reverse_payout`]), dated when that was noted.

mod give_out_statement;
mod list_partners;
mod month;
mod owed;
mod payout_store;
mod record_payout;
mod reverse_payout;
pub mod rules;
mod settle_commission;
mod statement;
mod store;
mod tell;

use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, CommissionId, InvoiceId, LicenseId, OrderId, PayoutId, UserId, VendorId};
use crate::listing::TimePlace;
use crate::money::{Currency, Money};

pub use give_out_statement::{statement_as_csv, statement_as_pdf};
pub use list_partners::{ListedPartner, PartnerMoney, Total, find_partner_money, list_partners};
pub use month::Month;
pub(crate) use owed::list_owed;
pub use record_payout::{PayoutRecord, RecordPayout, record_payout};
pub use reverse_payout::{PayoutReversal, ReversePayout, reverse_payout};
pub(crate) use settle_commission::settle_commission;
pub use statement::{Balance, MonthSum, Months, Statement, find_statement, list_months};

text_enum! {
    /// Why a commission came to something else.
    Why {
        /// The invoice was paid.
        Paid = "paid",
        /// A credit note took something of it back.
        Credited = "credited",
        /// A credit note is void.
        CreditVoid = "credit_void",
        /// Money was paid back.
        Refunded = "refunded",
        /// It came back to the vendor.
        RefundFailed = "refund_failed",
        /// The payment is disputed.
        Disputed = "disputed",
        /// The dispute is won.
        DisputeWon = "dispute_won",
    }
}

/// What a partner earns by one invoice.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
struct Commission {
    id: CommissionId,
    vendor_id: VendorId,
    partner_id: AccountId,
    invoice_id: InvoiceId,
    order_id: OrderId,
    client_id: AccountId,
    license_id: Option<LicenseId>,
    client: String,
    code: String,
    currency: Currency,
    rate_bp: i64,
    paid_minor: i64,
    credited_minor: i64,
    credited_net_minor: i64,
    settled_minor: i64,
    refunded_minor: i64,
    disputed_minor: i64,
    net_minor: i64,
    amount_minor: i64,
    entry_count: i64,
    created_at: UnixMs,
    updated_at: UnixMs,
}

/// A line of a statement.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct StatementLine {
    /// Its id.
    pub id: String,
    /// When it was noted.
    pub entered_at: UnixMs,
    /// Why.
    pub why: Why,
    /// The client, as the partner knew it when it was first noted; empty for whoever used a code.
    pub client: String,
    /// The code; empty where the partner ordered.
    pub code: String,
    /// Number of the invoice.
    pub invoice_number: String,
    /// Of the amounts.
    pub currency: Currency,
    /// The share, in hundredths of a percent.
    pub rate_bp: i64,
    /// What was paid, net; negative for what was taken back.
    pub net_minor: i64,
    /// The commission; negative for what was taken back.
    pub amount_minor: i64,
}

impl StatementLine {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.entered_at, &self.id)
    }
}

/// Money that was paid out to a partner, or a payout that was noted wrongly and is taken back.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Payout {
    /// Its id.
    pub id: PayoutId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// The partner.
    pub partner_id: AccountId,
    /// Of the amount.
    pub currency: Currency,
    /// How much; negative where it takes a payout back.
    pub amount_minor: i64,
    /// The first moment of the day on which it was sent, or taken back.
    pub paid_at: UnixMs,
    /// What the transfer says; that of the payout which it takes back.
    pub reference: String,
    /// The payout that it takes back.
    pub reverses: Option<PayoutId>,
    /// Why; empty where it takes back nothing.
    pub reason: String,
    /// Who recorded it; `None` for the operator.
    pub recorded_by: Option<UserId>,
    /// When.
    pub created_at: UnixMs,
}

impl Payout {
    /// How much.
    #[must_use]
    pub fn amount(&self) -> Money {
        Money::new(self.amount_minor, self.currency)
    }

    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.created_at, self.id.as_str())
    }
}

/// What came together for a partner in some time, in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Movement {
    /// Of the amounts.
    pub currency: Currency,
    /// Earned.
    pub earned_minor: i64,
    /// Taken back of what was earned, positive.
    pub taken_back_minor: i64,
    /// Paid out.
    pub paid_out_minor: i64,
}

impl Movement {
    /// What it leaves owed.
    #[must_use]
    pub fn balance_minor(&self) -> i64 {
        self.earned_minor - self.taken_back_minor - self.paid_out_minor
    }
}
