//! `/staff/ledger`: the trial balance of a period, and whatever in the ledger is not as it must be.
//! `?from=` and `?to=` are days, both inclusive.

use backend::clock::{DAY_MS, UnixMs};
use backend::ledger::{LedgerAccount, Period, TrialBalance, trial_balance};
use backend::money::Currency;
use backend::text::en::console_money as text;
use leptos::prelude::*;

use super::{NoPage, Page, render, staff_role};
use crate::components::{
    Card, Column, Control, Emphasis, EmptyState, Field, Form, LinkButton, Method, Money, Notice, PageHead, Row, Table,
    Tone,
};
use crate::request::Visit;

const PATH: &str = "/staff/ledger";

/// The ledger.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

/// The period between two days as they stand in an address; a day that cannot be read is none.
#[must_use]
pub fn period(from: Option<&str>, to: Option<&str>) -> Period {
    let start = |day: Option<&str>| day.and_then(|day| day.trim().parse().ok()).map(UnixMs::start_of);
    Period {
        from: start(from).unwrap_or(Period::ALL.from),
        until: start(to).map_or(Period::ALL.until, |at| at.plus(DAY_MS)),
    }
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    staff_role(&visit)?;
    let (from, to) = (visit.query("from"), visit.query("to"));
    let (vendor_id, period) = (visit.vendor.id.clone(), period(from.as_deref(), to.as_deref()));
    let balance =
        visit.state.db.read(move |tx| Box::pin(async move { trial_balance(tx, &vendor_id, period).await })).await?;
    let standing = if balance.disagreements.is_empty() {
        view! { <Notice tone=Tone::Good title=text::AGREES /> }.into_any()
    } else {
        let each = balance.disagreements.iter().map(text::disagreement).collect::<Vec<_>>().join(" ");
        view! { <Notice tone=Tone::Bad title=text::DISAGREES text=each /> }.into_any()
    };
    let query = [("from", &from), ("to", &to)]
        .into_iter()
        .filter_map(|(name, day)| day.as_ref().map(|day| format!("{name}={day}")))
        .collect::<Vec<_>>()
        .join("&");
    let link = |file: &str, label: &'static str| {
        let href = format!("{PATH}/{file}?{query}");
        view! { <LinkButton href label emphasis=Emphasis::Quiet /> }
    };
    let downloads = view! {
        <p class="acts">{link("entries.csv", text::ENTRIES_CSV)} {link("documents.csv", text::DOCUMENTS_CSV)}</p>
    };
    let tables = balance.currencies().into_iter().map(|currency| table(&balance, currency)).collect_view();
    let nothing = balance.sums.is_empty().then(|| view! { <EmptyState text=text::NOTHING_BOOKED /> });
    let body = view! {
        <PageHead title=text::LEDGER lead=text::LEDGER_LEAD />
        {standing}
        <div class="across">
            <Form action=PATH method=Method::Get id="period" submit=text::SHOW emphasis=Emphasis::Plain>
                <Field name="from" label=text::FROM control=Control::Day value=from.unwrap_or_default() may_be_empty=true />
                <Field name="to" label=text::TO control=Control::Day value=to.unwrap_or_default() may_be_empty=true />
            </Form>
        </div>
        {tables}
        {nothing}
        {downloads}
    };
    Ok(Page::new(text::LEDGER, body))
}

fn table(balance: &TrialBalance, currency: Currency) -> impl IntoView + use<> {
    let money = |minor: i64| view! { <Money minor=minor currency=currency.as_str() /> }.into_any();
    let (mut debit, mut credit) = (0, 0);
    let mut rows = Vec::new();
    for account in LedgerAccount::ALL {
        let minor = balance.of(*account, currency);
        if minor == 0 {
            continue;
        }
        let row = Row::new().cell(text::account(*account));
        rows.push(if minor > 0 {
            debit += minor;
            row.cell(money(minor)).blank()
        } else {
            credit -= minor;
            row.blank().cell(money(-minor))
        });
    }
    rows.push(Row::new().cell(text::SUM).cell(money(debit)).cell(money(credit)));
    let [account, left, right] = text::BALANCE_COLUMNS;
    let columns = vec![Column::text(account), Column::number(left), Column::number(right)];
    let title = text::balance_in(currency);
    view! { <Card title=title.clone()><Table caption=title caption_hidden=true columns rows /></Card> }
}
