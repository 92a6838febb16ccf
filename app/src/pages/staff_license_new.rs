//! `/staff/licenses/new?customer=`: a license without an order. Without a customer, `?find=` looks for one.

use backend::accounts::customers::{CustomerFilter, ListedCustomer, search_customers};
use backend::accounts::{Account, StaffAct, find_account, staff_may};
use backend::catalog::{self, Plan, Product};
use backend::db::DbError;
use backend::ids::AccountId;
use backend::licenses::rules::add_years;
use backend::text::en::{by_hand as text, console_customers, console_licenses, licenses as words, portal};
use leptos::prelude::*;

use super::staff_licenses::PATH as LICENSES;
use super::{NoPage, Page, render, staff_customers, staff_role};
use crate::api::form::take_refused;
use crate::api::staff_issue::{ISSUE, ISSUE_PAGE, fault_errors, issue_page};
use crate::components::{
    Breadcrumb, Card, Choice, Column, Control, Crumb, Emphasis, EmptyState, Fact, Facts, Field, Form, LinkButton,
    Method, PageHead, Row, Table,
};
use crate::request::Visit;

/// Customers to choose from.
const CUSTOMERS: i64 = 10;
/// Most seats that can be typed.
const MOST_SEATS: i64 = 1_000_000;

/// The page that issues a license.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    if !staff_may(role, StaffAct::ManageLicenses) {
        return Err(NoPage::NotFound);
    }
    let content = match find_customer(&visit).await? {
        Some(customer) => issue_form(&visit, &customer).await?,
        None => choose_customer(&visit).await?,
    };
    let crumbs = vec![Crumb::to(console_licenses::TITLE, LICENSES), Crumb::here(text::ISSUE_TITLE)];
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=text::ISSUE_TITLE lead=text::ISSUE_LEAD />
        {content}
    };
    Ok(Page::new(text::ISSUE_TITLE, body))
}

/// The customer that the address names, if there is one.
async fn find_customer(visit: &Visit) -> Result<Option<Account>, DbError> {
    let Some(id) = visit.query("customer") else { return Ok(None) };
    let (vendor_id, id) = (visit.vendor.id.clone(), AccountId::from_untrusted(&id.replace('\0', "")));
    visit.state.db.read(|tx| Box::pin(async move { find_account(tx, &vendor_id, &id).await })).await
}

async fn issue_form(visit: &Visit, customer: &Account) -> Result<AnyView, DbError> {
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let plans = visit.state.db.read(|tx| {
        Box::pin(async move {
            let mut plans: Vec<(Product, Plan)> = Vec::new();
            for product in catalog::list_products(tx, &vendor_id).await? {
                let of_product = catalog::list_plans(tx, &vendor_id, &product.id).await?;
                plans.extend(of_product.into_iter().map(|plan| (product.clone(), plan)));
            }
            Ok::<_, DbError>(plans)
        })
    });
    let choices = plans.await?.into_iter().map(|(product, plan)| {
        Choice::new(plan.id.to_string(), text::plan(&product.name, &plan.name, plan.kind, plan.published))
    });
    let choices = std::iter::once(Choice::new("", text::CHOOSE_PLAN)).chain(choices).collect();
    let refused = take_refused(ISSUE).await;
    let errors = fault_errors(&refused);
    let typed = |field: &str, else_say: String| if errors.is_empty() { else_say } else { refused.typed(field) };
    let (plan, seats) = (typed("plan_id", String::new()), typed("seats", "1".to_owned()));
    let until = typed("until", add_years(now, 1).date().to_string());
    let reason = typed("reason", String::new());
    let href = format!("{}/{}", staff_customers::PATH, customer.id);
    let who = view! { <a href=href>{customer.company.clone()}</a> };
    let facts = vec![Fact::new(console_licenses::CUSTOMER, who)];
    let other = || view! { <LinkButton href=ISSUE_PAGE label=text::OTHER_CUSTOMER emphasis=Emphasis::Quiet /> };
    let (company, hidden) = (customer.company.clone(), vec![("account_id".to_owned(), customer.id.to_string())]);
    let form = view! {
        <Card title=company>
            <Facts facts />
            <Form
                action="/act/issue-license"
                id="issue"
                submit=text::ISSUE_SUBMIT
                errors_title=portal::refused_answers(errors.len())
                errors=errors.clone()
                hidden=hidden
                beside=other
            >
                <Field name="plan_id" label=text::PLAN control=Control::Select(choices) value=plan />
                <Field name="seats" label=text::SEATS control=Control::Number { min: 1, max: MOST_SEATS } value=seats />
                <Field name="until" label=text::LAST_DAY control=Control::Day value=until hint=text::LAST_DAY_HINT />
                <Field name="reason" label=text::REASON value=reason hint=text::REASON_HINT />
            </Form>
        </Card>
    };
    Ok(form.into_any())
}

async fn choose_customer(visit: &Visit) -> Result<AnyView, DbError> {
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let filter = CustomerFilter::of_address(|name| visit.query(name).filter(|_| name == "find"));
    let wanted = filter.clone();
    let found = visit
        .state
        .db
        .read(|tx| Box::pin(async move { search_customers(tx, &vendor_id, &wanted, None, now, CUSTOMERS).await }));
    let found = found.await?;
    let [company, country, owner, ..] = console_customers::COLUMNS;
    let columns = vec![Column::text(company), Column::text(country), Column::text(owner), Column::act(text::CHOOSE)];
    let row = |listed: &ListedCustomer| {
        let account = &listed.account;
        let (href, about) = (issue_page(account.id.as_str()), account.company.clone());
        Row::new()
            .cell(account.company.clone())
            .cell(console_customers::country(&account.country))
            .cell(listed.owner_email.clone().unwrap_or_default())
            .cell(view! { <LinkButton href label=text::CHOOSE about /> })
    };
    let rows = found.iter().map(row).collect();
    let empty = || view! { <EmptyState text=text::NO_CUSTOMER_FOUND /> };
    let choice = view! {
        <Card title=text::CHOOSE_CUSTOMER>
            <div class="across">
                <Form
                    action=ISSUE_PAGE
                    method=Method::Get
                    id="find"
                    submit=text::FIND_SUBMIT
                    emphasis=Emphasis::Plain
                >
                    <Field name="find" label=text::FIND_CUSTOMER value=filter.text may_be_empty=true />
                </Form>
            </div>
            <Table caption=console_customers::CAPTION caption_hidden=true columns rows empty=empty />
        </Card>
    };
    Ok(choice.into_any())
}
