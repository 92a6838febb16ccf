//! How tax is set up at Stripe, as staff see it and tell it: who may, that nobody overwrites what they have not seen, and
//! that what is kept is what Stripe has said.

use backend::accounts::{NewStaff, Password, Passwords, StaffCreation, StaffRole, create_staff};
use backend::billing::Commerce;
use backend::db::{Db, DbError};
use backend::stripe::{HeadOffice, StripeAccounts};
use backend::tax::{
    TaxChange, TaxFault, TaxField, TaxLookUp, TaxProblem, TaxSetup, TaxUpdate, change_tax, find_tax_setup, look_up_tax,
};
use backend::{Actor, Cx};

use super::closing::number;
use super::shop::Shop;
use crate::support::{cx, on_both_engines};

async fn staff(shop: &Shop, role: StaffRole) -> anyhow::Result<Cx> {
    let operator = cx(&shop.vendor.id, shop.now());
    let new = NewStaff {
        email: format!("{}@vendor.example", role.as_str()),
        name: String::new(),
        role,
        password: Password::new("a quiet evening in the office".to_owned()),
    };
    match create_staff(&shop.db, &Passwords::default(), &operator, &new).await? {
        StaffCreation::Created(user) => Ok(Cx { actor: Actor::Staff(user.id), ..operator }),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn setup(shop: &Shop, by: &Cx) -> anyhow::Result<Option<TaxSetup>> {
    let cx = by.clone();
    let found: Result<_, DbError> =
        shop.db.read(move |tx| Box::pin(async move { find_tax_setup(tx, &cx).await })).await;
    Ok(found?)
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
        let (admin, finance) = (staff(&shop, StaffRole::Admin).await?, staff(&shop, StaffRole::Finance).await?);
        assert_eq!(setup(&shop, &finance).await?, None, "nobody has asked");
        let first = bremen("txcd_10202003");
        assert_eq!(change_tax(&shop.commerce, &admin, 0, &first).await?, TaxUpdate::Stale, "nobody has seen it");
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
        Ok(())
    }

    async fn what_is_wrong_is_said_by_us_or_by_stripe_and_nothing_changes(db: Db) {
        let shop = Shop::open(db).await?;
        let admin = staff(&shop, StaffRole::Admin).await?;
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
        assert_eq!(now.tax, known.tax);
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
        let admin = staff(&shop, StaffRole::Admin).await?;
        assert_eq!(look_up_tax(&shop.commerce, &admin).await?, TaxLookUp::Known);
        let known = setup(&shop, &admin).await?.expect("it is known");
        for role in [StaffRole::Finance, StaffRole::Support, StaffRole::ReadOnly] {
            let by = staff(&shop, role).await?;
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
        let admin = staff(&shop, StaffRole::Admin).await?;
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
                (TaxUpdate::Stale, _) => {}
                (other, _) => panic!("{other:?}"),
            }
        }
        let [change] = &saved[..] else { panic!("{saved:?}") };
        assert_eq!(shop.stripe().fetch_tax().await?.head_office, change.head_office);
        assert_eq!(setup(&shop, &admin).await?.expect("it is known").tax.head_office, change.head_office);
        Ok(())
    }
}
