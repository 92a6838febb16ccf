//! Buying, changing and ending, against a Stripe sandbox: paid means licensed exactly once, whatever
//! becomes of webhooks, and what is charged is what was shown.

mod additions;
mod any_order;
mod apart;
mod changes_by_transfer;
mod currencies;
mod decoding;
mod edges;
mod failed_renewal;
mod free_plans;
mod given_back;
mod heard;
mod histories;
mod inbox;
mod killed;
mod maintenance;
mod options;
mod packs;
mod pairs;
mod price_check;
mod promotions;
mod reversals;
mod shop;
mod to_perpetual;
mod transfers;
mod trials;
mod way_back;

use backend::billing::{
    Agreed, CancelReason, Cancellation, Change, ChangePreview, ChangeRefusal, ChangeRequest, ChargeNow, Receipt,
    Resumption, cancel_subscription, change_subscription, list_failed_events, preview_change, reconcile,
    resume_subscription,
};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::Db;
use backend::ids::LicenseId;
use backend::invoices::{DocumentKind, InvoiceStatus, find_document, list_lines};
use backend::licenses::LicenseStatus;
use backend::licenses::rules::add_years;
use backend::orders::{Fulfilment, OrderProgress, OrderStatus, Purchase, fulfil_order, order_progress};
use backend::stripe::{SubscriptionState, WebhookRefusal, verify_webhook};
use shop::{Shop, WEBHOOK_SECRET, sign};

use crate::support::{NOW, on_both_engines};

async fn request(shop: &Shop, license_id: &LicenseId, plan: &'static str, seats: i64) -> anyhow::Result<ChangeRequest> {
    let plan_id = shop.plan(plan).await?.id;
    let to = Composition::new(plan_id, BillingInterval::Month, seats, shop.currency);
    Ok(ChangeRequest { license_id: license_id.clone(), to })
}

async fn cancel(shop: &Shop, license_id: &LicenseId) -> anyhow::Result<Cancellation> {
    let why = CancelReason { code: "too_expensive".to_owned(), comment: "A line.".to_owned() };
    Ok(cancel_subscription(&shop.commerce, &shop.cx(), license_id, &why).await?)
}

async fn charge(shop: &Shop, request: &ChangeRequest) -> anyhow::Result<ChargeNow> {
    match preview_change(&shop.commerce, &shop.cx(), request).await? {
        ChangePreview::Now(charge) => Ok(*charge),
        other => anyhow::bail!("{other:?}"),
    }
}

fn agree(charge: &ChargeNow) -> Agreed {
    Agreed::ChargeNow { proration_date: charge.proration_date, amount_due_minor: charge.amount_due.amount_minor }
}

on_both_engines! {
    async fn the_webhook_alone_makes_one_license(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        assert_eq!((license.status, license.seats), (LicenseStatus::Active, 3));
        let subscription = shop.subscription(&license.id).await?;
        assert_eq!(subscription.stripe_status, SubscriptionState::Active);
        assert_eq!(subscription.recurring_minor, 29_900 + 14_900);
        assert_eq!(license.ends_at, Some(subscription.period_end.plus(3 * DAY_MS)));
        assert_eq!(shop.licenses().await?, 1);
        let mails: Vec<String> = shop.outbox.take().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(mails.iter().filter(|subject| subject.contains("license")).count(), 1, "{mails:?}");
        assert_eq!(mails.iter().filter(|subject| subject.starts_with("Invoice")).count(), 1, "{mails:?}");
        // Whoever comes later finds it done.
        let order = shop.find_order(&last_order(&shop).await?).await?;
        let again = fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert_eq!(again, Fulfilment::Fulfilled { license_id: license.id, newly: false });
        Ok(())
    }

    async fn the_return_page_alone_makes_one_license(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        let before = order_progress(&shop.commerce, &shop.cx(), &order.id).await?;
        assert!(matches!(before, OrderProgress::AwaitingPayment(_)), "{before:?}");
        let place = shop.pay(&url, "4242").await?;
        assert_eq!(place, format!("https://portal.test/orders/{}", order.id));
        let after = order_progress(&shop.commerce, &shop.cx(), &order.id).await?;
        let OrderProgress::Fulfilled { order, license_id } = after else { anyhow::bail!("{after:?}") };
        assert!(order.was_placed_in(b"this browser") && !order.was_placed_in(b"another"));
        // The webhooks come after, some of them twice.
        shop.deliver_all().await?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.licenses().await?, 1);
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        assert_eq!(shop.invoices().await?.len(), 1);
        Ok(())
    }

    async fn the_reconciler_alone_makes_one_license(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("maker", BillingInterval::Year, 1).await?;
        shop.pay(&url, "4242").await?;
        let found = reconcile(&shop.commerce, &shop.cx()).await?;
        assert_eq!(found.orders, 1);
        assert!(found.events > 0);
        shop.work().await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Paid);
        assert_eq!((shop.licenses().await?, shop.invoices().await?.len()), (1, 1));
        let again = reconcile(&shop.commerce, &shop.cx()).await?;
        assert_eq!((again.events, again.orders), (0, 0));
        Ok(())
    }

    async fn webhook_return_page_and_reconciler_at_once_make_one_license(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("startup", BillingInterval::Month, 2).await?;
        shop.pay(&url, "4242").await?;
        shop.deliver_all().await?;
        let (commerce, cx) = (&shop.commerce, shop.cx());
        let (page, page_again, reconciled, worked) = tokio::join!(
            fulfil_order(commerce, &cx, &order.id),
            order_progress(commerce, &cx, &order.id),
            reconcile(commerce, &cx),
            shop.work(),
        );
        page_again?;
        worked?;
        let newly = u64::from(matches!(page?, Fulfilment::Fulfilled { newly: true, .. }));
        assert!(newly + reconciled?.orders <= 1);
        shop.work().await?;
        assert_eq!((shop.licenses().await?, shop.invoices().await?.len()), (1, 1));
        Ok(())
    }

    async fn eight_at_once_make_one_perpetual_license(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("perpetual", BillingInterval::Once, 1).await?;
        shop.pay(&url, "4242").await?;
        let cx = shop.cx();
        let all = futures::future::join_all((0..8).map(|_| fulfil_order(&shop.commerce, &cx, &order.id))).await;
        let mut newly_made = 0;
        for outcome in all {
            let Fulfilment::Fulfilled { newly, .. } = outcome? else { anyhow::bail!("not fulfilled") };
            newly_made += u64::from(newly);
        }
        assert_eq!((newly_made, shop.licenses().await?), (1, 1));
        Ok(())
    }

    async fn webhooks_doubled_shuffled_and_one_lost_come_to_the_same(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("startup", BillingInterval::Month, 4).await?;
        shop.pay(&url, "4242").await?;
        let mut events = shop.events().await?;
        let lost = events.iter().position(|event| event.event_type == "invoice.paid").expect("an invoice was paid");
        events.remove(lost);
        events.reverse();
        for event in &events {
            assert_eq!(shop.deliver(event).await?, Receipt::Stored);
            assert_eq!(shop.deliver(event).await?, Receipt::Known);
            shop.work().await?;
        }
        let license_id = shop.find_order(&order.id).await?.license_id.expect("fulfilled");
        assert_eq!(shop.license(&license_id).await?.seats, 4);
        assert_eq!(shop.licenses().await?, 1);
        assert_eq!(reconcile(&shop.commerce, &shop.cx()).await?.events, 1);
        shop.work().await?;
        let invoices = shop.invoices().await?;
        assert_eq!(invoices.len(), 1);
        assert_eq!((invoices[0].status, invoices[0].license_id.as_ref()), (InvoiceStatus::Paid, Some(&license_id)));
        let vendor_id = shop.vendor.id.clone();
        let failed =
            shop.db.read(move |tx| Box::pin(async move { list_failed_events(tx, &vendor_id, 10).await })).await?;
        assert_eq!(failed, []);
        Ok(())
    }

    async fn forged_and_stale_webhooks_change_nothing(db: Db) {
        let shop = Shop::open(db).await?;
        let (_, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        shop.pay(&url, "4242").await?;
        let events = shop.events().await?;
        let (now, secrets) = (shop.now(), shop.stripe().config().webhook_secrets.clone());
        for event in &events {
            let body = event.raw.as_bytes();
            let forged = sign(&event.raw, "whsec_of_somebody", now.seconds());
            assert_eq!(verify_webhook(body, &forged, &secrets, now), Err(WebhookRefusal::Forged));
            let stale = sign(&event.raw, WEBHOOK_SECRET, now.seconds() - 301);
            assert_eq!(verify_webhook(body, &stale, &secrets, now), Err(WebhookRefusal::Stale));
        }
        shop.work().await?;
        assert_eq!(shop.licenses().await?, 0);
        Ok(())
    }

    async fn nothing_is_granted_before_payment(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        assert!(shop.pay(&url, "declined").await.is_err());
        // The session's id in somebody's hands buys nothing.
        let session = order.stripe_session_id.clone().expect("a session");
        let outcome = backend::orders::fulfil_session(&shop.commerce, &shop.cx(), &session).await?;
        assert_eq!(outcome, Fulfilment::AwaitingPayment);
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.licenses().await?, 0);
        // After a day the session has run out.
        shop.set_clock(NOW.plus(25 * HOUR_MS))?;
        assert_eq!(fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?, Fulfilment::Closed(OrderStatus::Expired));
        Ok(())
    }

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

    async fn a_cancellation_ends_the_license_with_its_period_and_can_be_undone(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let end = shop.subscription(&license.id).await?.period_end;
        let (commerce, id) = (&shop.commerce, &license.id);
        assert_eq!(cancel(&shop, id).await?, Cancellation::Cancelling { ends_at: end });
        assert_eq!(shop.license(id).await?.ends_at, Some(end));
        assert_eq!(resume_subscription(commerce, &shop.cx(), id).await?, Resumption::Renewing { renews_at: end });
        assert_eq!(shop.license(id).await?.ends_at, Some(end.plus(3 * DAY_MS)));
        assert!(!shop.subscription(id).await?.cancel_at_period_end);
        assert_eq!(cancel(&shop, id).await?, Cancellation::Cancelling { ends_at: end });

        shop.set_clock(end.plus(HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        let after = shop.license(id).await?;
        assert_eq!((after.status, after.ends_at), (LicenseStatus::Ended, Some(end)));
        assert_eq!(resume_subscription(commerce, &shop.cx(), id).await?, Resumption::Over);
        Ok(())
    }

    async fn a_renewal_moves_the_end_and_brings_its_invoice(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let first = shop.subscription(&license.id).await?;
        shop.set_clock(first.period_end.plus(2 * HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        let second = shop.subscription(&license.id).await?;
        assert_eq!(second.period_start, first.period_end);
        assert!(second.period_end > first.period_end);
        assert_eq!(shop.license(&license.id).await?.ends_at, Some(second.period_end.plus(3 * DAY_MS)));
        let invoices = shop.invoices().await?;
        assert_eq!(invoices.len(), 2);
        assert_ne!(invoices[0].number, invoices[1].number);
        Ok(())
    }

    async fn a_perpetual_license_has_a_year_of_updates_and_can_be_renewed(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 2).await?;
        assert_eq!((license.status, license.ends_at, license.seats), (LicenseStatus::Active, None, 2));
        assert_eq!(license.updates_until, Some(add_years(NOW, 1)));
        let invoice = shop.invoices().await?.remove(0);
        assert_eq!((invoice.subtotal_minor, invoice.license_id.as_ref()), (2 * 499_900, Some(&license.id)));

        // Two years later: the renewal counts from the old date.
        shop.set_clock(UnixMs(add_years(NOW, 2).0))?;
        let placed = shop.place(Purchase::Maintenance { license_id: license.id.clone(), years: 1, currency: shop.currency }).await?;
        let backend::orders::OrderPlacement::Placed { order, checkout_url } = placed else {
            anyhow::bail!("{placed:?}")
        };
        assert_eq!(order.amount_minor, 2 * 199_960);
        shop.pay(&checkout_url, "4242").await?;
        fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?;
        fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.license(&license.id).await?.updates_until, Some(add_years(NOW, 2)));
        assert_eq!(shop.licenses().await?, 1);
        Ok(())
    }

    async fn an_invoice_is_equal_to_the_cent_and_its_document_never_changes(db: Db) {
        let shop = Shop::open(db).await?;
        shop.buy("startup", BillingInterval::Month, 5).await?;
        let invoice = shop.invoices().await?.remove(0);
        let stripes = shop.stripe().fetch_invoice(&invoice.stripe_invoice_id).await?;
        assert_eq!(Some(&invoice.number), stripes.number.as_ref());
        assert_eq!(
            (invoice.subtotal_minor, invoice.discount_minor, invoice.tax_minor, invoice.total_minor),
            (stripes.subtotal_minor, stripes.discount_minor, stripes.tax_minor, stripes.total_minor)
        );
        assert_eq!(invoice.subtotal_minor, 29_900 + 3 * 14_900);
        assert_eq!(invoice.tax_minor, 14_174, "19 % of 746.00, German buyer");
        assert_eq!(invoice.taxes.0[0].rate_millionths, 190_000);
        let (vendor_id, id) = (shop.vendor.id.clone(), invoice.id.clone());
        let lines = shop.db.read(move |tx| Box::pin(async move { list_lines(tx, &vendor_id, &id).await })).await?;
        let amounts: Vec<i64> = lines.iter().map(|line| line.amount_minor).collect();
        assert_eq!(amounts, stripes.lines.iter().map(|line| line.amount_minor).collect::<Vec<_>>());
        assert_eq!(amounts.iter().sum::<i64>(), invoice.subtotal_minor);

        let cx = shop.cx();
        let mut hashes = Vec::new();
        for round in 0..2 {
            for kind in [DocumentKind::Invoice, DocumentKind::Receipt] {
                let document = find_document(&shop.db, &cx, &shop.account.id, invoice.id.as_str(), kind).await?;
                let document = document.ok_or_else(|| anyhow::anyhow!("no {kind:?} in round {round}"))?;
                assert!(document.content.starts_with(b"%PDF-"));
                hashes.push(document.sha256);
            }
            // Everything that may follow: the same events again, a newer name of the buyer.
            for event in shop.events().await? {
                backend::billing::project_event(&shop.commerce, &cx, &event.id).await?;
            }
            shop.work().await?;
        }
        assert_eq!(hashes[..2], hashes[2..]);
        assert_ne!(hashes[0], hashes[1]);
        assert_eq!(shop.invoices().await?.len(), 1);
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
        let ChangePreview::Refused(ChangeRefusal::SeatsInUse { seats: 2, holders }) = preview else {
            anyhow::bail!("{preview:?}")
        };
        let mut names: Vec<_> = holders.into_iter().map(|holder| holder.identity.id).collect();
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

    async fn an_unpaid_renewal_suspends_after_its_grace_and_payment_restores(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        shop.outbox.take();
        shop.use_card(&license.id, "pm_card_chargeCustomerFail").await?;
        let due = shop.subscription(&license.id).await?.period_end.plus(2 * HOUR_MS);
        shop.set_clock(due)?;
        shop.deliver_all().await?;
        shop.work().await?;
        let row = shop.subscription(&license.id).await?;
        assert_eq!((row.stripe_status, row.past_due_since), (SubscriptionState::PastDue, Some(due)));
        let in_grace = shop.license(&license.id).await?;
        assert_eq!((in_grace.status, in_grace.ends_at), (LicenseStatus::Active, Some(due.plus(14 * DAY_MS))));
        let subjects: Vec<String> = shop.outbox.take().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects.iter().filter(|subject| subject.contains("did not go through")).count(), 1, "{subjects:?}");
        assert!(!subjects.iter().any(|subject| subject.starts_with("Invoice")), "{subjects:?}");

        // Nothing arrives from Stripe at the end of the grace; the license is suspended all the same.
        shop.set_clock(due.plus(14 * DAY_MS))?;
        shop.work().await?;
        let suspended = shop.license(&license.id).await?;
        assert_eq!(suspended.status, LicenseStatus::Suspended, "{suspended:?}");

        let stripe_id = row.stripe_subscription_id;
        let invoice_id = shop.stripe().fetch_subscription(&stripe_id).await?.latest_invoice_id.expect("an invoice");
        shop.call(&format!("invoices/{invoice_id}/pay"), "payment_method=pm_card_visa").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let restored = shop.license(&license.id).await?;
        let row = shop.subscription(&license.id).await?;
        assert_eq!((restored.status, restored.status_reason.as_str()), (LicenseStatus::Active, ""));
        assert_eq!((restored.ends_at, row.past_due_since), (Some(row.period_end.plus(3 * DAY_MS)), None));
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

    async fn a_stripe_that_fails_for_a_moment_costs_nothing_and_doubles_nothing(db: Db) {
        let shop = Shop::open(db).await?;
        shop.control("chaos", r#"{"fail_next":"500"}"#).await?;
        let (_, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        shop.pay(&url, "4242").await?;
        shop.control("chaos", r#"{"fail_next":"429"}"#).await?;
        shop.deliver_all().await?;
        shop.control("chaos", r#"{"fail_next":"500"}"#).await?;
        shop.work().await?;
        assert_eq!((shop.licenses().await?, shop.invoices().await?.len()), (1, 1));
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
