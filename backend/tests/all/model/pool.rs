//! The rules of seats, written down a second time: what a license server has to answer, from the protocol alone.
//!
//! Nothing here knows how the product does it. A [`Pool`] is one license with its installations. Each call is judged
//! together with what the product answered: [`Pool::judge`] says whether the protocol allows that answer, and moves
//! on to the state that follows from it. Where the protocol leaves a choice (which of several reasons a refusal
//! names, for how much longer than necessary a seat is held) the answer is taken as long as it stays within bounds.
//!
//! All times are Unix milliseconds, except where a name ends in `_s`.

mod acts;

pub(super) use super::calls::{Answer, Call, Kind, Lease, Presented, Standing, Stored, Terms, Who, Wish};
use super::installation::{Installation, Shown, State};
use super::{DAY, MINUTE, SECOND};

/// A lease is followed by this before its seat may be somebody else's.
const MARGIN: i64 = MINUTE;
/// So little left of a lease makes giving it back nothing special.
const NEARLY_OVER: i64 = 15 * MINUTE;
/// A deactivated installation may come back after this.
const PAUSE: i64 = 10 * MINUTE;
/// Devices that each user of the test has.
pub(super) const DEVICES: usize = 3;

/// What of a seat somebody occupies: since when, and whether it is one of a surge.
#[derive(Clone, Copy, Debug)]
struct Occupied {
    since: i64,
    surge: bool,
}

/// Where a lease is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// On one of the license's own seats.
    Own,
    /// On one of a surge, which ends at this moment.
    Surge { closes_at: i64, opens: bool },
}

/// One license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pool {
    pub terms: Terms,
    pub seats: i64,
    pub ends_at: Option<i64>,
    pub standing: Standing,
    pub surge_opened_at: Option<i64>,
    pub installations: Vec<Installation>,
    /// The latest moment that anybody has seen.
    pub latest: i64,
    /// When seats were given back early and were free at once.
    early_returns: Vec<i64>,
    /// When seats were freed by somebody with the bare key.
    freed_by_key: Vec<i64>,
    /// The latest second in which verifiers may have been told to reject what was handed out before.
    rejected_at_s: i64,
}

/// An answer that the protocol does not allow.
pub(super) type Judgement = Result<(), String>;

impl Pool {
    pub(super) fn new(terms: Terms, seats: i64, ends_at: Option<i64>) -> Self {
        Self {
            terms,
            seats,
            ends_at,
            standing: Standing::Active,
            surge_opened_at: None,
            installations: Vec::new(),
            latest: 0,
            early_returns: Vec::new(),
            freed_by_key: Vec::new(),
            rejected_at_s: 0,
        }
    }

    /// Whether the seat of this installation is held, by it or by its user elsewhere.
    pub(super) fn holds_seat(&self, id: &str, now: i64) -> bool {
        self.is_held(&self.seat_name(id), now)
    }

    /// Whether anybody holds this seat.
    pub(super) fn is_held(&self, seat: &str, now: i64) -> bool {
        self.installations.iter().any(|it| it.holds(now) && self.seat_name(&it.id) == seat)
    }

    /// What tells one seat from another.
    pub(super) fn seat_name(&self, id: &str) -> String {
        match self.installations.iter().find(|it| it.id == id) {
            Some(it) if self.terms.kind == Kind::User => self.seat_of(it.who).to_string(),
            _ => id.to_owned(),
        }
    }

    /// Seats of a surge that is open.
    pub(super) fn surge_now(&self, now: i64) -> i64 {
        self.open_surge(now).map_or(0, |_| self.terms.surge_seats)
    }

    fn find(&self, id: &str) -> Option<usize> {
        self.installations.iter().position(|it| it.id == id && it.state != State::Deleted)
    }

    /// Whether the protocol allows this answer to this call; if so, the pool is as it is after it.
    pub(super) fn judge(&mut self, call: &Call, answer: &Answer, now: i64) -> Judgement {
        if call.may_reject_leases() {
            self.rejected_at_s = self.rejected_at_s.max(now / SECOND);
        }
        match call {
            Call::Activate { who, wish, shows } => self.activate(*who, wish, *shows, answer, now),
            Call::Check { id, secret, wish } => self.check(id, *secret, wish, answer, now),
            Call::Release { id, secret } => self.release(id, *secret, answer, now),
            Call::Deactivate { by, id } => self.deactivate(by.as_ref(), id, answer, now),
            Call::FreeSeat { id } => self.free_seat(id, answer, now),
            Call::Block { id } => self.block(id, answer, now),
            Call::Unblock { id } => self.unblock(id, answer),
            Call::Delete { id } => self.delete(id, answer, now),
            Call::KeepRunning { id } => self.decide(id, true, answer, now),
            Call::LetNextIn { id } => self.decide(id, false, answer, now),
            Call::RevokeLease { .. } | Call::Sweep => Ok(()),
            Call::Change { plan, seats, ends_at } => {
                (self.terms, self.seats, self.ends_at) = (plan.clone(), *seats, *ends_at);
                Ok(())
            }
            Call::Suspend if self.standing == Standing::Active => self.stand(Standing::Suspended),
            Call::Reinstate if self.standing == Standing::Suspended => self.stand(Standing::Active),
            Call::Revoke => self.stand(Standing::Revoked),
            Call::Suspend | Call::Reinstate => Ok(()),
        }
    }

    fn stand(&mut self, standing: Standing) -> Judgement {
        self.standing = standing;
        Ok(())
    }

    // ── Activating and checking ─────────────────────────────────────────────────────────────────────

    /// Key and identity in. Whoever holds a seat gets that seat, and a repeated nonce is a retry.
    fn activate(&mut self, who: Who, wish: &Wish, shows: Option<Presented>, answer: &Answer, now: i64) -> Judgement {
        let known = self.installations.iter().position(|it| it.who == who && it.state != State::Deleted);
        let is_retry = known.is_some_and(|at| self.installations[at].is_retry(&wish.nonce));
        let mut reasons = self.reasons(wish, now);
        let mut admitted_once = false;
        if let Some(at) = known {
            let it = &self.installations[at];
            match it.state {
                State::Blocked => reasons.push("instance_blocked"),
                State::Deactivated { since } if now < since + PAUSE => reasons.push("instance_deactivated"),
                _ => {}
            }
            if !is_retry && it.in_conflict(now) {
                admitted_once = it.may_enter_once(shows);
                if !admitted_once {
                    reasons.push("instance_conflict");
                }
            }
        }
        let place = self.seat_for(who, known, true, &mut reasons, now);
        let lease = match (answer, place) {
            (Answer::Refused(code), _) => return refused(code, &reasons),
            (Answer::Lease(lease), Some(place)) if reasons.is_empty() => (lease, place),
            (answer, _) => return Err(format!("answered {answer:?}, but {reasons:?} stand against it")),
        };
        let (lease, place) = lease;
        let at = match known {
            Some(at) if self.installations[at].id != lease.id => {
                return Err(format!("the identity became a second instance, {}", lease.id));
            }
            Some(at) => at,
            None if self.installations.iter().any(|it| it.id == lease.id) => {
                return Err(format!("{} is somebody else", lease.id));
            }
            None => {
                // In the order of ids, so that states which differ in nothing else are one.
                let at = self.installations.partition_point(|it| it.id < lease.id);
                self.installations.insert(at, Installation::new(who, &lease.id, lease.epoch));
                at
            }
        };
        let it = &mut self.installations[at];
        if !is_retry {
            it.begin_epoch(lease.epoch, &wish.nonce, now, known.is_none())?;
        }
        it.admitted |= admitted_once;
        let goes_on = it.state == State::Active && it.goes_on(now);
        it.state = State::Active;
        self.grant(at, place, goes_on, wish, lease, now)
    }

    /// A secret in. A stale one is refused, whatever else; others are remembered, even where nothing is granted.
    fn check(&mut self, id: &str, secret: Presented, wish: &Wish, answer: &Answer, now: i64) -> Judgement {
        let Some(at) = self.find(id) else { return refused_with(answer, &["instance_not_found"]) };
        let mut reasons = self.reasons(wish, now);
        let it = &mut self.installations[at];
        match it.state {
            State::Active => {}
            State::Released => reasons.push("instance_released"),
            State::Deactivated { .. } => reasons.push("instance_deactivated"),
            State::Blocked => reasons.push("instance_blocked"),
            State::Deleted => reasons.push("instance_not_found"),
        }
        match it.show(secret, Some(&wish.nonce), now) {
            Shown::Forged => return refused_with(answer, &["invalid_secret"]),
            Shown::Stale => return refused_with(answer, &["instance_stale"]),
            Shown::Good => {}
        }
        let who = it.who;
        let place = self.seat_for(who, Some(at), false, &mut reasons, now);
        match (answer, place) {
            (Answer::Refused(code), _) => refused(code, &reasons),
            (Answer::Lease(lease), Some(place)) if reasons.is_empty() => {
                if lease.id != id {
                    return Err(format!("the lease is for {}", lease.id));
                }
                let goes_on = self.installations[at].goes_on(now);
                self.grant(at, place, goes_on, wish, lease, now)
            }
            (answer, _) => Err(format!("answered {answer:?}, but {reasons:?} stand against it")),
        }
    }

    /// What stands against any lease under this license now. A refusal may name any that applies.
    fn reasons(&self, wish: &Wish, now: i64) -> Vec<&'static str> {
        let mut reasons = Vec::new();
        match self.standing {
            Standing::Active => {}
            Standing::Suspended => reasons.push("license_suspended"),
            Standing::Revoked => reasons.push("license_revoked"),
        }
        // Leases end in whole seconds, so none fits into the last one.
        if self.ends_at.is_some_and(|end| end / SECOND <= now / SECOND) {
            reasons.push("license_expired");
        }
        if self.terms.ends_updates && !wish.covered {
            reasons.push("version_not_covered");
        }
        reasons
    }

    // ── Seats ───────────────────────────────────────────────────────────────────────────────────────

    /// Which seat an installation occupies: its user's, else its own.
    fn seat_of(&self, who: Who) -> usize {
        if self.terms.kind == Kind::User { who / DEVICES } else { who }
    }

    /// The seats that others than this one occupy, and its own. The devices of a user occupy one seat together,
    /// since the first of them; it is one of a surge only while all of them are.
    fn occupied(&self, seat: usize, known: Option<usize>, now: i64) -> (Option<Occupied>, Vec<Occupied>) {
        let mut seats: Vec<(String, Occupied)> = Vec::new();
        for it in self.installations.iter().filter(|it| it.holds(now)) {
            // A deleted installation is not the one that has its identity now.
            let name = if self.terms.kind == Kind::User { self.seat_of(it.who).to_string() } else { it.id.clone() };
            match seats.iter_mut().find(|(known, _)| *known == name) {
                Some((_, seat)) => {
                    seat.since = seat.since.min(it.held_since);
                    seat.surge &= it.surge;
                }
                None => seats.push((name, Occupied { since: it.held_since, surge: it.surge })),
            }
        }
        let mine = match (self.terms.kind, known) {
            (Kind::User, _) => Some(seat.to_string()),
            (_, Some(at)) => Some(self.installations[at].id.clone()),
            (_, None) => None,
        };
        let (own, others): (Vec<_>, Vec<_>) = seats.into_iter().partition(|(name, _)| Some(name) == mine.as_ref());
        (own.first().map(|(_, seat)| *seat), others.into_iter().map(|(_, seat)| seat).collect())
    }

    /// Rule 1 and the surge: where an installation may run now, if anywhere. What is missing is added to the reasons.
    fn seat_for(
        &self,
        who: Who,
        known: Option<usize>,
        may_open: bool,
        reasons: &mut Vec<&'static str>,
        now: i64,
    ) -> Option<Place> {
        if !self.has_room_on_device(who, known, now) {
            reasons.push("devices_exhausted");
        }
        let (mine, others) = self.occupied(self.seat_of(who), known, now);
        let own = |older_than: i64| count(&others, |it| !it.surge && it.since < older_than);
        let waiting = |older_than: i64| count(&others, |it| it.surge && it.since < older_than);
        let everybody = i64::MAX;
        let open = self.open_surge(now);
        let place = match mine {
            // Where there are fewer seats than holders, the most recently granted have to go.
            Some(mine) if !mine.surge => (own(mine.since) < self.seats).then_some(Place::Own),
            // A seat that is free is for those who wait for it on a surge's seat, oldest first.
            Some(mine) if own(everybody) + waiting(mine.since) < self.seats => Some(Place::Own),
            Some(mine) => {
                let ahead = own(everybody) + waiting(mine.since);
                open.filter(|_| ahead < self.seats + self.terms.surge_seats)
            }
            None => {
                let held = own(everybody) + waiting(everybody);
                let surge = open.or_else(|| self.openable_surge(now).filter(|_| may_open));
                if held < self.seats {
                    Some(Place::Own)
                } else {
                    surge.filter(|_| held < self.seats + self.terms.surge_seats)
                }
            }
        };
        if place.is_none() {
            reasons.push("seats_exhausted");
        }
        place
    }

    fn has_room_on_device(&self, who: Who, known: Option<usize>, now: i64) -> bool {
        let (Kind::User, Some(allowed)) = (self.terms.kind, self.terms.devices_per_user) else { return true };
        let mine = known.map(|at| &self.installations[at]).filter(|it| it.holds(now));
        let ahead = self.installations.iter().filter(|it| {
            let is_mine = mine.is_some_and(|mine| mine.id == it.id);
            it.holds(now)
                && !is_mine
                && self.seat_of(it.who) == self.seat_of(who)
                && mine.is_none_or(|mine| it.held_since < mine.held_since)
        });
        ahead.count() < allowed
    }

    fn open_surge(&self, now: i64) -> Option<Place> {
        let closes_at = self.surge_opened_at? + self.terms.surge;
        (self.terms.surge_seats > 0 && now / SECOND < closes_at / SECOND)
            .then_some(Place::Surge { closes_at, opens: false })
    }

    fn openable_surge(&self, now: i64) -> Option<Place> {
        let may = self.terms.surge_seats > 0 && self.surge_opened_at.is_none_or(|at| at + DAY <= now);
        may.then_some(Place::Surge { closes_at: now + self.terms.surge, opens: true })
    }

    /// A lease is handed out: it is not longer than anything allows, and its seat is held beyond its end.
    fn grant(&mut self, at: usize, place: Place, goes_on: bool, wish: &Wish, lease: &Lease, now: i64) -> Judgement {
        let terms = &self.terms;
        let borrowed_s = wish.borrow_s.unwrap_or(0).min(terms.max_borrow_s);
        let may_borrow = terms.kind == Kind::Floating && borrowed_s > terms.lease_s;
        let end_s = self.ends_at.map_or(i64::MAX, |end| end / SECOND);
        let now_s = now / SECOND;
        let (longest_s, exact) = match place {
            Place::Own if may_borrow => ((now_s + borrowed_s).min(end_s), true),
            Place::Own => ((now_s + terms.lease_s).min(end_s), true),
            Place::Surge { closes_at, .. } => {
                let life_s = if may_borrow { borrowed_s } else { terms.lease_s };
                ((now_s + life_s).min(end_s).min(closes_at / SECOND), false)
            }
        };
        // Where what was handed out is rejected up to a second that is not over, a lease bears the next one as its date.
        let latest_s = (self.rejected_at_s + 1).min(now_s + 11).max(now_s);
        if !(now_s..=latest_s).contains(&lease.iat_s) {
            return Err(format!("iat is {} s away from now", lease.iat_s - now_s));
        }
        if lease.exp_s > longest_s || exact && lease.exp_s != longest_s || lease.exp_s <= lease.iat_s {
            return Err(format!("the lease ends {} s late (place {place:?})", lease.exp_s - longest_s));
        }
        if lease.borrowed != may_borrow && (lease.borrowed || exact) {
            return Err(format!("the lease says borrowed: {}", lease.borrowed));
        }
        if let Place::Surge { opens: true, .. } = place {
            self.surge_opened_at = Some(now);
        }
        let silent = match (terms.kind, place) {
            (Kind::Machine | Kind::User, Place::Own) => now + terms.reclaim_s * SECOND,
            _ => 0,
        };
        let it = &mut self.installations[at];
        if (lease.epoch, lease.n) != (it.epoch, it.n + 1) {
            let (got, expected) = ((lease.epoch, lease.n), (it.epoch, it.n + 1));
            return Err(format!("the next secret is {got:?} instead of {expected:?}"));
        }
        let exp = lease.exp_s * SECOND;
        if !goes_on {
            it.held_since = now;
        }
        it.surge = place != Place::Own;
        if exp >= it.out_until {
            it.out_until = exp;
            it.out_for = (lease.exp_s - lease.iat_s) * SECOND;
        }
        // Rule 7: never moved back.
        let needed = (exp + MARGIN).max(silent);
        it.held_until = it.held_until.max(needed);
        it.at_least = it.at_least.map(|least| least.max(needed));
        it.given_back = false;
        Ok(())
    }

    // ── Giving seats back ───────────────────────────────────────────────────────────────────────────

    /// Rule 7: a seat that is given back is free at once when its lease is nearly over, or when that did not happen
    /// too often; else when nobody can run on it any more.
    fn give_back(&mut self, at: usize, now: i64) {
        let (seats, latest) = (self.seats, self.latest);
        let it = &mut self.installations[at];
        if !it.holds(now) || it.given_back {
            return;
        }
        let early = it.out_until - now > NEARLY_OVER;
        let since = now - it.out_for.max(DAY);
        let returned = self.early_returns.iter().filter(|returned| **returned > since).count() as i64;
        if early && returned >= seats.max(2) {
            // Held as long as if nobody had given it back.
            it.given_back = true;
        } else if it.has_run_out(latest) {
            // The clock went back behind the end of the seat, which may have been told as its end already.
            it.given_back = true;
            it.at_least = Some(now);
            it.free_early = early;
        } else {
            it.is_free(now);
            self.early_returns.extend(early.then_some(now));
        }
    }

    /// Compares until when the product holds a seat with what has to be, and takes it over. It may be held up to
    /// `ahead` longer, so that not every heartbeat has to be stored.
    pub(super) fn compare_seat(&mut self, id: &str, stored: Stored, ahead: i64, now: i64) -> Judgement {
        let latest = self.latest;
        let Some(it) = self.installations.iter_mut().find(|it| it.id == id) else { return Ok(()) };
        let (least, most) = (it.at_least.take().unwrap_or(it.held_until), it.held_until + ahead);
        let is_free = stored.held_until <= now;
        if is_free && least <= now {
            if it.holds(now) {
                it.is_free(now);
                self.early_returns.extend(it.free_early.then_some(now));
            }
        } else if stored.held_until < least || stored.held_until > most {
            let (least, most) = (least - now, most - now);
            return Err(format!("the seat of {id} is held for {} ms, not {least} to {most}", stored.held_until - now));
        } else {
            it.held_until = stored.held_until;
        }
        it.free_early = false;
        if it.has_run_out(latest) {
            it.held_since = stored.held_since;
        }
        Ok(())
    }
}

fn count(seats: &[Occupied], which: impl Fn(&Occupied) -> bool) -> i64 {
    seats.iter().filter(|seat| which(seat)).count() as i64
}

/// A refusal has to name one of the reasons there are.
fn refused(code: &str, reasons: &[&'static str]) -> Judgement {
    if reasons.contains(&code) {
        Ok(())
    } else {
        Err(format!("refused with {code}; what stands against it: {reasons:?}"))
    }
}

fn refused_with(answer: &Answer, codes: &[&'static str]) -> Judgement {
    match answer {
        Answer::Refused(code) => refused(code, codes),
        answer => Err(format!("answered {answer:?} instead of {codes:?}")),
    }
}

fn done(answer: &Answer) -> Judgement {
    match answer {
        Answer::Done { .. } => Ok(()),
        answer => Err(format!("answered {answer:?}, but it can be done")),
    }
}

fn nothing(answer: &Answer) -> Judgement {
    match answer {
        Answer::Nothing => Ok(()),
        answer => Err(format!("answered {answer:?}, but there is nothing to do")),
    }
}
