//! The first page of the console: every number is the length of the list that it leads to.

use backend::Cx;
use backend::accounts::StaffRole;
use backend::billing::dunning::{OverduePlace, list_overdue_payments};
use backend::billing::earnings::{
    EarningFilter, EarningState, PlanEarnings, Sum, export_earnings, list_earnings, sum_earnings,
};
use backend::catalog::Plan;
use backend::clock::{DAY_MS, UnixMs};
use backend::dashboard::{DENIED_WITHIN, Dashboard, ENDS_WITHIN, by_currency, read_dashboard};
use backend::db::{Db, DbError, Tx};
use backend::ids::{LicenseId, UserId};
use backend::leases::denials::{DenialFilter, list_denials};
use backend::leases::instance_list::{InstanceFilter, LeaseState, search_vendor_instances};
use backend::licenses::search::{LicenseFilter, ListedStatus, Page, search_vendor};
use backend::licenses::{LicenseStatus, NewLicense, create_license};
use backend::listing::Days;
use backend::money::Currency;
use backend::orders::OrderStatus;
use backend::orders::search::{OrderFilter, export_orders, search_orders};
use backend::refunds::returns::{ReturnFilter, ReturnKind, list_returns};

use crate::licenses::stage::{Stage, code, granted};
use crate::support::{NOW, master, on_both_engines};

/// 2026-11-01T00:00:00Z, the month of [`NOW`].
const MONTH: i64 = 1_793_491_200_000;
/// Rows of a page: so few that every list has several.
const FEW: i64 = 2;

async fn run(stage: &Stage, sql: String) -> anyhow::Result<()> {
    let done: Result<(), anyhow::Error> = stage
        .db
        .write(move |tx| {
            Box::pin(async move {
                let sql = sqlx::AssertSqlSafe(sql);
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

/// One more license of the account.
async fn license(stage: &Stage, ends_at: UnixMs) -> anyhow::Result<LicenseId> {
    let (cx, account_id, plan): (Cx, _, Plan) =
        (stage.operator(NOW), stage.account_id.clone(), stage.plan("startup").await?);
    let made = stage.write(move |tx| {
        Box::pin(async move {
            let new = NewLicense {
                account_id: &account_id,
                plan: &plan,
                seats: 1,
                status: LicenseStatus::Active,
                starts_at: NOW,
                ends_at: Some(ends_at),
                updates_until: None,
                name: "",
            };
            let (license, _) = create_license(tx, &cx, &master(), &new).await?;
            Ok(license.id)
        })
    });
    Ok(made.await?)
}

/// A subscription: its status, interval, currency and price, since when it earns, when it ended, and since when it is overdue.
struct Row(&'static str, &'static str, &'static str, i64, Option<i64>, Option<i64>, Option<i64>);

/// A license with a subscription.
async fn subscribed(stage: &Stage, id: &str, row: Row) -> anyhow::Result<LicenseId> {
    let license_id = license(stage, NOW.plus(10 * DAY_MS)).await?;
    let Row(status, interval, currency, recurring, earning, ended, overdue) = row;
    let at = |at: Option<i64>| at.map_or("CAST(NULL AS BIGINT)".to_owned(), |at| at.to_string());
    let (earning, renews) = (at(earning), ended.is_none());
    let (ended, overdue) = (at(ended), at(overdue));
    run(
        stage,
        format!(
            "INSERT INTO subscriptions (id, vendor_id, account_id, license_id, stripe_subscription_id, stripe_status,
                 plan_id, billing_interval, seats, currency, addons, packs, recurring_minor, period_start, period_end,
                 cancel_at_period_end, past_due_since, ended_at, updated_at, earning_since)
             SELECT '{id}', vendor_id, account_id, id, '{id}', '{status}', plan_id, '{interval}', 1, '{currency}', '[]',
                 '{{}}', {recurring}, 1, 2, FALSE, {overdue}, {ended}, 1, {earning} FROM licenses WHERE id = '{license_id}'"
        ),
    )
    .await?;
    run(stage, format!("UPDATE licenses SET renews = {renews} WHERE id = '{license_id}'")).await?;
    Ok(license_id)
}

/// An order, as old as its second value says.
async fn ordered(stage: &Stage, id: &str, at: i64, status: &str, license_id: &LicenseId) -> anyhow::Result<()> {
    let user = &stage.owner;
    run(
        stage,
        format!(
            "INSERT INTO orders (id, vendor_id, account_id, user_id, kind, plan_id, license_id, billing_interval, seats,
                 currency, amount_minor, status, payment, items, created_at)
             SELECT '{id}', vendor_id, account_id, '{user}', 'subscription', plan_id, id, 'month', 1, 'usd', 100, '{status}',
                 'card', '[]', {at} FROM licenses WHERE id = '{license_id}'"
        ),
    )
    .await
}

/// A campaign of 20 % for ever, with a code that an order has redeemed.
async fn redeemed(stage: &Stage, order_id: &str) -> anyhow::Result<()> {
    let (vendor, account) = (&stage.vendor.id, &stage.account_id);
    for sql in [
        format!(
            "INSERT INTO campaigns (id, vendor_id, name, percent_bp, duration, plan_ids, product_ids, first_purchase_only,
                 starts_at, created_at)
             VALUES ('cmp_1', '{vendor}', 'Autumn', 2000, 'forever', '[]', '[]', FALSE, 1, 1)"
        ),
        format!(
            "INSERT INTO promotion_codes (id, vendor_id, campaign_id, code, code_key, created_at)
             VALUES ('pco_1', '{vendor}', 'cmp_1', 'AUTUMN', 'AUTUMN', 1)"
        ),
        format!(
            "INSERT INTO redemptions (id, vendor_id, campaign_id, code_id, account_id, order_id, state, takes_off_minor,
                 currency, reserved_at, settled_at)
             VALUES ('rdm_1', '{vendor}', 'cmp_1', 'pco_1', '{account}', '{order_id}', 'redeemed', 1, 'usd', 1, 1)"
        ),
    ] {
        run(stage, sql).await?;
    }
    Ok(())
}

/// An invoice of which something was given back, and something is asked back.
async fn given_back(stage: &Stage) -> anyhow::Result<()> {
    let (vendor, account) = (&stage.vendor.id, &stage.account_id);
    run(
        stage,
        format!(
            "INSERT INTO invoices (id, vendor_id, account_id, stripe_invoice_id, number, status, currency, subtotal_minor,
                 discount_minor, tax_minor, total_minor, paid_minor, due_minor, taxes, billing_reason, parties, issued_at,
                 created_at)
             VALUES ('inv_1', '{vendor}', '{account}', 'in_1', 'A-1', 'paid', 'usd', 100, 0, 0, 100, 100, 0, '[]', 'manual',
                 '{{}}', 1, 1)"
        ),
    )
    .await?;
    for (number, status, at) in [(1, "pending", 30), (2, "succeeded", 20), (3, "failed", 20)] {
        run(
            stage,
            format!(
                "INSERT INTO refunds (id, vendor_id, account_id, invoice_id, stripe_refund_id, status, currency,
                     amount_minor, reason, refunded_at, updated_at)
                 VALUES ('rfd_{number}', '{vendor}', '{account}', 'inv_1', 're_{number}', '{status}', 'usd', {number},
                     'duplicate', {at}, 1)"
            ),
        )
        .await?;
    }
    for (number, status, at) in [(1, "inquiry", 40), (2, "open", 10), (3, "won", 50)] {
        run(
            stage,
            format!(
                "INSERT INTO disputes (id, vendor_id, account_id, invoice_id, stripe_dispute_id, status, currency,
                     amount_minor, reason, opened_at, updated_at)
                 VALUES ('dis_{number}', '{vendor}', '{account}', 'inv_1', 'du_{number}', '{status}', 'usd', 5, '', {at}, 1)"
            ),
        )
        .await?;
    }
    run(
        stage,
        format!(
            "INSERT INTO credit_notes (id, vendor_id, account_id, invoice_id, stripe_credit_note_id, number, status,
                 currency, subtotal_minor, discount_minor, tax_minor, total_minor, reduced_minor, refunded_minor,
                 credited_minor, elsewhere_minor, taxes, reason, memo, parties, refund_ids, issued_at, created_at)
             VALUES ('cno_1', '{vendor}', '{account}', 'inv_1', 'cn_1', 'C-1', 'issued', 'usd', 7, 0, 0, 7, 0, 7, 0, 0,
                 '[]', 'duplicate', '', '{{}}', '[]', 20, 1)"
        ),
    )
    .await
}

async fn dashboard(stage: &Stage, who: &UserId, now: UnixMs) -> anyhow::Result<Option<Dashboard>> {
    let cx = stage.person(who, now);
    let read: Result<_, DbError> =
        stage.db.read(move |tx| Box::pin(async move { read_dashboard(tx, &cx).await })).await;
    Ok(read?)
}

/// The rows of a list, page by page: `$page` reads the page with `$filter` that begins after `$after`, and `$place` tells
/// where the page after a row goes on.
macro_rules! all_pages {
    ($stage:expr, |$tx:ident, $vendor_id:ident, $filter:ident, $after:ident| $page:expr, $place:expr) => {{
        let (mut rows, mut place) = (Vec::new(), None);
        loop {
            let ($vendor_id, $filter, $after) = ($stage.vendor.id.clone(), $filter.clone(), place.clone());
            let page: Result<Vec<_>, DbError> = $stage.db.read(move |$tx| Box::pin(async move { $page.await })).await;
            let page = page?;
            let Some(last) = page.last() else { break rows };
            place = Some($place(last));
            rows.extend(page);
        }
    }};
}

async fn earnings(stage: &Stage, filter: EarningFilter) -> anyhow::Result<Vec<(String, i64)>> {
    let rows = all_pages!(
        stage,
        |tx, vendor_id, filter, after| list_earnings(tx, &vendor_id, &filter, NOW, after.as_ref(), FEW),
        backend::billing::earnings::Earning::place
    );
    Ok(rows.into_iter().map(|it| (it.id.to_string(), it.monthly().amount_minor)).collect())
}

async fn orders(stage: &Stage, filter: OrderFilter) -> anyhow::Result<Vec<String>> {
    let rows = all_pages!(
        stage,
        |tx, vendor_id, filter, after| search_orders(tx, &vendor_id, &filter, after.as_ref(), FEW),
        backend::orders::search::ListedOrder::place
    );
    Ok(rows.into_iter().map(|it| it.id.to_string()).collect())
}

async fn instances(stage: &Stage, filter: InstanceFilter, now: UnixMs) -> anyhow::Result<Vec<String>> {
    let rows = all_pages!(
        stage,
        |tx, vendor_id, filter, after| search_vendor_instances(tx, &vendor_id, &filter, now, after.as_ref(), FEW),
        backend::leases::instance_list::VendorInstance::place
    );
    Ok(rows.into_iter().map(|it| it.instance.identity().id).collect())
}

async fn denials(stage: &Stage, filter: DenialFilter, now: UnixMs) -> anyhow::Result<Vec<(String, i64)>> {
    let rows = all_pages!(
        stage,
        |tx, vendor_id, filter, after| list_denials(tx, &vendor_id, &filter, now, after.as_ref(), FEW),
        backend::leases::denials::Denial::place
    );
    Ok(rows.into_iter().map(|it| (it.code.clone(), it.occurrences)).collect())
}

async fn returns(stage: &Stage, filter: ReturnFilter) -> anyhow::Result<Vec<String>> {
    let rows = all_pages!(
        stage,
        |tx, vendor_id, filter, after| list_returns(tx, &vendor_id, &filter, after.as_ref(), FEW),
        backend::refunds::returns::Return::place
    );
    Ok(rows.into_iter().map(|it| it.id).collect())
}

async fn licenses(stage: &Stage, filter: LicenseFilter, now: UnixMs) -> anyhow::Result<Vec<LicenseId>> {
    let (mut ids, mut place) = (Vec::new(), None);
    loop {
        let (vendor_id, filter, after) = (stage.vendor.id.clone(), filter.clone(), place.clone());
        let found: Result<_, DbError> = stage
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let page = Page { now, after: after.as_ref(), limit: FEW };
                    search_vendor(tx, &vendor_id, &master(), &filter, page).await
                })
            })
            .await;
        let found = found?;
        ids.extend(found.licenses.into_iter().map(|it| it.view.license.id));
        match found.next {
            Some(next) => place = Some(next),
            None => return Ok(ids),
        }
    }
}

fn count<T>(rows: &[T]) -> i64 {
    i64::try_from(rows.len()).expect("few rows")
}

fn in_code(currency: &str) -> Currency {
    Currency::parse(currency).expect("a currency")
}

/// The sums of a currency, as `(subscriptions, a month)` now, new and ended.
fn sums(plans: &[PlanEarnings], currency: &str) -> [(i64, i64); 3] {
    let all = by_currency(plans);
    let found = all.iter().find(|it| it.currency == in_code(currency)).expect("the currency");
    [found.running, found.new, found.ended].map(|Sum { subscriptions, monthly_minor }| (subscriptions, monthly_minor))
}

on_both_engines! {
    async fn what_is_earned_is_the_sum_of_the_subscriptions_in_the_list(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let admin = stage.staff(StaffRole::Admin).await?;
        let (long_ago, lately) = (Some(MONTH - 1), Some(MONTH));
        let rows = [
            ("sub_month", Row("active", "month", "usd", 29_900, long_ago, None, None)),
            ("sub_year", Row("active", "year", "usd", 299_000, lately, None, None)),
            ("sub_off", Row("active", "month", "usd", 10_000, long_ago, None, None)),
            ("sub_late", Row("past_due", "month", "eur", 5_000, long_ago, None, Some(NOW.0 - DAY_MS))),
            ("sub_gone", Row("canceled", "month", "usd", 1_500, long_ago, Some(MONTH), None)),
            // None of these is counted.
            ("sub_trial", Row("trialing", "month", "usd", 700, None, None, None)),
            ("sub_trial_gone", Row("canceled", "month", "usd", 700, None, Some(MONTH + 1), None)),
            ("sub_long_gone", Row("canceled", "month", "usd", 700, Some(1), Some(MONTH - 1), None)),
            ("sub_unpaid", Row("unpaid", "month", "usd", 700, long_ago, None, None)),
            ("sub_free", Row("active", "month", "usd", 0, lately, None, None)),
        ];
        for (id, row) in rows {
            let license_id = subscribed(&stage, id, row).await?;
            if id == "sub_off" {
                ordered(&stage, "ord_off", MONTH - 1, "paid", &license_id).await?;
                redeemed(&stage, "ord_off").await?;
            }
        }
        let found = dashboard(&stage, &admin, NOW).await?.expect("the dashboard");
        let plans = found.revenue.expect("what is earned");
        assert_eq!(sums(&plans, "usd"), [(3, 29_900 + 24_917 + 8_000), (1, 24_917), (1, 1_500)]);
        assert_eq!(sums(&plans, "eur"), [(1, 5_000), (0, 0), (0, 0)]);
        for state in EarningState::ALL {
            for currency in ["usd", "eur"] {
                let filter = EarningFilter { state: *state, currency: currency.to_owned(), ..EarningFilter::default() };
                let rows = earnings(&stage, filter).await?;
                let sum = by_currency(&plans).into_iter().find(|it| it.currency == in_code(currency)).expect("it").of(*state);
                let listed = (count(&rows), rows.iter().map(|(_, monthly)| monthly).sum::<i64>());
                assert_eq!(listed, (sum.subscriptions, sum.monthly_minor), "{state:?} {currency}: {rows:?}");
            }
        }
        for plan in &plans {
            let filter = EarningFilter {
                plan: plan.plan_id.to_string(),
                currency: plan.currency.as_str().to_owned(),
                ..EarningFilter::default()
            };
            assert_eq!(count(&earnings(&stage, filter).await?), plan.running.subscriptions);
        }
        // What is taken off for some months is not taken off after them.
        run(&stage, "UPDATE campaigns SET duration = 'repeating', duration_months = 3".to_owned()).await?;
        let vendor_id = stage.vendor.id.clone();
        let without: Result<_, DbError> =
            stage.db.read(move |tx| Box::pin(async move { sum_earnings(tx, &vendor_id, NOW).await })).await;
        assert_eq!(sums(&without?, "usd")[0], (3, 29_900 + 24_917 + 10_000));
        assert!(earnings(&stage, EarningFilter::default()).await?.contains(&("sub_off".to_owned(), 10_000)));
        Ok(())
    }

    async fn every_other_number_is_the_length_of_its_list(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        let admin = stage.staff(StaffRole::ReadOnly).await?;
        let renewed = subscribed(&stage, "sub_1", Row("past_due", "month", "usd", 1, Some(1), None, Some(5))).await?;
        let ended = subscribed(&stage, "sub_2", Row("canceled", "month", "usd", 1, Some(1), Some(2), None)).await?;
        let soon = license(&stage, NOW.plus(29 * DAY_MS)).await?;
        license(&stage, NOW.plus(31 * DAY_MS)).await?;
        license(&stage, NOW.plus(-1)).await?;
        let suspended = license(&stage, NOW.plus(DAY_MS)).await?;
        run(&stage, format!("UPDATE licenses SET vendor_standing = 'suspended' WHERE id = '{suspended}'")).await?;
        for node in ["node-a", "node-b"] {
            granted(stage.activate(node, None, NOW).await?)?;
        }
        for _ in 0..3 {
            assert_eq!(code(&stage.activate("node-c", None, NOW).await?), "seats_exhausted");
        }
        assert_eq!(code(&stage.activate("node-d", None, NOW.plus(1)).await?), "seats_exhausted");
        for (id, at, status) in [("ord_1", MONTH, "paid"), ("ord_2", NOW.0, "open"), ("ord_3", MONTH - 1, "paid")] {
            ordered(&stage, id, at, status, &soon).await?;
        }
        redeemed(&stage, "ord_2").await?;
        given_back(&stage).await?;

        let found = dashboard(&stage, &admin, NOW).await?.expect("the dashboard");
        let active = LicenseFilter { status: Some(ListedStatus::Active), ..LicenseFilter::default() };
        let listed = licenses(&stage, active.clone(), NOW).await?;
        assert_eq!((found.active_licenses, count(&listed)), (5, 5));
        let mut ending = licenses(&stage, LicenseFilter { ends: Some(ENDS_WITHIN), ..active }, NOW).await?;
        ending.sort();
        let mut expected = vec![ended, soon];
        expected.sort();
        assert_eq!((found.ending_licenses, ending), (2, expected));
        let live = |state| InstanceFilter { state: Some(state), ..InstanceFilter::default() };
        let running = instances(&stage, live(LeaseState::Live), NOW).await?;
        assert_eq!((found.live_instances, running.join(" ").as_str()), (2, "node-a node-b"));
        assert!(instances(&stage, live(LeaseState::Lapsed), NOW).await?.is_empty());

        let told: Vec<_> = found.denials.iter().map(|it| (it.code.as_str(), it.entries, it.times)).collect();
        assert_eq!(told, [("seats_exhausted", 2, 4)]);
        let of = DenialFilter { code: "seats_exhausted".to_owned(), within: Some(DENIED_WITHIN) };
        let listed = denials(&stage, of.clone(), NOW).await?;
        assert_eq!((count(&listed), listed.iter().map(|(_, times)| times).sum::<i64>()), (2, 4));
        assert!(denials(&stage, DenialFilter { code: "license_expired".to_owned(), ..of.clone() }, NOW).await?.is_empty());

        let days = Days { from: "2026-11-01".parse().ok(), to: None };
        let month = OrderFilter { days, ..OrderFilter::default() };
        assert_eq!((found.orders_this_month, orders(&stage, month.clone()).await?.join(" ").as_str()), (2, "ord_2 ord_1"));
        assert_eq!((found.campaigns.len(), found.campaigns[0].orders), (1, 1));
        let with_code = OrderFilter { campaign: found.campaigns[0].campaign_id.to_string(), ..month.clone() };
        assert_eq!(orders(&stage, with_code).await?, ["ord_2"]);
        let paid = OrderFilter { status: Some(OrderStatus::Paid), ..OrderFilter::default() };
        assert_eq!(orders(&stage, paid).await?, ["ord_1", "ord_3"]);
        let days = Days { from: None, to: "2026-10-31".parse().ok() };
        let before = OrderFilter { days, ..OrderFilter::default() };
        assert_eq!(orders(&stage, before).await?, ["ord_3"]);
        assert_eq!(found.latest_orders.len(), 3);

        let undecided = |kind| ReturnFilter { kind: Some(kind), undecided: true };
        let listed = returns(&stage, undecided(ReturnKind::Refund)).await?;
        assert_eq!((found.undecided.refunds, listed.join(" ").as_str()), (1, "rfd_1"));
        let listed = returns(&stage, undecided(ReturnKind::Dispute)).await?;
        assert_eq!((found.undecided.disputes, listed.join(" ").as_str()), (2, "dis_1 dis_2"));
        let listed = returns(&stage, ReturnFilter::default()).await?;
        assert_eq!(listed.join(" "), "dis_3 dis_1 rfd_1 rfd_3 rfd_2 cno_1 dis_2");

        let vendor_id = stage.vendor.id.clone();
        let overdue: Result<_, DbError> = stage.db.read(move |tx| Box::pin(async move {
            list_overdue_payments(tx, &vendor_id, None::<&OverduePlace>, 100).await
        })).await;
        assert_eq!((found.overdue_payments, overdue?[0].license_id.clone()), (1, renewed));

        // Long after, nobody was refused lately, and the leases have ended.
        let later = NOW.plus(40 * DAY_MS);
        let found = dashboard(&stage, &admin, later).await?.expect("the dashboard");
        assert!(found.denials.is_empty());
        assert!(denials(&stage, of, later).await?.is_empty());
        assert_eq!(denials(&stage, DenialFilter::default(), later).await?.len(), 2);
        assert_eq!((found.live_instances, instances(&stage, live(LeaseState::Lapsed), later).await?.len()), (0, 2));
        Ok(())
    }

    async fn lists_are_filtered_by_what_is_asked_for(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        for node in ["Node-A", "node-b"] {
            granted(stage.activate(node, None, NOW).await?)?;
        }
        let find = |text: &str| InstanceFilter { text: text.to_owned(), ..InstanceFilter::default() };
        for (filter, found) in [
            (InstanceFilter::default(), vec!["Node-A", "node-b"]),
            (find("NODE-a"), vec!["Node-A"]),
            (find("%"), vec![]),
            (find("example gmbh"), vec!["Node-A", "node-b"]),
            (InstanceFilter { version: "4.2".to_owned(), ..find("node-b") }, vec!["node-b"]),
            (InstanceFilter { version: "5".to_owned(), ..find("") }, vec![]),
            (InstanceFilter { product: "iot-platform".to_owned(), ..find("") }, vec!["Node-A", "node-b"]),
            (InstanceFilter { product: "other".to_owned(), ..find("") }, vec![]),
        ] {
            assert_eq!(instances(&stage, filter.clone(), NOW).await?, found, "{filter:?}");
        }
        let plan = |plan: &str| LicenseFilter { plan: plan.to_owned(), ..LicenseFilter::default() };
        assert_eq!(licenses(&stage, plan("startup"), NOW).await?.len(), 1);
        assert!(licenses(&stage, plan("business"), NOW).await?.is_empty());
        let kind = |kind| LicenseFilter { kind: Some(kind), ..LicenseFilter::default() };
        assert_eq!(licenses(&stage, kind(backend::catalog::PlanKind::Subscription), NOW).await?.len(), 1);
        assert!(licenses(&stage, kind(backend::catalog::PlanKind::Perpetual), NOW).await?.is_empty());
        Ok(())
    }

    async fn whoever_may_not_see_what_is_earned_sees_the_rest_and_customers_see_nothing(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        subscribed(&stage, "sub_1", Row("active", "month", "usd", 29_900, Some(1), None, None)).await?;
        let (support, finance) = (stage.staff(StaffRole::Support).await?, stage.staff(StaffRole::Finance).await?);
        assert!(dashboard(&stage, &stage.owner, NOW).await?.is_none());
        let seen = dashboard(&stage, &support, NOW).await?.expect("the dashboard");
        assert_eq!((seen.revenue, seen.active_licenses), (None, 2));
        assert!(dashboard(&stage, &finance, NOW).await?.expect("the dashboard").revenue.is_some());
        for (who, is_given) in [(&support, false), (&finance, true), (&stage.owner, false)] {
            let cx = stage.person(who, NOW);
            let tables: Result<_, DbError> = stage.db.read(move |tx| Box::pin(async move {
                let earned = export_earnings(tx, &cx, &EarningFilter::default()).await?;
                Ok((earned, export_orders(tx, &cx, &OrderFilter::default()).await?))
            })).await;
            let (earned, orders) = tables?;
            assert_eq!(earned.is_some(), is_given, "{who}");
            assert_eq!(orders.is_some(), *who != stage.owner, "{who}");
            if let Some(table) = earned {
                assert!(table.contains(",1,month,USD,299.00,1970-01-01,\r\n"), "{table}");
            }
        }
        Ok(())
    }

    async fn what_another_vendor_has_is_counted_nowhere(db: Db) {
        let stage = Stage::new(db, "startup", 2).await?;
        subscribed(&stage, "sub_1", Row("past_due", "month", "usd", 29_900, Some(1), None, Some(5))).await?;
        given_back(&stage).await?;
        granted(stage.activate("node-a", None, NOW).await?)?;
        let abroad = crate::support::vendor(&stage.db, "abroad").await?;
        let cx = crate::support::cx(&abroad.id, NOW);
        let read: Result<_, DbError> =
            stage.db.read(move |tx| Box::pin(async move { read_dashboard(tx, &cx).await })).await;
        let found = read?.expect("the operator may see it");
        assert_eq!(found.revenue.as_deref(), Some(&[][..]));
        assert_eq!((found.active_licenses, found.live_instances, found.overdue_payments), (0, 0, 0));
        assert_eq!((found.undecided.refunds, found.orders_this_month, found.failed_work()), (0, 0, 0));
        assert!(found.latest_orders.is_empty() && found.denials.is_empty());
        assert!(!found.beginnings.has_offer && !found.beginnings.has_order && !found.beginnings.has_colleagues);
        Ok(())
    }
}
