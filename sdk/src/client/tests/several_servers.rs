//! An ordered list of servers: the product goes on where one fails, and never holds two seats.

use proptest::{
    prelude::*,
    test_runner::{TestCaseError, TestRunner},
};

use super::{
    fake_server::{FakeServer, Misdeed},
    proxy::{Fault, Proxy},
    *,
};
use crate::lease::LicenseType;

/// Two servers, each behind a proxy, and a client that prefers the first.
struct Pair {
    bench: Bench,
    servers: [FakeServer; 2],
    proxies: [Proxy; 2],
}

impl Pair {
    async fn new() -> Self {
        let bench = Bench::new().await;
        let servers = [bench.server.clone(), FakeServer::start(NOW).await.unwrap()];
        let proxies = [Proxy::start(&servers[0].url).await.unwrap(), Proxy::start(&servers[1].url).await.unwrap()];
        Self { bench, servers, proxies }
    }

    fn client(&self) -> Client {
        let urls = self.proxies.iter().map(|proxy| &proxy.url);
        let builder = Client::builder().servers(urls).product("iot-platform").version("4.2.1");
        let builder = builder.identity(Identity::instance("node-a")).trust(trust()).data_file(self.bench.data_file());
        builder.clock(self.bench.clock.clone()).timeout(Duration::from_millis(400)).build().unwrap()
    }

    fn advance(&self, seconds: i64) {
        self.bench.advance(seconds);
        self.servers[1].lock().now += seconds;
    }

    /// How many servers hold a seat for the client now.
    fn seats(&self) -> usize {
        self.servers.iter().map(FakeServer::lock).filter(|server| server.now < server.held_until).count()
    }

    /// The first server says from now on that it cannot serve.
    fn close_first(&self) {
        self.servers[0].will(vec![Misdeed::Refuse(Code::NotReady); 999]);
    }
}

#[tokio::test]
async fn a_floating_seat_moves_to_the_next_server_once_it_has_lapsed_at_the_first_and_not_before() {
    let pair = Pair::new().await;
    let client = pair.client();
    client.activate(&key()).await.unwrap();
    assert_eq!(client.status().server.as_ref(), Some(&pair.proxies[0].url));
    pair.close_first();
    for seconds in [200, 200, 200, 119] {
        pair.advance(seconds);
        assert!(client.check_now().await.is_err());
        assert_eq!(pair.servers[1].endpoints(), Vec::<String>::new());
    }
    assert_eq!(client.status().stage, Some(Stage::Warn), "the policy bridges the gap");
    pair.advance(1);
    let status = client.check_now().await.unwrap();
    assert_eq!((status.stage, status.server.as_ref()), (None, Some(&pair.proxies[1].url)));
    assert_eq!(pair.seats(), 1);
    client.check_now().await.unwrap();
    assert_eq!(pair.servers[1].endpoints(), ["licenses/activate", "licenses/check"]);
}

#[tokio::test]
async fn a_server_that_takes_requests_and_never_answers_is_left_alone_until_the_seat_has_lapsed_there() {
    let pair = Pair::new().await;
    let client = pair.client();
    activate_alone(&client).await.unwrap();
    pair.servers[0].will(vec![Misdeed::LoseReply; 999]);
    for _ in 0..7 {
        pair.advance(100);
        assert!(client.check_now().await.is_err());
    }
    let asked = pair.servers[0].endpoints().len();
    assert!(client.check_now().await.unwrap_err().to_string().contains("when the seat has lapsed there"));
    // The last request was sent after 600 s, and may have been granted for as long again.
    pair.advance(619);
    assert!(client.check_now().await.is_err());
    assert_eq!((pair.servers[0].endpoints().len(), pair.servers[1].endpoints().len()), (asked, 0));
    pair.advance(1);
    assert_eq!(client.check_now().await.unwrap().server.as_ref(), Some(&pair.proxies[1].url));
    assert_eq!(pair.seats(), 1);
}

#[tokio::test]
async fn a_seat_that_does_not_lapse_is_never_taken_twice() {
    let pair = Pair::new().await;
    for server in &pair.servers {
        server.lock().license_type = LicenseType::Machine;
    }
    let client = pair.client();
    client.activate(&key()).await.unwrap();
    pair.close_first();
    for _ in 0..5 {
        pair.advance(86_400);
        assert!(client.check_now().await.is_err());
    }
    assert_eq!(pair.servers[1].endpoints(), Vec::<String>::new());
}

#[tokio::test]
async fn a_server_without_a_free_seat_is_passed_over_and_one_that_may_have_granted_is_not() {
    let pair = Pair::new().await;
    pair.servers[0].will([Misdeed::Refuse(Code::SeatsExhausted)]);
    let client = pair.client();
    assert_eq!(client.activate(&key()).await.unwrap().server.as_ref(), Some(&pair.proxies[1].url));
    client.close().await;

    let pair = Pair::new().await;
    pair.proxies[0].will([Fault::LoseReply, Fault::ResetBefore, Fault::LoseReply]);
    let client = pair.client();
    for _ in 0..3 {
        assert!(client.activate(&key()).await.is_err());
    }
    assert_eq!(pair.servers[1].endpoints(), Vec::<String>::new());
    assert_eq!(client.activate(&key()).await.unwrap().server.as_ref(), Some(&pair.proxies[0].url));
}

#[tokio::test]
async fn when_all_seats_are_taken_everywhere_the_first_refusal_is_shown() {
    let pair = Pair::new().await;
    pair.servers[0].will([Misdeed::Refuse(Code::SeatsExhausted)]);
    pair.servers[1].will([Misdeed::Refuse(Code::LicenseNotFound)]);
    let client = pair.client();
    assert_eq!(code(client.activate(&key()).await), Some(Code::SeatsExhausted));
    assert_eq!((pair.servers[0].endpoints().len(), pair.servers[1].endpoints().len()), (1, 1));
}

#[tokio::test]
async fn taking_a_server_off_the_list_gives_its_seat_back_and_each_server_has_its_own_credential() {
    let bench = Bench::new().await;
    let other = FakeServer::start(NOW).await.unwrap();
    once(bench.client()).await;
    let moved = || {
        let builder = Client::builder().server(&other.url).product("iot-platform").version("4.2.1").trust(trust());
        let builder = builder.identity(Identity::instance("node-a")).data_file(bench.data_file());
        builder.clock(bench.clock.clone()).build().unwrap()
    };
    assert_eq!(once(moved()).await.server.as_ref(), Some(&other.url));
    assert_eq!(bench.server.endpoints(), ["licenses/activate", "licenses/release"]);
    assert_eq!(other.last_body()["secret"], serde_json::Value::Null, "no server sees another's secret");
    once(moved()).await;
    assert_eq!(other.endpoints(), ["licenses/activate", "licenses/check"]);
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Pass(i64),
    Ask,
    Break(usize, Fault),
    Refuse(usize),
    Restart,
    Release,
}

fn event() -> impl Strategy<Value = Event> {
    let fault = prop_oneof![
        Just(Fault::LoseReply),
        Just(Fault::ResetBefore),
        Just(Fault::CutReply(60)),
        Just(Fault::GatewayPage(502))
    ];
    prop_oneof![
        4 => prop_oneof![1..200_i64, 200..900_i64, 900..6000_i64].prop_map(Event::Pass),
        5 => Just(Event::Ask),
        5 => (0..2_usize, fault).prop_map(|(server, fault)| Event::Break(server, fault)),
        2 => (0..2_usize).prop_map(Event::Refuse),
        1 => Just(Event::Restart),
        1 => Just(Event::Release),
    ]
}

/// The seat of either server is free `FREED_WITHIN_S` after its lease; whatever fails in between, two never hold one.
async fn one_seat_at_most(events: Vec<Event>) -> Result<(), TestCaseError> {
    let pair = Pair::new().await;
    let mut client = pair.client();
    let _ = activate_alone(&client).await;
    for event in events {
        match event {
            Event::Pass(seconds) => pair.advance(seconds),
            Event::Ask => drop(client.check_now().await),
            Event::Break(server, fault) => pair.proxies[server].will([fault]),
            Event::Refuse(server) => pair.servers[server].will([Misdeed::Refuse(Code::SeatsExhausted)]),
            Event::Restart => {
                client.close().await;
                client = pair.client();
                let _ = activate_alone(&client).await;
            }
            Event::Release => {
                let _ = client.release().await;
                let _ = activate_alone(&client).await;
            }
        }
        prop_assert!(pair.seats() <= 1, "two seats after {:?}", event);
    }
    client.close().await;
    Ok(())
}

#[test]
fn no_sequence_of_failures_makes_two_servers_hold_a_seat() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut runner = TestRunner::new(proptest::test_runner::Config { cases: 64, ..Default::default() });
    runner.run(&prop::collection::vec(event(), 5..40), |events| runtime.block_on(one_seat_at_most(events))).unwrap();
}

#[tokio::test]
async fn giving_a_seat_back_does_not_forget_one_that_another_server_may_have_granted() {
    let events = [Event::Break(1, Fault::CutReply(60)), Event::Pass(720), Event::Refuse(0), Event::Ask, Event::Release];
    one_seat_at_most(events.to_vec()).await.unwrap();
}
