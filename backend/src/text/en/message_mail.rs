//! Letters about messages: what a customer wrote, what the vendor answered.

use super::messages;
use crate::accounts::{Account, User};
use crate::ids::ConversationId;
use crate::mail::{Letter, Sender};
use crate::messages::{About, AboutKind};

/// Why the answer cannot be sent back as a mail.
const NOT_BY_MAIL: &str = "Please write back in the portal. A reply to this mail does not reach the conversation.";

/// Mail programs that thread by subject do so when it stays the same but for this.
fn re(subject: &str) -> String {
    format!("Re: {subject}")
}

/// What was written, a paragraph for each of the writer's own.
fn paragraphs(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split("\n\n").map(|part| part.trim_matches('\n').to_owned());
    parts.filter(|part| !part.is_empty())
}

/// A person, as a letter names one.
fn named(user: &User) -> String {
    if user.name.is_empty() { user.email.clone() } else { format!("{} ({})", user.name, user.email) }
}

/// Tells the vendor what a customer wrote.
#[must_use]
pub fn received(
    sender: &Sender,
    (id, subject, is_first): (&ConversationId, &str, bool),
    account: &Account,
    author: &User,
    about: &About,
    text: &str,
) -> Letter {
    let mut facts = vec![("From".to_owned(), named(author)), ("Company".to_owned(), account.company.clone())];
    if about.kind != AboutKind::Nothing {
        facts.push(("About".to_owned(), messages::about(about.kind, &about.name)));
    }
    if let Some(client) = &about.client {
        facts.push((messages::BELONGS_TO.to_owned(), client.company.clone()));
    }
    Letter {
        subject: if is_first { subject.to_owned() } else { re(subject) },
        heading: format!("{} has written", account.company),
        paragraphs: paragraphs(text).collect(),
        facts,
        button: Some(("Answer in the console".to_owned(), format!("{}/staff/messages/{id}", sender.origin))),
        notes: vec!["Please answer in the console. A reply to this mail does not reach the customer.".to_owned()],
        reason: format!("You get this mail because this is the support address of {}.", sender.name),
    }
}

/// Tells a member what the vendor's staff answered. `author` is the name of whoever did; may be empty.
#[must_use]
pub fn answered(
    sender: &Sender,
    (id, subject): (&ConversationId, &str),
    company: &str,
    author: &str,
    text: &str,
) -> Letter {
    let who = if author.is_empty() { sender.name.clone() } else { format!("{author} from {}", sender.name) };
    Letter {
        subject: re(subject),
        heading: format!("{who} has answered"),
        paragraphs: paragraphs(text).collect(),
        button: Some(("Open the conversation".to_owned(), format!("{}/messages/{id}", sender.origin))),
        notes: vec![NOT_BY_MAIL.to_owned()],
        reason: format!("You get this mail because you wrote to {} for {company}.", sender.name),
        ..Letter::default()
    }
}

/// Asks an owner how it is going.
#[must_use]
pub fn feedback_asked(sender: &Sender, company: &str) -> Letter {
    Letter {
        subject: format!("How is it going with {}?", sender.name),
        heading: "How is it going?".to_owned(),
        paragraphs: vec![format!(
            "{company} has been a customer of {} for a month. One number and, if you like, a few words tell us what is \
             good and what is not.",
            sender.name
        )],
        button: Some(("Tell us".to_owned(), format!("{}/feedback", sender.origin))),
        notes: vec!["This is the only mail of this kind. If you do not answer, you are not asked again.".to_owned()],
        reason: format!(
            "You get this mail because you ticked “Ask me for feedback” on your account page: {}/account#mails",
            sender.origin
        ),
        ..Letter::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender() -> Sender {
        Sender {
            name: "Acme".to_owned(),
            origin: "https://acme.test".to_owned(),
            support_email: "help@acme.test".to_owned(),
            accent_hue: 172,
        }
    }

    #[test]
    fn an_answer_keeps_its_lines_shows_no_markup_and_says_where_to_answer() {
        let id = ConversationId::from_untrusted("con_1");
        let letter = answered(&sender(), (&id, "Seats"), "Example GmbH", "", "One\ntwo\n\n<b>three</b>");
        assert_eq!((letter.subject.as_str(), letter.heading.as_str()), ("Re: Seats", "Acme has answered"));
        let mail = sender().mail("ada@example.org", "Ada", letter);
        assert!(mail.text.contains("One\ntwo\n\n<b>three</b>\n"), "{}", mail.text);
        assert!(mail.html.contains("One<br>two</p>") && mail.html.contains("&lt;b&gt;three"), "{}", mail.html);
        assert!(mail.text.contains("https://acme.test/messages/con_1"), "{}", mail.text);
        assert!(mail.text.replace('\n', " ").contains("does not reach the conversation"), "{}", mail.text);
        let by_name = answered(&sender(), (&id, "Seats"), "Example GmbH", "Grace", "x");
        assert_eq!(by_name.heading, "Grace from Acme has answered");
    }

    #[test]
    fn whoever_is_asked_is_told_why_and_how_to_stop_it() {
        let mail = sender().mail("ada@example.org", "Ada", feedback_asked(&sender(), "Example GmbH"));
        let text = mail.text.replace('\n', " ");
        assert!(
            text.contains("https://acme.test/feedback") && text.contains("https://acme.test/account#mails"),
            "{text}"
        );
    }
}
