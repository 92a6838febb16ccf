//! Plays a history against product and sandbox, and has every answer judged by the model.

mod by_transfer;
mod checks;
mod conversion;
mod for_ever;
mod given_back;

use std::collections::BTreeSet;

use anyhow::{Context as _, bail, ensure};
use backend::accounts::{AccountCreation, AccountDetails, Address, create_account};
use backend::billing::{
    Agreed, CancelReason, Cancellation, Change, ChangePreview, ChangeRefusal, ChangeRequest, EVENT_TYPES, Resumption,
    SubscriptionEnd, cancel_subscription, change_subscription, end_subscription, preview_change, reconcile,
    resume_subscription,
};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::UnixMs;
use backend::ids::{LicenseId, OrderId};
use backend::money::Currency;
use backend::orders::{OrderPlacement, Payment, Purchase, cancel_order, order_progress};
use backend::stripe::EventEnvelope;
use backend::{Actor, Cx};
use serde_json::Value;

use super::books::{Books, State, Sub, Verdict};
use super::steps::{Act, Card, News, Step, shuffle};
use super::tariff::{Code, DAY, Item, Market, Shape, Sums};
use crate::commerce::shop::Shop;

/// How often which act was done and what came of it.
pub(super) type Tally = std::collections::BTreeMap<String, usize>;

/// One customer of the shop.
pub(super) struct Player<'a> {
    shop: &'a mut Shop,
    staff: Cx,
    books: Books,
    customer: Option<String>,
    /// By subscription of the model; none until its purchase was heard of.
    licenses: Vec<Option<LicenseId>>,
    forever: Option<LicenseId>,
    /// By transfer.
    ordered: Vec<OrderId>,
    /// How many of Stripe's events have been looked at.
    seen: usize,
    unheard: Vec<EventEnvelope>,
    /// What the ledger held before this customer came.
    before: Vec<i64>,
    tally: Tally,
}

impl<'a> Player<'a> {
    /// A new customer, whose history begins at `at`.
    pub(super) async fn enter(shop: &'a mut Shop, staff: Cx, market: Market, at: i64) -> anyhow::Result<Self> {
        shop.set_clock(UnixMs::from_seconds(at))?;
        shop.currency = Currency::parse(market.currency).context("a currency")?;
        let details = AccountDetails {
            company: "Random GmbH".to_owned(),
            country: market.country.to_owned(),
            address: Address {
                line1: "Am Würfel 6".to_owned(),
                postal_code: "20457".to_owned(),
                city: "Anywhere".to_owned(),
                ..Address::default()
            },
            ..AccountDetails::default()
        };
        let (cx, user_id) = (shop.cx(), shop.user.id.clone());
        let created =
            shop.db.write(move |tx| Box::pin(async move { create_account(tx, &cx, &user_id, &details).await })).await?;
        let AccountCreation::Created(account) = created else { bail!("{created:?}") };
        shop.account = account;
        let mut player = Self {
            shop,
            staff,
            books: Books::open(market, at),
            customer: None,
            licenses: Vec::new(),
            forever: None,
            ordered: Vec::new(),
            seen: 0,
            unheard: Vec::new(),
            before: Vec::new(),
            tally: Tally::new(),
        };
        player.shop.news(&mut player.seen, &[]);
        player.before = player.ledger().await?;
        Ok(player)
    }

    /// Plays all steps; the error says which went wrong.
    pub(super) async fn play(mut self, steps: &[Step]) -> Result<Tally, (usize, anyhow::Error)> {
        for (number, step) in steps.iter().enumerate() {
            let done = async {
                let word = self.act(&step.act).await?;
                *self.tally.entry(word).or_default() += 1;
                // What staff credits is projected with it, and so heard of.
                let is_credit = matches!(step.act, Act::Credit { .. });
                self.hear(if is_credit && step.news == News::Later { News::Newest } else { step.news }).await
            };
            if let Err(error) = done.await {
                self.leave().await.ok();
                return Err((number, error));
            }
        }
        let last = steps.len().saturating_sub(1);
        self.leave().await.map_err(|error| (last, error))?;
        Ok(self.tally)
    }

    /// Nothing of this customer goes on into the next history.
    async fn leave(&mut self) -> anyhow::Result<()> {
        for order in std::mem::take(&mut self.ordered) {
            cancel_order(&self.shop.commerce, &self.shop.cx(), &order).await?;
        }
        for id in self.licenses.iter().flatten() {
            let row = self.shop.subscription(id).await?;
            if row.ended_at.is_none() {
                let operator = Cx { actor: Actor::Operator, ..self.shop.cx() };
                end_subscription(&self.shop.commerce, &operator, id, "").await?;
            }
        }
        for event in self.unheard.drain(..).chain(self.shop.news(&mut self.seen, EVENT_TYPES)) {
            self.shop.deliver(&event).await?;
        }
        self.shop.work().await?;
        Ok(())
    }

    fn license(&self) -> Option<LicenseId> {
        self.licenses.last().cloned().flatten()
    }

    /// Does one act, and tells in a few words what came of it.
    async fn act(&mut self, act: &Act) -> anyhow::Result<String> {
        let word = |text: &str| Ok(text.to_owned());
        match act {
            Act::Wait(seconds) => self.wait_until(self.books.now + seconds).await,
            Act::WaitForNext { offset } => {
                let next = self.books.next_moment().unwrap_or(self.books.now + DAY);
                // Nobody waits for a year in one step: the reconciler's events would be gone.
                let next = next.min(self.books.now + 25 * DAY);
                self.wait_until((next + offset).max(self.books.now)).await
            }
            Act::Buy { shape, code, pays } => self.buy(shape, *code, *pays).await,
            Act::Change { shape } => self.change(*shape).await,
            Act::Rise { plan, yearly, seats } => match self.books.last().map(|sub| sub.shape) {
                Some(from) => {
                    let seats = (from.seats + seats).min(20);
                    let plan = if *plan { from.plan.higher() } else { from.plan };
                    self.change(Shape { plan, yearly: from.yearly || *yearly, seats, packs: from.packs }).await
                }
                None => word("nothing"),
            },
            Act::Packs { count } => match self.books.last().map(|sub| sub.shape) {
                Some(from) => self.change(Shape { packs: *count, ..from }).await,
                None => word("nothing"),
            },
            Act::Keep => match self.books.last().map(|sub| sub.shape) {
                Some(shape) => self.change(shape).await,
                None => word("nothing"),
            },
            Act::Cancel => self.cancel().await,
            Act::Undo => self.undo().await,
            Act::End => self.end().await,
            Act::Use(card) => self.use_card(*card).await,
            Act::PayDue => self.pay_due().await,
            Act::Refund { pick, whole } => self.refund(*pick, *whole).await,
            Act::Credit { pick, whole, to_balance } => self.credit(*pick, *whole, *to_balance).await,
            Act::Decide { won } => self.decide(*won).await,
            Act::BuyForever { seats, code } => self.buy_forever(*seats, *code).await,
            Act::Updates => self.buy_updates().await,
            Act::OrderForever { seats, code } => self.order_forever(*seats, *code).await,
            Act::Order { shape, code } => self.subscribe_by_transfer(shape, *code).await,
            Act::Withdraw => self.withdraw().await,
            Act::Convert { pays } => self.convert(*pays).await,
            Act::Send(money) => self.send(*money).await,
        }
    }

    /// Whatever is heard from Stripe by then, the portal looks at its own time for transfers that are too late.
    async fn wait_until(&mut self, at: i64) -> anyhow::Result<String> {
        while let Some(moment) = self.books.looks_next().filter(|moment| *moment <= at) {
            self.shop.set_clock(UnixMs::from_seconds(moment))?;
            self.books.pass(moment);
            let worked = self.shop.work().await?;
            ensure!(worked.postponed + worked.dead == 0, "a job failed: {worked:?}");
            let given_up = self.books.look();
            self.note_all(given_up);
        }
        self.shop.set_clock(UnixMs::from_seconds(at))?;
        self.books.pass(at);
        Ok("waited".to_owned())
    }

    fn note_all(&mut self, words: impl IntoIterator<Item = &'static str>) {
        for word in words {
            *self.tally.entry(word.to_owned()).or_default() += 1;
        }
    }

    /// With a code, what it takes off is what the buyer was shown.
    async fn order(
        &mut self,
        purchase: Purchase,
        code: Option<(Code, i64)>,
        pays: bool,
    ) -> anyhow::Result<Option<OrderId>> {
        let code = code.map(|(code, takes_off)| (code.name().to_owned(), takes_off));
        let placed = self.shop.place_by(purchase, Payment::Card, code).await?;
        let OrderPlacement::Placed { order, checkout_url } = placed else { bail!("{placed:?}") };
        if !pays {
            ensure!(self.shop.pay(&checkout_url, "declined").await.is_err(), "a declined card paid");
            return Ok(None);
        }
        self.shop.pay(&checkout_url, "4242").await?;
        // The buyer comes back to the portal.
        order_progress(&self.shop.commerce, &self.shop.cx(), &order.id).await?;
        Ok(Some(order.id))
    }

    async fn buy(&mut self, shape: &Shape, code: Option<Code>, pays: bool) -> anyhow::Result<String> {
        if self.books.last().is_some_and(|sub| !matches!(sub.state, State::Over { .. })) {
            return Ok("has one already".to_owned());
        }
        let code = code.filter(|code| !self.books.holds(*code));
        let choice = self.composition(shape).await?;
        let lines: Vec<i64> = self.books.market.items(shape).iter().map(Item::cost).collect();
        let takes_off = self.books.market.sums(&lines, code).discount;
        let code_shown = code.map(|code| (code, takes_off));
        let Some(order) = self.order(Purchase::Plan(choice), code_shown, pays).await? else {
            return Ok("bought nothing".to_owned());
        };
        self.books.buy(*shape, code);
        let order = self.shop.find_order(&order).await?;
        self.licenses.push(order.license_id);
        let number = self.books.subs.len() - 1;
        self.books.seen(number);
        let with_packs = if shape.packs > 0 { ", with packs" } else { "" };
        let with_code = code.map(|code| format!(", {}", code.name())).unwrap_or_default();
        Ok(format!("bought, {}{with_packs}{with_code}", self.books.market.currency))
    }

    /// A shape in the product's words.
    async fn composition(&self, shape: &Shape) -> anyhow::Result<Composition> {
        let plan_id = self.shop.plan(shape.plan.code()).await?.id;
        let choice = Composition::new(plan_id, interval(shape), shape.seats, self.shop.currency);
        let packs = (shape.packs > 0).then(|| ("devices".to_owned(), shape.packs));
        Ok(choice.with_packs(packs.into_iter().collect()))
    }

    async fn change(&mut self, to: Shape) -> anyhow::Result<String> {
        let Some(license_id) = self.license() else { return Ok("nothing".to_owned()) };
        let from = self.books.last().map(|sub| sub.shape);
        let request = ChangeRequest { license_id, to: self.composition(&to).await? };
        let (commerce, cx) = (&self.shop.commerce, self.shop.cx());
        let preview = preview_change(commerce, &cx, &request).await?;
        let verdict = self.books.verdict(&to);
        let (market, number) = (self.books.market, self.books.subs.len() - 1);
        if verdict != Verdict::Awaited {
            // What is agreed to starts from what is there, so it was looked at.
            self.books.seen(number);
        }
        let agreed = match (&verdict, &preview) {
            (Verdict::Over, ChangePreview::Refused(ChangeRefusal::Over))
            | (Verdict::Revoked, ChangePreview::Refused(ChangeRefusal::Revoked))
            | (Verdict::PaymentDue, ChangePreview::Refused(ChangeRefusal::PaymentDue)) => {
                return Ok("change refused".to_owned());
            }
            (Verdict::Awaited, ChangePreview::Refused(ChangeRefusal::ChangeAwaited)) => {
                return Ok("change refused, another waits".to_owned());
            }
            (Verdict::Cancelled, ChangePreview::Refused(ChangeRefusal::Cancelled { .. })) => {
                return Ok("change refused, cancelled".to_owned());
            }
            (Verdict::Unchanged, ChangePreview::Unchanged) => Agreed::Later { recurring_minor: 0 },
            (Verdict::Later, ChangePreview::Later(planned)) => {
                let end = self.books.last().map(|sub| sub.period.1);
                ensure!(Some(planned.at.seconds()) == end, "planned for {:?}, not {end:?}", planned.at);
                ensure!(planned.recurring.amount_minor == market.recurring(&to), "{planned:?}");
                Agreed::Later { recurring_minor: planned.recurring.amount_minor }
            }
            (Verdict::Now { lines, sums, due }, ChangePreview::Now(shown)) => {
                let mut shown_lines: Vec<i64> = shown.lines.iter().map(|line| line.amount_minor).collect();
                shown_lines.sort_unstable();
                let Sums { subtotal, discount, tax, total } = *sums;
                let is = [&shown.subtotal, &shown.discount, &shown.tax, &shown.total, &shown.amount_due];
                let is = is.map(|sum| sum.amount_minor);
                ensure!(
                    (&shown_lines, is) == (lines, [subtotal, discount, tax, total, *due]),
                    "shown {shown_lines:?} {is:?}, meant {verdict:?}"
                );
                ensure!(shown.recurring.amount_minor == market.recurring(&to), "{:?}", shown.recurring);
                let until = shown.by_transfer.map(UnixMs::seconds);
                ensure!(until == self.books.shown_until(*due), "waits until {until:?}, meant {verdict:?}");
                Agreed::ChargeNow { proration_date: shown.proration_date, amount_due_minor: *due }
            }
            _ => bail!("previewed {preview:?}, meant {verdict:?}"),
        };
        let outcome = change_subscription(commerce, &cx, &request, agreed).await?;
        let waits = self.books.change(to, &verdict);
        self.books.seen(number);
        let by_transfer = self.books.subs[number].by_transfer;
        let packs_alone = from.is_some_and(|from| Shape { packs: to.packs, ..from } == to);
        let word = match (&verdict, &outcome) {
            (Verdict::Unchanged, Change::Kept) => "kept",
            (Verdict::Later, Change::Planned { .. }) if packs_alone => "fewer packs planned",
            (Verdict::Later, Change::Planned { .. }) => "planned",
            (Verdict::Now { .. }, Change::AwaitingPayment { .. }) if waits && !by_transfer => "change awaits payment",
            (Verdict::Now { .. }, Change::AwaitingTransfer { .. }) if waits && by_transfer => {
                "change awaits its transfer"
            }
            (Verdict::Now { sums, due, .. }, Change::Applied { stripe_invoice_id: Some(id) }) if !waits => {
                let charged = self.shop.stripe().fetch_invoice(id).await?;
                ensure!(charged.amount_paid_minor == *due, "charged {}, shown {due}", charged.amount_paid_minor);
                match (sums.subtotal < 0, *due == 0) {
                    (true, _) if packs_alone => "more packs that owe the customer",
                    (false, false) if packs_alone => "more packs",
                    (true, _) => "change upwards that owes the customer",
                    (false, true) => "change paid from credit",
                    (false, false) => "changed",
                }
            }
            _ => bail!("came to {outcome:?}, meant {verdict:?}"),
        };
        Ok(word.to_owned())
    }

    async fn cancel(&mut self) -> anyhow::Result<String> {
        let Some(id) = self.license() else { return Ok("nothing".to_owned()) };
        let came = cancel_subscription(&self.shop.commerce, &self.shop.cx(), &id, &CancelReason::default()).await?;
        let number = self.books.subs.len() - 1;
        let sub = &mut self.books.subs[number];
        if matches!(sub.state, State::Over { .. }) {
            ensure!(came == Cancellation::Over, "{came:?}");
        } else {
            ensure!(came == Cancellation::Cancelling { ends_at: UnixMs::from_seconds(sub.period.1) }, "{came:?}");
            sub.planned = sub.planned.filter(|_| sub.cancelling);
            sub.cancelling = true;
        }
        self.books.seen(number);
        Ok("cancelled".to_owned())
    }

    async fn undo(&mut self) -> anyhow::Result<String> {
        let Some(id) = self.license() else { return Ok("nothing".to_owned()) };
        let came = resume_subscription(&self.shop.commerce, &self.shop.cx(), &id).await?;
        let number = self.books.subs.len() - 1;
        let sub = &mut self.books.subs[number];
        if matches!(sub.state, State::Over { .. }) {
            ensure!(came == Resumption::Over, "{came:?}");
        } else {
            ensure!(came == Resumption::Renewing { renews_at: UnixMs::from_seconds(sub.period.1) }, "{came:?}");
            sub.cancelling = false;
        }
        self.books.seen(number);
        Ok("resumed".to_owned())
    }

    async fn end(&mut self) -> anyhow::Result<String> {
        let Some(id) = self.license().filter(|_| !self.books.is_pending()) else { return Ok("nothing".to_owned()) };
        let operator = Cx { actor: Actor::Operator, ..self.shop.cx() };
        let came = end_subscription(&self.shop.commerce, &operator, &id, "").await?;
        let number = self.books.subs.len() - 1;
        if matches!(self.books.subs[number].state, State::Over { .. }) {
            ensure!(came == SubscriptionEnd::Over, "{came:?}");
        } else {
            ensure!(came == SubscriptionEnd::Ended, "{came:?}");
            self.books.end_now(number);
        }
        self.books.seen(number);
        Ok("ended".to_owned())
    }

    async fn use_card(&mut self, card: Card) -> anyhow::Result<String> {
        let takes_no_card = |sub: &Sub| sub.by_transfer || matches!(sub.state, State::Over { .. });
        let is_in_vain = self.books.last().is_none_or(takes_no_card);
        let Some(id) = self.license().filter(|_| !is_in_vain) else { return Ok("nothing".to_owned()) };
        let token = match card {
            Card::Good => "pm_card_visa",
            Card::Fails => "pm_card_chargeCustomerFail",
            Card::Asks => "pm_card_authenticationRequired",
            Card::Disputed => "pm_card_createDispute",
        };
        self.shop.use_card(&id, token).await?;
        if let Some(sub) = self.books.subs.last_mut() {
            sub.card = card;
        }
        Ok(format!("card {card:?}"))
    }

    async fn pay_due(&mut self) -> anyhow::Result<String> {
        let (Some(id), Some(bill)) = (self.license(), self.books.awaited()) else { return Ok("nothing".to_owned()) };
        let was = if self.books.is_pending() { "paid for a change" } else { "paid a renewal" };
        let stripe_id = self.shop.subscription(&id).await?.stripe_subscription_id;
        let invoice =
            self.shop.stripe().fetch_subscription(&stripe_id).await?.latest_invoice_id.context("an invoice")?;
        self.shop.call(&format!("invoices/{invoice}/pay"), "payment_method=pm_card_visa").await?;
        self.books.pay(bill);
        Ok(was.to_owned())
    }

    /// The Stripe invoice of a bill that can be given back, by its total and when it was made.
    async fn stripe_invoice(&mut self, number: usize) -> anyhow::Result<Value> {
        // Bills are in the order in which Stripe made them; drafts have their place.
        let all = self.stripe_invoices().await?;
        let invoice = all.get(number).cloned().context("Stripe has fewer invoices than the model")?;
        let total = self.books.bills[number].sums.total;
        ensure!(invoice["total"] == total, "bill {number} is {total} in the model, at Stripe {}", invoice["total"]);
        Ok(invoice)
    }

    // ── what is heard ───────────────────────────────────────────────────────────────────────────────────────────

    async fn hear(&mut self, news: News) -> anyhow::Result<()> {
        if news == News::Later {
            return Ok(());
        }
        self.unheard.extend(self.shop.news(&mut self.seen, EVENT_TYPES));
        let mut events = match news {
            News::Later => Vec::new(),
            News::All | News::Reconciled => self.unheard.clone(),
            News::Newest | News::Shuffled(_) => {
                let mut named = BTreeSet::new();
                let newest = self.unheard.iter().rev().filter(|event| named.insert(event.object_id.clone()));
                let mut newest: Vec<EventEnvelope> = newest.cloned().collect();
                newest.reverse();
                newest
            }
        };
        if let News::Shuffled(seed) = news {
            shuffle(&mut events, seed);
        }
        if news == News::Reconciled {
            reconcile(&self.shop.commerce, &self.shop.cx()).await?;
        } else {
            for event in &events {
                self.shop.deliver(event).await?;
            }
        }
        let is_told_of_cash =
            news != News::Reconciled && events.iter().any(|event| event.event_type.contains("cash_balance"));
        self.unheard.clear();
        let worked = self.shop.work().await?;
        ensure!(worked.postponed + worked.dead == 0, "a job failed: {worked:?}");
        let given_up = self.books.heard();
        if given_up.is_empty() && is_told_of_cash {
            self.check_kept().await?;
        }
        self.note_all(given_up);
        self.note_all(self.stand_by_transfer());
        self.check().await
    }
}

fn interval(shape: &Shape) -> BillingInterval {
    if shape.yearly { BillingInterval::Year } else { BillingInterval::Month }
}
