//! One file per resource: its routes, its parameters, its object.

pub(crate) mod account;
pub(crate) mod balance_transactions;
pub(crate) mod cash_balances;
pub(crate) mod charges;
pub(crate) mod checkout_sessions;
pub(crate) mod coupons;
pub(crate) mod credit_notes;
pub(crate) mod customers;
pub(crate) mod disputes;
pub(crate) mod events;
pub(crate) mod invoice_items;
pub(crate) mod invoice_payments;
pub(crate) mod invoices;
pub(crate) mod payment_intents;
pub(crate) mod payment_methods;
pub(crate) mod payment_pages;
pub(crate) mod prices;
pub(crate) mod products;
pub(crate) mod promotion_codes;
pub(crate) mod refunds;
pub(crate) mod setup_intents;
pub(crate) mod subscription_items;
pub(crate) mod subscription_schedules;
pub(crate) mod subscriptions;
pub(crate) mod tax;
pub(crate) mod tax_ids;
pub(crate) mod test_clocks;
pub(crate) mod webhook_endpoints;

use crate::api::Route;

/// Every route of the API. Of two that match, the earlier one answers.
pub(crate) fn all() -> impl Iterator<Item = &'static Route> {
    [
        products::ROUTES,
        prices::ROUTES,
        customers::ROUTES,
        tax::ROUTES,
        tax_ids::ROUTES,
        balance_transactions::ROUTES,
        cash_balances::ROUTES,
        payment_methods::ROUTES,
        payment_intents::ROUTES,
        setup_intents::ROUTES,
        charges::ROUTES,
        refunds::ROUTES,
        disputes::ROUTES,
        checkout_sessions::ROUTES,
        payment_pages::ROUTES,
        subscriptions::ROUTES,
        subscription_items::ROUTES,
        subscription_schedules::ROUTES,
        invoices::ROUTES,
        invoice_items::ROUTES,
        invoice_payments::ROUTES,
        credit_notes::ROUTES,
        coupons::ROUTES,
        promotion_codes::ROUTES,
        events::ROUTES,
        webhook_endpoints::ROUTES,
        test_clocks::ROUTES,
        account::ROUTES,
    ]
    .into_iter()
    .flatten()
}
