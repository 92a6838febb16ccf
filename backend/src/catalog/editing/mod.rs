//! Changing products, plans, what is sold on top of them, and prices by forms.
//!
//! What is typed is put into the section that a catalog file would have, judged by the rules for files, compared with what
//! is, and carried out by the code that applies files. So a form can do nothing that a file cannot, and the two leave the
//! same rows. Releases stay as they are.

mod addon_form;
mod edit_catalog;
mod found;
mod judge;
mod pack_form;
mod plan_form;
mod price_form;
mod product_form;
mod reading;
mod store;

use std::collections::BTreeMap;

use super::Change;
use super::rules::Fault;
use crate::ids::{PlanId, ProductId};

pub use addon_form::{MORE, WITHDRAWN, addon_price_field};
pub use edit_catalog::{edit_catalog, preview_edit};
pub use found::{EditForm, find_form};
pub use pack_form::{TIER, packable, tier_list};
pub use plan_form::{FEATURES, LIMITS, STAGES, UNLIMITED, stage_field};
pub use price_form::{NEW_OFFERS, amount_field, new_offer_field, offers, priced};
pub use reading::rows;

/// What was typed, by the name of the field.
pub type Typed = BTreeMap<String, String>;

/// What a form makes or changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Makes a product.
    NewProduct,
    /// Changes what is said of one.
    Product(ProductId),
    /// Makes a plan, which nobody can buy until it is published.
    NewPlan {
        /// Of this product.
        product_id: ProductId,
        /// With the prices, add-ons and packs of this one.
        like: Option<PlanId>,
    },
    /// Changes everything of a plan but its prices.
    Plan(PlanId),
    /// Changes a plan's prices, those of its packs apart.
    Prices(PlanId),
    /// Makes, changes or withdraws an add-on of a plan, with its prices.
    Addon {
        /// Of this plan.
        plan_id: PlanId,
        /// Its code; empty where one is made.
        code: String,
    },
    /// Makes, changes or withdraws a pack of a plan, with its prices.
    Pack {
        /// Of this plan.
        plan_id: PlanId,
        /// The limit that it raises; empty where one is made.
        limit: String,
    },
}

/// A form as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentForm {
    /// What it is about.
    pub edit: Edit,
    /// The state that it was shown with: [`EditForm::seen`].
    pub seen: String,
    /// Its fields.
    pub typed: Typed,
}

/// Something that was typed and cannot stay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// The field; empty where no single one is at fault.
    pub field: String,
    /// Where a catalog file would have it; empty where that says no more than the field.
    pub path: String,
    /// What is wrong.
    pub fault: EditFault,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EditFault {
    /// A rule of catalogs is broken.
    Rule(Fault),
    /// Not a whole number.
    NotANumber,
    /// Neither a whole number nor "unlimited".
    NotALimit,
    /// Not a day.
    NotADate,
    /// None of the answers that are offered.
    NotAChoice,
    /// A pack of a plan that has no price: its prices would stand in the way of the plan's first.
    PlanWithoutPrices,
    /// Currencies and intervals in which the plan's packs, which this form leaves as they are, are not sold.
    PacksInTheWay,
}

/// The version that licenses keep when a plan gives something else from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptVersion {
    /// Which one.
    pub version: i64,
    /// How many licenses are of it.
    pub licenses: i64,
}

/// What a form would do.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// These changes, at least one.
    Changes {
        /// What changes, in the words of [`crate::text::en::catalog::change`].
        changes: Vec<Change>,
        /// The version that would be kept, where the plan gets a new one.
        keeps: Option<KeptVersion>,
    },
    /// Nothing.
    Unchanged,
    /// Nothing: somebody else has changed the same since the form was shown.
    Stale,
    /// Nothing: this cannot be.
    Refused(Vec<FieldProblem>),
    /// Nothing: what it is about is not there.
    NotFound,
}

/// What became of a form.
#[derive(Clone, Debug, PartialEq)]
pub enum Editing {
    /// These changes were made.
    Saved {
        /// The product.
        product_id: ProductId,
        /// The plan, where the form was about one.
        plan_id: Option<PlanId>,
        /// What changed.
        changes: Vec<Change>,
    },
    /// Everything is so already.
    Unchanged,
    /// Somebody else has changed the same since the form was shown; nothing was written.
    Stale,
    /// This cannot be; nothing was written.
    Refused(Vec<FieldProblem>),
    /// What it is about is not there.
    NotFound,
    /// Whoever acts may not.
    NotAllowed,
}
