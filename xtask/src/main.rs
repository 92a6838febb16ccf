//! The whole build in Rust: `cargo xtask serve | totp | test [--quick] | soak | bugs | e2e | bench | lint | build [--release]`.
//!
//! Nothing has to be installed by hand on a machine with rustup; the browser tests need Node and Chromium. One file per
//! command, and beside them what they share: [`site`] (with [`styles`], [`compress`], [`budget`]), [`postgres`],
//! [`process`], [`npm`], [`workspace`], [`report`], and [`product`], the only place that knows the product's flags.
//! What `serve` shows beside the product: [`demo_customer`] with its [`browser`], [`mail_pages`] with their [`mailbox`].
//!
//! # Nothing is built twice
//! Cargo unifies the features of a dependency over the packages selected in one call, so calls that select differently
//! build the same dependency again. Therefore every call for the machine itself selects
//! [`workspace::PRODUCT_CRATES`], and `xtask` stands outside: `cargo xtask` builds it alone, and so do its tests.
//! Measured by comparing unit graphs: the 549 units that `build --bins --examples` takes from the registry are all among
//! the 557 of `test`, so nothing is added; `test --workspace` with `xtask` in it would add 40 units for `xtask`, while
//! `cargo xtask` has already built its own. `test --package stripe-sandbox` alone would build 25 of its units anew.
//! What is compiled more than once has to be: for the machine, for clippy (metadata only) and for browsers.

mod bench;
mod browser;
mod budget;
mod bugs;
mod build;
mod compress;
mod demo_customer;
mod e2e;
mod lint;
mod mail_pages;
mod mailbox;
mod npm;
mod postgres;
mod process;
mod product;
mod python;
mod report;
mod rust_tests;
mod serve;
mod site;
mod soak;
mod styles;
mod test;
mod totp;
mod workspace;

use anyhow::Result;
use clap::{Parser, Subcommand};
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;
use workspace::Workspace;

/// Build, run and test Leasehold.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Run the whole product here, with a local Stripe and demo data, until Ctrl-C
    Serve {
        #[command(flatten)]
        ports: serve::Ports,
        /// Another database than the demo's own, e.g. postgres://user@127.0.0.1/name; it is kept between starts
        #[arg(long, value_name = "URL")]
        database_url: Option<String>,
        /// What is sold instead of demo/iot-platform.toml, e.g. demo/desk-tools.toml
        #[arg(long, value_name = "FILE")]
        catalog: Option<PathBuf>,
    },
    /// Print the code that the app of the demo's admin would show now
    Totp,
    /// Run every check: lints, tests on both databases, budgets, browser journeys
    Test {
        /// Without browser journeys and slow proofs
        #[arg(long)]
        quick: bool,
    },
    /// Run the slow proofs and the random histories again and again
    Soak {
        /// How many times
        #[arg(long, default_value_t = 20)]
        rounds: u32,
        /// Random calls against the model, in all rounds together
        #[arg(long, default_value_t = 1_000_000)]
        model_calls: u64,
    },
    /// Plant known bugs in a copy, one by one, and see a test catch each
    Bugs {
        /// Only those whose names contain one of these
        only: Vec<String>,
    },
    /// Run the browser journeys
    E2e {
        /// Passed on to Playwright, e.g. `price-list --project desktop-js`
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the benchmarks
    Bench {
        /// Passed on to the benchmarks
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check format, clippy and the architecture
    Lint,
    /// Make target/leasehold, a folder with everything that a machine needs to run the product
    Build {
        /// Optimized
        #[arg(long)]
        release: bool,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        // What Ctrl-C stops has not failed; the shell's number for it says enough.
        Err(_) if process::interrupted() => ExitCode::from(130),
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// True when everything that was asked for is good.
fn run(task: Task) -> Result<bool> {
    process::watch_for_interrupts()?;
    let workspace = Workspace::find()?;
    match task {
        Task::Serve { ports, database_url, catalog } => {
            serve::serve(&workspace, ports, database_url, catalog.as_deref()).map(|()| true)
        }
        Task::Totp => totp::print().map(|()| true),
        Task::Test { quick } => test::test(&workspace, quick),
        Task::Soak { rounds, model_calls } => soak::soak(&workspace, rounds, model_calls),
        Task::Bugs { only } => bugs::bugs(&workspace, &only),
        Task::E2e { arguments } => {
            build::everything(&workspace)?;
            let mut report = Report::default();
            report.part("journeys", || e2e::journeys(&workspace, &arguments))?;
            Ok(report.finish())
        }
        Task::Bench { arguments } => bench::bench(&workspace, &arguments).map(|()| true),
        Task::Lint => {
            let mut report = Report::default();
            lint::parts(&workspace, &mut report)?;
            Ok(report.finish())
        }
        Task::Build { release } => {
            println!("{}", build::deployable(&workspace, release)?.display());
            Ok(true)
        }
    }
}
