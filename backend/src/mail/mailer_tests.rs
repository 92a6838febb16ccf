#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::mail::MailThread;

fn mail() -> Mail {
    Mail {
        to: "ada@example.org".to_owned(),
        to_name: "Ada Lovelace, Königin <x>".to_owned(),
        from_name: "Acme & Söhne".to_owned(),
        reply_to: Some("help@acme.test".to_owned()),
        message_domain: "acme.test".to_owned(),
        subject: "Confirm your address – now".to_owned(),
        text: "Hello\n".to_owned(),
        html: "<p>Hello</p>".to_owned(),
        thread: None,
    }
}

fn mailer(folder: &std::path::Path) -> Mailer {
    Mailer::folder("noreply@acme.test", folder.to_owned()).unwrap()
}

const AT: UnixMs = UnixMs(1_795_255_200_000);

#[tokio::test]
async fn a_mail_becomes_one_file_however_often_it_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("made/on/demand");
    for _ in 0..2 {
        mailer(&inner).send(&mail(), "job_1", AT).await.unwrap();
    }
    let names: Vec<_> = std::fs::read_dir(&inner).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["1795255200000-job_1.eml"]);
    let eml = std::fs::read_to_string(inner.join(&names[0])).unwrap();
    for header in [
        "Message-ID: <job_1@acme.test>\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n",
        "Content-Type: multipart/alternative;",
    ] {
        assert!(eml.contains(header), "{header} in\n{eml}");
    }
    let text = eml.find("text/plain").unwrap();
    assert!(text < eml.find("text/html").unwrap(), "the plain text comes first");
}

#[tokio::test]
async fn a_mail_of_a_thread_names_itself_and_what_came_before() {
    let folder = tempfile::tempdir().unwrap();
    let thread = MailThread { id: "msg_2".to_owned(), before: vec!["con_1".to_owned(), "msg_1".to_owned()] };
    let mail = Mail { thread: Some(thread), ..mail() };
    mailer(folder.path()).send(&mail, "job_1", AT).await.unwrap();
    let eml = std::fs::read_to_string(folder.path().join("1795255200000-job_1.eml")).unwrap();
    let unfolded = eml.replace("\r\n ", " ");
    for header in [
        "Message-ID: <msg_2@acme.test>\r\n",
        "In-Reply-To: <msg_1@acme.test>\r\n",
        "References: <con_1@acme.test> <msg_1@acme.test>\r\n",
    ] {
        assert!(unfolded.contains(header), "{header} in\n{eml}");
    }
}

#[test]
fn no_value_can_begin_another_header() {
    let folder = tempfile::tempdir().unwrap();
    let evil = "x\r\nBcc: eve@example.org";
    let with = |change: fn(&mut Mail, String)| {
        let mut mail = mail();
        change(&mut mail, evil.to_owned());
        mailer(folder.path()).compose(&mail, "job_1", AT)
    };
    for composed in [
        with(|mail, evil| mail.to_name = evil),
        with(|mail, evil| mail.from_name = evil),
        with(|mail, evil| mail.subject = evil),
        with(|mail, evil| mail.to = evil),
        with(|mail, evil| mail.reply_to = Some(evil)),
        with(|mail, evil| mail.message_domain = evil),
        with(|mail, evil| mail.thread = Some(MailThread { id: evil, before: Vec::new() })),
        with(|mail, evil| mail.thread = Some(MailThread { id: "msg_1".to_owned(), before: vec![evil] })),
    ] {
        assert!(matches!(composed, Err(MailError::Malformed(_))), "{composed:?}");
    }
}

#[test]
fn a_plain_connection_is_for_this_machine_only() {
    let smtp = |host: &str| Smtp {
        host: host.to_owned(),
        port: None,
        tls: TlsMode::None,
        credentials: Some(("user".to_owned(), "secret".to_owned())),
        ca_pem: None,
        timeout: Duration::from_secs(5),
    };
    for local in ["localhost", "127.0.0.1", "::1"] {
        assert!(Mailer::smtp("noreply@acme.test", &smtp(local)).is_ok());
    }
    assert!(matches!(Mailer::smtp("noreply@acme.test", &smtp("mail.example.org")), Err(MailError::Malformed(_))));
    let protected = Smtp { tls: TlsMode::Starttls, ..smtp("mail.example.org") };
    assert!(Mailer::smtp("noreply@acme.test", &protected).is_ok());
    assert!(Mailer::smtp("not an address", &smtp("localhost")).is_err());
    assert!(!format!("{:?}", smtp("localhost")).contains("secret"));
}

#[tokio::test]
async fn a_server_that_is_away_is_worth_another_try() {
    // A port that was free a moment ago: nobody listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let smtp = Smtp {
        host: "127.0.0.1".to_owned(),
        port: Some(port),
        tls: TlsMode::None,
        credentials: None,
        ca_pem: None,
        timeout: Duration::from_secs(5),
    };
    let sent = Mailer::smtp("noreply@acme.test", &smtp).unwrap().send(&mail(), "job_1", AT).await;
    assert!(matches!(sent, Err(MailError::Unavailable(_))), "{sent:?}");
}
