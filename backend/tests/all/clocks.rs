//! A node's clock beside the database's, by which seats are held.

use backend::clock::Clock;
use backend::db::{ClockWatch, Db};

use crate::support::on_both_engines;

/// Reads until it is known to be ready, as often as a busy machine may need.
async fn read(watch: &ClockWatch, db: &Db) -> anyhow::Result<bool> {
    for _ in 0..10 {
        watch.read(db).await?;
        if watch.is_ready() {
            return Ok(true);
        }
    }
    Ok(false)
}

on_both_engines! {
    async fn a_node_minutes_away_from_the_database_is_not_ready(db: Db) {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("clock");
        std::fs::write(&file, "+0")?;
        let clock = Clock::from_file(file.clone());
        assert!(ClockWatch::of(&db, &clock).is_ready(), "a test clock is the database's as well");

        let has_clock = db.engine_name() == "postgres";
        let watch = ClockWatch::beside(clock);
        assert!(!watch.is_ready(), "nothing is known yet");
        assert_eq!(read(&watch, &db).await?, has_clock);
        for shift in ["+180", "-180"] {
            std::fs::write(&file, shift)?;
            assert!(!watch.is_ready(), "{shift}: at once, not with the next reading");
            assert!(!read(&watch, &db).await?, "{shift}");
        }

        let node = ClockWatch::of(&db, &Clock::system());
        let reading = node.start(&db).await;
        assert_eq!(reading.is_some(), has_clock, "SQLite has no clock of its own");
        assert!(read(&node, &db).await?);
        if let Some(reading) = reading {
            reading.abort();
        }
        Ok(())
    }
}
