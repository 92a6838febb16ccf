//! VAT ids of an account and of its customer at Stripe: the account page says which one counts, what is typed on the payment
//! page is kept, and what Stripe does not take stops no purchase.

use backend::accounts::{AccountDetails, AccountUpdate, VatIdState};
use backend::billing::update_billing_details;
use backend::catalog::BillingInterval;
use backend::clock::HOUR_MS;
use backend::db::Db;

use super::closing::number;
use super::reversals::settle;
use super::shop::Shop;
use crate::support::{master, on_both_engines};

const FRENCH: &str = "FR40303265045";

impl Shop {
    /// The owner says so on the account page, and Stripe hears of it.
    async fn say(&self, country: &str, vat_id: &str, purchase_order: &str) -> anyhow::Result<()> {
        let account = self.find_account().await?;
        let details = AccountDetails {
            company: account.company,
            country: country.to_owned(),
            vat_id: vat_id.to_owned(),
            address: account.address,
            billing_email: account.billing_email,
            purchase_order: purchase_order.to_owned(),
        };
        let (cx, id) = (self.cx(), account.id);
        let updated = self
            .db
            .write(move |tx| Box::pin(async move { update_billing_details(tx, &cx, &master(), &id, &details).await }))
            .await?;
        anyhow::ensure!(matches!(updated, AccountUpdate::Updated { .. }), "{updated:?}");
        settle(self).await
    }

    /// What the account has, and what is known about it.
    async fn vat_id(&self) -> anyhow::Result<(Option<String>, VatIdState)> {
        let account = self.find_account().await?;
        Ok((account.vat_id, account.vat_id_state))
    }

    async fn customer(&self) -> anyhow::Result<String> {
        self.find_account().await?.stripe_customer_id.ok_or_else(|| anyhow::anyhow!("no customer"))
    }

    /// What its customer has at Stripe.
    async fn tax_ids(&self) -> anyhow::Result<Vec<String>> {
        let all = self.objects_of("tax_id", &self.customer().await?);
        Ok(all.iter().map(|tax_id| tax_id["value"].as_str().unwrap_or_default().to_owned()).collect())
    }
}

on_both_engines! {
    async fn a_vat_id_that_is_typed_on_the_payment_page_is_the_accounts_from_then_on(db: Db) {
        let shop = Shop::open(db).await?;
        shop.say("FR", "", "").await?;
        let (order, url) = shop.order("startup", BillingInterval::Month, 3).await?;
        shop.sandbox.submit(&url, &format!("action=4242&tax_id={FRENCH}")).await?;
        settle(&shop).await?;
        assert_eq!(shop.vat_id().await?, (Some(FRENCH.to_owned()), VatIdState::Verified));
        let act = "SELECT COUNT(*) FROM audit WHERE act = 'account.take_over_vat_id'";
        assert_eq!(number(&shop, act).await?, 1);
        shop.say("FR", FRENCH, "4711").await?;
        shop.order("startup", BillingInterval::Month, 2).await?;
        assert_eq!(shop.tax_ids().await?, [FRENCH]);

        let license_id = shop.find_order(&order.id).await?.license_id.expect("a license");
        let end = shop.subscription(&license_id).await?.period_end;
        shop.set_clock(end.plus(2 * HOUR_MS))?;
        settle(&shop).await?;
        let taxes: Vec<i64> = shop.invoices().await?.iter().map(|invoice| invoice.tax_minor).collect();
        assert_eq!(taxes, [0, 0], "both are reverse charge");
        Ok(())
    }

    async fn only_what_came_from_the_account_goes_with_it(db: Db) {
        let shop = Shop::open(db).await?;
        shop.say("FR", FRENCH, "").await?;
        shop.buy("startup", BillingInterval::Month, 3).await?;
        assert_eq!(shop.tax_ids().await?, [FRENCH]);
        assert_eq!(shop.vat_id().await?, (Some(FRENCH.to_owned()), VatIdState::Verified));
        shop.say("FR", "", "").await?;
        assert_eq!(shop.tax_ids().await?, [""; 0]);
        assert_eq!(shop.vat_id().await?, (None, VatIdState::Unchecked), "what was given up does not come back");

        let path = format!("customers/{}/tax_ids", shop.customer().await?);
        shop.call(&path, "type=eu_vat&value=FR83404833048").await?;
        settle(&shop).await?;
        assert_eq!(shop.vat_id().await?.0.as_deref(), Some("FR83404833048"));
        shop.say("FR", FRENCH, "").await?;
        assert_eq!(shop.tax_ids().await?, [FRENCH], "the owner knows better");
        shop.call(&path, "type=eu_vat&value=DE123456789").await?;
        settle(&shop).await?;
        shop.say("FR", "", "").await?;
        assert_eq!(shop.tax_ids().await?, ["DE123456789"]);
        assert_eq!(shop.vat_id().await?.0.as_deref(), Some("DE123456789"));
        let act = "SELECT COUNT(*) FROM audit WHERE act = 'account.take_over_vat_id'";
        assert_eq!(number(&shop, act).await?, 2);
        Ok(())
    }

    async fn a_vat_id_that_stripe_does_not_take_stops_nothing(db: Db) {
        let shop = Shop::open(db).await?;
        // As Irish ids were written once.
        shop.say("IE", "IE6+12345A", "").await?;
        shop.order("startup", BillingInterval::Month, 3).await?;
        assert_eq!(shop.vat_id().await?, (Some("IE6+12345A".to_owned()), VatIdState::Refused));
        let (_, url) = shop.order("startup", BillingInterval::Month, 3).await?;
        shop.sandbox.submit(&url, "action=4242&tax_id=IE6388047V").await?;
        settle(&shop).await?;
        assert_eq!(shop.vat_id().await?, (Some("IE6388047V".to_owned()), VatIdState::Verified));
        assert_eq!(shop.tax_ids().await?, ["IE6388047V"]);
        Ok(())
    }

    async fn each_country_s_ids_go_to_stripe_as_it_writes_them(db: Db) {
        let shop = Shop::open(db).await?;
        shop.buy("startup", BillingInterval::Month, 3).await?;
        for (country, typed, at_stripe, state) in [
            ("NO", "123 456 789 MVA", Some("123456789MVA"), VatIdState::Unavailable),
            ("CH", "CHE-123.456.789", Some("CHE-123.456.789 MWST"), VatIdState::Unavailable),
            ("GB", "GB123456789", Some("GB123456789"), VatIdState::Verified),
            ("AU", "12 345 678 912", Some("12345678912"), VatIdState::Verified),
            ("US", "123456789", Some("12-3456789"), VatIdState::Unavailable),
            ("PE", "12345678901", None, VatIdState::Unavailable),
        ] {
            shop.say(country, typed, "").await?;
            assert_eq!(shop.tax_ids().await?, at_stripe.into_iter().collect::<Vec<_>>(), "{country}");
            assert_eq!(shop.vat_id().await?.1, state, "{country}");
        }
        Ok(())
    }
}
