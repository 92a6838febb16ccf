//! Changing a subscription that is paid by bank transfer: the difference is invoiced at once, the license follows when the
//! money is there, and whatever becomes of the invoice instead sets everything back.

use std::time::Duration;

use backend::billing::unpaid_changes::{UnpaidChange, Withdrawal, find_unpaid_change, withdraw_change};
use backend::billing::{
    Agreed, Change, ChangePreview, ChangeRefusal, ChangeRequest, ChargeNow, Subscription, change_subscription,
    preview_change, reconcile,
};
use backend::catalog::{BillingInterval, Composition, PriceRole};
use backend::clock::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use backend::db::Db;
use backend::ids::{InvoiceId, LicenseId};
use backend::invoices::transfers::{PaysFor, TransferStatus, find_with_invoice};
use backend::invoices::{Invoice, InvoiceStatus};
use backend::licenses::LicenseStatus;
use backend::orders::handlers::start_watching;
use backend::stripe::SubscriptionState;
use stripe_sandbox::Cut;

use super::shop::Shop;
use crate::support::{NOW, on_both_engines};

impl Shop {
    async fn to(&self, id: &LicenseId, plan: &'static str, interval: BillingInterval, seats: i64) -> ChangeRequest {
        let plan_id = self.plan(plan).await.expect("a plan").id;
        ChangeRequest { license_id: id.clone(), to: Composition::new(plan_id, interval, seats, self.currency) }
    }

    async fn preview(&self, request: &ChangeRequest) -> anyhow::Result<ChangePreview> {
        Ok(preview_change(&self.commerce, &self.cx(), request).await?)
    }

    /// Agrees to what the preview says.
    async fn agree(&self, request: &ChangeRequest) -> anyhow::Result<(ChargeNow, Change)> {
        let ChangePreview::Now(charge) = self.preview(request).await? else { anyhow::bail!("not now") };
        let agreed = Agreed::ChargeNow {
            proration_date: charge.proration_date,
            amount_due_minor: charge.amount_due.amount_minor,
        };
        Ok((*charge, change_subscription(&self.commerce, &self.cx(), request, agreed).await?))
    }

    /// Agrees to a change and is gone in the given call to Stripe; answers which call that was, and nothing when there
    /// were not so many.
    async fn die_in(&self, call: usize, cut: Cut, request: &ChangeRequest) -> anyhow::Result<Option<String>> {
        let ChangePreview::Now(charge) = self.preview(request).await? else { anyhow::bail!("not now") };
        let agreed = Agreed::ChargeNow {
            proration_date: charge.proration_date,
            amount_due_minor: charge.amount_due.amount_minor,
        };
        self.cut(Some((call, cut)));
        let cx = self.cx();
        let was_cut = async {
            loop {
                if let Some(name) = self.was_cut() {
                    return name;
                }
                // Another task is waited for, not time.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        let died_in = tokio::select! {
            name = was_cut => Some(name),
            change = change_subscription(&self.commerce, &cx, request, agreed) => change.map(|_| None)?,
        };
        self.cut(None);
        Ok(died_in)
    }

    pub(super) async fn waiting(&self, license_id: &LicenseId) -> anyhow::Result<Option<UnpaidChange>> {
        let (vendor_id, id) = (self.vendor.id.clone(), license_id.clone());
        Ok(self.db.read(|tx| Box::pin(async move { find_unpaid_change(tx, &vendor_id, &id).await })).await?)
    }

    async fn invoice_of(&self, id: &InvoiceId) -> anyhow::Result<Invoice> {
        let found = self.invoices().await?.into_iter().find(|invoice| invoice.id == *id);
        found.ok_or_else(|| anyhow::anyhow!("no invoice {id}"))
    }

    /// Everything is as it was bought: plan, seats, at Stripe as well, and nothing waits.
    async fn assert_as_bought(&self, license_id: &LicenseId, before: &Subscription) -> anyhow::Result<()> {
        let (license, after) = (self.license(license_id).await?, self.subscription(license_id).await?);
        assert_eq!((license.status, license.seats), (LicenseStatus::Active, before.seats));
        assert_eq!(after.composition(), before.composition());
        assert_eq!((after.stripe_status, after.past_due_since), (SubscriptionState::Active, None));
        assert_eq!((after.period_start, after.period_end), (before.period_start, before.period_end));
        assert_eq!(self.waiting(license_id).await?, None);
        Ok(())
    }
}

on_both_engines! {
    async fn a_change_by_transfer_takes_effect_when_its_money_is_there(db: Db) {
        let shop = Shop::open(db).await?;
        let id = shop.bought_by_transfer("startup", BillingInterval::Month, 2).await?;
        let before = shop.license(&id).await?;
        shop.set_clock(NOW.plus(3 * DAY_MS))?;
        let request = shop.to(&id, "business", BillingInterval::Month, 6).await;
        let (charge, change) = shop.agree(&request).await?;
        assert_eq!(charge.by_transfer, Some(shop.now().plus(14 * DAY_MS - HOUR_MS)));
        let Change::AwaitingTransfer { invoice_id } = change else { anyhow::bail!("{change:?}") };
        let invoice = shop.invoice_of(&invoice_id).await?;
        assert_eq!((invoice.status, invoice.total_minor), (InvoiceStatus::Open, charge.amount_due.amount_minor));
        let held = shop.license(&id).await?;
        assert_eq!((held.seats, &held.terms, held.status), (before.seats, &before.terms, LicenseStatus::Active));

        // Webhooks, the reconciler and whoever looks change nothing about that.
        shop.hear().await?;
        reconcile(&shop.commerce, &shop.cx()).await?;
        shop.hear().await?;
        assert_eq!(shop.license(&id).await?.seats, before.seats);
        let (vendor_id, stripe_id) = (shop.vendor.id.clone(), invoice.stripe_invoice_id.clone());
        let found = shop.db.read(|tx| Box::pin(async move { find_with_invoice(tx, &vendor_id, &stripe_id).await }));
        let (_, transfer) = found.await?.expect("a transfer");
        assert_eq!((transfer.pays_for, transfer.void_at, transfer.status), (PaysFor::Change, charge.by_transfer, TransferStatus::Awaited));
        let mails = shop.outbox.take();
        let asked = mails.iter().find(|mail| mail.subject.contains("please transfer")).expect("a letter");
        let said = asked.text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("the change is not made") && !said.contains("key works"), "{said}");

        // Part of it is not enough.
        shop.transfer(1_000).await?;
        shop.hear().await?;
        assert_eq!(shop.license(&id).await?.seats, before.seats);
        shop.transfer(invoice.total_minor - 1_000).await?;
        shop.hear().await?;
        shop.hear().await?;
        let (license, row) = (shop.license(&id).await?, shop.subscription(&id).await?);
        assert_eq!((license.seats, row.seats, row.composition()), (6, 6, request.to.clone()));
        assert_ne!(license.terms, before.terms);
        assert_eq!(shop.waiting(&id).await?, None);
        assert!(shop.subjects().iter().any(|subject| subject == "Your change to Business is made"));
        assert_eq!(shop.invoice_of(&invoice_id).await?.status, InvoiceStatus::Paid);
        Ok(())
    }

    async fn while_one_change_waits_no_other_is_made_and_it_can_be_dropped(db: Db) {
        let shop = Shop::open(db).await?;
        let id = shop.bought_by_transfer("startup", BillingInterval::Month, 2).await?;
        let before = shop.subscription(&id).await?;
        let more = shop.to(&id, "startup", BillingInterval::Month, before.seats + 4).await;
        let (_, change) = shop.agree(&more).await?;
        let Change::AwaitingTransfer { invoice_id } = change else { anyhow::bail!("{change:?}") };
        for request in [more.clone(), shop.to(&id, "pilot", BillingInterval::Month, 1).await] {
            assert_eq!(shop.preview(&request).await?, ChangePreview::Refused(ChangeRefusal::ChangeAwaited));
        }
        assert_eq!(withdraw_change(&shop.commerce, &shop.cx(), &id).await?, Withdrawal::Withdrawn);
        shop.assert_as_bought(&id, &before).await?;
        assert_eq!(shop.invoice_of(&invoice_id).await?.status, InvoiceStatus::Void);
        assert_eq!(withdraw_change(&shop.commerce, &shop.cx(), &id).await?, Withdrawal::Nothing);
        shop.hear().await?;
        shop.assert_as_bought(&id, &before).await?;
        // Nothing is left in the way: the same can be asked for again, and money that comes is kept until then.
        shop.set_clock(NOW.plus(DAY_MS))?;
        let (charge, change) = shop.agree(&more).await?;
        assert!(matches!(change, Change::AwaitingTransfer { .. }), "{change:?}");
        shop.transfer(charge.amount_due.amount_minor).await?;
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!(shop.license(&id).await?.seats, before.seats + 4);
        Ok(())
    }

    async fn what_was_taken_back_can_be_agreed_to_again_in_the_same_second(db: Db) {
        let shop = Shop::open(db).await?;
        let id = shop.bought_by_transfer("startup", BillingInterval::Month, 2).await?;
        let before = shop.subscription(&id).await?;
        let more = shop.to(&id, "startup", BillingInterval::Month, before.seats + 4).await;
        let (charge, first) = shop.agree(&more).await?;
        assert_eq!(withdraw_change(&shop.commerce, &shop.cx(), &id).await?, Withdrawal::Withdrawn);
        let (again, second) = shop.agree(&more).await?;
        assert_eq!(again.amount_due, charge.amount_due);
        assert!(matches!(second, Change::AwaitingTransfer { .. }) && second != first, "{first:?} {second:?}");
        shop.transfer(again.amount_due.amount_minor).await?;
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!(shop.license(&id).await?.seats, before.seats + 4);
        Ok(())
    }

    async fn a_change_whose_money_does_not_come_is_given_up_before_the_renewal(db: Db) {
        let shop = Shop::open(db).await?;
        let id = shop.bought_by_transfer("startup", BillingInterval::Month, 2).await?;
        let before = shop.subscription(&id).await?;
        let (cx, master) = (shop.cx(), shop.commerce.master.clone());
        let watching = shop.db.write(|tx| Box::pin(async move { start_watching(tx, &cx, &master).await }));
        watching.await?;
        let (charge, _) = shop.agree(&shop.to(&id, "business", BillingInterval::Month, 9).await).await?;
        let give_up_at = charge.by_transfer.expect("by transfer");
        for day in [5, 10, 13] {
            shop.set_clock(NOW.plus(day * DAY_MS))?;
            shop.hear().await?;
            reconcile(&shop.commerce, &shop.cx()).await?;
            let license = shop.license(&id).await?;
            assert_eq!((license.status, license.seats), (LicenseStatus::Active, before.seats), "day {day}");
            assert_eq!(shop.subscription(&id).await?.past_due_since, None, "day {day}");
        }
        shop.set_clock(give_up_at)?;
        shop.hear().await?;
        shop.hear().await?;
        shop.assert_as_bought(&id, &before).await?;
        assert!(shop.subjects().iter().any(|subject| subject == "Your change to Business was not made"));
        // The renewal is over what was bought.
        shop.set_clock(before.period_end.plus(DAY_MS))?;
        shop.hear().await?;
        shop.hear().await?;
        let newest = shop.invoices().await?.into_iter().max_by_key(|invoice| invoice.issued_at).expect("an invoice");
        assert_eq!((newest.billing_reason.as_str(), newest.subtotal_minor), ("subscription_cycle", before.recurring_minor));
        Ok(())
    }

    async fn staff_who_void_the_invoice_at_stripe_take_the_change_back(db: Db) {
        let shop = Shop::open(db).await?;
        let id = shop.bought_by_transfer("startup", BillingInterval::Year, 2).await?;
        let before = shop.subscription(&id).await?;
        let (charge, change) = shop.agree(&shop.to(&id, "startup", BillingInterval::Year, 5).await).await?;
        assert_eq!(charge.by_transfer, Some(NOW.plus(14 * DAY_MS - HOUR_MS)));
        let Change::AwaitingTransfer { invoice_id } = change else { anyhow::bail!("{change:?}") };
        let invoice = shop.invoice_of(&invoice_id).await?;
        shop.call(&format!("invoices/{}/void", invoice.stripe_invoice_id), "").await?;
        shop.hear().await?;
        shop.hear().await?;
        shop.assert_as_bought(&id, &before).await?;
        Ok(())
    }

    async fn a_change_that_credit_covers_is_made_at_once(db: Db) {
        let shop = Shop::open(db).await?;
        let id = shop.bought_by_transfer("startup", BillingInterval::Month, 2).await?;
        let customer = shop.find_account().await?.stripe_customer_id.expect("a customer");
        shop.call(&format!("customers/{customer}/balance_transactions"), "amount=-9000000&currency=usd").await?;
        shop.set_clock(NOW.plus(DAY_MS))?;
        let (charge, change) = shop.agree(&shop.to(&id, "startup", BillingInterval::Month, 5).await).await?;
        assert_eq!((charge.amount_due.amount_minor, charge.by_transfer), (0, None));
        assert!(matches!(change, Change::Applied { .. }), "{change:?}");
        assert_eq!((shop.license(&id).await?.seats, shop.waiting(&id).await?), (5, None));
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!(shop.license(&id).await?.seats, 5);
        assert!(shop.subjects().iter().all(|subject| !subject.contains("please transfer")));
        Ok(())
    }

    async fn a_change_that_staff_make_at_stripe_waits_for_nothing(db: Db) {
        let shop = Shop::open(db).await?;
        let id = shop.bought_by_transfer("startup", BillingInterval::Month, 2).await?;
        let before = shop.subscription(&id).await?;
        let at_stripe = shop.stripe().fetch_subscription(&before.stripe_subscription_id).await?;
        let plan = shop.plan("business").await?;
        let price = plan.price(PriceRole::Base, BillingInterval::Month, shop.currency).expect("a price");
        let (item, price) = (&at_stripe.items[0].id, price.stripe_price_id.as_deref().expect("pushed"));
        let body = format!("items[0][id]={item}&items[0][price]={price}&proration_behavior=always_invoice");
        shop.set_clock(NOW.plus(DAY_MS))?;
        shop.call(&format!("subscriptions/{}", before.stripe_subscription_id), &body).await?;
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!(shop.subscription(&id).await?.plan_id, plan.id);
        let invoice = shop.invoices().await?.remove(0);
        let (vendor_id, stripe_id) = (shop.vendor.id.clone(), invoice.stripe_invoice_id.clone());
        let found = shop.db.read(|tx| Box::pin(async move { find_with_invoice(tx, &vendor_id, &stripe_id).await }));
        let (_, transfer) = found.await?.expect("a transfer");
        assert_eq!((transfer.pays_for, transfer.void_at), (PaysFor::Renewal, None));
        Ok(())
    }

    async fn what_a_transfer_cannot_pay_in_time_waits_for_the_next_period(db: Db) {
        let shop = Shop::open(db).await?;
        let id = shop.bought_by_transfer("startup", BillingInterval::Month, 2).await?;
        let period_end = shop.subscription(&id).await?.period_end;
        let yearly = shop.to(&id, "startup", BillingInterval::Year, 2).await;
        let ChangePreview::Later(later) = shop.preview(&yearly).await? else { anyhow::bail!("not later") };
        assert_eq!(later.at, period_end);
        shop.set_clock(UnixMs(period_end.0 - 5 * DAY_MS))?;
        let more = shop.to(&id, "startup", BillingInterval::Month, 4).await;
        let ChangePreview::Later(later) = shop.preview(&more).await? else { anyhow::bail!("not later") };
        let agreed = Agreed::Later { recurring_minor: later.recurring.amount_minor };
        let change = change_subscription(&shop.commerce, &shop.cx(), &more, agreed).await?;
        assert_eq!(change, Change::Planned { at: period_end });
        shop.set_clock(period_end.plus(DAY_MS))?;
        shop.hear().await?;
        shop.hear().await?;
        assert_eq!(shop.subscription(&id).await?.seats, 4);
        // The renewal is not paid yet: no unused time is worth anything.
        let again = shop.to(&id, "business", BillingInterval::Month, 4).await;
        assert_eq!(shop.preview(&again).await?, ChangePreview::Refused(ChangeRefusal::PaymentDue));
        Ok(())
    }

    async fn wherever_whoever_changes_dies_nothing_is_given_that_is_not_paid(db: Db) {
        let shop = Shop::open(db).await?;
        let id = shop.bought_by_transfer("startup", BillingInterval::Month, 2).await?;
        let before = shop.subscription(&id).await?;
        let more = shop.to(&id, "startup", BillingInterval::Month, 5).await;
        let mut died_in = Vec::new();
        'calls: for call in 0.. {
            for cut in [Cut::Before, Cut::After] {
                let name = shop.die_in(call, cut, &more).await?;
                assert_eq!(shop.license(&id).await?.seats, before.seats, "{cut:?} {name:?}");
                // Longer than any call takes.
                shop.set_clock(shop.now().plus(15 * MINUTE_MS))?;
                shop.hear().await?;
                shop.hear().await?;
                assert_eq!(shop.license(&id).await?.seats, before.seats, "{cut:?} {name:?}");
                if shop.waiting(&id).await?.is_some() {
                    assert_eq!(withdraw_change(&shop.commerce, &shop.cx(), &id).await?, Withdrawal::Withdrawn);
                }
                shop.assert_as_bought(&id, &before).await?;
                let open = shop.invoices().await?.into_iter().filter(|it| it.status == InvoiceStatus::Open).count();
                assert_eq!(open, 0, "{cut:?} {name:?}");
                let Some(name) = name else { break 'calls };
                died_in.push(name);
            }
        }
        let update = format!("POST /v1/subscriptions/{}", before.stripe_subscription_id);
        assert!(died_in.contains(&update), "{died_in:?}");
        Ok(())
    }
}
