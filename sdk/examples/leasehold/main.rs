//! Licensing from a shell, for scripts and for products in other languages: `leasehold activate | check | show | release
//! | borrow | claim`.
//!
//! ```text
//! cargo run -p sdk --example leasehold -- --help
//! ```

mod args;
mod report;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use clap::Parser as _;
use sdk::{
    client::{Client, ClientError},
    license_key::LicenseKey,
};

use self::args::{Args, Command};

/// What a script can tell from how the program ends.
#[derive(Debug, Clone, Copy)]
enum Outcome {
    /// The product may run; it may have been warned.
    Licensed = 0,
    /// Something else went wrong, such as a file that cannot be read.
    Failed = 1,
    /// The server refused.
    Refused = 3,
    /// The server could not be asked or could not decide, and no earlier lease is good.
    Unavailable = 4,
    /// There is no license here yet: activate or claim.
    NotActivated = 5,
    /// The enforcement policy has reached a stage beyond `warn`.
    Enforced = 6,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let outcome = match run(&args).await {
        Ok(outcome) => outcome,
        Err(error) => {
            eprintln!("error: {error:#}");
            Outcome::Failed
        }
    };
    ExitCode::from(outcome as u8)
}

async fn run(args: &Args) -> anyhow::Result<Outcome> {
    let client = args.client()?;
    let outcome = match &args.command {
        Command::Activate { key } => {
            let key: LicenseKey = key.parse().context("the license key")?;
            activate(args, &client, &key).await?
        }
        Command::Check => match kept_key(args)? {
            Some(key) => outcome_of(args, &client, client.activate(&key).await.map(drop)),
            None => not_activated(),
        },
        Command::Show => show(args, &client),
        Command::Release => match client.release().await {
            Ok(free_at) => {
                println!("released; another may have the seat from {free_at}");
                let _ = fs::remove_file(key_file(args));
                Outcome::Licensed
            }
            Err(error) => refused(&error),
        },
        Command::Borrow { days } => match kept_key(args)? {
            Some(key) => match client.activate(&key).await {
                Ok(_) => {
                    let borrowed = client.borrow(Duration::from_secs(u64::from(*days) * 86_400)).await;
                    outcome_of(args, &client, borrowed.map(drop))
                }
                Err(error) => refused(&error),
            },
            None => not_activated(),
        },
        Command::Claim => {
            let claim = match client.claim_start().await {
                Ok(claim) => claim,
                Err(error) => return Ok(refused(&error)),
            };
            println!("Open {} and enter the code {}", claim.verification_uri, claim.user_code);
            println!("or follow {}", claim.verification_uri_complete);
            match client.claim_wait(claim).await {
                Ok(key) => activate(args, &client, &key).await?,
                Err(error) => refused(&error),
            }
        }
    };
    client.close().await;
    Ok(outcome)
}

async fn activate(args: &Args, client: &Client, key: &LicenseKey) -> anyhow::Result<Outcome> {
    let result = client.activate(key).await;
    // Kept also when no server could decide: a claimed key cannot be claimed again for long.
    if !matches!(result, Err(ClientError::Refused(_))) {
        keep_key(&key_file(args), key).context("the license key cannot be kept")?;
    }
    Ok(outcome_of(args, client, result.map(drop)))
}

fn outcome_of(args: &Args, client: &Client, result: Result<(), ClientError>) -> Outcome {
    match result {
        Ok(()) => show(args, client),
        Err(error) => refused(&error),
    }
}

fn show(args: &Args, client: &Client) -> Outcome {
    let status = client.status();
    println!("{}", if args.json { report::json(&status) } else { report::text(&status) });
    if status.licensed_until.is_none() {
        return Outcome::NotActivated;
    }
    if status.stage > Some(sdk::lease::Stage::Warn) { Outcome::Enforced } else { Outcome::Licensed }
}

fn not_activated() -> Outcome {
    eprintln!("{} {}", ClientError::NotActivated, ClientError::NotActivated.remedy());
    Outcome::NotActivated
}

fn refused(error: &ClientError) -> Outcome {
    eprintln!("{error}\n{}", error.remedy());
    report::holders(error);
    match error {
        ClientError::Refused(_) | ClientError::NotBorrowed | ClientError::ClaimEnded(_) => Outcome::Refused,
        ClientError::NotActivated => Outcome::NotActivated,
        _ => Outcome::Unavailable,
    }
}

fn key_file(args: &Args) -> PathBuf {
    args.folder().join("license.key")
}

fn kept_key(args: &Args) -> anyhow::Result<Option<LicenseKey>> {
    match fs::read_to_string(key_file(args)) {
        Ok(text) => Ok(Some(text.trim().parse().context("the kept license key")?)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).context("the kept license key"),
    }
}

fn keep_key(path: &Path, key: &LicenseKey) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    writeln!(options.open(path)?, "{key}")
}
