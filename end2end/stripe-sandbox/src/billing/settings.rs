//! `payment_settings` of subscriptions and invoices: which ways to pay they take.

use serde_json::{Value, json};

use crate::{error::ApiError, form::Form, payments::transfer};

/// The members that a form's `payment_settings` names; an empty object when it names none.
///
/// # Errors
/// Transfer options that do not go with the currency.
pub(crate) fn read(form: &Form, currency: &str) -> Result<Value, ApiError> {
    let mut settings = json!({});
    let types = form.texts("payment_settings.payment_method_types");
    if !types.is_empty() {
        settings["payment_method_types"] = json!(types);
    }
    if let Some(save) = form.text("payment_settings.save_default_payment_method") {
        settings["save_default_payment_method"] = json!(save);
    }
    if types.contains(&"customer_balance") {
        transfer::takes(currency)?;
    }
    let options = "payment_settings.payment_method_options";
    if form.has(options) {
        let transfer = transfer::options(form, &format!("{options}.customer_balance"), currency)?;
        let secure = form.text(&format!("{options}.card.request_three_d_secure"));
        settings["payment_method_options"] = json!({
            "acss_debit": null, "bancontact": null,
            "card": secure.map(|secure| json!({ "request_three_d_secure": secure })), "customer_balance": transfer,
            "konbini": null, "payto": null, "pix": null, "sepa_debit": null, "upi": null, "us_bank_account": null,
        });
    }
    Ok(settings)
}

/// An invoice's settings: those of its subscription, without what only subscriptions have.
pub(crate) fn of_invoice(settings: &Value) -> Value {
    json!({
        "default_mandate": null, "payment_method_options": settings["payment_method_options"],
        "payment_method_types": settings["payment_method_types"],
    })
}
