//! `server admin …`: what the operator of a deployment does.

use anyhow::{Result, bail};
use backend::db::{Db, DbError};
use backend::vendors::{Vendor, find_vendor_by_code, list_vendors};
use clap::Subcommand;

use super::{
    apply_catalog, check_catalog, create_campaign, create_staff, create_vendor, ledger, license, reset_factor,
    set_vendor_host, signing_keys, verify_audit,
};
use crate::config::Config;

/// The acts of the operator.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Bring a vendor and all it sells to what a catalog file says, and push its prices to Stripe.
    ApplyCatalog(apply_catalog::Arguments),
    /// Compare the prices at Stripe with the catalog, and fail if anything differs.
    CheckCatalog(check_catalog::Arguments),
    /// Create a vendor with its signing keys. Applying a catalog does this as well.
    CreateVendor(create_vendor::Arguments),
    /// Make a campaign with its first code.
    CreateCampaign(create_campaign::Arguments),
    /// Make somebody a member of a vendor's staff.
    CreateStaff(create_staff::Arguments),
    /// Take away second factor and passkeys of somebody who has lost app and recovery codes. Make sure who asks, and not by mail.
    ResetFactor(reset_factor::Arguments),
    /// Say which host name a vendor answers.
    SetVendorHost(set_vendor_host::Arguments),
    /// Look at a license, suspend, reinstate, revoke it, or change its limits and features.
    #[command(subcommand)]
    License(license::Command),
    /// List, rotate or revoke a vendor's signing keys.
    #[command(subcommand)]
    Keys(signing_keys::Command),
    /// Print the ledger's trial balance, and fail if it does not sum to zero or differs from the invoices.
    Ledger(ledger::Arguments),
    /// Check that no row of the audit log was changed, taken out or put in.
    VerifyAudit(verify_audit::Arguments),
}

pub(crate) async fn run(command: Command, config: &Config) -> Result<()> {
    match command {
        Command::ApplyCatalog(arguments) => apply_catalog::run(arguments, config).await,
        Command::CheckCatalog(arguments) => check_catalog::run(arguments, config).await,
        Command::CreateVendor(arguments) => create_vendor::run(arguments, config).await,
        Command::CreateCampaign(arguments) => create_campaign::run(arguments, config).await,
        Command::CreateStaff(arguments) => create_staff::run(arguments, config).await,
        Command::ResetFactor(arguments) => reset_factor::run(arguments, config).await,
        Command::SetVendorHost(arguments) => set_vendor_host::run(arguments, config).await,
        Command::License(command) => license::run(command, config).await,
        Command::Keys(command) => signing_keys::run(command, config).await,
        Command::Ledger(arguments) => ledger::run(arguments, config).await,
        Command::VerifyAudit(arguments) => verify_audit::run(arguments, config).await,
    }
}

/// The vendor of this code, or the only one.
pub(super) async fn choose_vendor(db: &Db, code: Option<String>) -> Result<Vendor> {
    let Some(code) = code else {
        let mut vendors = db.read(|tx| Box::pin(list_vendors(tx))).await?;
        return match (vendors.pop(), vendors.len()) {
            (Some(vendor), 0) => Ok(vendor),
            (None, _) => bail!("There is no vendor yet. Apply a catalog first."),
            (Some(_), _) => bail!("There are several vendors: name one by --vendor CODE."),
        };
    };
    let wanted = code.clone();
    let found: Result<_, DbError> =
        db.read(move |tx| Box::pin(async move { find_vendor_by_code(tx, &wanted).await })).await;
    match found? {
        Some(vendor) => Ok(vendor),
        None => bail!("There is no vendor {code}."),
    }
}
