//! Who may do what: every address of the portal, asked by everybody.
//!
//! The rows are in `matrix.txt`, one for each address, written by hand; the addresses come from the registry of server
//! functions, the route list of the pages and the router's own handlers. An address without a row fails, and so does a
//! row without an address. What somebody is refused leaves the database as it was. What machines ask for has rows in
//! `machines.txt`, and in `tokens.txt` where a token opens it.

mod addresses;
mod carried;
mod forgery;
mod matrix;
mod power;
mod tables;
mod tokens;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use axum::http::StatusCode;

use super::Answer;
use addresses::{Address, Kind, addresses};
use matrix::{COLUMNS, Cell, machine_rows, rows};
use world::{Objects, World};

/// What came of a request, in the words of the matrix.
fn judge(address: &Address, answer: &Answer) -> Cell {
    let target = answer.header("location");
    let leads_to = |page: &str| target == page || target.starts_with(&format!("{page}?"));
    match answer.status {
        StatusCode::FORBIDDEN => Cell::Refused,
        StatusCode::NOT_FOUND => Cell::NotFound,
        _ if leads_to("/confirm") => Cell::StepUp,
        // Where a form leads to afterwards is its own matter.
        _ if target.is_empty() || address.kind == Kind::Form => Cell::LetIn,
        _ if leads_to("/log-in") || leads_to("/sign-up") => Cell::LogIn,
        _ if leads_to("/company") => Cell::Company,
        _ => Cell::Elsewhere,
    }
}

/// Sends the request of every column and answers what differs from the row.
async fn differences(
    world: &mut World,
    address: &Address,
    objects: &Objects,
    expected: &[Cell],
) -> anyhow::Result<Vec<String>> {
    let mut wrong = Vec::new();
    for (column, expected) in COLUMNS.iter().zip(expected) {
        // Only forms can leave anything.
        let before = if address.kind == Kind::Form { world.counted().await? } else { Vec::new() };
        let answer = world.ask(address, objects, column).await;
        let found = judge(address, &answer);
        if address.kind == Kind::Form && *column == "visitor" && answer.status == StatusCode::BAD_REQUEST {
            // Authority is asked before what was typed is judged, so this form never came as far as that: its row would
            // hold whoever may.
            wrong.push(format!("{} cannot be read: `objects.rs` sends too little ({})", address.path, answer.body));
        }
        if found != *expected {
            let (method, path) = (&address.method, &address.path);
            let told = answer.body.lines().next().unwrap_or_default().chars().take(160).collect::<String>();
            wrong.push(format!(
                "{method} {path} by {column}: {found:?} instead of {expected:?} ({} {} {told})",
                answer.status,
                answer.header("location")
            ));
        }
        if address.kind == Kind::Form && found != Cell::LetIn {
            let after = world.counted().await?;
            if before != after {
                wrong.push(format!("{} by {column} was refused and left traces: {before:?} {after:?}", address.path));
            }
        } else if address.kind == Kind::Form {
            world.begin_anew().await?;
        }
    }
    Ok(wrong)
}

#[tokio::test]
async fn every_cell_of_the_matrix_is_so() -> anyhow::Result<()> {
    let (mut world, rows) = (World::new().await?, rows());
    let mut wrong = Vec::new();
    for address in addresses().iter().filter(|address| address.kind != Kind::Machine) {
        let Some(row) = rows.get(&address.key()) else { continue };
        let own = world.own().clone();
        wrong.extend(differences(&mut world, address, &own, &row.cells).await?);
    }
    assert!(wrong.is_empty(), "{} cells differ:\n{}", wrong.len(), wrong.join("\n"));
    Ok(())
}

#[tokio::test]
async fn what_another_vendor_has_exists_for_nobody_here() -> anyhow::Result<()> {
    let (mut world, rows) = (World::new().await?, rows());
    let mut let_in = Vec::new();
    for address in addresses().iter().filter(|address| address.kind != Kind::Machine) {
        if !rows.get(&address.key()).is_some_and(|row| row.names_an_object) {
            continue;
        }
        let abroad = world.abroad().clone();
        for column in COLUMNS {
            let before = if address.kind == Kind::Form { world.counted().await? } else { Vec::new() };
            let answer = world.ask(address, &abroad, column).await;
            // A form may have a sentence for what it does not find, as long as nothing comes of it.
            let is_let_in = match address.kind {
                Kind::Form => world.counted().await? != before,
                _ => judge(address, &answer) == Cell::LetIn,
            };
            if is_let_in {
                let_in.push(format!("{} by {column}: {} {}", address.path, answer.status, answer.body));
                world.begin_anew().await?;
            }
        }
    }
    let asked = rows.values().filter(|row| row.names_an_object).count();
    assert!(asked > 30, "only {asked} addresses name an object");
    assert!(let_in.is_empty(), "{}", let_in.join("\n"));
    Ok(())
}

#[tokio::test]
async fn a_cookie_means_nothing_to_what_machines_ask() -> anyhow::Result<()> {
    let (world, rows) = (World::new().await?, machine_rows());
    let own = world.own().clone();
    for address in addresses().iter().filter(|address| address.kind == Kind::Machine) {
        let mut answers = BTreeMap::new();
        for column in COLUMNS {
            let status = world.ask(address, &own, column).await.status;
            answers.entry(status).or_insert_with(Vec::new).push(column);
        }
        assert_eq!(answers.len(), 1, "{} {}: {answers:?}", address.method, address.path);
        if let Some(expected) = rows.get(&address.key()) {
            let found = answers.keys().next().map(StatusCode::as_u16);
            assert_eq!(found, Some(*expected), "{}", address.key());
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_address_has_a_row_and_every_row_an_address() {
    let with_token: BTreeSet<_> = tokens::rows().into_keys().collect();
    let known: BTreeSet<_> = addresses().iter().map(Address::key).filter(|key| !with_token.contains(key)).collect();
    let written: BTreeSet<_> = rows().into_keys().chain(machine_rows().into_keys()).collect();
    let without_row: Vec<_> = known.difference(&written).collect();
    let without_address: Vec<_> = written.difference(&known).collect();
    assert!(without_row.is_empty(), "no row says who may: {without_row:#?}");
    assert!(without_address.is_empty(), "nothing answers: {without_address:#?}");
}
