//! `cargo xtask serve`: the whole product on this machine, with a local Stripe, demo data and mails as files.

use crate::build;
use crate::process::{Child, Stop, check_interrupted, run};
use crate::product::{Demo, SANDBOX, SANDBOX_PORT, SERVER, answers, make_data_folder};
use crate::workspace::Workspace;
use anyhow::{Result, bail};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

const READY_WITHIN: Duration = Duration::from_secs(30);

/// Builds, prepares and runs everything until Ctrl-C.
///
/// # Errors
/// When something does not build or start, or a part ends by itself.
pub(crate) fn serve(workspace: &Workspace, port: u16, database_url: Option<String>) -> Result<()> {
    for taken in [port, SANDBOX_PORT] {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, taken)).is_ok() {
            bail!("something else already listens on 127.0.0.1:{taken}");
        }
    }
    build::everything(workspace)?;
    let data = workspace.root().join("data/dev");
    let demo = Demo {
        port,
        database_url: database_url.unwrap_or_else(|| format!("sqlite:{}", data.join("leasehold.db").display())),
        site: workspace.site(),
        root: workspace.root().to_owned(),
        data,
    };
    make_data_folder(&demo)?;

    let mut sandbox =
        Child::spawn("the Stripe sandbox", &mut demo.sandbox(&workspace.binary(SANDBOX, false)), Stop::Terminate)?;
    wait_for(&mut sandbox, "the Stripe sandbox", SANDBOX_PORT, "/_sandbox/state")?;
    let program = workspace.binary(SERVER, false);
    for (what, mut command) in demo.preparations(&program) {
        println!("{what}…");
        run(what, &mut command)?;
    }
    let mut server = Child::spawn("the server", demo.server(&program).arg("serve"), Stop::Terminate)?;
    wait_for(&mut server, "the server", port, "/readyz")?;
    println!("{}", demo.welcome());

    loop {
        for (name, child) in [("the server", &mut server), ("the Stripe sandbox", &mut sandbox)] {
            if let Some(status) = child.ended()? {
                bail!("{name} ended by itself ({status})");
            }
        }
        check_interrupted()?;
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn wait_for(child: &mut Child, name: &str, port: u16, path: &str) -> Result<()> {
    let started = Instant::now();
    while !answers(port, path) {
        if let Some(status) = child.ended()? {
            bail!("{name} ended with {status} before it was ready");
        }
        if started.elapsed() > READY_WITHIN {
            bail!("{name} did not answer on http://127.0.0.1:{port}{path} within {} s", READY_WITHIN.as_secs());
        }
        check_interrupted()?;
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
