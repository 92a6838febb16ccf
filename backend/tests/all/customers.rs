//! The vendor's list of customers, and the search for anything.

use backend::Cx;
use backend::accounts::StaffRole;
use backend::accounts::customers::{CustomerFilter, count_licenses, search_customers};
use backend::db::{Db, DbError, Tx};
use backend::ids::{AccountId, UserId};
use backend::search::{Findings, MOST, Search, search_everything};

use crate::licenses::stage::{Stage, granted};
use crate::support::{NOW, account, master, on_both_engines};

async fn run(stage: &Stage, sql: &'static str) -> anyhow::Result<()> {
    let done: Result<(), anyhow::Error> = stage
        .db
        .write(move |tx| {
            Box::pin(async move {
                match tx {
                    Tx::Sqlite(tx) => {
                        sqlx::query(sql).execute(&mut **tx).await?;
                    }
                    Tx::Postgres(tx) => {
                        sqlx::query(sql).execute(&mut **tx).await?;
                    }
                }
                Ok(())
            })
        })
        .await;
    done
}

/// So many more accounts, one a millisecond, called as support calls them.
async fn accounts(stage: &Stage, count: i64) -> anyhow::Result<Vec<AccountId>> {
    let mut ids = Vec::new();
    for number in 0..count {
        let cx = stage.operator(NOW.plus(1 + number));
        let made = stage.db.write(move |tx| Box::pin(async move { account(tx, &cx).await })).await?;
        ids.push(made);
    }
    Ok(ids)
}

async fn listed(stage: &Stage, filter: &CustomerFilter) -> anyhow::Result<Vec<AccountId>> {
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let (vendor_id, filter, place) = (stage.vendor.id.clone(), filter.clone(), after.clone());
        let page: Result<_, DbError> = stage
            .db
            .read(move |tx| {
                Box::pin(async move { search_customers(tx, &vendor_id, &filter, place.as_ref(), NOW, 2).await })
            })
            .await;
        let page = page?;
        let Some(last) = page.last() else { return Ok(ids) };
        after = Some(last.place());
        ids.extend(page.into_iter().map(|listed| listed.account.id));
    }
}

async fn search(stage: &Stage, who: &UserId, typed: &str) -> anyhow::Result<Search> {
    let (cx, typed): (Cx, String) = (stage.person(who, NOW), typed.to_owned());
    let found: Result<_, DbError> =
        stage.db.read(move |tx| Box::pin(async move { search_everything(tx, &cx, &master(), &typed).await })).await;
    Ok(found?)
}

async fn find(stage: &Stage, who: &UserId, typed: &str) -> anyhow::Result<Findings> {
    match search(stage, who, typed).await? {
        Search::Done(found) => Ok(*found),
        other => anyhow::bail!("{typed}: {other:?}"),
    }
}

on_both_engines! {
    async fn the_list_goes_from_page_to_page_newest_first_and_filters(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let mut expected = accounts(&stage, 4).await?;
        expected.reverse();
        expected.push(stage.account_id.clone());
        assert_eq!(listed(&stage, &CustomerFilter::default()).await?, expected);
        run(&stage, "UPDATE accounts SET country = 'CH', kind = 'partner', company = '100% Weser_AG'
                     WHERE billing_email = 'a@example.test'").await?;
        let filter = |pairs: &[(&str, &str)]| {
            CustomerFilter::of_address(|asked| {
                pairs.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned())
            })
        };
        let own = [stage.account_id.clone()];
        for (pairs, found) in [
            (&[("country", "DE")][..], &own[..]),
            (&[("country", "FR")], &[]),
            (&[("kind", "partner")], &expected[..4]),
            (&[("find", "weser")], &expected[..4]),
            (&[("find", "0% Weser_A")], &expected[..4]),
            // What is looked for is no pattern.
            (&[("find", "1%Weser")], &[]),
            (&[("find", "Weser-AG")], &[]),
            (&[("find", "ADA@example")], &own[..]),
            (&[("find", stage.account_id.as_str())], &own[..]),
            (&[("find", "weser"), ("country", "DE")], &[]),
        ] {
            assert_eq!(listed(&stage, &filter(pairs)).await?, found, "{pairs:?}");
        }
        let (vendor_id, id) = (stage.vendor.id.clone(), stage.account_id.clone());
        let count: Result<_, DbError> =
            stage.db.read(move |tx| Box::pin(async move { count_licenses(tx, &vendor_id, &id, NOW).await })).await;
        let count = count?;
        assert_eq!((count.active, count.total), (1, 1));
        Ok(())
    }

    async fn anything_is_found_by_what_staff_are_told(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let clerk = stage.staff(StaffRole::ReadOnly).await?;
        let lease = granted(stage.activate("Node-A.example", None, NOW).await?)?;
        run(&stage, "INSERT INTO invoices (id, vendor_id, account_id, license_id, stripe_invoice_id, number, status, currency,
                         subtotal_minor, discount_minor, tax_minor, total_minor, paid_minor, due_minor, taxes,
                         billing_reason, parties, issued_at, created_at)
                     SELECT 'inv_1', vendor_id, account_id, id, 'in_1', 'ABCD-0001', 'open', 'usd', 1, 0, 0, 1, 0, 1, '[]',
                         'manual', '{}', 1, 1 FROM licenses").await?;
        run(&stage, "INSERT INTO orders (id, vendor_id, account_id, user_id, kind, plan_id, license_id, billing_interval,
                         seats, currency, amount_minor, status, payment, items, created_at)
                     SELECT 'ord_1', l.vendor_id, l.account_id, m.user_id, 'subscription', l.plan_id, l.id, 'month', 1, 'usd',
                         1, 'paid', 'card', '[]', 1 FROM licenses l JOIN memberships m ON m.account_id = l.account_id").await?;
        let account_id = stage.account_id.clone();
        for typed in ["exAMPLE g", "ada@", "ADA@EXAMPLE.TEST", " \0 Example GmbH\0", account_id.as_str()] {
            let found = find(&stage, &clerk, typed).await?.customers.rows;
            assert_eq!(found.iter().map(|it| &it.id).collect::<Vec<_>>(), [&account_id], "{typed:?}");
        }
        let hint = stage.key.masked();
        let shown: String = hint.chars().skip(hint.chars().count() - 4).collect();
        for typed in [stage.key.expose(), hint.as_str(), shown.as_str(), stage.license_id.as_str()] {
            let found = find(&stage, &clerk, typed).await?.licenses.rows;
            assert_eq!(found.iter().map(|it| &it.id).collect::<Vec<_>>(), [&stage.license_id], "{typed}");
        }
        for typed in ["abcd-00", "ABCD-0001", "inv_1", "in_1"] {
            assert_eq!(find(&stage, &clerk, typed).await?.invoices.rows.len(), 1, "{typed}");
        }
        assert_eq!(find(&stage, &clerk, "ord_1").await?.orders.rows.len(), 1);
        for typed in ["node-a", "NODE-A.EXAMPLE", lease.instance_id.as_str()] {
            assert_eq!(find(&stage, &clerk, typed).await?.instances.rows.len(), 1, "{typed}");
        }
        for typed in ["GmbH", "%ample", "_ode", "nothing of the kind", "🦀🦀"] {
            assert!(find(&stage, &clerk, typed).await?.is_empty(), "{typed}");
        }
        Ok(())
    }

    async fn a_group_has_ten_at_most_and_says_that_there_are_more(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let clerk = stage.staff(StaffRole::ReadOnly).await?;
        accounts(&stage, 11).await?;
        let found = find(&stage, &clerk, "Example").await?.customers;
        assert_eq!((found.rows.len(), found.has_more), (MOST, true));
        run(&stage, "UPDATE accounts SET company = 'Weser' WHERE id IN (SELECT MIN(id) FROM accounts)").await?;
        let found = find(&stage, &clerk, "weser").await?.customers;
        assert_eq!((found.rows.len(), found.has_more), (1, false));
        Ok(())
    }

    async fn only_staff_search_and_only_for_something(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let clerk = stage.staff(StaffRole::Finance).await?;
        assert_eq!(search(&stage, &stage.owner, "Example").await?, Search::NotAllowed);
        for typed in ["", "E", " \u{0} ", "\n\t"] {
            assert_eq!(search(&stage, &clerk, typed).await?, Search::TooShort, "{typed:?}");
        }
        Ok(())
    }

    async fn what_another_vendor_has_is_not_found(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let clerk = stage.staff(StaffRole::Admin).await?;
        let abroad = crate::support::vendor(&stage.db, "abroad").await?;
        let cx = crate::support::cx(&abroad.id, NOW);
        let theirs = stage.db.write(move |tx| Box::pin(async move { account(tx, &cx).await })).await?;
        let found = find(&stage, &clerk, "Example").await?.customers.rows;
        assert_eq!(found.iter().map(|it| &it.id).collect::<Vec<_>>(), [&stage.account_id]);
        assert!(find(&stage, &clerk, theirs.as_str()).await?.is_empty());
        assert_eq!(listed(&stage, &CustomerFilter::default()).await?, std::slice::from_ref(&stage.account_id));
        Ok(())
    }
}
