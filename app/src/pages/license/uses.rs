//! What a license allows, and how much of it is in use: seats, limits, features.

use std::collections::BTreeMap;

use backend::clock::UnixMs;
use backend::leases::surge::Surge;
use backend::licenses::License;
use backend::licenses::rules::standing;
use backend::text::en::{buying, licenses as words};
use leptos::prelude::*;

use crate::components::{Badge, Card, Meter, Tone};

/// Use of a license at a moment.
pub(in crate::pages) struct Uses {
    /// Seats that are held.
    pub(in crate::pages) held: i64,
    /// What its instances report, by limit.
    pub(in crate::pages) used: BTreeMap<String, i64>,
}

impl Uses {
    /// The limits that use exceeds: name, use, limit.
    pub(in crate::pages) fn exceeded(&self, license: &License) -> Vec<(String, i64, i64)> {
        let over = backend::leases::rules::over_limit(&license.terms.limits, &self.used);
        over.into_iter().map(|over| (words::humanised(&over.name), over.used, over.limit)).collect()
    }

    /// The card of meters and features.
    pub(in crate::pages) fn card(&self, license: &License, now: UnixMs) -> impl IntoView + use<> {
        // What is reported without being licensed is shown too: it is over a limit of none.
        let mut limits: BTreeMap<&String, i64> = self.used.keys().map(|name| (name, 0)).collect();
        limits.extend(license.terms.limits.iter().map(|(name, limit)| (name, *limit)));
        let meters = limits
            .into_iter()
            .map(|(name, limit)| {
                let used = self.used.get(name).copied().unwrap_or(0);
                view! { <Meter label=words::humanised(name) text=words::meter(used, limit) used limit /> }
            })
            .collect_view();
        let (held, license_type) = (self.held, license.license_type);
        let surge = Surge::of(license);
        let surge = surge.closes_at(now).map_or(0, |_| surge.seats);
        let seats = license.seats.saturating_add(surge);
        let lead = match (standing(license, now), surge) {
            (Err(_), _) => words::use_lead_inactive(held).to_owned(),
            (Ok(()), 0) => words::use_lead(license_type, held, seats),
            (Ok(()), surge) => words::use_lead_in_surge(license_type, held, license.seats, surge),
        };
        let features = features(license, now);
        view! {
            <Card title=words::USE_TITLE lead id="use">
                <div class="meters">
                    <Meter label=buying::seats_label(license_type) text=words::meter(held, seats) used=held limit=seats />
                    {meters}
                </div>
                {features}
            </Card>
        }
    }
}

/// The features, each with its end.
fn features(license: &License, now: UnixMs) -> Option<impl IntoView + use<>> {
    if license.terms.features.is_empty() {
        return None;
    }
    let features = license
        .terms
        .features
        .iter()
        .map(|(name, end)| {
            let end = end.map(UnixMs::from_seconds);
            let end = end.map(|end| (words::feature_end(end, now), words::feature_tone(end, now)));
            let end = end.map(|(word, ends)| {
                let tone = match ends {
                    words::FeatureEnd::Over => Tone::Neutral,
                    words::FeatureEnd::Soon => Tone::Warn,
                    words::FeatureEnd::Later => Tone::Good,
                };
                view! { " " <Badge tone word /> }
            });
            view! { <li>{words::humanised(name)} {end}</li> }
        })
        .collect_view();
    Some(view! {
        <div class="stack">
            <h3>{words::FEATURES}</h3>
            <ul class="ticks">{features}</ul>
        </div>
    })
}
