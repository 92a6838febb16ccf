//! What costs how much, for which period, and what becomes of subscriptions and invoices as time passes.

pub(crate) mod anchor;
pub(crate) mod change;
pub(crate) mod credit;
pub(crate) mod discount;
pub(crate) mod invoicing;
pub(crate) mod lines;
pub(crate) mod passage;
pub(crate) mod price;
pub(crate) mod proration;
pub(crate) mod schedule;
pub(crate) mod seller;
pub(crate) mod settings;
pub(crate) mod subscription;
pub(crate) mod tax;
mod tax_table;
pub(crate) mod trial;
