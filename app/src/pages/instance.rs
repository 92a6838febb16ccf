//! `/licenses/{id}/instances/{instance}`: one instance, what can be done about it, and what it did.

use backend::accounts::Act;
use backend::catalog::{self, Plan};
use backend::ids::InstanceId;
use backend::leases::InstanceStatus;
use backend::leases::instance_list::{self, ListedInstance};
use backend::text::en::license_instances::{self as text, Presence};
use backend::text::en::{licenses as words, moments};
use leptos::prelude::*;

use super::license::{
    AskedHistory, AskedOutlook, History, can_be_freed, free, hidden, moment, outlook_card, presence_tone,
};
use super::own_license::OwnLicense;
use super::{NoPage, Page, render};
use crate::components::{Badge, Breadcrumb, Card, Crumb, Dialog, Emphasis, Fact, Facts, Form, PageHead, PostButton};
use crate::request::Visit;

/// The page of an instance.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

struct Found {
    instance: ListedInstance,
    history: History,
    plans: Vec<Plan>,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let own = OwnLicense::of_path(&visit).await?;
    let id = InstanceId::from_untrusted(visit.path.split('/').nth(4).unwrap_or_default());
    let href = format!("{}/instances/{id}", own.href());
    let found = find(&visit, &own, id, href.clone()).await?;
    let Found { instance, history, plans } = found.ok_or(NoPage::NotFound)?;
    let (license, now) = (own.license(), own.now);
    let presence = text::presence(&instance, license.terms.lease.check_s, now);
    let name = text::name(&instance);
    let crumbs =
        vec![Crumb::to(words::TITLE, "/licenses"), Crumb::to(own.name(), own.href()), Crumb::here(name.clone())];
    let may = own.may(Act::ManageInstances);
    let conflict = conflict(&own, &instance, may);
    let acts = may.then(|| acts(&own, &instance, presence, &name));
    let outlook =
        instance.holds_seat(now).then(|| outlook_card(license, &[&instance], &AskedOutlook::of(&visit), &href, now));
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=name.clone() lead=text::lead(&instance, presence, now) />
        {conflict}
        <div class="row">{facts(&own, &instance, presence)} {acts}</div>
        {outlook}
        {history.card(text::HISTORY_TITLE, license, &plans)}
    };
    Ok(Page::new(name, body))
}

async fn find(visit: &Visit, own: &OwnLicense, id: InstanceId, href: String) -> Result<Option<Found>, NoPage> {
    let (vendor_id, own, asked) = (visit.vendor.id.clone(), own.clone(), AskedHistory::of(visit));
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let license = own.license();
            let Some(instance) = instance_list::find_listed(tx, &vendor_id, &license.id, &id).await? else {
                return Ok(None);
            };
            Ok::<_, NoPage>(Some(Found {
                instance,
                history: History::read(tx, license, Some(&id), &asked, href, own.now).await?,
                plans: catalog::list_plans(tx, &vendor_id, &license.product_id).await?,
            }))
        })
    });
    found.await
}

fn facts(own: &OwnLicense, instance: &ListedInstance, presence: Presence) -> impl IntoView + use<> {
    let now = own.now;
    let [state, identity, device, version, first, last, held_since, lease, held_until, reports, id] = text::FACTS;
    let (word, meaning) = text::state(instance, presence, now);
    let meaning = (!meaning.is_empty()).then(|| view! { " " <small>{meaning}</small> });
    let ago = |at| Some(moments::ago(at, now));
    let mut facts = vec![
        Fact::new(state, view! { <Badge tone=presence_tone(presence) word /> {meaning} }),
        Fact::new(identity, text::identity(instance)),
    ];
    if let Some(named) = instance.identity().device {
        facts.push(Fact::new(device, named));
    }
    facts.push(Fact::new(version, instance.version.clone()));
    facts.push(Fact::new(first, moment(instance.first_contact_at, now, None)));
    facts.push(Fact::new(last, moment(instance.last_contact_at, now, ago(instance.last_contact_at))));
    if instance.holds_seat(now) {
        facts.push(Fact::new(held_since, moment(instance.held_since, now, None)));
        facts.push(Fact::new(lease, moment(instance.lease_exp, now, None)));
        facts.push(Fact::new(held_until, moment(instance.held_until, now, None)));
    }
    if !instance.levels.0.is_empty() {
        facts.push(Fact::new(reports, text::levels(&instance.levels.0)));
    }
    facts.push(Fact::new(id, instance.id.to_string()));
    view! { <Card title=text::FACTS_TITLE><Facts facts /></Card> }
}

/// What was seen of two copies, and the two ways out.
fn conflict(own: &OwnLicense, instance: &ListedInstance, may: bool) -> Option<impl IntoView + use<>> {
    let since = instance.conflict_since(own.now)?;
    let seen =
        instance.contests.0.iter().map(|contest| view! { <li>{text::contest(contest, own.now)}</li> }).collect_view();
    let decision = |decision: &'static str, submit: &'static str, meaning: &'static str| {
        let mut hidden = hidden(own.license().id.as_str(), instance);
        hidden.push(("decision".to_owned(), decision.to_owned()));
        view! {
            <div class="stack">
                <p>{meaning}</p>
                <div class="acts">
                    <PostButton action="/act/resolve-conflict" label=submit hidden />
                </div>
            </div>
        }
    };
    let decisions = may.then(|| {
        view! {
            <div class="row">
                {decision("keep_running", text::KEEP_RUNNING, text::KEEP_RUNNING_TEXT)}
                {decision("let_next_in", text::LET_NEXT_IN, text::LET_NEXT_IN_TEXT)}
            </div>
        }
    });
    Some(view! {
        <Card title=text::CONFLICT_TITLE lead=text::conflict_text(since, own.now) id="conflict">
            <ul class="points">{seen}</ul>
            {decisions}
        </Card>
    })
}

fn acts(own: &OwnLicense, instance: &ListedInstance, presence: Presence, name: &str) -> impl IntoView + use<> {
    let license = own.license();
    let license_id = license.id.as_str();
    let enforcement = words::enforcement(&license.terms.enforcement);
    let free = can_be_freed(presence).then(|| {
        view! { <li>{free(license_id, instance, name, &enforcement)} <p>{text::FREE_SHORT}</p></li> }
    });
    let block = if instance.status == InstanceStatus::Blocked {
        view! {
            <PostButton action="/act/unblock-instance" label=text::UNBLOCK about=name hidden=hidden(license_id, instance) />
            <p>{text::UNBLOCK_TEXT}</p>
        }
        .into_any()
    } else {
        let (meaning, submit) = (text::block_text(name, &enforcement), text::block_submit(name));
        let hidden = hidden(license_id, instance);
        view! {
            <Dialog id="block" open=text::BLOCK about=name title=text::block_title(name) close=text::BLOCK_CLOSE>
                <p>{meaning}</p>
                <Form action="/act/block-instance" submit emphasis=Emphasis::Danger hidden />
            </Dialog>
            <p>{text::BLOCK_SHORT}</p>
        }
        .into_any()
    };
    let (meaning, submit) = (text::delete_text(name), text::delete_submit(name));
    let hidden = hidden(license_id, instance);
    let delete = view! {
        <Dialog id="delete" open=text::DELETE about=name title=text::delete_title(name) close=text::DELETE_CLOSE>
            <p>{meaning}</p>
            <Form action="/act/delete-instance" submit emphasis=Emphasis::Danger hidden />
        </Dialog>
        <p>{text::DELETE_SHORT}</p>
    };
    view! {
        <Card title=text::ACTS_TITLE id="acts">
            <ul class="ways">
                {free}
                <li>{block}</li>
                <li>{delete}</li>
            </ul>
        </Card>
    }
}
