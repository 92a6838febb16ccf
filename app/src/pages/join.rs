//! `/join?token=`: what the link of an invitation opens: who invites, to what, as what; and the way in. Opening it changes
//! nothing.

use backend::accounts::Field as Person;
use backend::accounts::members::rules::is_for;
use backend::accounts::members::{Offer, find_offer};
use backend::partners::find_maker;
use backend::text::en::{accounts as fields, members as text, new_clients, portal, portal_accounts};
use leptos::prelude::*;

use super::sign_up::password;
use super::{NoPage, Page, mailed_link, render};
use crate::api::form::take_refused;
use crate::api::joining::{JOIN, offer_page};
use crate::api::next::with_next;
use crate::api::refusal::errors_of;
use crate::components::{Emphasis, Field, Form, LinkButton, Notice, PostButton, Tone};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let (token, found) = mailed_link::read(&visit, |tx, cx, secret| Box::pin(find_offer(tx, cx, secret))).await?;
    let Some(offer) = found else { return Ok(spent(visit.viewer.is_some())) };
    let title = text::offer_title(offer.company.as_deref(), &visit.vendor.name);
    let inviter = offer.inviter.as_ref().map(text::called);
    let lead = text::offer_lead(inviter.as_deref(), &offer.invitation.position);
    let maker = find_made_by(&visit, &offer).await?;
    let hidden = vec![("token".to_owned(), token.clone())];
    let decline = maker.is_some().then(|| {
        view! {
            <PostButton action="/act/decline-account" label=new_clients::DECLINE hidden emphasis=Emphasis::Quiet />
        }
    });
    let made_by = maker.map(|partner| {
        view! { <Notice title=new_clients::made_by(&partner) text=new_clients::MADE_BY_TEXT /> }
    });
    let way_in = match visit.viewer.as_deref() {
        Some(viewer) if is_for(&offer.invitation, &viewer.user.email) => accept(&viewer.user.email, token),
        Some(viewer) => other_person(&offer, &viewer.user.email, &token),
        None if offer.is_registered => log_in(&offer, &token),
        None => sign_up(&offer, token).await,
    };
    Ok(mailed_link::page(title, lead, view! { {made_by} {way_in} {decline} }))
}

/// Which partner has made the account, where nobody has taken it over.
async fn find_made_by(visit: &Visit, offer: &Offer) -> Result<Option<String>, NoPage> {
    let Some(account_id) = offer.invitation.position.account_id().cloned() else { return Ok(None) };
    let vendor_id = visit.vendor.id.clone();
    let found = visit.state.db.read(|tx| Box::pin(async move { find_maker(tx, &vendor_id, &account_id).await }));
    Ok(found.await?)
}

fn accept(email: &str, token: String) -> AnyView {
    let hidden = vec![("token".to_owned(), token)];
    view! {
        <p>{text::accept_as(email)}</p>
        <Form action="/act/accept-invitation" submit=text::ACCEPT hidden />
    }
    .into_any()
}

fn other_person(offer: &Offer, email: &str, token: &str) -> AnyView {
    let title = text::other_person(&offer.invitation.email, email);
    let hidden = vec![("next".to_owned(), offer_page(token))];
    view! {
        <Notice tone=Tone::Warn title text=text::OTHER_PERSON_TEXT />
        <div class="acts">
            <PostButton action="/act/sign-out" label=text::LOG_OUT hidden emphasis=Emphasis::Primary />
        </div>
    }
    .into_any()
}

fn log_in(offer: &Offer, token: &str) -> AnyView {
    let href = with_next("/log-in", &offer_page(token));
    view! {
        <p>{text::log_in_first(&offer.invitation.email)}</p>
        <div class="acts">
            <LinkButton href label=text::LOG_IN emphasis=Emphasis::Primary />
        </div>
    }
    .into_any()
}

async fn sign_up(offer: &Offer, token: String) -> AnyView {
    let refused = take_refused(JOIN).await;
    let errors = errors_of(&refused);
    let email = offer.invitation.email.clone();
    view! {
        <p>{text::sign_up_here(&email)}</p>
        <Form
            action="/act/join"
            submit=text::JOIN_ACT
            errors_title=portal::refused_answers(errors.len())
            errors
            hidden=vec![("token".to_owned(), token)]
        >
            // Tells password managers whose password it is.
            <input type="hidden" autocomplete="username" value=email />
            <Field name="name" label=fields::field(Person::Name) value=refused.typed("name") autocomplete="name" />
            <Field
                name="password"
                label=fields::field(Person::Password)
                control=password()
                hint=portal_accounts::password_hint()
                autocomplete="new-password"
            />
        </Form>
    }
    .into_any()
}

fn spent(is_signed_in: bool) -> Page {
    let (href, label) =
        if is_signed_in { ("/overview", portal_accounts::TO_OVERVIEW) } else { ("/log-in", text::LOG_IN) };
    let way = view! { <LinkButton href label emphasis=Emphasis::Primary /> };
    mailed_link::one_way(text::SPENT, text::SPENT_LEAD, way)
}
