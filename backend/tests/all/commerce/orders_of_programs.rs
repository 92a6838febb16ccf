//! What programs of a partner's order for its client, with an API token.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use backend::audit::{AuditFilter, AuditScope, Who, list_audit};
use backend::billing::CommerceError;
use backend::catalog::BillingInterval;
use backend::clock::MINUTE_MS;
use backend::db::{Db, DbError};
use backend::ids::{AccountId, OrderId, RelationId};
use backend::money::Money;
use backend::orders::rules::ChoiceProblem;
use backend::orders::{
    AccountOrder, AccountOrderFilter, CheckoutUrls, ClientOrdering, GivenUp, OrderForClient, OrderPlacement,
    OrderStatus, Payment, cancel_order, find_account_order, list_account_orders, order_for_client,
};
use backend::tokens::{Holder, NewToken, Scope, TokenCreation, create_token};
use backend::{Actor, Cx};
use futures::future::join_all;
use stripe_sandbox::Cut;

use super::for_clients::Partner;
use super::shop::{Shop, run_sql};
use crate::support::{cx, master, on_both_engines};

impl Shop {
    /// A program of an account's.
    async fn program(&self, account_id: &AccountId, scopes: &[Scope]) -> anyhow::Result<Cx> {
        let operator = cx(&self.vendor.id, self.now());
        let new = NewToken {
            holder: Holder::Account(account_id.clone()),
            name: "Shop".to_owned(),
            scopes: scopes.iter().copied().collect(),
            days: 30,
        };
        let made = self
            .db
            .write(move |tx| Box::pin(async move { create_token(tx, &operator, &master(), &new).await }))
            .await?;
        let TokenCreation::Created { token, .. } = made else { anyhow::bail!("{made:?}") };
        self.work().await?;
        self.outbox.take();
        Ok(Cx { actor: Actor::Token(token.id), ..cx(&self.vendor.id, self.now()) })
    }

    /// Three seats of `startup` for the client, by card; the partner pays.
    fn wanted(&self, partner: &Partner, key: &str) -> OrderForClient {
        OrderForClient {
            partner_id: partner.account.id.clone(),
            relation_id: partner.relation_id.clone(),
            client_pays: false,
            product: None,
            plan: "startup".to_owned(),
            interval: BillingInterval::Month,
            seats: 3,
            currency: self.currency,
            addons: BTreeSet::new(),
            packs: BTreeMap::new(),
            payment: Payment::Card,
            agreed_minor: None,
            key: key.to_owned(),
            urls: CheckoutUrls {
                success: "https://portal.test/orders/{ORDER_ID}".to_owned(),
                cancel: "https://portal.test/pricing".to_owned(),
            },
        }
    }

    async fn order_by_program(&self, cx: &Cx, wanted: &OrderForClient) -> anyhow::Result<ClientOrdering> {
        Ok(order_for_client(&self.commerce, cx, wanted).await?)
    }

    async fn ordered_by_program(&self, cx: &Cx, wanted: &OrderForClient) -> anyhow::Result<(AccountOrder, bool)> {
        match self.order_by_program(cx, wanted).await? {
            ClientOrdering::Ordered { order, created } => Ok((*order, created)),
            other => anyhow::bail!("{other:?}"),
        }
    }

    /// The same request from many at once: four of them begin together and find a stranded order, and one more begins at every
    /// look at it, until it has been over for some looks. Answers the orders that they got, and how often one was placed.
    async fn ordered_over_and_over(
        &self,
        cx: &Cx,
        wanted: &OrderForClient,
        stranded: &OrderId,
    ) -> anyhow::Result<(BTreeSet<OrderId>, usize)> {
        let call = || {
            let (commerce, cx, wanted) = (self.commerce.clone(), cx.clone(), wanted.clone());
            tokio::spawn(async move { order_for_client(&commerce, &cx, &wanted).await })
        };
        let mut calls: Vec<_> = (0..4).map(|_| call()).collect();
        let mut looks_after = 0;
        while looks_after < 4 {
            looks_after += usize::from(self.find_order(stranded).await?.status != OrderStatus::Open);
            calls.push(call());
            anyhow::ensure!(calls.len() < 500, "it is never closed");
        }
        let (mut orders, mut placed) = (BTreeSet::new(), 0);
        for answer in join_all(calls).await {
            let ClientOrdering::Ordered { order, created } = answer?? else { anyhow::bail!("no order") };
            orders.insert(order.order.id);
            placed += usize::from(created);
        }
        Ok((orders, placed))
    }

    async fn orders_seen(
        &self,
        cx: &Cx,
        account_id: &AccountId,
        filter: AccountOrderFilter,
    ) -> anyhow::Result<Option<Vec<AccountOrder>>> {
        let (cx, id) = (cx.clone(), account_id.clone());
        let listed: Result<_, DbError> = self
            .db
            .read(|tx| Box::pin(async move { list_account_orders(tx, &cx, &id, &filter, None, 100).await }))
            .await;
        Ok(listed?)
    }

    async fn order_seen(&self, cx: &Cx, account_id: &AccountId, id: &OrderId) -> anyhow::Result<Option<AccountOrder>> {
        let (cx, account_id, id) = (cx.clone(), account_id.clone(), id.clone());
        let found: Result<_, DbError> =
            self.db.read(|tx| Box::pin(async move { find_account_order(tx, &cx, &account_id, &id).await })).await;
        Ok(found?)
    }
}

fn ids(orders: Option<Vec<AccountOrder>>) -> BTreeSet<OrderId> {
    orders.expect("they may be seen").into_iter().map(|listed| listed.order.id).collect()
}

const ORDERS: [Scope; 2] = [Scope::OrdersRead, Scope::OrdersWrite];

on_both_engines! {
    async fn a_program_orders_for_a_client_once_for_each_key(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        let wanted = shop.wanted(&partner, "one");
        let (placed, created) = shop.ordered_by_program(&program, &wanted).await?;
        let order = &placed.order;
        assert!(created);
        assert_eq!((&order.account_id, order.licensee()), (&partner.account.id, &shop.account.id));
        assert_eq!((order.amount_minor, order.discount_bp), (44_800, Some(1_000)));
        assert_eq!(order.user_id, partner.user.id, "whoever has been there longest is told");
        assert!(order.session_hash.is_none());
        let url = order.checkout_url.clone().expect("a payment page");

        let (again, created) = shop.ordered_by_program(&program, &wanted).await?;
        assert_eq!((&again, created), (&placed, false));
        let more = OrderForClient { seats: 4, ..wanted.clone() };
        assert_eq!(shop.order_by_program(&program, &more).await?, ClientOrdering::OtherRequest);
        let (other, created) = shop.ordered_by_program(&program, &OrderForClient { key: "two".to_owned(), ..wanted.clone() }).await?;
        assert!(created && other.order.id != order.id);

        shop.pay(&url, "4242").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let (paid, created) = shop.ordered_by_program(&program, &wanted).await?;
        assert_eq!((paid.order.status, created), (OrderStatus::Paid, false));
        let license_id = paid.order.license_id.expect("a license");
        assert_eq!(shop.license(&license_id).await?.account_id, shop.account.id);

        let (cx, scope) = (shop.act_as(&partner.user.id), AuditScope::Account(partner.account.id.clone()));
        let filter = AuditFilter { object: order.id.to_string(), ..AuditFilter::default() };
        let log: Result<_, DbError> = shop
            .db
            .read(move |tx| Box::pin(async move { list_audit(tx, &cx, &scope, &filter, None, 50).await }))
            .await;
        let log = log?.expect("the partner's own");
        let by_program = |who: &Who| *who == Who::Token("Shop".to_owned());
        assert!(log.iter().any(|entry| entry.act == "order.place" && by_program(&entry.who)), "{log:?}");
        Ok(())
    }

    async fn of_many_calls_at_once_with_one_key_one_orders(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        // The partner is known to Stripe from now on.
        let (before, _) = shop.ordered_by_program(&program, &shop.wanted(&partner, "zero")).await?;
        let wanted = shop.wanted(&partner, "one");
        let (mut new, mut orders) = (0, BTreeSet::new());
        for answer in join_all((0..12).map(|_| shop.ordered_by_program(&program, &wanted))).await {
            let (placed, created) = answer?;
            new += i32::from(created);
            orders.insert(placed.order.id);
        }
        assert_eq!((new, orders.len()), (1, 1));
        orders.insert(before.order.id);
        let seen = shop.orders_seen(&program, &partner.account.id, AccountOrderFilter::default()).await?;
        assert_eq!(ids(seen), orders);
        Ok(())
    }

    async fn of_calls_at_once_with_one_key_and_other_wishes_one_orders_and_the_others_hear_of_it(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        shop.ordered_by_program(&program, &shop.wanted(&partner, "zero")).await?;
        let wishes: Vec<OrderForClient> =
            (3..=7).map(|seats| OrderForClient { seats, ..shop.wanted(&partner, "one") }).collect();
        let mut placed = Vec::new();
        for answer in join_all(wishes.iter().map(|wanted| shop.order_by_program(&program, wanted))).await {
            match answer? {
                ClientOrdering::Ordered { order, created: true } => placed.push(order.order.seats),
                ClientOrdering::OtherRequest => {}
                other => anyhow::bail!("{other:?}"),
            }
        }
        let [seats] = placed[..] else { anyhow::bail!("{placed:?}") };
        let again = OrderForClient { seats, ..shop.wanted(&partner, "one") };
        assert!(!shop.ordered_by_program(&program, &again).await?.1);
        let seen = shop.orders_seen(&program, &partner.account.id, AccountOrderFilter::default()).await?;
        assert_eq!(ids(seen).len(), 2);
        Ok(())
    }

    async fn an_order_whose_process_died_before_its_page_makes_way_for_the_next_try(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        // Only who looks at the right moment sees what must not be seen, so it is tried more than once.
        for round in 0..6 {
            let wanted = OrderForClient { client_pays: round % 2 == 1, ..shop.wanted(&partner, &format!("key {round}")) };
            let (died, _) = shop.ordered_by_program(&Cx { now: shop.now(), ..program.clone() }, &wanted).await?;
            let died = died.order.id;
            // The row is committed before the page is made, and the page is noted after that.
            let unnoted = format!("UPDATE orders SET stripe_session_id = NULL, checkout_url = NULL WHERE id = '{died}'");
            run_sql(&shop.db, vec![unnoted]).await?;
            // Another call may still be at it.
            let (same, created) = shop.ordered_by_program(&Cx { now: shop.now(), ..program.clone() }, &wanted).await?;
            assert_eq!((&same.order.id, created), (&died, false));
            shop.set_clock(shop.now().plus(3 * MINUTE_MS))?;
            let later = Cx { now: shop.now(), ..program.clone() };
            let (anew, times) = shop.ordered_over_and_over(&later, &wanted, &died).await?;
            assert!(anew.len() == 1 && !anew.contains(&died), "round {round}: {anew:?}, and not {died}");
            assert_eq!(times, 1, "round {round}");
            let (placed, created) = shop.ordered_by_program(&later, &wanted).await?;
            assert!(!created && anew.contains(&placed.order.id));
            assert_eq!(shop.find_order(&died).await?.status, OrderStatus::Cancelled);
            let url = shop.find_order(&placed.order.id).await?.checkout_url.expect("a payment page");
            assert!(!url.is_empty());
        }
        Ok(())
    }

    async fn a_program_that_hangs_up_leaves_an_order_that_can_be_paid(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        shop.ordered_by_program(&program, &shop.wanted(&partner, "zero")).await?;
        let wanted = shop.wanted(&partner, "one");
        shop.cut(Some((0, Cut::Before)));
        let held = async {
            while shop.was_cut().is_none() {
                // Another task is waited for, not time.
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        tokio::select! {
            () = held => {}
            answer = shop.order_by_program(&program, &wanted) => anyhow::bail!("{answer:?}"),
        }
        shop.release();
        shop.cut(None);
        let mut seen = BTreeSet::new();
        for _ in 0..5_000 {
            seen = ids(shop.orders_seen(&program, &partner.account.id, AccountOrderFilter::default()).await?);
            if seen.len() == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert_eq!(seen.len(), 2, "nobody has placed it");
        let (placed, created) = shop.ordered_by_program(&program, &wanted).await?;
        assert!(!created && seen.contains(&placed.order.id));
        Ok(())
    }

    async fn an_order_that_is_not_seen_any_more_is_none(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        let wanted = OrderForClient { client_pays: true, ..shop.wanted(&partner, "one") };
        let (placed, _) = shop.ordered_by_program(&program, &wanted).await?;
        run_sql(&shop.db, vec![format!("UPDATE orders SET relation_id = NULL WHERE id = '{}'", placed.order.id)]).await?;
        assert_eq!(shop.order_by_program(&program, &wanted).await?, ClientOrdering::NoSuchClient);
        Ok(())
    }

    async fn a_client_whose_account_is_nobodys_yet_cannot_be_the_one_to_pay(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        run_sql(&shop.db, vec!["UPDATE client_relations SET accepted_at = NULL".to_owned()]).await?;
        let wanted = OrderForClient { client_pays: true, ..shop.wanted(&partner, "one") };
        assert_eq!(shop.order_by_program(&program, &wanted).await?, ClientOrdering::NotTakenOver);
        // The same key is free for who can pay.
        let wanted = OrderForClient { client_pays: false, ..wanted };
        let ordered = shop.order_by_program(&program, &wanted).await?;
        assert!(matches!(ordered, ClientOrdering::Ordered { created: true, .. }), "{ordered:?}");
        Ok(())
    }

    async fn what_cannot_be_ordered_is_refused_and_leaves_nothing(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        let wanted = shop.wanted(&partner, "one");
        let price = Money::new(44_800, shop.currency);
        let max = shop.plan("startup").await?.max_seats;
        let refused = |problem| ClientOrdering::Refused(OrderPlacement::Refused(problem));
        for (wanted, expected) in [
            (
                OrderForClient { relation_id: RelationId::from_untrusted("rln_none"), ..wanted.clone() },
                ClientOrdering::NoSuchClient,
            ),
            (OrderForClient { partner_id: shop.account.id.clone(), ..wanted.clone() }, ClientOrdering::NoSuchClient),
            (OrderForClient { plan: "none".to_owned(), ..wanted.clone() }, ClientOrdering::NoSuchPlan),
            (OrderForClient { product: Some("none".to_owned()), ..wanted.clone() }, ClientOrdering::NoSuchPlan),
            (OrderForClient { agreed_minor: Some(44_799), ..wanted.clone() }, ClientOrdering::Costs(price)),
            (
                OrderForClient { addons: ["none".to_owned()].into(), ..wanted.clone() },
                refused(ChoiceProblem::AddonNotOffered),
            ),
            (
                OrderForClient { payment: Payment::None, ..wanted.clone() },
                ClientOrdering::Refused(OrderPlacement::PaymentNotOffered),
            ),
            (OrderForClient { seats: max + 1, ..wanted.clone() }, refused(ChoiceProblem::TooManySeats { max })),
        ] {
            assert_eq!(shop.order_by_program(&program, &wanted).await?, expected, "{wanted:?}");
        }
        // Who may only look orders nothing, and neither does the client's own program.
        for (account_id, scopes) in [(&partner.account.id, [Scope::OrdersRead]), (&shop.account.id, [Scope::OrdersWrite])] {
            let program = shop.program(account_id, &scopes).await?;
            assert_eq!(shop.order_by_program(&program, &wanted).await?, ClientOrdering::NoSuchClient);
        }
        let seen = shop.orders_seen(&program, &partner.account.id, AccountOrderFilter::default()).await?;
        assert_eq!(ids(seen), BTreeSet::new());
        // None of them has used the key up.
        assert!(shop.ordered_by_program(&program, &OrderForClient { agreed_minor: Some(44_800), ..wanted }).await?.1);
        Ok(())
    }

    async fn what_stripe_refuses_leaves_the_key_for_the_next_try(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        for client_pays in [false, true] {
            let wanted = OrderForClient { client_pays, ..shop.wanted(&partner, if client_pays { "a" } else { "b" }) };
            let lost = "UPDATE prices SET stripe_price_id = stripe_price_id || '_lost' WHERE stripe_price_id IS NOT NULL";
            run_sql(&shop.db, vec![lost.to_owned()]).await?;
            let failed = shop.order_by_program(&program, &wanted).await;
            assert!(failed.is_err(), "{failed:?}");
            let found = "UPDATE prices SET stripe_price_id = REPLACE(stripe_price_id, '_lost', '')
                         WHERE stripe_price_id IS NOT NULL";
            run_sql(&shop.db, vec![found.to_owned()]).await?;
            let (placed, created) = shop.ordered_by_program(&program, &wanted).await?;
            assert!(created && placed.order.checkout_url.is_some(), "{placed:?}");
        }
        let open = AccountOrderFilter { status: Some(OrderStatus::Open), ..AccountOrderFilter::default() };
        assert_eq!(ids(shop.orders_seen(&program, &partner.account.id, open).await?).len(), 2);
        Ok(())
    }

    async fn of_calls_at_once_whose_orders_come_to_nothing_each_hears_why_or_to_come_again(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        shop.ordered_by_program(&program, &shop.wanted(&partner, "zero")).await?;
        let lost = "UPDATE prices SET stripe_price_id = stripe_price_id || '_lost' WHERE stripe_price_id IS NOT NULL";
        run_sql(&shop.db, vec![lost.to_owned()]).await?;
        // Only who looks right after another's order was let go finds none, so it is tried more than once.
        for round in 0..6 {
            let wanted = shop.wanted(&partner, &format!("key {round}"));
            let answers = join_all((0..12).map(|_| order_for_client(&shop.commerce, &program, &wanted))).await;
            for answer in answers {
                let hears = match &answer {
                    // It was open when it was looked at.
                    Ok(ClientOrdering::Ordered { created, .. }) => !created,
                    Ok(_) => false,
                    Err(CommerceError::Stripe(_)) => true,
                    Err(error) => error.may_pass(),
                };
                assert!(hears, "round {round}: {answer:?}");
            }
        }
        let open = AccountOrderFilter { status: Some(OrderStatus::Open), ..AccountOrderFilter::default() };
        assert_eq!(ids(shop.orders_seen(&program, &partner.account.id, open).await?).len(), 1, "the one before");
        Ok(())
    }

    async fn each_account_sees_what_it_pays_and_a_partner_what_it_ordered_while_the_relation_lasts(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        let theirs = shop.program(&shop.account.id, &[Scope::OrdersRead]).await?;
        let (paid, _) = shop.ordered_by_program(&program, &shop.wanted(&partner, "one")).await?;
        let asked = OrderForClient { client_pays: true, ..shop.wanted(&partner, "two") };
        let (asked, _) = shop.ordered_by_program(&program, &asked).await?;
        let (paid, asked) = (paid.order.id, asked.order.id);
        let own = shop.order("startup", BillingInterval::Month, 3).await?.0.id;

        let (partner_id, client_id) = (&partner.account.id, &shop.account.id);
        let all = AccountOrderFilter::default;
        assert_eq!(ids(shop.orders_seen(&program, partner_id, all()).await?), [paid.clone(), asked.clone()].into());
        assert_eq!(ids(shop.orders_seen(&theirs, client_id, all()).await?), [asked.clone(), own.clone()].into());
        assert_eq!(shop.orders_seen(&program, client_id, all()).await?, None);
        assert_eq!(shop.orders_seen(&theirs, partner_id, all()).await?, None);
        let of_client = AccountOrderFilter { client: Some(partner.relation_id.clone()), ..all() };
        assert_eq!(ids(shop.orders_seen(&program, partner_id, of_client.clone()).await?).len(), 2);
        let of_nobody = AccountOrderFilter { client: Some(RelationId::from_untrusted("rln_none")), ..all() };
        assert_eq!(ids(shop.orders_seen(&program, partner_id, of_nobody).await?).len(), 0);
        let expired = AccountOrderFilter { status: Some(OrderStatus::Expired), ..all() };
        assert_eq!(ids(shop.orders_seen(&program, partner_id, expired).await?).len(), 0);

        let seen = shop.order_seen(&program, partner_id, &asked).await?.expect("it has ordered it");
        assert!(!seen.is_paid_by(partner_id) && seen.shows_licensee_to(partner_id));
        assert_eq!(seen.relation_of(partner_id), Some(&partner.relation_id));
        let seen = shop.order_seen(&theirs, client_id, &asked).await?.expect("it is to pay it");
        assert!(seen.is_paid_by(client_id) && seen.relation_of(client_id).is_none());
        assert_eq!(shop.order_seen(&theirs, client_id, &paid).await?, None);
        assert_eq!(shop.order_seen(&program, partner_id, &own).await?, None);

        shop.part(&partner).await?;
        assert_eq!(ids(shop.orders_seen(&program, partner_id, all()).await?), [paid.clone()].into());
        assert_eq!(ids(shop.orders_seen(&program, partner_id, of_client).await?).len(), 0);
        assert_eq!(shop.order_seen(&program, partner_id, &asked).await?, None);
        let seen = shop.order_seen(&program, partner_id, &paid).await?.expect("its own paper");
        assert!(!seen.shows_licensee_to(partner_id) && seen.relation_of(partner_id).is_none());
        let again = shop.order_by_program(&program, &shop.wanted(&partner, "one")).await?;
        assert_eq!(again, ClientOrdering::NoSuchClient);
        Ok(())
    }

    async fn a_program_gives_up_what_its_account_pays_and_nothing_else(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        let (paid, _) = shop.ordered_by_program(&program, &shop.wanted(&partner, "one")).await?;
        let asked = OrderForClient { client_pays: true, ..shop.wanted(&partner, "two") };
        let (asked, _) = shop.ordered_by_program(&program, &asked).await?;
        let looks = shop.program(&partner.account.id, &[Scope::OrdersRead]).await?;
        for (cx, order, expected) in [
            (&looks, &paid, GivenUp::NotAllowed),
            (&program, &asked, GivenUp::NotAllowed),
            (&program, &paid, GivenUp::Closed(OrderStatus::Cancelled)),
        ] {
            assert_eq!(cancel_order(&shop.commerce, cx, &order.order.id).await?, expected);
        }
        let (gone, created) = shop.ordered_by_program(&program, &shop.wanted(&partner, "one")).await?;
        assert_eq!((gone.order.status, created), (OrderStatus::Cancelled, false));
        Ok(())
    }

    async fn nobody_who_has_left_the_partner_is_told_of_its_orders(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let program = shop.program(&partner.account.id, &ORDERS).await?;
        // The token was made by somebody who is no member of the partner's any more.
        let made = format!("UPDATE api_tokens SET created_by = '{}'", shop.user.id);
        run_sql(&shop.db, vec![made]).await?;
        let (placed, _) = shop.ordered_by_program(&program, &shop.wanted(&partner, "one")).await?;
        assert_eq!(placed.order.user_id, partner.user.id);
        Ok(())
    }
}
