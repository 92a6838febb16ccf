//! Whether a form can be as it was typed, and what it would change.

use super::super::apply_catalog::plan_after;
use super::super::catalog_file::PlanSection;
use super::super::current_catalog::{plan_section, product_section};
use super::super::diff::{Change, compare_plan, compare_product_alone};
use super::super::rules::{CatalogProduct, Fault, Problem, check_product, label};
use super::super::{Plan, Product};
use super::found::Found;
use super::reading::Reading;
use super::{Edit, EditFault, FieldProblem, SentForm, addon_form, pack_form, plan_form, price_form, product_form};

/// Where the rules say that problems are.
const PATH: &str = "product";

/// The verdict.
pub(super) enum Judgement {
    /// It can be.
    Good(Box<Judged>),
    /// It was shown with another state than today's.
    Stale,
    /// It cannot be.
    Refused(Vec<FieldProblem>),
    /// What it is about is not there.
    NotFound,
}

/// A form that can be.
pub(super) struct Judged {
    /// The product, with the one plan that is made or changed, if it is about one.
    pub wanted: CatalogProduct,
    /// What that changes; nothing where everything is so already.
    pub changes: Vec<Change>,
    /// The version of the plan that is replaced by a new one.
    pub version_kept: Option<i64>,
}

pub(super) fn judge(sent: &SentForm, found: &Found) -> Judgement {
    if sent.seen != found.seen(&sent.edit) {
        return Judgement::Stale;
    }
    let mut reading = Reading::new(&sent.typed);
    match (&sent.edit, &found.product, &found.plan) {
        (Edit::NewProduct, ..) => judge_product(reading, None, &found.products),
        (Edit::Product(_), Some(product), _) => judge_product(reading, Some(product), &found.products),
        (Edit::NewPlan { .. }, Some(product), like) => {
            let section = plan_form::read_new(&mut reading, like.as_ref().map(plan_section));
            let position = reading.position();
            judge_plan(reading, product, &found.plans, None, section, position)
        }
        (Edit::Plan(_), Some(product), Some(plan)) => {
            let section = plan_form::read(&mut reading, plan_section(plan));
            let position = reading.position();
            judge_plan(reading, product, &found.plans, Some(plan), section, position)
        }
        (Edit::Prices(_), Some(product), Some(plan)) => {
            let section = price_form::read(&mut reading, plan_section(plan));
            told_of_packs(judge_plan(reading, product, &found.plans, Some(plan), section, plan.position))
        }
        (Edit::Addon { code, .. }, Some(product), Some(plan)) => {
            // Whoever has the one that is no longer sold would have another all at once.
            let withdrawn = reading.text("code");
            if code.is_empty() && plan.addons.iter().any(|addon| !addon.offered && addon.code == withdrawn) {
                reading.problem("code", EditFault::Rule(Fault::Duplicate));
            }
            let section = addon_form::read(&mut reading, plan_section(plan), code);
            judge_plan(reading, product, &found.plans, Some(plan), section, plan.position)
        }
        (Edit::Pack { limit, .. }, Some(product), Some(plan)) => {
            let section = pack_form::read(&mut reading, plan_section(plan), limit);
            judge_plan(reading, product, &found.plans, Some(plan), section, plan.position)
        }
        _ => Judgement::NotFound,
    }
}

fn judge_product(mut reading: Reading<'_>, now: Option<&Product>, products: &[Product]) -> Judgement {
    let (section, position) = product_form::read(&mut reading, now);
    if now.is_none() && products.iter().any(|product| product.code == section.code) {
        reading.problem("code", EditFault::Rule(Fault::Duplicate));
    }
    let (wanted, problems) = check_product(PATH, &section);
    let below = format!("{PATH}.");
    let problems = reading.finish(problems.into_iter().filter_map(|problem| below_path(problem, &below)));
    if !problems.is_empty() {
        return Judgement::Refused(problems);
    }
    let mut changes = Vec::new();
    compare_product_alone(now, &wanted, position, &mut changes);
    Judgement::Good(Box::new(Judged { wanted, changes, version_kept: None }))
}

/// Judges the plan among all of its product: the rules that concern several plans hold for those of a form as well. What
/// is wrong with the others, since rules became stricter, is not the form's.
fn judge_plan(
    reading: Reading<'_>,
    product: &Product,
    plans: &[Plan],
    now: Option<&Plan>,
    section: PlanSection,
    position: i64,
) -> Judgement {
    let mut whole = product_section(product, plans);
    let at = plans.iter().position(|plan| now.is_some_and(|now| now.id == plan.id)).unwrap_or(plans.len());
    let below = format!("{PATH}.plans.{}.", label(&section.code, at));
    let is_recommended = section.recommended && section.published;
    match whole.plans.get_mut(at) {
        Some(plan) => *plan = section,
        None => whole.plans.push(section),
    }
    let (mut wanted, problems) = check_product(PATH, &whole);
    let of_plan = |problem: Problem| match problem.fault {
        Fault::TwoRecommended => {
            is_recommended.then(|| Problem { path: "recommended".to_owned(), fault: Fault::TwoRecommended })
        }
        _ => below_path(problem, &below),
    };
    let problems = reading.finish(problems.into_iter().filter_map(of_plan));
    if !problems.is_empty() {
        return Judgement::Refused(problems);
    }
    let plan = wanted.plans.swap_remove(at);
    // A form cannot ask for another kind or license type of a plan that there is.
    let (mut changes, mut refusals) = (Vec::new(), Vec::new());
    compare_plan(&product.code, now, &plan, position, &mut changes, &mut refusals);
    let sells_other = |now: &&Plan| !now.sells_the_same(&plan_after(now, &plan, position));
    let version_kept = now.filter(sells_other).map(|now| now.version);
    wanted.plans = vec![plan];
    Judgement::Good(Box::new(Judged { wanted, changes, version_kept }))
}

/// The form for amounts has no fields for packs: in place of what is wrong with each, what is to be done about them.
fn told_of_packs(judgement: Judgement) -> Judgement {
    let mut problems = match judgement {
        Judgement::Refused(problems) => problems,
        other => return other,
    };
    let before = problems.len();
    let is_of_packs = |problem: &FieldProblem| {
        problem.path.starts_with("packs.") && problem.fault == EditFault::Rule(Fault::PricesOfPlanDiffer)
    };
    problems.retain(|problem| !is_of_packs(problem));
    if problems.len() < before {
        problems.push(FieldProblem { field: String::new(), path: String::new(), fault: EditFault::PacksInTheWay });
    }
    Judgement::Refused(problems)
}

/// The problem with its place below `below`, if it is there.
fn below_path(problem: Problem, below: &str) -> Option<Problem> {
    let path = problem.path.strip_prefix(below)?.to_owned();
    Some(Problem { path, ..problem })
}
