//! A subscription that is paid by bank transfer.

use super::Assumption;
use super::scene::Scene;
use super::selling::{Catalog, metadata};
use crate::stripe::{CheckoutItem, InvoiceState, InvoiceTerms, NewSubscription, SubscriptionState, transfer_network};

/// What arrives beyond what is due, in minor units.
const TOO_MUCH: i64 = 700;

/// Where the account is taken to be; it decides over the account number's country.
const COUNTRY: &str = "DE";

pub(super) async fn rehearse_transfer(scene: &mut Scene<'_>, catalog: &Catalog) -> Option<()> {
    let (stripe, customer) = (scene.stripe, catalog.customer.as_str());
    let active = Assumption::SentIsActiveUnpaid;
    let currency = scene.rehearsal.currency;
    let Some(network) = transfer_network(currency, COUNTRY) else {
        scene.judge(active, false, &"Stripe takes no transfers in this currency: choose another one");
        return None;
    };
    let new = NewSubscription {
        customer_id: customer.to_owned(),
        items: vec![CheckoutItem { price_id: catalog.cheap.clone(), quantity: 1 }],
        trial_days: 0,
        is_taxed: true,
        discount: None,
        terms: Some(InvoiceTerms { days_until_due: 14, network }),
        metadata: metadata(scene),
    };
    let key = scene.key("sent subscription");
    let subscription = scene.need(active, stripe.create_subscription(&key, &new).await)?;
    let holds = subscription.state == SubscriptionState::Active && subscription.is_invoiced;
    scene.judge(active, holds, &subscription);

    let due = Assumption::SentInvoiceIsDue;
    let Some(invoice_id) = subscription.latest_invoice_id else {
        scene.judge(due, false, &"the subscription names no invoice");
        return None;
    };
    scene.need(due, stripe.finalize_invoice(&invoice_id).await)?;
    let invoice = scene.need(due, stripe.fetch_invoice(&invoice_id).await)?;
    let is_due = invoice.state == InvoiceState::Open && invoice.due_at.is_some() && invoice.is_sent;
    scene.judge(due, is_due && invoice.number.is_some(), &invoice);

    let has_account = Assumption::CustomerHasAccount;
    let account = stripe.fetch_transfer_account(customer, currency, network).await;
    let account = scene.need(has_account, account)?;
    let has_number = !account.iban.is_empty() || !account.account_number.is_empty();
    scene.judge(has_account, has_number, &account);

    let pays = Assumption::TransferPaysInvoice;
    let amount = (invoice.amount_due_minor + TOO_MUCH).to_string();
    let form = [("amount", amount.as_str()), ("currency", currency.as_str())];
    let path = format!("test_helpers/customers/{customer}/fund_cash_balance");
    let funded = scene.act("fund", &path, &form).await;
    scene.need(pays, funded)?;
    let paid = scene.until(async || {
        let invoice = stripe.fetch_invoice(&invoice_id).await?;
        Ok((invoice.state == InvoiceState::Paid).then_some(invoice))
    });
    let paid = paid.await;
    let paid = scene.need(pays, paid)?;
    let is_whole = paid.as_ref().is_some_and(|it| it.amount_paid_minor == invoice.amount_due_minor);
    scene.judge(pays, is_whole, &paid);

    let stays = Assumption::TooMuchStays;
    let balance = scene.need(stays, stripe.fetch_cash_balance(customer).await)?;
    let left = balance.iter().find(|money| money.currency == currency).map(|money| money.amount_minor);
    scene.judge(stays, left == Some(TOO_MUCH), &balance);
    Some(())
}
