//! What `server doctor` says about an account at Stripe, and what to do about it.

use crate::stripe::checkup::{ByHand, Finding, Part};

/// What was found, and the remedy where one is needed.
#[must_use]
pub fn finding(finding: &Finding) -> String {
    match finding {
        Finding::KeyRefused => {
            "Stripe does not accept the key. Copy the secret key again from Developers → API keys.".to_owned()
        }
        Finding::NotPermitted(part) => format!(
            "the key may not read {}. Give the restricted key this right, or look in the dashboard.",
            part_name(*part)
        ),
        Finding::NotAnswered(part, why) => format!("{} cannot be read: {}", part_name(*part), why),
        Finding::Account { id, name, country, is_live } => {
            let mode = if *is_live { "live: real money" } else { "test mode" };
            let name = if name.is_empty() { "an account without a public name" } else { name };
            format!("the key works: {name} ({id}, {country}), {mode}")
        }
        Finding::NoCharges { .. } => {
            "the account may not take money yet. Complete it under Settings → Business → Account details.".to_owned()
        }
        Finding::BankTransfers(networks) if networks.is_empty() => {
            "bank transfers are not active. Switch them on under Settings → Payments → Payment methods, or offer no \
             plan to be paid by transfer."
                .to_owned()
        }
        Finding::BankTransfers(networks) => format!("bank transfers are active: {}", networks.join(", ")),
        Finding::Endpoint(url) => format!("events arrive at {url}, all types that are needed, in our version"),
        Finding::NoEndpoint { url, event_types } => format!(
            "no webhook endpoint leads here. Make one under Developers → Webhooks for {url} with the events {}, and \
             put its signing secret into stripe.webhook_secret_file.",
            event_types.join(", ")
        ),
        Finding::EndpointDisabled(id) => {
            format!("the webhook endpoint {id} is switched off. Enable it under Developers → Webhooks.")
        }
        Finding::EndpointTwice(ids) => format!(
            "several webhook endpoints lead here ({}). Keep one: the others' signatures are refused, unless their \
             secrets are configured as well, and then every event comes more than once.",
            ids.join(", ")
        ),
        Finding::EndpointLacks { id, event_types } => {
            format!("the webhook endpoint {id} does not send {}. Add them to it.", event_types.join(", "))
        }
        Finding::EndpointVersion { id, version, wanted } => {
            let version = version.as_deref().unwrap_or("the account's default version");
            format!(
                "the webhook endpoint {id} sends events in {version}. They are understood as far as they name what \
                 happened to what; make a new endpoint with version {wanted} when you can."
            )
        }
        Finding::TaxActive => "Stripe Tax is active".to_owned(),
        Finding::TaxOff => {
            "Stripe Tax is switched off in the vendor's settings, so no tax is charged on what is ordered from now on. How \
             it is set up at Stripe was not looked at."
                .to_owned()
        }
        Finding::TaxPending(missing) if missing.is_empty() => {
            "Stripe Tax is not set up, so Checkout refuses to open. Complete Settings → Tax.".to_owned()
        }
        Finding::TaxPending(missing) => format!(
            "Stripe Tax is not set up, so Checkout refuses to open. Complete Settings → Tax; missing: {}.",
            missing.join(", ")
        ),
        Finding::TaxRegistrations(countries) if countries.is_empty() => {
            "no tax registration is active, so no tax is charged to anybody. Add those you have under Tax → \
             Registrations."
                .to_owned()
        }
        Finding::TaxRegistrations(countries) => format!("tax is collected for {}", countries.join(", ")),
        Finding::NumberedByAccount => "invoices are numbered in one sequence for the whole account".to_owned(),
        Finding::NumberedByCustomer => {
            "invoices are numbered for each customer. Choose “Sequentially across your account” under Settings → \
             Billing → Invoices → Invoice numbering: tax law wants one sequence."
                .to_owned()
        }
        Finding::NumberingUnknown => {
            "invoice numbering shows only with the first customer. Choose “Sequentially across your account” under \
             Settings → Billing → Invoices → Invoice numbering."
                .to_owned()
        }
        Finding::ByHand(setting) => by_hand(*setting).to_owned(),
    }
}

fn part_name(part: Part) -> &'static str {
    match part {
        Part::Account => "the account",
        Part::WebhookEndpoints => "webhook endpoints",
        Part::Tax => "tax settings and registrations",
        Part::Numbering => "customers, which show how invoices are numbered",
    }
}

fn by_hand(setting: ByHand) -> &'static str {
    match setting {
        ByHand::Retries => {
            "Settings → Billing → Subscriptions and emails → Manage failed payments: retry for about as long as the \
             plans' grace lasts, 14 days unless the catalog says otherwise."
        }
        ByHand::AfterRetries => {
            "There too, when all retries fail: “mark the subscription as unpaid”. The license is suspended then and \
             comes back with the payment; “cancel” would end it."
        }
        ByHand::Mails => {
            "There too, and under Settings → Business → Customer emails: switch off Stripe's mails about failed \
             payments, expiring cards, renewals, invoices and receipts. The portal writes its own, with its own \
             documents."
        }
        ByHand::Branding => {
            "Settings → Business → Branding: name, icon and colours, which buyers see on Checkout and on the page of a \
             payment that failed."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_endpoint_is_described_so_that_it_can_be_made() {
        let said = finding(&Finding::NoEndpoint {
            url: "https://shop.example/stripe/webhook/acme".to_owned(),
            event_types: vec!["invoice.paid", "refund.updated"],
        });
        assert!(said.contains("https://shop.example/stripe/webhook/acme"), "{said}");
        assert!(said.contains("invoice.paid, refund.updated"), "{said}");
    }
}
