//! What the doctor asks Stripe to send is what something here depends on.

use backend::billing::{EVENT_TYPES, Projected, project_event, receive_event};
use backend::db::Db;
use backend::stripe::EventEnvelope;

use super::shop::Shop;
use crate::support::{master, on_both_engines};

impl Shop {
    /// Hears of an event about an object that does not exist; `None` where projecting it failed.
    async fn hears(&self, event_type: &str) -> anyhow::Result<Option<Projected>> {
        let id = format!("evt_{}", event_type.replace('.', "_"));
        let event = EventEnvelope {
            id: id.clone(),
            event_type: event_type.to_owned(),
            object_id: "nothing_1".to_owned(),
            customer_id: String::new(),
            created: self.now(),
            raw: r#"{"data":{"object":{}}}"#.to_owned(),
        };
        let cx = self.cx();
        self.db.write(move |tx| Box::pin(async move { receive_event(tx, &cx, &master(), &event).await })).await?;
        Ok(project_event(&self.commerce, &self.cx(), &id).await.ok())
    }
}

on_both_engines! {
    async fn every_event_that_is_asked_for_is_heard_and_others_are_not(db: Db) {
        let shop = Shop::open(db).await?;
        for event_type in EVENT_TYPES {
            let heard = shop.hears(event_type).await?;
            assert!(heard != Some(Projected::Ignored), "{event_type} is asked for, and nothing depends on it");
        }
        for event_type in ["payout.paid", "invoice.sent", "customer.created", "product.updated"] {
            assert_eq!(shop.hears(event_type).await?, Some(Projected::Ignored), "{event_type}");
        }
        Ok(())
    }
}
