//! `/account`: the company, what one logs in with, second factor included, who else acts for it, which browsers are logged in.
//! `?edit=company` and `?edit=password` show the form in place of the facts.

use backend::accounts::{
    self, Account, Act, ActsAs, RelyingParty, Role, SecondFactor, SessionInfo, User, VatIdState, find_second_factor,
    has_password, list_members, list_passkeys, list_sessions, may, session_handle,
};
use backend::clock::UnixMs;
use backend::db::DbError;
use backend::ids::SessionId;
use backend::text::en::{
    accounts as fields, audit, countries, email_change, members as people, moments, partner_relations, passkeys,
    portal, portal_accounts as text, second_factor, tokens,
};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::company::company_fields;
use super::sign_up::password;
use super::verify_banner::verify_banner;
use super::{
    NoPage, Page, account_acting, account_audit, account_close, account_export, account_factor_reset, feedback_consent,
    render,
};
use crate::api::accounts::{ANOTHER_COMPANY, CompanyForm, EDIT_COMPANY, EDIT_PASSWORD};
use crate::api::email_change::EMAIL;
use crate::api::form::take_refused;
use crate::api::members::MEMBERS;
use crate::api::partners::PARTNERS;
use crate::api::passkeys::PASSKEYS;
use crate::api::refusal::errors_of;
use crate::api::second_factor::SECOND_FACTOR;
use crate::api::step_up::{confirm_first, fresh_authentication};
use crate::api::tokens::ACCOUNT_TOKENS;
use crate::components::{
    Badge, Card, Column, Emphasis, Fact, Facts, Field, Form, LinkButton, Moment, Notice, PageHead, PostButton, Row,
    Table, Tone,
};
use crate::request::Visit;

/// The page.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let Some(viewer) = visit.viewer.clone() else { return Err(NoPage::NotFound) };
    let (cx, user_id) = (visit.viewer_cx(), viewer.user.id.clone());
    let account_id = viewer.account.as_ref().map(|(account, _)| account.id.clone());
    let found = visit.state.db.read(move |tx| {
        Box::pin(async move {
            let members = match &account_id {
                Some(account_id) => list_members(tx, &cx.vendor_id, account_id).await?,
                None => Vec::new(),
            };
            let factor = find_second_factor(tx, &cx, &user_id).await?;
            let passkeys = list_passkeys(tx, &cx, &user_id).await?.len();
            let has_password = has_password(tx, &cx.vendor_id, &user_id).await?;
            Ok::<_, DbError>((members, list_sessions(tx, &cx, &user_id).await?, factor, passkeys, has_password))
        })
    });
    let (members, sessions, factor, passkeys, has_password) = found.await?;
    let passkeys = RelyingParty::of(&visit.vendor).map(|_| passkeys);
    let acts_for = viewer.account.as_ref().map(|(account, role)| (account, *role));
    if let (Some(_), Some((account, role))) = (&viewer.acting, acts_for) {
        // How the customer's people log in is theirs alone, and how the staff do belongs on no customer's page.
        let (company, members) = (company(account, role), member_list(account, &viewer.user, members));
        let head = view! { <PageHead title=text::ACCOUNT lead=account.company.clone() /> };
        return Ok(Page::new(text::ACCOUNT, view! { {head} {company} {members} {audit_log()} }));
    }
    if visit.query("edit").as_deref() == Some("password") && factor.is_some() {
        // Before anything is typed, not after.
        let fresh = fresh_authentication(&visit).await.map_err(|_| NoPage::Failed("no session".to_owned()))?;
        if fresh.is_none() {
            redirect(&confirm_first(EDIT_PASSWORD));
            return Ok(Page::new(text::ACCOUNT, ()));
        }
    }
    let lead = text::account_lead(&viewer.user.email, acts_for);
    let head = view! { <PageHead title=text::ACCOUNT lead=lead /> };
    let form = match (visit.query("edit").as_deref(), acts_for) {
        (Some("company"), Some((account, role))) if may(role, Act::EditDetails) => Some(company_form(account).await),
        (Some("password"), _) => Some(password_form(&viewer.user).await),
        _ => None,
    };
    if let Some(form) = form {
        return Ok(Page::new(text::ACCOUNT, view! { {head} {form} }));
    }
    let limited = errors_of(&take_refused("send-verification").await).into_iter().next();
    let limited = limited.map(|error| view! { <Notice tone=Tone::Bad title=error.message /> });
    let company = acts_for.map(|(account, role)| company(account, role));
    let members = acts_for.map(|(account, _)| member_list(account, &viewer.user, members));
    let another = acts_for.map(|_| {
        view! {
            <Card title=people::ADD_COMPANY lead=people::ADD_COMPANY_LEAD>
                <div class="acts">
                    <LinkButton href=ANOTHER_COMPANY label=people::ADD_COMPANY />
                </div>
            </Card>
        }
    });
    let partners = acts_for.map(|_| partner_list());
    let log = acts_for.filter(|(_, role)| may(*role, Act::SeeAudit)).map(|_| audit_log());
    let tokens = acts_for.filter(|(_, role)| may(*role, Act::ManageTokens)).map(|_| api_tokens());
    let may_close = acts_for.is_some_and(|(_, role)| may(role, Act::CloseAccount));
    let mails = feedback_consent::card(&visit).await?;
    let supported = account_acting::notices(&visit).await?;
    let factor_reset = account_factor_reset::notice(&visit).await?;
    let sessions = browsers(sessions, session_handle(&visit.session), visit.state.clock.now());
    let body = view! {
        {head}
        {limited}
        {supported}
        {factor_reset}
        {verify_banner(&visit)}
        <div class="row">{company} {log_in(&viewer.user, factor.as_ref(), passkeys, has_password)}</div>
        {members}
        {another}
        {partners}
        {tokens}
        {mails}
        {sessions}
        {log}
        {account_export::link_card()}
        {account_close::link_card(may_close)}
    };
    Ok(Page::new(text::ACCOUNT, body))
}

fn company(account: &Account, role: ActsAs) -> AnyView {
    let account = account.clone();
    let edit = move || {
        may(role, Act::EditDetails)
            .then(|| view! { <LinkButton href=EDIT_COMPANY label=text::EDIT about=text::OF_COMPANY emphasis=Emphasis::Quiet /> })
    };
    let order_number = Some(account.purchase_order.clone()).filter(|number| !number.is_empty());
    let order_number = order_number.unwrap_or_else(|| text::NO_PURCHASE_ORDER.to_owned());
    view! {
        <Card title=text::COMPANY_DETAILS lead=text::COMPANY_DETAILS_LEAD aside=edit id="company">
            <Facts facts=vec![
                Fact::new(fields::field(accounts::Field::Company), account.company.clone()),
                Fact::new(text::POSTAL_ADDRESS, address(&account)),
                Fact::new(fields::field(accounts::Field::VatId), vat_id(&account)),
                Fact::new(text::INVOICES_GO_TO, account.billing_email.clone()),
                Fact::new(fields::field(accounts::Field::PurchaseOrder), order_number),
            ] />
        </Card>
    }
    .into_any()
}

/// The VAT id with what is known about it, and what that means.
fn vat_id(account: &Account) -> AnyView {
    let Some(id) = account.vat_id.clone() else { return text::NO_VAT_ID.into_any() };
    let state = account.vat_id_state;
    let tone = match state {
        VatIdState::Verified => Tone::Good,
        VatIdState::Unverified | VatIdState::Refused => Tone::Bad,
        VatIdState::Pending => Tone::Warn,
        VatIdState::Unchecked | VatIdState::Unavailable => Tone::Neutral,
    };
    let word = fields::vat_id_state(state);
    let badge = (!word.is_empty()).then(|| view! { " " <Badge tone word /> });
    view! {
        {id}
        {badge}
        <small>{fields::vat_id_means(state)}</small>
    }
    .into_any()
}

/// The address as one writes it on a letter, a line each.
fn address(account: &Account) -> impl IntoView + use<> {
    let of = &account.address;
    let country = countries::country(&account.country).unwrap_or(&account.country);
    let city = [of.postal_code.as_str(), of.city.as_str()].join(" ");
    [of.line1.as_str(), of.line2.as_str(), city.trim(), of.state.as_str(), country]
        .into_iter()
        .filter(|line| !line.is_empty())
        .map(|line| view! { <div>{line.to_owned()}</div> })
        .collect_view()
}

async fn company_form(account: &Account) -> AnyView {
    let refused = take_refused("update-account").await;
    let errors = errors_of(&refused);
    let typed = CompanyForm::of_refused(&refused).unwrap_or_else(|| CompanyForm::of_account(account));
    let hidden = vec![("account_id".to_owned(), account.id.to_string())];
    view! {
        <Card title=text::COMPANY_DETAILS lead=text::COMPANY_DETAILS_LEAD id="company">
            <Form
                action="/act/update-account"
                id="company-form"
                submit=text::SAVE_COMPANY
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
                beside=|| view! { <LinkButton href="/account" label=portal::CANCEL /> }
            >
                {company_fields(typed, text::BILLING_EMAIL_HINT)}
            </Form>
        </Card>
    }
    .into_any()
}

/// `keys` is how many passkeys the user has, where the portal can have any.
fn log_in(user: &User, factor: Option<&SecondFactor>, keys: Option<usize>, has_password: bool) -> AnyView {
    // Who has none shows by mail who it is, and sets one.
    let (href, label, password) = if has_password {
        (EDIT_PASSWORD, text::CHANGE_PASSWORD, text::password_since(user.password_set_at))
    } else {
        ("/forgot-password", email_change::SET_PASSWORD, email_change::NO_PASSWORD.to_owned())
    };
    let edit = move || view! { <LinkButton href label emphasis=Emphasis::Quiet /> };
    let to_factor = second_factor::to_page(factor.is_some());
    let name = (!user.name.is_empty()).then(|| Fact::new(fields::field(accounts::Field::Name), user.name.clone()));
    let facts = [
        Fact::new(fields::field(accounts::Field::Email), address_and_state(user)),
        Fact::new(text::PASSWORD, password),
        Fact::new(second_factor::SECOND_FACTOR, second_factor::state(factor)),
    ];
    let of_keys = keys.map(|count| Fact::new(passkeys::PASSKEYS, passkeys::state(count)));
    let facts: Vec<Fact> = name.into_iter().chain(facts).chain(of_keys).collect();
    let to_keys = keys.map(|count| view! { <LinkButton href=PASSKEYS label=passkeys::to_page(count) /> });
    view! {
        <Card title=text::LOG_IN_DETAILS aside=edit id="log-in">
            <Facts facts />
            <div class="acts">
                <LinkButton href=SECOND_FACTOR label=to_factor />
                {to_keys}
                <LinkButton href=EMAIL label=email_change::CHANGE />
            </div>
        </Card>
    }
    .into_any()
}

fn address_and_state(user: &User) -> impl IntoView + use<> {
    let (tone, word) = match user.email_verified_at {
        Some(_) => (Tone::Good, text::CONFIRMED),
        None => (Tone::Warn, text::NOT_CONFIRMED),
    };
    view! {
        {user.email.clone()}
        " "
        <Badge tone word />
    }
}

async fn password_form(user: &User) -> AnyView {
    let errors = errors_of(&take_refused("change-password").await);
    let email = user.email.clone();
    view! {
        <Card title=text::CHANGE_PASSWORD lead=text::CHANGE_PASSWORD_LEAD id="log-in">
            <Form
                action="/act/change-password"
                id="password-form"
                submit=text::CHANGE_PASSWORD
                errors_title=portal::refused_answers(errors.len())
                errors
                beside=|| view! { <LinkButton href="/account" label=portal::CANCEL /> }
            >
                // Tells password managers whose password it is.
                <input type="hidden" autocomplete="username" value=email />
                <Field
                    name="current_password"
                    label=text::PRESENT_PASSWORD
                    control=password()
                    autocomplete="current-password"
                />
                <Field
                    name="password"
                    label=text::NEW_PASSWORD
                    control=password()
                    hint=text::password_hint()
                    autocomplete="new-password"
                />
            </Form>
        </Card>
    }
    .into_any()
}

fn member_list(account: &Account, me: &User, members: Vec<(User, Role)>) -> AnyView {
    let lead = text::members_lead(members.len(), &account.company);
    let row = |(user, role): (User, Role)| {
        let you = (user.id == me.id).then(|| text::YOU.to_owned());
        let (called, email) = if user.name.is_empty() { (user.email, None) } else { (user.name, Some(user.email)) };
        let more: Vec<String> = email.into_iter().chain(you).collect();
        let more = (!more.is_empty()).then(|| view! { " " <small>{more.join(" · ")}</small> });
        Row::new().cell(view! { {called} {more} }).cell(portal::role_name(role)).cell(text::role_may(role))
    };
    let rows = members.into_iter().map(row).collect();
    let manage = || view! { <LinkButton href=MEMBERS label=people::TO_MEMBERS emphasis=Emphasis::Quiet /> };
    view! {
        <Card title=text::MEMBERS lead=lead aside=manage id="members">
            <Table
                caption=text::MEMBERS
                caption_hidden=true
                columns=vec![Column::text(text::MEMBER), Column::text(text::ROLE), Column::text(text::MAY)]
                rows
            />
        </Card>
    }
    .into_any()
}

fn audit_log() -> impl IntoView {
    view! {
        <Card title=audit::TITLE lead=audit::LINK_LEAD id="audit">
            <p class="acts"><LinkButton href=account_audit::PATH label=audit::OPEN emphasis=Emphasis::Quiet /></p>
        </Card>
    }
}

fn partner_list() -> impl IntoView {
    let open = || view! { <LinkButton href=PARTNERS label=partner_relations::PARTNERS emphasis=Emphasis::Quiet /> };
    view! {
        <Card title=partner_relations::PARTNERS aside=open id="partners">
            <p>{partner_relations::PARTNERS_LEAD}</p>
        </Card>
    }
}

fn api_tokens() -> impl IntoView {
    let manage = || view! { <LinkButton href=ACCOUNT_TOKENS label=tokens::TO_TOKENS emphasis=Emphasis::Quiet /> };
    view! {
        <Card title=tokens::TITLE aside=manage id="tokens">
            <p>{tokens::CARD_LEAD}</p>
        </Card>
    }
}

fn browsers(sessions: Vec<SessionInfo>, here: Option<SessionId>, now: UnixMs) -> AnyView {
    let lead = text::browsers_lead(sessions.len());
    let several = sessions.len() > 1;
    let end_others = move || {
        several.then(|| view! { <PostButton action="/act/end-other-sessions" label=text::END_OTHER_SESSIONS /> })
    };
    let columns = vec![
        Column::text(text::BROWSER),
        Column::text(text::NETWORK_ADDRESS),
        Column::text(text::LOGGED_IN),
        Column::text(text::LAST_USED),
        Column::act(text::ACT),
    ];
    let row = |session: SessionInfo| {
        let browser = text::browser(&session.user_agent);
        let row = Row::new();
        if Some(&session.id) == here.as_ref() {
            let row = row.cell(view! { {browser} " " <small>{text::THIS_BROWSER}</small> });
            return times(from(row, &session), &session, now).blank();
        }
        let hidden = vec![("session".to_owned(), session.id.as_str().to_owned())];
        let about = browser.clone();
        times(from(row.cell(browser), &session), &session, now).cell(view! {
            <PostButton action="/act/end-session" label=text::END_SESSION about hidden emphasis=Emphasis::Quiet />
        })
    };
    let rows = sessions.into_iter().map(row).collect();
    view! {
        <Card title=text::BROWSERS lead=lead aside=end_others id="browsers">
            <Table caption=text::BROWSERS caption_hidden=true columns rows />
        </Card>
    }
    .into_any()
}

/// Where the browser was at sign-in, as far as that was kept.
fn from(row: Row, session: &SessionInfo) -> Row {
    if session.network_address.is_empty() { row.blank() } else { row.cell(session.network_address.clone()) }
}

fn times(row: Row, session: &SessionInfo, now: UnixMs) -> Row {
    let moment = |at: UnixMs, said: String| view! { <Moment datetime=moments::rfc3339(at) absolute=said /> };
    row.cell(moment(session.created_at, moments::day(session.created_at)))
        .cell(moment(session.last_seen_at, moments::ago(session.last_seen_at, now)))
}
