//! The client against a server that loses replies, fails, refuses and lies.
#![expect(clippy::unwrap_used, reason = "tests")]

mod answers;
mod fake_server;
mod faults;
mod proxy;
mod several_servers;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicI64, Ordering},
};

use jiff::civil::date;
use tempfile::TempDir;

use self::fake_server::{FakeServer, Misdeed, trust};
use super::*;
use crate::{error::Code, lease::Limit, lease::Stage, wire::Identity};

const NOW: i64 = 1_800_000_000;

/// Wall clock and monotonic clock, moved by hand.
#[derive(Clone)]
struct HandClock {
    wall: Arc<AtomicI64>,
    passed: Arc<AtomicI64>,
}

impl HandClock {
    fn advance(&self, seconds: i64) {
        self.wall.fetch_add(seconds, Ordering::SeqCst);
        self.passed.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn unix_s(&self) -> i64 {
        self.wall.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.passed.load(Ordering::SeqCst).try_into().unwrap())
    }
}

struct Bench {
    server: FakeServer,
    clock: HandClock,
    folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        let clock = HandClock { wall: Arc::new(NOW.into()), passed: Arc::new(1000.into()) };
        let folder = tempfile::tempdir().unwrap();
        Self { server: FakeServer::start(NOW).await.unwrap(), clock, folder }
    }

    fn data_file(&self) -> PathBuf {
        self.folder.path().join("license.json")
    }

    fn builder(&self) -> ClientBuilder {
        self.builder_at(&self.data_file())
    }

    fn builder_at(&self, file: &Path) -> ClientBuilder {
        Client::builder()
            .server(&self.server.url)
            .product("iot-platform")
            .version("4.2.1")
            .identity(Identity::instance("node-a"))
            .trust(trust())
            .data_file(file)
            .clock(self.clock.clone())
    }

    fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    /// Time passes for client and server alike.
    fn advance(&self, seconds: i64) {
        self.clock.advance(seconds);
        self.server.lock().now += seconds;
    }
}

fn key() -> LicenseKey {
    LicenseKey::from_random([5; 17])
}

/// One run of a product: it activates, and is gone again.
async fn once(client: Client) -> Status {
    let status = client.activate(&key()).await.unwrap();
    client.close().await;
    status
}

/// Activates without the background task, where every request must be the test's own.
async fn activate_alone(client: &Client) -> Result<(), ClientError> {
    let mut session = client.inner.session.lock().await;
    let result = session.activate(&key()).await;
    client.inner.publish(&session);
    result
}

fn code(result: Result<Status, ClientError>) -> Option<Code> {
    result.unwrap_err().code()
}

#[tokio::test]
async fn activating_gives_a_verified_lease_and_checking_brings_changed_limits() {
    let bench = Bench::new().await;
    let client = bench.client();
    assert_eq!(client.status().stage, Some(Stage::Stop), "no lease was ever accepted");
    let status = client.activate(&key()).await.unwrap();
    assert_eq!((status.stage, status.limit("devices")), (None, Limit::AtMost(10)));
    assert!(status.has_feature("sso"));
    let mut watch = client.watch();
    watch.mark_unchanged();
    bench.server.lock().devices = 50;
    client.set_level("devices", 7);
    client.count("export");
    let status = client.check_now().await.unwrap();
    assert_eq!(status.limit("devices"), Limit::AtMost(50));
    assert!(watch.has_changed().unwrap(), "watchers are told");
    let body = bench.server.last_body();
    assert_eq!((&body["levels"]["devices"], &body["counters"]["export"]), (&7.into(), &1.into()));
    assert_eq!(bench.server.endpoints(), ["licenses/activate", "licenses/check"]);
}

#[tokio::test]
async fn a_lost_activation_is_repeated_as_the_same_one_even_by_the_next_process() {
    let bench = Bench::new().await;
    bench.server.will([Misdeed::LoseReply, Misdeed::LoseReply]);
    let client = bench.client();
    assert!(matches!(client.activate(&key()).await, Err(ClientError::Unavailable(_))));
    assert!(client.check_now().await.is_err());
    client.close().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    let requests = bench.server.lock().requests.clone();
    assert!(
        requests
            .iter()
            .all(|(endpoint, body)| endpoint == "licenses/activate" && body["nonce"] == requests[0].1["nonce"])
    );
    client.check_now().await.unwrap();
    assert_ne!(bench.server.last_body()["nonce"], requests[0].1["nonce"], "a new secret has its own nonce");
}

#[tokio::test]
async fn a_lost_check_is_retried_with_the_same_secret_and_nonce_and_is_no_fork() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    for _ in 0..3 {
        bench.server.will([Misdeed::LoseReply]);
        assert!(client.check_now().await.is_err());
        let lost = bench.server.last_body();
        bench.advance(120);
        client.check_now().await.unwrap();
        let retried = bench.server.last_body();
        assert_eq!((&lost["secret"], &lost["nonce"]), (&retried["secret"], &retried["nonce"]));
    }
    assert_eq!(bench.server.lock().forks, 0);
    assert_eq!(bench.server.count("licenses/activate"), 1);
}

#[tokio::test]
async fn a_restart_checks_with_the_kept_secret_and_needs_no_new_activation() {
    let bench = Bench::new().await;
    once(bench.client()).await;
    for _ in 0..3 {
        bench.advance(100);
        once(bench.client()).await;
    }
    assert_eq!(bench.server.endpoints()[1..], ["licenses/check", "licenses/check", "licenses/check"]);
    assert_eq!(bench.server.lock().forks, 0);
}

#[tokio::test]
async fn a_corrupt_or_missing_data_file_or_one_of_another_identity_only_costs_an_activation() {
    let bench = Bench::new().await;
    once(bench.client()).await;
    fs::write(bench.data_file(), "{ half a fi").unwrap();
    let client = bench.client();
    assert!(client.status().last_error.unwrap().message.contains("not readable"));
    assert_eq!(client.activate(&key()).await.unwrap().stage, None);
    client.close().await;
    fs::remove_file(bench.data_file()).unwrap();
    once(bench.client()).await;
    let other = bench.builder().identity(Identity::instance("node-b")).build().unwrap();
    assert_eq!(other.status().licensed_until, None, "another holder's lease does not count");
    other.activate(&key()).await.unwrap();
    assert_eq!(bench.server.count("licenses/activate"), 4);
}

#[tokio::test]
async fn a_second_client_on_one_data_file_is_refused() {
    let bench = Bench::new().await;
    let first = bench.client();
    first.activate(&key()).await.unwrap();
    assert!(matches!(bench.builder().build(), Err(BuildError::DataFileInUse { .. })));
    first.close().await;
    assert!(bench.builder().build().is_ok());
}

#[tokio::test]
async fn while_the_server_is_away_the_policy_runs_and_a_success_clears_it() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    // More than are asked for: the background task may check as well, and must not use them up.
    let troubles = [Misdeed::Status(500), Misdeed::ProxyPage(403), Misdeed::Garbage, Misdeed::Status(503)];
    bench.server.will(std::iter::repeat_n(troubles, 16).flatten());
    bench.advance(180);
    assert!(client.check_now().await.is_err());
    let status = client.status();
    assert_eq!(status.failing_since.map(|t| t.as_second()), Some(NOW + 180));
    assert_eq!(status.stage, Some(Stage::Warn));
    bench.advance(3600);
    assert_eq!(client.status().stage, Some(Stage::BlockNew), "the lease has ended, an hour has passed");
    for _ in 0..3 {
        assert!(matches!(client.check_now().await, Err(ClientError::Unavailable(_))));
    }
    bench.advance(86_400);
    assert_eq!(client.status().stage, Some(Stage::Stop));
    assert_eq!(client.status().failing_since.map(|t| t.as_second()), Some(NOW + 180), "the first failure counts");
    bench.server.lock().misdeeds.clear();
    let status = client.check_now().await.unwrap();
    assert_eq!((status.stage, status.failing_since, status.last_error), (None, None, None));
}

#[tokio::test]
async fn a_start_without_the_server_goes_on_with_the_kept_lease_and_the_kept_first_failure() {
    let bench = Bench::new().await;
    once(bench.client()).await;
    bench.server.will(vec![Misdeed::Status(502); 3]);
    bench.advance(60);
    let status = once(bench.client()).await;
    assert_eq!((status.stage, status.limit("devices")), (Some(Stage::Warn), Limit::AtMost(10)));
    bench.advance(3700);
    let status = once(bench.client()).await;
    assert_eq!(status.stage, Some(Stage::BlockNew), "the first failure was before the restart");
}

#[tokio::test]
async fn a_dead_server_is_no_panic_and_no_lease() {
    let bench = Bench::new().await;
    let client = bench.builder_at(&bench.folder.path().join("b")).build().unwrap();
    client.close().await;
    // A port that nobody listens on: bound and closed again.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let dead = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let build = |servers: Vec<String>| {
        let builder = Client::builder().servers(servers).product("iot-platform").version("1").trust(trust());
        builder.identity(Identity::instance("node-a")).clock(bench.clock.clone()).build().unwrap()
    };
    let client = build(vec![dead.clone()]);
    assert!(matches!(client.activate(&key()).await, Err(ClientError::Unavailable(_))));
    assert_eq!(client.status().stage, Some(Stage::Stop));
    let client = build(vec![dead, bench.server.url.clone()]);
    assert_eq!(client.activate(&key()).await.unwrap().stage, None, "the next server is asked");
}

#[tokio::test]
async fn a_rate_limit_is_waited_out() {
    let bench = Bench::new().await;
    bench.server.will([Misdeed::RateLimit(900)]);
    let client = bench.client();
    let error = client.activate(&key()).await.unwrap_err();
    assert!(matches!(error, ClientError::Undecided(_)));
    assert!(error.remedy().contains("Retry-After"));
    let due = client.inner.lock_view().due.unwrap();
    let wait = due - bench.clock.monotonic();
    assert!(wait.as_secs() >= 900 && wait.as_secs() <= 1080, "{wait:?}");
}

#[tokio::test]
async fn the_task_checks_when_a_check_is_due_without_being_asked() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    let mut watch = client.watch();
    watch.mark_unchanged();
    bench.server.lock().devices = 99;
    bench.advance(181);
    client.inner.wake.notify_one();
    tokio::time::timeout(Duration::from_secs(10), watch.changed()).await.unwrap().unwrap();
    assert_eq!(client.status().limit("devices"), Limit::AtMost(99));
    assert_eq!(bench.server.count("licenses/check"), 1);
}

#[tokio::test]
async fn a_refusal_starts_the_policy_without_waiting_for_the_lease_and_checks_go_on() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    bench.server.will([Misdeed::Refuse(Code::LicenseExpired)]);
    assert_eq!(code(client.check_now().await), Some(Code::LicenseExpired));
    let status = client.status();
    assert_eq!((status.stage, status.halted), (Some(Stage::Warn), false));
    let error = status.last_error.unwrap();
    assert_eq!(error.code.as_deref(), Some("license_expired"));
    assert!(error.remedy.contains("Renew"));
    assert!(client.inner.lock_view().due.is_some());
    assert_eq!(client.check_now().await.unwrap().stage, None, "renewed");
}

#[tokio::test]
async fn a_stale_secret_activates_again_at_most_once_per_check_interval() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    bench.server.will([Misdeed::Refuse(Code::InstanceStale)]);
    assert_eq!(client.check_now().await.unwrap().stage, None);
    assert_eq!(bench.server.endpoints()[1..], ["licenses/check", "licenses/activate"]);
    assert_eq!(bench.server.last_body()["secret"], "1.1", "the old secret settles a conflict");
    bench.server.will([Misdeed::Refuse(Code::InstanceStale)]);
    assert_eq!(code(client.check_now().await), Some(Code::InstanceStale));
    assert_eq!(bench.server.count("licenses/activate"), 2);
    bench.advance(180);
    bench.server.will([Misdeed::Refuse(Code::InstanceNotFound)]);
    assert_eq!(client.check_now().await.unwrap().stage, None);
    assert_eq!(bench.server.count("licenses/activate"), 3);
}

#[tokio::test]
async fn a_restored_copy_of_the_data_file_gets_the_seat_back_by_itself() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    let old = fs::read(bench.data_file()).unwrap();
    for _ in 0..3 {
        client.check_now().await.unwrap();
    }
    client.close().await;
    fs::write(bench.data_file(), old).unwrap();
    assert_eq!(once(bench.client()).await.stage, None);
    assert_eq!(bench.server.count("licenses/activate"), 2);
}

#[tokio::test]
async fn after_release_deactivation_or_block_nothing_happens_by_itself() {
    for refusal in [Code::InstanceReleased, Code::InstanceDeactivated, Code::InstanceBlocked] {
        let bench = Bench::new().await;
        let client = bench.client();
        client.activate(&key()).await.unwrap();
        bench.server.lock().state = Some(refusal);
        assert_eq!(code(client.check_now().await), Some(refusal));
        assert!(client.status().halted);
        assert_eq!(client.inner.lock_view().due, None);
        let asked = bench.server.endpoints().len();
        assert_eq!(client.check_now().await, Err(ClientError::NotActivated));
        assert_eq!(bench.server.endpoints().len(), asked);
        let again = client.activate(&key()).await;
        if refusal == Code::InstanceBlocked {
            assert_eq!(code(again), Some(refusal));
            assert_eq!(client.inner.lock_view().due, None);
        } else {
            assert_eq!(again.unwrap().stage, None, "the application may activate again");
        }
    }
}

#[tokio::test]
async fn releasing_ends_the_license_here_and_a_later_start_takes_a_seat_anew() {
    let bench = Bench::new().await;
    let client = bench.client();
    assert_eq!(client.release().await, Err(ClientError::NotActivated));
    client.activate(&key()).await.unwrap();
    bench.server.will([Misdeed::Status(500)]);
    assert!(matches!(client.release().await, Err(ClientError::Unavailable(_))));
    assert_eq!(client.status().stage, None, "still held");
    client.release().await.unwrap();
    assert_eq!((client.status().stage, client.status().halted), (Some(Stage::Stop), true));
    client.close().await;
    assert_eq!(once(bench.client()).await.stage, None);
    assert_eq!(bench.server.endpoints().last().unwrap(), "licenses/activate");
}

#[tokio::test]
async fn a_forged_or_replayed_lease_changes_nothing_and_the_old_secret_still_works() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    for misdeed in [Misdeed::ForgeLease, Misdeed::ReplayLease] {
        bench.server.lock().devices = 1_000_000;
        bench.server.will([misdeed]);
        assert!(matches!(client.check_now().await, Err(ClientError::LeaseNotAccepted(_))));
        assert_eq!((client.status().limit("devices"), client.status().stage), (Limit::AtMost(10), Some(Stage::Warn)));
        bench.server.lock().devices = 10;
        client.check_now().await.unwrap();
    }
    assert_eq!(bench.server.count("licenses/activate"), 1);
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_by_the_lease_and_cannot_be_turned_back_without_the_server() {
    let bench = Bench::new().await;
    bench.clock.wall.fetch_add(86_400 * 365, Ordering::SeqCst);
    let client = bench.client();
    let status = client.activate(&key()).await.unwrap();
    assert_eq!((status.stage, status.clock_skew_s), (None, Some(86_400 * 365)));
    bench.server.will(vec![Misdeed::Status(500); 9]);
    bench.clock.advance(700);
    assert!(client.check_now().await.is_err());
    bench.clock.advance(3600);
    assert_eq!(client.status().stage, Some(Stage::BlockNew));
    assert!(client.check_now().await.is_err());
    client.close().await;
    // Turned far back while the product was down: the highest time seen counts, and time goes on from there.
    bench.clock.wall.store(NOW - 86_400 * 365, Ordering::SeqCst);
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    assert_eq!(client.status().stage, Some(Stage::BlockNew));
    bench.clock.advance(90_000);
    assert_eq!(client.status().stage, Some(Stage::Stop));
}

#[tokio::test]
async fn a_build_released_after_the_updates_is_refused_offline_and_an_older_one_is_not() {
    let bench = Bench::new().await;
    bench.server.lock().updates_until = Some(1_826_755_200);
    let build = |version: &str, day| bench.builder().version(version).released_on(day).build().unwrap();
    once(build("4.2.1", date(2026, 11, 1))).await;
    bench.server.will(vec![Misdeed::Status(500); 9]);
    let newer = build("5.0.0", date(2027, 11, 22));
    let status = newer.status();
    assert_eq!(status.last_error.unwrap().code.as_deref(), Some("version_not_covered"));
    assert_eq!(status.stage, Some(Stage::Warn));
    bench.advance(3600);
    assert_eq!(newer.status().stage, Some(Stage::BlockNew));
    newer.close().await;
    fs::remove_file(bench.data_file()).unwrap();
    bench.server.lock().misdeeds.clear();
    once(build("4.2.1", date(2026, 11, 1))).await;
    assert_eq!(build("4.9.0", date(2027, 11, 21)).status().stage, None);
}

#[tokio::test]
async fn another_key_does_not_go_on_with_the_old_licenses_lease() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    bench.server.will([Misdeed::Refuse(Code::LicenseNotFound)]);
    let refused = client.activate(&LicenseKey::from_random([6; 17])).await;
    assert_eq!(code(refused), Some(Code::LicenseNotFound));
    assert_eq!(client.status().stage, Some(Stage::Stop));
}

#[tokio::test]
async fn parts_that_are_missing_or_wrong_are_named_when_building() {
    let bench = Bench::new().await;
    assert!(matches!(Client::builder().build(), Err(BuildError::Missing("a server"))));
    for url in ["licenses.example.com", "ftp://x", "https://", "https://x/?a=1"] {
        assert!(matches!(bench.builder().server(url).build(), Err(BuildError::Server(_))), "{url}");
    }
    assert!(matches!(bench.builder().identity(Identity::instance("")).build(), Err(BuildError::Invalid(_))));
    let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(bench.builder().extra_ca_pem(pem).build(), Err(BuildError::Certificate(_))));
    assert!(matches!(bench.builder().proxy("::").build(), Err(BuildError::Proxy(_))));
}

#[tokio::test]
async fn neither_key_nor_secret_appears_in_debug_output_and_the_key_is_not_kept() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    let shown = format!("{client:?} {:?}", key());
    assert!(!shown.contains(key().expose()));
    assert!(!fs::read_to_string(bench.data_file()).unwrap().contains(&key().expose()[3..20]));
}
