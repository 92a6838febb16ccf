//! What the lists of the console share: their addresses, their pages, and what stands where nothing is.

use backend::listing::Days;
use backend::text::en::console_lists as text;
use leptos::prelude::*;

use super::Page;
use crate::components::{
    Choice, Column, Control, Emphasis, EmptyState, Field, Form, LinkButton, Method, PageHead, Pagination, Row, Table,
};
use crate::request::Visit;

/// Rows of a page.
pub(super) const PAGE: usize = 30;
/// How many are read: one more than is shown tells whether there is a page after this one.
pub(super) const LIMIT: i64 = 31;

/// A list, as its address asks for it.
pub(super) struct Listing {
    /// Where it is.
    path: &'static str,
    /// The filter's names and values.
    filter: Vec<(&'static str, String)>,
    /// Values of the filter that its form keeps without asking about them.
    kept: Vec<(String, String)>,
    /// Whether it is shown from its beginning.
    is_first: bool,
}

/// What one list says and has.
pub(super) struct Content {
    /// The heading, which is the name of the table as well.
    pub(super) title: &'static str,
    /// What is listed, in which order.
    pub(super) lead: &'static str,
    /// The columns.
    pub(super) columns: Vec<Column>,
    /// The rows of this page.
    pub(super) rows: Vec<Row>,
    /// The way on and back, from [`Listing::pages`].
    pub(super) pages: Option<AnyView>,
    /// What stands there as long as there is nothing at all.
    pub(super) none_yet: AnyView,
    /// Whether the same rows can be had as a table.
    pub(super) has_csv: bool,
}

impl Listing {
    /// The list at `path` with this filter, and the place in it, read by `place`, after which the address asks for it.
    pub(super) fn asked<P>(
        visit: &Visit,
        path: &'static str,
        filter: Vec<(&'static str, String)>,
        place: fn(&str) -> Option<P>,
    ) -> (Self, Option<P>) {
        let after = visit.query("after").and_then(|text| place(&text));
        (Self { path, filter, kept: Vec::new(), is_first: after.is_none() }, after)
    }

    /// Lets the form keep a value of the filter that it does not ask about, where there is one.
    pub(super) fn keeping(mut self, name: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.kept.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// The address of the list with this filter, from a place on.
    fn address(&self, after: Option<String>) -> String {
        let after = after.map(|place| ("after", place));
        address(self.path, self.filter.iter().cloned().chain(after))
    }

    /// Whether something may be left out of it.
    fn is_narrow(&self) -> bool {
        !self.filter.is_empty() || !self.is_first
    }

    /// Cuts the row that is not shown, and answers the way on from `place` of the last one that is.
    pub(super) fn pages<T>(&self, rows: &mut Vec<T>, place: impl Fn(&T) -> String) -> Option<AnyView> {
        let goes_on = rows.len() > PAGE;
        rows.truncate(PAGE);
        let next = rows.last().filter(|_| goes_on);
        let next = next.map(|last| (text::NEXT.to_owned(), self.address(Some(place(last)))));
        let previous = (!self.is_first).then(|| (text::FIRST.to_owned(), self.address(None)));
        let position = text::shown(rows.len());
        (previous.is_some() || next.is_some())
            .then(|| view! { <Pagination label=text::PAGES position previous next /> }.into_any())
    }

    /// Drops the filter, where there is one.
    fn clear(&self) -> Option<AnyView> {
        let path = self.path;
        (!self.filter.is_empty())
            .then(|| view! { <LinkButton href=path label=text::CLEAR emphasis=Emphasis::Quiet /> }.into_any())
    }

    /// The link to the same rows as a table to take along, on a line of its own.
    pub(super) fn csv(&self) -> AnyView {
        let href = address(&format!("{}.csv", self.path), self.filter.iter().cloned());
        view! { <p class="acts"><LinkButton href label=text::CSV /></p> }.into_any()
    }

    /// The form of the filter. `questions` is called inside it, because its fields take their ids from it.
    pub(super) fn form(self, questions: impl FnOnce() -> AnyView + Send + 'static) -> AnyView {
        let path = self.path;
        let hidden = self.kept.clone();
        let listing = self;
        view! {
            <search class="across" aria-label=text::FILTER>
                <Form
                    action=path
                    method=Method::Get
                    id="filter"
                    submit=text::SUBMIT
                    emphasis=Emphasis::Plain
                    hidden
                    beside=move || listing.clear()
                >
                    {questions()}
                </Form>
            </search>
        }
        .into_any()
    }

    /// The page of the list. Its filter stands there as soon as there can be something to look for.
    pub(super) fn page(self, content: Content, questions: impl FnOnce() -> AnyView + Send + 'static) -> Page {
        let Content { title, lead, columns, rows, pages, none_yet, has_csv } = content;
        let (path, is_narrow) = (self.path, self.is_narrow());
        let has_any = is_narrow || !rows.is_empty();
        let table = match (rows.is_empty(), is_narrow) {
            (false, _) => view! { <Table caption=title caption_hidden=true columns rows /> }.into_any(),
            (true, true) => none_found(path),
            (true, false) => none_yet,
        };
        let download = (has_csv && has_any).then(|| self.csv());
        let form = has_any.then(|| self.form(questions));
        let body = view! {
            <PageHead title lead />
            {form}
            {download}
            {table}
            {pages}
        };
        Page::new(title, body)
    }
}

/// An address with a query, where there is one.
pub(super) fn address(path: &str, pairs: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let pairs: Vec<_> = pairs.into_iter().collect();
    match serde_urlencoded::to_string(pairs).unwrap_or_default().as_str() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

/// Where no row passes the filter.
pub(super) fn none_found(path: &'static str) -> AnyView {
    view! { <EmptyState text=text::NONE_FOUND action=move || view! { <LinkButton href=path label=text::CLEAR /> } /> }
        .into_any()
}

/// A question of a filter: which customer's.
pub(super) fn customer_question(value: String) -> AnyView {
    view! { <Field name="customer" label=text::CUSTOMER value hint=text::CUSTOMER_HINT may_be_empty=true /> }.into_any()
}

/// The questions of a filter: from which day on, and to which.
pub(super) fn day_questions(days: Days) -> AnyView {
    let [(from, from_value), (to, to_value)] = days.to_address();
    view! {
        <Field name=from label=text::FROM control=Control::Day value=from_value may_be_empty=true />
        <Field name=to label=text::TO control=Control::Day value=to_value may_be_empty=true />
    }
    .into_any()
}

/// A question of a filter: any answer, or one of these.
pub(super) fn any_of(choices: impl IntoIterator<Item = (String, String)>) -> Control {
    let any = std::iter::once(Choice::new("", text::ANY));
    Control::Select(any.chain(choices.into_iter().map(|(value, label)| Choice::new(value, label))).collect())
}

/// A question of a filter about words of the database.
pub(super) fn any_word<T: Copy>(all: &[T], word: fn(T) -> &'static str, label: fn(T) -> &'static str) -> Control {
    any_of(all.iter().map(|it| (word(*it).to_owned(), label(*it).to_owned())))
}
