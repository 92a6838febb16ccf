//! Moments to which a scene goes back, so that what leads up to an act happens once for all processes that are killed in it.

use backend::clock::UnixMs;
use stripe_sandbox::Memory;

use super::{Scene, open};
use crate::support::{copy_on_postgres, drop_on_postgres};

/// A moment at which nobody is at work.
pub(super) struct Moment {
    /// Of the database as it was then. Nobody opens it any more.
    url: String,
    stripe: Memory,
    at: UnixMs,
    seen: usize,
    bought: usize,
}

impl Scene {
    /// Keeps this moment, and goes on from it.
    pub(super) async fn keep(&mut self) -> anyhow::Result<Moment> {
        self.shop.db.close().await;
        let (url, stripe, at) = (self.url.clone(), self.shop.sandbox.remember(), self.shop.now());
        let moment = Moment { url, stripe, at, seen: self.seen, bought: self.bought };
        self.turn_to_copy_of(&moment).await?;
        Ok(moment)
    }

    /// Nothing of what has happened since then has happened.
    pub(super) async fn go_back_to(&mut self, moment: &Moment) -> anyhow::Result<()> {
        self.shop.db.close().await;
        match file(&self.url) {
            Some(file) => std::fs::remove_file(file)?,
            None => drop_on_postgres(&self.url).await?,
        }
        // The clock goes first: Stripe's time passes by itself as soon as it shows a later one.
        self.shop.set_clock(moment.at)?;
        self.shop.sandbox.go_back_to(&moment.stripe);
        self.shop.outbox.take();
        (self.seen, self.bought) = (moment.seen, moment.bought);
        self.turn_to_copy_of(moment).await
    }

    async fn turn_to_copy_of(&mut self, moment: &Moment) -> anyhow::Result<()> {
        self.copies += 1;
        let copy = format!("{}_{}", moment.url, self.copies);
        match (file(&moment.url), file(&copy)) {
            (Some(from), Some(to)) => {
                std::fs::copy(from, to)?;
            }
            _ => copy_on_postgres(&moment.url, &copy).await?,
        }
        self.shop.turn_to(open(&copy).await?);
        self.url = copy;
        Ok(())
    }

    /// How many transactions were committed since the database was copied. PostgreSQL does not tell.
    ///
    /// SQLite counts them at the head of the index of its write-ahead log (<https://www.sqlite.org/walformat.html>, `iChange`),
    /// which lives as long as this process has the database open.
    pub(super) fn commits(&self) -> Option<u32> {
        let index = std::fs::read(format!("{}-shm", file(&self.url)?)).ok()?;
        Some(u32::from_ne_bytes(index.get(8..12)?.try_into().ok()?))
    }
}

/// The file that a URL of SQLite names.
fn file(url: &str) -> Option<&str> {
    url.strip_prefix("sqlite:")
}
