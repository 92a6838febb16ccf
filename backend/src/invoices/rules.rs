//! From an imported invoice to the document that shows it. Nothing is reckoned here but which day a period
//! ends on: every amount is Stripe's.

use jiff::civil::Date;

use super::outline_logo::outline_logo;
use super::{CreditNote, DocumentKind, Invoice, InvoiceLine, InvoiceStatus, Parties, Party, tax};
use crate::accounts::{Account, Address, VatIdState};
use crate::clock::UnixMs;
use crate::pdf::amounts::Rate;
use crate::pdf::fonts::unprintable;
use crate::pdf::invoice::{
    Bank, Buyer, Discount, InvoiceDocument, Kind, Line, Reference, ReferenceKind, ReverseCharge, Supplier, Tax,
};
use crate::stripe::{BankAccount, BuyerAddress, LineTax, StripeInvoice};
use crate::text::en::invoices as words;
use crate::vendors::{BankDetails, Vendor};

/// Whether an invoice that stands here may be found to stand there: a paid or void one stays so, one that was given up can
/// still be paid or voided. What was fetched before it became that, and is written after, says something else.
/// <https://docs.stripe.com/invoicing/integration/workflow-transitions>
#[must_use]
pub fn may_become(before: InvoiceStatus, found: InvoiceStatus) -> bool {
    match before {
        InvoiceStatus::Open => true,
        InvoiceStatus::Uncollectible => found != InvoiceStatus::Open,
        InvoiceStatus::Paid | InvoiceStatus::Void => found == before,
    }
}

/// Seller and buyer at the moment the invoice became final: the seller as the vendor is, the buyer as
/// Stripe froze it on the invoice, with the account filling what Stripe lacks or what cannot be printed: names and addresses
/// are also typed at Stripe, where nobody asks for letters that our documents have.
#[must_use]
pub fn parties(vendor: &Vendor, account: &Account, invoice: &StripeInvoice) -> Parties {
    let profile = &vendor.profile;
    let address = &buyer_address(&invoice.buyer_address, own_address(account));
    let named = invoice.buyer_name.as_ref().filter(|name| !name.is_empty() && unprintable(name).is_none());
    Parties {
        supplier: Party {
            name: if profile.legal_name.is_empty() { vendor.name.clone() } else { profile.legal_name.clone() },
            address: profile.address_lines.clone(),
            country: profile.country.clone(),
            vat_id: profile.vat_id.clone(),
            registration: profile.registration.clone(),
            email: profile.support_email.clone(),
            ..Party::default()
        },
        buyer: Party {
            name: named.unwrap_or(&account.company).clone(),
            address: address_lines(address),
            country: if address.country.is_empty() { account.country.clone() } else { address.country.clone() },
            vat_id: invoice.buyer_tax_ids.first().cloned().or_else(|| taken_vat_id(account)),
            registration: None,
            email: account.billing_email.clone(),
            place: Some(Address {
                line1: address.line1.clone(),
                line2: address.line2.clone(),
                postal_code: address.postal_code.clone(),
                city: address.city.clone(),
                state: address.state.clone(),
            }),
            reference: (invoice.metadata.get("purchase_order").cloned())
                .or_else(|| Some(account.purchase_order.clone()))
                .filter(|number| !number.is_empty()),
        },
        bank: profile.bank.clone(),
        pays_to: None,
        void_at: None,
        accent_hue: vendor.accent_hue,
        logo_svg: vendor.logo_svg.clone(),
    }
}

/// The address that Stripe froze on the invoice. Where there is none, or it cannot be printed, it is the account's; that of
/// another country is no stand-in, because the country decides about the tax.
fn buyer_address(frozen: &BuyerAddress, ours: BuyerAddress) -> BuyerAddress {
    let is_there = !(frozen.line1.is_empty() && frozen.city.is_empty());
    let is_printable = address_lines(frozen).iter().all(|line| unprintable(line).is_none());
    let is_elsewhere = !frozen.country.is_empty() && frozen.country != ours.country;
    if is_there && (is_printable || is_elsewhere || ours.line1.is_empty()) { frozen.clone() } else { ours }
}

/// Where an account is, in the order that its country prints it, without the country.
#[must_use]
pub fn address_of(account: &Account) -> Vec<String> {
    address_lines(&own_address(account))
}

fn own_address(account: &Account) -> BuyerAddress {
    BuyerAddress {
        line1: account.address.line1.clone(),
        line2: account.address.line2.clone(),
        postal_code: account.address.postal_code.clone(),
        city: account.address.city.clone(),
        state: account.address.state.clone(),
        country: account.country.clone(),
    }
}

/// The account's VAT id, unless Stripe has refused it: then tax was charged as if there were none.
fn taken_vat_id(account: &Account) -> Option<String> {
    account.vat_id.clone().filter(|_| account.vat_id_state != VatIdState::Refused)
}

/// An address in the order that its country prints it: before the city, or after it with the state.
fn address_lines(address: &BuyerAddress) -> Vec<String> {
    let city_first = matches!(address.country.as_str(), "US" | "CA" | "AU" | "GB" | "IE" | "NZ" | "IN");
    let join = |parts: &[&String]| {
        parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    };
    let city = if city_first {
        join(&[&address.city, &address.state, &address.postal_code])
    } else {
        join(&[&address.postal_code, &address.city])
    };
    let state = if city_first { String::new() } else { address.state.clone() };
    [address.line1.clone(), address.line2.clone(), city, state]
        .into_iter()
        .filter(|line| !line.trim().is_empty())
        .collect()
}

/// The document of an invoice as it was issued, or the receipt for it. It names the invoice's license, or its order where
/// there is none.
#[must_use]
pub fn document(invoice: &Invoice, lines: &[InvoiceLine], kind: DocumentKind) -> InvoiceDocument {
    let Parties { buyer, bank, pays_to, void_at, .. } = &invoice.parties.0;
    let is_receipt = kind == DocumentKind::Receipt;
    let paid_on = invoice.paid_at.filter(|_| is_receipt && invoice.status == InvoiceStatus::Paid).map(UnixMs::date);
    let due_minor = if is_receipt { invoice.due_minor } else { invoice.issued_due_minor };
    let given_up_at = void_at.filter(|_| !is_receipt && due_minor > 0);
    let mut references = Vec::new();
    if is_receipt {
        references.push(Reference { kind: ReferenceKind::Invoice, value: invoice.number.clone() });
    }
    match (&invoice.license_id, &invoice.order_id) {
        (Some(id), _) => references.push(Reference { kind: ReferenceKind::License, value: id.to_string() }),
        (None, Some(id)) => references.push(Reference { kind: ReferenceKind::Order, value: id.to_string() }),
        (None, None) => {}
    }
    references.extend(purchase_order(buyer));
    InvoiceDocument {
        kind: if is_receipt { Kind::Receipt } else { Kind::Invoice },
        number: invoice.number.clone(),
        issued_on: if is_receipt {
            paid_on.unwrap_or_else(|| invoice.issued_at.date())
        } else {
            invoice.issued_at.date()
        },
        due_on: invoice.due_at.map(UnixMs::date).filter(|_| !is_receipt),
        paid_on,
        currency: invoice.currency,
        supplier: document_supplier(&invoice.parties.0),
        buyer: document_buyer(buyer),
        references,
        lines: lines.iter().map(document_line).collect(),
        subtotal_minor: invoice.subtotal_minor,
        discounts: (invoice.discount_minor != 0)
            .then(|| Discount { label: String::new(), amount_minor: invoice.discount_minor })
            .into_iter()
            .collect(),
        taxes: invoice.taxes.0.iter().filter(|tax| !tax.reverse_charge).map(document_tax).collect(),
        total_minor: invoice.total_minor,
        // A credit balance that Stripe took off counts as paid, so that total, paid and due add up.
        amount_paid_minor: invoice.total_minor.max(0) - due_minor,
        amount_due_minor: due_minor,
        reverse_charge: reverse_charge(&invoice.parties.0, &invoice.taxes.0),
        notes: tax::note(&invoice.parties.0, &invoice.taxes.0)
            .map(str::to_owned)
            .into_iter()
            .chain(given_up_at.map(|at| words::given_up_on(at.date(), invoice.is_change())))
            .collect(),
        bank: transfer_account(invoice, bank.as_ref(), pays_to.as_ref()).filter(|_| !is_receipt),
    }
}

/// Where a transfer goes: the buyer's own account at Stripe where there is one, else the vendor's.
fn transfer_account(invoice: &Invoice, vendors: Option<&BankDetails>, buyers: Option<&BankAccount>) -> Option<Bank> {
    let set = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let reference = Some(invoice.number.clone());
    if let Some(account) = buyers {
        return Some(Bank {
            name: account.bank.clone(),
            holder: set(&account.holder),
            iban: set(&account.iban),
            bic: set(&account.bic),
            account_number: set(&account.account_number),
            routing_number: set(&account.routing_number),
            sort_code: set(&account.sort_code).or_else(|| set(&account.bank_code)),
            reference,
        });
    }
    let bank = vendors.filter(|_| invoice.due_at.is_some())?;
    Some(Bank { name: bank.name.clone(), iban: set(&bank.iban), bic: set(&bank.bic), reference, ..Bank::default() })
}

/// The document of a credit note; amounts are positive.
#[must_use]
pub fn credit_note_document(note: &CreditNote, lines: &[InvoiceLine], invoice: &Invoice) -> InvoiceDocument {
    let parties = &note.parties.0;
    let mut references = vec![Reference { kind: ReferenceKind::Invoice, value: invoice.number.clone() }];
    references.extend(
        invoice.license_id.as_ref().map(|id| Reference { kind: ReferenceKind::License, value: id.to_string() }),
    );
    references.extend(purchase_order(&parties.buyer));
    let mut notes = words::settled(note);
    notes.extend(tax::note(parties, &note.taxes.0).map(str::to_owned));
    notes.extend(Some(note.memo.clone()).filter(|memo| !memo.is_empty()));
    InvoiceDocument {
        kind: Kind::CreditNote,
        number: note.number.clone(),
        issued_on: note.issued_at.date(),
        due_on: None,
        paid_on: None,
        currency: note.currency,
        supplier: document_supplier(parties),
        buyer: document_buyer(&parties.buyer),
        references,
        lines: lines.iter().map(document_line).collect(),
        subtotal_minor: note.subtotal_minor,
        discounts: (note.discount_minor != 0)
            .then(|| Discount { label: String::new(), amount_minor: note.discount_minor })
            .into_iter()
            .collect(),
        taxes: note.taxes.0.iter().filter(|tax| !tax.reverse_charge).map(document_tax).collect(),
        total_minor: note.total_minor,
        amount_paid_minor: 0,
        amount_due_minor: 0,
        reverse_charge: reverse_charge(parties, &note.taxes.0),
        notes,
        bank: None,
    }
}

fn purchase_order(buyer: &Party) -> Option<Reference> {
    let value = buyer.reference.clone()?;
    Some(Reference { kind: ReferenceKind::PurchaseOrder, value })
}

fn document_supplier(parties: &Parties) -> Supplier {
    let supplier = &parties.supplier;
    Supplier {
        name: supplier.name.clone(),
        address: supplier.address.clone(),
        country: supplier.country.clone(),
        vat_id: supplier.vat_id.clone(),
        email: Some(supplier.email.clone()).filter(|email| !email.is_empty()),
        registration: supplier.registration.clone(),
        logo: parties.logo_svg.as_deref().and_then(outline_logo),
        accent_hue: u16::try_from(parties.accent_hue).unwrap_or_default(),
    }
}

fn document_buyer(buyer: &Party) -> Buyer {
    Buyer {
        name: buyer.name.clone(),
        address: buyer.address.clone(),
        country: buyer.country.clone(),
        vat_id: buyer.vat_id.clone(),
        contact: None,
    }
}

fn reverse_charge(parties: &Parties, taxes: &[LineTax]) -> Option<ReverseCharge> {
    taxes.iter().any(|tax| tax.reverse_charge).then(|| {
        if tax::is_within_eu(parties) {
            ReverseCharge::EuServices
        } else {
            ReverseCharge::Other(words::REVERSE_CHARGE.to_owned())
        }
    })
}

fn document_line(line: &InvoiceLine) -> Line {
    let period = match (line.period_start, line.period_end) {
        (Some(start), Some(end)) if end.0 > start.0 => Some((start.date(), last_day(end))),
        _ => None,
    };
    Line {
        description: line_description(line),
        detail: None,
        period,
        quantity: line.quantity,
        unit_price_minor: line.unit_amount_minor,
        // Discounts stand among the sums, because Stripe's subtotal is before them.
        discounts: Vec::new(),
        amount_minor: line.amount_minor,
        tax: line.taxes.0.first().map(|tax| (tax.label.clone(), rate(tax))),
    }
}

/// Stripe writes quantity and price into the description of a plain line (`3 × Startup (at $149.00 / month)`), and of one
/// of the lines that it makes of a price with tiers (`10 × 100 devices more (Tier 1 at $5.00 / month)`); on our documents
/// both have columns of their own.
fn line_description(line: &InvoiceLine) -> String {
    let text = line.description.as_str();
    if line.unit_amount_minor.is_none() || line.is_proration {
        return text.to_owned();
    }
    let text = text.strip_prefix(&format!("{} × ", line.quantity)).unwrap_or(text);
    let (Some(open), true) = (text.rfind(" ("), text.ends_with(')')) else { return text.to_owned() };
    let note = &text[open + 2..];
    let tier = note.strip_prefix("Tier ").map(|rest| rest.trim_start_matches(|digit: char| digit.is_ascii_digit()));
    let states_price = note.starts_with("at ") || tier.is_some_and(|rest| rest.starts_with(" at "));
    if states_price && open > 0 { text[..open].to_owned() } else { text.to_owned() }
}

/// A period's end is its first moment after; people count its last day.
fn last_day(end: UnixMs) -> Date {
    end.plus(-1).date()
}

fn document_tax(tax: &LineTax) -> Tax {
    Tax { label: tax.label.clone(), rate: rate(tax), base_minor: tax.base_minor, amount_minor: tax.amount_minor }
}

fn rate(tax: &LineTax) -> Rate {
    let (whole, rest) = (tax.rate_millionths / 10_000, tax.rate_millionths % 10_000);
    Rate::from_percent(&format!("{whole}.{rest:04}")).unwrap_or(Rate::ZERO)
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::cx::Entropy;
    use crate::db::JsonText;
    use crate::ids::LicenseId;
    use crate::money::Currency;

    #[test]
    fn what_is_settled_stays_and_what_was_given_up_can_still_be_paid() {
        use InvoiceStatus::{Open, Paid, Uncollectible, Void};
        for (before, may) in [
            (Open, [true, true, true, true]),
            (Uncollectible, [false, true, true, true]),
            (Paid, [false, false, true, false]),
            (Void, [false, false, false, true]),
        ] {
            assert_eq!([Open, Uncollectible, Paid, Void].map(|found| may_become(before, found)), may, "{before:?}");
        }
    }

    /// Of 119.00, of which 9.00 were paid by credit.
    pub(in crate::invoices) fn invoice(billing_reason: &str, license: Option<&str>) -> Invoice {
        let entropy = Entropy::seeded(1);
        Invoice {
            id: entropy.id(),
            vendor_id: entropy.id(),
            account_id: entropy.id(),
            license_id: license.map(LicenseId::from_untrusted),
            order_id: None,
            stripe_invoice_id: "in_1".to_owned(),
            number: "A-1".to_owned(),
            status: InvoiceStatus::Open,
            currency: Currency::parse("eur").unwrap(),
            subtotal_minor: 10_000,
            discount_minor: 0,
            tax_minor: 1_900,
            total_minor: 11_900,
            paid_minor: 0,
            due_minor: 11_000,
            issued_due_minor: 11_000,
            taxes: JsonText(Vec::new()),
            payment_url: None,
            billing_reason: billing_reason.to_owned(),
            parties: JsonText(Parties::default()),
            issued_at: UnixMs(1_795_255_200_000),
            due_at: None,
            paid_at: None,
            created_at: UnixMs(1_795_255_200_000),
        }
    }

    #[test]
    fn an_invoice_says_what_was_due_when_it_was_issued_and_a_receipt_what_was_paid() {
        let open = invoice("subscription_cycle", Some("lic_1"));
        let paid = Invoice {
            status: InvoiceStatus::Paid,
            paid_minor: 11_000,
            due_minor: 0,
            paid_at: Some(open.issued_at.plus(86_400_000)),
            ..open.clone()
        };
        let issued = document(&open, &[], DocumentKind::Invoice);
        assert_eq!((issued.amount_paid_minor, issued.amount_due_minor, issued.paid_on), (900, 11_000, None));
        assert_eq!(document(&paid, &[], DocumentKind::Invoice), issued);
        let receipt = document(&paid, &[], DocumentKind::Receipt);
        assert_eq!((receipt.amount_paid_minor, receipt.amount_due_minor), (11_900, 0));
        assert!(receipt.paid_on.is_some());
    }

    #[test]
    fn a_rate_is_exact_to_a_ten_thousandth_of_a_percent() {
        let tax = |rate_millionths| LineTax {
            label: "VAT".to_owned(),
            rate_millionths,
            base_minor: 0,
            amount_minor: 0,
            reverse_charge: false,
            reason: String::new(),
            kind: String::new(),
        };
        assert_eq!(rate(&tax(190_000)), Rate::from_percent("19").unwrap());
        assert_eq!(rate(&tax(88_750)), Rate::from_percent("8.875").unwrap());
        assert_eq!(rate(&tax(0)), Rate::ZERO);
    }

    #[test]
    fn quantity_and_price_stand_in_their_columns_only() {
        let line = |description: &str, is_proration: bool| InvoiceLine {
            description: description.to_owned(),
            quantity: 3,
            unit_amount_minor: (!is_proration).then_some(14_900),
            amount_minor: 44_700,
            discount_minor: 0,
            period_start: None,
            period_end: None,
            is_proration,
            taxes: JsonText(Vec::new()),
        };
        let cases = [
            (line("3 × Startup (at $149.00 / month)", false), "Startup"),
            (line("Startup (two seats)", false), "Startup (two seats)"),
            (line("2 × Startup", false), "2 × Startup"),
            (
                line("Remaining time on 3 × Startup (at $149.00 / month)", true),
                "Remaining time on 3 × Startup (at $149.00 / month)",
            ),
        ];
        for (line, expected) in cases {
            assert_eq!(line_description(&line), expected);
        }
    }

    #[test]
    fn a_period_ends_on_its_last_day_not_on_the_day_after() {
        let end = UnixMs::from("2026-12-21T00:00:00Z".parse::<jiff::Timestamp>().unwrap());
        assert_eq!(last_day(end).to_string(), "2026-12-20");
        assert_eq!(last_day(end.plus(3_600_000)).to_string(), "2026-12-21");
    }

    #[test]
    fn an_address_that_cannot_be_printed_gives_way_to_the_accounts_of_the_same_country() {
        let address = |line1: &str, country: &str| BuyerAddress {
            line1: line1.to_owned(),
            city: "Tokyo".to_owned(),
            country: country.to_owned(),
            ..BuyerAddress::default()
        };
        let (latin, odd) = (address("1 Marunouchi", "JP"), address("丸の内1", "JP"));
        for (frozen, ours, taken) in [
            (&odd, &latin, &latin),
            (&latin, &odd, &latin),
            (&BuyerAddress::default(), &latin, &latin),
            (&odd, &address("1 Main St", "US"), &odd),
            (&odd, &BuyerAddress { country: "JP".to_owned(), ..BuyerAddress::default() }, &odd),
        ] {
            assert_eq!(&buyer_address(frozen, ours.clone()), taken);
        }
    }

    #[test]
    fn an_address_is_printed_the_way_of_its_country() {
        let address = |country: &str| BuyerAddress {
            line1: "1 Main St".to_owned(),
            line2: String::new(),
            postal_code: "12345".to_owned(),
            city: "Springfield".to_owned(),
            state: "IL".to_owned(),
            country: country.to_owned(),
        };
        assert_eq!(address_lines(&address("US")), ["1 Main St", "Springfield IL 12345"]);
        assert_eq!(address_lines(&address("DE")), ["1 Main St", "12345 Springfield", "IL"]);
    }
}
