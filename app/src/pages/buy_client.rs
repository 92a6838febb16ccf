//! The client for whom a partner orders on `/buy?client=…&payer=…`, and who pays.

use backend::accounts::{Account, Act};
use backend::catalog::Plan;
use backend::money::Money;
use backend::orders::rules::Quote;
use backend::orders::terms::TransferTerms;
use backend::partners::{Clientele, find_clientele, rules};
use backend::text::en::partner_orders as text;
use leptos::prelude::*;

use super::NoPage;
use crate::api::orders::ClientChoice;
use crate::components::{Choice, Control, Field, Notice};
use crate::request::Visit;

/// A client of the account that is acted for.
pub(super) struct Client {
    clientele: Clientele,
    /// The same as it stands in addresses.
    pub(super) chosen: ClientChoice,
}

impl Client {
    /// The one that the address names; `None` where it names none.
    pub(super) async fn find(visit: &Visit, account: &Account) -> Result<Option<Self>, NoPage> {
        let (relation, payer) = (visit.query("client").unwrap_or_default(), visit.query("payer").unwrap_or_default());
        let Some(mut chosen) = ClientChoice::read(&relation, &payer) else { return Ok(None) };
        let (cx, id) = (visit.viewer_cx(), chosen.relation_id.clone());
        let found = visit.state.db.read(|tx| Box::pin(async move { find_clientele(tx, &cx, &id, Act::See).await }));
        let clientele = found.await?.filter(|clientele| clientele.partner.id == account.id);
        let clientele = clientele.ok_or(NoPage::NotFound)?;
        // Nobody is there yet who could agree to pay.
        chosen.client_pays &= !clientele.relation.awaits_owner();
        Ok(Some(Self { clientele, chosen }))
    }

    /// Who gets the license.
    pub(super) fn account(&self) -> &Account {
        &self.clientele.client
    }

    /// Who pays.
    pub(super) fn payer(&self) -> &Account {
        if self.chosen.client_pays { &self.clientele.client } else { &self.clientele.partner }
    }

    /// What is agreed with the partner takes off the first payment, in words and as an amount.
    pub(super) fn discount(&self, quote: &Quote, plan: &Plan) -> Option<(String, Money)> {
        let off = rules::discount(self.clientele.terms, quote, &plan.id)?;
        Some((text::discount_line(self.clientele.terms), off))
    }

    /// The terms of a transfer, as they are for who pays.
    pub(super) fn transfer_terms(&self, usual: TransferTerms) -> TransferTerms {
        if self.chosen.client_pays { usual } else { rules::transfer_terms(usual, self.clientele.terms) }
    }

    /// For whom it is ordered, and what that means.
    pub(super) fn notice(&self) -> AnyView {
        let company = &self.clientele.client.company;
        let text = text::order_for_text(company, self.chosen.client_pays);
        view! { <Notice title=text::order_for(company) text /> }.into_any()
    }

    /// The choice of who pays.
    pub(super) fn payer_field(&self) -> AnyView {
        payer_field(&self.clientele, &self.chosen)
    }
}

/// The choice of who pays for what is ordered for a client; none where nobody has taken its account over.
pub(super) fn payer_field(clientele: &Clientele, chosen: &ClientChoice) -> AnyView {
    if clientele.relation.awaits_owner() {
        return ().into_any();
    }
    let choices = text::payers(&clientele.client.company);
    let choices = choices.into_iter().map(|(value, label)| Choice::new(value, label)).collect();
    let value = chosen.payer();
    view! { <Field name="payer" label=text::WHO_PAYS control=Control::Select(choices) value=value /> }.into_any()
}
