//! Licenses that go over to another account: who has to agree, what moves, and what neither side learns of the other.

use backend::accounts::StaffRole;
use backend::clock::{DAY_MS, HOUR_MS, MINUTE_MS, UnixMs};
use backend::db::{Db, DbError, Tx};
use backend::events::{Timeline, list_timeline_of};
use backend::handovers::rules::Obstacle;
use backend::handovers::{
    Agreement, AskHandover, Asked, Ending, HandoverStatus, Side, agree_to_handover, ask_handover, end_handover,
    find_handover,
};
use backend::ids::{AccountId, HandoverId, UserId};
use backend::licenses::{
    KeyFound, KeyReplacement, KeyReveal, list_by_account, reinstate_license, replace_key, reveal_key, suspend_license,
};
use backend::messages::{self, AboutKind, NewConversation, Opening};
use sdk::license_key::LicenseKey;
use sdk::revocations::RevocationKind;

use crate::licenses::stage::{Stage, code, granted};
use crate::support::people::{Person, confirm_everybody, sign_up_with_company};
use crate::support::{NOW, master, on_both_engines};

const EVE: &str = "eve@receiver.test";

async fn run(stage: &Stage, sql: &'static str) -> anyhow::Result<()> {
    let cx = stage.operator(NOW);
    let done: Result<(), anyhow::Error> = stage
        .db
        .write(move |tx| {
            Box::pin(async move {
                match tx {
                    Tx::Sqlite(tx) => {
                        sqlx::query(sql).bind(cx.vendor_id).execute(&mut **tx).await?;
                    }
                    Tx::Postgres(tx) => {
                        sqlx::query(sql).bind(cx.vendor_id).execute(&mut **tx).await?;
                    }
                }
                Ok(())
            })
        })
        .await;
    done
}

/// Somebody with an account of their own and a confirmed address.
async fn person(stage: &Stage, email: &str) -> anyhow::Result<Person> {
    let person = sign_up_with_company(&stage.db, &stage.operator(NOW), email, "Receiver AG").await?;
    confirm_everybody(&stage.db).await?;
    stage.mails(NOW).await?;
    Ok(person)
}

async fn ask_as(stage: &Stage, user: &UserId, email: &str, now: UnixMs) -> anyhow::Result<Asked> {
    let (cx, license_id) = (stage.person(user, now), stage.license_id.clone());
    let request = AskHandover { license_id, email: email.to_owned() };
    Ok(stage.write(move |tx| Box::pin(async move { ask_handover(tx, &cx, &master(), &request).await })).await?)
}

async fn ask(stage: &Stage, email: &str) -> anyhow::Result<HandoverId> {
    match ask_as(stage, &stage.owner, email, NOW).await? {
        Asked::Done(id) => Ok(id),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn agree(
    stage: &Stage,
    user: &UserId,
    account_id: &AccountId,
    id: &HandoverId,
    now: UnixMs,
) -> anyhow::Result<Agreement> {
    let (cx, id, account_id) = (stage.person(user, now), id.clone(), account_id.clone());
    Ok(stage
        .write(move |tx| Box::pin(async move { agree_to_handover(tx, &cx, &master(), &id, &account_id).await }))
        .await?)
}

async fn end(stage: &Stage, user: &UserId, id: &HandoverId, now: UnixMs) -> anyhow::Result<Ending> {
    let (cx, id) = (stage.person(user, now), id.clone());
    Ok(stage.write(move |tx| Box::pin(async move { end_handover(tx, &cx, &master(), &id).await })).await?)
}

/// What an account finds in its list, and in the license's history.
async fn seen_by(stage: &Stage, account_id: &AccountId) -> anyhow::Result<(usize, String)> {
    let (vendor_id, account_id, license_id) = (stage.vendor.id.clone(), account_id.clone(), stage.license_id.clone());
    let seen: Result<_, DbError> = stage
        .db
        .read(move |tx| {
            Box::pin(async move {
                let licenses = list_by_account(tx, &vendor_id, &account_id, None, 10).await?;
                let all = Timeline::Everything;
                let events = list_timeline_of(tx, &vendor_id, &license_id, Some(&account_id), all, (None, 100)).await?;
                let said: Vec<_> =
                    events.iter().map(|event| format!("{} {}", event.event_type, event.data.0)).collect();
                Ok((licenses.len(), said.join("\n")))
            })
        })
        .await;
    Ok(seen?)
}

on_both_engines! {
    async fn a_license_goes_over_when_both_have_agreed_and_not_before(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        let id = ask(&stage, " Eve@Receiver.test ").await?;
        // The giver's word alone moves nothing.
        assert_eq!(stage.license().await?.account_id, stage.account_id);
        assert_eq!(agree(&stage, &stage.owner, &stage.account_id, &id, NOW).await?, Agreement::Waits);
        assert_eq!(stage.license().await?.account_id, stage.account_id);
        let mails = stage.mails(NOW).await?;
        assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["Eve@Receiver.test"]);
        assert!(mails[0].text.contains(&format!("/handovers/{id}")), "{}", mails[0].text);

        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, NOW).await?, Agreement::Done);
        assert_eq!(stage.license().await?.account_id, eve.account_id);
        let again = agree(&stage, &eve.id, &eve.account_id, &id, NOW).await?;
        assert_eq!(again, Agreement::Over(HandoverStatus::Done));
        assert_eq!(end(&stage, &stage.owner, &id, NOW).await?, Ending::Over(HandoverStatus::Done));
        let mut told: Vec<_> = stage.mails(NOW).await?.into_iter().map(|mail| mail.to).collect();
        told.sort();
        assert_eq!(told, ["ada@example.test", EVE]);
        Ok(())
    }

    async fn staff_ask_both_sides_and_neither_word_alone_is_enough(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        let (support, finance) = (stage.staff(StaffRole::Support).await?, stage.staff(StaffRole::Finance).await?);
        assert_eq!(ask_as(&stage, &finance, EVE, NOW).await?, Asked::NotFound);
        let Asked::Done(id) = ask_as(&stage, &support, EVE, NOW).await? else { panic!("not asked") };
        let mut told: Vec<_> = stage.mails(NOW).await?.into_iter().map(|mail| mail.to).collect();
        told.sort();
        assert_eq!(told, ["ada@example.test", EVE]);
        // Staff agree for nobody.
        assert_eq!(agree(&stage, &support, &eve.account_id, &id, NOW).await?, Agreement::NotFound);
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, NOW).await?, Agreement::Waits);
        assert_eq!(stage.license().await?.account_id, stage.account_id);
        assert_eq!(agree(&stage, &stage.owner, &stage.account_id, &id, NOW).await?, Agreement::Done);
        assert_eq!(stage.license().await?.account_id, eve.account_id);
        Ok(())
    }

    async fn the_old_keys_are_worth_nothing_and_the_new_one_is_the_receivers(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        let first = stage.key.clone();
        // One that was replaced a moment before would have gone on for a month.
        let (cx, license_id) = (stage.person(&stage.owner, NOW), stage.license_id.clone());
        let replaced = stage
            .write(move |tx| Box::pin(async move { replace_key(tx, &cx, &master(), &license_id, 30).await }))
            .await?;
        let KeyReplacement::Replaced { key: second, .. } = replaced else { panic!("{replaced:?}") };
        let id = ask(&stage, EVE).await?;
        let at = NOW.plus(HOUR_MS);
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, at).await?, Agreement::Done);
        for key in [&first, &second] {
            assert_eq!(stage.find_by_key(key, at).await?, KeyFound::Replaced(stage.license_id.clone()));
        }
        let license = stage.license().await?;
        assert_ne!(license.key_hint, second.masked());
        let reveal = |user: &UserId| {
            let (cx, license) = (stage.person(user, at), license.clone());
            stage.write(move |tx| Box::pin(async move { reveal_key(tx, &cx, &master(), &license).await }))
        };
        assert!(matches!(reveal(&stage.owner).await?, KeyReveal::NotAllowed));
        let KeyReveal::Shown(third) = reveal(&eve.id).await? else { panic!("no key") };
        assert_eq!(stage.find_by_key(&third, at).await?, KeyFound::Current(stage.license_id.clone()));
        assert_eq!(third.masked(), license.key_hint);
        Ok(())
    }

    async fn what_runs_for_the_giver_stops_and_its_seats_count_until_its_leases_end(db: Db) {
        let mut stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        let running = granted(stage.activate("secret-node-a", None, NOW).await?)?;
        granted(stage.activate("secret-node-b", None, NOW).await?)?;
        let id = ask(&stage, EVE).await?;
        let at = NOW.plus(MINUTE_MS);
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, at).await?, Agreement::Done);
        assert_eq!(code(&stage.check(&running, at.plus(1)).await?), "instance_not_found");
        let rejected = stage.revocations(at.plus(1)).await?;
        let instances = rejected.rev.iter().filter(|entry| entry.kind == RevocationKind::Instance).count();
        assert_eq!(instances, 2, "{rejected:?}");

        stage.key = new_key(&stage, &eve, at).await?;
        let taken = stage.activate("node-a", None, at.plus(2)).await?;
        assert_eq!(code(&taken), "seats_exhausted");
        // Whoever holds them is the giver's business.
        assert!(!format!("{taken:?}").contains("secret"), "{taken:?}");
        let last_end = NOW.plus(DAY_MS + 5 * MINUTE_MS);
        granted(stage.activate("node-a", None, last_end).await?)?;
        granted(stage.activate("node-b", None, last_end).await?)?;
        assert_eq!(code(&stage.activate("node-c", None, last_end).await?), "seats_exhausted");
        Ok(())
    }

    async fn many_that_ran_for_the_giver_stay_rejected_when_the_license_is_suspended_and_goes_on(db: Db) {
        const MANY: i64 = 201;
        let stage = Stage::new(db, "perpetual", MANY).await?;
        let eve = person(&stage, EVE).await?;
        for node in 0..MANY {
            granted(stage.activate(&format!("node-{node}"), None, NOW).await?)?;
        }
        let id = ask(&stage, EVE).await?;
        let at = NOW.plus(MINUTE_MS);
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, at).await?, Agreement::Done);
        let rejected = |list: &sdk::revocations::RevocationsClaims| -> Vec<RevocationKind> {
            list.rev.iter().map(|entry| entry.kind).collect()
        };
        assert_eq!(rejected(&stage.revocations(at).await?), [RevocationKind::License]);
        let (cx, id) = (stage.operator(at.plus(MINUTE_MS)), stage.license_id.clone());
        let suspended = id.clone();
        stage
            .write(move |tx| Box::pin(async move { suspend_license(tx, &cx, &master(), &suspended, "fraud").await }))
            .await?;
        let cx = stage.operator(at.plus(2 * MINUTE_MS));
        stage.write(move |tx| Box::pin(async move { reinstate_license(tx, &cx, &master(), &id).await })).await?;
        assert_eq!(rejected(&stage.revocations(at.plus(2 * MINUTE_MS)).await?), [RevocationKind::License]);
        Ok(())
    }

    async fn staff_know_of_which_instance_the_giver_had_written_and_whose_license_it_is_now(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        let running = granted(stage.activate("secret-node-a", None, NOW).await?)?;
        let new = NewConversation {
            account_id: stage.account_id.clone(),
            about: running.instance_id,
            subject: "Node".to_owned(),
            text: "Is it well?".to_owned(),
        };
        let cx = stage.person(&stage.owner, NOW);
        let opened =
            stage.write(move |tx| Box::pin(async move { messages::open_conversation(tx, &cx, &master(), &new).await }));
        let Opening::Opened(id) = opened.await? else { panic!("not opened") };
        let handover = ask(&stage, EVE).await?;
        assert_eq!(agree(&stage, &stage.owner, &stage.account_id, &handover, NOW).await?, Agreement::Waits);
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &handover, NOW).await?, Agreement::Done);

        let support = stage.staff(StaffRole::Support).await?;
        let (staff, giver) = (stage.person(&support, NOW), stage.person(&stage.owner, NOW));
        let read: Result<_, DbError> = stage
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let by_staff = messages::read_as_staff(tx, &staff, &id, None, 50).await?;
                    Ok((by_staff, messages::read_conversation(tx, &giver, &id, None, 50).await?))
                })
            })
            .await;
        let (by_staff, by_giver) = read?;
        let about = by_staff.expect("a conversation").about.expect("the instance");
        assert_eq!((about.kind, about.license_id.as_ref()), (AboutKind::Instance, Some(&stage.license_id)));
        assert_eq!(about.client.expect("another's").account_id, eve.account_id);
        assert_eq!(by_giver.expect("its own").about, None, "the giver sees it no more");
        Ok(())
    }

    async fn neither_side_learns_what_the_other_did(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        granted(stage.activate("secret-node-a", None, NOW).await?)?;
        let id = ask(&stage, EVE).await?;
        let at = NOW.plus(MINUTE_MS);
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, at).await?, Agreement::Done);
        let (licenses, history) = seen_by(&stage, &eve.account_id).await?;
        assert_eq!(licenses, 1);
        assert!(history.starts_with("license.taken_over"), "{history}");
        assert!(!history.contains("secret") && !history.contains("license.created"), "{history}");
        let (licenses, history) = seen_by(&stage, &stage.account_id).await?;
        assert_eq!(licenses, 0);
        assert!(history.contains("secret-node-a") && history.contains("license.handed_over"), "{history}");
        // Nobody of one side is named in the rows of the other.
        let crossing = "SELECT COUNT(*) FROM audit r JOIN memberships m ON m.user_id = r.actor_id
                        WHERE r.account_id IS NOT NULL AND m.account_id <> r.account_id";
        assert_eq!(stage.count(crossing).await?, 0);
        for act in ["license.hand_over", "license.take_over", "license.agree_handover", "license.ask_handover"] {
            let count: &'static str = match act {
                "license.hand_over" => "SELECT COUNT(*) FROM audit WHERE act = 'license.hand_over'",
                "license.take_over" => "SELECT COUNT(*) FROM audit WHERE act = 'license.take_over'",
                "license.agree_handover" => "SELECT COUNT(*) FROM audit WHERE act = 'license.agree_handover'",
                _ => "SELECT COUNT(*) FROM audit WHERE act = 'license.ask_handover'",
            };
            assert_eq!(stage.count(count).await?, 1, "{act}");
        }
        Ok(())
    }

    async fn only_whoever_has_confirmed_the_address_and_owns_another_account_takes_it(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        let mallory = person(&stage, "mallory@other.test").await?;
        let id = ask(&stage, EVE).await?;
        assert_eq!(agree(&stage, &mallory.id, &mallory.account_id, &id, NOW).await?, Agreement::NotFound);
        assert_eq!(end(&stage, &mallory.id, &id, NOW).await?, Ending::NotFound);
        assert_eq!(agree(&stage, &eve.id, &mallory.account_id, &id, NOW).await?, Agreement::NotFound);
        run(&stage, "UPDATE users SET email_verified_at = NULL WHERE vendor_id = $1").await?;
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, NOW).await?, Agreement::Unconfirmed);
        run(&stage, "UPDATE users SET email_verified_at = 1 WHERE vendor_id = $1").await?;
        run(&stage, "UPDATE memberships SET role = 'technical' WHERE vendor_id = $1").await?;
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, NOW).await?, Agreement::NotFound);
        assert_eq!(ask_as(&stage, &stage.owner, EVE, NOW).await?, Asked::NotFound, "owners only");
        assert_eq!(stage.license().await?.account_id, stage.account_id);
        let look = |user: &UserId| {
            let (cx, id) = (stage.person(user, NOW), id.clone());
            stage.write(move |tx| Box::pin(async move { find_handover(tx, &cx, &id).await }))
        };
        assert!(look(&mallory.id).await?.is_none());
        assert_eq!(look(&eve.id).await?.map(|found| found.side), Some(Side::Receiver));
        Ok(())
    }

    async fn asking_says_the_same_whoever_has_the_address_and_has_bounds(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        for email in ["nobody@at-all.test", EVE] {
            let id = ask(&stage, email).await?;
            let again = ask_as(&stage, &stage.owner, email, NOW).await?;
            assert_eq!(again, Asked::AskedBefore);
            assert_eq!(end(&stage, &stage.owner, &id, NOW).await?, Ending::Ended(HandoverStatus::Withdrawn));
        }
        for (email, expected) in [("no address", Asked::NoAddress), ("Ada@example.test", Asked::OwnAddress)] {
            assert_eq!(ask_as(&stage, &stage.owner, email, NOW).await?, expected);
        }
        let mut limited = false;
        for number in 0..10 {
            match ask_as(&stage, &stage.owner, &format!("a{number}@b.test"), NOW).await? {
                Asked::Done(id) => drop(end(&stage, &stage.owner, &id, NOW).await?),
                Asked::Limited(wait_s) => limited = wait_s > 0,
                other => panic!("{other:?}"),
            }
        }
        assert!(limited, "mails to anybody have no end");
        Ok(())
    }

    async fn an_offer_ends_after_two_weeks_and_can_be_made_anew(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        let id = ask(&stage, EVE).await?;
        let late = NOW.plus(14 * DAY_MS);
        let expired = Agreement::Over(HandoverStatus::Expired);
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, late).await?, expired);
        let Asked::Done(next) = ask_as(&stage, &stage.owner, EVE, late).await? else { panic!("not asked") };
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, late).await?, expired);
        assert_eq!(end(&stage, &eve.id, &next, late).await?, Ending::Ended(HandoverStatus::Declined));
        assert_eq!(stage.license().await?.account_id, stage.account_id);
        Ok(())
    }

    async fn what_somebody_pays_for_or_what_grants_nothing_stays(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        let id = ask(&stage, EVE).await?;
        // What comes up after it was asked counts as well.
        for (begins, ends, obstacle) in [
            (
                "UPDATE licenses SET status = 'pending' WHERE vendor_id = $1",
                "UPDATE licenses SET status = 'active' WHERE vendor_id = $1",
                Obstacle::NotActive,
            ),
            (
                "UPDATE licenses SET disputed_at = 1 WHERE vendor_id = $1",
                "UPDATE licenses SET disputed_at = NULL WHERE vendor_id = $1",
                Obstacle::Disputed,
            ),
            (
                "INSERT INTO auto_renewals (id, vendor_id, account_id, license_id, user_id, status, currency, amount_minor,
                                            next_at, created_at)
                 SELECT 'arn_1', l.vendor_id, l.account_id, l.id, m.user_id, 'on', 'usd', 1, 1, 1
                 FROM licenses l JOIN memberships m ON m.account_id = l.account_id WHERE l.vendor_id = $1",
                "DELETE FROM auto_renewals WHERE vendor_id = $1",
                Obstacle::RenewsByItself,
            ),
            (
                "INSERT INTO orders (id, vendor_id, account_id, user_id, kind, plan_id, license_id, billing_interval, seats,
                                     currency, amount_minor, status, payment, items, created_at)
                 SELECT 'ord_1', l.vendor_id, l.account_id, m.user_id, 'maintenance', l.plan_id, l.id, 'once', 1, 'usd', 1,
                        'open', 'card', '[]', 1
                 FROM licenses l JOIN memberships m ON m.account_id = l.account_id WHERE l.vendor_id = $1",
                "DELETE FROM orders WHERE vendor_id = $1",
                Obstacle::OpenOrder,
            ),
            (
                "INSERT INTO subscriptions (id, vendor_id, account_id, license_id, stripe_subscription_id, stripe_status,
                     plan_id, billing_interval, seats, currency, addons, packs, recurring_minor, period_start, period_end,
                     cancel_at_period_end, updated_at)
                 SELECT 'sub_1', vendor_id, account_id, id, 'sub_1', 'active', plan_id, 'month', seats, 'usd', '[]', '{}', 1,
                     1, 2, FALSE, 1 FROM licenses WHERE vendor_id = $1",
                "DELETE FROM subscriptions WHERE vendor_id = $1",
                Obstacle::Subscribed,
            ),
        ] {
            run(&stage, begins).await?;
            let refused = agree(&stage, &eve.id, &eve.account_id, &id, NOW).await?;
            assert_eq!(refused, Agreement::Obstacle(obstacle));
            run(&stage, ends).await?;
        }
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, NOW).await?, Agreement::Done);
        Ok(())
    }

    async fn what_somebody_else_pays_by_transfer_is_no_obstacle_and_by_card_it_is(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        person(&stage, "pia@partner.test").await?;
        let id = ask(&stage, EVE).await?;
        assert_eq!(agree(&stage, &stage.owner, &stage.account_id, &id, NOW).await?, Agreement::Waits);
        run(
            &stage,
            "INSERT INTO orders (id, vendor_id, account_id, licensee_id, user_id, kind, plan_id, license_id,
                                 billing_interval, seats, currency, amount_minor, status, payment, items, created_at)
             SELECT 'ord_1', l.vendor_id, m.account_id, l.account_id, u.id, 'seats', l.plan_id, l.id, 'once', 1, 'usd', 1,
                    'open', 'card', '[]', 1
             FROM licenses l JOIN users u ON u.vendor_id = l.vendor_id AND u.email_key = 'pia@partner.test'
             JOIN memberships m ON m.user_id = u.id WHERE l.vendor_id = $1",
        )
        .await?;
        let refused = agree(&stage, &eve.id, &eve.account_id, &id, NOW).await?;
        assert_eq!(refused, Agreement::Obstacle(Obstacle::OpenOrder));
        run(&stage, "UPDATE orders SET payment = 'transfer' WHERE vendor_id = $1").await?;
        assert_eq!(agree(&stage, &eve.id, &eve.account_id, &id, NOW).await?, Agreement::Done);
        Ok(())
    }

    async fn of_an_agreement_and_a_withdrawal_at_once_one_counts(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        for round in 0..6 {
            let Asked::Done(id) = ask_as(&stage, &stage.owner, EVE, NOW.plus(round)).await? else { panic!("not asked") };
            let (agreed, ended) = tokio::join!(
                agree(&stage, &eve.id, &eve.account_id, &id, NOW.plus(round)),
                end(&stage, &stage.owner, &id, NOW.plus(round)),
            );
            let moved = stage.license().await?.account_id == eve.account_id;
            match (agreed?, ended?) {
                (Agreement::Done, Ending::Over(HandoverStatus::Done)) => {
                    assert!(moved);
                    break;
                }
                (Agreement::Over(HandoverStatus::Withdrawn), Ending::Ended(HandoverStatus::Withdrawn)) => {
                    assert!(!moved);
                }
                both => panic!("{both:?}"),
            }
        }
        Ok(())
    }

    async fn of_many_agreements_at_once_one_moves_the_license(db: Db) {
        let stage = Stage::new(db, "perpetual", 2).await?;
        let eve = person(&stage, EVE).await?;
        let id = ask(&stage, EVE).await?;
        let agreements = (0..16).map(|_| agree(&stage, &eve.id, &eve.account_id, &id, NOW));
        let agreed = futures::future::try_join_all(agreements).await?;
        assert_eq!(agreed.iter().filter(|agreement| **agreement == Agreement::Done).count(), 1);
        assert_eq!(stage.count("SELECT COUNT(*) FROM license_keys").await?, 1, "one key was replaced, once");
        Ok(())
    }
}

/// The key, as the receiver sees it.
async fn new_key(stage: &Stage, eve: &Person, now: UnixMs) -> anyhow::Result<LicenseKey> {
    let (cx, license) = (stage.person(&eve.id, now), stage.license().await?);
    match stage.write(move |tx| Box::pin(async move { reveal_key(tx, &cx, &master(), &license).await })).await? {
        KeyReveal::Shown(key) => Ok(key),
        other => anyhow::bail!("{other:?}"),
    }
}
