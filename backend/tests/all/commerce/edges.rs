//! The edges of calendar and money: month ends and leap days, currencies without and with three decimals, two taxes on one
//! line, credit that is larger than what it pays, a change upwards that owes the customer, and a coupon that leaves nothing
//! to pay.

use std::path::Path;

use backend::accounts::{AccountCreation, AccountDetails, Address, create_account};
use backend::billing::{Agreed, Change, ChangePreview, ChangeRequest, change_subscription, preview_change};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::Db;
use backend::invoices::{DocumentKind, Invoice, InvoiceStatus, find_document};
use backend::ledger::LedgerAccount;
use backend::licenses::{License, LicenseStatus};
use backend::money::Currency;
use backend::refunds::{CreditInvoice, CreditOutcome, credit_invoice};
use backend::stripe::CreditSettlement;

use super::reversals::{balance, finance, settle};
use super::shop::Shop;
use super::{agree, charge};
use crate::support::on_both_engines;

fn at(text: &str) -> UnixMs {
    UnixMs::from(text.parse::<jiff::Timestamp>().expect("a time"))
}

/// The shop of the random histories, with a seller who writes e-invoices.
async fn shop_in(db: Db, currency: &str) -> anyhow::Result<Shop> {
    let folder = tempfile::tempdir()?;
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/all/commerce/histories/catalog.toml");
    let catalog = std::fs::read_to_string(file)?;
    let with_vat = folder.path().join("catalog.toml");
    std::fs::write(&with_vat, catalog.replacen("country = \"DE\"", "country = \"DE\"\nvat_id = \"DE314159265\"", 1))?;
    let mut shop = Shop::open_with(db, &with_vat).await?;
    shop.currency = Currency::parse(currency).expect("a currency");
    Ok(shop)
}

/// The buyer is a company in Buffalo from now on, and the seller is registered in its state.
async fn sell_to_new_york(shop: &mut Shop) -> anyhow::Result<()> {
    let in_the_state = "country_options[us][state]=NY&country_options[us][type]=state_sales_tax";
    shop.call("tax/registrations", &format!("country=US&active_from=now&{in_the_state}")).await?;
    let details = AccountDetails {
        company: "Erie Gauges, Inc.".to_owned(),
        country: "US".to_owned(),
        address: Address {
            line1: "1 Main Street".to_owned(),
            postal_code: "14203".to_owned(),
            city: "Buffalo".to_owned(),
            state: "NY".to_owned(),
            ..Address::default()
        },
        ..AccountDetails::default()
    };
    let (cx, user_id) = (shop.cx(), shop.user.id.clone());
    let created =
        shop.db.write(move |tx| Box::pin(async move { create_account(tx, &cx, &user_id, &details).await })).await?;
    let AccountCreation::Created(account) = created else { anyhow::bail!("{created:?}") };
    shop.account = account;
    Ok(())
}

async fn wish(shop: &Shop, license: &License, plan: &'static str, seats: i64) -> anyhow::Result<ChangeRequest> {
    let plan_id = shop.plan(plan).await?.id;
    let to = Composition::new(plan_id, BillingInterval::Month, seats, shop.currency);
    Ok(ChangeRequest { license_id: license.id.clone(), to })
}

async fn document(shop: &Shop, invoice: &Invoice, kind: DocumentKind) -> anyhow::Result<Option<String>> {
    let found = find_document(&shop.db, &shop.cx(), &shop.account.id, invoice.id.as_str(), kind).await?;
    let Some(found) = found else { return Ok(None) };
    if !found.content.starts_with(b"%PDF") {
        return Ok(Some(String::from_utf8(found.content)?));
    }
    let mut warnings = Vec::new();
    let parsed = printpdf::PdfDocument::parse(&found.content, &printpdf::PdfParseOptions::default(), &mut warnings);
    Ok(Some(parsed.map_err(anyhow::Error::msg)?.extract_text().concat().concat()))
}

/// Renews so often; answers the ends of the periods.
async fn renew(shop: &Shop, license: &License, times: usize) -> anyhow::Result<Vec<String>> {
    let mut ends = Vec::new();
    for _ in 0..times {
        let row = shop.subscription(&license.id).await?;
        ends.push(row.period_end.timestamp().to_string());
        assert_eq!(shop.license(&license.id).await?.ends_at, Some(row.period_end.plus(3 * DAY_MS)));
        shop.set_clock(row.period_end.plus(2 * HOUR_MS))?;
        settle(shop).await?;
    }
    Ok(ends)
}

on_both_engines! {
    async fn a_31st_falls_on_the_last_day_of_shorter_months_and_comes_back(db: Db) {
        let shop = Shop::open(db).await?;
        shop.set_clock(at("2027-12-31T09:30:00Z"))?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let ends = renew(&shop, &license, 5).await?;
        let days: Vec<&str> = ends.iter().map(|end| &end[..10]).collect();
        assert_eq!(days, ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30", "2028-05-31"]);
        assert!(ends.iter().all(|end| end.ends_with("T09:30:00Z")), "{ends:?}");
        assert_eq!(shop.invoices().await?.len(), 6);
        Ok(())
    }

    async fn a_change_in_february_counts_the_seconds_of_that_february(db: Db) {
        let shop = Shop::open(db).await?;
        shop.set_clock(at("2027-01-31T12:00:00Z"))?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        // 31 January to 28 February is 28 days, of which 14 are left.
        shop.set_clock(at("2027-02-14T12:00:00Z"))?;
        let shown = charge(&shop, &wish(&shop, &license, "maker", 3).await?).await?;
        assert_eq!(shown.subtotal.amount_minor, 1_000, "two seats at 10.00 for half a month");
        Ok(())
    }

    async fn a_year_that_begins_on_a_leap_day_ends_on_the_28th_until_there_is_one_again(db: Db) {
        let shop = Shop::open(db).await?;
        shop.set_clock(at("2028-02-29T00:00:00Z"))?;
        let license = shop.buy("maker", BillingInterval::Year, 1).await?;
        let ends = renew(&shop, &license, 4).await?;
        let days: Vec<&str> = ends.iter().map(|end| &end[..10]).collect();
        assert_eq!(days, ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]);
        Ok(())
    }

    async fn yen_have_no_decimals_from_the_order_to_the_e_invoice(db: Db) {
        let shop = shop_in(db, "jpy").await?;
        let license = shop.buy("medium", BillingInterval::Month, 3).await?;
        let invoice = shop.invoices().await?.remove(0);
        // 19 % of 4,500 and of 2,200.
        assert_eq!((invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor), (6_700, 855 + 418, 7_973));
        for kind in [DocumentKind::Invoice, DocumentKind::Receipt] {
            let text = document(&shop, &invoice, kind).await?.expect("a document");
            assert!(text.contains("¥7,973") && !text.contains("79.73"), "{text}");
        }
        let ubl = document(&shop, &invoice, DocumentKind::Ubl).await?.expect("an e-invoice");
        assert!(ubl.contains("currencyID=\"JPY\">7973"), "{ubl}");
        let shown = charge(&shop, &wish(&shop, &license, "medium", 4).await?).await?;
        assert_eq!(shown.total.amount_minor, 2_200 + 418, "a whole month is left");
        assert_eq!(shown.amount_due.currency, shop.currency);
        Ok(())
    }

    async fn dinars_have_three_decimals_from_the_order_to_the_document(db: Db) {
        let shop = shop_in(db, "kwd").await?;
        let license = shop.buy("medium", BillingInterval::Month, 3).await?;
        let invoice = shop.invoices().await?.remove(0);
        // 19 % of 9.150 is 1.7385, of 4.570 is 0.8683; what can be charged ends in nought.
        assert_eq!((invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor), (13_720, 1_740 + 870, 16_330));
        let text = document(&shop, &invoice, DocumentKind::Invoice).await?.expect("a document");
        assert!(text.contains("16.330") && !text.contains("163.30"), "{text}");
        // EN 16931 knows two decimals at most (BR-DEC-*), and the third is nought.
        let ubl = document(&shop, &invoice, DocumentKind::Ubl).await?.expect("an e-invoice");
        assert!(ubl.contains("currencyID=\"KWD\">16.33<"), "{ubl}");
        let shown = charge(&shop, &wish(&shop, &license, "medium", 4).await?).await?;
        // Tax is rounded by line: one seat less at 4.570, two more at 9.140.
        assert_eq!(shown.total.amount_minor, 4_570 + 1_740 - 870);
        Ok(())
    }

    async fn two_sales_taxes_on_one_line_are_kept_apart_and_stand_on_the_documents(db: Db) {
        let mut shop = shop_in(db, "usd").await?;
        sell_to_new_york(&mut shop).await?;
        shop.buy("medium", BillingInterval::Month, 3).await?;
        let invoice = shop.invoices().await?.remove(0);
        // Of 29.90 and of 14.90 the state takes 4 %, the county 4.75 %.
        assert_eq!((invoice.subtotal_minor, invoice.tax_minor, invoice.total_minor), (4_480, 180 + 213, 4_873));
        let taxes = &invoice.taxes.0;
        let sums: Vec<_> = taxes.iter().map(|tax| (tax.rate_millionths, tax.base_minor, tax.amount_minor)).collect();
        assert_eq!(sums, [(40_000, 4_480, 120 + 60), (47_500, 4_480, 142 + 71)]);
        assert!(taxes.iter().all(|tax| (tax.label.as_str(), tax.kind.as_str()) == ("Sales Tax", "sales_tax")));
        for kind in [DocumentKind::Invoice, DocumentKind::Receipt] {
            let text = document(&shop, &invoice, kind).await?.expect("a document");
            assert!(["$1.80", "$2.13", "$48.73"].iter().all(|amount| text.contains(amount)), "{text}");
        }
        let ubl = document(&shop, &invoice, DocumentKind::Ubl).await?.expect("an e-invoice");
        assert!(ubl.contains("<cbc:Percent>8.75</cbc:Percent>") && ubl.contains("currencyID=\"USD\">48.73"), "{ubl}");
        Ok(())
    }

    async fn a_higher_plan_that_costs_less_leaves_credit_that_pays_what_comes(db: Db) {
        let shop = shop_in(db, "usd").await?;
        // 20 seats of the small plan are 200.00, of the volume plan 67.50.
        let license = shop.buy("small", BillingInterval::Month, 20).await?;
        let up = wish(&shop, &license, "volume", 20).await?;
        let shown = charge(&shop, &up).await?;
        assert_eq!((shown.subtotal.amount_minor, shown.amount_due.amount_minor), (6_750 - 20_000, 0));
        let changed = change_subscription(&shop.commerce, &shop.cx(), &up, agree(&shown)).await?;
        assert!(matches!(changed, Change::Applied { .. }), "{changed:?}");
        settle(&shop).await?;
        let credit = -shown.total.amount_minor;
        let owed = || async { Ok::<_, anyhow::Error>(-balance(&shop).await?.of(LedgerAccount::CustomerCredit, shop.currency)) };
        assert_eq!(owed().await?, credit);
        assert_eq!(shop.license(&license.id).await?.seats, 20);
        // The next month is larger than nothing and smaller than the credit: no card is charged.
        let end = shop.subscription(&license.id).await?.period_end;
        shop.set_clock(end.plus(2 * HOUR_MS))?;
        settle(&shop).await?;
        let renewal = shop.invoices().await?.remove(0);
        assert_eq!((renewal.status, renewal.paid_minor, renewal.due_minor), (InvoiceStatus::Paid, 0, 0));
        assert_eq!(renewal.subtotal_minor, 6_750);
        assert_eq!(owed().await?, credit - renewal.total_minor);
        assert_eq!(shop.license(&license.id).await?.status, LicenseStatus::Active);
        Ok(())
    }

    async fn credit_larger_than_a_change_pays_it_and_the_rest_stays(db: Db) {
        let shop = shop_in(db, "usd").await?;
        let license = shop.buy("medium", BillingInterval::Month, 4).await?;
        let invoice = shop.invoices().await?.remove(0);
        let staff = finance(&shop).await?;
        let part = CreditInvoice {
            invoice_id: invoice.id.clone(),
            amount_minor: 5_000,
            settlement: CreditSettlement::Balance,
            reason: String::new(),
            memo: String::new(),
            credited_before_minor: 0,
        };
        assert_eq!(credit_invoice(&shop.commerce, &staff, &part).await?, CreditOutcome::Credited);
        let more = wish(&shop, &license, "medium", 5).await?;
        let shown = charge(&shop, &more).await?;
        assert_eq!((shown.total.amount_minor, shown.amount_due.amount_minor), (1_490 + 283, 0));
        let changed = change_subscription(&shop.commerce, &shop.cx(), &more, agree(&shown)).await?;
        assert!(matches!(changed, Change::Applied { .. }), "{changed:?}");
        settle(&shop).await?;
        assert_eq!(shop.license(&license.id).await?.seats, 5);
        assert_eq!(balance(&shop).await?.of(LedgerAccount::CustomerCredit, shop.currency), 1_773 - 5_000);
        Ok(())
    }

    async fn a_coupon_of_everything_renews_for_nothing_and_the_license_goes_on(db: Db) {
        let shop = shop_in(db, "usd").await?;
        let license = shop.buy("small", BillingInterval::Month, 2).await?;
        let row = shop.subscription(&license.id).await?;
        shop.call("coupons", "id=EVERYTHING&percent_off=100&duration=forever").await?;
        shop.call(&format!("subscriptions/{}", row.stripe_subscription_id), "discounts[0][coupon]=EVERYTHING").await?;
        shop.set_clock(row.period_end.plus(2 * HOUR_MS))?;
        settle(&shop).await?;
        let renewal = shop.invoices().await?.remove(0);
        let sums = (renewal.subtotal_minor, renewal.discount_minor, renewal.tax_minor, renewal.total_minor);
        assert_eq!((renewal.status, sums), (InvoiceStatus::Paid, (2_000, 2_000, 0, 0)));
        let after = shop.license(&license.id).await?;
        assert_eq!((after.status, after.seats), (LicenseStatus::Active, 2));
        let text = document(&shop, &renewal, DocumentKind::Invoice).await?.expect("a document");
        assert!(text.contains("$0.00"), "{text}");
        balance(&shop).await?;
        // More seats cost nothing either, and are there at once.
        let more = wish(&shop, &license, "small", 3).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &more).await?;
        let ChangePreview::Now(shown) = preview else { anyhow::bail!("{preview:?}") };
        assert_eq!(shown.amount_due.amount_minor, 0);
        let agreed = Agreed::ChargeNow { proration_date: shown.proration_date, amount_due_minor: 0 };
        let changed = change_subscription(&shop.commerce, &shop.cx(), &more, agreed).await?;
        assert!(matches!(changed, Change::Applied { .. }), "{changed:?}");
        settle(&shop).await?;
        assert_eq!(shop.license(&license.id).await?.seats, 3);
        Ok(())
    }
}
