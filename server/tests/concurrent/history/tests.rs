//! Histories that can have been, and histories that cannot.

use super::*;

const fn seen(call: Call, from: i64, to: i64, answer: Answer) -> Seen {
    Seen { call, from: from * SECOND, to: to * SECOND, answer: Some(answer) }
}

const fn unanswered(call: Call, from: i64, to: i64) -> Seen {
    Seen { call, from: from * SECOND, to: to * SECOND, answer: None }
}

const fn lease(at: i64) -> Answer {
    Answer::Lease { at: at * SECOND }
}

use Answer::{Done, InstanceDeactivated, InstanceReleased, LicenseSuspended, SeatsExhausted};
use Call::{Activate, Check, Deactivate, Reinstate, Release, SetSeats, Suspend};

#[test]
fn what_a_pool_of_one_seat_can_answer_is_explained() {
    for (what, history) in [
        ("nothing", vec![]),
        (
            "one after the other",
            vec![
                seen(Activate(0), 0, 1, lease(0)),
                seen(Activate(1), 2, 3, SeatsExhausted),
                seen(Release(0), 4, 5, Done),
                seen(Activate(1), 6, 7, lease(6)),
                seen(Check(0), 8, 9, InstanceReleased),
                seen(Activate(0), 8, 9, SeatsExhausted),
            ],
        ),
        (
            "at once, in an order that their ends do not tell",
            vec![seen(Activate(0), 0, 9, SeatsExhausted), seen(Activate(1), 0, 10, lease(1))],
        ),
        (
            "a seat that ran out",
            vec![
                seen(Activate(0), 0, 1, lease(0)),
                seen(Activate(1), 130, 131, lease(130)),
                seen(Check(0), 132, 133, SeatsExhausted),
            ],
        ),
        (
            "between one and two minutes after the lease both are right",
            vec![
                seen(Activate(0), 0, 1, lease(0)),
                seen(Activate(1), 150, 151, SeatsExhausted),
                seen(Activate(1), 152, 153, lease(152)),
            ],
        ),
        (
            "an unanswered activation that happened",
            vec![
                unanswered(Activate(0), 0, 5),
                seen(Activate(1), 6, 7, SeatsExhausted),
                seen(Activate(0), 8, 9, lease(8)),
            ],
        ),
        (
            "an unanswered activation that did not happen",
            vec![unanswered(Activate(0), 0, 5), seen(Activate(1), 6, 7, lease(6))],
        ),
        (
            "an unanswered release, noticed late",
            vec![
                seen(Activate(0), 0, 1, lease(0)),
                unanswered(Release(0), 2, 20),
                seen(Activate(1), 3, 4, SeatsExhausted),
                seen(Activate(1), 5, 6, lease(5)),
            ],
        ),
        (
            "fewer seats: an excess holder may be refused",
            vec![
                seen(SetSeats(2), 0, 1, Done),
                seen(Activate(0), 2, 3, lease(2)),
                seen(Activate(1), 4, 5, lease(4)),
                seen(SetSeats(1), 6, 7, Done),
                seen(Check(1), 8, 9, SeatsExhausted),
                seen(Check(0), 8, 9, lease(8)),
            ],
        ),
        (
            "suspended and reinstated",
            vec![
                seen(Activate(0), 0, 1, lease(0)),
                seen(Suspend, 2, 4, Done),
                seen(Check(0), 3, 5, lease(3)),
                seen(Check(0), 6, 7, LicenseSuspended),
                seen(Reinstate, 8, 9, Done),
                seen(Check(0), 10, 11, lease(10)),
            ],
        ),
        (
            "deactivated for ten minutes",
            vec![
                seen(Activate(0), 0, 1, lease(0)),
                seen(Deactivate(0), 2, 3, Done),
                seen(Check(0), 4, 5, InstanceDeactivated),
                seen(Activate(0), 6, 7, InstanceDeactivated),
                seen(Activate(0), 603, 604, lease(603)),
            ],
        ),
    ] {
        explain(1, &history).unwrap_or_else(|contradiction| panic!("{what}:\n{contradiction}"));
    }
}

#[test]
fn what_no_pool_of_one_seat_can_answer_is_found() {
    for (what, history) in [
        ("one seat for two", vec![seen(Activate(0), 0, 1, lease(0)), seen(Activate(1), 2, 3, lease(2))]),
        ("one seat for two at once", vec![seen(Activate(0), 0, 10, lease(4)), seen(Activate(1), 0, 10, lease(5))]),
        (
            "a seat given away too early after its lease",
            vec![seen(Activate(0), 0, 1, lease(0)), seen(Activate(1), 119, 120, lease(119))],
        ),
        ("refused although a seat is free", vec![seen(Activate(0), 0, 1, SeatsExhausted)]),
        (
            "refused more than two minutes after a dead node's lease",
            vec![seen(Activate(0), 0, 1, lease(0)), seen(Activate(1), 181, 182, SeatsExhausted)],
        ),
        ("a holder refused", vec![seen(Activate(0), 0, 1, lease(0)), seen(Check(0), 2, 3, SeatsExhausted)]),
        (
            "an acknowledged release forgotten by a crash",
            vec![
                seen(Activate(0), 0, 1, lease(0)),
                seen(Release(0), 2, 3, Done),
                seen(Activate(1), 4, 5, SeatsExhausted),
            ],
        ),
        (
            "an acknowledged activation forgotten by a crash",
            vec![seen(Activate(0), 0, 1, lease(0)), unanswered(Check(0), 2, 3), seen(Activate(1), 10, 11, lease(10))],
        ),
        (
            "an unanswered activation that happened and did not",
            vec![
                unanswered(Activate(0), 0, 5),
                seen(Activate(1), 6, 7, SeatsExhausted),
                seen(Activate(1), 8, 9, lease(8)),
            ],
        ),
        (
            "a lease after the suspension was acknowledged",
            vec![seen(Activate(0), 0, 1, lease(0)), seen(Suspend, 2, 3, Done), seen(Check(0), 4, 5, lease(4))],
        ),
        (
            "a lease after fewer seats were acknowledged",
            vec![
                seen(SetSeats(2), 0, 1, Done),
                seen(Activate(0), 2, 3, lease(2)),
                seen(SetSeats(1), 4, 5, Done),
                seen(Activate(1), 6, 7, lease(6)),
            ],
        ),
        (
            "a released node checks",
            vec![seen(Activate(0), 0, 1, lease(0)), seen(Release(0), 2, 3, Done), seen(Check(0), 4, 5, lease(4))],
        ),
        (
            "a deactivated node comes back too early",
            vec![
                seen(Activate(0), 0, 1, lease(0)),
                seen(Deactivate(0), 2, 3, Done),
                seen(Activate(0), 601, 602, lease(601)),
            ],
        ),
    ] {
        assert!(explain(1, &history).is_err(), "{what}");
    }
}

/// The search agrees with trying all orders.
#[test]
fn small_random_histories_are_judged_as_by_trying_all_orders() {
    let entropy = backend::cx::Entropy::seeded(7);
    let mut wrong = 0;
    for _ in 0..4_000 {
        let bytes: [u8; 24] = entropy.bytes();
        let history: Vec<Seen> = bytes
            .chunks_exact(6)
            .map(|chunk| {
                let node = usize::from(chunk[0] % 3);
                let from = i64::from(chunk[1] % 12);
                let to = from + 1 + i64::from(chunk[2] % 5);
                let at = from + i64::from(chunk[3]) % (to - from);
                let answers = [lease(at), lease(at), SeatsExhausted, InstanceReleased];
                let (call, answer) = match chunk[4] % 5 {
                    0 | 1 => (Activate(node), answers[usize::from(chunk[5] % 3)]),
                    2 | 3 => (Check(node), answers[usize::from(chunk[5] % 4)]),
                    _ => (Release(node), Done),
                };
                let answer = (chunk[5] % 11 != 0).then_some(answer);
                Seen { call, from: from * SECOND, to: to * SECOND, answer }
            })
            .collect();
        let expected = some_order(&start(), 0, &mut (0..history.len()).collect(), &history);
        assert_eq!(explain(1, &history).is_ok(), expected, "{history:#?}");
        wrong += usize::from(!expected);
    }
    assert!((400..3_600).contains(&wrong), "{wrong} of 4000 were wrong");
}

fn start() -> Pool {
    Pool { seats: 1, suspended: false, held: BTreeMap::new(), nodes: BTreeMap::new() }
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
        let Some(after) = pool.after(&seen).filter(|_| seen.to >= now) else { return false };
        rest.remove(at);
        let found = some_order(&after, now.max(seen.from), rest, history);
        rest.insert(at, number);
        found
    })
}
