//! Buying for a license while it goes over to another account: one of the two waits for the other.

use std::time::Duration;

use backend::Actor;
use backend::accounts::{
    AccountCreation, AccountDetails, Address, Password, Passwords, SignUp, SignUpOutcome, create_account, sign_up,
};
use backend::catalog::BillingInterval;
use backend::cx::Cx;
use backend::db::{Db, DbError};
use backend::handovers::rules::Obstacle;
use backend::handovers::{Agreement, AskHandover, Asked, agree_to_handover, ask_handover};
use backend::ids::{AccountId, LicenseId, UserId};
use backend::orders::{OrderPlacement, OrderStatus, Purchase};
use tokio::sync::oneshot;

use super::shop::{Shop, run_sql};
use crate::support::{cx, master, on_both_engines};

const EVE: &str = "eve@receiver.test";

/// Somebody with an account who has confirmed the address.
async fn receiver(shop: &Shop) -> anyhow::Result<(UserId, AccountId)> {
    let cx = cx(&shop.vendor.id, shop.now());
    let request = SignUp {
        email: EVE.to_owned(),
        password: Password::new("a long walk by the harbour".to_owned()),
        name: "Eve".to_owned(),
        address: [192, 0, 2, 2].into(),
    };
    let signed_up = sign_up(&shop.db, &Passwords::default(), &master(), &cx, &request).await?;
    let SignUpOutcome::SignedUp(user) = signed_up else { anyhow::bail!("{signed_up:?}") };
    let details = AccountDetails {
        company: "Receiver AG".to_owned(),
        country: "CH".to_owned(),
        address: Address {
            line1: "Bahnhofstrasse 1".to_owned(),
            postal_code: "8001".to_owned(),
            city: "Zürich".to_owned(),
            ..Address::default()
        },
        ..AccountDetails::default()
    };
    let id = user.id.clone();
    let created =
        shop.db.write(move |tx| Box::pin(async move { create_account(tx, &cx, &id, &details).await })).await?;
    let AccountCreation::Created(account) = created else { anyhow::bail!("{created:?}") };
    run_sql(&shop.db, vec!["UPDATE users SET email_verified_at = 1".to_owned()]).await?;
    Ok((user.id, account.id))
}

async fn ask(shop: &Shop, license_id: &LicenseId) -> anyhow::Result<Asked> {
    let (cx, request) = (shop.cx(), AskHandover { license_id: license_id.clone(), email: EVE.to_owned() });
    Ok(shop.db.write(move |tx| Box::pin(async move { ask_handover(tx, &cx, &master(), &request).await })).await?)
}

fn updates(shop: &Shop, license_id: &LicenseId) -> Purchase {
    Purchase::Maintenance { license_id: license_id.clone(), years: 1, currency: shop.currency }
}

on_both_engines! {
    async fn nothing_is_ordered_for_a_license_that_goes_over_at_the_same_moment(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        let (eve, account_id) = receiver(&shop).await?;
        let Asked::Done(id) = ask(&shop, &license.id).await? else { anyhow::bail!("not asked") };
        let (agreed, has_agreed) = oneshot::channel();
        let (commit, may_commit) = oneshot::channel::<()>();
        let (db, cx) = (shop.db.clone(), Cx { actor: Actor::User(eve), ..shop.cx() });
        let going_over = tokio::spawn(async move {
            db.write(move |tx| {
                Box::pin(async move {
                    let agreement = agree_to_handover(tx, &cx, &master(), &id, &account_id).await?;
                    let _sent = agreed.send(());
                    drop(may_commit.await);
                    Ok::<_, DbError>(agreement)
                })
            })
            .await
        });
        has_agreed.await?;
        // It waits for the license's row, or for the writer; what must not happen has no other sign than this time.
        let mut ordering = Box::pin(shop.place(updates(&shop, &license.id)));
        let early = tokio::time::timeout(Duration::from_millis(400), &mut ordering).await;
        assert!(early.is_err(), "it was ordered while the license went over: {early:?}");
        let _sent = commit.send(());
        assert_eq!(going_over.await??, Agreement::Done);
        assert_eq!(ordering.await?, OrderPlacement::NotAllowed);
        Ok(())
    }

    async fn a_license_stays_while_something_for_it_is_ordered(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        receiver(&shop).await?;
        let placed = shop.place(updates(&shop, &license.id)).await?;
        assert!(matches!(placed, OrderPlacement::Placed { .. }), "{placed:?}");
        assert_eq!(ask(&shop, &license.id).await?, Asked::Obstacle(Obstacle::OpenOrder));
        Ok(())
    }

    async fn what_one_account_pays_late_changes_nothing_of_a_license_that_is_anothers_by_now(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        let (_, other) = receiver(&shop).await?;
        let placed = shop.place(updates(&shop, &license.id)).await?;
        let OrderPlacement::Placed { order, checkout_url } = placed else { anyhow::bail!("{placed:?}") };
        // Closed here, and its page was open still; then the license went over.
        let closed = format!("UPDATE orders SET status = 'expired' WHERE id = '{}'", order.id);
        let gone = format!("UPDATE licenses SET account_id = '{other}' WHERE id = '{}'", license.id);
        run_sql(&shop.db, vec![closed, gone]).await?;
        shop.pay(&checkout_url, "4242").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.license(&license.id).await?.updates_until, license.updates_until);
        assert_eq!(shop.find_order(&order.id).await?.status, OrderStatus::Expired, "a person has to look at it");
        Ok(())
    }
}
