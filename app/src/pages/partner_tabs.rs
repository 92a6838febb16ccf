//! The ways between a partner's pages, to all of which one link of the main navigation leads.

use backend::accounts::{AccountKind, Act, may};
use backend::text::en::{commissions, partner_codes, partners as text, vouchers};
use leptos::prelude::*;

use crate::api::partner_codes::CODES;
use crate::api::partners::CLIENTS;
use crate::api::payouts::COMMISSIONS;
use crate::api::vouchers::VOUCHERS;
use crate::components::Segmented;
use crate::layout::NavLink;
use crate::request::Visit;

/// Links to the pages of a partner that the viewer may open, the present one marked. Who was a partner once has those that
/// stay its own.
pub(super) fn partner_tabs(visit: &Visit) -> Option<AnyView> {
    let (account, role) = visit.account()?;
    let is_partner = account.kind == AccountKind::Partner;
    let all = [
        (is_partner, text::CLIENTS, CLIENTS),
        (is_partner && may(role, Act::Buy), partner_codes::TITLE, CODES),
        (true, vouchers::TITLE, VOUCHERS),
        (may(role, Act::SeeInvoices), commissions::TITLE, COMMISSIONS),
    ];
    let shown = all.into_iter().filter(|(is_shown, ..)| *is_shown);
    let options: Vec<NavLink> = shown.map(|(_, label, href)| NavLink::to(label, href).at(&visit.path)).collect();
    (options.len() > 1).then(|| view! { <Segmented label=text::SECTION options /> }.into_any())
}
