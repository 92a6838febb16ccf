//! What this crate says to a vector, in the words of the files.

use sdk::{
    delegation::DelegationError,
    jws::JwsError,
    key_set::KeySetError,
    lease::{self, Expect, LeaseError},
    revocations::{self, RevocationsError},
    trust::TrustBundle,
    wire::Nonce,
};

use super::format::{File, Vector};

pub(crate) fn of(file: &File, vector: &Vector) -> String {
    let mut trust = file.trust.clone();
    if let Some(keys) = &vector.trust_keys {
        trust.keys.clone_from(keys);
    }
    let expect = vector.expect.as_ref().unwrap_or(&file.expect);
    let refused = match file.kind.as_str() {
        "lease" => {
            let nonce = expect.nonce.as_deref().map(|nonce| Nonce::parse(nonce).unwrap());
            let expect = Expect {
                aud: &expect.aud,
                nonce: nonce.as_ref(),
                now: expect.now,
                identity: expect.identity.as_ref(),
                instance_id: expect.instance_id.as_deref(),
            };
            lease::verify(&vector.token, &trust, &expect).err().map(lease_word)
        }
        "key_set" => TrustBundle::accept(&mut trust, &vector.token).err().map(key_set_word),
        "revocations" => revocations::verify(&vector.token, &trust, expect.now).err().map(revocations_word),
        other => panic!("unknown kind {other}"),
    };
    refused.unwrap_or_else(|| "accepted".into())
}

fn jws_word(error: &JwsError) -> String {
    match error {
        JwsError::TooLarge(_) => "too_large",
        JwsError::NotCompact => "not_compact",
        JwsError::NotJson { .. } => "not_json",
        JwsError::Algorithm => "algorithm",
        JwsError::Type(_) => "type",
        JwsError::ForbiddenHeader(_) => "forbidden_header",
        JwsError::NoKeyId => "no_key_id",
        JwsError::Signature => "signature",
    }
    .into()
}

fn lease_word(error: LeaseError) -> String {
    match error {
        LeaseError::Jws(error) => return jws_word(&error),
        LeaseError::Delegation(error) => return format!("delegation:{}", delegation_word(error)),
        LeaseError::UnknownKey(_) => "unknown_key",
        LeaseError::Claims(_) => "claims",
        LeaseError::Version(_) => "version",
        LeaseError::Issuer(_) => "issuer",
        LeaseError::Audience(_) => "audience",
        LeaseError::Nonce => "nonce",
        LeaseError::Identity => "identity",
        LeaseError::Instance(_) => "instance",
        LeaseError::Times => "times",
        LeaseError::NotYetValid(_) => "not_yet_valid",
        LeaseError::Expired(_) => "expired",
        LeaseError::Revoked(_) => "revoked",
    }
    .into()
}

fn delegation_word(error: DelegationError) -> String {
    match error {
        DelegationError::Jws(error) => jws_word(&error),
        DelegationError::NotAToken => "not_a_token".into(),
        DelegationError::Chain => "chain".into(),
        DelegationError::UnknownKey(_) => "unknown_key".into(),
        DelegationError::Claims(_) => "claims".into(),
        DelegationError::Issuer(_) => "issuer".into(),
        DelegationError::Key => "key".into(),
        DelegationError::Exceeded(claim) => format!("exceeded:{claim}"),
    }
}

fn key_set_word(error: KeySetError) -> String {
    match error {
        KeySetError::Jws(error) => jws_word(&error),
        KeySetError::UnknownKey(_) => "unknown_key".into(),
        KeySetError::Claims(_) => "claims".into(),
        KeySetError::Issuer(_) => "issuer".into(),
        KeySetError::NotNewer { .. } => "not_newer".into(),
        KeySetError::NoKey => "no_key".into(),
    }
}

fn revocations_word(error: RevocationsError) -> String {
    match error {
        RevocationsError::Jws(error) => jws_word(&error),
        RevocationsError::UnknownKey(_) => "unknown_key".into(),
        RevocationsError::Claims(_) => "claims".into(),
        RevocationsError::Issuer(_) => "issuer".into(),
        RevocationsError::Expired(_) => "expired".into(),
    }
}
