//! What could not be done: it is listed once, and replaying it leaves nothing behind.

use backend::Actor;
use backend::accounts::{NewStaff, Password, Passwords, StaffCreation, StaffRole, create_staff};
use backend::billing::inbox::{
    EventStatus, FailureReplay, Failures, InboxEvent, InboxFilter, InboxPlace, count_inbox, find_inbox_event,
    list_failures, list_inbox, replay_failures,
};
use backend::billing::{EventReplay, Projected, replay_event};
use backend::catalog::BillingInterval;
use backend::clock::HOUR_MS;
use backend::db::Db;
use backend::jobs::rules::MAX_ATTEMPTS;
use backend::{Cx, db::DbError};

use super::shop::Shop;
use crate::support::{master, on_both_engines};

/// Invoices whose amounts cannot be read.
const UNREADABLE: &str = r#"{"amend":[{"object":"invoice","member":"subtotal","value":"many"}]}"#;
const TRUE_AGAIN: &str = r#"{"amend":[]}"#;

impl Shop {
    async fn failures(&self) -> anyhow::Result<Failures> {
        let vendor_id = self.vendor.id.clone();
        Ok(self.db.read(move |tx| Box::pin(async move { list_failures(tx, &vendor_id, 50).await })).await?)
    }

    async fn inbox(
        &self,
        status: Option<EventStatus>,
        text: &str,
        after: Option<InboxPlace>,
        limit: i64,
    ) -> anyhow::Result<Vec<InboxEvent>> {
        let (vendor_id, filter) = (self.vendor.id.clone(), InboxFilter { status, text: text.to_owned() });
        let found = self
            .db
            .read(|tx| Box::pin(async move { list_inbox(tx, &vendor_id, &filter, after.as_ref(), limit).await }));
        Ok(found.await?)
    }

    /// A member of the vendor's staff acts.
    pub(super) async fn staff(&self, role: StaffRole) -> anyhow::Result<Cx> {
        let new = NewStaff {
            email: format!("{}@vendor.example", role.as_str()),
            name: String::new(),
            role,
            password: Password::new("a quiet evening in the office".to_owned()),
        };
        let operator = Cx { actor: Actor::Operator, ..self.cx() };
        match create_staff(&self.db, &Passwords::default(), &operator, &new).await? {
            StaffCreation::Created(user) => Ok(Cx { actor: Actor::User(user.id), ..self.cx() }),
            other => anyhow::bail!("{other:?}"),
        }
    }

    async fn replay_all(&self, cx: Cx) -> Result<FailureReplay, DbError> {
        self.db.write(move |tx| Box::pin(async move { replay_failures(tx, &cx, &master()).await })).await
    }

    /// Lets every attempt at every job fail, or succeed.
    async fn work_until_given_up(&self) -> anyhow::Result<()> {
        for _ in 0..=MAX_ATTEMPTS {
            self.work().await?;
            self.set_clock(self.now().plus(HOUR_MS))?;
        }
        Ok(())
    }
}

on_both_engines! {
    async fn an_event_that_fails_is_listed_once_with_its_reason_and_replaying_it_settles_its_job(db: Db) {
        let shop = Shop::open(db).await?;
        let (_, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        shop.pay(&url, "4242").await?;
        shop.control("chaos", UNREADABLE).await?;
        for event in shop.events().await?.iter().filter(|event| event.event_type == "invoice.paid") {
            shop.deliver(event).await?;
        }
        shop.work().await?;
        let failures = shop.failures().await?;
        let [event] = &failures.events[..] else { anyhow::bail!("{failures:?}") };
        assert_eq!((failures.event_count, failures.jobs.len(), event.attempts), (1, 0, 1), "its job still tries");
        assert_eq!((event.event_type.as_str(), event.status), ("invoice.paid", EventStatus::Failed));
        assert!(event.error.as_deref().is_some_and(|reason| reason.contains("Stripe")), "{event:?}");

        shop.work_until_given_up().await?;
        let failures = shop.failures().await?;
        assert_eq!(failures.events.len(), 1);
        assert_eq!(failures.events[0].attempts, MAX_ATTEMPTS);
        assert!(failures.jobs.iter().all(|job| job.kind != "stripe.project_event"), "{:?}", failures.jobs);

        let cx = Cx { actor: Actor::Operator, ..shop.cx() };
        let again = replay_event(&shop.commerce, &cx, &event.id).await;
        assert!(again.is_err(), "the reason is not mended");
        shop.control("chaos", TRUE_AGAIN).await?;
        let visitor = Cx { actor: Actor::Visitor, ..cx.clone() };
        assert_eq!(replay_event(&shop.commerce, &visitor, &event.id).await?, EventReplay::NotAllowed);
        let again = replay_event(&shop.commerce, &cx, &event.id).await?;
        assert_eq!(again, EventReplay::Projected(Projected::Done));
        let failures = shop.failures().await?;
        assert!(failures.events.is_empty(), "{failures:?}");
        assert!(failures.jobs.iter().all(|job| job.kind != "stripe.project_event"), "{:?}", failures.jobs);
        let (vendor_id, id) = (shop.vendor.id.clone(), event.id.clone());
        let found = shop.db.read(|tx| Box::pin(async move { find_inbox_event(tx, &vendor_id, &id).await })).await?;
        let (event, raw) = found.expect("the event");
        assert_eq!((event.status, event.attempts, event.error), (EventStatus::Projected, MAX_ATTEMPTS + 2, None));
        assert!(raw.contains(&event.id));
        Ok(())
    }

    async fn everything_that_failed_is_begun_again_at_once_by_those_who_may(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("maker", BillingInterval::Month, 1).await?;
        shop.pay(&url, "4242").await?;
        shop.control("chaos", UNREADABLE).await?;
        shop.deliver_all().await?;
        shop.work_until_given_up().await?;
        let failures = shop.failures().await?;
        assert!(!failures.events.is_empty(), "{failures:?}");
        assert_eq!(shop.replay_all(shop.staff(StaffRole::ReadOnly).await?).await?, FailureReplay::NotAllowed);
        assert_eq!(shop.replay_all(shop.staff(StaffRole::Finance).await?).await?, FailureReplay::NotAllowed);
        assert_eq!(shop.replay_all(shop.cx()).await?, FailureReplay::NotAllowed, "a customer is no staff");
        shop.control("chaos", TRUE_AGAIN).await?;
        let support = shop.staff(StaffRole::Support).await?;
        let begun = shop.replay_all(support.clone()).await?;
        let expected = FailureReplay::Begun { events: failures.events.len(), jobs: failures.jobs.len() };
        assert_eq!(begun, expected);
        shop.work().await?;
        assert_eq!(shop.failures().await?, Failures::default());
        assert_eq!(shop.replay_all(support).await?, FailureReplay::Begun { events: 0, jobs: 0 });
        assert!(shop.find_order(&order.id).await?.license_id.is_some());
        assert_eq!(shop.invoices().await?.len(), 1);
        Ok(())
    }

    async fn the_inbox_is_paged_by_key_and_narrowed_by_what_happened_to_what(db: Db) {
        let shop = Shop::open(db).await?;
        shop.buy("maker", BillingInterval::Month, 1).await?;
        let all = shop.inbox(None, "", None, 100).await?;
        assert!(all.len() > 5, "{all:?}");
        let mut paged = Vec::new();
        let mut after = None;
        loop {
            let page = shop.inbox(None, "", after.take(), 3).await?;
            let Some(last) = page.last() else { break };
            after = InboxPlace::parse(&last.place().to_text());
            paged.extend(page);
        }
        assert_eq!(paged, all, "no event twice, none left out, though many came at the same moment");
        let invoices = shop.inbox(None, "invoice.", None, 100).await?;
        assert!(!invoices.is_empty() && invoices.iter().all(|event| event.event_type.starts_with("invoice.")));
        for wildcard in ["%", "_nvoice", "invoice_finalized", "%paid"] {
            assert_eq!(shop.inbox(None, wildcard, None, 100).await?, [], "{wildcard} stands for itself");
        }
        let about = shop.inbox(None, &format!(" {} ", invoices[0].object_id), None, 100).await?;
        assert!(about.contains(&invoices[0]) && about.iter().all(|event| event.object_id == invoices[0].object_id));
        let customer = shop.inbox(None, &invoices[0].customer_id, None, 100).await?;
        assert!(customer.len() >= invoices.len());
        assert!(shop.inbox(Some(EventStatus::Failed), "", None, 100).await?.is_empty());
        let vendor_id = shop.vendor.id.clone();
        let counts = shop.db.read(|tx| Box::pin(async move { count_inbox(tx, &vendor_id).await })).await?;
        assert_eq!(counts.iter().map(|(_, count)| usize::try_from(*count).unwrap_or(0)).sum::<usize>(), all.len());
        Ok(())
    }
}
