//! What is downloaded: no cell of a table is a formula to a spreadsheet (OWASP, "CSV injection"), and no name of a file is
//! more than a name, whatever people have typed. The tables are those of the router: a new one is asked for as well.

use axum::http::{Method, StatusCode};

use super::addresses::{Address, Kind, addresses};
use super::world::World;

/// What a spreadsheet would reckon with, or take for the beginning of another row.
const FORMULAS: [&str; 8] =
    ["=cmd|' /C calc'!A0", "@SUM(1+1)", "+49 40 1", "-1+cmd", "\t=1", "\r\n=1", "\n@x", "=HYPERLINK(\"//evil\",\"a\")"];
/// Tables in which nothing stands that somebody can type, or of which the world has no row. Their cells are looked at too.
const WITHOUT_TEXT: [&str; 0] = [];

/// Puts `$1` wherever people write something that tables show. The partner has typed its password a moment ago, because codes
/// of vouchers are given to nobody else.
const EVERYWHERE: [&str; 16] = [
    "UPDATE accounts SET company = $1",
    "UPDATE users SET name = $1, email = $1",
    "UPDATE products SET name = $1",
    "UPDATE plans SET name = $1",
    "UPDATE promotion_codes SET code = $1",
    "UPDATE invoices SET number = $1, parties = json_set(parties, '$.buyer.name', $1), issued_at = 1767225600000
     WHERE id = 'inv_own'",
    "UPDATE audit SET object_id = $1",
    "UPDATE subscriptions SET earning_since = 1 WHERE $1 <> ''",
    "INSERT INTO ledger_entries (vendor_id, posting_id, ledger_account, source, source_id, account_id, invoice_id, currency,
         amount_minor, booked_at, created_at)
     SELECT vendor_id, 'pst_own', 'receivable', 'invoice', $1, account_id, id, 'usd', 100, 1, 1 FROM invoices
     WHERE id = 'inv_own'",
    "INSERT INTO feedback (id, vendor_id, account_id, user_id, occasion, comment, may_contact, may_quote, given_at)
     SELECT 'fdb_own', vendor_id, account_id, 'usr_owner', 'month', $1, FALSE, FALSE, 1 FROM invoices WHERE id = 'inv_own'",
    "UPDATE documents SET number = $1",
    "UPDATE vouchers SET note = $1",
    "INSERT INTO commissions (id, vendor_id, partner_id, invoice_id, order_id, client_id, client, code, currency, rate_bp,
         paid_minor, credited_minor, credited_net_minor, settled_minor, refunded_minor, disputed_minor, net_minor,
         amount_minor, entry_count, created_at, updated_at)
     SELECT 'cms_own', vendor_id, 'acc_partner', id, 'ord_own', account_id, $1, $1, 'usd', 2000, 100, 0, 0, 0, 0, 0, 100,
         20, 1, 1, 1 FROM invoices WHERE id = 'inv_own'",
    "INSERT INTO commission_entries (id, vendor_id, commission_id, partner_id, why, currency, net_minor, amount_minor,
         entered_at)
     SELECT id || '.000001', vendor_id, id, partner_id, 'paid', currency, 100, 20, 1795000000000 FROM commissions
     WHERE client = $1",
    "INSERT INTO commission_payouts (id, vendor_id, partner_id, currency, amount_minor, paid_at, reference, created_at)
     SELECT 'pyo_own', vendor_id, account_id, 'usd', 10, 1795000000000, $1, 1795000000000 FROM partners
     WHERE account_id = 'acc_partner'",
    "UPDATE sessions SET record = json_set(record, '$.identity.authenticated_at', 1795255200000)
     WHERE user_id = 'usr_partner' AND $1 <> ''",
];

/// Whom a download is for.
fn reader(address: &Address) -> &'static str {
    match address.path.split('/').nth(1) {
        Some("staff") => "admin",
        Some("partner") => "partner",
        _ => "owner",
    }
}

/// The rows of a table, read as strictly as RFC 4180 writes it.
fn rows(csv: &str) -> Result<Vec<Vec<String>>, String> {
    let (mut rows, mut row, mut chars) = (Vec::new(), Vec::new(), csv.chars().peekable());
    while chars.peek().is_some() || !row.is_empty() {
        let mut cell = String::new();
        if chars.next_if_eq(&'"').is_some() {
            loop {
                match chars.next() {
                    Some('"') if chars.next_if_eq(&'"').is_some() => cell.push('"'),
                    Some('"') => break,
                    Some(inside) => cell.push(inside),
                    None => return Err(format!("quotes that are not closed: {cell}")),
                }
            }
        } else {
            while let Some(plain) = chars.next_if(|it| !matches!(it, ',' | '\r' | '\n' | '"')) {
                cell.push(plain);
            }
        }
        row.push(cell);
        match (chars.next(), chars.peek()) {
            (Some(','), _) => {}
            (Some('\r'), Some('\n')) => {
                chars.next();
                rows.push(std::mem::take(&mut row));
            }
            (other, _) => return Err(format!("{other:?} after {row:?}")),
        }
    }
    Ok(rows)
}

/// What a spreadsheet would reckon with. Amounts are meant to be numbers.
fn is_formula(cell: &str) -> bool {
    let is_amount = cell.strip_prefix('-').is_some_and(|rest| {
        let is_digit = |it: u8| it.is_ascii_digit() || it == b'.';
        rest.starts_with(|it: char| it.is_ascii_digit()) && rest.bytes().all(is_digit)
    });
    cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) && !is_amount
}

#[tokio::test]
async fn no_cell_of_any_table_is_a_formula() -> anyhow::Result<()> {
    let mut world = World::new().await?;
    let own = world.own().clone();
    let tables: Vec<_> =
        addresses().into_iter().filter(|it| it.kind == Kind::Page && it.path.ends_with(".csv")).collect();
    assert!(tables.len() >= 12, "{tables:?}");
    for formula in FORMULAS {
        world.begin_anew().await?;
        world.rewrite(&EVERYWHERE, formula).await?;
        for table in &tables {
            let (path, by) = (&table.path, reader(table));
            let answer = world.ask(table, &own, by).await;
            assert_eq!(answer.status, StatusCode::OK, "{path} by {by}: {}", answer.header("location"));
            assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8", "{path}");
            let rows = rows(&answer.body).unwrap_or_else(|wrong| panic!("{path} with {formula:?}: {wrong}"));
            let width = rows.first().map_or(0, Vec::len);
            assert!(width > 1 && rows.iter().all(|row| row.len() == width), "{path} with {formula:?}: {rows:?}");
            for cell in rows.iter().flatten() {
                assert!(!is_formula(cell), "{path} with {formula:?}: {cell:?}");
            }
            // It stands there, as text.
            let is_there = rows.iter().flatten().any(|cell| cell.strip_prefix('\'') == Some(formula));
            assert!(is_there || WITHOUT_TEXT.contains(&path.as_str()), "{path} shows no {formula:?}: {rows:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_files_name_is_a_name_and_nothing_more() -> anyhow::Result<()> {
    let world = World::new().await?;
    let own = world.own().clone();
    world.rewrite(&EVERYWHERE, "A\"; filename=\"../x.exe\r\nSet-Cookie: a=b; ü").await?;
    let mut names = Vec::new();
    for address in addresses().iter().filter(|it| it.kind == Kind::Page && it.method == Method::GET) {
        let answer = world.ask(address, &own, reader(address)).await;
        let Some(told) = answer.headers.get("content-disposition") else { continue };
        let told = told.to_str().unwrap_or_default();
        let name = told.strip_prefix("attachment; filename=\"").and_then(|rest| rest.strip_suffix('"'));
        let is_name =
            |it: &str| it.bytes().all(|it| it.is_ascii_alphanumeric() || b"-_.".contains(&it)) && !it.starts_with('.');
        assert!(name.is_some_and(is_name), "{}: {told}", address.path);
        names.extend(name.map(str::to_owned));
    }
    // Among them the same invoice twice, for the customer and for staff.
    assert!(names.len() >= 10 && names.iter().filter(|it| it.starts_with("invoice-A")).count() == 2, "{names:?}");
    Ok(())
}

#[test]
fn what_is_looked_for_would_be_found() {
    for formula in FORMULAS {
        assert!(is_formula(formula), "{formula:?}");
        assert!(!is_formula(&format!("'{formula}")), "{formula:?}");
    }
    assert!(!is_formula("-12.50") && is_formula("-") && is_formula("-12.50+1"));
    let read = rows("a,\"b \"\"c\"\",\r\nd\"\r\n,\r\n");
    assert_eq!(read, Ok(vec![vec!["a".to_owned(), "b \"c\",\r\nd".to_owned()], vec![String::new(), String::new()]]));
    for broken in ["a", "a\nb\r\n", "a\"b\r\n", "\"a\r\n"] {
        assert!(rows(broken).is_err(), "{broken:?}");
    }
}
