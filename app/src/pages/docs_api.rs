//! `/docs/api`: how a product asks for its lease, and what each refusal means. Problems link here by their code.
//! Endpoints, shapes and codes are read from the OpenAPI document and the table behind it.

mod management;
mod members;

use backend::catalog;
use backend::text::en::{api_docs as text, api_guide as guide, management_docs};
use leptos::prelude::*;
use sdk::error::Code;
use serde_json::Value;

use super::{NoPage, Page, render};
use crate::api::description::{Answer, ENDPOINTS, Endpoint, document};
use crate::components::{Card, Column, CopyWords, Emphasis, LinkButton, PageHead, Row, Snippet, Table};
use crate::request::Visit;
use members::{Listing, Reader};

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
    let (document, chapters) = (document(&origin), guide::chapters(&origin, &product));
    let contents = contents(&chapters);
    let rules = text::RULES.map(|rule| view! { <li>{prose(rule)}</li> }).collect_view();
    let mut reader = Reader::new(&document);
    let endpoints = ENDPOINTS.iter().map(|it| endpoint(it, &document, &mut reader, &origin)).collect_view();
    let chapters = chapters.into_iter().map(chapter).collect_view();
    let errors = errors(&document, &mut reader);
    let body = view! {
        <PageHead
            title=text::TITLE
            lead=text::LEAD
            actions=|| view! { <LinkButton href="/api/openapi.json" label=text::OPENAPI emphasis=Emphasis::Plain /> }
        />
        {contents}
        <Card title=text::RULES_TITLE id="rules">
            <ul class="points">{rules}</ul>
        </Card>
        {endpoints}
        {management::part(&origin)}
        {errors}
        {chapters}
    };
    Ok(Page::new(text::TITLE, body))
}

fn contents(chapters: &[guide::Chapter]) -> impl IntoView + use<> {
    let link = |(id, title): (&str, &str)| view! { <li><a href=format!("#{id}")>{title.to_owned()}</a></li> };
    let endpoints = ENDPOINTS.iter().map(|it| (it.id, text::endpoint(it.id).title));
    let first = std::iter::once(("rules", text::RULES_TITLE)).chain(endpoints).map(link).collect_view();
    let chapters = chapters.iter().map(|chapter| (chapter.id, chapter.title));
    let parts = [(management::ID, management_docs::TITLE), ("errors", text::ERRORS_TITLE)];
    let second = parts.into_iter().chain(chapters).map(link).collect_view();
    view! {
        <Card title=text::CONTENTS>
            <nav class="row apart" aria-label=text::CONTENTS>
                <ul class="contents">{first}</ul>
                <ul class="contents">{second}</ul>
            </nav>
        </Card>
    }
}

fn endpoint<'a>(
    endpoint: &'static Endpoint,
    document: &'a Value,
    reader: &mut Reader<'a>,
    origin: &str,
) -> impl IntoView + use<> {
    let words = text::endpoint(endpoint.id);
    let [request, answer, refused] = text::PARTS;
    let url = format!("{origin}{}", endpoint.path);
    let body = endpoint.request.map(|(_, example)| example());
    let body = body.and_then(|body| serde_json::to_string_pretty(&body).ok());
    let operation = &document["paths"][endpoint.path][endpoint.method.as_str().to_lowercase()];
    let sent = &operation["requestBody"]["content"]["application/json"]["schema"];
    let request = (!sent.is_null()).then(|| {
        let listing = reader.list(sent, endpoint.id);
        table(&text::members_caption(words.title, request), request, listing)
    });
    let answer = match endpoint.answer {
        Answer::Json { media_type, .. } => {
            let schema = &operation["responses"]["200"]["content"][media_type]["schema"];
            let listing = reader.list(schema, endpoint.id);
            table(&text::members_caption(words.title, answer), answer, listing)
        }
        Answer::Text { media_type, .. } => view! { <p>{text::text_answer(media_type)}</p> }.into_any(),
    };
    let codes = endpoint.codes();
    let refused = (!codes.is_empty()).then(|| {
        let codes = codes.into_iter().map(|code| {
            let word = code.as_str();
            view! { <li><a href=format!("#{word}")><code>{word}</code></a></li> }
        });
        view! {
            <h3>{refused}</h3>
            <ul class="codes">{codes.collect_view()}</ul>
        }
    });
    let code = text::curl(&url, body.as_deref());
    view! {
        <Card title=words.title id=endpoint.id>
            <p><code>{format!("{} {}", endpoint.method.as_str(), endpoint.path)}</code></p>
            <p class="prose">{prose(words.sentence)}</p>
            {request}
            {answer}
            {refused}
            <Snippet label=text::curl_label(words.title) code copy=Some(copy()) />
        </Card>
    }
}

/// A table of members below its heading; nothing where there are none, and a link where they are listed already.
fn table(caption: &str, heading: &'static str, listing: Listing) -> AnyView {
    let members = match listing {
        Listing::SameAs(section) => {
            return view! {
                <h3>{heading}</h3>
                <p>{text::SAME_AS} " " {see(section)} "."</p>
            }
            .into_any();
        }
        Listing::Members(members) if members.is_empty() => return ().into_any(),
        Listing::Members(members) => members,
    };
    let [name, shape, meaning] = text::MEMBER_COLUMNS;
    let rows = members
        .into_iter()
        .map(|member| {
            let optional = member.optional.then(|| view! { <small>{text::OPTIONAL}</small> });
            let see = member.listed_in.map(|section| view! { ", " {text::AS_IN} " " {see(section)} });
            Row::new()
                .cell(view! { <code>{member.name}</code> {optional} })
                .cell(view! { {member.shape} {see} })
                .cell(prose(&member.meaning))
        })
        .collect();
    let columns = vec![Column::text(name), Column::text(shape), Column::text(meaning)];
    view! {
        <h3>{heading}</h3>
        <div class="members">
            <Table caption=caption.to_owned() caption_hidden=true columns rows />
        </div>
    }
    .into_any()
}

fn see(section: &'static str) -> impl IntoView {
    view! { <a href=format!("#{section}")>{text::endpoint(section).title}</a> }
}

fn chapter(chapter: guide::Chapter) -> impl IntoView {
    let paragraphs = chapter.paragraphs.iter().map(|text| view! { <p class="prose">{prose(text)}</p> }).collect_view();
    let snippets = chapter
        .snippets
        .into_iter()
        .map(|(label, code)| view! { <Snippet label code copy=Some(copy()) /> })
        .collect_view();
    view! {
        <Card title=chapter.title id=chapter.id>
            {paragraphs}
            {snippets}
        </Card>
    }
}

fn errors<'a>(document: &'a Value, reader: &mut Reader<'a>) -> impl IntoView + use<> {
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
    let problem = reader.list(&document["components"]["schemas"]["Problem"], "errors");
    let problem = table(text::PROBLEM_TITLE, text::PROBLEM_TITLE, problem);
    view! {
        <Card title=text::ERRORS_TITLE id="errors">
            <p class="prose">{prose(text::ERRORS_LEAD)}</p>
            <div class="members">
                <Table caption=text::ERRORS_CAPTION caption_hidden=true columns rows />
            </div>
            {problem}
        </Card>
    }
}

fn copy() -> CopyWords {
    let [label, copied, failed] = text::COPY.map(str::to_owned);
    CopyWords { label, copied, failed }
}

/// Text whose words between backticks are code.
fn prose(text: &str) -> impl IntoView + use<> {
    let part = |(place, part): (usize, &str)| {
        let part = part.to_owned();
        if place % 2 == 1 { view! { <code>{part}</code> }.into_any() } else { part.into_any() }
    };
    text.split('`').enumerate().map(part).collect_view()
}
