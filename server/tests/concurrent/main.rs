//! Many clients against real server processes that are killed at random: what the clients see of each license must
//! be what one pool of seats could have answered, doing one thing at a time.
//!
//! `history.rs` is the judge and knows the rules of the pool; `client.rs` is an honest client that writes down what
//! it sees; `cluster.rs` starts and kills the processes and acts for the operator. On SQLite one process serves, on
//! PostgreSQL two. Between rounds time passes for everybody at once, so that leases end, borrowed ones too, and now and
//! then a day, after which surges open again.

mod client;
mod cluster;
mod history;
mod http;

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use backend::cx::Entropy;
use backend::licenses::LicenseStatus;

use self::client::{Client, Record, World};
use self::cluster::{Cluster, Engine};
use self::history::{Answer, Call, Lease, Seen, Terms, explain};

/// How many calls clients make on each engine.
const OPERATIONS: (&str, u64) = ("LEASEHOLD_RACE_OPERATIONS", 3_000);
/// Where the dice start.
const SEED: (&str, u64) = ("LEASEHOLD_RACE_SEED", 1);
/// The licenses; four nodes want the seats of each.
const SOLD: [Terms; 3] =
    [Terms { seats: 1, surge_seats: 0 }, Terms { seats: 2, surge_seats: 1 }, Terms { seats: 3, surge_seats: 0 }];
const NODES: usize = 4;
/// A run that has not ended by then has come far enough, unless it was asked for more than usual.
const USUAL_TIME: Duration = Duration::from_secs(40);
/// And by then it ends, however little happened: a machine so slow shows nothing, and says so.
const LONGEST_TIME: Duration = Duration::from_secs(120);
/// A race of fewer calls shows nothing, unless fewer were asked for.
const LEAST_CALLS: u64 = 500;
/// Among so many calls some borrow.
const ENOUGH_TO_BORROW: usize = 1_000;
/// Nor does one in which fewer processes were killed, so it goes on until as many were.
const LEAST_CRASHES: u32 = 3;

fn setting((name, default): (&str, u64)) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

async fn race(engine: Engine) -> Result<()> {
    let Some(cluster) = Cluster::start(engine, &SOLD).await? else {
        println!("SKIPPED: there is no PostgreSQL to race on");
        return Ok(());
    };
    let records: Vec<Record> = SOLD.iter().map(|_| Record::of(NODES)).collect();
    let calls = RwLock::new(());
    let world = World { cluster: &cluster, records: &records, calls: &calls };
    let seed = setting(SEED);
    let made = AtomicU64::new(0);
    let crashes = AtomicU32::new(0);
    let over = AtomicBool::new(false);
    let wanted = setting(OPERATIONS);
    let started = Instant::now();
    let runtime = tokio::runtime::Handle::current();
    let (jumps, outcome) = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let mut clients = Vec::new();
            for license in 0..SOLD.len() {
                for node in 0..NODES {
                    let mut client = Client::new(&world, license, node, seed * 1_000 + (license * NODES + node) as u64);
                    let (made, crashes, over) = (&made, &crashes, &over);
                    clients.push(scope.spawn(move || -> Result<()> {
                        let done = || {
                            let is_usual = wanted == OPERATIONS.1;
                            let is_late = is_usual && started.elapsed() > USUAL_TIME;
                            let is_enough = (made.fetch_add(1, Ordering::Relaxed) >= wanted || is_late)
                                && crashes.load(Ordering::Relaxed) >= LEAST_CRASHES;
                            let is_too_late = is_usual && started.elapsed() > LONGEST_TIME;
                            over.load(Ordering::Relaxed) || is_enough || is_too_late
                        };
                        while !done() {
                            let acted = client.act();
                            if acted.is_err() {
                                over.store(true, Ordering::Relaxed);
                                return acted;
                            }
                        }
                        over.store(true, Ordering::Relaxed);
                        Ok(())
                    }));
                }
            }
            let disturbed = disturb(&world, &over, &crashes, seed, &runtime);
            over.store(true, Ordering::Relaxed);
            let mut outcome = Ok(());
            for client in clients {
                let ended = client.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a client panicked")));
                outcome = outcome.and(ended);
            }
            let jumps = disturbed.unwrap_or_else(|error| {
                outcome = Err(error);
                0
            });
            (jumps, outcome)
        })
    });
    let logs = cluster.logs();
    cluster.stop().await?;
    if let Err(error) = outcome {
        anyhow::bail!("seed {seed}: {error:?}\n{logs}");
    }
    let (mut calls, mut leases, mut unanswered, mut borrowed, mut copies) = (0, 0, 0, 0, 0);
    for (record, terms) in records.iter().zip(SOLD) {
        let history: Vec<Seen> = record.seen.lock().map(|seen| seen.clone()).unwrap_or_default();
        calls += history.len();
        let answered =
            |which: fn(Answer) -> bool| history.iter().filter_map(|seen| seen.answer).filter(|it| which(*it)).count();
        leases += answered(|it| matches!(it, Answer::Lease(_)));
        borrowed += answered(|it| matches!(it, Answer::Lease(Lease { borrowed: true, .. })));
        copies += answered(|it| it == Answer::InstanceStale);
        unanswered += history.iter().filter(|seen| seen.answer.is_none()).count();
        if let Err(contradiction) = explain(terms, &history) {
            anyhow::bail!("seed {seed}, a license of {terms:?}:\n{contradiction}\n{logs}");
        }
    }
    let crashes = crashes.into_inner();
    println!(
        "{engine:?}: {calls} calls, {leases} leases, {borrowed} of them borrowed, {copies} copies, {unanswered} unanswered, \
         {crashes} crashes, {jumps} jumps in time, {:.0} s",
        started.elapsed().as_secs_f32()
    );
    anyhow::ensure!(
        calls as u64 >= wanted.min(LEAST_CALLS)
            && crashes >= LEAST_CRASHES
            && leases > calls / 10
            && (borrowed > 0 || calls < ENOUGH_TO_BORROW),
        "too little happened: of {calls} calls {leases} were leases, {borrowed} of them borrowed, and {crashes} processes \
         were killed"
    );
    Ok(())
}

/// Kills processes, lets time pass, and changes licenses, until it is over; answers how often time passed.
fn disturb(
    world: &World<'_>,
    over: &AtomicBool,
    crashes: &AtomicU32,
    seed: u64,
    runtime: &tokio::runtime::Handle,
) -> Result<u32> {
    let dice = Entropy::seeded(seed);
    let mut jumps = 0;
    while !over.load(Ordering::Relaxed) {
        let [pause, what, which, much] = dice.bytes();
        std::thread::sleep(Duration::from_millis(100 + 2 * u64::from(pause)));
        let license = usize::from(which) % SOLD.len();
        match what % 10 {
            0 | 1 => {
                world.cluster.crash(usize::from(which) % world.cluster.ports.len())?;
                crashes.fetch_add(1, Ordering::Relaxed);
            }
            2..=4 => {
                // The last one is more than a day.
                const PASSES_S: [i64; 12] = [50, 50, 125, 125, 125, 185, 185, 700, 700, 1_300, 1_300, 90_000];
                if let Ok(_nobody_calls) = world.calls.write() {
                    world.cluster.pass(PASSES_S[usize::from(much) % PASSES_S.len()])?;
                }
                jumps += 1;
            }
            5 | 6 => {
                let wanted = usize::from(much) % 4;
                let change = || runtime.block_on(world.cluster.set_seats(license, wanted));
                operate(world, license, Call::SetSeats(wanted), change);
            }
            _ => {
                let stand = |status| move || runtime.block_on(world.cluster.set_standing(license, status));
                operate(world, license, Call::Suspend, stand(LicenseStatus::Suspended));
                std::thread::sleep(Duration::from_millis(u64::from(much)));
                operate(world, license, Call::Reinstate, stand(LicenseStatus::Active));
            }
        }
    }
    Ok(jumps)
}

/// An act of the operator's; one that failed may have happened or not.
fn operate(world: &World<'_>, license: usize, call: Call, act: impl FnOnce() -> Result<()>) {
    let from = world.cluster.now();
    let answer = act().ok().map(|()| Answer::Done);
    world.records[license].note(Seen { call, from, to: world.cluster.now(), answer });
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "slow proof: many clients and killed servers, on SQLite"]
async fn one_killed_server_on_sqlite_answers_like_one_pool_of_seats() -> Result<()> {
    race(Engine::Sqlite).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "slow proof: many clients and two killed servers, on PostgreSQL"]
async fn two_killed_servers_on_postgresql_answer_like_one_pool_of_seats() -> Result<()> {
    race(Engine::Postgres).await
}
