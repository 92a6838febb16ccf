//! People who have signed up and belong to no account: they have not named their company, or have been taken out of it.

use crate::clock::UnixMs;
use crate::ids::UserId;
use crate::listing::TimePlace;

/// A person without an account.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct SignUpWithoutAccount {
    /// Its id.
    pub id: UserId,
    /// E-mail address as typed.
    pub email: String,
    /// What it is called; may be empty.
    pub name: String,
    /// When it proved that the address is its own.
    pub email_verified_at: Option<UnixMs>,
    /// When it signed up.
    pub created_at: UnixMs,
}

impl SignUpWithoutAccount {
    /// Its place in the list.
    #[must_use]
    pub fn place(&self) -> TimePlace {
        TimePlace::new(self.created_at, self.id.as_str())
    }
}
