//! The frame around every page.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::components::{Dialog, Emphasis, LinkButton, Notice, PostButton, Tone};
use crate::islands::Toast;

/// Who the page is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// Anyone: price list, sign-up, log-in.
    Visitor,
    /// A signed-in member of a customer's account.
    Customer,
    /// The vendor's own staff; the frame is marked, so that nobody mistakes one side for the other.
    Staff,
}

/// A link of a navigation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavLink {
    /// What people read.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Whether the reader is there now.
    pub current: bool,
}

impl NavLink {
    /// A link that leads elsewhere.
    #[must_use]
    pub fn to(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { label: label.into(), href: href.into(), current: false }
    }

    /// Marks the link when `path` is its address or lies below it.
    #[must_use]
    pub fn at(mut self, path: &str) -> Self {
        let below = path.strip_prefix(self.href.trim_end_matches('/')).is_some_and(|rest| rest.starts_with('/'));
        self.current = path == self.href || (below && self.href != "/");
        self
    }
}

/// Links that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NavSection {
    /// What they are about; empty for those that need no word.
    pub label: String,
    /// The links.
    pub links: Vec<NavLink>,
}

/// The way to look for anything, in the header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchBox {
    /// Page that answers; what is looked for is `q` in its address.
    pub action: String,
    /// Accessible name of the form: "Search everything".
    pub name: String,
    /// Label of the field and of the button: "Search".
    pub label: String,
    /// What is looked for now.
    pub value: String,
}

/// What the header has for the vendor's staff in place of a row of links.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Console {
    /// The navigation.
    pub sections: Vec<NavSection>,
    /// The search.
    pub search: SearchBox,
}

/// The vendor, as shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// Name of the vendor.
    pub name: String,
    /// Where name and logo lead.
    pub home: String,
    /// Address of the vendor's logo, shown beside the name; without one a built-in mark is.
    pub logo: Option<String>,
}

/// Who is signed in, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Account and role: "Example GmbH · Owner".
    pub who: String,
    /// The other accounts of the person, where there are any.
    pub switch: Option<Switch>,
    /// Where signing out posts to.
    pub sign_out_action: String,
    /// The act: "Sign out".
    pub sign_out: String,
}

/// The choice of the account that one acts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Opens it: "Switch…".
    pub open: String,
    /// Its heading.
    pub title: String,
    /// What follows from it.
    pub text: String,
    /// Closes it and changes nothing.
    pub close: String,
    /// Where the choice posts to.
    pub action: String,
    /// The other accounts: id, and name with role.
    pub choices: Vec<(String, String)>,
}

/// Everything in the frame that is not the page: built once per request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Who the page is for.
    pub audience: Audience,
    /// The vendor.
    pub brand: Brand,
    /// Main navigation.
    pub nav: Vec<NavLink>,
    /// Accessible name of the main navigation: "Main".
    pub nav_label: String,
    /// Staff: navigation and search of the console.
    pub console: Option<Console>,
    /// Links at the end of the header for those not signed in: "Sign in".
    pub entrance: Vec<NavLink>,
    /// Who is signed in.
    pub signed_in: Option<SignedIn>,
    /// First link of the page, for keyboards: "Skip to content".
    pub skip: String,
    /// Said on every page while one of the staff acts for a customer.
    pub acting: Option<ActingBanner>,
    /// What the account has to act on, on every page until it is done.
    pub alerts: Vec<Alert>,
    /// What the last act did, to be said once.
    pub done: Option<Done>,
    /// Accessible name of the footer's links.
    pub foot_label: String,
    /// Links of the footer.
    pub foot: Vec<NavLink>,
    /// Words of the footer: who runs this.
    pub foot_note: String,
}

/// For whom and why one of the staff acts, and the way out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActingBanner {
    /// For whom: "You act as Example GmbH."
    pub title: String,
    /// Why and until when.
    pub text: String,
    /// Where ending it posts to.
    pub stop_action: String,
    /// The act: "Stop".
    pub stop: String,
}

/// Something to act on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What it means for the reader.
    pub tone: Tone,
    /// What is the case.
    pub title: String,
    /// What follows from it.
    pub text: String,
    /// The one thing to do: label and address.
    pub act: Option<(String, String)>,
}

/// What the act that led here did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// One sentence: "Two instances were added."
    pub message: String,
    /// The button that puts it away: "Dismiss".
    pub dismiss: String,
}

/// A page in its frame.
#[component]
pub fn Layout(
    /// The frame.
    frame: Frame,
    /// Title of the window, to which the vendor's name is added.
    #[prop(into)]
    title: String,
    /// The page.
    children: Children,
) -> impl IntoView {
    let class = match frame.audience {
        Audience::Visitor => "visitor",
        Audience::Customer => "customer",
        Audience::Staff => "staff",
    };
    view! {
        <Title text=format!("{title} · {}", frame.brand.name) />
        <div class=format!("page {class}")>
            <a class="skip" href="#main">
                {frame.skip}
            </a>
            <header class="top">
                {brand(frame.brand)} {navigation("nav", frame.nav_label.clone(), frame.nav)}
                {frame.console.map(|it| console(frame.nav_label, it))}
                <div class="who">
                    {links(frame.entrance)} {frame.signed_in.map(signed_in)}
                </div>
            </header>
            <main id="main" tabindex="-1">
                {frame.acting.map(acting)} {alerts(frame.alerts)} {children()}
            </main>
            <footer class="foot">
                <span>{frame.foot_note}</span>
                {navigation("", frame.foot_label, frame.foot)}
            </footer>
            {frame.done.map(|done| view! { <Toast message=done.message dismiss=done.dismiss /> })}
        </div>
    }
}

// The parts erase their types here: in one piece, the type of a page is deeper than the compiler follows.

fn acting(banner: ActingBanner) -> AnyView {
    let stop = move || view! { <PostButton action=banner.stop_action.clone() label=banner.stop.clone() /> };
    view! { <Notice tone=Tone::Warn title=banner.title text=banner.text action=stop /> }.into_any()
}

fn alerts(list: Vec<Alert>) -> AnyView {
    list.into_iter()
        .map(|alert| {
            let act = alert.act;
            let act = move || {
                let (label, href) = act.clone()?;
                Some(view! { <LinkButton href label emphasis=Emphasis::Primary /> })
            };
            view! { <Notice tone=alert.tone title=alert.title text=alert.text action=act /> }
        })
        .collect_view()
        .into_any()
}

fn brand(brand: Brand) -> impl IntoView {
    let mark = match brand.logo {
        // The name beside it says what the picture shows.
        Some(logo) => view! { <img src=logo alt="" height="28" /> }.into_any(),
        None => view! {
            <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
                <path d="M4 3h4v12h10v4H4z" fill="currentColor" />
                <circle cx="15.5" cy="7" r="3.2" fill="none" stroke="currentColor" stroke-width="2.2" />
            </svg>
        }
        .into_any(),
    };
    view! {
        <a class="brand" href=brand.home>
            {mark}
            {brand.name}
        </a>
    }
}

fn navigation(class: &'static str, label: String, list: Vec<NavLink>) -> Option<impl IntoView> {
    (!list.is_empty()).then(|| {
        view! {
            <nav class=(!class.is_empty()).then_some(class) aria-label=label>
                {links(list)}
            </nav>
        }
    })
}

fn console(label: String, console: Console) -> AnyView {
    let sections = console.sections.into_iter().map(|section| {
        let links = links(section.links);
        if section.label.is_empty() {
            return view! { <div class="section">{links}</div> }.into_any();
        }
        view! { <div class="section" role="group" aria-label=section.label>{links}</div> }.into_any()
    });
    let search = console.search;
    view! {
        <search class="find" aria-label=search.name>
            <form action=search.action method="get">
                <label class="visually-hidden" for="find-everything">{search.label.clone()}</label>
                <input
                    class="input"
                    type="search"
                    id="find-everything"
                    name="q"
                    value=search.value
                    required=true
                    maxlength="200"
                />
                <button type="submit" class="btn quiet">{search.label}</button>
            </form>
        </search>
        <nav class="nav sections" aria-label=label>{sections.collect_view()}</nav>
    }
    .into_any()
}

fn links(list: Vec<NavLink>) -> impl IntoView {
    list.into_iter()
        .map(|link| {
            view! {
                <a href=link.href aria-current=link.current.then_some("page")>
                    {link.label}
                </a>
            }
        })
        .collect_view()
}

fn signed_in(signed_in: SignedIn) -> AnyView {
    view! {
        <span>{signed_in.who}</span>
        {signed_in.switch.map(switch)}
        <form class="form inline" method="post" action=signed_in.sign_out_action>
            <button type="submit" class="btn quiet">
                {signed_in.sign_out}
            </button>
        </form>
    }
    .into_any()
}

fn switch(switch: Switch) -> impl IntoView {
    let buttons = switch.choices.into_iter().map(|(account_id, label)| {
        let hidden = vec![("account_id".to_owned(), account_id)];
        view! { <PostButton action=switch.action.clone() label hidden /> }
    });
    let buttons = buttons.collect_view();
    view! {
        <Dialog
            id="switch-account"
            open=switch.open
            emphasis=Emphasis::Quiet
            title=switch.title
            close=switch.close
        >
            <p>{switch.text}</p>
            <div class="acts">{buttons}</div>
        </Dialog>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_current_at_its_address_and_below_it_but_not_beside_it() {
        let current = |href: &str, path: &str| NavLink::to("x", href).at(path).current;
        assert!(current("/licenses", "/licenses"));
        assert!(current("/licenses", "/licenses/lic_1"));
        assert!(!current("/licenses", "/licenses-old"));
        assert!(!current("/licenses", "/"));
    }

    #[test]
    fn the_root_is_current_only_at_the_root() {
        assert!(NavLink::to("x", "/").at("/").current);
        assert!(!NavLink::to("x", "/").at("/licenses").current);
    }
}
