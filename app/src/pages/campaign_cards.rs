//! What the two pages of a campaign share, the vendor's and its partner's: what it brought in, the pages of its codes, and
//! the form that draws many.

use backend::campaigns::{ListedCampaign, PromotionCode, Takings};
use backend::text::en::{console_campaigns as text, licenses as words, portal};
use leptos::prelude::*;

use super::staff_campaigns::write_place;
use crate::api::form::Refused;
use crate::components::{
    Card, Column, Emphasis, EmptyState, Fact, Facts, Field, FieldError, Form, LinkButton, Pagination, Row, Table,
};

/// Codes on a page.
pub(super) const CODES_ON_PAGE: usize = 20;

/// How often a campaign is redeemed, and what it brought in, by currency.
pub(super) fn statistics(listed: &ListedCampaign, takings: &[Takings]) -> impl IntoView + use<> {
    let redeemed = text::redeemed(listed.redeemed, listed.reserved, listed.campaign.max_redemptions);
    let [currency, invoices, paid, off] = text::STATISTICS_COLUMNS;
    let columns = vec![Column::text(currency), Column::number(invoices), Column::number(paid), Column::number(off)];
    let row = |it: &Takings| {
        Row::new()
            .cell(it.currency.as_str().to_ascii_uppercase())
            .cell(words::number(it.invoices))
            .amounts(it.currency.as_str(), &[it.net_minor, it.discount_minor])
    };
    let rows = takings.iter().map(row).collect();
    view! {
        <Card title=text::STATISTICS lead=text::STATISTICS_LEAD id="statistics">
            <Facts facts=vec![Fact::new(text::REDEEMED, redeemed)] />
            <Table
                caption=text::STATISTICS
                caption_hidden=true
                columns
                rows
                empty=|| view! { <EmptyState text=text::NO_TAKINGS /> }
            />
        </Card>
    }
}

/// Of the codes that were found, one more than a page has, those that it shows.
pub(super) fn shown_codes(found: &[PromotionCode]) -> &[PromotionCode] {
    &found[..found.len().min(CODES_ON_PAGE)]
}

/// The way to newer and older codes than those that were found, and to all of them as a file. `page` is the campaign's.
pub(super) fn further_codes(
    page: &str,
    listed: &ListedCampaign,
    found: &[PromotionCode],
    is_first: bool,
) -> impl IntoView + use<> {
    let (has_more, shown) = (found.len() > CODES_ON_PAGE, shown_codes(found));
    let previous = (!is_first).then(|| (text::NEWEST.to_owned(), format!("{page}#codes")));
    let next = shown.last().filter(|_| has_more).map(|last| {
        let place = write_place(last.created_at, last.id.as_str());
        (text::OLDER.to_owned(), format!("{page}?before={place}#codes"))
    });
    let has_pages = previous.is_some() || next.is_some();
    let position = text::codes_shown(shown.len(), listed.codes);
    let pages = has_pages.then(|| view! { <Pagination label=text::CODE_PAGES position previous next /> });
    let download = (listed.codes > 0).then(|| {
        let file = format!("{page}/codes.csv");
        view! { <p><LinkButton href=file label=text::DOWNLOAD /></p> }
    });
    view! {
        {pages}
        {download}
    }
}

/// The campaign, as its forms send it.
pub(super) fn hidden_id(campaign_id: &str) -> Vec<(String, String)> {
    vec![("campaign_id".to_owned(), campaign_id.to_owned())]
}

/// A limit, which need not be set.
pub(super) fn limit(name: &'static str, label: &'static str, value: String) -> impl IntoView {
    view! { <Field name label value hint=text::LIMIT_HINT optional=text::OPTIONAL /> }
}

/// The form that draws many codes. `each` is how often each of them works, where that can be chosen.
pub(super) fn draw_form(
    action: &'static str,
    lead: &'static str,
    campaign_id: &str,
    refused: &Refused,
    errors: Vec<FieldError>,
    each: Option<String>,
) -> impl IntoView + use<> {
    let hidden = hidden_id(campaign_id);
    let (count, prefix) = (refused.typed("count"), refused.typed("prefix"));
    view! {
        <Card title=text::DRAW lead id="draw">
            <Form
                action
                id="draw-form"
                submit=text::DRAW_SUBMIT
                emphasis=Emphasis::Plain
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field name="count" label=text::COUNT value=count />
                <Field
                    name="prefix"
                    label=text::PREFIX
                    value=prefix
                    hint=text::PREFIX_HINT
                    optional=text::OPTIONAL
                    autocomplete="off"
                />
                {each.map(|each| limit("code_limit", text::EACH_LIMIT, each))}
            </Form>
        </Card>
    }
}
