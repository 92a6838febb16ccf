//! What owners and the vendor do about licenses: keys, standing, overrides, ends.

mod keys;
pub(crate) mod stage;
mod standing;
mod starts;
mod terms;
