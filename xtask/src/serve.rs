//! `cargo xtask serve`: the whole product on this machine, with a local Stripe, demo data and a page of mails.

use crate::mail_pages::MailPages;
use crate::process::{Child, Stop, check_interrupted, interrupted, run_quietly};
use crate::product::{CUSTOMER, Catalog, DEMO_CATALOG, DEMO_PRODUCT, Demo, SANDBOX, SERVER, STAFF};
use crate::workspace::Workspace;
use crate::{build, demo_customer, site};
use anyhow::{Context, Result, bail};
use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const READY_WITHIN: Duration = Duration::from_secs(30);
/// How often waiting looks again.
const LOOK: Duration = Duration::from_millis(100);
/// How many lines of a program's log are shown when it has ended by itself.
const LAST_LINES: usize = 25;

/// Where everything listens, on 127.0.0.1.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct Ports {
    /// Port of the portal on 127.0.0.1
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Port of the page that shows the mails sent
    #[arg(long, default_value_t = 3001)]
    mail_port: u16,
    /// Port of the local Stripe
    #[arg(long, default_value_t = 12_111)]
    stripe_port: u16,
}

/// Builds, prepares and runs everything until Ctrl-C.
///
/// # Errors
/// When something does not build or start, or a part ends by itself.
pub(crate) fn serve(
    workspace: &Workspace,
    ports: Ports,
    database_url: Option<String>,
    catalog: Option<&Path>,
) -> Result<()> {
    // The demo customer knows what the demo sells.
    let has_customer = catalog.is_none();
    let catalog = match catalog {
        Some(file) => Catalog::read(file)?,
        None => Catalog::read(&workspace.root().join(DEMO_CATALOG))?,
    };
    ports.refuse_taken()?;
    let started = Instant::now();
    build::everything(workspace)?;
    println!("Built in {:.1} s.", started.elapsed().as_secs_f32());
    // A build takes long enough for somebody else to come first, whose server would look like ours.
    ports.refuse_taken()?;
    let started = Instant::now();
    let demo = Demo {
        port: ports.port,
        stripe_port: ports.stripe_port,
        site: workspace.site(),
        catalog,
        root: workspace.root().to_owned(),
        // Two copies on different ports do not meet, and the master key of a database that is kept is kept.
        data: workspace.root().join("data/dev").join(match &database_url {
            Some(_) => "kept".to_owned(),
            None => ports.port.to_string(),
        }),
        database_url,
    };
    demo.begin_anew()?;

    println!("Starting the local Stripe…");
    let mut sandbox = Part::start(&demo, "the local Stripe", demo.sandbox(&workspace.binary(SANDBOX, false)))?;
    sandbox.wait_for(&format!("{}/_sandbox/state", demo.stripe()))?;
    let program = workspace.binary(SERVER, false);
    for step in demo.preparations(&program) {
        println!("{}…", step.what);
        run_quietly(step.what, step.command, &step.input)?;
    }
    println!("Starting the server…");
    let mut command = demo.server(&program);
    command.arg("serve");
    let mut server = Part::start(&demo, "the server", command)?;
    server.wait_for(&format!("{}/readyz", demo.portal()))?;
    let mails = MailPages::start(ports.mail_port, demo.mails(), site::stylesheet(workspace))?;
    let product = has_customer.then(|| demo.place_product(&demo_product(workspace))).transpose()?;
    let license_key = if has_customer {
        println!("Letting the demo customer sign up and buy…");
        // The portal is worth looking at without that customer too.
        demo_customer::buy(&demo.portal(), &demo.mails()).unwrap_or_else(|error| {
            eprintln!("The demo customer did not get to the end: {error:#}");
            None
        })
    } else {
        None
    };
    check_interrupted()?;
    println!("Ready in {:.1} s.", started.elapsed().as_secs_f32());
    println!("{}", welcome(&demo, &mails, workspace, product.as_deref(), license_key.as_deref()));

    loop {
        for part in [&mut server, &mut sandbox] {
            part.still_runs()?;
        }
        if interrupted() {
            println!("\nStopping…");
        }
        check_interrupted()?;
        std::thread::sleep(LOOK);
    }
}

impl Ports {
    fn refuse_taken(self) -> Result<()> {
        let all = [(self.port, "--port"), (self.mail_port, "--mail-port"), (self.stripe_port, "--stripe-port")];
        for (port, flag) in all {
            if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_err() {
                bail!(
                    "Port {port} of 127.0.0.1 is taken, perhaps by another `cargo xtask serve`. Stop what listens \
                     there, or choose another port with {flag}."
                );
            }
        }
        Ok(())
    }
}

/// A program that runs as long as `serve` does, its output in a file.
struct Part {
    name: &'static str,
    log: PathBuf,
    child: Child,
}

impl Part {
    fn start(demo: &Demo, name: &'static str, mut command: Command) -> Result<Self> {
        let log = log_file(demo, name);
        let file = File::create(&log).with_context(|| format!("{} cannot be made", log.display()))?;
        command.stdout(file.try_clone().context("a log file cannot be shared")?).stderr(file);
        Ok(Self { name, log, child: Child::spawn(name, &mut command, Stop::Terminate)? })
    }

    fn still_runs(&mut self) -> Result<()> {
        let Some(status) = self.child.ended()? else { return Ok(()) };
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
        bail!("{} ended by itself ({status}). The end of {}:\n{last}", self.name, self.log.display())
    }

    fn wait_for(&mut self, address: &str) -> Result<()> {
        let started = Instant::now();
        let config = ureq::Agent::config_builder().proxy(None).timeout_global(Some(Duration::from_secs(2))).build();
        let agent = config.new_agent();
        while agent.get(address).call().is_err() {
            self.still_runs()?;
            if started.elapsed() > READY_WITHIN {
                let log = self.log.display();
                bail!("{} did not answer on {address} within {} s; see {log}", self.name, READY_WITHIN.as_secs());
            }
            check_interrupted()?;
            std::thread::sleep(LOOK);
        }
        Ok(())
    }
}

/// "the local Stripe" → `data/dev/3000/stripe.log`.
fn log_file(demo: &Demo, name: &str) -> PathBuf {
    let word = name.rsplit(' ').next().unwrap_or(name).to_lowercase();
    demo.data.join(word).with_extension("log")
}

fn demo_product(workspace: &Workspace) -> PathBuf {
    workspace.profile_directory(false).join("examples").join(DEMO_PRODUCT)
}

/// What a person has to know to try it.
fn welcome(
    demo: &Demo,
    mails: &MailPages,
    workspace: &Workspace,
    product: Option<&Path>,
    license_key: Option<&str>,
) -> String {
    let from_root = |path: &Path| path.strip_prefix(workspace.root()).unwrap_or(path).display().to_string();
    let portal = demo.portal();
    let start = match license_key {
        Some(key) => {
            format!("{} --server {portal} --devices 5 --key {key}", from_root(&demo_product(workspace)))
        }
        None => format!("log in as the customer, open the license, and reveal its key ({portal}/licenses)"),
    };
    let (customer, pasting) = match product {
        Some(folder) => (
            format!("{} / {}", CUSTOMER.email, CUSTOMER.password),
            format!("\n  or paste the lines of the page after a purchase in\n    {}\n", from_root(folder)),
        ),
        None => ("nobody yet: sign up, and choose a plan".to_owned(), String::new()),
    };
    let kept = if demo.database_url.is_some() {
        "The database and the local Stripe go on from where the last start left them."
    } else {
        "Each start begins anew, with an empty database and an empty local Stripe."
    };
    format!(
        "
Leasehold runs. Ctrl-C stops it. {kept}

  Portal           {portal}
  Mails sent       {}
  Local Stripe     {}
  Logs             {}, {}

  Log in as        the vendor's admin   {} / {}, and the code that `cargo xtask totp` prints
                   a customer           {customer}
  Pay with         4242 4242 4242 4242, or the buttons of the checkout page

  Run the demo product in another terminal:
    {start}
{pasting}",
        mails.address(),
        demo.stripe(),
        from_root(&log_file(demo, "the server")),
        from_root(&log_file(demo, "the local Stripe")),
        STAFF.email,
        STAFF.password,
    )
}
