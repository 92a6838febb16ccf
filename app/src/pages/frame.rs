//! The frame of a request: whose portal it is, where one can go, who is signed in.

use backend::accounts::{Account, AccountKind, Act, ActsAs, may};
use backend::billing::attention::{Attention, list_attention};
use backend::text::en::{
    acting as acting_words, attention as alert_words, console_navigation, console_search, deletion, members as words,
    partners, portal as text,
};
use backend::vendors::Vendor;
use leptos::config::LeptosOptions;

use super::{contact, staff_search};
use crate::api::acting_staff::STOP_ACTION;
use crate::api::deletion::CLOSE;
use crate::api::form;
use crate::api::messages::MESSAGES;
use crate::api::partners::CLIENTS;
use crate::components::Tone;
use crate::layout::{
    ActingBanner, Alert, Audience, Brand, Console, Done, Frame, NavLink, NavSection, SearchBox, SignedIn, Switch,
};
use crate::request::{Viewer, Visit};

/// Address of the style sheet; named after its content where the build says so, to be cached for ever.
#[must_use]
pub fn stylesheet(options: &LeptosOptions) -> String {
    let hash = if options.hash_files { css_hash(options) } else { None };
    match hash {
        Some(hash) => format!("/{}/{}.{hash}.css", options.site_pkg_dir, options.output_name),
        None => format!("/{}/{}.css", options.site_pkg_dir, options.output_name),
    }
}

/// The build writes `css: <hash>` into a file beside the program, as leptos reads it for its scripts.
fn css_hash(options: &LeptosOptions) -> Option<String> {
    static HASH: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let file = || {
        let program = std::env::current_exe().ok()?;
        let text = std::fs::read_to_string(program.with_file_name(options.hash_file.as_ref())).ok()?;
        text.lines().find_map(|line| line.strip_prefix("css:")).map(|hash| hash.trim().to_owned())
    };
    HASH.get_or_init(file).clone()
}

/// Address of the vendor's own style sheet; changes with its content.
#[must_use]
pub fn brand_stylesheet(vendor: &Vendor) -> String {
    format!("/brand/{}.css", brand_hash(vendor))
}

/// Address of the vendor's logo, where it has one.
#[must_use]
pub fn brand_logo(vendor: &Vendor) -> Option<String> {
    vendor.logo_svg.as_ref().map(|_| format!("/brand/{}.svg", brand_hash(vendor)))
}

/// Names a state of the vendor's branding.
#[must_use]
pub fn brand_hash(vendor: &Vendor) -> String {
    let content = format!("{}\n{}", vendor.accent_hue, vendor.logo_svg.as_deref().unwrap_or_default());
    backend::keys::sha256(content.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The frame of the request at hand.
pub async fn frame() -> Frame {
    let visit = Visit::here();
    let audience = audience(visit.viewer.as_deref());
    let path = visit.path.as_str();
    let nav = text::navigation(audience_word(audience)).iter().map(|(label, href)| NavLink::to(*label, *href).at(path));
    let mut nav: Vec<NavLink> = nav.collect();
    if visit.account().is_some_and(|(account, _)| account.kind == AccountKind::Partner) {
        // After the licenses and invoices of its own; its pages lead to each other.
        let current = path.starts_with("/partner/");
        nav.insert(nav.len().min(3), NavLink { current, ..NavLink::to(partners::SECTION, CLIENTS) });
    }
    let mut nav = only_nearest(nav);
    if visit.viewer.as_ref().is_some_and(|viewer| viewer.acting.is_some()) {
        // What customer and vendor write to each other, staff read in the console.
        nav.retain(|link| link.href != MESSAGES);
    }
    contact::count_waiting(&visit, &mut nav).await;
    let entrance =
        if visit.viewer.is_some() { Vec::new() } else { vec![NavLink::to(text::LOG_IN, "/log-in").at(path)] };
    let done = form::take_done().await.and_then(|code| text::done(&code));
    Frame {
        audience,
        brand: Brand { name: visit.vendor.name.clone(), home: "/".to_owned(), logo: brand_logo(&visit.vendor) },
        nav,
        nav_label: text::MAIN_NAVIGATION.to_owned(),
        console: console(&visit, audience),
        entrance,
        signed_in: visit.viewer.as_deref().map(|viewer| SignedIn {
            who: who(viewer),
            switch: switch(viewer),
            sign_out_action: "/act/sign-out".to_owned(),
            sign_out: text::SIGN_OUT.to_owned(),
        }),
        skip: text::SKIP_TO_CONTENT.to_owned(),
        acting: visit.viewer.as_deref().and_then(acting),
        alerts: alerts(&visit).await,
        done: done.map(|message| Done { message: message.to_owned(), dismiss: text::DISMISS.to_owned() }),
        foot_label: text::FOOT_NAVIGATION.to_owned(),
        foot: contact::link(&visit).into_iter().chain([NavLink::to(text::API, "/docs/api").at(path)]).collect(),
        foot_note: text::foot_note(&visit.vendor.profile.legal_name, &visit.vendor.profile.support_email),
    }
}

/// What stands on every page while one of the staff acts for a customer.
fn acting(viewer: &Viewer) -> Option<ActingBanner> {
    let (acting, (account, _)) = (viewer.acting.as_ref()?, viewer.account.as_ref()?);
    Some(ActingBanner {
        title: acting_words::banner(&account.company),
        text: acting_words::banner_text(acting),
        stop_action: STOP_ACTION.to_owned(),
        stop: acting_words::STOP.to_owned(),
    })
}

/// Navigation and search of the console: for staff, wherever they are, and on its own pages for those who are customers too.
fn console(visit: &Visit, audience: Audience) -> Option<Console> {
    let path = visit.path.as_str();
    let is_here = audience == Audience::Staff || path == "/staff" || path.starts_with("/staff/");
    let role = visit.viewer.as_deref()?.staff.filter(|_| is_here)?;
    let sections = console_navigation::sections(role);
    let all =
        sections.iter().flat_map(|(_, links)| links.iter().map(|(label, href)| NavLink::to(*label, *href).at(path)));
    let mut all = only_nearest(all.collect()).into_iter();
    let sections = sections.iter().map(|(label, links)| NavSection {
        label: (*label).to_owned(),
        links: all.by_ref().take(links.len()).collect(),
    });
    Some(Console {
        sections: sections.collect(),
        search: SearchBox {
            action: staff_search::PATH.to_owned(),
            name: console_search::HEADER.to_owned(),
            label: console_search::LABEL.to_owned(),
            value: if path == staff_search::PATH { visit.query("q").unwrap_or_default() } else { String::new() },
        },
    })
}

/// What the account has to act on. A page is never lost over them: what cannot be read is logged.
async fn alerts(visit: &Visit) -> Vec<Alert> {
    let Some((account, role)) = visit.account() else { return Vec::new() };
    let closing = closing(&account, role, &visit.path);
    let (vendor_id, now) = (visit.vendor.id.clone(), visit.state.clock.now());
    let found =
        visit.state.db.read(|tx| Box::pin(async move { list_attention(tx, &vendor_id, &account.id, now).await })).await;
    let found = found.unwrap_or_else(|error| {
        tracing::error!(%error, "what an account has to act on could not be read");
        Vec::new()
    });
    let alert = |attention: &Attention| {
        let act = alert_words::act(attention, may(role, Act::Buy));
        // The button to the page that is open leads nowhere.
        let act = act.filter(|(_, href)| *href != visit.path);
        Alert {
            tone: match attention {
                Attention::PaymentFailed { .. } => Tone::Bad,
                Attention::CardEnds { ends_at, .. } if *ends_at <= now => Tone::Bad,
                Attention::CardEnds { .. } => Tone::Warn,
                Attention::UpdatesEnd { .. } => Tone::Neutral,
            },
            title: alert_words::title(attention, now),
            text: alert_words::next(attention, now),
            act: act.map(|(label, href)| (label.to_owned(), href)),
        }
    };
    closing.into_iter().chain(found.iter().map(alert)).collect()
}

/// That the account closes, and for whoever may keep it the way to do so; that page says it itself.
fn closing(account: &Account, role: ActsAs, path: &str) -> Option<Alert> {
    let closes_at = account.closes_at.filter(|_| path != CLOSE)?;
    Some(Alert {
        tone: Tone::Warn,
        title: deletion::banner(closes_at),
        text: deletion::BANNER_TEXT.to_owned(),
        act: may(role, Act::CloseAccount).then(|| (deletion::KEEP_LINK.to_owned(), CLOSE.to_owned())),
    })
}

/// Of a page and the pages below it, only the nearest one is where the reader is.
fn only_nearest(mut links: Vec<NavLink>) -> Vec<NavLink> {
    let nearest = links.iter().filter(|link| link.current).map(|link| link.href.len()).max();
    for link in &mut links {
        link.current = link.current && Some(link.href.len()) == nearest;
    }
    links
}

fn audience(viewer: Option<&Viewer>) -> Audience {
    match viewer {
        Some(viewer) if viewer.account.is_some() => Audience::Customer,
        Some(viewer) if viewer.staff.is_some() => Audience::Staff,
        _ => Audience::Visitor,
    }
}

fn audience_word(audience: Audience) -> text::Audience {
    match audience {
        Audience::Visitor => text::Audience::Visitor,
        Audience::Customer => text::Audience::Customer,
        Audience::Staff => text::Audience::Staff,
    }
}

fn who(viewer: &Viewer) -> String {
    match &viewer.account {
        Some((account, ActsAs::Member(role))) => text::member(&account.company, *role),
        Some((account, ActsAs::Support)) => acting_words::support_of(&account.company),
        None => viewer.user.email.clone(),
    }
}

/// The way to the other accounts of somebody who has several.
fn switch(viewer: &Viewer) -> Option<Switch> {
    let (current, _) = viewer.account.as_ref()?;
    let others = viewer.memberships.iter().filter(|it| it.account.id != current.id);
    let choices: Vec<_> =
        others.map(|it| (it.account.id.to_string(), words::switch_to(&it.account, it.role))).collect();
    (!choices.is_empty()).then(|| Switch {
        open: words::SWITCH.to_owned(),
        title: words::SWITCH_TITLE.to_owned(),
        text: words::SWITCH_TEXT.to_owned(),
        close: words::SWITCH_CLOSE.to_owned(),
        action: "/act/switch-account".to_owned(),
        choices,
    })
}
