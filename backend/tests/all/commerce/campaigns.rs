//! Campaigns: what is reserved and redeemed is never more than the limits, whoever orders at the same time.

use std::collections::BTreeSet;
use std::net::IpAddr;

use backend::Actor;
use backend::accounts::{Account, AccountCreation, AccountDetails, Address, create_account};
use backend::campaigns::rules::Fault;
use backend::campaigns::{
    Campaign, CampaignAct, CampaignChanges, CampaignCreation, CampaignUpdate, CodesAdded, CodesWanted, Duration,
    ListedCampaign, NewCampaign, add_codes, create_campaign, end_campaign, export_codes, find_campaign_with_counts,
    list_codes, list_takings, pause_campaign, pause_code, resume_campaign, update_campaign,
};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::UnixMs;
use backend::cx::Cx;
use backend::db::{Db, DbError};
use backend::orders::promotion::PromotionProblem;
use backend::orders::{
    AskedCode, CheckoutUrls, CodeAnswer, GivenUp, Order, OrderPlacement, OrderStatus, Payment, PlaceOrder, Purchase,
    ShownCode, cancel_order, look_up_promotion, place_order, rules,
};
use backend::stripe::AmountOff;
use futures::future::join_all;

use super::shop::Shop;
use crate::support::{cx, on_both_engines};

/// What 25 % take off the order that all of them place: `startup` with three seats, 448.00.
const QUARTER: i64 = 11_200;

pub(super) fn quarter(code: &str) -> NewCampaign {
    NewCampaign {
        owner_id: None,
        name: "Spring".to_owned(),
        code: code.to_owned(),
        amount_off: AmountOff::Share(250_000),
        duration: Duration::Once,
        duration_months: None,
        plan_ids: Vec::new(),
        minimum: None,
        first_purchase_only: false,
        max_redemptions: None,
        max_per_account: None,
        starts_at: UnixMs(0),
        ends_at: None,
    }
}

pub(super) fn address(number: usize) -> IpAddr {
    let number = u8::try_from(number % 250).expect("a small number");
    [192, 0, 2, number].into()
}

impl Shop {
    /// The vendor acts, by its operator.
    fn vendor_cx(&self) -> Cx {
        cx(&self.vendor.id, self.now())
    }

    pub(super) async fn campaign(&self, new: NewCampaign) -> anyhow::Result<Campaign> {
        let cx = self.vendor_cx();
        let made = self.db.write(move |tx| Box::pin(async move { create_campaign(tx, &cx, &new).await })).await?;
        match made {
            CampaignCreation::Created(campaign) => Ok(*campaign),
            other => anyhow::bail!("{other:?}"),
        }
    }

    async fn counted(&self, campaign: &Campaign) -> anyhow::Result<ListedCampaign> {
        let (vendor_id, id) = (self.vendor.id.clone(), campaign.id.clone());
        let found = self.db.read(|tx| Box::pin(async move { find_campaign_with_counts(tx, &vendor_id, &id).await }));
        found.await?.ok_or_else(|| anyhow::anyhow!("no campaign"))
    }

    pub(super) async fn taken(&self, campaign: &Campaign) -> anyhow::Result<(i64, i64)> {
        let found = self.counted(campaign).await?;
        Ok((found.reserved, found.redeemed))
    }

    /// Another account of the buyer's.
    pub(super) async fn another_account(&self) -> anyhow::Result<Account> {
        let details = AccountDetails {
            company: "Another One".to_owned(),
            country: "DE".to_owned(),
            address: Address {
                line1: "Weg 1".to_owned(),
                postal_code: "20457".to_owned(),
                city: "Hamburg".to_owned(),
                ..Address::default()
            },
            ..AccountDetails::default()
        };
        // By the vendor: one person makes only so many a day.
        let (cx, user_id) = (self.vendor_cx(), self.user.id.clone());
        let created =
            self.db.write(move |tx| Box::pin(async move { create_account(tx, &cx, &user_id, &details).await })).await?;
        match created {
            AccountCreation::Created(account) => Ok(account),
            other => anyhow::bail!("{other:?}"),
        }
    }

    async fn three_seats(&self) -> anyhow::Result<Purchase> {
        let plan_id = self.plan("startup").await?.id;
        Ok(Purchase::Plan(Composition::new(plan_id, BillingInterval::Month, 3, self.currency)))
    }

    pub(super) async fn order_with(
        &self,
        account: &Account,
        code: &str,
        payment: Payment,
        from: usize,
    ) -> anyhow::Result<OrderPlacement> {
        let place = PlaceOrder {
            account_id: account.id.clone(),
            user_id: self.user.id.clone(),
            session_hash: None,
            purchase: self.three_seats().await?,
            payment,
            promotion: Some(ShownCode { code: code.to_owned(), takes_off_minor: QUARTER, address: address(from) }),
            for_client: None,
            urls: CheckoutUrls {
                success: "https://portal.test/orders/{ORDER_ID}".to_owned(),
                cancel: "https://portal.test/pricing".to_owned(),
            },
        };
        Ok(place_order(&self.commerce, &self.cx(), &place).await?)
    }

    pub(super) async fn placed(&self, account: &Account, code: &str) -> anyhow::Result<(Order, String)> {
        match self.order_with(account, code, Payment::Card, 1).await? {
            OrderPlacement::Placed { order, checkout_url } => Ok((*order, checkout_url)),
            other => anyhow::bail!("{other:?}"),
        }
    }

    pub(super) async fn ask(&self, account: &Account, code: &str, from: usize) -> anyhow::Result<CodeAnswer> {
        let plan = self.plan("startup").await?;
        let choice = Composition::new(plan.id.clone(), BillingInterval::Month, 3, self.currency);
        let quote = rules::quote(&plan, &choice).expect("sold");
        let asked = AskedCode { account, address: address(from), quote: &quote, plan_id: &plan.id, typed: code };
        Ok(look_up_promotion(&self.commerce, &self.cx(), &asked).await?)
    }

    async fn settle(&self) -> anyhow::Result<()> {
        self.deliver_all().await?;
        self.work().await?;
        Ok(())
    }
}

pub(super) fn refused(problem: PromotionProblem) -> OrderPlacement {
    OrderPlacement::CodeRefused(problem)
}

on_both_engines! {
    async fn of_64_accounts_at_once_one_gets_the_last_redemption(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(NewCampaign { max_redemptions: Some(1), ..quarter("LAST") }).await?;
        let mut accounts = Vec::new();
        for _ in 0..64 {
            accounts.push(shop.another_account().await?);
        }
        let orders = accounts.iter().enumerate().map(|(n, it)| shop.order_with(it, "last", Payment::Card, n));
        let mut placed = 0;
        for outcome in join_all(orders).await {
            match outcome? {
                OrderPlacement::Placed { .. } => placed += 1,
                other => assert_eq!(other, refused(PromotionProblem::UsedUp)),
            }
        }
        assert_eq!((placed, shop.taken(&campaign).await?), (1, (1, 0)));
        Ok(())
    }

    async fn of_one_accounts_orders_at_once_only_one_can_be_paid_with_its_code(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(NewCampaign { max_per_account: Some(1), ..quarter("EACH") }).await?;
        // Its customer is there from now on.
        shop.placed(&shop.account, "EACH").await?;
        let orders = (0..16).map(|n| shop.order_with(&shop.account, "EACH", Payment::Card, n));
        for outcome in join_all(orders).await {
            match outcome? {
                OrderPlacement::Placed { .. }
                | OrderPlacement::Withdrawn
                | OrderPlacement::CodeRefused(PromotionProblem::HeldByOrder { .. }) => {}
                other => anyhow::bail!("{other:?}"),
            }
        }
        assert_eq!(shop.taken(&campaign).await?, (1, 0));
        let customer = shop.look("customers?limit=1").await?;
        let customer = customer["data"][0]["id"].as_str().expect("a customer").to_owned();
        let sessions = shop.objects_of("checkout.session", &customer);
        let open = sessions.iter().filter(|session| session["status"] == "open").count();
        assert_eq!(open, 1, "of {} sessions one can be paid", sessions.len());
        Ok(())
    }

    async fn a_redemption_is_reserved_then_redeemed_and_what_was_shown_is_taken_off(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(NewCampaign { max_redemptions: Some(1), ..quarter("Spring-26") }).await?;
        let CodeAnswer::Applies(discount) = shop.ask(&shop.account, "spring-26", 1).await? else {
            anyhow::bail!("no discount")
        };
        assert_eq!((discount.code.as_str(), discount.takes_off.amount_minor), ("Spring-26", QUARTER));
        let (order, url) = shop.placed(&shop.account, "SPRING-26").await?;
        assert_eq!(shop.taken(&campaign).await?, (1, 0));
        shop.pay(&url, "4242").await?;
        shop.settle().await?;
        let order = shop.find_order(&order.id).await?;
        assert_eq!((order.status, order.promotion_code.as_deref()), (OrderStatus::Paid, Some("Spring-26")));
        assert_eq!(shop.taken(&campaign).await?, (0, 1));
        let invoice = &shop.invoices().await?[0];
        assert_eq!((invoice.subtotal_minor, invoice.discount_minor), (44_800, QUARTER));
        let (vendor_id, made) = (shop.vendor.id.clone(), campaign.created_at);
        let takings = shop.db.read(|tx| Box::pin(async move { list_takings(tx, &vendor_id, made, made).await }));
        let takings = takings.await?;
        assert_eq!(takings.iter().map(|it| (it.net_minor, it.discount_minor)).collect::<Vec<_>>(), [(33_600, QUARTER)]);
        let other = shop.another_account().await?;
        assert_eq!(shop.ask(&other, "SPRING-26", 1).await?, CodeAnswer::Problem(PromotionProblem::UsedUp));
        Ok(())
    }

    async fn an_order_that_is_given_up_or_runs_out_leaves_its_redemption_to_others(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(NewCampaign { max_redemptions: Some(1), ..quarter("ONE") }).await?;
        let other = shop.another_account().await?;
        let (order, _) = shop.placed(&shop.account, "ONE").await?;
        assert_eq!(shop.order_with(&other, "ONE", Payment::Card, 1).await?, refused(PromotionProblem::UsedUp));
        let given_up = cancel_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert_eq!(given_up, GivenUp::Closed(OrderStatus::Cancelled));
        let (order, _) = shop.placed(&other, "ONE").await?;
        let session = order.stripe_session_id.expect("a session");
        shop.call(&format!("checkout/sessions/{session}/expire"), "").await?;
        shop.settle().await?;
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Expired);
        assert_eq!(shop.taken(&campaign).await?, (0, 0));
        shop.placed(&shop.account, "ONE").await?;
        Ok(())
    }

    async fn who_begins_anew_is_not_kept_out_by_the_order_left_behind(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(NewCampaign { max_redemptions: Some(1), ..quarter("AGAIN") }).await?;
        let (first, first_url) = shop.placed(&shop.account, "AGAIN").await?;
        assert!(matches!(shop.ask(&shop.account, "AGAIN", 1).await?, CodeAnswer::Applies(_)));
        let (_, url) = shop.placed(&shop.account, "AGAIN").await?;
        assert_eq!(shop.find_order(&first.id).await?.status, OrderStatus::Cancelled);
        assert!(shop.pay(&first_url, "4242").await.is_err(), "the first can still be paid");
        assert_eq!(shop.taken(&campaign).await?, (1, 0));
        shop.pay(&url, "4242").await?;
        shop.settle().await?;
        assert_eq!(shop.taken(&campaign).await?, (0, 1));
        assert_eq!(shop.ask(&shop.account, "AGAIN", 1).await?, CodeAnswer::Problem(PromotionProblem::UsedUp));
        Ok(())
    }

    async fn each_code_has_a_limit_of_its_own_and_a_pause_of_its_own(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(quarter("")).await?;
        for code in ["TWO-A", "TWO-B"] {
            let wanted = CodesWanted::Named(code.to_owned());
            let added = add_codes(&shop.db, &shop.vendor_cx(), &campaign.id, &wanted, Some(1)).await?;
            assert_eq!(added, CodesAdded::Added(1));
        }
        let taken = CodesWanted::Named("two-a".to_owned());
        let added = add_codes(&shop.db, &shop.vendor_cx(), &campaign.id, &taken, None).await?;
        assert_eq!(added, CodesAdded::Refused(Fault::CodeTaken));
        shop.placed(&shop.account, "TWO-A").await?;
        let other = shop.another_account().await?;
        assert_eq!(shop.ask(&other, "TWO-A", 1).await?, CodeAnswer::Problem(PromotionProblem::UsedUp));
        assert!(matches!(shop.ask(&other, "TWO-B", 1).await?, CodeAnswer::Applies(_)));
        let (cx, vendor_id, id) = (shop.vendor_cx(), shop.vendor.id.clone(), campaign.id.clone());
        shop.db
            .write(move |tx| {
                Box::pin(async move {
                    let codes = list_codes(tx, &vendor_id, &id, None, 10).await?;
                    let code = codes.iter().find(|code| code.code == "TWO-B").expect("the code");
                    assert_eq!(pause_code(tx, &cx, &code.id).await?, CampaignAct::Done);
                    assert_eq!(pause_code(tx, &cx, &code.id).await?, CampaignAct::Unchanged);
                    Ok::<_, DbError>(())
                })
            })
            .await?;
        assert_eq!(shop.ask(&other, "TWO-B", 1).await?, CodeAnswer::Problem(PromotionProblem::Paused));
        Ok(())
    }

    async fn codes_are_drawn_by_the_thousand_and_none_is_drawn_twice(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(quarter("NAMED")).await?;
        let drawn = |count| CodesWanted::Drawn { count, prefix: "EXPO".to_owned() };
        let cx = shop.vendor_cx();
        assert_eq!(add_codes(&shop.db, &cx, &campaign.id, &drawn(1_200), Some(1)).await?, CodesAdded::Added(1_200));
        for count in [0, 10_001] {
            let added = add_codes(&shop.db, &cx, &campaign.id, &drawn(count), None).await?;
            assert_eq!(added, CodesAdded::Refused(Fault::Count));
        }
        let id = campaign.id.clone();
        let csv = shop.db.read(|tx| Box::pin(async move { export_codes(tx, &cx, &id).await })).await?.expect("a table");
        let codes: BTreeSet<_> = csv.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
        assert_eq!(codes.len(), 1_201);
        let drawn = codes.iter().find(|code| code.starts_with("EXPO-")).expect("a drawn code");
        assert!(matches!(shop.ask(&shop.account, drawn, 1).await?, CodeAnswer::Applies(_)));
        Ok(())
    }

    async fn a_campaign_is_paused_resumed_ended_and_its_limits_never_go_below_what_is_taken(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(quarter("ACTS")).await?;
        shop.placed(&shop.account, "ACTS").await?;
        let other = shop.another_account().await?;
        shop.placed(&other, "ACTS").await?;
        let third = shop.another_account().await?;
        let (cx, id) = (shop.vendor_cx(), campaign.id.clone());
        let changes = |most| CampaignChanges {
            name: "Summer".to_owned(),
            ends_at: None,
            max_redemptions: Some(most),
            max_per_account: None,
        };
        let acted = shop.db.write(move |tx| {
            Box::pin(async move {
                let below = update_campaign(tx, &cx, &id, &changes(1)).await?;
                let enough = update_campaign(tx, &cx, &id, &changes(2)).await?;
                let paused = pause_campaign(tx, &cx, &id).await?;
                Ok::<_, DbError>((below, enough, paused))
            })
        });
        let below = CampaignUpdate::Refused(vec![Fault::BelowTaken(2)]);
        assert_eq!(acted.await?, (below, CampaignUpdate::Updated, CampaignAct::Done));
        let ask = || shop.ask(&third, "ACTS", 1);
        assert_eq!(ask().await?, CodeAnswer::Problem(PromotionProblem::Paused));
        let (cx, id) = (shop.vendor_cx(), campaign.id.clone());
        shop.db.write(move |tx| Box::pin(async move { resume_campaign(tx, &cx, &id).await })).await?;
        assert_eq!(ask().await?, CodeAnswer::Problem(PromotionProblem::UsedUp));
        let (cx, id) = (shop.vendor_cx(), campaign.id.clone());
        shop.db.write(move |tx| Box::pin(async move { end_campaign(tx, &cx, &id).await })).await?;
        assert_eq!(ask().await?, CodeAnswer::Problem(PromotionProblem::Expired));
        assert_eq!(shop.counted(&campaign).await?.campaign.name, "Summer");
        Ok(())
    }

    async fn a_campaign_for_plans_takes_off_of_their_prices_alone(db: Db) {
        let shop = Shop::open(db).await?;
        let maker = shop.plan("maker").await?.id;
        shop.campaign(NewCampaign { plan_ids: vec![maker], ..quarter("MAKERS") }).await?;
        assert_eq!(
            shop.ask(&shop.account, "MAKERS", 1).await?,
            CodeAnswer::Problem(PromotionProblem::OtherPlan)
        );
        let startup = shop.plan("startup").await?.id;
        shop.campaign(NewCampaign { plan_ids: vec![startup], ..quarter("STARTUPS") }).await?;
        let (_, url) = shop.placed(&shop.account, "STARTUPS").await?;
        shop.pay(&url, "4242").await?;
        shop.settle().await?;
        assert_eq!(shop.invoices().await?[0].discount_minor, QUARTER);
        Ok(())
    }

    async fn customers_make_no_campaigns(db: Db) {
        let shop = Shop::open(db).await?;
        let campaign = shop.campaign(quarter("OURS")).await?;
        let (cx, new, id) = (Cx { actor: Actor::User(shop.user.id.clone()), ..shop.cx() }, quarter("MINE"), campaign.id);
        let tried = shop.db.write(move |tx| {
            Box::pin(async move {
                let made = create_campaign(tx, &cx, &new).await?;
                let paused = pause_campaign(tx, &cx, &id).await?;
                let table = export_codes(tx, &cx, &id).await?;
                Ok::<_, DbError>((made, paused, table))
            })
        });
        assert_eq!(tried.await?, (CampaignCreation::NotAllowed, CampaignAct::NotAllowed, None));
        Ok(())
    }

    async fn who_guesses_codes_is_told_nothing_after_some(db: Db) {
        let shop = Shop::open(db).await?;
        shop.campaign(quarter("REAL")).await?;
        for guess in 0..20 {
            // A code that is one costs nothing.
            assert!(matches!(shop.ask(&shop.account, "REAL", guess).await?, CodeAnswer::Applies(_)));
            let answer = shop.ask(&shop.account, &format!("GUESS-{guess}"), guess).await?;
            assert_eq!(answer, CodeAnswer::Problem(PromotionProblem::Unknown));
        }
        let answer = shop.ask(&shop.account, "REAL", 99).await?;
        assert!(matches!(answer, CodeAnswer::Problem(PromotionProblem::Limited { .. })), "{answer:?}");
        Ok(())
    }
}
