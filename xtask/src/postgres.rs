//! A PostgreSQL of our own for tests: a fresh cluster in a temporary folder, on a free loopback port.
//!
//! PostgreSQL refuses to run as root. As root, its programs run as the user `postgres`, or as `nobody` where there is
//! none, and that user owns the folder.

use crate::process::{Child, Stop, check_interrupted};
use crate::workspace::find_on_path;
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Tests read the database URL of the server they may use from here.
pub(crate) const URL_VARIABLE: &str = "LEASEHOLD_TEST_POSTGRES_URL";

const ROLE: &str = "leasehold";
const READY_WITHIN: Duration = Duration::from_secs(60);
/// The 64 racing activations, each with a connection, times two server processes, and room for the tests' own pools.
const CONNECTIONS: &str = "300";
/// A file system in memory, where the system has one.
const MEMORY: &str = "/dev/shm";
/// What has to be free there for a cluster: far more than the tests need.
const ROOM_BYTES: u64 = 8 << 30;

/// The PostgreSQL that tests use.
#[derive(Debug)]
pub(crate) enum Database {
    /// Named by the caller's environment.
    Given(String),
    /// Our own.
    Started(Postgres),
    /// This machine has no PostgreSQL.
    None,
}

impl Database {
    /// The one that the environment names, else a new one.
    ///
    /// # Errors
    /// When there are programs of PostgreSQL here that do not start.
    pub(crate) fn find() -> Result<Self> {
        if let Ok(url) = std::env::var(URL_VARIABLE) {
            return Ok(Self::Given(url));
        }
        Ok(Postgres::start()?.map_or(Self::None, Self::Started))
    }

    /// The URL of a database in which the tests may do what they like.
    #[must_use]
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::Given(url) => Some(url),
            Self::Started(postgres) => Some(postgres.url()),
            Self::None => None,
        }
    }
}

/// A running server. Dropping it stops the server first, then removes its folder.
#[derive(Debug)]
pub(crate) struct Postgres {
    url: String,
    _server: Child,
    _folder: TempDir,
}

impl Postgres {
    /// Makes a cluster and starts it. `None` when this machine has no PostgreSQL.
    ///
    /// # Errors
    /// When the cluster cannot be made or does not become ready within a minute; the message carries the log.
    pub(crate) fn start() -> Result<Option<Self>> {
        let Some(programs) = find_programs() else { return Ok(None) };
        let folder = tempfile::Builder::new()
            .prefix("leasehold-postgres-")
            .tempdir_in(place())
            .context("no temporary folder")?;
        let owner = Owner::choose()?;
        owner.give(folder.path())?;
        let (data, log) = (folder.path().join("data"), folder.path().join("log"));

        let made = owner
            .command(&programs.join("initdb"))
            .current_dir(folder.path())
            .args(["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--username", ROLE, "--pgdata"])
            .arg(&data)
            .stdin(Stdio::null())
            .output()
            .context("initdb could not be started")?;
        if !made.status.success() {
            bail!("initdb failed:\n{}", String::from_utf8_lossy(&made.stderr));
        }

        let port = free_port()?;
        let log_file = File::create(&log).context("the log of PostgreSQL cannot be written")?;
        let mut command = owner.command(&programs.join("postgres"));
        command.current_dir(folder.path()).arg("-D").arg(&data).arg("-k").arg(folder.path());
        command.args(["-h", "127.0.0.1", "-p", &port.to_string()]);
        // Nothing here outlives the run, so durability only costs time, and so does compiling queries that run once.
        // Commit and lock behaviour stays the same.
        for setting in ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "jit=off"] {
            command.args(["-c", setting]);
        }
        command.args(["-c", &format!("max_connections={CONNECTIONS}")]);
        command.stdout(log_file.try_clone().context("no second handle")?).stderr(log_file);
        let mut server = Child::spawn("PostgreSQL", &mut command, Stop::Interrupt)?;
        wait_until_ready(&mut server, &data.join("postmaster.pid"), &log)?;
        let url = format!("postgres://{ROLE}@127.0.0.1:{port}/postgres");
        Ok(Some(Self { url, _server: server, _folder: folder }))
    }

    /// The URL of a database in which the tests may do what they like; its role is a superuser.
    #[must_use]
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

/// Waits for the word `ready` that the server writes into line 8 of `postmaster.pid`, as `pg_ctl` does.
fn wait_until_ready(server: &mut Child, pid_file: &Path, log: &Path) -> Result<()> {
    let started = Instant::now();
    let failure = |what: &str| {
        let log = std::fs::read_to_string(log).unwrap_or_default();
        anyhow::anyhow!("PostgreSQL {what}; its log:\n{log}")
    };
    loop {
        let status = std::fs::read_to_string(pid_file).unwrap_or_default();
        if status.lines().nth(7).is_some_and(|line| line.trim() == "ready") {
            return Ok(());
        }
        if let Some(status) = server.ended()? {
            return Err(failure(&format!("ended with {status}")));
        }
        if started.elapsed() > READY_WITHIN {
            return Err(failure("was not ready in time"));
        }
        check_interrupted()?;
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The folder with `initdb` and `postgres`: from the path, else the newest that Debian has installed.
fn find_programs() -> Option<PathBuf> {
    let complete = |folder: &Path| folder.join("initdb").is_file() && folder.join("postgres").is_file();
    if let Some(folder) = find_on_path("initdb").and_then(|file| file.parent().map(Path::to_owned))
        && complete(&folder)
    {
        return Some(folder);
    }
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder)| complete(folder))
        .collect();
    versions.sort();
    versions.pop().map(|(_, folder)| folder)
}

/// A loopback port that is free now.
///
/// # Errors
/// When there is none.
pub(crate) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free loopback port")?;
    Ok(listener.local_addr().context("no local address")?.port())
}

/// Where a cluster lies: in memory where there is room, because each test makes a database of hundreds of files and drops
/// it again; else where temporary folders usually do.
fn place() -> PathBuf {
    let memory = Path::new(MEMORY);
    if room_bytes(memory).is_some_and(|room| room >= ROOM_BYTES) { memory.to_owned() } else { std::env::temp_dir() }
}

/// What we may still write to the file system of a folder; `None` when there is no such folder.
#[cfg(unix)]
fn room_bytes(folder: &Path) -> Option<u64> {
    let status = rustix::fs::statvfs(folder).ok()?;
    status.f_bavail.checked_mul(status.f_frsize)
}

#[cfg(not(unix))]
fn room_bytes(_folder: &Path) -> Option<u64> {
    None
}

/// Who runs PostgreSQL: ourselves, or another user when we are root.
#[derive(Debug, Clone, Copy)]
struct Owner(Option<(u32, u32)>);

impl Owner {
    #[cfg(unix)]
    fn choose() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self(None));
        }
        let users = std::fs::read_to_string("/etc/passwd").context("/etc/passwd cannot be read")?;
        ["postgres", "nobody"]
            .iter()
            .find_map(|name| ids_of(&users, name))
            .map(|ids| Self(Some(ids)))
            .context("PostgreSQL does not run as root, and there is no user `postgres` or `nobody` to run it as")
    }

    #[cfg(not(unix))]
    fn choose() -> Result<Self> {
        Ok(Self(None))
    }

    fn give(self, folder: &Path) -> Result<()> {
        #[cfg(unix)]
        if let Some((user, group)) = self.0 {
            std::os::unix::fs::chown(folder, Some(user), Some(group))
                .with_context(|| format!("{} cannot change hands", folder.display()))?;
        }
        Ok(())
    }

    fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").env_remove("PGDATA");
        #[cfg(unix)]
        if let Some((user, group)) = self.0 {
            use std::os::unix::process::CommandExt;
            command.uid(user).gid(group);
        }
        command
    }
}

/// User and group id of a name in the text of `/etc/passwd`.
#[cfg(unix)]
fn ids_of(users: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = users.lines().find(|line| line.split(':').next() == Some(name))?.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

#[cfg(all(test, unix))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn user_ids_come_from_the_line_of_exactly_that_name() {
        let users = "root:x:0:0::/:/bin/sh\npostgres2:x:9:9::/:/x\npostgres:x:101:104:,,,:/var:/bin/bash\n";
        assert_eq!(ids_of(users, "postgres"), Some((101, 104)));
        assert_eq!(ids_of(users, "nobody"), None);
    }

    #[test]
    fn a_cluster_starts_answers_and_leaves_nothing_behind() {
        let Some(postgres) = Postgres::start().unwrap() else {
            eprintln!("no PostgreSQL on this machine");
            return;
        };
        let port: u16 = postgres.url().rsplit([':', '/']).nth(1).unwrap().parse().unwrap();
        let folder = postgres._folder.path().to_owned();
        std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        drop(postgres);
        assert!(std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
        assert!(!folder.exists());
    }
}
