//! What the vendor's settings say stands on invoices from then on, and on none before.

use backend::catalog::BillingInterval;
use backend::db::Db;
use backend::invoices::{DocumentKind, find_document};
use backend::vendors::rules::{InvoiceSettings, SettingsChange};
use backend::vendors::{SettingsUpdate, change_settings};

use super::shop::Shop;
use crate::support::{cx, on_both_engines};

async fn pdf(shop: &Shop, invoice_id: &str) -> anyhow::Result<Vec<u8>> {
    let found = find_document(&shop.db, &shop.cx(), &shop.account.id, invoice_id, DocumentKind::Invoice).await?;
    Ok(found.expect("a document").content)
}

fn text(pdf: &[u8]) -> anyhow::Result<String> {
    let mut warnings = Vec::new();
    let parsed = printpdf::PdfDocument::parse(pdf, &printpdf::PdfParseOptions::default(), &mut warnings);
    Ok(parsed.map_err(anyhow::Error::msg)?.extract_text().concat().concat())
}

on_both_engines! {
    async fn an_invoice_keeps_the_seller_that_it_was_issued_by(db: Db) {
        let shop = Shop::open(db).await?;
        shop.buy("maker", BillingInterval::Month, 1).await?;
        let old = shop.invoices().await?.remove(0);
        let before = pdf(&shop, old.id.as_str()).await?;

        let operator = cx(&shop.vendor.id, shop.now());
        let typed = InvoiceSettings {
            legal_name: "Südwind AG".to_owned(),
            registration: "HRB 4711".to_owned(),
            ..InvoiceSettings::of(&shop.vendor)
        };
        let saved = shop.db.write(move |tx| {
            Box::pin(async move { change_settings(tx, &operator, 0, &SettingsChange::Invoices(typed)).await })
        });
        assert_eq!(saved.await?, SettingsUpdate::Saved);
        shop.buy("maker", BillingInterval::Month, 1).await?;
        let invoices = shop.invoices().await?;
        let new = invoices.iter().find(|invoice| invoice.id != old.id).expect("another invoice");
        let said = text(&pdf(&shop, new.id.as_str()).await?)?;
        assert!(said.contains("Südwind AG") && said.contains("HRB 4711"), "{said}");
        let kept = invoices.iter().find(|invoice| invoice.id == old.id).expect("the first invoice");
        assert_eq!(kept.parties, old.parties);
        assert_eq!(pdf(&shop, old.id.as_str()).await?, before);
        assert!(!text(&before)?.contains("Südwind"));
        Ok(())
    }
}
