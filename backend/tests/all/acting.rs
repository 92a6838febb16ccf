//! Staff who act for a customer: who may begin, what they may meanwhile, how it ends, and what is told to whom.

use std::sync::Arc;

use backend::accounts::{self, Act, DbSessionStore, StaffAct, User};
use backend::acting::rules::{LONGEST_MS, ReasonFault};
use backend::acting::{
    Acting, ActingEnd, ActingStart, acting_of, begin_acting_session, end_acting_session, find_live_acting,
    list_live_for_account, start_acting, stop_acting, withdraw_acting,
};
use backend::audit::{AuditEntry, AuditFilter, AuditScope, Who, list_audit};
use backend::clock::{Clock, MINUTE_MS};
use backend::db::{Db, DbError, Tx, TxFuture};
use backend::ids::{AccountId, UserId};
use backend::jobs::{Handlers, Runner};
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use tower_sessions::Session;

use crate::support::people::plant_person;
use crate::support::{NOW, Outbox, account, cx, entropy, master, on_both_engines, vendor};

const REASON: &str = "Ticket 4711: a seat is stuck";
const ACTS: [Act; 13] = [
    Act::See,
    Act::SeeKeys,
    Act::ManageInstances,
    Act::ReplaceKeys,
    Act::Buy,
    Act::SeeInvoices,
    Act::EditDetails,
    Act::ManageMembers,
    Act::SeeAudit,
    Act::ManageTokens,
    Act::TransferLicenses,
    Act::ManageRelations,
    Act::CloseAccount,
];

/// A vendor with two accounts, an owner and a viewer of the first, and staff of every role.
struct Stage {
    db: Db,
    vendor: Vendor,
    account: AccountId,
    other: AccountId,
    clock: Clock,
}

impl Stage {
    async fn new(db: Db) -> anyhow::Result<Self> {
        let vendor = vendor(&db, "acme").await?;
        let (cx, vendor_id) = (cx(&vendor.id, NOW), vendor.id.clone());
        let (account, other) = db
            .write(move |tx| {
                Box::pin(async move {
                    let (first, second) = (account(tx, &cx).await?, account(tx, &cx).await?);
                    for (name, role) in [("owner", "owner"), ("viewer", "viewer")] {
                        plant_person(tx, &vendor_id, name, None, Some((&first, role))).await?;
                    }
                    for name in ["admin", "support", "finance", "read_only"] {
                        plant_person(tx, &vendor_id, name, Some(name), None).await?;
                    }
                    Ok::<_, anyhow::Error>((first, second))
                })
            })
            .await?;
        Ok(Self { db, vendor, account, other, clock: Clock::fixed(NOW) })
    }

    fn cx(&self, actor: Actor) -> Cx {
        Cx { actor, ..cx(&self.vendor.id, self.clock.now()) }
    }

    async fn write<T, F>(&self, work: F) -> Result<T, DbError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> TxFuture<'t, T, DbError> + Send + 'static,
    {
        self.db.write(work).await
    }

    async fn start(&self, actor: Actor, account: &AccountId, reason: &str) -> Result<ActingStart, DbError> {
        let (cx, account, reason) = (self.cx(actor), account.clone(), reason.to_owned());
        self.write(move |tx| Box::pin(async move { start_acting(tx, &cx, &master(), &account, &reason).await })).await
    }

    async fn started(&self, who: &str) -> anyhow::Result<Acting> {
        match self.start(staff(who), &self.account, REASON).await? {
            ActingStart::Started(acting) => Ok(*acting),
            other => anyhow::bail!("{other:?}"),
        }
    }

    async fn stop(&self, acting: &Acting) -> Result<ActingEnd, DbError> {
        let cx = self.cx(acts(acting));
        self.write(move |tx| Box::pin(async move { stop_acting(tx, &cx).await })).await
    }

    async fn withdraw(&self, actor: Actor, acting: &Acting) -> Result<ActingEnd, DbError> {
        let (cx, id) = (self.cx(actor), acting.id.clone());
        self.write(move |tx| Box::pin(async move { withdraw_acting(tx, &cx, &id).await })).await
    }

    async fn is_live(&self, acting: &Acting) -> Result<bool, DbError> {
        let (vendor_id, id, now) = (self.vendor.id.clone(), acting.id.clone(), self.clock.now());
        let found = self.write(move |tx| Box::pin(async move { find_live_acting(tx, &vendor_id, &id, now).await }));
        Ok(found.await?.is_some())
    }

    async fn live_for(&self, actor: Actor) -> Result<Vec<Acting>, DbError> {
        let (cx, account) = (self.cx(actor), self.account.clone());
        self.write(move |tx| Box::pin(async move { list_live_for_account(tx, &cx, &account).await })).await
    }

    async fn may(&self, acting: &Acting, account: &AccountId, act: Act) -> Result<bool, DbError> {
        let (cx, account) = (self.cx(acts(acting)), account.clone());
        self.write(move |tx| Box::pin(async move { accounts::may_act(tx, &cx, &account, act).await })).await
    }

    async fn log(&self, actor: Actor, scope: AuditScope) -> anyhow::Result<Vec<AuditEntry>> {
        let cx = self.cx(actor);
        let listed = self.write(move |tx| {
            Box::pin(async move { list_audit(tx, &cx, &scope, &AuditFilter::default(), None, 50).await })
        });
        listed.await?.ok_or_else(|| anyhow::anyhow!("the log may not be seen"))
    }

    async fn support(&self) -> anyhow::Result<User> {
        let (vendor_id, id) = (self.vendor.id.clone(), user("support"));
        let found = self.write(move |tx| Box::pin(async move { accounts::find_user(tx, &vendor_id, &id).await }));
        found.await?.ok_or_else(|| anyhow::anyhow!("nobody"))
    }

    fn store(&self) -> Arc<DbSessionStore> {
        Arc::new(DbSessionStore::new(self.db.clone(), self.clock.clone(), entropy()))
    }

    /// Somebody has logged in just now.
    async fn browser(&self, user: &User) -> anyhow::Result<Session> {
        let session = Session::new(None, self.store(), None);
        accounts::begin_session(&session, user, "Firefox", [192, 0, 2, 1].into(), self.clock.now()).await?;
        Ok(session)
    }

    /// Ends the sessions of the support, and answers how many there were.
    async fn end_sessions(&self) -> Result<u64, DbError> {
        let (cx, id) = (self.cx(staff("support")), user("support"));
        self.write(move |tx| Box::pin(async move { accounts::end_other_sessions(tx, &cx, &id, None).await })).await
    }

    /// Who got which subject and text, of the mails that wait.
    async fn mails(&self) -> anyhow::Result<Vec<(String, String, String)>> {
        let outbox = Outbox::default();
        let handlers = Handlers::new().with(outbox.clone());
        Runner::new(self.db.clone(), self.clock.clone(), entropy(), master(), handlers).run_until_idle().await?;
        Ok(outbox.take().into_iter().map(|mail| (mail.to, mail.subject, mail.text)).collect())
    }

    async fn run(&self, sql: &'static str) -> Result<(), DbError> {
        self.write(move |tx| {
            Box::pin(async move {
                match tx {
                    Tx::Sqlite(tx) => {
                        sqlx::query(sql).execute(&mut **tx).await?;
                    }
                    Tx::Postgres(tx) => {
                        sqlx::query(sql).execute(&mut **tx).await?;
                    }
                }
                Ok(())
            })
        })
        .await
    }
}

fn user(who: &str) -> UserId {
    UserId::from_untrusted(&format!("usr_{who}"))
}

fn staff(who: &str) -> Actor {
    Actor::Staff(user(who))
}

fn acts(acting: &Acting) -> Actor {
    Actor::ActingStaff(acting.id.clone())
}

on_both_engines! {
    async fn only_administrators_and_support_begin_and_only_with_a_reason(db: Db) {
        let stage = Stage::new(db).await?;
        for who in ["finance", "read_only", "owner", "viewer", "nobody"] {
            for actor in [staff(who), Actor::User(user(who))] {
                assert_eq!(stage.start(actor, &stage.account, REASON).await?, ActingStart::NotAllowed, "{who}");
            }
        }
        for actor in [Actor::Operator, Actor::Visitor, Actor::Job("x")] {
            assert_eq!(stage.start(actor, &stage.account, REASON).await?, ActingStart::NotAllowed);
        }
        let short = stage.start(staff("support"), &stage.account, "why not").await?;
        assert_eq!(short, ActingStart::Refused(ReasonFault::TooShort));
        let nowhere = AccountId::from_untrusted("acc_nowhere");
        assert_eq!(stage.start(staff("admin"), &nowhere, REASON).await?, ActingStart::NotFound);
        assert_eq!(stage.mails().await?, [], "what did not begin is told to nobody");

        for who in ["admin", "support"] {
            let acting = stage.started(who).await?;
            assert!(stage.is_live(&acting).await?, "{who}");
            assert_eq!((acting.ends_at, acting.staff_id), (NOW.plus(LONGEST_MS), user(who)));
        }
        // Whoever acts for a customer cannot go on from there to the next one.
        let acting = stage.started("support").await?;
        assert_eq!(stage.start(acts(&acting), &stage.other, REASON).await?, ActingStart::NotAllowed);
        Ok(())
    }

    async fn acting_staff_look_and_look_after_instances_and_nothing_else(db: Db) {
        let stage = Stage::new(db).await?;
        let acting = stage.started("admin").await?;
        let mut allowed = Vec::new();
        for act in ACTS {
            if stage.may(&acting, &stage.account, act).await? {
                allowed.push(act);
            }
            assert!(!stage.may(&acting, &stage.other, act).await?, "{act:?} in another account");
        }
        assert_eq!(allowed, [Act::See, Act::ManageInstances, Act::SeeInvoices, Act::SeeAudit]);
        let cx = stage.cx(acts(&acting));
        let console =
            stage.write(move |tx| Box::pin(async move { accounts::staff_may_act(tx, &cx, StaffAct::See).await }));
        assert!(!console.await?, "the console is closed, even to an administrator");
        assert_eq!(acts(&acting).person(), None, "they write and sign as nobody");
        Ok(())
    }

    async fn it_ends_by_time_and_with_the_role(db: Db) {
        let stage = Stage::new(db).await?;
        let acting = stage.started("support").await?;
        stage.clock.set(NOW.plus(-1));
        assert!(!stage.is_live(&acting).await?, "a clock that is set back prolongs nothing");
        stage.clock.set(NOW.plus(LONGEST_MS - 1));
        assert!(stage.is_live(&acting).await?);
        stage.clock.set(NOW.plus(LONGEST_MS));
        assert!(!stage.is_live(&acting).await?);
        assert!(!stage.may(&acting, &stage.account, Act::See).await?);
        assert_eq!(stage.stop(&acting).await?, ActingEnd::Over);

        for role in ["'finance'", "NULL"] {
            stage.run("UPDATE users SET staff_role = 'support' WHERE id = 'usr_support'").await?;
            let acting = stage.started("support").await?;
            assert!(stage.may(&acting, &stage.account, Act::See).await?);
            let lose = match role {
                "NULL" => "UPDATE users SET staff_role = NULL WHERE id = 'usr_support'",
                _ => "UPDATE users SET staff_role = 'finance' WHERE id = 'usr_support'",
            };
            stage.run(lose).await?;
            assert!(!stage.may(&acting, &stage.account, Act::See).await?, "{role}");
            assert_eq!(stage.live_for(Actor::User(user("owner"))).await?, [], "{role}");
        }
        Ok(())
    }

    async fn a_person_acts_for_one_customer_at_a_time(db: Db) {
        let stage = Stage::new(db).await?;
        let (first, of_admin) = (stage.started("support").await?, stage.started("admin").await?);
        let second = stage.start(staff("support"), &stage.other, REASON).await?;
        let ActingStart::Started(second) = second else { anyhow::bail!("{second:?}") };
        assert!(!stage.is_live(&first).await?);
        assert!(stage.is_live(&second).await? && stage.is_live(&of_admin).await?);
        assert!(!stage.may(&second, &stage.account, Act::See).await?);
        Ok(())
    }

    async fn the_owner_sees_it_is_told_of_it_and_ends_it(db: Db) {
        let stage = Stage::new(db).await?;
        let acting = stage.started("support").await?;
        let mails = stage.mails().await?;
        assert_eq!(mails.len(), 1, "{mails:?}");
        let (to, subject, text) = &mails[0];
        assert_eq!((to.as_str(), subject.contains("acts in your account")), ("owner@example.test", true));
        assert!(text.contains("Ticket 4711") && !text.contains("support@example.test"), "{text}");

        assert_eq!(stage.live_for(Actor::User(user("owner"))).await?, std::slice::from_ref(&acting));
        for actor in [Actor::User(user("viewer")), staff("admin"), acts(&acting)] {
            assert_eq!(stage.live_for(actor.clone()).await?, [], "{actor:?}");
            assert_eq!(stage.withdraw(actor.clone(), &acting).await?, ActingEnd::NotFound, "{actor:?}");
        }
        assert_eq!(stage.withdraw(Actor::User(user("owner")), &acting).await?, ActingEnd::Ended);
        assert!(!stage.may(&acting, &stage.account, Act::See).await?);
        assert_eq!(stage.withdraw(Actor::User(user("owner")), &acting).await?, ActingEnd::Over);
        assert_eq!(stage.live_for(Actor::User(user("owner"))).await?, []);
        Ok(())
    }

    async fn staff_see_who_acted_and_why_and_the_customer_that_it_was_the_support(db: Db) {
        let stage = Stage::new(db).await?;
        let acting = stage.started("support").await?;
        assert_eq!(stage.stop(&acting).await?, ActingEnd::Ended);

        let of_staff = stage.log(staff("admin"), AuditScope::Vendor).await?;
        let stopped = of_staff.iter().find(|entry| entry.act == "acting.stop").expect("it is recorded");
        let who = Who::ActingStaff(String::new(), "support@example.test".to_owned(), REASON.to_owned());
        assert_eq!((&stopped.who, stopped.company.as_deref()), (&who, Some("Example GmbH")));
        let begun = of_staff.iter().find(|entry| entry.act == "acting.start").expect("it is recorded");
        assert_eq!(begun.who, Who::Staff(String::new(), "support@example.test".to_owned()));

        let of_owner = stage.log(Actor::User(user("owner")), AuditScope::Account(stage.account.clone())).await?;
        let seen: Vec<_> = of_owner.iter().map(|entry| (entry.act.as_str(), entry.who.clone())).collect();
        assert!(seen.contains(&("acting.stop", Who::Support)), "{seen:?}");
        assert!(seen.contains(&("acting.start", Who::Vendor)), "{seen:?}");
        let told = format!("{of_owner:?}");
        assert!(told.contains("Ticket 4711") && !told.contains("support@example.test"), "{told}");
        Ok(())
    }

    async fn a_session_that_was_ended_elsewhere_is_not_brought_back_by_acting(db: Db) {
        let stage = Stage::new(db).await?;
        let (acting, support) = (stage.started("support").await?, stage.support().await?);
        for begins in [true, false] {
            let browser = stage.browser(&support).await?;
            let under_way = Session::new(browser.id(), stage.store(), None);
            assert!(accounts::session_identity(&under_way, &stage.vendor.id).await?.is_some());
            assert_eq!(stage.end_sessions().await?, 1);
            let goes_on = if begins {
                begin_acting_session(&under_way, &acting.id).await?
            } else {
                end_acting_session(&under_way).await?
            };
            assert!(!goes_on && under_way.is_empty().await, "its cookie goes");
            assert_eq!(stage.end_sessions().await?, 0, "nothing was brought back");
        }
        Ok(())
    }

    async fn acting_changes_the_sessions_id_and_makes_it_no_younger(db: Db) {
        let stage = Stage::new(db).await?;
        let (acting, support) = (stage.started("support").await?, stage.support().await?);
        let session = stage.browser(&support).await?;
        let before = session.id();
        stage.clock.set(NOW.plus(MINUTE_MS));
        assert!(begin_acting_session(&session, &acting.id).await?);
        // As the middleware does at the end of the request.
        session.save().await?;
        assert_ne!(session.id(), before);
        let next = Session::new(session.id(), stage.store(), None);
        assert_eq!(acting_of(&next).await?, Some(acting.id));
        let (cx, id) = (stage.cx(staff("support")), support.id);
        let listed = stage.write(move |tx| Box::pin(async move { accounts::list_sessions(tx, &cx, &id).await })).await?;
        assert_eq!(listed.iter().map(|it| it.created_at).collect::<Vec<_>>(), [NOW]);
        assert!(end_acting_session(&next).await?);
        assert_eq!(acting_of(&Session::new(next.id(), stage.store(), None)).await?, None);
        Ok(())
    }

    async fn of_all_who_end_it_at_once_one_does(db: Db) {
        let stage = Stage::new(db).await?;
        let acting = stage.started("support").await?;
        let stops = (0..6).map(|_| stage.stop(&acting));
        let withdrawals = (0..6).map(|_| stage.withdraw(Actor::User(user("owner")), &acting));
        let (stops, withdrawals) =
            futures::future::join(futures::future::join_all(stops), futures::future::join_all(withdrawals)).await;
        let ends: Vec<_> = stops.into_iter().chain(withdrawals).collect::<Result<_, _>>()?;
        assert_eq!(ends.iter().filter(|end| **end == ActingEnd::Ended).count(), 1, "{ends:?}");
        let log = stage.log(staff("admin"), AuditScope::Vendor).await?;
        assert_eq!(log.iter().filter(|entry| entry.act == "acting.stop").count(), 1);
        Ok(())
    }
}
