//! `server admin verify-audit`: whether the audit log is as it was written.

use anyhow::{Context, Result, bail};
use backend::audit::{AuditReport, Head, verify_audit};
use backend::db::{Db, DbError};
use backend::text::en::audit as text;
use backend::vendors::{Vendor, list_vendors};
use clap::Args;

use super::admin::choose_vendor;
use crate::config::Config;
use crate::parts;

/// Compute the chain of the audit log again, say what is sealed and what is not yet, and fail if a row was changed, taken
/// out or put in. Prints the head of the chain: keep it elsewhere, and have it expected the next time.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Vendor, by code; all of them when left out.
    #[arg(long, value_name = "CODE")]
    vendor: Option<String>,
    /// The head that an earlier run printed: the chain has to pass through it still.
    #[arg(long, value_name = "HEX@SEQ")]
    expect_head: Option<String>,
}

pub(crate) async fn run(arguments: Arguments, config: &Config) -> Result<()> {
    let expected = match &arguments.expect_head {
        Some(head) => Some(Head::parse(head).context(text::HEAD_UNREADABLE)?),
        None => None,
    };
    let db = parts::open_migrated_database(config).await?;
    let outcome = verify(&db, arguments.vendor, expected).await;
    db.close().await;
    if !outcome? {
        bail!("{}", text::BROKEN);
    }
    Ok(())
}

/// Whether all of the chains hold.
async fn verify(db: &Db, code: Option<String>, expected: Option<Head>) -> Result<bool> {
    let vendors: Vec<Vendor> = match code {
        Some(code) => vec![choose_vendor(db, Some(code)).await?],
        None => db.read(|tx| Box::pin(list_vendors(tx))).await?,
    };
    if expected.is_some() && vendors.len() > 1 {
        bail!("{}", text::EXPECT_ONE_VENDOR);
    }
    let mut all_hold = true;
    for vendor in vendors {
        let (id, expected) = (vendor.id, expected.clone());
        let report: Result<AuditReport, DbError> =
            db.read(move |tx| Box::pin(async move { verify_audit(tx, &id, expected).await })).await;
        let report = report?;
        for line in text::report(&vendor.code, &report) {
            println!("{line}");
        }
        match &report.chain {
            Ok(head) => println!("{}", text::head(&vendor.code, head)),
            Err(_) => all_hold = false,
        }
    }
    Ok(all_hold)
}
