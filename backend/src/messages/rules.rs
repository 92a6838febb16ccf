//! Who reads which conversation, and what can be sent.

use super::{AboutKind, ConversationStatus};
use crate::accounts::{Act, Role, may};
use crate::db::text_enum;

/// Most characters of a subject.
pub const SUBJECT_MAX_CHARS: usize = 120;
/// Most characters of a message.
pub const TEXT_MAX_CHARS: usize = 10_000;

text_enum! {
    /// Why something cannot be sent; `text::en::messages::problem` says it in a sentence.
    Problem {
        /// No subject.
        SubjectMissing = "subject_missing",
        /// A subject that is too long.
        SubjectTooLong = "subject_too_long",
        /// A subject of more than one line.
        SubjectLines = "subject_lines",
        /// No message.
        TextMissing = "text_missing",
        /// A message that is too long.
        TextTooLong = "text_too_long",
        /// A message has arrived that whoever writes has not seen.
        Unread = "unread",
    }
}

/// Whether a member reads a conversation about something of this kind: its own, and those about what everybody in the
/// account sees; where money is spoken of only those who see invoices, whoever began it.
#[must_use]
pub fn may_read(kind: AboutKind, role: Role, is_own: bool) -> bool {
    may(role, Act::See)
        && match kind {
            AboutKind::Nothing => is_own,
            AboutKind::License | AboutKind::Instance => true,
            AboutKind::Invoice | AboutKind::Order => may(role, Act::SeeInvoices),
        }
}

/// A subject as it is kept: one line. It becomes a header of mails, where a line break would begin another one.
///
/// # Errors
/// The problem.
pub fn check_subject(subject: &str) -> Result<String, Problem> {
    let subject = subject.trim();
    if subject.is_empty() {
        Err(Problem::SubjectMissing)
    } else if subject.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        Err(Problem::SubjectLines)
    } else if subject.chars().count() > SUBJECT_MAX_CHARS {
        Err(Problem::SubjectTooLong)
    } else {
        Ok(subject.to_owned())
    }
}

/// A message as it is kept: its lines end in `\n`, and characters that no keyboard types are left out (PostgreSQL takes no
/// NUL).
///
/// # Errors
/// The problem.
pub fn check_text(text: &str) -> Result<String, Problem> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let kept: String = text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect();
    // The first line may be indented, as a piece of a log is.
    let kept = kept.trim_end().trim_start_matches('\n');
    if kept.trim().is_empty() {
        Err(Problem::TextMissing)
    } else if kept.chars().count() > TEXT_MAX_CHARS {
        Err(Problem::TextTooLong)
    } else {
        Ok(kept.to_owned())
    }
}

/// Whose turn it is after a message.
#[must_use]
pub fn status_after(is_staff: bool) -> ConversationStatus {
    if is_staff { ConversationStatus::Answered } else { ConversationStatus::Open }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who reads it, one letter for each role (owner, billing, technical, viewer): what others began, what they began.
    const READERS: [(AboutKind, &str, &str); 5] = [
        (AboutKind::Nothing, "", "obtv"),
        (AboutKind::License, "obtv", "obtv"),
        (AboutKind::Instance, "obtv", "obtv"),
        (AboutKind::Invoice, "ob", "ob"),
        (AboutKind::Order, "ob", "ob"),
    ];

    #[test]
    fn members_read_what_their_role_and_their_own_hand_give_them() {
        let letters = |kind, is_own| -> String {
            let let_in = Role::ALL.iter().filter(|role| may_read(kind, **role, is_own));
            let_in.filter_map(|role| role.as_str().chars().next()).collect()
        };
        for (kind, others, own) in READERS {
            assert_eq!((letters(kind, false).as_str(), letters(kind, true).as_str()), (others, own), "{kind:?}");
        }
        assert_eq!(READERS.len(), AboutKind::ALL.len());
    }

    #[test]
    fn a_subject_is_one_line_that_cannot_begin_another_header() {
        assert_eq!(check_subject("  Über Lizenzen ✓ "), Ok("Über Lizenzen ✓".to_owned()));
        for (subject, problem) in [
            ("", Problem::SubjectMissing),
            (" \r\n ", Problem::SubjectMissing),
            ("x\r\nBcc: eve@example.org", Problem::SubjectLines),
            ("x\nBcc: eve@example.org", Problem::SubjectLines),
            ("x\rBcc: eve@example.org", Problem::SubjectLines),
            ("x\u{2028}y", Problem::SubjectLines),
            ("x\0y", Problem::SubjectLines),
            ("x\u{85}y", Problem::SubjectLines),
        ] {
            assert_eq!(check_subject(subject), Err(problem), "{subject:?}");
        }
        assert!(check_subject(&"ä".repeat(SUBJECT_MAX_CHARS)).is_ok());
        assert_eq!(check_subject(&"ä".repeat(SUBJECT_MAX_CHARS + 1)), Err(Problem::SubjectTooLong));
    }

    #[test]
    fn a_message_keeps_its_lines_and_nothing_that_cannot_be_stored() {
        for (typed, kept) in [
            ("one\r\ntwo\rthree\n\nfour", "one\ntwo\nthree\n\nfour"),
            ("\n  indented\n", "  indented"),
            ("a\0b\u{7}c\td", "abc\td"),
            ("<b>=1+1</b> https://example.org", "<b>=1+1</b> https://example.org"),
        ] {
            assert_eq!(check_text(typed), Ok(kept.to_owned()), "{typed:?}");
        }
        for empty in ["", " \r\n\t", "\0"] {
            assert_eq!(check_text(empty), Err(Problem::TextMissing), "{empty:?}");
        }
        // What the browser adds to each line does not count.
        let long = "漢\r\n".repeat(TEXT_MAX_CHARS / 2);
        assert!(check_text(&long).is_ok());
        assert_eq!(check_text(&format!("{long}漢漢")), Err(Problem::TextTooLong));
    }
}
