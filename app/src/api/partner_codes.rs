//! The forms of partners about the codes of their own campaigns. Who may is asked by the use cases, before what was typed is
//! judged; whatever is not the partner's own does not exist for them.

use backend::campaigns::owned::{add_own_codes, pause_own_code as pause, resume_own_code as resume};
use backend::campaigns::rules::Fault;
use backend::campaigns::{CampaignAct, CodesAdded, CodesWanted};
use backend::ids::{CampaignId, PromotionCodeId};
use backend::text::en::partner_codes as text;
use leptos::prelude::*;
use leptos_axum::redirect;

use super::form::{FormFailure, Refused, say_done};
use super::next::local_path;
use crate::components::FieldError;
use crate::request::Visit;

/// The partner's list of campaigns.
pub const CODES: &str = "/partner/codes";
/// The form that adds a code.
pub const ADD: &str = "add-own-code";
/// The form that draws some.
pub const DRAW: &str = "draw-own-codes";

/// The page of a campaign.
#[must_use]
pub fn campaign_page(campaign_id: &CampaignId) -> String {
    local_path(&format!("{CODES}/{campaign_id}"))
}

/// Adds a code with a name.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "add-own-code")]
pub async fn add_own_code(
    /// The campaign.
    campaign_id: String,
    /// The code.
    #[server(default)]
    code: String,
) -> Result<(), FormFailure> {
    let refused = Refused::new(ADD).value("code", &code);
    add(refused, &campaign_id, CodesWanted::Named(code), "add").await
}

/// Draws some codes.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "draw-own-codes")]
pub async fn draw_own_codes(
    /// The campaign.
    campaign_id: String,
    /// How many.
    #[server(default)]
    count: String,
    /// What each begins with.
    #[server(default)]
    prefix: String,
) -> Result<(), FormFailure> {
    let refused = Refused::new(DRAW).value("count", &count).value("prefix", &prefix);
    let wanted = CodesWanted::Drawn { count: count.trim().parse().unwrap_or(0), prefix };
    add(refused, &campaign_id, wanted, "draw").await
}

async fn add(refused: Refused, campaign_id: &str, wanted: CodesWanted, anchor: &str) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let id = CampaignId::from_untrusted(campaign_id);
    let added = add_own_codes(&visit.state.db, &visit.viewer_cx(), &visit.state.master, &id, &wanted).await?;
    match added {
        CodesAdded::Added(_) => {
            say_done("codes_added").await;
            redirect(&format!("{}#codes", campaign_page(&id)));
        }
        CodesAdded::NotFound | CodesAdded::NotAllowed => return Err(FormFailure::not_allowed()),
        CodesAdded::Refused(fault) => {
            let field = field(fault, &refused.form);
            let refused = refused.problem(field, &serde_json::to_string(&fault).unwrap_or_default());
            refused.go_back(&format!("{}#{anchor}", campaign_page(&id))).await;
        }
    }
    Ok(())
}

/// The field that a fault belongs to.
fn field(fault: Fault, form: &str) -> &'static str {
    match fault {
        Fault::Prefix => "prefix",
        _ if form == DRAW => "count",
        _ => "code",
    }
}

/// Lets a code rest.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "pause-own-code")]
pub async fn pause_own_code(
    /// The campaign, whose page is gone back to.
    #[server(default)]
    campaign_id: String,
    /// The code.
    code_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, id) = (visit.viewer_cx(), PromotionCodeId::from_untrusted(&code_id));
    let acted = visit.state.db.write(move |tx| Box::pin(async move { pause(tx, &cx, &id).await }));
    say(acted.await?, "code_paused", &campaign_id).await
}

/// Lets a code work again.
///
/// # Errors
/// [`FormFailure`] for whoever may not.
#[server(prefix = "/act", endpoint = "resume-own-code")]
pub async fn resume_own_code(
    /// The campaign, whose page is gone back to.
    #[server(default)]
    campaign_id: String,
    /// The code.
    code_id: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    let (cx, id) = (visit.viewer_cx(), PromotionCodeId::from_untrusted(&code_id));
    let acted = visit.state.db.write(move |tx| Box::pin(async move { resume(tx, &cx, &id).await }));
    say(acted.await?, "code_resumed", &campaign_id).await
}

async fn say(acted: CampaignAct, done: &str, campaign_id: &str) -> Result<(), FormFailure> {
    match acted {
        CampaignAct::Done => say_done(done).await,
        CampaignAct::Unchanged => say_done("nothing_changed").await,
        CampaignAct::NotFound | CampaignAct::NotAllowed | CampaignAct::OwnerGone => {
            return Err(FormFailure::not_allowed());
        }
    }
    redirect(&format!("{}#codes", campaign_page(&CampaignId::from_untrusted(campaign_id))));
    Ok(())
}

/// The sentences of a refused form.
#[must_use]
pub fn errors_of(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        Some(FieldError::new(field.clone(), text::fault(serde_json::from_str(code).ok()?)))
    };
    refused.problems.iter().filter_map(known).collect()
}
