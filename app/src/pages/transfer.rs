//! `/invoices/{id}/transfer`: how an invoice is paid by bank transfer, and what has arrived of it.

use backend::accounts::{Act, may};
use backend::billing::unpaid_changes::{UnpaidChange, find_unpaid_change};
use backend::ids::{InvoiceId, LicenseId, OrderId};
use backend::invoices::transfers::{Transfer, TransferStatus, find_transfer};
use backend::invoices::{Invoice, find_invoice};
use backend::orders::{Order, OrderStatus, find_order_by_invoice};
use backend::text::en::{documents, licenses as words, transfers as text};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::orders::CANCEL_ORDER;
use crate::components::{
    Breadcrumb, Card, Crumb, Emphasis, Fact, Facts, LinkButton, Meter, Money, Notice, PageHead, PostButton, Tone,
};
use crate::islands::CopyButton;
use crate::request::Visit;

/// How to pay an invoice.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account().filter(|(_, role)| may(*role, Act::SeeInvoices)) else {
        return Err(NoPage::NotFound);
    };
    let id = InvoiceId::from_untrusted(visit.path.split('/').nth(2).unwrap_or_default());
    let (vendor_id, account_id) = (visit.vendor.id.clone(), account.id.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let Some(invoice) = find_invoice(tx, &vendor_id, &account_id, &id).await? else { return Ok(None) };
            let transfer = find_transfer(tx, &vendor_id, &invoice.stripe_invoice_id).await?;
            let order = find_order_by_invoice(tx, &vendor_id, &invoice.stripe_invoice_id).await?;
            let change = match &invoice.license_id {
                Some(license_id) => find_unpaid_change(tx, &vendor_id, license_id).await?,
                None => None,
            };
            Ok::<_, NoPage>(transfer.map(|transfer| (invoice, transfer, order, change)))
        })
    });
    let Some((invoice, transfer, order, change)) = found.await? else { return Err(NoPage::NotFound) };
    let order = order.filter(|_| may(role, Act::Buy));
    let change =
        change.filter(|it| may(role, Act::Buy) && it.stripe_invoice_id.as_ref() == Some(&invoice.stripe_invoice_id));
    let crumbs = vec![Crumb::to(text::TO_INVOICES, "/invoices"), Crumb::here(invoice.number.clone())];
    let cards = transfer_view(&invoice, &transfer, order.as_ref(), change.as_ref()).await;
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        {cards}
    };
    Ok(Page::new(text::TITLE, body))
}

/// Heading, account, what has arrived, and for an open order or a change that waits the way out.
pub(super) async fn transfer_view(
    invoice: &Invoice,
    transfer: &Transfer,
    order: Option<&Order>,
    change: Option<&UnpaidChange>,
) -> AnyView {
    let pdf = format!("/invoices/{}/invoice.pdf", invoice.id);
    let license = invoice.license_id.as_ref().map(|id| format!("/licenses/{id}"));
    let is_awaited = transfer.status == TransferStatus::Awaited;
    let account = is_awaited.then(|| account_card(invoice, transfer));
    let refused = take_refused(CANCEL_ORDER).await;
    let failed = refused.code("").map(|_| view! { <Notice tone=Tone::Bad title=text::CANNOT_CANCEL /> });
    let cancel = order.filter(|order| order.status == OrderStatus::Open && is_awaited).map(|it| cancel_card(&it.id));
    let withdraw = change.filter(|_| is_awaited).map(|change| withdraw_card(&change.license_id));
    let warning = transfer.void_at.filter(|_| is_awaited);
    let warning = warning.map(|at| text::given_up_on(at.date(), transfer.pays_for));
    let (lead, arrived, note) =
        (text::lead(&invoice.number, transfer), text::arrived(transfer), text::arrived_note(transfer));
    // The bar is full only once nothing is awaited any more.
    let filled = transfer.arrived_minor.min(transfer.total_minor - i64::from(is_awaited));
    let total = transfer.total_minor;
    view! {
        <PageHead
            title=text::TITLE
            lead=lead
            actions=move || {
                let license = license.clone().map(|href| view! { <LinkButton href label=text::TO_LICENSE /> });
                view! { <LinkButton href=pdf.clone() label=text::TO_PDF /> {license} }
            }
        />
        {failed}
        <div class="row">
            {account}
            <Card title=text::ARRIVED_TITLE>
                <Meter
                    label=text::ARRIVED_LABEL
                    text=arrived
                    used=filled
                    limit=total
                />
                <p>{note}</p>
                {warning.map(|warning| view! { <p class="hint">{warning}</p> })}
            </Card>
        </div>
        {cancel}
        {withdraw}
    }
    .into_any()
}

fn account_card(invoice: &Invoice, transfer: &Transfer) -> impl IntoView + use<> {
    let [amount, by, reference] = text::LABELS;
    let missing = transfer.missing();
    let mut facts = vec![
        Fact::new(amount, view! { <Money minor=missing.amount_minor currency=missing.currency.as_str() /> }),
        Fact::new(by, documents::date(transfer.due_at.date())),
    ];
    facts.extend(text::account(&transfer.pays_to.0).into_iter().map(|(name, value)| {
        let copied = text::is_copied(name).then(|| copy(name, value.clone()));
        Fact::new(name, view! { <span class="acts">{value} {copied}</span> })
    }));
    let number = invoice.number.clone();
    facts.push(Fact::new(reference, view! { <span class="acts">{number.clone()} {copy(reference, number)}</span> }));
    view! {
        <Card title=text::ACCOUNT_TITLE lead=text::ACCOUNT_LEAD>
            <Facts facts />
        </Card>
    }
}

fn copy(name: &str, value: String) -> impl IntoView + use<> {
    let [label, copied, failed] = text::copy(name);
    view! { <CopyButton text=value label copied failed /> }
}

fn withdraw_card(license_id: &LicenseId) -> impl IntoView + use<> {
    let hidden = vec![("license_id".to_owned(), license_id.to_string())];
    view! {
        <Card title=text::WITHDRAW_TITLE lead=text::WITHDRAW_LEAD>
            <PostButton action="/act/withdraw-change" label=text::WITHDRAW hidden emphasis=Emphasis::Danger />
        </Card>
    }
}

fn cancel_card(order_id: &OrderId) -> impl IntoView + use<> {
    let hidden = vec![("order_id".to_owned(), order_id.to_string())];
    view! {
        <Card title=text::CANCEL_TITLE lead=text::CANCEL_LEAD>
            <PostButton action="/act/cancel-order" label=text::CANCEL_ORDER hidden emphasis=Emphasis::Danger />
        </Card>
    }
}
