//! What a program with an API token may do: every address of the management API, asked with every kind of token. The rows
//! are in `tokens.txt`, written by hand; the addresses are the router's own.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};
use backend::Cx;
use backend::accounts::list_memberships;
use backend::clock::DAY_MS;
use backend::ids::{AccountId, UserId};
use backend::tokens::rules::{ACCOUNT_SCOPES, VENDOR_SCOPES};
use backend::tokens::{Holder, NewToken, Scope, TokenCreation, create_token, revoke_token};

use super::super::Answer;
use super::world::{Objects, World, second_id};
use crate::http::manage::for_programs;

/// What a partner would order for the account.
const ORDER: &str =
    r#"{"client_id":"rln_own","plan":"startup","interval":"month","seats":2,"currency":"usd","payer":"partner"}"#;

/// What asks, in the order of the columns; the text is what is sent as the header `Authorization`.
type Columns = Vec<(String, Option<String>)>;

/// What a call gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    LetIn,
    NoToken,
    OutOfScope,
    NotFound,
}

pub(super) fn rows() -> BTreeMap<String, Vec<Cell>> {
    let lines = include_str!("tokens.txt").lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(row).collect()
}

fn row(line: &str) -> (String, Vec<Cell>) {
    let mut words = line.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { panic!("no address: {line}") };
    let cells = words.filter(|word| *word != "|").map(|word| match word {
        "x" => Cell::LetIn,
        "-" => Cell::NoToken,
        "s" => Cell::OutOfScope,
        "n" => Cell::NotFound,
        other => panic!("what is {other}? {line}"),
    });
    (format!("{method} {path}"), cells.collect())
}

fn addresses() -> Vec<(Method, &'static str)> {
    for_programs().into_iter().map(|(method, path, _)| (method, path)).collect()
}

fn judge(answer: &Answer) -> Result<Cell, String> {
    let code = if answer.status.is_success() { String::new() } else { answer.json()["code"].to_string() };
    match (answer.status, code.as_str()) {
        (StatusCode::OK, _) => Ok(Cell::LetIn),
        (StatusCode::UNAUTHORIZED, r#""invalid_token""#) => Ok(Cell::NoToken),
        (StatusCode::FORBIDDEN, r#""insufficient_scope""#) => Ok(Cell::OutOfScope),
        (StatusCode::NOT_FOUND, r#""not_found""#) => Ok(Cell::NotFound),
        (status, _) => Err(format!("{status} {}", answer.body)),
    }
}

/// A world with a token of every kind.
async fn world() -> anyhow::Result<(World, Columns)> {
    let mut world = World::new().await?;
    let (own, other) = (account_of(&world, "usr_owner").await?, account_of(&world, "usr_other_owner").await?);
    let app = world.app();
    let here = app.cx();
    let abroad = Cx { vendor_id: second_id(app).await?, ..here.clone() };
    let long_ago = Cx { now: here.now.plus(-2 * DAY_MS), ..here.clone() };
    let (account, others) = (Holder::Account(own), Holder::Account(other));

    let mut columns = vec![("none".to_owned(), None), ("cookie".to_owned(), None)];
    columns.push(("revoked".to_owned(), Some(token(&world, &here, &account, ACCOUNT_SCOPES, 90, true).await?)));
    columns.push(("expired".to_owned(), Some(token(&world, &long_ago, &account, ACCOUNT_SCOPES, 1, false).await?)));
    columns
        .push(("foreign".to_owned(), Some(token(&world, &abroad, &Holder::Vendor, VENDOR_SCOPES, 90, false).await?)));
    columns.push(("other".to_owned(), Some(token(&world, &here, &others, ACCOUNT_SCOPES, 90, false).await?)));
    for (holder, scopes, side) in [(&account, ACCOUNT_SCOPES, ""), (&Holder::Vendor, VENDOR_SCOPES, "vendor's ")] {
        for scope in scopes {
            let sent = token(&world, &here, holder, &[*scope], 90, false).await?;
            columns.push((format!("{side}{}", scope.as_str()), Some(sent)));
        }
    }
    world.keep().await?;
    Ok((world, columns))
}

async fn account_of(world: &World, user: &str) -> anyhow::Result<AccountId> {
    let (vendor_id, user_id) = (world.app().vendor.id.clone(), UserId::from_untrusted(user));
    let read =
        world.app().state.db.read(|tx| Box::pin(async move { list_memberships(tx, &vendor_id, &user_id).await }));
    let first = read.await?.into_iter().next();
    Ok(first.ok_or_else(|| anyhow::anyhow!("{user} has no account"))?.account.id)
}

/// Makes a token and answers the header that bears it.
async fn token(
    world: &World,
    cx: &Cx,
    holder: &Holder,
    scopes: &[Scope],
    days: i64,
    revoked: bool,
) -> anyhow::Result<String> {
    let state = &world.app().state;
    let (cx, master) = (cx.clone(), state.master.clone());
    let new = NewToken { holder: holder.clone(), name: "x".to_owned(), scopes: scopes.iter().copied().collect(), days };
    let made = state.db.write(move |tx| {
        Box::pin(async move {
            let TokenCreation::Created { token, text } = create_token(tx, &cx, &master, &new).await? else {
                return Ok(None);
            };
            if revoked {
                revoke_token(tx, &cx, &new.holder, &token.id).await?;
            }
            Ok::<_, backend::db::DbError>(Some(text))
        })
    });
    let text = made.await?.ok_or_else(|| anyhow::anyhow!("the token was refused"))?;
    Ok(format!("Bearer {}", text.expose()))
}

/// Asks for an address with a token, or with an owner's cookie.
async fn ask(
    world: &World,
    (method, path): &(Method, &str),
    objects: &Objects,
    column: &(String, Option<String>),
) -> Answer {
    let body = match path.rsplit('/').next() {
        Some("releases") if *method == Method::POST => r#"{"version":"9.9.9"}"#,
        Some("orders") if *method == Method::POST => ORDER,
        _ if *method == Method::PATCH => r#"{"name":"x"}"#,
        _ => "",
    };
    let mut headers = vec![("content-type", "application/json"), ("idempotency-key", "one")];
    headers.extend(column.1.as_deref().map(|token| ("authorization", token)));
    let person = if column.0 == "cookie" { "owner" } else { "visitor" };
    world.send(method.clone(), &objects.fill(path), person, &headers, body).await
}

#[tokio::test]
async fn every_cell_of_the_matrix_of_tokens_is_so() -> anyhow::Result<()> {
    let (mut world, columns) = world().await?;
    let (own, rows) = (world.own().clone(), rows());
    let mut wrong = Vec::new();
    for address in addresses() {
        let name = format!("{} {}", address.0, address.1);
        let Some(row) = rows.get(&name) else { continue };
        assert_eq!(row.len(), columns.len(), "{name}");
        for (column, expected) in columns.iter().zip(row) {
            let before = world.counted().await?;
            let found = judge(&ask(&world, &address, &own, column).await);
            if found != Ok(*expected) {
                wrong.push(format!("{name} with {}: {found:?} instead of {expected:?}", column.0));
            }
            if address.0 != Method::GET && found == Ok(Cell::LetIn) {
                world.begin_anew().await?;
            } else if world.counted().await? != before {
                wrong.push(format!("{name} with {} left traces", column.0));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cells differ:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

#[tokio::test]
async fn no_token_finds_what_another_vendor_has() -> anyhow::Result<()> {
    let (world, columns) = world().await?;
    let abroad = world.abroad().clone();
    for address in addresses().iter().filter(|(_, path)| path.contains("_id}")) {
        for column in columns.iter().filter(|(name, _)| name != "foreign") {
            let answer = ask(&world, address, &abroad, column).await;
            assert!(!answer.status.is_success(), "{} {} with {}: {}", address.0, address.1, column.0, answer.body);
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_address_for_programs_has_a_row_and_every_row_an_address() {
    let known: BTreeSet<_> = addresses().iter().map(|(method, path)| format!("{method} {path}")).collect();
    let written: BTreeSet<_> = rows().into_keys().collect();
    assert_eq!(known, written);
}
