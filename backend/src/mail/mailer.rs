//! The way out: SMTP, or files in a folder.

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};

use super::Mail;
use crate::clock::UnixMs;
use crate::ids::VendorId;

/// How the connection to the SMTP server is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TlsMode {
    /// Plain at first, then TLS or nothing (port 587).
    #[default]
    Starttls,
    /// TLS from the first byte (port 465).
    Tls,
    /// Plain; for a server on this machine only.
    None,
}

/// An SMTP server.
#[derive(Clone)]
pub struct Smtp {
    /// Host name, also the one its certificate must bear.
    pub host: String,
    /// Port; `None` for the mode's own.
    pub port: Option<u16>,
    /// Protection.
    pub tls: TlsMode,
    /// User and password, where the server asks for them.
    pub credentials: Option<(String, String)>,
    /// A certificate authority to trust beside the public ones, as PEM.
    pub ca_pem: Option<Vec<u8>>,
    /// Longest wait for the server, per step.
    pub timeout: Duration,
}

impl std::fmt::Debug for Smtp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Smtp")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("tls", &self.tls)
            .field("credentials", &self.credentials.as_ref().map(|(user, _)| (user, "…")))
            .finish_non_exhaustive()
    }
}

/// Why a mail was not sent, or a mailer not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The mail or the configuration is wrong; a sentence.
    #[error("{0}")]
    Malformed(String),
    /// The server refused the mail for good.
    #[error("{0}")]
    Refused(String),
    /// The server could not be reached, or refused for now.
    #[error("{0}")]
    Unavailable(String),
}

/// Sends mails. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Mailer {
    from: Address,
    /// Of vendors that do not send from `from`.
    own: Arc<HashMap<VendorId, Address>>,
    way: Way,
}

#[derive(Clone, Debug)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Folder(PathBuf),
}

impl Mailer {
    /// Sends through an SMTP server, in the name of `from` (an address; the vendor's name is put before it).
    ///
    /// # Errors
    /// [`MailError::Malformed`] with a sentence: not an address, a plain connection to another machine, or a
    /// certificate that cannot be read.
    pub fn smtp(from: &str, smtp: &Smtp) -> Result<Self, MailError> {
        let malformed = |error: lettre::transport::smtp::Error| MailError::Malformed(format!("SMTP: {error}"));
        let parameters = || {
            let mut parameters = TlsParameters::builder(smtp.host.clone());
            if let Some(pem) = &smtp.ca_pem {
                parameters = parameters.add_root_certificate(Certificate::from_pem(pem)?);
            }
            parameters.build()
        };
        let (tls, port) = match smtp.tls {
            TlsMode::Starttls => (Tls::Required(parameters().map_err(malformed)?), 587),
            TlsMode::Tls => (Tls::Wrapper(parameters().map_err(malformed)?), 465),
            TlsMode::None if is_loopback(&smtp.host) => (Tls::None, 25),
            TlsMode::None => {
                return Err(MailError::Malformed(format!(
                    "Mail to {} would travel unprotected: a plain connection is for a server on this machine. \
                     Set `tls` to `starttls` or `tls`.",
                    smtp.host
                )));
            }
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(smtp.host.clone())
            .tls(tls)
            .port(smtp.port.unwrap_or(port))
            .timeout(Some(smtp.timeout));
        if let Some((user, password)) = &smtp.credentials {
            builder = builder.credentials(Credentials::new(user.clone(), password.clone()));
        }
        Ok(Self { from: address(from)?, own: Arc::default(), way: Way::Smtp(builder.build()) })
    }

    /// Writes each mail as a file `<milliseconds>-<id>.eml` into `folder`, the newest sorting last.
    ///
    /// # Errors
    /// [`MailError::Malformed`] when `from` is not an address.
    pub fn folder(from: &str, folder: PathBuf) -> Result<Self, MailError> {
        Ok(Self { from: address(from)?, own: Arc::default(), way: Way::Folder(folder) })
    }

    /// The same way out, with addresses of their own for these vendors.
    ///
    /// # Errors
    /// [`MailError::Malformed`] for what is no address.
    pub fn with_own<'a>(self, own: impl IntoIterator<Item = (VendorId, &'a str)>) -> Result<Self, MailError> {
        let own = own.into_iter().map(|(id, from)| Ok((id, address(from)?)));
        Ok(Self { own: Arc::new(own.collect::<Result<_, MailError>>()?), ..self })
    }

    /// The mailer in the name of this vendor.
    #[must_use]
    pub fn of(&self, vendor_id: &VendorId) -> Self {
        let from = self.own.get(vendor_id).unwrap_or(&self.from).clone();
        Self { from, ..self.clone() }
    }

    /// Sends a mail under a message id: the same id again is the same message.
    ///
    /// # Errors
    /// [`MailError`].
    pub async fn send(&self, mail: &Mail, id: &str, now: UnixMs) -> Result<(), MailError> {
        let message = self.compose(mail, id, now)?;
        match &self.way {
            Way::Smtp(transport) => match transport.send(message).await {
                Ok(_) => Ok(()),
                // A refused log-in (530–538) is the operator's to mend, not the mail's fault.
                Err(error) if error.is_permanent() && !is_about_log_in(&error) => {
                    Err(MailError::Refused(error.to_string()))
                }
                Err(error) => Err(MailError::Unavailable(chain(&error))),
            },
            Way::Folder(folder) => write(folder, &format!("{:013}-{id}.eml", now.0), &message.formatted())
                .await
                .map_err(|error| MailError::Unavailable(format!("{} cannot be written to: {error}", folder.display()))),
        }
    }

    fn compose(&self, mail: &Mail, id: &str, now: UnixMs) -> Result<Message, MailError> {
        let mailbox = |name: &str, email: Address| {
            let name = Some(one_line(name)?).filter(|name| !name.is_empty());
            Ok::<_, MailError>(Mailbox::new(name, email))
        };
        let fixed =
            |name: &'static str, value: &str| HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned());
        let date = SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
        let own_id = mail.thread.as_ref().map_or(id, |thread| thread.id.as_str());
        let mut builder = Message::builder()
            .from(mailbox(&mail.from_name, self.from.clone())?)
            .to(mailbox(&mail.to_name, address(&mail.to)?)?)
            .subject(one_line(&mail.subject)?)
            .message_id(Some(message_id(own_id, &mail.message_domain)?))
            .date(date)
            // RFC 3834: no holiday notices in answer, please.
            .raw_header(fixed("Auto-Submitted", "auto-generated"))
            .raw_header(fixed("X-Auto-Response-Suppress", "All"));
        if let Some(reply_to) = &mail.reply_to {
            builder = builder.reply_to(mailbox(&mail.from_name, address(reply_to)?)?);
        }
        let before = mail.thread.iter().flat_map(|thread| &thread.before);
        let before = before.map(|id| message_id(id, &mail.message_domain)).collect::<Result<Vec<_>, _>>()?;
        if let Some(last) = before.last() {
            builder = builder.in_reply_to(last.clone()).references(before.join(" "));
        }
        builder
            .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
            .map_err(|error| MailError::Malformed(format!("the mail cannot be composed: {error}")))
    }
}

fn address(text: &str) -> Result<Address, MailError> {
    text.parse().map_err(|_| MailError::Malformed(format!("{text:?} is not an e-mail address")))
}

/// Text that becomes part of a header: a line break in it would begin another header.
fn one_line(text: &str) -> Result<String, MailError> {
    if text.chars().any(char::is_control) {
        return Err(MailError::Malformed("a name or subject contains a control character".to_owned()));
    }
    Ok(text.to_owned())
}

/// `<id@domain>`. An id is one of ours: letters, digits and underscores, so that none can be mistaken for two.
fn message_id(id: &str, domain: &str) -> Result<String, MailError> {
    if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Err(MailError::Malformed("a message id is not one of ours".to_owned()));
    }
    Ok(format!("<{id}@{}>", one_line(domain)?))
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn is_about_log_in(error: &lettre::transport::smtp::Error) -> bool {
    error.status().is_some_and(|status| (530..=538).contains(&u16::from(status)))
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |error| (*error).source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// Writes a file that appears complete or not at all.
async fn write(folder: &std::path::Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    let part = folder.join(format!("{name}.part"));
    tokio::fs::write(&part, bytes).await?;
    tokio::fs::rename(&part, folder.join(name)).await
}

#[cfg(test)]
#[path = "mailer_tests.rs"]
mod tests;
