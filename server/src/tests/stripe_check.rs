//! The rehearsal against the local Stripe: it passes there, and it notices when something is not as assumed.

use std::sync::Arc;
use std::time::Duration;

use backend::clock::Clock;
use backend::cx::Entropy;
use backend::money::Currency;
use backend::stripe::rehearsal::{Assumption, Progress, Rehearsal, Verdict};
use backend::stripe::{Stripe, StripeConfig};

use crate::commands::stripe_check::play;

async fn sandbox() -> anyhow::Result<Arc<stripe_sandbox::Running>> {
    Ok(Arc::new(stripe_sandbox::start(stripe_sandbox::Config::default()).await?))
}

fn stripe(url: &str, key: &str) -> anyhow::Result<Stripe> {
    let config = StripeConfig {
        api_base: url.to_owned(),
        secret_key: key.to_owned().into(),
        webhook_secrets: vec!["whsec_check".to_owned().into()],
    };
    Ok(Stripe::new(config, Entropy::seeded(1))?)
}

/// Plays it, with somebody who pays where asked to or with nobody; answers what was told, and whether all holds.
async fn rehearse(
    sandbox: &Arc<stripe_sandbox::Running>,
    tag: &str,
    currency: &str,
    buyer_patience: Option<Duration>,
) -> anyhow::Result<(Vec<Progress>, bool)> {
    let rehearsal = Rehearsal {
        tag: tag.to_owned(),
        now: Clock::system().now(),
        currency: Currency::parse(currency).expect("a currency"),
        buyer_patience,
        pause: Duration::from_millis(2),
    };
    let stripe = stripe(&sandbox.url, "sk_test_check")?;
    let mut told = Vec::new();
    let played = play(&stripe, &rehearsal, |progress| {
        if let Progress::PayHere(url) = progress {
            let (sandbox, url) = (Arc::clone(sandbox), url.clone());
            tokio::spawn(async move { sandbox.press(&url, "4242").await });
        }
        told.push(progress.clone());
    });
    let holds = played.await.is_ok();
    Ok((told, holds))
}

fn failing(told: &[Progress]) -> Vec<Assumption> {
    let failing = told.iter().filter_map(|progress| match progress {
        Progress::Judged(assumption, Verdict::Fails(_)) => Some(*assumption),
        _ => None,
    });
    failing.collect()
}

#[tokio::test]
async fn all_assumptions_hold_at_the_local_stripe_and_nothing_is_left_behind() -> anyhow::Result<()> {
    let sandbox = sandbox().await?;
    for (tag, currency) in [("one", "eur"), ("two", "usd")] {
        let (told, holds) = rehearse(&sandbox, tag, currency, Some(Duration::from_secs(10))).await?;
        assert!(holds, "{told:#?}");
        let judged: Vec<Assumption> = told
            .iter()
            .filter_map(|progress| match progress {
                Progress::Judged(assumption, Verdict::Holds) => Some(*assumption),
                _ => None,
            })
            .collect();
        assert!(Assumption::ALL.iter().all(|assumption| judged.contains(assumption)), "{told:#?}");
        assert!(!told.iter().any(|progress| matches!(progress, Progress::LeftBehind(..))), "{told:#?}");
    }
    for (list, member) in [("test_helpers/test_clocks", None), ("customers", None), ("products", Some("active"))] {
        let left = sandbox.look(list).await?;
        let left = left["data"].as_array().expect("a list");
        let seen = left.iter().filter(|object| member.is_none_or(|member| object[member] == true));
        assert_eq!(seen.count(), 0, "{list}: {left:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_stripe_does_otherwise_than_assumed_is_named() -> anyhow::Result<()> {
    let cases: [(&str, Assumption); 7] = [
        (r#"{"object":"invoice","member":"total","value":12345}"#, Assumption::InvoiceAddsUp),
        (r#"{"object":"subscription","member":"pending_update","value":null}"#, Assumption::UnpaidUpgradeWaits),
        (r#"{"object":"subscription","member":"status","value":"incomplete"}"#, Assumption::FirstPaymentActivates),
        (r#"{"object":"checkout.session","member":"client_reference_id","value":null}"#, Assumption::CheckoutOpens),
        (r#"{"object":"cash_balance","member":"available","value":null}"#, Assumption::TooMuchStays),
        (r#"{"object":"credit_note","member":"refunds","value":[]}"#, Assumption::CreditNoteRefunds),
        // Not even readable: amounts were always numbers.
        (r#"{"object":"invoice","member":"subtotal","value":"many"}"#, Assumption::FirstPaymentActivates),
    ];
    for (number, (amendment, expected)) in cases.iter().enumerate() {
        let sandbox = sandbox().await?;
        sandbox.control("chaos", &format!(r#"{{"amend":[{amendment}]}}"#)).await?;
        let (told, holds) = rehearse(&sandbox, &format!("amended{number}"), "eur", None).await?;
        assert!(!holds, "{amendment}");
        assert!(failing(&told).contains(expected), "{amendment}: {told:#?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_live_key_is_refused_before_anything_is_sent() -> anyhow::Result<()> {
    let rehearsal = Rehearsal {
        tag: "live".to_owned(),
        now: Clock::system().now(),
        currency: Currency::parse("eur").expect("a currency"),
        buyer_patience: None,
        pause: Duration::ZERO,
    };
    for key in ["sk_live_real", "rk_live_real"] {
        // Nothing answers at this address: a call would be told as a failed assumption.
        let mut told = 0;
        let refused = play(&stripe("http://127.0.0.1:9", key)?, &rehearsal, |_| told += 1).await;
        let said = refused.expect_err("a live key").to_string();
        assert!(said.contains("test key only") && told == 0, "{said}");
    }
    Ok(())
}
