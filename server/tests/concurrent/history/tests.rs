//! Histories that can have been, and histories that cannot.

use backend::cx::Entropy;

use self::told::told;
use super::*;

mod copies;
mod told;

/// What a node says or gets that has no copy: [`told`] fills it in.
const HONEST: Position = Position { epoch: 0, n: 0 };

const fn seen(call: Call, from: i64, to: i64, answer: Answer) -> Seen {
    Seen { call, from: from * SECOND, to: to * SECOND, answer: Some(answer) }
}

const fn unanswered(call: Call, from: i64, to: i64) -> Seen {
    Seen { call, from: from * SECOND, to: to * SECOND, answer: None }
}

const fn activate(node: Node) -> Call {
    activate_with(node, 0)
}

const fn activate_with(node: Node, nonce: u64) -> Call {
    Call::Activate { node, nonce, borrows: false, shows: None }
}

const fn borrow(node: Node) -> Call {
    Call::Activate { node, nonce: 0, borrows: true, shows: None }
}

const fn check(node: Node) -> Call {
    Call::Check { node, borrows: false, shows: HONEST, nonce: 0 }
}

const fn release(node: Node) -> Call {
    Call::Release { node, shows: HONEST }
}

/// As no other would do it: a node frees its own seat.
const fn deactivate(node: Node) -> Call {
    Call::Deactivate { by: node, shows: HONEST, node }
}

const fn lease(at: i64) -> Answer {
    lease_until(at, at + LEASE / SECOND)
}

const fn lease_until(at: i64, until: i64) -> Answer {
    Answer::Lease(Lease { at: at * SECOND, until: until * SECOND, borrowed: false, seats: 0, next: HONEST })
}

const fn borrowed(at: i64) -> Answer {
    let until = at * SECOND + BORROW;
    Answer::Lease(Lease { at: at * SECOND, until, borrowed: true, seats: 0, next: HONEST })
}

const fn freed(at: i64) -> Answer {
    Answer::Freed { at: at * SECOND }
}

use Answer::{
    Done, InstanceConflict, InstanceDeactivated, InstanceReleased, InstanceStale, LicenseRevoked, LicenseSuspended,
    Nothing, SeatsExhausted,
};
use Call::{Reinstate, Revoke, SetSeats, Suspend};

const ONE_SEAT: Terms = Terms { seats: 1, surge_seats: 0 };
const WITH_SURGE: Terms = Terms { seats: 1, surge_seats: 1 };
/// The moment, in seconds, when a seat is free whose lease was borrowed at 8.
const FREE_AT_LAST: i64 = 8 + (BORROW + MINUTE) / SECOND;
/// More than a day, in seconds.
const NEXT_DAY: i64 = 90_000;

#[test]
fn what_a_pool_of_one_seat_can_answer_is_explained() {
    for (what, history) in [
        ("nothing", vec![]),
        (
            "one after the other",
            vec![
                seen(activate(0), 0, 1, lease(0)),
                seen(activate(1), 2, 3, SeatsExhausted),
                seen(release(0), 4, 5, freed(4)),
                seen(activate(1), 6, 7, lease(6)),
                seen(check(0), 8, 9, InstanceReleased),
                seen(activate(0), 8, 9, SeatsExhausted),
            ],
        ),
        (
            "at once, in an order that their ends do not tell",
            vec![seen(activate(0), 0, 9, SeatsExhausted), seen(activate(1), 0, 10, lease(1))],
        ),
        (
            "a seat that ran out",
            vec![
                seen(activate(0), 0, 1, lease(0)),
                seen(activate(1), 130, 131, lease(130)),
                seen(check(0), 132, 133, SeatsExhausted),
            ],
        ),
        (
            "between one and two minutes after the lease both are right",
            vec![
                seen(activate(0), 0, 1, lease(0)),
                seen(activate(1), 150, 151, SeatsExhausted),
                seen(activate(1), 152, 153, lease(152)),
            ],
        ),
        (
            "an unanswered activation that happened",
            vec![
                unanswered(activate(0), 0, 5),
                seen(activate(1), 6, 7, SeatsExhausted),
                seen(activate(0), 8, 9, lease(8)),
            ],
        ),
        (
            "an unanswered activation that did not happen",
            vec![unanswered(activate(0), 0, 5), seen(activate(1), 6, 7, lease(6))],
        ),
        (
            "an unanswered release, noticed late",
            vec![
                seen(activate(0), 0, 1, lease(0)),
                unanswered(release(0), 2, 20),
                seen(activate(1), 3, 4, SeatsExhausted),
                seen(activate(1), 5, 6, lease(5)),
            ],
        ),
        (
            "fewer seats: an excess holder may be refused",
            vec![
                seen(SetSeats(2), 0, 1, Done),
                seen(activate(0), 2, 3, lease(2)),
                seen(activate(1), 4, 5, lease(4)),
                seen(SetSeats(1), 6, 7, Done),
                seen(check(1), 8, 9, SeatsExhausted),
                seen(check(0), 8, 9, lease(8)),
            ],
        ),
        (
            "suspended and reinstated",
            vec![
                seen(activate(0), 0, 1, lease(0)),
                seen(Suspend, 2, 4, Done),
                seen(check(0), 3, 5, lease(3)),
                seen(check(0), 6, 7, LicenseSuspended),
                seen(Reinstate, 8, 9, Done),
                seen(check(0), 10, 11, lease(10)),
            ],
        ),
        (
            "deactivated for ten minutes",
            vec![
                seen(activate(0), 0, 1, lease(0)),
                seen(deactivate(0), 2, 3, freed(2)),
                seen(check(0), 4, 5, InstanceDeactivated),
                seen(activate(0), 6, 7, InstanceDeactivated),
                seen(activate(0), 603, 604, lease(603)),
            ],
        ),
    ] {
        explain(ONE_SEAT, &told(ONE_SEAT, &history)).unwrap_or_else(|contradiction| panic!("{what}:\n{contradiction}"));
    }
}

#[test]
fn what_no_pool_of_one_seat_can_answer_is_found() {
    for (what, history) in [
        ("one seat for two", vec![seen(activate(0), 0, 1, lease(0)), seen(activate(1), 2, 3, lease(2))]),
        ("one seat for two at once", vec![seen(activate(0), 0, 10, lease(4)), seen(activate(1), 0, 10, lease(5))]),
        (
            "a seat given away too early after its lease",
            vec![seen(activate(0), 0, 1, lease(0)), seen(activate(1), 119, 120, lease(119))],
        ),
        ("refused although a seat is free", vec![seen(activate(0), 0, 1, SeatsExhausted)]),
        (
            "refused more than two minutes after a dead node's lease",
            vec![seen(activate(0), 0, 1, lease(0)), seen(activate(1), 181, 182, SeatsExhausted)],
        ),
        ("a holder refused", vec![seen(activate(0), 0, 1, lease(0)), seen(check(0), 2, 3, SeatsExhausted)]),
        (
            "an acknowledged release forgotten by a crash",
            vec![
                seen(activate(0), 0, 1, lease(0)),
                seen(release(0), 2, 3, freed(2)),
                seen(activate(1), 4, 5, SeatsExhausted),
            ],
        ),
        (
            "an acknowledged activation forgotten by a crash",
            vec![seen(activate(0), 0, 1, lease(0)), unanswered(check(0), 2, 3), seen(activate(1), 10, 11, lease(10))],
        ),
        (
            "an unanswered activation that happened and did not",
            vec![
                unanswered(activate(0), 0, 5),
                seen(activate(1), 6, 7, SeatsExhausted),
                seen(activate(1), 8, 9, lease(8)),
            ],
        ),
        (
            "a lease after the suspension was acknowledged",
            vec![seen(activate(0), 0, 1, lease(0)), seen(Suspend, 2, 3, Done), seen(check(0), 4, 5, lease(4))],
        ),
        (
            "a lease after fewer seats were acknowledged",
            vec![
                seen(SetSeats(2), 0, 1, Done),
                seen(activate(0), 2, 3, lease(2)),
                seen(SetSeats(1), 4, 5, Done),
                seen(activate(1), 6, 7, lease(6)),
            ],
        ),
        (
            "a released node checks",
            vec![seen(activate(0), 0, 1, lease(0)), seen(release(0), 2, 3, freed(2)), seen(check(0), 4, 5, lease(4))],
        ),
        (
            "a deactivated node comes back too early",
            vec![
                seen(activate(0), 0, 1, lease(0)),
                seen(deactivate(0), 2, 3, freed(2)),
                seen(activate(0), 601, 602, lease(601)),
            ],
        ),
    ] {
        assert!(explain(ONE_SEAT, &told(ONE_SEAT, &history)).is_err(), "{what}");
    }
}

/// A license's history that can have been, and others that are the same up to their last call.
fn one_end_is_right(terms: Terms, what: &str, before: &[Seen], right: &[Seen], wrong: &[Seen]) {
    let history = |last: &Seen| told(terms, &before.iter().chain([last]).copied().collect::<Vec<_>>());
    for last in right {
        explain(terms, &history(last)).unwrap_or_else(|contradiction| panic!("{what}:\n{contradiction}"));
    }
    for last in wrong {
        assert!(explain(terms, &history(last)).is_err(), "{what}, and then {last:?}");
    }
}

#[test]
fn a_borrowed_seat_is_free_at_once_when_it_comes_back_early_but_not_for_ever() {
    let once = [seen(borrow(0), 0, 1, borrowed(0))];
    one_end_is_right(
        ONE_SEAT,
        "it is held for as long as its lease",
        &once,
        &[seen(activate(1), 2, 3, SeatsExhausted), seen(check(0), 2, 3, lease(2)), seen(release(0), 2, 3, freed(2))],
        &[
            seen(activate(1), 200, 201, lease(200)),
            seen(check(0), 2, 3, borrowed(2)),
            seen(release(0), 2, 3, freed(1_260)),
        ],
    );
    let twice = [
        once[0],
        seen(release(0), 2, 3, freed(2)),
        seen(borrow(0), 4, 5, borrowed(4)),
        seen(release(0), 6, 7, freed(6)),
        seen(borrow(0), 8, 9, borrowed(8)),
    ];
    one_end_is_right(
        ONE_SEAT,
        "the third one of a day has to wait",
        &twice,
        &[seen(release(0), 10, 11, freed(FREE_AT_LAST)), seen(deactivate(0), 10, 11, freed(FREE_AT_LAST))],
        &[
            seen(release(0), 10, 11, freed(10)),
            seen(release(0), 10, 11, freed(FREE_AT_LAST - 1)),
            seen(release(0), 10, 11, freed(FREE_AT_LAST + 120)),
        ],
    );
    let waits = [twice.as_slice(), &[seen(release(0), 10, 11, freed(FREE_AT_LAST))]].concat();
    one_end_is_right(
        ONE_SEAT,
        "nobody has the seat of the third before",
        &waits,
        &[
            seen(activate(1), FREE_AT_LAST - 1, FREE_AT_LAST, SeatsExhausted),
            seen(activate(1), FREE_AT_LAST, FREE_AT_LAST + 1, lease(FREE_AT_LAST)),
            seen(activate(0), 12, 13, lease(12)),
        ],
        &[
            seen(activate(1), FREE_AT_LAST - 1, FREE_AT_LAST, lease(FREE_AT_LAST - 1)),
            seen(activate(1), FREE_AT_LAST, FREE_AT_LAST + 1, SeatsExhausted),
        ],
    );
    let next_day = [&twice[..4], &[seen(borrow(0), NEXT_DAY, NEXT_DAY + 1, borrowed(NEXT_DAY))]].concat();
    one_end_is_right(
        ONE_SEAT,
        "the next day is another day",
        &next_day,
        &[
            seen(release(0), NEXT_DAY + 2, NEXT_DAY + 3, freed(NEXT_DAY + 2)),
            // Nearly over, so it does not count.
            seen(release(0), NEXT_DAY + 400, NEXT_DAY + 401, freed(NEXT_DAY + 400)),
        ],
        &[seen(release(0), NEXT_DAY + 2, NEXT_DAY + 3, freed(NEXT_DAY + 1_260))],
    );
}

#[test]
fn a_surge_opens_for_whoever_comes_too_many_ends_with_its_leases_and_waits_for_the_next_day() {
    let opened = [seen(activate(0), 0, 1, lease(0)), seen(activate(1), 1, 2, lease(1))];
    one_end_is_right(
        WITH_SURGE,
        "it has one seat",
        &opened,
        &[seen(activate(2), 3, 4, SeatsExhausted), seen(check(1), 3, 4, lease(3))],
        &[seen(activate(2), 3, 4, lease(3)), seen(check(1), 3, 4, SeatsExhausted)],
    );
    let free = [opened[0], opened[1], seen(release(0), 3, 4, freed(3))];
    one_end_is_right(
        WITH_SURGE,
        "a seat that is free is for the one who waits, and a newcomer gets what it leaves",
        &free,
        &[seen(check(1), 5, 6, lease(5)), seen(activate(2), 5, 6, lease(5))],
        &[seen(check(1), 5, 6, SeatsExhausted), seen(activate(2), 5, 6, SeatsExhausted)],
    );
    // Both go on, before their leases end, until shortly before its end at 301.
    let mut late = opened.to_vec();
    for at in [50, 100, 150, 200] {
        late.push(seen(check(0), at, at + 1, lease(at)));
        late.push(seen(check(1), at, at + 1, lease(at)));
    }
    late.extend([seen(check(0), 250, 251, lease(250)), seen(check(1), 250, 251, lease_until(250, 301))]);
    one_end_is_right(
        WITH_SURGE,
        "its leases end with it",
        &late,
        &[seen(check(1), 280, 281, lease_until(280, 301)), seen(check(1), 301, 302, SeatsExhausted)],
        &[
            seen(check(1), 280, 281, lease(280)),
            seen(check(1), 280, 281, SeatsExhausted),
            seen(check(1), 301, 302, lease(301)),
            seen(check(0), 301, 302, SeatsExhausted),
        ],
    );
    for (day, may_open) in [(600, false), (NEXT_DAY, true)] {
        let over = [opened[0], opened[1], seen(activate(0), day, day + 1, lease(day))];
        let again = [seen(activate(1), day + 2, day + 3, lease(day + 2))];
        let full = [seen(activate(1), day + 2, day + 3, SeatsExhausted)];
        let (right, wrong) = if may_open { (again, full) } else { (full, again) };
        one_end_is_right(WITH_SURGE, "it opens once a day", &over, &right, &wrong);
    }
}

#[test]
fn where_seats_are_reduced_the_oldest_holders_stay() {
    let reduced = [
        seen(SetSeats(2), 0, 1, Done),
        seen(activate(0), 2, 3, lease(2)),
        seen(activate(1), 4, 5, lease(4)),
        seen(check(0), 6, 7, lease(6)),
        seen(SetSeats(1), 8, 9, Done),
    ];
    one_end_is_right(
        ONE_SEAT,
        "the one that was granted last goes",
        &reduced,
        &[seen(check(0), 10, 11, lease(10)), seen(check(1), 10, 11, SeatsExhausted)],
        &[seen(check(0), 10, 11, SeatsExhausted), seen(check(1), 10, 11, lease(10))],
    );
    // At the same time, for all that is known: either may be the older one.
    let at_once = [
        seen(SetSeats(2), 0, 1, Done),
        unanswered(activate(0), 2, 4),
        unanswered(activate(1), 2, 4),
        seen(SetSeats(1), 5, 6, Done),
    ];
    one_end_is_right(
        ONE_SEAT,
        "nobody knows who was granted last",
        &at_once,
        &[seen(check(0), 7, 8, lease(7)), seen(check(0), 7, 8, SeatsExhausted)],
        &[seen(check(0), 7, 8, InstanceReleased)],
    );
}

/// What three nodes see of one seat, one thing after the other, though calls overlap; some answers are lost.
fn one_after_the_other(entropy: &Entropy) -> Vec<Seen> {
    let (mut holder, mut known) = (None, BTreeSet::new());
    let bytes: [u8; 24] = entropy.bytes();
    let turn = |(turn, chunk): (usize, &[u8])| {
        let node = usize::from(chunk[0] % 3);
        let at = 10 + 2 * turn as i64;
        let (from, to) = (at - i64::from(chunk[1] % 5), at + 1 + i64::from(chunk[2] % 5));
        let (call, answer) = match chunk[3] % 4 {
            1 if holder == Some(node) => (check(node), lease(at)),
            1 if known.contains(&node) => (check(node), InstanceReleased),
            2 if holder == Some(node) => {
                holder = None;
                (release(node), freed(at))
            }
            _ if holder.is_none_or(|holder| holder == node) => {
                holder = Some(node);
                known.insert(node);
                (activate_with(node, turn as u64), lease(at))
            }
            _ => (activate_with(node, turn as u64), SeatsExhausted),
        };
        seen(call, from, to, answer)
    };
    let history: Vec<Seen> = bytes.chunks_exact(6).enumerate().map(turn).collect();
    let mut history = told(ONE_SEAT, &history);
    for (seen, chunk) in history.iter_mut().zip(bytes.chunks_exact(6)) {
        seen.answer = seen.answer.filter(|_| chunk[4] % 8 != 0);
    }
    history
}

/// The search agrees with trying all orders.
#[test]
fn small_random_histories_are_judged_as_by_trying_all_orders() {
    let entropy = Entropy::seeded(7);
    let mut wrong = 0;
    for _ in 0..4_000 {
        let mut history = one_after_the_other(&entropy);
        explain(ONE_SEAT, &history).unwrap_or_else(|contradiction| panic!("{contradiction}"));
        // And with another answer, which can have been given or not.
        let [which, what, epoch, n] = entropy.bytes();
        let which = usize::from(which) % history.len();
        let next = Position { epoch: 1 + i64::from(epoch % 2), n: 1 + i64::from(n % 2) };
        let (at, until) = (history[which].from, history[which].from + LEASE);
        let another = Answer::Lease(Lease { at, until, borrowed: false, seats: 1, next });
        let answers = [another, another, SeatsExhausted, InstanceReleased, InstanceStale];
        history[which].answer = Some(answers[usize::from(what) % answers.len()]);
        let expected = some_order(&Pool::new(ONE_SEAT, false), 0, &mut (0..history.len()).collect(), &history);
        assert_eq!(explain(ONE_SEAT, &history).is_ok(), expected, "{history:#?}");
        wrong += usize::from(!expected);
    }
    assert!((400..3_990).contains(&wrong), "{wrong} of 4000 were wrong");
}

/// Whether the rest can happen one after the other, none of it before `now`; what was not answered may also never
/// happen.
fn some_order(pool: &Pool, now: i64, rest: &mut Vec<usize>, history: &[Seen]) -> bool {
    if rest.iter().all(|number| history[*number].answer.is_none()) {
        return true;
    }
    (0..rest.len()).any(|at| {
        let number = rest[at];
        let seen = history[number];
        if seen.to < now {
            return false;
        }
        rest.remove(at);
        let found = pool.after(&seen).iter().any(|after| some_order(after, now.max(seen.from), rest, history));
        rest.insert(at, number);
        found
    })
}
