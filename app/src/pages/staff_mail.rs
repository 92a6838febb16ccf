//! `/staff/mails/{id}`: what is known of a mail, and the button that sends it again where it was given up.

use backend::accounts::{StaffAct, staff_may};
use backend::clock::UnixMs;
use backend::ids::JobId;
use backend::mail::log::{LoggedMail, MailState, find_mail};
use backend::text::en::{console_inbox, console_mails as text, events as happenings, licenses};
use leptos::prelude::*;

use super::staff_mails::tone;
use super::{NoPage, Page, render, staff_role};
use crate::api::staff_mails::MAILS;
use crate::components::{Badge, Breadcrumb, Card, Crumb, Fact, Facts, Moment, PageHead, PostButton};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    if !staff_may(role, StaffAct::SeeMails) {
        return Err(NoPage::NotFound);
    }
    let id = JobId::from_untrusted(visit.path.split('/').nth(3).unwrap_or_default());
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let found = visit.state.db.read(|tx| Box::pin(async move { find_mail(tx, &vendor_id, &id).await })).await?;
    let mail = found.ok_or(NoPage::NotFound)?;
    let crumbs = vec![Crumb::to(text::MAILS, MAILS), Crumb::here(mail.subject.clone())];
    let may_resend = mail.state == MailState::Failed && staff_may(role, StaffAct::Replay);
    let resend = may_resend.then(|| {
        let hidden = vec![("mail_id".to_owned(), mail.id.to_string())];
        view! {
            <PostButton action="/act/resend-mail" label=text::RESEND hidden />
            <p>{text::RESEND_HINT}</p>
        }
    });
    let (title, lead, facts) = (mail.subject.clone(), text::lead(&mail), facts(&mail, now));
    let body = view! {
        <Breadcrumb label=licenses::YOU_ARE_HERE crumbs />
        <PageHead title=title.clone() lead=lead />
        <Card title=text::FACTS>{facts} {resend} <p>{text::NO_TEXT}</p></Card>
    };
    Ok(Page::new(title, body))
}

fn facts(mail: &LoggedMail, now: UnixMs) -> impl IntoView + use<> {
    let moment =
        |at: UnixMs| view! { <Moment datetime=at.timestamp().to_string() absolute=happenings::when(at, now) /> };
    let mut facts = vec![
        Fact::new(text::STATE, view! { <Badge tone=tone(mail.state) word=text::state(mail.state) /> }),
        Fact::new(text::TO, mail.recipient.clone()),
        Fact::new(text::QUEUED, moment(mail.created_at)),
    ];
    facts.extend(mail.sent_at.map(|at| Fact::new(text::SENT, moment(at))));
    if mail.attempts > 0 {
        facts.push(Fact::new(text::ATTEMPTS, console_inbox::times(mail.attempts)));
    }
    facts.extend(mail.next_at.map(|at| Fact::new(text::NEXT, moment(at))));
    facts.extend(mail.last_error.clone().map(|error| Fact::new(text::REASON, error)));
    facts.push(Fact::new(text::MESSAGE_ID, mail.id.to_string()));
    view! { <Facts facts /> }
}
