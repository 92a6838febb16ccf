//! Whether another process has written to a SQLite database.
//!
//! SQLite counts the commits of all processes in the header of the write-ahead log's index, which lies beside the
//! database as `…-shm` (<https://www.sqlite.org/walformat.html>, "WAL-Index Header": the 32-bit `iChange` at offset 8,
//! in the machine's byte order). Reading it costs less than a microsecond, so it can be asked before every answer that
//! is given from memory.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

const COUNTER_AT: u64 = 8;

/// The counter of commits, and which of its values are our own doing.
#[derive(Debug)]
pub(super) struct WalIndex {
    file: File,
    /// The counter before and after our transaction that is being committed, as two halves; equal between commits.
    ours: AtomicU64,
}

impl WalIndex {
    /// Of the database in this file, which must be open in WAL mode; `None` where there is no such index.
    pub(super) fn open(database: &Path) -> Option<Self> {
        let mut path = database.as_os_str().to_owned();
        path.push("-shm");
        let index = Self { file: File::open(path).ok()?, ours: AtomicU64::new(0) };
        let now = index.read()?;
        index.ours.store(pack(now, now), Ordering::SeqCst);
        Some(index)
    }

    /// Whether nobody but this process has written since the last [`WalIndex::begin`].
    pub(super) fn is_ours(&self) -> bool {
        let (before, after) = unpack(self.ours.load(Ordering::SeqCst));
        self.read().is_some_and(|now| now == before || now == after)
    }

    /// To be called with the write lock held. Answers whether somebody else has written in between.
    pub(super) fn begin(&self) -> bool {
        let (_, expected) = unpack(self.ours.load(Ordering::SeqCst));
        let now = self.read();
        if let Some(now) = now {
            // Every transaction of ours writes, so committing it counts one.
            self.ours.store(pack(now, now.wrapping_add(1)), Ordering::SeqCst);
        }
        now != Some(expected)
    }

    /// Our transaction has ended; only a commit counted.
    pub(super) fn end(&self, committed: bool) {
        let (before, after) = unpack(self.ours.load(Ordering::SeqCst));
        let now = if committed { after } else { before };
        self.ours.store(pack(now, now), Ordering::SeqCst);
    }

    fn read(&self) -> Option<u32> {
        let mut counter = [0; 4];
        read_exact_at(&self.file, &mut counter, COUNTER_AT).ok()?;
        Some(u32::from_ne_bytes(counter))
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

/// Elsewhere the index may be locked against reading; there is then no table in memory.
#[cfg(not(unix))]
fn read_exact_at(_: &File, _: &mut [u8], _: u64) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

fn pack(before: u32, after: u32) -> u64 {
    u64::from(before) << 32 | u64::from(after)
}

fn unpack(both: u64) -> (u32, u32) {
    ((both >> 32) as u32, both as u32)
}
