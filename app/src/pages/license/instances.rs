//! The instances of a license: who holds seats, looked for and paged, and freeing a seat.

use backend::catalog::LicenseType;
use backend::clock::UnixMs;
use backend::db::{DbError, Tx};
use backend::leases::instance_list::{self, InstancePlace, ListedInstance};
use backend::licenses::License;
use backend::licenses::rules::standing;
use backend::text::en::license_instances::{self as text, Presence};
use backend::text::en::{console_licenses as console, licenses as words, moments};
use leptos::prelude::*;

use crate::components::{
    Badge, Card, Column, Dialog, Emphasis, EmptyState, Field, Form, LinkButton, Method, Moment, Pagination, Row, Table,
    Tone,
};
use crate::request::Visit;

/// Instances on a page.
const PAGE: i64 = 50;
/// From so many instances on one can look for some.
const MANY: i64 = 10;

/// One page of a license's instances.
pub(in crate::pages) struct Instances {
    /// The license's page: where one looks and pages, and below which each has its own.
    href: String,
    license_id: String,
    license_type: LicenseType,
    check_s: i64,
    /// What the product does without a lease.
    enforcement: String,
    viewer: Viewer,
    now: UnixMs,
    listed: Vec<ListedInstance>,
    known: i64,
    find: String,
    is_first: bool,
    /// Whether anything may start.
    is_open: bool,
    next: Option<InstancePlace>,
}

impl Instances {
    /// Reads the page that the address asks for: `?find=` and `?after=`.
    pub(in crate::pages) async fn read(
        tx: &mut Tx,
        license: &License,
        asked: &Asked,
        href: String,
        viewer: Viewer,
        now: UnixMs,
    ) -> Result<Self, DbError> {
        let (find, after) = (asked.find.clone(), asked.after.as_ref());
        // One more than is shown tells whether there is a page after this one.
        let mut listed =
            instance_list::search_instances(tx, &license.vendor_id, &license.id, &find, after, PAGE + 1).await?;
        let shown = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let goes_on = listed.len() > shown;
        listed.truncate(shown);
        Ok(Self {
            href,
            license_id: license.id.to_string(),
            license_type: license.license_type,
            check_s: license.terms.lease.check_s,
            enforcement: words::enforcement(&license.terms.enforcement),
            viewer,
            now,
            known: instance_list::count_instances(tx, &license.id, MANY + 1).await?,
            next: listed.last().filter(|_| goes_on).map(ListedInstance::place),
            listed,
            find,
            is_first: asked.after.is_none(),
            is_open: standing(license, now).is_ok(),
        })
    }

    /// Those of this page that hold seats.
    pub(in crate::pages) fn holders(&self) -> impl Iterator<Item = &ListedInstance> {
        self.listed.iter().filter(|instance| instance.holds_seat(self.now))
    }

    /// The card.
    pub(in crate::pages) fn card(&self) -> impl IntoView + use<> {
        let title = text::title(self.license_type);
        let [name, state, version, contact, lease] = text::COLUMNS;
        let mut columns = vec![
            Column::text(name),
            Column::text(state),
            Column::text(version),
            Column::text(contact),
            Column::text(lease),
        ];
        if self.viewer.acts() {
            columns.push(Column::act(text::ACT));
        }
        let rows = self.listed.iter().map(|instance| self.row(instance)).collect();
        let (looked_for, href) = (!self.find.is_empty(), format!("{}#instances", self.href));
        let none = if self.is_open { text::NONE } else { text::NONE_WAS };
        let empty = move || {
            if looked_for {
                let href = href.clone();
                let all = move || view! { <LinkButton href=href.clone() label=text::SHOW_ALL /> };
                view! { <EmptyState text=text::NONE_FOUND action=all /> }.into_any()
            } else {
                view! { <EmptyState text=none /> }.into_any()
            }
        };
        let (finder, pages) = (self.finder(), self.pages());
        view! {
            <Card title=title id="instances">
                {finder}
                <Table caption=title caption_hidden=true columns rows empty />
                {pages}
            </Card>
        }
    }

    /// The field to look for some, once there are many.
    fn finder(&self) -> Option<impl IntoView + use<>> {
        (self.known > MANY || !self.find.is_empty()).then(|| {
            let (action, value) = (format!("{}#instances", self.href), self.find.clone());
            view! {
                <search class="across">
                    <Form action method=Method::Get id="instances" submit=text::FIND_SUBMIT emphasis=Emphasis::Plain>
                        <Field name="find" label=text::FIND value may_be_empty=true />
                    </Form>
                </search>
            }
        })
    }

    fn pages(&self) -> Option<impl IntoView + use<>> {
        let address = |after: Option<&InstancePlace>| {
            let after = after.map(InstancePlace::to_string);
            let pairs = [("find", Some(self.find.clone()).filter(|find| !find.is_empty())), ("after", after)];
            let said: Vec<_> = pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
            let query = serde_urlencoded::to_string(said).unwrap_or_default();
            format!("{}{}{query}#instances", self.href, if query.is_empty() { "" } else { "?" })
        };
        let next = self.next.as_ref().map(|place| (text::MORE.to_owned(), address(Some(place))));
        let previous = (!self.is_first).then(|| (text::FIRST.to_owned(), address(None)));
        (previous.is_some() || next.is_some()).then(|| {
            view! { <Pagination label=text::PAGES position=text::shown(self.listed.len()) previous next /> }
        })
    }

    fn row(&self, instance: &ListedInstance) -> Row {
        let now = self.now;
        let presence = text::presence(instance, self.check_s, now);
        let (word, meaning) = text::state(instance, presence, now);
        let meaning = (!meaning.is_empty()).then(|| view! { <small>{meaning}</small> });
        let name = text::name(instance);
        let named = match self.viewer {
            Viewer::Member | Viewer::MemberWhoManages => {
                let href = format!("{}/instances/{}", self.href, instance.id);
                view! { <a href=href>{name.clone()}</a> }.into_any()
            }
            Viewer::Staff | Viewer::StaffWhoManages => name.clone().into_any(),
        };
        let row = Row::new()
            .cell(view! { {named} <small>{text::known_since(instance)}</small> })
            .cell(view! { <Badge tone=tone(presence) word=word /> {meaning} })
            .cell(instance.version.clone())
            .cell(moment(instance.last_contact_at, now, Some(moments::ago(instance.last_contact_at, now))));
        let row = if instance.holds_seat(now) { row.cell(moment(instance.lease_exp, now, None)) } else { row.blank() };
        match self.viewer {
            Viewer::MemberWhoManages if can_be_freed(presence) => {
                row.cell(free(&self.license_id, instance, &name, &self.enforcement))
            }
            Viewer::StaffWhoManages if instance.lease_exp > now => row.cell(self.revoke_lease(instance, &name)),
            viewer if viewer.acts() => row.blank(),
            _ => row,
        }
    }

    /// Asks before it revokes the lease that an instance holds.
    fn revoke_lease(&self, instance: &ListedInstance, name: &str) -> impl IntoView + use<> {
        let (hidden, submit) = (hidden(&self.license_id, instance), console::revoke_lease_submit(name));
        view! {
            <Dialog
                id=format!("revoke-{}", instance.id)
                open=console::REVOKE_LEASE
                about=name
                emphasis=Emphasis::Quiet
                title=console::revoke_lease_title(name)
                close=console::REVOKE_LEASE_CLOSE
            >
                <p>{console::REVOKE_LEASE_TEXT}</p>
                <Form action="/act/revoke-lease" submit emphasis=Emphasis::Danger hidden />
            </Dialog>
        }
    }
}

/// Who looks at the instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pages) enum Viewer {
    /// A member of the account that only looks.
    Member,
    /// A member who may free seats.
    MemberWhoManages,
    /// The vendor's staff, who only look.
    Staff,
    /// The vendor's staff, who may revoke leases.
    StaffWhoManages,
}

impl Viewer {
    fn acts(self) -> bool {
        matches!(self, Self::MemberWhoManages | Self::StaffWhoManages)
    }
}

/// What the address asks for.
pub(in crate::pages) struct Asked {
    find: String,
    after: Option<InstancePlace>,
}

impl Asked {
    /// Reads the address.
    pub(in crate::pages) fn of(visit: &Visit) -> Self {
        let find = visit.query("find").unwrap_or_default().replace('\0', "");
        Self {
            find: find.trim().chars().take(200).collect(),
            after: visit.query("after").and_then(|place| InstancePlace::parse(&place)),
        }
    }
}

/// Whether there is a seat to be freed that its holder still uses.
pub(in crate::pages) fn can_be_freed(presence: Presence) -> bool {
    matches!(presence, Presence::Running | Presence::Silent | Presence::Conflict)
}

/// Asks before it frees: what runs there loses its lease.
pub(in crate::pages) fn free(
    license_id: &str,
    instance: &ListedInstance,
    name: &str,
    enforcement: &str,
) -> impl IntoView + use<> {
    let (meaning, submit) = (text::free_text(name, enforcement), text::free_submit(name));
    let hidden = hidden(license_id, instance);
    view! {
        <Dialog
            id=format!("free-{}", instance.id)
            open=text::FREE
            about=text::free_about(name)
            emphasis=Emphasis::Quiet
            title=text::free_title(name)
            close=text::FREE_CLOSE
        >
            <p>{meaning}</p>
            <Form action="/act/free-seat" submit emphasis=Emphasis::Danger hidden />
        </Dialog>
    }
}

/// What names an instance in a form.
pub(in crate::pages) fn hidden(license_id: &str, instance: &ListedInstance) -> Vec<(String, String)> {
    vec![("license_id".to_owned(), license_id.to_owned()), ("instance_id".to_owned(), instance.id.to_string())]
}

/// A moment, with how long ago it was where that says more.
pub(in crate::pages) fn moment(at: UnixMs, now: UnixMs, relative: Option<String>) -> impl IntoView {
    view! { <Moment datetime=moments::rfc3339(at) absolute=moments::moment(at, now) relative /> }
}

/// What a state means for the reader.
pub(in crate::pages) fn tone(presence: Presence) -> Tone {
    match presence {
        Presence::Running => Tone::Good,
        Presence::Silent => Tone::Warn,
        Presence::Leaving | Presence::Away => Tone::Neutral,
        Presence::Blocked | Presence::Conflict => Tone::Bad,
    }
}
