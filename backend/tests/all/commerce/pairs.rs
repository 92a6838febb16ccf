//! Every pair of {upgrade, downgrade, cancel, undo}, one after the other on one subscription, then the end of its
//! period: what becomes of it stands in a table.

use backend::billing::{
    Agreed, Cancellation, Change, ChangePreview, ChangeRefusal, ChangeRequest, ChargeNow, SubscriptionEnd,
    change_subscription, end_subscription, preview_change, resume_subscription,
};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::{DAY_MS, HOUR_MS};
use backend::db::Db;
use backend::ids::LicenseId;
use backend::licenses::LicenseStatus;

use super::shop::Shop;
use super::{agree, cancel};
use crate::support::{NOW, on_both_engines};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Two seats more, at once.
    Up,
    /// One seat less than there will be, from the next period on.
    Down,
    Cancel,
    /// Takes back whatever waits for the end of the period.
    Undo,
}
use Step::{Cancel, Down, Undo, Up};

/// How it stands after two steps, and what is left of it in the next period.
#[derive(Debug, PartialEq, Eq)]
struct End {
    seats: i64,
    planned: Option<i64>,
    cancelling: bool,
    /// Seats in the next period; `None` where there is none.
    next: Option<i64>,
}

const fn end(seats: i64, planned: Option<i64>, cancelling: bool, next: Option<i64>) -> End {
    End { seats, planned, cancelling, next }
}

/// Bought with four seats.
const TABLE: [(Step, Step, End); 16] = [
    (Up, Up, end(8, None, false, Some(8))),
    (Up, Down, end(6, Some(5), false, Some(5))),
    (Up, Cancel, end(6, None, true, None)),
    (Up, Undo, end(6, None, false, Some(6))),
    // The planned change falls away.
    (Down, Up, end(6, None, false, Some(6))),
    // The second plan replaces the first.
    (Down, Down, end(4, Some(2), false, Some(2))),
    (Down, Cancel, end(4, None, true, None)),
    (Down, Undo, end(4, None, false, Some(4))),
    // What is paid for now is had now, until the end.
    (Cancel, Up, end(6, None, true, None)),
    // Refused: nothing follows the period for which it would wait.
    (Cancel, Down, end(4, None, true, None)),
    (Cancel, Cancel, end(4, None, true, None)),
    (Cancel, Undo, end(4, None, false, Some(4))),
    (Undo, Up, end(6, None, false, Some(6))),
    (Undo, Down, end(4, Some(3), false, Some(3))),
    (Undo, Cancel, end(4, None, true, None)),
    (Undo, Undo, end(4, None, false, Some(4))),
];

async fn request(shop: &Shop, license_id: &LicenseId, seats: i64) -> anyhow::Result<ChangeRequest> {
    let plan_id = shop.plan("startup").await?.id;
    let to = Composition::new(plan_id, BillingInterval::Month, seats, shop.currency);
    Ok(ChangeRequest { license_id: license_id.clone(), to })
}

/// Makes a change and pays for it, as it was shown.
async fn pay(shop: &Shop, request: &ChangeRequest, shown: &ChargeNow) -> anyhow::Result<()> {
    let due = shown.amount_due.amount_minor;
    let stripe_id = match change_subscription(&shop.commerce, &shop.cx(), request, agree(shown)).await? {
        Change::Applied { stripe_invoice_id: Some(stripe_id) } => stripe_id,
        Change::AwaitingTransfer { invoice_id } => {
            let before = shop.license(&request.license_id).await?.seats;
            assert_ne!(before, request.to.seats, "nothing is given before it is paid");
            let invoice = shop.invoices().await?.into_iter().find(|invoice| invoice.id == invoice_id);
            shop.transfer(due).await?;
            shop.hear().await?;
            invoice.expect("an invoice").stripe_invoice_id
        }
        other => anyhow::bail!("{other:?}"),
    };
    let charged = shop.stripe().fetch_invoice(&stripe_id).await?;
    assert_eq!(charged.amount_paid_minor, due, "charged as shown");
    Ok(())
}

async fn take(shop: &Shop, id: &LicenseId, step: Step) -> anyhow::Result<()> {
    let row = shop.subscription(id).await?;
    let has_plan = row.scheduled.is_some();
    match step {
        Up => {
            let request = request(shop, id, row.seats + 2).await?;
            let preview = preview_change(&shop.commerce, &shop.cx(), &request).await?;
            let ChangePreview::Now(shown) = preview else { anyhow::bail!("{preview:?}") };
            assert_eq!((shown.drops_planned_change, shown.still_cancelling), (has_plan, row.cancel_at_period_end));
            pay(shop, &request, &shown).await?;
        }
        Down => {
            let seats = row.scheduled.as_ref().map_or(row.seats, |planned| planned.0.to.seats) - 1;
            let request = request(shop, id, seats).await?;
            match preview_change(&shop.commerce, &shop.cx(), &request).await? {
                ChangePreview::Later(planned) => {
                    assert_eq!(planned.drops_planned_change, has_plan);
                    let agreed = Agreed::Later { recurring_minor: planned.recurring.amount_minor };
                    let changed = change_subscription(&shop.commerce, &shop.cx(), &request, agreed).await?;
                    assert_eq!(changed, Change::Planned { at: row.period_end });
                }
                ChangePreview::Refused(refusal) => {
                    assert_eq!(refusal, ChangeRefusal::Cancelled { ends_at: row.period_end });
                }
                other => anyhow::bail!("{other:?}"),
            }
        }
        Cancel => assert_eq!(cancel(shop, id).await?, Cancellation::Cancelling { ends_at: row.period_end }),
        Undo if row.cancel_at_period_end => {
            resume_subscription(&shop.commerce, &shop.cx(), id).await?;
        }
        Undo => {
            let request = request(shop, id, row.seats).await?;
            let agreed = Agreed::Later { recurring_minor: row.recurring_minor };
            assert_eq!(change_subscription(&shop.commerce, &shop.cx(), &request, agreed).await?, Change::Kept);
        }
    }
    shop.deliver_all().await?;
    shop.work().await?;
    Ok(())
}

async fn stand(shop: &Shop, id: &LicenseId) -> anyhow::Result<(i64, Option<i64>, bool)> {
    let row = shop.subscription(id).await?;
    assert_eq!(shop.license(id).await?.seats, row.seats, "the license has what is paid");
    Ok((row.seats, row.scheduled.map(|planned| planned.0.to.seats), row.cancel_at_period_end))
}

/// Takes every pair of steps on a license of its own, lets the period end, and compares with the table.
async fn go_through(shop: &Shop, licenses: Vec<LicenseId>) -> anyhow::Result<()> {
    shop.set_clock(NOW.plus(10 * DAY_MS))?;
    for ((first, second, end), id) in TABLE.iter().zip(&licenses) {
        take(shop, id, *first).await?;
        take(shop, id, *second).await?;
        let (seats, planned, cancelling) = stand(shop, id).await?;
        let next = end.next;
        assert_eq!(&End { seats, planned, cancelling, next }, end, "{first:?}, {second:?}");
    }
    let period_end = shop.subscription(&licenses[0]).await?.period_end;
    shop.set_clock(period_end.plus(2 * HOUR_MS))?;
    shop.deliver_all().await?;
    shop.work().await?;
    for ((first, second, end), id) in TABLE.iter().zip(&licenses) {
        let (row, license) = (shop.subscription(id).await?, shop.license(id).await?);
        let next = row.ended_at.is_none().then_some(row.seats);
        assert_eq!(next, end.next, "{first:?}, {second:?}");
        let status = if next.is_some() { LicenseStatus::Active } else { LicenseStatus::Ended };
        assert_eq!(license.status, status, "{first:?}, {second:?}");
    }
    Ok(())
}

on_both_engines! {
    #[ignore = "slow proof: sixteen lives of a subscription, one after the other"]
    async fn all_pairs_of_upgrade_downgrade_cancel_and_undo_by_card_end_as_the_table_says(db: Db) {
        let shop = Shop::open(db).await?;
        let mut licenses = Vec::new();
        for _ in TABLE {
            licenses.push(shop.buy("startup", BillingInterval::Month, 4).await?.id);
        }
        go_through(&shop, licenses).await
    }

    #[ignore = "slow proof: sixteen lives of a subscription, one after the other"]
    async fn all_pairs_of_upgrade_downgrade_cancel_and_undo_by_transfer_end_as_the_table_says(db: Db) {
        let shop = Shop::open(db).await?;
        let mut licenses = Vec::new();
        for _ in TABLE {
            licenses.push(shop.bought_by_transfer("startup", BillingInterval::Month, 4).await?);
        }
        go_through(&shop, licenses).await
    }

    async fn a_reason_to_cancel_is_kept_until_it_is_taken_back(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        cancel(&shop, &license.id).await?;
        let why = |row: backend::billing::Subscription| (row.cancel_reason, row.cancel_comment);
        let given = (Some("too_expensive".to_owned()), Some("A line.".to_owned()));
        assert_eq!(why(shop.subscription(&license.id).await?), given);
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(why(shop.subscription(&license.id).await?), given);
        resume_subscription(&shop.commerce, &shop.cx(), &license.id).await?;
        assert_eq!(why(shop.subscription(&license.id).await?), (None, None));
        // Taken back on Stripe's own pages.
        cancel(&shop, &license.id).await?;
        let stripe_id = shop.subscription(&license.id).await?.stripe_subscription_id;
        shop.call(&format!("subscriptions/{stripe_id}"), "cancel_at_period_end=false").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(why(shop.subscription(&license.id).await?), (None, None));
        Ok(())
    }

    async fn staff_end_a_subscription_at_once_and_nobody_else_does(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        let refused = end_subscription(&shop.commerce, &shop.cx(), &license.id, "").await?;
        assert_eq!(refused, SubscriptionEnd::NotAllowed, "the customer is not staff");
        assert_eq!(shop.license(&license.id).await?.status, LicenseStatus::Active);
        shop.set_clock(NOW.plus(5 * DAY_MS))?;
        let operator = backend::Cx { actor: backend::Actor::Operator, ..shop.cx() };
        let ended = end_subscription(&shop.commerce, &operator, &license.id, "moved to another contract").await?;
        assert_eq!(ended, SubscriptionEnd::Ended);
        let license = shop.license(&license.id).await?;
        assert_eq!((license.status, license.ends_at), (LicenseStatus::Ended, Some(shop.now())));
        let again = end_subscription(&shop.commerce, &operator, &license.id, "").await?;
        assert_eq!(again, SubscriptionEnd::Over);
        let invoices = shop.invoices().await?.len();
        shop.set_clock(NOW.plus(70 * DAY_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.invoices().await?.len(), invoices, "nothing more is charged");
        Ok(())
    }
}
