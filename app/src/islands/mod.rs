//! The only code that ships to browsers.
//!
//! Each island renders on the server what works without a script, and improves it once hydrated. Controls that only a
//! script can serve are rendered with `hidden` and show themselves when the script runs ([`scripted`]). Every sentence
//! is a prop. Keep `web-sys` features and dependencies few: the whole download is budgeted.

#![expect(missing_docs, reason = "the `island` macro leaves the props it generates undocumented")]

pub mod amount;
pub mod auto_refresh;
pub mod copy_button;
pub mod number_stepper;
pub mod pack_stepper;
pub mod passkey_button;
pub mod password_reveal;
pub mod price_calculator;
mod scripted;
pub mod toast;

pub use auto_refresh::AutoRefresh;
pub use copy_button::CopyButton;
pub use number_stepper::NumberStepper;
pub use passkey_button::{PasskeyButton, PasskeyWords};
pub use password_reveal::PasswordReveal;
pub use price_calculator::{PriceCalculator, PriceTerms, SeatSentence};
pub use scripted::scripted;
pub use toast::Toast;
