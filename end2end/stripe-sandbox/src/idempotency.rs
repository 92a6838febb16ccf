//! `Idempotency-Key`: the first answer is replayed; other parameters are refused; a running request answers 409.
//! <https://docs.stripe.com/api/idempotent_requests>

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::error::ApiError;

/// Keys are forgotten after this many seconds, as at Stripe (v1: 24 hours).
const KEPT_SECONDS: i64 = 24 * 3600;

#[derive(Debug, Clone)]
struct Entry {
    fingerprint: String,
    began_at: i64,
    answer: Option<Kept>,
}

/// A stored answer.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) request_id: String,
}

/// All keys seen.
#[derive(Debug, Default, Clone)]
pub(crate) struct Keys(HashMap<String, Entry>);

impl Keys {
    /// The keys whose requests have ended, for a state file.
    pub(crate) fn show(&self) -> Value {
        let ended = |(key, entry): (&String, &Entry)| {
            let kept = entry.answer.as_ref()?;
            Some(json!([key, entry.fingerprint, entry.began_at, kept.status, kept.body, kept.request_id]))
        };
        self.0.iter().filter_map(ended).collect()
    }

    /// What [`Self::show`] wrote.
    pub(crate) fn read(shown: &Value) -> Self {
        let entry = |line: &Value| {
            let text = |at: usize| line[at].as_str().map(str::to_owned);
            let kept =
                Kept { status: u16::try_from(line[3].as_u64()?).ok()?, body: line[4].clone(), request_id: text(5)? };
            Some((text(0)?, Entry { fingerprint: text(1)?, began_at: line[2].as_i64()?, answer: Some(kept) }))
        };
        Self(shown.as_array().into_iter().flatten().filter_map(entry).collect())
    }

    /// Begins a request: `Some` answer to replay, `None` to execute.
    ///
    /// # Errors
    /// 400 when the key came with other parameters, 409 while its first request runs.
    pub(crate) fn begin(&mut self, key: &str, fingerprint: &str, now: i64) -> Result<Option<Kept>, ApiError> {
        self.0.retain(|_, entry| entry.began_at + KEPT_SECONDS > now);
        match self.0.get(key) {
            Some(entry) if entry.fingerprint != fingerprint => Err(ApiError::idempotency_mismatch(key)),
            Some(Entry { answer: Some(kept), .. }) => Ok(Some(kept.clone())),
            Some(_) => Err(ApiError::idempotency_in_use(key)),
            None => {
                let entry = Entry { fingerprint: fingerprint.to_owned(), began_at: now, answer: None };
                self.0.insert(key.to_owned(), entry);
                Ok(None)
            }
        }
    }

    /// Keeps the answer of a request that executed.
    pub(crate) fn finish(&mut self, key: &str, kept: Kept) {
        if let Some(entry) = self.0.get_mut(key) {
            entry.answer = Some(kept);
        }
    }

    /// Forgets a request that never executed.
    pub(crate) fn abandon(&mut self, key: &str) {
        self.0.remove(key);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::{KEPT_SECONDS, Kept, Keys};

    fn kept() -> Kept {
        Kept { status: 200, body: json!({ "id": "cus_1" }), request_id: "req_1".into() }
    }

    #[test]
    fn the_same_key_and_parameters_replay_the_first_answer() {
        let mut keys = Keys::default();
        assert!(keys.begin("k", "POST a", 0).unwrap().is_none());
        keys.finish("k", kept());
        assert_eq!(keys.begin("k", "POST a", 1).unwrap().unwrap().body, json!({ "id": "cus_1" }));
    }

    #[test]
    fn other_parameters_under_the_same_key_are_refused() {
        let mut keys = Keys::default();
        keys.begin("k", "POST a", 0).unwrap();
        keys.finish("k", kept());
        let error = keys.begin("k", "POST b", 1).unwrap_err();
        assert_eq!((error.status, error.kind), (400, "idempotency_error"));
    }

    #[test]
    fn a_key_in_use_answers_409_until_the_first_request_ends() {
        let mut keys = Keys::default();
        keys.begin("k", "POST a", 0).unwrap();
        assert_eq!(keys.begin("k", "POST a", 0).unwrap_err().status, 409);
        keys.abandon("k");
        assert!(keys.begin("k", "POST a", 0).unwrap().is_none());
    }

    #[test]
    fn keys_are_forgotten_after_a_day() {
        let mut keys = Keys::default();
        keys.begin("k", "POST a", 0).unwrap();
        keys.finish("k", kept());
        assert!(keys.begin("k", "POST b", KEPT_SECONDS).unwrap().is_none());
    }
}
