//! One file per screen, named like its address. A page loads through `backend`, puts sentences from
//! `backend::text` into components, and decides nothing.

pub mod account;
mod account_acting;
pub mod account_audit;
pub mod account_close;
pub mod account_delete;
pub mod account_email;
pub mod account_email_confirm;
pub mod account_export;
mod account_factor_reset;
pub mod account_partners;
pub mod account_tokens;
mod additions;
mod addons;
pub mod audit_log;
pub mod buy;
mod buy_client;
mod campaign_cards;
pub mod cancel;
pub mod card;
pub mod change;
pub mod claim;
mod client_additions;
pub mod company;
pub mod confirm;
mod contact;
pub mod continue_license;
pub mod docs_api;
pub mod errors;
pub mod factor_reset;
pub mod feedback;
mod feedback_consent;
pub mod for_ever;
pub mod forgot_password;
pub mod frame;
pub mod further_seats;
pub mod hand_over;
pub mod handover;
pub mod instance;
mod invitations;
pub mod invoices;
pub mod join;
pub mod license;
mod license_filter;
pub mod licenses;
pub mod log_in;
pub mod log_in_by_link;
pub mod log_in_code;
pub mod log_in_link;
mod mailed_link;
pub mod member;
pub mod members;
pub mod message_new;
pub mod message_thread;
pub mod messages;
pub mod not_done;
pub mod not_me;
pub mod order;
pub mod overview;
mod own_license;
mod packs;
pub mod partner_client;
pub mod partner_client_license;
pub mod partner_client_new;
pub mod partner_client_seats;
pub mod partner_client_updates;
pub mod partner_clients;
pub mod partner_codes;
pub mod partner_codes_campaign;
pub mod partner_commissions;
pub mod partner_commissions_month;
pub mod partner_renewals;
mod partner_tabs;
pub mod partner_voucher;
pub mod partner_voucher_batch;
pub mod partner_vouchers;
pub mod partner_vouchers_new;
pub mod passkey_new;
mod passkey_use;
pub mod passkeys;
pub mod price_list;
pub mod recover;
pub mod redeem;
pub mod redeemed;
pub mod relation;
pub mod reset_password;
pub mod second_factor;
pub mod sign_up;
pub mod staff;
mod staff_acting;
pub mod staff_activity;
pub mod staff_audit;
pub mod staff_campaign;
pub mod staff_campaigns;
pub mod staff_catalog;
mod staff_catalog_edit;
pub mod staff_catalog_plan;
pub mod staff_catalog_preview;
pub mod staff_catalog_product;
pub mod staff_catalog_upload;
pub mod staff_colleague;
pub mod staff_customer;
pub mod staff_customers;
pub mod staff_denials;
pub mod staff_event;
pub mod staff_events;
pub mod staff_failed;
pub mod staff_failed_jobs;
pub mod staff_feedback;
mod staff_first_owner;
mod staff_handover;
pub mod staff_instances;
pub mod staff_invoice;
mod staff_invoice_vouchers;
pub mod staff_invoices;
pub mod staff_ledger;
pub mod staff_license;
pub mod staff_license_new;
pub mod staff_licenses;
mod staff_list;
pub mod staff_mail;
pub mod staff_mails;
pub mod staff_message;
pub mod staff_messages;
pub mod staff_new_campaign;
mod staff_numbers;
pub mod staff_option_edit;
pub mod staff_order;
pub mod staff_orders;
pub mod staff_partner;
mod staff_partner_sales;
pub mod staff_partners;
pub mod staff_payments;
mod staff_payouts;
pub mod staff_people;
pub mod staff_plan_edit;
mod staff_plan_fields;
pub mod staff_plan_prices;
pub mod staff_plan_version;
pub mod staff_product_edit;
pub mod staff_refunds;
pub mod staff_search;
pub mod staff_second_factor;
pub mod staff_settings;
mod staff_settings_forms;
pub mod staff_sign_ups;
pub mod staff_signing_keys;
pub mod staff_subscriptions;
pub mod staff_tax;
mod staff_term;
pub mod staff_tokens;
mod tax_note;
mod thread;
mod token_list;
pub mod transfer;
mod unfinished;
pub mod updates;
pub mod verify_banner;
pub mod verify_email;

use std::future::Future;

use backend::accounts::{Account, StaffAct, StaffRole, staff_may};
use backend::db::DbError;
use leptos::prelude::*;

use crate::layout::Layout;
use crate::request::Visit;

/// A page's title and body.
pub struct Page {
    /// Title of the window.
    pub title: String,
    /// Everything below the header.
    pub body: AnyView,
}

impl Page {
    /// A page.
    pub fn new(title: impl Into<String>, body: impl IntoAny) -> Self {
        Self { title: title.into(), body: body.into_any() }
    }
}

/// Why there is no page.
#[derive(Debug)]
pub enum NoPage {
    /// Nothing is here, or not for whoever asks: the two look the same.
    NotFound,
    /// It is there, but belongs to another account of the person than the one that is acted for.
    OtherAccount(Box<Account>),
    /// Something failed; the person is told the request id, the log the rest.
    Failed(String),
}

impl From<DbError> for NoPage {
    fn from(error: DbError) -> Self {
        Self::Failed(error.to_string())
    }
}

/// The role of the vendor's staff that looks; nobody else gets a page. The guard has asked already; a page must not rely
/// on it alone.
fn staff_role(visit: &Visit) -> Result<StaffRole, NoPage> {
    let role = visit.viewer.as_ref().and_then(|viewer| viewer.staff);
    role.filter(|role| staff_may(*role, StaffAct::See)).ok_or(NoPage::NotFound)
}

/// Renders what `load` answers inside the frame, or the error page with its status.
pub fn render<L>(load: L) -> impl IntoView
where
    L: Future<Output = Result<Page, NoPage>> + Send + 'static,
{
    Suspend::new(async move {
        let page = match load.await {
            Ok(page) => page,
            Err(why) => errors::page_for(why),
        };
        let frame = frame::frame().await;
        view! {
            <Layout frame=frame title=page.title>
                {page.body}
            </Layout>
        }
    })
}
