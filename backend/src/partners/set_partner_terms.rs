//! Making an account a partner, and changing what is agreed.

use serde_json::json;

use super::{Partner, PartnerTerms, rules, store, tell};
use crate::accounts::{self, AccountKind, StaffAct, lock_account, staff_may_act};
use crate::audit;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::AccountId;
use crate::keys::MasterKey;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermsSet {
    /// The account is a partner from now on.
    Made,
    /// The terms are changed. What was ordered before stays as it was ordered.
    Changed,
    /// They were so before.
    Unchanged,
    /// They are out of the bounds of `rules.rs`.
    OutOfBounds,
    /// The account closes, or is closed: nothing new is agreed with it.
    Closes,
    /// There is no such account, or whoever acts may not: the same answer to both.
    NotAllowed,
}

/// Makes an account a partner on these terms, or changes those of one that is.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn set_partner_terms(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    account_id: &AccountId,
    terms: PartnerTerms,
) -> Result<TermsSet, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManagePartners).await? {
        return Ok(TermsSet::NotAllowed);
    }
    let Some(account) = lock_account(tx, &cx.vendor_id, account_id).await? else { return Ok(TermsSet::NotAllowed) };
    if !rules::are_terms(terms) {
        return Ok(TermsSet::OutOfBounds);
    }
    if account.closes_at.is_some() {
        return Ok(TermsSet::Closes);
    }
    let before = store::lock_partner(tx, &cx.vendor_id, account_id).await?.filter(Partner::is_live);
    if before.as_ref().is_some_and(|before| before.terms() == terms) {
        return Ok(TermsSet::Unchanged);
    }
    let since = before.as_ref().map_or(cx.now, |before| before.since);
    store::upsert_partner(tx, cx, account_id, terms, since).await?;
    accounts::set_kind(tx, &cx.vendor_id, account_id, AccountKind::Partner).await?;
    let (id, after) = (account_id.as_str(), summary(terms));
    match before {
        Some(before) => {
            let was = summary(before.terms());
            audit::record(tx, cx, Some(account_id), "partner.change_terms", id, Some(&was), Some(&after)).await?;
            tell::terms_changed(tx, cx, master, &account, terms).await?;
            Ok(TermsSet::Changed)
        }
        None => {
            audit::record(tx, cx, Some(account_id), "partner.make", id, audit::NOTHING, Some(&after)).await?;
            tell::made(tx, cx, master, &account, terms).await?;
            Ok(TermsSet::Made)
        }
    }
}

fn summary(terms: PartnerTerms) -> serde_json::Value {
    json!({
        "commission_bp": terms.commission_bp, "discount_bp": terms.discount_bp, "days_until_due": terms.days_until_due,
    })
}
