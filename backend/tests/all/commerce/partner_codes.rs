//! Campaigns of partners: who looks after their codes, what they sold to the cent, and what becomes of them when the
//! partnership ends.

use backend::accounts::Account;
use backend::audit::{AuditFilter, AuditScope, list_audit};
use backend::campaigns::owned::{
    CampaignView, MOST_AT_ONCE, MOST_CODES, add_own_codes, export_own_codes, list_own_campaigns, look_at_own_campaign,
    pause_own_code, resume_own_code,
};
use backend::campaigns::rules::Fault;
use backend::campaigns::{
    Campaign, CampaignAct, CampaignCreation, CodesAdded, CodesWanted, NewCampaign, Whose, create_campaign,
    list_campaigns, pause_code, resume_campaign, resume_code,
};
use backend::cx::Cx;
use backend::dashboard::read_dashboard;
use backend::db::{Db, DbError};
use backend::ids::{AccountId, CampaignId, PromotionCodeId};
use backend::listing::Days;
use backend::money::Currency;
use backend::orders::promotion::PromotionProblem;
use backend::orders::search::{OrderFilter, SoldBy, export_orders, search_orders};
use backend::orders::{CodeAnswer, OrderStatus, Payment};
use backend::partners::{PartnershipEnd, end_partnership, set_partner_terms};
use futures::future::join_all;

use super::campaigns::{quarter, refused};
use super::for_clients::{Partner, TERMS};
use super::shop::{Shop, run_sql};
use crate::support::{cx, master, on_both_engines};

/// What is paid of 448.00 with 25 % off, and with the 10 % of a partner that orders.
const WITH_CODE: i64 = 33_600;
const FOR_CLIENT: i64 = 40_320;

/// A partner with a campaign of its own, and what is the vendor's.
async fn owned(shop: &Shop) -> anyhow::Result<(Partner, Campaign)> {
    let partner = shop.partner().await?;
    let campaign = owned_by(shop, &partner.account.id, "").await?;
    Ok((partner, campaign))
}

async fn owned_by(shop: &Shop, owner_id: &AccountId, code: &str) -> anyhow::Result<Campaign> {
    shop.campaign(NewCampaign { owner_id: Some(owner_id.clone()), ..quarter(code) }).await
}

async fn name(shop: &Shop, cx: &Cx, id: &CampaignId, code: &str) -> anyhow::Result<CodesAdded> {
    let wanted = CodesWanted::Named(code.to_owned());
    Ok(add_own_codes(&shop.db, cx, &master(), id, &wanted).await?)
}

async fn look(shop: &Shop, cx: &Cx, id: &CampaignId) -> anyhow::Result<Option<CampaignView>> {
    let (cx, id) = (cx.clone(), id.clone());
    let seen: Result<_, DbError> =
        shop.db.read(|tx| Box::pin(async move { look_at_own_campaign(tx, &cx, &id, None, None, 10).await })).await;
    Ok(seen?)
}

async fn buy(shop: &Shop, account: &Account, code: &str) -> anyhow::Result<()> {
    let (_, url) = shop.placed(account, code).await?;
    shop.pay(&url, "4242").await?;
    shop.hear().await
}

/// Whether somebody finds a campaign: in the list of an account, by itself, as a table, to add to, and a code of it.
async fn finds(shop: &Shop, cx: &Cx, account_id: &AccountId, campaign: &Campaign, code: &PromotionCodeId) -> [bool; 5] {
    let id = &campaign.id;
    let (tx_cx, own, of, code_id) = (cx.clone(), account_id.clone(), id.clone(), code.clone());
    let found: Result<_, DbError> = shop
        .db
        .write(move |tx| {
            Box::pin(async move {
                let listed = list_own_campaigns(tx, &tx_cx, &own, None, 10).await?.unwrap_or_default();
                let is_listed = listed.iter().any(|it| it.listed.campaign.id == of);
                let table = export_own_codes(tx, &tx_cx, &of).await?;
                let acted = resume_own_code(tx, &tx_cx, &code_id).await?;
                Ok((is_listed, table.is_some(), acted != CampaignAct::NotFound))
            })
        })
        .await;
    let (is_listed, has_table, has_code) = found.expect("the database answers");
    let is_seen = look(shop, cx, id).await.expect("the database answers").is_some();
    let added = name(shop, cx, id, "NO CODE").await.expect("the database answers");
    [is_listed, is_seen, has_table, added != CodesAdded::NotFound, has_code]
}

async fn end(shop: &Shop, account_id: &AccountId) -> anyhow::Result<()> {
    let (cx, id) = (cx(&shop.vendor.id, shop.now()), account_id.clone());
    let ended = shop.db.write(move |tx| Box::pin(async move { end_partnership(tx, &cx, &master(), &id).await }));
    assert_eq!(ended.await?, PartnershipEnd::Ended);
    shop.work().await?;
    Ok(())
}

async fn make_partner(shop: &Shop, account_id: &AccountId) -> anyhow::Result<()> {
    let (cx, id) = (cx(&shop.vendor.id, shop.now()), account_id.clone());
    shop.db.write(move |tx| Box::pin(async move { set_partner_terms(tx, &cx, &master(), &id, TERMS).await })).await?;
    Ok(())
}

async fn only_code(shop: &Shop, cx: &Cx, campaign: &Campaign) -> anyhow::Result<PromotionCodeId> {
    let view = look(shop, cx, &campaign.id).await?.expect("its own campaign");
    Ok(view.codes.first().expect("a code").id.clone())
}

on_both_engines! {
    async fn a_partner_adds_codes_and_sees_what_they_sold_to_the_cent_and_who_of_its_own_clients_bought(db: Db) {
        let shop = Shop::open(db).await?;
        let (partner, campaign) = owned(&shop).await?;
        let pia = shop.act_as(&partner.user.id);
        assert_eq!(name(&shop, &pia, &campaign.id, "Pia-26").await?, CodesAdded::Added(1));
        assert_eq!(name(&shop, &pia, &campaign.id, "no code").await?, CodesAdded::Refused(Fault::Code));
        // One of its clients buys, and one that is not.
        buy(&shop, &shop.account, "PIA-26").await?;
        let stranger = shop.another_account().await?;
        buy(&shop, &stranger, "pia-26").await?;
        let view = look(&shop, &pia, &campaign.id).await?.expect("its own campaign");
        assert!(view.may_manage);
        assert_eq!((view.listed.redeemed, view.listed.reserved, view.codes[0].redeemed), (2, 0, 2));
        let mut sales: Vec<_> = view.sales.iter().map(|it| (it.company.clone(), it.net_minor)).collect();
        sales.sort();
        assert_eq!(sales, [(None, WITH_CODE), (Some(shop.account.company.clone()), WITH_CODE)]);
        let brought = |view: &CampaignView| view.takings.iter().map(|it| (it.invoices, it.net_minor)).collect::<Vec<_>>();
        assert_eq!(brought(&view), [(2, 2 * WITH_CODE)]);

        // What is credited of it is sold no more, in the sums as in the list.
        let credited = "INSERT INTO credit_notes (id, vendor_id, account_id, invoice_id, stripe_credit_note_id, number, status,
                 currency, subtotal_minor, discount_minor, tax_minor, total_minor, reduced_minor, refunded_minor,
                 credited_minor, elsewhere_minor, taxes, reason, memo, parties, refund_ids, issued_at, created_at)
             SELECT 'cno_' || n.number, vendor_id, account_id, id, 'cn_' || n.number, n.number, n.status, currency, 101, 0, 19,
                 120, 0, 120, 0, 0, '[]', 'duplicate', '', parties, '[]', 1, 1
             FROM invoices CROSS JOIN (SELECT 'C-1' AS number, 'issued' AS status UNION ALL SELECT 'C-2', 'void') n";
        run_sql(&shop.db, vec![format!("{credited} WHERE account_id = '{}'", stranger.id)]).await?;
        let view = look(&shop, &pia, &campaign.id).await?.expect("its own campaign");
        assert_eq!(brought(&view), [(2, 2 * WITH_CODE - 101)]);
        assert_eq!(view.sales.iter().map(|it| it.net_minor).sum::<i64>(), 2 * WITH_CODE - 101);

        // A client that has left is a customer like any other.
        run_sql(&shop.db, vec!["UPDATE client_relations SET status = 'ended'".to_owned()]).await?;
        let view = look(&shop, &pia, &campaign.id).await?.expect("its own campaign");
        assert!(view.sales.iter().all(|it| it.company.is_none()), "{:?}", view.sales);
        // The partner's log tells who added the code.
        let (cx, scope) = (pia.clone(), AuditScope::Account(partner.account.id.clone()));
        let filter = AuditFilter { object: campaign.id.to_string(), ..AuditFilter::default() };
        let log: Result<_, DbError> = shop
            .db
            .read(|tx| Box::pin(async move { list_audit(tx, &cx, &scope, &filter, None, 50).await }))
            .await;
        let acts: Vec<_> = log?.expect("its own log").into_iter().map(|entry| entry.act).collect();
        assert_eq!(acts, ["partner.add_codes"]);
        Ok(())
    }

    async fn there_are_no_campaigns_but_its_own_for_a_partner_and_none_at_all_for_others(db: Db) {
        let shop = Shop::open(db).await?;
        let (partner, campaign) = owned(&shop).await?;
        let ours = shop.campaign(quarter("OURS")).await?;
        // The buyer, who is the partner's client, becomes a partner with another account.
        let other = shop.another_account().await?;
        make_partner(&shop, &other.id).await?;
        let others = owned_by(&shop, &other.id, "OTHERS").await?;
        let (pia, ada) = (shop.act_as(&partner.user.id), shop.cx());
        assert_eq!(name(&shop, &pia, &campaign.id, "PIA").await?, CodesAdded::Added(1));
        let (own, foreign) = (only_code(&shop, &pia, &campaign).await?, only_code(&shop, &ada, &others).await?);
        let (vendor_id, of) = (shop.vendor.id.clone(), ours.id.clone());
        let codes: Result<_, DbError> = shop
            .db
            .read(|tx| Box::pin(async move { backend::campaigns::list_codes(tx, &vendor_id, &of, None, 1).await }))
            .await;
        let vendors = codes?[0].id.clone();
        let (all, none) = ([true; 5], [false; 5]);
        for (who, account, campaign, code, expected) in [
            (&pia, &partner.account.id, &campaign, &own, all),
            (&pia, &partner.account.id, &others, &foreign, none),
            (&pia, &partner.account.id, &ours, &vendors, none),
            (&ada, &other.id, &others, &foreign, all),
            (&ada, &other.id, &campaign, &own, none),
            // A client sees nothing of its partner's.
            (&ada, &shop.account.id, &campaign, &own, none),
            (&ada, &partner.account.id, &campaign, &own, none),
        ] {
            assert_eq!(finds(&shop, who, account, campaign, code).await, expected, "{} for {:?}", campaign.id, who.actor);
        }
        // The roles of the account that see no invoices see none of it.
        for (role, expected) in [("billing", all), ("technical", none), ("viewer", none), ("owner", all)] {
            run_sql(&shop.db, vec![format!("UPDATE memberships SET role = '{role}' WHERE user_id = '{}'", partner.user.id)])
                .await?;
            assert_eq!(finds(&shop, &pia, &partner.account.id, &campaign, &own).await, expected, "{role}");
        }
        // Staff see whose each is.
        for (whose, expected) in [
            (Whose::All, vec![&ours.id, &others.id, &campaign.id]),
            (Whose::Vendors, vec![&ours.id]),
            (Whose::Partners(partner.account.id.clone()), vec![&campaign.id]),
        ] {
            let (vendor_id, asked) = (shop.vendor.id.clone(), Whose::parse(whose.as_str()));
            assert_eq!(asked, whose);
            let listed: Result<_, DbError> = shop
                .db
                .read(|tx| Box::pin(async move { list_campaigns(tx, &vendor_id, &asked, None, 10).await }))
                .await;
            let listed = listed?;
            let mut found: Vec<_> = listed.iter().map(|it| &it.campaign.id).collect();
            let mut expected = expected;
            found.sort();
            expected.sort();
            assert_eq!(found, expected, "{whose:?}");
            assert!(listed.iter().all(|it| it.owner_company.is_some() == it.campaign.owner_account_id.is_some()));
        }
        Ok(())
    }

    async fn a_partner_buys_nothing_with_its_own_codes(db: Db) {
        let shop = Shop::open(db).await?;
        let (partner, campaign) = owned(&shop).await?;
        let pia = shop.act_as(&partner.user.id);
        assert_eq!(name(&shop, &pia, &campaign.id, "PIA").await?, CodesAdded::Added(1));
        let own = CodeAnswer::Problem(PromotionProblem::OwnCampaign);
        assert_eq!(shop.ask(&partner.account, "PIA", 1).await?, own);
        let member = format!(
            "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at) VALUES ('{}', '{}', '{}', 'billing', 1)",
            shop.vendor.id, partner.account.id, shop.user.id
        );
        run_sql(&shop.db, vec![member]).await?;
        for payment in [Payment::Card, Payment::Transfer] {
            let placed = shop.order_with(&partner.account, "PIA", payment, 1).await?;
            assert_eq!(placed, refused(PromotionProblem::OwnCampaign));
        }
        assert_eq!(shop.taken(&campaign).await?, (0, 0));
        // The vendor's codes are for everybody, and another account is another customer.
        shop.campaign(quarter("OURS")).await?;
        assert!(matches!(shop.ask(&partner.account, "OURS", 1).await?, CodeAnswer::Applies(_)));
        assert!(matches!(shop.ask(&shop.account, "PIA", 1).await?, CodeAnswer::Applies(_)));
        Ok(())
    }

    async fn when_a_partnership_ends_its_campaigns_rest_and_are_the_partners_no_more(db: Db) {
        let shop = Shop::open(db).await?;
        let (partner, campaign) = owned(&shop).await?;
        shop.campaign(quarter("OURS")).await?;
        let pia = shop.act_as(&partner.user.id);
        assert_eq!(name(&shop, &pia, &campaign.id, "PIA").await?, CodesAdded::Added(1));
        let code = only_code(&shop, &pia, &campaign).await?;
        assert!(matches!(shop.ask(&shop.account, "PIA", 1).await?, CodeAnswer::Applies(_)));
        end(&shop, &partner.account.id).await?;
        assert_eq!(shop.ask(&shop.account, "PIA", 1).await?, CodeAnswer::Problem(PromotionProblem::Paused));
        assert!(matches!(shop.ask(&shop.account, "OURS", 1).await?, CodeAnswer::Applies(_)), "the vendor's go on");
        assert_eq!(finds(&shop, &pia, &partner.account.id, &campaign, &code).await, [false; 5]);

        // No way round it: neither resumed, nor made anew.
        let (operator, id) = (cx(&shop.vendor.id, shop.now()), campaign.id.clone());
        let new = NewCampaign { owner_id: Some(partner.account.id.clone()), ..quarter("AGAIN") };
        let (tx_cx, of) = (operator.clone(), id.clone());
        let tried: Result<_, DbError> = shop
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let resumed = resume_campaign(tx, &tx_cx, &of).await?;
                    Ok((resumed, create_campaign(tx, &tx_cx, &new).await?))
                })
            })
            .await;
        assert_eq!(tried?, (CampaignAct::OwnerGone, CampaignCreation::Refused(vec![Fault::Owner])));
        make_partner(&shop, &partner.account.id).await?;
        assert_eq!(shop.ask(&shop.account, "PIA", 1).await?, CodeAnswer::Problem(PromotionProblem::Paused));
        let resumed: Result<_, DbError> =
            shop.db.write(move |tx| Box::pin(async move { resume_campaign(tx, &operator, &id).await })).await;
        assert_eq!(resumed?, CampaignAct::Done);
        assert!(matches!(shop.ask(&shop.account, "PIA", 1).await?, CodeAnswer::Applies(_)));
        Ok(())
    }

    async fn what_the_vendor_lets_rest_the_partner_cannot_let_work_again(db: Db) {
        let shop = Shop::open(db).await?;
        let (partner, campaign) = owned(&shop).await?;
        let pia = shop.act_as(&partner.user.id);
        assert_eq!(name(&shop, &pia, &campaign.id, "PIA").await?, CodesAdded::Added(1));
        let id = only_code(&shop, &pia, &campaign).await?;
        let operator = cx(&shop.vendor.id, shop.now());
        let acted: Result<_, DbError> = shop
            .db
            .write(move |tx| {
                Box::pin(async move {
                    Ok([
                        pause_own_code(tx, &pia, &id).await?,
                        pause_own_code(tx, &pia, &id).await?,
                        resume_own_code(tx, &pia, &id).await?,
                        pause_own_code(tx, &pia, &id).await?,
                        // From here on it is the vendor's to say.
                        pause_code(tx, &operator, &id).await?,
                        resume_own_code(tx, &pia, &id).await?,
                        resume_code(tx, &operator, &id).await?,
                        pause_own_code(tx, &pia, &id).await?,
                        resume_code(tx, &operator, &id).await?,
                    ])
                })
            })
            .await;
        let (done, unchanged) = (CampaignAct::Done, CampaignAct::Unchanged);
        assert_eq!(acted?, [done, unchanged, done, done, done, unchanged, done, done, done]);
        assert!(matches!(shop.ask(&shop.account, "PIA", 1).await?, CodeAnswer::Applies(_)));
        Ok(())
    }

    async fn of_codes_that_are_drawn_at_once_there_are_never_more_than_a_campaign_has(db: Db) {
        let shop = Shop::open(db).await?;
        let (partner, campaign) = owned(&shop).await?;
        let (pia, master) = (shop.act_as(&partner.user.id), master());
        let drawn = |count| CodesWanted::Drawn { count, prefix: "PIA".to_owned() };
        let (too_many, most) = (drawn(MOST_AT_ONCE + 1), drawn(MOST_AT_ONCE));
        let refused = add_own_codes(&shop.db, &pia, &master, &campaign.id, &too_many).await?;
        assert_eq!(refused, CodesAdded::Refused(Fault::Count));
        let draws = (0..8).map(|_| add_own_codes(&shop.db, &pia, &master, &campaign.id, &most));
        let mut added = 0;
        for outcome in join_all(draws).await {
            match outcome? {
                CodesAdded::Added(count) => added += count,
                other => assert_eq!(other, CodesAdded::Refused(Fault::Count)),
            }
        }
        let view = look(&shop, &pia, &campaign.id).await?.expect("its own campaign");
        assert_eq!((added, view.listed.codes), (MOST_CODES, MOST_CODES));
        assert!(view.codes.iter().all(|code| code.max_redemptions == Some(1)), "a drawn code works once");
        assert_eq!(name(&shop, &pia, &campaign.id, "ONE-MORE").await?, CodesAdded::Refused(Fault::Count));
        Ok(())
    }

    async fn who_guesses_codes_by_their_names_is_told_nothing_after_some(db: Db) {
        let shop = Shop::open(db).await?;
        let (partner, campaign) = owned(&shop).await?;
        shop.campaign(quarter("OURS")).await?;
        let pia = shop.act_as(&partner.user.id);
        for guess in 0..20 {
            // A name that is free costs nothing.
            assert_eq!(name(&shop, &pia, &campaign.id, &format!("PIA-{guess}")).await?, CodesAdded::Added(1));
            assert_eq!(name(&shop, &pia, &campaign.id, "ours").await?, CodesAdded::Refused(Fault::CodeTaken));
        }
        let limited = name(&shop, &pia, &campaign.id, "ours").await?;
        assert!(matches!(limited, CodesAdded::Refused(Fault::TooManyTries(_))), "{limited:?}");
        Ok(())
    }

    async fn what_partners_sold_is_counted_with_the_list_that_each_sum_leads_to(db: Db) {
        let shop = Shop::open(db).await?;
        let (partner, campaign) = owned(&shop).await?;
        let pia = shop.act_as(&partner.user.id);
        assert_eq!(name(&shop, &pia, &campaign.id, "PIA").await?, CodesAdded::Added(1));
        let (_, url) = shop.placed_for_client(&partner, &partner.account.id).await?;
        shop.pay(&url, "4242").await?;
        shop.hear().await?;
        buy(&shop, &shop.account, "PIA").await?;
        // What is not paid, and what no partner sold, counts nowhere.
        shop.placed_for_client(&partner, &partner.account.id).await?;
        shop.campaign(quarter("OURS")).await?;
        buy(&shop, &shop.another_account().await?, "OURS").await?;

        let operator = cx(&shop.vendor.id, shop.now());
        let tx_cx = operator.clone();
        let seen: Result<_, DbError> =
            shop.db.read(|tx| Box::pin(async move { read_dashboard(tx, &tx_cx).await })).await;
        let sales = seen?.expect("the dashboard").partner_sales.expect("what is earned");
        let told: Vec<_> = sales.iter().map(|it| (it.company.as_str(), it.sold, it.orders, it.net_minor)).collect();
        let company = partner.account.company.as_str();
        assert_eq!(told, [(company, SoldBy::ForClient, 1, FOR_CLIENT), (company, SoldBy::WithCode, 1, WITH_CODE)]);
        assert!(sales.iter().all(|it| it.currency == shop.currency && it.partner_id == partner.account.id));

        let month = || OrderFilter {
            status: Some(OrderStatus::Paid),
            days: Days { from: "2026-11-01".parse().ok(), to: None },
            currency: Some(shop.currency),
            ..OrderFilter::default()
        };
        let of = |sold| OrderFilter { partner: partner.account.id.to_string(), sold: Some(sold), ..month() };
        for (filter, expected) in [
            (of(SoldBy::ForClient), 1),
            (of(SoldBy::WithCode), 1),
            (OrderFilter { sold: None, ..of(SoldBy::WithCode) }, 2),
            (OrderFilter { partner: String::new(), ..of(SoldBy::WithCode) }, 1),
            (OrderFilter { status: None, ..of(SoldBy::ForClient) }, 2),
            (OrderFilter { currency: Currency::parse("eur"), ..of(SoldBy::ForClient) }, 0),
            (OrderFilter { partner: shop.account.id.to_string(), ..month() }, 0),
            (month(), 3),
        ] {
            let (cx, wanted) = (operator.clone(), filter.clone());
            let found: Result<_, DbError> = shop
                .db
                .read(|tx| {
                    Box::pin(async move {
                        let listed = search_orders(tx, &cx.vendor_id, &wanted, None, 10).await?;
                        Ok((listed, export_orders(tx, &cx, &wanted).await?.unwrap_or_default()))
                    })
                })
                .await;
            let (listed, table) = found?;
            assert_eq!((listed.len(), table.lines().count() - 1), (expected, expected), "{filter:?}");
            if filter.sold.is_some() {
                assert!(listed.iter().all(|it| it.partner.as_deref() == Some(company)), "{listed:?}");
                assert!(table.lines().skip(1).all(|line| line.ends_with(company)), "{table}");
            }
        }
        Ok(())
    }
}
