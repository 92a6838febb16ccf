//! The parts that pages are made of: data in, markup out.
//!
//! Conventions, the same in every file:
//! * No sentence is written here. Whatever people read or hear comes as a prop, already in their language.
//! * `#[prop(into)] String` takes `&str` or `String`; a text that may be absent is [`Words`] and may be left
//!   out, or be an `Option` of either. Ids and HTML tokens may be left out as well.
//! * Markup follows `style/components/`, which is named by the same words. No `style` attributes: the content security
//!   policy forbids them.
//! * Nothing here needs a script. Islands that a component uses show the same without one.

mod badge;
mod breadcrumb;
mod button;
mod card;
mod choices;
mod date;
mod dialog;
mod empty_state;
mod facts;
mod field;
mod form;
mod key_box;
mod meter;
mod money;
mod notice;
mod pack_field;
mod page_head;
mod pagination;
mod plan_card;
mod qr_code;
mod segmented;
mod snippet;
mod stepper;
mod steps;
mod table;
mod timeline;
mod words;

pub use badge::*;
pub use breadcrumb::*;
pub use button::*;
pub use card::*;
pub use choices::*;
pub use date::*;
pub use dialog::*;
pub use empty_state::*;
pub use facts::*;
pub use field::*;
pub use form::*;
pub use key_box::*;
pub use meter::*;
pub use money::*;
pub use notice::*;
pub use pack_field::*;
pub use page_head::*;
pub use pagination::*;
pub use plan_card::*;
pub use qr_code::*;
pub use segmented::*;
pub use snippet::*;
pub use stepper::*;
pub use steps::*;
pub use table::*;
pub use timeline::*;
pub use words::*;
