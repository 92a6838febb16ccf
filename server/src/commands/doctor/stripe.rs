//! The doctor at Stripe: each account with the webhooks and the prices of each vendor that sells on it.

use anyhow::{Result, anyhow};
use backend::billing::EVENT_TYPES;
use backend::catalog::check_prices;
use backend::clock::Clock;
use backend::cx::Entropy;
use backend::db::Db;
use backend::stripe::Stripe;
use backend::stripe::checkup::Wanted;
use backend::tax::rules::is_taxed;
use backend::text::en::price_check as text;
use backend::vendors::Vendor;

use super::report::Report;
use crate::config::Config;
use crate::parts;

/// Looks at the account of every vendor; of the one that is configured where there is no vendor yet.
pub(crate) async fn check(config: &Config, vendors: &[Vendor], clock: &Clock, entropy: &Entropy, report: &mut Report) {
    if vendors.is_empty() {
        let codes: Vec<&str> = match config.stripe.vendors.is_empty() {
            true => vec![""],
            false => config.stripe.vendors.keys().map(String::as_str).collect(),
        };
        for code in codes {
            look(&name(code), parts::stripe_of(config, vendors, code, clock, entropy), Wanted::default(), report).await;
        }
    }
    for vendor in vendors {
        let opened = parts::stripe_of(config, vendors, &vendor.code, clock, entropy);
        look(&name(&vendor.code), opened, wanted(config, vendor), report).await;
    }
}

/// Compares what each vendor sells with what Stripe has.
pub(crate) async fn check_price_lists(
    config: &Config,
    db: &Db,
    vendors: &[Vendor],
    clock: &Clock,
    entropy: &Entropy,
    report: &mut Report,
) {
    for vendor in vendors {
        // Without a key, or with a wrong one, this was said above.
        let Ok(Some(stripe)) = parts::stripe_of(config, vendors, &vendor.code, clock, entropy) else { continue };
        let checked = check_prices(db, &stripe, &parts::operator_cx(vendor.id.clone(), clock)).await;
        let outcome = match checked {
            Err(error) => Err(error.into()),
            Ok(check) if check.differences.is_empty() => Ok(text::agrees(check.checked)),
            Ok(check) => {
                let lines = check.differences.iter().map(text::difference);
                let told = text::differs(check.differences.len(), check.checked);
                Err(anyhow!("{}\n    {}", told, lines.collect::<Vec<_>>().join("\n    ")))
            }
        };
        report.note(&format!("Prices ({})", vendor.code), outcome.map(|said| ((), said)));
    }
}

fn name(code: &str) -> String {
    if code.is_empty() { "Stripe".to_owned() } else { format!("Stripe ({code})") }
}

async fn look(what: &str, opened: Result<Option<Stripe>>, wanted: Wanted, report: &mut Report) {
    let opened = opened.map(|stripe| match stripe {
        Some(stripe) => {
            let said = format!("{} is asked", stripe.config().api_base);
            (Some(stripe), said)
        }
        None => (None, "no key is set; nothing can be sold".to_owned()),
    });
    if let Some(Some(stripe)) = report.note(what, opened) {
        for finding in stripe.check_up(&wanted).await {
            report.find(what, &finding);
        }
    }
}

/// The vendor's webhooks are taken at its own origin and at that of the deployment, by its code and by its id.
fn wanted(config: &Config, vendor: &Vendor) -> Wanted {
    let origins = [vendor.origin.as_str(), config.server.public_origin.trim_end_matches('/')];
    let names = [vendor.code.as_str(), vendor.id.as_str()];
    let urls = origins.iter().flat_map(|origin| names.map(|name| format!("{origin}/stripe/webhook/{name}")));
    Wanted { webhook_urls: urls.collect(), event_types: EVENT_TYPES.to_vec(), is_untaxed: !is_taxed(vendor) }
}
