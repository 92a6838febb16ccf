//! The HTML document around the app.

use leptos::{hydration::HydrationScripts, prelude::*};
use leptos_meta::MetaTags;

/// What the document's head depends on.
#[derive(Debug, Clone)]
pub struct Head {
    /// Language of the page (BCP 47), e.g. `en`.
    pub lang: String,
    /// Address of the style sheet.
    pub stylesheet: String,
    /// Address of the vendor's style sheet, which sets `--accent-h` and nothing else.
    pub brand_stylesheet: Option<String>,
    /// Address of the icon.
    pub icon: String,
    /// Where the browser finds the islands' code.
    pub options: LeptosOptions,
}

/// The whole document. `app` is rendered inside `<body>`; titles come from `leptos_meta`.
///
/// The only script is the islands' loader; it carries the request's nonce when one was provided to the context.
pub fn shell(head: Head, app: impl IntoView) -> impl IntoView {
    view! {
        <!DOCTYPE html>
        <html lang=head.lang>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="stylesheet" href=head.stylesheet />
                // After ours, so that its one line wins.
                {head.brand_stylesheet.map(|href| view! { <link rel="stylesheet" href=href /> })}
                <link rel="icon" type="image/svg+xml" href=head.icon />
                <HydrationScripts options=head.options islands=true />
                <MetaTags />
            </head>
            <body>{app}</body>
        </html>
    }
}

#[cfg(test)]
mod tests {
    use leptos::nonce::{provide_nonce, use_nonce};

    use super::*;

    fn rendered(brand: Option<&str>) -> (String, String) {
        let head = Head {
            lang: "en".into(),
            stylesheet: "/pkg/leasehold.css".into(),
            brand_stylesheet: brand.map(Into::into),
            icon: "/favicon.svg".into(),
            options: LeptosOptions::builder().output_name("leasehold").build(),
        };
        Owner::new().with(|| {
            provide_nonce();
            let nonce = use_nonce().map(|nonce| nonce.to_string()).unwrap_or_default();
            (shell(head, view! { <main></main> }).to_html(), nonce)
        })
    }

    #[test]
    fn the_only_script_carries_the_nonce_of_the_request() {
        let (html, nonce) = rendered(None);
        assert!(!nonce.is_empty());
        assert_eq!(html.matches("<script").count(), 1);
        let attribute = format!("nonce=\"{nonce}\"");
        assert!(html.split("<script").nth(1).is_some_and(|script| script.contains(&attribute)), "{html}");
    }

    #[test]
    fn nothing_in_the_document_needs_inline_styles() {
        let (html, _) = rendered(Some("/brand/abc.css"));
        assert!(!html.contains("<style") && !html.contains(" style="), "{html}");
    }

    #[test]
    fn the_brand_comes_after_our_style_sheet_so_that_it_wins() {
        let (html, _) = rendered(Some("/brand/abc.css"));
        let ours = html.find("/pkg/leasehold.css");
        assert!(ours.is_some() && ours < html.find("/brand/abc.css"), "{html}");
        assert!(!rendered(None).0.contains("/brand/"));
    }
}
