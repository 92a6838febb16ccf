//! What happened under a license, a page at a time.

use backend::catalog::Plan;
use backend::clock::UnixMs;
use backend::db::{DbError, Tx};
use backend::events::{self, Event, Timeline as Which};
use backend::ids::{AccountId, InstanceId};
use backend::licenses::License;
use backend::text::en::{license_events as text, moments};
use leptos::prelude::*;

use crate::components::{Card, EmptyState, Happening, Pagination, Segmented, Timeline};
use crate::layout::NavLink;
use crate::request::Visit;

/// Events that are read for a page; not all of them say something.
const PAGE: i64 = 20;

/// One page of what happened.
pub(in crate::pages) struct History {
    href: String,
    events: Vec<Event>,
    everything: bool,
    /// Whether it is about one instance, and nothing can be left out.
    of_instance: bool,
    is_first: bool,
    next: Option<String>,
    now: UnixMs,
}

/// What the address asks for: `?before=` and `?events=all`.
pub(in crate::pages) struct Asked {
    before: Option<(UnixMs, backend::ids::EventId)>,
    everything: bool,
    /// Whose history it is; `None` for staff, who see that of all owners.
    account: Option<AccountId>,
}

impl Asked {
    /// Reads the address. Staff's pages show what happened under all owners, others what happened under theirs.
    pub(in crate::pages) fn of(visit: &Visit) -> Self {
        let account = visit.account().map(|(account, _)| account.id);
        Self {
            account: account.filter(|_| !visit.path.starts_with("/staff/")),
            before: visit.query("before").and_then(|place| Event::parse_place(&place)),
            everything: visit.query("events").as_deref() == Some("all"),
        }
    }
}

impl History {
    /// Reads the page that was asked for, of the license or of one of its instances, shown at `href`.
    pub(in crate::pages) async fn read(
        tx: &mut Tx,
        license: &License,
        instance: Option<&InstanceId>,
        asked: &Asked,
        href: String,
        now: UnixMs,
    ) -> Result<Self, DbError> {
        let which = match instance {
            Some(id) => Which::Instance(id),
            None if asked.everything => Which::Everything,
            None => Which::Changes,
        };
        let before = asked.before.as_ref().map(|(at, id)| (*at, id));
        let (vendor_id, page) = (&license.vendor_id, (before, PAGE + 1));
        let mut events =
            events::list_timeline_of(tx, vendor_id, &license.id, asked.account.as_ref(), which, page).await?;
        let shown = usize::try_from(PAGE).unwrap_or(usize::MAX);
        let goes_on = events.len() > shown;
        events.truncate(shown);
        Ok(Self {
            href,
            next: events.last().filter(|_| goes_on).map(Event::place),
            events,
            everything: asked.everything,
            of_instance: instance.is_some(),
            is_first: asked.before.is_none(),
            now,
        })
    }

    /// The same without what orders, invoices and payments say.
    pub(in crate::pages) fn without_money(mut self) -> Self {
        let of_money = ["order.", "invoice.", "payment."];
        self.events.retain(|event| !of_money.iter().any(|prefix| event.event_type.starts_with(prefix)));
        self
    }

    /// The card; `plans` names the plans that events speak of.
    pub(in crate::pages) fn card(
        &self,
        title: &'static str,
        license: &License,
        plans: &[Plan],
    ) -> impl IntoView + use<> {
        let plan_name = |id: &str| {
            let plan = plans.iter().find(|plan| plan.id.as_str() == id);
            plan.map(|plan| plan.name.clone())
        };
        let happenings: Vec<Happening> = self
            .events
            .iter()
            .filter_map(|event| {
                let sentence = text::sentence(event, license.license_type, &plan_name)?;
                let (datetime, when) =
                    (moments::rfc3339(event.occurred_at), moments::moment(event.occurred_at, self.now));
                Some(Happening { datetime, when, sentence })
            })
            .collect();
        let content = if happenings.is_empty() {
            view! { <EmptyState text=text::NOTHING /> }.into_any()
        } else {
            view! { <Timeline happenings /> }.into_any()
        };
        let (views, pages) = (self.views(), self.pages());
        view! {
            <Card title=title id="history">
                {views}
                {content}
                {pages}
            </Card>
        }
    }

    fn views(&self) -> Option<impl IntoView + use<>> {
        (!self.of_instance).then(|| {
            let view = |label: &str, everything: bool| NavLink {
                label: label.to_owned(),
                href: self.address(everything, None),
                current: self.everything == everything,
            };
            let options = vec![view(text::CHANGES, false), view(text::EVERYTHING, true)];
            view! { <div><Segmented label=text::VIEWS options /></div> }
        })
    }

    fn pages(&self) -> Option<impl IntoView + use<>> {
        let next =
            self.next.as_deref().map(|place| (text::OLDER.to_owned(), self.address(self.everything, Some(place))));
        let previous = (!self.is_first).then(|| (text::LATEST.to_owned(), self.address(self.everything, None)));
        (previous.is_some() || next.is_some()).then(|| {
            let first = self.events.first().map(|event| moments::day(event.occurred_at)).unwrap_or_default();
            let last = self.events.last().map(|event| moments::day(event.occurred_at)).unwrap_or_default();
            view! { <Pagination label=text::PAGES position=text::days(&first, &last) previous next /> }
        })
    }

    fn address(&self, everything: bool, before: Option<&str>) -> String {
        let pairs = [("events", everything.then_some("all")), ("before", before)];
        let said: Vec<_> = pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        let query = serde_urlencoded::to_string(said).unwrap_or_default();
        format!("{}{}{query}#history", self.href, if query.is_empty() { "" } else { "?" })
    }
}
