//! What is done for a vendor from time to time: jobs that queue themselves again, once they were begun. They begin when the
//! vendor is made, also beside a service that runs, and with each start of the service, where they turn already.

use backend::cx::Cx;
use backend::db::{DbError, Tx};
use backend::keys::MasterKey;
use backend::{billing, deletion, feedback, leases, licenses, tokens};

/// Begins the acting vendor's rounds, unless they turn already: licenses, keys, revocations and API tokens are looked at for
/// what has run out, accounts for those that close or may be asked for feedback; and where the vendor `sells`, Stripe is
/// asked for what no webhook told.
///
/// # Errors
/// [`DbError`] when the database fails.
pub(crate) async fn start(tx: &mut Tx, cx: &Cx, master: &MasterKey, sells: bool) -> Result<(), DbError> {
    if sells {
        billing::handlers::start_reconciling(tx, cx, master).await?;
    }
    deletion::handlers::start_sweeping(tx, cx, master).await?;
    feedback::handlers::start_asking(tx, cx, master).await?;
    leases::handlers::start_sweeping(tx, cx, master).await?;
    licenses::handlers::start_sweeping(tx, cx, master).await?;
    tokens::handlers::start_warning(tx, cx, master).await
}
