//! Playing a history: each act becomes a call, the product answers, the model judges.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use futures::future::join_all;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use sdk::wire::Secret;

use super::pool::{Answer, Call, Judgement, Kind, Lease, Pool, Presented, Stored, Terms, Who, Wish};
use super::product::{Answered, Handle, Product, plans};
use super::steps::{Act, IDENTITIES, LICENSES, Step};
use super::{DAY, MINUTE, SECOND};
use crate::support::NOW;

/// A history that the protocol does not allow, told from its beginning.
pub(super) struct Failure {
    /// The step that was answered wrongly.
    pub step: usize,
    pub told: String,
}

/// How often each answer was given.
pub(super) type Tally = BTreeMap<&'static str, usize>;

/// What a history came to: what was answered, or what went wrong.
pub(super) type Played = Result<Tally, Failure>;

/// Plays a history on fresh licenses. What the dice decide besides the steps follows from the seed.
pub(super) async fn play(product: &Product, seed: u64, steps: &[Step]) -> anyhow::Result<Played> {
    let mut play = Play::new(product, seed).await?;
    for (number, step) in steps.iter().enumerate() {
        let judged = play.step(step).await.unwrap_or_else(|error| Err(format!("the product failed: {error:?}")));
        if let Err(why) = judged {
            _ = writeln!(play.told, "  ✗ {why}");
            return Ok(Err(Failure { step: number, told: play.told }));
        }
    }
    Ok(Ok(play.tally))
}

struct Play<'a> {
    product: &'a Product,
    counters: Vec<Counter>,
    now: i64,
    /// Every moment at which something happened: no two calls share one, so that "most recently" is always clear.
    moments: BTreeSet<i64>,
    nonces: u64,
    tally: Tally,
    told: String,
}

/// A license: the product's, the model's, and what its installations keep.
struct Counter {
    handle: Handle,
    /// The states that explain everything so far. Calls made at once leave more than one behind where what was answered
    /// does not tell their order; later answers do.
    pools: Vec<Pool>,
    plans: [Terms; 2],
    desks: Vec<Desk>,
    slips: Vec<Slip>,
}

/// What an installation keeps on its disk, and what copies of the disk would have.
#[derive(Clone, Default)]
struct Desk {
    secrets: Vec<Kept>,
    activation_nonce: Option<String>,
}

#[derive(Clone)]
struct Kept {
    id: String,
    secret: Secret,
    at: (i64, i64),
    nonce: String,
}

/// A lease that is out.
struct Slip {
    id: String,
    seat: String,
    exp: i64,
}

/// A call that is ready to be made.
struct Ready {
    who: Option<Who>,
    call: Call,
    secret: Option<Secret>,
    now: i64,
}

impl<'a> Play<'a> {
    async fn new(product: &'a Product, seed: u64) -> anyhow::Result<Self> {
        let mut dice = StdRng::seed_from_u64(seed);
        let mut counters = Vec::new();
        let mut told = String::new();
        for license in 0..LICENSES {
            let plans: [Terms; 2] = plans()[dice.random_range(0..3)].clone();
            let seats = dice.random_range(1..=3);
            let ends_at = (plans[0].kind != Kind::Machine).then_some(NOW.0 + 60 * DAY);
            let handle = product.license(&plans[0], seats, ends_at).await?;
            _ = writeln!(told, "License {license}: {seats} seats of {}", plans[0].code);
            let pool = Pool::new(plans[0].clone(), seats, ends_at);
            counters.push(Counter {
                handle,
                pools: vec![pool],
                plans,
                desks: vec![Desk::default(); IDENTITIES],
                slips: Vec::new(),
            });
        }
        let moments = BTreeSet::new();
        Ok(Self { product, counters, now: NOW.0, moments, nonces: 0, tally: Tally::new(), told })
    }

    async fn step(&mut self, step: &Step) -> anyhow::Result<Judgement> {
        match step {
            Step::Wait(ms) => self.go_to(self.now + ms),
            Step::WaitFor { pick, offset } => {
                let ahead = self.moments_ahead();
                if let Some(moment) = ahead.get(pick % ahead.len().max(1)) {
                    self.go_to(moment + offset);
                }
            }
            Step::Act(license, act) => return self.act(*license, std::slice::from_ref(act)).await,
            // While the clock is behind, what is over may begin anew: enough to follow one call at a time.
            Step::Race(license, acts) if self.moments.last().is_some_and(|latest| *latest > self.now) => {
                for act in acts {
                    let judged = self.act(*license, std::slice::from_ref(act)).await?;
                    if judged.is_err() {
                        return Ok(judged);
                    }
                }
            }
            Step::Race(license, acts) => return self.act(*license, acts).await,
        }
        Ok(Ok(()))
    }

    fn go_to(&mut self, moment: i64) {
        self.now = moment;
        _ = writeln!(self.told, "at {}", clock(self.now));
    }

    /// The moments ahead, in the next forty days, at which some rule changes its mind.
    fn moments_ahead(&self) -> Vec<i64> {
        let of_license = |counter: &Counter| {
            let pool = counter.pool();
            let surge = pool.surge_opened_at.map(|at| [at + pool.terms.surge, at + DAY]);
            let installations = pool.installations.iter().flat_map(|it| it.moments());
            surge.into_iter().flatten().chain(pool.ends_at).chain(installations).collect::<Vec<_>>()
        };
        let mut ahead: Vec<i64> = self.counters.iter().flat_map(of_license).collect();
        ahead.retain(|at| *at > self.now && *at < self.now + 40 * DAY);
        ahead.sort_unstable();
        ahead.dedup();
        ahead
    }

    /// A moment of its own for the next call.
    fn tick(&mut self) -> i64 {
        while !self.moments.insert(self.now) {
            self.now += 1;
        }
        let latest = self.moments.last().copied().unwrap_or(self.now);
        let pools = self.counters.iter_mut().flat_map(|counter| &mut counter.pools);
        pools.for_each(|pool| pool.latest = latest);
        self.now
    }

    fn nonce(&mut self) -> String {
        self.nonces += 1;
        format!("nonce-{:010}", self.nonces)
    }

    async fn act(&mut self, license: usize, acts: &[Act]) -> anyhow::Result<Judgement> {
        let mut ready = Vec::new();
        for act in acts {
            if let Some((who, call, secret)) = self.prepare(license, act) {
                ready.push(Ready { who, call, secret, now: self.tick() });
            }
        }
        let handle = self.counters[license].handle.clone();
        let calls = ready.iter().map(|it| self.product.call(&handle, &it.call, it.secret.clone(), it.now));
        let answers: Vec<Answered> = join_all(calls).await.into_iter().collect::<Result<_, _>>()?;
        for answered in &answers {
            *self.tally.entry(answered.answer.name()).or_default() += 1;
        }
        for (it, answered) in ready.iter().zip(&answers) {
            let at_once = if ready.len() > 1 { "∥" } else { " " };
            _ = writeln!(self.told, "  {at_once} {license}: {:?} → {:?}", it.call, answered.answer);
        }
        let mut stored = Vec::new();
        for id in touched(&ready, &answers) {
            stored.extend(self.product.stored(&id).await?.map(|seat| (id, seat)));
        }
        let ahead = self.product.ahead();
        if let Err(why) = self.counters[license].judge(&ready, &answers, &stored, ahead, self.now) {
            return Ok(Err(why));
        }
        for (it, answered) in ready.iter().zip(answers) {
            if let (Some(who), Answer::Lease(lease), Some(secret)) = (it.who, answered.answer, answered.secret) {
                let nonce = self.nonce();
                if let Err(why) = self.counters[license].desks[who].keep(&lease, secret, nonce) {
                    return Ok(Err(why));
                }
            }
        }
        Ok(Ok(()))
    }

    /// Turns an act into the call that this installation, or somebody about it, would make now; `None` where it has
    /// nothing to show yet.
    fn prepare(&mut self, license: usize, act: &Act) -> Option<(Option<Who>, Call, Option<Secret>)> {
        let fresh = self.nonce();
        let counter = &mut self.counters[license];
        let id_of = |counter: &Counter, who: Who| counter.desks[who].secrets.last().map(|kept| kept.id.clone());
        let genuine = |kept: &Kept| Presented::Genuine { epoch: kept.at.0, n: kept.at.1 };
        Some(match act {
            Act::Activate { who, again, borrow_s, covered, shows } => {
                let desk = &mut counter.desks[*who];
                let nonce = desk.activation_nonce.clone().filter(|_| *again).unwrap_or(fresh);
                desk.activation_nonce = Some(nonce.clone());
                // Secrets of an installation that was deleted since show nothing about its successor.
                let newest = desk.secrets.last().map(|kept| kept.id.clone());
                let kept = shows.and_then(|back| desk.back(back)).filter(|kept| Some(&kept.id) == newest.as_ref());
                let (shows, secret) = (kept.map(genuine), kept.map(|kept| kept.secret.clone()));
                let wish = Wish { nonce, covered: *covered, borrow_s: *borrow_s };
                (Some(*who), Call::Activate { who: *who, wish, shows }, secret)
            }
            Act::Check { who, back, is_copy, borrow_s, covered } => {
                let kept = counter.desks[*who].back(*back)?;
                let nonce = if *is_copy { fresh } else { kept.nonce.clone() };
                let wish = Wish { nonce, covered: *covered, borrow_s: *borrow_s };
                let call = Call::Check { id: kept.id.clone(), secret: genuine(kept), wish };
                (Some(*who), call, Some(kept.secret.clone()))
            }
            Act::CheckForged { who } => {
                let wish = Wish { nonce: fresh, covered: true, borrow_s: None };
                (None, Call::Check { id: id_of(counter, *who)?, secret: Presented::Forged, wish }, None)
            }
            Act::Release { who, back } => {
                let kept = counter.desks[*who].back(*back)?;
                let call = Call::Release { id: kept.id.clone(), secret: genuine(kept) };
                (None, call, Some(kept.secret.clone()))
            }
            Act::DeactivateByKey { who } => (None, Call::Deactivate { by: None, id: id_of(counter, *who)? }, None),
            Act::DeactivateBy { who, by, back } => {
                let kept = counter.desks[*by].back(*back)?;
                let by = Some((kept.id.clone(), genuine(kept)));
                (None, Call::Deactivate { by, id: id_of(counter, *who)? }, Some(kept.secret.clone()))
            }
            Act::FreeSeat { who } => (None, Call::FreeSeat { id: id_of(counter, *who)? }, None),
            Act::Block { who } => (None, Call::Block { id: id_of(counter, *who)? }, None),
            Act::Unblock { who } => (None, Call::Unblock { id: id_of(counter, *who)? }, None),
            Act::Delete { who } => (None, Call::Delete { id: id_of(counter, *who)? }, None),
            Act::RevokeLease { who } => (None, Call::RevokeLease { id: id_of(counter, *who)? }, None),
            Act::KeepRunning { who } => (None, Call::KeepRunning { id: id_of(counter, *who)? }, None),
            Act::LetNextIn { who } => (None, Call::LetNextIn { id: id_of(counter, *who)? }, None),
            Act::SetSeats(seats) => (None, counter.change(None, *seats, counter.pool().ends_at), None),
            Act::SetPlan { other } => {
                let plan = counter.plans[usize::from(*other)].clone();
                (None, counter.change(Some(plan), counter.pool().seats, counter.pool().ends_at), None)
            }
            Act::SetEnd { ms } => (None, counter.change(None, counter.pool().seats, Some(self.now + ms)), None),
            Act::Suspend => (None, Call::Suspend, None),
            Act::Reinstate => (None, Call::Reinstate, None),
            Act::Revoke => (None, Call::Revoke, None),
            Act::Sweep => (None, Call::Sweep, None),
        })
    }
}

/// The installations whose seats these calls may have changed.
fn touched(ready: &[Ready], answers: &[Answered]) -> BTreeSet<String> {
    let subject = |(it, answered): (&Ready, &Answered)| match (&it.call, &answered.answer) {
        (_, Answer::Lease(lease)) => Some(lease.id.clone()),
        (
            Call::Check { id, .. }
            | Call::Release { id, .. }
            | Call::Deactivate { id, .. }
            | Call::FreeSeat { id }
            | Call::Block { id }
            | Call::Unblock { id }
            | Call::Delete { id },
            _,
        ) => Some(id.clone()),
        _ => None,
    };
    ready.iter().zip(answers).filter_map(subject).collect()
}

impl Counter {
    fn change(&self, plan: Option<Terms>, seats: i64, ends_at: Option<i64>) -> Call {
        Call::Change { plan: plan.unwrap_or_else(|| self.pool().terms.clone()), seats, ends_at }
    }

    /// Calls that were made at once must have been answered, and have left the seats, as if they had been made one
    /// after the other, in some order.
    fn judge(
        &mut self,
        ready: &[Ready],
        answers: &[Answered],
        stored: &[(String, Stored)],
        ahead: i64,
        now: i64,
    ) -> Judgement {
        let (mut first, mut after): (_, Vec<Pool>) = (None, Vec::new());
        for (pool, order) in
            self.pools.iter().flat_map(|pool| orders(ready.len()).into_iter().map(move |it| (pool, it)))
        {
            let mut pool = pool.clone();
            let in_turn =
                order.iter().try_for_each(|at| pool.judge(&ready[*at].call, &answers[*at].answer, ready[*at].now));
            let judged = in_turn
                .and_then(|()| stored.iter().try_for_each(|(id, seat)| pool.compare_seat(id, *seat, ahead, now)));
            match judged {
                Ok(()) if after.contains(&pool) => {}
                Ok(()) => after.push(pool),
                Err(why) => first = first.or(Some(why)),
            }
        }
        if after.is_empty() {
            return first.map_or(Ok(()), Err);
        }
        let before = std::mem::replace(&mut self.pools, after);
        if let ([it], [answered], [(_, seat)]) = (ready, answers, stored) {
            self.keeps_word(&it.call, &answered.answer, *seat, now)?;
        }
        self.count_leases(&before, ready, answers, stored, now)
    }

    /// One of the states that explain everything so far.
    fn pool(&self) -> &Pool {
        &self.pools[0]
    }

    /// Whoever gives a seat back is told when it will be free: not too early, and not later than it is.
    fn keeps_word(&self, call: &Call, answer: &Answer, seat: Stored, now: i64) -> Judgement {
        let gives_back = matches!(
            call,
            Call::Release { .. }
                | Call::Deactivate { .. }
                | Call::FreeSeat { .. }
                | Call::Block { .. }
                | Call::Delete { .. }
        );
        let Answer::Done { free_at } = answer else { return Ok(()) };
        let clock_is_behind = now < self.pool().latest;
        if gives_back && (*free_at < seat.held_until || *free_at > seat.held_until.max(now) && !clock_is_behind) {
            return Err(format!("said to be free in {} ms, is in {} ms", free_at - now, seat.held_until - now));
        }
        Ok(())
    }

    /// The first invariant once more, from nothing but the leases that are out: whoever gets a seat that it did not
    /// hold finds fewer seats in use than there are.
    fn count_leases(
        &mut self,
        before: &[Pool],
        ready: &[Ready],
        answers: &[Answered],
        stored: &[(String, Stored)],
        now: i64,
    ) -> Judgement {
        for answered in answers {
            let Answer::Lease(lease) = &answered.answer else { continue };
            let seat = self.pool().seat_name(&lease.id);
            let in_use = self.slips.iter().filter(|slip| slip.exp + MINUTE > now && slip.seat != seat);
            let others: BTreeSet<&str> = in_use.map(|slip| slip.seat.as_str()).collect();
            let allowed = self.pools.iter().map(|pool| pool.seats + pool.surge_now(now)).max().unwrap_or(0);
            // Calls made at once may have been answered before seats were given back or taken away.
            let held = before.iter().any(|pool| pool.is_held(&seat, now));
            let is_clear = ready.len() == 1 && now >= self.pool().latest && !held;
            if is_clear && others.len() as i64 + 1 > allowed {
                return Err(format!("{} others run on {allowed} seats", others.len()));
            }
            self.slips.push(Slip { id: lease.id.clone(), seat, exp: lease.exp_s * SECOND });
        }
        let is_free = |id: &String| {
            stored.iter().any(|(other, _)| other == id) && !self.pools.iter().any(|pool| pool.holds_seat(id, now))
        };
        self.slips.retain(|slip| !is_free(&slip.id));
        Ok(())
    }
}

impl Desk {
    fn back(&self, back: usize) -> Option<&Kept> {
        self.secrets.len().checked_sub(back + 1).and_then(|at| self.secrets.get(at))
    }

    /// Keeps a new secret with the nonce for its next request. The same place in the chain is the same secret.
    fn keep(&mut self, lease: &Lease, secret: Secret, nonce: String) -> Judgement {
        let at = (lease.epoch, lease.n);
        match self.secrets.iter().find(|kept| kept.id == lease.id && kept.at == at) {
            Some(kept) if kept.secret.expose() == secret.expose() => {}
            Some(_) => return Err("a retry got another secret".to_owned()),
            None => self.secrets.push(Kept { id: lease.id.clone(), secret, at, nonce }),
        }
        Ok(())
    }
}

/// All orders of so many things; few enough.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    orders(count - 1)
        .into_iter()
        .flat_map(|order| {
            (0..count).rev().map(move |at| {
                let mut order = order.clone();
                order.insert(at, count - 1);
                order
            })
        })
        .collect()
}

fn clock(now: i64) -> String {
    backend::clock::UnixMs(now).timestamp().to_string()
}
