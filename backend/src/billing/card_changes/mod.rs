//! Changes of subscriptions that are paid by card, while they are made.
//!
//! Stripe charges the card and makes the change in one call, or holds the change back until it is paid. Until our rows say what
//! came of it, nobody takes over what pays for the license (`takeover/`): who pays would be charged for what nobody has, or who
//! goes on would do so with other seats than are paid. So the row is marked before Stripe is asked (`mark.rs`). The mark is a
//! moment: a projection that begins then or later, and finds nothing that waits for its payment, takes it off. It lies further
//! ahead than any call takes, should this process die, and is moved to now when the call is over.

mod mark;
mod store;

pub(super) use mark::{mark, move_mark, take_mark_off};
