//! The rules of everything but activating and checking: seats that are given back or taken, and conflicts that are decided.

use super::super::HOUR;
use super::{Answer, Judgement, Pool, Presented, Shown, State, done, nothing, refused_with};

impl Pool {
    pub(super) fn release(&mut self, id: &str, secret: Presented, answer: &Answer, now: i64) -> Judgement {
        let Some(at) = self.find(id) else { return refused_with(answer, &["instance_not_found"]) };
        match self.installations[at].show(secret, None, now) {
            Shown::Forged => return refused_with(answer, &["invalid_secret"]),
            Shown::Stale => return refused_with(answer, &["instance_stale"]),
            Shown::Good => {}
        }
        if self.installations[at].state == State::Active {
            self.give_back(at, now);
            self.installations[at].state = State::Released;
        }
        done(answer)
    }

    pub(super) fn deactivate(
        &mut self,
        by: Option<&(String, Presented)>,
        id: &str,
        answer: &Answer,
        now: i64,
    ) -> Judgement {
        if let Some((asker, secret)) = by {
            let Some(at) = self.find(asker) else { return refused_with(answer, &["instance_not_found"]) };
            match self.installations[at].show(*secret, None, now) {
                Shown::Forged => return refused_with(answer, &["invalid_secret"]),
                Shown::Stale => return refused_with(answer, &["instance_stale"]),
                Shown::Good => {}
            }
            match self.installations[at].state {
                State::Active => {}
                State::Released => return refused_with(answer, &["instance_released"]),
                State::Deactivated { .. } => return refused_with(answer, &["instance_deactivated"]),
                State::Blocked => return refused_with(answer, &["instance_blocked"]),
                State::Deleted => return refused_with(answer, &["instance_not_found"]),
            }
        }
        let Some(at) = self.find(id) else { return refused_with(answer, &["instance_not_found"]) };
        if self.installations[at].state != State::Active {
            return done(answer);
        }
        if by.is_none() {
            let hour = now.div_euclid(HOUR);
            let lately = self.freed_by_key.iter().filter(|freed| **freed > now - HOUR).count();
            let this_hour = self.freed_by_key.iter().filter(|freed| freed.div_euclid(HOUR) == hour).count();
            match answer {
                Answer::Refused("rate_limited") if lately >= 3 => return Ok(()),
                Answer::Done { .. } if this_hour < 3 => self.freed_by_key.push(now),
                answer => return Err(format!("answered {answer:?} to the bare key, the {lately}th time")),
            }
        }
        self.give_back(at, now);
        self.installations[at].state = State::Deactivated { since: now };
        done(answer)
    }

    pub(super) fn free_seat(&mut self, id: &str, answer: &Answer, now: i64) -> Judgement {
        let Some(at) = self.find(id) else { return nothing(answer) };
        if !self.installations[at].holds(now) {
            return nothing(answer);
        }
        if self.installations[at].state == State::Active {
            self.give_back(at, now);
            self.installations[at].state = State::Deactivated { since: now };
        }
        done(answer)
    }

    pub(super) fn block(&mut self, id: &str, answer: &Answer, now: i64) -> Judgement {
        let Some(at) = self.find(id) else { return nothing(answer) };
        if self.installations[at].state == State::Blocked {
            return nothing(answer);
        }
        if self.installations[at].state == State::Active {
            self.give_back(at, now);
        }
        self.installations[at].state = State::Blocked;
        done(answer)
    }

    pub(super) fn unblock(&mut self, id: &str, answer: &Answer) -> Judgement {
        let Some(at) = self.find(id) else { return nothing(answer) };
        if self.installations[at].state != State::Blocked {
            return nothing(answer);
        }
        self.installations[at].state = State::Active;
        done(answer)
    }

    pub(super) fn delete(&mut self, id: &str, answer: &Answer, now: i64) -> Judgement {
        let Some(at) = self.find(id) else { return nothing(answer) };
        if self.installations[at].state == State::Active {
            self.give_back(at, now);
        }
        self.installations[at].state = State::Deleted;
        done(answer)
    }

    pub(super) fn decide(&mut self, id: &str, keeps: bool, answer: &Answer, now: i64) -> Judgement {
        let Some(at) = self.find(id) else { return nothing(answer) };
        if !self.installations[at].in_conflict(now) {
            return nothing(answer);
        }
        self.installations[at].decide(keeps);
        done(answer)
    }

    // ── What is stored ──────────────────────────────────────────────────────────────────────────────
}
