//! Vouchers: made once and only when paid, redeemed once however many try, and gone with the money.

use std::net::IpAddr;

use backend::accounts::Account;
use backend::catalog::{BillingInterval, PlanKind};
use backend::db::{Db, DbError};
use backend::ids::{AccountId, LicenseId, OrderId};
use backend::keys::MasterKey;
use backend::licenses::LicenseStatus;
use backend::orders::rules::ChoiceProblem;
use backend::orders::{
    Fulfilment, GivenUp, Order, OrderKind, OrderPlacement, OrderProgress, OrderStatus, Payment, Purchase, cancel_order,
    fulfil_order, order_progress,
};
use backend::partners::{PartnerTerms, PartnershipEnd, TermsSet, end_partnership, set_partner_terms};
use backend::vouchers::{
    CodeReveal, CodesExport, LookUp, NoteSet, RedeemVoucher, Redemption, Seeker, VoucherStatus, WantedVouchers,
    export_codes, find_origin, find_redeemed, list_vouchers, look_up_voucher, note_voucher, redeem_voucher,
    reveal_code, rules,
};
use futures::future::join_all;

use super::reversals::{balance, payment, settle, status};
use super::shop::{ADDRESS, Shop};
use crate::support::{cx, master, on_both_engines};

const TERMS: PartnerTerms = PartnerTerms { commission_bp: 0, discount_bp: 1_000, days_until_due: None };
/// What 10 % take off three months of `startup`, 299.00 each.
const TENTH: i64 = 8_970;

/// The buyer is a partner from now on.
async fn make_partner(shop: &Shop) -> anyhow::Result<()> {
    let (operator, id) = (cx(&shop.vendor.id, shop.now()), shop.account.id.clone());
    let set = shop
        .db
        .write(move |tx| Box::pin(async move { set_partner_terms(tx, &operator, &master(), &id, TERMS).await }))
        .await?;
    assert_eq!(set, TermsSet::Made);
    Ok(())
}

async fn three(shop: &Shop, takes_off_minor: i64) -> anyhow::Result<Purchase> {
    let plan_id = shop.plan("startup").await?.id;
    let (interval, currency) = (BillingInterval::Month, shop.currency);
    Ok(Purchase::Vouchers(WantedVouchers { plan_id, interval, count: 3, currency, takes_off_minor }))
}

async fn placed(shop: &Shop, purchase: Purchase) -> anyhow::Result<(Order, String)> {
    match shop.place(purchase).await? {
        OrderPlacement::Placed { order, checkout_url } => Ok((*order, checkout_url)),
        other => anyhow::bail!("{other:?}"),
    }
}

/// A partner with three vouchers, and their codes.
pub(super) async fn bought(shop: &Shop) -> anyhow::Result<(Order, Vec<String>)> {
    make_partner(shop).await?;
    let (order, url) = placed(shop, three(shop, TENTH).await?).await?;
    shop.pay(&url, "4242").await?;
    settle(shop).await?;
    let codes = codes(shop, &order.id).await?;
    Ok((order, codes))
}

async fn table(shop: &Shop, order_id: &OrderId) -> anyhow::Result<String> {
    let (cx, id) = (shop.cx(), order_id.clone());
    let table = shop.db.write(move |tx| Box::pin(async move { export_codes(tx, &cx, &master(), &id).await })).await?;
    match table {
        CodesExport::Table(table) => Ok(table),
        CodesExport::NotAllowed => anyhow::bail!("the partner may not"),
    }
}

/// The codes that are open.
async fn codes(shop: &Shop, order_id: &OrderId) -> anyhow::Result<Vec<String>> {
    let table = table(shop, order_id).await?;
    let open = table.lines().skip(1).filter(|line| line.contains(",open,"));
    Ok(open.filter_map(|line| Some(line.split(',').nth(1)?.to_owned())).collect())
}

async fn statuses(shop: &Shop, order_id: &OrderId) -> anyhow::Result<Vec<VoucherStatus>> {
    let (cx, id) = (shop.cx(), order_id.clone());
    let found = shop.db.read(|tx| Box::pin(async move { list_vouchers(tx, &cx, &id, 0, 100).await })).await?;
    let (_, vouchers) = found.ok_or_else(|| anyhow::anyhow!("no batch"))?;
    Ok(vouchers.iter().map(|listed| listed.voucher.status).collect())
}

fn request(account_id: &AccountId, code: &str, address: IpAddr) -> RedeemVoucher {
    RedeemVoucher {
        seeker: Seeker { account_id: account_id.clone(), address },
        code: code.to_owned(),
        session_hash: Some(b"this browser".to_vec()),
    }
}

async fn redeem(shop: &Shop, account: &Account, code: &str) -> anyhow::Result<Redemption> {
    let (cx, wanted) = (shop.cx(), request(&account.id, code, ADDRESS));
    Ok(shop.db.write(move |tx| Box::pin(async move { redeem_voucher(tx, &cx, &master(), &wanted).await })).await?)
}

async fn redeemed(shop: &Shop, account: &Account, code: &str) -> anyhow::Result<LicenseId> {
    match redeem(shop, account, code).await? {
        Redemption::Done { license, .. } => Ok(license.id),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn look_up(shop: &Shop, account: &Account, code: &str) -> anyhow::Result<LookUp> {
    let (cx, seeker) = (shop.cx(), Seeker { account_id: account.id.clone(), address: ADDRESS });
    let code = code.to_owned();
    Ok(shop
        .db
        .write(move |tx| Box::pin(async move { look_up_voucher(tx, &cx, &master(), &seeker, &code).await }))
        .await?)
}

on_both_engines! {
    async fn vouchers_are_made_once_when_they_are_paid(db: Db) {
        let shop = Shop::open(db).await?;
        make_partner(&shop).await?;
        let (order, url) = placed(&shop, three(&shop, TENTH).await?).await?;
        assert_eq!((order.kind, order.amount_minor, order.discount_bp), (OrderKind::Vouchers, 89_700, Some(1_000)));
        assert_eq!(fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?, Fulfilment::AwaitingPayment);
        assert!(table(&shop, &order.id).await.is_err(), "nothing is there before it is paid");
        shop.pay(&url, "4242").await?;
        let cx = shop.cx();
        let mut newly_made = 0;
        for outcome in join_all((0..8).map(|_| fulfil_order(&shop.commerce, &cx, &order.id))).await {
            let Fulfilment::Delivered { newly } = outcome? else { anyhow::bail!("not delivered") };
            newly_made += u64::from(newly);
        }
        assert_eq!(newly_made, 1);
        settle(&shop).await?;
        let progress = order_progress(&shop.commerce, &shop.cx(), &order.id).await?;
        assert!(matches!(progress, OrderProgress::Delivered(_)), "{progress:?}");
        let mut codes = codes(&shop, &order.id).await?;
        codes.sort();
        codes.dedup();
        assert_eq!(codes.len(), 3, "{}", codes.len());
        let invoice = shop.invoices().await?.remove(0);
        assert_eq!((invoice.subtotal_minor, invoice.discount_minor, invoice.license_id), (89_700, TENTH, None));
        assert_eq!(shop.licenses().await?, 0);
        balance(&shop).await?;
        let told = shop.outbox.take().into_iter().any(|mail| mail.subject.contains("Your vouchers for"));
        assert!(told, "whoever ordered is told");
        Ok(())
    }

    async fn of_64_at_once_one_gets_the_license(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, codes) = bought(&shop).await?;
        let account = shop.another_account().await?;
        let outcomes = join_all((0..64).map(|_| redeem(&shop, &account, &codes[0]))).await;
        let mut made = Vec::new();
        for outcome in outcomes {
            match outcome? {
                Redemption::Done { license, .. } => made.push(license.id),
                Redemption::Refused(LookUp::Redeemed(_)) => {}
                other => anyhow::bail!("{other:?}"),
            }
        }
        let [license_id] = made.as_slice() else { anyhow::bail!("{made:?}") };
        assert_eq!(statuses(&shop, &order.id).await?.iter().filter(|it| **it == VoucherStatus::Redeemed).count(), 1);
        let license = shop.license(license_id).await?;
        assert_eq!((license.status, &license.account_id, license.seats), (LicenseStatus::Active, &account.id, 2));
        let (vendor_id, id) = (shop.vendor.id.clone(), license_id.clone());
        let origin = shop.db.read(|tx| Box::pin(async move { find_origin(tx, &vendor_id, &id).await })).await?;
        assert_eq!(origin, Some(shop.account.company.clone()));
        Ok(())
    }

    async fn a_license_runs_as_its_voucher_says_and_its_key_is_shown_once_it_is_redeemed(db: Db) {
        let shop = Shop::open(db).await?;
        let (_, codes) = bought(&shop).await?;
        let account = shop.another_account().await?;
        let LookUp::Open(offer) = look_up(&shop, &account, &codes[0].to_lowercase()).await? else {
            anyhow::bail!("not open")
        };
        assert_eq!((offer.partner.as_str(), offer.plan.code.as_str()), (shop.account.company.as_str(), "startup"));
        let Redemption::Done { voucher_id, license } = redeem(&shop, &account, &codes[0]).await? else {
            anyhow::bail!("not redeemed")
        };
        let term = rules::term(PlanKind::Subscription, BillingInterval::Month, shop.now());
        assert_eq!((license.ends_at, license.updates_until), (term.ends_at, None));
        let show = |hash: &'static [u8]| {
            let (cx, id) = (shop.cx(), voucher_id.clone());
            shop.db.write(move |tx| Box::pin(async move { find_redeemed(tx, &cx, &master(), &id, hash).await }))
        };
        let shown = show(b"this browser").await?.expect("a license");
        assert!(shown.key.is_some() && shown.view.license.id == license.id);
        assert!(show(b"another").await?.expect("a license").key.is_none());

        let plan_id = shop.plan("perpetual").await?.id;
        let wanted = |takes_off_minor| WantedVouchers {
            plan_id: plan_id.clone(),
            interval: BillingInterval::Once,
            count: 1,
            currency: shop.currency,
            takes_off_minor,
        };
        let quote = rules::quote(&shop.plan("perpetual").await?, &wanted(0)).expect("a price");
        let off = backend::partners::rules::discount(TERMS, &quote, &plan_id).expect("a discount");
        let (order, url) = placed(&shop, Purchase::Vouchers(wanted(off.amount_minor))).await?;
        shop.pay(&url, "4242").await?;
        settle(&shop).await?;
        let id = redeemed(&shop, &account, &self::codes(&shop, &order.id).await?[0]).await?;
        let license = shop.license(&id).await?;
        let year = backend::licenses::rules::add_years(shop.now(), 1);
        assert_eq!((license.ends_at, license.updates_until), (None, Some(year)));
        Ok(())
    }

    async fn what_cannot_be_redeemed_is_told_apart_and_guesses_run_out(db: Db) {
        let shop = Shop::open(db).await?;
        let (_, codes) = bought(&shop).await?;
        let (account, other) = (shop.another_account().await?, shop.another_account().await?);
        let license_id = redeemed(&shop, &account, &codes[0]).await?;
        assert_eq!(look_up(&shop, &account, &codes[0]).await?, LookUp::Redeemed(Some(license_id)));
        let refused = redeem(&shop, &other, &codes[0]).await?;
        assert_eq!(refused, Redemption::Refused(LookUp::Redeemed(None)), "nobody else learns more");
        let none = "VC-00000-00000-00000-00000-00000-00000";
        for guess in 0..20 {
            assert_eq!(look_up(&shop, &other, none).await?, LookUp::Unknown, "{guess}");
        }
        assert!(matches!(look_up(&shop, &other, none).await?, LookUp::Limited { .. }));
        let limited = redeem(&shop, &other, &codes[1]).await?;
        assert!(matches!(limited, Redemption::Refused(LookUp::Limited { .. })), "{limited:?}");
        redeemed(&shop, &account, &codes[1]).await?;
        let stranger = backend::Cx { actor: backend::Actor::Visitor, ..shop.cx() };
        let wanted = request(&account.id, &codes[2], ADDRESS);
        let outcome = shop
            .db
            .write(move |tx| Box::pin(async move { redeem_voucher(tx, &stranger, &master(), &wanted).await }))
            .await?;
        assert_eq!(outcome, Redemption::NotAllowed);
        Ok(())
    }

    async fn money_that_goes_back_takes_vouchers_and_their_licenses_with_it(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, codes) = bought(&shop).await?;
        let account = shop.another_account().await?;
        let license_id = redeemed(&shop, &account, &codes[0]).await?;
        let invoice = shop.invoices().await?.remove(0);
        let payment = payment(&shop, &invoice).await?;
        shop.call("refunds", &format!("payment_intent={payment}&amount=1000")).await?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license_id).await?.0, LicenseStatus::Active, "a part is a concession");
        assert!(!statuses(&shop, &order.id).await?.contains(&VoucherStatus::Void));
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license_id).await?, (LicenseStatus::Revoked, "refunded".to_owned()));
        let expected = [VoucherStatus::Redeemed, VoucherStatus::Void, VoucherStatus::Void];
        assert_eq!(statuses(&shop, &order.id).await?, expected);
        assert_eq!(redeem(&shop, &account, &codes[1]).await?, Redemption::Refused(LookUp::Void));
        // What is heard of once more changes nothing.
        settle(&shop).await?;
        assert_eq!(status(&shop, &license_id).await?, (LicenseStatus::Revoked, "refunded".to_owned()));
        balance(&shop).await?;
        Ok(())
    }

    async fn an_order_that_is_given_up_makes_none(db: Db) {
        let shop = Shop::open(db).await?;
        make_partner(&shop).await?;
        let (order, _) = placed(&shop, three(&shop, TENTH).await?).await?;
        let given_up = cancel_order(&shop.commerce, &shop.cx(), &order.id).await?;
        assert_eq!(given_up, GivenUp::Closed(OrderStatus::Cancelled));
        settle(&shop).await?;
        assert!(table(&shop, &order.id).await.is_err());
        Ok(())
    }

    async fn only_a_partner_buys_and_only_at_what_it_was_shown(db: Db) {
        let shop = Shop::open(db).await?;
        assert_eq!(shop.place(three(&shop, 0).await?).await?, OrderPlacement::NotAllowed);
        make_partner(&shop).await?;
        assert_eq!(shop.place(three(&shop, 0).await?).await?, OrderPlacement::DiscountChanged);
        let free = shop.place_by(three(&shop, TENTH).await?, Payment::None, None).await?;
        assert_eq!(free, OrderPlacement::PaymentNotOffered);
        let Purchase::Vouchers(wanted) = three(&shop, TENTH).await? else { anyhow::bail!("no vouchers") };
        for (count, problem) in [
            (0, ChoiceProblem::TooFewSeats { min: 1 }),
            (rules::MOST + 1, ChoiceProblem::TooManySeats { max: rules::MOST }),
        ] {
            let purchase = Purchase::Vouchers(WantedVouchers { count, ..wanted.clone() });
            assert_eq!(shop.place(purchase).await?, OrderPlacement::Refused(problem));
        }
        Ok(())
    }

    async fn vouchers_outlive_the_partnership_and_strangers_see_none_of_them(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, codes) = bought(&shop).await?;
        let (operator, id) = (cx(&shop.vendor.id, shop.now()), shop.account.id.clone());
        let ended = shop
            .db
            .write(move |tx| Box::pin(async move { end_partnership(tx, &operator, &master(), &id).await }))
            .await?;
        assert_eq!(ended, PartnershipEnd::Ended);
        let account = shop.another_account().await?;
        redeemed(&shop, &account, &codes[0]).await?;
        assert_eq!(self::codes(&shop, &order.id).await?, codes[1..]);
        assert_eq!(shop.place(three(&shop, 0).await?).await?, OrderPlacement::NotAllowed);

        let (member, id) = (shop.cx(), order.id.clone());
        let found = shop.db.read(|tx| Box::pin(async move { list_vouchers(tx, &member, &id, 0, 9).await })).await?;
        let voucher = found.expect("a batch").1.remove(1).voucher;
        for (actor, may) in [(shop.cx().actor, true), (backend::Actor::Visitor, false)] {
            let act = backend::Cx { actor, ..shop.cx() };
            let (id, order_id) = (voucher.id.clone(), order.id.clone());
            let (noted, revealed, listed) = shop
                .db
                .write(move |tx| {
                    Box::pin(async move {
                        let noted = note_voucher(tx, &act, &id, "for Weser").await?;
                        let revealed = reveal_code(tx, &act, &master(), &id).await?;
                        let listed = list_vouchers(tx, &act, &order_id, 0, 9).await?;
                        Ok::<_, DbError>((noted, revealed, listed.is_some()))
                    })
                })
                .await?;
            assert_eq!((noted, listed), (if may { NoteSet::Done } else { NoteSet::NotAllowed }, may));
            match revealed {
                CodeReveal::Shown(code) => assert!(may && code.expose() == codes[1]),
                CodeReveal::NotAllowed => assert!(!may),
                CodeReveal::Lost => anyhow::bail!("lost"),
            }
        }
        // Another master key opens nothing, and finds nothing.
        let (member, id) = (shop.cx(), voucher.id.clone());
        let foreign = MasterKey::new([9; 32]);
        let lost = shop
            .db
            .write(move |tx| Box::pin(async move { reveal_code(tx, &member, &foreign, &id).await }))
            .await?;
        assert_eq!(lost, CodeReveal::Lost);
        Ok(())
    }
}
