//! Invoices and credit notes for machines: EN 16931, in UBL and in UN/CEFACT's CII, from the same rows as the PDF.
//!
//! Amounts and taxes are Stripe's. What the standard cannot say is left out rather than bent: an amount with a third
//! decimal, a seller without VAT id. The model is checked by its own rules before it is written, and by other people's
//! validators in the tests.

use std::collections::BTreeMap;

use en16931::invoice::{
    Code, CreditTransfer, DocumentAllowanceCharge, DocumentTotals, Invoice as Model, InvoiceLine as ModelLine, LineVat,
    Party as ModelParty, PaymentInstructions, PaymentMeans, Period, PostalAddress, PrecedingInvoice, PriceDetails,
    VatBreakdown,
};
use en16931::validation::profile::Validated;
use en16931::{
    Date, DocumentKind, DocumentReference, En16931, Identifier, InvoiceAmount, InvoiceNote, Percentage, Quantity,
    UnitPriceAmount,
};
use en16931_formats::Syntax;
use rust_decimal::Decimal;

use super::tax::{self, TaxCategory};
use super::{CreditNote, Invoice, InvoiceLine, Parties, Party};
use crate::clock::UnixMs;
use crate::money::Currency;
use crate::stripe::LineTax;
use crate::text::en::{documents, invoices as words};

/// The specification that the documents follow (BT-24).
const SPECIFICATION: &str = "urn:cen.eu:en16931:2017";
/// "One", of UN/ECE Recommendation 20.
const UNIT: &str = "C62";
/// A mail address, of the list of electronic address schemes.
const MAIL_SCHEME: &str = "EM";

/// Why there is no e-invoice of a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoEInvoice {
    /// The standard is about VAT, and the seller has no VAT id.
    #[error("the seller has no VAT id")]
    NoVatId,
    /// The standard's amounts have two decimals.
    #[error("an amount has more than two decimals")]
    Decimals,
    /// The standard wants what is outside the scope of VAT on a document of its own (BR-O-11 to BR-O-14).
    #[error("only a part of it is outside the scope of VAT")]
    Mixed,
    /// The standard's own rules refuse it.
    #[error("it breaks the standard's rules: {0}")]
    Invalid(String),
}

/// Both syntaxes of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EInvoice {
    /// UBL 2.1.
    pub ubl: String,
    /// UN/CEFACT Cross Industry Invoice.
    pub cii: String,
}

/// The e-invoice of an invoice.
///
/// # Errors
/// [`NoEInvoice`].
pub fn of_invoice(invoice: &Invoice, lines: &[InvoiceLine]) -> Result<EInvoice, NoEInvoice> {
    write(&Content {
        is_credit_note: false,
        number: &invoice.number,
        issued_at: invoice.issued_at,
        due_at: invoice.due_at,
        currency: invoice.currency,
        parties: &invoice.parties.0,
        lines,
        taxes: &invoice.taxes.0,
        subtotal_minor: invoice.subtotal_minor,
        discount_minor: invoice.discount_minor,
        tax_minor: invoice.tax_minor,
        total_minor: invoice.total_minor,
        due_minor: invoice.issued_due_minor,
        preceding: None,
        terms: words::CHARGED_AUTOMATICALLY.to_owned(),
        sold: sold(invoice),
        note: match (&invoice.license_id, &invoice.order_id) {
            (Some(id), _) => Some(words::license_note(id.as_str())),
            (None, Some(id)) => Some(words::order_note(id.as_str())),
            (None, None) => None,
        },
    })
}

/// The e-invoice of a credit note for an invoice.
///
/// # Errors
/// [`NoEInvoice`].
pub fn of_credit_note(note: &CreditNote, lines: &[InvoiceLine], invoice: &Invoice) -> Result<EInvoice, NoEInvoice> {
    write(&Content {
        is_credit_note: true,
        number: &note.number,
        issued_at: note.issued_at,
        due_at: None,
        currency: note.currency,
        parties: &note.parties.0,
        lines,
        taxes: &note.taxes.0,
        subtotal_minor: note.subtotal_minor,
        discount_minor: note.discount_minor,
        tax_minor: note.tax_minor,
        total_minor: note.total_minor,
        due_minor: note.total_minor,
        preceding: Some((&invoice.number, invoice.issued_at)),
        terms: words::settled(note).join(" "),
        sold: sold(invoice),
        note: Some(note.memo.clone()).filter(|memo| !memo.is_empty()),
    })
}

/// The license or order that an invoice is for.
fn sold(invoice: &Invoice) -> Option<&str> {
    let order_id = || invoice.order_id.as_ref().map(|id| id.as_str());
    invoice.license_id.as_ref().map(|id| id.as_str()).or_else(order_id)
}

/// What both kinds of document have.
struct Content<'a> {
    is_credit_note: bool,
    number: &'a str,
    issued_at: UnixMs,
    due_at: Option<UnixMs>,
    currency: Currency,
    parties: &'a Parties,
    lines: &'a [InvoiceLine],
    taxes: &'a [LineTax],
    subtotal_minor: i64,
    discount_minor: i64,
    tax_minor: i64,
    total_minor: i64,
    due_minor: i64,
    preceding: Option<(&'a str, UnixMs)>,
    terms: String,
    sold: Option<&'a str>,
    note: Option<String>,
}

/// What lines with one category and rate have in common.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    lines_minor: i64,
    discount_minor: i64,
    tax_minor: i64,
}

/// Category and millionths of the rate: rates of several taxes on one line are added, since the standard knows only one.
type GroupKey = (TaxCategory, i64);

fn write(content: &Content<'_>) -> Result<EInvoice, NoEInvoice> {
    if content.parties.supplier.vat_id.is_none() {
        return Err(NoEInvoice::NoVatId);
    }
    let model = model(content)?;
    let proof = Validated::<En16931>::new(model).map_err(|rejected| {
        let findings: Vec<String> = rejected.report().fatal().map(|finding| finding.rule.as_str().to_owned()).collect();
        NoEInvoice::Invalid(findings.join(", "))
    })?;
    let cii = en16931_formats::write(&proof, Syntax::Cii).xml;
    Ok(EInvoice {
        ubl: en16931_formats::write(&proof, Syntax::Ubl).xml,
        cii: national_account(content).and_then(|number| without_iban(&cii, &number)).unwrap_or(cii),
    })
}

/// CII tells national account numbers from IBANs, and has them after the account's name; the crate writes all as IBANs.
fn without_iban(cii: &str, number: &str) -> Option<String> {
    let (before, rest) = cii.split_once(&format!("<ram:IBANID>{number}</ram:IBANID>"))?;
    let (name, after) = rest.split_once("</ram:AccountName>")?;
    Some(format!("{before}{name}</ram:AccountName><ram:ProprietaryID>{number}</ram:ProprietaryID>{after}"))
}

fn model(content: &Content<'_>) -> Result<Model, NoEInvoice> {
    let amount = |minor| amount(minor, content.currency);
    let (keys, groups) = group(content);
    let is_outside = |key: &GroupKey| key.0 == TaxCategory::OutsideScope;
    let outside_scope = keys.iter().any(is_outside);
    if outside_scope && !keys.iter().all(is_outside) {
        return Err(NoEInvoice::Mixed);
    }
    let type_code = if content.is_credit_note { "381" } else { "380" };
    let mut model = Model::builder(
        SPECIFICATION,
        content.number,
        date(content.issued_at)?,
        type_code,
        content.currency.as_str().to_ascii_uppercase(),
    )
    .seller(seller(&content.parties.supplier, outside_scope))
    .buyer(buyer(&content.parties.buyer, outside_scope))
    .build();
    if content.is_credit_note {
        model.kind = DocumentKind::CreditNote;
    }
    model.notes = content.note.iter().map(|note| InvoiceNote::new(note.as_str())).collect();
    if let Some((number, issued_at)) = content.preceding {
        let reference = DocumentReference::new(number);
        model.preceding_invoices = vec![PrecedingInvoice { reference, issue_date: Some(date(issued_at)?) }];
    }
    let ordered_by = content.parties.buyer.reference.as_deref();
    // Many buyers take no document without a reference; where they gave none, it is what they have bought.
    model.buyer_reference = ordered_by.or(content.sold).map(str::to_owned);
    model.purchase_order_reference = ordered_by.map(DocumentReference::new);
    if content.due_minor > 0 {
        match content.due_at {
            Some(due_at) => {
                model.due_date = Some(date(due_at)?);
                model.payment = transfer(content);
                model.payment_terms = bank_code(content);
            }
            None => {
                model.payment = (!content.is_credit_note).then(by_card);
                model.payment_terms = Some(content.terms.clone());
            }
        }
    }
    for (number, (line, key)) in content.lines.iter().zip(&keys).enumerate() {
        model.lines.push(model_line(number, line, *key, content.currency)?);
    }
    for (key, group) in &groups {
        if group.discount_minor != 0 {
            model.allowances.push(DocumentAllowanceCharge {
                amount: amount(group.discount_minor)?,
                base_amount: None,
                percentage: None,
                vat: line_vat(*key),
                reason: Some(words::DISCOUNT.to_owned()),
                reason_code: None,
            });
        }
        model.vat_breakdown.push(VatBreakdown {
            taxable_amount: amount(group.lines_minor - group.discount_minor)?,
            tax_amount: amount(group.tax_minor)?,
            category: Code::new(key.0.code()),
            rate: rate(*key),
            exemption_reason: exemption(key.0, content.parties).map(str::to_owned),
            exemption_reason_code: exemption_code(key.0, content.parties).map(Code::new),
        });
    }
    let paid_minor = content.total_minor - content.due_minor;
    model.totals = DocumentTotals {
        line_total: amount(content.subtotal_minor)?,
        allowance_total: if content.discount_minor == 0 { None } else { Some(amount(content.discount_minor)?) },
        taxable_total: amount(content.subtotal_minor - content.discount_minor)?,
        vat_total: Some(amount(content.tax_minor)?),
        gross_total: amount(content.total_minor)?,
        paid: if paid_minor == 0 { None } else { Some(amount(paid_minor)?) },
        due: amount(content.due_minor)?,
        ..DocumentTotals::default()
    };
    Ok(model)
}

/// Each line's group, and the groups. Where no line says how it is taxed (credit notes by amount), the whole does; where
/// others say it, a line over nothing goes with the first of them. What is left over by Stripe's rounding, and discounts
/// that no line has, go to the largest group.
fn group(content: &Content<'_>) -> (Vec<GroupKey>, BTreeMap<GroupKey, Group>) {
    let first_told = content.lines.iter().map(|line| line.taxes.0.as_slice()).find(|taxes| !taxes.is_empty());
    let of_taxes = |taxes: &[LineTax]| -> GroupKey {
        let category = tax::category(taxes.iter().max_by_key(|tax| tax.amount_minor.abs()));
        (category, taxes.iter().map(|tax| tax.rate_millionths).sum())
    };
    let mut groups: BTreeMap<GroupKey, Group> = BTreeMap::new();
    let mut keys = Vec::with_capacity(content.lines.len());
    for line in content.lines {
        let taxes: &[LineTax] = match first_told {
            None => content.taxes,
            Some(first) if line.taxes.0.is_empty() && line.amount_minor == line.discount_minor => first,
            Some(_) => &line.taxes.0,
        };
        let key = of_taxes(taxes);
        let group = groups.entry(key).or_default();
        group.lines_minor += line.amount_minor;
        group.discount_minor += line.discount_minor;
        group.tax_minor += line.taxes.0.iter().map(|tax| tax.amount_minor).sum::<i64>();
        keys.push(key);
    }
    let tax_minor: i64 = groups.values().map(|group| group.tax_minor).sum();
    let discount_minor: i64 = groups.values().map(|group| group.discount_minor).sum();
    if let Some(largest) = groups.values_mut().max_by_key(|group| group.lines_minor.abs()) {
        largest.tax_minor += content.tax_minor - tax_minor;
        largest.discount_minor += content.discount_minor - discount_minor;
    }
    (keys, groups)
}

fn model_line(number: usize, line: &InvoiceLine, key: GroupKey, currency: Currency) -> Result<ModelLine, NoEInvoice> {
    let is_exact = |unit: &i64| *unit >= 0 && unit.checked_mul(line.quantity) == Some(line.amount_minor);
    // Prices are never negative: a credit is a negative quantity at a positive price.
    let (quantity, price_minor) = match line.unit_amount_minor.filter(is_exact) {
        Some(unit) => (line.quantity, unit),
        None => (if line.amount_minor < 0 { -1 } else { 1 }, line.amount_minor.abs()),
    };
    let price = PriceDetails {
        net_price: UnitPriceAmount::new(Decimal::new(price_minor, currency.exponent())),
        ..PriceDetails::default()
    };
    let mut model = ModelLine::new(
        (number + 1).to_string(),
        line.description.as_str(),
        Quantity::new(Decimal::from(quantity)),
        UNIT,
        amount(line.amount_minor, currency)?,
        key.0.code(),
        rate(key),
    )
    .with_price(price);
    if let (Some(start), Some(end)) = (line.period_start, line.period_end)
        && end > start
    {
        model = model.with_period(Period { start: Some(date(start)?), end: Some(date(end.plus(-1))?) });
    }
    Ok(model)
}

fn seller(party: &Party, outside_scope: bool) -> ModelParty {
    let mut seller = ModelParty::new(party.name.as_str(), address(party));
    seller.electronic_address = mail(party);
    match (&party.vat_id, outside_scope) {
        // Where nothing is subject to VAT the standard forbids a VAT id (BR-O-02); it still wants to know who sells.
        (Some(id), true) => seller.identifiers = vec![Identifier::new(id.as_str())],
        (id, _) => seller.vat_identifier.clone_from(id),
    }
    seller
}

fn buyer(party: &Party, outside_scope: bool) -> ModelParty {
    let mut buyer = ModelParty::new(party.name.as_str(), address(party));
    buyer.electronic_address = mail(party);
    match (&party.vat_id, outside_scope) {
        (Some(id), true) => buyer.identifiers = vec![Identifier::new(id.as_str())],
        (id, _) => buyer.vat_identifier.clone_from(id),
    }
    buyer
}

fn mail(party: &Party) -> Option<Identifier> {
    (!party.email.is_empty()).then(|| Identifier::schemed(party.email.as_str(), MAIL_SCHEME))
}

fn address(party: &Party) -> PostalAddress {
    let set = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let country = Some(Code::new(party.country.as_str()));
    match &party.place {
        Some(place) => PostalAddress {
            line1: set(&place.line1),
            line2: set(&place.line2),
            city: set(&place.city),
            post_code: set(&place.postal_code),
            subdivision: set(&place.state),
            country,
            ..PostalAddress::default()
        },
        None => {
            let line = |at: usize| party.address.get(at).and_then(|line| set(line));
            let rest = party.address.get(2..).unwrap_or_default().join(", ");
            PostalAddress { line1: line(0), line2: line(1), line3: set(&rest), country, ..PostalAddress::default() }
        }
    }
}

/// How an invoice is paid that is sent to be paid.
fn transfer(content: &Content<'_>) -> Option<PaymentInstructions> {
    // The account that Stripe keeps for the buyer comes before the vendor's own, as on the PDF.
    let (vendors, buyers) = (content.parties.bank.as_ref(), content.parties.pays_to.as_ref());
    let (iban, bic) = buyers
        .map(|account| (account.iban.as_str(), account.bic.as_str()))
        .or_else(|| vendors.map(|bank| (bank.iban.as_str(), bank.bic.as_str())))?;
    let number = if iban.is_empty() { national_account(content)? } else { compact(iban) };
    let holder = buyers.map(|account| &account.holder).filter(|holder| !holder.is_empty());
    // SEPA transfers are in euros (UNTDID 4461: 58); all others are plain ones.
    let means = if content.currency.as_str() == "eur" && !iban.is_empty() { "58" } else { "30" };
    Some(PaymentInstructions {
        means_code: Some(Code::new(means)),
        remittance_information: Some(content.number.to_owned()),
        means: Some(PaymentMeans::CreditTransfer(vec![CreditTransfer {
            account_identifier: Some(number),
            account_name: Some(holder.unwrap_or(&content.parties.supplier.name).clone()),
            provider_identifier: Some(bic.to_owned()).filter(|bic| !bic.is_empty()),
        }])),
        ..PaymentInstructions::default()
    })
}

/// The number by which banks know the account where there are no IBANs.
fn national_account(content: &Content<'_>) -> Option<String> {
    let account = content.parties.pays_to.as_ref().filter(|account| account.iban.is_empty())?;
    Some(compact(&account.account_number)).filter(|number| !number.is_empty())
}

fn compact(number: &str) -> String {
    number.chars().filter(|character| !character.is_whitespace()).collect()
}

/// The code of the bank beside a national account number, for which the standard has no place of its own.
fn bank_code(content: &Content<'_>) -> Option<String> {
    let account = content.parties.pays_to.as_ref().filter(|account| account.iban.is_empty())?;
    let codes = [
        (documents::ROUTING_NUMBER, &account.routing_number),
        (documents::SORT_CODE, &account.sort_code),
        (documents::SORT_CODE, &account.bank_code),
    ];
    let (label, code) = codes.into_iter().find(|(_, code)| !code.is_empty())?;
    Some(words::bank_code(label, code))
}

/// How an invoice is paid that is charged by itself: with a bank card (UNTDID 4461: 48), of which nothing is told.
fn by_card() -> PaymentInstructions {
    PaymentInstructions { means_code: Some(Code::new("48")), ..PaymentInstructions::default() }
}

fn line_vat(key: GroupKey) -> LineVat {
    LineVat { category: Code::new(key.0.code()), rate: rate(key) }
}

/// What is outside of the tax has no rate; what is free of it, zero.
fn rate((category, millionths): GroupKey) -> Option<Percentage> {
    match category {
        TaxCategory::OutsideScope => None,
        TaxCategory::Standard => Some(Percentage::new(Decimal::new(millionths, 4).normalize())),
        TaxCategory::ReverseCharge | TaxCategory::ZeroRated | TaxCategory::Exempt => {
            Some(Percentage::new(Decimal::ZERO))
        }
    }
}

fn exemption(category: TaxCategory, parties: &Parties) -> Option<&'static str> {
    match category {
        TaxCategory::Standard | TaxCategory::ZeroRated => None,
        TaxCategory::ReverseCharge => Some(words::REVERSE_CHARGE_SHORT),
        TaxCategory::Exempt => Some(words::EXEMPT),
        TaxCategory::OutsideScope => Some(tax::note(parties, &[]).unwrap_or(words::NO_VAT)),
    }
}

fn exemption_code(category: TaxCategory, parties: &Parties) -> Option<&'static str> {
    match category {
        TaxCategory::ReverseCharge if tax::is_within_eu(parties) => Some("VATEX-EU-AE"),
        TaxCategory::OutsideScope => Some("VATEX-EU-O"),
        _ => None,
    }
}

/// The standard's amounts have two decimals, whatever the currency has.
fn amount(minor: i64, currency: Currency) -> Result<InvoiceAmount, NoEInvoice> {
    let cents = match currency.exponent() {
        0 => minor.checked_mul(100),
        2 => Some(minor),
        _ => (minor % 10 == 0).then_some(minor / 10),
    };
    cents.map(InvoiceAmount::from_minor_units).ok_or(NoEInvoice::Decimals)
}

fn date(at: UnixMs) -> Result<Date, NoEInvoice> {
    Date::parse(&at.date().to_string()).map_err(|error| NoEInvoice::Invalid(error.to_string()))
}
