//! Going on with a license at one's own expense, after a partner has paid for it.
//!
//! It is offered from the moment on at which it is known that the partner does not go on, until a while after the end. The order is
//! for the license that is there, on the same plan, as its owner has it, at today's prices. Stripe charges for the first time
//! when what the partner has paid is over; where that is past, at once. Where it is too near for Stripe, nothing is offered until
//! it is past: charged now, some days would be paid twice. Time that the partner was invoiced and has not paid is no paid time.
//! What is paid is put in place by [`crate::billing`], in `takeover/`.

mod find_continuation;
mod is_due;
pub mod rules;

pub(super) use find_continuation::{agree_beginning, find_continuation};
pub(super) use is_due::is_due;
