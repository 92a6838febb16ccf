//! The mails that the server "sent" into a folder, one file `<milliseconds>-<id>.eml` each.

use anyhow::{Context, Result};
use mail_parser::{Address, MessageParser};
use std::path::Path;

/// A mail as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Letter {
    /// The name of its file, without `.eml`.
    pub(crate) name: String,
    /// Who it says it is from.
    pub(crate) from: String,
    /// Whom it is to.
    pub(crate) to: String,
    /// What it is about.
    pub(crate) subject: String,
    /// When it was sent (UTC), e.g. `2026-11-21 10:00:05`.
    pub(crate) sent_at: String,
    /// The plain text.
    pub(crate) text: String,
    /// The HTML beside it.
    pub(crate) html: Option<String>,
}

/// Every mail in the folder, newest first. A file that is no mail (it may be half written) is left out.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn letters(folder: &Path) -> Result<Vec<Letter>> {
    let mut letters = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("{} cannot be read", folder.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        if path.extension().is_some_and(|ending| ending == "eml")
            && let Some(letter) = std::fs::read(&path).ok().and_then(|raw| read(name, &raw))
        {
            letters.push(letter);
        }
    }
    // The names begin with the time.
    letters.sort_by(|a, b| b.name.cmp(&a.name));
    Ok(letters)
}

fn read(name: &str, raw: &[u8]) -> Option<Letter> {
    let message = MessageParser::default().parse(raw)?;
    let sent_at = message.date().map(|date| {
        let utc = mail_parser::DateTime::from_timestamp(date.to_timestamp());
        format!("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second)
    });
    // A mail with one of the two bodies alone: the parser would convert it into the other.
    let html = message.html_part(0).filter(|part| part.is_text_html()).and_then(|part| part.text_contents());
    Some(Letter {
        name: name.to_owned(),
        from: people(message.from()),
        to: people(message.to()),
        subject: message.subject().unwrap_or_default().to_owned(),
        sent_at: sent_at.unwrap_or_default(),
        text: message.body_text(0).unwrap_or_default().into_owned(),
        html: html.map(str::to_owned),
    })
}

fn people(address: Option<&Address<'_>>) -> String {
    let person = |person: &mail_parser::Addr<'_>| match (person.name(), person.address()) {
        (Some(name), Some(address)) => format!("{name} <{address}>"),
        (name, address) => name.or(address).unwrap_or_default().to_owned(),
    };
    address.into_iter().flat_map(|address| address.iter()).map(person).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const BOTH: &str = "From: \"=?utf-8?b?Tm9yZHdpbmQ=?=\" <no-reply@localhost>\r\nTo: a@example.com\r\n\
        Subject: =?utf-8?q?F=C3=BCr?= you\r\nDate: Sat, 21 Nov 2026 11:00:05 +0100\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/alternative; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\nG=C3=BCltig\r\n--b\r\n\
        Content-Type: text/html; charset=utf-8\r\n\r\n<p>G\u{fc}ltig</p>\r\n--b--\r\n";

    #[test]
    fn a_letter_has_its_words_decoded_and_its_time_in_utc() {
        let letter = read("1-a", BOTH.as_bytes()).unwrap();
        assert_eq!(letter.from, "Nordwind <no-reply@localhost>");
        assert_eq!((letter.to.as_str(), letter.subject.as_str()), ("a@example.com", "F\u{fc}r you"));
        assert_eq!(letter.sent_at, "2026-11-21 10:00:05");
        assert_eq!(letter.text.trim(), "G\u{fc}ltig");
        assert_eq!(letter.html.as_deref().map(str::trim), Some("<p>G\u{fc}ltig</p>"));
    }

    #[test]
    fn a_letter_without_html_gets_none_made_up() {
        let plain = "To: a@example.com\r\nContent-Type: text/plain\r\n\r\nHello\r\n";
        assert_eq!(read("1-a", plain.as_bytes()).unwrap().html, None);
    }

    #[test]
    fn the_newest_comes_first_and_other_files_do_not_count() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["0000000000001-z.eml", "0000000000003-a.eml", "0000000000002-m.eml", "note.txt"] {
            std::fs::write(folder.path().join(name), BOTH).unwrap();
        }
        let names: Vec<String> = letters(folder.path()).unwrap().into_iter().map(|letter| letter.name).collect();
        assert_eq!(names, ["0000000000003-a", "0000000000002-m", "0000000000001-z"]);
    }
}
