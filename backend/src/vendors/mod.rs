//! Vendors: whoever sells software through this deployment.
//!
//! A vendor is chosen by the request's host name; the only vendor answers any, and so does one without a host where no
//! other has that name. It owns its catalog, keys, users, customers and branding, and its public origin, set once, is the
//! issuer of every token it signs.
//!
//! Name, branding, legal details and payment terms come from the catalog file until staff change them in the console
//! ([`change_settings`]); from then on they are the console's, and a catalog that is applied again leaves them alone.

mod change_settings;
mod create_vendor;
mod hosts;
pub mod rules;
mod send_test_mail;
mod set_host;
mod store;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::clock::UnixMs;
use crate::ids::VendorId;
use crate::money::Currency;

pub use change_settings::{SettingsUpdate, change_settings};
pub use create_vendor::{NewVendor, create_vendor};
pub use hosts::{HostProblem, check_host, is_reached};
pub use send_test_mail::{TestMail, send_test_mail};
pub use set_host::{HostChange, lock_hosts, set_host};
pub(crate) use store::lock_vendor;
pub use store::{find_vendor, find_vendor_by_code, find_vendor_by_host, list_vendors, update_branding};

/// Whoever sells.
#[derive(Clone, Debug, PartialEq)]
pub struct Vendor {
    /// Its id.
    pub id: VendorId,
    /// Short name for the command line and the webhook's address.
    pub code: String,
    /// The host name it answers; `None` answers any, and so does a vendor that is the only one.
    pub host: Option<String>,
    /// Its public origin, the tokens' `iss`, without a trailing slash.
    pub origin: String,
    /// Display name.
    pub name: String,
    /// What stands on invoices and in the portal's footer.
    pub profile: Profile,
    /// Hue of the accent colour in OKLCH degrees, 0–359.
    pub accent_hue: i64,
    /// Logo as SVG markup, checked when it was set.
    pub logo_svg: Option<String>,
    /// When it was created.
    pub created_at: UnixMs,
    /// How often its settings were changed in the console; 0 while they are the catalog file's.
    pub settings_no: i64,
}

/// A vendor's legal and public details.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Profile {
    /// Registered name, as invoices must show it.
    pub legal_name: String,
    /// Street lines, postal code and city, in the order they are printed.
    pub address_lines: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// VAT id, where there is one.
    pub vat_id: Option<String>,
    /// Entry in a commercial register and who manages, where the law wants them on invoices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// Where customers write to.
    pub support_email: String,
    /// Headline of the price list.
    pub headline: String,
    /// The sentence under it.
    pub lead: String,
    /// In which order currencies are offered; the first is shown to whom none is known to fit.
    pub currencies: Vec<Currency>,
    /// For bank transfers.
    pub bank: Option<BankDetails>,
    /// Orders that may be paid by bank transfer; none where absent.
    pub transfer: Option<TransferOffer>,
    /// Whether no tax is charged: Stripe Tax is not asked for. [`crate::tax::rules::is_taxed`] decides by it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub untaxed: bool,
}

/// On which terms a vendor sells against an invoice that is paid by bank transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferOffer {
    /// Days from the invoice to the day by which it has to be paid.
    pub days_until_due: i64,
    /// The least that an order must come to, before tax, in minor units by currency code; nothing where absent.
    pub minimum: BTreeMap<String, i64>,
}

/// Where a bank transfer goes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankDetails {
    /// The bank's name.
    pub name: String,
    /// International account number.
    pub iban: String,
    /// Bank identifier.
    pub bic: String,
}
