//! What the vendor's staff see: who its partners are, what they sell, and what they are owed.

use super::store::{self, PartnerRow, TotalRow};
use super::{Payout, payout_store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, VendorId};
use crate::listing::TimePlace;
use crate::money::{Currency, Money};
use crate::partners::{self, PartnerTerms};

/// So many of the newest payouts can be chosen to be taken back.
const REVERSIBLE: i64 = 50;

/// What a partner has sold and earned in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// Of the amounts.
    pub currency: Currency,
    /// What was paid for by which it earns, and is kept, without tax.
    pub sales_minor: i64,
    /// Its share.
    pub earned_minor: i64,
    /// What of that was paid out.
    pub paid_out_minor: i64,
}

impl Total {
    /// What is still to be paid out; negative where more was than is left.
    #[must_use]
    pub fn owed(&self) -> Money {
        Money::new(self.earned_minor - self.paid_out_minor, self.currency)
    }
}

impl From<TotalRow> for Total {
    fn from(row: TotalRow) -> Self {
        Self {
            currency: row.currency,
            sales_minor: row.sales_minor,
            earned_minor: row.earned_minor,
            paid_out_minor: row.paid_out_minor,
        }
    }
}

/// A partner in the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPartner {
    /// Its account.
    pub account_id: AccountId,
    /// Its name.
    pub company: String,
    /// What is agreed, or was.
    pub terms: PartnerTerms,
    /// Since when it is one, or was last.
    pub since: UnixMs,
    /// When it ceased to be one.
    pub ended_at: Option<UnixMs>,
    /// By currency, those in which it has sold something or was paid; `None` for whoever may not see them.
    pub totals: Option<Vec<Total>>,
}

impl ListedPartner {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.since, self.account_id.as_str())
    }

    fn new(row: PartnerRow, totals: Option<Vec<Total>>) -> Self {
        Self {
            account_id: row.account_id,
            company: row.company,
            terms: PartnerTerms {
                commission_bp: row.commission_bp,
                discount_bp: row.discount_bp,
                days_until_due: row.days_until_due,
            },
            since: row.since,
            ended_at: row.ended_at,
            totals,
        }
    }
}

/// All that are partners or were, the newest first, at most `limit` of what comes after `after`; `None` for whoever is none
/// of the staff.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn list_partners(
    tx: &mut Tx,
    cx: &Cx,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Option<Vec<ListedPartner>>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(None);
    }
    let sees_money = sees_money(tx, cx).await?;
    let rows = store::list_partners(tx, &cx.vendor_id, after, limit).await?;
    let mut listed = Vec::with_capacity(rows.len());
    for row in rows {
        let totals = if sees_money { Some(list_totals(tx, &cx.vendor_id, &row.account_id).await?) } else { None };
        listed.push(ListedPartner::new(row, totals));
    }
    Ok(Some(listed))
}

/// What a partner has earned and was paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartnerMoney {
    /// By currency.
    pub totals: Vec<Total>,
    /// What was paid out, newest first.
    pub payouts: Vec<Payout>,
    /// The newest of them that can be taken back.
    pub reversible: Vec<Payout>,
    /// How many payouts were recorded in all.
    pub recorded: i64,
}

/// A partner's money, with at most `limit` payouts after `after`; `None` for whoever may neither see what the vendor
/// earns nor pay out, and for accounts that never were partners.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn find_partner_money(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    after: Option<&TimePlace>,
    limit: i64,
) -> Result<Option<PartnerMoney>, DbError> {
    if !sees_money(tx, cx).await? || partners::find_partner(tx, &cx.vendor_id, partner_id).await?.is_none() {
        return Ok(None);
    }
    Ok(Some(PartnerMoney {
        totals: list_totals(tx, &cx.vendor_id, partner_id).await?,
        payouts: payout_store::list_payouts(tx, &cx.vendor_id, partner_id, after, limit).await?,
        reversible: payout_store::list_reversible(tx, &cx.vendor_id, partner_id, REVERSIBLE).await?,
        recorded: payout_store::count_payouts(tx, &cx.vendor_id, partner_id).await?,
    }))
}

/// Names and terms are for all of the staff, what is earned and owed is not.
async fn sees_money(tx: &mut Tx, cx: &Cx) -> Result<bool, DbError> {
    Ok(staff_may_act(tx, cx, StaffAct::SeeRevenue).await? || staff_may_act(tx, cx, StaffAct::MoveMoney).await?)
}

/// By currency.
pub(super) async fn list_totals(
    tx: &mut Tx,
    vendor_id: &VendorId,
    partner_id: &AccountId,
) -> Result<Vec<Total>, DbError> {
    Ok(store::list_totals(tx, vendor_id, partner_id).await?.into_iter().map(Total::from).collect())
}
