//! The catalog in the vendor's console: what is sold, who has it, and the releases of a product.

use super::{buying, licenses};
use crate::catalog::console::LicensesOfPlan;
use crate::catalog::{
    BillingInterval, LicenseType, Plan, PlanKind, PriceRole, Publication, Release, VERSION_MAX_CHARS,
};

/// Title of the page.
pub const TITLE: &str = "Catalog";
/// Lead of the page.
pub const LEAD: &str = "What is sold, at which prices, and who has it.";
/// Leads to the form of a new product.
pub const NEW_PRODUCT: &str = "New product";
/// Leads to the form of a new plan.
pub const NEW_PLAN: &str = "New plan";
/// Leads to the preview.
pub const PREVIEW: &str = "Preview";
/// Leads to the page that takes a file.
pub const UPLOAD: &str = "Upload a file";
/// Gives out the file.
pub const DOWNLOAD: &str = "Download as a file";
/// Where nothing is sold.
pub const NOTHING: &str =
    "Nothing is sold yet. Upload a catalog file, or apply one on the server, with \"server admin apply-catalog\".";
/// The same for those who cannot.
pub const NOTHING_TO_SEE: &str = "Nothing is sold yet. An administrator can upload a catalog file.";
/// Columns of a product's plans.
pub const COLUMNS: [&str; 6] = ["Plan", "Kind", "Price", "Version", "Price list", "Licenses"];
/// Where a product has no plans.
pub const NO_PLANS: &str = "This product has no plans, so it cannot be bought yet.";
/// Leads to a product's page.
pub const RELEASES: &str = "Releases";

/// Caption of a product's plans.
#[must_use]
pub fn plans_of(product: &str) -> String {
    format!("Plans of {product}")
}

/// Whether a plan is rented or bought, and how its seats are held.
#[must_use]
pub fn kind(plan: &Plan) -> String {
    format!("{}, {}", plan_kind(plan.kind), license_type(plan.license_type))
}

/// Whether a plan is rented or bought.
#[must_use]
pub fn plan_kind(kind: PlanKind) -> &'static str {
    match kind {
        PlanKind::Subscription => "Subscription",
        PlanKind::Perpetual => "Bought once",
    }
}

/// How seats are held, in a word.
#[must_use]
pub fn license_type(license_type: LicenseType) -> &'static str {
    match license_type {
        LicenseType::Floating => "floating",
        LicenseType::Machine => "by machine",
        LicenseType::User => "by user",
    }
}

/// What the plan itself costs, one line for each interval and currency.
#[must_use]
pub fn prices(plan: &Plan) -> Vec<String> {
    let own = plan.prices.iter().filter(|price| matches!(price.role, PriceRole::Base | PriceRole::Unit));
    own.map(|price| {
        let amount = licenses::amount(price.unit_amount);
        match price.interval {
            BillingInterval::Once => format!("{amount} per {}", buying::seat_noun(plan.license_type, 1)),
            interval => format!("{amount} {}", licenses::per(interval)),
        }
    })
    .collect()
}

/// Where a plan has no prices.
pub const NO_PRICES: &str = "none yet";

/// Whether a plan can be bought.
#[must_use]
pub fn state(published: bool) -> &'static str {
    if published { "On it" } else { "Not on it" }
}

/// How many have a plan, and how many of them another version than today's.
#[must_use]
pub fn holders(held: &LicensesOfPlan, version: i64) -> String {
    match (held.total(), held.with_other_than(version)) {
        (total, 0) => licenses::number(total),
        (total, older) => format!("{}, {} with an older version", licenses::number(total), licenses::number(older)),
    }
}

/// Prices that Stripe does not have yet.
#[must_use]
pub fn waiting_for_stripe(count: usize) -> String {
    if count == 1 { "1 price waits for Stripe.".to_owned() } else { format!("{count} prices wait for Stripe.") }
}

/// What follows from that.
pub const WAITING_MEANS: &str = "What costs something can be bought as soon as Stripe has its price. That is tried again until it succeeds; what was \
     given up is listed under Failed work.";
/// The same where there is no account at Stripe.
pub const NO_STRIPE: &str = "No Stripe key is set for this vendor, so only what is free can be bought. The operator sets the key and applies the \
     catalog once more.";

// ── Preview ─────────────────────────────────────────────────────────────────────────────────────────

/// Title of the preview.
pub const PREVIEW_TITLE: &str = "Preview of the price list";
/// Lead of the preview.
pub const PREVIEW_LEAD: &str =
    "As customers see it, and with the plans that are not on it. Nothing can be bought here.";
/// Marks a plan that is not on the list.
pub const NOT_PUBLISHED: &str = "Not on the price list";
/// Where there is nothing to preview.
pub const NOTHING_TO_PREVIEW: &str = "No plan has a price yet, so there is nothing to show.";

// ── A product ───────────────────────────────────────────────────────────────────────────────────────

/// The facts of a product.
pub const PRODUCT_FACTS: [&str; 3] = ["Code", "Description", "Plans"];
/// Heading of the facts.
pub const PRODUCT: &str = "Product";
/// Leads to the form that changes it.
pub const EDIT: &str = "Edit";
/// Where something is not said.
pub const NONE: &str = "none";
/// Heading of the releases.
pub const RELEASES_TITLE: &str = "Releases";
/// What they are for.
pub const RELEASES_LEAD: &str =
    "Perpetual licenses may run every release dated on or before the last day of their updates.";
/// Columns of the releases.
pub const RELEASE_COLUMNS: [&str; 3] = ["Version", "Date", "Channel"];
/// Where there are none.
pub const NO_RELEASES: &str = "No release is published yet. Publish one below, or let your build do it.";
/// The same for those who cannot.
pub const NO_RELEASES_TO_SEE: &str = "No release is published yet.";
/// The pages of the list.
pub const RELEASE_PAGES: &str = "Pages of the releases";
/// Back to the beginning.
pub const NEWEST: &str = "Newest";
/// Further back.
pub const OLDER: &str = "Older";
/// Heading of the form.
pub const PUBLISH_RELEASE: &str = "Publish a release";
/// What cannot be taken back.
pub const PUBLISH_LEAD: &str =
    "What is published stays published. A date ahead announces a release; it counts from then on.";
/// Label.
pub const VERSION: &str = "Version";
/// What to type there.
pub const VERSION_HINT: &str = "As instances report it, for example 4.3.0.";
/// Label.
pub const RELEASED_ON: &str = "Date";
/// What follows when it is empty.
pub const RELEASED_ON_HINT: &str = "Today where it is left empty, by UTC.";
/// Label.
pub const CHANNEL: &str = "Channel";
/// What follows when it is empty.
pub const CHANNEL_HINT: &str = "It is \"stable\" where this is left empty.";
/// Said beside a label.
pub const OPTIONAL: &str = "optional";
/// The button.
pub const PUBLISH_SUBMIT: &str = "Publish the release";
/// Heading of the lines for a pipeline.
pub const PIPELINE: &str = "From a build pipeline";
/// What is needed for it.
pub const PIPELINE_LEAD: &str =
    "With an API token of the vendor's that may publish releases. Doing it again changes nothing.";
/// What the lines do.
pub const PIPELINE_LABEL: &str = "Publish a release, with curl";
/// Leads to the tokens.
pub const TO_TOKENS: &str = "API tokens";

/// How many releases are shown.
#[must_use]
pub fn releases_shown(count: usize) -> String {
    if count == 1 { "1 release".to_owned() } else { format!("{count} releases") }
}

/// The lines for a pipeline.
#[must_use]
pub fn pipeline(origin: &str, product_code: &str) -> String {
    format!(
        "curl '{origin}/api/manage/v1/products/{product_code}/releases' \\\n  -H \"Authorization: Bearer $LEASEHOLD_TOKEN\" \\\n  \
         -H 'Content-Type: application/json' \\\n  -d '{{\"version\": \"4.3.0\"}}'"
    )
}

/// Why a release was not published, and at which field that stands; `None` where it was.
#[must_use]
pub fn not_published(publication: &Publication) -> Option<(&'static str, String)> {
    match publication {
        Publication::Published(_) | Publication::ProductNotFound | Publication::NotAllowed => None,
        Publication::Same(known) | Publication::Differs(known) => Some(("version", known_release(known))),
        Publication::Malformed("channel") => {
            Some(("channel", "Write up to 40 lower-case letters, digits, - and _, beginning with a letter.".to_owned()))
        }
        Publication::Malformed(_) => Some((
            "version",
            format!("Write a version of at most {VERSION_MAX_CHARS} characters, without spaces around it."),
        )),
    }
}

fn known_release(known: &Release) -> String {
    format!(
        "Version {} was published before, on {} in the channel {}. It stays as it is.",
        known.version, known.released_on, known.channel
    )
}

/// Where the date cannot be read.
pub const BAD_DATE: &str = "Write a date such as 2026-11-21, or leave it empty.";
