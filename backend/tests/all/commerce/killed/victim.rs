//! The process that is killed: this test binary once more, told by a variable what to do.

use backend::billing::cards::finish_card_update;
use backend::billing::conversion::finish_conversion;
use backend::billing::maintenance::finish_auto_renewal;
use backend::billing::{
    Agreed, CancelReason, ChangeRequest, Commerce, cancel_subscription, change_subscription, end_subscription,
    handlers, resume_subscription,
};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::{Clock, UnixMs};
use backend::cx::Entropy;
use backend::ids::{AutoRenewalId, CardUpdateId, ConversionId, LicenseId, OrderId, UserId, VendorId};
use backend::jobs::{Handlers, Runner};
use backend::orders::{Payment, Purchase, order_progress};
use backend::refunds::{CreditInvoice, credit_invoice};
use backend::stripe::{CreditSettlement, Stripe, StripeAccounts, StripeConfig};
use backend::{Actor, Cx};
use serde_json::Value;

use super::super::shop::WEBHOOK_SECRET;
use super::open;
use crate::support::{Outbox, master, with_room};

/// What the killed process shall do, as JSON.
pub(super) const ACT: &str = "LEASEHOLD_KILLED_ACT";

fn word(act: &Value, name: &str) -> String {
    act[name].as_str().unwrap_or_default().to_owned()
}

/// Does what [`ACT`] says; any answer will do, because whoever waits for it is gone.
#[test]
#[ignore = "slow proof: the process that the tests beside it start and kill"]
fn does_as_it_is_told() {
    let Ok(act) = std::env::var(ACT) else { return };
    let act: Value = serde_json::from_str(&act).expect("an act");
    with_room(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime").block_on(obey(&act)).expect("the act");
    });
}

async fn obey(act: &Value) -> anyhow::Result<()> {
    let (commerce, cx) = (commerce_of(act).await?, cx_of(act));
    let id = word(act, "id");
    match act["kind"].as_str().unwrap_or_default() {
        "Order" | "OrderByTransfer" => drop(backend::orders::place_order(&commerce, &cx, &place(act)).await?),
        "Return" | "Updates" => drop(order_progress(&commerce, &cx, &OrderId::from_untrusted(&id)).await?),
        "Upgrade" | "Downgrade" | "UpgradeByTransfer" => {
            let (request, agreed) = change(act);
            change_subscription(&commerce, &cx, &request, agreed).await?;
        }
        "Cancel" | "Resume" | "End" => obey_here(&commerce, &cx, act).await?,
        "Credit" => drop(credit_invoice(&commerce, &cx, &credit(act)).await?),
        "Card" => drop(finish_card_update(&commerce, &cx, &CardUpdateId::from_untrusted(&id)).await?),
        "AutoRenewal" => {
            finish_auto_renewal(&commerce, &cx, &AutoRenewalId::from_untrusted(&id)).await?;
        }
        "Conversion" => {
            finish_conversion(&commerce, &cx, &ConversionId::from_untrusted(&id)).await?;
        }
        _ => {
            let handlers = handlers::register(Handlers::new().with(Outbox::default()), &commerce);
            let clock = Clock::from_file(word(act, "clock").into());
            Runner::new(commerce.db.clone(), clock, cx.entropy, master(), handlers).run_until_idle().await?;
        }
    }
    Ok(())
}

async fn commerce_of(act: &Value) -> anyhow::Result<Commerce> {
    let config = StripeConfig {
        api_base: word(act, "stripe"),
        secret_key: "sk_test_shop".to_owned().into(),
        webhook_secrets: vec![WEBHOOK_SECRET.to_owned().into()],
    };
    let stripe = StripeAccounts::single(Stripe::new(config, Entropy::system())?);
    Ok(Commerce { db: open(&word(act, "database")).await?, master: master(), stripe })
}

fn cx_of(act: &Value) -> Cx {
    let actor = Actor::User(UserId::from_untrusted(&word(act, "user")));
    let (vendor_id, now) =
        (VendorId::from_untrusted(&word(act, "vendor")), UnixMs(act["now"].as_i64().unwrap_or_default()));
    Cx::new(vendor_id, actor, now, Entropy::system())
}

fn composition(act: &Value, seats: i64) -> Composition {
    let usd = backend::money::Currency::parse("usd").expect("a currency");
    let plan_id = backend::ids::PlanId::from_untrusted(&word(act, "plan"));
    Composition::new(plan_id, BillingInterval::Month, seats, usd)
}

pub(super) fn change(act: &Value) -> (ChangeRequest, Agreed) {
    let request = ChangeRequest {
        license_id: LicenseId::from_untrusted(&word(act, "license")),
        to: composition(act, act["seats"].as_i64().unwrap_or_default()),
    };
    let amount = act["amount"].as_i64().unwrap_or_default();
    let agreed = match act["date"].as_i64() {
        Some(date) => Agreed::ChargeNow { proration_date: UnixMs(date), amount_due_minor: amount },
        None => Agreed::Later { recurring_minor: amount },
    };
    (request, agreed)
}

pub(super) fn credit(act: &Value) -> CreditInvoice {
    CreditInvoice {
        invoice_id: backend::ids::InvoiceId::from_untrusted(&word(act, "id")),
        amount_minor: act["amount"].as_i64().unwrap_or_default(),
        settlement: CreditSettlement::Refund,
        reason: String::new(),
        memo: String::new(),
        credited_before_minor: 0,
    }
}

fn place(act: &Value) -> backend::orders::PlaceOrder {
    backend::orders::PlaceOrder {
        account_id: backend::ids::AccountId::from_untrusted(&word(act, "account")),
        user_id: UserId::from_untrusted(&word(act, "user")),
        session_hash: None,
        purchase: Purchase::Plan(composition(act, 2)),
        payment: if act["kind"] == "OrderByTransfer" { Payment::Transfer } else { Payment::Card },
        promotion: None,
        for_client: None,
        urls: backend::orders::CheckoutUrls {
            success: "https://portal.test/orders/{ORDER_ID}".to_owned(),
            cancel: "https://portal.test/pricing".to_owned(),
        },
    }
}

/// What whoever acted can do again as it is.
pub(super) async fn obey_here(commerce: &Commerce, cx: &Cx, act: &Value) -> anyhow::Result<()> {
    let license_id = LicenseId::from_untrusted(&word(act, "license"));
    match act["kind"].as_str().unwrap_or_default() {
        "Cancel" => {
            cancel_subscription(commerce, cx, &license_id, &CancelReason::default()).await?;
        }
        "Resume" => {
            resume_subscription(commerce, cx, &license_id).await?;
        }
        _ => {
            end_subscription(commerce, &Cx { actor: Actor::Operator, ..cx.clone() }, &license_id, "").await?;
        }
    }
    Ok(())
}
