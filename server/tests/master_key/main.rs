//! The master key is changed as the README says, with the program's own commands and files; at every step whoever has the
//! wrong key is told which one is needed, and in the end nothing needs the old one.

#[path = "../concurrent/http.rs"]
mod http;
mod machine;

use anyhow::{Context as _, Result};
use backend::text::en::master_key as text;
use serde_json::{Value, json};

use self::machine::{Keys, Machine, catalog};

const OLD: Keys = Keys { present: "old.key", other: None };
const NEW: Keys = Keys { present: "new.key", other: None };
/// The new one seals, and the old one opens.
const BOTH: Keys = Keys { present: "new.key", other: Some("old.key") };
/// A node that was not started again since it learned the new key.
const BEHIND: Keys = Keys { present: "old.key", other: Some("new.key") };

const ROTATE: [&str; 2] = ["keys", "rotate-master"];

fn activation(key: &str, nonce: &str) -> Value {
    json!({
        "license_key": key, "product": "engine", "version": "1.0.0", "nonce": nonce,
        "identity": { "kind": "instance", "id": "node-a" },
    })
}

/// The next check of whoever got this answer.
fn check_after(answer: &Value, nonce: &str) -> Value {
    json!({
        "instance_id": answer["instance_id"], "secret": answer["secret"], "nonce": nonce, "version": "1.0.0",
    })
}

/// A machine with a license and an instance that has its lease: values of five kinds are sealed with the old key. Answers
/// the license key, and what the instance got.
async fn set_up() -> Result<(Machine, String, Value)> {
    let machine = Machine::new()?;
    for file in ["old.key", "new.key"] {
        machine.done(OLD, &["keys", "generate-master", file])?;
    }
    machine.done(OLD, &["migrate"])?;
    machine.done(OLD, &["admin", "apply-catalog", &catalog().display().to_string(), "--yes"])?;
    let key = machine.license(machine.key("old.key")?).await?;
    let serving = machine.serve(OLD)?;
    let granted = machine.call("activate", &activation(&key, "nonce-of-the-first-start"))?;
    drop(serving);
    Ok((machine, key, granted))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_by_command_needs_the_old_key_until_it_is_done_and_never_again() -> Result<()> {
    let (machine, key, granted) = set_up().await?;
    let (old_id, new_id) = (machine.key("old.key")?.id().to_string(), machine.key("new.key")?.id().to_string());
    let made_again = machine.refused(OLD, &["keys", "generate-master", "old.key"])?;
    assert!(made_again.contains("old.key cannot be made"), "{made_again}");
    assert_eq!(machine.key("old.key")?.id().to_string(), old_id, "a key is never overwritten");

    // With the old key alone there is nothing to do; with the new one alone, nothing that can be done.
    let before = machine.sealed().await?;
    assert_eq!(machine.doctor(OLD)?.line, "all with the present master key");
    assert_eq!(
        machine.done(OLD, &ROTATE)?.trim(),
        format!("Everything is sealed with the master key {old_id} already.")
    );
    for refused in [machine.refused(NEW, &ROTATE)?, machine.refuses_to_serve(NEW)?] {
        assert!(refused.contains(text::FOREIGN), "{refused}");
    }
    let unopened = machine.doctor(NEW)?;
    assert!(unopened.fails && unopened.line.starts_with("no configured master key opens "), "{unopened:?}");
    assert!(unopened.line.contains("1 value of licenses"), "{unopened:?}");
    // A file that is named has to be there.
    let missing = Keys { other: Some("lost.key"), ..NEW };
    let refused = machine.refused(missing, &ROTATE)?;
    assert!(refused.contains("The master key file lost.key cannot be read"), "{refused}");
    assert_eq!(machine.sealed().await?, before, "nothing has happened");

    // The doctor says how much there is to do, and that much is done.
    let found = machine.doctor(BOTH)?;
    let (values, advice) = found.line.split_once(" with another master key; ").context(found.line.clone())?;
    assert!(!found.fails && advice == "`server keys rotate-master` seals them anew", "{found:?}");
    let printed = machine.done(BOTH, &ROTATE)?;
    for table in ["lookup_keys", "signing_keys", "licenses", "instances", "jobs"] {
        assert!(printed.lines().any(|line| line.starts_with(&format!("{table}: "))), "{table}: {printed}");
    }
    let told =
        format!("{values} sealed anew. Nothing in the database is sealed with another master key than {new_id}.");
    assert!(printed.lines().last().is_some_and(|line| line.starts_with(&told)), "{told}\n{printed}");

    // A second run changes nothing, with the old key or without it.
    let after = machine.sealed().await?;
    for keys in [BOTH, NEW] {
        let again = machine.done(keys, &ROTATE)?;
        assert_eq!(again.trim(), format!("Everything is sealed with the master key {new_id} already."));
        let found = machine.doctor(keys)?;
        assert!(!found.fails && found.line == "all with the present master key", "{found:?}");
    }
    assert_eq!(machine.sealed().await?, after);

    // Whoever has the old one in its place is sent to the new one.
    for keys in [OLD, BEHIND] {
        for refused in [machine.refused(keys, &ROTATE)?, machine.refuses_to_serve(keys)?] {
            assert!(refused.contains(text::RETIRED), "{refused}");
        }
        let found = machine.doctor(keys)?;
        assert!(found.fails, "{found:?}");
    }
    assert_eq!(machine.doctor(BEHIND)?.line, "the master key was rotated out; start with the new one");
    assert_eq!(machine.sealed().await?, after);

    // All of it opens without the old file: the instance's secret, the license key, the keys that sign.
    std::fs::remove_file(machine.file("old.key"))?;
    let _serving = machine.serve(NEW)?;
    let checked = machine.call("check", &check_after(&granted, "nonce-of-the-first-check"))?;
    assert_eq!(checked["instance_id"], granted["instance_id"]);
    let activated = machine.call("activate", &activation(&key, "nonce-of-the-second-start"))?;
    assert_eq!(activated["instance_id"], granted["instance_id"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_late_node_sealed_with_the_old_key_is_told_and_mended_by_a_second_run() -> Result<()> {
    let (machine, _, granted) = set_up().await?;
    machine.done(BOTH, &ROTATE)?;
    machine.seal_late(machine.key("old.key")?).await?;

    let late = machine.doctor(BOTH)?;
    assert!(late.fails, "{late:?}");
    assert_eq!(
        late.line,
        "1 value with a master key that was rotated out; run `server keys rotate-master` again before you take that key away"
    );
    // Where that key was taken away already, it is named and kept.
    let lost = machine.doctor(NEW)?;
    assert!(lost.fails && lost.line == "no configured master key opens 1 value of jobs", "{lost:?}");
    let before = machine.sealed().await?;
    let refused = machine.refused(NEW, &ROTATE)?;
    assert!(refused.contains("no configured master key opens 1 value of jobs"), "{refused}");
    assert!(refused.contains("keys.other_master_key_files"), "{refused}");
    assert_eq!(machine.sealed().await?, before);

    let mended = machine.done(BOTH, &ROTATE)?;
    assert!(mended.contains("\n1 value sealed anew. Nothing in the database is sealed with another"), "{mended}");
    let well = machine.doctor(NEW)?;
    assert!(!well.fails && well.line == "all with the present master key", "{well:?}");
    let _serving = machine.serve(NEW)?;
    machine.call("check", &check_after(&granted, "nonce-of-the-first-check"))?;
    Ok(())
}
