//! The forms with which a partner orders what is added to a perpetual license of its client: years of updates, and seats.

use backend::accounts::Act;
use backend::ids::{LicenseId, RelationId};
use backend::money::Currency;
use backend::orders::{self, OrderPlacement, PlaceOrder, Purchase};
use backend::partners::find_clients_license;
use leptos::prelude::*;
use leptos_axum::redirect;
use serde::{Deserialize, Serialize};

use super::acting::must_be_allowed;
use super::form::FormFailure;
use super::next::local_path;
use super::orders::{ClientChoice, checkout_urls, read_payment};
use super::partners::client_page;
use super::perpetual::{costs_as_shown, lead_on};
use crate::request::Visit;

/// The form that orders years of updates for a client.
pub const UPDATES: &str = "renew-client-updates";
/// The form that orders seats for a client.
pub const SEATS: &str = "add-client-seats";

/// The page of a client's license, for its partner.
#[must_use]
pub fn client_license_page(relation_id: &RelationId, license_id: &LicenseId) -> String {
    local_path(&format!("{}/licenses/{license_id}", client_page(relation_id)))
}

/// Orders years of updates for a perpetual license of a client, and leads to the page on which they are paid. The two
/// amounts are what the partner saw, in minor units of `currency`: another price is never ordered.
///
/// # Errors
/// [`FormFailure`] for values that no form of ours sends, and for whoever may not.
#[server(prefix = "/act", endpoint = "renew-client-updates")]
pub async fn renew_client_updates(
    /// For whom, for what, and who pays how.
    #[server(flatten)]
    sent: Sent,
    /// How many years.
    years: i16,
    /// The price that was shown.
    agreed_minor: i64,
    /// What was shown that the partner's discount takes off.
    #[server(default)]
    agreed_discount_minor: i64,
) -> Result<(), FormFailure> {
    let back = sent.page(&format!("updates?years={years}"));
    let purchase = |license_id, currency| Purchase::Maintenance { license_id, years, currency };
    order(UPDATES, &back, &sent, (agreed_minor, agreed_discount_minor), purchase).await
}

/// Orders seats for a perpetual license of a client, likewise.
///
/// # Errors
/// [`FormFailure`] for values that no form of ours sends, and for whoever may not.
#[server(prefix = "/act", endpoint = "add-client-seats")]
pub async fn add_client_seats(
    /// For whom, for what, and who pays how.
    #[server(flatten)]
    sent: Sent,
    /// How many more.
    more: i64,
    /// The price that was shown.
    agreed_minor: i64,
    /// What was shown that the partner's discount takes off.
    #[server(default)]
    agreed_discount_minor: i64,
) -> Result<(), FormFailure> {
    let back = sent.page(&format!("seats?more={more}"));
    let purchase = |license_id, currency| Purchase::Seats { license_id, more, currency };
    order(SEATS, &back, &sent, (agreed_minor, agreed_discount_minor), purchase).await
}

/// What both forms send, but for numbers: serde would not read them from the texts of a form, as this is flattened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// The relation with the client.
    pub relation_id: String,
    /// The license.
    pub license_id: String,
    /// In which currency.
    pub currency: String,
    /// Who pays: `partner` or `client`.
    #[serde(default)]
    pub payer: String,
    /// How it is paid: `card` or `transfer`; by card when absent.
    #[serde(default)]
    pub payment: String,
}

impl Sent {
    fn relation(&self) -> RelationId {
        RelationId::from_untrusted(&self.relation_id)
    }

    fn license(&self) -> LicenseId {
        LicenseId::from_untrusted(&self.license_id)
    }

    /// For whom, and who pays.
    fn choice(&self) -> Option<ClientChoice> {
        ClientChoice::read(&self.relation_id, &self.payer)
    }

    /// The page of the form, with what was asked there.
    fn page(&self, asked: &str) -> String {
        let payer = self.choice().map_or("partner", |choice| choice.payer());
        local_path(&format!("{}/{asked}&payer={payer}", client_license_page(&self.relation(), &self.license())))
    }
}

async fn order(
    form: &'static str,
    back: &str,
    sent: &Sent,
    (agreed_minor, agreed_discount_minor): (i64, i64),
    purchase: impl FnOnce(LicenseId, Currency) -> Purchase,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (Some(viewer), Some((account, _))) = (visit.viewer.clone(), visit.account()) else {
        return Err(FormFailure::not_allowed());
    };
    must_be_allowed(&visit, &account.id, Act::Buy).await?;
    let (cx, relation_id, license_id) = (visit.viewer_cx(), sent.relation(), sent.license());
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { find_clients_license(tx, &cx, &relation_id, &license_id).await }));
    let found = found.await?.filter(|(clientele, _)| clientele.partner.id == account.id);
    let (Some((clientele, view)), Some(choice)) = (found, sent.choice()) else {
        return Err(FormFailure::not_allowed());
    };
    let Some(currency) = Currency::parse(&sent.currency) else { return Err(FormFailure::malformed()) };
    let payment = read_payment(&sent.payment)?;
    let purchase = purchase(view.license.id, currency);
    if !costs_as_shown(&visit, form, back, &clientele.client.id, &purchase, agreed_minor).await? {
        return Ok(());
    }
    let mut place = PlaceOrder {
        account_id: account.id,
        user_id: viewer.user.id.clone(),
        session_hash: None,
        purchase,
        payment,
        promotion: None,
        for_client: None,
        urls: checkout_urls(&visit),
    };
    choice.order(&visit, &mut place, agreed_discount_minor).await?;
    match orders::place_order(&visit.state.commerce(), &visit.viewer_cx(), &place).await {
        // The page says by itself whose account closes.
        Ok(OrderPlacement::AccountCloses { .. }) => {
            redirect(back);
            Ok(())
        }
        placed => lead_on(form, back, placed).await,
    }
}
