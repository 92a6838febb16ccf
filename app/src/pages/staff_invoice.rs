//! `/staff/invoices/{id}`: a customer's invoice, what was given back of it, and the form that gives back more. Where it
//! paid for vouchers, these as well.

use backend::accounts::{StaffAct, StaffRole, staff_may};
use backend::db::DbError;
use backend::ids::InvoiceId;
use backend::invoices::einvoice::of_invoice;
use backend::invoices::{
    CreditNote, CreditNoteStatus, DocumentKind, Invoice, InvoiceLine, InvoiceStatus, KeptDocuments,
    find_invoice_for_staff, list_credit_notes_of, list_kept_documents, list_lines,
};
use backend::money::Money as Amount;
use backend::refunds::{Dispute, DisputeStatus, Refund, RefundStatus, creditable_minor, list_disputes, list_refunds};
use backend::text::en::{console_money as text, console_vouchers, invoice_list, invoices as words, licenses, portal};
use backend::vouchers::{Batch, find_batch_for_staff};
use leptos::prelude::*;

use super::invoices::{day, tone};
use super::staff_invoices::PATH;
use super::{NoPage, Page, render, staff_customers, staff_invoice_vouchers, staff_role};
use crate::api::form::{Refused, take_refused};
use crate::api::staff_money::{CREDIT, credit_errors, written};
use crate::api::staff_vouchers::VOID;
use crate::components::{
    Badge, Breadcrumb, Card, Choice, ChoiceCard, ChoiceCards, Column, Control, Crumb, Emphasis, EmptyState, Fact,
    Facts, Field, Form, LinkButton, Money, PageHead, Row, Table, Tone,
};
use crate::request::Visit;

/// The page of an invoice.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

struct Found {
    invoice: Invoice,
    lines: Vec<InvoiceLine>,
    notes: Vec<CreditNote>,
    refunds: Vec<Refund>,
    disputes: Vec<Dispute>,
    vouchers: Option<Batch>,
    kept: KeptDocuments,
}

impl Found {
    fn credited_minor(&self) -> i64 {
        let issued = self.notes.iter().filter(|note| note.status == CreditNoteStatus::Issued);
        issued.map(|note| note.total_minor).sum()
    }
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let id = InvoiceId::from_untrusted(visit.path.split('/').nth(3).unwrap_or_default());
    let (vendor_id, cx) = (visit.vendor.id.clone(), visit.staff_cx());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let Some(invoice) = find_invoice_for_staff(tx, &vendor_id, &id).await? else { return Ok(None) };
            let vouchers = match &invoice.order_id {
                Some(order_id) => find_batch_for_staff(tx, &cx, order_id).await?,
                None => None,
            };
            let issued = (invoice.issued_at, invoice.issued_at);
            Ok::<_, DbError>(Some(Found {
                kept: list_kept_documents(tx, &vendor_id, &invoice.account_id, issued).await?,
                lines: list_lines(tx, &vendor_id, &id).await?,
                notes: list_credit_notes_of(tx, &vendor_id, &id).await?,
                refunds: list_refunds(tx, &vendor_id, &id).await?,
                disputes: list_disputes(tx, &vendor_id, &id).await?,
                vouchers,
                invoice,
            }))
        })
    });
    let found = found.await?.ok_or(NoPage::NotFound)?;
    let refused = take_refused(CREDIT).await;
    let vouchers = match &found.vouchers {
        Some(batch) => Some(staff_invoice_vouchers::card(&found.invoice, batch, role, &take_refused(VOID).await)),
        None => None,
    };
    let number = found.invoice.number.clone();
    let crumbs = vec![Crumb::to(text::INVOICES, PATH), Crumb::here(number.clone())];
    let lead = format!("{} · {}", found.invoice.parties.0.buyer.name, words::reason(&found.invoice.billing_reason));
    let body = view! {
        <Breadcrumb label=licenses::YOU_ARE_HERE crumbs />
        <PageHead title=number.clone() lead=lead />
        <div class="row">{facts(&found)} {lines(&found)}</div>
        {given_back(&found)}
        {vouchers}
        {credit_form(&found, role, &refused)}
    };
    Ok(Page::new(number, body))
}

fn facts(found: &Found) -> impl IntoView + use<> {
    let invoice = &found.invoice;
    let money = |minor: i64| view! { <Money minor=minor currency=invoice.currency.as_str() /> };
    let buyer = &invoice.parties.0.buyer;
    let mail = format!("mailto:{}", buyer.email);
    let customer = format!("{}/{}", staff_customers::PATH, invoice.account_id);
    let mut facts = vec![
        Fact::new(text::STATUS, view! { <Badge tone=tone(invoice.status) word=words::status(invoice.status) /> }),
        Fact::new(
            text::CUSTOMER,
            view! { <a href=customer>{buyer.name.clone()}</a> " " <a href=mail>{buyer.email.clone()}</a> },
        ),
        Fact::new(text::ISSUED, text::day(invoice.issued_at)),
        Fact::new(text::TOTAL, money(invoice.total_minor)),
        Fact::new(text::TAX, money(invoice.tax_minor)),
    ];
    if invoice.status == InvoiceStatus::Open {
        facts.push(Fact::new(text::OPEN, money(invoice.due_minor)));
    }
    facts.extend(invoice.due_at.map(|at| Fact::new(text::DUE, text::day(at))));
    facts.extend(invoice.paid_at.map(|at| Fact::new(text::PAID, text::day(at))));
    if let Some(id) = &invoice.license_id {
        let (href, name) = (format!("/staff/licenses/{id}"), id.to_string());
        facts.push(Fact::new(text::LICENSE, view! { <a href=href>{name}</a> }));
    }
    facts.extend(buyer.reference.clone().map(|reference| Fact::new(text::ORDER_NUMBER, reference)));
    facts.push(Fact::new(text::STRIPE_ID, invoice.stripe_invoice_id.clone()));
    facts.push(Fact::new(text::DOCUMENTS, documents(found)));
    view! { <Card title=text::FACTS><Facts facts /></Card> }
}

fn documents(found: &Found) -> impl IntoView + use<> {
    let invoice = &found.invoice;
    let link = |file: &str, label: &'static str| {
        let (href, about) = (format!("{PATH}/{}/{file}", invoice.id), invoice_list::of(&invoice.number));
        view! { <LinkButton href label about emphasis=Emphasis::Quiet /> }
    };
    let receipt = (invoice.status == InvoiceStatus::Paid).then(|| link("receipt.pdf", invoice_list::RECEIPT));
    let has = |kind| found.kept.has(invoice.id.as_str(), kind);
    let (ubl, cii) = (has(DocumentKind::Ubl), has(DocumentKind::Cii));
    // What is kept is what the customer has; why there is none is said of those that have none.
    let none = if ubl || cii { None } else { of_invoice(invoice, &found.lines).err() };
    view! {
        <span class="acts">
            {link("invoice.pdf", invoice_list::PDF)} {receipt} {ubl.then(|| link("ubl.xml", invoice_list::UBL))}
            {cii.then(|| link("cii.xml", invoice_list::CII))}
        </span>
        {none.as_ref().map(|why| view! { <small>{text::no_einvoice(why)}</small> })}
    }
}

fn lines(found: &Found) -> impl IntoView + use<> {
    let currency = found.invoice.currency;
    let rows = found
        .lines
        .iter()
        .map(|line| {
            Row::new()
                .cell(line.description.clone())
                .cell(line.quantity.to_string())
                .cell(view! { <Money minor=line.amount_minor currency=currency.as_str() /> })
        })
        .collect();
    let [what, quantity, amount] = text::LINE_COLUMNS;
    let columns = vec![Column::text(what), Column::number(quantity), Column::number(amount)];
    view! { <Card title=text::LINES><Table caption=text::LINES caption_hidden=true columns rows /></Card> }
}

fn given_back(found: &Found) -> impl IntoView + use<> {
    let currency = found.invoice.currency;
    let money = |minor: i64| view! { <Money minor=minor currency=currency.as_str() /> };
    let note = |note: &CreditNote| {
        let tone = if note.status == CreditNoteStatus::Issued { Tone::Good } else { Tone::Neutral };
        let href = format!("{PATH}/{}/credit-note.pdf", note.id);
        Row::new()
            .cell(view! { <a href=href>{text::credit_note(&note.number)}</a> <small>{note.memo.clone()}</small> })
            .cell(day(note.issued_at))
            .cell(view! { <Badge tone=tone word=words::credit_note_status(note.status) /> })
            .cell(money(note.total_minor))
    };
    let refund = |refund: &Refund| {
        let tone = match refund.status {
            RefundStatus::Succeeded => Tone::Good,
            RefundStatus::Pending => Tone::Warn,
            RefundStatus::Failed | RefundStatus::Canceled => Tone::Bad,
        };
        Row::new()
            .cell(view! { {text::REFUND} <small>{refund.stripe_refund_id.clone()}</small> })
            .cell(day(refund.refunded_at))
            .cell(view! { <Badge tone=tone word=text::refund_status(refund.status) /> })
            .cell(money(refund.amount_minor))
    };
    let dispute = |dispute: &Dispute| {
        let tone = match dispute.status {
            DisputeStatus::Won => Tone::Good,
            DisputeStatus::Open | DisputeStatus::Inquiry => Tone::Warn,
            DisputeStatus::Lost => Tone::Bad,
        };
        Row::new()
            .cell(view! { {text::DISPUTE} <small>{dispute.stripe_dispute_id.clone()}</small> })
            .cell(day(dispute.opened_at))
            .cell(view! { <Badge tone=tone word=text::dispute_status(dispute.status) /> })
            .cell(money(dispute.amount_minor))
    };
    let rows = (found.notes.iter().map(note))
        .chain(found.refunds.iter().map(refund))
        .chain(found.disputes.iter().map(dispute))
        .collect();
    let [what, when, status, amount] = text::GIVEN_BACK_COLUMNS;
    let columns = vec![Column::text(what), Column::text(when), Column::text(status), Column::number(amount)];
    view! {
        <Card title=text::GIVEN_BACK id="given-back">
            <Table
                caption=text::GIVEN_BACK
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NOTHING_BACK /> }
            />
        </Card>
    }
}

fn credit_form(found: &Found, role: StaffRole, refused: &Refused) -> AnyView {
    let invoice = &found.invoice;
    let credited_minor = found.credited_minor();
    let left = Amount::new(creditable_minor(invoice, credited_minor), invoice.currency);
    if !staff_may(role, StaffAct::MoveMoney) {
        return view! { <Card title=text::CREDIT id="credit"><p>{text::CREDIT_NOT_YOURS}</p></Card> }.into_any();
    }
    if left.amount_minor == 0 {
        return view! { <Card title=text::CREDIT id="credit"><p>{text::CREDIT_NONE}</p></Card> }.into_any();
    }
    let is_paid = invoice.status == InvoiceStatus::Paid;
    let lead = if is_paid { text::CREDIT_PAID } else { text::CREDIT_OPEN };
    let errors = credit_errors(refused, invoice.currency);
    let typed = |field: &str, otherwise: &str| {
        let typed = refused.typed(field);
        if refused.values.is_empty() { otherwise.to_owned() } else { typed }
    };
    let amount = typed("amount", &written(left));
    let chosen = typed("settlement", "refund");
    let (reason, memo) = (typed("reason", ""), typed("memo", ""));
    let ways = text::SETTLEMENTS.map(|(value, name, detail)| ChoiceCard {
        value: value.to_owned(),
        name: name.to_owned(),
        price: None,
        detail: Some(detail.to_owned()),
        chosen: chosen == value,
    });
    let settlement = is_paid.then(|| {
        view! { <ChoiceCards name="settlement" legend=text::SETTLEMENT options=ways.to_vec() /> }
    });
    let reasons = text::REASONS.map(|(value, name)| Choice::new(value, name)).to_vec();
    let open = found.vouchers.as_ref().map(|batch| batch.open).filter(|open| *open > 0);
    let hint = open.map(|open| view! { <p>{console_vouchers::credit_hint(open)}</p> });
    let hidden = vec![
        ("invoice_id".to_owned(), invoice.id.to_string()),
        ("credited_before".to_owned(), credited_minor.to_string()),
    ];
    view! {
        <Card title=text::CREDIT lead=lead id="credit">
            {hint}
            <Form
                action="/act/credit-invoice"
                id="credit-form"
                submit=text::CREDIT_SUBMIT
                emphasis=Emphasis::Danger
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field name="amount" label=text::AMOUNT value=amount hint=text::amount_hint(left) />
                {settlement}
                <Field
                    name="reason"
                    label=text::REASON
                    control=Control::Select(reasons)
                    value=reason
                    may_be_empty=true
                />
                <Field
                    name="memo"
                    label=text::MEMO
                    control=Control::Textarea { rows: 2 }
                    value=memo
                    hint=text::MEMO_HINT
                    optional=text::OPTIONAL
                />
            </Form>
            <p>{text::PASSWORD_FIRST}</p>
        </Card>
    }
    .into_any()
}
