//! The form by which the vendor's staff take open vouchers back. Who may is asked by the use case.

use backend::accounts::StaffAct;
use backend::ids::OrderId;
use backend::text::en::console_vouchers as text;
use backend::vouchers::{self, Voiding};
use leptos::prelude::*;
use leptos_axum::redirect;

use super::acting::staff_must_be_allowed;
use super::form::{FormFailure, Refused, say_done};
use super::step_up::{confirm_first, fresh_authentication};
use crate::components::FieldError;
use crate::request::Visit;

/// The form.
pub const VOID: &str = "void-vouchers";

/// Makes open vouchers of an order void, after asking for the password unless it was typed lately.
///
/// # Errors
/// [`FormFailure`] for whoever may not, and for orders of something else.
#[server(prefix = "/act", endpoint = "void-vouchers")]
pub async fn void_vouchers(
    /// The order with which they were bought.
    order_id: String,
    /// The invoice on whose page the form stands.
    #[server(default)]
    invoice_id: String,
    /// How many were open when the form was shown.
    #[server(default)]
    open_before: i64,
    /// How many, as typed.
    #[server(default)]
    count: String,
) -> Result<(), FormFailure> {
    let visit = Visit::here();
    staff_must_be_allowed(&visit, StaffAct::MoveMoney).await?;
    let page = format!("/staff/invoices/{invoice_id}#vouchers");
    let refused = Refused::new(VOID).value("count", &count);
    if fresh_authentication(&visit).await?.is_none() {
        refused.go_back(&confirm_first(&page)).await;
        return Ok(());
    }
    let request = vouchers::VoidVouchers {
        order_id: OrderId::from_untrusted(&order_id),
        count: count.trim().parse().unwrap_or(0),
        open_before,
    };
    let (cx, master) = (visit.staff_cx(), visit.state.master.clone());
    let voided = visit
        .state
        .db
        .write(move |tx| Box::pin(async move { vouchers::void_vouchers(tx, &cx, &master, &request).await }));
    let (field, refusal) = match voided.await? {
        Voiding::Done => {
            say_done("vouchers_returned").await;
            redirect(&page);
            return Ok(());
        }
        Voiding::NotAllowed => return Err(FormFailure::not_allowed()),
        refusal @ Voiding::WrongCount { .. } => ("count", refusal),
        refusal @ Voiding::Outdated => ("", refusal),
    };
    let code = serde_json::to_string(&refusal).unwrap_or_default();
    refused.problem(field, &code).go_back(&page).await;
    Ok(())
}

/// The sentences of the refused form.
#[must_use]
pub fn void_errors(refused: &Refused) -> Vec<FieldError> {
    let known = |(field, code): &(String, String)| {
        let refusal: Voiding = serde_json::from_str(code).ok()?;
        Some(FieldError::new(field.clone(), text::refusal(refusal)))
    };
    refused.problems.iter().filter_map(known).collect()
}
