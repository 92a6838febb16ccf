//! One order, as the vendor's staff read it.

/// Heading of the facts.
pub const FACTS: &str = "The order";
/// Where it stands.
pub const STATUS: &str = "Status";
/// Product, plan and how much.
pub const WHAT: &str = "What";
/// Before tax and discounts.
pub const AMOUNT: &str = "Amount, before tax and discounts";
/// Who pays.
pub const CUSTOMER: &str = "Customer";
/// Who gets the license, where that is another.
pub const LICENSEE: &str = "License for";
/// Who ordered.
pub const PERSON: &str = "Ordered by";
/// Who earns by it.
pub const PARTNER: &str = "Partner";
/// When it was placed.
pub const PLACED: &str = "Placed";
/// When it was fulfilled.
pub const PAID: &str = "Paid";
/// How it is paid.
pub const PAYMENT: &str = "Payment";
/// What of a transfer is there.
pub const ARRIVED: &str = "Arrived";
/// Between what has arrived and what is due.
pub const OF: &str = " of ";
/// By when a transfer is due.
pub const DUE: &str = "Due";
/// The code that it was placed with.
pub const CODE: &str = "Promotion code";
/// What it made, or adds to.
pub const LICENSE: &str = "License";
/// What Stripe has of it.
pub const AT_STRIPE: &str = "At Stripe";
/// Heading and caption of its invoices.
pub const INVOICES: &str = "Invoices";
/// Columns of them.
pub const INVOICE_COLUMNS: [&str; 5] = ["Invoice", "Issued", "Status", "Amount", "Documents"];
/// Where there is none.
pub const NO_INVOICES: &str =
    "There is no invoice for this order yet. It appears here as soon as Stripe has issued it.";
/// Heading of what was done about it.
pub const ACTS: &str = "What was done";
