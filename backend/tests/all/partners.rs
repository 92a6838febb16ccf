//! Partners and their clients: who makes them, who decides, what a partner sees, and for how long.

mod made_clients;
mod writing;

use backend::accounts::{AccountKind, Act, Limit, StaffRole, find_account};
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::{Db, DbError, Tx};
use backend::ids::{AccountId, RelationId, UserId};
use backend::partners::{
    Acceptance, ClientPlace, InviteClient, Invited, PartnerTerms, PartnershipEnd, RelationEnd, RelationStatus, Side,
    TermsSet, accept_relation, end_partnership, end_relation, find_clientele, find_clients_license, find_relation,
    invite_client, list_clients, list_partners_of, list_renewals, look_at_client, set_partner_terms,
};

use crate::licenses::stage::Stage;
use crate::support::people::{Person, confirm_everybody, sign_up_with_company};
use crate::support::{NOW, master, on_both_engines};

const TERMS: PartnerTerms = PartnerTerms { commission_bp: 2_000, discount_bp: 1_000, days_until_due: Some(30) };

/// Somebody with an account of their own; the address is not confirmed.
async fn person(stage: &Stage, email: &str) -> anyhow::Result<Person> {
    let person = sign_up_with_company(&stage.db, &stage.operator(NOW), email, email).await?;
    stage.mails(NOW).await?;
    Ok(person)
}

async fn set_terms(
    stage: &Stage,
    staff: &UserId,
    account_id: &AccountId,
    terms: PartnerTerms,
    now: UnixMs,
) -> anyhow::Result<TermsSet> {
    let (cx, account_id) = (stage.person(staff, now), account_id.clone());
    Ok(stage
        .write(move |tx| Box::pin(async move { set_partner_terms(tx, &cx, &master(), &account_id, terms).await }))
        .await?)
}

async fn invite_as(stage: &Stage, who: &Person, email: &str, now: UnixMs) -> anyhow::Result<Invited> {
    let (cx, request) = (
        stage.person(&who.id, now),
        InviteClient { partner_id: who.account_id.clone(), company: "The client".to_owned(), email: email.to_owned() },
    );
    Ok(stage.write(move |tx| Box::pin(async move { invite_client(tx, &cx, &master(), &request).await })).await?)
}

async fn invite(stage: &Stage, partner: &Person, email: &str) -> anyhow::Result<RelationId> {
    match invite_as(stage, partner, email, NOW).await? {
        Invited::Done(id) => Ok(id),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn accept(
    stage: &Stage,
    user: &UserId,
    account_id: &AccountId,
    id: &RelationId,
    now: UnixMs,
) -> anyhow::Result<Acceptance> {
    let (cx, id, account_id) = (stage.person(user, now), id.clone(), account_id.clone());
    Ok(stage
        .write(move |tx| Box::pin(async move { accept_relation(tx, &cx, &master(), &id, &account_id).await }))
        .await?)
}

async fn end(stage: &Stage, user: &UserId, id: &RelationId, now: UnixMs) -> anyhow::Result<RelationEnd> {
    let (cx, id) = (stage.person(user, now), id.clone());
    Ok(stage.write(move |tx| Box::pin(async move { end_relation(tx, &cx, &master(), &id).await })).await?)
}

/// What a person sees of a relation: the side, the clients of an account, and whether the client's license is there.
struct Seen {
    side: Option<Side>,
    clients: Option<usize>,
    client: bool,
    license: bool,
    may_order: bool,
}

async fn seen_by(stage: &Stage, who: &Person, id: &RelationId, now: UnixMs) -> anyhow::Result<Seen> {
    let (cx, id, account_id) = (stage.person(&who.id, now), id.clone(), who.account_id.clone());
    let license_id = stage.license_id.clone();
    let seen: Result<Seen, DbError> = stage
        .db
        .read(move |tx| {
            Box::pin(async move {
                Ok(Seen {
                    side: find_relation(tx, &cx, &id).await?.map(|found| found.side),
                    clients: list_clients(tx, &cx, &account_id, None, 10).await?.map(|clients| clients.len()),
                    client: look_at_client(tx, &cx, &id, None, 10).await?.is_some(),
                    license: find_clients_license(tx, &cx, &id, &license_id).await?.is_some(),
                    may_order: find_clientele(tx, &cx, &id, Act::Buy).await?.is_some(),
                })
            })
        })
        .await;
    Ok(seen?)
}

/// A stage whose owner's account is the client of a partner.
async fn related(db: Db) -> anyhow::Result<(Stage, Person, RelationId)> {
    let stage = Stage::new(db, "startup", 3).await?;
    let partner = person(&stage, "pia@partner.test").await?;
    confirm_everybody(&stage.db).await?;
    let admin = stage.staff(StaffRole::Admin).await?;
    assert_eq!(set_terms(&stage, &admin, &partner.account_id, TERMS, NOW).await?, TermsSet::Made);
    let id = invite(&stage, &partner, "ada@example.test").await?;
    assert_eq!(accept(&stage, &stage.owner, &stage.account_id, &id, NOW).await?, Acceptance::Done);
    stage.mails(NOW).await?;
    Ok((stage, partner, id))
}

fn owner_of(stage: &Stage) -> Person {
    Person { id: stage.owner.clone(), account_id: stage.account_id.clone() }
}

on_both_engines! {
    async fn staff_make_an_account_a_partner_and_what_is_agreed_holds_until_it_is_changed(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        let partner = person(&stage, "pia@partner.test").await?;
        for role in [StaffRole::Support, StaffRole::ReadOnly] {
            let staff = stage.staff(role).await?;
            assert_eq!(set_terms(&stage, &staff, &partner.account_id, TERMS, NOW).await?, TermsSet::NotAllowed);
        }
        assert_eq!(set_terms(&stage, &partner.id, &partner.account_id, TERMS, NOW).await?, TermsSet::NotAllowed);
        let finance = stage.staff(StaffRole::Finance).await?;
        let too_much = PartnerTerms { commission_bp: 9_001, ..TERMS };
        assert_eq!(set_terms(&stage, &finance, &partner.account_id, too_much, NOW).await?, TermsSet::OutOfBounds);
        let nobody = AccountId::from_untrusted("acc_none");
        assert_eq!(set_terms(&stage, &finance, &nobody, TERMS, NOW).await?, TermsSet::NotAllowed);

        assert_eq!(set_terms(&stage, &finance, &partner.account_id, TERMS, NOW).await?, TermsSet::Made);
        assert_eq!(set_terms(&stage, &finance, &partner.account_id, TERMS, NOW).await?, TermsSet::Unchanged);
        let other = PartnerTerms { discount_bp: 0, ..TERMS };
        assert_eq!(set_terms(&stage, &finance, &partner.account_id, other, NOW).await?, TermsSet::Changed);
        let mails = stage.mails(NOW).await?;
        let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(mails.len(), 2, "{subjects:?}");
        assert!(mails.iter().all(|mail| mail.to == "pia@partner.test"));
        let (vendor_id, id) = (stage.vendor.id.clone(), partner.account_id.clone());
        let account: Result<_, DbError> =
            stage.db.read(move |tx| Box::pin(async move { find_account(tx, &vendor_id, &id).await })).await;
        assert_eq!(account?.map(|account| account.kind), Some(AccountKind::Partner));
        let acts = "SELECT COUNT(*) FROM audit WHERE act IN ('partner.make', 'partner.change_terms')";
        assert_eq!(stage.count(acts).await?, 2);
        Ok(())
    }

    async fn a_client_is_invited_by_mail_whoever_has_the_address_and_decides_for_an_account_of_its_own(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        let (partner, stranger) = (person(&stage, "pia@partner.test").await?, person(&stage, "eve@other.test").await?);
        assert_eq!(invite_as(&stage, &partner, "ada@example.test", NOW).await?, Invited::NotAllowed);
        let admin = stage.staff(StaffRole::Admin).await?;
        set_terms(&stage, &admin, &partner.account_id, TERMS, NOW).await?;
        stage.mails(NOW).await?;

        assert_eq!(invite_as(&stage, &partner, "no address", NOW).await?, Invited::NoAddress);
        assert_eq!(invite_as(&stage, &partner, "Pia@Partner.test", NOW).await?, Invited::OwnAddress);
        let unknown = invite(&stage, &partner, "nobody@anywhere.test").await?;
        let id = invite(&stage, &partner, "Ada@Example.test").await?;
        assert_eq!(invite_as(&stage, &partner, "ada@example.test", NOW).await?, Invited::InvitedBefore);
        let mails = stage.mails(NOW).await?;
        assert_eq!(mails.len(), 2);
        // Nothing tells who is registered: both mails say the same.
        let text = |at: usize| mails[at].text.replace(unknown.as_str(), "ID").replace(id.as_str(), "ID");
        assert_eq!((&mails[0].subject, text(0)), (&mails[1].subject, text(1)));

        let own = &stage.account_id;
        assert_eq!(accept(&stage, &stranger.id, &stranger.account_id, &id, NOW).await?, Acceptance::NotFound);
        assert_eq!(accept(&stage, &stage.owner, own, &unknown, NOW).await?, Acceptance::NotFound);
        assert_eq!(accept(&stage, &stage.owner, own, &id, NOW).await?, Acceptance::Unconfirmed);
        confirm_everybody(&stage.db).await?;
        assert_eq!(accept(&stage, &stage.owner, &stranger.account_id, &id, NOW).await?, Acceptance::NotFound);
        let late = NOW.plus(14 * DAY_MS);
        let over = Acceptance::Over(RelationStatus::Withdrawn);
        assert_eq!(accept(&stage, &stage.owner, own, &id, late).await?, over);
        assert_eq!(accept(&stage, &stage.owner, own, &id, NOW).await?, Acceptance::Done);
        assert_eq!(accept(&stage, &stage.owner, own, &id, NOW).await?, Acceptance::Over(RelationStatus::Active));
        assert_eq!(invite_as(&stage, &partner, "ada@example.test", NOW).await?, Invited::IsClient);
        let mails = stage.mails(NOW).await?;
        assert_eq!(mails.len(), 1);
        assert_eq!((mails[0].to.as_str(), mails[0].subject.as_str()), ("pia@partner.test", "Example GmbH is your client"));

        // An overdue invitation does not stand in the way of the next one, and a partner is nobody's client of its own.
        let Invited::Done(again) = invite_as(&stage, &partner, "nobody@anywhere.test", late).await? else {
            anyhow::bail!("an overdue invitation stands in the way")
        };
        assert_ne!(again, unknown);
        Ok(())
    }

    async fn a_partner_sees_what_its_client_has_while_the_relation_lasts_and_nobody_else_does(db: Db) {
        let (stage, partner, id) = related(db).await?;
        let stranger = person(&stage, "eve@other.test").await?;
        let seen = seen_by(&stage, &partner, &id, NOW).await?;
        assert_eq!((seen.side, seen.clients), (Some(Side::Partner), Some(1)));
        assert!(seen.client && seen.license && seen.may_order);
        let seen = seen_by(&stage, &owner_of(&stage), &id, NOW).await?;
        assert_eq!((seen.side, seen.clients), (Some(Side::Client), None));
        assert!(!seen.client && !seen.license && !seen.may_order);
        let seen = seen_by(&stage, &stranger, &id, NOW).await?;
        assert_eq!((seen.side, seen.clients), (None, None));
        assert!(!seen.client && !seen.license && !seen.may_order);

        let cx = stage.person(&partner.id, NOW);
        let partner_id = partner.account_id.clone();
        let renewals: Result<_, DbError> = stage
            .db
            .read(move |tx| Box::pin(async move { list_renewals(tx, &cx, &partner_id, None, 10).await }))
            .await;
        let renewals = renewals?.expect("a partner");
        assert_eq!(renewals.len(), 1);
        assert_eq!((&renewals[0].license_id, renewals[0].due_at), (&stage.license_id, NOW.plus(33 * DAY_MS)));

        let client = stage.person(&stage.owner, NOW);
        let account_id = stage.account_id.clone();
        let partners: Result<_, DbError> = stage
            .db
            .read(move |tx| Box::pin(async move { list_partners_of(tx, &client, &account_id).await }))
            .await;
        assert_eq!(partners?.into_iter().map(|it| it.company).collect::<Vec<_>>(), ["pia@partner.test"]);

        // The client ends it, and the partner sees nothing any more.
        assert_eq!(end(&stage, &stranger.id, &id, NOW).await?, RelationEnd::NotFound);
        assert_eq!(end(&stage, &stage.owner, &id, NOW).await?, RelationEnd::Ended(RelationStatus::Ended));
        assert_eq!(end(&stage, &stage.owner, &id, NOW).await?, RelationEnd::Over(RelationStatus::Ended));
        assert_eq!(end(&stage, &partner.id, &id, NOW).await?, RelationEnd::NotFound);
        let seen = seen_by(&stage, &partner, &id, NOW).await?;
        assert_eq!((seen.side, seen.clients), (None, Some(0)));
        assert!(!seen.client && !seen.license && !seen.may_order);
        let mails = stage.mails(NOW).await?;
        assert_eq!(mails.len(), 1);
        assert_eq!(mails[0].to, "pia@partner.test");
        // Each side has its row, and neither names a person of the other.
        assert_eq!(stage.count("SELECT COUNT(*) FROM audit WHERE act = 'relation.end'").await?, 2);
        let by_people = "SELECT COUNT(*) FROM audit WHERE act = 'relation.end' AND actor_kind = 'user'";
        assert_eq!(stage.count(by_people).await?, 1);
        Ok(())
    }

    async fn with_a_partnership_all_of_its_relations_end_and_it_can_begin_anew(db: Db) {
        let (stage, partner, id) = related(db).await?;
        let waiting = invite(&stage, &partner, "nobody@anywhere.test").await?;
        stage.mails(NOW).await?;
        let clerk = stage.staff(StaffRole::Finance).await?;
        let (cx, account_id) = (stage.person(&clerk, NOW), partner.account_id.clone());
        let run = |cx: backend::Cx, account_id: AccountId| {
            stage.write(move |tx| Box::pin(async move { end_partnership(tx, &cx, &master(), &account_id).await }))
        };
        assert_eq!(run(stage.person(&partner.id, NOW), account_id.clone()).await?, PartnershipEnd::NotAllowed);
        assert_eq!(run(cx.clone(), account_id.clone()).await?, PartnershipEnd::Ended);
        assert_eq!(run(cx, account_id).await?, PartnershipEnd::Unchanged);
        let seen = seen_by(&stage, &partner, &id, NOW).await?;
        assert_eq!((seen.side, seen.clients), (None, None));
        assert!(!seen.client && !seen.license && !seen.may_order);
        assert_eq!(invite_as(&stage, &partner, "x@client.test", NOW).await?, Invited::NotAllowed);
        let mut told: Vec<String> = stage.mails(NOW).await?.into_iter().map(|mail| mail.to).collect();
        told.sort();
        assert_eq!(told, ["ada@example.test", "nobody@anywhere.test", "pia@partner.test"]);
        assert_eq!(stage.count("SELECT COUNT(*) FROM client_relations WHERE status = 'withdrawn'").await?, 1);

        // A partner again, it begins without clients.
        set_terms(&stage, &clerk, &partner.account_id, TERMS, NOW.plus(HOUR_MS)).await?;
        let seen = seen_by(&stage, &partner, &waiting, NOW.plus(HOUR_MS)).await?;
        assert_eq!((seen.side, seen.clients), (None, Some(0)));
        Ok(())
    }

    async fn of_two_invitations_that_are_accepted_at_once_one_begins_a_relation(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        let partner = person(&stage, "pia@partner.test").await?;
        confirm_everybody(&stage.db).await?;
        let admin = stage.staff(StaffRole::Admin).await?;
        set_terms(&stage, &admin, &partner.account_id, TERMS, NOW).await?;
        let first = invite(&stage, &partner, "ada@example.test").await?;
        // The address of an owner changes, and is invited again.
        let rename = "UPDATE client_relations SET email_key = 'ada@old.test'";
        let renamed: Result<(), anyhow::Error> = stage
            .db
            .write(move |tx| {
                Box::pin(async move {
                    match tx {
                        Tx::Sqlite(tx) => sqlx::query(rename).execute(&mut **tx).await.map(drop)?,
                        Tx::Postgres(tx) => sqlx::query(rename).execute(&mut **tx).await.map(drop)?,
                    }
                    Ok(())
                })
            })
            .await;
        renamed?;
        let second = invite(&stage, &partner, "ada@example.test").await?;
        let back = "UPDATE client_relations SET email_key = 'ada@example.test' WHERE email_key = 'ada@old.test'";
        let index = "DROP INDEX client_relations_one_invited";
        let both: Result<(), anyhow::Error> = stage
            .db
            .write(move |tx| {
                Box::pin(async move {
                    for sql in [index, back] {
                        match tx {
                            Tx::Sqlite(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop)?,
                            Tx::Postgres(tx) => sqlx::query(sql).execute(&mut **tx).await.map(drop)?,
                        }
                    }
                    Ok(())
                })
            })
            .await;
        both?;
        let (a, b) = tokio::join!(
            accept(&stage, &stage.owner, &stage.account_id, &first, NOW),
            accept(&stage, &stage.owner, &stage.account_id, &second, NOW),
        );
        let outcomes = [a?, b?];
        assert!(outcomes.contains(&Acceptance::Done) && outcomes.contains(&Acceptance::IsClient), "{outcomes:?}");
        assert_eq!(stage.count("SELECT COUNT(*) FROM client_relations WHERE status = 'active'").await?, 1);
        Ok(())
    }

    async fn acceptance_and_withdrawal_at_once_leave_one_of_them(db: Db) {
        let stage = Stage::new(db, "startup", 3).await?;
        let partner = person(&stage, "pia@partner.test").await?;
        confirm_everybody(&stage.db).await?;
        let admin = stage.staff(StaffRole::Admin).await?;
        set_terms(&stage, &admin, &partner.account_id, TERMS, NOW).await?;
        let id = invite(&stage, &partner, "ada@example.test").await?;
        let (accepted, ended) = tokio::join!(
            accept(&stage, &stage.owner, &stage.account_id, &id, NOW),
            end(&stage, &partner.id, &id, NOW),
        );
        // Whoever comes first; a withdrawal after the acceptance ends what has begun.
        match (accepted?, ended?) {
            (Acceptance::Done, RelationEnd::Ended(RelationStatus::Ended))
            | (Acceptance::Over(RelationStatus::Withdrawn), RelationEnd::Ended(RelationStatus::Withdrawn)) => {}
            other => anyhow::bail!("{other:?}"),
        }
        assert_eq!(stage.count("SELECT COUNT(*) FROM client_relations WHERE status = 'active'").await?, 0);
        Ok(())
    }

    async fn one_person_invites_so_many_clients_a_day(db: Db) {
        let (stage, partner, _) = related(db).await?;
        let (most, _) = Limit::InviteUser.allowance();
        let (hourly, _) = Limit::InviteAccount.allowance();
        let mut sent = 1;
        // The account alone stays below its own limit.
        for number in 0..most {
            let at = NOW.plus((1 + number / hourly) * HOUR_MS);
            match invite_as(&stage, &partner, &format!("c{number}@client.test"), at).await? {
                Invited::Done(_) => sent += 1,
                other => assert!(matches!(other, Invited::Limited(_)), "{number}: {other:?}"),
            }
        }
        assert_eq!(sent, most);
        Ok(())
    }

    async fn the_list_of_clients_goes_on_where_it_ended(db: Db) {
        let (stage, partner, _) = related(db).await?;
        for number in 0..4 {
            let at = NOW.plus((number + 1) * HOUR_MS);
            let Invited::Done(_) = invite_as(&stage, &partner, &format!("c{number}@client.test"), at).await? else {
                anyhow::bail!("{number}")
            };
        }
        let (mut seen, mut after) = (Vec::new(), None::<ClientPlace>);
        loop {
            let (cx, id, from) = (stage.person(&partner.id, NOW.plus(DAY_MS)), partner.account_id.clone(), after.clone());
            let page: Result<_, DbError> = stage
                .db
                .read(move |tx| Box::pin(async move { list_clients(tx, &cx, &id, from.as_ref(), 2).await }))
                .await;
            let page = page?.expect("a partner");
            let Some(last) = page.last() else { break };
            after = ClientPlace::parse(&ClientPlace::of(last).to_string());
            seen.extend(page.into_iter().map(|client| client.email));
        }
        assert_eq!(
            seen,
            ["c3@client.test", "c2@client.test", "c1@client.test", "c0@client.test", "ada@example.test"]
        );
        Ok(())
    }
}
