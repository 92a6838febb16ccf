#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

fn row(number: i64) -> AuditRow {
    AuditRow {
        id: format!("aud_{number}"),
        vendor_id: "ven_1".to_owned(),
        account_id: (number % 2 == 0).then(|| "acc_1".to_owned()),
        actor_kind: "user".to_owned(),
        actor_id: "usr_1".to_owned(),
        act: "license.rename".to_owned(),
        object_id: "lic_1".to_owned(),
        before: Some(format!("{{\"name\":\"{number}\"}}")),
        after: None,
        request_id: Some("request".to_owned()),
        address: Some("203.0.113.7".to_owned()),
        occurred_at: UnixMs(1_795_255_200_000 + number),
        seq: None,
        chain: None,
    }
}

/// A chain of so many rows, and its end.
fn chain(length: i64) -> (Vec<AuditRow>, Head) {
    let mut head = Head::start();
    let mut rows = Vec::new();
    for number in 1..=length {
        let row = row(number);
        head = head.link(&row);
        rows.push(AuditRow { seq: Some(head.seq), chain: Some(head.hash.clone()), ..row });
    }
    (rows, head)
}

fn verify(rows: &[AuditRow], noted: &Head, expected: Option<&Head>) -> Result<Head, Break> {
    let mut verifier = Verifier::new(noted.clone(), expected.cloned());
    for row in rows {
        verifier.take(row)?;
    }
    verifier.finish()
}

#[test]
fn an_untouched_chain_of_any_length_holds() {
    for length in [0, 1, 2, 50] {
        let (rows, head) = chain(length);
        assert_eq!(verify(&rows, &head, None), Ok(head.clone()));
        assert_eq!(verify(&rows, &head, Some(&head)), Ok(head));
    }
}

#[test]
fn a_change_of_any_column_is_found_at_its_row() {
    type Change = (&'static str, fn(&mut AuditRow));
    let changes: [Change; 14] = [
        ("id", |row| row.id = "aud_x".to_owned()),
        ("vendor_id", |row| row.vendor_id = "ven_2".to_owned()),
        ("account_id", |row| row.account_id = Some("acc_2".to_owned())),
        ("actor_kind", |row| row.actor_kind = "operator".to_owned()),
        ("actor_id", |row| row.actor_id = "usr_2".to_owned()),
        ("act", |row| row.act = "license.revoke".to_owned()),
        ("object_id", |row| row.object_id = "lic_2".to_owned()),
        ("before", |row| row.before = Some("{}".to_owned())),
        ("before, gone", |row| row.before = None),
        ("after", |row| row.after = Some(String::new())),
        ("request_id", |row| row.request_id = None),
        ("address", |row| row.address = Some("198.51.100.1".to_owned())),
        ("occurred_at", |row| row.occurred_at = UnixMs(0)),
        ("chain", |row| row.chain = None),
    ];
    for (column, change) in changes {
        for place in [0, 2, 4] {
            let (mut rows, head) = chain(5);
            change(&mut rows[place]);
            let (seq, id) = (place as i64 + 1, rows[place].id.clone());
            assert_eq!(verify(&rows, &head, None), Err(Break::Changed { seq, id }), "{column}");
        }
    }
}

#[test]
fn what_moves_from_one_column_to_the_next_is_a_change() {
    let (mut rows, head) = chain(3);
    rows[1].actor_kind = "use".to_owned();
    rows[1].actor_id = "rusr_1".to_owned();
    assert_eq!(verify(&rows, &head, None), Err(Break::Changed { seq: 2, id: "aud_2".to_owned() }));
}

#[test]
fn a_row_that_is_gone_is_missed_wherever_it_stood() {
    for place in [0, 2, 4] {
        let (mut rows, head) = chain(5);
        rows.remove(place);
        assert_eq!(verify(&rows, &head, None), Err(Break::Missing { seq: place as i64 + 1 }));
    }
}

#[test]
fn a_row_that_was_put_in_is_found() {
    let (rows, head) = chain(5);
    let mut twice = rows.clone();
    twice.insert(3, AuditRow { id: "aud_x".to_owned(), ..rows[2].clone() });
    assert_eq!(verify(&twice, &head, None), Err(Break::Inserted { seq: 3, id: "aud_x".to_owned() }));
    // Properly chained, but behind the end.
    let (longer, _) = chain(6);
    assert_eq!(verify(&longer, &head, None), Err(Break::Inserted { seq: 6, id: "aud_6".to_owned() }));
}

#[test]
fn two_rows_that_changed_places_are_found() {
    let (mut rows, head) = chain(5);
    let (second, third) = (rows[1].clone(), rows[2].clone());
    rows[1] = AuditRow { seq: second.seq, chain: second.chain, ..third.clone() };
    rows[2] = AuditRow { seq: third.seq, chain: third.chain, ..row(2) };
    assert_eq!(verify(&rows, &head, None), Err(Break::Changed { seq: 2, id: "aud_3".to_owned() }));
}

#[test]
fn a_chain_that_was_cut_off_and_one_that_was_sealed_anew_are_not_as_expected() {
    let (rows, head) = chain(5);
    let (_, shorter) = chain(3);
    let cut = || Err(Break::NotAsExpected { expected: head.clone() });
    assert_eq!(verify(&rows[..3], &shorter, Some(&head)), cut(), "cut off");
    assert_eq!(verify(&rows[..3], &shorter, None), Ok(shorter.clone()), "which nothing else shows");
    assert_eq!(verify(&rows, &head, Some(&shorter)), Ok(head.clone()), "it grew since");

    let mut forged = Head::start();
    let rows: Vec<_> = (1..=5)
        .map(|number| {
            let row = AuditRow { act: "license.reveal_key".to_owned(), ..row(number) };
            forged = forged.link(&row);
            AuditRow { seq: Some(forged.seq), chain: Some(forged.hash.clone()), ..row }
        })
        .collect();
    assert_eq!(verify(&rows, &forged, None), Ok(forged.clone()));
    assert_eq!(verify(&rows, &forged, Some(&head)), cut());
    assert_eq!(verify(&rows, &head, None), Err(Break::WrongHead));
}

#[test]
fn a_head_is_read_as_it_is_written() {
    let (_, head) = chain(3);
    assert_eq!(Head::parse(&head.to_text()), Some(head.clone()));
    assert_eq!(Head::parse(&head.to_text().to_uppercase()), Some(head));
    for text in ["", "@1", "00@1", &"0".repeat(64), &format!("{}@-1", "0".repeat(64))] {
        assert_eq!(Head::parse(text), None, "{text}");
    }
}

/// The encoding is part of what is stored: who changes it breaks every chain that was sealed.
#[test]
fn the_encoding_stays() {
    let (_, head) = chain(2);
    let by_hand = |previous: &[u8], seq: i64, row: &AuditRow| {
        let mut bytes = Vec::new();
        let mut put = |value: Option<&[u8]>| match value {
            None => bytes.push(0),
            Some(value) => {
                bytes.push(1);
                bytes.extend_from_slice(&u64::try_from(value.len()).unwrap().to_be_bytes());
                bytes.extend_from_slice(value);
            }
        };
        put(Some(b"leasehold-audit-1"));
        put(Some(previous));
        put(Some(&seq.to_be_bytes()));
        for text in [&row.id, "ven_1", "user", "usr_1", "license.rename", "lic_1"] {
            put(Some(text.as_bytes()));
        }
        put(row.account_id.as_ref().map(String::as_bytes));
        put(row.before.as_ref().map(String::as_bytes));
        put(None);
        put(Some(b"request"));
        put(Some(b"203.0.113.7"));
        put(Some(&row.occurred_at.0.to_be_bytes()));
        crate::keys::sha256(&bytes)
    };
    let first = by_hand(&[0; 32], 1, &row(1));
    assert_eq!(head, Head { seq: 2, hash: by_hand(&first, 2, &row(2)) });
}
