use proptest::prelude::*;

use super::*;
use crate::cx::Entropy;

/// 119.00 with 19.00 of tax, at 20 %.
const SALE: Sale = Sale { total_minor: 11_900, tax_minor: 1_900, rate_bp: 2_000 };

fn paid() -> Facts {
    Facts { paid_minor: SALE.total_minor, ..Facts::default() }
}

/// A credit note of 11.90 whose money is paid back.
fn noted() -> Facts {
    Facts { credited_minor: 1_190, credited_net_minor: 190 + 810, ..paid() }
}

#[test]
fn a_share_is_earned_of_what_is_left_without_tax() {
    let none = Facts::default();
    for (facts, net_minor, amount_minor, told) in [
        (none, 0, 0, "nothing is paid"),
        (paid(), 10_000, 2_000, "all is paid"),
        (Facts { paid_minor: 5_950, ..none }, 5_000, 1_000, "half of it came from the customer's credit"),
        (Facts { refunded_minor: 1_190, ..paid() }, 9_000, 1_800, "a refund without a credit note takes its net part"),
        (Facts { refunded_minor: 1_190, ..noted() }, 9_000, 1_800, "a credit note with its refund"),
        (noted(), 9_000, 1_800, "a credit note whose refund has failed"),
        (Facts { settled_minor: 1_190, ..noted() }, 9_000, 1_800, "a credit note that is given back outside of Stripe"),
        (Facts { paid_minor: 10_710, ..noted() }, 9_000, 1_800, "a credit note before the rest was paid"),
        (Facts { refunded_minor: 11_900, ..paid() }, 0, 0, "all is paid back"),
        (Facts { disputed_minor: 11_900, ..paid() }, 0, 0, "all is disputed"),
        (Facts { disputed_minor: 5_950, refunded_minor: 5_950, ..paid() }, 0, 0, "half and half"),
        (Facts { disputed_minor: 11_900, refunded_minor: 11_900, ..paid() }, 0, 0, "more than there was"),
        (Facts { credited_minor: 11_900, credited_net_minor: 10_000, ..paid() }, 0, 0, "all is credited"),
    ] {
        assert_eq!(earned(SALE, facts), Earned { net_minor, amount_minor }, "{told}");
    }
}

#[test]
fn what_a_credit_note_keeps_as_credit_is_not_taken_back() {
    let note = Note { total_minor: 1_190, tax_minor: 190, ..Note::default() };
    let taken = |notes: &[Note]| {
        let facts = paid().with_notes(notes);
        (facts.credited_minor, facts.credited_net_minor, facts.settled_minor, earned(SALE, facts).amount_minor)
    };
    let as_credit = Note { credited_minor: 1_190, ..note };
    assert_eq!(taken(&[]), (0, 0, 0, 2_000));
    assert_eq!(taken(&[note]), (1_190, 1_000, 0, 1_800));
    assert_eq!(taken(&[as_credit]), (0, 0, 0, 2_000));
    assert_eq!(taken(&[Note { elsewhere_minor: 1_190, ..note }]), (1_190, 1_000, 1_190, 1_800));
    assert_eq!(taken(&[note, as_credit]), (1_190, 1_000, 0, 1_800));
    // 500 of 1190 are 420.17 of the net amount.
    assert_eq!(taken(&[Note { credited_minor: 690, ..note }]), (500, 420, 0, 1_916));
    // What was noted before does not count twice.
    assert_eq!(noted().with_notes(&[note]), noted());
}

#[test]
fn amounts_are_rounded_half_up_to_what_the_currency_has() {
    let of = |total_minor, rate_bp| {
        let facts = Facts { paid_minor: total_minor, ..Facts::default() };
        earned(Sale { total_minor, tax_minor: 0, rate_bp }, facts).amount_minor
    };
    // 12.5 % of 1.00 and of 0.99; 2.5 % of 20 yen and of 19; 0.01 % of one dinar in fils.
    assert_eq!((of(100, 1_250), of(99, 1_250)), (13, 12));
    assert_eq!((of(20, 250), of(19, 250)), (1, 0));
    assert_eq!((of(4_999, 1), of(5_000, 1)), (0, 1));
    assert_eq!(of(i64::MAX, 9_000), 8_301_034_833_169_298_226);
    // The rest of a refund: 1000 of 1190 of 89.03 are 74.815…, and 20 % of 74.82 are 14.964.
    let sale = Sale { total_minor: 11_900, tax_minor: 1_900, rate_bp: 2_000 };
    let facts = Facts { paid_minor: 11_900, refunded_minor: 2_997, ..Facts::default() };
    assert_eq!(earned(sale, facts), Earned { net_minor: 7_482, amount_minor: 1_496 });
}

#[test]
fn each_difference_has_its_reason() {
    let is = |before, after, expected: &[(Why, i64)]| {
        let found: Vec<_> = steps(SALE, before, after).iter().map(|step| (step.why, step.amount_minor)).collect();
        assert_eq!(found, expected);
    };
    let explained = Facts { refunded_minor: 1_190, ..noted() };
    let disputed = Facts { disputed_minor: 11_900, ..paid() };
    is(Facts::default(), paid(), &[(Why::Paid, 2_000)]);
    is(paid(), paid(), &[]);
    // The note says it; its refund is no reason of its own.
    is(paid(), explained, &[(Why::Credited, -200)]);
    is(explained, Facts { refunded_minor: 1_190, ..paid() }, &[]);
    is(paid(), Facts { refunded_minor: 1_190, ..paid() }, &[(Why::Refunded, -200)]);
    is(Facts { refunded_minor: 1_190, ..paid() }, paid(), &[(Why::RefundFailed, 200)]);
    is(noted(), paid(), &[(Why::CreditVoid, 200)]);
    is(paid(), disputed, &[(Why::Disputed, -2_000)]);
    is(disputed, paid(), &[(Why::DisputeWon, 2_000)]);
    // Heard of all at once.
    is(Facts::default(), explained, &[(Why::Paid, 2_000), (Why::Credited, -200)]);
}

#[test]
fn whoever_is_no_partner_when_an_invoice_is_paid_earns_nothing_by_it() {
    let entropy = Entropy::seeded(1);
    let at = UnixMs::from_seconds;
    let partner = |ended_at| Partner {
        vendor_id: entropy.id(),
        account_id: entropy.id(),
        commission_bp: 2_000,
        discount_bp: 0,
        days_until_due: None,
        since: at(100).plus(900),
        ended_at,
    };
    let (lasting, over) = (partner(None), partner(Some(at(200).plus(5))));
    for (partner, ordered_s, paid_s, expected, told) in [
        (&lasting, 99, 99, false, "before it was one"),
        (&lasting, 100, 100, true, "in the second in which it became one"),
        (&lasting, 100, 1_000, true, "long after"),
        (&lasting, 99, 1_000, false, "what was ordered when it was one before"),
        (&over, 150, 199, true, "just before the end"),
        (&over, 150, 200, false, "at the end"),
        (&over, 150, 1_000, false, "after the end"),
    ] {
        assert_eq!(was_partner(partner, at(ordered_s), at(paid_s)), expected, "{told}");
    }
}

/// An invoice that was paid as a whole, and what may have become of it.
fn sales() -> impl Strategy<Value = (Sale, Facts)> {
    let amounts = (1_i64..2_000_000, 0_i64..40, 0_i64..=9_000);
    let shares = (0_i64..100, 0_i64..100, 0_i64..100, 0_i64..100);
    (amounts, shares).prop_map(|((total_minor, tax, rate_bp), (credited, settled, refunded, disputed))| {
        let tax_minor = total_minor * tax / 140;
        let part = |of: i64, percent: i64| of * percent / 100;
        let credited_minor = part(total_minor, credited);
        let facts = Facts {
            paid_minor: total_minor,
            credited_minor,
            credited_net_minor: credited_minor * (total_minor - tax_minor) / total_minor,
            settled_minor: part(credited_minor, settled),
            refunded_minor: part(total_minor, refunded),
            disputed_minor: part(total_minor, disputed),
        };
        (Sale { total_minor, tax_minor, rate_bp }, facts)
    })
}

/// An invoice of a customer, and what was given back of it, in percent of what there is: credit that is used, money paid back,
/// money given back outside of Stripe, what is kept as credit; and the tax.
fn histories() -> impl Strategy<Value = Vec<(i64, [i64; 5])>> {
    let shares = [0_i64..=100, 0_i64..=100, 0_i64..=100, 0_i64..=100, 0_i64..=25];
    proptest::collection::vec((1_i64..2_000_000, shares), 1..12)
}

proptest! {
    #[test]
    fn over_any_history_a_partner_earns_by_the_money_that_the_vendor_keeps(history in histories()) {
        let part = |of: i64, percent: i64| of * percent / 100;
        let (mut credit_minor, mut earned_net, mut kept_net, mut kept_minor) = (0, 0, 0.0, 0);
        for (total_minor, [used, back, elsewhere, as_credit, tax]) in &history {
            let (total_minor, tax_minor) = (*total_minor, part(*total_minor, *tax));
            let used_minor = part(total_minor.min(credit_minor), *used);
            let paid_minor = total_minor - used_minor;
            let refunded_minor = part(paid_minor, *back);
            let elsewhere_minor = part(paid_minor - refunded_minor, *elsewhere);
            let given_back = refunded_minor + elsewhere_minor;
            let credited_minor = part(total_minor - given_back, *as_credit);
            let note = Note {
                total_minor: given_back + credited_minor,
                tax_minor: (given_back + credited_minor) * tax_minor / total_minor,
                credited_minor,
                elsewhere_minor,
            };
            credit_minor += credited_minor - used_minor;
            let sale = Sale { total_minor, tax_minor, rate_bp: 10_000 };
            let facts = Facts { paid_minor, refunded_minor, ..Facts::default() }.with_notes(&[note]);
            let kept = paid_minor - given_back;
            kept_minor += kept;
            kept_net += kept as f64 * (total_minor - tax_minor) as f64 / total_minor as f64;
            earned_net += earned(sale, facts).net_minor;
        }
        prop_assert!(kept_minor >= credit_minor, "credit is the customer's money");
        // Tax, net amount and share are rounded to the minor unit, for each invoice.
        let off = (earned_net as f64 - kept_net).abs();
        prop_assert!(off <= 3.0 * history.len() as f64, "earned by {earned_net}, kept {kept_net}");
    }

    #[test]
    fn what_is_earned_is_never_negative_and_never_more_than_the_share_of_what_was_sold((sale, facts) in sales()) {
        let found = earned(sale, facts);
        let all = earned(sale, Facts { paid_minor: facts.paid_minor, ..Facts::default() });
        prop_assert_eq!(all.net_minor, sale.total_minor - sale.tax_minor);
        prop_assert!((0..=all.net_minor).contains(&found.net_minor), "{found:?}");
        prop_assert!((0..=all.amount_minor).contains(&found.amount_minor), "{found:?}");
    }

    #[test]
    fn after_a_full_refund_nothing_is_earned((sale, facts) in sales()) {
        let all_back = Facts { refunded_minor: facts.paid_minor, ..facts };
        prop_assert_eq!(earned(sale, all_back), Earned::default());
        let whole = Facts {
            credited_minor: sale.total_minor,
            credited_net_minor: sale.total_minor - sale.tax_minor,
            ..facts
        };
        prop_assert_eq!(earned(sale, whole), Earned::default());
    }

    #[test]
    fn after_a_credit_note_as_much_is_earned_as_by_an_invoice_of_what_is_left((sale, facts) in sales()) {
        let back = Facts {
            refunded_minor: facts.credited_minor - facts.settled_minor,
            disputed_minor: 0,
            ..facts
        };
        let left = Sale {
            total_minor: sale.total_minor - facts.credited_minor,
            tax_minor: sale.tax_minor - (facts.credited_minor - facts.credited_net_minor),
            ..sale
        };
        let paid = Facts { paid_minor: left.total_minor, ..Facts::default() };
        prop_assert_eq!(earned(sale, back), earned(left, paid));
    }

    #[test]
    fn any_order_of_what_happens_comes_to_the_same((sale, facts) in sales(), order in Just(vec![0, 1, 2, 3]).prop_shuffle()) {
        let mut known = Facts::default();
        let (mut net_minor, mut amount_minor) = (0, 0);
        for what in order {
            let next = match what {
                0 => Facts { paid_minor: facts.paid_minor, ..known },
                1 => Facts {
                    credited_minor: facts.credited_minor,
                    credited_net_minor: facts.credited_net_minor,
                    settled_minor: facts.settled_minor,
                    ..known
                },
                2 => Facts { refunded_minor: facts.refunded_minor, ..known },
                _ => Facts { disputed_minor: facts.disputed_minor, ..known },
            };
            for step in steps(sale, known, next) {
                net_minor += step.net_minor;
                amount_minor += step.amount_minor;
            }
            prop_assert!(steps(sale, next, next).is_empty(), "twice is once");
            known = next;
        }
        prop_assert_eq!(Earned { net_minor, amount_minor }, earned(sale, facts));
    }
}
