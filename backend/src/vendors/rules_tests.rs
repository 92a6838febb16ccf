#![expect(clippy::unwrap_used, reason = "tests")]
use proptest::prelude::*;

use super::*;
use crate::clock::UnixMs;
use crate::ids::VendorId;
use crate::vendors::Profile;

fn sample() -> Vendor {
    Vendor {
        id: VendorId::from_untrusted("ven_1"),
        code: "acme".to_owned(),
        host: None,
        origin: "https://acme.test".to_owned(),
        name: "Acme".to_owned(),
        profile: Profile::default(),
        accent_hue: 178,
        logo_svg: None,
        created_at: UnixMs(0),
        settings_no: 0,
    }
}

fn shop() -> ShopSettings {
    ShopSettings {
        name: " Acme Söhne ".to_owned(),
        support_email: "help@acme.test".to_owned(),
        headline: "Anvils".to_owned(),
        lead: "Heavy\r\n ones.".to_owned(),
        accent_hue: "20".to_owned(),
    }
}

fn invoices() -> InvoiceSettings {
    InvoiceSettings {
        legal_name: "Acme GmbH".to_owned(),
        address: "Hafenstraße 1\r\n\r\n 20457 Hamburg \r\n".to_owned(),
        country: "de".to_owned(),
        vat_id: "DE 123 456 788".to_owned(),
        registration: "HRB 1".to_owned(),
        bank_name: "Elbkontor Bank".to_owned(),
        iban: "de89 3704 0044 0532 0130 00".to_owned(),
        bic: "COBADEFFXXX".to_owned(),
    }
}

fn problems(change: SettingsChange) -> Vec<(Setting, SettingFault)> {
    let problems = apply(&change, &sample()).unwrap_err();
    problems.into_iter().map(|problem| (problem.setting, problem.fault)).collect()
}

#[test]
fn what_was_typed_is_kept_in_its_form() {
    let after = apply(&SettingsChange::Shop(shop()), &sample()).unwrap();
    assert_eq!((after.name.as_str(), after.accent_hue), ("Acme Söhne", 20));
    assert_eq!(after.profile.lead, "Heavy ones.", "in one line");
    let after = apply(&SettingsChange::Invoices(invoices()), &after).unwrap();
    let profile = &after.profile;
    assert_eq!(profile.address_lines, ["Hafenstraße 1", "20457 Hamburg"]);
    assert_eq!((profile.country.as_str(), profile.vat_id.as_deref()), ("DE", Some("DE123456788")));
    assert_eq!(profile.bank.as_ref().unwrap().iban, "DE89 3704 0044 0532 0130 00");
    assert_eq!((after.name.as_str(), profile.headline.as_str()), ("Acme Söhne", "Anvils"), "one card, one change");
    let typed = TransferSettings { days_until_due: "30".to_owned(), minimum: "usd 250.00\nJPY 5000".to_owned() };
    let after = apply(&SettingsChange::Transfer(typed), &after).unwrap();
    let offer = after.profile.transfer.clone().unwrap();
    let expected = BTreeMap::from([("jpy".to_owned(), 5_000), ("usd".to_owned(), 25_000)]);
    assert_eq!((offer.days_until_due, offer.minimum), (30, expected));
}

#[test]
fn everything_that_is_wrong_is_told_at_its_field() {
    use Setting as S;
    use SettingFault as F;
    let shop = ShopSettings { support_email: "help".to_owned(), name: "漢".to_owned(), ..ShopSettings::default() };
    assert_eq!(
        problems(SettingsChange::Shop(shop)),
        [
            (S::Name, F::Unprintable('漢')),
            (S::SupportEmail, F::NotAnEmail),
            (S::Headline, F::Missing),
            (S::Lead, F::Missing),
            (S::AccentHue, F::OutOfRange { min: 0, max: 359 }),
        ]
    );
    for (change, expected) in [
        (InvoiceSettings { country: "XX".to_owned(), vat_id: String::new(), ..invoices() }, S::Country),
        (InvoiceSettings { vat_id: "DE1".to_owned(), ..invoices() }, S::VatId),
        (InvoiceSettings { iban: "DE00 3704 0044 0532 0130 00".to_owned(), ..invoices() }, S::Iban),
        (InvoiceSettings { iban: "é".to_owned(), ..invoices() }, S::Iban),
        (InvoiceSettings { bic: String::new(), ..invoices() }, S::Bic),
        (InvoiceSettings { address: " \n ".to_owned(), ..invoices() }, S::Address),
        (InvoiceSettings { address: "x\n".repeat(7), ..invoices() }, S::Address),
        (InvoiceSettings { registration: "x".repeat(161), ..invoices() }, S::Registration),
    ] {
        let found = problems(SettingsChange::Invoices(change));
        assert_eq!(found.iter().map(|(setting, _)| *setting).collect::<Vec<_>>(), [expected], "{found:?}");
    }
    for (days, minimum, expected) in [
        ("0", "", S::DaysUntilDue),
        ("91", "", S::DaysUntilDue),
        ("14", "USD 1", S::Minimum),
        ("14", "USD 1.00\nusd 2.00", S::Minimum),
        ("14", "many", S::Minimum),
    ] {
        let typed = TransferSettings { days_until_due: days.to_owned(), minimum: minimum.to_owned() };
        let found = problems(SettingsChange::Transfer(typed));
        assert_eq!(found.iter().map(|(setting, _)| *setting).collect::<Vec<_>>(), [expected], "{days} {minimum}");
    }
    let tax = SettingsChange::Tax(TaxSettings { tax: "perhaps".to_owned() });
    assert_eq!(problems(tax), [(S::Tax, F::NotAChoice)]);
    let script = SettingsChange::Logo("<svg><script/></svg>".to_owned());
    assert!(matches!(problems(script).as_slice(), [(S::Logo, F::Logo(_))]));
}

#[test]
fn tax_is_charged_unless_it_is_switched_off() {
    let sample = sample();
    assert!(is_taxed(&sample));
    let choose = |tax: TaxChoice| SettingsChange::Tax(TaxSettings { tax: tax.as_str().to_owned() });
    let off = apply(&choose(TaxChoice::Nobody), &sample).unwrap();
    assert!(!is_taxed(&off));
    assert_eq!(state(&choose(TaxChoice::Nobody), &off), serde_json::json!({ "tax": "nobody" }));
    let stored = serde_json::to_value(&off.profile).unwrap();
    assert_eq!(serde_json::from_value::<Profile>(stored).unwrap(), off.profile);
    // Nodes that do not know the switch read what has not touched it.
    assert_eq!(serde_json::to_value(&sample.profile).unwrap().get("untaxed"), None);
    assert_eq!(apply(&choose(TaxChoice::Stripe), &off).unwrap(), sample);
}

#[test]
fn no_account_no_days_and_no_logo_are_settings_too() {
    let full = apply(&SettingsChange::Invoices(invoices()), &sample()).unwrap();
    let (bank_name, iban, bic) = (String::new(), String::new(), String::new());
    let none = InvoiceSettings { bank_name, iban, bic, ..InvoiceSettings::of(&full) };
    assert_eq!(apply(&SettingsChange::Invoices(none), &full).unwrap().profile.bank, None);
    let none = SettingsChange::Transfer(TransferSettings::default());
    assert_eq!(apply(&none, &full).unwrap().profile.transfer, None);
    let drawn = Vendor { logo_svg: Some("<svg/>".to_owned()), ..full };
    assert_eq!(apply(&SettingsChange::Logo(" ".to_owned()), &drawn).unwrap().logo_svg, None);
}

proptest! {
    #[test]
    fn a_form_that_is_sent_as_it_was_shown_changes_nothing(days in 1_i64..=90, minor in 0_i64..10_000_000) {
        let mut vendor = apply(&SettingsChange::Invoices(invoices()), &sample()).unwrap();
        vendor = apply(&SettingsChange::Shop(shop()), &vendor).unwrap();
        let minimum = ["usd", "jpy"].map(|code| (code.to_owned(), minor)).into();
        vendor.profile.transfer = Some(TransferOffer { days_until_due: days, minimum });
        for change in [
            SettingsChange::Shop(ShopSettings::of(&vendor)),
            SettingsChange::Invoices(InvoiceSettings::of(&vendor)),
            SettingsChange::Transfer(TransferSettings::of(&vendor)),
            SettingsChange::Tax(TaxSettings::of(&vendor)),
        ] {
            prop_assert_eq!(&apply(&change, &vendor).unwrap(), &vendor);
        }
    }
}
