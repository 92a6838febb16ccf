//! What the judge says about copies of a data file: which secrets are stale, what is a fork, when there is a conflict,
//! and whom it lets in.

use super::*;

const fn place(epoch: i64, n: i64) -> Position {
    Position { epoch, n }
}

/// The first node shows this secret, with this nonce.
const fn show(shows: Position, nonce: u64) -> Call {
    Call::Check { node: 0, borrows: false, shows, nonce }
}

/// The first node activates, and shows an old secret.
const fn come_back(nonce: u64, shows: Position) -> Call {
    Call::Activate { node: 0, nonce, borrows: false, shows: Some(shows) }
}

const fn decide(keeps: bool) -> Call {
    Call::Decide { node: 0, keeps }
}

/// A lease, and with it this secret.
const fn lease_with(at: i64, next: Position) -> Answer {
    let until = at * SECOND + LEASE;
    Answer::Lease(Lease { at: at * SECOND, until, borrowed: false, seats: 1, next })
}

/// Epochs 1 to 3 have each been superseded, and a copy has shown the secrets of the first two since.
fn two_contests() -> Vec<Seen> {
    let mut history = vec![seen(activate_with(0, 1), 0, 1, lease(0)), seen(activate_with(0, 2), 2, 3, lease(2))];
    for (epoch, nonce, at) in [(1, 3, 10), (2, 4, 20)] {
        history.push(seen(show(place(epoch, 1), 7), at, at + 1, InstanceStale));
        history.push(seen(activate_with(0, nonce), at + 2, at + 3, lease(at + 2)));
    }
    history
}

/// The same, and the third one that makes it a conflict.
fn a_conflict() -> Vec<Seen> {
    let mut history = two_contests();
    history.push(seen(show(place(3, 1), 7), 30, 31, InstanceStale));
    history
}

#[test]
fn a_copy_of_the_data_file_is_stale_and_the_third_one_of_a_day_is_a_conflict() {
    one_end_is_right(
        ONE_SEAT,
        "what is superseded is never good again, and two are no conflict",
        &two_contests(),
        &[
            seen(show(place(3, 1), 7), 30, 31, InstanceStale),
            seen(activate_with(0, 5), 30, 31, lease(30)),
            seen(decide(false), 30, 31, Nothing),
        ],
        &[
            seen(show(place(3, 1), 7), 30, 31, lease_with(30, place(3, 2))),
            seen(show(place(3, 1), 7), 30, 31, lease_with(30, place(4, 1))),
            seen(activate_with(0, 5), 30, 31, InstanceConflict),
            seen(decide(false), 30, 31, Done),
        ],
    );
    one_end_is_right(
        ONE_SEAT,
        "the epoch in force goes on, a retry is answered as before, and all others wait for a day",
        &a_conflict(),
        &[
            seen(activate_with(0, 5), 32, 33, InstanceConflict),
            seen(activate_with(0, 4), 32, 33, lease(32)),
            seen(check(0), 32, 33, lease(32)),
            seen(activate_with(0, 5), NEXT_DAY, NEXT_DAY + 1, lease(NEXT_DAY)),
            seen(decide(false), NEXT_DAY, NEXT_DAY + 1, Nothing),
        ],
        &[
            seen(activate_with(0, 5), 32, 33, lease(32)),
            seen(activate_with(0, 4), 32, 33, lease_with(32, place(5, 1))),
            seen(check(0), 32, 33, InstanceConflict),
            seen(activate_with(0, 5), NEXT_DAY, NEXT_DAY + 1, InstanceConflict),
            seen(decide(false), 32, 33, Nothing),
        ],
    );
    let maybe = [two_contests(), vec![unanswered(show(place(3, 1), 7), 30, 31)]].concat();
    one_end_is_right(
        ONE_SEAT,
        "nobody knows whether the third one arrived",
        &maybe,
        &[seen(activate_with(0, 5), 32, 33, InstanceConflict), seen(activate_with(0, 5), 32, 33, lease(32))],
        &[],
    );
    let twice = [two_contests(), vec![seen(show(place(2, 1), 7), 30, 31, InstanceStale)]].concat();
    one_end_is_right(
        ONE_SEAT,
        "what was contested once is not contested again",
        &twice,
        &[seen(activate_with(0, 5), 32, 33, lease(32))],
        &[seen(activate_with(0, 5), 32, 33, InstanceConflict)],
    );
}

#[test]
fn a_conflict_lets_in_once_who_was_there_before_and_whom_the_owner_says() {
    one_end_is_right(
        ONE_SEAT,
        "only a secret from before it began helps",
        &a_conflict(),
        &[
            seen(come_back(5, place(1, 1)), 32, 33, lease(32)),
            seen(come_back(5, place(2, 1)), 32, 33, InstanceConflict),
        ],
        &[
            seen(come_back(5, place(1, 1)), 32, 33, InstanceConflict),
            seen(come_back(5, place(2, 1)), 32, 33, lease(32)),
        ],
    );
    let came_back = [a_conflict(), vec![seen(come_back(5, place(1, 1)), 32, 33, lease(32))]].concat();
    one_end_is_right(
        ONE_SEAT,
        "and once",
        &came_back,
        &[seen(come_back(6, place(1, 1)), 34, 35, InstanceConflict), seen(check(0), 34, 35, lease(34))],
        &[seen(come_back(6, place(1, 1)), 34, 35, lease(34))],
    );
    let kept = [a_conflict(), vec![seen(decide(true), 32, 33, Done)]].concat();
    one_end_is_right(
        ONE_SEAT,
        "where the copy that runs stays, nobody gets in",
        &kept,
        &[
            seen(come_back(5, place(1, 1)), 34, 35, InstanceConflict),
            seen(check(0), 34, 35, lease(34)),
            seen(decide(false), 34, 35, Done),
            seen(activate_with(0, 5), NEXT_DAY, NEXT_DAY + 1, lease(NEXT_DAY)),
        ],
        &[seen(come_back(5, place(1, 1)), 34, 35, lease(34)), seen(decide(false), 34, 35, Nothing)],
    );
    let open = [a_conflict(), vec![seen(decide(false), 32, 33, Done)]].concat();
    one_end_is_right(
        ONE_SEAT,
        "where the next one gets in, it does, and so do others",
        &open,
        &[seen(activate_with(0, 5), 34, 35, lease(34)), seen(decide(false), 34, 35, Nothing)],
        &[seen(activate_with(0, 5), 34, 35, InstanceConflict), seen(decide(false), 34, 35, Done)],
    );
}

/// A secret is used, and the node has the next one.
fn used() -> Vec<Seen> {
    vec![seen(activate_with(0, 1), 0, 1, lease(0)), seen(show(place(1, 1), 1), 2, 3, lease_with(2, place(1, 2)))]
}

#[test]
fn the_newest_secret_again_late_and_with_another_nonce_is_a_fork() {
    let again = |at: i64, nonce: u64| seen(show(place(1, 1), nonce), at, at + 1, lease_with(at, place(1, 2)));
    let new = |at: i64| seen(activate_with(0, 9), at, at + 1, lease(at));
    let conflict = |at: i64| seen(activate_with(0, 9), at, at + 1, InstanceConflict);
    let with = |more: &[Seen]| [used(), more.to_vec()].concat();
    for (what, history) in [
        ("soon", with(&[again(20, 2), again(40, 3), again(61, 4)])),
        ("the same request", with(&[again(70, 1), again(130, 1), again(190, 1)])),
        ("two forks", with(&[again(70, 2), again(130, 2), again(190, 3)])),
    ] {
        let at = history.last().map_or(0, |seen| seen.to / SECOND) + 1;
        one_end_is_right(ONE_SEAT, what, &history, &[new(at)], &[conflict(at)]);
    }
    let forks = with(&[again(70, 2), again(130, 3), again(190, 4)]);
    one_end_is_right(
        ONE_SEAT,
        "three forks are a conflict that has nobody from before it",
        &forks,
        &[
            conflict(192),
            seen(come_back(9, place(1, 1)), 192, 193, InstanceConflict),
            seen(show(place(1, 2), 5), 192, 193, lease_with(192, place(1, 3))),
        ],
        &[new(192), seen(come_back(9, place(1, 1)), 192, 193, lease(192))],
    );
    let met = explain(ONE_SEAT, &told(ONE_SEAT, &forks)).unwrap_or_default();
    assert!(met.contains("a fork") && met.contains("a conflict") && !met.contains("a contested activation"), "{met:?}");
}

#[test]
fn the_secret_before_the_newest_is_good_for_a_minute() {
    let rolled = [used(), vec![seen(show(place(1, 2), 2), 10, 11, lease_with(10, place(1, 3)))]].concat();
    let old = |at: i64, answer: Answer| seen(show(place(1, 1), 3), at, at + 1, answer);
    one_end_is_right(
        ONE_SEAT,
        "and is answered as the newest",
        &rolled,
        &[old(69, lease_with(69, place(1, 3))), old(72, InstanceStale)],
        &[
            old(69, InstanceStale),
            old(69, lease_with(69, place(1, 2))),
            old(69, lease_with(69, place(1, 4))),
            old(72, lease_with(72, place(1, 3))),
        ],
    );
    let stale = [rolled, vec![old(72, InstanceStale), old(73, InstanceStale), old(74, InstanceStale)]].concat();
    one_end_is_right(
        ONE_SEAT,
        "within an epoch it contests nothing",
        &stale,
        &[seen(activate_with(0, 9), 76, 77, lease(76))],
        &[seen(activate_with(0, 9), 76, 77, InstanceConflict)],
    );
}

#[test]
fn what_memory_lost_may_be_shown_again_unless_it_was_written() {
    let lost = seen(Call::Forget, 12, 13, Done);
    let rolled = [used(), vec![seen(show(place(1, 2), 2), 10, 11, lease_with(10, place(1, 3))), lost]].concat();
    let old = |answer: Answer| seen(show(place(1, 1), 3), 80, 81, answer);
    one_end_is_right(
        ONE_SEAT,
        "nobody knows how far it was written",
        &rolled,
        &[old(lease_with(80, place(1, 2))), old(InstanceStale), seen(check(0), 80, 81, lease(80))],
        &[old(lease_with(80, place(1, 3))), seen(check(0), 80, 81, InstanceStale)],
    );
    // Any other call about the license writes it; without such a loss nothing is unwritten.
    let other = seen(activate_with(1, 1), 12, 13, SeatsExhausted);
    let rolled = &rolled[..rolled.len() - 1];
    let written = [rolled, &[other, seen(Call::Forget, 14, 15, Done)]].concat();
    for history in [written, [rolled, &[other]].concat()] {
        one_end_is_right(
            ONE_SEAT,
            "what is written stays",
            &history,
            &[old(InstanceStale)],
            &[old(lease_with(80, place(1, 2))), old(lease_with(80, place(1, 3)))],
        );
    }
}

#[test]
fn nothing_is_granted_after_a_revocation_and_leases_say_how_many_seats_there_are() {
    let granted = [seen(activate(0), 0, 1, lease(0))];
    let revoked = [granted[0], seen(Revoke, 2, 3, Done), seen(Reinstate, 4, 5, Done)];
    one_end_is_right(
        ONE_SEAT,
        "revoked for ever",
        &revoked,
        &[seen(check(0), 6, 7, LicenseRevoked), seen(release(0), 6, 7, freed(6))],
        &[seen(check(0), 6, 7, lease(6)), seen(activate(1), 6, 7, lease(6)), seen(check(0), 6, 7, LicenseSuspended)],
    );
    let more = [granted[0], seen(SetSeats(2), 2, 3, Done)];
    one_end_is_right(
        ONE_SEAT,
        "as many as there are",
        &more,
        &[seen(check(0), 4, 5, lease(4))],
        &[seen(show(place(1, 1), 1), 4, 5, lease_with(4, place(1, 2)))],
    );
}
