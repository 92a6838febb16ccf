//! Children that are always stopped: on return, on error, on Ctrl-C and on SIGTERM.
//!
//! Ctrl-C only sets a flag. Whoever waits here looks at it and returns an error, and so every [`Child`] and every
//! temporary folder on the way up is dropped, which stops and removes it. Each child leads a process group of its own,
//! so that stopping `cargo test` also stops the test program that it runs. A second Ctrl-C ends `xtask` at once.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// How often waiting looks at the child and at the flag.
const LOOK: Duration = Duration::from_millis(50);
/// How long a child may take to stop before it is killed.
const GRACE: Duration = Duration::from_secs(10);
/// Signals within this time of the first one are that one.
const SAME_WISH: Duration = Duration::from_secs(1);
/// The exit code of a program ended by Ctrl-C, as shells report it.
const EXIT_INTERRUPTED: i32 = 130;

/// Installs the handler for Ctrl-C, SIGTERM and SIGHUP. Called once, first thing. Whoever cannot wait for the children to stop
/// presses again; what comes with the first is the same wish, sent to this process and to its group.
///
/// # Errors
/// When the system refuses.
pub(crate) fn watch_for_interrupts() -> Result<()> {
    let mut first = None;
    ctrlc::set_handler(move || {
        INTERRUPTED.store(true, Ordering::SeqCst);
        if first.get_or_insert_with(Instant::now).elapsed() > SAME_WISH {
            std::process::exit(EXIT_INTERRUPTED);
        }
    })
    .context("no handler for Ctrl-C")
}

/// Fails once somebody pressed Ctrl-C.
///
/// # Errors
/// "interrupted".
pub(crate) fn check_interrupted() -> Result<()> {
    if INTERRUPTED.load(Ordering::SeqCst) {
        bail!("interrupted");
    }
    Ok(())
}

/// Whether Ctrl-C was pressed.
#[must_use]
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// How a child is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// SIGTERM: most programs.
    Terminate,
    /// SIGINT: PostgreSQL, whose SIGTERM waits until the last client has left.
    Interrupt,
}

/// A running program, stopped when dropped.
#[derive(Debug)]
pub(crate) struct Child {
    name: String,
    stop: Stop,
    inner: std::process::Child,
    ended: bool,
}

impl Child {
    /// Starts the program in a process group of its own, without input.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn spawn(name: &str, command: &mut Command, stop: Stop) -> Result<Self> {
        Self::spawn_reading(name, command, Stdio::null(), stop)
    }

    fn spawn_reading(name: &str, command: &mut Command, input: Stdio, stop: Stop) -> Result<Self> {
        command.stdin(input);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let inner =
            command.spawn().with_context(|| format!("{name} could not be started ({:?})", command.get_program()))?;
        Ok(Self { name: name.to_owned(), stop, inner, ended: false })
    }

    /// What it ended with, if it has ended.
    ///
    /// # Errors
    /// When the system cannot say.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        let status = self.inner.try_wait().with_context(|| format!("{} cannot be waited for", self.name))?;
        self.ended |= status.is_some();
        Ok(status)
    }

    /// Waits until the program ends by itself.
    ///
    /// # Errors
    /// On Ctrl-C; the child is then stopped by the drop that follows.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            check_interrupted()?;
            std::thread::sleep(LOOK);
        }
    }

    /// Asks the program to stop and kills it when it does not within ten seconds.
    fn halt(&mut self) {
        if self.ended || !matches!(self.inner.try_wait(), Ok(None)) {
            return;
        }
        self.signal(false);
        let asked = Instant::now();
        while asked.elapsed() < GRACE {
            if !matches!(self.inner.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK);
        }
        eprintln!("{} did not stop within {} s and is killed", self.name, GRACE.as_secs());
        self.signal(true);
        if let Err(error) = self.inner.wait() {
            eprintln!("{} cannot be waited for: {error}", self.name);
        }
    }

    #[cfg(unix)]
    fn signal(&mut self, kill: bool) {
        use rustix::process::{Pid, Signal, kill_process, kill_process_group};
        let Some(pid) = i32::try_from(self.inner.id()).ok().and_then(Pid::from_raw) else { return };
        // The group's id is the child's own id, and the child is not reaped yet, so neither can be anybody else's.
        let sent = match (kill, self.stop) {
            (true, _) => kill_process_group(pid, Signal::KILL),
            (false, Stop::Terminate) => kill_process_group(pid, Signal::TERM),
            (false, Stop::Interrupt) => kill_process(pid, Signal::INT),
        };
        if let Err(error) = sent {
            eprintln!("{} cannot be signalled: {error}", self.name);
        }
    }

    #[cfg(not(unix))]
    fn signal(&mut self, _kill: bool) {
        if let Err(error) = self.inner.kill() {
            eprintln!("{} cannot be stopped: {error}", self.name);
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.halt();
    }
}

/// Runs a program to its end, its output going straight to the terminal.
///
/// # Errors
/// When it cannot be started, does not succeed, or on Ctrl-C.
pub(crate) fn run(name: &str, command: &mut Command) -> Result<()> {
    let status = Child::spawn(name, command, Stop::Terminate)?.wait()?;
    if !status.success() {
        bail!("{name} failed ({status})");
    }
    Ok(())
}

/// Runs a program to its end and hands over each line that it prints, on either stream, in order.
///
/// # Errors
/// When it cannot be started, or on Ctrl-C. A failure of the program is not an error here: the caller has the lines
/// and the status.
pub(crate) fn run_reading(name: &str, command: Command, on_line: impl FnMut(&str)) -> Result<ExitStatus> {
    read_lines(name, command, Stdio::null(), on_line)
}

/// Runs a program to its end on the given input and keeps to itself what it prints, unless it fails.
/// The input has to fit into a pipe, which it does up to 4 KiB on every system.
///
/// # Errors
/// When it cannot be started, does not succeed (what it printed is then printed), or on Ctrl-C.
pub(crate) fn run_quietly(name: &str, command: Command, input: &str) -> Result<()> {
    let (reader, mut writer) = std::io::pipe().context("no pipe")?;
    writer.write_all(input.as_bytes()).context("the pipe does not take the input")?;
    drop(writer);
    let mut printed = Vec::new();
    let status = read_lines(name, command, reader.into(), |line| printed.push(line.to_owned()))?;
    if !status.success() {
        bail!("{name} failed ({status}):\n{}", printed.join("\n"));
    }
    Ok(())
}

fn read_lines(name: &str, mut command: Command, input: Stdio, mut on_line: impl FnMut(&str)) -> Result<ExitStatus> {
    let (reader, writer) = std::io::pipe().context("no pipe")?;
    command.stdout(writer.try_clone().context("no pipe")?).stderr(writer);
    let mut child = Child::spawn_reading(name, &mut command, input, Stop::Terminate)?;
    // Holds the pipe's writing ends: the reader would never see the end while it lives.
    drop(command);
    let (sender, lines) = mpsc::channel();
    std::thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            line.clear();
            if sender.send(text).is_err() {
                return;
            }
        }
    });
    let mut status = None;
    loop {
        match lines.recv_timeout(LOOK) {
            Ok(line) => on_line(&line),
            Err(RecvTimeoutError::Disconnected) => break,
            // A grandchild that outlived the program may keep the pipe open; the program's end is what counts.
            Err(RecvTimeoutError::Timeout) if status.is_some() => break,
            Err(RecvTimeoutError::Timeout) => {
                check_interrupted()?;
                status = child.ended()?;
            }
        }
    }
    status.map_or_else(|| child.wait(), Ok)
}

#[cfg(all(test, unix))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_streams_arrive_in_order_and_the_status_is_kept() {
        let mut lines = Vec::new();
        let status =
            run_reading("sh", shell("echo one; echo two >&2; echo three; exit 3"), |line| lines.push(line.to_owned()));
        assert_eq!(lines, ["one", "two", "three"]);
        assert_eq!(status.unwrap().code(), Some(3));
    }

    #[test]
    fn what_a_quiet_program_printed_is_told_when_it_fails() {
        assert!(run_quietly("sh", shell("read -r word && test \"$word\" = open"), "open\n").is_ok());
        let error = run_quietly("sh", shell("cat; exit 3"), "the reason\n").unwrap_err();
        assert!(error.to_string().contains("the reason"), "{error}");
    }

    #[test]
    fn a_dropped_child_and_its_own_children_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let pids = folder.path().join("pids");
        let script = format!("sleep 600 & echo $$ $! > {0}.new; mv {0}.new {0}; wait", pids.display());
        let child = Child::spawn("sh", &mut shell(&script), Stop::Terminate).unwrap();
        while !pids.exists() {
            std::thread::sleep(LOOK);
        }
        drop(child);
        let started = Instant::now();
        for pid in std::fs::read_to_string(&pids).unwrap().split_whitespace() {
            let runs = || {
                let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                !state.is_empty() && !state.contains(") Z")
            };
            while runs() {
                assert!(started.elapsed() < GRACE, "process {pid} still runs");
                std::thread::sleep(LOOK);
            }
        }
    }
}
