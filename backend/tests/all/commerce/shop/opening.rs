//! What a shop begins with: a vendor who sells something, a Stripe that has heard of it, and a buyer.
//!
//! The first shop of a catalog tells Stripe price by price. What Stripe remembers of that, the shops after it begin with: it
//! is a hundred calls, for each of hundreds of tests.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use backend::accounts::{
    Account, AccountCreation, AccountDetails, Address, Password, Passwords, SignUp, SignUpOutcome, User,
    create_account, sign_up,
};
use backend::catalog::{CatalogApplication, PriceList, apply_catalog, load_catalog, push_prices};
use backend::cx::Entropy;
use backend::db::Db;
use backend::ids::VendorId;
use backend::stripe::{NewStripePrice, NewStripeProduct, Stripe, StripeError};
use backend::vendors::Vendor;
use backend::{Actor, Cx};
use stripe_sandbox::{Memory, Running};

use crate::support::{NOW, cx, master};

/// The same ids for the same catalog, so that one Stripe's memory of it is any other's.
const SEED: u64 = u64::MAX;

/// The shops that were the first, by what their catalogs say.
static FIRST: Mutex<BTreeMap<String, Arc<First>>> = Mutex::new(BTreeMap::new());

struct First {
    memory: Memory,
    told: Told,
}

/// What Stripe was told, with its ids of prices.
#[derive(Default)]
struct Told {
    products: Vec<NewStripeProduct>,
    prices: Vec<(NewStripePrice, String)>,
}

/// Tells Stripe what it does not know.
struct Telling<'s> {
    stripe: &'s Stripe,
    known: &'s Told,
    told: Mutex<Told>,
}

#[async_trait::async_trait]
impl PriceList for Telling<'_> {
    async fn push_product(&self, product: &NewStripeProduct) -> Result<String, StripeError> {
        if self.known.products.contains(product) {
            return Ok(product.id.clone());
        }
        let id = self.stripe.push_product(product).await?;
        locked(&self.told).products.push(product.clone());
        Ok(id)
    }

    async fn push_price(&self, price: &NewStripePrice) -> Result<String, StripeError> {
        if let Some((_, id)) = self.known.prices.iter().find(|(known, _)| known == price) {
            return Ok(id.clone());
        }
        let id = self.stripe.push_price(price).await?;
        locked(&self.told).prices.push((price.clone(), id.clone()));
        Ok(id)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts what a catalog says on sale, so long ago that Stripe has no events of it any more.
pub(super) async fn put_on_sale(db: &Db, sandbox: &Running, stripe: &Stripe, catalog: &Path) -> anyhow::Result<Vendor> {
    let text = std::fs::read_to_string(catalog)?;
    let vendor = apply_file(db, catalog).await?;
    let first = locked(&FIRST).get(&text).cloned();
    if let Some(first) = &first {
        sandbox.go_back_to(&first.memory);
    }
    let nothing = Told::default();
    let known = first.as_ref().map_or(&nothing, |first| &first.told);
    let telling = Telling { stripe, known, told: Mutex::default() };
    push_prices(db, &telling, &cx(&vendor.id, NOW)).await?;
    sandbox.forget_events();
    if first.is_none() {
        let told = telling.told.into_inner().unwrap_or_else(PoisonError::into_inner);
        locked(&FIRST).insert(text, Arc::new(First { memory: sandbox.remember(), told }));
    }
    Ok(vendor)
}

async fn apply_file(db: &Db, file: &Path) -> anyhow::Result<Vendor> {
    let catalog = load_catalog(file).map_err(|error| anyhow::anyhow!("{error:?}"))?;
    let operator = Cx::new(VendorId::from_untrusted(""), Actor::Operator, NOW, Entropy::seeded(SEED));
    let applied = db
        .write(move |tx| {
            Box::pin(async move { apply_catalog(tx, &operator, &master(), &catalog, "https://portal.test").await })
        })
        .await?;
    match applied {
        CatalogApplication::Applied { vendor, .. } => Ok(*vendor),
        CatalogApplication::Refused(refusals) => anyhow::bail!("{refusals:?}"),
    }
}

pub(super) async fn sign_up_buyer(db: &Db, vendor: &Vendor) -> anyhow::Result<(User, Account)> {
    let cx = cx(&vendor.id, NOW);
    let request = SignUp {
        email: "ada@example.com".to_owned(),
        password: Password::new("a long walk by the harbour".to_owned()),
        name: "Ada".to_owned(),
        address: std::net::Ipv4Addr::LOCALHOST.into(),
    };
    let user = match sign_up(db, &Passwords::default(), &master(), &cx, &request).await? {
        SignUpOutcome::SignedUp(user) => user,
        other => anyhow::bail!("{other:?}"),
    };
    let details = AccountDetails {
        company: "Ελληνικά Δίκτυα – Đặng & Żółć".to_owned(),
        country: "DE".to_owned(),
        address: Address {
            line1: "Hafenstraße 1".to_owned(),
            postal_code: "20457".to_owned(),
            city: "Hamburg".to_owned(),
            ..Address::default()
        },
        ..AccountDetails::default()
    };
    let user_id = user.id.clone();
    let created =
        db.write(move |tx| Box::pin(async move { create_account(tx, &cx, &user_id, &details).await })).await?;
    match created {
        AccountCreation::Created(account) => Ok((user, account)),
        other => anyhow::bail!("{other:?}"),
    }
}
