//! Whom the client trusts now: the built-in bundle, the key sets that followed, and what was revoked since.

use super::data_file::Kept;
use crate::{
    lease::{Lease, LeaseError},
    revocations::{self, RevocationKind, RevocationsClaims, RevocationsError},
    trust::TrustBundle,
};

#[derive(Debug)]
pub(super) struct Trusted {
    pub(super) bundle: TrustBundle,
    revoked: Option<RevocationsClaims>,
}

impl Trusted {
    /// Walks from the built-in bundle along the key sets that were kept. What the data file says is verified again:
    /// whoever can write it cannot add a key.
    pub(super) fn take_up(built_in: &TrustBundle, kept: &mut Kept) -> Self {
        let mut trusted = Self { bundle: built_in.clone(), revoked: None };
        let chain = std::mem::take(&mut kept.key_sets);
        trusted.accept_keys(&chain, kept);
        let list = kept.revocations.take_if(|list| revocations::verify_kept(list, &trusted.bundle).is_err());
        if list.is_some() {
            tracing::warn!("the kept revocations are not genuine, and forgotten");
        }
        let list = kept.revocations.as_deref();
        trusted.revoked = list.and_then(|list| revocations::verify_kept(list, &trusted.bundle).ok());
        trusted
    }

    /// Takes over the key sets that lead on from what is trusted, and keeps them. Others are passed over: the server
    /// may send links that are known.
    pub(super) fn accept_keys(&mut self, key_sets: &[String], kept: &mut Kept) {
        for key_set in key_sets {
            match self.bundle.accept(key_set) {
                Ok(()) => {
                    kept.key_sets.push(key_set.clone());
                    tracing::info!(seq = self.bundle.seq, "a new key set is trusted");
                }
                Err(error) => tracing::debug!(%error, "a key set was passed over"),
            }
        }
    }

    /// Takes over a list of revocations that is no older than the known one.
    pub(super) fn accept_revocations(
        &mut self,
        token: &str,
        kept: &mut Kept,
        now: i64,
    ) -> Result<(), RevocationsError> {
        let claims = revocations::verify(token, &self.bundle, now)?;
        if self.revoked.as_ref().is_none_or(|known| claims.seq >= known.seq) {
            kept.revocations = Some(token.to_owned());
            self.revoked = Some(claims);
        }
        Ok(())
    }

    /// What of a lease that was accepted earlier has been revoked since.
    pub(super) fn revocation_of(&self, lease: &Lease) -> Option<RevocationKind> {
        self.revoked.as_ref()?.revokes(lease).map(|entry| entry.kind)
    }

    /// Whether a lease that has just been signed is revoked. The vendor's own server knows best about its licenses
    /// and instances; who signs with a stolen key or under a withdrawn delegation does not.
    ///
    /// # Errors
    /// [`LeaseError::Revoked`].
    pub(super) fn examine_fresh(&self, lease: &Lease) -> Result<(), LeaseError> {
        let Some(revoked) = &self.revoked else { return Ok(()) };
        let found = if lease.delegation().is_some() { revoked.revokes(lease) } else { revoked.revokes_signer(lease) };
        found.map_or(Ok(()), |entry| Err(LeaseError::Revoked(entry.kind)))
    }
}
