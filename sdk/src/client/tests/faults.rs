//! The client behind a network that loses, delays, cuts and resets, and on a machine that fails.

use std::{io::Read as _, process::Stdio};

use proptest::{prelude::*, test_runner::TestRunner};

use super::{
    fake_server::Misdeed,
    proxy::{Fault, Proxy},
    *,
};
use crate::lease::Standing;

/// A client that reaches its server only through a proxy, and does not wait long.
async fn proxied(bench: &Bench) -> (Client, Proxy) {
    let proxy = Proxy::start(&bench.server.url).await.unwrap();
    let builder = Client::builder().server(&proxy.url).product("iot-platform").version("4.2.1");
    let builder = builder.identity(Identity::instance("node-a")).trust(trust()).data_file(bench.data_file());
    (builder.clock(bench.clock.clone()).timeout(Duration::from_millis(400)).build().unwrap(), proxy)
}

#[tokio::test]
async fn whatever_the_network_does_to_a_check_the_next_one_agrees_with_the_server_again() {
    let bench = Bench::new().await;
    let (client, proxy) = proxied(&bench).await;
    client.activate(&key()).await.unwrap();
    for fault in [
        Fault::ResetBefore,
        Fault::LoseReply,
        Fault::CutReply(10),
        Fault::CutReply(400),
        Fault::TooSlow,
        Fault::GatewayPage(502),
        Fault::GatewayPage(403),
        Fault::GatewayPage(302),
    ] {
        proxy.will([fault]);
        assert!(matches!(client.check_now().await, Err(ClientError::Unavailable(_))), "{fault:?}");
        assert_eq!(client.status().stage, Some(Stage::Warn), "{fault:?}");
        proxy.heal();
        assert_eq!(client.check_now().await.unwrap().stage, None, "{fault:?}");
    }
    proxy.will([Fault::Trickle]);
    client.check_now().await.unwrap();
    assert_eq!(bench.server.count("licenses/activate"), 1);
    assert_eq!(bench.server.lock().forks, 0);
}

#[tokio::test]
async fn whatever_the_network_does_to_an_activation_it_is_repeated_as_the_same_one() {
    for fault in [Fault::ResetBefore, Fault::LoseReply, Fault::CutReply(30), Fault::TooSlow, Fault::GatewayPage(504)] {
        let bench = Bench::new().await;
        let (client, proxy) = proxied(&bench).await;
        proxy.will([fault]);
        assert!(client.activate(&key()).await.is_err(), "{fault:?}");
        assert_eq!(client.status().stage, Some(Stage::Stop), "nothing was ever granted");
        proxy.heal();
        assert_eq!(client.activate(&key()).await.unwrap().stage, None);
        let requests = bench.server.lock().requests.clone();
        assert!(requests.iter().all(|(_, body)| body["nonce"] == requests[0].1["nonce"]), "{fault:?}");
    }
}

#[tokio::test]
async fn a_server_that_was_replaced_by_one_with_another_key_is_not_believed() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    bench.server.lock().key = ed25519_dalek::SigningKey::from_bytes(&[77; 32]);
    let error = client.check_now().await.unwrap_err();
    assert!(matches!(&error, ClientError::LeaseNotAccepted(LeaseError::UnknownKey(_))), "{error}");
    assert!(error.remedy().contains("does not know the vendor's key"));
    bench.advance(86_400 + 600);
    assert!(client.check_now().await.is_err());
    assert_eq!(client.status().licensed_until.unwrap().as_second(), NOW + 600, "the old lease is all there is");
    bench.server.lock().key = fake_server::signing_key();
    assert_eq!(client.check_now().await.unwrap().stage, None);
}

#[tokio::test]
async fn a_full_disk_does_not_end_the_license_and_is_said() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    // A folder in the place of the new file fails every write, also for the super-user.
    let in_the_way = bench.folder.path().join("license.json.new");
    fs::create_dir(&in_the_way).unwrap();
    for _ in 0..3 {
        bench.advance(120);
        let status = client.check_now().await.unwrap();
        assert_eq!(status.stage, None);
        let error = status.last_error.unwrap();
        assert!(error.message.contains("cannot be written") && error.remedy.contains("disk"), "{error:?}");
    }
    client.close().await;
    fs::remove_dir(&in_the_way).unwrap();
    // What was not written costs one activation, and nobody is locked out.
    assert_eq!(once(bench.client()).await.stage, None);
}

/// Not a test of its own: what the second process of the next one does.
#[test]
fn holder_of_a_data_file() {
    let Some(path) = std::env::var_os("LEASEHOLD_TEST_HOLD") else { return };
    let _held = data_file::DataFile::open(Path::new(&path)).unwrap();
    println!("holding");
    let _ = std::io::stdin().read(&mut [0]).unwrap();
}

#[tokio::test]
async fn two_processes_on_one_data_file_are_refused_with_a_sentence() {
    let bench = Bench::new().await;
    let mut holder = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "client::tests::faults::holder_of_a_data_file", "--nocapture"])
        .env("LEASEHOLD_TEST_HOLD", bench.data_file())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut printed = String::new();
    let mut out = holder.stdout.take().unwrap();
    while !printed.contains("holding") {
        let mut bytes = [0; 256];
        let read = out.read(&mut bytes).unwrap();
        assert!(read > 0, "{printed}");
        printed.push_str(&String::from_utf8_lossy(&bytes[..read]));
    }
    let refused = bench.builder().build().unwrap_err();
    assert!(refused.to_string().contains("in use by another process; give every instance its own"), "{refused}");
    drop(holder.stdin.take());
    holder.wait().unwrap();
    assert!(bench.builder().build().is_ok());
}

/// What happens to the product in one step.
#[derive(Debug, Clone, Copy)]
enum Event {
    Pass(i64),
    Check,
    FailedCheck(u8),
    Refused,
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => prop_oneof![1..700_i64, 700..100_000_i64].prop_map(Event::Pass),
        2 => Just(Event::Check),
        4 => (0..4_u8).prop_map(Event::FailedCheck),
        1 => Just(Event::Refused),
        2 => Just(Event::Restart),
    ]
}

/// The rule that an application relies on: it is told to stop exactly when its last lease and the policy say so.
#[test]
fn the_stage_is_always_that_of_the_last_lease_and_the_policy() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let policy = fake_server::policy();
    let mut runner = TestRunner::new(proptest::test_runner::Config { cases: 48, ..Default::default() });
    let events = prop::collection::vec(event(), 1..25);
    runner
        .run(&events, |events| {
            runtime.block_on(async {
                let bench = Bench::new().await;
                let mut client = bench.client();
                activate_alone(&client).await.unwrap();
                let mut model = Standing { lease_exp: Some(NOW + 600), failing_since: None, refused: false };
                for event in events {
                    let now = bench.server.lock().now;
                    match event {
                        Event::Pass(seconds) => bench.advance(seconds),
                        Event::Check => {
                            client.check_now().await.unwrap();
                            model = Standing { lease_exp: Some(now + 600), failing_since: None, refused: false };
                        }
                        Event::FailedCheck(kind) => {
                            let kinds =
                                [Misdeed::Status(500), Misdeed::LoseReply, Misdeed::Garbage, Misdeed::RateLimit(9)];
                            bench.server.will([kinds[usize::from(kind)].clone()]);
                            assert!(client.check_now().await.is_err());
                            model.failing_since = model.failing_since.or(Some(now));
                        }
                        Event::Refused => {
                            bench.server.will([Misdeed::Refuse(Code::LicenseSuspended)]);
                            assert!(client.check_now().await.is_err());
                            model.failing_since = model.failing_since.or(Some(now));
                            model.refused = true;
                        }
                        Event::Restart => {
                            client.close().await;
                            client = bench.client();
                            let before = client.status().stage;
                            prop_assert_eq!(before, policy.stage_at(&model, now));
                            bench.server.will([Misdeed::Status(503)]);
                            let _ = activate_alone(&client).await;
                            model.failing_since = model.failing_since.or(Some(now));
                        }
                    }
                    let now = bench.server.lock().now;
                    prop_assert_eq!(client.status().stage, policy.stage_at(&model, now), "after {:?}", event);
                }
                client.close().await;
                Ok(())
            })
        })
        .unwrap();
}

#[tokio::test]
async fn a_server_that_is_gone_for_good_is_asked_ever_less_often() {
    let bench = Bench::new().await;
    let client = bench.client();
    client.activate(&key()).await.unwrap();
    bench.server.will(vec![Misdeed::Status(500); 99]);
    let mut pauses = Vec::new();
    for _ in 0..8 {
        assert!(client.check_now().await.is_err());
        let due = client.inner.lock_view().due.unwrap();
        pauses.push((due - bench.clock.monotonic()).as_secs_f64());
    }
    assert!(pauses[0] <= 5.0 && pauses[7] > 60.0 && pauses.iter().all(|pause| *pause <= 180.0), "{pauses:?}");
}
