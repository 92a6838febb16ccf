//! What a client remembers over restarts, and the file in which it does.
//!
//! Losing the file loses nothing that matters: the same identity gets its seat back by activating again. Copying it
//! to another installation is noticed by the server, because two copies cannot both go on with one secret.

use std::{
    collections::BTreeMap,
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::BuildError;
use crate::wire::{Identity, Nonce, Secret};

/// What is known at one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Credential {
    pub(super) instance_id: String,
    pub(super) secret: Secret,
    /// Drawn when the secret was stored; every retry with that secret repeats it.
    pub(super) nonce: Nonce,
}

/// The last lease that was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct KeptLease {
    pub(super) token: String,
    /// The nonce that it answered: proof on reading that it once was fresh.
    pub(super) nonce: Nonce,
    /// The build that the server judged by the version rule when it granted the lease.
    pub(super) version: String,
    #[serde(default)]
    pub(super) released_on: Option<Date>,
}

/// An activation or check whose answer is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pending {
    pub(super) server: String,
    /// When it was sent last, Unix seconds.
    pub(super) since: i64,
    /// For how long a lease may have been granted then, in seconds.
    pub(super) life_s: i64,
}

/// The failures since the last accepted lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failing {
    /// `t0` of the enforcement policy, Unix seconds.
    pub(super) since: i64,
    pub(super) refused: bool,
}

/// Use of a feature.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Counter {
    /// Since the activation.
    pub(super) total: i64,
    /// The part of it that a server has seen.
    pub(super) reported: i64,
}

/// Everything that is kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Kept {
    pub(super) product: String,
    pub(super) identity: Option<Identity>,
    /// SHA-256 of the license key, to notice that another one is configured.
    pub(super) key_sha256: Option<String>,
    /// By server URL.
    pub(super) credentials: BTreeMap<String, Credential>,
    /// The server where the seat is held.
    pub(super) active: Option<String>,
    pub(super) lease: Option<KeptLease>,
    /// Nonce of an activation that has not been answered yet.
    pub(super) activation_nonce: Option<Nonce>,
    /// A request whose answer is not known; it may have been granted.
    pub(super) pending: Option<Pending>,
    /// Until when the application wants to hold the lease offline, Unix seconds.
    pub(super) borrow_until: Option<i64>,
    /// The key sets that were accepted after the built-in bundle, oldest first.
    pub(super) key_sets: Vec<String>,
    /// The newest revocations that were read.
    pub(super) revocations: Option<String>,
    pub(super) failing: Option<Failing>,
    /// Released or deactivated: nothing happens until the application activates again.
    pub(super) halted: bool,
    /// Highest time seen, Unix seconds; a fresh lease may lower it.
    pub(super) high_water: i64,
    pub(super) counters: BTreeMap<String, Counter>,
}

/// The file, locked against other processes for as long as this value lives.
#[derive(Debug)]
pub(super) struct DataFile {
    path: PathBuf,
    _lock: File,
}

impl DataFile {
    /// Locks the file and reads it. An unreadable one is set aside as `….corrupt`; the second value says so.
    pub(super) fn open(path: &Path) -> Result<(Self, Kept, Option<String>), BuildError> {
        let failed = |error: io::Error| BuildError::DataFile { path: path.to_owned(), why: error.to_string() };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let lock = private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(beside(path, "lock"))
            .map_err(failed)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => BuildError::DataFileInUse { path: path.to_owned() },
            TryLockError::Error(error) => failed(error),
        })?;
        let (kept, warning) = match fs::read(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Kept::default(), None),
            Err(error) => return Err(failed(error)),
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(kept) => (kept, None),
                Err(error) => {
                    let aside = beside(path, "corrupt");
                    let moved = fs::rename(path, &aside).map(|()| format!("; it was set aside as {}", aside.display()));
                    let why = format!("the data file was not readable ({error}){}", moved.unwrap_or_default());
                    (Kept::default(), Some(why))
                }
            },
        };
        Ok((Self { path: path.to_owned(), _lock: lock }, kept, warning))
    }

    /// Replaces the file: after a crash at any moment either the old or the new content is there.
    ///
    /// Blocks for the time of two fsyncs; the caller keeps the order of writes by holding the session's lock.
    pub(super) fn write(&self, kept: &Kept) -> io::Result<()> {
        let temporary = beside(&self.path, "new");
        // A leftover of a crash may be of any mode; the file is made anew, readable by its owner only.
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private(OpenOptions::new().create_new(true).write(true)).open(&temporary)?;
        file.write_all(&serde_json::to_vec_pretty(kept)?)?;
        file.sync_all()?;
        fs::rename(&temporary, &self.path)?;
        sync_folder(&self.path)
    }
}

fn beside(path: &Path, extension: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// Makes the rename itself durable, where folders can be synced.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn what_is_written_is_read_again_and_only_the_owner_may_read_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/license.json");
        let kept = Kept { product: "iot".into(), high_water: 7, halted: true, ..Kept::default() };
        {
            let (file, empty, _) = DataFile::open(&path).unwrap();
            assert_eq!(empty, Kept::default());
            file.write(&kept).unwrap();
            file.write(&kept).unwrap();
        }
        let (_file, read, warning) = DataFile::open(&path).unwrap();
        assert_eq!((read, warning), (kept, None));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_second_client_on_one_data_file_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("license.json");
        let first = DataFile::open(&path).unwrap();
        assert!(matches!(DataFile::open(&path), Err(BuildError::DataFileInUse { .. })));
        drop(first);
        assert!(DataFile::open(&path).is_ok());
    }

    #[test]
    fn a_corrupt_file_is_set_aside_and_a_leftover_of_a_crash_does_not_matter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("license.json");
        for garbage in [&b""[..], b"{", b"\0\0\0\0", b"[7]", b"{\"credentials\":7}"] {
            fs::write(&path, garbage).unwrap();
            fs::write(beside(&path, "new"), "half").unwrap();
            let (file, kept, warning) = DataFile::open(&path).unwrap();
            assert_eq!(kept, Kept::default());
            assert!(warning.unwrap().contains("corrupt"));
            assert_eq!(fs::read(beside(&path, "corrupt")).unwrap(), garbage);
            file.write(&kept).unwrap();
        }
    }
}
