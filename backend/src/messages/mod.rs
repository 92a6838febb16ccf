//! Messages: what customers write to the vendor, and what its staff answer.
//!
//! A [`Conversation`] belongs to an account and is about one thing: a license, an instance, an invoice, an order, or
//! nothing in particular. A partner also writes about licenses of its clients, while it is their partner; the conversation
//! is the partner's, and the client sees nothing of it. Which members read it follows from what it is about and from who
//! began it (`rules.rs`); whoever reads it may write on. Staff of the vendor read all of them; who may answer says
//! [`StaffAct::Answer`].
//!
//! Its messages are numbered, and whoever writes says up to which number they have read. Under the row's lock that must be
//! the newest one, or nothing is sent: so two colleagues never answer the same question, a form sent twice is one message,
//! and nothing is closed that nobody has read.
//!
//! Both sides are told by mail: the vendor at its support address, and of the members only the one who is answered. The
//! mails of a conversation name each other, so that mail programs show them as one; answering is done in the portal.
//!
//! [`StaffAct::Answer`]: crate::accounts::StaffAct::Answer

mod about;
mod answer_conversation;
mod assign_conversation;
mod close_conversation;
mod open_conversation;
mod read_conversation;
mod reply_to_conversation;
mod resolve_conversation;
pub mod rules;
mod store;
mod tell;

use crate::clock::UnixMs;
use crate::cx::Cx;
use crate::db::text_enum;
use crate::ids::{AccountId, ConversationId, MessageId, UserId};

use about::find_about_for_staff;
pub use about::{About, AboutClient, find_about};
pub use answer_conversation::{Answering, answer_conversation};
pub use assign_conversation::{Assignment, assign_conversation};
pub use close_conversation::{Closing, close_conversation};
pub(crate) use open_conversation::open_for;
pub use open_conversation::{NewConversation, Opening, find_subject_of_new, open_conversation};
pub use read_conversation::{Thread, count_unread, list_conversations, mark_read, read_as_staff, read_conversation};
pub use reply_to_conversation::{Reply, Replying, reply_to_conversation};
pub use resolve_conversation::{Resolution, resolve_conversation};
pub use rules::Problem;
pub use store::{count_by_status, count_open, list_for_staff};

text_enum! {
    /// What kind of thing a conversation is about.
    AboutKind {
        /// Nothing in particular.
        Nothing = "nothing",
        /// A license.
        License = "license",
        /// An instance of a license.
        Instance = "instance",
        /// An invoice.
        Invoice = "invoice",
        /// An order.
        Order = "order",
    }
}

text_enum! {
    /// Whose turn it is.
    ConversationStatus {
        /// The vendor's.
        Open = "open",
        /// The customer's.
        Answered = "answered",
        /// Nobody's; a new message opens it again.
        Closed = "closed",
    }
}

/// What an account and the vendor write to each other about one thing.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The member who began it.
    pub opened_by: UserId,
    /// One line.
    pub subject: String,
    /// What kind of thing it is about.
    pub about_kind: AboutKind,
    /// Which one; empty for nothing.
    pub about_id: String,
    /// Whose turn it is.
    pub status: ConversationStatus,
    /// The member of the staff who cares for it.
    pub assigned_to: Option<UserId>,
    /// How many messages there are; also the place of the newest.
    pub message_count: i64,
    /// The place of the staff's newest message; 0 for none.
    pub answered_place: i64,
    /// When it was begun.
    pub created_at: UnixMs,
    /// When the newest message was written.
    pub last_at: UnixMs,
}

/// A message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// 1 for the first.
    pub place: i64,
    /// Who wrote it.
    pub author_id: UserId,
    /// The author's name; may be empty.
    pub author_name: String,
    /// The author's e-mail address; staff's is not shown to customers.
    pub author_email: String,
    /// Whether it was written for the vendor.
    pub is_staff: bool,
    /// Plain text with `\n` at the end of lines.
    pub text: String,
    /// The person it was mailed to, or `vendor`; `None` where nobody was.
    pub mailed_to: Option<String>,
    /// When it was written.
    pub created_at: UnixMs,
}

/// A conversation in a list.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct ListedConversation {
    /// The conversation.
    #[sqlx(flatten)]
    pub conversation: Conversation,
    /// The customer's company.
    pub company: String,
    /// Name of the member who began it; may be empty.
    pub opener_name: String,
    /// E-mail address of the member who began it.
    pub opener_email: String,
    /// Name or e-mail address of the member of the staff who cares for it.
    pub assignee: Option<String>,
    /// Whether an answer in it was not read yet by the member who looks; never for staff.
    pub is_unread: bool,
}

/// Where a list of conversations goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// 0 for open, 1 for answered, 2 for closed; of meaning for the staff's list only.
    pub turn: i64,
    /// When the newest message was written.
    pub last_at: UnixMs,
    /// The conversation.
    pub id: ConversationId,
}

impl ListedConversation {
    /// The list goes on after it from here.
    #[must_use]
    pub fn place(&self) -> Place {
        let Conversation { status, last_at, id, .. } = &self.conversation;
        let turn = match status {
            ConversationStatus::Open => 0,
            ConversationStatus::Answered => 1,
            ConversationStatus::Closed => 2,
        };
        Place { turn, last_at: *last_at, id: id.clone() }
    }
}

impl Place {
    /// The place in an address.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}.{}", self.turn, self.last_at.0, self.id)
    }

    /// Reads a place from an address; `None` for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (turn, rest) = text.split_once('.')?;
        let (at, id) = rest.split_once('.')?;
        let id = ConversationId::from_untrusted(id);
        Some(Self { turn: turn.parse().ok()?, last_at: UnixMs(at.parse().ok()?), id })
    }
}

/// Which conversations staff look for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StaffFilter {
    /// Whose turn it is; anybody's when left out.
    pub status: Option<ConversationStatus>,
    /// Only those that this member of the staff cares for.
    pub assigned_to: Option<UserId>,
    /// What they are about; anything when left out.
    pub about: Option<AboutKind>,
}

/// The person who acts. Others write no messages.
pub(crate) fn person(cx: &Cx) -> Option<&UserId> {
    cx.actor.person()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_address() {
        let id = ConversationId::from_untrusted("con_1.a");
        let place = Place { turn: 1, last_at: UnixMs(1_795_255_200_000), id };
        assert_eq!(Place::parse(&place.to_text()), Some(place));
        for other in ["", "1", "1.2", "x.2.con_1", "1.now.con_1"] {
            assert_eq!(Place::parse(other), None, "{other}");
        }
    }
}
