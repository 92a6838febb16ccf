//! Events are hints. Whichever of them arrive, in whatever order, how often, and at whatever stage of a subscription's
//! life: once all of them have arrived, or the reconciler has looked, license, subscription, invoices and documents
//! are what Stripe says, and the same on every path.
//!
//! The life has four stages and eight events: it is bought, its renewal fails, it is paid after all, it is ended.
//! At each stage the graph of (events that were delivered, what the database holds) is searched whole. A node is a
//! database file; an edge delivers an event to a copy of it. Edges that lead to the same node are followed once.
//!
//! The whole graph has some thousand edges, which `cargo xtask soak` follows (`LEASEHOLD_EVENT_GRAPH=whole`). Otherwise
//! a few nodes of each stage are drawn, by `LEASEHOLD_EVENT_SEED`; some more with `LEASEHOLD_EVENT_GRAPH=drawn`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use backend::billing::reconcile;
use backend::catalog::BillingInterval;
use backend::clock::HOUR_MS;
use backend::cx::Entropy;
use backend::db::{Db, Options, Synchronous};
use backend::stripe::EventEnvelope;
use sqlx::{Connection as _, SqliteConnection};

use super::shop::Shop;
use crate::support::with_sqlite;

/// The events that drive a license, in the order in which Stripe sends them.
const STAGES: [&[&str]; 4] = [
    &["checkout.session.completed", "customer.subscription.created", "invoice.finalized", "invoice.paid"],
    &["invoice.payment_failed", "customer.subscription.updated"],
    &["invoice.paid"],
    &["customer.subscription.deleted"],
];

/// Nodes of a stage that are gone on from, unless the whole graph is searched.
const DRAWN: usize = 5;
/// And unless somebody wants more.
const USUALLY: usize = 2;

/// What happens on an edge.
#[derive(Clone, Copy)]
enum Edge {
    /// An event arrives.
    Event(usize),
    /// The reconciler looks.
    Reconcile,
    /// Nothing: what was due is done.
    Wait,
}

/// Which of the eight events were delivered, and what the database holds.
type Node = (BTreeSet<usize>, String);

struct Search {
    shop: Shop,
    folder: tempfile::TempDir,
    files: usize,
    known: Vec<EventEnvelope>,
    /// The eight, as far as they have happened.
    events: Vec<EventEnvelope>,
    edges: usize,
    /// Nodes to go on from at each stage.
    drawn: usize,
    dice: Entropy,
}

impl Search {
    /// A shop in which an order waits to be paid.
    async fn begin(root: &Path) -> anyhow::Result<(Self, String)> {
        let folder = tempfile::tempdir()?;
        let shop = Shop::open(open(root).await?).await?;
        let (_, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        shop.work().await?;
        shop.db.close().await;
        let (graph, seed) = (std::env::var("LEASEHOLD_EVENT_GRAPH"), std::env::var("LEASEHOLD_EVENT_SEED"));
        let search = Self {
            shop,
            folder,
            files: 0,
            known: Vec::new(),
            events: Vec::new(),
            edges: 0,
            drawn: match graph.as_deref() {
                Ok("whole") => usize::MAX,
                Ok("drawn") => DRAWN,
                _ => USUALLY,
            },
            dice: Entropy::seeded(seed.ok().and_then(|text| text.parse().ok()).unwrap_or(1)),
        };
        Ok((search, url))
    }

    /// Stripe goes on by one stage; answers its new events of the wanted types.
    async fn advance(&mut self, stage: usize, checkout_url: &str) -> anyhow::Result<()> {
        match stage {
            0 => drop(self.shop.pay(checkout_url, "4242").await?),
            1 => {
                let subscription = self.subscription().await?;
                let customer = subscription["customer"].as_str().expect("a customer").to_owned();
                let id = subscription["id"].as_str().expect("an id").to_owned();
                let path = "payment_methods/pm_card_chargeCustomerFail/attach";
                let method = self.shop.call(path, &format!("customer={customer}")).await?;
                let method = method["id"].as_str().expect("an id");
                self.shop.call(&format!("subscriptions/{id}"), &format!("default_payment_method={method}")).await?;
                self.skip_events().await?;
                let end = subscription["items"]["data"][0]["current_period_end"].as_i64().expect("an end");
                self.shop.set_clock(backend::clock::UnixMs(end * 1_000 + 2 * HOUR_MS))?;
            }
            2 => {
                let invoice = self.subscription().await?["latest_invoice"].as_str().expect("an invoice").to_owned();
                self.shop.call(&format!("invoices/{invoice}/pay"), "payment_method=pm_card_visa").await?;
            }
            _ => {
                let id = self.subscription().await?["id"].as_str().expect("an id").to_owned();
                self.shop.stripe().cancel_subscription_now(&id).await?;
            }
        }
        for wanted in STAGES[stage] {
            let all = self.shop.events().await?;
            let is_new = |event: &&EventEnvelope| !self.known.iter().any(|known| known.id == event.id);
            let event = all.iter().filter(is_new).find(|event| event.event_type == *wanted);
            let event = event.cloned().ok_or_else(|| anyhow::anyhow!("stage {stage} brings no {wanted}"))?;
            self.events.push(event);
        }
        self.skip_events().await
    }

    async fn skip_events(&mut self) -> anyhow::Result<()> {
        self.known = self.shop.events().await?;
        Ok(())
    }

    async fn subscription(&self) -> anyhow::Result<serde_json::Value> {
        let created = self.events.iter().find(|event| event.event_type == "customer.subscription.created");
        let id = &created.expect("it was bought").object_id;
        self.shop.call(&format!("subscriptions/{id}"), "").await
    }

    /// Follows an edge on a copy of a node's database.
    async fn follow(&mut self, from: &Path, edge: Edge) -> anyhow::Result<(PathBuf, String)> {
        self.edges += 1;
        self.files += 1;
        let to = self.folder.path().join(format!("{}.db", self.files));
        std::fs::copy(from, &to)?;
        let db = open(&to).await?;
        self.shop.turn_to(db.clone());
        match edge {
            Edge::Event(number) => {
                let event = self.events[number].clone();
                self.shop.deliver(&event).await?;
            }
            Edge::Reconcile => drop(reconcile(&self.shop.commerce, &self.shop.cx()).await?),
            Edge::Wait => {}
        }
        self.shop.work().await?;
        db.close().await;
        let holds = contents(&to).await?;
        Ok((to, holds))
    }

    /// Everything that can be reached from these nodes without Stripe's going on, and what the reconciler makes of each.
    async fn close(&mut self, nodes: &mut BTreeMap<Node, PathBuf>) -> anyhow::Result<String> {
        let mut open: Vec<Node> = nodes.keys().cloned().collect();
        let mut left = self.drawn;
        let mut settled: Option<String> = None;
        let everything: BTreeSet<usize> = (0..self.events.len()).collect();
        while left > 0 && !open.is_empty() {
            left -= 1;
            let node = open.swap_remove(usize::from(u16::from_le_bytes(self.dice.bytes())) % open.len());
            let from = nodes[&node].clone();
            let (delivered, _) = &node;
            let mut reached = Vec::new();
            let waited = self.follow(&from, Edge::Wait).await?;
            for number in 0..self.events.len() {
                let then = self.follow(&from, Edge::Event(number)).await?;
                if delivered.contains(&number) {
                    let name = &self.events[number].event_type;
                    assert_eq!(then.1, waited.1, "{name} delivered again changed something");
                }
                let mut delivered = delivered.clone();
                delivered.insert(number);
                reached.push((delivered, then));
            }
            let reconciled = self.follow(&from, Edge::Reconcile).await?;
            let settled = settled.get_or_insert_with(|| reconciled.1.clone());
            assert_eq!(reconciled.1, *settled, "reconciled from {:?}", self.names(delivered));
            if *delivered == everything {
                assert_eq!(waited.1, *settled, "all {} events delivered", everything.len());
            }
            // What the reconciler fetched of the events is its own affair: an event may still arrive for the first time.
            reached.extend([(delivered.clone(), waited), (delivered.clone(), reconciled)]);
            for (delivered, (file, holds)) in reached {
                let next = (delivered, holds);
                if nodes.contains_key(&next) {
                    std::fs::remove_file(file)?;
                } else {
                    nodes.insert(next.clone(), file);
                    open.push(next);
                }
            }
        }
        settled.ok_or_else(|| anyhow::anyhow!("there was no node"))
    }

    fn names(&self, delivered: &BTreeSet<usize>) -> Vec<&str> {
        delivered.iter().map(|number| self.events[*number].event_type.as_str()).collect()
    }
}

async fn open(file: &Path) -> anyhow::Result<Db> {
    let url = format!("sqlite:{}", file.display());
    Ok(Db::open(&url, Options { max_connections: 2, synchronous: Synchronous::Off }).await?)
}

/// What a customer, an auditor and an instance could see of the database, without what is random in it.
async fn contents(file: &Path) -> anyhow::Result<String> {
    let mut db = SqliteConnection::connect(&format!("sqlite:{}", file.display())).await?;
    let mut all = String::new();
    for query in [
        "SELECT json_array(status, license_id IS NULL, paid_at IS NULL) FROM orders",
        "SELECT json_array(status, status_reason, seats, ends_at, kind, renews, terms) FROM licenses",
        "SELECT json_array(stripe_status, seats, period_end, cancel_at_period_end, past_due_since, ended_at) \
         FROM subscriptions",
        "SELECT json_array(number, status, total_minor, paid_minor, due_minor, license_id IS NULL, paid_at) \
         FROM invoices ORDER BY number",
        "SELECT json_array(ledger_account, currency, SUM(amount_minor)) FROM ledger_entries GROUP BY ledger_account, currency \
         ORDER BY ledger_account, currency",
    ] {
        let rows: Vec<String> = sqlx::query_scalar(query).fetch_all(&mut db).await?;
        all.push_str(&rows.join("\n"));
        all.push('\n');
    }
    let licenses: Vec<String> = sqlx::query_scalar("SELECT id FROM licenses").fetch_all(&mut db).await?;
    let documents: Vec<(String, String, Vec<u8>)> =
        sqlx::query_as("SELECT number, kind, content FROM documents ORDER BY number, kind").fetch_all(&mut db).await?;
    for (number, kind, content) in documents {
        let said = licenses.iter().fold(said(&content)?, |said, id| said.replace(id, "the license"));
        all.extend([number, " ".to_owned(), kind, " ".to_owned(), said, "\n".to_owned()]);
    }
    db.close().await?;
    Ok(all)
}

/// All that a document says, without spaces: a PDF has none where it breaks a line.
fn said(content: &[u8]) -> anyhow::Result<String> {
    let text = if content.starts_with(b"%PDF") {
        let mut warnings = Vec::new();
        let parsed = printpdf::PdfDocument::parse(content, &printpdf::PdfParseOptions::default(), &mut warnings);
        parsed.map_err(anyhow::Error::msg)?.extract_text().concat().concat()
    } else {
        String::from_utf8(content.to_vec())?
    };
    Ok(text.split_whitespace().collect())
}

async fn search(root: PathBuf) -> anyhow::Result<()> {
    let (mut search, url) = Search::begin(&root).await?;
    let mut nodes = BTreeMap::from([((BTreeSet::new(), contents(&root).await?), root)]);
    for stage in 0..STAGES.len() {
        search.advance(stage, &url).await?;
        let settled = search.close(&mut nodes).await?;
        eprintln!("stage {stage}: {} nodes, {} edges so far\n{settled}", nodes.len(), search.edges);
    }
    Ok(())
}

#[test]
fn every_order_of_a_subscriptions_events_ends_in_one_state() {
    with_sqlite(async |url: String| search(url.trim_start_matches("sqlite:").into()).await);
}
