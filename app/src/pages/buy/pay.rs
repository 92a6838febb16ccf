//! How the order is paid: what that means, and the forms that place it.

use backend::accounts::{Act, may};
use backend::clock::{DAY_MS, UnixMs};
use backend::money::Money as AmountOf;
use backend::orders::rules::Quote;
use backend::orders::terms::{self, TransferTerms};
use backend::text::en::{buying as text, deletion, partner_orders, promotions, transfers};
use leptos::prelude::*;

use super::{Code, Review};
use crate::api::orders::{send_addons, send_packs};
use crate::components::{Card, Emphasis, Form, Notice, Tone};
use crate::pages::tax_note::{is_taxed, tax_note};

impl Review {
    /// What the form that places the order sends.
    fn placed(&self, quote: &Quote, payment: &str) -> Vec<(String, String)> {
        let chosen = &self.chosen;
        let mut hidden = vec![
            ("account_id".to_owned(), self.buyer.id.to_string()),
            ("plan".to_owned(), chosen.plan.clone()),
            ("interval".to_owned(), chosen.interval.as_str().to_owned()),
            ("seats".to_owned(), chosen.seats.to_string()),
            ("currency".to_owned(), chosen.currency.as_str().to_owned()),
            ("addons".to_owned(), send_addons(&chosen.addons)),
            ("packs".to_owned(), send_packs(&chosen.of(&self.plan).packs)),
            ("agreed_minor".to_owned(), quote.total.amount_minor.to_string()),
            ("payment".to_owned(), payment.to_owned()),
        ];
        if !chosen.product.is_empty() {
            hidden.push(("product".to_owned(), chosen.product.clone()));
        }
        if let Some(client) = &self.client {
            hidden.extend(client.chosen.query().map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        let agreed = match &self.code {
            Code::Applies(discount) => {
                hidden.push(("code".to_owned(), discount.code.clone()));
                Some(discount.takes_off)
            }
            Code::OfPartner { off, .. } => Some(*off),
            Code::None | Code::Refused(_) => None,
        };
        hidden.extend(agreed.map(|off| ("agreed_discount_minor".to_owned(), off.amount_minor.to_string())));
        hidden
    }

    pub(super) fn pay(&self, quote: &Quote, now: UnixMs) -> AnyView {
        if !may(self.role, Act::Buy) {
            return view! { <Notice tone=Tone::Warn title=text::MAY_NOT_BUY /> }.into_any();
        }
        if let Some(closes_at) = self.buyer.closes_at {
            return view! { <Notice tone=Tone::Warn title=deletion::keep_first(closes_at) /> }.into_any();
        }
        if terms::is_free(&self.plan, quote) {
            let steps = promotions::FREE_STEPS.map(|step| view! { <li>{step}</li> });
            let hidden = self.placed(quote, "none");
            return view! {
                <ol class="numbered">{steps.collect_view()}</ol>
                <Form action="/act/place-order" id="pay" submit=promotions::GET_FREE hidden=hidden />
            }
            .into_any();
        }
        let client_pays = self.client.as_ref().is_some_and(|client| client.chosen.client_pays);
        let steps = if client_pays { partner_orders::CLIENT_STEPS } else { text::next_steps(is_taxed()) };
        let steps = steps.map(|step| view! { <li>{step}</li> });
        let trial = (self.trial_days > 0).then(|| {
            let first = now.plus(i64::from(self.trial_days) * DAY_MS).date();
            let sentence = promotions::trial(self.trial_days, first, quote.total, self.plan.terms.trial_without_card);
            view! { <Notice title=sentence /> }
        });
        let submit = match (self.trial_days, self.now_minor(quote)) {
            (0, 0) => promotions::TO_CHECKOUT.to_owned(),
            (0, minor) => text::pay_by_card(AmountOf::new(minor, quote.total.currency)),
            _ => promotions::BEGIN_TRIAL.to_owned(),
        };
        let submit = if client_pays { partner_orders::SEND_ORDER.to_owned() } else { submit };
        let (hidden, note) = (self.placed(quote, "card"), tax_note());
        view! {
            {trial}
            <ol class="numbered">{steps.collect_view()}</ol>
            <Form action="/act/place-order" id="pay" submit=submit hidden=hidden />
            {note}
        }
        .into_any()
    }

    /// The other way to pay, where the vendor offers it.
    pub(super) fn by_transfer(&self, quote: &Quote, transfer: TransferTerms, now: UnixMs) -> Option<AnyView> {
        if !may(self.role, Act::Buy) {
            return None;
        }
        let due_at = transfer.due_at(now);
        let lead = transfers::instead(due_at.date(), terms::void_at(due_at).date());
        let hidden = self.placed(quote, "transfer");
        let card = view! {
            <Card title=transfers::INSTEAD_TITLE lead=lead>
                <Form
                    action="/act/place-order"
                    id="transfer"
                    submit=transfers::ORDER
                    emphasis=Emphasis::Plain
                    hidden=hidden
                />
            </Card>
        };
        Some(card.into_any())
    }
}
