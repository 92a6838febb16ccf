//! Who may hold a seat: pure decisions over everybody who holds one.
//!
//! A seat belongs to an instance, on `user` plans to a user with all devices. Seats of an open surge come after the
//! license's own: whoever holds one moves into a free one at its next check, the longest holder first.

use std::collections::BTreeMap;

use super::surge::Surge;
use crate::catalog::LicenseType;
use crate::clock::UnixMs;
use crate::db::JsonText;

/// An instance whose seat is held at the moment in question.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Holding {
    /// Its identity's id: the user on `user` plans.
    pub identity: String,
    /// Its own id.
    pub id: String,
    /// Since when it holds the seat without a gap.
    pub held_since: UnixMs,
    /// Whether the seat is one of a surge.
    pub surge: bool,
    /// What it reports of the license's limits.
    pub levels: JsonText<BTreeMap<String, i64>>,
}

/// Whose seat is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// Its identity's id.
    pub identity: &'a str,
    /// The instance; `None` for one that does not exist yet.
    pub id: Option<&'a str>,
}

/// What somebody holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// One of the license's seats.
    Own,
    /// One of a surge.
    Surge,
}

/// How a license's seats stand from one candidate's point of view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Seats of the license.
    pub allowed: i64,
    /// What the candidate holds.
    pub held: Option<Seat>,
    /// The license's seats that others hold.
    pub others: i64,
    /// How many of those others have held theirs for longer.
    pub older: i64,
    /// Seats of a surge that others hold.
    pub surge_others: i64,
    /// How many of those others have held theirs for longer.
    pub surge_older: i64,
}

impl Seats {
    /// Counts the seats of a license of this type among everybody who holds one.
    #[must_use]
    pub fn count(license_type: LicenseType, allowed: i64, candidate: Candidate<'_>, holdings: &[Holding]) -> Self {
        let by_user = license_type == LicenseType::User;
        // One entry per seat: the devices of a user share one, held since the first of them, and it is one of a
        // surge only while all of them are.
        let mut taken: BTreeMap<&str, (UnixMs, &str, bool)> = BTreeMap::new();
        for holding in holdings {
            let seat = if by_user { &holding.identity } else { &holding.id };
            let entry = taken.entry(seat).or_insert((holding.held_since, &holding.id, true));
            *entry = if (holding.held_since, holding.id.as_str()) < (entry.0, entry.1) {
                (holding.held_since, &holding.id, entry.2 && holding.surge)
            } else {
                (entry.0, entry.1, entry.2 && holding.surge)
            };
        }
        let mine = if by_user { Some(candidate.identity) } else { candidate.id };
        let mine = mine.and_then(|seat| taken.remove(seat));
        let mut seats = Self {
            allowed,
            held: mine.map(|(_, _, surge)| if surge { Seat::Surge } else { Seat::Own }),
            others: 0,
            older: 0,
            surge_others: 0,
            surge_older: 0,
        };
        for (since, id, surge) in taken.into_values() {
            let older = mine.is_none_or(|(my_since, my_id, _)| (since, id) < (my_since, my_id));
            let (all, before_me) = if surge {
                (&mut seats.surge_others, &mut seats.surge_older)
            } else {
                (&mut seats.others, &mut seats.older)
            };
            *all += 1;
            *before_me += i64::from(older);
        }
        seats
    }
}

/// What makes a seat be looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// An activation, which may open a surge.
    Activation,
    /// A check, which may not.
    Check,
}

/// The seat that is granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One of the license's.
    Own,
    /// One of a surge that ends at this moment, and every lease with it.
    Surge {
        /// The end.
        closes_at: UnixMs,
        /// Whether this grant opens it.
        opens: bool,
    },
}

/// The seat that the candidate may hold at `now`, if any.
///
/// A holder keeps its seat if that is among the `allowed` oldest: where seats were reduced below what is held, the
/// most recently granted holders are the ones refused. Others take what is free, and those who wait on a surge's
/// seat come before newcomers.
#[must_use]
pub fn find_place(seats: &Seats, surge: Surge, occasion: Occasion, now: UnixMs) -> Option<Place> {
    let is_open = |ahead: i64| {
        let closes_at = surge.closes_at(now)?;
        (ahead < seats.allowed.saturating_add(surge.seats)).then_some(Place::Surge { closes_at, opens: false })
    };
    match seats.held {
        Some(Seat::Own) => (seats.older < seats.allowed).then_some(Place::Own),
        Some(Seat::Surge) if seats.others + seats.surge_older < seats.allowed => Some(Place::Own),
        Some(Seat::Surge) => is_open(seats.others + seats.surge_older),
        None => {
            let held = seats.others + seats.surge_others;
            if held < seats.allowed {
                return Some(Place::Own);
            }
            is_open(held).or_else(|| {
                let closes_at = surge.opens_until(now).filter(|_| occasion == Occasion::Activation)?;
                (held < seats.allowed.saturating_add(surge.seats)).then_some(Place::Surge { closes_at, opens: true })
            })
        }
    }
}

/// Whether a user may be active on this device too: on one that is among the `allowed` oldest, else on a further
/// one while fewer are in use. `None` allows any number.
#[must_use]
pub fn may_use_device(allowed: Option<i64>, candidate: Candidate<'_>, holdings: &[Holding]) -> bool {
    let Some(allowed) = allowed else { return true };
    let devices: Vec<&Holding> = holdings.iter().filter(|it| it.identity == candidate.identity).collect();
    let mine = devices.iter().find(|device| Some(device.id.as_str()) == candidate.id);
    let ahead = devices.iter().filter(|device| match mine {
        Some(mine) => (device.held_since, &device.id) < (mine.held_since, &mine.id),
        None => true,
    });
    i64::try_from(ahead.count()).is_ok_and(|ahead| ahead < allowed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::MINUTE_MS;

    const NOW: UnixMs = UnixMs(1_000 * MINUTE_MS);
    const NO_SURGE: Surge = Surge { seats: 0, minutes: 0, opened_at: None };

    fn surge(opened_minutes_ago: Option<i64>) -> Surge {
        Surge { seats: 1, minutes: 60, opened_at: opened_minutes_ago.map(|ago| NOW.plus(-ago * MINUTE_MS)) }
    }

    fn seats(allowed: i64, held: Option<Seat>, others: (i64, i64), surge: (i64, i64)) -> Seats {
        Seats { allowed, held, others: others.0, older: others.1, surge_others: surge.0, surge_older: surge.1 }
    }

    #[test]
    fn a_holder_keeps_its_seat_and_others_take_only_free_ones() {
        for (allowed, held, others, expected) in [
            (1, None, (0, 0), true),
            (1, None, (1, 1), false),
            (1, Some(Seat::Own), (5, 0), true),  // reduced from six: the oldest stays
            (1, Some(Seat::Own), (5, 1), false), // and the next goes
            (0, Some(Seat::Own), (0, 0), false),
            (3, None, (2, 2), true),
            (3, Some(Seat::Own), (2, 2), true),
        ] {
            let seats = seats(allowed, held, others, (0, 0));
            let place = find_place(&seats, NO_SURGE, Occasion::Activation, NOW);
            assert_eq!(place, expected.then_some(Place::Own), "{seats:?}");
        }
    }

    #[test]
    fn a_surge_opens_by_an_activation_takes_in_what_fits_and_empties_oldest_first() {
        let open = Place::Surge { closes_at: NOW.plus(50 * MINUTE_MS), opens: false };
        let opens = Place::Surge { closes_at: NOW.plus(60 * MINUTE_MS), opens: true };
        let (a, c) = (Occasion::Activation, Occasion::Check);
        let fresh = surge(None);
        let running = surge(Some(10));
        let over = surge(Some(60));
        let again = surge(Some(24 * 60));
        let held = Some(Seat::Surge);
        for (seats, surge, occasion, expected) in [
            (seats(2, None, (2, 2), (0, 0)), fresh, a, Some(opens)),
            (seats(2, None, (2, 2), (0, 0)), fresh, c, None),
            (seats(2, None, (2, 2), (0, 0)), running, c, Some(open)),
            (seats(2, None, (2, 2), (0, 0)), over, a, None),
            (seats(2, None, (2, 2), (0, 0)), again, a, Some(opens)),
            (seats(2, None, (2, 2), (1, 1)), running, a, None), // the surge is full
            (seats(2, None, (1, 1), (1, 1)), running, a, Some(open)), // the free seat is for the one who waits
            (seats(2, None, (1, 1), (1, 1)), over, a, None),
            (seats(2, held, (2, 2), (0, 0)), running, c, Some(open)),
            (seats(2, held, (2, 2), (0, 0)), over, c, None),
            (seats(2, held, (1, 1), (0, 0)), over, c, Some(Place::Own)),
            (seats(2, held, (1, 1), (1, 1)), running, c, Some(open)), // an older one waits
            (seats(2, held, (3, 3), (0, 0)), running, c, None),       // seats were reduced
        ] {
            assert_eq!(find_place(&seats, surge, occasion, NOW), expected, "{seats:?} {surge:?} {occasion:?}");
        }
    }

    fn holding(identity: &str, id: &str, held_since: i64, surge: bool) -> Holding {
        let levels = JsonText::default();
        Holding { identity: identity.to_owned(), id: id.to_owned(), held_since: UnixMs(held_since), surge, levels }
    }

    #[test]
    fn the_devices_of_a_user_share_one_seat() {
        let holdings = [holding("ada", "1", 5, false), holding("ada", "2", 1, true), holding("bob", "3", 3, true)];
        let count = |identity, id| Seats::count(LicenseType::User, 2, Candidate { identity, id }, &holdings);
        assert_eq!(count("ada", None), seats(2, Some(Seat::Own), (0, 0), (1, 0)));
        assert_eq!(count("bob", Some("3")), seats(2, Some(Seat::Surge), (1, 1), (0, 0)));
        assert_eq!(count("cyd", None), seats(2, None, (1, 1), (1, 1)));
        let by_instance = |id| Seats::count(LicenseType::Floating, 2, Candidate { identity: "ada", id }, &holdings);
        assert_eq!(by_instance(None), seats(2, None, (1, 1), (2, 2)));
        assert_eq!(by_instance(Some("2")), seats(2, Some(Seat::Surge), (1, 0), (1, 0)));
    }

    #[test]
    fn a_user_is_active_on_so_many_devices_and_the_oldest_stay() {
        let holdings = [holding("ada", "1", 1, false), holding("ada", "2", 2, false), holding("bob", "3", 3, false)];
        for (allowed, identity, id, expected) in [
            (None, "ada", None, true),
            (Some(3), "ada", None, true),
            (Some(2), "ada", None, false),
            (Some(2), "ada", Some("2"), true),
            (Some(2), "ada", Some("4"), false), // known, and not active now
            (Some(1), "ada", Some("1"), true),
            (Some(1), "ada", Some("2"), false), // fewer devices than before
            (Some(2), "bob", None, true),
            (Some(1), "cyd", None, true),
        ] {
            let candidate = Candidate { identity, id };
            assert_eq!(may_use_device(allowed, candidate, &holdings), expected, "{allowed:?} {candidate:?}");
        }
    }

    /// A pool of seats in which nothing happens but what `find_place` grants.
    #[derive(Debug, Default)]
    struct Pool {
        holdings: Vec<Holding>,
        surge: Surge,
        now_ms: i64,
    }

    proptest! {
        #[test]
        fn whatever_happens_no_grant_keeps_more_seats_held_than_allowed(
            allowed in 0_i64..4,
            acts in prop::collection::vec((0_u8..4, 0_usize..8, 0_i64..40), 1..200),
        ) {
            let mut pool = Pool { surge: Surge { seats: 2, minutes: 60, opened_at: None }, ..Pool::default() };
            for (act, who, minutes) in acts {
                pool.now_ms += minutes * MINUTE_MS;
                let (now, id) = (UnixMs(pool.now_ms), format!("i{who}"));
                // What a surge granted ends with it.
                if pool.surge.closes_at(now).is_none() { pool.holdings.retain(|it| !it.surge); }
                if act == 3 {
                    pool.holdings.retain(|it| it.id != id);
                    continue;
                }
                let occasion = if act == 0 { Occasion::Activation } else { Occasion::Check };
                let candidate = Candidate { identity: &id, id: Some(&id) };
                let seats = Seats::count(LicenseType::Floating, allowed, candidate, &pool.holdings);
                let Some(place) = find_place(&seats, pool.surge, occasion, now) else { continue };
                if let Place::Surge { opens: true, .. } = place { pool.surge.opened_at = Some(now); }
                let surge = place != Place::Own;
                match pool.holdings.iter_mut().find(|it| it.id == id) {
                    Some(mine) => mine.surge = surge,
                    None => pool.holdings.push(holding(&id, &id, now.0, surge)),
                }
                let own = pool.holdings.iter().filter(|it| !it.surge).count() as i64;
                let open = if pool.surge.closes_at(now).is_some() { pool.surge.seats } else { 0 };
                prop_assert!(own <= allowed, "{pool:?}");
                prop_assert!(pool.holdings.len() as i64 <= allowed + open, "{pool:?}");
            }
        }
    }
}
