//! What answers carry besides a lease: key sets, revocations, borrowed time, features, and claims.

use ed25519_dalek::SigningKey;

use super::{fake_server::Misdeed, *};
use crate::{
    delegation::{self, Confirmation, DelegationClaims, DelegationError},
    jwk::{PublicJwk, thumbprint},
    key_set::{self, KeySetClaims},
    lease::LicenseType,
    revocations::{self, Revocation, RevocationKind, RevocationsClaims},
};

fn signer(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn kid(key: &SigningKey) -> String {
    thumbprint(&key.verifying_key())
}

fn key_set(seq: i64, seeds: &[u8], by: u8) -> String {
    let keys = seeds.iter().map(|seed| PublicJwk::of(&signer(*seed).verifying_key())).collect();
    let claims = KeySetClaims { iss: "https://vendor.example".into(), seq, iat: NOW, keys };
    key_set::sign(&claims, &signer(by), &kid(&signer(by)))
}

fn revoking(seq: i64, kind: RevocationKind, id: &str, before: i64) -> String {
    let rev = vec![Revocation { kind, id: id.into(), before }];
    let claims = RevocationsClaims { iss: "https://vendor.example".into(), seq, iat: NOW, exp: NOW + 86_400, rev };
    revocations::sign(&claims, &fake_server::signing_key(), &kid(&fake_server::signing_key()))
}

#[tokio::test]
async fn rotated_keys_are_learned_from_the_chain_kept_and_verified_again_at_the_next_start() {
    let bench = Bench::new().await;
    once(bench.client()).await;
    assert_eq!(bench.server.last_body()["known_seq"], 0);
    {
        let mut server = bench.server.lock();
        server.key_sets = vec![key_set(1, &[1, 8], 1), key_set(2, &[1, 8, 9], 8), "not.a.token".into()];
        server.key = signer(9);
    }
    assert_eq!(once(bench.client()).await.stage, None, "signed by a key that the bundle never knew");
    bench.server.lock().key_sets.clear();
    assert_eq!(once(bench.client()).await.stage, None);
    assert_eq!(bench.server.last_body()["known_seq"], 2);
    // Whoever can write the data file cannot add a key: the chain is verified from the built-in bundle on.
    let text = fs::read_to_string(bench.data_file()).unwrap();
    let mut kept: serde_json::Value = serde_json::from_str(&text).unwrap();
    kept["key_sets"] = serde_json::json!([key_set(3, &[66], 66)]);
    fs::write(bench.data_file(), kept.to_string()).unwrap();
    let client = bench.client();
    assert_eq!(client.status().licensed_until, None, "the chain to the lease's key is gone");
    assert_eq!(client.inner.session.try_lock().unwrap().trusted.bundle, trust());
}

#[tokio::test]
async fn a_revocation_that_was_read_after_trouble_is_as_good_as_a_refusal_and_a_new_lease_lifts_it() {
    for (kind, id) in [
        (RevocationKind::License, "lic_1".to_owned()),
        (RevocationKind::Instance, "ins_1".to_owned()),
        (RevocationKind::Key, kid(&fake_server::signing_key())),
    ] {
        let bench = Bench::new().await;
        let client = bench.client();
        client.activate(&key()).await.unwrap();
        bench.advance(100);
        bench.server.lock().revocations = Some(revoking(1, kind, &id, NOW + 50));
        bench.server.will([Misdeed::Status(500)]);
        assert!(client.check_now().await.is_err());
        wait_until(|| client.status().last_error.is_some_and(|error| error.message.contains("revoked"))).await;
        bench.advance(3600);
        assert_eq!(client.status().stage, Some(Stage::BlockNew), "{kind:?}: the end of the lease is not awaited");
        let status = client.check_now().await.unwrap();
        assert_eq!((status.stage, status.last_error), (None, None), "signed after the revocation");
    }
}

#[tokio::test]
async fn a_revocation_survives_a_restart_without_the_server_and_what_it_does_not_name_stays_good() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    bench.server.lock().revocations = Some(revoking(1, RevocationKind::Instance, "ins_2", NOW));
    client.inner.session.lock().await.read_revocations().await;
    assert_eq!(client.status().stage, None);
    bench.server.lock().revocations = Some(revoking(2, RevocationKind::Instance, "ins_1", NOW));
    client.inner.session.lock().await.read_revocations().await;
    client.close().await;
    let status = bench.client().status();
    assert_eq!((status.stage, status.failing_since.map(|t| t.as_second())), (Some(Stage::Warn), Some(NOW)));
    assert!(status.last_error.is_none_or(|error| error.message.contains("revoked")));
}

#[tokio::test]
async fn revocations_are_read_between_checks_only_where_leases_last_over_an_hour() {
    for (life_s, reads) in [(3600, false), (86_400, true)] {
        let bench = Bench::new().await;
        bench.server.lock().life_s = life_s;
        let client = bench.client();
        client.activate(&key()).await.unwrap();
        assert_eq!(client.inner.lock_view().revocations_due.is_some(), reads);
    }
}

#[tokio::test]
async fn forged_expired_or_older_revocations_are_not_heeded() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    let read = async |list: &str| {
        bench.server.lock().revocations = Some(list.to_owned());
        let mut session = client.inner.session.lock().await;
        session.read_revocations().await;
        client.inner.publish(&session);
    };
    let named = |seq, exp| RevocationsClaims {
        iss: "https://vendor.example".into(),
        seq,
        iat: NOW - 90_000,
        exp,
        rev: vec![Revocation { kind: RevocationKind::License, id: "lic_1".into(), before: NOW }],
    };
    read(&revocations::sign(&named(1, NOW + 9), &signer(2), &kid(&fake_server::signing_key()))).await;
    let key = fake_server::signing_key();
    read(&revocations::sign(&named(1, NOW - 100), &key, &kid(&key))).await;
    read("").await;
    read(&revoking(7, RevocationKind::License, "lic_2", NOW)).await;
    read(&revocations::sign(&named(6, NOW + 9), &key, &kid(&key))).await;
    assert_eq!(client.status().stage, None);
    read(&revocations::sign(&named(8, NOW + 9), &key, &kid(&key))).await;
    assert_eq!(client.status().stage, Some(Stage::Warn));
}

#[tokio::test]
async fn a_local_license_server_is_believed_within_its_delegation_until_that_is_revoked() {
    let bench = Bench::new().await;
    let delegation = |seats| DelegationClaims {
        iss: "https://vendor.example".into(),
        sub: "lsv_1".into(),
        jti: "dlg_1".into(),
        seq: 1,
        cnf: Confirmation { jwk: PublicJwk::of(&signer(40).verifying_key()) },
        lic: "lic_1".into(),
        lty: LicenseType::Floating,
        pln: "pilot".into(),
        aud: "iot-platform".into(),
        seats,
        lim: [("devices".to_owned(), 10)].into(),
        fea: [("sso".to_owned(), None)].into(),
        upd: None,
        enf: fake_server::policy(),
        max_lease_s: 600,
        max_borrow_s: 0,
        iat: NOW - 60,
        nbf: NOW - 60,
        exp: NOW + 86_400,
    };
    let vendor = fake_server::signing_key();
    {
        let mut server = bench.server.lock();
        server.key = signer(40);
        server.delegation = Some(delegation::sign(&delegation(1), &vendor, &kid(&vendor)));
    }
    let client = bench.client();
    assert_eq!(client.activate(&key()).await.unwrap().stage, None);
    bench.server.lock().devices = 11;
    let beyond = LeaseError::Delegation(DelegationError::Exceeded("lim"));
    assert_eq!(client.check_now().await, Err(ClientError::LeaseNotAccepted(beyond)));
    bench.server.lock().devices = 10;
    client.check_now().await.unwrap();
    bench.server.lock().revocations = Some(revoking(1, RevocationKind::Delegation, "dlg_1", NOW));
    client.inner.session.lock().await.read_revocations().await;
    bench.advance(60);
    let revoked = LeaseError::Revoked(RevocationKind::Delegation);
    assert_eq!(client.check_now().await, Err(ClientError::LeaseNotAccepted(revoked)), "however fresh the lease is");
}

#[tokio::test]
async fn a_conflict_between_copies_is_said_and_asked_about_again_after_a_while() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    bench.server.will([Misdeed::Refuse(Code::InstanceStale), Misdeed::Refuse(Code::InstanceConflict)]);
    let error = client.check_now().await.unwrap_err();
    assert_eq!(error.code(), Some(Code::InstanceConflict));
    assert!(error.remedy().contains("its own identity"));
    assert_eq!((client.status().stage, client.status().halted), (Some(Stage::Warn), false));
    let wait = client.inner.lock_view().due.unwrap() - bench.clock.monotonic();
    assert!(wait.as_secs() >= 180, "{wait:?}");
    assert_eq!(client.check_now().await.unwrap().stage, None, "the owner has decided");
    assert_eq!(bench.server.last_body()["secret"], "1.1", "the proof of who was there first");
}

#[tokio::test]
async fn a_borrowed_lease_keeps_its_end_over_checks_until_it_is_returned() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    let until = |client: &Client| client.status().licensed_until.unwrap().as_second();
    let status = client.borrow(Duration::from_secs(86_400)).await.unwrap();
    assert_eq!((status.borrowed, until(&client)), (true, NOW + 86_400));
    bench.advance(1000);
    client.check_now().await.unwrap();
    assert_eq!((bench.server.last_body()["borrow_s"].as_i64(), until(&client)), (Some(85_400), NOW + 86_400));
    client.close().await;
    let client = bench.client();
    assert_eq!(until(&client), NOW + 86_400, "also over a restart without the server");
    client.activate(&key()).await.unwrap();
    assert_eq!(until(&client), NOW + 86_400);
    let status = client.return_borrowed().await.unwrap();
    assert_eq!((status.borrowed, until(&client), status.stage), (false, NOW + 1600, None));
    assert_eq!(bench.server.endpoints()[4..], ["licenses/release", "licenses/activate"]);
}

#[tokio::test]
async fn borrowing_what_cannot_be_borrowed_is_said_and_an_ordinary_lease_goes_on() {
    let bench = Bench::new().await;
    bench.server.lock().max_borrow_s = 0;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    assert_eq!(client.borrow(Duration::from_secs(86_400)).await, Err(ClientError::NotBorrowed));
    assert_eq!((client.status().stage, client.status().borrow_until), (None, None));
    bench.server.will([Misdeed::Status(500)]);
    assert!(matches!(client.borrow(Duration::from_secs(86_400)).await, Err(ClientError::Unavailable(_))));
    client.check_now().await.unwrap();
    assert_eq!(bench.server.last_body()["borrow_s"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_product_without_its_required_feature_is_refused_at_activation_at_checks_and_offline() {
    let bench = Bench::new().await;
    let build = |feature: &str| bench.builder().require_feature(feature).build().unwrap();
    let client = build("sso");
    client.activate(&key()).await.unwrap();
    assert_eq!(bench.server.last_body()["features"], serde_json::json!(["sso"]));
    bench.server.lock().features.clear();
    assert_eq!(code(client.check_now().await), Some(Code::FeatureNotLicensed));
    assert_eq!(client.status().stage, Some(Stage::Warn));
    bench.server.lock().features.insert("sso".into(), None);
    assert_eq!(client.check_now().await.unwrap().stage, None);
    client.close().await;
    let newer = build("audit-log");
    let error = newer.status().last_error.unwrap();
    assert_eq!(error.code.as_deref(), Some("feature_not_licensed"));
}

#[tokio::test]
async fn counters_are_sent_only_where_the_vendor_wants_usage_signals() {
    let bench = Bench::new().await;
    bench.server.lock().usage_signals = false;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    client.count("export");
    client.check_now().await.unwrap();
    client.check_now().await.unwrap();
    assert_eq!(bench.server.last_body()["counters"], serde_json::Value::Null);
    bench.server.lock().usage_signals = true;
    client.check_now().await.unwrap();
    client.check_now().await.unwrap();
    assert_eq!(bench.server.last_body()["counters"]["export"], 1);
}

#[tokio::test]
async fn a_user_on_a_device_and_a_machine_are_identities_too() {
    for identity in [Identity::user("ada@example.com", "laptop").named("Ada's laptop"), Identity::machine("m-1")] {
        let bench = Bench::new().await;
        let client = bench.builder().identity(identity.clone()).build().unwrap();
        client.activate(&key()).await.unwrap();
        assert_eq!(bench.server.last_body()["identity"], serde_json::to_value(&identity).unwrap());
    }
}

#[tokio::test]
async fn a_claim_is_polled_at_the_servers_pace_until_it_is_granted() {
    let bench = Bench::new().await;
    bench.server.lock().claim_refusals = [Code::AuthorizationPending, Code::SlowDown].into();
    let client = bench.client();
    let mut claim = client.claim_start().await.unwrap();
    assert_eq!((claim.user_code.as_str(), claim.interval()), ("WDJB-MJHT", Duration::from_secs(5)));
    let pending = |seconds| ClaimProgress::Pending { ask_again_in: Duration::from_secs(seconds) };
    assert_eq!(client.claim_poll(&mut claim).await, Ok(pending(5)));
    assert_eq!(client.claim_poll(&mut claim).await, Ok(pending(10)), "slow_down adds five seconds for good");
    bench.server.will([Misdeed::Status(502)]);
    assert_eq!(client.claim_poll(&mut claim).await, Ok(pending(20)), "trouble is no end");
    assert_eq!(client.claim_poll(&mut claim).await, Ok(ClaimProgress::Granted(key())));
    assert_eq!(client.activate(&key()).await.unwrap().stage, None);
}

#[tokio::test]
async fn a_claim_that_was_declined_or_ran_out_ends() {
    let bench = Bench::new().await;
    let client = bench.client();
    let mut claim = client.claim_start().await.unwrap();
    for refusal in [Code::AccessDenied, Code::ExpiredToken] {
        bench.server.lock().claim_refusals = [refusal].into();
        let error = client.claim_poll(&mut claim).await.unwrap_err();
        assert!(matches!(error, ClientError::ClaimEnded(_)) && error.code() == Some(refusal));
    }
    bench.advance(900);
    bench.server.will([Misdeed::Status(502)]);
    let ended = client.claim_poll(&mut claim).await.unwrap_err();
    assert_eq!(ended.code(), Some(Code::ExpiredToken), "nobody answers, and the time is over");
}

#[tokio::test]
async fn the_status_says_what_comes_next_and_when() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    let next_check = client.status().next_check_at.unwrap().as_second() - NOW;
    assert!((162..=180).contains(&next_check), "{next_check}");
    assert_eq!(client.status().next_stage, None);
    bench.server.will([Misdeed::Status(500)]);
    assert!(client.check_now().await.is_err());
    let next = client.status().next_stage.unwrap();
    assert_eq!((next.stage, next.at.as_second()), (Stage::BlockNew, NOW + 3600));
    bench.advance(3600);
    let next = client.status().next_stage.unwrap();
    assert_eq!((next.stage, next.at.as_second()), (Stage::Stop, NOW + 86_400));
}

/// Waits for the background task, at most ten seconds.
async fn wait_until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
}
