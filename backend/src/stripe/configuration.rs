//! Which Stripe is talked to, with which key; and what start-up refuses.

use std::fmt;

use zeroize::Zeroizing;

/// Stripe's own API.
pub const STRIPE_API_BASE: &str = "https://api.stripe.com";

/// One vendor's access to Stripe.
#[derive(Clone)]
pub struct StripeConfig {
    /// Where the API answers, without a trailing slash: [`STRIPE_API_BASE`], or a sandbox on loopback.
    pub api_base: String,
    /// Secret or restricted key.
    pub secret_key: Zeroizing<String>,
    /// Signing secrets of the webhook endpoint; two while one is being replaced.
    pub webhook_secrets: Vec<Zeroizing<String>>,
}

impl fmt::Debug for StripeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StripeConfig")
            .field("api_base", &self.api_base)
            .field("secret_key", &if self.is_live() { "(a live key)" } else { "(a test key)" })
            .field("webhook_secrets", &self.webhook_secrets.len())
            .finish()
    }
}

impl StripeConfig {
    /// Whether the key moves real money.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.secret_key.starts_with("sk_live_") || self.secret_key.starts_with("rk_live_")
    }

    fn is_test(&self) -> bool {
        self.secret_key.starts_with("sk_test_") || self.secret_key.starts_with("rk_test_")
    }
}

/// A combination of address, key and clock that must not run; the text says what to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsafeConfiguration {
    /// In production only Stripe itself may say that something is paid.
    #[error("in production the Stripe API base must be {STRIPE_API_BASE}")]
    ForeignBaseInProduction,
    /// Test cards would buy real licenses.
    #[error("in production the Stripe key must be a live key (sk_live_… or rk_live_…)")]
    TestKeyInProduction,
    /// A live key would be shown to something that is not Stripe.
    #[error("a live Stripe key must not be used with any API base but {STRIPE_API_BASE}")]
    LiveKeyForSandbox,
    /// Renewals and ends of licenses would follow a clock that anybody can set.
    #[error("a test clock must not be used together with a live Stripe key")]
    TestClockWithLiveKey,
    /// Not a secret key at all.
    #[error("the Stripe key must begin with sk_test_, rk_test_, sk_live_ or rk_live_")]
    NotASecretKey,
    /// Without it every webhook would be refused, and renewals would wait for the reconciler.
    #[error("at least one webhook signing secret (whsec_…) is needed")]
    NoWebhookSecret,
}

/// Whether a process may start with this configuration.
///
/// # Errors
/// [`UnsafeConfiguration`], the first rule that is broken.
pub fn check_configuration(
    config: &StripeConfig,
    is_production: bool,
    has_test_clock: bool,
) -> Result<(), UnsafeConfiguration> {
    let is_stripe = config.api_base.trim_end_matches('/') == STRIPE_API_BASE;
    if !config.is_live() && !config.is_test() {
        return Err(UnsafeConfiguration::NotASecretKey);
    }
    if config.is_live() && !is_stripe {
        return Err(UnsafeConfiguration::LiveKeyForSandbox);
    }
    if config.is_live() && has_test_clock {
        return Err(UnsafeConfiguration::TestClockWithLiveKey);
    }
    if is_production && !is_stripe {
        return Err(UnsafeConfiguration::ForeignBaseInProduction);
    }
    if is_production && !config.is_live() {
        return Err(UnsafeConfiguration::TestKeyInProduction);
    }
    if config.webhook_secrets.iter().all(|secret| secret.is_empty()) {
        return Err(UnsafeConfiguration::NoWebhookSecret);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(base: &str, key: &str) -> StripeConfig {
        StripeConfig {
            api_base: base.to_owned(),
            secret_key: Zeroizing::new(key.to_owned()),
            webhook_secrets: vec![Zeroizing::new("whsec_1".to_owned())],
        }
    }

    #[test]
    fn no_process_starts_where_play_money_could_buy_or_a_live_key_could_leak() {
        const SANDBOX: &str = "http://127.0.0.1:12111";
        // base, key, production, test clock
        let cases = [
            (STRIPE_API_BASE, "sk_live_x", true, false, Ok(())),
            ("https://api.stripe.com/", "rk_live_x", true, false, Ok(())),
            (STRIPE_API_BASE, "sk_test_x", false, true, Ok(())),
            (SANDBOX, "sk_test_x", false, true, Ok(())),
            (SANDBOX, "sk_test_x", true, false, Err(UnsafeConfiguration::ForeignBaseInProduction)),
            (STRIPE_API_BASE, "sk_test_x", true, false, Err(UnsafeConfiguration::TestKeyInProduction)),
            (SANDBOX, "sk_live_x", false, false, Err(UnsafeConfiguration::LiveKeyForSandbox)),
            ("https://api.stripe.com.example", "rk_live_x", true, false, Err(UnsafeConfiguration::LiveKeyForSandbox)),
            (STRIPE_API_BASE, "sk_live_x", true, true, Err(UnsafeConfiguration::TestClockWithLiveKey)),
            (STRIPE_API_BASE, "pk_live_x", true, false, Err(UnsafeConfiguration::NotASecretKey)),
        ];
        for (base, key, production, clock, expected) in cases {
            assert_eq!(check_configuration(&config(base, key), production, clock), expected, "{base} {key}");
        }
        let mut silent = config(SANDBOX, "sk_test_x");
        silent.webhook_secrets = vec![Zeroizing::new(String::new())];
        assert_eq!(check_configuration(&silent, false, false), Err(UnsafeConfiguration::NoWebhookSecret));
    }

    #[test]
    fn keys_never_show_themselves() {
        let shown = format!("{:?}", config(STRIPE_API_BASE, "sk_live_verysecret"));
        assert!(!shown.contains("verysecret") && !shown.contains("whsec_1"), "{shown}");
    }
}
