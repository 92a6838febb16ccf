//! A table.

use leptos::prelude::*;

use super::Money;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Act,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    label: String,
    kind: Kind,
}

impl Column {
    /// Words, dates, badges: aligned at the start.
    #[must_use]
    pub fn text(label: impl Into<String>) -> Self {
        Self { label: label.into(), kind: Kind::Text }
    }

    /// Numbers and amounts: aligned at the end.
    #[must_use]
    pub fn number(label: impl Into<String>) -> Self {
        Self { label: label.into(), kind: Kind::Number }
    }

    /// What can be done with the row; the label is only heard.
    #[must_use]
    pub fn act(label: impl Into<String>) -> Self {
        Self { label: label.into(), kind: Kind::Act }
    }

    const fn class(&self) -> Option<&'static str> {
        match self.kind {
            Kind::Text => None,
            Kind::Number => Some("num"),
            Kind::Act => Some("act"),
        }
    }
}

/// The cells of one row, in the order of the columns.
#[derive(Debug, Default)]
pub struct Row(Vec<Option<AnyView>>);

impl Row {
    /// A row without cells.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next cell: text or any markup.
    #[must_use]
    pub fn cell(mut self, content: impl IntoAny) -> Self {
        self.0.push(Some(content.into_any()));
        self
    }

    /// Adds amounts of one currency, each in a cell of its own, in minor units.
    #[must_use]
    pub fn amounts(self, currency: &str, minor: &[i64]) -> Self {
        minor.iter().fold(self, |row, &minor| row.cell(view! { <Money minor=minor currency=currency /> }))
    }

    /// Adds a cell with nothing in it, which the phone's layout leaves out.
    #[must_use]
    pub fn blank(mut self) -> Self {
        self.0.push(None);
        self
    }
}

/// A table whose first column names the row. On a phone each row becomes a card, and its cells say their column.
///
/// Without rows only `empty` is rendered.
#[component]
pub fn Table(
    /// What the table lists. Heard, and shown unless `caption_hidden`.
    #[prop(into)]
    caption: String,
    /// Whether a heading right above the table says the same.
    #[prop(optional)]
    caption_hidden: bool,
    /// The columns.
    columns: Vec<Column>,
    /// The rows.
    rows: Vec<Row>,
    /// Sums below the rows.
    #[prop(optional)]
    foot: Vec<Row>,
    /// What to say and do when there are no rows: an `EmptyState`.
    #[prop(optional, into)]
    empty: ViewFn,
) -> impl IntoView {
    if rows.is_empty() {
        return empty.run();
    }
    let head = columns
        .iter()
        .map(|column| {
            let label = column.label.clone();
            let label = match column.kind {
                Kind::Act => view! { <span class="visually-hidden">{label}</span> }.into_any(),
                Kind::Text | Kind::Number => label.into_any(),
            };
            view! { <th scope="col" role="columnheader" class=column.class()>{label}</th> }
        })
        .collect_view();
    let foot = (!foot.is_empty()).then(|| view! { <tfoot role="rowgroup">{body(&columns, foot)}</tfoot> });
    // The roles repeat what the elements mean, because browsers forget it once the phone's layout makes them grids.
    view! {
        <table class="table" role="table">
            <caption class=caption_hidden.then_some("visually-hidden")>{caption}</caption>
            <thead role="rowgroup">
                <tr role="row">{head}</tr>
            </thead>
            <tbody role="rowgroup">{body(&columns, rows)}</tbody>
            {foot}
        </table>
    }
    .into_any()
}

fn body(columns: &[Column], rows: Vec<Row>) -> Vec<AnyView> {
    rows.into_iter()
        .map(|row| {
            let cells = row
                .0
                .into_iter()
                .zip(columns)
                .enumerate()
                .map(|(place, (content, column))| cell(place, content, column));
            view! { <tr role="row">{cells.collect_view()}</tr> }.into_any()
        })
        .collect()
}

fn cell(place: usize, content: Option<AnyView>, column: &Column) -> AnyView {
    let content = content.map(|content| view! { <span>{content}</span> });
    if place == 0 {
        return view! { <th scope="row" role="rowheader" class=column.class()>{content}</th> }.into_any();
    }
    let label = (column.kind != Kind::Act).then(|| column.label.clone());
    view! { <td role="cell" class=column.class() data-label=label>{content}</td> }.into_any()
}
