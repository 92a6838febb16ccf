//! What a partner that buys vouchers was shown, found to be so, before the transaction that writes the order.

use super::parties::find_parties;
use super::place_order::{OrderPlacement, PlaceOrder};
use super::quote_purchase::quote_purchase;
use super::rules::Quote;
use crate::billing::{Commerce, CommerceError};
use crate::cx::Cx;
use crate::stripe::CheckoutItem;
use crate::vouchers::WantedVouchers;
use crate::{catalog, partners, vouchers};

/// What vouchers are sold at.
#[derive(Clone)]
pub(super) struct AgreedVouchers {
    /// Stripe's id of the coupon of the partner's discount; `None` where there is none.
    pub(super) coupon_id: Option<String>,
    price_id: String,
    lookup_key: String,
}

impl AgreedVouchers {
    /// What Stripe is asked to sell; `None` where a voucher costs something else by now.
    pub(super) fn items(&self, quote: &Quote) -> Option<Vec<CheckoutItem>> {
        let line = quote.lines.first().filter(|line| line.price.lookup_key == self.lookup_key)?;
        Some(vec![CheckoutItem { price_id: self.price_id.clone(), quantity: line.quantity }])
    }
}

/// Stripe gets price and coupon before the transaction, which prices the same choice again.
pub(super) async fn agree_vouchers(
    commerce: &Commerce,
    cx: &Cx,
    place: &PlaceOrder,
    wanted: &WantedVouchers,
) -> Result<Result<AgreedVouchers, OrderPlacement>, CommerceError> {
    let (tx_cx, tx_place) = (cx.clone(), place.clone());
    let found = commerce.db.read(|tx| {
        Box::pin(async move {
            let Some(parties) = find_parties(tx, &tx_cx, &tx_place).await? else { return Ok(None) };
            let choice = quote_purchase(tx, &tx_cx, &tx_place.account_id, &tx_place.purchase).await?;
            let Some((plan, quote)) = choice else { return Ok(None) };
            let product = catalog::find_product(tx, &tx_cx.vendor_id, &plan.product_id).await?;
            Ok::<_, CommerceError>(product.map(|product| (parties, product, plan, quote)))
        })
    });
    let Some((parties, product, plan, quote)) = found.await? else { return Ok(Err(OrderPlacement::NotAllowed)) };
    let Some((partner_id, terms)) = parties.partner() else { return Ok(Err(OrderPlacement::NotAllowed)) };
    let quote = match quote {
        Ok(quote) => quote,
        Err(problem) => return Ok(Err(OrderPlacement::Refused(problem))),
    };
    let takes_off = partners::rules::discount(terms, &quote, &plan.id).map_or(0, |off| off.amount_minor);
    if takes_off != wanted.takes_off_minor {
        return Ok(Err(OrderPlacement::DiscountChanged));
    }
    let coupon_id = partners::make_coupon(commerce, cx, partner_id, terms).await?;
    let price_id = vouchers::make_price(commerce, cx, &product.name, &plan, &quote).await?;
    let lookup_key = quote.lines.first().map(|line| line.price.lookup_key.clone()).unwrap_or_default();
    Ok(Ok(AgreedVouchers { coupon_id, price_id, lookup_key }))
}
