//! Orders of a partner for its client: who pays, who has the license, and what becomes of both when the relation ends.

use backend::accounts::{
    Account, AccountCreation, AccountDetails, Address, Password, Passwords, SignUp, SignUpOutcome, User,
    create_account, sign_up,
};
use backend::audit::{AuditEntry, AuditFilter, AuditScope, Who, list_audit};
use backend::billing::earnings::{EarningState, Sum};
use backend::billing::{CancelReason, Cancellation, Resumption, cancel_subscription, resume_subscription};
use backend::catalog::{BillingInterval, Composition};
use backend::db::{Db, DbError, Tx};
use backend::ids::{AccountId, RelationId, UserId};
use backend::invoices::{Invoice, list_invoices};
use backend::licenses::{KeyReveal, LicenseStatus, reveal_key};
use backend::orders::{
    CheckoutUrls, ForClient, Fulfilment, GivenUp, Order, OrderPlacement, OrderProgress, OrderStatus, Payment,
    PlaceOrder, Purchase, cancel_order, fulfil_order, order_progress, place_order,
};
use backend::partners::{
    Acceptance, InviteClient, Invited, PartnerTerms, RelationEnd, TermsSet, accept_relation, end_relation,
    invite_client, set_partner_terms,
};
use backend::{Actor, Cx};

use super::shop::{ADDRESS, Shop, run_sql};
use crate::support::{cx, master, on_both_engines};

/// What 10 % take off what is ordered: `startup` with three seats, 448.00.
pub(super) const TENTH: i64 = 4_480;
pub(super) const TERMS: PartnerTerms = PartnerTerms { commission_bp: 2_000, discount_bp: 1_000, days_until_due: None };

pub(super) struct Partner {
    pub(super) user: User,
    pub(super) account: Account,
    pub(super) relation_id: RelationId,
}

impl Shop {
    pub(super) fn act_as(&self, user_id: &UserId) -> Cx {
        Cx { actor: Actor::User(user_id.clone()), ..cx(&self.vendor.id, self.now()) }
    }

    /// A partner whose client is the buyer.
    pub(super) async fn partner(&self) -> anyhow::Result<Partner> {
        let operator = cx(&self.vendor.id, self.now());
        let request = SignUp {
            email: "pia@partner.test".to_owned(),
            password: Password::new("a long walk by the harbour".to_owned()),
            name: "Pia".to_owned(),
            address: std::net::Ipv4Addr::LOCALHOST.into(),
        };
        let SignUpOutcome::SignedUp(user) =
            sign_up(&self.db, &Passwords::default(), &master(), &operator, &request).await?
        else {
            anyhow::bail!("the sign-up was refused")
        };
        let details = AccountDetails {
            company: "Partner AG".to_owned(),
            country: "DE".to_owned(),
            address: Address {
                line1: "Weg 1".to_owned(),
                postal_code: "28195".to_owned(),
                city: "Bremen".to_owned(),
                ..Address::default()
            },
            ..AccountDetails::default()
        };
        let user_id = user.id.clone();
        let (cx, made_by) = (operator.clone(), operator.clone());
        let created =
            self.db.write(move |tx| Box::pin(async move { create_account(tx, &cx, &user_id, &details).await })).await?;
        let AccountCreation::Created(account) = created else { anyhow::bail!("the account was refused") };
        let id = account.id.clone();
        let set = self
            .db
            .write(move |tx| Box::pin(async move { set_partner_terms(tx, &made_by, &master(), &id, TERMS).await }))
            .await?;
        assert_eq!(set, TermsSet::Made);
        self.confirm_all().await?;
        let relation_id = self.relate(&user, &account).await?;
        self.work().await?;
        self.outbox.take();
        Ok(Partner { user, account, relation_id })
    }

    async fn confirm_all(&self) -> anyhow::Result<()> {
        let sql = "UPDATE users SET email_verified_at = 1";
        let done: Result<(), anyhow::Error> = self
            .db
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
        done
    }

    async fn relate(&self, user: &User, account: &Account) -> anyhow::Result<RelationId> {
        let request = InviteClient {
            partner_id: account.id.clone(),
            company: "The buyer".to_owned(),
            email: self.user.email.clone(),
        };
        let cx = self.act_as(&user.id);
        let invited =
            self.db.write(move |tx| Box::pin(async move { invite_client(tx, &cx, &master(), &request).await })).await?;
        let Invited::Done(id) = invited else { anyhow::bail!("{invited:?}") };
        let (cx, relation_id, client_id) = (self.cx(), id.clone(), self.account.id.clone());
        let accepted = self.db.write(move |tx| {
            Box::pin(async move { accept_relation(tx, &cx, &master(), &relation_id, &client_id).await })
        });
        assert_eq!(accepted.await?, Acceptance::Done);
        Ok(id)
    }

    /// The client ends the relation; what follows is done.
    pub(super) async fn part(&self, partner: &Partner) -> anyhow::Result<()> {
        let (cx, id) = (self.cx(), partner.relation_id.clone());
        let ended = self.db.write(move |tx| Box::pin(async move { end_relation(tx, &cx, &master(), &id).await }));
        assert!(matches!(ended.await?, RelationEnd::Ended(_)));
        self.work().await?;
        Ok(())
    }

    async fn order_for_client(
        &self,
        partner: &Partner,
        payer: &AccountId,
        takes_off_minor: i64,
    ) -> anyhow::Result<OrderPlacement> {
        self.order_for_client_by(Payment::Card, partner, payer, takes_off_minor).await
    }

    pub(super) async fn order_for_client_by(
        &self,
        payment: Payment,
        partner: &Partner,
        payer: &AccountId,
        takes_off_minor: i64,
    ) -> anyhow::Result<OrderPlacement> {
        let plan_id = self.plan("startup").await?.id;
        let place = PlaceOrder {
            account_id: payer.clone(),
            user_id: partner.user.id.clone(),
            session_hash: None,
            purchase: Purchase::Plan(Composition::new(plan_id, BillingInterval::Month, 3, self.currency)),
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

    pub(super) async fn placed_for_client(
        &self,
        partner: &Partner,
        payer: &AccountId,
    ) -> anyhow::Result<(Order, String)> {
        match self.order_for_client(partner, payer, TENTH).await? {
            OrderPlacement::Placed { order, checkout_url } => Ok((*order, checkout_url)),
            other => anyhow::bail!("{other:?}"),
        }
    }

    pub(super) async fn invoices_of(&self, account_id: &AccountId) -> anyhow::Result<Vec<Invoice>> {
        let (vendor_id, id) = (self.vendor.id.clone(), account_id.clone());
        let all: Result<_, DbError> =
            self.db.read(|tx| Box::pin(async move { list_invoices(tx, &vendor_id, &id, None, 100).await })).await;
        Ok(all?)
    }
}

on_both_engines! {
    async fn the_partner_pays_and_the_client_has_the_license(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (order, url) = shop.placed_for_client(&partner, &partner.account.id).await?;
        assert_eq!((&order.account_id, order.licensee()), (&partner.account.id, &shop.account.id));
        shop.pay(&url, "4242").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let order = shop.find_order(&order.id).await?;
        let license_id = order.license_id.clone().expect("a license");
        let license = shop.license(&license_id).await?;
        assert_eq!((license.status, &license.account_id), (LicenseStatus::Active, &shop.account.id));
        let subscription = shop.subscription(&license_id).await?;
        assert_eq!(subscription.account_id, partner.account.id);
        let (theirs, own) = (shop.invoices_of(&partner.account.id).await?, shop.invoices_of(&shop.account.id).await?);
        assert_eq!((theirs.len(), own.len()), (1, 0));
        assert_eq!((theirs[0].subtotal_minor, theirs[0].discount_minor), (44_800, TENTH));
        let mails: Vec<(String, String)> = shop.outbox.take().into_iter().map(|mail| (mail.to, mail.subject)).collect();
        let told = |to: &str, text: &str| mails.iter().any(|(who, subject)| who == to && subject.contains(text));
        assert!(told("ada@example.com", "Partner AG has a license"), "{mails:?}");
        assert!(told("pia@partner.test", "Invoice") && !told("ada@example.com", "Invoice"), "{mails:?}");

        // The key is the client's alone, and so is the order the partner's.
        let (cx, shown) = (shop.act_as(&partner.user.id), license.clone());
        let key = shop.db.write(move |tx| Box::pin(async move { reveal_key(tx, &cx, &master(), &shown).await })).await?;
        assert!(matches!(key, KeyReveal::NotAllowed));
        let seen = order_progress(&shop.commerce, &shop.cx(), &order.id).await?;
        assert!(matches!(seen, OrderProgress::NotFound), "{seen:?}");

        // Who pays decides about what is paid.
        let why = CancelReason::default();
        let by_client = cancel_subscription(&shop.commerce, &shop.cx(), &license_id, &why).await?;
        assert_eq!(by_client, Cancellation::NotAllowed);
        let partner_cx = shop.act_as(&partner.user.id);
        let cancelled = cancel_subscription(&shop.commerce, &partner_cx, &license_id, &why).await?;
        assert!(matches!(cancelled, Cancellation::Cancelling { .. }), "{cancelled:?}");
        let resumed = resume_subscription(&shop.commerce, &partner_cx, &license_id).await?;
        assert!(matches!(resumed, Resumption::Renewing { .. }), "{resumed:?}");
        Ok(())
    }

    async fn what_a_partners_order_brings_in_each_month_is_less_by_its_discount(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (order, url) = shop.placed_for_client(&partner, &partner.account.id).await?;
        assert_eq!((order.amount_minor, order.discount_bp), (44_800, Some(TERMS.discount_bp)));
        shop.pay(&url, "4242").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let license_id = shop.find_order(&order.id).await?.license_id.expect("a license");
        let one = Sum { subscriptions: 1, monthly_minor: 44_800 - TENTH };
        let earned = shop.earned().await?;
        assert_eq!((earned.len(), earned[0].running, earned[0].new), (1, one, one));
        // Another plan of the same company, without a partner, is worth its price.
        let own = shop.buy("startup", BillingInterval::Month, 3).await?.id;
        let both = Sum { subscriptions: 2, monthly_minor: 2 * 44_800 - TENTH };
        assert_eq!(shop.earned().await?[0].running, both);
        let mut listed = shop.earning(EarningState::Running).await?;
        listed.sort_by_key(|(_, monthly)| *monthly);
        assert_eq!(listed, [(license_id, 44_800 - TENTH), (own, 44_800)]);
        Ok(())
    }

    async fn one_renewal_that_cannot_be_called_off_does_not_keep_the_others(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let mut licenses = Vec::new();
        for _ in 0..2 {
            let (order, url) = shop.placed_for_client(&partner, &partner.account.id).await?;
            shop.pay(&url, "4242").await?;
            shop.deliver_all().await?;
            shop.work().await?;
            licenses.push(shop.find_order(&order.id).await?.license_id.expect("a license"));
        }
        licenses.sort_by_key(ToString::to_string);
        let unknown = "UPDATE subscriptions SET stripe_subscription_id = 'sub_unknown' WHERE license_id =";
        run_sql(&shop.db, vec![format!("{unknown} '{}'", licenses[0])]).await?;
        shop.part(&partner).await?;
        assert!(!shop.subscription(&licenses[0]).await?.cancel_at_period_end);
        assert!(shop.subscription(&licenses[1]).await?.cancel_at_period_end);
        Ok(())
    }

    async fn when_the_relation_ends_what_the_partner_pays_does_not_renew_and_nobody_can_undo_it(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (order, url) = shop.placed_for_client(&partner, &partner.account.id).await?;
        shop.pay(&url, "4242").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let license_id = shop.find_order(&order.id).await?.license_id.expect("a license");
        assert!(!shop.subscription(&license_id).await?.cancel_at_period_end);
        shop.part(&partner).await?;
        assert!(shop.subscription(&license_id).await?.cancel_at_period_end);
        let license = shop.license(&license_id).await?;
        assert_eq!((license.status, &license.account_id), (LicenseStatus::Active, &shop.account.id));
        let partner_cx = shop.act_as(&partner.user.id);
        let resumed = resume_subscription(&shop.commerce, &partner_cx, &license_id).await?;
        assert_eq!(resumed, Resumption::NotAllowed);
        let refused = shop.order_for_client(&partner, &partner.account.id, TENTH).await?;
        assert!(matches!(refused, OrderPlacement::NotAllowed), "{refused:?}");
        // The partner's own papers stay.
        assert_eq!(shop.invoices_of(&partner.account.id).await?.len(), 1);
        Ok(())
    }

    async fn an_order_that_is_paid_after_the_end_grants_its_license_and_does_not_renew(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (order, url) = shop.placed_for_client(&partner, &partner.account.id).await?;
        shop.part(&partner).await?;
        shop.pay(&url, "4242").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let license_id = shop.find_order(&order.id).await?.license_id.expect("a license");
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Active);
        assert!(shop.subscription(&license_id).await?.cancel_at_period_end);
        Ok(())
    }

    async fn an_end_that_is_committed_while_an_order_is_granted_is_seen_all_the_same(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (order, url) = shop.placed_for_client(&partner, &partner.account.id).await?;
        shop.pay(&url, "4242").await?;
        let done = fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?;
        let Fulfilment::Fulfilled { license_id, newly: true } = done else { anyhow::bail!("{done:?}") };
        // The grant could not see it, and the job of the end ran before the grant was committed.
        let ended = "UPDATE client_relations SET status = 'ended' WHERE id =";
        run_sql(&shop.db, vec![format!("{ended} '{}'", partner.relation_id)]).await?;
        shop.work().await?;
        assert!(shop.subscription(&license_id).await?.cancel_at_period_end);
        Ok(())
    }

    async fn the_client_pays_what_its_partner_has_ordered_and_decides_about_it(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (order, url) = shop.placed_for_client(&partner, &shop.account.id).await?;
        assert!(order.is_for_client_to_pay());
        shop.work().await?;
        let mails = shop.outbox.take();
        assert_eq!(mails.len(), 1);
        assert!(mails[0].text.contains(order.id.as_str()), "{}", mails[0].text);
        let partner_cx = shop.act_as(&partner.user.id);
        let seen = order_progress(&shop.commerce, &partner_cx, &order.id).await?;
        assert!(matches!(seen, OrderProgress::NotFound), "{seen:?}");
        let seen = order_progress(&shop.commerce, &shop.cx(), &order.id).await?;
        assert!(matches!(seen, OrderProgress::AwaitingPayment(_)), "{seen:?}");

        shop.pay(&url, "4242").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let license_id = shop.find_order(&order.id).await?.license_id.expect("a license");
        assert_eq!(shop.license(&license_id).await?.account_id, shop.account.id);
        assert_eq!(shop.subscription(&license_id).await?.account_id, shop.account.id);
        let invoices = shop.invoices_of(&shop.account.id).await?;
        assert_eq!((invoices.len(), invoices[0].discount_minor), (1, TENTH));
        assert_eq!(shop.invoices_of(&partner.account.id).await?.len(), 0);
        let why = CancelReason::default();
        let by_partner = cancel_subscription(&shop.commerce, &partner_cx, &license_id, &why).await?;
        assert_eq!(by_partner, Cancellation::NotAllowed);
        // What the client pays goes on without the partner.
        shop.part(&partner).await?;
        assert!(!shop.subscription(&license_id).await?.cancel_at_period_end);
        Ok(())
    }

    async fn a_client_is_asked_to_pay_only_where_there_is_a_page_for_it(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let unknown = "UPDATE prices SET stripe_price_id = 'price_unknown_' || id WHERE stripe_price_id IS NOT NULL";
        run_sql(&shop.db, vec![unknown.to_owned()]).await?;
        let refused = shop.order_for_client(&partner, &shop.account.id, TENTH).await;
        assert!(refused.is_err(), "{refused:?}");
        shop.work().await?;
        assert_eq!(shop.subjects(), Vec::<String>::new());
        Ok(())
    }

    async fn a_clients_log_does_not_tell_which_of_its_partners_people_gave_an_order_up(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let placed = shop.order_for_client_by(Payment::Transfer, &partner, &partner.account.id, TENTH).await?;
        let OrderPlacement::Made { order } = placed else { anyhow::bail!("{placed:?}") };
        let license_id = shop.find_order(&order.id).await?.license_id.expect("a license");
        let partner_cx = Cx { address: Some(ADDRESS), ..shop.act_as(&partner.user.id) };
        let given_up = cancel_order(&shop.commerce, &partner_cx, &order.id).await?;
        assert_eq!(given_up, GivenUp::Closed(OrderStatus::Cancelled));
        assert_eq!(shop.license(&license_id).await?.status, LicenseStatus::Ended);
        let (cx, scope) = (shop.cx(), AuditScope::Account(shop.account.id.clone()));
        let filter = AuditFilter { object: license_id.to_string(), ..AuditFilter::default() };
        let log: Result<_, DbError> = shop
            .db
            .read(move |tx| Box::pin(async move { list_audit(tx, &cx, &scope, &filter, None, 50).await }))
            .await;
        let log = log?.expect("the client's own");
        let by_job = |entry: &AuditEntry| entry.who == Who::Job("orders.give_up".to_owned()) && entry.address.is_none();
        assert!(log.iter().any(|entry| entry.act == "license.end" && by_job(entry)), "{log:?}");
        assert!(!log.iter().any(|entry| matches!(entry.who, Who::Person(..))), "{log:?}");
        Ok(())
    }

    async fn nothing_is_ordered_at_another_price_or_for_anybody_else(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let changed = shop.order_for_client(&partner, &partner.account.id, TENTH - 1).await?;
        assert!(matches!(changed, OrderPlacement::DiscountChanged), "{changed:?}");
        let nobody = AccountId::from_untrusted("acc_none");
        let refused = shop.order_for_client(&partner, &nobody, TENTH).await?;
        assert!(matches!(refused, OrderPlacement::NotAllowed), "{refused:?}");
        // The client itself is no partner of its own.
        let as_client = Partner { user: shop.user.clone(), ..partner };
        let refused = shop.order_for_client(&as_client, &shop.account.id, TENTH).await?;
        assert!(matches!(refused, OrderPlacement::NotAllowed), "{refused:?}");
        assert_eq!(shop.licenses().await?, 0);
        Ok(())
    }
}
