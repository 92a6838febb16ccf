//! Vouchers: licenses that a partner pays for in advance, and whose codes it hands out.
//!
//! A partner orders them like anything else ([`crate::orders`], [`OrderKind::Vouchers`](crate::orders::OrderKind)), of one
//! plan and at its discount; the order is the batch. The vouchers are made in the transaction that marks the order paid
//! (`make_vouchers.rs`), so once, and none of an order that is given up.
//!
//! Each has a code with 150 random bits. It is found by keyed hash and sealed, like a license key: the partner can read
//! its codes again ([`reveal_code`], [`export_codes`]), which is recorded. Whoever has a code and may buy for an account
//! redeems it ([`redeem_voucher`]); a conditional update and the lock of the order decide who comes first. What comes of it
//! is a license as staff issue them: of a rented plan for one period that does not renew, of a bought plan for ever, its
//! first year of updates beginning with the day on which it is redeemed.
//!
//! Redeeming makes nobody a client: unless it is one already, the partner sees only that a code was redeemed. Vouchers do
//! not run out, and outlive the partnership: they are paid. Only when the money of their order goes back are the open
//! ones void and the licenses of the others revoked (`refunds/settle_vouchers.rs`), which is undone when the refund fails.
//! Where a part of it goes back, staff say how many open ones become void with it ([`void_vouchers`]); that is not undone.

mod code;
mod export_codes;
mod look_at_batches;
mod look_up_voucher;
mod make_price;
mod make_vouchers;
mod note_voucher;
mod redeem_voucher;
mod reveal_code;
pub mod rules;
mod set_reversed;
mod show_new_key;
mod store;
mod tell;
mod void_vouchers;

use crate::catalog::{BillingInterval, PlanVersion};
use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, LicenseId, OrderId, PlanId, RelationId, UserId, VendorId, VoucherId};
use crate::money::Currency;

pub use code::VoucherCode;
pub use export_codes::{CodesExport, export_codes};
pub use look_at_batches::{BatchView, find_batch, find_batch_voucher, list_batches, list_vouchers};
pub use look_up_voucher::{LookUp, Seeker, VoucherOffer, look_up_voucher};
pub(crate) use make_price::make_price;
pub(crate) use make_vouchers::make_vouchers;
pub use note_voucher::{NoteSet, note_voucher};
pub use redeem_voucher::{RedeemVoucher, Redemption, redeem_voucher};
pub use reveal_code::{CodeReveal, reveal_code};
pub(crate) use set_reversed::set_reversed;
pub use show_new_key::{Redeemed, find_redeemed};
pub use store::find_origin;
pub(crate) use store::{count_open, list_unsettled};
pub use void_vouchers::{VoidVouchers, Voiding, find_batch_for_staff, void_vouchers};

/// What a partner wants to buy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedVouchers {
    /// Of which plan, with as many seats as it includes.
    pub plan_id: PlanId,
    /// For how long each license is: one period of a plan that is rented, `Once` for one that is bought.
    pub interval: BillingInterval,
    /// How many.
    pub count: i64,
    /// In which currency.
    pub currency: Currency,
    /// What the partner was shown that its discount takes off, in minor units.
    pub takes_off_minor: i64,
}

text_enum! {
    /// Where a voucher stands.
    VoucherStatus {
        /// Whoever has its code can redeem it.
        Open = "open",
        /// It is a license by now.
        Redeemed = "redeemed",
        /// Its money went back before anybody redeemed it.
        Void = "void",
    }
}

text_enum! {
    /// Why a voucher is void.
    VoidReason {
        /// The money of its order went back as a whole, which may be undone.
        Reversed = "reversed",
        /// Staff have taken it back, with a part of the money.
        Returned = "returned",
    }
}

/// A voucher, without its code.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Voucher {
    /// Its id.
    pub id: VoucherId,
    /// The vendor.
    pub vendor_id: VendorId,
    /// The order with which it was bought: its batch.
    pub order_id: OrderId,
    /// Who bought it.
    pub partner_id: AccountId,
    /// Its place in the batch, from 1.
    pub place: i64,
    /// Of which plan.
    pub plan_id: PlanId,
    /// As it was sold then: the plan's version.
    pub plan_version: i64,
    /// For how long; `Once`: for ever.
    pub term: BillingInterval,
    /// Its code with all but its end hidden.
    pub code_hint: String,
    /// Where it stands.
    pub status: VoucherStatus,
    /// The partner's own, such as for whom it is; may be empty.
    pub note: String,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it was redeemed.
    pub redeemed_at: Option<UnixMs>,
    /// By whom.
    pub redeemed_by: Option<UserId>,
    /// For which account.
    pub account_id: Option<AccountId>,
    /// Hash of the browser session that redeemed it: it may see the key without signing in anew.
    pub session_hash: Option<Vec<u8>>,
    /// The license that came of it.
    pub license_id: Option<LicenseId>,
    /// When it became void.
    pub voided_at: Option<UnixMs>,
}

impl Voucher {
    /// The plan as it was sold.
    #[must_use]
    pub fn sold_as(&self) -> PlanVersion {
        PlanVersion { plan_id: self.plan_id.clone(), version: self.plan_version }
    }
}

/// A voucher in the list of its batch.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ListedVoucher {
    /// The voucher.
    #[sqlx(flatten)]
    pub voucher: Voucher,
    /// Who redeemed it, while that is a client of the partner.
    pub client: Option<String>,
    /// The relation with that client.
    pub relation_id: Option<RelationId>,
}

/// The vouchers of one order.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Batch {
    /// The order.
    pub order_id: OrderId,
    /// Who bought them.
    pub partner_id: AccountId,
    /// For which product.
    pub product_name: String,
    /// Of which plan.
    pub plan_name: String,
    /// For how long; `Once`: for ever.
    pub term: BillingInterval,
    /// How many nobody has redeemed.
    pub open: i64,
    /// How many are licenses by now.
    pub redeemed: i64,
    /// How many are void.
    pub void: i64,
    /// When they were ordered.
    pub created_at: UnixMs,
}

impl Batch {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> i64 {
        self.open + self.redeemed + self.void
    }
}
