//! What a form or path of each address needs to name.

use super::Objects;

impl Objects {
    /// The path with its parameters filled in.
    pub(in super::super) fn fill(&self, path: &str) -> String {
        let id = match path.split('/').nth(if path.starts_with("/staff/") { 2 } else { 1 }) {
            Some("account") => &self.member,
            Some("people" | "second-factors") => &self.colleague,
            Some("licenses") => &self.license,
            Some("orders") => &self.order,
            Some("events") => &self.event,
            Some("customers") => &self.account,
            Some("handovers") => &self.handover,
            Some("campaigns") => &self.campaign,
            Some("catalog") if path.contains("/products/") => &self.product,
            Some("catalog") => &self.plan,
            Some("mails") => &self.job,
            Some("messages") => &self.conversation,
            Some("partner" | "relations") => &self.relation,
            _ => &self.invoice,
        };
        let query = match path {
            "/staff/catalog/plans/new" => format!("?product={}", self.product),
            _ if path.contains("/year.") => "?year=2026".to_owned(),
            _ => String::new(),
        };
        path.replace("{instance}", &self.instance)
            .replace("{batch}", &self.batch)
            .replace("{voucher}", &self.voucher)
            .replace("{code}", &self.claim)
            .replace("{order_id}", &self.order)
            .replace("{invoice_id}", &self.invoice)
            .replace("{subject_id}", &self.invoice)
            .replace("{document}", "invoice.pdf")
            .replace("{file}", "nothing.css")
            .replace("{vendor}", "nordwind")
            .replace("{license_id}", &self.license)
            .replace("{campaign_id}", &self.campaign)
            .replace("{month}", "2026-11")
            .replace("{instance_id}", &self.instance)
            .replace("{product}", "iot-platform")
            .replace("{id}", id)
            + &query
    }

    /// What is named apart from the rest: a former partner's relation and campaign that were, the own account of whoever
    /// invites or makes a client or buys vouchers, the client whose account nobody has taken over where it is about those,
    /// and the partner's campaign where it is about those of partners. What is another vendor's stays so.
    pub(super) fn named_by(mut self, column: &str, path: &str) -> Self {
        let is_own = self.relation == "rln_own";
        let of_partner = ["/act/invite-client", "/act/create-client", "/act/buy-vouchers"].contains(&path);
        if is_own && of_partner && ["partner", "client", "former_partner"].contains(&column) {
            self.account = format!("acc_{column}");
        }
        if is_own && (path.starts_with("/partner/codes") || path.contains("-own-code")) {
            let owner = if column == "former_partner" { column } else { "partner" };
            (self.campaign, self.promotion_code) = (format!("cmp_{owner}"), format!("pco_{owner}"));
        }
        if is_own && path == "/act/ask-client-again" {
            self.relation = "rln_made".to_owned();
        }
        if is_own && column == "former_partner" {
            self.relation = "rln_former_partner".to_owned();
        }
        self
    }

    /// What is sent to this form: for an order, a claim's code would be a promotion code that nobody knows; the vendor
    /// revokes a token of its own.
    pub(super) fn form_for(&self, path: &str) -> String {
        let form = self.form();
        match path {
            "/act/publish-plan" | "/act/retire-plan" => form.replace("pln_none", &self.plan),
            "/act/publish-release" => form.replace("&version=1", "&version=9.9.9"),
            "/act/place-order" => form.replace(&format!("code={}&", self.claim), ""),
            "/act/revoke-vendor-token" => form.replace(&self.token, &self.vendor_token),
            _ => form,
        }
    }

    /// Every value that some form needs; what a form does not know it passes over.
    pub(in super::super) fn form(&self) -> String {
        self.form_with(&[])
    }

    /// The same with these in addition.
    pub(in super::super) fn form_with(&self, more: &[(&str, &str)]) -> String {
        let mut values = vec![
            ("license_id", self.license.as_str()),
            ("instance_id", &self.instance),
            ("invoice_id", &self.invoice),
            ("order_id", &self.order),
            ("event_id", &self.event),
            ("job_id", &self.job),
            ("mail_id", &self.job),
            ("campaign_id", &self.campaign),
            ("code_id", &self.promotion_code),
            ("code", &self.claim),
            ("plan_id", "pln_none"),
            ("product_id", &self.product),
            ("session_id", "none"),
            ("kid", &self.kid),
            ("account_id", &self.account),
            ("user_id", &self.member),
            ("role", "viewer"),
            ("becomes", "billing"),
            ("colleague_id", &self.colleague),
            ("staff_role", "support"),
            ("invitation_id", &self.invitation),
            ("handover_id", &self.handover),
            ("token_id", &self.token),
            ("days", "90"),
            ("licenses_read", "true"),
            ("plan", "startup"),
            ("interval", "month"),
            ("seats", "1"),
            ("more", "1"),
            ("years", "1"),
            ("currency", "usd"),
            ("agreed_minor", "1"),
            ("rest_minor", "1"),
            ("reckoned_at", "1"),
            ("amount", "1"),
            ("settlement", "refund"),
            ("credited_before", "0"),
            ("decision", "keep_running"),
            ("reason", "because"),
            ("memo", "because"),
            ("name", "x"),
            ("email", "x@example.com"),
            ("token", "none"),
            ("password", "x"),
            ("old_password", "x"),
            ("current_password", "x"),
            ("new_password", "x"),
            ("company", "x"),
            ("country", "DE"),
            ("line1", "x"),
            ("city", "x"),
            ("postal_code", "x"),
            ("billing_email", "x@example.com"),
            ("limits", ""),
            ("kind", "percent"),
            ("percent", "10"),
            ("duration", "once"),
            ("count", "1"),
            ("features", ""),
            ("conversation_id", &self.conversation),
            ("relation_id", &self.relation),
            ("commission", "20"),
            ("paid_on", "2026-11-20"),
            ("reference", "x"),
            ("discount", "10"),
            ("days_until_due", "30"),
            ("passkey_id", &self.passkey),
            ("acting_id", &self.acting),
            ("voucher_id", &self.voucher),
            ("agreed_discount_minor", "0"),
            ("note", "x"),
            ("about", &self.license),
            ("subject", "x"),
            ("text", "x"),
            ("seen", "1"),
            ("version", "1"),
            ("to", "me"),
            ("score", "9"),
            ("edited_plan_id", &self.plan),
            ("edited_product_id", &self.product),
        ];
        values.extend(more);
        serde_urlencoded::to_string(values).expect("a form")
    }
}

pub(super) fn claim() -> serde_json::Value {
    serde_json::json!({ "product": "iot-platform", "version": "4.2.1", "identity": { "kind": "instance", "id": "node-c" },
                        "nonce": "another_nonce_of_24_char" })
}
