//! Which version of its plan a license has, and moving it to today's: a card of the staff's page of a license.

use backend::billing::{MoveRefusal, VersionMove, preview_move};
use backend::catalog::Plan;
use backend::cx::Cx;
use backend::db::{DbError, Tx};
use backend::licenses::License;
use backend::text::en::plan_versions as text;
use leptos::prelude::*;

use crate::components::{Card, Notice, PostButton, Tone};

/// What the card shows.
pub(super) struct PlanVersionCard {
    held: i64,
    current: i64,
    plan: String,
    license_id: String,
    found: Result<VersionMove, MoveRefusal>,
}

impl PlanVersionCard {
    /// Reads what moving the license would do.
    pub(super) async fn read(tx: &mut Tx, cx: &Cx, license: &License, plans: &[Plan]) -> Result<Option<Self>, DbError> {
        let Some(plan) = plans.iter().find(|plan| plan.id == license.plan_id) else { return Ok(None) };
        Ok(Some(Self {
            held: license.plan_version,
            current: plan.version,
            plan: plan.name.clone(),
            license_id: license.id.to_string(),
            found: preview_move(tx, cx, &license.id).await?,
        }))
    }

    /// The card; `may` says whether the one who looks may move licenses.
    pub(super) fn view(self, may: bool) -> AnyView {
        let lead = text::lead(self.held, self.current, &self.plan);
        let content = match self.found {
            Err(MoveRefusal::UpToDate) => ().into_any(),
            Err(refusal) => view! { <Notice tone=Tone::Warn title=text::refusal(&refusal) /> }.into_any(),
            Ok(found) => {
                let lines = text::differences(&found);
                let list = lines.iter().cloned().map(|line| view! { <li>{line}</li> }).collect_view();
                let hidden = vec![
                    ("license_id".to_owned(), self.license_id),
                    ("version".to_owned(), found.to.version.to_string()),
                ];
                let move_it = may.then(|| {
                    view! {
                        <PostButton action="/act/move-license" label=text::MOVE hidden />
                        <p>{text::MOVE_MEANS}</p>
                    }
                });
                view! { <ul>{list}</ul> {move_it} }.into_any()
            }
        };
        view! { <Card title=text::TITLE lead id="plan-version">{content}</Card> }.into_any()
    }
}
