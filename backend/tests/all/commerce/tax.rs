//! How tax is set up at Stripe, as staff see it and tell it: who may, that nobody overwrites what they have not seen, and
//! that what is kept is what Stripe has said.

use std::time::Duration;

use backend::Cx;
use backend::accounts::StaffRole;
use backend::billing::Commerce;
use backend::clock::MINUTE_MS;
use backend::db::{Db, DbError};
use backend::stripe::{HeadOffice, Stripe, StripeAccounts};
use backend::tax::{
    TaxChange, TaxFault, TaxField, TaxLookUp, TaxProblem, TaxSetup, TaxUpdate, change_tax, find_tax_setup, look_up_tax,
};
use stripe_sandbox::Cut;

use super::closing::number;
use super::scripted::{Line, scripted};
use super::shop::Shop;
use crate::support::on_both_engines;

async fn setup(shop: &Shop, by: &Cx) -> anyhow::Result<Option<TaxSetup>> {
    let cx = by.clone();
    let found: Result<_, DbError> =
        shop.db.read(move |tx| Box::pin(async move { find_tax_setup(tx, &cx).await })).await;
    Ok(found?)
}

/// Waits until the sandbox holds a call.
async fn held(shop: &Shop) {
    while shop.was_cut().is_none() {
        // Another task is waited for, not time.
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The shop, whose Stripe is another one.
fn with_stripe(shop: &Shop, stripe: Stripe) -> Commerce {
    Commerce { stripe: StripeAccounts::single(stripe), ..shop.commerce.clone() }
}

async fn acts(shop: &Shop, count: [i64; 4]) -> anyhow::Result<()> {
    let found = [
        number(shop, "SELECT COUNT(*) FROM audit WHERE act = 'vendor.ask_tax'").await?,
        number(shop, "SELECT COUNT(*) FROM audit WHERE act = 'vendor.set_tax'").await?,
        number(shop, "SELECT COUNT(*) FROM audit WHERE act = 'vendor.refuse_tax'").await?,
        number(shop, "SELECT COUNT(*) FROM audit WHERE act = 'vendor.miss_tax'").await?,
    ];
    anyhow::ensure!(found == count, "asked, set, refused, missed: {found:?}");
    Ok(())
}

fn bremen(tax_code: &str) -> TaxChange {
    let head_office = HeadOffice {
        line1: "Am Hafen 1".to_owned(),
        postal_code: "28195".to_owned(),
        city: "Bremen".to_owned(),
        country: "DE".to_owned(),
        ..HeadOffice::default()
    };
    TaxChange { tax_code: tax_code.to_owned(), head_office }
}

on_both_engines! {
    async fn what_stripe_says_is_kept_and_an_administrator_tells_it_more(db: Db) {
        let shop = Shop::open(db).await?;
        let (admin, finance) = (shop.staff(StaffRole::Admin).await?, shop.staff(StaffRole::Finance).await?);
        assert_eq!(setup(&shop, &finance).await?, None, "nobody has asked");
        let first = bremen("txcd_10202003");
        assert_eq!(change_tax(&shop.commerce, &admin, 0, &first).await?, TaxUpdate::Unknown, "nobody has seen it");
        assert_eq!(look_up_tax(&shop.commerce, &finance).await?, TaxLookUp::Known);
        let known = setup(&shop, &finance).await?.expect("it is known");
        assert_eq!((known.tax.is_active, known.tax.countries.as_slice()), (true, ["DE".to_owned()].as_slice()));
        assert_eq!((known.tax.head_office.city.as_str(), known.tax.tax_code.as_str()), ("Berlin", "txcd_10103001"));
        assert_eq!(look_up_tax(&shop.commerce, &admin).await?, TaxLookUp::Known);
        let again = setup(&shop, &finance).await?.expect("it is known");
        assert_eq!(again.state_no, known.state_no, "nothing has changed");

        let told = change_tax(&shop.commerce, &admin, known.state_no, &first).await?;
        assert_eq!(told, TaxUpdate::Saved);
        let after = setup(&shop, &finance).await?.expect("it is known");
        assert_eq!((&after.tax.tax_code, &after.tax.head_office), (&first.tax_code, &first.head_office));
        assert_eq!(shop.stripe().fetch_tax().await?, after.tax, "Stripe says the same");
        // Who has not seen this tells Stripe nothing, and who changes nothing neither.
        let stale = change_tax(&shop.commerce, &admin, known.state_no, &bremen("txcd_10202000")).await?;
        assert_eq!(stale, TaxUpdate::Stale);
        assert_eq!(change_tax(&shop.commerce, &admin, after.state_no, &first).await?, TaxUpdate::Unchanged);
        assert_eq!(shop.stripe().fetch_tax().await?, after.tax);
        let audited = "SELECT COUNT(*) FROM audit WHERE act = 'vendor.set_tax' AND before LIKE '%Berlin%'
                       AND after LIKE '%Bremen%'";
        assert_eq!(number(&shop, audited).await?, 1);
        acts(&shop, [1, 1, 0, 0]).await
    }

    async fn what_is_wrong_is_said_by_us_or_by_stripe_and_nothing_changes(db: Db) {
        let shop = Shop::open(db).await?;
        let admin = shop.staff(StaffRole::Admin).await?;
        assert_eq!(look_up_tax(&shop.commerce, &admin).await?, TaxLookUp::Known);
        let known = setup(&shop, &admin).await?.expect("it is known");
        let refused = change_tax(&shop.commerce, &admin, known.state_no, &bremen("software")).await?;
        let problem = TaxProblem { field: TaxField::TaxCode, fault: TaxFault::NotACode };
        assert_eq!(refused, TaxUpdate::Refused(vec![problem]));
        // Which state, only Stripe asks; the form that comes back after it can be sent again.
        let mut abroad = bremen("txcd_10202003");
        abroad.head_office.country = "US".to_owned();
        let refused = change_tax(&shop.commerce, &admin, known.state_no, &abroad).await?;
        assert!(matches!(&refused, TaxUpdate::ByStripe(sentence) if sentence.contains("state")), "{refused:?}");
        assert_eq!(shop.stripe().fetch_tax().await?, known.tax);
        let now = setup(&shop, &admin).await?.expect("it is known");
        assert_eq!(now, known, "nobody has to look at it again");
        acts(&shop, [1, 0, 1, 0]).await?;
        abroad.head_office.state = "CA".to_owned();
        assert_eq!(change_tax(&shop.commerce, &admin, now.state_no, &abroad).await?, TaxUpdate::Saved);
        assert_eq!(setup(&shop, &admin).await?.expect("it is known").tax.head_office, abroad.head_office);

        let nowhere = Commerce { stripe: StripeAccounts::default(), ..shop.commerce.clone() };
        assert_eq!(look_up_tax(&nowhere, &admin).await?, TaxLookUp::NoStripe);
        assert_eq!(change_tax(&nowhere, &admin, now.state_no, &abroad).await?, TaxUpdate::NoStripe);
        Ok(())
    }

    async fn administrators_change_it_finance_sees_it_and_others_neither(db: Db) {
        let shop = Shop::open(db).await?;
        let admin = shop.staff(StaffRole::Admin).await?;
        assert_eq!(look_up_tax(&shop.commerce, &admin).await?, TaxLookUp::Known);
        let known = setup(&shop, &admin).await?.expect("it is known");
        for role in [StaffRole::Finance, StaffRole::Support, StaffRole::ReadOnly] {
            let by = shop.staff(role).await?;
            let told = change_tax(&shop.commerce, &by, known.state_no, &bremen("txcd_10202003")).await?;
            assert_eq!(told, TaxUpdate::NotAllowed, "{role:?}");
            let sees = role == StaffRole::Finance;
            assert_eq!(setup(&shop, &by).await?.is_some(), sees, "{role:?}");
            let asked = look_up_tax(&shop.commerce, &by).await?;
            assert_eq!(asked, if sees { TaxLookUp::Known } else { TaxLookUp::NotAllowed }, "{role:?}");
        }
        let buyer = shop.cx();
        assert_eq!(look_up_tax(&shop.commerce, &buyer).await?, TaxLookUp::NotAllowed);
        assert_eq!(setup(&shop, &buyer).await?, None);
        assert_eq!(shop.stripe().fetch_tax().await?, known.tax);
        Ok(())
    }

    async fn of_all_that_tell_stripe_at_once_one_does(db: Db) {
        let shop = Shop::open(db).await?;
        let admin = shop.staff(StaffRole::Admin).await?;
        assert_eq!(look_up_tax(&shop.commerce, &admin).await?, TaxLookUp::Known);
        let seen = setup(&shop, &admin).await?.expect("it is known").state_no;
        let tries = (0..8).map(|number| {
            let (commerce, admin) = (shop.commerce.clone(), admin.clone());
            tokio::spawn(async move {
                let mut change = bremen("txcd_10202003");
                change.head_office.line1 = format!("Am Hafen {number}");
                change_tax(&commerce, &admin, seen, &change).await.map(|told| (told, change))
            })
        });
        let mut saved = Vec::new();
        for outcome in futures::future::join_all(tries).await {
            match outcome?? {
                (TaxUpdate::Saved, change) => saved.push(change),
                (TaxUpdate::Stale | TaxUpdate::BeingTold, _) => {}
                (other, _) => panic!("{other:?}"),
            }
        }
        let [change] = &saved[..] else { panic!("{saved:?}") };
        assert_eq!(shop.stripe().fetch_tax().await?.head_office, change.head_office);
        assert_eq!(setup(&shop, &admin).await?.expect("it is known").tax.head_office, change.head_office);
        Ok(())
    }

    async fn while_stripe_is_told_something_nobody_else_tells_or_asks_it(db: Db) {
        let shop = Shop::open(db).await?;
        let admin = shop.staff(StaffRole::Admin).await?;
        assert_eq!(look_up_tax(&shop.commerce, &admin).await?, TaxLookUp::Known);
        let known = setup(&shop, &admin).await?.expect("it is known");
        let (first, other) = (bremen("txcd_10202003"), bremen("txcd_10202000"));
        shop.cut(Some((0, Cut::After)));
        let others = async {
            held(&shop).await;
            let meanwhile = setup(&shop, &admin).await?.expect("it is known");
            let mut tried = Vec::new();
            // Whatever a form was shown with, also one that is opened now.
            for seen in [known.state_no, meanwhile.state_no, known.state_no + 1] {
                tried.push(change_tax(&shop.commerce, &admin, seen, &other).await?);
            }
            let asked = look_up_tax(&shop.commerce, &admin).await?;
            shop.release();
            anyhow::Ok((meanwhile, tried, asked))
        };
        let (told, others) = tokio::join!(change_tax(&shop.commerce, &admin, known.state_no, &first), others);
        let (meanwhile, tried, asked) = others?;
        assert!(tried.iter().all(|outcome| *outcome == TaxUpdate::BeingTold), "{tried:?}");
        assert_eq!(asked, TaxLookUp::BeingTold);
        assert!(meanwhile.tax == known.tax && meanwhile.is_being_told(admin.now), "{meanwhile:?}");
        assert_eq!(told?, TaxUpdate::Saved);
        // A form that was opened meanwhile showed what was before.
        assert_eq!(change_tax(&shop.commerce, &admin, meanwhile.state_no, &other).await?, TaxUpdate::Stale);
        let after = setup(&shop, &admin).await?.expect("it is known");
        assert_eq!((&after.tax.tax_code, after.telling_until), (&first.tax_code, None));
        assert_eq!(change_tax(&shop.commerce, &admin, after.state_no, &other).await?, TaxUpdate::Saved);
        assert_eq!(setup(&shop, &admin).await?.expect("it is known").tax, shop.stripe().fetch_tax().await?);
        Ok(())
    }

    async fn whoever_dies_while_telling_leaves_it_unknown_until_stripe_is_asked(db: Db) {
        let shop = Shop::open(db).await?;
        let admin = shop.staff(StaffRole::Admin).await?;
        assert_eq!(look_up_tax(&shop.commerce, &admin).await?, TaxLookUp::Known);
        let known = setup(&shop, &admin).await?.expect("it is known");
        let change = bremen("txcd_10202003");
        shop.cut(Some((0, Cut::After)));
        tokio::select! {
            () = held(&shop) => {}
            told = change_tax(&shop.commerce, &admin, known.state_no, &change) => anyhow::bail!("{told:?}"),
        }
        shop.cut(None);
        let told = change_tax(&shop.commerce, &admin, known.state_no, &change).await?;
        assert_eq!(told, TaxUpdate::BeingTold, "it may still be at it");
        let later = Cx { now: admin.now.plus(2 * MINUTE_MS), ..admin.clone() };
        let told = change_tax(&shop.commerce, &later, known.state_no, &bremen("txcd_10202000")).await?;
        assert_eq!(told, TaxUpdate::Unknown);
        assert_eq!(look_up_tax(&shop.commerce, &later).await?, TaxLookUp::Known);
        let now = setup(&shop, &admin).await?.expect("it is known");
        assert_eq!((&now.tax.tax_code, now.telling_until), (&change.tax_code, None), "Stripe had been told");
        let told = change_tax(&shop.commerce, &later, known.state_no, &bremen("txcd_10202000")).await?;
        assert_eq!(told, TaxUpdate::Stale);
        acts(&shop, [1, 0, 0, 0]).await
    }

    async fn an_answer_that_comes_after_somebody_elses_change_is_not_taken_for_what_holds(db: Db) {
        let shop = Shop::open(db).await?;
        let admin = shop.staff(StaffRole::Admin).await?;
        assert_eq!(look_up_tax(&shop.commerce, &admin).await?, TaxLookUp::Known);
        let known = setup(&shop, &admin).await?.expect("it is known");
        let (slow, quick) = (bremen("txcd_10202003"), bremen("txcd_10202000"));
        shop.cut(Some((0, Cut::Before)));
        let later = Cx { now: admin.now.plus(2 * MINUTE_MS), ..admin.clone() };
        let others = async {
            held(&shop).await;
            let asked = look_up_tax(&shop.commerce, &later).await?;
            let seen = setup(&shop, &later).await?.expect("it is known").state_no;
            let told = change_tax(&shop.commerce, &later, seen, &quick).await?;
            shop.release();
            anyhow::Ok((asked, told))
        };
        let (told, others) = tokio::join!(change_tax(&shop.commerce, &admin, known.state_no, &slow), others);
        assert_eq!(others?, (TaxLookUp::Known, TaxUpdate::Saved));
        assert_eq!(told?, TaxUpdate::NotReadBack);
        let after = setup(&shop, &later).await?.expect("it is known");
        assert!(after.is_uncertain(later.now), "{after:?}");
        assert_eq!(look_up_tax(&shop.commerce, &later).await?, TaxLookUp::Known);
        let after = setup(&shop, &later).await?.expect("it is known");
        assert_eq!((&after.tax.tax_code, after.telling_until), (&slow.tax_code, None), "as Stripe has it");
        Ok(())
    }

    async fn what_is_not_answered_is_no_refusal_and_has_to_be_asked_for(db: Db) {
        let shop = Shop::open(db).await?;
        let admin = shop.staff(StaffRole::Admin).await?;
        let change = bremen("txcd_10202003");
        let no = r#"{"error":{"type":"invalid_request_error","message":"No."}}"#;
        // Stripe takes it, and then refuses to say how it is; or does not understand the question in time.
        let deaf = scripted(vec![Line("POST /v1/tax/settings", 200, "{}"), Line("GET ", 400, no)]).await?;
        let busy = scripted(vec![Line("POST /v1/tax/settings", 503, "{}")]).await?;
        let cases = [(deaf, TaxUpdate::NotReadBack), (busy, TaxUpdate::NotAnswered)];
        for (number, (stripe, outcome)) in (1..).zip(cases) {
            assert_eq!(look_up_tax(&shop.commerce, &admin).await?, TaxLookUp::Known);
            let known = setup(&shop, &admin).await?.expect("it is known");
            let told = change_tax(&with_stripe(&shop, stripe), &admin, known.state_no, &change).await?;
            assert_eq!(told, outcome);
            let after = setup(&shop, &admin).await?.expect("it is known");
            assert!(after.is_uncertain(admin.now) && after.tax == known.tax, "{after:?}");
            let again = change_tax(&shop.commerce, &admin, known.state_no, &change).await?;
            assert_eq!(again, TaxUpdate::Unknown);
            acts(&shop, [number, 0, 0, number]).await?;
        }
        Ok(())
    }

    async fn what_stripe_keeps_otherwise_than_it_was_told_is_said_and_kept(db: Db) {
        let shop = Shop::open(db).await?;
        let admin = shop.staff(StaffRole::Admin).await?;
        assert_eq!(look_up_tax(&shop.commerce, &admin).await?, TaxLookUp::Known);
        let known = setup(&shop, &admin).await?.expect("it is known");
        let settings = r#"{"status":"active","defaults":{"tax_code":"txcd_10202003"},"head_office":{"address":
            {"line1":"Am Hafen 1","line2":"Floor 2","postal_code":"28195","city":"BREMEN","country":"DE"}}}"#;
        let stripe = scripted(vec![
            Line("POST /v1/tax/settings", 200, "{}"),
            Line("GET /v1/tax/settings", 200, settings),
            Line("GET /v1/tax/registrations", 200, r#"{"data":[]}"#),
        ]);
        let commerce = with_stripe(&shop, stripe.await?);
        let told = change_tax(&commerce, &admin, known.state_no, &bremen("txcd_10202003")).await?;
        assert_eq!(told, TaxUpdate::SavedOtherwise(vec![TaxField::Line2, TaxField::City]));
        let office = setup(&shop, &admin).await?.expect("it is known").tax.head_office;
        assert_eq!((office.line2.as_str(), office.city.as_str()), ("Floor 2", "BREMEN"));
        acts(&shop, [1, 1, 0, 0]).await
    }
}

#[tokio::test]
async fn registrations_are_read_to_the_last_page() -> anyhow::Result<()> {
    let settings = r#"{"status":"active"}"#;
    let first = r#"{"has_more":true,"data":[{"id":"taxreg_1","country":"US"},{"id":"taxreg_2","country":"US"}]}"#;
    let last = r#"{"has_more":false,"data":[{"id":"taxreg_3","country":"AT"}]}"#;
    let stripe = scripted(vec![
        Line("GET /v1/tax/settings", 200, settings),
        Line("GET /v1/tax/registrations?status=active&limit=100&starting_after=taxreg_2", 200, last),
        Line("GET /v1/tax/registrations?status=active&limit=100 ", 200, first),
    ]);
    assert_eq!(stripe.await?.fetch_tax().await?.countries, ["AT", "US"]);
    // One that never ends is left at some page.
    let stripe =
        scripted(vec![Line("GET /v1/tax/settings", 200, settings), Line("GET /v1/tax/registrations", 200, first)]);
    assert_eq!(stripe.await?.fetch_tax().await?.countries, ["US"]);
    Ok(())
}
