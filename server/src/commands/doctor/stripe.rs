//! The doctor at Stripe: each account once, with the webhooks of each vendor that sells on it.

use anyhow::Result;
use backend::billing::EVENT_TYPES;
use backend::clock::Clock;
use backend::cx::Entropy;
use backend::stripe::Stripe;
use backend::stripe::checkup::Wanted;
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
            look(&name(code), parts::stripe_of(config, code, clock, entropy), Wanted::default(), report).await;
        }
    }
    for vendor in vendors {
        let opened = parts::stripe_of(config, &vendor.code, clock, entropy);
        look(&name(&vendor.code), opened, wanted(config, vendor), report).await;
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
    Wanted { webhook_urls: urls.collect(), event_types: EVENT_TYPES.to_vec() }
}
