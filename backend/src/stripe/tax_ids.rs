//! Tax ids of customers: how Stripe writes an account's VAT id, and what it knows about it.
//!
//! At Stripe an id has a type, which decides how it is written (<https://docs.stripe.com/billing/customer/tax-ids>). A customer
//! may have ids that are not ours: whoever pays on Checkout can type one there.

use stripe_billing::tax_id::{CreateCustomerTaxId, CreateCustomerTaxIdType, DeleteCustomerTaxId, ListCustomerTaxId};
use stripe_shared::{TaxId, TaxIdVerificationStatus};

use super::{CustomerDetails, IdempotencyKey, Stripe, StripeError, StripeErrorKind};
use crate::accounts::{VatIdState, vat_ids};

/// Country, structure without punctuation (as in `vat_ids`), Stripe's type, and how Stripe writes it where that is otherwise:
/// countries outside the table of VAT ids, and there only what can be of one type.
const ELSEWHERE: &[(&str, &str, &str, &str)] = &[
    ("AE", "999999999999999", "ae_trn", ""),
    ("AU", "99999999999", "au_abn", ""),
    ("BH", "999999999999999", "bh_vat", ""),
    ("BR", "99999999999", "br_cpf", "###.###.###-##"),
    ("BR", "99999999999999", "br_cnpj", "##.###.###/####-##"),
    ("CA", "999999999", "ca_bn", ""),
    ("CA", "999999999rt9999", "ca_gst_hst", ""),
    ("CA", "9999999999tq9999", "ca_qst", ""),
    ("CL", "99999999X", "cl_tin", "##.###.###-#"),
    ("HK", "99999999", "hk_br", ""),
    ("IL", "999999999", "il_vat", ""),
    ("IN", "99AAAAA9999AXXX", "in_gst", ""),
    ("IS", "999999", "is_vat", ""),
    ("JP", "9999999999999", "jp_cn", ""),
    ("JP", "t9999999999999", "jp_trn", ""),
    ("KE", "A999999999A", "ke_pin", ""),
    ("KR", "9999999999", "kr_brn", "###-##-#####"),
    ("LI", "99999", "li_vat", ""),
    ("MX", "AAA999999XXX", "mx_rfc", ""),
    ("MX", "AAAA999999XXX", "mx_rfc", ""),
    ("NZ", "99999999", "nz_gst", ""),
    ("NZ", "999999999", "nz_gst", ""),
    ("SA", "999999999999999", "sa_vat", ""),
    ("SG", "A99999999A", "sg_gst", ""),
    ("SG", "99999999A", "sg_uen", ""),
    ("SG", "999999999A", "sg_uen", ""),
    ("SG", "A99AA9999A", "sg_uen", ""),
    ("TH", "9999999999999", "th_vat", ""),
    ("TR", "9999999999", "tr_tin", ""),
    ("TW", "99999999", "tw_vat", ""),
    ("US", "999999999", "us_ein", "##-#######"),
    ("ZA", "4999999999", "za_vat", ""),
];

/// Stripe's type of an account's VAT id and how Stripe writes it; `None` where no type is sure to be meant.
fn at_stripe(vat_id: &str, country: &str) -> Option<(&'static str, String)> {
    let id = compact(vat_id);
    match vat_ids::prefix_within(&id) {
        Some("GB") => Some(("gb_vat", id)),
        Some("CH") => Some(("ch_vat", swiss(&id))),
        Some("NO") => {
            let digits: String = id.chars().filter(char::is_ascii_digit).collect();
            Some(("no_vat", format!("{digits}MVA")))
        }
        Some(_) => Some(("eu_vat", id)),
        None => {
            let mut of_country = ELSEWHERE.iter().filter(|(of, ..)| *of == country);
            let found = of_country.find(|(_, structure, ..)| vat_ids::has_structure(structure, &id));
            found.map(|(_, _, kind, form)| (*kind, dressed(form, &id)))
        }
    }
}

/// `CHE-123.456.789 MWST`: to Stripe an id without the suffix is of another type, which is no VAT id.
fn swiss(vat_id: &str) -> String {
    let (digits, suffix) = vat_id.trim_start_matches("CHE").split_at_checked(9).unwrap_or_default();
    let suffix = if suffix.is_empty() { "MWST" } else { suffix };
    format!("{} {suffix}", dressed("CHE-###.###.###", digits))
}

/// How documents print an id: Stripe leaves Norway's letters out, which e-invoices ask for (EN 16931, BR-CO-09).
pub(super) fn on_documents(kind: &str, value: String) -> String {
    if kind == "no_vat" && !value.starts_with("NO") { format!("NO{value}") } else { value }
}

/// The characters in the places of `#`; as they are where there is no such form.
fn dressed(form: &str, characters: &str) -> String {
    if form.is_empty() {
        return characters.to_owned();
    }
    let mut rest = characters.chars();
    form.chars().map(|c| if c == '#' { rest.next().unwrap_or(c) } else { c }).collect()
}

/// Without blanks and punctuation, but with the signs of old Irish ids.
fn compact(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '*')).collect::<String>().to_ascii_uppercase()
}

/// A tax id of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripeTaxId {
    /// Stripe's id of it.
    id: String,
    /// As Stripe writes it.
    pub value: String,
    /// Whose it is: ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// What Stripe has found out about it.
    pub state: VatIdState,
}

impl StripeTaxId {
    fn read(tax_id: TaxId) -> Self {
        Self {
            id: tax_id.id.to_string(),
            value: tax_id.value,
            country: tax_id.country,
            state: match tax_id.verification.map(|verification| verification.status) {
                Some(TaxIdVerificationStatus::Verified) => VatIdState::Verified,
                Some(TaxIdVerificationStatus::Unverified) => VatIdState::Unverified,
                Some(TaxIdVerificationStatus::Pending) => VatIdState::Pending,
                _ => VatIdState::Unavailable,
            },
        }
    }

    /// Whether it is this VAT id of an account in this country, however each of them is written.
    #[must_use]
    pub fn is(&self, vat_id: &str, country: &str) -> bool {
        let value = compact(&self.value);
        value == compact(vat_id) || at_stripe(vat_id, country).is_some_and(|(_, written)| value == compact(&written))
    }

    /// As a VAT id of an account in this country, where our rules take it for one.
    #[must_use]
    pub fn as_vat_id(&self, country: &str) -> Option<String> {
        let normal = vat_ids::normalise(&self.value, self.country.as_deref().unwrap_or(country)).ok()?;
        let is_kept = vat_ids::normalise(&normal, country).is_ok_and(|kept| kept == normal);
        // A number of another kind may look like a VAT id once the country's letters stand before it.
        (is_kept && self.is(&normal, country)).then_some(normal)
    }
}

impl Stripe {
    /// A customer's tax ids, newest first.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_tax_ids(&self, customer_id: &str) -> Result<Vec<StripeTaxId>, StripeError> {
        let all = self.fetch(ListCustomerTaxId::new(customer_id).limit(100)).await?.data;
        Ok(all.into_iter().map(StripeTaxId::read).collect())
    }

    /// Sees to it that a customer has the account's VAT id, and no longer the one that it had from us before; answers what is
    /// known about it. An id that Stripe does not take stops nothing: the customer goes on without it.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn bring_vat_id(
        &self,
        key: &IdempotencyKey,
        customer_id: &str,
        details: &CustomerDetails,
    ) -> Result<VatIdState, StripeError> {
        let is = |tax_id: &StripeTaxId, id: Option<&str>| id.is_some_and(|id| tax_id.is(id, &details.country));
        let mut state = None;
        for tax_id in self.fetch_tax_ids(customer_id).await? {
            if is(&tax_id, details.vat_id.as_deref()) {
                state = Some(tax_id.state);
            } else if !details.keeps_other_ids || is(&tax_id, details.former_vat_id.as_deref()) {
                let key = IdempotencyKey::new(&[&key.0, "delete", &tax_id.id]);
                self.act(&key, DeleteCustomerTaxId::new(customer_id, tax_id.id)).await?;
            }
        }
        let (Some(vat_id), None) = (&details.vat_id, state) else { return Ok(state.unwrap_or(VatIdState::Unchecked)) };
        let Some((kind, value)) = at_stripe(vat_id, &details.country) else { return Ok(VatIdState::Unavailable) };
        let kind: CreateCustomerTaxIdType = kind.parse().map_err(StripeError::unreadable)?;
        let key = IdempotencyKey::new(&[&key.0, "tax_id", &value]);
        match self.act(&key, CreateCustomerTaxId::new(customer_id, kind, value)).await {
            Ok(created) => Ok(StripeTaxId::read(created).state),
            Err(error) if error.kind == StripeErrorKind::Refused => Ok(VatIdState::Refused),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{StripeTaxId, at_stripe, on_documents};
    use crate::accounts::VatIdState;

    fn tax_id(value: &str, country: &str) -> StripeTaxId {
        let (id, country) = ("txi_1".to_owned(), Some(country.to_owned()));
        StripeTaxId { id, value: value.to_owned(), country, state: VatIdState::Verified }
    }

    #[test]
    fn ids_go_to_stripe_as_it_writes_their_type() {
        for (country, vat_id, kind, value) in [
            ("DE", "DE123456789", "eu_vat", "DE123456789"),
            ("GR", "EL094014201", "eu_vat", "EL094014201"),
            ("GB", "XI123456789", "eu_vat", "XI123456789"),
            ("US", "DE 123 456 789", "eu_vat", "DE123456789"),
            ("GB", "GB123456789", "gb_vat", "GB123456789"),
            ("CH", "CHE123456789", "ch_vat", "CHE-123.456.789 MWST"),
            ("CH", "CHE123456789TVA", "ch_vat", "CHE-123.456.789 TVA"),
            ("NO", "NO123456789MVA", "no_vat", "123456789MVA"),
            ("NO", "NO123456789", "no_vat", "123456789MVA"),
            ("AU", "12 345 678 912", "au_abn", "12345678912"),
            ("BR", "01234456543210", "br_cnpj", "01.234.456/5432-10"),
            ("CA", "123456789 RT 0002", "ca_gst_hst", "123456789RT0002"),
            ("IN", "12ABCDE3456FGZH", "in_gst", "12ABCDE3456FGZH"),
            ("JP", "T1234567891234", "jp_trn", "T1234567891234"),
            ("KR", "1234567890", "kr_brn", "123-45-67890"),
            ("NZ", "123-456-789", "nz_gst", "123456789"),
            ("SG", "M12345678X", "sg_gst", "M12345678X"),
            ("TR", "0123456789", "tr_tin", "0123456789"),
            ("US", "123456789", "us_ein", "12-3456789"),
        ] {
            assert_eq!(at_stripe(vat_id, country), Some((kind, value.to_owned())), "{country} {vat_id}");
            assert!(tax_id(value, country).is(vat_id, country), "{country} {vat_id}");
        }
        assert_eq!(on_documents("no_vat", "123456789MVA".to_owned()), "NO123456789MVA");
        assert_eq!(on_documents("ch_vat", "CHE-123.456.789 MWST".to_owned()), "CHE-123.456.789 MWST");
        for (country, vat_id) in [("AU", "123456789123"), ("PE", "12345678901"), ("US", "12345")] {
            assert_eq!(at_stripe(vat_id, country), None, "{country} {vat_id}");
        }
    }

    #[test]
    fn what_is_typed_at_stripe_is_taken_for_a_vat_id_where_it_is_one() {
        for (country, value, of, vat_id) in [
            ("FR", "FR40303265045", "FR", Some("FR40303265045")),
            ("NO", "123456789MVA", "NO", Some("NO123456789MVA")),
            ("DE", "123456789MVA", "NO", Some("NO123456789MVA")),
            ("CH", "CHE-123.456.789 MWST", "CH", Some("CHE123456789MWST")),
            ("US", "12-3456789", "US", Some("12-3456789")),
            ("ES", "A12345678", "ES", None),
            ("DE", "EU123456789", "EU", None),
            ("DE", "1234567890", "DE", None),
        ] {
            assert_eq!(tax_id(value, of).as_vat_id(country).as_deref(), vat_id, "{country} {value}");
        }
    }
}
