//! What a partner has earned and was paid, on its page in the console: the sums, the forms that record a payout and take one
//! back, and what was recorded. `?payouts=` goes on in a long list.

use backend::accounts::{StaffAct, StaffRole, staff_may};
use backend::commissions::{PartnerMoney, Payout, Total, find_partner_money};
use backend::ids::AccountId;
use backend::listing::TimePlace;
use backend::money::Money as Amount;
use backend::text::en::{commissions, console_payouts as text, portal};
use leptos::prelude::*;

use super::NoPage;
use super::partner_commissions_month::payouts;
use crate::api::form::{Refused, take_refused};
use crate::api::partners::partner_page;
use crate::api::payouts::{PAYOUT, REVERSAL, payout_errors, reversal_errors};
use crate::api::staff_money::written;
use crate::components::{Card, Choice, Column, Control, Emphasis, EmptyState, Field, Form, Pagination, Row, Table};
use crate::request::Visit;

/// Payouts on one page.
const PAGE: usize = 20;

/// The cards; `None` for accounts that never were partners, and for whoever may not see what they earn.
pub(super) async fn section(visit: &Visit, role: StaffRole, id: &AccountId) -> Result<Option<AnyView>, NoPage> {
    let after = visit.query("payouts").and_then(|place| TimePlace::parse(&place));
    let (cx, partner_id, from) = (visit.staff_cx(), id.clone(), after.clone());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let limit = i64::try_from(PAGE).unwrap_or(i64::MAX) + 1;
            find_partner_money(tx, &cx, &partner_id, from.as_ref(), limit).await
        })
    });
    let Some(mut money) = found.await? else { return Ok(None) };
    let goes_on = money.payouts.len() > PAGE;
    money.payouts.truncate(PAGE);
    let pays_out = staff_may(role, StaffAct::MoveMoney);
    let form = if pays_out {
        form(visit, id, &money, &take_refused(PAYOUT).await)
    } else {
        view! { <p>{text::NOT_YOURS}</p> }.into_any()
    };
    let reversal = if pays_out && !money.reversible.is_empty() {
        Some(reversal(id, &money.reversible, &take_refused(REVERSAL).await))
    } else {
        None
    };
    let pages = pages(id, &money.payouts, after.is_some(), goes_on);
    let section = view! {
        {totals(&money.totals)}
        <Card title=text::RECORD lead=text::RECORD_LEAD id="payout">{form}</Card>
        {payouts(&money.payouts, text::NO_PAYOUTS)}
        {pages}
        {reversal}
    };
    Ok(Some(section.into_any()))
}

fn totals(totals: &[Total]) -> impl IntoView + use<> {
    let [currency, sales, commission, paid_out, owed] = text::TOTAL_COLUMNS;
    let columns = vec![
        Column::text(currency),
        Column::number(sales),
        Column::number(commission),
        Column::number(paid_out),
        Column::number(owed),
    ];
    let row = |total: &Total| {
        let amounts = [total.sales_minor, total.earned_minor, total.paid_out_minor, total.owed().amount_minor];
        Row::new().cell(commissions::code(total.currency)).amounts(total.currency.as_str(), &amounts)
    };
    let rows = totals.iter().map(row).collect();
    view! {
        <Card title=text::EARNED id="earned">
            <Table
                caption=text::EARNED
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NOTHING_EARNED /> }
            />
        </Card>
    }
}

fn form(visit: &Visit, id: &AccountId, money: &PartnerMoney, refused: &Refused) -> AnyView {
    let owed: Vec<Amount> = money.totals.iter().map(Total::owed).filter(|owed| owed.amount_minor > 0).collect();
    let Some(first) = owed.first().copied() else {
        return view! { <p>{text::NOTHING_OWED}</p> }.into_any();
    };
    let errors = payout_errors(refused);
    // What was typed survives a refusal, and the question for the password as well.
    let is_refused = !refused.values.is_empty();
    let value = |field: &str, stands: String| if is_refused { refused.typed(field) } else { stands };
    let today = visit.state.clock.now().date().to_string();
    let amount = value("amount", written(first));
    let (currency, paid_on) = (value("currency", first.currency.as_str().to_owned()), value("paid_on", today));
    let reference = value("reference", String::new());
    let choices = owed.iter().map(|it| Choice::new(it.currency.as_str(), commissions::code(it.currency))).collect();
    let most: Vec<_> = owed.iter().map(|it| (it.currency, it.amount_minor)).collect();
    let hidden =
        vec![("account_id".to_owned(), id.to_string()), ("recorded_before".to_owned(), money.recorded.to_string())];
    view! {
        <Form
            action="/act/record-payout"
            id="payout-form"
            submit=text::SUBMIT
            errors_title=portal::refused_answers(errors.len())
            errors
            hidden
        >
            <Field name="currency" label=text::CURRENCY control=Control::Select(choices) value=currency />
            <Field
                name="amount"
                label=text::AMOUNT
                value=amount
                hint=text::amount_hint(&most)
                autocomplete="off"
            />
            <Field name="paid_on" label=text::DAY control=Control::Day value=paid_on />
            <Field
                name="reference"
                label=text::REFERENCE
                value=reference
                hint=text::REFERENCE_HINT
                autocomplete="off"
            />
        </Form>
        <p>{text::PASSWORD_FIRST}</p>
    }
    .into_any()
}

fn reversal(id: &AccountId, reversible: &[Payout], refused: &Refused) -> AnyView {
    let errors = reversal_errors(refused);
    let choices = reversible.iter().map(|it| Choice::new(it.id.as_str(), text::payout(it))).collect();
    let hidden = vec![("account_id".to_owned(), id.to_string())];
    let (which, why) = (refused.typed("payout_id"), refused.typed("reason"));
    view! {
        <Card title=text::REVERSE lead=text::REVERSE_LEAD id="reversal">
            <Form
                action="/act/reverse-payout"
                id="reversal-form"
                submit=text::REVERSE_SUBMIT
                emphasis=Emphasis::Plain
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field
                    name="payout_id"
                    label=text::REVERSE_WHICH
                    control=Control::Select(choices)
                    value=which
                />
                <Field
                    name="reason"
                    label=text::REVERSE_REASON
                    value=why
                    hint=text::REVERSE_REASON_HINT
                    autocomplete="off"
                />
            </Form>
            <p>{text::PASSWORD_FIRST}</p>
        </Card>
    }
    .into_any()
}

fn pages(id: &AccountId, payouts: &[Payout], is_later: bool, goes_on: bool) -> Option<AnyView> {
    if !is_later && !goes_on {
        return None;
    }
    let page = partner_page(id);
    let next = payouts.last().filter(|_| goes_on).map(|last| {
        let query = serde_urlencoded::to_string([("payouts", last.place().to_string())]).unwrap_or_default();
        (text::OLDER.to_owned(), format!("{page}?{query}#payouts"))
    });
    let previous = is_later.then(|| (text::NEWEST.to_owned(), format!("{page}#payouts")));
    let position = text::shown(payouts.len());
    Some(view! { <Pagination label=text::PAYOUT_PAGES position previous next /> }.into_any())
}
