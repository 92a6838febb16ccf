//! A license whose payment goes over to who has it: its partner has paid, does not go on, and the client continues.
//!
//! There is one row for what pays for a license. It becomes the new subscription's, in the transaction that fulfils the order,
//! and what was there before is noted as former: from then on no event of that one finds a row, so it steers nothing here.
//! Stripe charges the new one for the first time when what the other has paid is over. To Stripe the time until then is a
//! trial; to us it is paid, so the license is as active as before, and nobody gets to try anything. Where that is not so any more
//! when Stripe's page is done with, nothing is taken over, and the order is given up (`is_outdated.rs`). While the other one's card
//! is charged for a change, nobody knows yet, and the order waits (`is_being_changed.rs`).

mod is_being_changed;
mod is_outdated;
mod let_former_run_out;
mod store;
mod take_over;

pub(crate) use is_being_changed::is_being_changed;
pub(crate) use is_outdated::is_outdated;
pub(super) use let_former_run_out::let_former_run_out;
pub use store::list_continued_licenses;
pub(super) use take_over::without_paid_time;
pub(crate) use take_over::{TakeOver, take_over};
