//! What follows a purchase: renewals, cancellations, invoices and their documents, updates.

use std::collections::BTreeSet;

use backend::billing::{Cancellation, Resumption, resume_subscription};
use backend::catalog::BillingInterval;
use backend::clock::{DAY_MS, HOUR_MS, UnixMs};
use backend::db::Db;
use backend::invoices::{DocumentKind, Invoice, InvoiceStatus, find_document, import_invoice, list_lines};
use backend::licenses::LicenseStatus;
use backend::licenses::rules::add_years;
use backend::orders::{Purchase, fulfil_order};
use backend::stripe::SubscriptionState;
use stripe_sandbox::Cut;

use super::cancel;
use super::reversals::{balance, renewed_with};
use super::shop::{Shop, run_sql};
use crate::support::{NOW, on_both_engines};

/// The hashes of an invoice's documents but the receipt.
async fn as_issued(shop: &Shop, invoice: &Invoice) -> anyhow::Result<Vec<Vec<u8>>> {
    let mut hashes = Vec::new();
    for kind in [DocumentKind::Invoice, DocumentKind::Ubl, DocumentKind::Cii] {
        let found = find_document(&shop.db, &shop.cx(), &shop.account.id, invoice.id.as_str(), kind).await?;
        hashes.push(found.ok_or_else(|| anyhow::anyhow!("no {kind:?} of {}", invoice.number))?.sha256);
    }
    Ok(hashes)
}

on_both_engines! {
    async fn a_cancellation_ends_the_license_with_its_period_and_can_be_undone(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let end = shop.subscription(&license.id).await?.period_end;
        let (commerce, id) = (&shop.commerce, &license.id);
        assert_eq!(cancel(&shop, id).await?, Cancellation::Cancelling { ends_at: end });
        assert_eq!(shop.license(id).await?.ends_at, Some(end));
        assert_eq!(resume_subscription(commerce, &shop.cx(), id).await?, Resumption::Renewing { renews_at: end });
        assert_eq!(shop.license(id).await?.ends_at, Some(end.plus(3 * DAY_MS)));
        assert!(!shop.subscription(id).await?.cancel_at_period_end);
        assert_eq!(cancel(&shop, id).await?, Cancellation::Cancelling { ends_at: end });

        shop.set_clock(end.plus(HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        let after = shop.license(id).await?;
        assert_eq!((after.status, after.ends_at), (LicenseStatus::Ended, Some(end)));
        assert_eq!(resume_subscription(commerce, &shop.cx(), id).await?, Resumption::Over);
        Ok(())
    }

    async fn all_that_a_subscription_was_paid_for_is_listed_however_much_it_is(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let first = shop.invoices().await?.remove(0).stripe_invoice_id;
        let subscription_id = shop.subscription(&license.id).await?.stripe_subscription_id;
        shop.set_clock(NOW.plus(3_200 * DAY_MS))?;
        let paid = shop.stripe().list_paid_invoices(&subscription_id).await?;
        let ids: BTreeSet<&str> = paid.iter().map(|invoice| invoice.id.as_str()).collect();
        assert!(paid.len() > 100 && ids.len() == paid.len(), "{} of {}", ids.len(), paid.len());
        assert_eq!(paid.last().map(|invoice| &invoice.id), Some(&first));
        assert_eq!(shop.stripe().find_first_invoice(&subscription_id).await?, Some(first));
        Ok(())
    }

    async fn a_renewal_moves_the_end_and_brings_its_invoice(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let first = shop.subscription(&license.id).await?;
        shop.set_clock(first.period_end.plus(2 * HOUR_MS))?;
        shop.deliver_all().await?;
        shop.work().await?;
        let second = shop.subscription(&license.id).await?;
        assert_eq!(second.period_start, first.period_end);
        assert!(second.period_end > first.period_end);
        assert_eq!(shop.license(&license.id).await?.ends_at, Some(second.period_end.plus(3 * DAY_MS)));
        let invoices = shop.invoices().await?;
        assert_eq!(invoices.len(), 2);
        assert_ne!(invoices[0].number, invoices[1].number);
        Ok(())
    }

    async fn a_perpetual_license_has_a_year_of_updates_and_can_be_renewed(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 2).await?;
        assert_eq!((license.status, license.ends_at, license.seats), (LicenseStatus::Active, None, 2));
        assert_eq!(license.updates_until, Some(add_years(NOW, 1)));
        let invoice = shop.invoices().await?.remove(0);
        assert_eq!((invoice.subtotal_minor, invoice.license_id.as_ref()), (2 * 499_900, Some(&license.id)));

        // Two years later: the renewal counts from the old date.
        shop.set_clock(UnixMs(add_years(NOW, 2).0))?;
        let placed = shop.place(Purchase::Maintenance { license_id: license.id.clone(), years: 1, currency: shop.currency }).await?;
        let backend::orders::OrderPlacement::Placed { order, checkout_url } = placed else {
            anyhow::bail!("{placed:?}")
        };
        assert_eq!(order.amount_minor, 2 * 199_960);
        shop.pay(&checkout_url, "4242").await?;
        fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?;
        fulfil_order(&shop.commerce, &shop.cx(), &order.id).await?;
        shop.deliver_all().await?;
        shop.work().await?;
        assert_eq!(shop.license(&license.id).await?.updates_until, Some(add_years(NOW, 2)));
        assert_eq!(shop.licenses().await?, 1);
        Ok(())
    }

    async fn an_invoice_is_equal_to_the_cent_and_its_document_never_changes(db: Db) {
        let shop = Shop::open(db).await?;
        shop.buy("startup", BillingInterval::Month, 5).await?;
        let invoice = shop.invoices().await?.remove(0);
        let stripes = shop.stripe().fetch_invoice(&invoice.stripe_invoice_id).await?;
        assert_eq!(Some(&invoice.number), stripes.number.as_ref());
        assert_eq!(
            (invoice.subtotal_minor, invoice.discount_minor, invoice.tax_minor, invoice.total_minor),
            (stripes.subtotal_minor, stripes.discount_minor, stripes.tax_minor, stripes.total_minor)
        );
        assert_eq!(invoice.subtotal_minor, 29_900 + 3 * 14_900);
        assert_eq!(invoice.tax_minor, 14_174, "19 % of 746.00, German buyer");
        assert_eq!(invoice.taxes.0[0].rate_millionths, 190_000);
        let (vendor_id, id) = (shop.vendor.id.clone(), invoice.id.clone());
        let lines = shop.db.read(move |tx| Box::pin(async move { list_lines(tx, &vendor_id, &id).await })).await?;
        let amounts: Vec<i64> = lines.iter().map(|line| line.amount_minor).collect();
        assert_eq!(amounts, stripes.lines.iter().map(|line| line.amount_minor).collect::<Vec<_>>());
        assert_eq!(amounts.iter().sum::<i64>(), invoice.subtotal_minor);

        let cx = shop.cx();
        let mut hashes = Vec::new();
        for round in 0..2 {
            for kind in [DocumentKind::Invoice, DocumentKind::Receipt] {
                let document = find_document(&shop.db, &cx, &shop.account.id, invoice.id.as_str(), kind).await?;
                let document = document.ok_or_else(|| anyhow::anyhow!("no {kind:?} in round {round}"))?;
                assert!(document.content.starts_with(b"%PDF-"));
                hashes.push(document.sha256);
            }
            // Everything that may follow: the same events again, a newer name of the buyer.
            for event in shop.events().await? {
                backend::billing::project_event(&shop.commerce, &cx, &event.id).await?;
            }
            shop.work().await?;
        }
        assert_eq!(hashes[..2], hashes[2..]);
        assert_ne!(hashes[0], hashes[1]);
        assert_eq!(shop.invoices().await?.len(), 1);
        Ok(())
    }

    async fn an_unpaid_renewal_suspends_after_its_grace_and_payment_restores(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        shop.outbox.take();
        shop.use_card(&license.id, "pm_card_chargeCustomerFail").await?;
        let due = shop.subscription(&license.id).await?.period_end.plus(2 * HOUR_MS);
        shop.set_clock(due)?;
        shop.deliver_all().await?;
        shop.work().await?;
        let row = shop.subscription(&license.id).await?;
        assert_eq!((row.stripe_status, row.past_due_since), (SubscriptionState::PastDue, Some(due)));
        let in_grace = shop.license(&license.id).await?;
        assert_eq!((in_grace.status, in_grace.ends_at), (LicenseStatus::Active, Some(due.plus(14 * DAY_MS))));
        let subjects: Vec<String> = shop.outbox.take().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(subjects.iter().filter(|subject| subject.contains("did not go through")).count(), 1, "{subjects:?}");
        assert!(!subjects.iter().any(|subject| subject.starts_with("Invoice")), "{subjects:?}");

        // Nothing arrives from Stripe at the end of the grace; the license is suspended all the same.
        shop.set_clock(due.plus(14 * DAY_MS))?;
        shop.work().await?;
        let suspended = shop.license(&license.id).await?;
        assert_eq!(suspended.status, LicenseStatus::Suspended, "{suspended:?}");

        let stripe_id = row.stripe_subscription_id;
        let invoice_id = shop.stripe().fetch_subscription(&stripe_id).await?.latest_invoice_id.expect("an invoice");
        shop.call(&format!("invoices/{invoice_id}/pay"), "payment_method=pm_card_visa").await?;
        shop.deliver_all().await?;
        shop.work().await?;
        let restored = shop.license(&license.id).await?;
        let row = shop.subscription(&license.id).await?;
        assert_eq!((restored.status, restored.status_reason.as_str()), (LicenseStatus::Active, ""));
        assert_eq!((restored.ends_at, row.past_due_since), (Some(row.period_end.plus(3 * DAY_MS)), None));
        Ok(())
    }

    async fn what_was_fetched_while_an_invoice_was_given_up_does_not_undo_its_payment(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let open = renewed_with(&shop, &license, "pm_card_chargeCustomerFail").await?;
        let id = &open.stripe_invoice_id;
        shop.call(&format!("invoices/{id}/mark_uncollectible"), "").await?;
        // The answer of the first is held until the second has written what it found.
        shop.cut(Some((0, Cut::After)));
        let (commerce, cx) = (&shop.commerce, shop.cx());
        let pay = async {
            while shop.was_cut().is_none() {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
            shop.call(&format!("invoices/{id}/pay"), "payment_method=pm_card_visa").await?;
            let imported = import_invoice(commerce, &cx, id).await;
            shop.release();
            anyhow::Ok(imported?)
        };
        let (stale, fresh) = tokio::join!(import_invoice(commerce, &cx, id), pay);
        assert_eq!(stale?, fresh?);
        let after = shop.invoices().await?.remove(0);
        assert_eq!((after.status, after.paid_minor, after.due_minor), (InvoiceStatus::Paid, open.total_minor, 0));
        assert!(after.paid_at.is_some());
        balance(&shop).await?;
        Ok(())
    }

    async fn an_invoices_documents_say_the_same_whenever_they_are_made(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("maker", BillingInterval::Month, 1).await?;
        let charged = renewed_with(&shop, &license, "pm_card_chargeCustomerFail").await?;
        let order = shop.order_by_transfer("startup", BillingInterval::Month).await?;
        let (sent, transfer) = shop.awaited(&order).await?;
        let issued = (as_issued(&shop, &charged).await?, as_issued(&shop, &sent).await?);

        shop.call(&format!("invoices/{}/pay", charged.stripe_invoice_id), "payment_method=pm_card_visa").await?;
        shop.transfer(transfer.total_minor).await?;
        shop.deliver_all().await?;
        shop.work().await?;
        // As if nothing had been heard before they were paid.
        run_sql(&shop.db, vec!["DELETE FROM documents".to_owned()]).await?;
        for invoice in [&charged, &sent] {
            import_invoice(&shop.commerce, &shop.cx(), &invoice.stripe_invoice_id).await?;
            assert!(shop.invoices().await?.iter().any(|it| it.id == invoice.id && it.status == InvoiceStatus::Paid));
        }
        assert_eq!((as_issued(&shop, &charged).await?, as_issued(&shop, &sent).await?), issued);
        Ok(())
    }
}
