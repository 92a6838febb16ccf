//! The pages and their addresses. Who may open which is decided before rendering, by [`access`].

use http::{HeaderName, HeaderValue, header};
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use leptos_meta::provide_meta_context;
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{ParamSegment, StaticSegment};

use crate::pages;
use crate::request::Visit;
use crate::shell::{Head, shell};

/// Who may open a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Anyone,
    /// Whoever is signed in; others are sent to log in and come back.
    SignedIn,
    /// Whoever is signed in and acts for an account; others are sent to name their company first.
    Account,
    /// The vendor's staff; for others the page does not exist.
    Staff,
}

/// Who may open the page at `path`. Only these prefixes are public; a new page is closed until it says
/// otherwise.
#[must_use]
pub fn access(path: &str) -> Access {
    if path == crate::api::key_recovery::RECOVER || path == crate::api::vouchers::REDEEM {
        return Access::Anyone;
    }
    if path == crate::api::tokens::ACCOUNT_TOKENS || path == crate::api::partners::PARTNERS {
        return Access::Account;
    }
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match first {
        "" | "sign-up" | "log-in" | "forgot-password" | "reset-password" | "verify-email" | "not-done" | "docs"
        | "factor-reset" | "join" | "not-me" => Access::Anyone,
        // What belongs to the account, unlike the rest below it, which is the person's own.
        "account"
            if ["/account/audit", crate::api::deletion::CLOSE, "/account/export/company", "/account/members"]
                .iter()
                .any(|own| path.starts_with(own)) =>
        {
            Access::Account
        }
        "company" | "account" | "confirm" => Access::SignedIn,
        "staff" => Access::Staff,
        _ => Access::Account,
    }
}

/// The whole document of a page.
pub fn document() -> impl IntoView {
    let visit = Visit::here();
    answer_headers(&visit);
    let head = Head {
        lang: "en".to_owned(),
        stylesheet: pages::frame::stylesheet(&visit.state.leptos),
        brand_stylesheet: Some(pages::frame::brand_stylesheet(&visit.vendor)),
        icon: "/favicon.svg".to_owned(),
        options: visit.state.leptos.clone(),
    };
    shell(head, App())
}

/// Headers that only the page can know: the policy names its script nonce and where its forms may lead.
fn answer_headers(visit: &Visit) {
    let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
    let options: ResponseOptions = expect_context();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; connect-src 'self'; font-src 'self'; form-action 'self' {}; frame-ancestors 'none'; \
         base-uri 'none'",
        visit.state.checkout_origin
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
    options.insert_header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    options
        .insert_header(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
}

/// All pages.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Router>
            <FlatRoutes fallback=pages::errors::not_found>
                <Route path=StaticSegment("") view=pages::price_list::page />
                <Route path=StaticSegment("sign-up") view=pages::sign_up::page />
                <Route path=StaticSegment("log-in") view=pages::log_in::page />
                <Route path=(StaticSegment("log-in"), StaticSegment("code")) view=pages::log_in_code::page />
                <Route path=(StaticSegment("log-in"), StaticSegment("link")) view=pages::log_in_link::page />
                <Route path=(StaticSegment("log-in"), StaticSegment("by-link")) view=pages::log_in_by_link::page />
                <Route path=StaticSegment("forgot-password") view=pages::forgot_password::page />
                <Route path=StaticSegment("reset-password") view=pages::reset_password::page />
                <Route path=StaticSegment("verify-email") view=pages::verify_email::page />
                <Route path=StaticSegment("not-done") view=pages::not_done::page />
                <Route path=StaticSegment("not-me") view=pages::not_me::page />
                <Route path=StaticSegment("factor-reset") view=pages::factor_reset::page />
                <Route path=StaticSegment("join") view=pages::join::page />
                <Route path=StaticSegment("company") view=pages::company::page />
                <Route path=StaticSegment("confirm") view=pages::confirm::page />
                <Route path=StaticSegment("account") view=pages::account::page />
                <Route path=(StaticSegment("account"), StaticSegment("members")) view=pages::members::page />
                <Route path=(StaticSegment("account"), StaticSegment("members"), ParamSegment("id")) view=pages::member::page />
                <Route path=(StaticSegment("account"), StaticSegment("passkeys")) view=pages::passkeys::page />
                <Route path=(StaticSegment("account"), StaticSegment("passkeys"), StaticSegment("new")) view=pages::passkey_new::page />
                <Route path=(StaticSegment("account"), StaticSegment("second-factor")) view=pages::second_factor::page />
                <Route path=(StaticSegment("account"), StaticSegment("close")) view=pages::account_close::page />
                <Route path=(StaticSegment("account"), StaticSegment("delete")) view=pages::account_delete::page />
                <Route path=(StaticSegment("account"), StaticSegment("email")) view=pages::account_email::page />
                <Route path=(StaticSegment("account"), StaticSegment("email"), StaticSegment("confirm")) view=pages::account_email_confirm::page />
                <Route path=(StaticSegment("account"), StaticSegment("audit")) view=pages::account_audit::page />
                <Route path=(StaticSegment("account"), StaticSegment("partners")) view=pages::account_partners::page />
                <Route path=(StaticSegment("account"), StaticSegment("export")) view=pages::account_export::page />
                <Route path=(StaticSegment("account"), StaticSegment("tokens")) view=pages::account_tokens::page />
                <Route path=StaticSegment("buy") view=pages::buy::page />
                <Route path=StaticSegment("claim") view=pages::claim::page />
                <Route path=(StaticSegment("claim"), ParamSegment("code")) view=pages::claim::page />
                <Route path=(StaticSegment("orders"), ParamSegment("id")) view=pages::order::page />
                <Route path=StaticSegment("messages") view=pages::messages::page />
                <Route path=(StaticSegment("messages"), StaticSegment("new")) view=pages::message_new::page />
                <Route path=(StaticSegment("messages"), ParamSegment("id")) view=pages::message_thread::page />
                <Route path=StaticSegment("feedback") view=pages::feedback::page />
                <Route path=StaticSegment("overview") view=pages::overview::page />
                <Route path=(StaticSegment("partner"), StaticSegment("clients")) view=pages::partner_clients::page />
                <Route path=(StaticSegment("partner"), StaticSegment("clients"), StaticSegment("new")) view=pages::partner_client_new::page />
                <Route path=(StaticSegment("partner"), StaticSegment("clients"), ParamSegment("id")) view=pages::partner_client::page />
                <Route path=(StaticSegment("partner"), StaticSegment("clients"), ParamSegment("id"), StaticSegment("licenses"), ParamSegment("license_id")) view=pages::partner_client_license::page />
                <Route path=(StaticSegment("partner"), StaticSegment("clients"), ParamSegment("id"), StaticSegment("licenses"), ParamSegment("license_id"), StaticSegment("seats")) view=pages::partner_client_seats::page />
                <Route path=(StaticSegment("partner"), StaticSegment("clients"), ParamSegment("id"), StaticSegment("licenses"), ParamSegment("license_id"), StaticSegment("updates")) view=pages::partner_client_updates::page />
                <Route path=(StaticSegment("partner"), StaticSegment("codes")) view=pages::partner_codes::page />
                <Route path=(StaticSegment("partner"), StaticSegment("codes"), ParamSegment("campaign_id")) view=pages::partner_codes_campaign::page />
                <Route path=(StaticSegment("partner"), StaticSegment("commissions")) view=pages::partner_commissions::page />
                <Route path=(StaticSegment("partner"), StaticSegment("commissions"), ParamSegment("month")) view=pages::partner_commissions_month::page />
                <Route path=(StaticSegment("partner"), StaticSegment("renewals")) view=pages::partner_renewals::page />
                <Route path=(StaticSegment("partner"), StaticSegment("vouchers")) view=pages::partner_vouchers::page />
                <Route path=(StaticSegment("partner"), StaticSegment("vouchers"), StaticSegment("new")) view=pages::partner_vouchers_new::page />
                <Route path=(StaticSegment("partner"), StaticSegment("vouchers"), ParamSegment("batch")) view=pages::partner_voucher_batch::page />
                <Route path=(StaticSegment("partner"), StaticSegment("vouchers"), ParamSegment("batch"), ParamSegment("voucher")) view=pages::partner_voucher::page />
                <Route path=StaticSegment("redeem") view=pages::redeem::page />
                <Route path=(StaticSegment("redeem"), ParamSegment("voucher")) view=pages::redeemed::page />
                <Route path=(StaticSegment("relations"), ParamSegment("id")) view=pages::relation::page />
                <Route path=(StaticSegment("docs"), StaticSegment("api")) view=pages::docs_api::page />
                <Route path=StaticSegment("staff") view=pages::staff::page />
                <Route path=(StaticSegment("staff"), StaticSegment("customers")) view=pages::staff_customers::page />
                <Route path=(StaticSegment("staff"), StaticSegment("customers"), ParamSegment("id")) view=pages::staff_customer::page />
                <Route path=(StaticSegment("staff"), StaticSegment("customers"), ParamSegment("id"), StaticSegment("partner")) view=pages::staff_partner::page />
                <Route path=(StaticSegment("staff"), StaticSegment("search")) view=pages::staff_search::page />
                <Route path=(StaticSegment("staff"), StaticSegment("licenses"), StaticSegment("new")) view=pages::staff_license_new::page />
                <Route path=(StaticSegment("staff"), StaticSegment("activity")) view=pages::staff_activity::page />
                <Route path=(StaticSegment("staff"), StaticSegment("audit")) view=pages::staff_audit::page />
                <Route path=(StaticSegment("staff"), StaticSegment("campaigns")) view=pages::staff_campaigns::page />
                <Route path=(StaticSegment("staff"), StaticSegment("campaigns"), StaticSegment("new")) view=pages::staff_new_campaign::page />
                <Route path=(StaticSegment("staff"), StaticSegment("campaigns"), ParamSegment("id")) view=pages::staff_campaign::page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog")) view=pages::staff_catalog::page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog"), StaticSegment("preview")) view=pages::staff_catalog_preview::page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog"), StaticSegment("upload")) view=pages::staff_catalog_upload::page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog"), StaticSegment("plans"), StaticSegment("new")) view=pages::staff_plan_edit::new_page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog"), StaticSegment("plans"), ParamSegment("id"), StaticSegment("edit")) view=pages::staff_plan_edit::page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog"), StaticSegment("plans"), ParamSegment("id"), StaticSegment("prices")) view=pages::staff_plan_prices::page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog"), StaticSegment("plans"), ParamSegment("id"), StaticSegment("addon")) view=pages::staff_option_edit::addon_page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog"), StaticSegment("plans"), ParamSegment("id"), StaticSegment("pack")) view=pages::staff_option_edit::pack_page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog"), StaticSegment("plans"), ParamSegment("id")) view=pages::staff_catalog_plan::page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog"), StaticSegment("products"), StaticSegment("new")) view=pages::staff_product_edit::new_page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog"), StaticSegment("products"), ParamSegment("id"), StaticSegment("edit")) view=pages::staff_product_edit::page />
                <Route path=(StaticSegment("staff"), StaticSegment("catalog"), StaticSegment("products"), ParamSegment("id")) view=pages::staff_catalog_product::page />
                <Route path=(StaticSegment("staff"), StaticSegment("licenses")) view=pages::staff_licenses::page />
                <Route path=(StaticSegment("staff"), StaticSegment("licenses"), ParamSegment("id")) view=pages::staff_license::page />
                <Route path=(StaticSegment("staff"), StaticSegment("instances")) view=pages::staff_instances::page />
                <Route path=(StaticSegment("staff"), StaticSegment("denials")) view=pages::staff_denials::page />
                <Route path=(StaticSegment("staff"), StaticSegment("failed"), StaticSegment("jobs")) view=pages::staff_failed_jobs::page />
                <Route path=(StaticSegment("staff"), StaticSegment("sign-ups")) view=pages::staff_sign_ups::page />
                <Route path=(StaticSegment("staff"), StaticSegment("orders")) view=pages::staff_orders::page />
                <Route path=(StaticSegment("staff"), StaticSegment("orders"), ParamSegment("id")) view=pages::staff_order::page />
                <Route path=(StaticSegment("staff"), StaticSegment("refunds")) view=pages::staff_refunds::page />
                <Route path=(StaticSegment("staff"), StaticSegment("subscriptions")) view=pages::staff_subscriptions::page />
                <Route path=(StaticSegment("staff"), StaticSegment("partners")) view=pages::staff_partners::page />
                <Route path=(StaticSegment("staff"), StaticSegment("payments")) view=pages::staff_payments::page />
                <Route path=(StaticSegment("staff"), StaticSegment("invoices")) view=pages::staff_invoices::page />
                <Route path=(StaticSegment("staff"), StaticSegment("invoices"), ParamSegment("id")) view=pages::staff_invoice::page />
                <Route path=(StaticSegment("staff"), StaticSegment("events")) view=pages::staff_events::page />
                <Route path=(StaticSegment("staff"), StaticSegment("events"), ParamSegment("id")) view=pages::staff_event::page />
                <Route path=(StaticSegment("staff"), StaticSegment("messages")) view=pages::staff_messages::page />
                <Route path=(StaticSegment("staff"), StaticSegment("messages"), ParamSegment("id")) view=pages::staff_message::page />
                <Route path=(StaticSegment("staff"), StaticSegment("feedback")) view=pages::staff_feedback::page />
                <Route path=(StaticSegment("staff"), StaticSegment("failed")) view=pages::staff_failed::page />
                <Route path=(StaticSegment("staff"), StaticSegment("mails")) view=pages::staff_mails::page />
                <Route path=(StaticSegment("staff"), StaticSegment("mails"), ParamSegment("id")) view=pages::staff_mail::page />
                <Route path=(StaticSegment("staff"), StaticSegment("settings")) view=pages::staff_settings::page />
                <Route path=(StaticSegment("staff"), StaticSegment("tax")) view=pages::staff_tax::page />
                <Route path=(StaticSegment("staff"), StaticSegment("ledger")) view=pages::staff_ledger::page />
                <Route path=(StaticSegment("staff"), StaticSegment("signing-keys")) view=pages::staff_signing_keys::page />
                <Route path=(StaticSegment("staff"), StaticSegment("people")) view=pages::staff_people::page />
                <Route path=(StaticSegment("staff"), StaticSegment("people"), ParamSegment("id")) view=pages::staff_colleague::page />
                <Route path=(StaticSegment("staff"), StaticSegment("second-factors"), ParamSegment("id")) view=pages::staff_second_factor::page />
                <Route path=(StaticSegment("staff"), StaticSegment("tokens")) view=pages::staff_tokens::page />
                <Route path=StaticSegment("licenses") view=pages::licenses::page />
                <Route path=(StaticSegment("licenses"), StaticSegment("recover")) view=pages::recover::page />
                <Route path=(StaticSegment("licenses"), ParamSegment("id")) view=pages::license::page />
                <Route path=(StaticSegment("licenses"), ParamSegment("id"), StaticSegment("instances"), ParamSegment("instance")) view=pages::instance::page />
                <Route path=(StaticSegment("licenses"), ParamSegment("id"), StaticSegment("change")) view=pages::change::page />
                <Route path=(StaticSegment("licenses"), ParamSegment("id"), StaticSegment("cancel")) view=pages::cancel::page />
                <Route path=(StaticSegment("licenses"), ParamSegment("id"), StaticSegment("card")) view=pages::card::page />
                <Route path=(StaticSegment("licenses"), ParamSegment("id"), StaticSegment("continue")) view=pages::continue_license::page />
                <Route path=(StaticSegment("licenses"), ParamSegment("id"), StaticSegment("for-ever")) view=pages::for_ever::page />
                <Route path=(StaticSegment("licenses"), ParamSegment("id"), StaticSegment("hand-over")) view=pages::hand_over::page />
                <Route path=(StaticSegment("handovers"), ParamSegment("id")) view=pages::handover::page />
                <Route path=(StaticSegment("licenses"), ParamSegment("id"), StaticSegment("seats")) view=pages::further_seats::page />
                <Route path=(StaticSegment("licenses"), ParamSegment("id"), StaticSegment("updates")) view=pages::updates::page />
                <Route path=StaticSegment("invoices") view=pages::invoices::page />
                <Route path=(StaticSegment("invoices"), ParamSegment("invoice_id"), StaticSegment("transfer")) view=pages::transfer::page />
            </FlatRoutes>
        </Router>
    }
}
