//! Named limits of the licensing API and of the management API, in the memory of this node.
//!
//! | limit | counts | by |
//! |---|---|---|
//! | `licensing.instance` | calls with a genuine secret | instance |
//! | `licensing.key` | calls with a genuine key | key |
//! | `licensing.license` | both | license |
//! | `licensing.failures` | calls without one, what nobody can read, and calls of the management API without a live token | address, IPv6 by /64 |
//! | `management.token` | calls of the management API with a live token | token |
//!
//! A call is counted when it is known to be genuine or not, so nobody uses up somebody else's share by naming their
//! instance, and a genuine call is never refused for the address it comes from.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use backend::tokens::TokenText;
use sdk::error::{Code, Problem};

/// How often something may happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Times a second in the long run; 0 does not limit.
    pub per_s: u32,
    /// Times at once after a pause; 0 does not limit.
    pub burst: u32,
}

/// The rates of the limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// `licensing.instance`.
    pub instance: Rate,
    /// `licensing.key`.
    pub key: Rate,
    /// `licensing.license`.
    pub license: Rate,
    /// `licensing.failures`.
    pub failures: Rate,
    /// `management.token`.
    pub token: Rate,
}

impl Rates {
    /// None of the limits.
    pub const OFF: Self = {
        let off = Rate { per_s: 0, burst: 0 };
        Self { instance: off, key: off, license: off, failures: off, token: off }
    };
}

/// Too many calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limited {
    /// Whole seconds, at least 1, until the next one is taken.
    pub retry_after_s: i64,
}

impl From<Limited> for Problem {
    fn from(limited: Limited) -> Self {
        Self::of(Code::RateLimited).with_retry_after_s(limited.retry_after_s)
    }
}

/// Who calls, before it is known whether that is genuine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// An instance, by its id.
    Instance(String),
    /// Somebody with a license key, by its keyed hash.
    Key(Vec<u8>),
}

impl Caller {
    fn name(&self) -> String {
        match self {
            Self::Instance(id) => id.clone(),
            Self::Key(hash) => name_of(hash),
        }
    }
}

/// The limits and what they have counted.
pub struct Limits {
    began: Instant,
    instances: Buckets,
    keys: Buckets,
    licenses: Buckets,
    failures: Buckets,
    tokens: Buckets,
}

impl Limits {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(rates: Rates) -> Self {
        Self {
            began: Instant::now(),
            instances: Buckets::new(rates.instance),
            keys: Buckets::new(rates.key),
            licenses: Buckets::new(rates.license),
            failures: Buckets::new(rates.failures),
            tokens: Buckets::new(rates.token),
        }
    }

    /// Whether a call is taken, if it is genuine.
    ///
    /// # Errors
    /// [`Limited`] when instance, key or license used up their share.
    pub fn admit(&self, caller: &Caller) -> Result<(), Limited> {
        let (now, name, callers) = (self.now(), caller.name(), self.callers_like(caller));
        callers.admit(&name, now)?;
        match callers.license(&name) {
            Some(license) => self.licenses.admit(&license, now),
            None => Ok(()),
        }
    }

    /// Counts a genuine call; `license_id` where the license is known.
    pub fn count(&self, caller: &Caller, license_id: Option<&str>) {
        let (now, name, callers) = (self.now(), caller.name(), self.callers_like(caller));
        if let Some(license_id) = license_id {
            callers.learn(&name, license_id, now);
        }
        callers.count(&name, now);
        if let Some(license) = callers.license(&name) {
            self.licenses.count(&license, now);
        }
    }

    /// Whether it is unknown which license a call of this caller counts for; never where licenses are not limited.
    #[must_use]
    pub fn lacks_license(&self, caller: &Caller) -> bool {
        self.licenses.spacing().is_some() && self.callers_like(caller).license(&caller.name()).is_none()
    }

    fn callers_like(&self, caller: &Caller) -> &Buckets {
        match caller {
            Caller::Instance(_) => &self.instances,
            Caller::Key(_) => &self.keys,
        }
    }

    /// Whether a call with this API token is taken, if the token is live.
    ///
    /// # Errors
    /// [`Limited`] when the token used up its share.
    pub fn admit_token(&self, token: &TokenText) -> Result<(), Limited> {
        self.tokens.admit(&name_of(&token.hash()), self.now())
    }

    /// Counts a call with a live API token.
    pub fn count_token(&self, token: &TokenText) {
        self.tokens.count(&name_of(&token.hash()), self.now());
    }

    /// Counts a failing call.
    ///
    /// # Errors
    /// [`Limited`] when there were too many from this address: the call is told so, and nothing else.
    pub fn count_failure(&self, address: IpAddr) -> Result<(), Limited> {
        let (now, subject) = (self.now(), backend::accounts::subject_of(address));
        let admitted = self.failures.admit(&subject, now);
        self.failures.count(&subject, now);
        admitted
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }
}

/// A key or token as the limits name it: by the hash that is stored of it.
fn name_of(hash: &[u8]) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One of many locks, so that calls rarely wait for each other.
const SHARDS: usize = 16;
/// So many entries of a shard are kept before it is looked through for those that say nothing any more.
const SWEEP_ABOVE: usize = 4_096;

/// Token buckets by name, kept as the moment at which each is full again (GCRA).
struct Buckets {
    rate: Rate,
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    entries: HashMap<String, Entry>,
    sweep_above: usize,
}

#[derive(Clone, Default)]
struct Entry {
    full_at: Duration,
    license: Option<Arc<str>>,
}

impl Buckets {
    fn new(rate: Rate) -> Self {
        Self { rate, hasher: RandomState::new(), shards: Default::default() }
    }

    /// How long one call takes to be forgotten, and how far ahead a bucket may be filled; `None` without a limit.
    fn spacing(&self) -> Option<(Duration, Duration)> {
        let one = Duration::from_secs(1).checked_div(self.rate.per_s)?;
        (self.rate.burst > 0).then(|| (one, one * self.rate.burst))
    }

    fn admit(&self, name: &str, now: Duration) -> Result<(), Limited> {
        let Some((one, most)) = self.spacing() else { return Ok(()) };
        let full_at = self.shard(name).entries.get(name).map_or(Duration::ZERO, |entry| entry.full_at);
        let over = (full_at.max(now) + one).saturating_sub(now + most);
        if over.is_zero() {
            return Ok(());
        }
        Err(Limited { retry_after_s: i64::try_from(over.as_secs()).unwrap_or(i64::MAX - 1) + 1 })
    }

    fn count(&self, name: &str, now: Duration) {
        let Some((one, most)) = self.spacing() else { return };
        let mut shard = self.shard(name);
        shard.sweep(now);
        let entry = shard.entries.entry(name.to_owned()).or_default();
        // What was refused does not lengthen the wait.
        entry.full_at = (entry.full_at.max(now) + one).min(now + most);
    }

    fn license(&self, name: &str) -> Option<Arc<str>> {
        self.shard(name).entries.get(name)?.license.clone()
    }

    fn learn(&self, name: &str, license_id: &str, now: Duration) {
        let mut shard = self.shard(name);
        if shard.entries.get(name).is_some_and(|entry| entry.license.as_deref() == Some(license_id)) {
            return;
        }
        shard.sweep(now);
        shard.entries.entry(name.to_owned()).or_default().license = Some(license_id.into());
    }

    fn shard(&self, name: &str) -> MutexGuard<'_, Shard> {
        let at = usize::try_from(self.hasher.hash_one(name) % SHARDS as u64).unwrap_or_default();
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Forgets buckets that are full. What was learnt of their license is learnt again by the next call.
    fn sweep(&mut self, now: Duration) {
        if self.entries.len() >= self.sweep_above.max(SWEEP_ABOVE) {
            self.entries.retain(|_, entry| entry.full_at > now);
            self.sweep_above = self.entries.len() * 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_s: 10, burst: 3 };

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_burst_passes_then_one_at_a_time() {
        let buckets = Buckets::new(RATE);
        let pass = |now| {
            let admitted = buckets.admit("a", ms(now)).is_ok();
            if admitted {
                buckets.count("a", ms(now));
            }
            admitted
        };
        assert_eq!([pass(0), pass(0), pass(0), pass(0)], [true, true, true, false]);
        assert_eq!([pass(99), pass(100), pass(101)], [false, true, false]);
        assert_eq!([pass(10_000), pass(10_000), pass(10_000), pass(10_000)], [true, true, true, false]);
        assert!(buckets.admit("b", ms(10_000)).is_ok(), "others have buckets of their own");
    }

    #[test]
    fn what_is_refused_does_not_lengthen_the_wait() {
        let buckets = Buckets::new(Rate { per_s: 1, burst: 2 });
        for _ in 0..1_000 {
            buckets.count("a", ms(0));
        }
        assert_eq!(buckets.admit("a", ms(0)), Err(Limited { retry_after_s: 2 }));
        assert_eq!(buckets.admit("a", ms(500)), Err(Limited { retry_after_s: 1 }));
        assert_eq!(buckets.admit("a", ms(1_000)), Ok(()));
    }

    #[test]
    fn zero_switches_a_limit_off() {
        for rate in [Rate { per_s: 0, burst: 5 }, Rate { per_s: 5, burst: 0 }] {
            let buckets = Buckets::new(rate);
            for _ in 0..1_000 {
                buckets.count("a", ms(0));
            }
            assert_eq!(buckets.admit("a", ms(0)), Ok(()));
        }
    }

    #[test]
    fn many_names_do_not_fill_the_memory() {
        let buckets = Buckets::new(RATE);
        for n in 0..200_000_u64 {
            buckets.count(&format!("name-{n}"), ms(n));
        }
        let kept: usize = buckets.shards.iter().map(|shard| shard.lock().map_or(0, |shard| shard.entries.len())).sum();
        assert!(kept <= 2 * SHARDS * SWEEP_ABOVE, "{kept}");
    }

    #[test]
    fn instances_share_their_licenses_limit_and_strangers_use_up_nobodys() {
        let rates = Rates { license: Rate { per_s: 1, burst: 3 }, ..Rates::OFF };
        let limits = Limits::new(rates);
        let instance = |id: &str| Caller::Instance(id.to_owned());
        for id in ["a", "b", "a"] {
            assert_eq!(limits.admit(&instance(id)), Ok(()));
            limits.count(&instance(id), Some("lic"));
        }
        assert!(limits.admit(&instance("a")).is_err());
        assert!(limits.admit(&instance("b")).is_err());
        assert_eq!(limits.admit(&instance("c")), Ok(()), "it is not known whose it is");
        assert_eq!(limits.admit(&Caller::Key(vec![1])), Ok(()));
        limits.count(&Caller::Key(vec![1]), Some("lic"));
        assert!(limits.admit(&Caller::Key(vec![1])).is_err());
    }

    #[test]
    fn a_key_has_a_limit_of_its_own_whatever_is_known_of_its_license() {
        let limits = Limits::new(Rates { key: Rate { per_s: 1, burst: 2 }, ..Rates::OFF });
        let (key, other) = (Caller::Key(vec![1]), Caller::Key(vec![2]));
        for _ in 0..2 {
            assert_eq!(limits.admit(&key), Ok(()));
            limits.count(&key, None);
        }
        assert!(limits.admit(&key).is_err());
        assert_eq!(limits.admit(&other), Ok(()));
        assert_eq!(limits.admit(&Caller::Instance("01".to_owned())), Ok(()), "what is named like the key's hash");
    }

    #[test]
    fn a_license_is_asked_for_until_it_is_known_and_only_where_licenses_are_limited() {
        let limits = Limits::new(Rates { license: Rate { per_s: 1, burst: 3 }, ..Rates::OFF });
        let key = Caller::Key(vec![1]);
        assert!(limits.lacks_license(&key));
        limits.count(&key, Some("lic"));
        assert!(!limits.lacks_license(&key));
        assert!(!Limits::new(Rates::OFF).lacks_license(&key));
    }

    #[test]
    fn failures_count_by_subscriber() {
        let limits = Limits::new(Rates { failures: Rate { per_s: 1, burst: 2 }, ..Rates::OFF });
        let from = |address: &str| limits.count_failure(address.parse().unwrap_or_else(|_| [0; 4].into()));
        assert_eq!([from("2001:db8::1"), from("2001:db8::2")], [Ok(()), Ok(())]);
        assert!(from("2001:db8::3").is_err());
        assert_eq!(from("2001:db8:0:1::1"), Ok(()));
    }
}
