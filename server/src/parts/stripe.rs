//! The vendors' accounts at Stripe: one for the only vendor, or one for each vendor that is named.
//!
//! No two vendors share one: whatever happens on an account is taken for its vendor's, and a second vendor would take every
//! event of the first for its own.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail};
use backend::clock::Clock;
use backend::cx::Entropy;
use backend::stripe::{Stripe, StripeAccounts, StripeConfig, check_configuration};
use backend::vendors::Vendor;
use zeroize::Zeroizing;

use crate::config::{self, Config, Secret, StripeMode};

/// All accounts that are configured. Refuses combinations that must not run.
pub(crate) fn stripe_accounts(
    config: &Config,
    vendors: &[Vendor],
    clock: &Clock,
    entropy: &Entropy,
) -> Result<StripeAccounts> {
    let settings = &config.stripe;
    if settings.vendors.is_empty() {
        refuse_sharing(config, vendors, "")?;
        let stripe = open(settings, &settings.secret_key, &settings.webhook_secret, clock, entropy)?;
        return Ok(match (stripe, vendors.first()) {
            (None, _) => StripeAccounts::default(),
            (Some(stripe), None) => StripeAccounts::of_the_first(stripe),
            // Also while this runs no second vendor gets it.
            (Some(stripe), Some(vendor)) => StripeAccounts::by_vendor(HashMap::from([(vendor.id.clone(), stripe)])),
        });
    }
    let mut accounts = HashMap::new();
    for code in settings.vendors.keys() {
        // Also that of a vendor to come is tried, so that a mistake shows at once.
        let stripe = stripe_of(config, vendors, code, clock, entropy)?;
        match vendors.iter().find(|vendor| vendor.code == *code) {
            Some(vendor) => accounts.extend(stripe.map(|stripe| (vendor.id.clone(), stripe))),
            None => tracing::warn!(code, "stripe.vendors names a vendor that does not exist; restart once it does"),
        }
    }
    Ok(StripeAccounts::by_vendor(accounts))
}

/// Refuses one key for several vendors: those that there are, and the one with this code beside them, unless it is empty.
pub(crate) fn refuse_sharing(config: &Config, vendors: &[Vendor], code: &str) -> Result<()> {
    let settings = &config.stripe;
    if !settings.vendors.is_empty() || settings.secret_key.is_empty() {
        return Ok(());
    }
    let mut codes: Vec<&str> = vendors.iter().map(|vendor| vendor.code.as_str()).collect();
    if !code.is_empty() && !codes.contains(&code) {
        codes.push(code);
    }
    if codes.len() > 1 {
        bail!(
            "stripe.secret_key is the key of one vendor, and there would be {}: {}. Give each vendor that sells an account \
             of its own in [stripe.vendors.CODE], instead of stripe.secret_key.",
            codes.len(),
            codes.join(", ")
        );
    }
    Ok(())
}

/// The account of the vendor with this code, or `None` when it has none. Refused where `vendors`, all that there are, would
/// share it.
pub(crate) fn stripe_of(
    config: &Config,
    vendors: &[Vendor],
    code: &str,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Option<Stripe>> {
    let settings = &config.stripe;
    if settings.vendors.is_empty() {
        refuse_sharing(config, vendors, code)?;
        return open(settings, &settings.secret_key, &settings.webhook_secret, clock, entropy);
    }
    match settings.vendors.get(code) {
        Some(account) => open(settings, &account.secret_key, &account.webhook_secret, clock, entropy)
            .with_context(|| format!("stripe.vendors.{code}")),
        None => Ok(None),
    }
}

fn open(
    settings: &config::Stripe,
    secret_key: &Secret,
    webhook_secret: &Secret,
    clock: &Clock,
    entropy: &Entropy,
) -> Result<Option<Stripe>> {
    let is_live = settings.mode == StripeMode::Live;
    if secret_key.is_empty() {
        if is_live {
            bail!("stripe.mode is live, so stripe.secret_key must be set, or that of every vendor in stripe.vendors.");
        }
        return Ok(None);
    }
    let stripe = StripeConfig {
        api_base: settings.api_base.trim_end_matches('/').to_owned(),
        secret_key: Zeroizing::new(secret_key.reveal().to_owned()),
        webhook_secrets: webhook_secrets(webhook_secret),
    };
    check_configuration(&stripe, is_live, clock.is_test()).context("The [stripe] section cannot be used")?;
    Ok(Some(Stripe::new(stripe, entropy.clone())?))
}

fn webhook_secrets(secret: &Secret) -> Vec<Zeroizing<String>> {
    let parts = secret.reveal().split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| Zeroizing::new(part.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn config(settings: &[(&str, &str)]) -> Config {
        Config::load(None, settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))).unwrap()
    }

    fn vendor(code: &str) -> Vendor {
        Vendor {
            id: backend::ids::VendorId::from_untrusted(&format!("ven_{code}")),
            code: code.to_owned(),
            host: None,
            origin: format!("https://{code}.example"),
            name: code.to_owned(),
            profile: backend::vendors::Profile::default(),
            accent_hue: 0,
            logo_svg: None,
            created_at: backend::clock::UnixMs(0),
            settings_no: 0,
        }
    }

    #[test]
    fn a_test_clock_and_a_live_key_do_not_meet() {
        let live = config(&[
            ("LEASEHOLD__STRIPE__MODE", "live"),
            ("LEASEHOLD__STRIPE__SECRET_KEY", "sk_live_x"),
            ("LEASEHOLD__STRIPE__WEBHOOK_SECRET", "whsec_a, whsec_b"),
        ]);
        let entropy = Entropy::seeded(1);
        assert!(stripe_of(&live, &[], "acme", &Clock::from_file("clock".into()), &entropy).is_err());
        assert_eq!(webhook_secrets(&live.stripe.webhook_secret).len(), 2);
        let keyless = config(&[("LEASEHOLD__STRIPE__MODE", "live")]);
        assert!(stripe_of(&keyless, &[], "acme", &Clock::system(), &entropy).is_err());
        assert!(stripe_of(&config(&[]), &[], "acme", &Clock::system(), &entropy).unwrap().is_none());
    }

    #[test]
    fn a_vendor_that_is_not_named_has_no_account_and_never_somebody_else_s() {
        let several = config(&[
            ("LEASEHOLD__STRIPE__VENDORS__ACME__SECRET_KEY", "sk_test_acme"),
            ("LEASEHOLD__STRIPE__VENDORS__ACME__WEBHOOK_SECRET", "whsec_acme"),
            ("LEASEHOLD__STRIPE__VENDORS__NORD__SECRET_KEY", "sk_test_nord"),
            ("LEASEHOLD__STRIPE__VENDORS__NORD__WEBHOOK_SECRET", "whsec_nord"),
        ]);
        let (clock, entropy) = (Clock::system(), Entropy::seeded(1));
        let vendors = ["acme", "nord", "other"].map(vendor);
        let accounts = stripe_accounts(&several, &vendors, &clock, &entropy).unwrap();
        let key = |vendor: &Vendor| accounts.of(&vendor.id).map(|stripe| stripe.config().secret_key.to_string());
        assert_eq!(vendors.each_ref().map(key), [Some("sk_test_acme".into()), Some("sk_test_nord".into()), None]);
        assert!(stripe_of(&several, &vendors, "other", &clock, &entropy).unwrap().is_none());
    }

    #[test]
    fn one_key_is_one_vendor_s_and_no_second_vendor_gets_it() {
        let single = config(&[
            ("LEASEHOLD__STRIPE__SECRET_KEY", "sk_test_one"),
            ("LEASEHOLD__STRIPE__WEBHOOK_SECRET", "whsec_one"),
        ]);
        let (clock, entropy) = (Clock::system(), Entropy::seeded(1));
        let vendors = ["acme", "nord"].map(vendor);
        let refused = stripe_accounts(&single, &vendors, &clock, &entropy).unwrap_err().to_string();
        assert!(refused.contains("acme, nord") && refused.contains("[stripe.vendors.CODE]"), "{refused}");
        assert!(stripe_of(&single, &vendors, "acme", &clock, &entropy).is_err(), "the doctor says so too");
        assert!(stripe_of(&single, &vendors[..1], "nord", &clock, &entropy).is_err(), "nor for one to come");
        assert!(stripe_of(&single, &vendors[..1], "acme", &clock, &entropy).unwrap().is_some());
        assert!(refuse_sharing(&config(&[]), &vendors, "").is_ok(), "licensing needs no key");

        let accounts = stripe_accounts(&single, &vendors[..1], &clock, &entropy).unwrap();
        assert!(accounts.of(&vendors[0].id).is_some());
        assert!(accounts.of(&vendors[1].id).is_none(), "made while it runs");
        let accounts = stripe_accounts(&single, &[], &clock, &entropy).unwrap();
        assert!(accounts.of(&vendors[1].id).is_some(), "whoever comes first");
        assert!(accounts.of(&vendors[0].id).is_none() && accounts.of(&vendors[1].id).is_some());
    }
}
