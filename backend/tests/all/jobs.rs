//! The outbox: claims, queues, retries, and what is left when a process dies.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use backend::clock::{Clock, HOUR_MS, UnixMs};
use backend::db::{ClockWatch, Db, DbError};
use backend::jobs::{
    Enqueued, Handler, Handlers, Job, JobDismissal, JobError, JobFuture, JobReplay, JobRun, JobStatus, Runner, Tally,
    Worker, count_by_status, dismiss, enqueue, housekeep, list_dead, list_dead_jobs, replay, rules,
};
use backend::{Actor, Cx};

use crate::master_key::{both, new_master, opened};
use crate::support::{NOW, cx, entropy, master, on_both_engines, vendor};

type Script = dyn Fn(&JobRun, &str) -> Result<(), JobError> + Send + Sync;

/// Does what a test says and keeps the payloads it was given.
#[derive(Clone)]
struct Scripted {
    seen: Arc<Mutex<Vec<String>>>,
    script: Arc<Script>,
}

impl Scripted {
    fn new(script: impl Fn(&JobRun, &str) -> Result<(), JobError> + Send + Sync + 'static) -> Self {
        Self { seen: Arc::default(), script: Arc::new(script) }
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().expect("no poison").clone()
    }
}

impl Handler for Scripted {
    fn kind(&self) -> &'static str {
        "test.scripted"
    }

    fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
        Box::pin(async move {
            let payload: String = run.payload()?;
            self.seen.lock().expect("no poison").push(payload.clone());
            tokio::task::yield_now().await;
            (self.script)(&run, &payload)
        })
    }
}

fn runner(db: &Db, clock: &Clock, handler: &Scripted) -> Runner {
    Runner::new(db.clone(), clock.clone(), entropy(), master(), Handlers::new().with(handler.clone()))
}

async fn queue(db: &Db, cx: &Cx, job: Job) -> Result<Enqueued, DbError> {
    let cx = cx.clone();
    db.write(move |tx| Box::pin(async move { enqueue(tx, &cx, &master(), job).await })).await
}

fn job(payload: &str) -> Job {
    Job::new("test.scripted", &payload)
}

async fn counts(db: &Db) -> Result<Vec<(JobStatus, i64)>, DbError> {
    db.read(|tx| Box::pin(async move { count_by_status(tx).await })).await
}

const fn done(done: u64) -> Tally {
    Tally { done, postponed: 0, dead: 0 }
}

on_both_engines! {
    async fn a_job_runs_once_with_what_was_queued_and_only_when_its_time_has_come(db: Db) {
        let (clock, handler) = (Clock::fixed(NOW), Scripted::new(|_, _| Ok(())));
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        queue(&db, &cx, job("now")).await?;
        queue(&db, &cx, job("later").not_before(NOW.plus(HOUR_MS))).await?;
        let runner = runner(&db, &clock, &handler);
        assert_eq!(runner.run_until_idle().await?, done(1));
        assert_eq!(runner.run_until_idle().await?, done(0));
        assert_eq!(handler.seen(), ["now"]);
        clock.set(NOW.plus(HOUR_MS));
        assert_eq!(runner.run_until_idle().await?, done(1));
        assert_eq!(handler.seen(), ["now", "later"]);
        Ok(())
    }

    async fn a_node_whose_clock_is_not_the_databases_does_no_jobs(db: Db) {
        let (clock, handler) = (Clock::fixed(NOW), Scripted::new(|_, _| Ok(())));
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        queue(&db, &cx, job("x")).await?;
        let watch = ClockWatch::beside(clock.clone());
        let runner = runner(&db, &clock, &handler).watched_by(watch.clone());
        assert_eq!(runner.run_until_idle().await?, done(0), "the database's clock is not known yet");
        watch.note(NOW.plus(-HOUR_MS));
        assert_eq!(runner.run_until_idle().await?, done(0), "an hour ahead");
        watch.note(NOW);
        assert_eq!(runner.run_until_idle().await?, done(1));
        Ok(())
    }

    async fn a_node_without_the_key_that_seals_leaves_the_jobs_to_the_others(db: Db) {
        let (clock, handler) = (Clock::fixed(NOW), Scripted::new(|_, _| Ok(())));
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        queue(&db, &cx, job("x")).await?;
        let with = |key| Runner::new(db.clone(), clock.clone(), entropy(), key, Handlers::new().with(handler.clone()));
        // What cannot be opened here waits.
        let postponed = Tally { postponed: 1, ..Tally::default() };
        assert_eq!(with(new_master()).run_until_idle().await?, postponed);
        clock.set(NOW.plus(HOUR_MS));
        opened(&db, &both()).await?;
        assert_eq!(with(master()).run_until_idle().await?, done(0), "another key seals");
        assert_eq!(with(both()).run_until_idle().await?, done(1));
        assert_eq!(handler.seen(), ["x"]);
        Ok(())
    }

    async fn a_job_of_a_change_that_is_rolled_back_never_runs(db: Db) {
        let handler = Scripted::new(|_, _| Ok(()));
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        let failed: Result<(), DbError> = db.write(move |tx| Box::pin(async move {
            enqueue(tx, &cx, &master(), job("phantom")).await?;
            Err(DbError::GivenUp("on purpose"))
        })).await;
        assert!(failed.is_err());
        assert_eq!(runner(&db, &Clock::fixed(NOW), &handler).run_until_idle().await?, done(0));
        Ok(())
    }

    async fn equal_work_waits_once_and_is_brought_forward(db: Db) {
        let handler = Scripted::new(|_, _| Ok(()));
        let acme = cx(&vendor(&db, "acme").await?.id, NOW);
        let beta = cx(&vendor(&db, "beta").await?.id, NOW);
        let later = job("first").once("sync").not_before(NOW.plus(HOUR_MS));
        let Enqueued::Queued(first) = queue(&db, &acme, later).await? else { panic!("not queued") };
        assert_eq!(queue(&db, &acme, job("second").once("sync")).await?, Enqueued::AlreadyWaiting(first));
        assert!(matches!(queue(&db, &beta, job("of beta").once("sync")).await?, Enqueued::Queued(_)));
        let runner = runner(&db, &Clock::fixed(NOW), &handler);
        assert_eq!(runner.run_until_idle().await?, done(2));
        // Done work does not stand in the way of new work.
        queue(&db, &acme, job("third").once("sync")).await?;
        assert_eq!(runner.run_until_idle().await?, done(1));
        let mut seen = handler.seen();
        seen.sort();
        assert_eq!(seen, ["first", "of beta", "third"]);
        Ok(())
    }

    async fn a_failure_is_tried_again_after_a_growing_pause_and_given_up_in_the_end(db: Db) {
        let (clock, handler) = (Clock::fixed(NOW), Scripted::new(|_, _| Err(JobError::retry("no luck"))));
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        queue(&db, &cx, job("x")).await?;
        let runner = runner(&db, &clock, &handler);
        let postponed = Tally { postponed: 1, ..Tally::default() };
        assert_eq!(runner.run_until_idle().await?, postponed);
        clock.set(NOW.plus(900));
        assert_eq!(runner.run_until_idle().await?, done(0), "no pause is shorter than a second");
        for attempt in 2..rules::MAX_ATTEMPTS {
            clock.set(clock.now().plus(HOUR_MS));
            assert_eq!(runner.run_until_idle().await?, postponed, "attempt {attempt}");
        }
        clock.set(clock.now().plus(HOUR_MS));
        assert_eq!(runner.run_until_idle().await?, Tally { dead: 1, ..Tally::default() });
        let vendor_id = cx.vendor_id.clone();
        let dead = db.read(move |tx| Box::pin(async move { list_dead(tx, &vendor_id, 10).await })).await?;
        assert_eq!((dead[0].attempts, dead[0].last_error.as_deref()), (rules::MAX_ATTEMPTS, Some("no luck")));
        Ok(())
    }

    async fn a_hopeless_or_malformed_job_is_given_up_at_once_and_can_be_replayed(db: Db) {
        let hopeless = Arc::new(AtomicUsize::new(1));
        let handler = {
            let hopeless = hopeless.clone();
            Scripted::new(move |_, _| match hopeless.load(Ordering::SeqCst) {
                0 => Ok(()),
                _ => Err(JobError::dead("refused for good")),
            })
        };
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        let Enqueued::Queued(id) = queue(&db, &cx, job("x")).await? else { panic!("not queued") };
        queue(&db, &cx, Job::new("test.scripted", &7)).await?;
        let runner = runner(&db, &Clock::fixed(NOW), &handler);
        assert_eq!(runner.run_until_idle().await?, Tally { dead: 2, ..Tally::default() });
        hopeless.store(0, Ordering::SeqCst);
        let again = |cx: Cx, id| db.write(move |tx| Box::pin(async move { replay(tx, &cx, &id).await }));
        let visitor = Cx { actor: Actor::Visitor, ..cx.clone() };
        assert_eq!(again(visitor, id.clone()).await?, JobReplay::NotAllowed);
        assert_eq!(again(cx.clone(), id.clone()).await?, JobReplay::Begun);
        assert_eq!(again(cx.clone(), id).await?, JobReplay::NothingToDo, "it waits already");
        assert_eq!(runner.run_until_idle().await?, done(1));
        assert_eq!(counts(&db).await?, [(JobStatus::Dead, 1), (JobStatus::Done, 1)]);
        Ok(())
    }

    async fn a_handler_that_panics_is_tried_again_and_takes_nothing_with_it(db: Db) {
        let handler = Scripted::new(|run, _| if run.attempt == 1 { panic!("on purpose") } else { Ok(()) });
        let clock = Clock::fixed(NOW);
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        queue(&db, &cx, job("x")).await?;
        let runner = runner(&db, &clock, &handler);
        assert_eq!(runner.run_until_idle().await?.postponed, 1);
        clock.set(NOW.plus(HOUR_MS));
        assert_eq!(runner.run_until_idle().await?, done(1));
        Ok(())
    }

    async fn many_nodes_do_every_job_once_and_one_queue_never_at_the_same_time(db: Db) {
        let running = Arc::new(Mutex::new(std::collections::HashSet::new()));
        let handler = Scripted::new(move |_, payload| {
            let queue = payload.split('/').next().unwrap_or_default().to_owned();
            assert!(running.lock().expect("no poison").insert(queue.clone()), "two of {queue} at the same time");
            std::thread::yield_now();
            running.lock().expect("no poison").remove(&queue);
            Ok(())
        });
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        for number in 0..60 {
            let key = format!("customer-{}", number % 5);
            queue(&db, &cx, job(&format!("{key}/{number}")).queued_by(key)).await?;
        }
        let nodes: Vec<_> = (0..6)
            .map(|_| {
                let runner = runner(&db, &Clock::fixed(NOW), &handler);
                tokio::spawn(async move {
                    // A node may find nothing to claim while others hold every queue.
                    let mut total = 0;
                    for _ in 0..40 {
                        total += runner.run_until_idle().await?.total();
                        tokio::task::yield_now().await;
                    }
                    Ok::<_, DbError>(total)
                })
            })
            .collect();
        for node in nodes {
            node.await??;
        }
        runner(&db, &Clock::fixed(NOW), &handler).run_until_idle().await?;
        let mut seen = handler.seen();
        seen.sort();
        seen.dedup();
        assert_eq!((seen.len(), handler.seen().len()), (60, 60));
        assert_eq!(counts(&db).await?, [(JobStatus::Done, 60)]);
        Ok(())
    }

    async fn the_job_of_a_dead_process_runs_again_and_a_late_comer_cannot_overwrite_it(db: Db) {
        let clock = Clock::fixed(NOW);
        let (entered, gate) = (Arc::new(tokio::sync::Notify::new()), Arc::new(tokio::sync::Notify::new()));
        struct Stuck { entered: Arc<tokio::sync::Notify>, gate: Arc<tokio::sync::Notify> }
        impl Handler for Stuck {
            fn kind(&self) -> &'static str { "test.scripted" }
            fn run(self: Arc<Self>, _: JobRun) -> JobFuture {
                Box::pin(async move {
                    self.entered.notify_one();
                    self.gate.notified().await;
                    Err(JobError::dead("the late comer says so"))
                })
            }
        }
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        queue(&db, &cx, job("x").queued_by("one").once("same")).await?;
        let stuck = Stuck { entered: entered.clone(), gate: gate.clone() };
        let slow = Runner::new(db.clone(), clock.clone(), entropy(), master(), Handlers::new().with(stuck));
        let slow = tokio::spawn(async move { slow.run_until_idle().await });
        entered.notified().await;

        let handler = Scripted::new(|_, _| Ok(()));
        let quick = runner(&db, &clock, &handler);
        assert_eq!(quick.run_until_idle().await?, done(0), "its claim stands");
        clock.set(NOW.plus(rules::CLAIM_MS));
        assert_eq!(quick.run_until_idle().await?, done(1), "its claim has run out");
        gate.notify_one();
        slow.await??;
        assert_eq!(counts(&db).await?, [(JobStatus::Done, 1)]);
        Ok(())
    }

    async fn a_retry_gives_way_to_equal_work_that_waits_meanwhile(db: Db) {
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        let handler = Scripted::new(|_, payload| if payload == "first" { Err(JobError::retry("busy")) } else { Ok(()) });
        queue(&db, &cx, job("first").once("same")).await?;
        struct QueueAnother { db: Db, inner: Scripted }
        impl Handler for QueueAnother {
            fn kind(&self) -> &'static str { "test.scripted" }
            fn run(self: Arc<Self>, run: JobRun) -> JobFuture {
                Box::pin(async move {
                    if run.payload::<String>()? == "first" {
                        queue(&self.db, &run.cx, job("second").once("same")).await?;
                    }
                    Arc::new(self.inner.clone()).run(run).await
                })
            }
        }
        let both = Handlers::new().with(QueueAnother { db: db.clone(), inner: handler.clone() });
        Runner::new(db.clone(), Clock::fixed(NOW), entropy(), master(), both).run_until_idle().await?;
        assert_eq!(handler.seen(), ["first", "second"]);
        assert_eq!(counts(&db).await?, [(JobStatus::Done, 2)]);
        Ok(())
    }

    async fn a_worker_wakes_for_what_is_queued_and_stops_after_what_it_began(db: Db) {
        let handler = Scripted::new(|_, _| Ok(()));
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        let worker = Worker::start(runner(&db, &Clock::fixed(NOW), &handler));
        queue(&db, &cx, job("x")).await?;
        let waited = tokio::time::timeout(std::time::Duration::from_secs(10), async {
            while handler.seen().is_empty() {
                tokio::task::yield_now().await;
            }
        });
        waited.await?;
        worker.stop().await;
        assert_eq!(counts(&db).await?, [(JobStatus::Done, 1)]);
        Ok(())
    }

    async fn what_need_not_be_done_any_more_is_dismissed_once_and_can_still_be_begun_again(db: Db) {
        let handler = Scripted::new(|_, _| Err(JobError::dead("no")));
        let vendor_id = vendor(&db, "acme").await?.id;
        let (cx, abroad) = (cx(&vendor_id, NOW), cx(&vendor(&db, "abroad").await?.id, NOW));
        for payload in ["a", "b", "c"] {
            queue(&db, &cx, job(payload)).await?;
        }
        runner(&db, &Clock::fixed(NOW), &handler).run_until_idle().await?;
        let listed = async |cx: &Cx, dismissed: bool| {
            let (mut ids, mut after) = (Vec::new(), None);
            loop {
                let (vendor_id, place) = (cx.vendor_id.clone(), after.clone());
                let page: Result<_, DbError> = db.read(move |tx| Box::pin(async move {
                    list_dead_jobs(tx, &vendor_id, dismissed, place.as_ref(), 2).await
                })).await;
                let page = page?;
                let Some(last) = page.last() else { return anyhow::Ok(ids) };
                after = Some(last.place());
                ids.extend(page.into_iter().map(|job| job.id));
            }
        };
        let dead = listed(&cx, false).await?;
        assert_eq!((dead.len(), listed(&cx, true).await?.len(), listed(&abroad, false).await?.len()), (3, 0, 0));
        let away = async |cx: &Cx| {
            let (cx, id) = (cx.clone(), dead[1].clone());
            let dismissed: Result<_, DbError> =
                db.write(move |tx| Box::pin(async move { dismiss(tx, &cx, &id).await })).await;
            dismissed
        };
        let visitor = Cx { actor: Actor::Visitor, ..cx.clone() };
        assert_eq!(away(&visitor).await?, JobDismissal::NotAllowed);
        assert_eq!(away(&abroad).await?, JobDismissal::NothingToDo, "another vendor's job is not found");
        assert_eq!(away(&cx).await?, JobDismissal::Dismissed);
        assert_eq!(away(&cx).await?, JobDismissal::NothingToDo, "once");
        assert_eq!(listed(&cx, false).await?, [dead[0].clone(), dead[2].clone()]);
        assert_eq!(listed(&cx, true).await?, [dead[1].clone()]);
        assert_eq!(counts(&db).await?, [(JobStatus::Dead, 2)], "nobody is called for what was dismissed");
        let id = vendor_id.clone();
        let waiting: Result<_, DbError> =
            db.read(move |tx| Box::pin(async move { list_dead(tx, &id, 9).await })).await;
        assert_eq!(waiting?.len(), 2);
        let (again, id) = (cx.clone(), dead[1].clone());
        let begun = db.write(move |tx| Box::pin(async move { replay(tx, &again, &id).await })).await?;
        assert_eq!((begun, listed(&cx, true).await?.len()), (JobReplay::Begun, 0));
        runner(&db, &Clock::fixed(NOW), &handler).run_until_idle().await?;
        assert_eq!(listed(&cx, false).await?.len(), 3, "given up again, it waits again");
        Ok(())
    }

    async fn done_jobs_go_after_a_week_and_dead_ones_stay(db: Db) {
        let handler = Scripted::new(|_, payload| if payload == "bad" { Err(JobError::dead("no")) } else { Ok(()) });
        let cx = cx(&vendor(&db, "acme").await?.id, NOW);
        queue(&db, &cx, job("good")).await?;
        queue(&db, &cx, job("bad")).await?;
        runner(&db, &Clock::fixed(NOW), &handler).run_until_idle().await?;
        housekeep(&db, UnixMs(NOW.0 + rules::KEEP_DONE_MS)).await?;
        assert_eq!(counts(&db).await?, [(JobStatus::Dead, 1), (JobStatus::Done, 1)]);
        housekeep(&db, UnixMs(NOW.0 + rules::KEEP_DONE_MS + 1)).await?;
        assert_eq!(counts(&db).await?, [(JobStatus::Dead, 1)]);
        Ok(())
    }
}
