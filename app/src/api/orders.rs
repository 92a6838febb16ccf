//! The form that places an order.

#![expect(clippy::too_many_arguments, reason = "the fields of a form are the arguments of its server function")]

use std::collections::{BTreeMap, BTreeSet};

use backend::accounts::Act;
use backend::catalog::{self, BillingInterval, Composition, Plan};
use backend::ids::{OrderId, RelationId};
use backend::money::Currency;
use backend::orders::{self, CheckoutUrls, GivenUp, OrderPlacement, Payment, Purchase, ShownCode, rules};
use backend::partners::find_clientele;
use leptos::prelude::*;

use super::acting::{must_be_allowed, named_account};
use super::form::{FormFailure, Refused, say_done};
use super::partners::client_page;
use crate::request::Visit;

/// The form's name, by which its page finds what was refused.
pub const FORM: &str = "place-order";

/// The form that gives an order up.
pub const CANCEL_ORDER: &str = "cancel-order";

/// Places an order for the account that the form names, which must be the one that is acted for, and leads to the page on which it is paid, or, where nothing is
/// paid on a page, to the order's own. An order that cannot be placed goes back to its review with the reason; nothing is charged here.
///
/// # Errors
/// [`FormFailure`] for values that no form of ours sends, and for whoever may not buy.
#[server(prefix = "/act", endpoint = "place-order")]
pub async fn place_order(
    /// Who buys.
    #[server(default)]
    account_id: String,
    /// The plan's code.
    plan: String,
    /// How often it is charged: `month`, `year` or `once`.
    interval: String,
    /// Seats.
    seats: i64,
    /// ISO 4217 code.
    currency: String,
    /// The total that the buyer saw, in minor units of `currency`: another one is never ordered.
    agreed_minor: i64,
    /// The product's code; needed where several products have such a plan.
    #[server(default)]
    product: String,
    /// How it is paid: `card`, `transfer` or `none`; by card when absent.
    #[server(default)]
    payment: String,
    /// A promotion code, or nothing.
    #[server(default)]
    code: String,
    /// What the buyer saw that the code takes off, in minor units.
    #[server(default)]
    agreed_discount_minor: i64,
    /// Codes of the add-ons, with commas between them.
    #[server(default)]
    addons: String,
    /// Packs as `devices:3`, with commas between them.
    #[server(default)]
    packs: String,
    /// The relation with the client, where a partner orders for one.
    #[server(default)]
    client: String,
    /// Who pays then: `partner` or `client`.
    #[server(default)]
    payer: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let account = named_account(&visit, &account_id)?;
    let Some(viewer) = visit.viewer.clone() else { return Err(FormFailure::not_allowed()) };
    must_be_allowed(&visit, &account.id, Act::Buy).await?;
    let (Some(interval), Some(currency)) = (BillingInterval::parse(&interval), Currency::parse(&currency)) else {
        return Err(FormFailure::malformed());
    };
    let payment = read_payment(&payment)?;
    let promotion = (!code.is_empty()).then(|| ShownCode {
        code: code.clone(),
        takes_off_minor: agreed_discount_minor,
        address: visit.address,
    });
    let (addons, packs) = (read_addons(&addons), read_packs(&packs));
    let for_client = ClientChoice::read(&client, &payer);
    let choice = Choice { product, plan, interval, seats, currency, addons, packs, code, for_client };
    let (vendor_id, found) = (visit.vendor.id.clone(), choice.clone());
    let offer = visit
        .state
        .db
        .read(move |tx| {
            Box::pin(async move {
                let product = Some(found.product.as_str()).filter(|code| !code.is_empty());
                catalog::find_offer(tx, &vendor_id, product, &found.plan).await
            })
        })
        .await?;
    let Some((_, plan)) = offer else { return Err(FormFailure::malformed()) };
    let composition = choice.of(&plan);
    match rules::quote(&plan, &composition) {
        Ok(quote) if quote.total.amount_minor != agreed_minor => return choice.refuse("price_changed").await,
        Ok(_) => {}
        // The page says what is wrong with the choice by itself.
        Err(_) => return choice.refuse("").await,
    }
    let mut place = orders::PlaceOrder {
        account_id: account.id,
        user_id: viewer.user.id.clone(),
        session_hash: session_hash(&visit),
        purchase: Purchase::Plan(composition),
        payment,
        promotion,
        for_client: None,
        urls: checkout_urls(&visit),
    };
    if let Some(client) = &choice.for_client {
        client.order(&visit, &mut place, agreed_discount_minor).await?;
    }
    match orders::place_order(&visit.state.commerce(), &visit.viewer_cx(), &place).await {
        Ok(OrderPlacement::Placed { order, .. } | OrderPlacement::Made { order }) if order.is_for_client_to_pay() => {
            say_done("order_sent_to_client").await;
            leptos_axum::redirect(&order.relation_id.as_ref().map_or_else(String::new, client_page));
            Ok(())
        }
        Ok(OrderPlacement::Placed { checkout_url, .. }) => {
            leptos_axum::redirect(&checkout_url);
            Ok(())
        }
        Ok(OrderPlacement::Made { order }) => {
            leptos_axum::redirect(&format!("/orders/{}", order.id));
            Ok(())
        }
        // The page says what is wrong with choice or code by itself, and that the account closes.
        Ok(OrderPlacement::Refused(_) | OrderPlacement::CodeRefused(_) | OrderPlacement::AccountCloses { .. }) => {
            choice.refuse("").await
        }
        Ok(OrderPlacement::DiscountChanged) => choice.refuse("discount_changed").await,
        Ok(OrderPlacement::Withdrawn) => choice.refuse("try_again").await,
        Ok(OrderPlacement::PaymentNotOffered) => choice.refuse("price_changed").await,
        Ok(OrderPlacement::NotAllowed) => Err(FormFailure::not_allowed()),
        Err(error) => {
            tracing::error!(request_id = visit.request_id, %error, "an order could not be placed");
            choice.refuse(if error.may_pass() { "try_again" } else { "order_failed" }).await
        }
    }
}

/// Where Checkout sends buyers: to the order's page, which knows whether it is paid.
#[must_use]
pub fn checkout_urls(visit: &Visit) -> CheckoutUrls {
    let order = format!("{}/orders/{{ORDER_ID}}", visit.vendor.origin);
    CheckoutUrls { cancel: format!("{order}?left=1"), success: order }
}

/// Gives up an order that is not paid yet, for whoever may buy for its account.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "cancel-order")]
pub async fn cancel_order(
    /// The order.
    order_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = OrderId::from_untrusted(&order_id);
    let page = format!("/orders/{id}");
    match orders::cancel_order(&visit.state.commerce(), &visit.viewer_cx(), &id).await {
        Ok(GivenUp::Closed(_)) => {
            say_done("order_cancelled").await;
            leptos_axum::redirect(&page);
        }
        Ok(GivenUp::Paid(_)) => leptos_axum::redirect(&page),
        Ok(GivenUp::NotAllowed) => return Err(FormFailure::not_allowed()),
        Err(error) => {
            tracing::error!(request_id = visit.request_id, %error, "an order could not be cancelled");
            Refused::new(CANCEL_ORDER).problem("", "try_again").go_back(&page).await;
        }
    }
    Ok(())
}

/// How an order is paid, as forms send it: by card where they say nothing.
pub(super) fn read_payment(sent: &str) -> Result<Payment, FormFailure> {
    let payment = if sent.is_empty() { Some(Payment::Card) } else { Payment::parse(sent) };
    payment.ok_or_else(FormFailure::malformed)
}

/// What stands for this browser session in an order: a hash, by which its cookie cannot be found.
#[must_use]
pub fn session_hash(visit: &Visit) -> Option<Vec<u8>> {
    backend::accounts::session_handle(&visit.session).map(|handle| handle.as_str().as_bytes().to_vec())
}

/// For which client a partner orders, as it stands in addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientChoice {
    /// The relation of the two.
    pub relation_id: RelationId,
    /// Whether the client pays.
    pub client_pays: bool,
}

/// The word for the client as who pays.
const CLIENT_PAYS: &str = "client";

impl ClientChoice {
    /// Reads it; `None` where no relation is named.
    #[must_use]
    pub fn read(relation: &str, payer: &str) -> Option<Self> {
        let relation_id = RelationId::from_untrusted(relation);
        (!relation.is_empty()).then_some(Self { relation_id, client_pays: payer == CLIENT_PAYS })
    }

    /// The word for who pays.
    #[must_use]
    pub fn payer(&self) -> &'static str {
        if self.client_pays { CLIENT_PAYS } else { "partner" }
    }

    /// The same in an address, or in the values of a form.
    #[must_use]
    pub fn query(&self) -> [(&'static str, &str); 2] {
        [("client", self.relation_id.as_str()), ("payer", self.payer())]
    }

    /// Makes an order one for the client. The partner's browser never gets to see the client's key.
    pub(super) async fn order(
        &self,
        visit: &Visit,
        place: &mut orders::PlaceOrder,
        takes_off_minor: i64,
    ) -> Result<(), FormFailure> {
        let (cx, id) = (visit.viewer_cx(), self.relation_id.clone());
        let found = visit.state.db.read(|tx| Box::pin(async move { find_clientele(tx, &cx, &id, Act::Buy).await }));
        let clientele = found.await?.filter(|clientele| clientele.partner.id == place.account_id);
        let clientele = clientele.ok_or_else(FormFailure::not_allowed)?;
        place.order_for(&clientele, self.client_pays, takes_off_minor);
        Ok(())
    }
}

/// What is to be bought, as it stands in addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The product's code; empty where only one is sold.
    pub product: String,
    /// The plan's code.
    pub plan: String,
    /// How often it is charged.
    pub interval: BillingInterval,
    /// Seats.
    pub seats: i64,
    /// In which currency.
    pub currency: Currency,
    /// Codes of the add-ons.
    pub addons: BTreeSet<String>,
    /// How many packs of which limit.
    pub packs: BTreeMap<String, i64>,
    /// A promotion code, or nothing.
    pub code: String,
    /// Where a partner orders for its client.
    pub for_client: Option<ClientChoice>,
}

/// Codes of add-ons as a form sends them.
#[must_use]
pub fn read_addons(sent: &str) -> BTreeSet<String> {
    sent.split(',').filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

/// Codes of add-ons in the one value of a form: codes have no commas.
#[must_use]
pub fn send_addons(addons: &BTreeSet<String>) -> String {
    addons.iter().map(String::as_str).collect::<Vec<_>>().join(",")
}

/// Before the name of a limit in the name of a form value: how many packs of it.
pub const PACK: &str = "pack_";

/// Packs as a form sends them.
#[must_use]
pub fn read_packs(sent: &str) -> BTreeMap<String, i64> {
    let pair = |pair: &str| {
        let (limit, count) = pair.split_once(':')?;
        Some((limit.to_owned(), count.parse().ok()?))
    };
    sent.split(',').filter_map(pair).collect()
}

/// Packs in the one value of a form: names of limits have neither commas nor colons.
#[must_use]
pub fn send_packs(packs: &BTreeMap<String, i64>) -> String {
    packs.iter().map(|(limit, count)| format!("{limit}:{count}")).collect::<Vec<_>>().join(",")
}

/// Packs in an address.
#[must_use]
pub fn packs_query(packs: &BTreeMap<String, i64>) -> Vec<(String, String)> {
    packs.iter().map(|(limit, count)| (format!("{PACK}{limit}"), count.to_string())).collect()
}

impl Choice {
    /// What of the plan that it names is to be bought.
    #[must_use]
    pub fn of(&self, plan: &Plan) -> Composition {
        let composition = Composition::new(plan.id.clone(), self.interval, self.seats, self.currency);
        composition.with_addons(self.addons.clone()).with_packs(self.packs.clone())
    }

    /// The address of the page on which it is reviewed.
    #[must_use]
    pub fn review(&self) -> String {
        let seats = self.seats.to_string();
        let mut query = vec![
            ("plan", self.plan.as_str()),
            ("interval", self.interval.as_str()),
            ("seats", &seats),
            ("currency", self.currency.as_str()),
        ];
        if !self.product.is_empty() {
            query.push(("product", &self.product));
        }
        query.extend(self.addons.iter().map(|code| ("addon", code.as_str())));
        let packs = packs_query(&self.packs);
        query.extend(packs.iter().map(|(name, count)| (name.as_str(), count.as_str())));
        if !self.code.is_empty() {
            query.push(("code", &self.code));
        }
        if let Some(client) = &self.for_client {
            query.extend(client.query());
        }
        format!("/buy?{}", serde_urlencoded::to_string(query).unwrap_or_default())
    }

    async fn refuse(&self, code: &str) -> Result<(), FormFailure> {
        let refused = Refused::new(FORM);
        let refused = if code.is_empty() { refused } else { refused.problem("", code) };
        refused.go_back(&self.review()).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_choice_stands_in_its_address_and_an_odd_code_cannot_break_out_of_it() {
        let choice = Choice {
            product: String::new(),
            plan: "a&seats=1#".to_owned(),
            interval: BillingInterval::Year,
            seats: 4,
            currency: Currency::parse("usd").unwrap(),
            addons: BTreeSet::new(),
            packs: BTreeMap::new(),
            code: String::new(),
            for_client: None,
        };
        assert_eq!(choice.review(), "/buy?plan=a%26seats%3D1%23&interval=year&seats=4&currency=usd");
        let named = Choice { product: "p".to_owned(), ..choice };
        assert!(named.review().ends_with("&product=p"));
        let addons = read_addons("audit,archive,");
        assert_eq!(send_addons(&addons), "archive,audit");
        let with = Choice { addons, ..named };
        assert!(with.review().ends_with("&product=p&addon=archive&addon=audit"));
        let packs = read_packs("devices:3,assets:1,,x:y");
        assert_eq!(send_packs(&packs), "assets:1,devices:3");
        let with = Choice { packs, ..with };
        assert!(with.review().ends_with("&addon=audit&pack_assets=1&pack_devices=3"));
        assert_eq!(ClientChoice::read("", "client"), None);
        let for_client = ClientChoice::read("rln_1&x", "client");
        assert!(Choice { for_client, ..with }.review().ends_with("&pack_devices=3&client=rln_1%26x&payer=client"));
    }
}
