//! What a code does for a choice before anything is ordered with it: one of a campaign, or one that was made at Stripe,
//! which is asked where there is none of ours.

use std::net::IpAddr;

use super::promotion::{Customer, Discount, PromotionProblem, discount, read_code};
use super::rules::Quote;
use super::store;
use crate::accounts::{Account, Limit, RateVerdict, give_back, hit, subject_of};
use crate::billing::{Commerce, CommerceError};
use crate::campaigns;
use crate::campaigns::rules::Asked;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::PlanId;
use crate::keys::MasterKey;

/// A code, and what it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct AskedCode<'a> {
    /// Who asks.
    pub account: &'a Account,
    /// Network address of the browser: guesses are limited by it and by account.
    pub address: IpAddr,
    /// What the choice costs.
    pub quote: &'a Quote,
    /// Under which plan.
    pub plan_id: &'a PlanId,
    /// As it was typed.
    pub typed: &'a str,
}

/// What a code does for a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeAnswer {
    /// It applies.
    Applies(Discount),
    /// It does not.
    Problem(PromotionProblem),
}

/// What the code that somebody typed or followed takes off a choice of this account's. Only codes that are none count
/// against the limits, and they are counted before they are judged: of many guesses at once none is free.
///
/// # Errors
/// [`CommerceError`] when Stripe cannot be asked.
pub async fn look_up_promotion(
    commerce: &Commerce,
    cx: &Cx,
    asked: &AskedCode<'_>,
) -> Result<CodeAnswer, CommerceError> {
    let Some(code) = read_code(asked.typed) else { return Ok(CodeAnswer::Problem(PromotionProblem::Unknown)) };
    if let Some(retry_after_s) = count(commerce, cx, asked, Count::Up).await? {
        return Ok(CodeAnswer::Problem(PromotionProblem::Limited { retry_after_s }));
    }
    let answer = look_up(commerce, cx, asked, &code).await;
    // What could not be asked about was no guess.
    if !matches!(answer, Ok(CodeAnswer::Problem(PromotionProblem::Unknown))) {
        count(commerce, cx, asked, Count::Back).await?;
    }
    answer
}

async fn look_up(commerce: &Commerce, cx: &Cx, asked: &AskedCode<'_>, code: &str) -> Result<CodeAnswer, CommerceError> {
    let (tx_cx, account, wanted) = (cx.clone(), asked.account.clone(), code.to_owned());
    let (quote, plan_id) = (asked.quote.clone(), asked.plan_id.clone());
    let (has_paid, ours) = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                let has_paid = store::has_paid(tx, &tx_cx.vendor_id, &account.id).await?;
                let asked = Asked { quote: &quote, plan_id: &plan_id, account_id: &account.id, has_paid };
                let ours = campaigns::look_up_code(tx, &tx_cx, &account, asked, &wanted).await?;
                Ok::<_, DbError>((has_paid, ours))
            })
        })
        .await?;
    let found = match ours {
        Some(found) => found,
        None => {
            let Some(promotion) = commerce.stripe(cx)?.find_promotion(code).await? else {
                return Ok(CodeAnswer::Problem(PromotionProblem::Unknown));
            };
            let customer = Customer { id: asked.account.stripe_customer_id.as_deref(), has_paid };
            discount(&promotion, asked.quote, asked.plan_id, customer, cx.now)
        }
    };
    Ok(match found {
        Ok(discount) => CodeAnswer::Applies(discount),
        Err(problem) => CodeAnswer::Problem(problem),
    })
}

#[derive(Clone, Copy)]
enum Count {
    Up,
    Back,
}

/// Counts a try, or takes it back; answers the seconds to wait where there were too many.
async fn count(commerce: &Commerce, cx: &Cx, asked: &AskedCode<'_>, way: Count) -> Result<Option<i64>, DbError> {
    let (cx, master) = (cx.clone(), commerce.master.clone());
    let (address, account) = (subject_of(asked.address), asked.account.id.to_string());
    commerce
        .db
        .write(move |tx| Box::pin(async move { count_each(tx, &cx, &master, [&address, &account], way).await }))
        .await
}

async fn count_each(
    tx: &mut Tx,
    cx: &Cx,
    master: &MasterKey,
    [address, account]: [&str; 2],
    way: Count,
) -> Result<Option<i64>, DbError> {
    for (limit, subject) in [(Limit::PromotionCodeAddress, address), (Limit::PromotionCodeAccount, account)] {
        match way {
            Count::Back => give_back(tx, cx, master, limit, subject).await?,
            Count::Up => {
                if let RateVerdict::Limited { retry_after_s } = hit(tx, cx, master, limit, subject).await? {
                    return Ok(Some(retry_after_s));
                }
            }
        }
    }
    Ok(None)
}
