//! Reading how the business stands.

use super::{DENIED_WITHIN, Dashboard, ENDS_WITHIN, FAILURES_SHOWN, store};
use crate::accounts::{StaffAct, staff_may_act};
use crate::billing::dunning::count_overdue_payments;
use crate::billing::earnings::rules::month_start;
use crate::billing::earnings::sum_earnings;
use crate::billing::inbox::list_failures;
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::leases::denials::count_denials;
use crate::leases::instance_list::count_live;
use crate::licenses::search::count_standing;
use crate::messages::count_open;
use crate::orders::search::{OrderFilter, count_orders, list_campaign_orders, search_orders, sum_partner_sales};
use crate::refunds::returns::count_undecided;

/// Orders that the page shows.
const LATEST_ORDERS: i64 = 5;
/// Campaigns that the page shows.
const CAMPAIGNS: i64 = 5;

/// How the acting vendor's business stands now; `None` for whoever may not see it. What is earned is left out for those of
/// the staff who may see everything else.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn read_dashboard(tx: &mut Tx, cx: &Cx) -> Result<Option<Dashboard>, DbError> {
    if !staff_may_act(tx, cx, StaffAct::See).await? {
        return Ok(None);
    }
    let (vendor_id, now) = (&cx.vendor_id, cx.now);
    let month = month_start(now);
    let (revenue, partner_sales) = match staff_may_act(tx, cx, StaffAct::SeeRevenue).await? {
        true => (Some(sum_earnings(tx, vendor_id, now).await?), Some(sum_partner_sales(tx, vendor_id, month).await?)),
        false => (None, None),
    };
    let (active_licenses, ending_licenses) = count_standing(tx, vendor_id, now, ENDS_WITHIN).await?;
    Ok(Some(Dashboard {
        now,
        revenue,
        overdue_payments: count_overdue_payments(tx, vendor_id).await?,
        active_licenses,
        ending_licenses,
        live_instances: count_live(tx, vendor_id, now).await?,
        denials: count_denials(tx, vendor_id, DENIED_WITHIN.since(now)).await?,
        orders_this_month: count_orders(tx, vendor_id, month).await?,
        campaigns: list_campaign_orders(tx, vendor_id, month, CAMPAIGNS).await?,
        partner_sales,
        latest_orders: search_orders(tx, vendor_id, &OrderFilter::default(), None, LATEST_ORDERS).await?,
        open_messages: count_open(tx, vendor_id).await?,
        undecided: count_undecided(tx, vendor_id).await?,
        failures: list_failures(tx, vendor_id, FAILURES_SHOWN).await?,
        beginnings: store::find_beginnings(tx, vendor_id).await?,
    }))
}
