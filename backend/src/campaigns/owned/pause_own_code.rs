//! A partner lets a code of its own rest, and work again.

use super::super::CampaignAct;
use super::super::keeper::Keeper;
use super::super::pause_code::set;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::PromotionCodeId;

/// Lets a code of the partner's rest.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn pause_own_code(tx: &mut Tx, cx: &Cx, id: &PromotionCodeId) -> Result<CampaignAct, DbError> {
    set(tx, cx, Keeper::Owner, id, Some(cx.now)).await
}

/// Lets a code that the partner let rest work again.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn resume_own_code(tx: &mut Tx, cx: &Cx, id: &PromotionCodeId) -> Result<CampaignAct, DbError> {
    set(tx, cx, Keeper::Owner, id, None).await
}
