//! Sessions that go on under a new id, and those that do not.

use backend::accounts;
use backend::clock::MINUTE_MS;
use backend::db::Db;
use tower_sessions::Session;

use super::Portal;
use crate::support::{NOW, on_both_engines};

on_both_engines! {
    async fn confirming_the_password_gives_a_session_a_new_id_and_keeps_what_is_in_it(db: Db) {
        let portal = Portal::open(db).await?;
        let user = portal.user("ada@example.org").await?;
        let browser = portal.browser(&user).await?;
        browser.insert("kept", 7).await?;
        browser.save().await?;
        let (before, session) = (browser.id(), Session::new(browser.id(), portal.store(), None));
        portal.later(MINUTE_MS);
        let now = portal.clock.now();
        assert!(accounts::renew_authentication(&session, &portal.vendor.id, now).await?);
        // As the middleware does at the end of the request.
        session.save().await?;
        assert_ne!(session.id(), before);
        assert_eq!(portal.user_of(&browser).await?, None, "the old id is worth nothing");
        let next = Session::new(session.id(), portal.store(), None);
        assert_eq!(next.get::<i32>("kept").await?, Some(7));
        assert_eq!(accounts::fresh_authentication(&next, &portal.vendor.id, now).await?, Some(now));
        let (cx, id) = (portal.cx_of(&user), user.id.clone());
        let all = portal.write(move |tx| Box::pin(async move { accounts::list_sessions(tx, &cx, &id).await })).await?;
        assert_eq!(all.len(), 1);
        Ok(())
    }

    async fn a_session_that_was_ended_elsewhere_is_not_brought_back_by_confirming_the_password(db: Db) {
        let portal = Portal::open(db).await?;
        let user = portal.user("ada@example.org").await?;
        let browser = portal.browser(&user).await?;
        let under_way = Session::new(browser.id(), portal.store(), None);
        assert!(accounts::session_identity(&under_way, &portal.vendor.id).await?.is_some());
        let end_all = || {
            let (cx, id) = (portal.cx_of(&user), user.id.clone());
            portal.write(move |tx| Box::pin(async move { accounts::end_other_sessions(tx, &cx, &id, None).await }))
        };
        assert_eq!(end_all().await?, 1);
        assert!(!accounts::renew_authentication(&under_way, &portal.vendor.id, NOW).await?);
        assert!(under_way.is_empty().await, "its cookie goes");
        assert_eq!(end_all().await?, 0, "nothing was brought back");
        Ok(())
    }

    async fn whoever_ends_all_sessions_ends_those_that_just_get_a_new_id(db: Db) {
        let portal = Portal::open(db).await?;
        let user = portal.user("ada@example.org").await?;
        for _ in 0..8 {
            let browser = portal.browser(&user).await?;
            let under_way = Session::new(browser.id(), portal.store(), None);
            assert!(accounts::session_identity(&under_way, &portal.vendor.id).await?.is_some());
            let (cx, id) = (portal.cx_of(&user), user.id.clone());
            let end_all =
                portal.write(move |tx| Box::pin(async move { accounts::end_other_sessions(tx, &cx, &id, None).await }));
            let renew = accounts::renew_authentication(&under_way, &portal.vendor.id, NOW);
            let (ended, renewed) = tokio::join!(end_all, renew);
            // One row is there all the time, so it is found whenever the other comes.
            assert_eq!(ended?, 1);
            let _goes_on = renewed?;
            let next = Session::new(under_way.id(), portal.store(), None);
            assert_eq!(accounts::session_identity(&next, &portal.vendor.id).await?, None);
        }
        Ok(())
    }
}
