//! Changes of what is paid by card: what was shown is charged, once, and what takes away waits.

use backend::billing::{
    Agreed, CancelReason, Cancellation, Change, ChangePreview, ChangeRefusal, cancel_subscription, change_subscription,
    preview_change,
};
use backend::catalog::BillingInterval;
use backend::clock::{DAY_MS, HOUR_MS};
use backend::db::Db;
use backend::invoices::{DocumentKind, find_document};
use backend::orders::{OrderProgress, order_progress};
use stripe_sandbox::Cut;

use super::shop::Shop;
use super::{agree, charge, request};
use crate::support::{NOW, on_both_engines};

on_both_engines! {
    async fn an_upgrade_costs_what_was_shown_and_reaches_the_license(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
        shop.set_clock(NOW.plus(10 * DAY_MS + 12_345_000))?;
        let request = request(&shop, &license.id, "business", 5).await?;
        let shown = charge(&shop, &request).await?;
        assert_eq!(shown.recurring.amount_minor, 49_900 + 2 * 14_900);
        assert!(shown.amount_due.amount_minor > 0);
        // A minute passes while the buyer thinks; what is charged is still what was shown.
        shop.set_clock(shop.now().plus(60_000))?;
        let changed = change_subscription(&shop.commerce, &shop.cx(), &request, agree(&shown)).await?;
        let Change::Applied { stripe_invoice_id: Some(invoice_id) } = changed else { anyhow::bail!("{changed:?}") };
        let charged = shop.stripe().fetch_invoice(&invoice_id).await?;
        assert_eq!(charged.amount_paid_minor, shown.amount_due.amount_minor);
        assert_eq!(charged.total_minor, shown.total.amount_minor);
        assert_eq!(charged.lines.len(), shown.lines.len());
        let after = shop.license(&license.id).await?;
        assert_eq!((after.seats, after.terms.limits["devices"]), (5, 1_000));
        // Agreed to again (a double click), it is already so.
        let again = change_subscription(&shop.commerce, &shop.cx(), &request, agree(&shown)).await?;
        assert_eq!(again, Change::Kept);
        shop.deliver_all().await?;
        shop.work().await?;
        let invoices = shop.invoices().await?;
        assert_eq!(invoices.len(), 2);
        assert_eq!(invoices[0].total_minor, shown.total.amount_minor);
        assert_eq!(shop.license(&license.id).await?, after);
        Ok(())
    }

    async fn seats_are_added_at_once_and_taken_away_at_the_end_of_the_period(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        let more = request(&shop, &license.id, "startup", 4).await?;
        let shown = charge(&shop, &more).await?;
        let changed = change_subscription(&shop.commerce, &shop.cx(), &more, agree(&shown)).await?;
        assert!(matches!(changed, Change::Applied { .. }), "{changed:?}");
        assert_eq!(shop.license(&license.id).await?.seats, 4);

        let fewer = request(&shop, &license.id, "startup", 3).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &fewer).await?;
        let ChangePreview::Later(planned) = preview else { anyhow::bail!("{preview:?}") };
        let agreed = Agreed::Later { recurring_minor: planned.recurring.amount_minor };
        let changed = change_subscription(&shop.commerce, &shop.cx(), &fewer, agreed).await?;
        assert_eq!(changed, Change::Planned { at: planned.at });
        let row = shop.subscription(&license.id).await?;
        assert_eq!(row.seats, 4);
        let scheduled = row.scheduled.expect("a planned change").0;
        assert_eq!((scheduled.to.seats, scheduled.recurring_minor, scheduled.at), (3, 44_800, planned.at));
        assert_eq!(shop.license(&license.id).await?.seats, 4);

        shop.set_clock(planned.at.plus(HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        let row = shop.subscription(&license.id).await?;
        assert_eq!((row.seats, row.recurring_minor), (3, 44_800));
        assert_eq!(shop.license(&license.id).await?.seats, 3);
        Ok(())
    }

    async fn an_upgrade_drops_a_planned_downgrade_and_says_so(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        let down = request(&shop, &license.id, "maker", 2).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &down).await?;
        let ChangePreview::Later(planned) = preview else { anyhow::bail!("{preview:?}") };
        let agreed = Agreed::Later { recurring_minor: planned.recurring.amount_minor };
        change_subscription(&shop.commerce, &shop.cx(), &down, agreed).await?;
        assert!(shop.subscription(&license.id).await?.scheduled.is_some());
        let up = request(&shop, &license.id, "business", 3).await?;
        let shown = charge(&shop, &up).await?;
        assert!(shown.drops_planned_change);
        let changed = change_subscription(&shop.commerce, &shop.cx(), &up, agree(&shown)).await?;
        assert!(matches!(changed, Change::Applied { .. }), "{changed:?}");
        let row = shop.subscription(&license.id).await?;
        assert_eq!((row.scheduled, row.seats), (None, 3));
        Ok(())
    }

    async fn an_upgrade_whose_card_is_declined_leaves_what_was_planned(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        let down = request(&shop, &license.id, "maker", 2).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &down).await?;
        let ChangePreview::Later(planned) = preview else { anyhow::bail!("{preview:?}") };
        let agreed = Agreed::Later { recurring_minor: planned.recurring.amount_minor };
        change_subscription(&shop.commerce, &shop.cx(), &down, agreed).await?;
        let before = shop.subscription(&license.id).await?;
        let up = request(&shop, &license.id, "business", 3).await?;
        let shown = charge(&shop, &up).await?;

        // The call that would charge is declined.
        let (commerce, cx) = (&shop.commerce, shop.cx());
        let charging = format!("POST /v1/subscriptions/{}", before.stripe_subscription_id);
        shop.cut(Some((0, Cut::Before)));
        let decline = async {
            loop {
                match shop.was_cut() {
                    Some(call) if call == charging => break,
                    Some(_) => {
                        shop.cut(Some((0, Cut::Before)));
                        shop.release();
                    }
                    None => tokio::time::sleep(std::time::Duration::from_millis(5)).await,
                }
            }
            shop.cut(None);
            let set = shop.control("chaos", r#"{"fail_next":"402"}"#).await;
            shop.release();
            set
        };
        let (changed, set) = tokio::join!(change_subscription(commerce, &cx, &up, agree(&shown)), decline);
        set?;
        assert_eq!(changed?, Change::Declined { decline_code: Some("generic_decline".to_owned()) });
        let after = shop.subscription(&license.id).await?;
        let (was, is) = (before.scheduled.expect("a plan").0, after.scheduled.expect("it is planned again").0);
        assert_eq!((is.at, is.to, is.recurring_minor), (was.at, was.to, was.recurring_minor));
        assert_eq!((after.seats, after.plan_id), (before.seats, before.plan_id));

        shop.set_clock(planned.at.plus(HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.subscription(&license.id).await?.plan_id, down.to.plan_id);
        Ok(())
    }

    async fn an_upgrade_that_is_never_paid_leaves_what_was_planned(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        // As banks usually decline: Stripe keeps the change for a day, to be paid otherwise.
        shop.use_card(&license.id, "pm_card_chargeCustomerFail").await?;
        let down = request(&shop, &license.id, "maker", 2).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &down).await?;
        let ChangePreview::Later(planned) = preview else { anyhow::bail!("{preview:?}") };
        let agreed = Agreed::Later { recurring_minor: planned.recurring.amount_minor };
        change_subscription(&shop.commerce, &shop.cx(), &down, agreed).await?;
        let before = shop.subscription(&license.id).await?;
        let up = request(&shop, &license.id, "business", 3).await?;
        let shown = charge(&shop, &up).await?;
        let changed = change_subscription(&shop.commerce, &shop.cx(), &up, agree(&shown)).await?;
        assert!(matches!(changed, Change::AwaitingPayment { .. }), "{changed:?}");
        shop.set_clock(NOW.plus(HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.subscription(&license.id).await?.scheduled, None, "it may still be paid");

        shop.set_clock(NOW.plus(25 * HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        let after = shop.subscription(&license.id).await?;
        let (was, is) = (before.scheduled.expect("a plan").0, after.scheduled.expect("it is planned again").0);
        assert_eq!((is.at, is.to, is.recurring_minor), (was.at, was.to, was.recurring_minor));
        assert_eq!((after.seats, after.plan_id), (before.seats, before.plan_id));
        // Whoever drops it then has dropped it.
        let kept = request(&shop, &license.id, "startup", 2).await?;
        let agreed = Agreed::Later { recurring_minor: 0 };
        assert_eq!(change_subscription(&shop.commerce, &shop.cx(), &kept, agreed).await?, Change::Kept);
        shop.set_clock(NOW.plus(50 * HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.subscription(&license.id).await?.scheduled, None);
        Ok(())
    }

    async fn what_was_not_shown_is_not_charged(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
        let request = request(&shop, &license.id, "business", 3).await?;
        let shown = charge(&shop, &request).await?;
        let cheaper = Agreed::ChargeNow { proration_date: shown.proration_date, amount_due_minor: 1 };
        let outcome = change_subscription(&shop.commerce, &shop.cx(), &request, cheaper).await?;
        assert!(matches!(outcome, Change::PreviewOutdated(_)), "{outcome:?}");
        // A date far back would make the difference small; a preview lives an hour.
        shop.set_clock(NOW.plus(20 * DAY_MS))?;
        let outcome = change_subscription(&shop.commerce, &shop.cx(), &request, agree(&shown)).await?;
        assert!(matches!(outcome, Change::PreviewOutdated(_)), "{outcome:?}");
        let future = Agreed::ChargeNow {
            proration_date: shop.subscription(&license.id).await?.period_end.plus(-1_000),
            amount_due_minor: 0,
        };
        let outcome = change_subscription(&shop.commerce, &shop.cx(), &request, future).await?;
        assert!(matches!(outcome, Change::PreviewOutdated(_)), "{outcome:?}");
        assert_eq!(shop.license(&license.id).await?.seats, 1);
        Ok(())
    }

    async fn a_stranger_changes_nothing(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
        let request = request(&shop, &license.id, "business", 3).await?;
        let stranger = backend::Cx {
            actor: backend::Actor::User(backend::ids::UserId::from_untrusted("usr_stranger")),
            ..shop.cx()
        };
        let commerce = &shop.commerce;
        let preview = preview_change(commerce, &stranger, &request).await?;
        assert_eq!(preview, ChangePreview::Refused(ChangeRefusal::NotAllowed));
        assert_eq!(cancel_subscription(commerce, &stranger, &license.id, &CancelReason::default()).await?, Cancellation::NotAllowed);
        let order = last_order(&shop).await?;
        assert_eq!(order_progress(commerce, &stranger, &order).await?, OrderProgress::NotFound);
        let invoice = shop.invoices().await?.remove(0);
        let document =
            find_document(&shop.db, &stranger, &shop.account.id, invoice.id.as_str(), DocumentKind::Invoice).await?;
        assert_eq!(document, None);
        Ok(())
    }

    async fn more_use_than_a_lower_plan_allows_refuses_a_downgrade(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        shop.report_devices(&license.id, "a", 101).await?;
        let down = request(&shop, &license.id, "pilot", 2).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &down).await?;
        let ChangePreview::Refused(ChangeRefusal::LimitsInUse(limits)) = preview else { anyhow::bail!("{preview:?}") };
        let limits: Vec<_> = limits.iter().map(|it| (it.name.as_str(), it.used, it.limit)).collect();
        assert_eq!(limits, [("devices", 101, 100)]);
        // Stopping it does not make it use less.
        shop.set_clock(shop.now().plus(HOUR_MS))?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &down).await?;
        assert!(matches!(preview, ChangePreview::Refused(ChangeRefusal::LimitsInUse(_))), "{preview:?}");
        shop.report_devices(&license.id, "a", 100).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &down).await?;
        assert!(matches!(preview, ChangePreview::Later(_)), "{preview:?}");
        Ok(())
    }

    async fn more_seats_in_use_than_would_remain_refuse_a_downgrade(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 4).await?;
        for node in ["a", "b", "c"] {
            shop.activate(&license.id, node).await?;
        }
        let to_two = request(&shop, &license.id, "startup", 2).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &to_two).await?;
        let ChangePreview::Refused(ChangeRefusal::SeatsInUse { seats: 2, held: 3, holders }) = preview else {
            anyhow::bail!("{preview:?}")
        };
        let mut names: Vec<_> = holders.listed.into_iter().map(|holder| holder.identity.id).collect();
        names.sort();
        assert_eq!(names, ["a", "b", "c"]);
        let agreed = Agreed::Later { recurring_minor: 29_900 };
        let outcome = change_subscription(&shop.commerce, &shop.cx(), &to_two, agreed).await?;
        assert!(matches!(outcome, Change::Refused(ChangeRefusal::SeatsInUse { .. })), "{outcome:?}");
        let to_three = request(&shop, &license.id, "startup", 3).await?;
        let preview = preview_change(&shop.commerce, &shop.cx(), &to_three).await?;
        assert!(matches!(preview, ChangePreview::Later(_)), "{preview:?}");
        Ok(())
    }

    async fn paying_by_the_year_from_now_on_costs_what_was_shown(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        shop.set_clock(NOW.plus(15 * DAY_MS))?;
        let mut yearly = request(&shop, &license.id, "startup", 3).await?;
        yearly.to.interval = BillingInterval::Year;
        let shown = charge(&shop, &yearly).await?;
        assert_eq!(shown.recurring.amount_minor, 299_000 + 149_000);
        let changed = change_subscription(&shop.commerce, &shop.cx(), &yearly, agree(&shown)).await?;
        let Change::Applied { stripe_invoice_id: Some(invoice_id) } = changed else { anyhow::bail!("{changed:?}") };
        assert_eq!(shop.stripe().fetch_invoice(&invoice_id).await?.amount_paid_minor, shown.amount_due.amount_minor);
        let row = shop.subscription(&license.id).await?;
        assert_eq!((row.billing_interval, row.seats), (BillingInterval::Year, 3));
        assert!(row.period_end > NOW.plus(300 * DAY_MS));
        Ok(())
    }

    async fn an_upgrade_that_the_bank_wants_confirmed_waits_for_its_payment(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
        shop.use_card(&license.id, "pm_card_authenticationRequired").await?;
        let request = request(&shop, &license.id, "business", 3).await?;
        let shown = charge(&shop, &request).await?;
        let outcome = change_subscription(&shop.commerce, &shop.cx(), &request, agree(&shown)).await?;
        let Change::AwaitingPayment { payment_url: Some(_) } = outcome else { anyhow::bail!("{outcome:?}") };
        assert_eq!(shop.license(&license.id).await?.seats, 1);
        let preview = preview_change(&shop.commerce, &shop.cx(), &request).await?;
        assert_eq!(preview, ChangePreview::Refused(ChangeRefusal::PaymentDue));
        let stripe_id = shop.subscription(&license.id).await?.stripe_subscription_id;
        let invoice_id = shop.stripe().fetch_subscription(&stripe_id).await?.latest_invoice_id.expect("an invoice");
        shop.call(&format!("invoices/{invoice_id}/pay"), "payment_method=pm_card_visa").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((after.seats, after.terms.limits["devices"]), (3, 1_000));
        Ok(())
    }

    async fn a_change_agreed_to_twice_at_once_is_charged_once(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("pilot", BillingInterval::Month, 1).await?;
        let request = request(&shop, &license.id, "business", 3).await?;
        let shown = charge(&shop, &request).await?;
        let stripe_id = shop.subscription(&license.id).await?.stripe_subscription_id;
        let before = shop.stripe().fetch_subscription(&stripe_id).await?.latest_invoice_id;
        // Two people agree to the same preview at the same time, on two nodes.
        let (commerce, cx) = (&shop.commerce, shop.cx());
        let (one, other) = tokio::join!(
            change_subscription(commerce, &cx, &request, agree(&shown)),
            change_subscription(commerce, &cx, &request, agree(&shown)),
        );
        // Whoever comes second may find it done, or be shown that nothing is left to pay.
        for outcome in [one?, other?] {
            let is_known = matches!(outcome, Change::Applied { .. } | Change::Kept | Change::PreviewOutdated(_));
            assert!(is_known, "{outcome:?}");
        }
        assert_eq!(shop.license(&license.id).await?.seats, 3);
        let customer = shop.stripe().fetch_subscription(&stripe_id).await?.customer_id;
        let invoices = shop.stripe().list_invoices_for_customer(&customer).await?;
        assert_eq!(invoices.len(), 2, "the purchase and one upgrade");
        assert_ne!(Some(&invoices[0]), before.as_ref());
        Ok(())
    }
}

async fn last_order(shop: &Shop) -> anyhow::Result<backend::ids::OrderId> {
    let (vendor_id, account_id) = (shop.vendor.id.clone(), shop.account.id.clone());
    let orders = shop
        .db
        .read(move |tx| {
            Box::pin(async move { backend::orders::list_orders(tx, &vendor_id, &account_id, None, 1).await })
        })
        .await?;
    orders.into_iter().next().map(|order| order.id).ok_or_else(|| anyhow::anyhow!("no orders"))
}
