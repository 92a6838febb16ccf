//! Resetting a second factor that somebody has lost: who may ask, what keeps it from happening, and that it happens once.

mod stage;

use std::sync::Arc;

use backend::Actor;
use backend::accounts::factor_resets::rules::{AskFault, DELAY_MS, KEEP_MS};
use backend::accounts::factor_resets::{
    CarryingOut, ResetAsking, ResetEnd, ResetStatus, delete_old_factor_resets, find_reset_ground, find_reset_to_refuse,
    find_waiting_reset,
};
use backend::accounts::{
    CodesRenewal, FactorReset, FinishedLogIn, StaffRole, members, renew_recovery_codes, reset_second_factor,
};
use backend::acting::rules::ReasonFault;
use backend::clock::{HOUR_MS, MINUTE_MS, SECOND_MS};
use backend::db::Db;

use crate::support::people::plant_person;
use crate::support::{Outbox, master, on_both_engines, vendor};
use stage::{REASON, Stage, id, staff, to};

const ASKED: &str = "Your second factor for acme Software is to be reset";
const RESET: &str = "Your second factor for acme Software was reset";
const NOT_RESET: &str = "Your second factor for acme Software is not reset";

on_both_engines! {
    async fn a_reset_happens_a_day_later_ends_every_session_and_is_told_twice(db: Db) {
        let stage = Stage::new(db).await?;
        let session = stage.session().await?;
        let reset = stage.ask(false).await?;
        assert_eq!(stage.told().await?, [to("ada", ASKED)]);
        stage.later(DELAY_MS - 1);
        assert!(stage.told().await?.is_empty());
        assert!(matches!(stage.carry_out(&reset).await?, CarryingOut::NotDue(_)));
        assert!(stage.has_factor().await? && stage.is_signed_in(&session).await?, "nothing has happened yet");
        stage.later(1);
        assert_eq!(stage.told().await?, [to("ada", RESET)]);
        assert!(!stage.has_factor().await? && !stage.is_signed_in(&session).await?);
        assert_eq!(stage.status().await?, Some(ResetStatus::Done));
        assert_eq!(stage.finish(&stage.code()).await?, FinishedLogIn::StartOver, "no code is asked for any more");
        assert_eq!(stage.carry_out(&reset).await?, CarryingOut::Over);
        let acts = ["user.ask_factor_reset", "user.reset_second_factor", "user.set_second_factor"];
        assert_eq!(stage.acts().await?, acts);
        Ok(())
    }

    async fn passkeys_go_only_where_they_are_said_to_be_lost(db: Db) {
        let stage = Stage::new(db).await?;
        stage.plant_passkey("psk_before").await?;
        stage.ask(false).await?;
        stage.later(DELAY_MS);
        stage.told().await?;
        assert_eq!((stage.has_factor().await?, stage.passkeys().await?), (false, 1));

        let alone = ResetAsking::Refused(AskFault::PasskeysAlone);
        assert_eq!(stage.ask_as(staff("admin"), "ada", REASON, false).await?, alone);
        stage.ask(true).await?;
        stage.later(HOUR_MS);
        stage.plant_passkey("psk_since").await?;
        stage.later(DELAY_MS);
        stage.told().await?;
        assert_eq!(stage.passkeys().await?, 1, "what was added since was not lost");
        assert_eq!(stage.status().await?, Some(ResetStatus::Done));
        Ok(())
    }

    async fn administrators_alone_ask_and_nobody_for_their_own(db: Db) {
        let stage = Stage::new(db).await?;
        let asked_by = [
            staff("support"), Actor::User(id("ada")), Actor::Visitor, Actor::Operator, Actor::Job("any"),
        ];
        for actor in asked_by {
            let answer = stage.ask_as(actor.clone(), "ada", REASON, false).await?;
            assert_eq!(answer, ResetAsking::NotAllowed, "{actor:?}");
        }
        let own = stage.ask_as(staff("admin"), "admin", REASON, false).await?;
        assert_eq!(own, ResetAsking::Refused(AskFault::Own));
        let nothing = stage.ask_as(staff("admin"), "second", REASON, true).await?;
        assert_eq!(nothing, ResetAsking::Refused(AskFault::NothingHeld));
        let short = stage.ask_as(staff("admin"), "ada", "lost it", false).await?;
        assert_eq!(short, ResetAsking::Refused(AskFault::Reason(ReasonFault::TooShort)));
        let nobody = stage.ask_as(staff("admin"), "nobody", REASON, false).await?;
        assert_eq!(nobody, ResetAsking::NotAllowed);
        assert!(stage.told().await?.is_empty());
        // Colleagues are helped as customers are.
        assert!(matches!(stage.ask_as(staff("second"), "support", REASON, false).await?, ResetAsking::Asked(_)));
        assert_eq!(stage.withdraw(staff("support"), "support").await?, ResetEnd::NotAllowed);
        Ok(())
    }

    async fn the_people_of_another_vendor_are_not_found(db: Db) {
        let stage = Stage::new(db).await?;
        let secret = { stage.ask(false).await?; stage.mailed_secret().await? };
        let other = vendor(&stage.db, "other").await?;
        let vendor_id = other.id.clone();
        let planted = stage.db.write(move |tx| Box::pin(async move {
            plant_person(tx, &vendor_id, "stranger", Some("admin"), None).await
        }));
        planted.await?;
        let abroad = Stage {
            db: stage.db.clone(), vendor: other, clock: stage.clock.clone(), outbox: Outbox::default(),
            secret: stage.secret.clone(),
        };
        assert_eq!(abroad.ask_as(staff("stranger"), "ada", REASON, false).await?, ResetAsking::NotAllowed);
        assert_eq!(abroad.withdraw(staff("stranger"), "ada").await?, ResetEnd::NotAllowed);
        assert_eq!(abroad.refuse(&secret).await?, ResetEnd::Nothing);
        assert_eq!(stage.ask_as(staff("stranger"), "ada", REASON, false).await?, ResetAsking::NotAllowed);
        let cx = abroad.cx(staff("stranger"));
        let seen = abroad.write(move |tx| Box::pin(async move { find_reset_ground(tx, &cx, &id("ada")).await }));
        assert!(seen.await?.is_none());
        assert_eq!(stage.status().await?, Some(ResetStatus::Waiting));
        Ok(())
    }

    async fn the_link_refuses_it_once_and_whoever_asked_is_told(db: Db) {
        let stage = Stage::new(db).await?;
        let reset = stage.ask(false).await?;
        let secret = stage.mailed_secret().await?;
        assert_eq!(stage.refuse("guessed").await?, ResetEnd::Nothing);
        // Looking changes nothing, however often a scanner does it.
        for _ in 0..2 {
            let (cx, looked) = (stage.cx(Actor::Visitor), secret.clone());
            let found = stage.write(move |tx| Box::pin(async move { find_reset_to_refuse(tx, &cx, &looked).await }));
            assert_eq!(found.await?.map(|found| found.id), Some(reset.clone()));
        }
        assert_eq!(stage.refuse(&secret).await?, ResetEnd::Ended);
        assert_eq!(stage.refuse(&secret).await?, ResetEnd::Nothing);
        assert_eq!(stage.told().await?, [to("admin", "A reset of a second factor at acme Software was refused")]);
        stage.later(DELAY_MS);
        assert!(stage.told().await?.is_empty());
        assert!(stage.has_factor().await?);
        assert_eq!(stage.status().await?, Some(ResetStatus::Refused));
        Ok(())
    }

    async fn the_person_refuses_it_signed_in_and_an_administrator_takes_it_back(db: Db) {
        let stage = Stage::new(db).await?;
        stage.ask(false).await?;
        assert_eq!(stage.keep(Actor::User(id("second"))).await?, ResetEnd::Nothing, "nobody else's");
        let cx = stage.cx(Actor::User(id("ada")));
        let waits = stage.write(move |tx| Box::pin(async move { find_waiting_reset(tx, &cx, &id("ada")).await }));
        assert_eq!(waits.await?.map(|reset| reset.reason), Some(REASON.to_owned()));
        assert_eq!(stage.keep(Actor::User(id("ada"))).await?, ResetEnd::Ended);
        assert_eq!(stage.keep(Actor::User(id("ada"))).await?, ResetEnd::Nothing);
        assert_eq!(stage.status().await?, Some(ResetStatus::Refused));
        stage.told().await?;

        stage.later(MINUTE_MS);
        stage.ask(false).await?;
        stage.told().await?;
        assert_eq!(stage.withdraw(staff("second"), "ada").await?, ResetEnd::Ended, "any administrator");
        assert_eq!(stage.withdraw(staff("admin"), "ada").await?, ResetEnd::Nothing);
        assert_eq!(stage.told().await?, [to("ada", NOT_RESET)]);
        stage.later(DELAY_MS);
        assert!(stage.told().await?.is_empty());
        assert!(stage.has_factor().await?);
        Ok(())
    }

    async fn logging_in_with_the_second_factor_calls_it_off_and_says_so(db: Db) {
        let stage = Stage::new(db).await?;
        let cx = stage.cx(Actor::User(id("ada")));
        let renewed = stage.write(move |tx| Box::pin(async move { renew_recovery_codes(tx, &cx, &master()).await }));
        let CodesRenewal::Renewed(codes) = renewed.await? else { anyhow::bail!("no codes") };
        for by_app in [true, false] {
            stage.told().await?;
            stage.ask(false).await?;
            stage.told().await?;
            stage.later(HOUR_MS);
            assert_eq!(stage.finish("000000").await?, FinishedLogIn::WrongCode);
            assert_eq!(stage.status().await?, Some(ResetStatus::Waiting), "a wrong code shows nothing");
            let code = if by_app { stage.code() } else { codes.expose()[0].clone() };
            assert!(matches!(stage.finish(&code).await?, FinishedLogIn::LoggedIn(_)));
            assert_eq!(stage.status().await?, Some(ResetStatus::Shown));
            let told = stage.told().await?;
            assert!(told.contains(&to("ada", NOT_RESET)), "{told:?}");
            let to_asker = to("admin", "A reset of a second factor at acme Software is called off");
            assert!(told.contains(&to_asker), "{told:?}");
            stage.later(DELAY_MS);
            assert!(stage.told().await?.is_empty());
            assert!(stage.has_factor().await?);
        }
        Ok(())
    }

    async fn new_recovery_codes_call_it_off_and_stay(db: Db) {
        let stage = Stage::new(db).await?;
        stage.ask(false).await?;
        stage.told().await?;
        stage.later(HOUR_MS);
        let cx = stage.cx(Actor::User(id("ada")));
        let renewed = stage.write(move |tx| Box::pin(async move { renew_recovery_codes(tx, &cx, &master()).await }));
        let CodesRenewal::Renewed(codes) = renewed.await? else { anyhow::bail!("no codes") };
        assert_eq!(stage.status().await?, Some(ResetStatus::Shown));
        let told = stage.told().await?;
        let to_asker = to("admin", "A reset of a second factor at acme Software is called off");
        assert!(told.contains(&to("ada", NOT_RESET)) && told.contains(&to_asker), "{told:?}");
        stage.later(DELAY_MS);
        assert!(stage.told().await?.is_empty());
        assert!(matches!(stage.finish(&codes.expose()[0]).await?, FinishedLogIn::LoggedIn(_)));
        Ok(())
    }

    async fn of_many_who_ask_at_once_one_has_asked(db: Db) {
        let stage = Arc::new(Stage::new(db).await?);
        let asking: Vec<_> = (0..6).map(|number| {
            let stage = stage.clone();
            let by = if number % 2 == 0 { "admin" } else { "second" };
            tokio::spawn(async move { stage.ask_as(staff(by), "ada", REASON, false).await })
        }).collect();
        let mut asked = 0;
        for one in asking {
            match one.await?? {
                ResetAsking::Asked(_) => asked += 1,
                other => assert_eq!(other, ResetAsking::AlreadyWaiting),
            }
        }
        assert_eq!(asked, 1);
        assert_eq!(stage.told().await?, [to("ada", ASKED)]);
        Ok(())
    }

    async fn it_happens_once_when_the_jobs_of_several_nodes_come_at_once(db: Db) {
        let stage = Arc::new(Stage::new(db).await?);
        let reset = stage.ask(false).await?;
        stage.told().await?;
        stage.later(DELAY_MS);
        let nodes: Vec<_> = (0..4).map(|_| {
            let (stage, reset) = (stage.clone(), reset.clone());
            tokio::spawn(async move {
                stage.runner().run_until_idle().await?;
                // As if the job were done a second time: its process died before it could say so.
                stage.carry_out(&reset).await
            })
        }).collect();
        for node in nodes {
            let found = node.await??;
            assert!(matches!(found, CarryingOut::Done | CarryingOut::Over), "{found:?}");
        }
        assert_eq!(stage.told().await?, [to("ada", RESET)], "told once");
        let acts = stage.acts().await?;
        assert_eq!(acts.iter().filter(|act| *act == "user.reset_second_factor").count(), 1, "{acts:?}");
        Ok(())
    }

    async fn a_log_in_and_the_reset_at_the_same_moment_do_not_both_happen(db: Db) {
        let stage = Arc::new(Stage::new(db).await?);
        let reset = stage.ask(false).await?;
        stage.told().await?;
        stage.later(DELAY_MS);
        let (by_code, by_job) = (stage.clone(), stage.clone());
        let code = stage.code();
        let finished = tokio::spawn(async move { by_code.finish(&code).await });
        let carried_out = tokio::spawn(async move { by_job.carry_out(&reset).await });
        let (finished, carried_out) = (finished.await??, carried_out.await??);
        let (has_factor, status) = (stage.has_factor().await?, stage.status().await?);
        match finished {
            FinishedLogIn::LoggedIn(_) => {
                assert_eq!((carried_out, has_factor, status), (CarryingOut::Over, true, Some(ResetStatus::Shown)));
            }
            other => {
                assert_eq!(other, FinishedLogIn::StartOver);
                assert_eq!((carried_out, has_factor, status), (CarryingOut::Done, false, Some(ResetStatus::Done)));
            }
        }
        Ok(())
    }

    async fn what_an_administrator_asked_for_who_is_taken_out_comes_to_nothing(db: Db) {
        let stage = Stage::new(db).await?;
        stage.ask(false).await?;
        stage.told().await?;
        let cx = stage.cx(staff("second"));
        let changed = stage.write(move |tx| Box::pin(async move {
            members::change_staff_role(tx, &cx, &master(), &id("admin"), StaffRole::Support).await
        }));
        changed.await?;
        stage.told().await?;
        stage.later(DELAY_MS);
        assert_eq!(stage.told().await?, [to("ada", NOT_RESET)], "she waits for it");
        assert!(stage.has_factor().await?);
        assert_eq!(stage.status().await?, Some(ResetStatus::Lapsed));
        assert!(stage.acts().await?.contains(&"user.void_factor_reset".to_owned()));
        Ok(())
    }

    async fn a_factor_that_was_set_up_since_stays(db: Db) {
        let stage = Stage::new(db).await?;
        let reset = stage.ask(false).await?;
        stage.later(HOUR_MS);
        // The operator was quicker, and Ada has a new one.
        let cx = stage.cx(Actor::Operator);
        let done = stage.write(move |tx| Box::pin(async move {
            reset_second_factor(tx, &cx, &master(), &id("ada")).await
        }));
        assert_eq!(done.await?, FactorReset::Reset);
        assert_eq!(stage.status().await?, Some(ResetStatus::Lapsed));
        stage.give_factor("ada").await?;
        stage.later(DELAY_MS);
        stage.told().await?;
        assert_eq!(stage.carry_out(&reset).await?, CarryingOut::Over);
        assert!(stage.has_factor().await?);
        Ok(())
    }

    async fn what_is_settled_is_forgotten_after_a_while_and_what_waits_is_not(db: Db) {
        let stage = Stage::new(db).await?;
        stage.ask(false).await?;
        stage.later(KEEP_MS + SECOND_MS);
        let at = stage.clock.now();
        let forget = || stage.write(move |tx| Box::pin(async move { delete_old_factor_resets(tx, at).await }));
        assert_eq!(forget().await?, 0);
        assert_eq!(stage.withdraw(staff("admin"), "ada").await?, ResetEnd::Ended);
        assert_eq!(forget().await?, 1);
        Ok(())
    }
}
