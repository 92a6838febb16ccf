//! The forms of the vendor's console about campaigns and codes. Who may is asked by the use cases, and before what was
//! typed is judged.

#![expect(clippy::too_many_arguments, reason = "the fields of a form are the arguments of its server function")]

use backend::accounts::{StaffAct, staff_may_act};
use backend::campaigns::rules::{Fault, MILLIONTHS_IN_A_BP, read_percent};
use backend::campaigns::{
    self, CampaignAct, CampaignChanges, CampaignCreation, CampaignUpdate, CodesAdded, CodesWanted, Duration,
    NewCampaign,
};
use backend::clock::{DAY_MS, UnixMs};
use backend::cx::Cx;
use backend::db::{DbError, Tx, TxFuture};
use backend::ids::{AccountId, CampaignId, PlanId, PromotionCodeId};
use backend::money::{Currency, Money};
use backend::stripe::AmountOff;
use backend::text::en::console_campaigns as text;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use super::staff_money::read_amount;
use crate::components::FieldError;
use crate::request::Visit;

/// The form that makes a campaign.
pub const CREATE: &str = "create-campaign";
/// The form that changes one.
pub const UPDATE: &str = "update-campaign";
/// The form that adds a code.
pub const ADD: &str = "add-code";
/// The form that draws many.
pub const DRAW: &str = "draw-codes";

/// The name under which each plan of a campaign is sent.
pub const PLANS: &str = "plans[]";

/// Makes a campaign.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "create-campaign")]
pub async fn create_campaign(
    /// What it is called.
    name: String,
    /// Its first code, or nothing.
    #[server(default)]
    code: String,
    /// The partner whose campaign it is, or nothing.
    #[server(default)]
    owner: String,
    /// `percent` or `amount`.
    #[server(default)]
    kind: String,
    /// The percentage, as typed.
    #[server(default)]
    percent: String,
    /// The amount, as typed.
    #[server(default)]
    amount: String,
    /// Of amount and minimum.
    #[server(default)]
    currency: String,
    /// `once`, `repeating` or `forever`.
    #[server(default)]
    duration: String,
    /// For how many months.
    #[server(default)]
    months: String,
    /// Ids of the plans; all where there is none.
    #[server(default)]
    plans: Vec<String>,
    /// The least that an order comes to, as typed.
    #[server(default)]
    minimum: String,
    /// Only for first purchases.
    #[server(default)]
    first_purchase: bool,
    /// Redemptions in all.
    #[server(default)]
    max_redemptions: String,
    /// Redemptions per account.
    #[server(default)]
    max_per_account: String,
    /// First day.
    #[server(default)]
    starts_on: String,
    /// Last day.
    #[server(default)]
    ends_on: String,
) -> Result<(), FormFailure> {
    let visit = managing().await?;
    let refused = Refused::new(CREATE)
        .value("name", &name)
        .value("code", &code)
        .value("owner", &owner)
        .value("kind", &kind)
        .value("percent", &percent)
        .value("amount", &amount)
        .value("currency", &currency)
        .value("duration", &duration)
        .value("months", &months)
        .value("plans", &plans.join(","))
        .value("minimum", &minimum)
        .value("first_purchase", if first_purchase { "true" } else { "" })
        .value("max_redemptions", &max_redemptions)
        .value("max_per_account", &max_per_account)
        .value("starts_on", &starts_on)
        .value("ends_on", &ends_on);
    let mut faults = Vec::new();
    let now = visit.state.clock.now();
    let money = Currency::parse(&currency);
    let duration = Duration::parse(&duration).unwrap_or(Duration::Once);
    let new = NewCampaign {
        owner_id: Some(owner.trim()).filter(|id| !id.is_empty()).map(AccountId::from_untrusted),
        name,
        code,
        amount_off: amount_off(&kind, &percent, &amount, money, &mut faults),
        duration,
        // What is typed for another duration is not meant.
        duration_months: (duration == Duration::Repeating).then(|| months.trim().parse().unwrap_or(0)),
        plan_ids: plans.iter().map(|id| PlanId::from_untrusted(id)).collect(),
        minimum: least(&minimum, money, &mut faults),
        first_purchase_only: first_purchase,
        max_redemptions: limit(&max_redemptions, Fault::MaxRedemptions, &mut faults),
        max_per_account: limit(&max_per_account, Fault::MaxPerAccount, &mut faults),
        starts_at: first_day(&starts_on, &mut faults).unwrap_or(now),
        ends_at: last_day(&ends_on, &mut faults),
    };
    let cx = visit.staff_cx();
    if faults.is_empty() {
        let made =
            visit.state.db.write(move |tx| Box::pin(async move { campaigns::create_campaign(tx, &cx, &new).await }));
        match made.await? {
            CampaignCreation::Created(campaign) => {
                say_done("campaign_created").await;
                redirect(&format!("/staff/campaigns/{}", campaign.id));
                return Ok(());
            }
            CampaignCreation::NotAllowed => return Err(FormFailure::not_allowed()),
            CampaignCreation::Refused(found) => faults = found,
        }
    }
    refuse(refused, &faults, "/staff/campaigns/new").await;
    Ok(())
}

/// Changes what of a campaign may change.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "update-campaign")]
pub async fn update_campaign(
    /// The campaign.
    campaign_id: String,
    /// What it is called.
    name: String,
    /// Redemptions in all.
    #[server(default)]
    max_redemptions: String,
    /// Redemptions per account.
    #[server(default)]
    max_per_account: String,
    /// Last day.
    #[server(default)]
    ends_on: String,
) -> Result<(), FormFailure> {
    let visit = managing().await?;
    let page = page_of(&campaign_id, "edit");
    let refused = Refused::new(UPDATE)
        .value("name", &name)
        .value("max_redemptions", &max_redemptions)
        .value("max_per_account", &max_per_account)
        .value("ends_on", &ends_on);
    let mut faults = Vec::new();
    let changes = CampaignChanges {
        name,
        ends_at: last_day(&ends_on, &mut faults),
        max_redemptions: limit(&max_redemptions, Fault::MaxRedemptions, &mut faults),
        max_per_account: limit(&max_per_account, Fault::MaxPerAccount, &mut faults),
    };
    let (cx, id) = (visit.staff_cx(), CampaignId::from_untrusted(&campaign_id));
    if faults.is_empty() {
        let updated = visit
            .state
            .db
            .write(move |tx| Box::pin(async move { campaigns::update_campaign(tx, &cx, &id, &changes).await }));
        match updated.await? {
            CampaignUpdate::Updated => {
                say_done("campaign_updated").await;
                redirect(&page);
                return Ok(());
            }
            CampaignUpdate::NotFound | CampaignUpdate::NotAllowed => return Err(FormFailure::not_allowed()),
            CampaignUpdate::Refused(found) => faults = found,
        }
    }
    refuse(refused, &faults, &page).await;
    Ok(())
}

/// Adds a code with a name.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "add-code")]
pub async fn add_code(
    /// The campaign.
    campaign_id: String,
    /// The code.
    code: String,
    /// Redemptions of it.
    #[server(default)]
    code_limit: String,
) -> Result<(), FormFailure> {
    let refused = Refused::new(ADD).value("code", &code).value("code_limit", &code_limit);
    add(refused, &campaign_id, CodesWanted::Named(code), &code_limit, "add").await
}

/// Draws many codes.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "draw-codes")]
pub async fn draw_codes(
    /// The campaign.
    campaign_id: String,
    /// How many.
    #[server(default)]
    count: String,
    /// What each begins with.
    #[server(default)]
    prefix: String,
    /// Redemptions of each.
    #[server(default)]
    code_limit: String,
) -> Result<(), FormFailure> {
    let refused = Refused::new(DRAW).value("count", &count).value("prefix", &prefix).value("code_limit", &code_limit);
    let wanted = CodesWanted::Drawn { count: count.trim().parse().unwrap_or(0), prefix };
    add(refused, &campaign_id, wanted, &code_limit, "draw").await
}

async fn add(
    refused: Refused,
    campaign_id: &str,
    wanted: CodesWanted,
    code_limit: &str,
    anchor: &str,
) -> Result<(), FormFailure> {
    let visit = managing().await?;
    let mut faults = Vec::new();
    let most = limit(code_limit, Fault::MaxRedemptions, &mut faults);
    let page = page_of(campaign_id, anchor);
    if faults.is_empty() {
        let id = CampaignId::from_untrusted(campaign_id);
        match campaigns::add_codes(&visit.state.db, &visit.staff_cx(), &id, &wanted, most).await? {
            CodesAdded::Added(_) => {
                say_done("codes_added").await;
                redirect(&page_of(campaign_id, "codes"));
                return Ok(());
            }
            CodesAdded::NotFound | CodesAdded::NotAllowed => return Err(FormFailure::not_allowed()),
            CodesAdded::Refused(fault) => faults.push(fault),
        }
    }
    refuse(refused, &faults, &page).await;
    Ok(())
}

/// Lets a campaign rest.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "pause-campaign")]
pub async fn pause_campaign(
    /// The campaign.
    campaign_id: String,
) -> Result<(), FormFailure> {
    act(&campaign_id, "campaign_paused", |tx, cx, id| Box::pin(campaigns::pause_campaign(tx, cx, id))).await
}

/// Goes on with a campaign that rests.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "resume-campaign")]
pub async fn resume_campaign(
    /// The campaign.
    campaign_id: String,
) -> Result<(), FormFailure> {
    act(&campaign_id, "campaign_resumed", |tx, cx, id| Box::pin(campaigns::resume_campaign(tx, cx, id))).await
}

/// Ends a campaign now.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "end-campaign")]
pub async fn end_campaign(
    /// The campaign.
    campaign_id: String,
) -> Result<(), FormFailure> {
    act(&campaign_id, "campaign_ended", |tx, cx, id| Box::pin(campaigns::end_campaign(tx, cx, id))).await
}

async fn act<F>(campaign_id: &str, done: &str, work: F) -> Result<(), FormFailure>
where
    F: for<'t> Fn(&'t mut Tx, &'t Cx, &'t CampaignId) -> TxFuture<'t, CampaignAct, DbError> + Send + Sync + 'static,
{
    let visit = Visit::here();
    let (cx, id) = (visit.staff_cx(), CampaignId::from_untrusted(campaign_id));
    let acted = visit.state.db.write(move |tx| Box::pin(async move { work(tx, &cx, &id).await })).await?;
    say(acted, done).await?;
    redirect(&page_of(campaign_id, "acts"));
    Ok(())
}

/// Lets a code rest.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "pause-code")]
pub async fn pause_code(
    /// The campaign, whose page is gone back to.
    campaign_id: String,
    /// The code.
    code_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, id) = (visit.staff_cx(), PromotionCodeId::from_untrusted(&code_id));
    let acted = visit.state.db.write(move |tx| Box::pin(async move { campaigns::pause_code(tx, &cx, &id).await }));
    say(acted.await?, "code_paused").await?;
    redirect(&page_of(&campaign_id, "codes"));
    Ok(())
}

/// Lets a code work again.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "resume-code")]
pub async fn resume_code(
    /// The campaign, whose page is gone back to.
    campaign_id: String,
    /// The code.
    code_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, id) = (visit.staff_cx(), PromotionCodeId::from_untrusted(&code_id));
    let acted = visit.state.db.write(move |tx| Box::pin(async move { campaigns::resume_code(tx, &cx, &id).await }));
    say(acted.await?, "code_resumed").await?;
    redirect(&page_of(&campaign_id, "codes"));
    Ok(())
}

async fn say(acted: CampaignAct, done: &str) -> Result<(), FormFailure> {
    match acted {
        CampaignAct::Done => say_done(done).await,
        CampaignAct::Unchanged => say_done("nothing_changed").await,
        CampaignAct::OwnerGone => say_done("campaign_owner_gone").await,
        CampaignAct::NotFound | CampaignAct::NotAllowed => return Err(FormFailure::not_allowed()),
    }
    Ok(())
}

/// The request of somebody who manages campaigns.
async fn managing() -> Result<Visit, FormFailure> {
    let visit = Visit::here();
    let cx = visit.staff_cx();
    let may =
        visit.state.db.read(|tx| Box::pin(async move { staff_may_act(tx, &cx, StaffAct::ManageCampaigns).await }));
    if may.await? { Ok(visit) } else { Err(FormFailure::not_allowed()) }
}

fn page_of(campaign_id: &str, anchor: &str) -> String {
    local_path(&format!("/staff/campaigns/{campaign_id}#{anchor}"))
}

fn amount_off(
    kind: &str,
    percent: &str,
    amount: &str,
    currency: Option<Currency>,
    faults: &mut Vec<Fault>,
) -> AmountOff {
    if kind != "amount" {
        let bp = read_percent(percent);
        faults.extend(bp.is_none().then_some(Fault::Percent));
        return AmountOff::Share(bp.unwrap_or(0) * MILLIONTHS_IN_A_BP);
    }
    let Some(currency) = currency else {
        faults.push(Fault::Currency);
        return AmountOff::Share(0);
    };
    let amount_minor = read_amount(amount, currency);
    faults.extend(amount_minor.is_none().then_some(Fault::Amount));
    AmountOff::Sum { amount_minor: amount_minor.unwrap_or(0), currency }
}

fn least(typed: &str, currency: Option<Currency>, faults: &mut Vec<Fault>) -> Option<Money> {
    if typed.trim().is_empty() {
        return None;
    }
    let least = currency.and_then(|currency| Some(Money::new(read_amount(typed, currency)?, currency)));
    faults.extend(least.is_none().then_some(Fault::Minimum));
    least
}

/// A limit as it is typed; nothing is no limit.
fn limit(typed: &str, fault: Fault, faults: &mut Vec<Fault>) -> Option<i64> {
    let typed = typed.trim();
    if typed.is_empty() {
        return None;
    }
    let limit = typed.parse().ok();
    faults.extend(limit.is_none().then_some(fault));
    limit
}

fn first_day(typed: &str, faults: &mut Vec<Fault>) -> Option<UnixMs> {
    if typed.trim().is_empty() {
        return None;
    }
    let day = typed.trim().parse().ok().map(UnixMs::start_of);
    faults.extend(day.is_none().then_some(Fault::StartsAt));
    day
}

/// The first moment after a day.
fn last_day(typed: &str, faults: &mut Vec<Fault>) -> Option<UnixMs> {
    if typed.trim().is_empty() {
        return None;
    }
    let end = typed.trim().parse().ok().map(|day| UnixMs::start_of(day).plus(DAY_MS));
    faults.extend(end.is_none().then_some(Fault::EndsAt));
    end
}

async fn refuse(refused: Refused, faults: &[Fault], page: &str) {
    let with = |refused: Refused, fault: &Fault| {
        let field = field(*fault, &refused.form);
        refused.problem(field, &serde_json::to_string(fault).unwrap_or_default())
    };
    faults.iter().fold(refused, with).go_back(page).await;
}

/// The field that a fault belongs to, in the form that it is told in.
fn field(fault: Fault, form: &str) -> &'static str {
    match fault {
        Fault::Name => "name",
        Fault::Percent => "percent",
        Fault::Amount => "amount",
        Fault::Currency => "currency",
        Fault::Months => "months",
        Fault::Plans => PLANS,
        Fault::Owner => "owner",
        Fault::Minimum => "minimum",
        Fault::MaxRedemptions if form == ADD || form == DRAW => "code_limit",
        Fault::MaxRedemptions | Fault::BelowTaken(_) => "max_redemptions",
        Fault::MaxPerAccount | Fault::BelowTakenByAccount(_) => "max_per_account",
        Fault::StartsAt => "starts_on",
        Fault::EndsAt => "ends_on",
        Fault::Count if form == ADD => "code",
        Fault::Code | Fault::CodeTaken | Fault::TooManyTries(_) => "code",
        Fault::Count => "count",
        Fault::Prefix => "prefix",
    }
}

/// The sentences of a refused form.
#[must_use]
pub fn errors_of(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        Some(FieldError::new(field.clone(), text::fault(serde_json::from_str(code).ok()?)))
    };
    refused.problems.iter().filter_map(known).collect()
}
