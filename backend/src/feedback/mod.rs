//! Feedback: what customers say when they are asked, and whether they may be asked and answered.
//!
//! Nothing happens here without consent. Only an owner who ticked it on the account page is asked by mail, once for each
//! account, a month after its first purchase. What somebody says when cancelling, or on the page that the mail leads to, is
//! kept with what it may be used for; only where contact is allowed it becomes a conversation ([`crate::messages`]) that
//! staff can answer.

mod ask_for_feedback;
mod change_consent;
mod export_feedback;
mod give_feedback;
pub mod handlers;
mod keep_cancellation;
pub mod rules;
mod store;

use crate::clock::UnixMs;
use crate::db::text_enum;
use crate::ids::{AccountId, ConversationId, FeedbackId, LicenseId, UserId};

pub use ask_for_feedback::ask_for_feedback;
pub use change_consent::{ConsentChange, change_consent};
pub use export_feedback::export_feedback;
pub use give_feedback::{Answer, Giving, give_feedback};
pub(crate) use keep_cancellation::keep_cancellation;
pub use rules::{COMMENT_MAX_CHARS, Problem, SCORE_MAX};
pub use store::{find_consent, find_given, list_feedback, summarize};

text_enum! {
    /// When something was said.
    Occasion {
        /// A month after the first purchase.
        Month = "month",
        /// At cancelling.
        Cancel = "cancel",
    }
}

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Feedback {
    /// Its id.
    pub id: FeedbackId,
    /// For which account.
    pub account_id: AccountId,
    /// Who said it.
    pub user_id: UserId,
    /// When it was said.
    pub occasion: Occasion,
    /// What was cancelled.
    pub license_id: Option<LicenseId>,
    /// 0 to [`SCORE_MAX`], where a number was asked for.
    pub score: Option<i64>,
    /// Why it was cancelled, a code of [`crate::text::en::changes::REASONS`]; may be empty.
    pub reason: String,
    /// In their own words; may be empty.
    pub comment: String,
    /// Whether the vendor may write about it to the person.
    pub may_contact: bool,
    /// Whether the words may be quoted.
    pub may_quote: bool,
    /// The conversation that began with it.
    pub conversation_id: Option<ConversationId>,
    /// When it was said, or last changed.
    pub given_at: UnixMs,
}

/// Feedback in the staff's list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ListedFeedback {
    /// What was said.
    #[sqlx(flatten)]
    pub feedback: Feedback,
    /// The customer's company.
    pub company: String,
    /// Name of the person; may be empty.
    pub user_name: String,
    /// E-mail address of the person.
    pub user_email: String,
}

/// What all of it comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many gave a number.
    pub scores: i64,
    /// The mean of the numbers in tenths; `None` without any.
    pub average_tenths: Option<i64>,
    /// How many said something when cancelling.
    pub cancellations: i64,
}

/// Where the staff's list goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// When it was said.
    pub given_at: UnixMs,
    /// What was said.
    pub id: FeedbackId,
}

impl Place {
    /// The place of something in the list.
    #[must_use]
    pub fn of(feedback: &Feedback) -> Self {
        Self { given_at: feedback.given_at, id: feedback.id.clone() }
    }

    /// The place in an address.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.given_at.0, self.id)
    }

    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self { given_at: UnixMs(at.parse().ok()?), id: FeedbackId::from_untrusted(id) })
    }
}
