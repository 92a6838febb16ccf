//! What the product takes for granted of Stripe.

/// One thing that is taken for granted. What it says is in `text::en::stripe_check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assumption {
    /// A product lives under an id of ours.
    ProductUnderOurId,
    /// A lookup key finds its price.
    PriceByLookupKey,
    /// A new amount takes the key over.
    PriceTakesKeyOver,
    /// The same idempotency key acts once.
    SameKeyActsOnce,
    /// The same key with other parameters is refused.
    SameKeyOtherParameters,
    /// An emptied part of an address goes.
    EmptiedPartGoes,
    /// Checkout opens.
    CheckoutOpens,
    /// Checkout can be ended.
    CheckoutExpires,
    /// Checkout tells what it sold.
    CheckoutTellsWhatItSold,
    /// A first payment activates.
    FirstPaymentActivates,
    /// Periods sit on items.
    PeriodsOnItems,
    /// An invoice adds up.
    InvoiceAddsUp,
    /// The card that is charged can be shown.
    CardIsShown,
    /// What is previewed is charged.
    PreviewIsCharge,
    /// A paid upgrade is in effect.
    PaidUpgradeInEffect,
    /// An unpaid upgrade waits.
    UnpaidUpgradeWaits,
    /// A void invoice gives its upgrade up.
    VoidGivesUpgradeUp,
    /// A change can be planned.
    ChangeIsPlanned,
    /// A plan leaves discounts alone.
    PlanKeepsDiscount,
    /// A plan can be let go.
    PlanIsReleased,
    /// Cancelling can be undone.
    CancelAndBack,
    /// A failed renewal is past due.
    FailedRenewalIsPastDue,
    /// It can be paid on a page.
    OpenInvoiceHasPage,
    /// A decline is told as one.
    DeclineIsTold,
    /// Another card recovers.
    OtherCardRecovers,
    /// A credit note gives money back.
    CreditNoteRefunds,
    /// A refund leads to its invoice.
    RefundLeadsToInvoice,
    /// Ending at once.
    EndsAtOnce,
    /// Sent subscriptions are active before they are paid.
    SentIsActiveUnpaid,
    /// A sent invoice can be final at once.
    SentInvoiceIsDue,
    /// Every customer has an account number.
    CustomerHasAccount,
    /// What arrives pays the invoice.
    TransferPaysInvoice,
    /// Too much stays.
    TooMuchStays,
    /// Events name what they are about.
    EventsNameTheirObject,
}

impl Assumption {
    /// All of them, in the order in which they are tried.
    pub const ALL: &'static [Self] = &[
        Self::ProductUnderOurId,
        Self::PriceByLookupKey,
        Self::PriceTakesKeyOver,
        Self::SameKeyActsOnce,
        Self::SameKeyOtherParameters,
        Self::EmptiedPartGoes,
        Self::CheckoutOpens,
        Self::CheckoutExpires,
        Self::CheckoutTellsWhatItSold,
        Self::FirstPaymentActivates,
        Self::PeriodsOnItems,
        Self::InvoiceAddsUp,
        Self::CardIsShown,
        Self::PreviewIsCharge,
        Self::PaidUpgradeInEffect,
        Self::UnpaidUpgradeWaits,
        Self::VoidGivesUpgradeUp,
        Self::ChangeIsPlanned,
        Self::PlanKeepsDiscount,
        Self::PlanIsReleased,
        Self::CancelAndBack,
        Self::FailedRenewalIsPastDue,
        Self::OpenInvoiceHasPage,
        Self::DeclineIsTold,
        Self::OtherCardRecovers,
        Self::CreditNoteRefunds,
        Self::RefundLeadsToInvoice,
        Self::EndsAtOnce,
        Self::SentIsActiveUnpaid,
        Self::SentInvoiceIsDue,
        Self::CustomerHasAccount,
        Self::TransferPaysInvoice,
        Self::TooMuchStays,
        Self::EventsNameTheirObject,
    ];

    /// Whether it takes somebody at a browser.
    #[must_use]
    pub fn takes_a_buyer(self) -> bool {
        self == Self::CheckoutTellsWhatItSold
    }
}
