//! `/staff/licenses/{id}`: a customer's license as the vendor's staff see it, and what they may do about it.

use backend::accounts::{Account, StaffAct, StaffRole, find_account, staff_may};
use backend::billing::{Subscription, find_subscription_of_license};
use backend::catalog::{self, Plan};
use backend::clock::UnixMs;
use backend::handovers::rules::Obstacle;
use backend::handovers::{Handover, find_obstacle, find_open_handover};
use backend::ids::LicenseId;
use backend::leases;
use backend::licenses::rules::{Inactive, standing};
use backend::licenses::{
    EndOfLeases, License, LicenseView, VendorStanding, end_of_leases, find_license, overrides_text,
};
use backend::text::en::{
    by_hand, console_licenses as text, console_subscriptions as subscription_words, license_events, licenses as words,
    moments, portal,
};
use leptos::prelude::*;

use super::license::{AskedHistory, AskedInstances, History, Instances, Uses, Viewer};
use super::own_license::{name_of, tone};
use super::staff_handover::handover_card;
use super::staff_licenses::PATH;
use super::staff_plan_version::PlanVersionCard;
use super::staff_term::term_card;
use super::{NoPage, Page, render, staff_customers, staff_role};
use crate::api::form::take_refused;
use crate::api::staff_licenses::{END_NOW, OVERRIDES, REVOKE, override_errors};
use crate::components::{
    Badge, Breadcrumb, Card, Control, Crumb, Dialog, Emphasis, Fact, Facts, Field, Form, Notice, PageHead, PostButton,
    Tone,
};
use crate::request::Visit;

/// The page of a license.
pub fn page() -> impl IntoView {
    render(async { load(Visit::here()).await })
}

struct Found {
    view: LicenseView,
    subscription: Option<Subscription>,
    customer: Account,
    end: EndOfLeases,
    uses: Uses,
    instances: Instances,
    history: History,
    plans: Vec<Plan>,
    plan_version: Option<PlanVersionCard>,
    handover: Option<Handover>,
    obstacle: Option<Obstacle>,
}

async fn load(visit: Visit) -> Result<Page, NoPage> {
    let role = staff_role(&visit)?;
    let now = visit.state.clock.now();
    let mut found = find(&visit, role, now).await?.ok_or(NoPage::NotFound)?;
    let may = staff_may(role, StaffAct::ManageLicenses);
    let plan_version = found.plan_version.take().map(|card| card.view(may));
    let (view, license) = (&found.view, &found.view.license);
    let name = name_of(view);
    let crumbs = vec![Crumb::to(text::TITLE, PATH), Crumb::here(name.clone())];
    let decided = text::decided(license).map(|title| view! { <Notice tone=Tone::Bad title /> });
    let living = found.subscription.as_ref().is_some_and(|it| it.ended_at.is_none());
    // What was typed before the password was asked for.
    let reasons = [take_refused(END_NOW).await.typed("reason"), take_refused(REVOKE).await.typed("reason")];
    let standing = standing_card(license, &found.end, may, living, reasons, now);
    let overrides = overrides_card(license, may).await;
    let term = term_card(license, found.subscription.as_ref(), may, now).await;
    let handover = handover_card(license, found.handover.as_ref(), found.obstacle, may).await;
    let body = view! {
        <Breadcrumb label=words::YOU_ARE_HERE crumbs />
        <PageHead title=name.clone() lead=text::lead(view, &found.customer.company, now) />
        {decided}
        <div class="row">{facts(&found, now)} {found.uses.card(license, now)}</div>
        {found.instances.card()}
        <div class="row apart">{standing} {overrides}</div>
        <div class="row apart">{term} {handover}</div>
        {plan_version}
        {found.history.card(license_events::TITLE, license, &found.plans)}
    };
    Ok(Page::new(name, body))
}

async fn find(visit: &Visit, role: StaffRole, now: UnixMs) -> Result<Option<Found>, NoPage> {
    let (vendor_id, cx) = (visit.vendor.id.clone(), visit.viewer_cx());
    let id = LicenseId::from_untrusted(visit.path.split('/').nth(3).unwrap_or_default());
    let (instances, history) = (AskedInstances::of(visit), AskedHistory::of(visit));
    let viewer = if staff_may(role, StaffAct::ManageLicenses) { Viewer::StaffWhoManages } else { Viewer::Staff };
    let found = visit.state.db.read(|tx| {
        Box::pin(async move {
            let Some(view) = find_license(tx, &vendor_id, &id).await? else { return Ok(None) };
            let license = &view.license;
            let Some(customer) = find_account(tx, &vendor_id, &license.account_id).await? else { return Ok(None) };
            let href = format!("{PATH}/{id}");
            let plans = catalog::list_plans(tx, &vendor_id, &license.product_id).await?;
            Ok::<_, NoPage>(Some(Found {
                plan_version: PlanVersionCard::read(tx, &cx, license, &plans).await?,
                customer,
                subscription: find_subscription_of_license(tx, &vendor_id, &license.id).await?,
                end: end_of_leases(tx, license, now).await?,
                uses: Uses {
                    held: leases::count_seats(tx, &license.id, license.license_type, now).await?,
                    used: leases::license_usage(tx, &vendor_id, &view, now).await?,
                },
                instances: Instances::read(tx, license, &instances, href.clone(), viewer, now).await?,
                history: History::read(tx, license, None, &history, href, now).await?,
                handover: find_open_handover(tx, &cx, &license.id).await?,
                obstacle: find_obstacle(tx, &cx, license).await?,
                plans,
                view,
            }))
        })
    });
    found.await
}

fn facts(found: &Found, now: UnixMs) -> impl IntoView + use<> {
    let (view, license) = (&found.view, &found.view.license);
    let customer = &found.customer;
    let status = words::status(license, None, now);
    let day = |at: Option<UnixMs>| at.map_or_else(|| text::NO_END.to_owned(), moments::day);
    let mut facts = vec![
        Fact::new(words::STATUS, view! { <Badge tone=tone(license, None, now) word=status /> }),
        Fact::new(
            text::CUSTOMER,
            view! {
                <a href=format!("{}/{}", staff_customers::PATH, customer.id)>{customer.company.clone()}</a> " "
                {(!customer.billing_email.is_empty()).then(|| {
                    view! { <a href=format!("mailto:{}", customer.billing_email)>{customer.billing_email.clone()}</a> }
                })}
            },
        ),
        Fact::new(words::PLAN, format!("{}, {}", view.product_name, view.plan_name)),
        Fact::new(words::TYPE, words::license_type(license.license_type, &license.terms)),
        Fact::new(text::KEY, license.key_hint.clone()),
        Fact::new(text::STARTS, day(Some(license.starts_at))),
        Fact::new(text::ENDS, day(license.ends_at)),
    ];
    facts.extend(by_hand::issued_because(license).map(|why| Fact::new(by_hand::ISSUED, why)));
    if let Some(subscription) = &found.subscription {
        facts.push(Fact::new(subscription_words::SUBSCRIPTION, subscription_words::subscription(subscription)));
        if let Some(why) = subscription_words::cancel_reason(subscription) {
            facts.push(Fact::new(subscription_words::CANCEL_REASON, why));
        }
    }
    if let Some(until) = license.updates_until {
        facts.push(Fact::new(text::UPDATES, moments::day(until)));
    }
    if let Some(until) = license.trial_until {
        facts.push(Fact::new(text::TRIAL, moments::day(until)));
    }
    facts.push(Fact::new(words::IF_UNREACHABLE, words::enforcement(&license.terms.enforcement)));
    facts.push(Fact::new(words::LICENSE_ID, license.id.to_string()));
    view! { <Card title=words::FACTS_TITLE><Facts facts /></Card> }
}

/// Suspending, reinstating and revoking; each says what follows from it and when.
fn standing_card(
    license: &License,
    end: &EndOfLeases,
    may: bool,
    is_rented: bool,
    [end_reason, revoke_reason]: [String; 2],
    now: UnixMs,
) -> AnyView {
    let content = if standing(license, now) == Err(Inactive::Revoked) {
        view! { <p>{text::REVOKED}</p> }.into_any()
    } else if !may {
        view! { <p>{text::LOOK_ONLY}</p> }.into_any()
    } else {
        let id = license.id.to_string();
        let hidden = vec![("license_id".to_owned(), id)];
        let (suspended, revoked, ended) = (hidden.clone(), hidden.clone(), hidden.clone());
        let ends = text::ends(end, now);
        let suspending = format!("{} {ends}", text::SUSPEND_MEANS);
        let revoking = format!("{} {ends}", text::REVOKE_MEANS);
        let suspend = if license.vendor_standing == VendorStanding::Suspended {
            view! {
                <PostButton action="/act/reinstate-license" label=text::REINSTATE hidden />
                <p>{text::REINSTATE_MEANS}</p>
            }
            .into_any()
        } else {
            view! {
                <Dialog id="suspend" open=text::SUSPEND title=text::SUSPEND_TITLE close=text::SUSPEND_CLOSE>
                    <p>{suspending}</p>
                    <Form
                        action="/act/suspend-license"
                        id="suspend-form"
                        submit=text::SUSPEND_SUBMIT
                        emphasis=Emphasis::Danger
                        hidden=suspended
                    >
                        <Field name="reason" label=text::REASON hint=text::REASON_HINT />
                    </Form>
                </Dialog>
                <p>{text::SUSPEND_MEANS}</p>
            }
            .into_any()
        };
        let end_now = is_rented.then(|| {
            view! {
                <li>
                    <Dialog
                        id="end-now"
                        open=subscription_words::END_NOW
                        title=subscription_words::END_NOW_TITLE
                        close=text::SUSPEND_CLOSE
                    >
                        <p>{subscription_words::END_NOW_MEANS}</p>
                        <Form
                            action="/act/end-subscription"
                            id="end-now-form"
                            submit=subscription_words::END_NOW_SUBMIT
                            emphasis=Emphasis::Danger
                            hidden=ended
                        >
                            <Field name="reason" label=text::REASON value=end_reason hint=text::REASON_HINT />
                        </Form>
                    </Dialog>
                    <p>{subscription_words::END_NOW_MEANS}</p>
                </li>
            }
        });
        view! {
            <ul class="ways">
                <li>{suspend}</li>
                {end_now}
                <li>
                    <Dialog id="revoke" open=text::REVOKE title=text::REVOKE_TITLE close=text::SUSPEND_CLOSE>
                        <p>{revoking}</p>
                        <Form
                            action="/act/revoke-license"
                            id="revoke-form"
                            submit=text::REVOKE_SUBMIT
                            emphasis=Emphasis::Danger
                            hidden=revoked
                        >
                            <Field name="reason" label=text::REASON value=revoke_reason hint=text::REASON_HINT />
                        </Form>
                    </Dialog>
                    <p>{text::REVOKE_MEANS}</p>
                </li>
            </ul>
        }
        .into_any()
    };
    view! { <Card title=text::ACTS_TITLE id="standing">{content}</Card> }.into_any()
}

/// Limits and features of this license alone.
async fn overrides_card(license: &License, may: bool) -> AnyView {
    let refused = take_refused(OVERRIDES).await;
    let errors = override_errors(&refused);
    let (limits, features) = if errors.is_empty() {
        overrides_text::write(&license.overrides)
    } else {
        (refused.typed("limits"), refused.typed("features"))
    };
    let reason = refused.typed("reason");
    let plan = vec![Fact::new(text::PLAN_HAS, text::plan_terms(license))];
    let content = if may {
        let hidden = vec![("license_id".to_owned(), license.id.to_string())];
        view! {
            <Form
                action="/act/override-license"
                id="overrides"
                submit=text::OVERRIDES_SUBMIT
                emphasis=Emphasis::Plain
                errors_title=portal::refused_answers(errors.len())
                errors
                hidden
            >
                <Field
                    name="limits"
                    label=text::LIMITS
                    control=Control::Textarea { rows: 3 }
                    value=limits
                    hint=text::LIMITS_HINT
                    may_be_empty=true
                />
                <Field
                    name="features"
                    label=text::FEATURES
                    control=Control::Textarea { rows: 3 }
                    value=features
                    hint=text::FEATURES_HINT
                    may_be_empty=true
                />
                <Field name="reason" label=text::REASON value=reason hint=text::REASON_HINT />
            </Form>
        }
        .into_any()
    } else {
        view! { <p>{text::LOOK_ONLY}</p> }.into_any()
    };
    view! {
        <Card title=text::OVERRIDES_TITLE lead=text::OVERRIDES_LEAD id="overrides-card">
            <Facts facts=plan />
            {content}
        </Card>
    }
    .into_any()
}
