//! `/docs/api`: how a product asks for its lease, and what each refusal means. Problems link here by their code.

use backend::catalog;
use backend::text::en::api_docs as text;
use leptos::prelude::*;
use sdk::error::Code;

use super::{NoPage, Page, render};
use crate::components::{Card, Column, CopyWords, PageHead, Row, Snippet, Table};
use crate::request::Visit;

/// The documentation of the licensing API.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let vendor_id = visit.vendor.id.clone();
    let products =
        visit.state.db.read(move |tx| Box::pin(async move { catalog::list_products(tx, &vendor_id).await })).await?;
    let product = products.into_iter().next().map_or_else(|| "product".to_owned(), |product| product.code);
    let origin = visit.vendor.origin.clone();
    let examples =
        [text::activate_example(&origin, &product), text::check_example(&origin), text::release_example(&origin)];
    let calls = text::CALLS.into_iter().zip(examples).map(|((heading, sentence), code)| {
        view! {
            <section class="stack">
                <h3>{heading}</h3>
                <p>{sentence}</p>
                <Snippet label=heading code=code copy=Some(copy()) />
            </section>
        }
    });
    let (calls, keys) = (calls.collect_view(), format!("{origin}/.well-known/jwks.json"));
    let body = view! {
        <PageHead title=text::TITLE lead=text::LEAD />
        <Card title=text::CALLS_TITLE lead=text::CALLS_LEAD>{calls}</Card>
        <Card title=text::LEASE_TITLE>
            <p>{text::LEASE}</p>
            <Snippet label=text::KEYS_LABEL code=keys copy=Some(copy()) />
        </Card>
        <Card title=text::ERRORS_TITLE lead=text::ERRORS_LEAD>
            {errors()}
        </Card>
    };
    Ok(Page::new(text::TITLE, body))
}

fn copy() -> CopyWords {
    let [label, copied, failed] = text::COPY.map(str::to_owned);
    CopyWords { label, copied, failed }
}

fn errors() -> impl IntoView {
    let [code, status, title, remedy] = text::ERROR_COLUMNS;
    let rows = Code::ALL
        .iter()
        .map(|code| {
            let row = code.row();
            Row::new()
                .cell(view! { <code id=row.code>{row.code}</code> })
                .cell(row.status.to_string())
                .cell(row.title)
                .cell(row.remedy)
        })
        .collect();
    let columns = vec![Column::text(code), Column::number(status), Column::text(title), Column::text(remedy)];
    view! { <Table caption=text::ERRORS_CAPTION caption_hidden=true columns=columns rows=rows /> }
}
