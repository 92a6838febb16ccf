//! What the pages share on which a partner adds to a perpetual license of its client: which license, who pays, what it
//! costs less the partner's discount, and the ways to pay it.

use backend::accounts::{Account, Act, ActsAs, may};
use backend::clock::UnixMs;
use backend::ids::{LicenseId, RelationId};
use backend::licenses::{License, LicenseView};
use backend::money::{Currency, Money};
use backend::orders::Purchase;
use backend::orders::rules::Quote;
use backend::partners::{Clientele, find_clients_license, rules};
use backend::text::en::{additions, buying, licenses as words, partner_orders as orders, partners as text, transfers};
use leptos::prelude::*;

use super::additions::{Addition, Offer, price};
use super::buy_client::payer_field;
use super::own_license::name_of;
use super::tax_note::tax_note;
use super::{NoPage, Page};
use crate::api::client_additions::client_license_page;
use crate::api::orders::ClientChoice;
use crate::api::partners::{CLIENTS, client_page};
use crate::components::{
    Breadcrumb, Card, Crumb, Emphasis, EmptyState, Fact, Facts, Form, LinkButton, Method, PageHead,
};
use crate::request::Visit;

/// A license of a client of the account that is acted for.
pub(super) struct ClientLicense {
    /// The relation of the two.
    pub(super) clientele: Clientele,
    /// The license.
    pub(super) view: LicenseView,
    /// For whom, and who pays: `?payer=`.
    pub(super) chosen: ClientChoice,
    /// The moment that the page shows.
    pub(super) now: UnixMs,
    role: ActsAs,
}

impl ClientLicense {
    /// The license of `/partner/clients/{id}/licenses/{license_id}/…`.
    pub(super) async fn of_path(visit: &Visit) -> Result<Self, NoPage> {
        let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
        let part = |place| visit.path.split('/').nth(place).unwrap_or_default().to_owned();
        let (relation, license_id) = (part(3), LicenseId::from_untrusted(&part(5)));
        let payer = visit.query("payer").unwrap_or_default();
        let Some(mut chosen) = ClientChoice::read(&relation, &payer) else { return Err(NoPage::NotFound) };
        let (cx, id) = (visit.viewer_cx(), RelationId::from_untrusted(&relation));
        let found =
            visit.state.db.read(|tx| Box::pin(async move { find_clients_license(tx, &cx, &id, &license_id).await }));
        let found = found.await?.filter(|(clientele, _)| clientele.partner.id == account.id);
        let (clientele, view) = found.ok_or(NoPage::NotFound)?;
        chosen.client_pays &= !clientele.relation.awaits_owner();
        Ok(Self { clientele, view, chosen, now: visit.state.clock.now(), role })
    }

    pub(super) fn license(&self) -> &License {
        &self.view.license
    }

    /// What people call it.
    pub(super) fn name(&self) -> String {
        name_of(&self.view)
    }

    /// Its page for the partner.
    pub(super) fn href(&self) -> String {
        client_license_page(&self.clientele.relation.id, &self.license().id)
    }

    /// Who pays.
    pub(super) fn payer(&self) -> &Account {
        if self.chosen.client_pays { &self.clientele.client } else { &self.clientele.partner }
    }

    /// What keeps the partner from ordering anything for the license.
    pub(super) fn in_the_way(&self) -> Option<&'static str> {
        let closes = [&self.clientele.partner, &self.clientele.client].iter().any(|it| it.closes_at.is_some());
        if !may(self.role, Act::Buy) {
            Some(text::MAY_NOT_ORDER)
        } else if closes {
            Some(orders::NOTHING_WHILE_CLOSING)
        } else {
            None
        }
    }

    /// The way up, and the heading.
    pub(super) fn head(&self, title: &str, lead: Option<String>) -> AnyView {
        let clientele = &self.clientele;
        let crumbs = vec![
            Crumb::to(text::CLIENTS, CLIENTS),
            Crumb::to(clientele.client.company.clone(), client_page(&clientele.relation.id)),
            Crumb::to(self.name(), self.href()),
            Crumb::here(title),
        ];
        view! {
            <Breadcrumb label=words::YOU_ARE_HERE crumbs />
            <PageHead title=title lead=lead />
        }
        .into_any()
    }

    /// The page where nothing can be ordered.
    pub(super) fn nothing(&self, title: &str, sentence: &'static str) -> Page {
        let (head, href) = (self.head(title, None), self.href());
        let back = move || view! { <LinkButton href=href.clone() label=additions::BACK /> };
        Page::new(title, view! { {head} <EmptyState text=sentence action=back /> })
    }

    /// What an addition costs whoever pays.
    pub(super) async fn offer(
        &self,
        visit: &Visit,
        purchase: impl FnOnce(Currency) -> Purchase + Send + 'static,
    ) -> Result<Option<Offer>, NoPage> {
        let addition = Addition {
            license: self.license().clone(),
            payer: self.payer().clone(),
            partner: Some((self.clientele.terms, !self.chosen.client_pays)),
            profile: visit.vendor.profile.clone(),
            now: self.now,
        };
        price(visit, addition, purchase).await
    }

    /// Asks the page again with another payer; works without a script. `asked` is what else its address says.
    pub(super) fn payer_form(&self, page: &str, asked: (&str, String)) -> Option<AnyView> {
        if self.clientele.relation.awaits_owner() {
            return None;
        }
        let field = payer_field(&self.clientele, &self.chosen);
        let hidden = vec![(asked.0.to_owned(), asked.1)];
        let form = view! {
            <div class="across">
                <Form
                    action=page.to_owned()
                    method=Method::Get
                    id="who-pays"
                    submit=buying::UPDATE_PRICE
                    emphasis=Emphasis::Plain
                    hidden
                >
                    {field}
                </Form>
            </div>
        };
        Some(form.into_any())
    }

    /// What is to be paid, and the forms that order it; `asked` is how much of it, by its name in the form.
    pub(super) fn pay(
        &self,
        action: &'static str,
        offer: &Offer,
        quote: &Quote,
        asked: (&str, String),
        mut facts: Vec<Fact>,
    ) -> AnyView {
        let (clientele, chosen) = (&self.clientele, &self.chosen);
        let off = rules::discount(clientele.terms, quote, &offer.plan.id);
        let off_minor = off.map_or(0, |off| off.amount_minor);
        let total = Money::new(quote.total.amount_minor - off_minor, quote.total.currency);
        if let Some(off) = off {
            facts.push(Fact::new(orders::discount_line(clientele.terms), words::amount(off)));
        }
        facts.push(Fact::new(orders::TO_PAY, text::before_tax(total)));
        let hidden = vec![
            ("relation_id".to_owned(), clientele.relation.id.to_string()),
            ("license_id".to_owned(), self.license().id.to_string()),
            (asked.0.to_owned(), asked.1),
            ("currency".to_owned(), quote.total.currency.as_str().to_owned()),
            ("agreed_minor".to_owned(), quote.total.amount_minor.to_string()),
            ("agreed_discount_minor".to_owned(), off_minor.to_string()),
            ("payer".to_owned(), chosen.payer().to_owned()),
        ];
        let transferred = [hidden.as_slice(), &[("payment".to_owned(), "transfer".to_owned())]].concat();
        let submit = if chosen.client_pays { orders::SEND_ORDER.to_owned() } else { buying::pay_by_card(total) };
        let (company, back, note) = (clientele.client.company.as_str(), self.href(), tax_note());
        let lead = orders::addition_text(company, chosen.client_pays);
        let by_transfer = offer.by_transfer.map(|(due, void)| {
            let lead = orders::addition_by_transfer(company, chosen.client_pays, due, void);
            view! {
                <Card title=transfers::INSTEAD_TITLE lead=lead>
                    <Form
                        action=action
                        id="transfer"
                        submit=transfers::ORDER
                        emphasis=Emphasis::Plain
                        hidden=transferred
                    />
                </Card>
            }
        });
        view! {
            <Card title=buying::NEXT_TITLE lead=lead>
                <Facts facts />
                <Form
                    action=action
                    id="pay"
                    submit=submit
                    hidden=hidden
                    beside=move || view! { <LinkButton href=back.clone() label=additions::BACK /> }
                />
                {note}
            </Card>
            {by_transfer}
        }
        .into_any()
    }
}
