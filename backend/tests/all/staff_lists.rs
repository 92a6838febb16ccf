//! What staff find of a customer: its invoices and orders, however old, and people who have no account yet.

use backend::accounts::customers::search_sign_ups;
use backend::accounts::{Password, Passwords, SignUp, SignUpOutcome, StaffRole, sign_up};
use backend::audit::list_acts_on;
use backend::clock::{DAY_MS, MINUTE_MS};
use backend::db::{Db, DbError, Tx};
use backend::ids::{OrderId, UserId};
use backend::invoices::search::{InvoiceFilter, list_invoices_of_order, search_invoices};
use backend::leases::instance_list::{InstanceFilter, search_vendor_instances};
use backend::licenses::search::LastContact;
use backend::orders::search::{OrderFilter, search_orders};
use backend::search::{Search, search_everything};

use crate::licenses::stage::{Stage, granted};
use crate::support::{NOW, account, cx, master, on_both_engines, vendor};

/// Rows of a page: so few that every list has several.
const FEW: i64 = 2;

async fn run(stage: &Stage, sql: &'static str) -> anyhow::Result<()> {
    let done: Result<(), DbError> = stage
        .write(move |tx| {
            Box::pin(async move {
                match tx {
                    Tx::Sqlite(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop)?,
                    Tx::Postgres(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop)?,
                }
                Ok(())
            })
        })
        .await;
    Ok(done?)
}

/// Three invoices of the account and an order that two of them charge, and an invoice of another account.
async fn charged(db: Db) -> anyhow::Result<Stage> {
    let stage = Stage::new(db, "startup", 2).await?;
    let cx = stage.operator(NOW.plus(1));
    stage.db.write(move |tx| Box::pin(async move { account(tx, &cx).await })).await?;
    run(&stage, "UPDATE accounts SET company = 'Other AG' WHERE billing_email = 'a@example.test'").await?;
    run(&stage, "INSERT INTO orders (id, vendor_id, account_id, user_id, kind, plan_id, license_id, billing_interval, seats,
                     currency, amount_minor, status, payment, items, created_at)
                 SELECT 'ord_1', l.vendor_id, l.account_id, m.user_id, 'subscription', l.plan_id, l.id, 'month', 1, 'usd', 1,
                     'paid', 'card', '[]', 1 FROM licenses l JOIN memberships m ON m.account_id = l.account_id").await?;
    for sql in [
        "INSERT INTO invoices (id, vendor_id, account_id, stripe_invoice_id, number, status, currency, subtotal_minor,
             discount_minor, tax_minor, total_minor, paid_minor, due_minor, taxes, billing_reason, parties, issued_at,
             created_at, order_id)
         SELECT 'inv_1', vendor_id, account_id, 'in_1', 'A-1', 'paid', 'usd', 1, 0, 0, 1, 1, 0, '[]', 'manual', '{}',
             1795132800000, 1, 'ord_1' FROM orders",
        "INSERT INTO invoices (id, vendor_id, account_id, stripe_invoice_id, number, status, currency, subtotal_minor,
             discount_minor, tax_minor, total_minor, paid_minor, due_minor, taxes, billing_reason, parties, issued_at,
             created_at, order_id)
         SELECT 'inv_2', vendor_id, account_id, 'in_2', 'A-2', 'open', 'usd', 1, 0, 0, 1, 0, 1, '[]', 'manual', '{}',
             1795219200000, 1, 'ord_1' FROM orders",
        "INSERT INTO invoices (id, vendor_id, account_id, stripe_invoice_id, number, status, currency, subtotal_minor,
             discount_minor, tax_minor, total_minor, paid_minor, due_minor, taxes, billing_reason, parties, issued_at,
             created_at)
         SELECT 'inv_3', vendor_id, account_id, 'in_3', 'A-3', 'open', 'usd', 1, 0, 0, 1, 0, 1, '[]', 'manual', '{}',
             1795219200000, 1 FROM orders",
        "INSERT INTO invoices (id, vendor_id, account_id, stripe_invoice_id, number, status, currency, subtotal_minor,
             discount_minor, tax_minor, total_minor, paid_minor, due_minor, taxes, billing_reason, parties, issued_at,
             created_at)
         SELECT 'inv_4', vendor_id, id, 'in_4', 'B-1', 'open', 'usd', 1, 0, 0, 1, 0, 1, '[]', 'manual', '{}',
             1795305600000, 1 FROM accounts WHERE company = 'Other AG'",
    ] {
        run(&stage, sql).await?;
    }
    let parties = serde_json::to_string(&backend::invoices::Parties::default())?;
    let written: Result<(), DbError> = stage
        .write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE invoices SET parties = $1";
                match tx {
                    Tx::Sqlite(tx) => sqlx::query(sql).bind(parties).execute(&mut **tx).await.map(drop)?,
                    Tx::Postgres(tx) => sqlx::query(sql).bind(parties).execute(&mut **tx).await.map(drop)?,
                }
                Ok(())
            })
        })
        .await;
    written?;
    Ok(stage)
}

/// The ids of the invoices that pass a filter, from page to page.
async fn invoices(stage: &Stage, pairs: &[(&str, &str)]) -> anyhow::Result<Vec<String>> {
    let filter = InvoiceFilter::of_address(|asked| {
        pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
    });
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let (vendor_id, filter, place) = (stage.vendor.id.clone(), filter.clone(), after.clone());
        let page: Result<_, DbError> = stage
            .db
            .read(move |tx| {
                Box::pin(async move { search_invoices(tx, &vendor_id, &filter, place.as_ref(), FEW).await })
            })
            .await;
        let page = page?;
        let Some(last) = page.last() else { return Ok(ids) };
        after = Some(last.place());
        ids.extend(page.iter().map(|it| it.id.to_string()));
    }
}

async fn signed_up(stage: &Stage, email: &'static str, name: &str, at: i64) -> anyhow::Result<UserId> {
    let request = SignUp {
        email: email.to_owned(),
        password: Password::new("correct horse battery staple".to_owned()),
        name: name.to_owned(),
        address: [192, 0, 2, 1].into(),
    };
    let cx = stage.operator(NOW.plus(at));
    let SignUpOutcome::SignedUp(user) = sign_up(&stage.db, &Passwords::default(), &master(), &cx, &request).await?
    else {
        anyhow::bail!("the sign-up was refused")
    };
    Ok(user.id)
}

/// Addresses of the people without an account, from page to page.
async fn people(stage: &Stage, text: &str) -> anyhow::Result<Vec<String>> {
    let (mut emails, mut after) = (Vec::new(), None);
    loop {
        let (vendor_id, text, place) = (stage.vendor.id.clone(), text.to_owned(), after.clone());
        let page: Result<_, DbError> = stage
            .db
            .read(move |tx| Box::pin(async move { search_sign_ups(tx, &vendor_id, &text, place.as_ref(), FEW).await }))
            .await;
        let page = page?;
        let Some(last) = page.last() else { return Ok(emails) };
        after = Some(last.place());
        emails.extend(page.into_iter().map(|it| it.email));
    }
}

on_both_engines! {
    async fn invoices_are_found_by_customer_number_status_and_day(db: Db) {
        let stage = charged(db).await?;
        let account = stage.account_id.as_str();
        for (pairs, found) in [
            (&[("customer", account)][..], &["inv_3", "inv_2", "inv_1"][..]),
            (&[], &["inv_4", "inv_3", "inv_2", "inv_1"]),
            (&[("customer", "EXAMPLE")], &["inv_3", "inv_2", "inv_1"]),
            (&[("customer", "other")], &["inv_4"]),
            (&[("customer", "%")], &[]),
            (&[("number", "A-2")], &["inv_2"]),
            (&[("number", "A-")], &[]),
            (&[("status", "open"), ("customer", account)], &["inv_3", "inv_2"]),
            (&[("status", "void")], &[]),
            (&[("from", "2026-11-21"), ("to", "2026-11-21")], &["inv_3", "inv_2"]),
            (&[("to", "2026-11-20")], &["inv_1"]),
        ] {
            assert_eq!(invoices(&stage, pairs).await?, found, "{pairs:?}");
        }
        let vendor_id = stage.vendor.id.clone();
        let charges: Result<_, DbError> = stage.db.read(move |tx| Box::pin(async move {
            list_invoices_of_order(tx, &vendor_id, &OrderId::from_untrusted("ord_1"), 9).await
        })).await;
        assert_eq!(charges?.iter().map(|it| it.number.clone()).collect::<Vec<_>>(), ["A-2", "A-1"]);
        Ok(())
    }

    async fn orders_are_found_by_customer_and_what_another_vendor_has_is_not(db: Db) {
        let stage = charged(db).await?;
        let abroad = vendor(&stage.db, "abroad").await?;
        let account = stage.account_id.to_string();
        for (vendor_id, customer, count) in [
            (&stage.vendor.id, account.as_str(), 1),
            (&stage.vendor.id, "example", 1),
            (&stage.vendor.id, "Other AG", 0),
            (&abroad.id, account.as_str(), 0),
            (&abroad.id, "", 0),
        ] {
            let filter = OrderFilter { customer: customer.to_owned(), ..OrderFilter::default() };
            let invoices = InvoiceFilter { customer: customer.to_owned(), ..InvoiceFilter::default() };
            let (id, order_id) = (vendor_id.clone(), OrderId::from_untrusted("ord_1"));
            let found: Result<_, DbError> = stage.db.read(move |tx| Box::pin(async move {
                let orders = search_orders(tx, &id, &filter, None, 9).await?.len();
                let charges = list_invoices_of_order(tx, &id, &order_id, 9).await?.len();
                Ok((orders, charges, search_invoices(tx, &id, &invoices, None, 9).await?.len()))
            })).await;
            let (orders, charges, invoices) = found?;
            assert_eq!(orders, count, "{vendor_id} {customer}");
            if *vendor_id == abroad.id {
                assert_eq!((charges, invoices), (0, 0), "{customer}");
            }
        }
        Ok(())
    }

    async fn what_was_done_to_one_thing_is_told_in_its_order(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let (vendor_id, account, license) =
            (stage.vendor.id.clone(), stage.account_id.clone(), stage.license_id.clone());
        let cx = stage.operator(NOW);
        let other = stage.db.write(move |tx| Box::pin(async move { crate::support::account(tx, &cx).await })).await?;
        let acts: Result<_, DbError> = stage.db.read(move |tx| Box::pin(async move {
            let own = list_acts_on(tx, &vendor_id, &account, license.as_str(), 9).await?;
            Ok((own, list_acts_on(tx, &vendor_id, &other, license.as_str(), 9).await?))
        })).await;
        let (own, of_other) = acts?;
        assert_eq!(own, [("license.create".to_owned(), NOW)]);
        assert!(of_other.is_empty());
        Ok(())
    }

    async fn instances_are_found_by_their_last_contact(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        granted(stage.activate("node-a", None, NOW).await?)?;
        granted(stage.activate("node-b", None, NOW.plus(8 * DAY_MS)).await?)?;
        let now = NOW.plus(8 * DAY_MS + MINUTE_MS);
        for (contact, found) in [
            (None, vec!["node-a", "node-b"]),
            (Some(LastContact::Hour), vec!["node-b"]),
            (Some(LastContact::Month), vec!["node-a", "node-b"]),
            (Some(LastContact::SilentDay), vec!["node-a"]),
            (Some(LastContact::SilentWeek), vec!["node-a"]),
            (Some(LastContact::SilentMonth), vec![]),
        ] {
            let filter = InstanceFilter { contact, ..InstanceFilter::default() };
            let vendor_id = stage.vendor.id.clone();
            let rows: Result<_, DbError> = stage
                .db
                .read(|tx| {
                    Box::pin(async move { search_vendor_instances(tx, &vendor_id, &filter, now, None, 10).await })
                })
                .await;
            let ids: Vec<String> = rows?.into_iter().map(|it| it.instance.identity().id).collect();
            assert_eq!(ids, found, "{contact:?}");
        }
        Ok(())
    }

    async fn people_without_an_account_are_listed_and_found(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let clerk = stage.staff(StaffRole::ReadOnly).await?;
        assert!(people(&stage, "").await?.is_empty(), "an owner has an account, and staff need none");
        let bea = signed_up(&stage, "Bea@people.test", "Bea Böhm", 1).await?;
        signed_up(&stage, "cem@people.test", "", 2).await?;
        signed_up(&stage, "dan@people.test", "", 3).await?;
        assert_eq!(people(&stage, "").await?, ["dan@people.test", "cem@people.test", "Bea@people.test"]);
        assert_eq!(people(&stage, "BEA B").await?, ["Bea@people.test"]);
        assert_eq!(people(&stage, "cem@").await?, ["cem@people.test"]);
        assert!(people(&stage, "ada@").await?.is_empty());
        for (typed, count) in [("bea@", 1), (bea.as_str(), 1), ("ada@", 0), ("read_only@", 0), ("people.test", 0)] {
            let (cx, typed) = (stage.person(&clerk, NOW), typed.to_owned());
            let found: Result<_, DbError> = stage.db.read(move |tx| Box::pin(async move {
                search_everything(tx, &cx, &master(), &typed).await
            })).await;
            let Search::Done(found) = found? else { anyhow::bail!("nothing was looked for") };
            assert_eq!(found.people.rows.len(), count);
            assert_eq!(found.people.rows.first().map_or(0, |it| usize::from(it.id == bea)), count);
        }
        let (cx, abroad) = (cx(&vendor(&stage.db, "abroad").await?.id, NOW), String::new());
        let found: Result<_, DbError> = stage.db.read(move |tx| Box::pin(async move {
            search_sign_ups(tx, &cx.vendor_id, &abroad, None, FEW).await
        })).await;
        assert!(found?.is_empty());
        Ok(())
    }
}
