//! Passwords: Argon2id on a bounded pool.
//!
//! One hash takes 19 MiB and tens of milliseconds of a core. At most [`AT_ONCE`] run at a time, so that a
//! flood of log-ins neither fills the memory nor starves the licensing API; the others wait their turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::cx::Entropy;
use crate::db::DbError;

/// Hashes that run at the same time at most.
const AT_ONCE: usize = 2;
/// Whoever tries too often waits so long to be told, so that trying on and on costs the server next to nothing.
const HELD_BACK: Duration = Duration::from_millis(500);
/// So many wait at a time; anybody beyond is told at once.
const HELD_BACK_AT_ONCE: usize = 256;
/// OWASP Password Storage Cheat Sheet: Argon2id with m = 19 MiB, t = 2, p = 1.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Salt and output as RFC 9106 §3.1 recommends.
const SALT_BYTES: usize = 16;

/// Verified where there is no user, or none with a password, so that "no such user" takes as long as "wrong password".
/// Its output was never computed from any password.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm8gc3VjaCB1c2VyIQ$\
                      3q2+796tvu/erb7v3q2+796tvu/erb7v3q2+796tvu8";

/// A password on its way to be hashed; never printed, wiped when dropped.
#[derive(Clone, Default)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password as typed.
    #[must_use]
    pub fn new(typed: String) -> Self {
        Self(Zeroizing::new(typed))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

/// A password's hash as a PHC string, the form in which it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Takes a stored hash.
    #[must_use]
    pub fn from_stored(phc: String) -> Self {
        Self(phc)
    }

    /// The hash of no password, for users who have none. Verifying against it takes as long as against any other, so
    /// that nobody learns who has none.
    pub(super) fn of_nobody() -> Self {
        Self(NOBODY.to_owned())
    }

    /// The PHC string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The password is right.
    Ok,
    /// The password is right, and its hash was made with other parameters than today's: hash it again.
    OkRehash,
    /// The password is wrong, or there is nobody to have one.
    Wrong,
}

/// The bounded pool. Cheap to clone; one per process.
#[derive(Clone, Debug)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    held_back: Arc<Semaphore>,
    runs: Arc<AtomicU64>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(AT_ONCE)),
            held_back: Arc::new(Semaphore::new(HELD_BACK_AT_ONCE)),
            runs: Arc::default(),
        }
    }
}

impl Passwords {
    /// How often Argon2id has run since the process began. It is what makes a request slow, so requests that run it
    /// equally often cannot be told apart by how long they take.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    /// Lets somebody wait who has tried too often.
    pub(super) async fn hold_back(&self) {
        if let Ok(_permit) = self.held_back.try_acquire() {
            tokio::time::sleep(HELD_BACK).await;
        }
    }

    /// Hashes a password with a fresh salt. Never call it inside a transaction.
    ///
    /// # Errors
    /// [`DbError::GivenUp`] when the hasher cannot run (no memory, the process is stopping).
    pub async fn hash(&self, password: &Password, entropy: &Entropy) -> Result<PasswordHash, DbError> {
        let salt: [u8; SALT_BYTES] = entropy.bytes();
        let password = password.clone();
        let hash = self.run(move || {
            let hash = argon2().hash_password_with_salt(password.as_str().as_bytes(), &salt).ok()?;
            Some(PasswordHash(hash.to_string()))
        });
        hash.await?.ok_or(DbError::GivenUp("a password could not be hashed"))
    }

    /// Verifies a password; `None` for the hash takes the same time and is always wrong. Never call it
    /// inside a transaction.
    ///
    /// # Errors
    /// [`DbError::GivenUp`] when the hasher cannot run.
    pub async fn verify(&self, password: &Password, hash: Option<&PasswordHash>) -> Result<Verdict, DbError> {
        let stored = hash.map_or_else(|| NOBODY.to_owned(), |hash| hash.0.clone());
        let nobody = hash.is_none();
        let password = password.clone();
        let verdict = self.run(move || match phc::PasswordHash::new(&stored) {
            Ok(parsed) if argon2().verify_password(password.as_str().as_bytes(), &parsed).is_ok() => {
                if is_current(&parsed) { Verdict::Ok } else { Verdict::OkRehash }
            }
            _ => Verdict::Wrong,
        });
        let verdict = verdict.await?;
        Ok(if nobody { Verdict::Wrong } else { verdict })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, DbError> {
        const STOPPED: DbError = DbError::GivenUp("the password pool has stopped");
        let permit = self.permits.clone().acquire_owned().await.map_err(|_| STOPPED)?;
        self.runs.fetch_add(1, Ordering::Relaxed);
        let done = tokio::task::spawn_blocking(move || {
            // Held until the work is done, even where the caller has hung up meanwhile.
            let _permit = permit;
            work()
        });
        done.await.map_err(|_| STOPPED)
    }
}

fn argon2() -> Argon2<'static> {
    // The parameters are constants within Argon2's limits, so the default is never used.
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn is_current(hash: &phc::PasswordHash) -> bool {
    hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into())
        && Params::try_from(hash)
            .is_ok_and(|params| (params.m_cost(), params.t_cost(), params.p_cost()) == (MEMORY_KIB, PASSES, LANES))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[tokio::test]
    async fn so_many_are_held_back_and_no_more() {
        let pool = Passwords::default();
        let began = std::time::Instant::now();
        let held = (0..HELD_BACK_AT_ONCE).map(|_| pool.hold_back());
        let all = futures::future::join_all(held);
        let one_more = async {
            tokio::task::yield_now().await;
            pool.hold_back().await;
            began.elapsed()
        };
        let (_, told) = tokio::join!(all, one_more);
        assert!(told < HELD_BACK && began.elapsed() >= HELD_BACK, "{told:?} {:?}", began.elapsed());
    }

    #[tokio::test]
    async fn a_password_verifies_against_its_own_hash_only_and_two_hashes_differ() {
        let (pool, entropy) = (Passwords::default(), Entropy::seeded(1));
        let hash = pool.hash(&password("correct horse"), &entropy).await.unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert_ne!(hash, pool.hash(&password("correct horse"), &entropy).await.unwrap());
        assert_eq!(pool.verify(&password("correct horse"), Some(&hash)).await.unwrap(), Verdict::Ok);
        assert_eq!(pool.verify(&password("correct horsf"), Some(&hash)).await.unwrap(), Verdict::Wrong);
        let damaged = PasswordHash::from_stored("$argon2id$nonsense".to_owned());
        assert_eq!(pool.verify(&password("correct horse"), Some(&damaged)).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_weaker_parameters_verifies_and_asks_to_be_renewed() {
        let weaker = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8_192, 1, 1, None).unwrap());
        let stored = weaker.hash_password_with_salt(b"correct horse", b"sixteen bytes ok").unwrap().to_string();
        let hash = PasswordHash::from_stored(stored);
        let pool = Passwords::default();
        assert_eq!(pool.verify(&password("correct horse"), Some(&hash)).await.unwrap(), Verdict::OkRehash);
        assert_eq!(pool.verify(&password("wrong"), Some(&hash)).await.unwrap(), Verdict::Wrong);
    }

    #[tokio::test]
    async fn where_there_is_no_user_a_real_verification_runs_and_fails() {
        let dummy = phc::PasswordHash::new(NOBODY).unwrap();
        assert!(is_current(&dummy), "the dummy must cost what a real hash costs");
        assert_eq!(Passwords::default().verify(&password(""), None).await.unwrap(), Verdict::Wrong);
    }

    #[test]
    fn a_password_never_shows_itself() {
        assert_eq!(format!("{:?}", password("secret")), "Password(…)");
    }
}
