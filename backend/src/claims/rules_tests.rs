#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use sdk::wire::Identity;

use super::*;
use crate::cx::Entropy;

const START: UnixMs = UnixMs(1_795_255_200_000);

fn claim() -> Claim {
    let entropy = Entropy::seeded(1);
    Claim {
        id: entropy.id(),
        product_id: entropy.id(),
        user_code: "WDJBMJHT".to_owned(),
        version: "4.2.1".to_owned(),
        identity: Identity::instance("node-a"),
        address: "192.0.2.7".to_owned(),
        status: ClaimStatus::Pending,
        account_id: None,
        license_id: None,
        decided_by: None,
        decided_at: None,
        interval_s: INTERVAL_S,
        polled_at: None,
        created_at: START,
        expires_at: START.plus(EXPIRES_IN_S * SECOND_MS),
    }
}

fn decided(status: ClaimStatus, after_s: i64) -> Claim {
    let license_id = (status == ClaimStatus::Approved).then(|| LicenseId::from_untrusted("lic_a"));
    Claim { status, license_id, decided_at: Some(at(after_s)), ..claim() }
}

fn at(seconds: i64) -> UnixMs {
    START.plus(seconds * SECOND_MS)
}

/// Polls at these seconds after the start, and what each is answered with.
fn polls(mut claim: Claim, seconds: &[i64]) -> Vec<(Answer, i64)> {
    let mut answers = Vec::new();
    for second in seconds {
        let poll = judge_poll(&claim, at(*second));
        claim.polled_at = Some(poll.polled_at);
        claim.interval_s = poll.interval_s;
        answers.push((poll.answer, poll.interval_s));
    }
    answers
}

#[test]
fn a_poll_at_the_interval_waits_and_a_faster_one_slows_the_product_down_for_good() {
    use Answer::{Pending, SlowDown};
    for (seconds, expected) in [
        (&[0, 5, 10, 15][..], &[(Pending, 5), (Pending, 5), (Pending, 5), (Pending, 5)][..]),
        (&[0, 4], &[(Pending, 5), (SlowDown, 10)]),
        (&[0, 4, 9], &[(Pending, 5), (SlowDown, 10), (SlowDown, 15)]),
        (&[0, 4, 14, 23], &[(Pending, 5), (SlowDown, 10), (Pending, 10), (SlowDown, 15)]),
        (&[0, 0], &[(Pending, 5), (SlowDown, 10)]),
        (&[800, 805], &[(Pending, 5), (Pending, 5)]),
    ] {
        assert_eq!(polls(claim(), seconds), expected, "{seconds:?}");
    }
}

#[test]
fn half_a_second_early_is_the_network_and_more_is_not() {
    for (early_ms, expected) in [(0, Answer::Pending), (500, Answer::Pending), (501, Answer::SlowDown)] {
        let asked = Claim { polled_at: Some(START), ..claim() };
        assert_eq!(judge_poll(&asked, at(5).plus(-early_ms)).answer, expected, "{early_ms} ms");
    }
}

#[test]
fn codes_end_after_fifteen_minutes_and_decisions_are_repeated_for_ten() {
    let key = Answer::Key(LicenseId::from_untrusted("lic_a"));
    for (claim, seconds, expected) in [
        (claim(), 899, Answer::Pending),
        (claim(), 900, Answer::Expired),
        (decided(ClaimStatus::Approved, 60), 60, key.clone()),
        (decided(ClaimStatus::Approved, 60), 659, key.clone()),
        (decided(ClaimStatus::Approved, 60), 660, Answer::Expired),
        // A decision in the last second is answered as long as any other.
        (decided(ClaimStatus::Approved, 899), 1_498, key),
        (decided(ClaimStatus::Approved, 899), 1_499, Answer::Expired),
        (decided(ClaimStatus::Declined, 60), 659, Answer::Declined),
        (decided(ClaimStatus::Declined, 60), 660, Answer::Expired),
        (Claim { license_id: None, ..decided(ClaimStatus::Approved, 60) }, 61, Answer::Expired),
    ] {
        assert_eq!(judge_poll(&claim, at(seconds)).answer, expected, "{:?} at {seconds} s", claim.status);
    }
}

#[test]
fn a_decision_has_no_pace() {
    let key = Answer::Key(LicenseId::from_untrusted("lic_a"));
    let answers = polls(decided(ClaimStatus::Approved, 0), &[1, 1, 2]);
    assert!(answers.iter().all(|(answer, interval_s)| *answer == key && *interval_s == INTERVAL_S), "{answers:?}");
}

#[test]
fn a_clock_that_moves_back_opens_nothing_again() {
    let ended = Claim { polled_at: Some(at(900)), ..claim() };
    assert_eq!(standing(&ended, at(10)), Standing::Ended);
    assert_eq!(judge_poll(&ended, at(10)).answer, Answer::Expired);
    let given = Claim { polled_at: Some(at(700)), ..decided(ClaimStatus::Approved, 60) };
    assert_eq!(judge_poll(&given, at(61)).answer, Answer::Expired);
    assert_eq!(judge_poll(&given, at(61)).polled_at, at(700));
}

#[test]
fn codes_are_read_as_people_type_them() {
    for (typed, read) in [
        ("WDJB-MJHT", Some("WDJBMJHT")),
        ("wdjb mjht", Some("WDJBMJHT")),
        (" wDjBmJhT ", Some("WDJBMJHT")),
        ("WDJB\u{2013}MJHT", Some("WDJBMJHT")),
        ("WDJB-MJH", None),
        ("WDJB-MJHTT", None),
        ("WDJB-MJHA", None),
        ("WDJB-MJH8", None),
        ("WDJB-MJHÄ", None),
        ("", None),
    ] {
        assert_eq!(parse_user_code(typed).as_deref(), read, "{typed:?}");
    }
}

proptest! {
    #[test]
    fn every_code_is_eight_letters_and_survives_being_shown_and_typed(random: [u8; 16]) {
        let code = user_code(random);
        let shown = shown_user_code(&code);
        prop_assert_eq!(shown.len(), 9);
        prop_assert!(!shown.contains(['A', 'E', 'I', 'O', 'U', 'Y']));
        prop_assert_eq!(parse_user_code(&shown.to_lowercase()).unwrap(), code);
    }

    #[test]
    fn whoever_waits_as_told_is_never_slowed_down(waits in proptest::collection::vec(0_i64..30, 1..20)) {
        let mut claim = claim();
        let mut second = 0;
        for extra in waits {
            let poll = judge_poll(&claim, at(second));
            prop_assert_ne!(&poll.answer, &Answer::SlowDown);
            claim.polled_at = Some(poll.polled_at);
            claim.interval_s = poll.interval_s;
            second += claim.interval_s + extra;
        }
    }
}
