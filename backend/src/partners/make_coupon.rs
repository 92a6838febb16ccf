//! The coupon at Stripe by which a partner's discount is given.

use super::{PartnerTerms, rules};
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::ids::AccountId;
use crate::stripe::{CouponDuration, NewCoupon};
use crate::text::en::partners as text;

/// Stripe's id of the coupon for what is ordered now; `None` where there is no discount. Its id is made from partner and
/// share, so that it is made once, however often it is asked for, and never changes.
///
/// # Errors
/// [`CommerceError`]; calling it again is safe.
pub(crate) async fn make_coupon(
    commerce: &Commerce,
    cx: &Cx,
    partner_id: &AccountId,
    terms: PartnerTerms,
) -> Result<Option<String>, CommerceError> {
    let Some(id) = rules::coupon_id(partner_id, terms) else { return Ok(None) };
    let new = NewCoupon {
        id: id.clone(),
        name: text::COUPON.to_owned(),
        amount_off: rules::amount_off(terms.discount_bp),
        duration: CouponDuration::Forever,
        product_ids: Vec::new(),
    };
    commerce.stripe(cx)?.create_coupon(&new).await?;
    Ok(Some(id))
}
