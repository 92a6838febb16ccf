//! Beginning to change the card: who asks is noted, and Stripe's page opened.

use std::collections::HashMap;

use super::{CardUpdate, store};
use crate::billing::{Commerce, CommerceError, Subscription, find_subscription_of_license, may_change_payment};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{LicenseId, UserId};
use crate::stripe::{IdempotencyKey, NewCardCheckout};
use crate::{audit, licenses};

/// Where Stripe's page leads. `{CARD_UPDATE_ID}` in them is filled in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardUpdateUrls {
    /// After the card was given.
    pub success: String,
    /// Without one.
    pub cancel: String,
}

/// A card to be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartCardUpdate {
    /// The license whose subscription it pays.
    pub license_id: LicenseId,
    /// Who asks.
    pub user_id: UserId,
    /// For every subscription of the account.
    pub for_all: bool,
    /// Where Stripe's page leads.
    pub urls: CardUpdateUrls,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CardUpdateStart {
    /// The card is given on this page.
    Opened {
        /// Stripe's page.
        url: String,
    },
    /// No subscription, one that is over, or one that is paid by transfer: there is no card to change.
    NoCard,
    /// The user may not, or there is no such license.
    NotAllowed,
}

enum Written {
    Begun(CardUpdate, Box<Subscription>),
    Refused(CardUpdateStart),
}

/// Opens Stripe's page on which another card is given. Nothing changes before it was.
///
/// # Errors
/// [`CommerceError`].
pub async fn start_card_update(
    commerce: &Commerce,
    cx: &Cx,
    start: &StartCardUpdate,
) -> Result<CardUpdateStart, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let (tx_cx, tx_start) = (cx.clone(), start.clone());
    let written = commerce.db.write(move |tx| Box::pin(async move { write(tx, &tx_cx, &tx_start).await })).await?;
    let (update, row) = match written {
        Written::Begun(update, row) => (update, row),
        Written::Refused(refused) => return Ok(refused),
    };
    let subscription = stripe.fetch_subscription(&row.stripe_subscription_id).await?;
    if subscription.is_invoiced {
        return Ok(CardUpdateStart::NoCard);
    }
    let with_id = |url: &str| url.replace("{CARD_UPDATE_ID}", update.id.as_str());
    let new = NewCardCheckout {
        customer_id: subscription.customer_id,
        reference: update.id.to_string(),
        currency: row.currency.as_str().to_owned(),
        metadata: HashMap::from([
            ("vendor_id".to_owned(), cx.vendor_id.to_string()),
            ("card_update_id".to_owned(), update.id.to_string()),
        ]),
        success_url: with_id(&start.urls.success),
        cancel_url: with_id(&start.urls.cancel),
    };
    let opened = stripe.open_card_checkout(&IdempotencyKey::new(&[update.id.as_str(), "open"]), &new).await?;
    let url = opened.url.ok_or_else(|| CommerceError::Contradiction(format!("{} has no address", opened.id)))?;
    let (vendor_id, session_id) = (cx.vendor_id.clone(), opened.id);
    commerce
        .db
        .write(move |tx| Box::pin(async move { store::set_session(tx, &vendor_id, &update.id, &session_id).await }))
        .await?;
    Ok(CardUpdateStart::Opened { url })
}

async fn write(tx: &mut Tx, cx: &Cx, start: &StartCardUpdate) -> Result<Written, DbError> {
    let view = licenses::find_license(tx, &cx.vendor_id, &start.license_id).await?;
    let Some(license) = view.map(|view| view.license) else {
        return Ok(Written::Refused(CardUpdateStart::NotAllowed));
    };
    if !may_change_payment(tx, cx, &license).await? {
        return Ok(Written::Refused(CardUpdateStart::NotAllowed));
    }
    let row = find_subscription_of_license(tx, &cx.vendor_id, &license.id).await?;
    let Some(row) = row.filter(|row| row.ended_at.is_none()) else {
        return Ok(Written::Refused(CardUpdateStart::NoCard));
    };
    let update = CardUpdate {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        account_id: row.account_id.clone(),
        license_id: license.id,
        user_id: start.user_id.clone(),
        for_all: start.for_all,
        stripe_session_id: None,
        outcome: None,
        payment_url: None,
        created_at: cx.now,
    };
    store::insert_update(tx, &update).await?;
    let after = serde_json::json!({ "license_id": update.license_id, "for_all": update.for_all });
    let (account_id, id) = (Some(&update.account_id), update.id.as_str());
    audit::record(tx, cx, account_id, "card.ask", id, audit::NOTHING, Some(&after)).await?;
    Ok(Written::Begun(update, Box::new(row)))
}
