//! `/partner/vouchers/{batch}/codes.csv`: the codes of a batch, for whoever may hand them out and has typed the password
//! lately.

use app::api::step_up::confirm_first;
use app::api::vouchers::batch_page;
use app::request::Visit;
use axum::extract::{Extension, Path};
use axum::response::{IntoResponse, Redirect, Response};
use backend::accounts::{Act, fresh_authentication, may};
use backend::ids::OrderId;
use backend::vouchers::{CodesExport, export_codes, find_batch};

use super::exports::{CSV, failed, file, nothing_here};

/// The table.
pub(crate) async fn codes(Extension(visit): Extension<Visit>, Path(id): Path<String>) -> Response {
    let Some((account, role)) = visit.account() else { return nothing_here() };
    let (cx, id) = (visit.viewer_cx(), OrderId::from_untrusted(&id));
    // Whoever may not is not asked for the password first; the use case asks again.
    let (read_cx, wanted) = (cx.clone(), id.clone());
    let found = visit.state.db.read(|tx| Box::pin(async move { find_batch(tx, &read_cx, &wanted).await }));
    match found.await {
        Ok(Some(batch)) if batch.partner_id == account.id && may(role, Act::Buy) => {}
        Ok(_) => return nothing_here(),
        Err(error) => return failed(&visit, &error),
    }
    match fresh_authentication(&visit.session, &visit.vendor.id, visit.state.clock.now()).await {
        Ok(Some(_)) => {}
        Ok(None) => return Redirect::to(&confirm_first(&batch_page(&id))).into_response(),
        Err(error) => return failed(&visit, &error),
    }
    let master = visit.state.master.clone();
    let table = visit.state.db.write(move |tx| Box::pin(async move { export_codes(tx, &cx, &master, &id).await }));
    match table.await {
        Ok(CodesExport::Table(csv)) => file(csv.into_bytes(), CSV, "vouchers.csv"),
        Ok(CodesExport::NotAllowed) => nothing_here(),
        Err(error) => failed(&visit, &error),
    }
}
