//! Stories of licensing, told step by step. Run one with `--nocapture` to read it as it happens:
//!
//! ```text
//! cargo test -p backend --test all stories -- --nocapture --test-threads 1
//! ```
//!
//! Each is a license of the demo catalog, its nodes, and a clock. The words are those of `stories/story.rs`.

mod story;

use backend::clock::MINUTE_MS;
use backend::db::Db;

use self::story::Story;
use crate::support::on_both_engines;

on_both_engines! {
    async fn a_node_that_starts_twice_has_one_seat(db: Db) {
        let mut story = Story::begin("A node that starts twice", db, "maker", 1).await?;
        story.activates("node-a").await?.gets_a_lease();
        story.says("Its power fails before it has stored anything. It starts again, as whoever it was.");
        story.later(2).await;
        story.activates("node-a").await?.gets_a_lease();
        story.seats_are_held_by(&["node-a"]).await?;
        story.says("Another one finds no seat, and is told who has it.");
        story.activates("node-b").await?.hears("seats_exhausted");
        story.later(5).await;
        story.checks("node-a").await?.gets_a_lease();
        story.says("It never comes back. Its seat is free a minute after its lease.");
        story.later(11).await;
        story.activates("node-b").await?.gets_a_lease();
        story.says("Should it come back now, it waits like everybody else.");
        story.checks("node-a").await?.hears("seats_exhausted");
        story.releases("node-b").await?;
        story.checks("node-a").await?.gets_a_lease();
        Ok(())
    }

    async fn a_copied_disk_is_noticed_and_its_owner_decides(db: Db) {
        let mut story = Story::begin("A copied disk", db, "maker", 1).await?;
        story.activates("node-a").await?.gets_a_lease();
        story.disk_is_copied("node-a", "the copy");
        story.checks("node-a").await?.gets_a_lease();
        story.says("Both run. Whoever checks first goes on; the other one's secret is old, so it activates anew.");
        for _ in 0..3 {
            story.later(3).await;
            story.checks("node-a").await?.gets_a_lease();
            story.later(3).await;
            story.checks("the copy").await?.hears("instance_stale");
            story.activates_as("the copy", "node-a").await?.gets_a_lease();
            story.disks_swap("node-a", "the copy");
            story.later(3).await;
            story.checks("the copy").await?.hears("instance_stale");
        }
        story.says("Three times in a day: these are two. The one that runs goes on, nobody else gets in.");
        story.owner_is_mailed("Two copies of Nordwind IoT Platform use one identity").await?;
        story.checks("node-a").await?.gets_a_lease();
        story.activates_as("the copy", "node-a").await?.hears("instance_conflict");
        story.says("The owner looks into it, switches one machine off, and lets the other one in.");
        story.owner_lets_the_next_in("node-a").await?;
        story.activates_as("the copy", "node-a").await?.gets_a_lease();
        Ok(())
    }

    async fn moving_to_new_hardware(db: Db) {
        let mut story = Story::begin("Moving to new hardware", db, "perpetual", 1).await?;
        story.activates("old-press").await?.gets_a_lease();
        story.later(60 * 24 * 3).await;
        story.says("The old machine gives its seat back when it is taken down, and the new one gets it at once.");
        story.releases("old-press").await?;
        story.activates("new-press").await?.gets_a_lease();
        story.checks("old-press").await?.hears("instance_released");
        story.says("Years later the new one burns down and cannot give anything back. Its owner frees the seat.");
        story.later(60 * 24 * 300).await;
        story.activates("new-press").await?.gets_a_lease();
        story.activates("next-press").await?.hears("seats_exhausted");
        story.owner_frees_the_seat_of("new-press").await?;
        story.activates("next-press").await?.gets_a_lease();
        story.says("What had burnt down is told so, should it run after all, and has to wait like everybody else.");
        story.checks("new-press").await?.hears("instance_deactivated");
        story.activates("new-press").await?.hears("instance_deactivated");
        story.later(10).await;
        story.activates("new-press").await?.hears("seats_exhausted");
        Ok(())
    }

    async fn a_rolling_update_with_surge(db: Db) {
        let mut story = Story::begin("A rolling update with surge", db, "business", 3).await?;
        const OLD: [&str; 3] = ["old-1", "old-2", "old-3"];
        const NEW: [&str; 3] = ["new-1", "new-2", "new-3"];
        for old in OLD {
            story.activates(old).await?.gets_a_lease();
        }
        story.says("The cluster starts a new node before it stops an old one, three times. The fourth seat is the surge's.");
        for at in 0..3 {
            story.activates(NEW[at]).await?.gets_a_lease();
            story.activates("one too many").await?.hears("seats_exhausted");
            story.later(4).await;
            story.all_check(&NEW[..=at]).await?;
            story.all_check(&OLD[at..]).await?;
            story.releases(OLD[at]).await?;
            story.later(1).await;
            story.checks(NEW[at]).await?.gets_a_lease();
        }
        story.seats_are_held_by(&NEW).await?;
        story.says("An hour after it opened the surge is over. Nobody notices, since nobody needs it.");
        for _ in 0..6 {
            story.later(9).await;
            story.all_check(&NEW).await?;
        }
        story.activates("one too many").await?.hears("seats_exhausted");
        story.says("A day after it opened it may open again. This time somebody stays on it.");
        story.later(60 * 24).await;
        for node in NEW.into_iter().chain(["one too many"]) {
            story.activates(node).await?.gets_a_lease();
        }
        for _ in 0..7 {
            story.later(8).await;
            story.all_check(&NEW).await?;
            story.checks("one too many").await?.gets_a_lease();
        }
        story.later(8).await;
        story.checks("one too many").await?.hears("seats_exhausted");
        story.checks("new-1").await?.gets_a_lease();
        Ok(())
    }

    async fn revoking_while_everything_runs(db: Db) {
        let mut story = Story::begin("Revoking while everything runs", db, "startup", 2).await?;
        story.activates("node-a").await?.gets_a_lease();
        story.activates("node-b").await?.gets_a_lease();
        story.later(3).await;
        story.says("The card was stolen. The vendor revokes the license while its nodes run.");
        story.vendor_revokes_the_license().await?;
        story.says("From now on nothing is granted, to nobody, whatever they show.");
        story.checks("node-a").await?.hears("license_revoked");
        story.activates("node-b").await?.hears("license_revoked");
        story.activates("node-c").await?.hears("license_revoked");
        story.says("Leases that are out end by themselves; who reads the signed list does not wait for that.");
        story.license_is_on_the_list_of_revocations().await?;
        story.later(11).await;
        story.seats_are_held_by(&[]).await?;
        Ok(())
    }

    async fn rotating_the_signing_key_under_load(db: Db) {
        let mut story = Story::begin("Rotating the signing key under load", db, "startup", 6).await?;
        const NODES: [&str; 6] = ["node-1", "node-2", "node-3", "node-4", "node-5", "node-6"];
        for node in NODES {
            story.activates(node).await?.gets_a_lease();
        }
        story.says("All nodes check all the time. Meanwhile the vendor rotates the key three times.");
        let (checks, rotations) = story.all_check_while_the_key_rotates(10, 3).await?;
        story.says(&format!("{checks} checks, {rotations} rotations, and every lease verifies: with the keys served"));
        story.says("then, and for a node that was offline all the while, by following the chain of key sets.");
        assert_eq!((checks, rotations), (60, 3));
        assert_eq!(story.minutes_told(), 10);
        Ok(())
    }
}

/// Between two steps of a story that happen "at once".
const MOMENT_MS: i64 = MINUTE_MS / 60;
