//! What happens before somebody acts and is killed.

use anyhow::{Context as _, bail};
use backend::Actor;
use backend::billing::cards::{CardUpdateStart, CardUpdateUrls, StartCardUpdate, start_card_update};
use backend::billing::conversion::{
    ConversionStart, ConversionUrls, StartConversion, preview_conversion, start_conversion,
};
use backend::billing::maintenance::{AutoRenewalStart, AutoRenewalUrls, StartAutoRenewal, start_auto_renewal};
use backend::billing::{CancelReason, ChangePreview, ChangeRequest, cancel_subscription, preview_change};
use backend::catalog::{BillingInterval, Composition};
use backend::clock::{MINUTE_MS, UnixMs};
use backend::ids::LicenseId;
use backend::money::Money;
use backend::orders::{OrderPlacement, Purchase};
use serde_json::{Value, json};

use super::victim::change;
use super::{Kind, Scene, Subject};

impl Scene {
    /// Brings everything to the point at which the act begins.
    pub(super) async fn prepare(&mut self, kind: Kind) -> anyhow::Result<Subject> {
        let month = BillingInterval::Month;
        let mut act = json!({});
        let license = match kind {
            Kind::Order => {
                act["plan"] = json!(self.shop.plan("pilot").await?.id);
                None
            }
            Kind::OrderByTransfer => {
                act["plan"] = json!(self.shop.plan("startup").await?.id);
                self.bought += 1;
                None
            }
            Kind::Transfer => {
                let order = self.ordered_by_transfer().await?;
                self.shop.transfer(self.shop.awaited(&order).await?.1.total_minor).await?;
                self.deliver().await?;
                order.license_id
            }
            Kind::UpgradeByTransfer | Kind::ChangeTransfer => Some(self.bought_by_transfer().await?),
            Kind::Return | Kind::Purchase => {
                let (order, url) = self.shop.order("pilot", month, 2).await?;
                self.shop.pay(&url, "4242").await?;
                self.bought += 1;
                act["id"] = json!(order.id);
                if kind == Kind::Purchase {
                    self.deliver().await?;
                }
                None
            }
            Kind::Conversion => Some(self.bought("pilot", month).await?),
            Kind::Updates | Kind::AutoRenewal => Some(self.bought("perpetual", BillingInterval::Once).await?),
            _ => Some(self.bought("startup", month).await?),
        };
        if let Some(license) = &license
            && kind != Kind::Transfer
        {
            self.hours_pass().await?;
            self.prepare_for(kind, license, &mut act).await?;
        }
        act["kind"] = json!(format!("{kind:?}"));
        act["license"] = json!(license);
        if kind == Kind::ChangeTransfer {
            let (request, agreed) = change(&act);
            let transfer = self.changed_by_transfer(&request, agreed).await?;
            self.shop.transfer(transfer.total_minor).await?;
            self.deliver().await?;
        }
        act["stripe"] = json!(self.shop.stripe().config().api_base);
        act["vendor"] = json!(self.shop.vendor.id);
        act["account"] = json!(self.shop.account.id);
        let actor = if kind == Kind::Credit { self.staff.actor.clone() } else { self.shop.cx().actor };
        act["user"] = json!(match actor {
            Actor::User(user) => user.to_string(),
            _ => String::new(),
        });
        act["now"] = json!(self.shop.now().0);
        act["clock"] = json!(self.shop.clock_file());
        Ok(Subject { license, act })
    }

    async fn deliver(&mut self) -> anyhow::Result<()> {
        for event in self.shop.news(&mut self.seen, &[""]) {
            self.shop.deliver(&event).await?;
        }
        Ok(())
    }

    async fn prepare_for(&mut self, kind: Kind, license: &LicenseId, act: &mut Value) -> anyhow::Result<()> {
        let (commerce, cx) = (self.shop.commerce.clone(), self.shop.cx());
        let urls = |name: &str| (format!("https://portal.test/{{{name}}}"), "https://portal.test".to_owned());
        let last = |place: String| place.rsplit('/').next().unwrap_or_default().to_owned();
        match kind {
            Kind::Upgrade | Kind::Downgrade | Kind::UpgradeByTransfer | Kind::ChangeTransfer => {
                let (plan, seats) = if kind == Kind::Downgrade { ("pilot", 2) } else { ("business", 4) };
                let plan = self.shop.plan(plan).await?.id;
                let license_id = license.clone();
                let to = Composition::new(plan.clone(), BillingInterval::Month, seats, self.shop.currency);
                let request = ChangeRequest { license_id, to };
                (act["plan"], act["seats"]) = (json!(plan), json!(seats));
                match preview_change(&commerce, &cx, &request).await? {
                    ChangePreview::Now(shown) => {
                        act["date"] = json!(shown.proration_date.0);
                        act["amount"] = json!(shown.amount_due.amount_minor);
                    }
                    ChangePreview::Later(planned) => act["amount"] = json!(planned.recurring.amount_minor),
                    other => bail!("{other:?}"),
                }
            }
            Kind::Resume => {
                cancel_subscription(&commerce, &cx, license, &CancelReason::default()).await?;
                self.settle().await?;
            }
            Kind::Credit => {
                let invoice = self.invoice_of(license).await?;
                (act["id"], act["amount"]) = (json!(invoice.id), json!(invoice.total_minor));
            }
            Kind::Card => {
                let (success, cancel) = urls("CARD_UPDATE_ID");
                let (license_id, user_id) = (license.clone(), self.shop.user.id.clone());
                let urls = CardUpdateUrls { success, cancel };
                let start = StartCardUpdate { license_id, user_id, for_all: false, urls };
                let started = start_card_update(&commerce, &cx, &start).await?;
                let CardUpdateStart::Opened { url } = started else { bail!("{started:?}") };
                act["before"] = json!(self.card(license).await?);
                act["id"] = json!(last(self.shop.pay(&url, "4242").await?));
            }
            Kind::Updates => {
                let placed = self
                    .shop
                    .place(Purchase::Maintenance {
                        license_id: license.clone(),
                        years: 1,
                        currency: self.shop.currency,
                    })
                    .await?;
                let OrderPlacement::Placed { order, checkout_url } = placed else { bail!("{placed:?}") };
                self.shop.pay(&checkout_url, "4242").await?;
                act["id"] = json!(order.id);
            }
            Kind::AutoRenewal => {
                let (success, cancel) = urls("AUTO_RENEWAL_ID");
                let start = StartAutoRenewal {
                    license_id: license.clone(),
                    user_id: self.shop.user.id.clone(),
                    // 40 % of two instances.
                    agreed: Money::new(2 * 199_960, self.shop.currency),
                    urls: AutoRenewalUrls { success, cancel },
                };
                let started = start_auto_renewal(&commerce, &cx, &start).await?;
                let AutoRenewalStart::Opened { url } = started else { bail!("{started:?}") };
                act["id"] = json!(last(self.shop.pay(&url, "4242").await?));
            }
            Kind::Conversion => {
                let now = UnixMs::from_seconds(self.shop.now().seconds());
                let offer = preview_conversion(&commerce, &cx, license, None, now).await?;
                let offer = offer.map_err(|refusal| anyhow::anyhow!("{refusal:?}"))?;
                let (success, cancel) = urls("CONVERSION_ID");
                let start = StartConversion {
                    license_id: license.clone(),
                    plan_id: offer.plan.id.clone(),
                    user_id: self.shop.user.id.clone(),
                    reckoned_at: offer.reckoned_at,
                    rest_minor: offer.rest.amount_minor,
                    urls: ConversionUrls { success, cancel },
                };
                let started = start_conversion(&commerce, &cx, &start).await?;
                let ConversionStart::Opened { url } = started else { bail!("{started:?}") };
                act["id"] = json!(last(self.shop.pay(&url, "4242").await?));
            }
            Kind::Renewal => {
                let end = self.shop.subscription(license).await?.period_end;
                self.shop.set_clock(end.plus(2 * 60 * MINUTE_MS))?;
                self.deliver().await?;
            }
            Kind::Refund => {
                let invoice = self.invoice_of(license).await?;
                let page = self.shop.look(&format!("invoice_payments?invoice={}", invoice.stripe_invoice_id)).await?;
                let payment = page["data"][0]["payment"]["payment_intent"].as_str().context("a payment")?.to_owned();
                self.shop.call("refunds", &format!("payment_intent={payment}")).await?;
                self.deliver().await?;
            }
            _ => {}
        }
        Ok(())
    }
}
