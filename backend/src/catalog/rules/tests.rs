#![expect(clippy::unwrap_used, reason = "tests")]
use super::super::catalog_file::{FeatureEnd, read_catalog_file};
use super::plan::last_second;
use super::prices::{maintenance_prices, parse_amount};
use super::*;
use crate::money::Currency;

const IOT: &str = include_str!("../../../../demo/iot-platform.toml");
const DESK: &str = include_str!("../../../../demo/desk-tools.toml");
const LOGO: &str = include_str!("../../../../demo/nordwind.svg");

fn check(text: &str) -> Result<Catalog, Vec<Problem>> {
    check_catalog(&read_catalog_file(text).unwrap(), Some(Ok(LOGO)))
}

fn problems(from: &str, to: &str) -> Vec<Problem> {
    let broken = IOT.replacen(from, to, 1);
    assert_ne!(broken, IOT, "the demo file has no {from:?}");
    check(&broken).err().unwrap_or_default()
}

#[test]
fn the_demo_catalogs_satisfy_the_rules() {
    let iot = check(IOT).unwrap();
    let plans = &iot.products[0].plans;
    let usd = Currency::parse("usd").unwrap();
    let price = |plan: &str, role, interval| {
        let plan = plans.iter().find(|it| it.code == plan).unwrap();
        let prices = plan.prices.iter().filter(|price| price.option.is_empty());
        let price = prices.clone().find(|price| price.role == role && price.interval == interval).unwrap();
        assert_eq!(price.unit_amount.currency, usd);
        price.unit_amount.amount_minor
    };
    for (code, seats, devices, base, extra) in [
        ("maker", 1, 10, 1_000, 1_000),
        ("prototype", 1, 50, 3_900, 3_900),
        ("pilot", 1, 100, 9_900, 9_900),
        ("startup", 2, 500, 29_900, 14_900),
        ("business", 3, 1_000, 49_900, 14_900),
    ] {
        let plan = plans.iter().find(|plan| plan.code == code).unwrap();
        assert_eq!(
            (plan.included_seats, plan.terms.limits["devices"], plan.terms.limits["assets"]),
            (seats, devices, devices)
        );
        for (role, monthly) in [(PriceRole::Base, base), (PriceRole::ExtraSeat, extra)] {
            assert_eq!(price(code, role, BillingInterval::Month), monthly, "{code}");
            assert_eq!(price(code, role, BillingInterval::Year), 10 * monthly, "{code}");
        }
    }
    assert_eq!(price("perpetual", PriceRole::Unit, BillingInterval::Once), 499_900);
    assert_eq!(price("perpetual", PriceRole::Maintenance, BillingInterval::Once), 199_960);
    assert_eq!(check(DESK).unwrap().products[0].plans.len(), 3);
}

#[test]
fn a_plan_that_nobody_can_buy_may_get_its_prices_later() {
    let prices = "prices.usd.month = { base = \"0.00\" }\nprices.usd.year = { base = \"0.00\" }\n";
    let faults: Vec<Fault> = problems(prices, "").into_iter().map(|problem| problem.fault).collect();
    assert_eq!(faults, [Fault::PriceMissing]);
    assert_eq!(problems(prices, "published = false\n"), []);
}

#[test]
fn each_broken_rule_is_found_at_its_place() {
    let maker = "products.iot-platform.plans.maker";
    let pilot = "products.iot-platform.plans.pilot.packs";
    let range = |min, max| Fault::OutOfRange { min, max };
    for (from, to, path, fault) in [
        (r#"code = "nordwind""#, r#"code = "Nord wind""#, "vendor.code", Fault::NotACode),
        (r#"name = "Nordwind IoT""#, r#"name = " ""#, "vendor.name", Fault::Missing),
        (r#"# host = "licenses.nordwind.example""#, r#"host = "licenses_""#, "vendor.host", Fault::NotAHost),
        (r#"# origin = "https://"#, r#"origin = "ftp://"#, "vendor.origin", Fault::NotAnOrigin),
        ("Nordwind IoT GmbH", "北風 GmbH", "vendor.legal_name", Fault::Unprintable('北')),
        (r#"["Am Sandtorkai 27", "20457 Hamburg"]"#, "[]", "vendor.address_lines", range(1, 6)),
        (r#"country = "DE""#, r#"country = "XX""#, "vendor.country", Fault::NotACountry),
        ("support@nordwind.example", "support", "vendor.support_email", Fault::NotAnEmail),
        ("accent_hue = 205", "accent_hue = 360", "vendor.accent_hue", range(0, 359)),
        ("DE89 3704", "DE88 3704", "vendor.bank.iban", Fault::NotAnIban),
        (r#"code = "iot-platform""#, r#"code = """#, "products.#1.code", Fault::NotACode),
        (
            r#"version = "4.1.0""#,
            r#"version = "4.0.0""#,
            "products.iot-platform.releases.4.0.0.version",
            Fault::Duplicate,
        ),
        (r#"code = "prototype""#, r#"code = "maker""#, "products.iot-platform.plans.maker.code", Fault::Duplicate),
        (
            r#"tagline = "For a pilot in the field""#,
            "recommended = true",
            "products.iot-platform.plans",
            Fault::TwoRecommended,
        ),
        ("max_seats = 10", "max_seats = 0", &format!("{maker}.max_seats"), range(1, 1_000_000)),
        ("included_seats = 1 ", "included_seats = 0 ", &format!("{maker}.included_seats"), range(1, 1_000_000)),
        ("devices = 10,", "devices = -2,", &format!("{maker}.limits.devices"), range(-1, (1 << 53) - 1)),
        ("devices = 10,", "\"De vices\" = 1,", &format!("{maker}.limits.De vices"), Fault::NotACode),
        (
            "# level_aggregation = { devices",
            "level_aggregation = { tenants",
            &format!("{maker}.level_aggregation.tenants"),
            Fault::NotALimit,
        ),
        (
            "lease_s = 600, check_s = 180",
            "lease_s = 600, check_s = 201",
            &format!("{maker}.lease.check_s"),
            Fault::CheckTooRare,
        ),
        ("lease_s = 600, check_s", "lease_s = 30, check_s", &format!("{maker}.lease.lease_s"), range(60, 7_776_000)),
        (
            "max_borrow_s = 259_200",
            "max_borrow_s = 60",
            &format!("{maker}.lease.max_borrow_s"),
            Fault::BorrowShorterThanLease,
        ),
        (
            "check_s = 180,",
            "check_s = 180, reclaim_after_s = 599,",
            &format!("{maker}.lease.reclaim_after_s"),
            Fault::ReclaimedBeforeLeaseEnds,
        ),
        (
            "after_s = 43_200",
            "after_s = 90_000",
            &format!("{maker}.enforcement"),
            Fault::Enforcement(EnforcementPolicyError::NotAscending),
        ),
        (
            "payment_grace_days = 14",
            "devices_per_user = 3",
            &format!("{maker}.devices_per_user"),
            Fault::DevicesOfOtherType,
        ),
        ("payment_grace_days = 14", "surge_seats = 1", &format!("{maker}.surge_minutes"), Fault::SurgeIncomplete),
        ("payment_grace_days = 14", "surge_minutes = 60", &format!("{maker}.surge_seats"), Fault::SurgeIncomplete),
        (
            "payment_grace_days = 14",
            "surge_seats = 11\nsurge_minutes = 60",
            &format!("{maker}.surge_seats"),
            range(1, 10),
        ),
        (
            "payment_grace_days = 14",
            "surge_seats = 1\nsurge_minutes = 1440",
            &format!("{maker}.surge_minutes"),
            range(5, 720),
        ),
        ("days_until_due = 14", "days_until_due = 0", "vendor.transfer.days_until_due", range(1, 90)),
        (r#"usd = "250.00""#, r#"usd = "250""#, "vendor.transfer.minimum.usd", Fault::NotAnAmount(2)),
        (r#"usd = "250.00""#, r#"USD = "250.00""#, "vendor.transfer.minimum.USD", Fault::NotACurrency),
        (
            "payment_grace_days = 14",
            "trial_without_card = true",
            &format!("{maker}.trial_without_card"),
            Fault::TrialMissing,
        ),
        (
            "limits = { devices = 3, assets = 3 }",
            "trial_days = 7",
            "products.iot-platform.plans.community.prices",
            Fault::TrialOfFree,
        ),
        ("payment_grace_days = 14", "trial_days = 731", &format!("{maker}.trial_days"), range(0, 730)),
        (
            "maintenance_percent = 40",
            "maintenance_percent = 40\ntrial_days = 14",
            "products.iot-platform.plans.perpetual.trial_days",
            Fault::TrialOfPerpetual,
        ),
        ("payment_grace_days = 14", "payment_grace_days = 91", &format!("{maker}.payment_grace_days"), range(0, 90)),
        (
            "payment_grace_days = 14",
            "maintenance_percent = 40",
            &format!("{maker}.maintenance_percent"),
            Fault::MaintenanceOfSubscription,
        ),
        (
            "maintenance_percent = 40",
            "",
            "products.iot-platform.plans.perpetual.maintenance_percent",
            Fault::MaintenanceMissing,
        ),
        (
            "maintenance_percent = 40",
            "maintenance_percent = 101",
            "products.iot-platform.plans.perpetual.maintenance_percent",
            range(1, 100),
        ),
        (
            r#"license_type = "machine""#,
            "license_type = \"machine\"\nincluded_seats = 2",
            "products.iot-platform.plans.perpetual.included_seats",
            Fault::PerpetualIncludesOneSeat,
        ),
        ("prices.usd.month", "prices.dollars.month", &format!("{maker}.prices.dollars"), Fault::NotACurrency),
        ("prices.usd.month", "prices.xyz.month", &format!("{maker}.prices.xyz"), Fault::NotACurrency),
        ("prices.usd.month", "prices.eur.month", &format!("{maker}.prices"), Fault::CurrenciesDiffer),
        ("prices.usd.month", "prices.usd.once", &format!("{maker}.prices.usd.once"), Fault::IntervalOfOtherKind),
        (r#"base = "10.00""#, r#"base = "10""#, &format!("{maker}.prices.usd.month.base"), Fault::NotAnAmount(2)),
        (r#"base = "10.00""#, r#"base = "-1.00""#, &format!("{maker}.prices.usd.month.base"), Fault::NotAnAmount(2)),
        (
            r#"extra_seat = "10.00""#,
            r#"extra_seat = "0.00""#,
            &format!("{maker}.prices.usd.month.extra_seat"),
            range(1, 99_999_999),
        ),
        (r#"base = "10.00""#, r#"unit = "10.00""#, &format!("{maker}.prices.usd.month.unit"), Fault::RoleOfOtherKind),
        (r#"base = "10.00", "#, "", &format!("{maker}.prices.usd.month.base"), Fault::PriceMissing),
        (r#", extra_seat = "10.00""#, "", &format!("{maker}.prices.usd.month.extra_seat"), Fault::PriceMissing),
        (
            r#"prices.usd.once = { unit = "4999.00" }"#,
            "",
            "products.iot-platform.plans.perpetual.prices",
            Fault::PriceMissing,
        ),
        (
            "limit = \"devices\"\nsize = 50",
            "limit = \"users\"\nsize = 50",
            &format!("{pilot}.users.limit"),
            Fault::NotALimit,
        ),
        ("size = 50", "size = 0", &format!("{pilot}.devices.size"), range(1, (1 << 53) - 1)),
        ("max = 16", "max = 0", &format!("{pilot}.devices.max"), range(1, 10_000)),
        (
            "[{ up_to = 4, each = \"25.00\" }, { each = \"20.00\" }]",
            "[]",
            &format!("{pilot}.devices.prices.usd.month"),
            Fault::TiersMissing,
        ),
        (
            "{ up_to = 4, each = \"25.00\" }, { each",
            "{ up_to = 4, each = \"25.00\" }, { up_to = 3, each = \"22.00\" }, { each",
            &format!("{pilot}.devices.prices.usd.month.#2.up_to"),
            Fault::TiersNotRising,
        ),
        (
            "{ each = \"20.00\" }",
            "{ up_to = 9, each = \"20.00\" }",
            &format!("{pilot}.devices.prices.usd.month.#2.up_to"),
            Fault::TierEnds,
        ),
        (
            "up_to = 4, each = \"25.00\"",
            "up_to = 16, each = \"25.00\"",
            &format!("{pilot}.devices.prices.usd.month.#1.up_to"),
            range(1, 15),
        ),
        (
            "each = \"25.00\"",
            "each = \"25\"",
            &format!("{pilot}.devices.prices.usd.month.#1.each"),
            Fault::NotAnAmount(2),
        ),
        (
            "prices.usd.month = [{ up_to = 4, each = \"25.00\" }, { each = \"20.00\" }]\n",
            "",
            &format!("{pilot}.devices.prices"),
            Fault::PricesOfPlanDiffer,
        ),
        (
            "limit = \"assets\"\nsize = 250",
            "limit = \"devices\"\nsize = 250",
            "products.iot-platform.plans.business.packs.devices.limit",
            Fault::Duplicate,
        ),
        (
            "limits = { devices = 100, assets = 100 }",
            "limits = { devices = -1, assets = 100 }",
            &format!("{pilot}.devices.limit"),
            Fault::PlanHasIt,
        ),
        (
            "prices.usd.once = { unit = \"4999.00\" }",
            "prices.usd.once = { unit = \"4999.00\" }\npacks = [{ limit = \"devices\", size = 1, max = 2, prices.usd.once = [{ each = \"1.00\" }] }]",
            "products.iot-platform.plans.perpetual.packs",
            Fault::PackOfPerpetual,
        ),
        (
            "accent_hue = 205",
            "accent_hue = 205\ncurrencies = [\"usd\", \"Eur\"]",
            "vendor.currencies.#2",
            Fault::NotACurrency,
        ),
        (
            "accent_hue = 205",
            "accent_hue = 205\ncurrencies = [\"usd\", \"usd\"]",
            "vendor.currencies.#2",
            Fault::Duplicate,
        ),
        (
            "prices.usd.month = { base = \"10.00\", extra_seat = \"10.00\" }",
            "prices.kwd.month = { base = \"3.125\", extra_seat = \"3.120\" }",
            &format!("{maker}.prices.kwd.month.base"),
            Fault::TooFine { step: 10 },
        ),
        (
            "prices.usd.month = { base = \"10.00\", extra_seat = \"10.00\" }",
            "prices.isk.month = { base = \"10.50\", extra_seat = \"10.00\" }",
            &format!("{maker}.prices.isk.month.base"),
            Fault::TooFine { step: 100 },
        ),
        (r#"code = "more_devices""#, r#"code = "More""#, &format!("{maker}.addons.More.code"), Fault::NotACode),
        (
            r#"code = "audit_log""#,
            r#"code = "single_sign_on""#,
            "products.iot-platform.plans.startup.addons.single_sign_on.code",
            Fault::Duplicate,
        ),
        (
            "limits = { devices = 10, assets = 10 }\n# features",
            "# features",
            &format!("{maker}.addons.more_devices"),
            Fault::GivesNothing,
        ),
        (
            "features = { single_sign_on = true }\nprices",
            "features = { white_labelling = true }\nprices",
            "products.iot-platform.plans.startup.addons.single_sign_on.features.white_labelling",
            Fault::PlanHasIt,
        ),
        (
            "limits = { devices = 10, assets = 10 }\n\n# Features",
            "limits = { devices = -1, assets = 10 }\n\n# Features",
            &format!("{maker}.addons.more_devices.limits.devices"),
            Fault::PlanHasIt,
        ),
        (r#"prices.usd.month = "8.00""#, "", &format!("{maker}.addons.more_devices.prices"), Fault::PricesOfPlanDiffer),
        (
            r#"prices.usd.month = "8.00""#,
            r#"prices.usd.month = "8""#,
            &format!("{maker}.addons.more_devices.prices.usd.month"),
            Fault::NotAnAmount(2),
        ),
    ] {
        let found = problems(from, to);
        let expected = Problem { path: path.to_owned(), fault };
        assert!(found.contains(&expected), "{to:?}: expected {expected:?}, found {found:?}");
        for problem in &found {
            let sentence = crate::text::en::catalog::fault(&problem.fault);
            assert!(sentence.ends_with('.') && sentence.len() > 20, "{sentence}");
        }
    }
}

#[test]
fn every_problem_of_a_file_is_listed() {
    let broken = IOT.replace("accent_hue = 205", "accent_hue = 999").replace("base = \"39.00\"", "base = \"39.0\"");
    assert_eq!(check(&broken).unwrap_err().len(), 2);
}

#[test]
fn a_logo_that_cannot_be_read_or_could_run_is_a_problem() {
    let file = read_catalog_file(IOT).unwrap();
    for logo in [
        Err("no such file".to_owned()),
        Ok("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><script/></svg>"),
    ] {
        let found = check_catalog(&file, Some(logo)).unwrap_err();
        assert!(matches!(&found[..], [Problem { fault: Fault::Logo(_), .. }]), "{found:?}");
    }
}

#[test]
fn amounts_have_exactly_their_currencys_decimals() {
    let parse = |text: &str, currency: &str| parse_amount(text, Currency::parse(currency).unwrap());
    assert_eq!(parse("4999.00", "usd"), Some(499_900));
    assert_eq!(parse("0.05", "eur"), Some(5));
    assert_eq!(parse("1200", "jpy"), Some(1_200));
    assert_eq!(parse("1.250", "kwd"), Some(1_250));
    for (text, currency) in [
        ("10", "usd"),
        ("10.0", "usd"),
        (".50", "usd"),
        ("+1.00", "usd"),
        ("1,000.00", "usd"),
        ("1.00", "jpy"),
        ("", "jpy"),
    ] {
        assert_eq!(parse(text, currency), None, "{text} {currency}");
    }
    assert_eq!(parse("99999999999999999999.00", "usd"), None);
}

#[test]
fn a_year_of_updates_is_rounded_to_the_minor_unit_halves_up() {
    let unit = CatalogPrice {
        role: PriceRole::Unit,
        option: String::new(),
        interval: BillingInterval::Once,
        unit_amount: Money::new(1_001, Currency::parse("eur").unwrap()),
        tiers: None,
    };
    let of = |percent| maintenance_prices(std::slice::from_ref(&unit), Some(percent))[0].unit_amount.amount_minor;
    assert_eq!((of(25), of(40), of(50)), (250, 400, 501));
    let dinars = CatalogPrice { unit_amount: Money::new(1_010, Currency::parse("kwd").unwrap()), ..unit.clone() };
    // 404 fils, which Stripe takes as 400; 505 as 510.
    let of = |percent| maintenance_prices(std::slice::from_ref(&dinars), Some(percent))[0].unit_amount.amount_minor;
    assert_eq!((of(40), of(50)), (400, 510));
    let kronur = CatalogPrice { unit_amount: Money::new(101_000, Currency::parse("isk").unwrap()), ..unit.clone() };
    // 252.50 and 505.00 kronur.
    let of = |percent| maintenance_prices(std::slice::from_ref(&kronur), Some(percent))[0].unit_amount.amount_minor;
    assert_eq!((of(25), of(50)), (25_300, 50_500));
}

#[test]
fn a_feature_lasts_to_the_end_of_its_last_utc_day() {
    assert_eq!(last_second(FeatureEnd::Never), None);
    assert_eq!(last_second(FeatureEnd::After(jiff::civil::date(1970, 1, 1))), Some(86_399));
}

#[test]
fn plain_http_is_an_origin_only_on_this_machine() {
    for good in ["https://example.com", "https://example.com:8443", "http://127.0.0.1:3000", "http://a.localhost:80"] {
        assert!(is_origin(good), "{good}");
    }
    for bad in
        ["http://example.com", "https://example.com/a", "https://Example.com", "https://", "example.com", "https://a:0"]
    {
        assert!(!is_origin(bad), "{bad}");
    }
}

#[test]
fn a_release_has_a_version_and_a_channel_as_in_a_file() {
    let long = "1".repeat(VERSION_MAX_CHARS + 1);
    for (version, channel, expected) in [
        ("4.3.0", None, Ok(())),
        ("4.3.0-rc.1+build 7", Some("beta"), Ok(())),
        ("", None, Err("version")),
        (" 4.3.0", None, Err("version")),
        ("4.3\n0", None, Err("version")),
        ("四", None, Err("version")),
        (&long, None, Err("version")),
        ("4.3.0", Some(""), Err("channel")),
        ("4.3.0", Some("Stable"), Err("channel")),
    ] {
        assert_eq!(check_release(version, channel), expected, "{version:?} {channel:?}");
    }
}
