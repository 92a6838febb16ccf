//! Printing what others wrote: Stripe takes names and descriptions in any script, the font has not all of them. A document
//! with question marks is given out; without a document nobody could deduct the tax.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Bank, Buyer, Discount, InvoiceDocument, Line, Reference, ReverseCharge, Supplier, Tax, render};
use crate::pdf::{PdfError, fonts};

/// A document as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The PDF.
    pub content: Vec<u8>,
    /// The characters that the font lacks: the PDF has a question mark for each.
    pub missing: BTreeSet<char>,
}

/// Turns a document into a PDF as [`render`] does, with question marks for characters that the font lacks.
///
/// # Errors
/// [`PdfError`] when the file cannot be made.
pub fn print(mut document: InvoiceDocument, created_at: Timestamp) -> Result<Printed, PdfError> {
    let mut missing = BTreeSet::new();
    let content = match render(&document, created_at) {
        Err(PdfError::Unprintable { .. }) => {
            put_stand_ins(&mut document, &mut missing);
            render(&document, created_at)?
        }
        made => made?,
    };
    Ok(Printed { content, missing })
}

fn put_stand_ins(document: &mut InvoiceDocument, missing: &mut BTreeSet<char>) {
    for text in lines_of(document) {
        *text = fonts::with_stand_ins(text, missing);
    }
    // Notes are the only texts whose line breaks are somebody's.
    for note in &mut document.notes {
        let lines: Vec<String> = note.split('\n').map(|line| fonts::with_stand_ins(line, missing)).collect();
        *note = lines.join("\n");
    }
}

/// Every text of a document but the notes. All fields are named, so that one more is not forgotten.
fn lines_of(document: &mut InvoiceDocument) -> Vec<&mut String> {
    let InvoiceDocument {
        kind: _,
        number,
        issued_on: _,
        due_on: _,
        paid_on: _,
        currency: _,
        supplier,
        buyer,
        references,
        lines,
        subtotal_minor: _,
        discounts,
        taxes,
        total_minor: _,
        amount_paid_minor: _,
        amount_due_minor: _,
        reverse_charge,
        notes: _,
        bank,
    } = document;
    let mut texts = vec![number];
    let Supplier { name, address, country, vat_id, email, registration, logo: _, accent_hue: _ } = supplier;
    texts.extend([name, country]);
    texts.extend(address);
    texts.extend([vat_id, email, registration].into_iter().flatten());
    let Buyer { name, address, country, vat_id, contact } = buyer;
    texts.extend([name, country]);
    texts.extend(address);
    texts.extend([vat_id, contact].into_iter().flatten());
    texts.extend(references.iter_mut().map(|Reference { kind: _, value }| value));
    for line in lines {
        let Line { description, detail, period: _, quantity: _, unit_price_minor: _, discounts, amount_minor: _, tax } =
            line;
        texts.push(description);
        texts.extend(detail);
        texts.extend(discounts.iter_mut().map(|Discount { label, amount_minor: _ }| label));
        texts.extend(tax.iter_mut().map(|(label, _)| label));
    }
    texts.extend(discounts.iter_mut().map(|Discount { label, amount_minor: _ }| label));
    texts.extend(taxes.iter_mut().map(|Tax { label, rate: _, base_minor: _, amount_minor: _ }| label));
    if let Some(ReverseCharge::Other(sentence)) = reverse_charge {
        texts.push(sentence);
    }
    if let Some(bank) = bank {
        let Bank { name, holder, iban, bic, account_number, routing_number, sort_code, reference } = bank;
        texts.push(name);
        texts.extend([holder, iban, bic, account_number, routing_number, sort_code, reference].into_iter().flatten());
    }
    texts
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::super::layout::layout;
    use super::super::samples;
    use super::*;

    #[test]
    fn what_can_be_printed_is_printed_as_it_is() {
        let plain = samples::invoice(3);
        let printed = print(plain.clone(), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(printed.content, render(&plain, Timestamp::UNIX_EPOCH).unwrap());
        assert_eq!(printed.missing, BTreeSet::new());
    }

    #[test]
    fn whatever_text_has_other_letters_there_is_a_document_and_it_is_said_which() {
        for mut document in [samples::invoice(3), samples::reverse_charge(), samples::credit_note(), samples::receipt()]
        {
            for text in lines_of(&mut document) {
                text.push_str(" 漢\n字");
            }
            document.notes.push("First line,\nof 語.".to_owned());
            assert!(matches!(render(&document, Timestamp::UNIX_EPOCH), Err(PdfError::Unprintable { .. })));
            let printed = print(document.clone(), Timestamp::UNIX_EPOCH).unwrap();
            assert_eq!(printed.missing, BTreeSet::from(['漢', '字', '語']));

            put_stand_ins(&mut document, &mut BTreeSet::new());
            let sheets = layout(&document);
            let shows =
                |wanted: &str| sheets.pages.iter().any(|page| page.texts.iter().any(|box_| box_.text == wanted));
            assert!(shows("First line,") && shows("of ?."), "line breaks of notes stay");
        }
    }
}
