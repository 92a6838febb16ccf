//! The published test vectors: `*.json` beside this file, described in `README.md`.
//!
//! They are written by the generators in this folder and checked in, so that verifiers in other languages can use
//! them. `cargo test -p sdk --test vectors -- --ignored` writes them anew.
#![expect(clippy::unwrap_used, reason = "tests")]

mod delegated;
mod direct;
mod documents;
mod forge;
mod format;
mod verdict;

use std::{fs, path::PathBuf};

use self::format::File;

/// The least number of tokens that a verifier has to refuse.
const HOSTILE_AT_LEAST: usize = 200;

fn files() -> [(&'static str, File); 4] {
    [
        ("leases.json", direct::file()),
        ("delegated_leases.json", delegated::file()),
        ("key_sets.json", documents::key_sets()),
        ("revocations.json", documents::revocations()),
    ]
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)
}

fn written(name: &str) -> File {
    serde_json::from_str(&fs::read_to_string(path(name)).unwrap()).unwrap()
}

#[test]
#[ignore = "writes the published files"]
fn write_the_files() {
    for (name, file) in files() {
        fs::write(path(name), serde_json::to_string_pretty(&file).unwrap() + "\n").unwrap();
    }
}

#[test]
fn every_vector_is_answered_as_it_says() {
    let (mut hostile, mut good, mut wrong) = (0, 0, Vec::new());
    for (name, _) in files() {
        let file = written(name);
        for vector in &file.vectors {
            let verdict = verdict::of(&file, vector);
            if verdict != vector.expected {
                wrong.push(format!("{name} {}: expected {}, was {verdict}", vector.id, vector.expected));
            }
            if vector.expected == "accepted" { good += 1 } else { hostile += 1 }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(hostile >= HOSTILE_AT_LEAST && good >= 20, "{hostile} hostile, {good} good");
}

#[test]
fn the_published_files_are_those_that_the_generators_write_and_names_are_distinct() {
    for (name, file) in files() {
        assert!(written(name) == file, "{name} is out of date: write it anew");
        for (i, vector) in file.vectors.iter().enumerate() {
            assert!(file.vectors[..i].iter().all(|other| other.id != vector.id), "{name}: {} stands twice", vector.id);
        }
    }
}
