//! `kill -9` between Stripe and us: a process is killed at every call to Stripe that an act makes, once before Stripe has
//! done it and, where the call changes something, once after that and before the answer. Whoever acted then does the
//! same again, the process that follows goes on with what it finds, and nothing is charged twice, nothing that was paid
//! is without its license, and nothing that was given back is given back again.
//!
//! The acting process is this test binary once more. The sandbox holds the call; it is then that we kill. What leads up to
//! an act happens once: each process is killed on a copy of the database, beside a Stripe that remembers as much.

mod by_transfer;
mod moments;
mod preparation;
mod victim;

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use backend::Cx;
use backend::billing::maintenance::find_auto_renewal;
use backend::billing::{Change, ChangeRefusal, change_subscription, reconcile};
use backend::catalog::{BillingInterval, PlanKind};
use backend::clock::{HOUR_MS, MINUTE_MS, UnixMs};
use backend::db::{Db, Options, Synchronous};
use backend::ids::LicenseId;
use backend::invoices::Invoice;
use backend::licenses::LicenseStatus;
use backend::licenses::rules::add_years;
use backend::refunds::credit_invoice;
use serde_json::{Value, json};
use stripe_sandbox::Cut;

use self::moments::Moment;
use self::victim::{ACT, change, credit, obey_here};
use super::reversals::{balance, finance};
use super::shop::Shop;
use crate::support::{with_postgres, with_room, with_sqlite};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Order,
    Return,
    Upgrade,
    Downgrade,
    Cancel,
    Resume,
    End,
    Credit,
    Card,
    Updates,
    AutoRenewal,
    Conversion,
    /// An order by bank transfer, whose money comes when it is made.
    OrderByTransfer,
    /// An upgrade with more seats by bank transfer, whose money comes when it is made.
    UpgradeByTransfer,
    /// The worker, with all events of a purchase before it.
    Purchase,
    /// The worker, with those of a renewal.
    Renewal,
    /// The worker, with a refund of everything: the license goes, and the renewal is called off.
    Refund,
    /// The worker, with those of the money for an order by bank transfer.
    Transfer,
    /// The worker, with those of the money for a change by bank transfer.
    ChangeTransfer,
}

const KINDS: [Kind; 19] = [
    Kind::Order,
    Kind::Return,
    Kind::Upgrade,
    Kind::Downgrade,
    Kind::Cancel,
    Kind::Resume,
    Kind::End,
    Kind::Credit,
    Kind::Card,
    Kind::Updates,
    Kind::AutoRenewal,
    Kind::Conversion,
    Kind::OrderByTransfer,
    Kind::UpgradeByTransfer,
    Kind::Purchase,
    Kind::Renewal,
    Kind::Refund,
    Kind::Transfer,
    Kind::ChangeTransfer,
];

/// How many of them are people's; the others are the worker's.
const OF_PEOPLE: usize = 14;

/// Which half of them is killed on PostgreSQL: the other one with the next number.
const SEED: &str = "LEASEHOLD_KILLED_SEED";

async fn open(url: &str) -> anyhow::Result<Db> {
    Ok(Db::open(url, Options { max_connections: 2, synchronous: Synchronous::Off }).await?)
}

struct Scene {
    shop: Shop,
    staff: Cx,
    seen: usize,
    /// Licenses that were paid for.
    bought: usize,
    /// What the change in hand costs.
    agreed_minor: i64,
    /// Of the database that the acting process opens as well.
    url: String,
    /// How many copies of databases were made.
    copies: usize,
}

/// What is acted on.
struct Subject {
    license: Option<LicenseId>,
    act: Value,
}

impl Scene {
    async fn open(url: String) -> anyhow::Result<Self> {
        let shop = Shop::open(open(&url).await?).await?;
        let staff = finance(&shop).await?;
        let mut scene = Self { shop, staff, seen: 0, bought: 0, agreed_minor: 0, url, copies: 0 };
        scene.hours_pass().await?;
        Ok(scene)
    }

    /// Everything that Stripe has to tell is delivered and done.
    async fn settle(&mut self) -> anyhow::Result<()> {
        for event in self.shop.news(&mut self.seen, &[""]) {
            self.shop.deliver(&event).await?;
        }
        let done = self.shop.work().await?;
        ensure!(done.postponed + done.dead == 0, "{done:?}");
        Ok(())
    }

    /// Everything is done, and two hours pass: the reconciler looks back by one, so not at every kill on what was before.
    async fn hours_pass(&mut self) -> anyhow::Result<()> {
        self.settle().await?;
        self.shop.set_clock(self.shop.now().plus(2 * HOUR_MS))?;
        reconcile(&self.shop.commerce, &self.shop.cx()).await?;
        self.settle().await
    }

    async fn bought(&mut self, plan: &'static str, interval: BillingInterval) -> anyhow::Result<LicenseId> {
        let (order, url) = self.shop.order(plan, interval, 2).await?;
        self.shop.pay(&url, "4242").await?;
        self.settle().await?;
        self.bought += 1;
        self.shop.find_order(&order.id).await?.license_id.context("not fulfilled")
    }

    async fn invoice_of(&self, license: &LicenseId) -> anyhow::Result<Invoice> {
        let all = self.shop.invoices().await?;
        all.into_iter().find(|invoice| invoice.license_id.as_ref() == Some(license)).context("no invoice")
    }

    async fn card(&self, license: &LicenseId) -> anyhow::Result<Option<String>> {
        let id = self.shop.subscription(license).await?.stripe_subscription_id;
        let card = self.shop.look(&format!("subscriptions/{id}")).await?["default_payment_method"].clone();
        Ok(card.as_str().map(str::to_owned))
    }

    /// The same is done once more by whoever heard no answer, and the next process goes on with what it finds.
    async fn go_on(&mut self, kind: Kind, subject: &Subject) -> anyhow::Result<()> {
        let (commerce, cx) = (self.shop.commerce.clone(), self.shop.cx());
        self.agreed_minor = subject.act["amount"].as_i64().unwrap_or_default();
        match kind {
            Kind::Order => drop(self.bought("pilot", BillingInterval::Month).await?),
            Kind::Upgrade | Kind::Downgrade => {
                let (request, agreed) = change(&subject.act);
                let came = change_subscription(&commerce, &cx, &request, agreed).await?;
                let is_done = matches!(came, Change::Applied { .. } | Change::Planned { .. } | Change::Kept);
                // What was agreed to may have been charged already; then there is nothing left to agree to.
                ensure!(is_done || matches!(came, Change::PreviewOutdated(_)), "{came:?}");
            }
            Kind::UpgradeByTransfer => {
                let (request, agreed) = change(&subject.act);
                let came = change_subscription(&commerce, &cx, &request, agreed).await?;
                let waits = matches!(came, Change::AwaitingTransfer { .. });
                ensure!(waits || came == Change::Refused(ChangeRefusal::ChangeAwaited), "{came:?}");
            }
            Kind::Credit => {
                let staff = Cx { now: self.shop.now(), ..self.staff.clone() };
                credit_invoice(&commerce, &staff, &credit(&subject.act)).await?;
            }
            Kind::Cancel | Kind::Resume | Kind::End => obey_here(&commerce, &cx, &subject.act).await?,
            // Nobody comes back: the reconciler and the worker alone.
            _ => {}
        }
        self.recover().await?;
        match kind {
            Kind::OrderByTransfer => self.pay_the_order(subject).await,
            Kind::UpgradeByTransfer => self.pay_the_change(subject).await,
            _ => Ok(()),
        }
    }

    async fn recover(&mut self) -> anyhow::Result<()> {
        // The claims of the killed worker run out.
        self.shop.set_clock(self.shop.now().plus(6 * MINUTE_MS))?;
        self.settle().await?;
        reconcile(&self.shop.commerce, &self.shop.cx()).await?;
        self.settle().await
    }

    async fn judge(&mut self, kind: Kind, subject: &Subject) -> anyhow::Result<()> {
        balance(&self.shop).await?;
        ensure!(
            self.shop.licenses().await? == self.bought,
            "{} licenses for {}",
            self.shop.licenses().await?,
            self.bought
        );
        let customer = self.customer().await?;
        let invoices = self.shop.objects_of("invoice", &customer);
        let final_ones = invoices.iter().filter(|invoice| invoice["status"] != "draft");
        let (mut paid, mut theirs) = (Vec::new(), 0);
        for invoice in final_ones {
            theirs += 1;
            paid.extend(invoice["amount_paid"].as_i64().filter(|amount| *amount > 0));
        }
        ensure!(self.shop.every_invoice().await? == theirs, "{theirs} invoices at Stripe");
        let charges = self.shop.objects_of("charge", &customer);
        let good = charges.iter().filter(|charge| charge["paid"] == true);
        let mut charged: Vec<i64> = good.filter_map(|charge| charge["amount"].as_i64()).collect();
        paid.sort_unstable();
        charged.sort_unstable();
        ensure!(paid == charged, "charged {charged:?} for invoices of {paid:?}");
        let Some(id) = &subject.license else { return Ok(()) };
        let license = self.shop.license(id).await?;
        let row = match kind {
            Kind::Updates | Kind::AutoRenewal => None,
            _ => Some(self.shop.subscription(id).await?),
        };
        let is_as_meant = match (kind, row) {
            (Kind::Updates, _) => license.updates_until == Some(add_years(license.starts_at, 2)),
            (Kind::AutoRenewal, _) => {
                self.renews(id).await? && license.updates_until == Some(add_years(license.starts_at, 1))
            }
            (_, None) => false,
            (Kind::Upgrade | Kind::UpgradeByTransfer | Kind::ChangeTransfer, Some(row)) => {
                let updates = invoices.iter().filter(|invoice| {
                    invoice["billing_reason"] == "subscription_update"
                        && invoice["parent"]["subscription_details"]["subscription"]
                            == row.stripe_subscription_id.as_str()
                });
                let charged: Vec<Option<i64>> = updates.map(|invoice| invoice["amount_paid"].as_i64()).collect();
                license.seats == 4 && row.seats == 4 && charged == [Some(self.agreed_minor)]
            }
            (Kind::Downgrade, Some(row)) => {
                row.scheduled.is_some_and(|planned| planned.0.to.seats == 2) && license.seats == 2
            }
            (Kind::Cancel, Some(row)) => row.cancel_at_period_end && license.status == LicenseStatus::Active,
            (Kind::Resume, Some(row)) => !row.cancel_at_period_end && license.status == LicenseStatus::Active,
            (Kind::End, Some(row)) => row.ended_at.is_some() && license.status == LicenseStatus::Ended,
            (Kind::Credit, Some(row)) => {
                let refunds = self.shop.objects_of("refund", &customer);
                let given: i64 = refunds.iter().filter_map(|refund| refund["amount"].as_i64()).sum();
                let notes = self.shop.objects_of("credit_note", &customer);
                let noted: i64 = notes.iter().filter_map(|note| note["total"].as_i64()).sum();
                given == noted && row.cancel_at_period_end && license.status == LicenseStatus::Revoked
            }
            (Kind::Refund, Some(row)) => row.cancel_at_period_end && license.status == LicenseStatus::Revoked,
            (Kind::Card, Some(_)) => {
                let now = self.card(id).await?;
                now.is_some() && json!(now) != subject.act["before"]
            }
            (Kind::Conversion, Some(row)) => license.kind == PlanKind::Perpetual && row.ended_at.is_some(),
            (Kind::Renewal, Some(row)) => row.period_end > UnixMs(subject.act["now"].as_i64().unwrap_or_default()),
            (Kind::Transfer, Some(_)) => license.status == LicenseStatus::Active,
            (Kind::Order | Kind::OrderByTransfer | Kind::Return | Kind::Purchase, Some(_)) => true,
        };
        ensure!(is_as_meant, "{license:?}\n{:?}", self.shop.subscription(id).await.ok());
        Ok(())
    }

    /// Whether a license's updates renew by themselves.
    async fn renews(&self, license: &LicenseId) -> anyhow::Result<bool> {
        let (vendor_id, id) = (self.shop.vendor.id.clone(), license.clone());
        let read = self.shop.db.read(move |tx| Box::pin(async move { find_auto_renewal(tx, &vendor_id, &id).await }));
        Ok(read.await?.is_some())
    }

    async fn customer(&self) -> anyhow::Result<String> {
        let (vendor_id, id) = (self.shop.vendor.id.clone(), self.shop.account.id.clone());
        let found = self
            .shop
            .db
            .read(move |tx| Box::pin(async move { backend::accounts::find_account(tx, &vendor_id, &id).await }));
        found.await?.and_then(|account| account.stripe_customer_id).context("no customer")
    }
}

/// Lets a process act and kills it at this call. Answers what the call was; `None` when there are not so many.
async fn kill(scene: &Scene, subject: &Subject, call: usize, cut: Cut) -> anyhow::Result<Option<String>> {
    let mut act = subject.act.clone();
    act["database"] = json!(scene.url);
    scene.shop.cut(Some((call, cut)));
    let mut child = Command::new(std::env::current_exe()?)
        .args(["--exact", "commerce::killed::victim::does_as_it_is_told", "--ignored", "--nocapture"])
        .env(ACT, act.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    loop {
        if let Some(call) = scene.shop.was_cut() {
            // SIGKILL.
            child.kill()?;
            child.wait()?;
            scene.shop.cut(None);
            return Ok(Some(call));
        }
        if let Some(status) = child.try_wait()? {
            scene.shop.cut(None);
            let told = child.stderr.take().map(std::io::read_to_string).transpose()?.unwrap_or_default();
            ensure!(status.success(), "the process that should have been killed failed: {told}");
            return Ok(None);
        }
        // Another process is waited for, not time.
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// Kills at every call of these acts; answers how often.
async fn kill_everywhere(url: String, kinds: &[Kind]) -> anyhow::Result<usize> {
    let mut scene = Scene::open(url).await?;
    // Stripe does not know the buyer yet.
    let first = scene.keep().await?;
    scene.bought("perpetual", BillingInterval::Once).await?;
    scene.hours_pass().await?;
    let later = scene.keep().await?;
    let mut kills = 0;
    for kind in kinds {
        scene.go_back_to(if *kind == Kind::Order { &first } else { &later }).await?;
        let subject = scene.prepare(*kind).await?;
        let before = scene.keep().await?;
        kills += scene.kill_at_every_call(*kind, &subject, &before).await?;
    }
    Ok(kills)
}

impl Scene {
    async fn kill_at_every_call(&mut self, kind: Kind, subject: &Subject, before: &Moment) -> anyhow::Result<usize> {
        let (mut kills, mut left) = (0, None);
        for call in 0.. {
            for cut in [Cut::Before, Cut::After] {
                self.go_back_to(before).await?;
                let Some(name) = kill(self, subject, call, cut).await? else {
                    // It came through: one more way to be right.
                    self.finish(kind, subject).await.with_context(|| format!("{kind:?}, not killed"))?;
                    return Ok(kills);
                };
                kills += 1;
                let place = format!("{kind:?}, killed {cut:?} call {call}, {name}");
                println!("{place}");
                let commits = self.commits();
                // Where nothing was written since the call before, this kill leaves what the last one has left.
                let is_judged = cut == Cut::Before && commits.is_some() && commits == left;
                left = commits;
                if !is_judged {
                    self.finish(kind, subject).await.context(place)?;
                }
                // A question changes nothing, so it is the same before and after it.
                if name.starts_with("GET") {
                    break;
                }
            }
        }
        Ok(kills)
    }

    async fn finish(&mut self, kind: Kind, subject: &Subject) -> anyhow::Result<()> {
        self.go_on(kind, subject).await?;
        self.judge(kind, subject).await
    }
}

/// Every second of these kinds, or the others with the next seed.
fn half(kinds: &[Kind]) -> Vec<Kind> {
    let seed = std::env::var(SEED).ok().and_then(|seed| seed.parse::<u64>().ok()).unwrap_or(1);
    let skipped = usize::from(seed.is_multiple_of(2));
    let half: Vec<Kind> = kinds.iter().copied().skip(skipped).step_by(2).collect();
    println!("{SEED}={seed}: {half:?}");
    half
}

fn were_killed(kinds: &[Kind], kills: usize) {
    println!("killed {kills} times");
    assert!(kills >= 2 * kinds.len(), "only {kills} calls to be killed at");
}

/// All of them on SQLite.
fn run_on_sqlite(kinds: &[Kind]) {
    let kills = with_sqlite(async |url: String| Box::pin(kill_everywhere(url, kinds)).await);
    were_killed(kinds, kills);
}

/// On PostgreSQL, where what a killed process had begun is taken back by a server that lives on.
fn run_on_postgres(kinds: &[Kind]) {
    let kinds = half(kinds);
    if let Some(kills) = with_postgres(async |url: String| Box::pin(kill_everywhere(url, &kinds)).await) {
        were_killed(&kinds, kills);
    }
}

#[test]
#[ignore = "slow proof: processes that are killed at every call to Stripe, while people act"]
fn whoever_is_killed_while_people_act_charges_nothing_twice_and_loses_nothing_paid() {
    with_room(|| run_on_sqlite(&KINDS[..OF_PEOPLE]));
}

#[test]
#[ignore = "slow proof: processes that are killed at every call to Stripe, while the worker works"]
fn whoever_is_killed_while_the_worker_works_charges_nothing_twice_and_loses_nothing_paid() {
    with_room(|| run_on_sqlite(&KINDS[OF_PEOPLE..]));
}

#[test]
#[ignore = "slow proof: processes that are killed at every call to Stripe, while people act, on PostgreSQL"]
fn whoever_is_killed_on_postgres_while_people_act_charges_nothing_twice_and_loses_nothing_paid() {
    with_room(|| run_on_postgres(&KINDS[..OF_PEOPLE]));
}

#[test]
#[ignore = "slow proof: processes that are killed at every call to Stripe, while the worker works, on PostgreSQL"]
fn whoever_is_killed_on_postgres_while_the_worker_works_charges_nothing_twice_and_loses_nothing_paid() {
    with_room(|| run_on_postgres(&KINDS[OF_PEOPLE..]));
}
