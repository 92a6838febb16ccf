//! What happens when the connection to the license server is lost.

use backend::clock::UnixMs;
use backend::leases::instance_list::ListedInstance;
use backend::leases::outlook::{Cause, Lease, OutlookStep, asked_moment, outlook};
use backend::licenses::License;
use backend::text::en::{license_instances, license_outlook as text, moments};
use leptos::prelude::*;

use crate::components::{Card, Choice, Control, Emphasis, EmptyState, Field, Fold, Form, Happening, Method, Timeline};
use crate::request::Visit;

/// What the address asks for: `?instance=` and `?at=`.
pub(in crate::pages) struct Asked {
    instance: Option<String>,
    at: String,
}

impl Asked {
    /// Reads the address.
    pub(in crate::pages) fn of(visit: &Visit) -> Self {
        Self { instance: visit.query("instance"), at: visit.query("at").unwrap_or_default() }
    }
}

/// The card, about one of the `holders`: the one asked for, else the one whose lease ends first.
pub(in crate::pages) fn card(
    license: &License,
    holders: &[&ListedInstance],
    asked: &Asked,
    href: &str,
    now: UnixMs,
) -> AnyView {
    let chosen = holders.iter().find(|it| asked.instance.as_deref() == Some(it.id.as_str()));
    let Some(instance) = chosen.or_else(|| holders.iter().min_by_key(|it| it.lease_exp)) else {
        return view! { <Card title=text::TITLE id="outlook"><EmptyState text=text::NOTHING_RUNS /></Card> }.into_any();
    };
    let dies_at = asked_moment(&asked.at, now);
    let lease = Lease {
        enforcement: &license.terms.enforcement,
        policy: &license.terms.lease,
        exp: instance.lease_exp,
        license_ends_at: license.ends_at,
    };
    let ahead = outlook(&lease, now, dies_at);
    let lead = text::lead(&license_instances::name(instance), &ahead, license.terms.lease.check_s, now);
    let lease_ends = match ahead.cause {
        Cause::Unreachable => text::LEASE_ENDS,
        Cause::LicenseEnded => text::LEASE_ENDS_REFUSED,
    };
    let stages = ahead.steps.iter().map(|OutlookStep { stage, at }| (*at, 1, text::stage(*stage)));
    let mut moments: Vec<_> = stages.chain(std::iter::once((ahead.lease_ends_at, 0, lease_ends))).collect();
    // The end of the lease comes before what it lets begin.
    moments.sort_by_key(|(at, rank, _)| (*at, *rank));
    let happenings = moments.into_iter().map(|(at, _, sentence)| happening(at, sentence, now)).collect();
    let choices = holders.iter().map(|it| Choice::new(it.id.as_str(), license_instances::name(it))).collect();
    let (action, value) = (format!("{href}#outlook"), instance.id.to_string());
    let choice = (holders.len() > 1).then(|| {
        view! { <Field name="instance" label=text::INSTANCE control=Control::Select(choices) value /> }
    });
    let at = if dies_at > now { asked.at.clone() } else { String::new() };
    let is_asked = asked.instance.is_some() || !asked.at.is_empty();
    let summary = if holders.len() > 1 { text::ASK_BOTH } else { text::ASK };
    view! {
        <Card title=text::TITLE lead=lead id="outlook">
            <Timeline happenings />
            <Fold summary=summary open=is_asked>
                <div class="across">
                    <Form action method=Method::Get id="outlook" submit=text::SUBMIT emphasis=Emphasis::Plain>
                        {choice}
                        <Field name="at" label=text::AT control=Control::Moment value=at hint=text::AT_HINT may_be_empty=true />
                    </Form>
                </div>
            </Fold>
        </Card>
    }
    .into_any()
}

fn happening(at: UnixMs, sentence: &str, now: UnixMs) -> Happening {
    let when = text::when(&moments::moment(at, now), &text::ahead(at, now));
    Happening { datetime: moments::rfc3339(at), when, sentence: sentence.to_owned() }
}
