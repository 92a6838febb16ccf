//! What of a subscription's money is unused when its license becomes perpetual: the share that is left of what was really paid
//! for the period, to the cent.

use backend::billing::conversion::{
    ConversionOffer, ConversionProgress, ConversionRefusal, ConversionStart, finish_conversion,
};
use backend::billing::{Agreed, Change, ChangePreview, change_subscription, preview_change};
use backend::campaigns::NewCampaign;
use backend::catalog::{BillingInterval, Composition, PlanKind};
use backend::clock::{HOUR_MS, UnixMs};
use backend::db::Db;
use backend::ids::{ConversionId, LicenseId};
use backend::orders::{OrderPlacement, Payment, Purchase};
use backend::stripe::AmountOff;

use super::campaigns::quarter;
use super::closing::number;
use super::reversals::{payment, renewed_with};
use super::shop::Shop;
use super::to_perpetual::{offer, open, start};
use super::{agree, charge, request};
use crate::support::on_both_engines;

/// Three seats for a month, before tax.
const MONTHLY: i64 = 44_800;
/// The same with it.
const WITH_TAX: i64 = 53_312;

async fn offered(shop: &Shop, id: &LicenseId) -> anyhow::Result<ConversionOffer> {
    offer(shop, id).await?.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))
}

impl Shop {
    /// The clock shows the middle of the period that runs.
    async fn be_halfway(&self, id: &LicenseId) -> anyhow::Result<()> {
        let row = self.subscription(id).await?;
        self.set_clock(UnixMs((row.period_start.0 + row.period_end.0) / 2))
    }

    /// The rest is paid as it was shown; answers what was charged, before tax.
    async fn turn_perpetual(&self, id: &LicenseId, shown: &ConversionOffer) -> anyhow::Result<i64> {
        let url = open(self, id, shown).await?;
        let back = self.pay(&url, "4242").await?;
        let conversion = ConversionId::from_untrusted(back.rsplit('=').next().unwrap_or_default());
        let done = finish_conversion(&self.commerce, &self.cx(), &conversion).await?;
        assert_eq!(done, ConversionProgress::Done);
        self.hear().await?;
        let charged = self.invoices().await?.remove(0);
        Ok(charged.subtotal_minor - charged.discount_minor)
    }
}

on_both_engines! {
    async fn a_code_for_the_first_payment_makes_no_unused_money_of_what_was_never_paid(db: Db) {
        let shop = Shop::open(db).await?;
        shop.campaign(NewCampaign { amount_off: AmountOff::Share(500_000), ..quarter("HALF") }).await?;
        let plan_id = shop.plan("startup").await?.id;
        let purchase = Purchase::Plan(Composition::new(plan_id, BillingInterval::Month, 3, shop.currency));
        let placed = shop.place_by(purchase, Payment::Card, Some(("HALF".to_owned(), MONTHLY / 2))).await?;
        let OrderPlacement::Placed { order, checkout_url } = placed else { anyhow::bail!("{placed:?}") };
        shop.pay(&checkout_url, "4242").await?;
        shop.hear().await?;
        let id = shop.find_order(&order.id).await?.license_id.expect("a license");
        let paid = shop.invoices().await?.remove(0);
        assert_eq!(paid.subtotal_minor - paid.discount_minor, MONTHLY / 2);

        shop.be_halfway(&id).await?;
        let shown = offered(&shop, &id).await?;
        assert_eq!(shown.credit.amount_minor, MONTHLY / 4);
        assert_eq!(shop.turn_perpetual(&id, &shown).await?, 3 * 499_900 - MONTHLY / 4);
        Ok(())
    }

    async fn what_was_given_back_is_not_unused_money_as_well(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        let invoice = shop.invoices().await?.remove(0);
        assert_eq!((invoice.subtotal_minor, invoice.total_minor), (MONTHLY, WITH_TAX));
        shop.be_halfway(&license.id).await?;
        let before = offered(&shop, &license.id).await?;
        assert_eq!(before.credit.amount_minor, MONTHLY / 2);

        // A quarter as a refund, a quarter by a credit note; neither was heard of.
        let payment = payment(&shop, &invoice).await?;
        shop.call("refunds", &format!("payment_intent={payment}&amount={}", WITH_TAX / 4)).await?;
        let (id, quarter) = (&invoice.stripe_invoice_id, WITH_TAX / 4);
        shop.call("credit_notes", &format!("invoice={id}&amount={quarter}&credit_amount={quarter}")).await?;
        let again = start(&shop, &license.id, &before).await?;
        let ConversionStart::Outdated(shown) = again else { anyhow::bail!("{again:?}") };
        assert_eq!(shown.credit.amount_minor, MONTHLY / 4);
        assert_eq!(shop.turn_perpetual(&license.id, &shown).await?, 3 * 499_900 - MONTHLY / 4);
        Ok(())
    }

    async fn what_was_agreed_on_holds_and_staff_are_told_where_credited_money_was_given_back_as_well(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        let payment = payment(&shop, &shop.invoices().await?.remove(0)).await?;
        shop.be_halfway(&license.id).await?;
        let shown = offered(&shop, &license.id).await?;
        let url = open(&shop, &license.id, &shown).await?;
        shop.call("refunds", &format!("payment_intent={payment}&amount={}", WITH_TAX / 4)).await?;
        let back = shop.pay(&url, "4242").await?;
        let conversion = ConversionId::from_untrusted(back.rsplit('=').next().unwrap_or_default());
        for _ in 0..2 {
            let done = finish_conversion(&shop.commerce, &shop.cx(), &conversion).await?;
            assert!(matches!(done, ConversionProgress::Done), "{done:?}");
            assert_eq!(shop.license(&license.id).await?.kind, PlanKind::Perpetual);
            let told = "SELECT COUNT(*) FROM audit WHERE act = 'conversion.short'";
            assert_eq!(number(&shop, told).await?, 1);
        }
        Ok(())
    }

    async fn a_page_that_credits_money_which_went_back_is_ended_and_the_rest_is_offered_anew(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        let payment = payment(&shop, &shop.invoices().await?.remove(0)).await?;
        shop.be_halfway(&license.id).await?;
        let shown = offered(&shop, &license.id).await?;
        let url = open(&shop, &license.id, &shown).await?;
        shop.call("refunds", &format!("payment_intent={payment}&amount={}", WITH_TAX / 4)).await?;
        shop.hear().await?;
        assert!(shop.pay(&url, "4242").await.is_err(), "the page has closed");
        shop.hear().await?;
        assert_eq!(number(&shop, "SELECT COUNT(*) FROM conversions WHERE status = 'dropped'").await?, 1);
        assert_eq!(number(&shop, "SELECT COUNT(*) FROM events WHERE event_type = 'order.expired'").await?, 1, "told once");
        assert_eq!(shop.license(&license.id).await?.kind, PlanKind::Subscription);
        let shown = offered(&shop, &license.id).await?;
        assert_eq!(shown.credit.amount_minor, MONTHLY * 3 / 8, "half of what is left");
        assert_eq!(shop.turn_perpetual(&license.id, &shown).await?, 3 * 499_900 - MONTHLY * 3 / 8);
        assert_eq!(number(&shop, "SELECT COUNT(*) FROM audit WHERE act = 'conversion.short'").await?, 0);
        Ok(())
    }

    async fn a_page_that_credits_nothing_of_what_went_back_stays_open(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        let of_month_before = payment(&shop, &shop.invoices().await?.remove(0)).await?;
        renewed_with(&shop, &license, "pm_card_visa").await?;
        shop.be_halfway(&license.id).await?;
        let shown = offered(&shop, &license.id).await?;
        let url = open(&shop, &license.id, &shown).await?;
        shop.call("refunds", &format!("payment_intent={of_month_before}")).await?;
        shop.hear().await?;
        shop.pay(&url, "4242").await?;
        shop.hear().await?;
        assert_eq!(shop.license(&license.id).await?.kind, PlanKind::Perpetual);
        assert_eq!(number(&shop, "SELECT COUNT(*) FROM audit WHERE act = 'conversion.short'").await?, 0);
        Ok(())
    }

    async fn a_year_is_credited_at_what_was_paid_for_it_also_when_the_month_before_was_given_back(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        let first = shop.invoices().await?.remove(0);
        shop.be_halfway(&license.id).await?;
        let mut yearly = request(&shop, &license.id, "startup", 3).await?;
        yearly.to.interval = BillingInterval::Year;
        let shown = charge(&shop, &yearly).await?;
        let changed = change_subscription(&shop.commerce, &shop.cx(), &yearly, agree(&shown)).await?;
        assert!(matches!(changed, Change::Applied { .. }), "{changed:?}");
        shop.hear().await?;
        let year = shop.invoices().await?.remove(0);
        let kept_minor = year.subtotal_minor - year.discount_minor;
        let payment = payment(&shop, &first).await?;
        shop.call("refunds", &format!("payment_intent={payment}&amount={}", first.total_minor)).await?;
        let row = shop.subscription(&license.id).await?;
        // Of the month nothing would be left.
        let (start, end) = (row.period_start.0, row.period_end.0);
        shop.set_clock(UnixMs(start + (end - start) / 5))?;
        let left = offered(&shop, &license.id).await?.credit.amount_minor;
        assert_eq!(left, (kept_minor * 4 + 2) / 5);
        Ok(())
    }

    async fn what_cost_nothing_leaves_nothing_unused(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        let row = shop.subscription(&license.id).await?;
        shop.call("coupons", "id=A-MONTH&percent_off=100&duration=once").await?;
        shop.call(&format!("subscriptions/{}", row.stripe_subscription_id), "discounts[0][coupon]=A-MONTH").await?;
        shop.set_clock(row.period_end.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        assert_eq!(shop.invoices().await?.remove(0).total_minor, 0);
        shop.be_halfway(&license.id).await?;
        let shown = offered(&shop, &license.id).await?;
        assert_eq!((shown.credit.amount_minor, shown.rest), (0, shown.price));
        assert_eq!(shop.turn_perpetual(&license.id, &shown).await?, 3 * 499_900);
        Ok(())
    }

    async fn what_the_bank_has_taken_away_is_not_unused(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 3).await?;
        renewed_with(&shop, &license, "pm_card_createDispute").await?;
        shop.be_halfway(&license.id).await?;
        assert_eq!(offered(&shop, &license.id).await?.credit.amount_minor, 0);
        Ok(())
    }

    async fn what_is_unused_is_of_the_period_that_runs_at_what_that_cost(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 5).await?;
        let fewer = request(&shop, &license.id, "startup", 3).await?;
        let (commerce, cx) = (&shop.commerce, shop.cx());
        let ChangePreview::Later(planned) = preview_change(commerce, &cx, &fewer).await? else {
            anyhow::bail!("not later")
        };
        let agreed = Agreed::Later { recurring_minor: planned.recurring.amount_minor };
        assert_eq!(change_subscription(commerce, &cx, &fewer, agreed).await?, Change::Planned { at: planned.at });
        shop.be_halfway(&license.id).await?;
        assert_eq!(offered(&shop, &license.id).await?.credit.amount_minor, (MONTHLY + 2 * 14_900) / 2);
        // From the renewal on it costs less, and that is what was paid.
        shop.set_clock(planned.at.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        shop.be_halfway(&license.id).await?;
        let shown = offered(&shop, &license.id).await?;
        assert_eq!(shown.credit.amount_minor, MONTHLY / 2);
        assert_eq!(shop.turn_perpetual(&license.id, &shown).await?, 3 * 499_900 - MONTHLY / 2);
        Ok(())
    }

    async fn a_draft_that_is_left_behind_keeps_nobody_from_turning_perpetual(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        let row = shop.subscription(&license.id).await?;
        shop.set_clock(row.period_end.plus(HOUR_MS / 4))?;
        let drafts = format!("invoices?subscription={}&status=draft", row.stripe_subscription_id);
        let draft = shop.look(&drafts).await?["data"][0]["id"].as_str().expect("a draft").to_owned();
        shop.call(&format!("invoices/{draft}"), "auto_advance=false").await?;
        // Paid for since, but for what the draft is about.
        let more = request(&shop, &license.id, "startup", 3).await?;
        let shown = charge(&shop, &more).await?;
        let changed = change_subscription(&shop.commerce, &shop.cx(), &more, agree(&shown)).await?;
        assert!(matches!(changed, Change::Applied { .. }), "{changed:?}");
        shop.hear().await?;
        shop.be_halfway(&license.id).await?;
        let refused = offer(&shop, &license.id).await?.err();
        assert_eq!(refused, Some(ConversionRefusal::PaymentDue), "its time is not over");

        let renews_at = shop.subscription(&license.id).await?.period_end;
        shop.set_clock(renews_at.plus(2 * HOUR_MS))?;
        shop.hear().await?;
        shop.be_halfway(&license.id).await?;
        assert_eq!(shop.look(&drafts).await?["data"][0]["id"], draft.as_str(), "it is there still");
        let shown = offered(&shop, &license.id).await?;
        assert_eq!(shown.credit.amount_minor, MONTHLY / 2, "of the period that is paid");
        assert_eq!(shop.turn_perpetual(&license.id, &shown).await?, 3 * 499_900 - MONTHLY / 2);
        Ok(())
    }
}
