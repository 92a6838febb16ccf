//! Bank transfers: the account that Stripe keeps open for a customer's money, and what has arrived there.
//!
//! Stripe gives each customer an account number of its own and matches what arrives with what is open, oldest
//! first; the rest stays as the customer's cash balance
//! (<https://docs.stripe.com/payments/customer-balance>).

use serde::{Deserialize, Serialize};
use stripe_billing::invoice_payment::ListInvoicePayment;
use stripe_core::cash_balance::RetrieveCashBalance;
use stripe_core::customer::{
    CreateFundingInstructionsCustomer, CreateFundingInstructionsCustomerBankTransfer,
    CreateFundingInstructionsCustomerBankTransferEuBankTransfer,
    CreateFundingInstructionsCustomerBankTransferType as TransferType, CreateFundingInstructionsCustomerFundingType,
};
use stripe_shared::FundingInstructionsBankTransferFinancialAddress as FinancialAddress;

use super::{IdempotencyKey, Stripe, StripeError};
use crate::money::{Currency, Money};

/// In which countries Stripe opens accounts for transfers in euros; a vendor of another one gets the last.
const EURO_ACCOUNTS: [&str; 6] = ["BE", "DE", "ES", "FR", "NL", "IE"];

/// Over which network money in a currency is transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferNetwork {
    /// Euros (SEPA), with the country of the account.
    Eu(&'static str),
    /// Pounds.
    Gb,
    /// Yen.
    Jp,
    /// Mexican pesos.
    Mx,
    /// US dollars.
    Us,
}

impl TransferNetwork {
    /// Stripe's name of it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Eu(_) => "eu_bank_transfer",
            Self::Gb => "gb_bank_transfer",
            Self::Jp => "jp_bank_transfer",
            Self::Mx => "mx_bank_transfer",
            Self::Us => "us_bank_transfer",
        }
    }
}

/// The network for a currency; `None` where Stripe takes no transfers in it.
#[must_use]
pub fn transfer_network(currency: Currency, vendor_country: &str) -> Option<TransferNetwork> {
    Some(match currency.as_str() {
        "eur" => {
            let country = EURO_ACCOUNTS.into_iter().find(|country| *country == vendor_country);
            TransferNetwork::Eu(country.unwrap_or("IE"))
        }
        "gbp" => TransferNetwork::Gb,
        "jpy" => TransferNetwork::Jp,
        "mxn" => TransferNetwork::Mx,
        "usd" => TransferNetwork::Us,
        _ => return None,
    })
}

/// Where a customer's transfer goes. What its network does not have is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BankAccount {
    /// Whom the account belongs to.
    pub holder: String,
    /// The bank's name.
    pub bank: String,
    /// International account number.
    pub iban: String,
    /// Bank identifier (ISO 9362).
    pub bic: String,
    /// National account number.
    pub account_number: String,
    /// Bank code in the United States.
    pub routing_number: String,
    /// Bank code in the United Kingdom.
    pub sort_code: String,
    /// Bank and branch in Japan; the CLABE stands as account number in Mexico.
    pub bank_code: String,
}

/// The first address that a network's own transfers can use.
fn account(addresses: Vec<FinancialAddress>) -> Option<BankAccount> {
    addresses.into_iter().find_map(|address| {
        let empty = BankAccount::default();
        if let Some(iban) = address.iban {
            return Some(BankAccount { holder: iban.account_holder_name, iban: iban.iban, bic: iban.bic, ..empty });
        }
        if let Some(aba) = address.aba {
            return Some(BankAccount {
                holder: aba.account_holder_name,
                bank: aba.bank_name,
                account_number: aba.account_number,
                routing_number: aba.routing_number,
                ..empty
            });
        }
        if let Some(sort) = address.sort_code {
            return Some(BankAccount {
                holder: sort.account_holder_name,
                account_number: sort.account_number,
                sort_code: sort.sort_code,
                ..empty
            });
        }
        if let Some(spei) = address.spei {
            return Some(BankAccount {
                holder: spei.account_holder_name,
                bank: spei.bank_name,
                account_number: spei.clabe,
                bank_code: spei.bank_code,
                ..empty
            });
        }
        let zengin = address.zengin?;
        let codes = [zengin.bank_code, zengin.branch_code].into_iter().flatten().collect::<Vec<_>>();
        Some(BankAccount {
            holder: zengin.account_holder_name.unwrap_or_default(),
            bank: [zengin.bank_name, zengin.branch_name].into_iter().flatten().collect::<Vec<_>>().join(", "),
            account_number: zengin.account_number.unwrap_or_default(),
            bank_code: codes.join("-"),
            ..empty
        })
    })
}

/// Money of a customer that no invoice has used up.
pub type CashBalance = Vec<Money>;

impl Stripe {
    /// The account that a customer's transfers go to; the same each time.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_transfer_account(
        &self,
        customer_id: &str,
        currency: Currency,
        network: TransferNetwork,
    ) -> Result<BankAccount, StripeError> {
        let kind: TransferType = network.as_str().parse().map_err(StripeError::unreadable)?;
        let mut transfer = CreateFundingInstructionsCustomerBankTransfer::new(kind);
        if let TransferNetwork::Eu(country) = network {
            transfer.eu_bank_transfer = Some(CreateFundingInstructionsCustomerBankTransferEuBankTransfer::new(country));
        }
        let code = currency.as_str().parse::<stripe_types::Currency>().map_err(StripeError::unreadable)?;
        let funding = CreateFundingInstructionsCustomerFundingType::BankTransfer;
        let request = CreateFundingInstructionsCustomer::new(customer_id, transfer, code, funding);
        let key = IdempotencyKey::new(&[customer_id, "funding", currency.as_str(), network.as_str()]);
        let answered = self.act(&key, request).await?;
        account(answered.bank_transfer.financial_addresses)
            .ok_or_else(|| StripeError::unreadable("the funding instructions name no account"))
    }

    /// What has arrived for an invoice that is not paid yet, in minor units. A payment that has part of its money
    /// says so only in its instructions, as what remains.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_arrived(&self, invoice_id: &str) -> Result<i64, StripeError> {
        let request = ListInvoicePayment::new()
            .invoice(invoice_id)
            .limit(100)
            .expand(vec!["data.payment.payment_intent".to_owned()]);
        let mut arrived = 0_i64;
        for payment in self.fetch(request).await?.data {
            let intent = payment.payment.payment_intent.and_then(|intent| intent.into_object());
            let remaining = intent.as_ref().and_then(|intent| {
                let next = intent.next_action.as_ref()?;
                next.display_bank_transfer_instructions.as_ref()?.amount_remaining
            });
            let part = match (payment.amount_paid, intent, remaining) {
                (Some(paid), ..) if paid > 0 => paid,
                (_, Some(intent), Some(remaining)) => intent.amount.saturating_sub(remaining),
                _ => 0,
            };
            arrived = arrived.saturating_add(part.max(0));
        }
        Ok(arrived)
    }

    /// What a customer's transfers have left over, by currency.
    ///
    /// # Errors
    /// [`StripeError`].
    pub async fn fetch_cash_balance(&self, customer_id: &str) -> Result<CashBalance, StripeError> {
        let balance = self.fetch(RetrieveCashBalance::new(customer_id)).await?;
        balance
            .available
            .unwrap_or_default()
            .into_iter()
            .map(|(code, amount)| Ok(Money::new(amount, Currency::try_from(code).map_err(StripeError::unreadable)?)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn each_currency_has_its_network_and_euros_an_account_near_the_vendor() {
        let network = |code: &str, country: &str| transfer_network(Currency::parse(code).unwrap(), country);
        assert_eq!(network("eur", "DE"), Some(TransferNetwork::Eu("DE")));
        assert_eq!(network("eur", "SI"), Some(TransferNetwork::Eu("IE")));
        assert_eq!(network("usd", "DE"), Some(TransferNetwork::Us));
        assert_eq!(network("gbp", "GB").map(TransferNetwork::as_str), Some("gb_bank_transfer"));
        assert_eq!(network("chf", "CH"), None);
    }
}
