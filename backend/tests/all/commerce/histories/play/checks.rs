//! What must be so after each step, whatever was heard of it by then: licenses, subscriptions, invoices, charges, ledger.

use anyhow::{Context as _, ensure};
use backend::accounts::find_account;
use backend::clock::UnixMs;
use backend::ids::LicenseId;
use backend::invoices::{Invoice, InvoiceStatus, list_lines};
use backend::ledger::{LedgerAccount, Period, trial_balance};
use serde_json::Value;

use super::super::books::{Bill, Contest, Right, Stand, State};
use super::super::tariff::Sums;
use super::Player;

/// The accounts of the ledger that the model knows.
const LEDGER: [LedgerAccount; 5] = [
    LedgerAccount::Cash,
    LedgerAccount::Receivable,
    LedgerAccount::CustomerCredit,
    LedgerAccount::Disputes,
    LedgerAccount::BadDebt,
];

impl Player<'_> {
    pub(super) async fn check(&mut self) -> anyhow::Result<()> {
        let meant = self.books.subs.len() + usize::from(self.books.forever.is_some());
        ensure!(
            self.shop.licenses().await? == meant,
            "{meant} things were paid for, not {}",
            self.shop.licenses().await?
        );
        for number in 0..self.books.subs.len() {
            let id = self.licenses[number].clone().context("paid and not licensed")?;
            self.check_license(&id, &self.books.right(number)).await?;
            if let Some(meant) = self.books.subs[number].perpetual_until {
                let until = self.shop.license(&id).await?.updates_until.map(UnixMs::seconds);
                ensure!(until == Some(meant), "updates until {until:?}, meant {meant}");
            }
            self.check_subscription(&id, number).await?;
        }
        if let Some((right, updates_until)) = self.books.right_for_ever() {
            let id = self.forever.clone().context("paid and not licensed")?;
            self.check_license(&id, &right).await?;
            let until = self.shop.license(&id).await?.updates_until.map(UnixMs::seconds);
            ensure!(until == Some(updates_until), "updates until {until:?}, meant {updates_until}");
        }
        self.check_invoices().await?;
        self.check_ledger().await
    }

    async fn check_license(&self, id: &LicenseId, meant: &Right) -> anyhow::Result<()> {
        let license = self.shop.license(id).await?;
        let is = (
            license.status.as_str(),
            license.status_reason.as_str(),
            license.ends_at.map(UnixMs::seconds),
            license.seats,
            license.terms.limits.get("devices").copied(),
            license.disputed_at.is_some(),
        );
        let Right { status, reason, ends_at, seats, devices, is_disputed } = meant;
        let is_as_meant = is == (*status, *reason, *ends_at, *seats, *devices, *is_disputed);
        ensure!(is_as_meant, "the license is {is:?}, meant {meant:?}");
        Ok(())
    }

    async fn check_subscription(&self, id: &LicenseId, number: usize) -> anyhow::Result<()> {
        let (row, sub) = (self.shop.subscription(id).await?, &self.books.subs[number]);
        let is_over = matches!(sub.state, State::Over { .. });
        ensure!(row.ended_at.is_some() == is_over, "ended {:?}, meant {:?}", row.ended_at, sub.state);
        if is_over {
            return Ok(());
        }
        let planned = row.scheduled.as_ref().map(|planned| (planned.0.to.seats, planned.0.recurring_minor));
        let is = (row.seats, row.recurring_minor, row.period_end.seconds(), row.cancel_at_period_end, planned);
        let market = self.books.market;
        let meant = (
            sub.shape.seats,
            market.recurring(&sub.shape),
            sub.period.1,
            sub.cancelling,
            sub.planned.map(|planned| (planned.seats, market.recurring(&planned))),
        );
        ensure!(is == meant, "the subscription is {is:?}, meant {meant:?}");
        Ok(())
    }

    pub(super) async fn stripe_invoices(&mut self) -> anyhow::Result<Vec<Value>> {
        let customer = match &self.customer {
            Some(customer) => customer.clone(),
            None => {
                let (vendor_id, id) = (self.shop.vendor.id.clone(), self.shop.account.id.clone());
                let account = self
                    .shop
                    .db
                    .read(move |tx| Box::pin(async move { find_account(tx, &vendor_id, &id).await }))
                    .await?;
                let Some(customer) = account.and_then(|account| account.stripe_customer_id) else {
                    return Ok(Vec::new());
                };
                customer
            }
        };
        self.customer = Some(customer.clone());
        Ok(self.shop.objects_of("invoice", &customer))
    }

    /// Ours are Stripe's, and both are the model's, to the cent and line by line; each was charged once.
    async fn check_invoices(&mut self) -> anyhow::Result<()> {
        let ours = self.shop.invoices().await?;
        let stripes: Vec<Value> =
            self.stripe_invoices().await?.into_iter().filter(|invoice| invoice["status"] != "draft").collect();
        ensure!(ours.len() == stripes.len(), "{} invoices here, {} at Stripe", ours.len(), stripes.len());
        for theirs in &stripes {
            let same = ours.iter().find(|invoice| theirs["id"] == invoice.stripe_invoice_id.as_str());
            let same = same.with_context(|| format!("{} did not arrive", theirs["number"]))?;
            let sums = [same.subtotal_minor, same.total_minor, same.paid_minor];
            let meant = [&theirs["subtotal"], &theirs["total"], &theirs["amount_paid"]].map(Value::as_i64);
            ensure!(sums.map(Some) == meant && theirs["status"] == same.status.as_str(), "{same:?}\n{theirs}");
            ensure!(theirs["number"] == same.number.as_str(), "{} is {}", theirs["number"], same.number);
        }
        let mut is = Vec::new();
        for invoice in &ours {
            is.push(self.told(invoice).await?);
        }
        let mut meant: Vec<String> =
            self.books.bills.iter().filter(|bill| bill.stand != Stand::Draft).map(told).collect();
        is.sort();
        meant.sort();
        ensure!(is == meant, "invoices are\n{}\nmeant\n{}", is.join("\n"), meant.join("\n"));
        if let Some(customer) = &self.customer {
            let charges = self.shop.objects_of("charge", customer);
            let good = charges.iter().filter(|charge| charge["paid"] == true);
            let mut charged: Vec<i64> = good.filter_map(|charge| charge["amount"].as_i64()).collect();
            let whole = self.books.bills.iter().filter(|bill| bill.stand == Stand::Paid);
            let mut paid: Vec<i64> = whole.map(|bill| bill.paid).filter(|paid| *paid > 0).collect();
            charged.sort_unstable();
            paid.sort_unstable();
            ensure!(charged == paid, "charged {charged:?}, meant {paid:?}");
        }
        Ok(())
    }

    async fn told(&self, invoice: &Invoice) -> anyhow::Result<String> {
        let (vendor_id, id) = (self.shop.vendor.id.clone(), invoice.id.clone());
        let lines = self.shop.db.read(move |tx| Box::pin(async move { list_lines(tx, &vendor_id, &id).await })).await?;
        let mut lines: Vec<i64> = lines.iter().map(|line| line.amount_minor).collect();
        lines.sort_unstable();
        let due = if invoice.status == InvoiceStatus::Open { invoice.due_minor } else { 0 };
        let off = invoice.discount_minor;
        let sums = [invoice.subtotal_minor, off, invoice.tax_minor, invoice.total_minor, invoice.paid_minor, due];
        Ok(format!("{} {sums:?} of {lines:?}", invoice.status.as_str()))
    }

    pub(super) async fn ledger(&self) -> anyhow::Result<Vec<i64>> {
        let vendor_id = self.shop.vendor.id.clone();
        let balance = self
            .shop
            .db
            .read(move |tx| Box::pin(async move { trial_balance(tx, &vendor_id, Period::ALL).await }))
            .await?;
        ensure!(balance.disagreements.is_empty(), "{:?}", balance.disagreements);
        Ok(LEDGER.map(|account| balance.of(account, self.shop.currency)).to_vec())
    }

    async fn check_ledger(&self) -> anyhow::Result<()> {
        let is: Vec<i64> = self.ledger().await?.iter().zip(&self.before).map(|(now, before)| now - before).collect();
        let of = |what: &dyn Fn(&Bill) -> i64| self.books.bills.iter().map(what).sum::<i64>();
        let contested = |stand| of(&|bill| if bill.contest == Some(stand) { bill.paid } else { 0 });
        let (held, lost) = (contested(Contest::Open), contested(Contest::Lost));
        let open = of(&|bill| if bill.stand == Stand::Open { bill.due - bill.paid } else { 0 });
        let meant = [of(&|bill| bill.paid - bill.refunded) - held - lost, open, self.books.balance, held, lost];
        ensure!(is == meant, "{LEDGER:?} are {is:?}, meant {meant:?}");
        Ok(())
    }
}

fn told(bill: &Bill) -> String {
    let status = match bill.stand {
        Stand::Draft => "draft",
        Stand::Open => "open",
        Stand::Paid => "paid",
        Stand::Void => "void",
    };
    let mut lines = bill.lines.clone();
    lines.sort_unstable();
    let due = if bill.stand == Stand::Open { bill.due - bill.paid } else { 0 };
    let Sums { subtotal, discount, tax, total } = bill.sums;
    format!("{status} {:?} of {lines:?}", [subtotal, discount, tax, total, bill.paid, due])
}
