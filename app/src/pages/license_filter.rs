//! The filter above a list of licenses: a form whose answers are the address of the list.

use std::collections::BTreeSet;

use backend::catalog::{Plan, PlanKind, Product};
use backend::db::{DbError, Tx};
use backend::ids::VendorId;
use backend::licenses::search::{Ending, FoundLicenses, LastContact, LicenseFilter, LicenseOrder, ListedStatus, Place};
use backend::text::en::{license_search as text, licenses as words};
use leptos::prelude::*;

use crate::components::{Choice, Control, Emphasis, Field, Fold, Form, LinkButton, Method, Pagination};
use crate::request::Visit;

/// Licenses on a page.
pub(super) const PAGE: i64 = 20;
/// From so many licenses on the filter is open from the start.
const MANY: i64 = 10;

/// A list of licenses and its filter.
pub(super) struct Filtered {
    /// Where the list is.
    pub(super) path: &'static str,
    /// What it shows.
    pub(super) filter: LicenseFilter,
    /// From where on.
    pub(super) after: Option<Place>,
    /// What there is to choose from.
    pub(super) products: Vec<Product>,
    /// The plans of these products; only in the vendor's list.
    pub(super) plans: Vec<Plan>,
    /// Whether the order can be chosen, and only the account's own licenses are looked through.
    pub(super) own: bool,
}

impl Filtered {
    /// Reads the address.
    pub(super) fn of(path: &'static str, visit: &Visit, own: bool) -> Self {
        let after = visit.query("after").and_then(|place| Place::parse(&place));
        let filter = LicenseFilter::of_address(|name| visit.query(name));
        Self { path, filter, after, products: Vec::new(), plans: Vec::new(), own }
    }

    /// Reads what there is to choose from.
    pub(super) async fn read_products(&mut self, tx: &mut Tx, vendor_id: &VendorId) -> Result<(), DbError> {
        self.products = backend::catalog::list_products(tx, vendor_id).await?;
        if !self.own {
            for product in &self.products {
                self.plans.extend(backend::catalog::list_plans(tx, vendor_id, &product.id).await?);
            }
        }
        Ok(())
    }

    /// Whether the list begins here and nothing is left out of it.
    pub(super) fn is_whole(&self) -> bool {
        !self.filter.is_narrow() && self.after.is_none()
    }

    /// The form.
    pub(super) fn form(&self, total: i64) -> impl IntoView + use<> {
        let filter = &self.filter;
        let find = if self.own { text::FIND } else { text::FIND_ANY };
        let select = |choices: Vec<(&'static str, &'static str)>| {
            let any = Choice::new("", text::ANY);
            Control::Select(std::iter::once(any).chain(choices.into_iter().map(|(v, l)| Choice::new(v, l))).collect())
        };
        let status = select(ListedStatus::ALL.iter().map(|it| (it.as_str(), text::status(*it))).collect());
        let contact = select(LastContact::ALL.iter().map(|it| (it.as_str(), text::contact(*it))).collect());
        let product = (self.products.len() > 1).then(|| {
            let any = std::iter::once(Choice::new("", text::ANY));
            let control = Control::Select(any.chain(self.products.iter().map(|it| Choice::new(&it.code, &it.name))).collect());
            view! { <Field name="product" label=text::PRODUCT control value=filter.product.clone() may_be_empty=true /> }
        });
        let more = (!self.own).then(|| self.more());
        let order = self.own.then(|| {
            let orders = LicenseOrder::ALL.iter().map(|it| Choice::new(it.as_str(), text::order(*it)));
            let value = filter.order.unwrap_or(LicenseOrder::Newest).as_str();
            let control = Control::Select(orders.collect());
            view! { <Field name="order" label=text::ORDER control value may_be_empty=true /> }
        });
        let (find_value, version) = (filter.text.clone(), filter.version.clone());
        let (status_value, contact_value) =
            (filter.status.map_or("", ListedStatus::as_str), filter.contact.map_or("", LastContact::as_str));
        let is_open = filter.is_narrow() || filter.order.is_some() || total > MANY;
        let (path, clears) = (self.path, filter.is_narrow());
        let clear =
            move || clears.then(|| view! { <LinkButton href=path label=text::CLEAR emphasis=Emphasis::Quiet /> });
        view! {
            <search aria-label=text::FILTER>
                <Fold summary=text::FILTER open=is_open>
                    <div class="across">
                        <Form
                            action=path
                            method=Method::Get
                            id="filter"
                            submit=text::SUBMIT
                            emphasis=Emphasis::Plain
                            beside=clear
                        >
                            <Field name="find" label=find value=find_value may_be_empty=true />
                            {product}
                            {more}
                            <Field name="status" label=text::STATUS control=status value=status_value may_be_empty=true />
                            <Field name="contact" label=text::CONTACT control=contact value=contact_value may_be_empty=true />
                            <Field name="version" label=text::VERSION value=version may_be_empty=true />
                            {order}
                        </Form>
                    </div>
                </Fold>
            </search>
        }
    }

    /// What only the vendor asks for.
    fn more(&self) -> impl IntoView + use<> {
        let any = || std::iter::once(Choice::new("", text::ANY));
        // Plans of different products may share a code; the product tells them apart.
        let mut seen = BTreeSet::new();
        let plans = self.plans.iter().filter(|it| seen.insert(it.code.clone()));
        let plans = Control::Select(any().chain(plans.map(|it| Choice::new(&it.code, &it.name))).collect());
        let kinds = PlanKind::ALL.iter().map(|it| Choice::new(it.as_str(), text::kind(*it)));
        let kinds = Control::Select(any().chain(kinds).collect());
        let ends = Ending::ALL.iter().map(|it| Choice::new(it.as_str(), text::ends(*it)));
        let ends = Control::Select(any().chain(ends).collect());
        let (plan, kind) = (self.filter.plan.clone(), self.filter.kind.map_or("", PlanKind::as_str));
        let ends_value = self.filter.ends.map_or("", Ending::as_str);
        view! {
            <Field name="plan" label=text::PLAN control=plans value=plan may_be_empty=true />
            <Field name="kind" label=text::KIND control=kinds value=kind may_be_empty=true />
            <Field name="ends" label=text::ENDS control=ends value=ends_value may_be_empty=true />
        }
    }

    /// How many there are, and the way on.
    pub(super) fn pages(&self, found: &FoundLicenses) -> Option<impl IntoView + use<>> {
        let address = |after: Option<&Place>| match self.filter.to_address(after) {
            pairs if pairs.is_empty() => self.path.to_owned(),
            pairs => format!("{}?{}", self.path, serde_urlencoded::to_string(pairs).unwrap_or_default()),
        };
        let next = found.next.as_ref().map(|place| (words::OLDER.to_owned(), address(Some(place))));
        let previous = self.after.is_some().then(|| (words::NEWEST.to_owned(), address(None)));
        let shows = found.total > 0 && (!self.is_whole() || next.is_some() || found.total > 1);
        shows.then(|| {
            view! { <Pagination label=words::PAGES position=text::count(found.total) previous next /> }
        })
    }
}
