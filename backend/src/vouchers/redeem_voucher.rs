//! Redeeming a voucher: its code becomes a license of the account, once.

use serde_json::json;

use super::look_up_voucher::{find_typed, over};
use super::store::{self, Redeemer};
use super::{LookUp, Seeker, Voucher, rules, tell};
use crate::accounts::{self, Act, may_act};
use crate::cx::{Actor, Cx};
use crate::db::{DbError, Tx};
use crate::ids::VoucherId;
use crate::keys::MasterKey;
use crate::licenses::{self, License, LicenseStatus, NewLicense};
use crate::{audit, catalog, orders, refunds};

/// Whoever redeems a voucher, and with what.
#[derive(Clone)]
pub struct RedeemVoucher {
    /// For which account, and from where.
    pub seeker: Seeker,
    /// The code as it was typed.
    pub code: String,
    /// Hash of the browser session, so that the page of the new license may show the key.
    pub session_hash: Option<Vec<u8>>,
}

impl std::fmt::Debug for RedeemVoucher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedeemVoucher").field("seeker", &self.seeker).finish_non_exhaustive()
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Redemption {
    /// The license is there.
    Done {
        /// The voucher.
        voucher_id: VoucherId,
        /// What came of it.
        license: Box<License>,
    },
    /// The code cannot be redeemed; never [`LookUp::Open`].
    Refused(LookUp),
    /// Whoever acts may not buy for the account, or it closes.
    NotAllowed,
}

/// Redeems a voucher for an account. Of many who try at once one gets the license; the others are told that it was redeemed.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn redeem_voucher(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    wanted: &RedeemVoucher,
) -> Result<Redemption, DbError> {
    let account_id = &wanted.seeker.account_id;
    // Whoever redeems is told by mail and sees the key: a person, no program.
    let Some(user_id) = cx.actor.person() else { return Ok(Redemption::NotAllowed) };
    if !may_act(tx, cx, account_id, Act::Buy).await? {
        return Ok(Redemption::NotAllowed);
    }
    let account = accounts::find_account(tx, &cx.vendor_id, account_id).await?;
    if account.is_none_or(|account| account.closes_at.is_some()) {
        return Ok(Redemption::NotAllowed);
    }
    let found = match find_typed(tx, cx, master, &wanted.seeker, &wanted.code).await? {
        Ok(found) => found,
        Err(none) => return Ok(Redemption::Refused(none)),
    };
    // Its money does not go back while it is redeemed: whoever settles that takes the same lock.
    orders::store::lock_order(tx, &cx.vendor_id, &found.order_id).await?;
    let (reversal, disputed_at) = refunds::standing_of_vouchers(tx, &cx.vendor_id, &found.order_id).await?;
    let by = Redeemer { account_id, user_id, session_hash: wanted.session_hash.as_deref() };
    let taken = match reversal {
        None => store::take_open(tx, &cx.vendor_id, &found.id, &by, cx.now).await?,
        // Its money is back already, and whoever makes it void has not come to that yet.
        Some(_) => None,
    };
    let Some(voucher) = taken else {
        let now = store::find_voucher(tx, &cx.vendor_id, &found.id).await?;
        let why = now.map_or(LookUp::Unknown, |now| over(&now, account_id).unwrap_or(LookUp::Void));
        return Ok(Redemption::Refused(why));
    };
    let license = make_license(tx, cx, master, &voucher, wanted).await?;
    store::set_license(tx, &cx.vendor_id, &voucher.id, &license.id).await?;
    if disputed_at.is_some() {
        licenses::set_dispute(tx, cx, &license.id, disputed_at).await?;
    }
    record(tx, cx, &voucher, &license).await?;
    if let Some(view) = licenses::find_license(tx, &cx.vendor_id, &license.id).await? {
        tell::redeemed(tx, cx, master, user_id, &view).await?;
    }
    Ok(Redemption::Done { voucher_id: voucher.id, license: Box::new(license) })
}

async fn make_license(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    voucher: &Voucher,
    wanted: &RedeemVoucher,
) -> Result<License, DbError> {
    let plan = catalog::find_plan_version(tx, &cx.vendor_id, &voucher.sold_as())
        .await?
        .ok_or(DbError::GivenUp("a voucher has no plan"))?;
    let term = rules::term(plan.kind, voucher.term, cx.now);
    let new = NewLicense {
        account_id: &wanted.seeker.account_id,
        plan: &plan,
        seats: rules::seats(&plan),
        status: LicenseStatus::Active,
        starts_at: cx.now,
        ends_at: term.ends_at,
        updates_until: term.updates_until,
        name: "",
    };
    let (license, _key) = licenses::create_license(tx, cx, master, &new).await?;
    Ok(license)
}

/// For the account, and for the partner, which is not told who redeemed it.
async fn record(tx: &mut Tx, cx: &Cx, voucher: &Voucher, license: &License) -> Result<(), DbError> {
    let (act, id) = ("voucher.redeem", voucher.id.as_str());
    let after = json!({ "license_id": license.id });
    audit::record(tx, cx, Some(&license.account_id), act, id, audit::NOTHING, Some(&after)).await?;
    if voucher.partner_id == license.account_id {
        return Ok(());
    }
    let unnamed = Cx { actor: Actor::Job("vouchers.redeem"), address: None, ..cx.clone() };
    let after = json!({ "order_id": voucher.order_id, "place": voucher.place });
    audit::record(tx, &unnamed, Some(&voucher.partner_id), act, id, audit::NOTHING, Some(&after)).await
}
