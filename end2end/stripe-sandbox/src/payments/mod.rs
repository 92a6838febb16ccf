//! How money comes in: cards and what they do, payment intents, charges, and bank transfers by way of the customer's
//! cash balance.

mod bank;
mod cards;
pub(crate) mod cash;
mod charge;
pub(crate) mod debit;
mod intents;
pub(crate) mod transfer;

pub(crate) use cards::{
    Behaviour, attach, behaviour_of, card_by_number, card_by_token, decline_of, no_details, resolve, transfer_method,
};
pub(crate) use intents::{Attempt, cancel, confirm, fail, intent_for_invoice, new_intent, pay_invoice, succeed};
