//! Asking Stripe about a promotion code before anything is ordered with it.

use super::promotion::{Customer, Discount, PromotionProblem, discount, read_code};
use super::rules::Quote;
use super::store;
use crate::accounts::Account;
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::ids::PlanId;

/// What a code does for a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeAnswer {
    /// It applies.
    Applies(Discount),
    /// It does not.
    Problem(PromotionProblem),
}

/// What the code that somebody typed or followed takes off a choice of this account's.
///
/// # Errors
/// [`CommerceError`] when Stripe cannot be asked.
pub async fn look_up_promotion(
    commerce: &Commerce,
    cx: &Cx,
    account: &Account,
    quote: &Quote,
    plan_id: &PlanId,
    typed: &str,
) -> Result<CodeAnswer, CommerceError> {
    let Some(code) = read_code(typed) else { return Ok(CodeAnswer::Problem(PromotionProblem::Unknown)) };
    let Some(promotion) = commerce.stripe(cx)?.find_promotion(&code).await? else {
        return Ok(CodeAnswer::Problem(PromotionProblem::Unknown));
    };
    let (vendor_id, account_id) = (cx.vendor_id.clone(), account.id.clone());
    let has_paid =
        commerce.db.read(|tx| Box::pin(async move { store::has_paid(tx, &vendor_id, &account_id).await })).await?;
    let customer = Customer { id: account.stripe_customer_id.as_deref(), has_paid };
    Ok(match discount(&promotion, quote, plan_id, customer, cx.now) {
        Ok(discount) => CodeAnswer::Applies(discount),
        Err(problem) => CodeAnswer::Problem(problem),
    })
}
