//! Events that no webhook brought: Stripe lists what has happened, and what is not in the inbox is put there.
//!
//! What was listed is noted as a moment, not concluded from what arrived: after an outage the first webhook that comes
//! through says nothing about those that did not.

use super::inbox::store;
use super::{Commerce, CommerceError, Receipt, receive_event};
use crate::clock::{DAY_MS, HOUR_MS, SECOND_MS, UnixMs};
use crate::cx::Cx;

/// Stripe lists events for this long.
const EVENTS_KEPT_MS: i64 = 30 * DAY_MS;
/// How far a round looks back behind the moment up to which everything was listed: clocks differ, and Stripe may list an
/// event later than it happened.
const OVERLAP_MS: i64 = HOUR_MS;
/// A round that has seen so many events beyond those of the last one leaves the rest to the next.
const MOST: usize = 10_000;

/// Puts the events that never arrived into the inbox; answers how many.
pub(super) async fn fetch_missed_events(commerce: &Commerce, cx: &Cx) -> Result<u64, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let vendor_id = cx.vendor_id.clone();
    let listed_until =
        commerce.db.read(|tx| Box::pin(async move { store::find_listed_until(tx, &vendor_id).await })).await?;
    let mut round = Round::begin(listed_until, cx.now);
    let mut missed = 0;
    while let Some(stretch) = round.next {
        let listed = stripe.list_events_between(stretch.since, stretch.end(cx.now)).await?;
        let count = listed.events.len();
        for event in listed.events {
            let (cx, master) = (cx.clone(), commerce.master.clone());
            let receipt = commerce
                .db
                .write(move |tx| Box::pin(async move { receive_event(tx, &cx, &master, &event).await }))
                .await?;
            missed += u64::from(receipt == Receipt::Stored);
        }
        // Stripe lists the newest first, so of a stretch with too many the oldest are missing.
        if !listed.is_whole {
            if let Some(half) = stretch.first_half() {
                round.next = Some(half);
                continue;
            }
            tracing::warn!(vendor_id = %cx.vendor_id, "more events in a second than can be listed; some may be missing");
        }
        let tx_cx = cx.clone();
        commerce
            .db
            .write(move |tx| Box::pin(async move { store::set_listed_until(tx, &tx_cx, stretch.until).await }))
            .await?;
        round.go_on(stretch, count);
    }
    Ok(missed)
}

/// What is listed in a round. It begins before the end of the last one, and goes beyond that, however many events there are in
/// between: otherwise the rounds of a busy vendor would come to the same end for ever.
#[derive(Clone, Copy, Debug)]
struct Round {
    now: UnixMs,
    /// Where the last round ended.
    listed_until: Option<UnixMs>,
    /// Events since then.
    seen: usize,
    /// What is to be listed.
    next: Option<Stretch>,
}

impl Round {
    fn begin(listed_until: Option<UnixMs>, now: UnixMs) -> Self {
        Self { now, listed_until, seen: 0, next: Some(Stretch::begin(listed_until, now)) }
    }

    /// After a stretch that was listed whole, with so many events.
    fn go_on(&mut self, stretch: Stretch, events: usize) {
        let is_beyond = self.listed_until.is_none_or(|at| stretch.until > at);
        if is_beyond {
            self.seen += events;
        }
        self.next = stretch.next(self.now).filter(|_| self.seen < MOST);
    }
}

/// A stretch of time whose events are listed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stretch {
    since: UnixMs,
    until: UnixMs,
}

impl Stretch {
    /// All that was not listed yet.
    fn begin(listed_until: Option<UnixMs>, now: UnixMs) -> Self {
        let earliest = now.plus(-EVENTS_KEPT_MS);
        let since = listed_until.unwrap_or(earliest).min(now).plus(-OVERLAP_MS).max(earliest);
        Self { since, until: now }
    }

    /// Where the list ends; the one that reaches the present is left open.
    fn end(self, now: UnixMs) -> Option<UnixMs> {
        (self.until < now).then_some(self.until)
    }

    fn length_ms(self) -> i64 {
        self.until.0 - self.since.0
    }

    /// `None` where it is too short to be parted: Stripe counts in seconds.
    fn first_half(self) -> Option<Self> {
        let half_ms = self.length_ms() / 2;
        (half_ms >= SECOND_MS).then(|| Self { until: self.since.plus(half_ms), ..self })
    }

    /// What follows it, up to twice as long; `None` when it reached the present.
    fn next(self, now: UnixMs) -> Option<Self> {
        let until = self.until.plus(self.length_ms().saturating_mul(2)).min(now);
        (self.until < now).then_some(Self { since: self.until, until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixMs = UnixMs(1_795_255_200_000);

    #[test]
    fn what_was_not_listed_yet_is_listed_with_an_hour_before_it_as_far_as_stripe_keeps_it() {
        for (listed_until, back_ms) in [
            (None, EVENTS_KEPT_MS),
            (Some(NOW), HOUR_MS),
            (Some(NOW.plus(-5 * HOUR_MS)), 6 * HOUR_MS),
            (Some(NOW.plus(-90 * DAY_MS)), EVENTS_KEPT_MS),
            // The clock was set back.
            (Some(NOW.plus(DAY_MS)), HOUR_MS),
        ] {
            let stretch = Stretch::begin(listed_until, NOW);
            assert_eq!(stretch, Stretch { since: NOW.plus(-back_ms), until: NOW }, "{listed_until:?}");
            assert_eq!(stretch.end(NOW), None);
        }
    }

    /// Whatever a list can hold, the stretches that are listed whole follow one another without a gap, to the present.
    #[test]
    fn stretches_that_are_short_enough_cover_everything() {
        for can_list_ms in [2 * SECOND_MS, 10 * 60 * SECOND_MS, 3 * HOUR_MS, DAY_MS, 40 * DAY_MS] {
            let mut next = Some(Stretch::begin(Some(NOW.plus(-2 * DAY_MS)), NOW));
            let mut covered = NOW.plus(-2 * DAY_MS - OVERLAP_MS);
            while let Some(stretch) = next {
                if stretch.length_ms() > can_list_ms
                    && let Some(half) = stretch.first_half()
                {
                    next = Some(half);
                    continue;
                }
                assert_eq!(stretch.since, covered);
                covered = stretch.until;
                next = stretch.next(NOW);
            }
            assert_eq!(covered, NOW, "{can_list_ms}");
        }
    }

    /// One round after another, of a vendor of whom so many events are made in an hour, after an outage; a list holds 2 000.
    fn catches_up_within(an_hour: usize, mut rounds: u32) -> bool {
        let events = |stretch: Stretch| usize::try_from(stretch.length_ms() / SECOND_MS).unwrap_or(0) * an_hour / 3_600;
        let (mut now, mut listed_until) = (NOW, NOW.plus(-DAY_MS));
        while rounds > 0 {
            let before = listed_until;
            let mut round = Round::begin(Some(listed_until), now);
            while let Some(stretch) = round.next {
                if events(stretch) >= 2_000
                    && let Some(half) = stretch.first_half()
                {
                    round.next = Some(half);
                    continue;
                }
                listed_until = listed_until.max(stretch.until);
                round.go_on(stretch, events(stretch));
            }
            assert!(listed_until > before, "{an_hour} an hour");
            if listed_until == now {
                return true;
            }
            now = now.plus(10 * 60 * SECOND_MS);
            rounds -= 1;
        }
        false
    }

    #[test]
    fn each_round_ends_later_than_the_last_one_however_many_events_there_are() {
        for (an_hour, rounds) in [(100, 1), (2_000, 8), (4_000, 20), (12_000, 60), (30_000, 300)] {
            assert!(catches_up_within(an_hour, rounds), "{an_hour} an hour");
        }
    }

    #[test]
    fn a_dense_hour_before_the_end_of_the_last_round_keeps_none_from_going_on() {
        let listed_until = NOW.plus(-5 * HOUR_MS);
        let mut round = Round::begin(Some(listed_until), NOW);
        let hour = Stretch { since: listed_until.plus(-OVERLAP_MS), until: listed_until };
        round.go_on(hour, 5 * MOST);
        let beyond = round.next.expect("more is to be listed");
        assert_eq!((beyond.since, round.seen), (listed_until, 0));
        round.go_on(Stretch { until: listed_until.plus(HOUR_MS), ..beyond }, MOST);
        assert_eq!(round.next, None, "the rest is left to the next round");
        let second = Round::begin(Some(listed_until.plus(HOUR_MS)), NOW);
        assert_eq!(second.next.map(|it| it.since), Some(listed_until.plus(HOUR_MS - OVERLAP_MS)));
    }

    #[test]
    fn a_second_is_not_parted() {
        assert_eq!(Stretch { since: NOW, until: NOW.plus(SECOND_MS) }.first_half(), None);
        let two = Stretch { since: NOW, until: NOW.plus(2 * SECOND_MS) };
        assert_eq!(two.first_half(), Some(Stretch { since: NOW, until: NOW.plus(SECOND_MS) }));
    }
}
