//! The promotion code of an order, or the discount of a partner that orders: asked about before the transaction that
//! writes the order, taken within it.

use super::agree_vouchers::{AgreedVouchers, agree_vouchers};
use super::parties::{ForClient, Parties, find_parties};
use super::place_order::{NotWritten, OrderPlacement, PlaceOrder};
use super::promotion::{Discount, DiscountSource};
use super::quote_purchase::{Purchase, checkout_items, quote_purchase};
use super::rules::Quote;
use super::{AskedCode, CodeAnswer, look_up_promotion, store};
use crate::accounts::{self, Account, Act};
use crate::billing::{Commerce, CommerceError};
use crate::campaigns::rules::Asked;
use crate::campaigns::{self, Reservation, Wanted};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::PlanId;
use crate::partners;
use crate::stripe::CheckoutItem;

/// What the buyer was shown that a code takes off, found to be so; and Stripe's name of the discount.
#[derive(Clone)]
pub(super) enum Agreed {
    /// The order has no code.
    Nothing,
    /// By a code that was made at Stripe, which calls it so.
    AtStripe(Discount, String),
    /// By a code of a campaign, with Stripe's id of its coupon.
    Ours(Discount, String),
    /// By what is agreed with the partner that orders, with Stripe's id of its coupon.
    WithPartner(String),
    /// A partner buys vouchers, at a price that was made for them.
    Vouchers(AgreedVouchers),
}

impl Agreed {
    pub(super) fn code(&self) -> Option<String> {
        match self {
            Self::Nothing | Self::WithPartner(_) | Self::Vouchers(_) => None,
            Self::AtStripe(discount, _) | Self::Ours(discount, _) => Some(discount.code.clone()),
        }
    }

    pub(super) fn promotion_code_id(&self) -> Option<String> {
        match self {
            Self::AtStripe(_, id) => Some(id.clone()),
            Self::Nothing | Self::Ours(..) | Self::WithPartner(_) | Self::Vouchers(_) => None,
        }
    }

    /// Whether it is still what a partner that orders gets.
    pub(super) fn holds(&self, parties: &Parties) -> bool {
        let agreed = parties.partner().map(|(partner_id, terms)| partners::rules::coupon_id(partner_id, terms));
        agreed.is_none_or(|coupon_id| coupon_id == self.coupon_id())
    }

    /// What Stripe is asked to sell; `None` where vouchers cost something else by now.
    pub(super) fn items(&self, quote: &Quote) -> Result<Option<Vec<CheckoutItem>>, CommerceError> {
        match self {
            Self::Vouchers(agreed) => Ok(agreed.items(quote)),
            Self::Nothing | Self::AtStripe(..) | Self::Ours(..) | Self::WithPartner(_) => {
                checkout_items(quote).map(Some)
            }
        }
    }

    pub(super) fn coupon_id(&self) -> Option<String> {
        match self {
            Self::Ours(_, id) | Self::WithPartner(id) => Some(id.clone()),
            Self::Vouchers(agreed) => agreed.coupon_id.clone(),
            Self::Nothing | Self::AtStripe(..) => None,
        }
    }
}

/// What the code takes off, if it applies and takes off what the buyer was shown. Stripe is asked, and has the coupon,
/// before the transaction, which prices the same choice again.
pub(super) async fn agree(
    commerce: &Commerce,
    cx: &Cx,
    place: &PlaceOrder,
) -> Result<Result<Agreed, OrderPlacement>, CommerceError> {
    if let Some(for_client) = &place.for_client {
        return agree_with_partner(commerce, cx, place, for_client).await;
    }
    if let Purchase::Vouchers(wanted) = &place.purchase {
        let agreed = agree_vouchers(commerce, cx, place, wanted).await?;
        return Ok(agreed.map(Agreed::Vouchers));
    }
    let Some(shown) = &place.promotion else { return Ok(Ok(Agreed::Nothing)) };
    let (tx_cx, tx_place) = (cx.clone(), place.clone());
    let found = commerce
        .db
        .read(|tx| {
            Box::pin(async move {
                if !accounts::may_act(tx, &tx_cx, &tx_place.account_id, Act::Buy).await? {
                    return Ok(None);
                }
                let account = accounts::find_account(tx, &tx_cx.vendor_id, &tx_place.account_id).await?;
                let choice = quote_purchase(tx, &tx_cx, &tx_place.account_id, &tx_place.purchase).await?;
                Ok::<_, DbError>(account.zip(choice))
            })
        })
        .await?;
    let Some((account, (plan, quote))) = found else { return Ok(Err(OrderPlacement::NotAllowed)) };
    let quote = match quote {
        Ok(quote) => quote,
        Err(problem) => return Ok(Err(OrderPlacement::Refused(problem))),
    };
    let (plan_id, typed) = (&plan.id, shown.code.as_str());
    let asked = AskedCode { account: &account, address: shown.address, quote: &quote, plan_id, typed };
    let discount = match look_up_promotion(commerce, cx, &asked).await? {
        CodeAnswer::Applies(discount) => discount,
        CodeAnswer::Problem(problem) => return Ok(Err(OrderPlacement::CodeRefused(problem))),
    };
    if discount.takes_off.amount_minor != shown.takes_off_minor {
        return Ok(Err(OrderPlacement::DiscountChanged));
    }
    Ok(Ok(match discount.source.clone() {
        DiscountSource::Stripe(id) => Agreed::AtStripe(discount, id),
        DiscountSource::Campaign(id) => {
            let coupon_id = campaigns::make_coupon(commerce, cx, &id).await?;
            Agreed::Ours(discount, coupon_id)
        }
    }))
}

/// The same for the discount of a partner that orders for a client.
async fn agree_with_partner(
    commerce: &Commerce,
    cx: &Cx,
    place: &PlaceOrder,
    for_client: &ForClient,
) -> Result<Result<Agreed, OrderPlacement>, CommerceError> {
    let (tx_cx, tx_place) = (cx.clone(), place.clone());
    let found = commerce.db.read(|tx| {
        Box::pin(async move {
            let Some(parties) = find_parties(tx, &tx_cx, &tx_place).await? else { return Ok(None) };
            let choice = quote_purchase(tx, &tx_cx, &parties.licensee.id, &tx_place.purchase).await?;
            Ok::<_, DbError>(parties.clientele.zip(choice))
        })
    });
    let Some((clientele, (plan, quote))) = found.await? else { return Ok(Err(OrderPlacement::NotAllowed)) };
    let quote = match quote {
        Ok(quote) => quote,
        Err(problem) => return Ok(Err(OrderPlacement::Refused(problem))),
    };
    let takes_off = partners::rules::discount(clientele.terms, &quote, &plan.id).map_or(0, |off| off.amount_minor);
    if takes_off != for_client.takes_off_minor {
        return Ok(Err(OrderPlacement::DiscountChanged));
    }
    let coupon_id = partners::make_coupon(commerce, cx, &clientele.partner.id, clientele.terms).await?;
    Ok(Ok(coupon_id.map_or(Agreed::Nothing, Agreed::WithPartner)))
}

/// The redemption that the order can have, under the lock of its campaign; `None` where it needs none of ours.
pub(super) async fn reserve(
    tx: &mut Tx,
    cx: &Cx,
    account: &Account,
    (quote, plan_id): (&Quote, &PlanId),
    agreed: &Agreed,
) -> Result<Result<Option<Box<Wanted>>, NotWritten>, DbError> {
    let Agreed::Ours(discount, _) = agreed else { return Ok(Ok(None)) };
    let has_paid = store::has_paid(tx, &cx.vendor_id, &account.id).await?;
    let asked = Asked { quote, plan_id, account_id: &account.id, has_paid };
    Ok(match campaigns::reserve_redemption(tx, cx, account, asked, &discount.code).await? {
        Reservation::Free(wanted) if wanted.discount == *discount => Ok(Some(wanted)),
        Reservation::Free(_) => Err(OrderPlacement::DiscountChanged.into()),
        Reservation::HeldBy(orders) => Err(NotWritten::HeldBy(orders)),
        Reservation::Refused(problem) => Err(OrderPlacement::CodeRefused(problem).into()),
    })
}
