//! What a person sees behind a voucher's code, before it is redeemed.

use std::net::IpAddr;

use super::make_vouchers::code_hash;
use super::{Voucher, VoucherCode, VoucherStatus, store};
use crate::accounts::{self, Act, Limit, RateVerdict, give_back, hit, may_act, subject_of};
use crate::catalog::{self, Plan};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, LicenseId};
use crate::keys::MasterKey;

/// Who looks a code up: guesses are limited for both.
#[derive(Clone, Debug)]
pub struct Seeker {
    /// The account that is acted for.
    pub account_id: AccountId,
    /// Network address of the browser.
    pub address: IpAddr,
}

/// A voucher that can be redeemed, and what comes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct VoucherOffer {
    /// The voucher.
    pub voucher: Voucher,
    /// Its plan, as it was sold.
    pub plan: Plan,
    /// The product's name.
    pub product_name: String,
    /// Who bought it, by name.
    pub partner: String,
}

/// What a code names.
#[derive(Clone, Debug, PartialEq)]
pub enum LookUp {
    /// A voucher that can be redeemed.
    Open(Box<VoucherOffer>),
    /// One that was redeemed; the license, where the same account did.
    Redeemed(Option<LicenseId>),
    /// One whose money went back.
    Void,
    /// Nothing.
    Unknown,
    /// Too many codes that named nothing.
    Limited {
        /// Seconds to wait.
        retry_after_s: i64,
    },
    /// Whoever acts is no member of the account.
    NotAllowed,
}

/// Looks up what a member of an account typed. Only codes that name nothing count against the limits, and they are counted
/// before they are judged: of many guesses at once none is free.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn look_up_voucher(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    seeker: &Seeker,
    typed: &str,
) -> Result<LookUp, DbError> {
    if !may_act(tx, cx, &seeker.account_id, Act::See).await? {
        return Ok(LookUp::NotAllowed);
    }
    let voucher = match find_typed(tx, cx, master, seeker, typed).await? {
        Ok(voucher) => voucher,
        Err(none) => return Ok(none),
    };
    if let Some(over) = over(&voucher, &seeker.account_id) {
        return Ok(over);
    }
    let plan = catalog::find_plan_version(tx, &cx.vendor_id, &voucher.sold_as()).await?;
    let Some(plan) = plan else { return Ok(LookUp::Unknown) };
    let product = catalog::find_product(tx, &cx.vendor_id, &plan.product_id).await?;
    let partner = accounts::find_account(tx, &cx.vendor_id, &voucher.partner_id).await?;
    let (product_name, partner) =
        (product.map(|it| it.name).unwrap_or_default(), partner.map(|it| it.company).unwrap_or_default());
    Ok(LookUp::Open(Box::new(VoucherOffer { voucher, plan, product_name, partner })))
}

/// The voucher of a code, however it stands; a guess counts.
pub(super) async fn find_typed(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    seeker: &Seeker,
    typed: &str,
) -> Result<Result<Voucher, LookUp>, DbError> {
    let address = subject_of(seeker.address);
    let subjects =
        [(Limit::VoucherCodeAddress, address.as_str()), (Limit::VoucherCodeAccount, seeker.account_id.as_str())];
    for (limit, subject) in subjects {
        if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, limit, subject).await? {
            return Ok(Err(LookUp::Limited { retry_after_s }));
        }
    }
    let Some(code) = VoucherCode::parse(typed) else { return Ok(Err(LookUp::Unknown)) };
    let found = store::find_by_code(tx, &cx.vendor_id, &code_hash(master, &code)).await?;
    let Some(voucher) = found else { return Ok(Err(LookUp::Unknown)) };
    for (limit, subject) in subjects {
        give_back(tx, cx, master, limit, subject).await?;
    }
    Ok(Ok(voucher))
}

/// Why a voucher cannot be redeemed; `None` where it can.
pub(super) fn over(voucher: &Voucher, account_id: &AccountId) -> Option<LookUp> {
    match voucher.status {
        VoucherStatus::Open => None,
        VoucherStatus::Redeemed if voucher.account_id.as_ref() == Some(account_id) => {
            Some(LookUp::Redeemed(voucher.license_id.clone()))
        }
        VoucherStatus::Redeemed => Some(LookUp::Redeemed(None)),
        VoucherStatus::Void => Some(LookUp::Void),
    }
}
