//! The mail log: what became of each mail, and for how long that is known.

use std::sync::Arc;

use backend::Cx;
use backend::accounts::StaffRole;
use backend::clock::{Clock, DAY_MS, UnixMs};
use backend::db::{Db, DbError};
use backend::ids::{JobId, UserId, VendorId};
use backend::jobs::{Handler, Handlers, JobError, JobFuture, JobReplay, JobRun, Runner, housekeep};
use backend::mail::log::{LoggedMail, MailFilter, MailState, find_mail, forget_recipient, list_mails, resend_mail};
use backend::mail::{self, Letter, Mail, SendMail, Sender};

use crate::licenses::stage::Stage;
use crate::support::{NOW, cx, entropy, master, on_both_engines, vendor};

/// A mail server that knows nobody called Bob, and is away for everybody called Carol.
struct Server;

impl Handler for Server {
    fn kind(&self) -> &'static str {
        SendMail::KIND
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let mail: Mail = run.payload()?;
            match mail.to.split_once('@').map(|(local, _)| local) {
                Some("bob") => Err(JobError::dead("no such mailbox")),
                Some("carol") => Err(JobError::retry("the mail server is away")),
                _ => Ok(()),
            }
        })
    }
}

async fn serve(db: &Db, now: UnixMs) -> Result<(), DbError> {
    let handlers = Handlers::new().with(Server);
    Runner::new(db.clone(), Clock::fixed(now), entropy(), master(), handlers).run_until_idle().await?;
    Ok(())
}

async fn send(db: &Db, vendor_id: &VendorId, to: &'static str, now: UnixMs) -> Result<(), DbError> {
    let cx = cx(vendor_id, now);
    db.write(move |tx| {
        Box::pin(async move {
            let sender = Sender::find(tx, &cx.vendor_id).await?.expect("a sender");
            let letter = Letter {
                subject: format!("To {to}"),
                heading: "Hello".to_owned(),
                paragraphs: vec!["https://acme.test/verify-email?token=planted_secret".to_owned()],
                ..Letter::default()
            };
            mail::enqueue(tx, &cx, &master(), &sender.mail(to, "", letter)).await
        })
    })
    .await
}

async fn listed(db: &Db, vendor_id: &VendorId, filter: MailFilter) -> Result<Vec<LoggedMail>, DbError> {
    let vendor_id = vendor_id.clone();
    db.read(move |tx| Box::pin(async move { list_mails(tx, &vendor_id, &filter, None, 100).await })).await
}

async fn all(db: &Db, vendor_id: &VendorId) -> Result<Vec<LoggedMail>, DbError> {
    listed(db, vendor_id, MailFilter::default()).await
}

fn states(mails: &[LoggedMail]) -> Vec<(&str, MailState)> {
    let mut states: Vec<_> = mails.iter().map(|mail| (mail.recipient.as_str(), mail.state)).collect();
    states.sort_unstable();
    states
}

async fn resend(stage: &Stage, who: &UserId, id: &JobId) -> Result<JobReplay, DbError> {
    let (cx, id): (Cx, JobId) = (stage.person(who, NOW), id.clone());
    stage.write(move |tx| Box::pin(async move { resend_mail(tx, &cx, &id).await })).await
}

on_both_engines! {
    async fn what_became_of_a_mail_is_known_and_its_text_is_not(db: Db) {
        let acme = vendor(&db, "acme").await?;
        for to in ["Ada@example.org", "bob@example.org", "carol@example.org"] {
            send(&db, &acme.id, to, NOW).await?;
        }
        let waiting = all(&db, &acme.id).await?;
        assert!(waiting.iter().all(|mail| mail.state == MailState::Waiting && mail.attempts == 0), "{waiting:?}");
        assert!(!format!("{waiting:?}").contains("planted_secret"));
        serve(&db, NOW.plus(5)).await?;
        let mails = all(&db, &acme.id).await?;
        let expected = [
            ("Ada@example.org", MailState::Sent),
            ("bob@example.org", MailState::Failed),
            ("carol@example.org", MailState::Retrying),
        ];
        assert_eq!(states(&mails), expected);
        let of = |to: &str| mails.iter().find(|mail| mail.recipient == to).expect("it is listed");
        assert_eq!((of("Ada@example.org").sent_at, of("Ada@example.org").attempts), (Some(NOW.plus(5)), 1));
        assert_eq!(of("bob@example.org").last_error.as_deref(), Some("no such mailbox"));
        assert!(of("carol@example.org").next_at.is_some_and(|at| at > NOW.plus(5)));

        for (state, recipient, expected) in [
            (Some(MailState::Failed), "", 1),
            (Some(MailState::Failed), "ada", 0),
            (None, " ADA@Example ", 1),
            (None, "example.org", 3),
            (None, "%", 0),
            (None, "_da", 0),
        ] {
            let found = listed(&db, &acme.id, MailFilter::new(state, recipient)).await?;
            assert_eq!(found.len(), expected, "{state:?} {recipient}");
        }
        let other = vendor(&db, "other").await?;
        assert_eq!(all(&db, &other.id).await?, []);
        let (vendor_id, id) = (other.id.clone(), of("bob@example.org").id.clone());
        let found: Result<Option<LoggedMail>, DbError> =
            db.read(move |tx| Box::pin(async move { find_mail(tx, &vendor_id, &id).await })).await;
        assert_eq!(found?, None);
        Ok(())
    }

    async fn the_list_goes_from_page_to_page_newest_first(db: Db) {
        let acme = vendor(&db, "acme").await?;
        // Two of them at the same moment.
        for (place, to) in ["a@x.test", "b@x.test", "c@x.test", "d@x.test", "e@x.test"].into_iter().enumerate() {
            send(&db, &acme.id, to, NOW.plus(place as i64 / 2)).await?;
        }
        let expected: Vec<JobId> = all(&db, &acme.id).await?.into_iter().map(|mail| mail.id).collect();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let (vendor_id, place) = (acme.id.clone(), after.clone());
            let page: Result<Vec<LoggedMail>, DbError> = db
                .read(move |tx| {
                    Box::pin(async move {
                        list_mails(tx, &vendor_id, &MailFilter::default(), place.as_ref(), 2).await
                    })
                })
                .await;
            let page = page?;
            let Some(last) = page.last() else { break };
            after = Some(last.place());
            found.extend(page.into_iter().map(|mail| mail.id));
        }
        assert_eq!((found.len(), found), (5, expected));
        Ok(())
    }

    async fn a_mail_that_was_given_up_is_sent_again_by_those_who_may(db: Db) {
        let stage = Stage::new(db, "startup", 1).await?;
        let (support, read_only) = (stage.staff(StaffRole::Support).await?, stage.staff(StaffRole::ReadOnly).await?);
        let vendor_id = stage.vendor.id.clone();
        send(&stage.db, &vendor_id, "bob@example.org", NOW).await?;
        serve(&stage.db, NOW).await?;
        let failed = listed(&stage.db, &vendor_id, MailFilter::new(Some(MailState::Failed), "")).await?;
        let [failed] = failed.as_slice() else { panic!("{failed:?}") };
        for who in [&read_only, &stage.owner] {
            assert_eq!(resend(&stage, who, &failed.id).await?, JobReplay::NotAllowed);
        }
        assert_eq!(resend(&stage, &support, &JobId::from_untrusted("job_none")).await?, JobReplay::NothingToDo);
        assert_eq!(resend(&stage, &support, &failed.id).await?, JobReplay::Begun);
        assert_eq!(resend(&stage, &support, &failed.id).await?, JobReplay::NothingToDo, "it waits already");
        // The mailbox is there now.
        let mails = stage.mails(NOW).await?;
        assert_eq!(mails.iter().map(|mail| mail.to.as_str()).collect::<Vec<_>>(), ["bob@example.org"]);
        let sent = listed(&stage.db, &vendor_id, MailFilter::new(Some(MailState::Sent), "bob@")).await?;
        assert_eq!(sent.len(), 1);
        assert_eq!(resend(&stage, &support, &failed.id).await?, JobReplay::NothingToDo, "it was sent");
        Ok(())
    }

    async fn the_log_outlives_the_jobs_and_is_forgotten_after_ninety_days(db: Db) {
        let acme = vendor(&db, "acme").await?;
        send(&db, &acme.id, "ada@example.org", NOW).await?;
        serve(&db, NOW.plus(7)).await?;
        housekeep(&db, NOW.plus(8 * DAY_MS)).await?;
        let kept = all(&db, &acme.id).await?;
        assert_eq!((kept[0].state, kept[0].sent_at, kept[0].attempts), (MailState::Sent, Some(NOW.plus(7)), 0));
        housekeep(&db, NOW.plus(90 * DAY_MS)).await?;
        assert_eq!(all(&db, &acme.id).await?.len(), 1);
        housekeep(&db, NOW.plus(90 * DAY_MS + 1)).await?;
        assert_eq!(all(&db, &acme.id).await?, []);
        Ok(())
    }

    async fn whoever_is_forgotten_is_forgotten_here_too(db: Db) {
        let (acme, other) = (vendor(&db, "acme").await?, vendor(&db, "other").await?);
        for to in ["Ada@example.org", "ada@example.org", "bob@example.org"] {
            send(&db, &acme.id, to, NOW).await?;
        }
        send(&db, &other.id, "ada@example.org", NOW).await?;
        let id = acme.id.clone();
        let gone: Result<u64, DbError> =
            db.write(move |tx| Box::pin(async move { forget_recipient(tx, &id, " ADA@example.org", None).await })).await;
        assert_eq!(gone?, 2);
        assert_eq!((all(&db, &acme.id).await?.len(), all(&db, &other.id).await?.len()), (1, 1));
        Ok(())
    }
}
