//! Issuing a license by hand: no order, no payment, a stated reason.

use jiff::civil::Date;
use serde_json::json;

use super::rules::by_hand::{self, Fault, Term};
use super::{License, LicenseStatus, NewLicense, create_license, store};
use crate::accounts::{self, Role, StaffAct, staff_may_act};
use crate::audit;
use crate::catalog::{self, Plan};
use crate::cx::Cx;
use crate::db::{DbError, Tx};
use crate::ids::{AccountId, PlanId};
use crate::keys::MasterKey;
use crate::mail::{self, Sender};
use crate::text::en::by_hand as letters;

/// What staff want to issue.
#[derive(Clone, Debug)]
pub struct IssueLicense {
    /// To whom.
    pub account_id: AccountId,
    /// Under which plan, as it is sold today; one that is not for sale can be issued too.
    pub plan_id: PlanId,
    /// Seats.
    pub seats: i64,
    /// Last day: of validity where the plan is rented, of updates where it is bought. `None`: what was typed is no day.
    pub until: Option<Date>,
    /// Why, for colleagues.
    pub reason: String,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Issued {
    /// The license is there, and its owners are told by mail.
    Done(Box<License>),
    /// Something cannot stay as it is: at least one fault.
    Refused(Vec<Fault>),
    /// Whoever acts may not.
    NotAllowed,
}

/// Issues a license to an account.
///
/// # Errors
/// [`DbError`] when the database fails.
pub async fn issue_license(tx: &mut Tx, cx: &Cx, master: &MasterKey, wanted: &IssueLicense) -> Result<Issued, DbError> {
    if !staff_may_act(tx, cx, StaffAct::ManageLicenses).await? {
        return Ok(Issued::NotAllowed);
    }
    let account = accounts::find_account(tx, &cx.vendor_id, &wanted.account_id).await?;
    let account = account.filter(|account| account.closed_at.is_none());
    let plan = catalog::find_plan(tx, &cx.vendor_id, &wanted.plan_id).await?;
    let (term, reason) = match check(wanted, plan.as_ref(), cx) {
        Ok(checked) if account.is_some() => checked,
        Ok(_) => return Ok(Issued::Refused(vec![Fault::NoCustomer])),
        Err(mut faults) => {
            if account.is_none() {
                faults.insert(0, Fault::NoCustomer);
            }
            return Ok(Issued::Refused(faults));
        }
    };
    let Some(plan) = plan else { return Ok(Issued::Refused(vec![Fault::NoPlan])) };
    let new = NewLicense {
        account_id: &wanted.account_id,
        plan: &plan,
        seats: wanted.seats,
        status: LicenseStatus::Active,
        starts_at: cx.now,
        ends_at: term.ends_at,
        updates_until: term.updates_until,
        name: "",
    };
    let (mut license, _key) = create_license(tx, cx, master, &new).await?;
    store::set_issued_reason(tx, &cx.vendor_id, &license.id, &reason).await?;
    let after = json!({ "reason": reason });
    let (account_id, id) = (Some(&wanted.account_id), license.id.as_str());
    audit::record(tx, cx, account_id, "license.issue", id, audit::NOTHING, Some(&after)).await?;
    license.issued_reason = Some(reason);
    tell_owners(tx, cx, master, &license).await?;
    Ok(Issued::Done(Box::new(license)))
}

/// The term and the reason, or everything that is wrong.
fn check(wanted: &IssueLicense, plan: Option<&Plan>, cx: &Cx) -> Result<(Term, String), Vec<Fault>> {
    let mut faults = Vec::new();
    match plan {
        None => faults.push(Fault::NoPlan),
        Some(plan) => faults.extend(by_hand::check_seats(plan, wanted.seats).err()),
    }
    match wanted.until {
        None => faults.push(Fault::NoDay),
        Some(last) => faults.extend(by_hand::check_day(last, None, cx.now.date()).err()),
    }
    let reason = by_hand::check_reason(&wanted.reason).map_err(|fault| faults.push(fault));
    match (plan, wanted.until, reason) {
        (Some(plan), Some(last), Ok(reason)) if faults.is_empty() => Ok((Term::until(plan.kind, last), reason)),
        _ => Err(faults),
    }
}

async fn tell_owners(tx: &mut Tx, cx: &Cx, master: &MasterKey, license: &License) -> Result<(), DbError> {
    let Some(sender) = Sender::find(tx, &cx.vendor_id).await? else { return Ok(()) };
    let Some(view) = store::find_license(tx, &cx.vendor_id, &license.id).await? else { return Ok(()) };
    let page = format!("{}/licenses/{}#key", sender.origin, license.id);
    for (user, role) in accounts::list_members(tx, &cx.vendor_id, &license.account_id).await? {
        if role == Role::Owner {
            let letter = letters::issued(&sender, &view, &page);
            mail::enqueue(tx, cx, master, &sender.mail(&user.email, &user.name, letter)).await?;
        }
    }
    Ok(())
}
