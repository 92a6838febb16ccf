//! Webhooks: believing an event's sender before reading a word of it.

use serde::Deserialize;
use stripe_webhook::{Webhook, WebhookError};
use zeroize::Zeroizing;

use crate::clock::UnixMs;

/// What an authentic event says about itself. Its object is only a hint: what is projected is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventEnvelope {
    /// Stripe's id, `evt_…`.
    pub id: String,
    /// For example `checkout.session.completed`.
    pub event_type: String,
    /// The id of the object it is about; empty where it has none.
    pub object_id: String,
    /// The customer it is about; empty where it has none.
    pub customer_id: String,
    /// When it happened.
    pub created: UnixMs,
    /// The body as it came.
    pub raw: String,
}

/// Why a webhook is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    /// No signature header, or one without time and `v1` signature.
    #[error("the signature header is missing or malformed")]
    NoSignature,
    /// Signed with none of our secrets, or changed on its way.
    #[error("the signature does not match")]
    Forged,
    /// Signed more than five minutes before or after now: a replay, or a clock that is wrong.
    #[error("the signature's time is more than five minutes away")]
    Stale,
    /// Authentic, but it has no id under which it could be kept.
    #[error("the event has no id")]
    NoId,
}

/// Verifies a webhook's body (v1: HMAC-SHA256 over the raw bytes, time within ±300 s of `now`,
/// <https://docs.stripe.com/webhooks#verify-manually>) against any of `secrets`, then reads its envelope.
///
/// The client crate checks the signature and then parses the whole event; an authentic event that it
/// cannot parse (`BadParse`) is still authentic, is kept raw and read later.
///
/// # Errors
/// [`WebhookRefusal`]; nothing of the body may be used then.
pub fn verify_webhook(
    body: &[u8],
    signature: &str,
    secrets: &[Zeroizing<String>],
    now: UnixMs,
) -> Result<EventEnvelope, WebhookRefusal> {
    // Stripe signs UTF-8; other bytes cannot carry its signature.
    let text = std::str::from_utf8(body).map_err(|_| WebhookRefusal::Forged)?;
    // The crate takes a missing part for a bad signature; whoever reads the log should see the difference.
    let part = |name: &str| signature.split(',').find_map(|part| part.trim().strip_prefix(name));
    if part("t=").and_then(|at| at.parse::<i64>().ok()).is_none() || part("v1=").is_none() {
        return Err(WebhookRefusal::NoSignature);
    }
    let mut refusal = WebhookRefusal::Forged;
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        match Webhook::construct_event_with_timestamp(text, signature, secret, now.seconds()) {
            Ok(_) | Err(WebhookError::BadParse(_)) => return read_envelope(text).ok_or(WebhookRefusal::NoId),
            Err(WebhookError::BadTimestamp(_)) => refusal = WebhookRefusal::Stale,
            Err(WebhookError::BadSignature | WebhookError::BadKey) => {}
            Err(WebhookError::BadHeader(_)) => return Err(WebhookRefusal::NoSignature),
        }
    }
    Err(refusal)
}

/// Reads the envelope of an event: one that was verified, or one that the API listed.
pub(super) fn read_envelope(text: &str) -> Option<EventEnvelope> {
    #[derive(Deserialize)]
    struct Event {
        id: String,
        #[serde(rename = "type", default)]
        event_type: String,
        #[serde(default)]
        created: i64,
        #[serde(default)]
        data: serde_json::Value,
    }
    let event: Event = serde_json::from_str(text).ok()?;
    let object = &event.data["object"];
    let id_in = |value: &serde_json::Value| {
        value.as_str().or_else(|| value["id"].as_str()).map(str::to_owned).unwrap_or_default()
    };
    let customer_id = if object["object"] == "customer" { id_in(&object["id"]) } else { id_in(&object["customer"]) };
    Some(EventEnvelope {
        id: event.id,
        event_type: event.event_type,
        object_id: id_in(&object["id"]),
        customer_id,
        created: UnixMs::from_seconds(event.created),
        raw: text.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use hmac::Mac;
    use proptest::prelude::*;

    use super::*;
    use crate::keys::hmac_sha256;

    const NOW: UnixMs = UnixMs(1_763_719_200_000);
    const BODY: &str = r#"{"id":"evt_1","object":"event","type":"invoice.paid","created":1763719100,
        "data":{"object":{"id":"in_1","object":"invoice","customer":"cus_1"}}}"#;

    fn secrets(all: &[&str]) -> Vec<Zeroizing<String>> {
        all.iter().map(|secret| Zeroizing::new((*secret).to_owned())).collect()
    }

    /// Written from Stripe's description, not with the crate under test.
    fn sign(body: &str, secret: &str, at: i64) -> String {
        let mut mac = hmac_sha256(secret.as_bytes());
        mac.update(format!("{at}.{body}").as_bytes());
        format!("t={at},v1={}", data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes()))
    }

    #[test]
    fn an_authentic_event_is_read_even_when_its_object_does_not_parse() {
        let now = NOW.seconds();
        let event = verify_webhook(BODY.as_bytes(), &sign(BODY, "whsec_a", now), &secrets(&["whsec_a"]), NOW).unwrap();
        assert_eq!((event.id.as_str(), event.event_type.as_str()), ("evt_1", "invoice.paid"));
        assert_eq!((event.object_id.as_str(), event.customer_id.as_str()), ("in_1", "cus_1"));
        assert_eq!(event.raw, BODY);
        let customer = r#"{"id":"evt_2","data":{"object":{"id":"cus_2","object":"customer"}}}"#;
        let event = verify_webhook(customer.as_bytes(), &sign(customer, "s", now), &secrets(&["s"]), NOW).unwrap();
        assert_eq!(event.customer_id, "cus_2");
    }

    #[test]
    fn either_secret_is_good_while_one_is_being_replaced() {
        let now = NOW.seconds();
        let both = secrets(&["whsec_new", "whsec_old"]);
        for secret in ["whsec_new", "whsec_old"] {
            assert!(verify_webhook(BODY.as_bytes(), &sign(BODY, secret, now), &both, NOW).is_ok(), "{secret}");
        }
        let two_signatures = format!("{},v1={}", sign(BODY, "unknown", now), "00".repeat(32));
        assert_eq!(verify_webhook(BODY.as_bytes(), &two_signatures, &both, NOW), Err(WebhookRefusal::Forged));
    }

    #[test]
    fn forged_stale_and_unsigned_events_are_refused() {
        let (now, ours) = (NOW.seconds(), secrets(&["whsec_a"]));
        let refused = |body: &str, header: &str| verify_webhook(body.as_bytes(), header, &ours, NOW).unwrap_err();
        assert_eq!(refused(BODY, &sign(BODY, "whsec_b", now)), WebhookRefusal::Forged);
        assert_eq!(refused(&BODY.replace("cus_1", "cus_2"), &sign(BODY, "whsec_a", now)), WebhookRefusal::Forged);
        assert_eq!(refused(BODY, &sign(BODY, "whsec_a", now - 301)), WebhookRefusal::Stale);
        assert_eq!(refused(BODY, &sign(BODY, "whsec_a", now + 301)), WebhookRefusal::Stale);
        assert_eq!(refused(BODY, ""), WebhookRefusal::NoSignature);
        assert_eq!(refused(BODY, "t=now,v1=zz"), WebhookRefusal::NoSignature);
        assert_eq!(refused("{}", &sign("{}", "whsec_a", now)), WebhookRefusal::NoId);
        for edge in [now - 300, now + 300] {
            assert!(verify_webhook(BODY.as_bytes(), &sign(BODY, "whsec_a", edge), &ours, NOW).is_ok());
        }
        // No secret configured must never mean that an empty one is accepted.
        assert_eq!(
            verify_webhook(BODY.as_bytes(), &sign(BODY, "", now), &secrets(&[""]), NOW),
            Err(WebhookRefusal::Forged)
        );
    }

    proptest! {
        #[test]
        fn no_changed_byte_passes(at in 0usize..BODY.len(), bit in 0u8..7) {
            let mut body = BODY.as_bytes().to_vec();
            body[at] ^= 1 << bit;
            let header = sign(BODY, "whsec_a", NOW.seconds());
            prop_assert!(verify_webhook(&body, &header, &secrets(&["whsec_a"]), NOW).is_err());
        }
    }
}
