#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;

#[test]
fn addresses_are_trimmed_compared_without_case_and_checked() {
    assert_eq!(check_email(" Ada@Example.org ").unwrap(), "Ada@Example.org");
    assert_eq!(email_key(" Ada@Example.ORG "), "ada@example.org");
    for good in ["a@b.co", "first.last+tag@sub.example.com", "o'brien@example.ie"] {
        assert_eq!(check_email(good).unwrap(), good);
    }
    assert_eq!(check_email("  "), Err(Problem::Missing));
    for bad in [
        "ada",
        "ada@",
        "@example.org",
        "ada@localhost",
        "ada@exa mple.org",
        "ada@example.org\r\nBcc: eve@example.org",
        "ada@.org",
        "ada@example..org",
        "ada@[127.0.0.1]",
        "ädä@example.org",
        "a@b@c.org",
        "Ada <ada@example.org>",
        &format!("{}@example.org", "a".repeat(250)),
    ] {
        assert_eq!(check_email(bad), Err(Problem::EmailMalformed), "{bad}");
    }
}

#[test]
fn passwords_that_are_guessed_early_are_refused_and_others_are_welcome() {
    let personal = ["ada.lovelace@example.org", "Analytical Engines"];
    for good in [
        "correct horse battery staple",
        "Xk9#mQ2$vL7p",
        "жили-были дед да баба",
        "παράδειγμα κωδικού",
        "        four words and blanks        ",
        &(0..200).map(|n| char::from(b'a' + (n * n % 23) as u8)).collect::<String>(),
        "🦀🦊🐢🦉🐙🦜🐝🦔🐬🦩",
    ] {
        assert_eq!(check_password(good, &personal), Ok(()), "{good}");
    }
    for (bad, problem) in [
        ("", Problem::Missing),
        ("Xk9#mQ2$v", Problem::PasswordTooShort { min: 10 }),
        ("password123", Problem::PasswordCommon),
        ("1234567890", Problem::PasswordCommon),
        ("qwertyuiop", Problem::PasswordCommon),
        ("aaaaaaaaaaaaaaaa", Problem::PasswordCommon),
        ("abcdefghijklmnop", Problem::PasswordCommon),
        ("ada.lovelace@example.org", Problem::PasswordPersonal),
        ("ADA.Lovelace", Problem::PasswordPersonal),
        ("analytical engines", Problem::PasswordPersonal),
        ("Analytical", Problem::PasswordPersonal),
    ] {
        assert_eq!(check_password(bad, &personal), Err(problem), "{bad}");
    }
    assert_eq!(check_password(&"x".repeat(1025), &[]), Err(Problem::PasswordTooLong { max: 1024 }));
}

fn details() -> AccountDetails {
    AccountDetails {
        company: " Παράδειγμα Α.Ε. ".to_owned(),
        country: "gr".to_owned(),
        vat_id: "GR 094014201".to_owned(),
        address: Address {
            line1: "Οδός Ερμού 1".to_owned(), city: "Αθήνα".to_owned(), ..Address::default()
        },
        billing_email: String::new(),
        purchase_order: " PO-4711 ".to_owned(),
    }
}

#[test]
fn details_are_kept_in_their_normal_form_and_invoices_go_to_the_owner_unless_said() {
    let kept = check_details(&details(), "owner@example.gr").unwrap();
    assert_eq!((kept.company.as_str(), kept.country.as_str()), ("Παράδειγμα Α.Ε.", "GR"));
    assert_eq!(kept.vat_id.as_deref(), Some("EL094014201"));
    assert_eq!((kept.billing_email.as_str(), kept.purchase_order.as_str()), ("owner@example.gr", "PO-4711"));
    let none = check_details(&AccountDetails { vat_id: " ".to_owned(), ..details() }, "o@example.gr").unwrap();
    assert_eq!(none.vat_id, None);
}

#[test]
fn what_is_emptied_of_an_address_is_what_stood_there_and_everything_empty_after_a_move() {
    let checked = |address: Address, country: &str| {
        let country = country.to_owned();
        check_details(&AccountDetails { country, vat_id: String::new(), address, ..details() }, "o@example.gr").unwrap()
    };
    let short = details().address;
    let long = Address { line2: "Floor 2".to_owned(), state: "Attica".to_owned(), ..short.clone() };
    let (shorter, longer) = (checked(short.clone(), "GR"), checked(long.clone(), "GR"));
    assert_eq!(emptied(&longer, &shorter), [Field::Line2, Field::State]);
    assert!(emptied(&longer, &longer).is_empty(), "nothing has gone");
    assert!(emptied(&shorter, &shorter).is_empty(), "what was never told may stand at Stripe");
    assert!(emptied(&shorter, &longer).is_empty());
    assert_eq!(emptied(&shorter, &checked(short, "CY")), [Field::Line2, Field::PostalCode, Field::State]);
    assert_eq!(emptied(&shorter, &checked(long, "CY")), [Field::PostalCode]);
}

#[test]
fn every_problem_of_a_form_is_named_at_once() {
    let bad = AccountDetails {
        company: "株式会社".to_owned(),
        country: "XX".to_owned(),
        vat_id: String::new(),
        address: Address { line1: " ".to_owned(), city: "x".repeat(101), ..Address::default() },
        billing_email: "nobody".to_owned(),
        purchase_order: "9".repeat(61),
    };
    let problems = check_details(&bad, "owner@example.gr").unwrap_err();
    let named: Vec<_> = problems.into_iter().map(|found| (found.field, found.problem)).collect();
    assert_eq!(
        named,
        [
            (Field::Company, Problem::Unprintable { character: '株' }),
            (Field::Country, Problem::CountryUnknown),
            (Field::Line1, Problem::Missing),
            (Field::City, Problem::TooLong { max: 100 }),
            (Field::BillingEmail, Problem::EmailMalformed),
            (Field::PurchaseOrder, Problem::TooLong { max: 60 }),
        ]
    );
}

#[test]
fn a_session_ends_when_idle_or_after_its_absolute_limit() {
    let begun = UnixMs(0);
    assert_eq!(session_ends(begun, begun), UnixMs(14 * DAY_MS));
    assert_eq!(session_ends(begun, UnixMs(20 * DAY_MS)), UnixMs(30 * DAY_MS));
}

#[test]
fn a_password_counts_for_ten_minutes_and_never_from_the_future() {
    let typed = UnixMs(HOUR_MS);
    for (later_ms, fresh) in [(0, true), (10 * MINUTE_MS - 1, true), (10 * MINUTE_MS, false), (-5_000, true)] {
        assert_eq!(is_fresh(typed, typed.plus(later_ms)), fresh, "{later_ms} ms later");
    }
    assert!(!is_fresh(typed, typed.plus(-MINUTE_MS)));
}

proptest! {
    #[test]
    fn no_address_that_passes_can_break_a_header(text in "\\PC{0,40}|[a-z@.\\r\\n <>\",;:]{0,40}") {
        if let Ok(kept) = check_email(&text) {
            prop_assert!(kept.chars().all(|c| c.is_ascii_graphic() || (kept.starts_with('"') && c == ' ')));
            prop_assert_eq!(check_email(&kept).unwrap(), kept);
        }
    }

    #[test]
    fn what_is_kept_of_a_name_prints_and_stays_as_it_is(text in "\\PC{0,120}") {
        if let Ok(kept) = check_name(&text) {
            prop_assert_eq!(unprintable(&kept), None);
            prop_assert_eq!(check_name(&kept).unwrap(), kept);
        }
    }

    #[test]
    fn no_input_makes_a_check_panic(text in ".{0,60}", country in "[A-Z]{2}|.{0,3}") {
        drop(vat_ids::normalise(&text, &country));
        drop(check_password(&text, &[&country]));
    }
}
