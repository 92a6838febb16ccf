//! What is said about a catalog file to whoever applies it.

use super::packs;
use crate::catalog::{
    AddonPer, CatalogPrice, Change, Drift, Fault, LicenseType, LogoFault, Plan, PriceRole, Problem, Refusal, Tier,
    Tiers, price_name,
};
use crate::money::Money;

/// One line: the place and what is wrong there.
pub fn problem(problem: &Problem) -> String {
    format!("{}: {}", problem.path, fault(&problem.fault))
}

/// What is wrong.
pub fn fault(fault: &Fault) -> String {
    use sdk::lease::EnforcementPolicyError as Policy;
    match fault {
        Fault::Missing => "This must not be empty.".to_owned(),
        Fault::TooLong(max) => format!("This is longer than {max} characters."),
        Fault::Unprintable(character) => {
            format!("Invoices cannot print {character:?}: their font has Latin, Greek and Cyrillic letters.")
        }
        Fault::NotACode => "Use up to 40 lower-case letters, digits, `-` and `_`, beginning with a letter.".to_owned(),
        Fault::Duplicate => "This is used twice; it must be unique.".to_owned(),
        Fault::NotACountry => "This is not a two-letter country code in capitals, such as DE.".to_owned(),
        Fault::NotAnEmail => "This is not an e-mail address.".to_owned(),
        Fault::NotAnOrigin => {
            "Write an origin such as https://licenses.example.com: no path, and http only on this machine.".to_owned()
        }
        Fault::NotAHost => "Write a host name in lower case, such as licenses.example.com.".to_owned(),
        Fault::NotAnIban => "This is not an IBAN: its form or its check digits are wrong.".to_owned(),
        Fault::OutOfRange { min, max } => format!("This must be between {min} and {max}."),
        Fault::PerpetualIncludesOneSeat => {
            "Perpetual plans sell every seat by the unit: leave this out or write 1.".to_owned()
        }
        Fault::NotALimit => "This names no limit of the plan.".to_owned(),
        Fault::CheckTooRare => "Checks must fit three times into a lease: at most a third of lease_s.".to_owned(),
        Fault::ReclaimedBeforeLeaseEnds => "A seat must not be taken back before its lease ends.".to_owned(),
        Fault::BorrowShorterThanLease => {
            "A borrowed lease cannot be shorter than a normal one; write 0 to forbid borrowing.".to_owned()
        }
        Fault::DevicesOfOtherType => {
            "Only plans of license type user seat users, so only they can limit a user's devices.".to_owned()
        }
        Fault::TrialOfPerpetual => "Only subscriptions have a trial.".to_owned(),
        Fault::TrialOfFree => "This plan costs nothing, so there is nothing to try for free.".to_owned(),
        Fault::TrialMissing => "This plan has no trial; set trial_days, or leave this out.".to_owned(),
        Fault::SurgeIncomplete => "A surge needs both surge_seats and surge_minutes.".to_owned(),
        Fault::Enforcement(Policy::Empty) => {
            "The policy needs at least one step; leave it out for the default.".to_owned()
        }
        Fault::Enforcement(Policy::Negative) => "No step can apply before the first failed check.".to_owned(),
        Fault::Enforcement(Policy::NotAscending) => {
            "Times must not fall and stages must rise (warn, block_new, lock_admin, stop).".to_owned()
        }
        Fault::MaintenanceOfSubscription => "Subscriptions include updates: only perpetual plans have this.".to_owned(),
        Fault::MaintenanceMissing => {
            "A perpetual plan must say what a further year of updates costs, in percent of the unit price.".to_owned()
        }
        Fault::NotACurrency => "Write the three letters of a currency that Stripe takes, in lower case, such as usd.".to_owned(),
        Fault::NotAnAmount(0) => "Write the amount as a whole number in quotes, such as \"1200\".".to_owned(),
        Fault::NotAnAmount(decimals) => format!(
            "Write the amount in quotes with exactly {decimals} decimals, such as \"10.{}\".",
            "0".repeat(*decimals as usize)
        ),
        Fault::TooFine { step: 100 } => {
            "Stripe takes whole amounts of this currency only: both decimals must be 0.".to_owned()
        }
        Fault::TooFine { .. } => {
            "Stripe takes amounts of this currency in hundredths only: the third decimal must be 0.".to_owned()
        }
        Fault::IntervalOfOtherKind => "Subscriptions are charged by month or year, perpetual plans once.".to_owned(),
        Fault::RoleOfOtherKind => {
            "Subscriptions have base and extra_seat, perpetual plans have unit (maintenance follows from it)."
                .to_owned()
        }
        Fault::PriceMissing => "A price is missing here.".to_owned(),
        Fault::CurrenciesDiffer => "Every currency must offer the same intervals and roles.".to_owned(),
        Fault::PricesOfPlanDiffer => {
            "What is sold on top is sold with its plan: at the same intervals and in the same currencies.".to_owned()
        }
        Fault::GivesNothing => "An add-on must give something: a feature, or more of a limit.".to_owned(),
        Fault::PlanHasIt => "The plan has this already, so nobody can buy it on top.".to_owned(),
        Fault::PackOfPerpetual => {
            "Packs belong to subscriptions. A perpetual plan states its limits in full; write the limit higher, or -1.".to_owned()
        }
        Fault::TiersMissing => {
            "A price of packs has tiers: [{ up_to = 10, each = \"5.00\" }, { each = \"4.00\" }], or [{ each = \"5.00\" }] \
             where all cost the same."
                .to_owned()
        }
        Fault::TiersNotRising => "Each tier must end above the one before it.".to_owned(),
        Fault::TierEnds => "Every tier but the last one has up_to; the last one has none.".to_owned(),
        Fault::TwoRecommended => "Only one plan of a product can be the recommended one.".to_owned(),
        Fault::Logo(fault) => logo_fault(fault),
    }
}

/// Why a logo is refused.
pub fn logo_fault(fault: &LogoFault) -> String {
    match fault {
        LogoFault::Unreadable(reason) => format!("The logo cannot be read: {reason}."),
        LogoFault::TooLarge => "The logo is larger than 16 KiB.".to_owned(),
        LogoFault::NotXml(reason) => format!("The logo is not a plain XML file: {reason}."),
        LogoFault::NotSvg => "The logo is not an SVG drawing with a viewBox.".to_owned(),
        LogoFault::Element { name, line } => {
            format!("A logo cannot have <{name}> (line {line}): only shapes, gradients and clip paths.")
        }
        LogoFault::Attribute { name, line } => {
            format!("A logo cannot have this {name} attribute (line {line}): no scripts, styles or addresses.")
        }
    }
}

/// Said where the file's vendor is left aside.
pub const CONSOLE_HAS_SETTINGS: &str = "The vendor's name, branding, legal details and payment terms were changed in the console and are the console's \
     from then on. Of [vendor], this file decides about `currencies` alone.";

/// One line for a change: `+` new, `~` different, `-` no longer offered.
pub fn change(change: &Change) -> String {
    match change {
        Change::CreateVendor { code, origin } => format!("+ vendor {code}, issuer {origin}, with signing keys"),
        Change::UpdateVendor { members } => format!("~ vendor: {}", members.join(", ")),
        Change::CreateProduct { product, .. } => format!("+ product {product}"),
        Change::UpdateProduct { product, members, .. } => format!("~ product {product}: {}", members.join(", ")),
        Change::CreateRelease { product, release } => {
            format!("+ release {product} {} of {} ({})", release.version, release.released_on, release.channel)
        }
        Change::UpdateRelease { product, before, after } => format!(
            "~ release {product} {}: {} ({}) becomes {} ({})",
            after.version, before.released_on, before.channel, after.released_on, after.channel
        ),
        Change::CreatePlan { product, plan, .. } => format!("+ plan {product}/{plan}"),
        Change::UpdatePlan { product, plan, members, .. } => {
            format!("~ plan {product}/{plan}: {} (for new licenses)", members.join(", "))
        }
        Change::WithdrawPlan { product, plan } => {
            format!("- plan {product}/{plan} is no longer offered; its licenses go on")
        }
        Change::CreatePrice { product, plan, price, before } => {
            let what = price_line(product, plan, price);
            match before {
                None => format!("+ {what}: {}", price_amounts(price)),
                Some(before) => format!(
                    "~ {what}: {} becomes {}; who bought keeps the old price",
                    money(*before),
                    price_amounts(price)
                ),
            }
        }
        Change::WithdrawPrice { product, plan, price } => format!(
            "- {}: {} is no longer offered; who bought keeps it",
            price_line(product, plan, price),
            price_amounts(price)
        ),
    }
}

fn price_line(product: &str, plan: &str, price: &CatalogPrice) -> String {
    let name = price_name(price.role, &price.option);
    format!("price {product}/{plan} {name} per {}", price.interval.as_str())
}

fn price_amounts(price: &CatalogPrice) -> String {
    amounts(price.unit_amount, price.tiers.as_ref())
}

/// The amount, or with tiers all of them: `5.00 USD each up to 10, then 4.00 USD (volume)`.
pub(super) fn amounts(unit_amount: Money, tiers: Option<&Tiers>) -> String {
    let Some(tiers) = tiers else { return money(unit_amount) };
    let tier = |tier: &Tier| {
        let each = money(Money::new(tier.each_minor, unit_amount.currency));
        tier.up_to.map_or(each.clone(), |up_to| format!("{each} each up to {up_to}"))
    };
    let each: Vec<String> = tiers.steps.iter().map(tier).collect();
    format!("{} ({})", each.join(", then "), tiers.mode.as_str())
}

/// Why a catalog cannot be applied to this vendor.
pub fn refusal(refusal: &Refusal) -> String {
    match refusal {
        Refusal::OriginIsFixed { origin } => format!(
            "vendor.origin: The vendor's issuer is {origin} and cannot change, since tokens in the field name it. \
             Remove the line or write that origin."
        ),
        Refusal::HostIsTheOperators { host } => format!(
            "vendor.host: The vendor answers {}. The operator changes that with server admin set-vendor-host. Remove the \
             line or write that name.",
            host.as_deref().unwrap_or("every host name")
        ),
        Refusal::PlanKindIsFixed { product, plan } => format!(
            "products.{product}.plans.{plan}: Kind and license type cannot change once a plan exists. Give the new \
             plan a code of its own and leave this one out."
        ),
    }
}

/// One line for a price that was archived or altered at Stripe.
pub fn drift(drift: &Drift) -> String {
    format!(
        "! {}: {} was archived or altered at Stripe; {} takes its place, and who bought keeps the old one",
        drift.lookup_key, drift.before, drift.after
    )
}

/// What Stripe's pages and our invoices call a line: `IoT Platform, Startup: additional instance`.
pub fn line_name(product: &str, plan: &Plan, role: PriceRole, option: &str) -> String {
    let seat = match plan.license_type {
        LicenseType::Floating => "instance",
        LicenseType::Machine => "machine",
        LicenseType::User => "user",
    };
    let addon = plan.addon(option).map(|addon| match addon.per {
        AddonPer::License => addon.name.clone(),
        AddonPer::Seat => format!("{}, per {seat}", addon.name),
    });
    let pack = plan.pack(option).map(|pack| packs::more(pack, 1));
    let plan = &plan.name;
    match (role, addon) {
        (PriceRole::Base, _) => format!("{product}, {plan}"),
        (PriceRole::ExtraSeat, _) => format!("{product}, {plan}: additional {seat}"),
        (PriceRole::Unit, _) => format!("{product}, {plan}: per {seat}"),
        (PriceRole::Maintenance, None) => format!("{product}, {plan}: one year of updates, per {seat}"),
        (PriceRole::Maintenance, Some(addon)) => format!("{product}, {plan}: one year of updates, {addon}"),
        (PriceRole::Addon, addon) => format!("{product}, {plan}: {}", addon.as_deref().unwrap_or(option)),
        (PriceRole::Pack, _) => format!("{product}, {plan}: {}", pack.as_deref().unwrap_or(option)),
    }
}

/// `10.00 USD`.
fn money(amount: Money) -> String {
    let decimals = amount.currency.exponent() as usize;
    let digits = format!("{:0width$}", amount.amount_minor, width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    let point = if decimals == 0 { "" } else { "." };
    format!("{whole}{point}{fraction} {}", amount.currency.as_str().to_uppercase())
}
