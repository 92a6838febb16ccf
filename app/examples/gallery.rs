//! Every component on one page, as a file to open in a browser:
//!
//! ```text
//! cargo run -p app --example gallery -- target/gallery.html
//! ```
//!
//! The style sheet is written into the file, so that it needs no server; islands show what they show without a script.
//! An optional second argument is the hue of the accent, as a vendor's brand would set it.

use std::{env, fs, path::Path};

use app::{
    components::*,
    islands::{AutoRefresh, PriceCalculator, PriceTerms, SeatSentence},
    layout::{Audience, Brand, Done, Frame, Layout, NavLink, SignedIn},
};
use leptos::prelude::*;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = env::args().skip(1);
    let target = arguments.next().ok_or("the first argument is the file to write")?;
    let hue = arguments.next().map(|hue| format!(":root {{ --accent-h: {hue}; }}")).unwrap_or_default();
    let css = bundled(Path::new(env!("CARGO_MANIFEST_DIR")).join("../style/main.css").as_path())? + &hue;
    let body = Owner::new().with(|| {
        leptos_meta::provide_meta_context();
        gallery().to_html()
    });
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Gallery</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{css}</style></head>\
         <body>{body}</body></html>"
    );
    fs::write(target, html)?;
    Ok(())
}

/// The style sheet with its imports in place.
fn bundled(main: &Path) -> std::io::Result<String> {
    let folder = main.parent().unwrap_or(Path::new("."));
    fs::read_to_string(main)?
        .lines()
        .filter_map(|line| line.strip_prefix("@import \"")?.strip_suffix("\";"))
        .map(|file| fs::read_to_string(folder.join(file)))
        .collect()
}

fn gallery() -> impl IntoView {
    view! {
        <Layout frame=frame() title="Gallery">
            <Breadcrumb label="You are here" crumbs=vec![Crumb::to("Licenses", "#l"), Crumb::here("Production cluster")] />
            <PageHead
                title="Production cluster"
                lead="IoT Platform, Startup plan, billed yearly. Runs on any three nodes at a time; renews on 14 March 2027 for $2,990.00."
                actions=|| {
                    view! {
                        <LinkButton href="#plan" label="Change plan" />
                        <LinkButton href="#add" label="Add instances" emphasis=Emphasis::Primary />
                    }
                }
            />
            <Notice
                tone=Tone::Warn
                title="node-c has been silent for 3 hours."
                text="Its seat is kept until 22:10, then it becomes free."
                action=|| view! { <PostButton action="#free" label="Free the seat now" about="of node-c" /> }
            />
            {license()}
            {tables()}
            {prices()}
            {forms()}
            {waiting()}
        </Layout>
    }
}

fn frame() -> Frame {
    Frame {
        console: None,
        acting: None,
        audience: Audience::Customer,
        brand: Brand { name: "Leasehold".into(), home: "#home".into(), logo: None },
        nav: ["Overview", "Licenses", "Invoices", "Team", "Guide"]
            .map(|label| NavLink::to(label, format!("#{}", label.to_lowercase())).at("#licenses"))
            .into(),
        nav_label: "Main".into(),
        entrance: vec![],
        signed_in: Some(SignedIn {
            who: "Example GmbH · Owner".into(),
            switch: None,
            sign_out_action: "#out".into(),
            sign_out: "Sign out".into(),
        }),
        skip: "Skip to content".into(),
        alerts: vec![],
        done: Some(Done { message: "Two instances were added.".into(), dismiss: "Dismiss".into() }),
        foot_label: "Legal".into(),
        foot: vec![NavLink::to("Terms", "#terms"), NavLink::to("Privacy", "#privacy")],
        foot_note: "Sold by Example Software Ltd.".into(),
    }
}

fn copy_words() -> CopyWords {
    CopyWords { label: "Copy".into(), copied: "Copied".into(), failed: "Select it and press Ctrl+C".into() }
}

fn license() -> impl IntoView {
    view! {
        <div class="row">
            <Card title="License" aside=|| view! { <Badge tone=Tone::Good word="Active" /> }>
                <Facts facts=vec![
                    Fact::new("Type", "Floating, 24 h leases"),
                    Fact::new("Valid until", view! { <Moment datetime="2027-03-14" absolute="14 March 2027" /> }),
                    Fact::new("Price", view! { <Money minor=299_000 currency="usd" /> " a year" }),
                    Fact::new("If unreachable", "warns at once, stops after 24 h"),
                    Fact::new("States", view! {
                        <Badge tone=Tone::Neutral word="Ended" />
                        " "
                        <Badge tone=Tone::Warn word="Past due" />
                        " "
                        <Badge tone=Tone::Bad word="Suspended" />
                    }),
                ] />
            </Card>
            <Card title="Use" lead="All three seats are taken; a fourth node would be refused.">
                <div class="meters">
                    <Meter label="Instances" text="3 of 3, full" used=3 limit=3 />
                    <Meter label="Devices" text="312 of 500" used=312 limit=500 />
                    <Meter label="Assets" text="512 of 500, over the limit" used=512 limit=500 />
                    <Meter label="Customers" text="41, unlimited" used=41 limit=-1 />
                </div>
            </Card>
        </div>
        <Card title="License key">
            <KeyBox
                id="key"
                label="Key of this license"
                key="LH-7K2M9-QX4TD-1H8RV-0ZC5N-B3W6J-7Q2MP"
                copy=Some(copy_words())
                acts=|| view! { <LinkButton href="#replace" label="Replace" about="the key" emphasis=Emphasis::Quiet /> }
                hint="Whoever has the key can take a seat. Keep it like a password."
            />
            <Snippet
                label="Start the product"
                code="export LICENSE_SERVER=https://license.example.com\nexport LICENSE_KEY=LH-7K2M9-QX4TD-1H8RV-0ZC5N-B3W6J-7Q2MP\n./iot-platform"
                copy=Some(copy_words())
            />
        </Card>
    }
}

fn tables() -> impl IntoView {
    let columns = vec![
        Column::text("Instance"),
        Column::text("State"),
        Column::text("Version"),
        Column::text("Last contact"),
        Column::act("Act"),
    ];
    let instance = |name: &'static str, tone, word: &'static str, seen: &'static str| {
        Row::new()
            .cell(view! { {name} <small>"since 10 March 2026"</small> })
            .cell(view! { <Badge tone=tone word=word /> })
            .cell("4.2.1")
            .cell(view! { <Moment datetime="2026-11-21T10:00:00Z" absolute="21 Nov, 10:00" relative=seen /> })
            .cell(view! {
                <Dialog
                    id=format!("free-{name}")
                    open="Free"
                    about="the seat of node"
                    emphasis=Emphasis::Quiet
                    title=format!("Free the seat of {name}?")
                    close="Keep it"
                >
                    <p>"The node stops at its next check, at 19:12 at the latest. Its seat is free from then on."</p>
                    <Form action="#free" submit=format!("Free the seat of {name}") emphasis=Emphasis::Danger />
                </Dialog>
            })
    };
    let invoice = |number: &'static str, minor| {
        Row::new()
            .cell(view! { <a href="#invoice">{number}</a> })
            .cell("14 March 2026")
            .cell(view! { <Badge tone=Tone::Good word="Paid" /> })
            .cell(view! { <Money minor=minor currency="usd" /> })
            .cell(
                view! { <LinkButton href="#pdf" label="PDF" about=format!("of {number}") emphasis=Emphasis::Quiet /> },
            )
    };
    let invoice_columns = || {
        vec![
            Column::text("Invoice"),
            Column::text("Issued"),
            Column::text("State"),
            Column::number("Amount"),
            Column::act("Document"),
        ]
    };
    view! {
        <Card title="Instances">
            <Table
                caption="Instances of this license"
                caption_hidden=true
                columns
                rows=vec![
                    instance("node-a", Tone::Good, "Running", "2 min ago"),
                    instance("node-b", Tone::Good, "Running", "41 min ago"),
                    instance("node-c", Tone::Warn, "Silent", "3 h ago"),
                ]
            />
        </Card>
        <Table
            caption="Invoices"
            columns=invoice_columns()
            rows=vec![invoice("LH-2026-0001", 299_000), invoice("LH-2026-0002", 14_850)]
            foot=vec![Row::new().cell("Sum").blank().blank().cell(view! { <Money minor=313_850 currency="usd" /> }).blank()]
        />
        <Pagination label="Pages of invoices" position="2 invoices up to 14 March 2026" next=Some(("Older".into(), "#older".into())) />
        <Card title="Credit notes">
            <Table
                caption="Credit notes"
                columns=invoice_columns()
                rows=vec![]
                empty=|| {
                    view! {
                        <EmptyState
                            text="There are no credit notes. One appears here whenever an invoice is corrected."
                            action=|| view! { <LinkButton href="#invoices" label="See the invoices" /> }
                        />
                    }
                }
            />
        </Card>
    }
}

fn prices() -> impl IntoView {
    let sentence = |one: &str, other: &str| SeatSentence { one: one.into(), other: other.into() };
    let calculator = move |plan: &'static str, base_minor, included_seats, extra_seat_minor| {
        view! {
            <PriceCalculator
                id=format!("calc-{plan}")
                action="#order".to_owned()
                update_url="#prices".to_owned()
                hidden=vec![("plan".into(), plan.into())]
                terms=PriceTerms { base_minor, included_seats, extra_seat_minor, max_seats: 100, currency: "usd".into() }
                seats=included_seats
                label="Instances".to_owned()
                fewer="One instance fewer".to_owned()
                more="One instance more".to_owned()
                hint=format!("{included_seats} included, each further one {}", money_text(extra_seat_minor, "usd", Cents::WhenNeeded))
                total=sentence("{total} a month for {seats} instance", "{total} a month for {seats} instances")
                submit=sentence("Buy for {total} a month", "Buy for {total} a month")
                primary=plan == "startup"
                update="Update price".to_owned()
            />
        }
    };
    view! {
        <PageHead
            title="Run it anywhere. Pay for what runs."
            lead="One key for the whole cluster. Change plan or instances at any time; running nodes pick it up within the hour."
            actions=|| {
                view! {
                    <Segmented
                        label="Billing"
                        options=vec![
                            NavLink::to("Monthly", "#monthly").at("#monthly"),
                            NavLink::to("Yearly", "#yearly"),
                            NavLink::to("Perpetual", "#perpetual"),
                        ]
                    />
                }
            }
        />
        <Plans>
            <PlanCard name="Prototype" price="$39" per="a month" summary="For a first installation." contains=vec!["50 devices".into(), "Community support".into()]>
                {calculator("prototype", 3_900, 1, 3_900)}
            </PlanCard>
            <PlanCard name="Startup" price="$299" per="a month" summary="For the first customers." recommended="Most chosen" contains=vec!["500 devices".into(), "White-labelling".into()]>
                {calculator("startup", 29_900, 2, 14_900)}
            </PlanCard>
            <PlanCard name="Business" price="$499" per="a month" summary="For a growing fleet." contains=vec!["1,000 devices".into(), "Priority support, 12 h".into()]>
                {calculator("business", 49_900, 3, 14_900)}
            </PlanCard>
        </Plans>
    }
}

fn forms() -> impl IntoView {
    let countries = vec![Choice::new("DE", "Germany"), Choice::new("GR", "Greece"), Choice::new("VN", "Viet Nam")];
    let refused = vec![
        FieldError::new("email", "This address has no @. Write it like name@example.com."),
        FieldError::new("seats", "At least 2, because two nodes are running."),
        FieldError::general("The price has changed since this page was opened. Please look at it again."),
    ];
    view! {
        <div class="row">
            <Card title="Sign up">
                <Form
                    action="#signup"
                    id="signup"
                    submit="Create the account"
                    beside=|| view! { <a href="#login">"I have an account"</a> }
                >
                    <Field name="email" label="E-mail" control=Control::Email autocomplete="email" hint="Invoices and reminders go here." />
                    <Field
                        name="password"
                        label="Password"
                        control=Control::Password { show: "Show".into(), hide: "Hide".into() }
                        autocomplete="new-password"
                        hint="12 characters or more; any character will do."
                    />
                    <Field name="country" label="Country" control=Control::Select(countries) value="GR" />
                    <Field name="vat" label="VAT id" optional="optional" hint="Checked with the tax office before the first invoice." />
                    <Field name="terms" label="I agree to the terms of sale" control=Control::Checkbox />
                </Form>
            </Card>
            <Card title="Refused">
                <Form action="#change" id="change" submit="Add 2 instances for $298.00" errors=refused errors_title="Two answers need a change">
                    <Field name="email" label="E-mail" control=Control::Email value="example.com" />
                    <Stepper name="seats" label="Instances" value=1 max=100 fewer="One instance fewer" more="One instance more" hint="2 are running." />
                    <Field name="days" label="Overlap in days" control=Control::Number { min: 0, max: 30 } value="7" />
                    <Field name="note" label="Note" control=Control::Textarea { rows: 3 } optional="optional" value="For the lab" />
                </Form>
            </Card>
        </div>
        <Fold summary="Which addresses does the server need?">
            <p>"Only this one, over HTTPS."</p>
        </Fold>
    }
}

fn waiting() -> impl IntoView {
    let step = |progress, label: &str, state: &str, note: Option<&str>| Step {
        progress,
        label: label.into(),
        state: state.into(),
        note: note.map(Into::into),
    };
    let happening = |when: &str, sentence: &str| Happening {
        datetime: "2026-11-21T16:02:00Z".into(),
        when: when.into(),
        sentence: sentence.into(),
    };
    view! {
        <div class="row">
            <Card title="Your order" lead="The license is being written. This page goes on by itself.">
                <AutoRefresh url="/status".to_owned() state="pending".to_owned() every_ms=1_000 />
                <Steps steps=vec![
                    step(Progress::Done, "Payment received", "done", None),
                    step(Progress::Running, "License being created", "running", Some("usually within five seconds")),
                    step(Progress::Next, "Key ready to copy", "to come", None),
                ] />
            </Card>
            <Card title="Latest">
                <Timeline happenings=vec![
                    happening("today 16:02", "node-d was refused: all 3 seats in use."),
                    happening("today 15:58", "node-c last checked in."),
                    happening("2 Nov 2026", "Instances raised from 2 to 3 by the owner."),
                ] />
            </Card>
        </div>
        <Notice tone=Tone::Good title="The subscription goes on." text="It renews on 14 March 2027." />
        <Notice tone=Tone::Bad title="The last payment failed." text="Everything works until 5 December." action=|| view! { <LinkButton href="#pay" label="Pay $299.00" /> } />
        <Notice title="Prices are without VAT." />
    }
}
