//! Rows that are there before anybody asks: people of every role, and one of each thing, here and at another vendor.

use backend::invoices::Parties;
use sqlx::SqliteConnection;

use super::Objects;

/// People of every kind, and rows of what cannot be made without Stripe.
pub(super) async fn populate(raw: &mut SqliteConnection, own: &Objects, vendor: &str) -> anyhow::Result<()> {
    let people = [
        ("owner", Some("owner"), None),
        ("billing", Some("billing"), None),
        ("technical", Some("technical"), None),
        ("viewer", Some("viewer"), None),
        ("other_owner", None, None),
        ("newcomer", None, None),
        ("admin", None, Some("admin")),
        ("support", None, Some("support")),
        ("finance", None, Some("finance")),
        ("read_only", None, Some("read_only")),
        ("acting", None, Some("support")),
    ];
    for (name, role, staff) in people {
        sqlx::query(
            "INSERT INTO users (id, vendor_id, email, email_key, password_hash, staff_role, password_set_at, created_at)
             SELECT 'usr_' || $1, vendor_id, $1 || '@people.test', $1 || '@people.test', password_hash, $2, 1, 1
             FROM users WHERE email_key = 'other@example.com'",
        )
        .bind(name)
        .bind(staff)
        .execute(&mut *raw)
        .await?;
        if let Some(role) = role {
            sqlx::query(
                "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at)
                 SELECT vendor_id, account_id, 'usr_' || $1, $2, 1 FROM licenses WHERE id = $3",
            )
            .bind(name)
            .bind(role)
            .bind(&own.license)
            .execute(&mut *raw)
            .await?;
        }
    }
    let others = "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at)
                  SELECT m.vendor_id, m.account_id, 'usr_other_owner', 'owner', 1 FROM memberships m
                  JOIN users u ON u.id = m.user_id WHERE u.email_key = 'other@example.com'";
    sqlx::query(others).execute(&mut *raw).await?;
    partners(raw, own).await?;
    // The same id in another vendor's realm: its people, customer, license and instance are copies of ours.
    for sql in [
        "INSERT INTO users (id, vendor_id, email, email_key, password_hash, staff_role, password_set_at, created_at)
         SELECT 'usr_foreign_admin', (SELECT id FROM vendors WHERE id <> $1), email, email_key, password_hash, 'admin', 1, 1
         FROM users WHERE id = 'usr_admin'",
        "INSERT INTO invoices (id, vendor_id, account_id, license_id, stripe_invoice_id, number, status, currency,
             subtotal_minor, discount_minor, tax_minor, total_minor, paid_minor, due_minor, taxes, billing_reason, parties,
             issued_at, created_at)
         SELECT 'inv_own', vendor_id, account_id, id, 'in_own', 'A-1', 'open', 'usd', 100, 0, 0, 100, 0, 100, '[]', 'manual',
             '{}', 1, 1 FROM licenses WHERE vendor_id = $1 AND id LIKE 'lic_%' LIMIT 1",
        "INSERT INTO orders (id, vendor_id, account_id, user_id, kind, plan_id, license_id, billing_interval, seats, currency,
             amount_minor, status, payment, items, created_at)
         SELECT 'ord_own', vendor_id, account_id, 'usr_owner', 'subscription', plan_id, id, 'month', 1, 'usd', 100, 'open',
             'card', '[]', 1 FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO handovers (id, vendor_id, license_id, from_account_id, to_email, to_email_key, by_staff, status, asked_by,
             created_at, expires_at)
         SELECT 'hnd_own', vendor_id, id, account_id, 'other_owner@people.test', 'other_owner@people.test', TRUE, 'asked',
             'usr_support', 1, 4102444800000 FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO conversations (id, vendor_id, account_id, opened_by, subject, about_kind, about_id, status,
             message_count, created_at, last_at)
         SELECT 'con_own', vendor_id, account_id, 'usr_owner', 'x', 'license', id, 'open', 1, 1, 1
         FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO messages (id, vendor_id, conversation_id, place, author_id, is_staff, text, created_at)
         VALUES ('msg_own', $1, 'con_own', 1, 'usr_owner', FALSE, 'x', 1)",
        "INSERT INTO actings (id, vendor_id, staff_id, account_id, reason, started_at, ends_at)
         SELECT 'act_own', vendor_id, 'usr_support', account_id, 'a question', 1, 4102444800000
         FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO stripe_events (vendor_id, id, event_type, raw, status, received_at)
         VALUES ($1, 'evt_own', 'invoice.paid', '{}', 'failed', 1)",
        "INSERT INTO jobs (id, vendor_id, kind, queue_key, payload, status, run_at, created_at, finished_at)
         VALUES ('job_own', $1, 'mail.send', 'job_own', x'00', 'dead', 1, 1, 1)",
        "INSERT INTO subscriptions (id, vendor_id, account_id, license_id, stripe_subscription_id, stripe_status, plan_id,
             billing_interval, seats, currency, addons, packs, recurring_minor, period_start, period_end,
             cancel_at_period_end, updated_at)
         SELECT 'sub_own', vendor_id, account_id, id, 'sub_own', 'active', plan_id, 'month', seats, 'usd', '[]', '{}', 100,
             1767225600000, 1798761600000, FALSE, 1 FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO campaigns (id, vendor_id, name, percent_bp, duration, plan_ids, product_ids, first_purchase_only,
             starts_at, created_at)
         SELECT 'cmp_' || CASE id WHEN $1 THEN 'own' ELSE 'abroad' END, id, 'x', 1000, 'once', '[]', '[]', FALSE, 1, 1
         FROM vendors",
        "INSERT INTO promotion_codes (id, vendor_id, campaign_id, code, code_key, created_at)
         SELECT 'pco_' || substr(id, 5), vendor_id, id, 'OWN-CODE', 'OWN-CODE', 1 FROM campaigns WHERE $1 <> ''",
        "INSERT INTO campaigns (id, vendor_id, owner_account_id, name, percent_bp, duration, plan_ids, product_ids,
             first_purchase_only, starts_at, created_at)
         SELECT 'cmp_' || substr(account_id, 5), vendor_id, account_id, 'x', 1000, 'once', '[]', '[]', FALSE, 1, 1
         FROM partners WHERE vendor_id = $1",
        "INSERT INTO promotion_codes (id, vendor_id, campaign_id, code, code_key, created_at)
         SELECT 'pco_' || substr(id, 5), vendor_id, id, substr(id, 5), upper(substr(id, 5)), 1 FROM campaigns
         WHERE owner_account_id IS NOT NULL AND vendor_id = $1",
        "UPDATE signing_keys SET kid = 'kid_' || CASE vendor_id WHEN $1 THEN 'own' ELSE 'abroad' END WHERE status = 'next'",
        "INSERT INTO documents (id, vendor_id, account_id, subject_id, number, kind, content, sha256, issued_at, created_at)
         SELECT 'doc_own', vendor_id, account_id, 'inv_own', 'A-1', 'invoice', x'25504446', x'315d429b7714cedb6ad04ac31240145257692630457f3c88253c5beceac76027', 1767225600000, 1
         FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO invitations (id, vendor_id, account_id, role, email, email_key, token_hash, created_at, sent_at, expires_at)
         SELECT 'ivt_own', vendor_id, account_id, 'viewer', 'ivy@people.test', 'ivy@people.test', x'01', 1, 1, 1798761600000
         FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO invitations (id, vendor_id, role, email, email_key, token_hash, created_at, sent_at, expires_at)
         SELECT 'ivt_abroad', id, 'support', 'ivy@people.test', 'ivy@people.test', x'02', 1, 1, 1798761600000
         FROM vendors WHERE id <> $1",
        "INSERT INTO api_tokens (id, vendor_id, account_id, name, token_hash, hint, scopes, created_by, created_at, expires_at)
         SELECT 'tok_own', vendor_id, account_id, 'x', x'01', 'lh_x', '[\"licenses:read\"]', 'usr_owner', 1, 4102444800000
         FROM licenses WHERE vendor_id = $1 LIMIT 1",
        "INSERT INTO api_tokens (id, vendor_id, name, token_hash, hint, scopes, created_at, expires_at)
         VALUES ('tok_vendor', $1, 'x', x'02', 'lh_x', '[\"licenses:read\"]', 1, 4102444800000)",
        "INSERT INTO api_tokens (id, vendor_id, name, token_hash, hint, scopes, created_at, expires_at)
         SELECT 'tok_abroad', id, 'x', x'03', 'lh_x', '[\"licenses:read\"]', 1, 4102444800000 FROM vendors WHERE id <> $1",
        "INSERT INTO stripe_events (vendor_id, id, event_type, raw, status, received_at)
         SELECT id, 'evt_abroad', 'invoice.paid', '{}', 'failed', 1 FROM vendors WHERE id <> $1",
        "INSERT INTO jobs (id, vendor_id, kind, queue_key, payload, status, run_at, created_at, finished_at)
         SELECT 'job_abroad', id, 'mail.send', 'job_abroad', x'00', 'dead', 1, 1, 1 FROM vendors WHERE id <> $1",
        "INSERT INTO mails (id, vendor_id, recipient, recipient_key, subject, created_at)
         SELECT id, vendor_id, 'x@people.test', 'x@people.test', 'x', 1 FROM jobs WHERE id IN ('job_own', 'job_abroad')
             AND $1 <> ''",
        "INSERT INTO passkeys (id, vendor_id, user_id, credential_id, public_key, sign_count, backed_up, name, created_at)
         SELECT 'psk_' || CASE vendor_id WHEN $1 THEN 'own' ELSE 'abroad' END, vendor_id, id, x'01', x'01', 0, FALSE, 'x', 1
         FROM users WHERE id IN ('usr_owner', 'usr_foreign_admin')",
    ] {
        sqlx::query(sql).bind(vendor).execute(&mut *raw).await?;
    }
    let parties = serde_json::to_string(&Parties::default())?;
    sqlx::query("UPDATE invoices SET parties = $1 WHERE parties = '{}'").bind(parties).execute(&mut *raw).await?;
    let transfer = "INSERT INTO transfers (vendor_id, stripe_invoice_id, account_id, stripe_customer_id, pays_to, currency,
                        total_minor, arrived_minor, due_at, pays_for, status, created_at)
                    SELECT vendor_id, stripe_invoice_id, account_id, 'cus_own', '{}', 'usd', 100, 0, 1, 'renewal', 'awaited', 1
                    FROM invoices WHERE id = 'inv_own'";
    sqlx::query(transfer).execute(&mut *raw).await?;
    copy_abroad(raw, own, vendor).await
}

/// The partner of the account that has the license, another client of that partner, and a partner that it had before.
async fn partners(raw: &mut SqliteConnection, own: &Objects) -> anyhow::Result<()> {
    for (column, kind) in [("partner", "partner"), ("client", "customer"), ("former_partner", "customer")] {
        for sql in [
            "INSERT INTO users (id, vendor_id, email, email_key, password_hash, password_set_at, created_at)
             SELECT 'usr_' || $1, vendor_id, $1 || '@people.test', $1 || '@people.test', password_hash, 1, 1
             FROM users WHERE email_key = 'other@example.com' AND $2 <> ''",
            "INSERT INTO accounts (id, vendor_id, kind, company, country, address, billing_email, created_at)
             SELECT 'acc_' || $1, vendor_id, $2, $1, country, address, billing_email, 1
             FROM users JOIN accounts USING (vendor_id) WHERE email_key = 'other@example.com' LIMIT 1",
            "INSERT INTO memberships (vendor_id, account_id, user_id, role, created_at)
             SELECT vendor_id, id, 'usr_' || $1, 'owner', 1 FROM accounts WHERE id = 'acc_' || $1 AND $2 <> ''",
        ] {
            sqlx::query(sql).bind(column).bind(kind).execute(&mut *raw).await?;
        }
    }
    for sql in [
        "INSERT INTO partners (vendor_id, account_id, commission_bp, discount_bp, since, ended_at)
         SELECT vendor_id, id, 2000, 1000, 1, CASE kind WHEN 'partner' THEN NULL ELSE 2 END FROM accounts
         WHERE id IN ('acc_partner', 'acc_former_partner') AND $1 <> ''",
        "INSERT INTO client_relations (id, vendor_id, partner_id, client_id, company, email, email_key, status, created_at,
             expires_at, accepted_at)
         SELECT 'rln_own', vendor_id, 'acc_partner', id, 'x', 'owner@people.test', 'owner@people.test', 'active', 1, 2, 2
         FROM accounts WHERE id = $1",
        "INSERT INTO client_relations (id, vendor_id, partner_id, client_id, company, email, email_key, status, created_at,
             expires_at, accepted_at)
         SELECT 'rln_client', vendor_id, 'acc_partner', id, 'x', 'client@people.test', 'client@people.test', 'active', 1, 2, 2
         FROM accounts WHERE id = 'acc_client' AND $1 <> ''",
        "INSERT INTO accounts (id, vendor_id, kind, company, country, address, billing_email, created_at)
         SELECT 'acc_made', vendor_id, 'customer', 'made', country, address, 'made@people.test', 1 FROM accounts WHERE id = $1",
        "INSERT INTO client_relations (id, vendor_id, partner_id, client_id, company, email, email_key, status, created_at,
             expires_at)
         SELECT 'rln_made', vendor_id, 'acc_partner', id, 'x', 'made@people.test', 'made@people.test', 'active', 1, 2
         FROM accounts WHERE id = 'acc_made' AND $1 <> ''",
        "INSERT INTO client_relations (id, vendor_id, partner_id, client_id, company, email, email_key, status, created_at,
             expires_at, accepted_at, ended_at)
         SELECT 'rln_former_partner', vendor_id, 'acc_former_partner', id, 'x', 'owner@people.test', 'owner@people.test',
             'ended', 1, 2, 2, 3
         FROM accounts WHERE id = $1",
        "INSERT INTO orders (id, vendor_id, account_id, user_id, kind, plan_id, billing_interval, seats, currency,
             amount_minor, status, payment, items, created_at)
         SELECT 'ord_vouchers', vendor_id, 'acc_partner', 'usr_partner', 'vouchers', plan_id, 'month', 1, 'usd', 100,
             'paid', 'card', '[]', 1 FROM licenses WHERE account_id = $1 LIMIT 1",
        "INSERT INTO vouchers (id, vendor_id, order_id, partner_id, place, plan_id, plan_version, term, code_hash,
             code_sealed, code_hint, status, created_at, redeemed_at, account_id, license_id)
         SELECT 'vch_own', o.vendor_id, o.id, o.account_id, 1, o.plan_id, 1, 'month', x'01', x'00', 'VC-x', 'redeemed', 1, 2,
             l.account_id, l.id
         FROM orders o JOIN licenses l ON l.account_id = $1 WHERE o.id = 'ord_vouchers' LIMIT 1",
    ] {
        let done = sqlx::query(sql).bind(&own.account).execute(&mut *raw).await?;
        assert!(done.rows_affected() > 0, "{sql}");
    }
    Ok(())
}

/// Copies an account with what it has to the other vendor, under ids that end in `_abroad`.
async fn copy_abroad(raw: &mut SqliteConnection, own: &Objects, vendor: &str) -> anyhow::Result<()> {
    let abroad = "(SELECT id FROM vendors WHERE id <> $1)";
    let account = "(SELECT account_id FROM licenses WHERE id = $2)";
    for (table, row, changes) in [
        ("accounts", format!("id = {account}"), vec![("id", "'acc_abroad'"), ("stripe_customer_id", "NULL")]),
        (
            "licenses",
            "id = $2".to_owned(),
            vec![
                ("id", "'lic_abroad'"),
                ("account_id", "'acc_abroad'"),
                ("plan_id", "(SELECT id FROM plans WHERE vendor_id <> $1 LIMIT 1)"),
                ("product_id", "(SELECT product_id FROM plans WHERE vendor_id <> $1 LIMIT 1)"),
                ("key_hash", "x'00'"),
            ],
        ),
        ("instances", "license_id = $2".to_owned(), vec![("id", "'ins_abroad'"), ("license_id", "'lic_abroad'")]),
        (
            "invoices",
            "id = 'inv_own'".to_owned(),
            vec![
                ("id", "'inv_abroad'"),
                ("account_id", "'acc_abroad'"),
                ("license_id", "'lic_abroad'"),
                ("stripe_invoice_id", "'in_abroad'"),
            ],
        ),
        (
            "transfers",
            "stripe_invoice_id = 'in_own'".to_owned(),
            vec![("stripe_invoice_id", "'in_abroad'"), ("account_id", "'acc_abroad'")],
        ),
        (
            "conversations",
            "id = 'con_own'".to_owned(),
            vec![
                ("id", "'con_abroad'"),
                ("account_id", "'acc_abroad'"),
                ("opened_by", "'usr_foreign_admin'"),
                ("about_id", "'lic_abroad'"),
            ],
        ),
        (
            "actings",
            "id = 'act_own'".to_owned(),
            vec![("id", "'act_abroad'"), ("account_id", "'acc_abroad'"), ("staff_id", "'usr_foreign_admin'")],
        ),
        (
            "orders",
            "id = 'ord_own'".to_owned(),
            vec![
                ("id", "'ord_abroad'"),
                ("account_id", "'acc_abroad'"),
                ("user_id", "'usr_foreign_admin'"),
                ("license_id", "'lic_abroad'"),
                ("plan_id", "(SELECT id FROM plans WHERE vendor_id <> $1 LIMIT 1)"),
            ],
        ),
        (
            "handovers",
            "id = 'hnd_own'".to_owned(),
            vec![
                ("id", "'hnd_abroad'"),
                ("license_id", "'lic_abroad'"),
                ("from_account_id", "'acc_abroad'"),
                ("asked_by", "'usr_foreign_admin'"),
            ],
        ),
    ] {
        let columns: Vec<String> =
            sqlx::query_scalar("SELECT name FROM pragma_table_info($1)").bind(table).fetch_all(&mut *raw).await?;
        let value = |name: &String| match changes.iter().find(|(changed, _)| changed == name) {
            Some((_, value)) => (*value).to_owned(),
            None if name == "vendor_id" => abroad.to_owned(),
            None => name.clone(),
        };
        let values: Vec<_> = columns.iter().map(value).collect();
        // $1 and $2 are both named, whether or not the statement has a use for them.
        let sql = format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {table} WHERE {row} AND $1 <> '' AND $2 <> '' LIMIT 1",
            columns.join(", "),
            values.join(", ")
        );
        let done = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(vendor).bind(&own.license).execute(&mut *raw).await?;
        assert_eq!(done.rows_affected(), 1, "{table}");
    }
    for sql in [
        "INSERT INTO partners (vendor_id, account_id, commission_bp, discount_bp, since)
         SELECT vendor_id, id, 2000, 1000, 1 FROM accounts WHERE id = 'acc_abroad'",
        "INSERT INTO client_relations (id, vendor_id, partner_id, client_id, company, email, email_key, status, created_at,
             expires_at)
         SELECT 'rln_abroad', vendor_id, id, id, 'x', 'x@people.test', 'x@people.test', 'active', 1, 2
         FROM accounts WHERE id = 'acc_abroad'",
        "UPDATE campaigns SET owner_account_id = 'acc_abroad' WHERE id = 'cmp_abroad'",
        "INSERT INTO orders (id, vendor_id, account_id, user_id, kind, plan_id, billing_interval, seats, currency,
             amount_minor, status, payment, items, created_at)
         SELECT 'ord_vouchers_abroad', vendor_id, account_id, 'usr_foreign_admin', 'vouchers', plan_id, 'month', 1, 'usd', 100,
             'paid', 'card', '[]', 1 FROM licenses WHERE id = 'lic_abroad'",
        "INSERT INTO vouchers (id, vendor_id, order_id, partner_id, place, plan_id, plan_version, term, code_hash,
             code_sealed, code_hint, status, created_at, redeemed_at, account_id, license_id)
         SELECT 'vch_abroad', o.vendor_id, o.id, o.account_id, 1, o.plan_id, 1, 'month', x'01', x'00', 'VC-x', 'redeemed', 1,
             2, o.account_id, 'lic_abroad'
         FROM orders o WHERE o.id = 'ord_vouchers_abroad'",
    ] {
        let done = sqlx::query(sql).execute(&mut *raw).await?;
        assert_eq!(done.rows_affected(), 1, "{sql}");
    }
    Ok(())
}
