//! The program as an operator has it: a folder that the build has made, started from anywhere, and stopped by SIGTERM.
#![cfg(unix)]

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

/// The build puts it beside the program.
const DEFAULTS: &str = include_str!("../../src/config/default.toml");
const CATALOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/concurrent/catalog.toml");
const STYLE: &str = "body{color:#123}";
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// A folder as `cargo xtask build` makes it, and another one in which the program is started.
struct Machine {
    deployed: TempDir,
    elsewhere: TempDir,
    port: u16,
}

/// A server that runs, until it is dropped.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        if matches!(self.0.try_wait(), Ok(None))
            && let Err(error) = self.0.kill().and_then(|()| self.0.wait())
        {
            eprintln!("the server was not ended: {error}");
        }
    }
}

impl Machine {
    fn set_up() -> Result<Self> {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        // On the program's file system, so that it need not be copied.
        let deployed = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let folder = deployed.path();
        let built = Path::new(env!("CARGO_BIN_EXE_server"));
        if std::fs::hard_link(built, folder.join("server")).is_err() {
            std::fs::copy(built, folder.join("server"))?;
        }
        std::fs::create_dir_all(folder.join("site/pkg"))?;
        std::fs::write(folder.join("site/pkg/leasehold.abc123.css"), STYLE)?;
        std::fs::write(folder.join("hash.txt"), "js: abc123\nwasm: abc123\ncss: abc123\n")?;
        let mut configuration = DEFAULTS.to_owned();
        for (default, changed) in [
            ("listen = \"127.0.0.1:3000\"", format!("listen = \"127.0.0.1:{port}\"")),
            ("master_key_file = \"\"", "master_key_file = \"master.key\"".to_owned()),
            ("create = false", "create = true".to_owned()),
        ] {
            ensure!(configuration.contains(default), "{default} is not among the defaults");
            configuration = configuration.replacen(default, &changed, 1);
        }
        std::fs::write(folder.join("leasehold.toml"), configuration)?;
        let machine = Self { deployed, elsewhere: tempfile::tempdir()?, port };
        machine.run(&["migrate"])?;
        machine.run(&["admin", "apply-catalog", CATALOG, "--yes"])?;
        Ok(machine)
    }

    fn log(&self) -> PathBuf {
        self.elsewhere.path().join("log")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.deployed.path().join("server"));
        command.args(arguments).current_dir(self.elsewhere.path()).env_remove("LEASEHOLD_CONFIG").stdin(Stdio::null());
        command
    }

    /// Runs `server ARGUMENTS…` to its end, which must be good; answers what it printed.
    fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = self.command(arguments).output()?;
        ensure!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Starts the server and waits until it is ready.
    fn serve(&self) -> Result<Serving> {
        let log = std::fs::File::create(self.log())?;
        let mut serving = Serving(self.command(&["serve"]).stdout(log.try_clone()?).stderr(log).spawn()?);
        let started = Instant::now();
        while !self.get("/readyz").is_ok_and(|answer| answer.contains(" 200 ")) {
            let printed = || std::fs::read_to_string(self.log()).unwrap_or_default();
            ensure!(serving.0.try_wait()?.is_none(), "it ended by itself:\n{}", printed());
            ensure!(started.elapsed() < PATIENCE, "it is not ready:\n{}", printed());
            std::thread::sleep(PAUSE);
        }
        Ok(serving)
    }

    fn connect(&self) -> Result<TcpStream> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// The whole answer, head and body. It is not sent in pieces, because HTTP/1.0 knows none.
    fn get(&self, path: &str) -> Result<String> {
        let mut stream = self.connect()?;
        write!(stream, "GET {path} HTTP/1.0\r\nhost: 127.0.0.1\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Serving {
    /// Asks the process to stop, as systemd and `docker stop` do.
    fn terminate(&self) -> Result<()> {
        let sent = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.0.id())]).status()?;
        ensure!(sent.success(), "the signal was not sent");
        Ok(())
    }

    fn ended(&mut self) -> Result<ExitStatus> {
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            ensure!(started.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(PAUSE);
        }
    }
}

#[test]
fn the_folder_that_is_carried_to_a_machine_runs_from_any_other_folder() -> Result<()> {
    let machine = Machine::set_up()?;
    let in_force = machine.run(&["config", "check"])?;
    let file = machine.deployed.path().canonicalize()?.join("leasehold.toml");
    assert!(in_force.starts_with(&format!("# Configured by {} ", file.display())), "{in_force}");

    let _serving = machine.serve()?;
    let page = machine.get("/")?;
    assert!(page.starts_with("HTTP/1.0 200 ") && page.contains("/pkg/leasehold.abc123.css"), "{page}");
    let style = machine.get("/pkg/leasehold.abc123.css")?;
    assert!(style.starts_with("HTTP/1.0 200 ") && style.ends_with(STYLE), "{style}");
    assert!(machine.elsewhere.path().join("leasehold.db").is_file(), "the database is where it was started");
    Ok(())
}

#[test]
fn a_request_under_way_is_answered_before_the_process_ends_well() -> Result<()> {
    let machine = Machine::set_up()?;
    let mut serving = machine.serve()?;
    let body = r#"{"license_key":"LH-unknown","product":"engine","version":"1.0.0","nonce":"nonce-of-a-slow-call",
                   "identity":{"kind":"instance","id":"node-a"}}"#;
    let mut slow = machine.connect()?;
    write!(
        slow,
        "POST /api/v1/licenses/activate HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\nexpect: 100-continue\r\n\r\n",
        body.len()
    )?;
    // It is told to go on when the server waits for the body, so the call is under way.
    let mut told = [0; 25];
    slow.read_exact(&mut told)?;
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");

    serving.terminate()?;
    let asked = Instant::now();
    while machine.connect().is_ok() {
        ensure!(asked.elapsed() < PATIENCE, "it takes new connections");
        std::thread::sleep(PAUSE);
    }
    slow.write_all(body.as_bytes())?;
    let mut answer = String::new();
    slow.read_to_string(&mut answer).context("the answer does not come")?;
    assert!(answer.starts_with("HTTP/1.1 4") && answer.contains("application/problem+json"), "{answer}");
    let status = serving.ended()?;
    assert!(status.success(), "{status}: {}", std::fs::read_to_string(machine.log())?);
    Ok(())
}
