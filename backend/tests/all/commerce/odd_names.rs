//! Documents that cannot be made as they should, and that nothing else waits for them.

use backend::catalog::BillingInterval;
use backend::clock::{HOUR_MS, MINUTE_MS};
use backend::db::{Db, DbError};
use backend::invoices::einvoice::NoEInvoice;
use backend::invoices::{
    ARCHIVE_MOST, Archive, Document, DocumentKind, Invoice, archive_documents, find_document, list_kept_documents,
    period_of, why_no_einvoice,
};
use backend::licenses::LicenseStatus;

use super::closing::number;
use super::reversals::{balance, payment, settle, status};
use super::shop::{Shop, run_sql};
use crate::support::on_both_engines;

/// A name, an address and a description that the documents' font has no letters for, as they are typed at Stripe.
const IN_JAPANESE: &str = r#"{"amend":[
    {"object":"invoice","member":"customer_name","value":"株式会社"},
    {"object":"invoice","member":"customer_address/line1","value":"丸の内1"},
    {"object":"line_item","member":"description","value":"漢字 license"}
]}"#;

async fn document(shop: &Shop, invoice: &Invoice, kind: DocumentKind) -> anyhow::Result<Option<Document>> {
    Ok(find_document(&shop.db, &shop.cx(), &shop.account.id, invoice.id.as_str(), kind).await?)
}

async fn why(shop: &Shop) -> anyhow::Result<Option<NoEInvoice>> {
    let invoice = shop.invoices().await?.remove(0);
    let why: Result<_, DbError> = shop
        .db
        .read(|tx| {
            Box::pin(async move {
                let issued = (invoice.issued_at, invoice.issued_at);
                let kept = list_kept_documents(tx, &invoice.vendor_id, &invoice.account_id, issued).await?;
                why_no_einvoice(tx, &invoice, &kept).await
            })
        })
        .await;
    Ok(why?)
}

on_both_engines! {
    async fn a_name_that_cannot_be_printed_keeps_nobody_from_a_license_nor_from_a_refund(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("startup", BillingInterval::Month, 2).await?;
        shop.control("chaos", IN_JAPANESE).await?;
        shop.pay(&url, "4242").await?;
        settle(&shop).await?;
        let license_id = shop.find_order(&order.id).await?.license_id.expect("paid for");
        assert_eq!(status(&shop, &license_id).await?.0, LicenseStatus::Active);

        let invoice = shop.invoices().await?.remove(0);
        let buyer = &invoice.parties.0.buyer;
        assert_eq!((buyer.name.as_str(), buyer.address[0].as_str()), (shop.account.company.as_str(), "Hafenstraße 1"));
        for kind in [DocumentKind::Invoice, DocumentKind::Receipt] {
            let pdf = document(&shop, &invoice, kind).await?;
            assert!(pdf.is_some_and(|pdf| pdf.content.starts_with(b"%PDF")), "{kind:?}");
        }
        let told = "SELECT COUNT(*) FROM audit WHERE act = 'invoice.stand_in' AND after LIKE '%漢%'";
        assert_eq!(number(&shop, told).await?, 2, "the invoice and its receipt");
        let xml = document(&shop, &invoice, DocumentKind::Ubl).await?.expect("the seller has a VAT id");
        assert!(String::from_utf8(xml.content)?.contains("漢字 license"), "an e-invoice has any letters");

        let payment = payment(&shop, &invoice).await?;
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license_id).await?, (LicenseStatus::Revoked, "refunded".to_owned()));
        balance(&shop).await?;
        Ok(())
    }

    async fn documents_that_cannot_be_made_are_made_later_and_nothing_waits_for_them(db: Db) {
        let shop = Shop::open(db).await?;
        let (order, url) = shop.order("startup", BillingInterval::Month, 2).await?;
        shop.pay(&url, "4242").await?;
        run_sql(&shop.db, vec!["ALTER TABLE documents RENAME TO documents_elsewhere".to_owned()]).await?;
        settle(&shop).await?;
        let license_id = shop.find_order(&order.id).await?.license_id.expect("paid for");
        assert_eq!(status(&shop, &license_id).await?.0, LicenseStatus::Active);
        let invoice = shop.invoices().await?.remove(0);
        let waiting = "SELECT COUNT(*) FROM jobs WHERE kind = 'invoices.make_documents' AND status = 'waiting'";
        assert_eq!(number(&shop, waiting).await?, 1);
        let payment = payment(&shop, &invoice).await?;
        shop.call("refunds", &format!("payment_intent={payment}&amount=1000")).await?;
        settle(&shop).await?;
        assert_eq!(number(&shop, "SELECT COUNT(*) FROM refunds").await?, 1);

        run_sql(&shop.db, vec!["ALTER TABLE documents_elsewhere RENAME TO documents".to_owned()]).await?;
        shop.set_clock(shop.now().plus(HOUR_MS + MINUTE_MS))?;
        settle(&shop).await?;
        for kind in [DocumentKind::Invoice, DocumentKind::Receipt, DocumentKind::Ubl, DocumentKind::Cii] {
            assert!(document(&shop, &invoice, kind).await?.is_some(), "{kind:?}");
        }
        assert_eq!(number(&shop, waiting).await?, 0);
        Ok(())
    }
    async fn where_an_e_invoice_is_missing_it_is_said_why(db: Db) {
        let shop = Shop::open(db).await?;
        shop.buy("startup", BillingInterval::Month, 2).await?;
        assert_eq!(why(&shop).await?, None);
        // As an invoice with a third decimal leaves it.
        let statements = [
            "DELETE FROM documents WHERE kind IN ('ubl', 'cii')",
            "UPDATE invoices SET currency = 'kwd', tax_minor = tax_minor + 1, total_minor = total_minor + 1",
        ];
        run_sql(&shop.db, statements.map(str::to_owned).to_vec()).await?;
        assert_eq!(why(&shop).await?, Some(NoEInvoice::Decimals));
        Ok(())
    }
    async fn an_archive_has_all_documents_of_its_time_or_is_not_made(db: Db) {
        let shop = Shop::open(db).await?;
        shop.buy("startup", BillingInterval::Month, 2).await?;
        let (year, month) = (shop.now().date().year(), shop.now().date().month());
        let archive = async |month| {
            let period = period_of(year, month).expect("a period");
            archive_documents(&shop.db, &shop.cx(), &shop.account.id, period).await
        };
        assert!(matches!(archive(None).await?, Archive::Made(_)));
        assert!(matches!(archive(Some(month)).await?, Archive::Made(_)));
        assert_eq!(archive(Some(month % 12 + 1)).await?, Archive::Nothing);
        let many = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ARCHIVE_MOST})
             INSERT INTO documents (id, vendor_id, account_id, subject_id, number, kind, content, sha256, issued_at,
                                    created_at)
             SELECT 'doc_' || n.i, d.vendor_id, d.account_id, 'inv_' || n.i, d.number, d.kind, d.content, d.sha256,
                    d.issued_at, d.created_at
             FROM documents d CROSS JOIN n WHERE d.kind = 'ubl'"
        );
        run_sql(&shop.db, vec![many]).await?;
        assert_eq!(archive(None).await?, Archive::TooMany);
        Ok(())
    }
}
