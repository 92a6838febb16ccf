//! Previews with more lines than Stripe sends along with them.

use backend::catalog::BillingInterval;
use backend::db::Db;
use serde_json::json;

use super::scripted::{Line, scripted};
use super::shop::Shop;
use crate::support::on_both_engines;

on_both_engines! {
    async fn all_lines_of_a_preview_are_shown(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("startup", BillingInterval::Month, 2).await?;
        let subscription_id = shop.subscription(&license.id).await?.stripe_subscription_id;
        let mut preview = shop.call("invoices/create_preview", &format!("subscription={subscription_id}")).await?;
        let mut line = preview["lines"]["data"][0].clone();
        preview["lines"] = json!({ "object": "list", "has_more": true, "url": "", "data": [line] });
        line["id"] = json!("il_second");
        line["description"] = json!("The line that did not come along");
        let rest = json!({ "object": "list", "has_more": false, "url": "", "data": [line] });
        let lines = format!("GET /v1/invoices/{}/lines?", preview["id"].as_str().expect("an id"));

        let stripe = scripted(vec![
            Line("POST /v1/invoices/create_preview", 200, preview.to_string().leak()),
            Line(lines.leak(), 200, rest.to_string().leak()),
        ])
        .await?;
        let shown = stripe.preview_change(&subscription_id, &[], shop.now()).await?;
        assert_eq!(shown.lines.len(), 2);
        assert_eq!(shown.lines[1].description, "The line that did not come along");
        Ok(())
    }
}
