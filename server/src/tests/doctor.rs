//! The doctor at Stripe: what is right is said in a line, what is wrong with its remedy, and only that fails.

use backend::billing::EVENT_TYPES;
use backend::clock::Clock;
use backend::cx::Entropy;

use super::TestApp;
use crate::commands::doctor::report::Report;
use crate::commands::doctor::stripe::check;
use crate::config::Config;

const HERE: &str = "https%3A%2F%2Fportal.test%2Fstripe%2Fwebhook%2Fnordwind";

struct Patient {
    app: TestApp,
    sandbox: stripe_sandbox::Running,
}

impl Patient {
    async fn new() -> anyhow::Result<Self> {
        let sandbox = stripe_sandbox::start(stripe_sandbox::Config::default()).await?;
        Ok(Self { app: TestApp::new().await?, sandbox })
    }

    /// An endpoint for all events that are needed but the first `without`; answers its id.
    async fn endpoint(&self, without: usize) -> anyhow::Result<String> {
        let events =
            EVENT_TYPES[without..].iter().map(|event| format!("&enabled_events[]={event}")).collect::<String>();
        let form = format!("url={HERE}&api_version=2026-09-30.endive{events}");
        let made = self.sandbox.call("webhook_endpoints", &form).await?;
        Ok(made["id"].as_str().expect("an id").to_owned())
    }

    async fn examine(&self) -> anyhow::Result<(Vec<String>, bool)> {
        let settings = [
            ("LEASEHOLD__STRIPE__API_BASE", self.sandbox.url.as_str()),
            ("LEASEHOLD__STRIPE__SECRET_KEY", "sk_test_doctor"),
            ("LEASEHOLD__STRIPE__WEBHOOK_SECRET", "whsec_doctor"),
        ];
        let config = Config::load(None, settings.map(|(name, value)| (name.to_owned(), value.to_owned())))?;
        let mut report = Report::default();
        let vendors = [self.app.vendor.clone()];
        check(&config, &vendors, &Clock::system(), &Entropy::seeded(1), &mut report).await;
        Ok((report.lines().to_vec(), report.end().is_ok()))
    }

    /// The one line that holds `words`.
    async fn line(&self, words: &str) -> anyhow::Result<String> {
        let (lines, _) = self.examine().await?;
        let found: Vec<&String> = lines.iter().filter(|line| line.contains(words)).collect();
        let [line] = found[..] else { anyhow::bail!("{words:?} in {lines:#?}") };
        Ok(line.clone())
    }

    async fn amend(&self, amendments: &str) -> anyhow::Result<()> {
        self.sandbox.control("chaos", &format!(r#"{{"amend":[{amendments}]}}"#)).await
    }
}

#[tokio::test]
async fn an_account_that_is_set_up_well_passes_and_what_no_call_tells_is_named() -> anyhow::Result<()> {
    let patient = Patient::new().await?;
    patient.endpoint(0).await?;
    patient.sandbox.call("customers", "name=Ada").await?;
    let (lines, passes) = patient.examine().await?;
    assert!(passes, "{lines:#?}");
    let signs: Vec<char> = lines.iter().filter_map(|line| line.chars().next()).collect();
    assert!(!signs.contains(&'✗') && !signs.contains(&'!'), "{lines:#?}");
    for words in ["test mode", "events arrive at", "Stripe Tax is active", "collected for DE", "one sequence"] {
        assert!(lines.iter().any(|line| line.starts_with('✓') && line.contains(words)), "{words}: {lines:#?}");
    }
    for words in ["when all retries fail", "switch off Stripe's mails"] {
        assert!(lines.iter().any(|line| line.starts_with('·') && line.contains(words)), "{words}: {lines:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn an_endpoint_that_is_missing_off_or_deaf_fails_with_what_has_to_be_done() -> anyhow::Result<()> {
    let patient = Patient::new().await?;
    let missing = patient.line("no webhook endpoint leads here").await?;
    assert!(missing.starts_with('✗') && missing.contains("https://portal.test/stripe/webhook/nordwind"), "{missing}");
    assert!(EVENT_TYPES.iter().all(|event| missing.contains(event)), "{missing}");
    let id = patient.endpoint(2).await?;
    let deaf = patient.line("does not send").await?;
    assert!(deaf.starts_with('✗') && deaf.contains(&format!("{}, {}.", EVENT_TYPES[0], EVENT_TYPES[1])), "{deaf}");
    assert!(!deaf.contains(EVENT_TYPES[2]), "{deaf}");
    patient.sandbox.call(&format!("webhook_endpoints/{id}"), "disabled=true").await?;
    assert!(patient.line("is switched off").await?.starts_with('✗'));
    patient.endpoint(0).await?;
    assert!(patient.line("events arrive at").await?.starts_with('✓'), "the one that is off does not count");
    patient.endpoint(0).await?;
    assert!(patient.line("several webhook endpoints").await?.starts_with('!'));
    Ok(())
}

#[tokio::test]
async fn a_wrong_version_is_a_doubt_and_settings_that_spoil_documents_are_failures() -> anyhow::Result<()> {
    let patient = Patient::new().await?;
    patient.endpoint(0).await?;
    patient.sandbox.call("customers", "name=Ada").await?;
    patient.amend(r#"{"object":"webhook_endpoint","member":"api_version","value":"2020-08-27"}"#).await?;
    assert!(patient.line("2020-08-27").await?.starts_with('!'));
    assert!(patient.examine().await?.1, "a doubt does not fail");
    patient.amend(r#"{"object":"customer","member":"next_invoice_sequence","value":3}"#).await?;
    assert!(patient.line("numbered for each customer").await?.starts_with('✗'));
    assert!(!patient.examine().await?.1);
    patient
        .amend(
            r#"{"object":"tax.settings","member":"status","value":"pending"},
               {"object":"tax.settings","member":"status_details","value":{"pending":{"missing_fields":["head_office"]}}}"#,
        )
        .await?;
    let tax = patient.line("Stripe Tax is not set up").await?;
    assert!(tax.starts_with('✗') && tax.contains("head_office"), "{tax}");
    patient.amend(r#"{"object":"account","member":"charges_enabled","value":false}"#).await?;
    assert!(patient.line("may not take money yet").await?.starts_with('!'), "a test account sells play money anyway");
    Ok(())
}

#[tokio::test]
async fn a_key_that_stripe_does_not_know_is_the_only_thing_that_is_said() -> anyhow::Result<()> {
    let mut patient = Patient::new().await?;
    let config =
        stripe_sandbox::Config { api_keys: vec!["sk_test_other".to_owned()], ..stripe_sandbox::Config::default() };
    patient.sandbox = stripe_sandbox::start(config).await?;
    let (lines, passes) = patient.examine().await?;
    assert!(!passes);
    let [_, refused] = &lines[..] else { anyhow::bail!("{lines:#?}") };
    assert!(refused.contains("does not accept the key"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn of_a_vendor_that_charges_no_tax_nobody_asks_how_tax_is_set_up() -> anyhow::Result<()> {
    let mut patient = Patient::new().await?;
    patient.endpoint(0).await?;
    patient.amend(r#"{"object":"tax.settings","member":"status","value":"pending"}"#).await?;
    assert!(!patient.examine().await?.1);
    patient.app.vendor.profile.untaxed = true;
    assert!(patient.line("Stripe Tax").await?.starts_with("✓ Stripe (nordwind): Stripe Tax is switched off"));
    let (lines, passes) = patient.examine().await?;
    assert!(passes && !lines.iter().any(|line| line.contains("collected for")), "{lines:#?}");
    Ok(())
}
