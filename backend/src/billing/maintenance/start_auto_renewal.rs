//! Asking that updates renew by themselves: the price is shown, and Stripe's page opened on which it is agreed to.

use std::collections::HashMap;

use super::{AutoRenewal, AutoRenewalStatus, rules, store};
use crate::accounts::{self, Account, Act};
use crate::billing::{Commerce, CommerceError};
use crate::catalog::{self, BillingInterval};
use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::Tx;
use crate::ids::{LicenseId, UserId};
use crate::money::{Currency, Money};
use crate::orders::ensure_customer;
use crate::orders::rules::{QuoteLine, quote_maintenance};
use crate::stripe::{IdempotencyKey, NewYearly, YearlyLine};
use crate::{audit, licenses, tax, vendors};

/// Where Stripe's page leads. `{AUTO_RENEWAL_ID}` in them is filled in here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoRenewalUrls {
    /// After agreeing.
    pub success: String,
    /// Without.
    pub cancel: String,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartAutoRenewal {
    /// Of which license.
    pub license_id: LicenseId,
    /// Who asks.
    pub user_id: UserId,
    /// What a year costs, as it was shown: another price is never agreed to.
    pub agreed: Money,
    /// Where Stripe's page leads.
    pub urls: AutoRenewalUrls,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AutoRenewalStart {
    /// It is agreed to on this page.
    Opened {
        /// Stripe's page.
        url: String,
    },
    /// It is on already.
    On,
    /// Updates have ended, or end within days: they have to be renewed first.
    TooLate,
    /// A year costs something else than was shown, or is not sold any more.
    Outdated,
    /// The account closes then: nothing is made to renew.
    AccountCloses {
        /// When.
        at: UnixMs,
    },
    /// The user may not, or there is no such license.
    NotAllowed,
}

struct Written {
    renewal: AutoRenewal,
    lines: Vec<YearlyLine>,
    customer_id: String,
    is_taxed: bool,
}

/// Why nothing was written.
enum NotWritten {
    /// It cannot be asked for.
    Refused(AutoRenewalStart),
    /// Stripe does not know the account yet.
    NoCustomer(Box<Account>),
}

impl From<AutoRenewalStart> for NotWritten {
    fn from(refused: AutoRenewalStart) -> Self {
        Self::Refused(refused)
    }
}

/// Opens Stripe's page on which automatic renewal is agreed to. Nothing changes before it was.
///
/// # Errors
/// [`CommerceError`].
pub async fn start_auto_renewal(
    commerce: &Commerce,
    cx: &Cx,
    start: &StartAutoRenewal,
) -> Result<AutoRenewalStart, CommerceError> {
    let stripe = commerce.stripe(cx)?;
    let written = loop {
        let (tx_cx, tx_start) = (cx.clone(), start.clone());
        match commerce.db.write(move |tx| Box::pin(async move { write(tx, &tx_cx, &tx_start).await })).await? {
            Ok(written) => break *written,
            Err(NotWritten::Refused(refused)) => return Ok(refused),
            // Its account has bought nothing yet: a partner bought the license, or somebody of the vendor's issued it.
            Err(NotWritten::NoCustomer(account)) => drop(ensure_customer(commerce, stripe, cx, &account).await?),
        }
    };
    let Written { mut renewal, lines, customer_id, is_taxed } = written;
    let with_id = |url: &str| url.replace("{AUTO_RENEWAL_ID}", renewal.id.as_str());
    let new = NewYearly {
        customer_id,
        reference: renewal.id.to_string(),
        lines,
        is_taxed,
        first_at: renewal.next_at,
        metadata: HashMap::from([
            ("vendor_id".to_owned(), cx.vendor_id.to_string()),
            ("auto_renewal_id".to_owned(), renewal.id.to_string()),
            ("license_id".to_owned(), renewal.license_id.to_string()),
        ]),
        success_url: with_id(&start.urls.success),
        cancel_url: with_id(&start.urls.cancel),
    };
    let session = stripe.open_yearly(&IdempotencyKey::new(&[renewal.id.as_str(), "open"]), &new).await?;
    let url = session.url.ok_or_else(|| CommerceError::Contradiction(format!("{} has no address", session.id)))?;
    renewal.stripe_session_id = Some(session.id);
    commerce.db.write(move |tx| Box::pin(async move { store::update(tx, &renewal).await })).await?;
    Ok(AutoRenewalStart::Opened { url })
}

async fn write(
    tx: &mut Tx,
    cx: &Cx,
    start: &StartAutoRenewal,
) -> Result<Result<Box<Written>, NotWritten>, CommerceError> {
    // Asked before the lock as well, so that strangers hold nobody up.
    let view = licenses::find_license(tx, &cx.vendor_id, &start.license_id).await?;
    let Some(account_id) = view.map(|view| view.license.account_id) else {
        return Ok(Err(AutoRenewalStart::NotAllowed.into()));
    };
    if !accounts::may_act(tx, cx, &account_id, Act::Buy).await? {
        return Ok(Err(AutoRenewalStart::NotAllowed.into()));
    }
    if let Some(at) = accounts::lock_closing(tx, &cx.vendor_id, &account_id).await? {
        return Ok(Err(AutoRenewalStart::AccountCloses { at }.into()));
    }
    // Locked, so that it does not go over to another account meanwhile; nor has it before.
    let view = licenses::lock_license(tx, &cx.vendor_id, &start.license_id).await?;
    let license = view.map(|view| view.license).filter(|license| license.account_id == account_id);
    let Some(license) = license else { return Ok(Err(AutoRenewalStart::NotAllowed.into())) };
    let Some(until) = license.updates_until else { return Ok(Err(AutoRenewalStart::NotAllowed.into())) };
    if store::find_auto_renewal(tx, &cx.vendor_id, &license.id).await?.is_some() {
        return Ok(Err(AutoRenewalStart::On.into()));
    }
    if !rules::can_renew_by_itself(until, cx.now) {
        return Ok(Err(AutoRenewalStart::TooLate.into()));
    }
    let plan = catalog::find_plan(tx, &cx.vendor_id, &license.plan_id).await?;
    let currency: Currency = start.agreed.currency;
    let bought = license.composition(BillingInterval::Once, currency);
    let quote = plan.and_then(|plan| quote_maintenance(&plan, &bought, 1).ok());
    let Some(quote) = quote.filter(|quote| quote.total == start.agreed) else {
        return Ok(Err(AutoRenewalStart::Outdated.into()));
    };
    let line = |line: &QuoteLine| {
        let price_id = line.price.stripe_price_id.clone();
        let price_id = price_id.ok_or_else(|| CommerceError::PriceNotPushed(line.price.lookup_key.clone()))?;
        Ok(YearlyLine { price_id, unit_amount: line.price.unit_amount, quantity: line.quantity })
    };
    let lines = quote.lines.iter().map(line).collect::<Result<Vec<_>, CommerceError>>()?;
    let account = accounts::find_account(tx, &cx.vendor_id, &license.account_id).await?;
    let Some(account) = account else { return Ok(Err(AutoRenewalStart::NotAllowed.into())) };
    let Some(customer_id) = account.stripe_customer_id.clone() else {
        return Ok(Err(NotWritten::NoCustomer(Box::new(account))));
    };
    let renewal = AutoRenewal {
        id: cx.id(),
        vendor_id: cx.vendor_id.clone(),
        account_id: license.account_id.clone(),
        license_id: license.id.clone(),
        user_id: start.user_id.clone(),
        status: AutoRenewalStatus::Asked,
        stripe_session_id: None,
        stripe_subscription_id: None,
        currency,
        amount_minor: quote.total.amount_minor,
        next_at: until,
        is_behind: false,
    };
    let is_taxed = vendors::find_vendor(tx, &cx.vendor_id).await?.as_ref().is_none_or(tax::rules::is_taxed);
    store::insert(tx, &renewal, cx.now).await?;
    let after = serde_json::json!({
        "license_id": renewal.license_id, "amount_minor": renewal.amount_minor, "currency": renewal.currency,
        "next_at": renewal.next_at.timestamp().to_string(),
    });
    let (account_id, id) = (Some(&renewal.account_id), renewal.id.as_str());
    audit::record(tx, cx, account_id, "auto_renewal.ask", id, audit::NOTHING, Some(&after)).await?;
    Ok(Ok(Box::new(Written { renewal, lines, customer_id, is_taxed })))
}
