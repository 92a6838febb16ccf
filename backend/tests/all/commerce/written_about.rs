//! What a partner pays for its client, in what it writes to the vendor: its own order and invoice, and whose license it is.

use backend::db::{Db, DbError};
use backend::messages::{About, AboutKind, find_about};

use super::for_clients::Partner;
use super::shop::Shop;
use crate::support::on_both_engines;

async fn about(shop: &Shop, partner: &Partner, id: &str) -> anyhow::Result<About> {
    let (vendor_id, account_id, id) = (shop.vendor.id.clone(), partner.account.id.clone(), id.to_owned());
    let found: Result<_, DbError> =
        shop.db.read(move |tx| Box::pin(async move { find_about(tx, &vendor_id, &account_id, &id).await })).await;
    found?.ok_or_else(|| anyhow::anyhow!("it cannot be written about"))
}

on_both_engines! {
    async fn what_a_partner_pays_says_for_which_client_while_it_is_one(db: Db) {
        let shop = Shop::open(db).await?;
        let partner = shop.partner().await?;
        let (order, url) = shop.placed_for_client(&partner, &partner.account.id).await?;
        shop.pay(&url, "4242").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let invoices = shop.invoices_of(&partner.account.id).await?;
        let of_order = about(&shop, &partner, order.id.as_str()).await?;
        let of_invoice = about(&shop, &partner, invoices[0].id.as_str()).await?;
        assert_eq!((of_order.kind, of_invoice.kind), (AboutKind::Order, AboutKind::Invoice));
        for found in [of_order, of_invoice] {
            let client = found.client.expect("a client");
            assert_eq!((&client.account_id, client.relation_id), (&shop.account.id, Some(partner.relation_id.clone())));
        }

        // Its own papers stay its own; whose license they are about is no longer its business.
        shop.part(&partner).await?;
        for id in [order.id.as_str(), invoices[0].id.as_str()] {
            assert_eq!(about(&shop, &partner, id).await?.client, None, "{id}");
        }
        Ok(())
    }
}
