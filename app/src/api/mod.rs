//! Server functions, thin: parse, call `backend`, answer.
//!
//! [`licensing`] is the API that product instances speak; the rest are the portal's forms, which work
//! without JavaScript: a form posts, the function acts and redirects; what was refused goes back to the
//! page with what was typed (see [`form`]). Each function checks its own authority.

#![expect(missing_docs, reason = "the server macro makes public fields of arguments, which it documents nowhere")]

pub mod accounts;
pub mod acting;
pub mod acting_staff;
pub mod billing;
pub mod campaigns;
pub mod cards;
pub mod catalog_forms;
pub mod claims;
pub mod client_additions;
pub mod continuing;
pub mod conversion;
pub mod deletion;
pub mod description;
pub mod email_change;
pub mod entered_voucher;
pub mod entrance;
pub mod error;
pub mod factor_resets;
pub mod feedback;
pub mod form;
pub mod handovers;
pub mod instances;
pub mod invitations;
pub mod joining;
pub mod key_recovery;
pub mod licenses;
pub mod licensing;
pub mod limits;
pub mod maintenance;
pub mod management;
pub mod members;
pub mod messages;
pub mod new_clients;
pub mod next;
pub mod orders;
pub mod partner_codes;
pub mod partners;
pub mod passkeys;
pub mod payouts;
pub mod perpetual;
pub mod plan_versions;
pub mod refusal;
pub mod second_factor;
pub mod sign_in;
pub mod sign_in_link;
pub mod staff;
pub mod staff_catalog;
pub mod staff_first_owner;
pub mod staff_issue;
pub mod staff_licenses;
pub mod staff_mails;
pub mod staff_messages;
pub mod staff_money;
pub mod staff_people;
pub mod staff_settings;
pub mod staff_tax;
pub mod staff_vouchers;
pub mod step_up;
pub mod tokens;
pub mod vouchers;
