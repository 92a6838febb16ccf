//! What a letter consists of, and its two renderings: plain text, and HTML in the family of the portal.
//!
//! The HTML is what mail programs of twenty years agree on: one column, inline style, nothing loaded from
//! anywhere. Everything that comes from people is escaped.

use std::fmt::Write as _;

use super::Sender;
use crate::text::en::mail as text;

/// A letter in the order in which it is read; `text/<language>/mail.rs` writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Letter {
    /// Subject line.
    pub subject: String,
    /// What it is about, in one line.
    pub heading: String,
    /// What is true now and what to do.
    pub paragraphs: Vec<String>,
    /// Names and values, for example of an invoice.
    pub facts: Vec<(String, String)>,
    /// The one thing to do: label and address.
    pub button: Option<(String, String)>,
    /// What else matters, after the button.
    pub notes: Vec<String>,
    /// Why this person gets this letter.
    pub reason: String,
}

/// Columns of the plain text.
const WIDTH: usize = 72;

impl Letter {
    pub(super) fn to_text(&self, sender: &Sender) -> String {
        let mut out = String::new();
        let mut block = |text: &str| {
            wrap(&mut out, text);
            out.push('\n');
        };
        block(&self.heading);
        self.paragraphs.iter().for_each(|paragraph| block(paragraph));
        if !self.facts.is_empty() {
            let lines: Vec<_> = self.facts.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            block(&lines.join("\n"));
        }
        if let Some((label, address)) = &self.button {
            block(&format!("{label}:\n{address}"));
        }
        self.notes.iter().for_each(|note| block(note));
        block("--");
        block(&format!("{}\n{}", self.reason, text::footer(sender)));
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }

    pub(super) fn to_html(&self, sender: &Sender) -> String {
        const FONT: &str = "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif";
        let accent = accent(sender.accent_hue);
        let mut body = String::new();
        let paragraph = |body: &mut String, text: &str, class: &str, style: &str| {
            let text = escape(text).replace('\n', "<br>");
            let _ = write!(body, "<p class=\"{class}\" style=\"margin:0 0 16px;{style}\">{text}</p>");
        };
        for text in &self.paragraphs {
            paragraph(&mut body, text, "ink", "color:#1d2321");
        }
        if !self.facts.is_empty() {
            body.push_str(
                "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
                 style=\"margin:8px 0 24px;border-collapse:collapse\">",
            );
            for (name, value) in &self.facts {
                let _ = write!(
                    body,
                    "<tr><td class=\"soft rule\" style=\"padding:8px 16px 8px 0;border-bottom:1px solid #e4e0d9;\
                     color:#55605c\">{}</td><td class=\"ink rule\" align=\"right\" style=\"padding:8px 0;\
                     border-bottom:1px solid #e4e0d9;color:#1d2321;font-weight:600\">{}</td></tr>",
                    escape(name),
                    escape(value)
                );
            }
            body.push_str("</table>");
        }
        if let Some((label, address)) = &self.button {
            let address = escape(address);
            let _ = write!(
                body,
                "<p style=\"margin:24px 0\"><a href=\"{address}\" style=\"display:inline-block;padding:11px 20px;\
                 border-radius:6px;background:{accent};color:#ffffff;font-weight:600;text-decoration:none\">{}</a></p>",
                escape(label)
            );
            let _ = write!(
                body,
                "<p class=\"soft\" style=\"margin:0 0 24px;font-size:13px;color:#55605c\">{}<br>\
                 <a class=\"soft\" href=\"{address}\" style=\"color:#55605c;word-break:break-all\">{address}</a></p>",
                escape(text::BUTTON_FALLBACK)
            );
        }
        for text in &self.notes {
            paragraph(&mut body, text, "soft", "color:#55605c");
        }
        let (name, origin) = (escape(&sender.name), escape(&sender.origin));
        let (subject, heading) = (escape(&self.subject), escape(&self.heading));
        let (reason, footer) = (escape(&self.reason), escape(&text::footer(sender)));
        format!(
            "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>{subject}</title>\
             <style>@media (prefers-color-scheme:dark){{.page{{background:#131716!important}}\
             .card{{background:#1a1f1e!important;border-color:#2b3331!important}}.ink{{color:#ecefed!important}}\
             .soft{{color:#b0bab6!important}}.rule{{border-color:#2b3331!important}}}}</style></head>\n\
             <body class=\"page\" style=\"margin:0;padding:0;background:#faf9f7\">\
             <div class=\"page\" style=\"padding:32px 16px;background:#faf9f7;font:15px/1.55 {FONT}\">\
             <div style=\"max-width:544px;margin:0 auto\">\n\
             <p style=\"margin:0 0 16px\"><a class=\"ink\" href=\"{origin}\" style=\"color:#1d2321;font-weight:650;\
             text-decoration:none\"><span style=\"color:{accent}\" aria-hidden=\"true\">&#9670;</span> {name}</a></p>\n\
             <div class=\"card\" style=\"padding:32px 28px 16px;background:#ffffff;border:1px solid #e4e0d9;\
             border-radius:10px\">\
             <h1 class=\"ink\" style=\"margin:0 0 16px;font-size:22px;line-height:1.25;font-weight:620;\
             letter-spacing:-.01em;color:#1d2321\">{heading}</h1>\n{body}</div>\n\
             <p class=\"soft\" style=\"margin:20px 4px 0;font-size:13px;color:#55605c\">{reason}<br>{footer}</p>\n\
             </div></div></body></html>\n",
            lang = text::LANGUAGE,
        )
    }
}

/// Text for an element or a quoted attribute.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Appends `text`, each of its lines broken between words so that it fits; a word that is longer (a link)
/// stays whole.
fn wrap(out: &mut String, text: &str) {
    for line in text.lines() {
        let mut column = 0;
        for word in line.split(' ') {
            let length = word.chars().count();
            if column > 0 && column + 1 + length > WIDTH {
                out.push('\n');
                column = 0;
            } else if column > 0 {
                out.push(' ');
                column += 1;
            }
            out.push_str(word);
            column += length;
        }
        out.push('\n');
    }
}

/// The accent of the portal's light theme, `hsl(hue 62% 24%)`, as mail programs understand it.
fn accent(hue: i64) -> String {
    const SATURATION: f64 = 0.62;
    const LIGHTNESS: f64 = 0.24;
    let hue = f64::from(i32::try_from(hue.rem_euclid(360)).unwrap_or(0));
    // CSS Color 4 §7.1, HSL to RGB.
    let channel = |n: f64| {
        let k = (n + hue / 30.0) % 12.0;
        let value = LIGHTNESS - SATURATION * LIGHTNESS.min(1.0 - LIGHTNESS) * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        format!("{:02x}", (value * 255.0).round() as u8)
    };
    format!("#{}{}{}", channel(0.0), channel(8.0), channel(4.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender() -> Sender {
        Sender {
            name: "Acme & Söhne <Labs>".to_owned(),
            origin: "https://acme.test".to_owned(),
            support_email: "help@acme.test".to_owned(),
            accent_hue: 172,
        }
    }

    fn letter() -> Letter {
        Letter {
            subject: "A & B".to_owned(),
            heading: "Heading <script>alert(1)</script>".to_owned(),
            paragraphs: vec!["word ".repeat(40)],
            facts: vec![("Amount".to_owned(), "$10.00".to_owned())],
            button: Some(("Go".to_owned(), format!("https://acme.test/x?token={}&a=1", "t".repeat(80)))),
            notes: vec!["A note.".to_owned()],
            reason: "Because.".to_owned(),
        }
    }

    #[test]
    fn nothing_of_a_letter_becomes_markup_and_nothing_is_loaded() {
        let html = letter().to_html(&sender());
        assert!(html.contains("&lt;script&gt;") && !html.contains("<script"));
        assert!(html.contains("Acme &amp; Söhne &lt;Labs&gt;"));
        assert!(html.contains("&amp;a=1\""));
        for loading in ["<img", "src=", "url(", "<link", "@import"] {
            assert!(!html.contains(loading), "{loading}");
        }
    }

    #[test]
    fn plain_text_fits_a_terminal_and_keeps_links_whole() {
        let text = letter().to_text(&sender());
        let long: Vec<_> = text.lines().filter(|line| line.chars().count() > WIDTH).collect();
        assert_eq!(long, [letter().button.map(|(_, address)| address).unwrap_or_default()]);
        assert!(text.contains("Amount: $10.00\n") && text.contains("A note.\n"));
    }

    #[test]
    fn the_accent_is_the_portals() {
        assert_eq!(accent(0), "#631717");
        assert_eq!(accent(120), "#176317");
        assert_eq!(accent(172), "#176359");
        assert_eq!(accent(-240), accent(120));
    }
}
