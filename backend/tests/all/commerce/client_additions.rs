//! What a partner orders on top of a perpetual license that its client has: years of updates, and seats.

use backend::catalog::BillingInterval;
use backend::clock::HOUR_MS;
use backend::db::Db;
use backend::ids::{AccountId, LicenseId};
use backend::licenses::rules::updates_after_renewal;
use backend::orders::handlers::start_watching;
use backend::orders::{
    CheckoutUrls, ForClient, Order, OrderPlacement, OrderStatus, Payment, PlaceOrder, Purchase, place_order,
};

use super::closing::number;
use super::for_clients::{Partner, TERMS};
use super::shop::{Shop, run_sql};
use crate::support::{NOW, master, on_both_engines};

/// Two years of updates for two instances, and what 10 % take off that.
const TWO_YEARS: i64 = 2 * 2 * 199_960;
const OFF_TWO_YEARS: i64 = TWO_YEARS / 10;
/// A further instance, and what 10 % take off that.
const SEAT: i64 = 499_900;
const OFF_SEAT: i64 = SEAT / 10;

impl Shop {
    fn two_years(&self, id: &LicenseId) -> Purchase {
        Purchase::Maintenance { license_id: id.clone(), years: 2, currency: self.currency }
    }

    fn one_seat(&self, id: &LicenseId) -> Purchase {
        Purchase::Seats { license_id: id.clone(), more: 1, currency: self.currency }
    }

    async fn add_for_client(
        &self,
        partner: &Partner,
        payer: &AccountId,
        purchase: Purchase,
        takes_off_minor: i64,
    ) -> anyhow::Result<OrderPlacement> {
        self.add_for_client_by(Payment::Card, partner, payer, purchase, takes_off_minor).await
    }

    async fn add_for_client_by(
        &self,
        payment: Payment,
        partner: &Partner,
        payer: &AccountId,
        purchase: Purchase,
        takes_off_minor: i64,
    ) -> anyhow::Result<OrderPlacement> {
        let place = PlaceOrder {
            account_id: payer.clone(),
            user_id: partner.user.id.clone(),
            session_hash: None,
            purchase,
            payment,
            promotion: None,
            for_client: Some(ForClient { relation_id: partner.relation_id.clone(), takes_off_minor, request: None }),
            urls: CheckoutUrls {
                success: "https://portal.test/orders/{ORDER_ID}".to_owned(),
                cancel: "https://portal.test/pricing".to_owned(),
            },
        };
        Ok(place_order(&self.commerce, &self.act_as(&partner.user.id), &place).await?)
    }

    async fn hear_all(&self) -> anyhow::Result<()> {
        self.deliver_all().await?;
        self.work().await?;
        Ok(())
    }
}

fn placed(placement: OrderPlacement) -> anyhow::Result<(Order, String)> {
    match placement {
        OrderPlacement::Placed { order, checkout_url } => Ok((*order, checkout_url)),
        other => anyhow::bail!("{other:?}"),
    }
}

on_both_engines! {
    async fn a_partner_renews_the_updates_of_its_client_and_pays_less_its_discount(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 2).await?;
        let until = license.updates_until.expect("updates");
        shop.outbox.take();
        let purchase = shop.two_years(&license.id);
        let (order, url) = placed(shop.add_for_client(&partner, &partner.account.id, purchase, OFF_TWO_YEARS).await?)?;
        assert_eq!((&order.account_id, order.licensee()), (&partner.account.id, &shop.account.id));
        assert_eq!((order.amount_minor, order.years, order.license_id.as_ref()), (TWO_YEARS, 2, Some(&license.id)));
        assert_eq!((order.partner_id.as_ref(), order.commission_bp), (Some(&partner.account.id), Some(TERMS.commission_bp)));
        assert_eq!(shop.license(&license.id).await?.updates_until, Some(until), "nothing before it is paid");
        shop.pay(&url, "4242").await?;
        shop.hear_all().await?;
        let mails: Vec<(String, String)> = shop.outbox.take().into_iter().map(|mail| (mail.to, mail.subject)).collect();
        // Heard of again, it is added once.
        shop.hear_all().await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((after.updates_until, &after.account_id), (Some(updates_after_renewal(until, 2)), &shop.account.id));
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Paid);
        let theirs = shop.invoices_of(&partner.account.id).await?;
        assert_eq!(theirs.len(), 1);
        assert_eq!((theirs[0].subtotal_minor, theirs[0].discount_minor), (TWO_YEARS, OFF_TWO_YEARS));
        assert_eq!(shop.invoices_of(&shop.account.id).await?.len(), 1, "what the client bought itself");
        let told = |to: &str, text: &str| mails.iter().any(|(who, subject)| who == to && subject.contains(text));
        assert!(told("ada@example.com", "Partner AG has renewed your updates"), "{mails:?}");
        assert!(told("pia@partner.test", "Invoice") && !told("ada@example.com", "Invoice"), "{mails:?}");
        Ok(())
    }

    async fn a_client_pays_for_the_seats_that_its_partner_orders(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 2).await?;
        shop.outbox.take();
        let purchase = shop.one_seat(&license.id);
        let (order, url) = placed(shop.add_for_client(&partner, &shop.account.id, purchase, OFF_SEAT).await?)?;
        assert!(order.is_for_client_to_pay());
        assert_eq!((order.amount_minor, order.partner_id.as_ref()), (SEAT, Some(&partner.account.id)));
        shop.pay(&url, "4242").await?;
        shop.hear_all().await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((after.seats, after.updates_until), (3, license.updates_until));
        assert_eq!(shop.invoices_of(&partner.account.id).await?.len(), 0);
        let own = shop.invoices_of(&shop.account.id).await?;
        assert!(own.iter().any(|it| (it.subtotal_minor, it.discount_minor) == (SEAT, OFF_SEAT)), "{own:?}");
        Ok(())
    }

    async fn a_partner_that_disputes_a_seat_does_not_freeze_its_clients_license(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 2).await?;
        let purchase = shop.one_seat(&license.id);
        let (_, url) = placed(shop.add_for_client(&partner, &partner.account.id, purchase, OFF_SEAT).await?)?;
        shop.pay(&url, "card&card_number=4000000000000259").await?;
        shop.hear_all().await?;
        shop.hear_all().await?;
        let disputes = "SELECT COUNT(*) FROM disputes WHERE status = 'open'";
        assert_eq!(number(&shop, disputes).await?, 1);
        assert_eq!(shop.license(&license.id).await?.disputed_at, None);
        shop.activate(&license.id, "node-1").await?;
        Ok(())
    }

    async fn what_waits_for_a_transfer_is_given_up_when_the_license_has_gone_over(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 2).await?;
        let (payer, purchase) = (&partner.account.id, shop.two_years(&license.id));
        let placed = shop.add_for_client_by(Payment::Transfer, &partner, payer, purchase, OFF_TWO_YEARS).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        let (cx, master) = (shop.cx(), master());
        let watching = shop.db.write(|tx| Box::pin(async move { start_watching(tx, &cx, &master).await }));
        watching.await?;
        shop.hear_all().await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Open, "the client has it");
        let moved = format!("UPDATE licenses SET account_id = '{payer}' WHERE id = '{}'", license.id);
        run_sql(&shop.db, vec![moved]).await?;
        shop.set_clock(NOW.plus(HOUR_MS))?;
        shop.hear_all().await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Cancelled);
        Ok(())
    }

    async fn nothing_is_added_for_who_is_no_client_nor_to_what_the_client_does_not_have(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let payer = &partner.account.id;
        let license = shop.buy("perpetual", BillingInterval::Once, 2).await?;
        let changed = shop.add_for_client(&partner, payer, shop.one_seat(&license.id), OFF_SEAT - 1).await?;
        assert!(matches!(changed, OrderPlacement::DiscountChanged), "{changed:?}");
        let unknown = shop.one_seat(&LicenseId::from_untrusted("lic_none"));
        let refused = shop.add_for_client(&partner, payer, unknown, OFF_SEAT).await?;
        assert!(matches!(refused, OrderPlacement::NotAllowed), "{refused:?}");
        // A license of the partner's own is none of its client's.
        let own = format!("UPDATE licenses SET account_id = '{payer}' WHERE id = '{}'", license.id);
        run_sql(&shop.db, vec![own]).await?;
        let refused = shop.add_for_client(&partner, payer, shop.one_seat(&license.id), OFF_SEAT).await?;
        assert!(matches!(refused, OrderPlacement::NotAllowed), "{refused:?}");
        let back = format!("UPDATE licenses SET account_id = '{}' WHERE id = '{}'", shop.account.id, license.id);
        run_sql(&shop.db, vec![back]).await?;
        // The page was open while the client ended the relation.
        shop.part(&partner).await?;
        for payer in [payer, &shop.account.id] {
            let refused = shop.add_for_client(&partner, payer, shop.two_years(&license.id), OFF_TWO_YEARS).await?;
            assert!(matches!(refused, OrderPlacement::NotAllowed), "{refused:?}");
        }
        assert_eq!(shop.license(&license.id).await?.seats, 2);
        Ok(())
    }

    async fn what_is_paid_after_the_end_of_the_relation_is_the_clients_all_the_same(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 2).await?;
        let purchase = shop.one_seat(&license.id);
        let (_, url) = placed(shop.add_for_client(&partner, &partner.account.id, purchase, OFF_SEAT).await?)?;
        shop.part(&partner).await?;
        shop.pay(&url, "4242").await?;
        shop.hear_all().await?;
        let after = shop.license(&license.id).await?;
        assert_eq!((after.seats, &after.account_id), (3, &shop.account.id));
        Ok(())
    }
}
