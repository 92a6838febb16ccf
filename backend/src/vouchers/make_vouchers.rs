//! Making the vouchers of an order, in the transaction that marks it paid.

use serde_json::json;

use super::code::RANDOM_BYTES;
use super::{Voucher, VoucherCode, VoucherStatus, store, tell};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::keys::{Lookup, MasterKey, Purpose};
use crate::orders::Order;

/// Makes the vouchers of an order and tells whoever ordered. The caller holds the order's lock and has found it unpaid;
/// a second call for the same order fails, because each place in a batch is there once.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn make_vouchers(tx: &mut Tx, cx: &Cx, master: &MasterKey, order: &Order) -> Result<(), DbError> {
    for place in 1..=order.seats {
        let code = VoucherCode::from_random(cx.entropy.bytes::<RANDOM_BYTES>());
        let voucher = Voucher {
            id: cx.id(),
            vendor_id: cx.vendor_id.clone(),
            order_id: order.id.clone(),
            partner_id: order.account_id.clone(),
            place,
            plan_id: order.plan_id.clone(),
            plan_version: order.plan_version,
            term: order.billing_interval,
            code_hint: code.masked(),
            status: VoucherStatus::Open,
            note: String::new(),
            created_at: cx.now,
            redeemed_at: None,
            redeemed_by: None,
            account_id: None,
            session_hash: None,
            license_id: None,
            voided_at: None,
        };
        let sealed = master.seal(Purpose::VoucherCode, voucher.id.as_str(), code.expose().as_bytes(), &cx.entropy);
        store::insert_voucher(tx, &voucher, &code_hash(master, &code), &sealed).await?;
    }
    let after = json!({ "count": order.seats, "plan_id": order.plan_id, "term": order.billing_interval });
    let (account_id, id) = (Some(&order.account_id), order.id.as_str());
    audit::record(tx, cx, account_id, "voucher.make", id, audit::NOTHING, Some(&after)).await?;
    tell::ready(tx, cx, master, order).await
}

/// The keyed hash by which a code is found: without the master key, a stolen database does not even tell whether a guessed
/// code exists.
pub(super) fn code_hash(master: &MasterKey, code: &VoucherCode) -> Vec<u8> {
    master.keyed_hash(Lookup::VoucherCode, code.expose().as_bytes())
}
