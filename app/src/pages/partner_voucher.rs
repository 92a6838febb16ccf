//! `/partner/vouchers/{order}/{voucher}`: one voucher, its code for whoever may hand it out, and the partner's note on it.

use backend::accounts::{Act, ActsAs, may};
use backend::ids::VoucherId;
use backend::text::en::{licenses as words, portal, vouchers as text};
use backend::vouchers::{CodeReveal, ListedVoucher, Voucher, VoucherStatus, find_batch_voucher, reveal_code, rules};
use leptos::prelude::*;

use super::invoices::day;
use super::partner_voucher_batch::{redeemer, tone};
use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::vouchers::{NOTE, VOUCHERS, batch_page, take_reveal};
use crate::components::{
    Badge, Breadcrumb, Card, CopyWords, Crumb, Emphasis, Fact, Facts, Field, FieldError, Form, KeyBox, Notice,
    PageHead, PostButton, Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some((account, role)) = visit.account() else { return Err(NoPage::NotFound) };
    let mut parts = visit.path.split('/').skip(3);
    let (order_id, id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let id = VoucherId::from_untrusted(id);
    let (cx, wanted) = (visit.viewer_cx(), id.clone());
    let found = visit.state.db.read(|tx| Box::pin(async move { find_batch_voucher(tx, &cx, &wanted).await })).await?;
    let found = found.filter(|(batch, _)| batch.partner_id == account.id && batch.order_id.as_str() == order_id);
    let (batch, listed) = found.ok_or(NoPage::NotFound)?;
    let code = code(&visit, &listed.voucher, role).await?;
    let note = if may(role, Act::Buy) { Some(note_form(&listed.voucher).await) } else { None };
    let (title, all) = (text::numbered(listed.voucher.place), batch_page(&batch.order_id));
    let of_batch = text::batch_title(&batch.product_name, &batch.plan_name);
    let crumbs = vec![Crumb::to(text::TITLE, VOUCHERS), Crumb::to(of_batch.clone(), all), Crumb::here(title.clone())];
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=title.clone() lead=of_batch />
        {facts(&listed)}
        {code}
        {note}
    };
    Ok(Page::new(title, body))
}

fn facts(listed: &ListedVoucher) -> impl IntoView + use<> {
    let [status, runs, redeemed, by] = text::FACTS;
    let voucher = &listed.voucher;
    let mut facts = vec![
        Fact::new(status, view! { <Badge tone=tone(voucher.status) word=text::status(voucher.status) /> }),
        Fact::new(runs, text::term(voucher.term)),
    ];
    if let Some(at) = voucher.redeemed_at {
        facts.push(Fact::new(redeemed, day(at)));
        facts.push(Fact::new(by, redeemer(listed)));
        facts.push(Fact::new(text::VOUCHER_COLUMNS[5], text::until(rules::ends_at(voucher, at))));
    }
    view! {
        <Card title=text::TITLE>
            <Facts facts />
        </Card>
    }
}

/// The code: hidden, until whoever may hand it out asks for it. That it is shown is recorded.
async fn code(visit: &Visit, voucher: &Voucher, role: ActsAs) -> Result<AnyView, NoPage> {
    let hidden_code = voucher.code_hint.clone();
    if voucher.status != VoucherStatus::Open {
        return Ok(card(view! {
            <KeyBox id="voucher-code" label=text::CODE_LABEL key=hidden_code hint=text::CODE_OVER />
        }));
    }
    if !may(role, Act::Buy) {
        return Ok(card(view! {
            <KeyBox id="voucher-code" label=text::CODE_LABEL key=hidden_code hint=text::CODE_NOT_YOURS />
        }));
    }
    if !take_reveal(visit, &voucher.id).await {
        let id = voucher.id.to_string();
        let reveal = move || {
            let hidden = vec![("voucher_id".to_owned(), id.clone())];
            view! { <PostButton action="/act/reveal-voucher" label=text::REVEAL hidden emphasis=Emphasis::Quiet /> }
        };
        return Ok(card(view! {
            <KeyBox
                id="voucher-code"
                label=text::CODE_LABEL
                key=hidden_code
                acts=reveal
                hint=text::CODE_HIDDEN
            />
        }));
    }
    let (cx, master, id) = (visit.viewer_cx(), visit.state.master.clone(), voucher.id.clone());
    let shown =
        visit.state.db.write(move |tx| Box::pin(async move { reveal_code(tx, &cx, &master, &id).await })).await?;
    Ok(match shown {
        CodeReveal::Shown(code) => {
            let [label, copied, failed] = text::COPY.map(str::to_owned);
            let (copy, code) = (Some(CopyWords { label, copied, failed }), code.expose().to_owned());
            card(view! { <KeyBox id="voucher-code" label=text::CODE_LABEL key=code copy hint=text::CODE_SHOWN /> })
        }
        CodeReveal::Lost | CodeReveal::NotAllowed => card(view! { <Notice tone=Tone::Bad title=text::CODE_LOST /> }),
    })
}

fn card(content: impl IntoAny) -> AnyView {
    let content = content.into_any();
    view! { <Card title=text::CODE_TITLE id="code">{content}</Card> }.into_any()
}

async fn note_form(voucher: &Voucher) -> AnyView {
    let refused = take_refused(NOTE).await;
    let errors: Vec<FieldError> =
        refused.code("note").map(|_| FieldError::new("note", text::note_too_long())).into_iter().collect();
    let value = if errors.is_empty() { voucher.note.clone() } else { refused.typed("note") };
    let hidden = vec![("voucher_id".to_owned(), voucher.id.to_string())];
    view! {
        <Card title=text::NOTE_TITLE id="note">
            <Form
                action="/act/note-voucher"
                id="note-form"
                submit=text::NOTE_SUBMIT
                emphasis=Emphasis::Plain
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field
                    name="note"
                    label=text::NOTE_LABEL
                    value
                    hint=text::NOTE_HINT
                    optional=portal::OPTIONAL
                    autocomplete="off"
                />
            </Form>
        </Card>
    }
    .into_any()
}
