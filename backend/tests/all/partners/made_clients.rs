//! Clients for whom their partner has made an account: taken over, declined, or left alone.

use backend::accounts::members::{Acceptance as Joining, FirstOwnerAsked, accept_invitation, ask_first_owner};
use backend::accounts::{AccountDetails, Act, Address, Field, StaffRole, list_memberships, may_act};
use backend::db::{Db, DbError, Tx};
use backend::ids::{AccountId, RelationId, UserId};
use backend::partners::{
    AskedAgain, ClientCreation, CreateClient, Declining, PartnershipEnd, RelationEnd, RelationStatus, ask_again,
    create_client, decline_account, end_partnership, export_clients, find_clientele, find_maker, search_clients,
};

use super::{end, owner_of, person, related};
use crate::licenses::stage::Stage;
use crate::support::people::Person;
use crate::support::{NOW, master, on_both_engines};

fn wanted(partner: &Person, company: &str, email: &str) -> CreateClient {
    let address = Address { line1: "Kai 2".to_owned(), city: "Jena".to_owned(), ..Address::default() };
    CreateClient {
        partner_id: partner.account_id.clone(),
        details: AccountDetails {
            company: company.to_owned(),
            country: "DE".to_owned(),
            address,
            ..AccountDetails::default()
        },
        name: "Eve".to_owned(),
        email: email.to_owned(),
    }
}

async fn make(stage: &Stage, who: &Person, request: CreateClient) -> anyhow::Result<ClientCreation> {
    let cx = stage.person(&who.id, NOW);
    Ok(stage.write(move |tx| Box::pin(async move { create_client(tx, &cx, &master(), &request).await })).await?)
}

async fn made(stage: &Stage, partner: &Person, email: &str) -> anyhow::Result<RelationId> {
    match make(stage, partner, wanted(partner, "Saale AG", email)).await? {
        ClientCreation::Created(id) => Ok(id),
        other => anyhow::bail!("{other:?}"),
    }
}

/// The secret of the newest mail that asks somebody to take an account over.
async fn secret(stage: &Stage, email: &str) -> anyhow::Result<String> {
    let mails = stage.mails(NOW).await?;
    let mail = mails.iter().rev().find(|mail| mail.to == email && mail.text.contains("/join?token="));
    let (_, rest) = mail.and_then(|mail| mail.text.split_once("?token=")).unwrap_or_default();
    Ok(rest.split_whitespace().next().unwrap_or_default().to_owned())
}

async fn join(stage: &Stage, who: &Person, secret: &str) -> anyhow::Result<Joining> {
    let (cx, secret) = (stage.person(&who.id, NOW), secret.to_owned());
    Ok(stage.write(move |tx| Box::pin(async move { accept_invitation(tx, &cx, &master(), &secret).await })).await?)
}

async fn decline(stage: &Stage, secret: &str) -> anyhow::Result<Declining> {
    let (cx, secret) = (stage.operator(NOW), secret.to_owned());
    Ok(stage.write(move |tx| Box::pin(async move { decline_account(tx, &cx, &master(), &secret).await })).await?)
}

async fn ask(stage: &Stage, who: &Person, id: &RelationId) -> anyhow::Result<AskedAgain> {
    ask_at(stage, who, id, "eve@client.test").await
}

async fn ask_at(stage: &Stage, who: &Person, id: &RelationId, email: &str) -> anyhow::Result<AskedAgain> {
    let (cx, id, email) = (stage.person(&who.id, NOW), id.clone(), email.to_owned());
    Ok(stage.write(move |tx| Box::pin(async move { ask_again(tx, &cx, &master(), &id, &email).await })).await?)
}

/// The account that a partner has made.
async fn account_of(stage: &Stage, who: &Person, id: &RelationId) -> anyhow::Result<AccountId> {
    let (cx, id) = (stage.person(&who.id, NOW), id.clone());
    let found = stage.db.read(move |tx| Box::pin(async move { find_clientele(tx, &cx, &id, Act::Buy).await })).await?;
    found.map(|clientele| clientele.client.id).ok_or_else(|| anyhow::anyhow!("no such client"))
}

async fn found(stage: &Stage, who: &Person, search: &str) -> anyhow::Result<Vec<String>> {
    let (cx, id, search) = (stage.person(&who.id, NOW), who.account_id.clone(), search.to_owned());
    let all = stage.db.read(move |tx| Box::pin(async move { search_clients(tx, &cx, &id, &search, None, 10).await }));
    Ok(all.await?.unwrap_or_default().into_iter().map(|client| client.email).collect())
}

async fn ask_for(
    stage: &Stage,
    staff: &UserId,
    account_id: &AccountId,
    email: &'static str,
) -> anyhow::Result<FirstOwnerAsked> {
    let (cx, account_id) = (stage.person(staff, NOW), account_id.clone());
    Ok(stage
        .write(move |tx| Box::pin(async move { ask_first_owner(tx, &cx, &master(), &account_id, email).await }))
        .await?)
}

/// The account has a license.
async fn give_license(stage: &Stage, account_id: &AccountId) -> anyhow::Result<()> {
    let (license_id, holder) = (stage.license_id.clone(), account_id.clone());
    let moved: Result<u64, DbError> = stage
        .write(move |tx| {
            Box::pin(async move {
                let sql = "UPDATE licenses SET account_id = $1 WHERE id = $2";
                let (holder, id) = (holder.as_str(), license_id.as_str());
                Ok(match tx {
                    Tx::Sqlite(tx) => sqlx::query(sql).bind(holder).bind(id).execute(&mut **tx).await?.rows_affected(),
                    Tx::Postgres(tx) => {
                        sqlx::query(sql).bind(holder).bind(id).execute(&mut **tx).await?.rows_affected()
                    }
                })
            })
        })
        .await;
    anyhow::ensure!(moved? == 1);
    Ok(())
}

on_both_engines! {
    async fn a_partner_makes_a_client_and_whoever_is_asked_becomes_its_owner(db: Db) {
        let (stage, partner, _) = related(db).await?;
        let eve = person(&stage, "eve@client.test").await?;
        let id = made(&stage, &partner, "Eve@client.test").await?;
        let account_id = account_of(&stage, &partner, &id).await?;
        // Nobody acts for it: not even the partner that has made it.
        for who in [&partner, &eve] {
            let (cx, account_id) = (stage.person(&who.id, NOW), account_id.clone());
            let may = stage.db.read(move |tx| {
                Box::pin(async move { may_act(tx, &cx, &account_id, Act::See).await })
            });
            assert!(!may.await?);
        }
        let sent = secret(&stage, "Eve@client.test").await?;
        // Somebody else's login takes nothing over.
        assert_eq!(join(&stage, &partner, &sent).await?, Joining::OtherPerson);
        assert!(matches!(join(&stage, &eve, &sent).await?, Joining::Joined(_)));
        assert_eq!(join(&stage, &eve, &sent).await?, Joining::Spent, "once");
        let (vendor_id, user_id) = (stage.vendor.id.clone(), eve.id.clone());
        let belongs =
            stage.db.read(move |tx| Box::pin(async move { list_memberships(tx, &vendor_id, &user_id).await })).await?;
        assert!(belongs.iter().any(|it| it.account.id == account_id && it.account.company == "Saale AG"));
        let told = stage.mails(NOW).await?;
        assert!(told.iter().any(|mail| mail.to == "pia@partner.test" && mail.subject.contains("Saale AG")));
        assert_eq!(ask(&stage, &partner, &id).await?, AskedAgain::NotFound, "somebody has it");
        // From here on it is a client like any other: it keeps its account when the relation ends.
        assert_eq!(end(&stage, &partner.id, &id, NOW).await?, RelationEnd::Ended(RelationStatus::Ended));
        assert_eq!(stage.count("SELECT COUNT(*) FROM accounts WHERE closed_at IS NOT NULL").await?, 0);
        assert!(stage.mails(NOW).await?.iter().any(|mail| mail.to == "eve@client.test"), "its owner is told");
        Ok(())
    }

    async fn whether_an_address_is_registered_makes_no_difference_and_what_is_wrong_is_told(db: Db) {
        let (stage, partner, _) = related(db).await?;
        person(&stage, "eve@client.test").await?;
        for email in ["eve@client.test", "nobody@client.test"] {
            assert!(matches!(
                make(&stage, &partner, wanted(&partner, "Saale AG", email)).await?,
                ClientCreation::Created(_)
            ));
            assert!(!secret(&stage, email).await?.is_empty(), "{email}");
        }
        let again = make(&stage, &partner, wanted(&partner, "Saale AG", "eve@client.test")).await?;
        assert_eq!(again, ClientCreation::IsClient);
        let own = make(&stage, &partner, wanted(&partner, "Saale AG", "pia@partner.test")).await?;
        assert_eq!(own, ClientCreation::OwnAddress);
        let ClientCreation::Refused(problems) = make(&stage, &partner, wanted(&partner, "", "x")).await? else {
            anyhow::bail!("it was made")
        };
        assert_eq!(problems.iter().map(|it| it.field).collect::<Vec<_>>(), [Field::Company, Field::Email]);
        // Who is no partner makes nobody a client.
        let owner = owner_of(&stage);
        let refused = make(&stage, &owner, wanted(&owner, "Saale AG", "x@client.test")).await?;
        assert_eq!(refused, ClientCreation::NotAllowed);
        let for_partner = make(&stage, &owner, wanted(&partner, "Saale AG", "x@client.test")).await?;
        assert_eq!(for_partner, ClientCreation::NotAllowed);
        Ok(())
    }

    async fn an_account_that_nobody_wants_is_erased_with_its_relation(db: Db) {
        let (stage, partner, _) = related(db).await?;
        let closed = "SELECT COUNT(*) FROM accounts WHERE closed_at IS NOT NULL";
        let id = made(&stage, &partner, "eve@client.test").await?;
        let account_id = account_of(&stage, &partner, &id).await?;
        let sent = secret(&stage, "eve@client.test").await?;
        assert_eq!(decline(&stage, "none").await?, Declining::Spent);
        assert_eq!(decline(&stage, &sent).await?, Declining::Declined);
        assert_eq!(decline(&stage, &sent).await?, Declining::Spent, "once");
        assert!(account_of(&stage, &partner, &id).await.is_err());
        assert_eq!(stage.count(closed).await?, 1);
        let (vendor_id, gone) = (stage.vendor.id.clone(), account_id.clone());
        let maker = stage.db.read(move |tx| Box::pin(async move { find_maker(tx, &vendor_id, &gone).await })).await?;
        assert_eq!(maker, None);
        let told = stage.mails(NOW).await?;
        assert!(told.iter().any(|mail| mail.to == "pia@partner.test"), "the partner is told");
        assert_eq!(
            stage.count("SELECT COUNT(*) FROM client_relations WHERE email LIKE 'eve%' OR company = 'Saale AG'").await?,
            0
        );

        // Nor is anything kept of the mail that asked.
        assert_eq!(stage.count("SELECT COUNT(*) FROM mails WHERE recipient_key = 'eve@client.test'").await?, 0);

        // By the partner, as well; and its link is worth nothing then.
        let id = made(&stage, &partner, "ann@client.test").await?;
        let sent = secret(&stage, "ann@client.test").await?;
        assert_eq!(end(&stage, &partner.id, &id, NOW).await?, RelationEnd::Ended(RelationStatus::Ended));
        assert_eq!(stage.count(closed).await?, 2);
        let ann = person(&stage, "ann@client.test").await?;
        assert_eq!(join(&stage, &ann, &sent).await?, Joining::Spent);
        Ok(())
    }

    async fn an_account_with_a_license_stays_for_whoever_was_asked(db: Db) {
        let (stage, partner, _) = related(db).await?;
        let eve = person(&stage, "eve@client.test").await?;
        let id = made(&stage, &partner, "eve@client.test").await?;
        let account_id = account_of(&stage, &partner, &id).await?;
        let sent = secret(&stage, "eve@client.test").await?;
        give_license(&stage, &account_id).await?;
        assert_eq!(end(&stage, &partner.id, &id, NOW).await?, RelationEnd::Ended(RelationStatus::Ended));
        assert_eq!(stage.count("SELECT COUNT(*) FROM accounts WHERE closed_at IS NOT NULL").await?, 0);
        assert!(matches!(join(&stage, &eve, &sent).await?, Joining::Joined(_)));
        assert!(account_of(&stage, &partner, &id).await.is_err(), "its partner is over all the same");
        Ok(())
    }

    async fn declining_what_something_was_ordered_for_ends_the_relation_and_leaves_the_link(db: Db) {
        let (stage, partner, _) = related(db).await?;
        let eve = person(&stage, "eve@client.test").await?;
        let id = made(&stage, &partner, "eve@client.test").await?;
        let account_id = account_of(&stage, &partner, &id).await?;
        let sent = secret(&stage, "eve@client.test").await?;
        give_license(&stage, &account_id).await?;
        assert_eq!(decline(&stage, &sent).await?, Declining::Stays);
        assert!(account_of(&stage, &partner, &id).await.is_err(), "the relation is over");
        assert!(stage.mails(NOW).await?.iter().any(|mail| mail.to == "pia@partner.test"), "the partner is told");
        assert_eq!(stage.count("SELECT COUNT(*) FROM accounts WHERE closed_at IS NOT NULL").await?, 0);
        // There is nothing left to decline, and nobody is told twice.
        assert_eq!(decline(&stage, &sent).await?, Declining::Spent);
        assert!(stage.mails(NOW).await?.is_empty());
        assert!(matches!(join(&stage, &eve, &sent).await?, Joining::Joined(_)));
        Ok(())
    }

    async fn with_a_partnership_go_the_accounts_that_nobody_has_and_nothing_was_ordered_for(db: Db) {
        let (stage, partner, _) = related(db).await?;
        let eve = person(&stage, "eve@client.test").await?;
        made(&stage, &partner, "nobody@client.test").await?;
        let id = made(&stage, &partner, "eve@client.test").await?;
        let account_id = account_of(&stage, &partner, &id).await?;
        let sent = secret(&stage, "eve@client.test").await?;
        give_license(&stage, &account_id).await?;
        let admin = stage.staff(StaffRole::Finance).await?;
        let (cx, partner_id) = (stage.person(&admin, NOW), partner.account_id.clone());
        let ended =
            stage.write(move |tx| Box::pin(async move { end_partnership(tx, &cx, &master(), &partner_id).await }));
        assert_eq!(ended.await?, PartnershipEnd::Ended);
        assert_eq!(stage.count("SELECT COUNT(*) FROM accounts WHERE closed_at IS NOT NULL").await?, 1);
        let told = stage.mails(NOW).await?;
        assert!(told.iter().any(|mail| mail.to == "nobody@client.test"), "its link is worth nothing now");
        assert!(told.iter().all(|mail| mail.to != "eve@client.test"), "hers is as good as before");
        assert!(matches!(join(&stage, &eve, &sent).await?, Joining::Joined(_)));
        Ok(())
    }

    async fn staff_ask_the_first_owner_of_what_nobody_has(db: Db) {
        let (stage, partner, _) = related(db).await?;
        let (eve, ann) = (person(&stage, "eve@client.test").await?, person(&stage, "ann@client.test").await?);
        let id = made(&stage, &partner, "eve@client.test").await?;
        let account_id = account_of(&stage, &partner, &id).await?;
        let sent = secret(&stage, "eve@client.test").await?;
        give_license(&stage, &account_id).await?;
        assert_eq!(end(&stage, &partner.id, &id, NOW).await?, RelationEnd::Ended(RelationStatus::Ended));
        let (support, finance) = (stage.staff(StaffRole::Support).await?, stage.staff(StaffRole::Finance).await?);
        for who in [&finance, &partner.id, &eve.id] {
            assert_eq!(ask_for(&stage, who, &account_id, "ann@client.test").await?, FirstOwnerAsked::NotAllowed);
        }
        let nobody = AccountId::from_untrusted("acc_none");
        assert_eq!(ask_for(&stage, &support, &nobody, "ann@client.test").await?, FirstOwnerAsked::NotAllowed);
        assert!(matches!(ask_for(&stage, &support, &account_id, "x").await?, FirstOwnerAsked::Refused(_)));
        assert_eq!(ask_for(&stage, &support, &account_id, "ann@client.test").await?, FirstOwnerAsked::Done);
        assert_eq!(join(&stage, &eve, &sent).await?, Joining::Spent, "the link before");
        let sent = secret(&stage, "ann@client.test").await?;
        assert!(matches!(join(&stage, &ann, &sent).await?, Joining::Joined(_)));
        assert_eq!(ask_for(&stage, &support, &account_id, "eve@client.test").await?, FirstOwnerAsked::HasMembers);
        Ok(())
    }

    async fn of_taking_over_and_ending_at_once_one_comes_first_and_nobody_owns_what_is_erased(db: Db) {
        let (stage, partner, _) = related(db).await?;
        let eve = person(&stage, "eve@client.test").await?;
        let id = made(&stage, &partner, "eve@client.test").await?;
        let sent = secret(&stage, "eve@client.test").await?;
        let (joined, ended) = tokio::join!(join(&stage, &eve, &sent), end(&stage, &partner.id, &id, NOW));
        assert_eq!(ended?, RelationEnd::Ended(RelationStatus::Ended));
        let has_joined = matches!(joined?, Joining::Joined(_));
        let closed = stage.count("SELECT COUNT(*) FROM accounts WHERE closed_at IS NOT NULL").await?;
        assert_eq!(closed, i64::from(!has_joined));
        let owned = "SELECT COUNT(*) FROM memberships m JOIN accounts a ON a.id = m.account_id
                     WHERE a.closed_at IS NOT NULL";
        assert_eq!(stage.count(owned).await?, 0);
        Ok(())
    }

    async fn asking_again_replaces_the_link_and_is_limited(db: Db) {
        let (stage, partner, _) = related(db).await?;
        let eve = person(&stage, "eve@client.test").await?;
        let id = made(&stage, &partner, "eve@client.test").await?;
        let first = secret(&stage, "eve@client.test").await?;
        assert_eq!(ask(&stage, &owner_of(&stage), &id).await?, AskedAgain::NotFound);
        assert_eq!(ask(&stage, &partner, &id).await?, AskedAgain::Done);
        let second = secret(&stage, "eve@client.test").await?;
        assert_ne!(first, second);
        assert_eq!(join(&stage, &eve, &first).await?, Joining::Spent);
        let mut limited = false;
        for _ in 0..10 {
            limited |= matches!(ask(&stage, &partner, &id).await?, AskedAgain::Limited(_));
        }
        assert!(limited);
        Ok(())
    }

    async fn a_mistyped_address_is_corrected_and_gets_nothing_any_more(db: Db) {
        let (stage, partner, _) = related(db).await?;
        let (wrong, eve) = (person(&stage, "ewe@client.test").await?, person(&stage, "eve@client.test").await?);
        let id = made(&stage, &partner, "ewe@client.test").await?;
        let account_id = account_of(&stage, &partner, &id).await?;
        let first = secret(&stage, "ewe@client.test").await?;
        for (email, expected) in [("pia@partner.test", AskedAgain::OwnAddress), ("ada@example.test", AskedAgain::IsClient)] {
            assert_eq!(ask_at(&stage, &partner, &id, email).await?, expected, "{email}");
        }
        assert!(matches!(ask_at(&stage, &partner, &id, "x").await?, AskedAgain::Refused(_)));
        assert_eq!(found(&stage, &partner, "saale").await?, ["ewe@client.test"], "as it was");
        assert_eq!(ask_at(&stage, &partner, &id, "Eve@client.test").await?, AskedAgain::Done);
        assert_eq!(join(&stage, &wrong, &first).await?, Joining::Spent);
        assert_eq!(found(&stage, &partner, "saale").await?, ["Eve@client.test"]);
        let billed = "SELECT COUNT(*) FROM accounts WHERE company = 'Saale AG' AND billing_email = 'Eve@client.test'";
        assert_eq!(stage.count(billed).await?, 1);
        let sent = secret(&stage, "Eve@client.test").await?;
        assert!(matches!(join(&stage, &eve, &sent).await?, Joining::Joined(_)));
        let after = ask_at(&stage, &partner, &id, "ewe@client.test").await?;
        assert_eq!((after, account_of(&stage, &partner, &id).await?), (AskedAgain::NotFound, account_id));
        Ok(())
    }

    async fn clients_are_found_by_name_or_address_and_taken_along(db: Db) {
        let (stage, partner, _) = related(db).await?;
        made(&stage, &partner, "eve@client.test").await?;
        for (search, expected) in [
            ("saale", vec!["eve@client.test"]),
            ("ADA@", vec!["ada@example.test"]),
            ("%", vec![]),
            ("nobody", vec![]),
        ] {
            assert_eq!(found(&stage, &partner, search).await?, expected, "{search}");
        }
        assert_eq!(found(&stage, &partner, " ").await?.len(), 2);
        assert!(found(&stage, &owner_of(&stage), "").await?.is_empty(), "no partner");
        let (cx, id) = (stage.person(&partner.id, NOW), partner.account_id.clone());
        let table = stage.db.read(move |tx| Box::pin(async move { export_clients(tx, &cx, &id, "saale").await })).await?;
        let table = table.expect("a partner");
        assert!(table.contains("Saale AG,eve@client.test,not_taken_over,0,"), "{table}");
        assert_eq!(table.lines().count(), 2);
        Ok(())
    }
}
