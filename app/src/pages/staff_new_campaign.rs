//! `/staff/campaigns/new`: the form that makes a campaign, for whoever may.

use backend::accounts::{StaffAct, staff_may};
use backend::catalog::{Plan, Product, list_plans, list_products};
use backend::db::DbError;
use backend::orders::currency;
use backend::partners::{PartnerName, list_partner_names};
use backend::text::en::{console_campaigns as text, currencies as currency_words, licenses as words, portal};
use leptos::prelude::*;

use super::campaign_cards::limit;
use super::{NoPage, Page, render, staff_campaigns, staff_role};
use crate::api::campaigns::{CREATE, PLANS, errors_of};
use crate::api::form::{Refused, take_refused};
use crate::components::{Breadcrumb, Choice, ChoiceCard, ChoiceCards, Control, Crumb, Field, Form, PageHead};
use crate::request::Visit;

/// The form's address.
pub(super) const PATH: &str = "/staff/campaigns/new";

/// The form.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    if !staff_may(staff_role(&visit)?, StaffAct::ManageCampaigns) {
        return Err(NoPage::NotFound);
    }
    let (vendor_id, cx) = (visit.vendor.id.clone(), visit.staff_cx());
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let mut sold = Vec::new();
            for product in list_products(tx, &vendor_id).await? {
                let plans = list_plans(tx, &vendor_id, &product.id).await?;
                sold.extend(plans.into_iter().filter(|plan| plan.published).map(|plan| (product.clone(), plan)));
            }
            let mut partners = list_partner_names(tx, &cx).await?;
            partners.retain(|partner| partner.ended_at.is_none());
            Ok::<_, DbError>((sold, partners))
        })
    });
    let (sold, partners) = found.await?;
    let currencies = currency::offered(sold.iter().map(|(_, plan)| plan), &visit.vendor.profile.currencies);
    let currencies = currencies.iter().map(|it| Choice::new(it.as_str(), currency_words::name(*it))).collect();
    let refused = take_refused(CREATE).await;
    let crumbs = vec![Crumb::to(text::TITLE, staff_campaigns::PATH), Crumb::here(text::NEW)];
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::NEW lead=text::NEW_LEAD />
        {form(&refused, &sold, currencies, &partners)}
    };
    Ok(Page::new(text::NEW, body))
}

fn form(
    refused: &Refused,
    sold: &[(Product, Plan)],
    currencies: Vec<Choice>,
    partners: &[PartnerName],
) -> impl IntoView + use<> {
    let typed = |field: &str| refused.typed(field);
    let errors = errors_of(refused);
    let chosen = typed("kind");
    let kinds = text::KINDS.map(|(value, name, detail)| ChoiceCard {
        value: value.to_owned(),
        name: name.to_owned(),
        price: None,
        detail: Some(detail.to_owned()),
        chosen: if chosen.is_empty() { value == "percent" } else { value == chosen },
    });
    let durations = text::DURATIONS.map(|(value, name)| Choice::new(value, name)).to_vec();
    let wanted = typed("plans");
    let plans: Vec<ChoiceCard> = sold
        .iter()
        .map(|(product, plan)| ChoiceCard {
            value: plan.id.to_string(),
            name: plan.name.clone(),
            price: None,
            detail: Some(product.name.clone()),
            chosen: wanted.split(',').any(|id| id == plan.id.as_str()),
        })
        .collect();
    let (name, code, percent, amount) = (typed("name"), typed("code"), typed("percent"), typed("amount"));
    let (currency, duration, months) = (typed("currency"), typed("duration"), typed("months"));
    let (minimum, first_purchase) = (typed("minimum"), typed("first_purchase"));
    let (owner, partners) = (typed("owner"), partners.to_vec());
    let (starts_on, ends_on) = (typed("starts_on"), typed("ends_on"));
    let (in_all, each) = (typed("max_redemptions"), typed("max_per_account"));
    view! {
        <Form
            action="/act/create-campaign"
            id="new"
            submit=text::CREATE
            errors_title=portal::refused_answers(errors.len())
            errors
        >
            <Field name="name" label=text::NAME value=name hint=text::NAME_HINT autocomplete="off" />
            <Field
                name="code"
                label=text::CODE
                value=code
                hint=text::CODE_HINT
                optional=text::OPTIONAL
                autocomplete="off"
            />
            {(!partners.is_empty()).then(|| owner_field(partners, owner))}
            <ChoiceCards name="kind" legend=text::KIND options=kinds.to_vec() />
            <Field
                name="percent"
                label=text::PERCENT
                value=percent
                hint=text::PERCENT_HINT
                optional=text::OPTIONAL
            />
            <Field name="amount" label=text::AMOUNT value=amount hint=text::AMOUNT_HINT optional=text::OPTIONAL />
            <Field name="currency" label=text::CURRENCY control=Control::Select(currencies) value=currency />
            <Field name="duration" label=text::DURATION control=Control::Select(durations) value=duration />
            <Field name="months" label=text::MONTHS value=months hint=text::MONTHS_HINT optional=text::OPTIONAL />
            <ChoiceCards name=PLANS legend=text::PLANS options=plans several=true />
            <Field
                name="minimum"
                label=text::MINIMUM
                value=minimum
                hint=text::MINIMUM_HINT
                optional=text::OPTIONAL
            />
            <Field
                name="first_purchase"
                label=text::FIRST_PURCHASE
                control=Control::Checkbox
                value=first_purchase
                may_be_empty=true
            />
            {limit("max_redemptions", text::MAX_REDEMPTIONS, in_all)}
            {limit("max_per_account", text::MAX_PER_ACCOUNT, each)}
            <Field
                name="starts_on"
                label=text::STARTS_ON
                control=Control::Day
                value=starts_on
                hint=text::STARTS_HINT
                optional=text::OPTIONAL
            />
            <Field
                name="ends_on"
                label=text::ENDS_ON
                control=Control::Day
                value=ends_on
                hint=text::ENDS_HINT
                optional=text::OPTIONAL
            />
        </Form>
    }
}

/// Whose it is.
fn owner_field(partners: Vec<PartnerName>, value: String) -> impl IntoView {
    let theirs = partners.into_iter().map(|it| Choice::new(it.account_id.to_string(), it.company));
    let control = Control::Select(std::iter::once(Choice::new("", text::OURS)).chain(theirs).collect());
    view! { <Field name="owner" label=text::WHOSE control value hint=text::WHOSE_HINT may_be_empty=true /> }
}
