//! A month to take along: as a table, and as a document.

use super::{Balance, Month, Payout, Statement, StatementLine, find_statement};
use crate::accounts::Account;
use crate::billing::CommerceError;
use crate::clock::UnixMs;
use crate::csv;
use crate::cx::Cx;
use crate::db::{Db, DbError, Tx};
use crate::ids::AccountId;
use crate::invoices::csv::amount;
use crate::invoices::rules::address_of;
use crate::money::Currency;
use crate::pdf;
use crate::pdf::statement::{Line, Section, Side, StatementDocument};
use crate::text::en::commissions as words;
use crate::vendors::{self, Vendor};

/// More than a month has; a table beyond that is for a database, not for a spreadsheet.
const MOST: i64 = 50_000;

const HEAD: [&str; 10] =
    ["date", "kind", "client", "code", "invoice", "reference", "currency", "net_paid", "rate_percent", "amount"];

/// A month as CSV: what was owed at its beginning, each line, each payout, and what is owed at its end. In each currency the
/// amounts between the first and the last come to the difference of the two. `None` for whoever may not see it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn statement_as_csv(
    tx: &mut Tx,
    cx: &Cx,
    partner_id: &AccountId,
    month: Month,
) -> Result<Option<String>, DbError> {
    let found = find_statement(tx, cx, partner_id, month, None, MOST).await?;
    Ok(found.map(|statement| table(&statement, cx.now)))
}

/// A month as a PDF; `None` for whoever may not see it. Its numbers never change once the month is over; names and addresses
/// are today's.
///
/// # Errors
/// [`CommerceError`] when the database fails or the document cannot be made.
pub async fn statement_as_pdf(
    db: &Db,
    cx: &Cx,
    partner_id: &AccountId,
    month: Month,
) -> Result<Option<Vec<u8>>, CommerceError> {
    let (tx_cx, id) = (cx.clone(), partner_id.clone());
    let found = db
        .read(|tx| {
            Box::pin(async move {
                let statement = find_statement(tx, &tx_cx, &id, month, None, MOST).await?;
                let vendor = vendors::find_vendor(tx, &tx_cx.vendor_id).await?;
                Ok::<_, DbError>(statement.zip(vendor))
            })
        })
        .await?;
    let Some((statement, vendor)) = found else { return Ok(None) };
    let made_at = if statement.is_closed { month.end() } else { cx.now };
    let document = document(&statement, &vendor);
    // Outside of any transaction.
    let content = tokio::task::spawn_blocking(move || pdf::statement::render(&document, made_at.timestamp()))
        .await
        .map_err(|error| CommerceError::Document(error.to_string()))?
        .map_err(|error| CommerceError::Document(error.to_string()))?;
    Ok(Some(content))
}

fn table(statement: &Statement, now: UnixMs) -> String {
    let mut table = csv::row(HEAD);
    let code = |currency: Currency| currency.as_str().to_ascii_uppercase();
    let balance = |at: UnixMs, kind: &str, currency: Currency, minor: i64| {
        let (day, minor) = (at.date().to_string(), amount(minor, currency));
        csv::row([day.as_str(), kind, "", "", "", "", &code(currency), "", "", &minor])
    };
    for it in &statement.balances {
        table.push_str(&balance(statement.month.start(), "opening", it.movement.currency, it.opening_minor));
    }
    for it in &statement.lines {
        table.push_str(&csv::row([
            it.entered_at.date().to_string(),
            it.why.as_str().to_owned(),
            it.client.clone(),
            it.code.clone(),
            it.invoice_number.clone(),
            String::new(),
            code(it.currency),
            amount(it.net_minor, it.currency),
            percent(it.rate_bp),
            amount(it.amount_minor, it.currency),
        ]));
    }
    for it in &statement.payouts {
        let kind = if it.reverses.is_none() { "paid_out" } else { "payout_reversed" };
        table.push_str(&csv::row([
            it.created_at.date().to_string(),
            kind.to_owned(),
            String::new(),
            String::new(),
            String::new(),
            it.reference.clone(),
            code(it.currency),
            String::new(),
            String::new(),
            amount(-it.amount_minor, it.currency),
        ]));
    }
    let last = if statement.is_closed { statement.month.end().plus(-1) } else { now };
    for it in &statement.balances {
        table.push_str(&balance(last, "closing", it.movement.currency, it.closing_minor()));
    }
    table
}

/// Hundredths of a percent with a point and two decimals: `12.50`.
fn percent(bp: i64) -> String {
    format!("{}.{:02}", bp / 100, bp % 100)
}

fn document(statement: &Statement, vendor: &Vendor) -> StatementDocument {
    let sections = statement.balances.iter().map(|balance| {
        let currency = balance.movement.currency;
        let lines = statement.lines.iter().filter(|it| it.currency == currency).map(earned_line);
        let payouts = statement.payouts.iter().filter(|it| it.currency == currency).map(payout_line);
        Section {
            title: words::in_currency(currency),
            currency,
            lines: lines.chain(payouts).collect(),
            sums: sums(balance),
        }
    });
    StatementDocument {
        title: words::statement(statement.month),
        file_title: words::file_title(statement.month, &statement.partner.company),
        lead: words::statement_lead(statement.month, statement.is_closed),
        supplier: vendors_side(vendor),
        partner: partners_side(&statement.partner),
        accent_hue: u16::try_from(vendor.accent_hue).unwrap_or_default(),
        sections: sections.collect(),
        nothing: words::NOTHING.to_owned(),
        note: words::HOW.to_owned(),
    }
}

fn earned_line(it: &StatementLine) -> Line {
    Line {
        on: it.entered_at.date(),
        what: words::client(it),
        detail: words::detail(it),
        net_minor: Some(it.net_minor),
        rate: words::rate(it.rate_bp),
        amount_minor: it.amount_minor,
    }
}

fn payout_line(it: &Payout) -> Line {
    Line {
        on: it.created_at.date(),
        what: words::payout_line(it).to_owned(),
        detail: words::payout_detail(it),
        net_minor: None,
        rate: String::new(),
        amount_minor: -it.amount_minor,
    }
}

fn sums(balance: &Balance) -> Vec<(String, i64)> {
    let movement = &balance.movement;
    let values = [
        balance.opening_minor,
        movement.earned_minor,
        -movement.taken_back_minor,
        -movement.paid_out_minor,
        balance.closing_minor(),
    ];
    words::SUMS.into_iter().map(str::to_owned).zip(values).collect()
}

fn vendors_side(vendor: &Vendor) -> Side {
    let profile = &vendor.profile;
    Side {
        name: if profile.legal_name.is_empty() { vendor.name.clone() } else { profile.legal_name.clone() },
        address: profile.address_lines.clone(),
        country: profile.country.clone(),
        vat_id: profile.vat_id.clone(),
        email: Some(profile.support_email.clone()).filter(|email| !email.is_empty()),
    }
}

fn partners_side(account: &Account) -> Side {
    Side {
        name: account.company.clone(),
        address: address_of(account),
        country: account.country.clone(),
        vat_id: account.vat_id.clone(),
        email: None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::{Movement, Why};
    use super::*;
    use crate::accounts::{AccountKind, Address, VatIdState};
    use crate::cx::Entropy;

    fn statement() -> Statement {
        let entropy = Entropy::seeded(1);
        let (month, eur) = (Month::parse("2027-03").unwrap(), Currency::parse("eur").unwrap());
        let line = |why, client: &str, code: &str, net_minor, amount_minor| StatementLine {
            id: "cms_a.000000".to_owned(),
            entered_at: month.start(),
            why,
            client: client.to_owned(),
            code: code.to_owned(),
            invoice_number: "A-1".to_owned(),
            currency: eur,
            rate_bp: 1_250,
            net_minor,
            amount_minor,
        };
        let payout = |amount_minor, reverses| Payout {
            id: entropy.id(),
            vendor_id: entropy.id(),
            partner_id: entropy.id(),
            currency: eur,
            amount_minor,
            paid_at: month.start(),
            reference: "PAY 7".to_owned(),
            reverses,
            reason: String::new(),
            recorded_by: None,
            created_at: month.start(),
        };
        Statement {
            month,
            is_closed: true,
            partner: Account {
                id: entropy.id(),
                vendor_id: entropy.id(),
                kind: AccountKind::Partner,
                company: "Partner AG".to_owned(),
                country: "DE".to_owned(),
                address: Address::default(),
                vat_id: None,
                billing_email: String::new(),
                purchase_order: String::new(),
                vat_id_state: VatIdState::Unchecked,
                stripe_customer_id: None,
                stripe_vat_id: None,
                created_at: UnixMs(0),
                closes_at: None,
                closed_at: None,
            },
            balances: vec![Balance {
                opening_minor: 100,
                movement: Movement { currency: eur, earned_minor: 1_250, taken_back_minor: 250, paid_out_minor: 100 },
            }],
            lines: vec![
                line(Why::Paid, "=HYPERLINK(\"http://evil\")", "", 10_000, 1_250),
                line(Why::Refunded, "", "FAIR-20", -2_000, -250),
            ],
            payouts: vec![payout(400, None), payout(-300, Some(entropy.id()))],
        }
    }

    #[test]
    fn a_table_goes_from_what_was_owed_to_what_is_and_holds_no_formula() {
        let table = table(&statement(), UnixMs(0));
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            lines[1..],
            [
                "2027-03-01,opening,,,,,EUR,,,1.00",
                "2027-03-01,paid,\"'=HYPERLINK(\"\"http://evil\"\")\",,A-1,,EUR,100.00,12.50,12.50",
                "2027-03-01,refunded,,FAIR-20,A-1,,EUR,-20.00,12.50,-2.50",
                "2027-03-01,paid_out,,,,PAY 7,EUR,,,-4.00",
                "2027-03-01,payout_reversed,,,,PAY 7,EUR,,,3.00",
                "2027-03-31,closing,,,,,EUR,,,10.00",
            ]
        );
    }

    #[test]
    fn the_sums_of_a_document_come_to_its_last() {
        let balance = statement().balances[0];
        let sums = sums(&balance);
        let (last, parts) = sums.split_last().unwrap();
        assert_eq!(parts.iter().map(|(_, minor)| minor).sum::<i64>(), last.1);
    }
}
