//! The catalog as a file: what is stored, in the format that is applied. Applying it again changes nothing.
//!
//! What a file cannot say is left out: versions of plans that are not sold any more, and add-ons and packs that are no longer
//! offered. Plans that have no price yet are part of it, as what nobody can buy.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::apply_catalog::load_current;
use super::diff::CurrentProduct;
use super::{Addon, BillingInterval, DEFAULT_CHANNEL, Pack, Plan, Price, PriceRole, Release, Terms, TierMode, Tiers};
use crate::accounts::{StaffAct, staff_may_act};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::money::{Currency, Money};
use crate::text::en::console_upload as text;
use crate::vendors::{self, Vendor};

/// The acting vendor's catalog as a file; `None` for whoever may not see it.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn export_catalog(tx: &mut Tx, cx: &Cx) -> Result<Option<String>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(None);
    }
    let Some(vendor) = vendors::find_vendor(tx, &cx.vendor_id).await? else { return Ok(None) };
    let current = load_current(tx, &vendor.code).await?;
    Ok(Some(write(&vendor, &current.products)))
}

/// The file.
fn write(vendor: &Vendor, products: &[CurrentProduct]) -> String {
    let mut out = Out::default();
    out.comment(text::FILE_HEAD);
    out.vendor(vendor);
    for product in products {
        out.product(product);
    }
    out.0
}

/// The lines so far.
#[derive(Default)]
struct Out(String);

impl Out {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn comment(&mut self, lines: &str) {
        for line in lines.lines() {
            self.line(format!("# {line}").trim_end());
        }
    }

    fn head(&mut self, section: &str) {
        self.line("");
        self.line(section);
    }

    fn member(&mut self, name: &str, value: &str) {
        self.line(&format!("{name} = {value}"));
    }

    fn text(&mut self, name: &str, text: &str) {
        self.member(name, &quoted(text));
    }

    fn optional_text(&mut self, name: &str, text: &str) {
        if !text.is_empty() {
            self.text(name, text);
        }
    }

    fn number(&mut self, name: &str, number: i64) {
        self.member(name, &number.to_string());
    }

    /// A switch, where it is on.
    fn switch(&mut self, name: &str, on: bool) {
        if on {
            self.member(name, "true");
        }
    }

    /// A table on one line, where it has anything.
    fn table(&mut self, name: &str, members: impl Iterator<Item = (String, String)>) {
        let members: Vec<String> = members.map(|(name, value)| format!("{name} = {value}")).collect();
        if !members.is_empty() {
            self.member(name, &format!("{{ {} }}", members.join(", ")));
        }
    }

    fn vendor(&mut self, vendor: &Vendor) {
        let profile = &vendor.profile;
        self.head("[vendor]");
        self.text("code", &vendor.code);
        self.text("name", &vendor.name);
        self.optional_text("host", vendor.host.as_deref().unwrap_or_default());
        self.text("origin", &vendor.origin);
        self.text("legal_name", &profile.legal_name);
        self.member("address_lines", &list(profile.address_lines.iter().map(String::as_str)));
        self.text("country", &profile.country);
        self.optional_text("vat_id", profile.vat_id.as_deref().unwrap_or_default());
        self.optional_text("registration", profile.registration.as_deref().unwrap_or_default());
        self.text("support_email", &profile.support_email);
        self.text("headline", &profile.headline);
        self.text("lead", &profile.lead);
        self.number("accent_hue", vendor.accent_hue);
        if !profile.currencies.is_empty() {
            self.member("currencies", &list(profile.currencies.iter().map(Currency::as_str)));
        }
        if profile.untaxed {
            self.member("stripe_tax", "false");
        }
        // Of a vendor whose settings are the console's, no file decides about the logo.
        if vendor.logo_svg.is_some() && vendor.settings_no == 0 {
            self.comment(text::FILE_LOGO);
            self.text("logo_file", &format!("{}.svg", vendor.code));
        }
        if let Some(bank) = &profile.bank {
            self.head("[vendor.bank]");
            self.text("name", &bank.name);
            self.text("iban", &bank.iban);
            self.text("bic", &bank.bic);
        }
        if let Some(transfer) = &profile.transfer {
            self.head("[vendor.transfer]");
            self.number("days_until_due", transfer.days_until_due);
            let minimum = transfer
                .minimum
                .iter()
                .filter_map(|(code, minor)| Some((code.clone(), decimal(Money::new(*minor, Currency::parse(code)?)))));
            self.table("minimum", minimum);
        }
    }

    fn product(&mut self, CurrentProduct { product, releases, plans }: &CurrentProduct) {
        self.head("[[products]]");
        self.text("code", &product.code);
        self.text("name", &product.name);
        self.optional_text("description", &product.description);
        // They are stored newest first.
        for release in releases.iter().rev() {
            self.release(release);
        }
        for plan in plans {
            self.plan(plan);
        }
    }

    fn release(&mut self, release: &Release) {
        self.head("[[products.releases]]");
        self.text("version", &release.version);
        self.member("released_on", &release.released_on.to_string());
        if release.channel != DEFAULT_CHANNEL {
            self.text("channel", &release.channel);
        }
    }

    fn plan(&mut self, plan: &Plan) {
        self.head("[[products.plans]]");
        self.text("code", &plan.code);
        self.text("name", &plan.name);
        self.text("kind", plan.kind.as_str());
        self.text("license_type", plan.license_type.as_str());
        self.number("included_seats", plan.included_seats);
        self.number("max_seats", plan.max_seats);
        // The rules take a plan without a price only as a draft.
        if !plan.published || plan.prices.is_empty() {
            self.member("published", "false");
        }
        self.switch("recommended", plan.presentation.recommended);
        self.optional_text("tagline", &plan.presentation.tagline);
        if !plan.presentation.highlights.is_empty() {
            self.member("highlights", &list(plan.presentation.highlights.iter().map(String::as_str)));
        }
        self.terms(&plan.terms);
        self.plan_prices(&plan.prices);
        for addon in plan.addons.iter().filter(|addon| addon.offered) {
            self.addon(addon, &plan.prices);
        }
        for pack in plan.packs.iter().filter(|pack| pack.offered) {
            self.pack(pack, &plan.prices);
        }
    }

    fn terms(&mut self, terms: &Terms) {
        self.limits(&terms.limits);
        self.features(&terms.features);
        let aggregation = terms.level_aggregation.iter();
        self.table("level_aggregation", aggregation.map(|(name, how)| (name.clone(), quoted(how.as_str()))));
        let lease = &terms.lease;
        let times = [
            ("lease_s", lease.lease_s),
            ("check_s", lease.check_s),
            ("reclaim_after_s", lease.reclaim_after_s),
            ("max_borrow_s", lease.max_borrow_s),
        ];
        self.table("lease", times.into_iter().map(|(name, seconds)| (name.to_owned(), seconds.to_string())));
        let step = |step: &sdk::lease::EnforcementStep| {
            format!("{{ stage = {}, after_s = {} }}", quoted(step.stage.as_str()), step.after_s)
        };
        let steps: Vec<String> = terms.enforcement.steps().iter().map(step).collect();
        self.member("enforcement", &format!("[{}]", steps.join(", ")));
        self.number("payment_grace_days", terms.payment_grace_days);
        if let Some(percent) = terms.maintenance_percent {
            self.number("maintenance_percent", percent);
        }
        if terms.trial_days > 0 {
            self.number("trial_days", terms.trial_days);
        }
        self.switch("trial_without_card", terms.trial_without_card);
        self.switch("card_only", terms.card_only);
        if let Some(devices) = terms.devices_per_user {
            self.number("devices_per_user", devices);
        }
        if terms.surge_seats > 0 {
            self.number("surge_seats", terms.surge_seats);
            self.number("surge_minutes", terms.surge_minutes);
        }
        self.switch("usage_signals", terms.usage_signals);
    }

    fn limits(&mut self, limits: &BTreeMap<String, i64>) {
        self.table("limits", limits.iter().map(|(name, limit)| (name.clone(), limit.to_string())));
    }

    fn features(&mut self, features: &BTreeMap<String, Option<i64>>) {
        self.table("features", features.iter().map(|(name, end)| (name.clone(), feature_end(*end))));
    }

    /// The plan's own; what a year of updates costs follows from its percentage.
    fn plan_prices(&mut self, prices: &[Price]) {
        let mut by_place: BTreeMap<(&str, BillingInterval), Vec<(String, String)>> = BTreeMap::new();
        let own = prices.iter().filter(|price| price.option.is_empty() && price.role != PriceRole::Maintenance);
        for price in own {
            let roles = by_place.entry((price.unit_amount.currency.as_str(), price.interval)).or_default();
            roles.push((price.role.as_str().to_owned(), decimal(price.unit_amount)));
        }
        for ((currency, interval), roles) in by_place {
            self.table(&format!("prices.{currency}.{}", interval.as_str()), roles.into_iter());
        }
    }

    fn addon(&mut self, addon: &Addon, prices: &[Price]) {
        self.head("[[products.plans.addons]]");
        self.text("code", &addon.code);
        self.text("name", &addon.name);
        self.optional_text("description", &addon.description);
        self.text("per", addon.per.as_str());
        self.limits(&addon.limits);
        self.features(&addon.features);
        for price in prices.iter().filter(|price| price.role == PriceRole::Addon && price.option == addon.code) {
            self.member(&place(price), &decimal(price.unit_amount));
        }
    }

    fn pack(&mut self, pack: &Pack, prices: &[Price]) {
        self.head("[[products.plans.packs]]");
        self.text("limit", &pack.limit);
        self.number("size", pack.size);
        self.number("max", pack.max);
        let is_own = |price: &&Price| price.role == PriceRole::Pack && price.option == pack.limit;
        let own: Vec<&Price> = prices.iter().filter(is_own).collect();
        let mode = own.iter().find_map(|price| price.tiers.as_ref()).map_or(TierMode::Volume, |tiers| tiers.mode);
        self.text("mode", mode.as_str());
        for price in own {
            let tiers = price.tiers.as_ref().map(|tiers| tier_list(tiers, price.unit_amount.currency));
            self.member(
                &place(price),
                &tiers.unwrap_or_else(|| format!("[{{ each = {} }}]", decimal(price.unit_amount))),
            );
        }
    }
}

fn place(price: &Price) -> String {
    format!("prices.{}.{}", price.unit_amount.currency.as_str(), price.interval.as_str())
}

fn tier_list(tiers: &Tiers, currency: Currency) -> String {
    let tier = |tier: &super::Tier| {
        let end = tier.up_to.map_or_else(String::new, |up_to| format!("up_to = {up_to}, "));
        format!("{{ {end}each = {} }}", decimal(Money::new(tier.each_minor, currency)))
    };
    let steps: Vec<String> = tiers.steps.iter().map(tier).collect();
    format!("[{}]", steps.join(", "))
}

/// `true`, or the UTC day whose end is meant.
fn feature_end(end: Option<i64>) -> String {
    let day = |end: i64| -> Date { UnixMs::from_seconds(end).date() };
    end.map_or_else(|| "true".to_owned(), |end| day(end).to_string())
}

/// `"10.00"`: all decimals of the currency, in quotes.
fn decimal(amount: Money) -> String {
    let decimals = amount.currency.exponent() as usize;
    let digits = format!("{:0width$}", amount.amount_minor, width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let point = if decimals == 0 { "" } else { "." };
    quoted(&format!("{whole}{point}{fraction}"))
}

fn list<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    format!("[{}]", texts.map(quoted).collect::<Vec<_>>().join(", "))
}

/// A string as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests;
