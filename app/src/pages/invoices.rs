//! `/invoices`: what was charged, newest first, with the documents. `?before=` goes on from an invoice.

use std::collections::BTreeMap;

use backend::accounts::{Act, may};
use backend::clock::UnixMs;
use backend::ids::{InvoiceId, LicenseId};
use backend::invoices::einvoice::NoEInvoice;
use backend::invoices::transfers::list_cash_balance;
use backend::invoices::{
    CreditNote, CreditNoteStatus, DocumentKind, Invoice, InvoiceStatus, KeptDocuments, find_invoice, list_credit_notes,
    list_invoices, list_kept_documents, why_no_einvoice,
};
use backend::licenses::find_license;
use backend::messages::AboutKind;
use backend::text::en::{invoice_list as text, invoices as words, messages, moments, overview, transfers};
use leptos::prelude::*;

use super::own_license::name_of;
use super::{NoPage, Page, render};
use crate::api::messages::new_page;
use crate::components::{
    Badge, Card, Column, Emphasis, EmptyState, Fact, Facts, LinkButton, Moment, Money, Notice, PageHead, Pagination,
    Row, Table, Tone,
};
use crate::request::Visit;

/// Invoices on a page.
const PAGE: usize = 20;
/// Years whose documents are offered: what tax offices ask for.
const YEARS: usize = 10;

/// The list of invoices.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

type LicenseNames = BTreeMap<LicenseId, String>;

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    if !may(role, Act::SeeInvoices) {
        return Ok(Page::new(text::TITLE, view! { <PageHead title=text::TITLE lead=text::NOT_YOURS /> }));
    }
    let before = visit.query("before").map(|id| InvoiceId::from_untrusted(&id));
    let is_first = before.is_none();
    let (vendor_id, account_id) = (visit.vendor.id.clone(), account.id.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let before = match &before {
                Some(id) => find_invoice(tx, &vendor_id, &account_id, id).await?,
                None => None,
            };
            let key = before.as_ref().map(|invoice| (invoice.issued_at, &invoice.id));
            // One more than is shown tells whether there is a page after this one.
            let limit = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            let invoices = list_invoices(tx, &vendor_id, &account_id, key, limit).await?;
            let mut names = LicenseNames::new();
            for id in invoices.iter().filter_map(|invoice| invoice.license_id.as_ref()) {
                if !names.contains_key(id)
                    && let Some(view) = find_license(tx, &vendor_id, id).await?
                {
                    // What its new owner calls a license that was handed over is not told.
                    let is_own = view.license.account_id == account_id;
                    let name = if is_own {
                        name_of(&view)
                    } else {
                        overview::license_name("", &view.product_name, &view.plan_name)
                    };
                    names.insert(id.clone(), name);
                }
            }
            let balance = list_cash_balance(tx, &vendor_id, &account_id).await?;
            // Few accounts have more than one or two; a page of them is all of them.
            let notes = list_credit_notes(tx, &vendor_id, &account_id, 100).await?;
            let issued = invoices.iter().map(|it| it.issued_at).chain(notes.iter().map(|it| it.issued_at));
            let kept = match issued.clone().min().zip(issued.max()) {
                Some(span) => list_kept_documents(tx, &vendor_id, &account_id, span).await?,
                None => KeptDocuments::default(),
            };
            let mut lacks = BTreeMap::new();
            for invoice in invoices.iter().take(PAGE) {
                if let Some(why) = why_no_einvoice(tx, invoice, &kept).await? {
                    lacks.insert(invoice.id.clone(), why);
                }
            }
            Ok::<_, NoPage>((invoices, names, notes, balance, kept, lacks))
        })
    });
    let (mut invoices, names, notes, balance, kept, lacks) = found.await?;
    let at_stripe = (!balance.is_empty())
        .then(|| view! { <Notice title=transfers::balance(&balance) text=transfers::BALANCE_NEXT /> });
    let goes_on = invoices.len() > PAGE;
    invoices.truncate(PAGE);
    let oldest = invoices.last().cloned();
    let pages = oldest.filter(|_| goes_on || !is_first).map(|oldest| {
        let previous = (!is_first).then(|| (text::NEWEST.to_owned(), "/invoices".to_owned()));
        let next = goes_on.then(|| (text::OLDER.to_owned(), format!("/invoices?before={}", oldest.id)));
        let position = text::shown(invoices.len(), oldest.issued_at);
        view! { <Pagination label=text::PAGES position previous next /> }
    });
    let open: Vec<_> = invoices.iter().filter(|it| it.status == InvoiceStatus::Open).map(Invoice::due).collect();
    let lead = (!invoices.is_empty()).then(|| text::lead(&open, &account.billing_email));
    let [number, issued, what, status, amount] = text::COLUMNS;
    let columns = vec![
        Column::text(number),
        Column::text(issued),
        Column::text(what),
        Column::text(status),
        Column::number(amount),
        Column::act(text::DOCUMENTS),
    ];
    let years = years(&invoices, visit.state.clock.now());
    let pays = may(role, Act::Buy);
    let rows = invoices
        .into_iter()
        .map(|invoice| {
            let lacks = lacks.get(&invoice.id);
            row(invoice, &names, &kept, lacks, pays)
        })
        .collect();
    let body = view! {
        <PageHead title=text::TITLE lead=lead />
        {at_stripe}
        <Table
            caption=text::CAPTION
            caption_hidden=true
            columns
            rows
            empty=|| {
                view! {
                    <EmptyState
                        text=words::NONE_YET
                        action=|| view! { <LinkButton href="/" label=text::TO_PRICES emphasis=Emphasis::Primary /> }
                    />
                }
            }
        />
        {pages}
        {credit_notes(&notes, &kept)}
        {years}
    };
    Ok(Page::new(text::TITLE, body))
}

fn credit_notes(notes: &[CreditNote], kept: &KeptDocuments) -> Option<impl IntoView + use<>> {
    if notes.is_empty() {
        return None;
    }
    let rows = notes
        .iter()
        .map(|note| {
            let about = text::of(&note.number);
            let link = |file: &str, label: &'static str| {
                let (href, about) = (format!("/invoices/{}/{file}", note.id), about.clone());
                view! { <LinkButton href label about emphasis=Emphasis::Quiet /> }
            };
            let is_issued = note.status == CreditNoteStatus::Issued;
            let tone = if is_issued { Tone::Good } else { Tone::Neutral };
            let has = |kind| kept.has(note.id.as_str(), kind);
            let documents = view! {
                <span class="acts">
                    {link("credit-note.pdf", text::PDF)}
                    {has(DocumentKind::Ubl).then(|| link("ubl.xml", text::UBL))}
                    {has(DocumentKind::Cii).then(|| link("cii.xml", text::CII))}
                </span>
            };
            Row::new()
                .cell(note.number.clone())
                .cell(day(note.issued_at))
                .cell(view! { <Badge tone=tone word=words::credit_note_status(note.status) /> })
                .cell(view! { <Money minor=-note.total_minor currency=note.currency.as_str() /> })
                .cell(documents)
        })
        .collect();
    let [number, issued, status, amount] = text::CREDIT_NOTE_COLUMNS;
    let columns = vec![
        Column::text(number),
        Column::text(issued),
        Column::text(status),
        Column::number(amount),
        Column::act(text::DOCUMENTS),
    ];
    Some(view! {
        <Card title=text::CREDIT_NOTES lead=text::CREDIT_NOTES_LEAD id="credit-notes">
            <Table caption=text::CREDIT_NOTES caption_hidden=true columns rows />
        </Card>
    })
}

/// The years of the invoices that are shown, newest first, with what can be taken along of each.
fn years(invoices: &[Invoice], now: UnixMs) -> Option<impl IntoView + use<>> {
    let oldest = invoices.last()?.issued_at.date().year();
    let years = (oldest..=now.date().year()).rev().take(YEARS);
    let each = years
        .map(|year| {
            let link = |file: &str, label: &'static str| {
                let (href, about) = (format!("/invoices/{file}?year={year}"), text::of_year(year));
                view! { <LinkButton href label about emphasis=Emphasis::Quiet /> }
            };
            let files = view! { <span class="acts">{link("year.zip", text::ZIP)} {link("year.csv", text::CSV)}</span> };
            Fact::new(year.to_string(), files)
        })
        .collect::<Vec<_>>();
    Some(view! { <Card title=text::YEARS lead=text::YEARS_LEAD id="years"><Facts facts=each /></Card> })
}

fn row(invoice: Invoice, names: &LicenseNames, kept: &KeptDocuments, lacks: Option<&NoEInvoice>, pays: bool) -> Row {
    let license = invoice.license_id.as_ref().and_then(|id| {
        let name = names.get(id)?.clone();
        Some(view! { <small><a href=format!("/licenses/{id}")>{name}</a></small> })
    });
    let due = invoice.due_at.filter(|_| invoice.status == InvoiceStatus::Open).map(text::due);
    Row::new()
        .cell(invoice.number.clone())
        .cell(day(invoice.issued_at))
        .cell(view! { {words::reason(&invoice.billing_reason)} {license} })
        .cell(view! {
            <Badge tone=tone(invoice.status) word=words::status(invoice.status) />
            {due.map(|due| view! { <small>{due}</small> })}
        })
        .cell(view! { <Money minor=invoice.total_minor currency=invoice.currency.as_str() /> })
        .cell(documents(&invoice, kept, lacks, pays))
}

/// What can be done with an invoice: pay it while it is open, keep its documents, ask the vendor about it. Whoever only
/// looks, for the customer, does neither pay nor ask.
fn documents(invoice: &Invoice, kept: &KeptDocuments, lacks: Option<&NoEInvoice>, pays: bool) -> impl IntoView + use<> {
    let about = text::of(&invoice.number);
    let is_open = invoice.status == InvoiceStatus::Open;
    let how = (is_open && invoice.parties.0.pays_to.is_some()).then(|| format!("/invoices/{}/transfer", invoice.id));
    let pay = invoice.payment_url.clone().filter(|_| pays && is_open && how.is_none());
    let receipt = (invoice.status == InvoiceStatus::Paid).then(|| format!("/invoices/{}/receipt.pdf", invoice.id));
    // Not of every invoice is there one that the standard can express; then it is said why.
    let lacks = lacks.map(text::no_einvoice);
    let has = |kind| kept.has(invoice.id.as_str(), kind);
    let link = |href: String, label: &'static str, about: String| {
        view! { <LinkButton href label about emphasis=Emphasis::Quiet /> }
    };
    view! {
        <span class="acts">
            {how.map(|href| link(href, transfers::HOW_TO_PAY, about.clone()))}
            {pay.map(|href| link(href, text::PAY, about.clone()))}
            {link(format!("/invoices/{}/invoice.pdf", invoice.id), text::PDF, about.clone())}
            {receipt.map(|href| link(href, text::RECEIPT, about.clone()))}
            {has(DocumentKind::Ubl).then(|| link(format!("/invoices/{}/ubl.xml", invoice.id), text::UBL, about.clone()))}
            {has(DocumentKind::Cii).then(|| link(format!("/invoices/{}/cii.xml", invoice.id), text::CII, about))}
            {pays.then(|| {
                let about = messages::ask_about(AboutKind::Invoice, &invoice.number);
                link(new_page(invoice.id.as_str()), messages::ASK, about)
            })}
        </span>
        {lacks.map(|why| view! { <small>{why}</small> })}
    }
}

pub(super) fn day(at: UnixMs) -> impl IntoView {
    view! { <Moment datetime=at.date().to_string() absolute=moments::day(at) /> }
}

pub(super) fn tone(status: InvoiceStatus) -> Tone {
    match status {
        InvoiceStatus::Open => Tone::Warn,
        InvoiceStatus::Paid => Tone::Good,
        InvoiceStatus::Void => Tone::Neutral,
        InvoiceStatus::Uncollectible => Tone::Bad,
    }
}
