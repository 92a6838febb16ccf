#![expect(clippy::unwrap_used, reason = "tests")]
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::catalog::catalog_file::read_catalog_file;
use crate::catalog::diff::{Change, Current, Refusal, compare};
use crate::catalog::rules::check_catalog;
use crate::catalog::{Catalog, CatalogPlan, CatalogProduct, LeasePolicy, Product, load_catalog};
use crate::ids::{PlanId, PriceId, ProductId, ReleaseId, VendorId};

fn demo(name: &str) -> Catalog {
    load_catalog(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo").join(name)).unwrap()
}

/// What is stored after a catalog was applied for the first time.
fn stored(catalog: &Catalog) -> Current {
    let wanted = &catalog.vendor;
    let vendor = Vendor {
        id: VendorId::from_untrusted("ven_x"),
        code: wanted.code.clone(),
        host: wanted.host.clone(),
        origin: "https://portal.test".to_owned(),
        name: wanted.name.clone(),
        profile: wanted.profile.clone(),
        accent_hue: wanted.accent_hue,
        logo_svg: wanted.logo_svg.clone(),
        created_at: UnixMs(0),
        settings_no: 0,
    };
    let products = (0..).zip(&catalog.products).map(|(position, product)| stored_product(position, product));
    Current { vendor: Some(vendor), products: products.collect() }
}

fn stored_product(position: i64, wanted: &CatalogProduct) -> CurrentProduct {
    let id = ProductId::from_untrusted(&wanted.code);
    let release = |release: &crate::catalog::CatalogRelease| Release {
        id: ReleaseId::from_untrusted(&release.version),
        version: release.version.clone(),
        released_on: release.released_on,
        channel: release.channel.clone(),
    };
    CurrentProduct {
        releases: wanted.releases.iter().rev().map(release).collect(),
        plans: (0..).zip(&wanted.plans).map(|(position, plan)| stored_plan(position, &id, plan)).collect(),
        product: Product {
            id,
            code: wanted.code.clone(),
            name: wanted.name.clone(),
            description: wanted.description.clone(),
            position,
        },
    }
}

fn stored_plan(position: i64, product_id: &ProductId, wanted: &CatalogPlan) -> Plan {
    let price = |price: &crate::catalog::CatalogPrice| Price {
        id: PriceId::from_untrusted("prc_x"),
        role: price.role,
        option: price.option.clone(),
        interval: price.interval,
        unit_amount: price.unit_amount,
        tiers: price.tiers.clone(),
        lookup_key: String::new(),
        stripe_price_id: None,
        created_at: UnixMs(0),
    };
    Plan {
        id: PlanId::from_untrusted(&wanted.code),
        product_id: product_id.clone(),
        code: wanted.code.clone(),
        name: wanted.name.clone(),
        kind: wanted.kind,
        license_type: wanted.license_type,
        version: 1,
        included_seats: wanted.included_seats,
        max_seats: wanted.max_seats,
        terms: wanted.terms.clone(),
        addons: wanted.addons.clone(),
        packs: wanted.packs.clone(),
        presentation: wanted.presentation.clone(),
        position,
        published: wanted.published,
        prices: wanted.prices.iter().map(price).collect(),
    }
}

/// What applying the file would change that is written of what is stored.
fn changes_of_file(current: &Current) -> Result<Vec<Change>, Vec<Refusal>> {
    let vendor = current.vendor.as_ref().unwrap();
    let text = write(vendor, &current.products);
    let file = read_catalog_file(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(file.vendor.logo_file.is_some(), vendor.logo_svg.is_some());
    let mut read = check_catalog(&file, None).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"));
    read.vendor.logo_svg.clone_from(&vendor.logo_svg);
    compare(current, &read, "https://elsewhere.test")
}

#[test]
fn the_file_of_a_demo_catalog_says_what_is_stored() {
    for name in ["iot-platform.toml", "desk-tools.toml"] {
        assert_eq!(changes_of_file(&stored(&demo(name))), Ok(Vec::new()), "{name}");
    }
}

#[test]
fn what_is_no_longer_offered_stays_so_and_drafts_without_prices_are_part_of_it() {
    let mut current = stored(&demo("iot-platform.toml"));
    let plans = &mut current.products[0].plans;
    plans[0].published = false;
    let startup = plans.iter_mut().find(|plan| plan.code == "startup").unwrap();
    startup.addons[1].offered = false;
    let code = startup.addons[1].code.clone();
    startup.prices.retain(|price| price.option != code);
    // Of all that is sold, also with add-ons and packs that have no price either.
    let models: Vec<Plan> = plans.clone();
    for model in models {
        let position = i64::try_from(plans.len()).unwrap();
        let code = format!("draft-{}", model.code);
        plans.push(Plan { code, published: false, prices: Vec::new(), position, ..model });
    }
    let drafts: Vec<String> = plans.iter().filter(|plan| plan.prices.is_empty()).map(|it| it.code.clone()).collect();
    assert_eq!(changes_of_file(&current), Ok(Vec::new()));
    let text = write(current.vendor.as_ref().unwrap(), &current.products);
    assert!(drafts.len() > 5 && drafts.iter().all(|code| text.contains(&format!("code = \"{code}\""))), "{text}");
}

#[test]
fn a_vendor_that_charges_no_tax_says_so_and_a_file_without_that_charges_it_again() {
    let taxed = demo("iot-platform.toml");
    let mut current = stored(&taxed);
    current.vendor.as_mut().unwrap().profile.untaxed = true;
    assert_eq!(changes_of_file(&current), Ok(Vec::new()));
    let changes = compare(&current, &taxed, "https://elsewhere.test");
    assert_eq!(changes, Ok(vec![Change::UpdateVendor { members: vec!["stripe_tax"] }]));
}

/// Something that people type, with all that a file has to escape.
fn typed() -> impl Strategy<Value = String> {
    "x[A-Za-z0-9äöüßéØ \"'\\\\#=,.\\[\\]{}%&<>-]{0,50}"
}

proptest! {
    #[test]
    fn whatever_a_plan_says_the_file_says(
        name in typed(),
        tagline in typed(),
        highlights in prop::collection::vec(typed(), 0..4),
        limits in prop::collection::btree_map("[a-z][a-z0-9_-]{0,20}", -1_i64..=(1 << 53) - 1, 0..5),
        feature_day in 0_i64..40_000,
        lease_s in 60_i64..=864_000,
        borrows: bool,
        trial_days in 0_i64..=730,
        surge in prop::option::of((1_i64..=10, 5_i64..=720)),
        switches in prop::array::uniform4(any::<bool>()),
        amount_minor in 1_i64..=99_999_999,
    ) {
        let mut catalog = demo("iot-platform.toml");
        let plan = catalog.products[0].plans.iter_mut().find(|plan| plan.code == "pilot").unwrap();
        plan.name = name;
        plan.presentation = crate::catalog::Presentation { tagline, highlights, recommended: false };
        plan.published = switches[0];
        // Its packs are of a limit that it has, and not without end.
        plan.terms.limits.extend(limits.into_iter().filter(|(name, _)| name != "devices"));
        plan.terms.features = [("always".to_owned(), None), ("once".to_owned(), Some(feature_day * 86_400 + 86_399))].into();
        let max_borrow_s = if borrows { lease_s * 2 } else { 0 };
        plan.terms.lease = LeasePolicy { lease_s, check_s: (lease_s / 3).max(10), reclaim_after_s: lease_s, max_borrow_s };
        plan.terms.trial_days = trial_days;
        plan.terms.trial_without_card = switches[1] && trial_days > 0;
        plan.terms.card_only = switches[2];
        plan.terms.usage_signals = switches[3];
        (plan.terms.surge_seats, plan.terms.surge_minutes) = surge.unwrap_or_default();
        for price in &mut plan.prices {
            if price.tiers.is_none() {
                price.unit_amount.amount_minor = amount_minor;
            }
        }
        prop_assert_eq!(changes_of_file(&stored(&catalog)), Ok(Vec::new()));
    }
}
