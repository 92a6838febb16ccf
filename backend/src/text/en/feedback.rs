//! Feedback: the question, the consent to be asked, and what the vendor's staff read.

use crate::feedback::{COMMENT_MAX_CHARS, Occasion, Problem, Summary};

// ── The customer ────────────────────────────────────────────────────────────────────────────────────

/// Title of the page.
pub const TITLE: &str = "How is it going?";
/// Label of the number.
pub const SCORE: &str = "How likely is it that you recommend us?";
/// What the number means.
pub const SCORE_HINT: &str = "0: not at all. 10: very likely.";
/// Label of the words.
pub const COMMENT: &str = "What is good, and what is not?";
/// Who reads them.
pub const COMMENT_HINT: &str = "Our staff reads it.";
/// May be contacted.
pub const MAY_CONTACT: &str = "You may contact me about this";
/// What that means.
pub const MAY_CONTACT_HINT: &str = "What you wrote becomes a message that we can answer. Otherwise nobody answers it.";
/// May be quoted.
pub const MAY_QUOTE: &str = "You may quote what I wrote, with the name of my company";
/// Sends.
pub const SUBMIT: &str = "Send";
/// Changes what was sent.
pub const CHANGE: &str = "Send it changed";
/// The word beside a question that need not be answered.
pub const OPTIONAL: &str = "optional";

/// Whose answer it is.
#[must_use]
pub fn lead(vendor: &str, company: &str, is_given: bool) -> String {
    if is_given {
        format!("Thank you: {vendor} has your answer for {company}. You can change it, also whether it may be quoted.")
    } else {
        format!("Tell {vendor} how {company} fares with it: one number, and a few words if you like.")
    }
}

/// Why it cannot be sent, and what to do.
#[must_use]
pub fn problem(problem: Problem) -> String {
    match problem {
        Problem::Score => "Choose a number from 0 to 10.".to_owned(),
        Problem::CommentTooLong => format!("At most {COMMENT_MAX_CHARS} characters."),
    }
}

/// Heading on the account page.
pub const MAILS: &str = "Mails";
/// What is sent anyway, and what only on request.
pub const MAILS_LEAD: &str =
    "Invoices, answers and warnings are always mailed. Anything beyond that is sent only if you ask for it here.";
/// The consent.
pub const ASK_ME: &str = "Ask me for feedback";
/// What it means.
pub const ASK_ME_HINT: &str =
    "One mail, 30 days after the first purchase of your company. You can take this back at any time.";
/// Saves it.
pub const SAVE: &str = "Save";

/// Subject of the conversation that begins with a cancellation.
pub const CANCELLED_SUBJECT: &str = "Why I cancelled";
/// Subject of the conversation that begins with an answer to the question.
pub const GIVEN_SUBJECT: &str = "My feedback";

// ── The console ─────────────────────────────────────────────────────────────────────────────────────

/// Title of the list.
pub const STAFF_TITLE: &str = "Feedback";
/// Columns of the list.
pub const COLUMNS: [&str; 5] = ["Customer", "Score", "In their words", "Allowed", "Given"];
/// Accessible name of the pages.
pub const PAGES: &str = "Pages of feedback";
/// Downloads.
pub const CSV: &str = "Download as CSV";
/// Where there is none yet.
pub const NONE_YET: &str =
    "Nobody has said anything yet. Owners who agreed to it are asked 30 days after their first purchase.";
/// Leads to the conversation.
pub const TO_CONVERSATION: &str = "Conversation";
/// Neither contact nor quote.
pub const NOTHING_ALLOWED: &str = "Read only";
/// May be contacted.
pub const CONTACT_ALLOWED: &str = "Contact";
/// May be quoted.
pub const QUOTE_ALLOWED: &str = "Quote";
/// No number was asked for.
pub const NO_SCORE: &str = "–";

/// How many answers there are and what they come to.
#[must_use]
pub fn summary(summary: &Summary) -> String {
    let average = match summary.average_tenths {
        Some(tenths) => {
            let whole = format!("{}.{}", tenths / 10, tenths % 10);
            match summary.scores {
                1 => format!("Asked after a month, 1 customer has answered: {whole} of 10."),
                count => format!("Asked after a month, {count} customers have answered: {whole} of 10 on average."),
            }
        }
        None => "Nobody has answered after a month yet.".to_owned(),
    };
    match summary.cancellations {
        0 => average,
        1 => format!("{average} 1 customer said why it cancelled."),
        count => format!("{average} {count} customers said why they cancelled."),
    }
}

/// What it was said at.
#[must_use]
pub fn occasion(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Month => "After a month",
        Occasion::Cancel => "At cancelling",
    }
}

/// How much is shown.
#[must_use]
pub fn shown(count: usize) -> String {
    if count == 1 { "1 answer".to_owned() } else { format!("{count} answers") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_says_the_average_and_counts() {
        let of = |scores, average_tenths, cancellations| summary(&Summary { scores, average_tenths, cancellations });
        assert_eq!(of(0, None, 0), "Nobody has answered after a month yet.");
        assert_eq!(of(1, Some(90), 0), "Asked after a month, 1 customer has answered: 9.0 of 10.");
        assert_eq!(
            of(3, Some(67), 2),
            "Asked after a month, 3 customers have answered: 6.7 of 10 on average. 2 customers said why they cancelled."
        );
    }
}
