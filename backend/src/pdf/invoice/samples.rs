//! Documents for the tests.

use jiff::civil::date;

use super::*;
use crate::pdf::logo::Fill;

/// A currency by its code; the codes of the samples are good ones.
pub(crate) fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap_or_else(|| panic!("{code} is a code"))
}

fn supplier() -> Supplier {
    let logo = Logo::new(24.0, 24.0).with_path(
        "M12 1 22 6.5v11L12 23 2 17.5v-11zM12 6.2l-5.4 3v5.6l5.4 3 5.4-3V9.2z",
        Fill::Accent,
        true,
    );
    Supplier {
        name: "Fieldnote Systems B.V.".to_owned(),
        address: vec!["Keizersgracht 212".to_owned(), "1016 DX Amsterdam".to_owned()],
        country: "NL".to_owned(),
        vat_id: Some("NL812345678B01".to_owned()),
        email: Some("billing@fieldnote.example".to_owned()),
        registration: Some("Chamber of Commerce 12345678".to_owned()),
        logo: logo.ok(),
        accent_hue: 172,
    }
}

fn buyer() -> Buyer {
    Buyer {
        name: "Αιγαίο Αισθητήρες Α.Ε.".to_owned(),
        address: vec!["Οδός Ερμού 45".to_owned(), "105 63 Αθήνα".to_owned()],
        country: "GR".to_owned(),
        vat_id: Some("EL094014201".to_owned()),
        contact: Some("Ελένη Παπαδοπούλου".to_owned()),
    }
}

fn line(index: usize) -> Line {
    let (description, quantity, unit) = match index % 4 {
        0 => ("Startup plan, monthly", 1, 29_900),
        1 => ("Extra instance, Startup plan", 3, 14_900),
        2 => ("Perpetual license, IoT platform", 2, 499_900),
        _ => ("Maintenance, one year of updates", 2, 199_960),
    };
    Line {
        description: description.to_owned(),
        detail: (index % 4 == 2).then(|| "Updates until 20 November 2027".to_owned()),
        period: (index % 4 != 2).then(|| (date(2026, 11, 21), date(2026, 12, 20))),
        quantity,
        unit_price_minor: Some(unit),
        discounts: Vec::new(),
        amount_minor: quantity * unit,
        tax: Some(("VAT".to_owned(), Rate::from_basis_points(2_100))),
    }
}

/// An invoice with `count` lines and 21 % tax, unpaid, to a Greek buyer.
pub(crate) fn invoice(count: usize) -> InvoiceDocument {
    let lines: Vec<Line> = (0..count).map(line).collect();
    let subtotal: i64 = lines.iter().map(|line| line.amount_minor).sum();
    let tax = subtotal * 21 / 100;
    InvoiceDocument {
        kind: Kind::Invoice,
        number: "FN-2026-0042".to_owned(),
        issued_on: date(2026, 11, 21),
        due_on: Some(date(2026, 12, 5)),
        paid_on: None,
        currency: currency("eur"),
        supplier: supplier(),
        buyer: buyer(),
        references: vec![
            Reference { kind: ReferenceKind::Order, value: "ord_7Q2M9KX4".to_owned() },
            Reference { kind: ReferenceKind::License, value: "lic_3F8ZT1B6".to_owned() },
        ],
        lines,
        subtotal_minor: subtotal,
        discounts: Vec::new(),
        taxes: vec![Tax {
            label: "VAT".to_owned(),
            rate: Rate::from_basis_points(2_100),
            base_minor: subtotal,
            amount_minor: tax,
        }],
        total_minor: subtotal + tax,
        amount_paid_minor: 0,
        amount_due_minor: subtotal + tax,
        reverse_charge: None,
        notes: vec!["Payment within 14 days. Questions about this invoice: billing@fieldnote.example.".to_owned()],
        bank: None,
    }
}

/// Between two member states: no tax, the mention, and bank details.
pub(crate) fn reverse_charge() -> InvoiceDocument {
    let mut document = invoice(2);
    document.taxes = Vec::new();
    for line in &mut document.lines {
        line.tax = Some(("VAT".to_owned(), Rate::ZERO));
    }
    document.lines[1].discounts = vec![Discount { label: "LAUNCH20".to_owned(), amount_minor: 8_940 }];
    document.lines[1].amount_minor -= 8_940;
    document.subtotal_minor -= 8_940;
    document.discounts = vec![Discount { label: "PARTNER10".to_owned(), amount_minor: 5_000 }];
    document.total_minor = document.subtotal_minor - 5_000;
    document.amount_due_minor = document.total_minor;
    document.reverse_charge = Some(ReverseCharge::EuServices);
    document.bank = Some(Bank {
        name: "ABN AMRO Bank N.V.".to_owned(),
        iban: Some("NL91ABNA0417164300".to_owned()),
        bic: Some("ABNANL2A".to_owned()),
        ..Bank::default()
    });
    document
}

/// Paid, to a buyer in the United States: Letter, no tax column.
pub(crate) fn receipt() -> InvoiceDocument {
    let mut document = invoice(3);
    document.kind = Kind::Receipt;
    document.number = "FN-2026-0042-R".to_owned();
    document.currency = currency("usd");
    document.due_on = None;
    document.paid_on = Some(date(2026, 11, 24));
    document.references.insert(0, Reference { kind: ReferenceKind::Invoice, value: "FN-2026-0042".to_owned() });
    document.buyer = Buyer {
        name: "Blue Heron Instruments, Inc.".to_owned(),
        address: vec!["1400 Alder Street, Suite 300".to_owned(), "Portland, OR 97205".to_owned()],
        country: "US".to_owned(),
        vat_id: None,
        contact: None,
    };
    for line in &mut document.lines {
        line.tax = None;
    }
    document.taxes = Vec::new();
    document.total_minor = document.subtotal_minor;
    document.amount_paid_minor = document.total_minor;
    document.amount_due_minor = 0;
    document.notes = Vec::new();
    document
}

/// Names in every script that the font covers.
pub(crate) fn names() -> InvoiceDocument {
    let mut document = invoice(0);
    let lines = [
        "Công ty TNHH Phần mềm Nguyễn Thị Hồng Ánh — Đặng Trường Ưu Ỹ",
        "Zażółć gęślą jaźń Sp. z o.o., Łódź — Čeněk Žižka s. r. o., Přerov — Ŵŷ Ġħ Șț Ğış",
        "Εταιρεία Ψηφιακών Αισθητήρων Α.Ε. — ΰ ΐ Ώ, ἄνθρωπος ᾳ ῷ",
        "ТОВ «Щедрий їжак», Єгипет, Ґанок — ООО «Съёмка», Эхо — Љубљана Џ Ћ Ђ",
        "Æthelþryð Ørsted ß ẞ Œuvre ĳ — “quoted”, ‘single’, … № ™ © € £ ¥ ₫ ₴ ₺ ₹ → × ½",
    ];
    document.lines = lines.iter().map(|name| Line { description: (*name).to_owned(), ..line(0) }).collect();
    document
}

/// Takes back one line, to a buyer in Kyiv.
pub(crate) fn credit_note() -> InvoiceDocument {
    let mut document = invoice(1);
    document.kind = Kind::CreditNote;
    document.number = "FN-2026-C-0007".to_owned();
    document.due_on = None;
    document.amount_due_minor = 0;
    document.references = vec![Reference { kind: ReferenceKind::Invoice, value: "FN-2026-0042".to_owned() }];
    document.buyer.name = "ТОВ «Дніпровські датчики»".to_owned();
    document.buyer.address = vec!["вул. Хрещатик, 22".to_owned(), "01001 Київ".to_owned()];
    document.buyer.country = "UA".to_owned();
    document.buyer.contact = Some("Олена Ґалаґан".to_owned());
    document.buyer.vat_id = None;
    document.notes = vec!["The amount is paid back to the card it came from within 5 to 10 days.".to_owned()];
    document
}

/// Asks for a transfer of an order, from a buyer in the United States: Letter, with bank details.
pub(crate) fn pro_forma() -> InvoiceDocument {
    let mut document = reverse_charge();
    document.kind = Kind::ProForma;
    document.number = "ord_7Q2M9KX4".to_owned();
    document.reverse_charge = None;
    document.buyer = receipt().buyer;
    document.references = vec![Reference { kind: ReferenceKind::PurchaseOrder, value: "PO-4711".to_owned() }];
    document.notes = vec!["Not subject to VAT in the European Union.".to_owned()];
    document
}

/// A credit note for many lines, in dong, to a buyer in Vietnam.
pub(crate) fn long_credit_note(count: usize, country: &str) -> InvoiceDocument {
    let mut document = invoice(count);
    document.kind = Kind::CreditNote;
    document.number = "FN-2026-C-0008".to_owned();
    document.due_on = None;
    document.amount_due_minor = 0;
    document.references = vec![Reference { kind: ReferenceKind::Invoice, value: "FN-2026-0042".to_owned() }];
    document.buyer.name = "Công ty TNHH Phần mềm Nguyễn Thị Hồng Ánh – Zażółć Sp. z o.o.".to_owned();
    document.buyer.country = country.to_owned();
    document
}

/// Forty lines over several pages, each in letters of another language than the one before, and each unlike all others.
pub(crate) fn many_scripts() -> InvoiceDocument {
    let mut document = invoice(40);
    document.buyer.name = "Công ty TNHH Phần mềm Nguyễn Thị Hồng Ánh".to_owned();
    document.buyer.country = "VN".to_owned();
    for (number, line) in (1..).zip(&mut document.lines) {
        let word = match number % 4 {
            0 => "Αισθητήρας αέρα",
            1 => "Їжак, щит і ґанок",
            2 => "Zażółć gęślą jaźń",
            _ => "Giải pháp cảm biến",
        };
        line.description = format!("{word} {number:02}");
    }
    document
}

/// Everything too long: names, addresses, references, descriptions without a space, amounts.
pub(crate) fn oversized() -> InvoiceDocument {
    let mut document = invoice(5);
    document.currency = currency("kwd");
    document.number = "FN-2026-0000000000000000000000000000000000000000000000000000000000000042".to_owned();
    document.supplier.name =
        "Vereinigte Gesellschaft für Feldmesstechnik und Fernüberwachung ".repeat(4).trim().to_owned();
    document.supplier.registration = Some("Amtsgericht Charlottenburg HRB 123456 B, Geschäftsführung: ".repeat(6));
    document.buyer.name = "Công ty Trách nhiệm Hữu hạn Giải pháp Cảm biến Nguyễn Thị Hồng Ánh và Cộng sự ".repeat(3);
    document.buyer.address =
        vec!["Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch".repeat(3), "Ѫ".repeat(500)];
    document.buyer.country = "VN".to_owned();
    document.references.push(Reference { kind: ReferenceKind::PurchaseOrder, value: "PO".repeat(80) });
    document.lines[1].description = "unbreakable".repeat(60);
    document.lines[2].detail = Some("A detail that goes on. ".repeat(400));
    document.lines[3].quantity = 9_999_999_999;
    document.lines[3].unit_price_minor = Some(9_000_000_000_000_000);
    document.lines[3].amount_minor = 4_000_000_000_000_000_000;
    document.subtotal_minor = 4_000_000_000_000_000_000;
    document.total_minor = 4_840_000_000_000_000_000;
    document.amount_due_minor = document.total_minor;
    document.notes.push("Terms that go on. ".repeat(300));
    document
}
