//! Asking for it at the price that was shown: written down, and a page opened on which the rest is paid.

use std::collections::HashMap;

use super::{Conversion, ConversionOffer, ConversionRefusal, ConversionStatus, RECKONED_AT, preview_conversion, store};
use crate::accounts::{self, Act};
use crate::billing::{Commerce, CommerceError, payer_of};
use crate::clock::{HOUR_MS, UnixMs};
use crate::cx::Cx;
use crate::db::{DbError, JsonText};
use crate::ids::{LicenseId, PlanId, UserId};
use crate::stripe::{IdempotencyKey, NewConversion};
use crate::text::en::conversion as words;
use crate::{audit, events, licenses, tax, vendors};

/// How long an offer can be agreed to, and its page paid.
const OFFER_LIFE_MS: i64 = HOUR_MS;

/// Where Stripe's page leads. `{CONVERSION_ID}` in them is filled in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConversionUrls {
    /// After paying.
    pub success: String,
    /// Without.
    pub cancel: String,
}

/// What is asked for, with the offer's figures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartConversion {
    /// Which license.
    pub license_id: LicenseId,
    /// Under which perpetual plan.
    pub plan_id: PlanId,
    /// Who asks.
    pub user_id: UserId,
    /// [`ConversionOffer::reckoned_at`].
    pub reckoned_at: UnixMs,
    /// [`ConversionOffer::rest`], in minor units.
    pub rest_minor: i64,
    /// Where Stripe's page leads.
    pub urls: ConversionUrls,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum ConversionStart {
    /// The rest is paid on this page.
    Opened {
        /// Stripe's page.
        url: String,
    },
    /// What was agreed to is not what it costs (any more): here is the new offer.
    Outdated(Box<ConversionOffer>),
    /// It cannot be done.
    Refused(ConversionRefusal),
}

/// Opens the page on which the perpetual license is paid. Nothing changes before it was.
///
/// # Errors
/// [`CommerceError`].
pub async fn start_conversion(
    commerce: &Commerce,
    cx: &Cx,
    start: &StartConversion,
) -> Result<ConversionStart, CommerceError> {
    let now = UnixMs::from_seconds(cx.now.seconds());
    let is_fresh = (now.plus(-OFFER_LIFE_MS)..=now).contains(&start.reckoned_at);
    let reckoned_at = if is_fresh { start.reckoned_at } else { now };
    let offer = preview_conversion(commerce, cx, &start.license_id, Some(&start.plan_id), reckoned_at).await?;
    let offer = match offer {
        Ok(offer) if is_fresh && offer.rest.amount_minor == start.rest_minor => offer,
        Ok(offer) => return Ok(ConversionStart::Outdated(Box::new(offer))),
        Err(refusal) => return Ok(ConversionStart::Refused(refusal)),
    };
    let Some((conversion, is_taxed)) = write(commerce, cx, start, &offer).await? else {
        return Ok(ConversionStart::Refused(ConversionRefusal::NotAllowed));
    };
    let with_id = |url: &str| url.replace("{CONVERSION_ID}", conversion.id.as_str());
    let new = NewConversion {
        customer_id: offer.customer_id.clone(),
        reference: conversion.id.to_string(),
        items: offer.items.clone(),
        credit: offer.credit,
        credit_name: words::CREDIT_NAME.to_owned(),
        is_taxed,
        expires_at: cx.now.plus(OFFER_LIFE_MS),
        metadata: HashMap::from([
            ("vendor_id".to_owned(), cx.vendor_id.to_string()),
            ("conversion_id".to_owned(), conversion.id.to_string()),
            ("license_id".to_owned(), conversion.license_id.to_string()),
            (RECKONED_AT.to_owned(), offer.reckoned_at.seconds().to_string()),
        ]),
        success_url: with_id(&start.urls.success),
        cancel_url: with_id(&start.urls.cancel),
    };
    let key = IdempotencyKey::new(&[conversion.id.as_str(), "open"]);
    let session = commerce.stripe(cx)?.open_conversion(&key, &new).await?;
    let url = session.url.ok_or_else(|| CommerceError::Contradiction(format!("{} has no address", session.id)))?;
    let vendor_id = cx.vendor_id.clone();
    commerce
        .db
        .write(move |tx| Box::pin(async move { store::set_session(tx, &vendor_id, &conversion.id, &session.id).await }))
        .await?;
    Ok(ConversionStart::Opened { url })
}

/// What is written down, and whether tax is reckoned on it.
async fn write(
    commerce: &Commerce,
    cx: &Cx,
    start: &StartConversion,
    offer: &ConversionOffer,
) -> Result<Option<(Conversion, bool)>, CommerceError> {
    let (cx, start, offer) = (cx.clone(), start.clone(), offer.clone());
    Ok(commerce
        .db
        .write(move |tx| {
            Box::pin(async move {
                // Locked and asked again: since the preview it may have gone over to another account.
                let view = licenses::lock_license(tx, &cx.vendor_id, &start.license_id).await?;
                let Some(license) = view.map(|view| view.license) else { return Ok(None) };
                let payer_id = payer_of(tx, &cx.vendor_id, &license).await?;
                if !accounts::may_act(tx, &cx, &license.account_id, Act::Buy).await? {
                    return Ok(None);
                }
                let conversion = Conversion {
                    id: cx.id(),
                    vendor_id: cx.vendor_id.clone(),
                    account_id: payer_id,
                    license_id: license.id,
                    user_id: start.user_id,
                    plan_id: offer.plan.id,
                    seats: offer.to.seats,
                    addons: JsonText(offer.to.addons),
                    status: ConversionStatus::Asked,
                    stripe_session_id: None,
                    currency: offer.price.currency,
                    price_minor: offer.price.amount_minor,
                    credit_minor: offer.credit.amount_minor,
                    created_at: cx.now,
                };
                let vendor = vendors::find_vendor(tx, &cx.vendor_id).await?;
                let is_taxed = vendor.as_ref().is_none_or(tax::rules::is_taxed);
                store::insert(tx, &conversion).await?;
                let after = serde_json::json!({
                    "license_id": conversion.license_id, "plan_id": conversion.plan_id, "seats": conversion.seats,
                    "addons": conversion.addons.0,
                    "price_minor": conversion.price_minor, "credit_minor": conversion.credit_minor,
                    "amount_minor": conversion.rest().amount_minor, "currency": conversion.currency,
                });
                let (account_id, id) = (Some(&conversion.account_id), conversion.id.as_str());
                audit::record(tx, &cx, account_id, "conversion.ask", id, audit::NOTHING, Some(&after)).await?;
                let license_id = Some(&conversion.license_id);
                let about = events::About { account_id, license_id, instance_id: None };
                events::record(tx, &cx, "order.placed", about, &after).await?;
                Ok::<_, DbError>(Some((conversion, is_taxed)))
            })
        })
        .await?)
}
