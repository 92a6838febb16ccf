//! `/handovers/{id}`: both sides decide here whether a license goes over. For everybody else there is nothing here.

use backend::accounts::{Act, may};
use backend::handovers::{HandoverStatus, HandoverView, Side, find_handover, rules};
use backend::ids::HandoverId;
use backend::text::en::{handovers as text, licenses as words, portal};
use leptos::prelude::*;

use super::{NoPage, Page, render};
use crate::api::form::take_refused;
use crate::api::handovers::{AGREE, handover_errors};
use crate::components::{
    Card, Emphasis, EmptyState, Fact, Facts, Form, LinkButton, Notice, PageHead, PostButton, Tone,
};
use crate::request::Visit;

/// The page of a handover.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let id = HandoverId::from_untrusted(visit.path.split('/').nth(2).unwrap_or_default());
    let (cx, now) = (visit.viewer_cx(), visit.state.clock.now());
    let found = visit.state.db.read(|tx| Box::pin(async move { find_handover(tx, &cx, &id).await }));
    let found = found.await?.ok_or(NoPage::NotFound)?;
    let title = text::title(found.side);
    let content = match rules::status(&found.handover, now) {
        HandoverStatus::Asked => decision(&visit, &found).await,
        status => over(&visit, &found, status),
    };
    let body = view! {
        <div class="column">
            <PageHead title=title lead=text::lead(&found) />
            {facts(&found)}
            {content}
        </div>
    };
    Ok(Page::new(title, body))
}

fn facts(found: &HandoverView) -> impl IntoView + use<> {
    let license = &found.view.license;
    let [product, seats, from, updates, last_day, decide_by] = text::LABELS;
    let mut facts = vec![
        Fact::new(product, format!("{}, {}", found.view.product_name, found.view.plan_name)),
        Fact::new(seats, words::number(license.seats)),
        Fact::new(from, found.giver.company.clone()),
    ];
    facts.extend(license.updates_until.map(|until| Fact::new(updates, text::day(until))));
    facts.extend(license.ends_at.map(|end| Fact::new(last_day, text::last_day(end))));
    facts.push(Fact::new(decide_by, text::day(found.handover.expires_at)));
    view! { <Card title=text::FACTS><Facts facts /></Card> }
}

/// What came of it, with a link to the license for the one who has it.
fn over(visit: &Visit, found: &HandoverView, status: HandoverStatus) -> AnyView {
    let license = &found.view.license;
    let is_ours = visit.account().is_some_and(|(account, _)| account.id == license.account_id);
    let href = is_ours.then(|| format!("/licenses/{}", license.id));
    let open = move || href.clone().map(|href| view! { <LinkButton href label=text::TO_LICENSE /> });
    view! { <EmptyState text=text::over(status) action=open /> }.into_any()
}

async fn decision(visit: &Visit, found: &HandoverView) -> AnyView {
    let refused = take_refused(AGREE).await;
    let handover = &found.handover;
    let hidden = vec![("handover_id".to_owned(), handover.id.to_string())];
    let decline = {
        let hidden = hidden.clone();
        let has_asked = found.side == Side::Giver && handover.given_at.is_some();
        let label = if has_asked { text::WITHDRAW } else { text::DECLINE };
        move || view! { <PostButton action="/act/end-handover" label hidden=hidden.clone() emphasis=Emphasis::Quiet /> }
    };
    let has_agreed = match found.side {
        Side::Giver => handover.given_at.is_some(),
        Side::Receiver => handover.taken_at.is_some(),
    };
    let Some((account, role)) = visit.account() else { return ().into_any() };
    let is_receiver = found.side == Side::Receiver;
    let (stands_in_the_way, action) = if has_agreed {
        (Some(text::OTHER_SIDE), None)
    } else if is_receiver && !found.is_confirmed {
        (Some(text::CONFIRM_FIRST), Some(("/account", text::TO_ACCOUNT)))
    } else if is_receiver && account.id == handover.from_account_id {
        (Some(text::OWN_ACCOUNT), None)
    } else if is_receiver && !may(role, Act::TransferLicenses) {
        (Some(text::NOT_OWNER), None)
    } else {
        (None, None)
    };
    if let Some(sentence) = stands_in_the_way {
        let acts = move || {
            let way = action.map(|(href, label)| view! { <LinkButton href label emphasis=Emphasis::Primary /> });
            view! { {way} {decline()} }
        };
        return view! { <Notice tone=Tone::Warn title=sentence action=acts /> }.into_any();
    }
    let points: Vec<&str> = match found.side {
        Side::Giver => text::POINTS.to_vec(),
        Side::Receiver => text::TAKER_POINTS.to_vec(),
    };
    let points = points.into_iter().map(|point| view! { <li>{point.to_owned()}</li> }).collect_view();
    let errors = handover_errors(&refused);
    let mut agreed = hidden;
    if is_receiver {
        agreed.push(("for_account".to_owned(), account.id.to_string()));
    }
    let (submit, errors_title) = (text::agree(found.side, &account.company), portal::refused_answers(errors.len()));
    let emphasis = if is_receiver { Emphasis::Primary } else { Emphasis::Danger };
    view! {
        <Card title=text::DECISION>
            <ul class="points">{points}</ul>
            <Form
                action="/act/agree-to-handover"
                id="agree"
                submit=submit
                emphasis
                errors_title=errors_title
                errors
                hidden=agreed
            />
            {decline()}
        </Card>
    }
    .into_any()
}
