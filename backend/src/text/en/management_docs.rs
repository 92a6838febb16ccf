//! The management API: its part of the public page about APIs, and the words of its OpenAPI document.

use super::api_docs::EndpointWords;
use crate::catalog::Release;
use crate::tokens::Scope;

/// Title.
pub const TITLE: &str = "Management API";
/// Lead.
pub const LEAD: &str = "What people do in the portal, programs do here: see licenses, instances, use, events, invoices and orders, \
                        name licenses, free seats, order for the clients of a partner, publish releases. Whoever has an API \
                        token may call it.";
/// The way to the document for machines.
pub const OPENAPI: &str = "OpenAPI document of the management API";
/// How a token is sent.
pub const TOKEN: &str = "An API token, made in the portal.";

/// What holds for every call.
pub const RULES: [&str; 7] = [
    "Every call bears an API token as `Authorization: Bearer lh_…`. Owners make them under Account, API tokens, each with \
     the scopes and the days that its program needs. A token that is revoked or over is refused at once with \
     `invalid_token`, one without the scope with `insufficient_scope`.",
    "A token looks like `lh_` and 38 letters and digits, and a secret scanner finds it by `\\blh_[0-9A-Za-z]{38}\\b`. The last \
     six are a checksum: the first 32 bits of the SHA-256 of what stands before them, in base 62 (digits, capitals, small \
     letters).",
    "Lists have `limit` rows at most, 20 unless something else is said and never more than 100. `next_cursor` goes into \
     `cursor` of the next call, and is null on the last page.",
    "Acts can be repeated: what is so already is answered with `changed` or `created` false. So after a lost answer, send \
     the same once more.",
    "A token makes about five calls a second, and a hundred at once after a pause. More are refused with `rate_limited`: \
     wait for `Retry-After`.",
    "A partner orders for its clients here, by the same rules as in the portal, and what it orders is binding. Such a call \
     bears a key of its own choice in `Idempotency-Key`, a new one for each order: the same key with the same body is the \
     same order, answered with `created` false, and with another body it is refused. After `server_error` or `not_ready`, \
     send the same once more. When the partnership or the relation ends, its orders for the client are gone at once, but \
     for what it pays itself.",
    "License keys are never told, and nothing else is bought here, and no subscription cancelled. Cookies are ignored, and \
     browsers on other sites are not let in.",
];

/// Heading of the table.
pub const ENDPOINTS_TITLE: &str = "Calls";
/// Columns of the table of endpoints.
pub const COLUMNS: [&str; 3] = ["Call", "Scope", "What it does"];
/// Label of the example.
pub const EXAMPLE: &str = "The licenses that nothing was heard of for a day, with curl";
/// Beside the scope of calls for the vendor's tokens alone.
pub const VENDOR_ONLY: &str = "vendor's tokens only";
/// Beside the scope of calls for accounts' tokens alone.
pub const ACCOUNTS_ONLY: &str = "customers' tokens only";

/// Calls an endpoint from a shell.
#[must_use]
pub fn example(origin: &str) -> String {
    format!(
        "curl '{origin}/api/manage/v1/licenses?contact=silent_day' \\\n  -H \"Authorization: Bearer $LEASEHOLD_TOKEN\""
    )
}

/// The parts of the OpenAPI document: name, and what it holds.
pub const TAGS: [(&str, &str); 6] = [
    ("Licenses", "The licenses of the account; for a token of the vendor's, those of all customers."),
    ("Instances", "What runs under them."),
    ("Events", "What happened, in CloudEvents 1.0."),
    ("Invoices", "What was charged."),
    ("Orders", "What the account pays, and what a partner orders for its clients."),
    ("Catalog", "The vendor's products and releases; for tokens of the vendor's alone."),
];

/// A sentence, and the scope that the call needs.
#[must_use]
pub fn with_scope(sentence: &str, scope: Scope) -> String {
    format!("{sentence} Needs the scope `{}`.", scope.as_str())
}

/// The words of an endpoint, by its operation id.
#[must_use]
pub fn endpoint(id: &str) -> EndpointWords {
    let (tag, title, sentence) = match id {
        "list-licenses" => (
            "Licenses",
            "List licenses",
            "The licenses that pass the filters, newest first unless `order` is `ends`. The filters are those of the lists \
             in the portal.",
        ),
        "show-license" => ("Licenses", "Show a license", "One license as it is now."),
        "rename-license" => {
            ("Licenses", "Name a license", "Sets the owner's name for a license, and answers the license.")
        }
        "show-usage" => (
            "Licenses",
            "Show use",
            "What the instances last reported, against the limits; and how often features were used in the last 30 days.",
        ),
        "list-instances-of-license" => (
            "Instances",
            "List a license's instances",
            "Those whose seats are held longest first, so that whatever holds none comes last. An instance moves in this \
             order when it checks in; to read all of them once, list all instances instead.",
        ),
        "list-instances" => {
            ("Instances", "List all instances", "All instances of all licenses, in an order that never changes.")
        }
        "show-instance" => ("Instances", "Show an instance", "One instance as it is now."),
        "free-seat" => (
            "Instances",
            "Free a seat",
            "Deactivates the instance, so that its seat becomes free at `free_at`. Its next check is refused; the same \
             identity may activate again after ten minutes.",
        ),
        "block-instance" => (
            "Instances",
            "Block an instance",
            "It gives its seat back and gets no lease until it is unblocked, whatever it shows.",
        ),
        "unblock-instance" => (
            "Instances",
            "Unblock an instance",
            "It may run again, and takes a free seat at its next check or activation.",
        ),
        "list-events" => (
            "Events",
            "List events",
            "What happened, newest first unless `first` is `oldest`. Each row is an event in CloudEvents 1.0. What repeats \
             within an hour, a lease that is renewed for instance, is one event whose `occurrences` and `lasttime` go on. \
             `instance.activated` is also the lease that the activation is answered with; `lease.issued` is the first one \
             that a check brings after the seat was not held any more, and `lease.renewed` are those that follow. To read \
             what came since, send as `since` the last `time` less ten minutes, with `first` as `oldest`, and pass over the \
             ids that you have: what takes long is dated when it began.",
        ),
        "list-invoices" => ("Invoices", "List invoices", "Invoices without their lines, newest first."),
        "show-invoice" => ("Invoices", "Show an invoice", "One invoice with its lines."),
        "download-invoice" => {
            ("Invoices", "Download an invoice", "The document as it was first made; it never changes.")
        }
        "list-orders" => (
            "Orders",
            "List orders",
            "What the account pays, and what it has ordered for its clients as a partner, whoever pays; newest first.",
        ),
        "show-order" => (
            "Orders",
            "Show an order",
            "One order as it is now. Once it is `paid` it has a license, where it buys one.",
        ),
        "place-order" => (
            "Orders",
            "Order for a client",
            "For partners. The client gets the license; the partner pays at `payment_url`, or the client, who gets a mail that \
             leads to the payment. By transfer an invoice follows, and the license works once it is paid.",
        ),
        "cancel-order" => (
            "Orders",
            "Give an order up",
            "For an order that is open and that the account pays; nothing is charged. One that a client is to pay is the \
             client's to give up.",
        ),
        "list-clients" => (
            "Orders",
            "List clients",
            "For partners: the clients, and those that were invited and may still accept, newest first.",
        ),
        "list-products" => ("Catalog", "List products", "All products, in the order of the price list."),
        "list-releases" => {
            ("Catalog", "List releases", "All releases of a product, newest first, those planned for later included.")
        }
        "publish-release" => (
            "Catalog",
            "Publish a release",
            "For build pipelines. What is left out is today and `stable`; publishing the same again changes nothing, and \
             another date or channel of a known version is refused.",
        ),
        _ => ("", "", ""),
    };
    EndpointWords { tag, title, sentence }
}

/// What a parameter says, by its name.
#[must_use]
pub fn parameter(name: &str) -> &'static str {
    match name {
        "license_id" => "Id of the license.",
        "instance_id" => "Id of the instance.",
        "invoice_id" => "Id of the invoice.",
        "order_id" => "Id of the order.",
        "client_id" => "Id of a client, as in the list of clients.",
        "Idempotency-Key" => {
            "By which the program knows this order when it sends it again: visible ASCII characters, 200 at most. A new one \
             for each order."
        }
        "product" => "Code of the product.",
        "type" => "What the type of the events begins with, for example `license.`.",
        "license" => "Id of the license that the events are about.",
        "since" => "The first moment at which the events began, in RFC 3339, for example `2026-11-21T10:00:00Z`.",
        "first" => "Which end comes first.",
        "find" => "Words in names, or an id, as in the list's field in the portal.",
        "status" => "Where the license, or the order, stands.",
        "contact" => "When anything that runs under the license was last heard of.",
        "version" => "What the version of one of its instances begins with.",
        "order" => {
            "The order; newest first where it is left out. The lists of a vendor's token are always newest first."
        }
        "cursor" => "The `next_cursor` of the page before.",
        "limit" => "Most rows of the page.",
        _ => "",
    }
}

/// Why exactly a call was refused, where there is more to say than the title. Reasons about a member are read after its
/// name.
pub mod refused {
    use super::{Release, Scope};
    use crate::clock::UnixMs;
    use crate::money::Money;
    use crate::orders::rules::ChoiceProblem;
    use crate::text::en::{currencies, moments};

    /// The query cannot be read.
    pub const NOT_FORM_ENCODED: &str = "is not form-encoded";
    /// A parameter was sent twice.
    pub const TWICE: &str = "stands there twice";
    /// A parameter that the database could not keep.
    pub const TOO_LONG: &str = "is too long, or has a NUL in it";
    /// A parameter that takes a few values only.
    pub const UNKNOWN_VALUE: &str = "is none of the values that the documentation names";
    /// A version or channel.
    pub const NOT_OF_A_RELEASE: &str = "cannot be that of a release";

    /// The key of a request.
    pub const NO_KEY: &str = "has to stand there once, with 1 to 200 visible ASCII characters";
    /// The same key with another body.
    pub const OTHER_REQUEST: &str = "belongs to another request: choose a new one for each order";
    /// A plan.
    pub const NO_SUCH_PLAN: &str = "is no code of a plan of this product";
    /// A client that is to pay, and whose account is nobody's yet.
    pub const NOT_TAKEN_OVER: &str = "cannot pay: nobody has taken the client's account over yet";
    /// A kind of payment.
    pub const PAYMENT_NOT_OFFERED: &str = "is not how this can be paid";

    /// An agreed price.
    #[must_use]
    pub fn costs(price: Money) -> String {
        format!("is not the price: it is {} {}", price.amount_minor, currencies::name(price.currency))
    }

    /// Who pays.
    #[must_use]
    pub fn payer_closes(at: UnixMs) -> String {
        format!("cannot pay: its account closes on {}", moments::day(at))
    }

    /// What of a choice cannot be bought: the member, and the reason.
    #[must_use]
    pub fn choice(problem: &ChoiceProblem) -> (&'static str, String) {
        match problem {
            ChoiceProblem::NotForSale => ("plan", "is not sold".to_owned()),
            ChoiceProblem::NotOffered => ("interval", "is not offered in this currency".to_owned()),
            ChoiceProblem::TooFewSeats { min } => ("seats", format!("must be {min} at least")),
            ChoiceProblem::TooManySeats { max } => ("seats", format!("must be {max} at most")),
            ChoiceProblem::AddonNotOffered => ("addons", "has one that is not sold with this plan".to_owned()),
            ChoiceProblem::PackNotOffered => ("packs", "has one that is not sold with this plan".to_owned()),
            ChoiceProblem::PackCount { limit, max } => ("packs", format!("must have 0 to {max} of {limit}")),
            ChoiceProblem::CurrencyFixed(fixed) => (
                "currency",
                format!("must be {}, in which whoever pays already pays", currencies::name(fixed.currency)),
            ),
            ChoiceProblem::AmountTooLarge => ("seats", "make an amount that is too large".to_owned()),
            // Programs order plans; what is continued is ordered on the portal.
            ChoiceProblem::CannotContinue { .. } => ("plan", "is not sold".to_owned()),
        }
    }

    /// A name.
    #[must_use]
    pub fn name_too_long(most: usize) -> String {
        format!("has more than {most} characters")
    }

    /// What a token lacks.
    #[must_use]
    pub fn needs(scope: Scope) -> String {
        format!("The call needs the scope {}.", scope.as_str())
    }

    /// What is known of a version.
    #[must_use]
    pub fn published(known: &Release) -> String {
        format!("It was published on {} in the channel {}.", known.released_on, known.channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{MAX_CLOCK_SKEW_MS, MINUTE_MS};
    use crate::jobs::rules::RUN_MS;

    #[test]
    fn whoever_reads_events_reads_back_to_the_longest_job_that_could_have_been_under_way() {
        assert!(endpoint("list-events").sentence.contains("less ten minutes"));
        const { assert!(RUN_MS + 2 * MAX_CLOCK_SKEW_MS + MINUTE_MS < 10 * MINUTE_MS) };
    }
}
