//! What the lists of the console share: their addresses, their pages, and what stands where nothing is.

use backend::text::en::console_lists as text;
use leptos::prelude::*;

use crate::components::{Choice, Control, Emphasis, EmptyState, LinkButton, Pagination};

/// Rows of a page.
pub(super) const PAGE: usize = 30;
/// How many are read: one more than is shown tells whether there is a page after this one.
pub(super) const LIMIT: i64 = 31;

/// A list, as its address asks for it.
pub(super) struct Listing {
    /// Where it is.
    pub(super) path: &'static str,
    /// The filter's names and values.
    pub(super) filter: Vec<(&'static str, String)>,
    /// Whether it is shown from its beginning.
    pub(super) is_first: bool,
}

impl Listing {
    /// The address of the list with this filter, from a place on.
    fn address(&self, after: Option<String>) -> String {
        let after = after.map(|place| ("after", place));
        address(self.path, self.filter.iter().cloned().chain(after))
    }

    /// Whether something may be left out of it.
    pub(super) fn is_narrow(&self) -> bool {
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
    pub(super) fn clear(&self) -> Option<AnyView> {
        let path = self.path;
        (!self.filter.is_empty())
            .then(|| view! { <LinkButton href=path label=text::CLEAR emphasis=Emphasis::Quiet /> }.into_any())
    }

    /// The link to the same rows as a table to take along.
    pub(super) fn csv(&self) -> AnyView {
        let href = address(&format!("{}.csv", self.path), self.filter.iter().cloned());
        view! { <LinkButton href label=text::CSV /> }.into_any()
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

/// A question of a filter: any answer, or one of these.
pub(super) fn any_of(choices: impl IntoIterator<Item = (String, String)>) -> Control {
    let any = std::iter::once(Choice::new("", text::ANY));
    Control::Select(any.chain(choices.into_iter().map(|(value, label)| Choice::new(value, label))).collect())
}

/// A question of a filter about words of the database.
pub(super) fn any_word<T: Copy>(all: &[T], word: fn(T) -> &'static str, label: fn(T) -> &'static str) -> Control {
    any_of(all.iter().map(|it| (word(*it).to_owned(), label(*it).to_owned())))
}
