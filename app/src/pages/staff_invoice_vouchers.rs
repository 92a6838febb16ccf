//! The vouchers that an invoice paid for, on its page in the console: how many are open, and the form that takes some back.

use backend::accounts::{StaffAct, StaffRole, staff_may};
use backend::invoices::Invoice;
use backend::text::en::{console_money as money, console_vouchers as text, portal};
use backend::vouchers::Batch;
use leptos::prelude::*;

use crate::api::form::Refused;
use crate::api::staff_vouchers::void_errors;
use crate::components::{Card, Control, Emphasis, Fact, Facts, Field, Form};

/// The card.
pub(super) fn card(invoice: &Invoice, batch: &Batch, role: StaffRole, refused: &Refused) -> AnyView {
    let facts = vec![
        Fact::new(text::BATCH, text::bought(batch)),
        Fact::new(text::OPEN, batch.open.to_string()),
        Fact::new(text::REDEEMED, batch.redeemed.to_string()),
        Fact::new(text::VOID, batch.void.to_string()),
    ];
    let form = if !staff_may(role, StaffAct::MoveMoney) {
        view! { <p>{text::NOT_YOURS}</p> }.into_any()
    } else if batch.open == 0 {
        view! { <p>{text::NONE_OPEN}</p> }.into_any()
    } else {
        form(invoice, batch, refused)
    };
    view! {
        <Card title=text::TITLE id="vouchers">
            <Facts facts />
            {form}
        </Card>
    }
    .into_any()
}

fn form(invoice: &Invoice, batch: &Batch, refused: &Refused) -> AnyView {
    let errors = void_errors(refused);
    let hidden = vec![
        ("order_id".to_owned(), batch.order_id.to_string()),
        ("invoice_id".to_owned(), invoice.id.to_string()),
        ("open_before".to_owned(), batch.open.to_string()),
    ];
    let (count, most) = (refused.typed("count"), batch.open);
    view! {
        <p>{text::LEAD}</p>
        <Form
            action="/act/void-vouchers"
            id="vouchers-form"
            submit=text::SUBMIT
            emphasis=Emphasis::Danger
            errors_title=portal::refused_answers(errors.len())
            errors
            hidden
        >
            <Field
                name="count"
                label=text::COUNT
                control=Control::Number { min: 1, max: most }
                value=count
            />
        </Form>
        <p>{money::PASSWORD_FIRST}</p>
    }
    .into_any()
}
