//! The instances of a license: who holds seats, and freeing them.

use backend::accounts::Act;
use backend::clock::UnixMs;
use backend::leases::Instance;
use backend::text::en::license_page::{self as text, Presence};
use backend::text::en::{licenses as words, moments};
use leptos::prelude::*;

use super::OwnLicense;
use crate::components::{Badge, Card, Column, CopyWords, Dialog, Emphasis, EmptyState, Form, Moment, Row, Table, Tone};

/// The table of instances. `is_cut` when there are more.
pub(super) fn card(own: &OwnLicense, instances: &[Instance], is_cut: bool) -> impl IntoView + use<> {
    let title = text::instances_title(own.license().license_type);
    let [name, state, version, contact, lease] = text::INSTANCE_COLUMNS;
    let mut columns = vec![
        Column::text(name),
        Column::text(state),
        Column::text(version),
        Column::text(contact),
        Column::text(lease),
    ];
    let may_free = own.may(Act::ManageInstances);
    if may_free {
        columns.push(Column::act(text::INSTANCE_ACT));
    }
    let rows = instances.iter().map(|instance| row(own, instance, may_free)).collect();
    let more = is_cut.then(|| view! { <p class="hint">{text::MORE_INSTANCES}</p> });
    view! {
        <Card title=title id="instances">
            <Table
                caption=title
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_INSTANCES /> }
            />
            {more}
        </Card>
    }
}

fn row(own: &OwnLicense, instance: &Instance, may_free: bool) -> Row {
    let now = own.now;
    let presence = text::presence(instance, own.license().terms.lease.check_s, now);
    let (word, meaning) = text::state(instance, presence, now);
    let meaning = (!meaning.is_empty()).then(|| view! { <small>{meaning}</small> });
    let name = text::instance_name(instance);
    let row = Row::new()
        .cell(view! { {name.clone()} <small>{text::known_since(instance)}</small> })
        .cell(view! { <Badge tone=tone(presence) word=word /> {meaning} })
        .cell(instance.version.clone())
        .cell(moment(instance.last_contact_at, now, Some(moments::ago(instance.last_contact_at, now))));
    let row = if instance.holds_seat(now) { row.cell(moment(instance.lease_exp, now, None)) } else { row.blank() };
    let can_be_freed = matches!(presence, Presence::Running | Presence::Silent);
    match (may_free, can_be_freed) {
        (true, true) => row.cell(free(own, instance, name)),
        (true, false) => row.blank(),
        (false, _) => row,
    }
}

/// Asks before it frees: what runs there loses its lease.
fn free(own: &OwnLicense, instance: &Instance, name: String) -> impl IntoView + use<> {
    let hidden = vec![
        ("license_id".to_owned(), own.license().id.to_string()),
        ("instance_id".to_owned(), instance.id.to_string()),
    ];
    let meaning = text::free_text(&name, &words::enforcement(&own.license().terms.enforcement));
    view! {
        <Dialog
            id=format!("free-{}", instance.id)
            open=text::FREE
            about=text::free_about(&name)
            emphasis=Emphasis::Quiet
            title=text::free_title(&name)
            close=text::FREE_CLOSE
        >
            <p>{meaning}</p>
            <Form action="/act/free-seat" submit=text::free_submit(&name) emphasis=Emphasis::Danger hidden />
        </Dialog>
    }
}

fn moment(at: UnixMs, now: UnixMs, relative: Option<String>) -> impl IntoView {
    view! { <Moment datetime=moments::rfc3339(at) absolute=moments::moment(at, now) relative /> }
}

fn tone(presence: Presence) -> Tone {
    match presence {
        Presence::Running => Tone::Good,
        Presence::Silent => Tone::Warn,
        Presence::Leaving | Presence::Away => Tone::Neutral,
        Presence::Blocked => Tone::Bad,
    }
}

/// The words of a button that copies lines.
pub(super) fn copy_lines() -> CopyWords {
    let [label, copied, failed] = text::COPY_LINES.map(str::to_owned);
    CopyWords { label, copied, failed }
}
