//! The management API's part of the page: what holds for every call, and the calls, which the OpenAPI document spells out.

use backend::text::en::management_docs as text;
use leptos::prelude::*;

use super::{copy, prose};
use crate::api::management::endpoints::{ENDPOINTS, Endpoint};
use crate::components::{Card, Column, LinkButton, Row, Snippet, Table};

/// The anchor of the part.
pub(super) const ID: &str = "management";

/// The part.
pub(super) fn part(origin: &str) -> impl IntoView + use<> {
    let rules = text::RULES.map(|rule| view! { <li>{prose(rule)}</li> }).collect_view();
    let [call, scope, does] = text::COLUMNS;
    let columns = vec![Column::text(call), Column::text(scope), Column::text(does)];
    let rows = ENDPOINTS.into_iter().map(row).collect();
    let code = text::example(origin);
    let document = || view! { <LinkButton href="/api/manage/openapi.json" label=text::OPENAPI /> };
    view! {
        <Card title=text::TITLE lead=text::LEAD id=ID aside=document>
            <ul class="points">{rules}</ul>
            <h3>{text::ENDPOINTS_TITLE}</h3>
            <div class="members">
                <Table caption=text::ENDPOINTS_TITLE caption_hidden=true columns rows />
            </div>
            <Snippet label=text::EXAMPLE code copy=Some(copy()) />
        </Card>
    }
}

fn row(endpoint: &'static Endpoint) -> Row {
    let words = text::endpoint(endpoint.id);
    let only = match (endpoint.is_for_vendor(), endpoint.is_for_accounts()) {
        (true, _) => Some(text::VENDOR_ONLY),
        (_, true) => Some(text::ACCOUNTS_ONLY),
        (false, false) => None,
    };
    let only = only.map(|only| view! { " " <small>{only}</small> });
    Row::new()
        .cell(view! { <code>{format!("{} {}", endpoint.verb.as_str(), endpoint.path)}</code> })
        .cell(view! { <code>{endpoint.scope.as_str()}</code> {only} })
        .cell(view! { <strong>{words.title}</strong> ". " {prose(words.sentence)} })
}
