//! Documents for people: invoices, receipts and credit notes, and statements of commissions, as PDF.
//!
//! Three steps, kept apart so that each can be read and tested alone:
//!
//! 1. [`invoice`] holds the typed content and decides *where* everything goes: a pure function from an
//!    [`invoice::InvoiceDocument`] to pages of text boxes and rules (`page`), measured with the metrics of the
//!    embedded font ([`fonts`]).
//! 2. `draw` turns those pages into a PDF with printpdf; nothing is decided there. `tags` adds the structure that screen
//!    readers follow.
//! 3. Sentences and labels come from [`crate::text`].
//!
//! The same content and creation time always give the same bytes, so a stored document can be compared with its hash.

pub mod amounts;
mod colour;
mod draw;
pub mod fonts;
pub mod invoice;
pub mod logo;
#[cfg(test)]
mod on_paper;
mod page;
pub mod statement;
mod tags;
mod wrap;

/// Why a document could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PdfError {
    /// A text of the document holds a character that the font cannot print; it would come out as an empty box.
    /// Names are checked with [`fonts::unprintable`] where they are entered; [`invoice::print`] has stand-ins for the rest.
    #[error("the font cannot print U+{:04X}, found in {text:?}", u32::from(*character))]
    Unprintable {
        /// The first such character.
        character: char,
        /// The text that holds it.
        text: String,
    },
    /// The embedded font could not be read or cut down to the characters in use.
    #[error("the embedded font could not be used: {0}")]
    Font(String),
    /// The file could not be put together.
    #[error("the file could not be written: {0}")]
    Write(String),
}
