//! What is given back: refunds, credit notes, disputes; what follows for the license, and that the ledger agrees.

use backend::Cx;
use backend::accounts::StaffRole;
use backend::billing::reconcile;
use backend::catalog::BillingInterval;
use backend::clock::HOUR_MS;
use backend::db::Db;
use backend::ids::LicenseId;
use backend::invoices::{
    DocumentKind, Invoice, InvoiceStatus, KeptDocuments, find_document, list_credit_notes, list_kept_documents,
};
use backend::ledger::{LedgerAccount, Period, TrialBalance, trial_balance};
use backend::licenses::{License, LicenseStatus};
use backend::refunds::{
    CreditInvoice, CreditOutcome, CreditRefusal, DisputeStatus, RefundStatus, credit_invoice, list_disputes,
    list_refunds,
};
use backend::stripe::CreditSettlement;

use super::closing::number;
use super::shop::{Shop, run_sql};
use crate::support::on_both_engines;

/// The trial balance, which must sum to zero and agree with the invoices whatever was done.
pub(super) async fn balance(shop: &Shop) -> anyhow::Result<TrialBalance> {
    let vendor_id = shop.vendor.id.clone();
    let balance =
        shop.db.read(move |tx| Box::pin(async move { trial_balance(tx, &vendor_id, Period::ALL).await })).await?;
    anyhow::ensure!(balance.disagreements.is_empty(), "{:?}", balance.disagreements);
    Ok(balance)
}

async fn holds(shop: &Shop, account: LedgerAccount) -> anyhow::Result<i64> {
    let balance = balance(shop).await?;
    Ok(balance.sums.iter().filter(|sum| sum.account == account).map(|sum| sum.amount.amount_minor).sum())
}

pub(super) async fn settle(shop: &Shop) -> anyhow::Result<()> {
    shop.deliver_all().await?;
    shop.work().await?;
    Ok(())
}

/// The payment of an invoice, as Stripe knows it.
pub(super) async fn payment(shop: &Shop, invoice: &Invoice) -> anyhow::Result<String> {
    let page = shop.look(&format!("invoice_payments?invoice={}", invoice.stripe_invoice_id)).await?;
    Ok(page["data"][0]["payment"]["payment_intent"].as_str().expect("a payment").to_owned())
}

async fn bought(shop: &Shop) -> anyhow::Result<(License, Invoice)> {
    let license = shop.buy("startup", BillingInterval::Month, 2).await?;
    Ok((license, shop.invoices().await?.remove(0)))
}

pub(super) async fn status(shop: &Shop, id: &LicenseId) -> anyhow::Result<(LicenseStatus, String)> {
    let license = shop.license(id).await?;
    Ok((license.status, license.status_reason))
}

/// The license renews with another card; answers the invoice of that.
pub(super) async fn renewed_with(shop: &Shop, license: &License, card: &str) -> anyhow::Result<Invoice> {
    shop.use_card(&license.id, card).await?;
    shop.set_clock(shop.subscription(&license.id).await?.period_end.plus(2 * HOUR_MS))?;
    settle(shop).await?;
    Ok(shop.invoices().await?.remove(0))
}

/// Stripe's id of the dispute about an invoice.
pub(super) async fn dispute_about(shop: &Shop, invoice: &Invoice) -> anyhow::Result<String> {
    let payment = payment(shop, invoice).await?;
    let page = shop.look(&format!("disputes?payment_intent={payment}")).await?;
    Ok(page["data"][0]["id"].as_str().expect("a dispute").to_owned())
}

/// Somebody of the vendor's staff who may move money.
pub(super) async fn finance(shop: &Shop) -> anyhow::Result<Cx> {
    shop.staff(StaffRole::Finance).await
}

fn request(invoice: &Invoice, amount_minor: i64) -> CreditInvoice {
    CreditInvoice {
        invoice_id: invoice.id.clone(),
        amount_minor,
        settlement: CreditSettlement::Refund,
        reason: "order_change".to_owned(),
        memo: "As agreed on the phone.".to_owned(),
        credited_before_minor: 0,
    }
}

on_both_engines! {
    async fn a_sale_is_booked_once_whatever_is_delivered_how_often(db: Db) {
        let shop = Shop::open(db).await?;
        let (_, invoice) = bought(&shop).await?;
        settle(&shop).await?;
        reconcile(&shop.commerce, &shop.cx()).await?;
        shop.work().await?;
        assert_eq!(holds(&shop, LedgerAccount::Cash).await?, invoice.total_minor);
        assert_eq!(holds(&shop, LedgerAccount::Receivable).await?, 0);
        assert_eq!(holds(&shop, LedgerAccount::Revenue).await?, invoice.tax_minor - invoice.total_minor);
        assert_eq!(holds(&shop, LedgerAccount::TaxPayable).await?, -invoice.tax_minor);
        Ok(())
    }

    async fn of_documents_those_are_listed_that_are_kept(db: Db) {
        let shop = Shop::open(db).await?;
        let (_, invoice) = bought(&shop).await?;
        let listed = async || {
            let (vendor_id, account_id, at) = (shop.vendor.id.clone(), shop.account.id.clone(), invoice.issued_at);
            let kept: Result<KeptDocuments, backend::db::DbError> = shop
                .db
                .read(|tx| Box::pin(async move { list_kept_documents(tx, &vendor_id, &account_id, (at, at)).await }))
                .await;
            kept
        };
        let of = |kept: &KeptDocuments| {
            [DocumentKind::Invoice, DocumentKind::Receipt, DocumentKind::Ubl, DocumentKind::Cii]
                .map(|kind| kept.has(invoice.id.as_str(), kind))
        };
        let all = listed().await?;
        assert_eq!((of(&all), all.has("inv_none", DocumentKind::Invoice)), ([true; 4], false));
        run_sql(&shop.db, vec!["DELETE FROM documents WHERE kind IN ('ubl', 'cii')".to_owned()]).await?;
        assert_eq!(of(&listed().await?), [true, true, false, false]);
        Ok(())
    }

    async fn the_whole_paid_back_revokes_the_license_and_a_part_does_not(db: Db) {
        let shop = Shop::open(db).await?;
        let (license, invoice) = bought(&shop).await?;
        let payment = payment(&shop, &invoice).await?;
        shop.outbox.take();
        shop.call("refunds", &format!("payment_intent={payment}&amount=1000")).await?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license.id).await?.0, LicenseStatus::Active);
        assert_eq!(holds(&shop, LedgerAccount::Refunds).await?, 1_000);

        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        settle(&shop).await?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license.id).await?, (LicenseStatus::Revoked, "refunded".to_owned()));
        assert_eq!(holds(&shop, LedgerAccount::Cash).await?, 0);
        assert_eq!(holds(&shop, LedgerAccount::Refunds).await?, invoice.total_minor);
        assert!(shop.activate(&license.id, "node-1").await.is_err());
        assert!(shop.subscription(&license.id).await?.cancel_at_period_end, "it shall not charge again");
        let mails: Vec<String> = shop.outbox.take().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(mails.iter().filter(|subject| subject.contains("on its way back")).count(), 2, "{mails:?}");
        Ok(())
    }

    async fn a_refund_that_fails_gives_the_license_back(db: Db) {
        let shop = Shop::open(db).await?;
        let (license, first) = bought(&shop).await?;
        let invoice = renewed_with(&shop, &license, "pm_card_refundFail").await?;
        let payment = payment(&shop, &invoice).await?;
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license.id).await?.0, LicenseStatus::Revoked);
        assert_eq!(holds(&shop, LedgerAccount::Cash).await?, first.total_minor);
        shop.set_clock(shop.now().plus(2 * HOUR_MS))?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license.id).await?, (LicenseStatus::Active, String::new()));
        assert_eq!(holds(&shop, LedgerAccount::Cash).await?, first.total_minor + invoice.total_minor);
        let (vendor_id, id) = (shop.vendor.id.clone(), invoice.id.clone());
        let refunds = shop.db.read(move |tx| Box::pin(async move { list_refunds(tx, &vendor_id, &id).await })).await?;
        assert_eq!(refunds.iter().map(|refund| refund.status).collect::<Vec<_>>(), [RefundStatus::Failed]);
        let mails: Vec<String> = shop.outbox.take().into_iter().map(|mail| mail.subject).collect();
        assert!(mails.iter().any(|subject| subject.contains("failed")), "{mails:?}");
        Ok(())
    }

    async fn a_refund_that_is_heard_of_before_the_sale_counts_all_the_same(db: Db) {
        let shop = Shop::open(db).await?;
        let (_, url) = shop.order("perpetual", BillingInterval::Once, 1).await?;
        shop.pay(&url, "4242").await?;
        let invoices = shop.look("invoices").await?;
        let invoice_id = invoices["data"][0]["id"].as_str().expect("an id").to_owned();
        let page = shop.look(&format!("invoice_payments?invoice={invoice_id}")).await?;
        let payment = page["data"][0]["payment"]["payment_intent"].as_str().expect("a payment").to_owned();
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        let mut events = shop.events().await?;
        events.reverse();
        for event in &events {
            shop.deliver(event).await?;
            shop.work().await?;
        }
        shop.work().await?;
        let invoice = shop.invoices().await?.remove(0);
        let license_id = invoice.license_id.clone().expect("fulfilled");
        assert_eq!(status(&shop, &license_id).await?, (LicenseStatus::Revoked, "refunded".to_owned()));
        assert_eq!(holds(&shop, LedgerAccount::Cash).await?, 0);
        Ok(())
    }

    async fn giving_back_a_years_updates_leaves_the_license(db: Db) {
        let shop = Shop::open(db).await?;
        let license = shop.buy("perpetual", BillingInterval::Once, 1).await?;
        shop.set_clock(shop.now().plus(HOUR_MS))?;
        let placed = shop.place(backend::orders::Purchase::Maintenance { license_id: license.id.clone(), years: 1, currency: shop.currency }).await?;
        let backend::orders::OrderPlacement::Placed { checkout_url, .. } = placed else { anyhow::bail!("{placed:?}") };
        shop.pay(&checkout_url, "4242").await?;
        settle(&shop).await?;
        let invoice = shop.invoices().await?.remove(0);
        assert_eq!(invoice.license_id.as_ref(), Some(&license.id));
        let payment = payment(&shop, &invoice).await?;
        shop.call("refunds", &format!("payment_intent={payment}")).await?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license.id).await?.0, LicenseStatus::Active);
        Ok(())
    }

    async fn a_dispute_freezes_what_is_new_and_being_lost_revokes(db: Db) {
        let shop = Shop::open(db).await?;
        let (license, first) = bought(&shop).await?;
        shop.use_card(&license.id, "pm_card_createDispute").await?;
        shop.set_clock(shop.subscription(&license.id).await?.period_end.plus(2 * HOUR_MS))?;
        shop.activate(&license.id, "node-1").await?;
        settle(&shop).await?;
        let invoice = shop.invoices().await?.remove(0);
        let dispute = dispute_about(&shop, &invoice).await?;
        let frozen = shop.license(&license.id).await?;
        assert!(frozen.disputed_at.is_some() && frozen.status == LicenseStatus::Active);
        shop.activate(&license.id, "node-1").await?;
        let refused = shop.activate(&license.id, "node-2").await.expect_err("nothing new");
        assert!(refused.to_string().contains("Disputed"), "{refused}");
        assert_eq!(holds(&shop, LedgerAccount::Disputes).await?, invoice.total_minor);
        assert_eq!(holds(&shop, LedgerAccount::Cash).await?, first.total_minor);

        shop.call(&format!("disputes/{dispute}/close"), "").await?;
        settle(&shop).await?;
        assert_eq!(status(&shop, &license.id).await?, (LicenseStatus::Revoked, "dispute_lost".to_owned()));
        assert_eq!(holds(&shop, LedgerAccount::BadDebt).await?, invoice.total_minor);
        let (vendor_id, id) = (shop.vendor.id.clone(), invoice.id.clone());
        let rows = shop.db.read(move |tx| Box::pin(async move { list_disputes(tx, &vendor_id, &id).await })).await?;
        assert_eq!(rows.iter().map(|row| row.status).collect::<Vec<_>>(), [DisputeStatus::Lost]);
        Ok(())
    }

    async fn a_dispute_that_is_won_sets_everything_free(db: Db) {
        let shop = Shop::open(db).await?;
        let (license, first) = bought(&shop).await?;
        let invoice = renewed_with(&shop, &license, "pm_card_createDispute").await?;
        let dispute = dispute_about(&shop, &invoice).await?;
        assert!(shop.activate(&license.id, "node-1").await.is_err());
        let evidence = "evidence[uncategorized_text]=winning_evidence&submit=true";
        shop.call(&format!("disputes/{dispute}"), evidence).await?;
        settle(&shop).await?;
        assert_eq!(shop.license(&license.id).await?.disputed_at, None);
        shop.activate(&license.id, "node-1").await?;
        assert_eq!(holds(&shop, LedgerAccount::Cash).await?, first.total_minor + invoice.total_minor);
        assert_eq!(holds(&shop, LedgerAccount::Disputes).await?, 0);
        Ok(())
    }

    async fn a_banks_question_that_comes_to_nothing_is_no_event_of_the_account(db: Db) {
        let shop = Shop::open(db).await?;
        let (license, _) = bought(&shop).await?;
        let invoice = renewed_with(&shop, &license, "pm_card_createDispute").await?;
        let dispute = dispute_about(&shop, &invoice).await?;
        // As if the bank had only asked so far.
        run_sql(&shop.db, vec!["UPDATE disputes SET status = 'inquiry'".to_owned()]).await?;
        let evidence = "evidence[uncategorized_text]=winning_evidence&submit=true";
        shop.call(&format!("disputes/{dispute}"), evidence).await?;
        settle(&shop).await?;
        let (vendor_id, id) = (shop.vendor.id.clone(), invoice.id.clone());
        let rows = shop.db.read(move |tx| Box::pin(async move { list_disputes(tx, &vendor_id, &id).await })).await?;
        assert_eq!(rows.iter().map(|row| row.status).collect::<Vec<_>>(), [DisputeStatus::Won]);
        assert_eq!(number(&shop, "SELECT COUNT(*) FROM events WHERE event_type = 'dispute.won'").await?, 0);
        assert_eq!(number(&shop, "SELECT COUNT(*) FROM audit WHERE act = 'dispute.project'").await?, 2);
        Ok(())
    }

    async fn staff_credits_a_part_and_then_the_rest(db: Db) {
        let shop = Shop::open(db).await?;
        let (license, invoice) = bought(&shop).await?;
        let staff = finance(&shop).await?;
        shop.outbox.take();
        let part = request(&invoice, 1_190);
        assert_eq!(credit_invoice(&shop.commerce, &staff, &part).await?, CreditOutcome::Credited);
        // The same form sent twice.
        let again = credit_invoice(&shop.commerce, &staff, &part).await?;
        assert_eq!(again, CreditOutcome::Refused(CreditRefusal::Outdated));
        assert_eq!(status(&shop, &license.id).await?.0, LicenseStatus::Active);
        assert_eq!(holds(&shop, LedgerAccount::Refunds).await?, 0, "the credit note explains the refund");
        assert_eq!(holds(&shop, LedgerAccount::Credits).await?, 1_000);

        let rest = invoice.total_minor - 1_190;
        let too_much = CreditInvoice { credited_before_minor: 1_190, ..request(&invoice, rest + 1) };
        let refused = credit_invoice(&shop.commerce, &staff, &too_much).await?;
        assert_eq!(refused, CreditOutcome::Refused(CreditRefusal::TooMuch { left_minor: rest }));
        let whole = CreditInvoice { credited_before_minor: 1_190, ..request(&invoice, rest) };
        assert_eq!(credit_invoice(&shop.commerce, &staff, &whole).await?, CreditOutcome::Credited);
        settle(&shop).await?;
        assert_eq!(status(&shop, &license.id).await?, (LicenseStatus::Revoked, "refunded".to_owned()));
        assert_eq!((holds(&shop, LedgerAccount::Cash).await?, holds(&shop, LedgerAccount::TaxPayable).await?), (0, 0));

        let (vendor_id, account_id) = (shop.vendor.id.clone(), shop.account.id.clone());
        let notes = shop
            .db
            .read(move |tx| Box::pin(async move { list_credit_notes(tx, &vendor_id, &account_id, 10).await }))
            .await?;
        assert_eq!(notes.iter().map(|note| note.total_minor).sum::<i64>(), invoice.total_minor);
        for note in &notes {
            let id = note.id.as_str();
            let pdf = find_document(&shop.db, &shop.cx(), &shop.account.id, id, DocumentKind::CreditNote).await?;
            assert!(pdf.is_some_and(|pdf| pdf.content.starts_with(b"%PDF")), "{}", note.number);
        }
        let mails: Vec<String> = shop.outbox.take().into_iter().map(|mail| mail.subject).collect();
        assert_eq!(mails.iter().filter(|subject| subject.starts_with("Credit note")).count(), 2, "{mails:?}");
        assert!(!mails.iter().any(|subject| subject.contains("on its way back")), "one letter is enough: {mails:?}");
        Ok(())
    }

    async fn only_those_who_move_money_may_credit(db: Db) {
        let shop = Shop::open(db).await?;
        let (_, invoice) = bought(&shop).await?;
        let outcome = credit_invoice(&shop.commerce, &shop.cx(), &request(&invoice, 100)).await?;
        assert_eq!(outcome, CreditOutcome::Refused(CreditRefusal::NotAllowed));
        let staff = finance(&shop).await?;
        let nothing = credit_invoice(&shop.commerce, &staff, &request(&invoice, 0)).await?;
        assert_eq!(nothing, CreditOutcome::Refused(CreditRefusal::NoAmount));
        let odd = CreditInvoice { memo: "ご返金します".to_owned(), ..request(&invoice, 1_190) };
        let refused = credit_invoice(&shop.commerce, &staff, &odd).await?;
        assert_eq!(refused, CreditOutcome::Refused(CreditRefusal::MemoUnprintable('ご')));
        assert_eq!(shop.look("credit_notes").await?["data"], serde_json::json!([]), "Stripe was not asked");
        let to_balance = CreditInvoice { settlement: CreditSettlement::Balance, ..request(&invoice, 1_190) };
        assert_eq!(credit_invoice(&shop.commerce, &staff, &to_balance).await?, CreditOutcome::Credited);
        assert_eq!(holds(&shop, LedgerAccount::CustomerCredit).await?, -1_190);
        assert_eq!(holds(&shop, LedgerAccount::Cash).await?, invoice.total_minor);
        assert_eq!(shop.invoices().await?[0].status, InvoiceStatus::Paid);
        Ok(())
    }

    async fn entries_of_the_ledger_cannot_be_changed(db: Db) {
        let shop = Shop::open(db).await?;
        bought(&shop).await?;
        for statement in ["UPDATE ledger_entries SET amount_minor = 0", "DELETE FROM ledger_entries"] {
            let refused = shop
                .db
                .write(move |tx| {
                    Box::pin(async move {
                        match tx {
                            backend::db::Tx::Sqlite(tx) => sqlx::query(statement).execute(&mut **tx).await.map(drop),
                            backend::db::Tx::Postgres(tx) => sqlx::query(statement).execute(&mut **tx).await.map(drop),
                        }
                        .map_err(backend::db::DbError::from)
                    })
                })
                .await;
            assert!(refused.is_err(), "{statement}");
        }
        balance(&shop).await?;
        Ok(())
    }
}
