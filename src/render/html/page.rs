//! What every report has in common: the policy, the style, the answer in its box, and the foot.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{SHA256, digest};

use super::parts::{class, sign};
use crate::render::pretty::{Mark, Screen};
use crate::utc;

/// The style of all reports.
pub(super) const STYLE: &str = include_str!("style.css");

/// What a report says.
pub(super) struct Content {
    pub mark: Mark,
    /// The answer, as the screen of the command says it.
    pub answer: String,
    /// What follows the answer in its box.
    pub summary: Markup,
    pub body: Markup,
}

/// A report.
pub(super) struct Page<'a> {
    /// The command that wrote it.
    pub command: &'static str,
    pub screen: &'a Screen,
    pub content: Content,
    /// CSS of this report only. Contains nothing from outside.
    pub rules: String,
}

impl Content {
    /// Returns the box of the answer. `note` is the line below the answer.
    pub(super) fn header(&self, note: &Markup) -> Markup {
        html! {
            header class={ "answer " (class(self.mark)) } {
                h1 { (sign(self.mark)) " " (self.answer) }
                (note)
                (self.summary)
            }
        }
    }
}

impl Page<'_> {
    /// Returns the document.
    pub(super) fn render(self) -> String {
        let style = format!("{STYLE}{}", self.rules);
        let now = utc::date_time(self.screen.now);
        let note = html! { p class="command" { code { (self.command) } " " time { (now) } } };
        let document = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy(&style));
                    meta name="referrer" content="no-referrer";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.content.answer) }
                    style { (PreEscaped(style)) }
                }
                body {
                    (self.content.header(&note))
                    main { (self.content.body) }
                    footer {
                        p {
                            "Written by peering " (env!("CARGO_PKG_VERSION"))
                            ". This file contains no script and no secret, and loads nothing."
                        }
                    }
                }
            }
        };
        document.into_string() + "\n"
    }
}

/// Returns the policy that a browser enforces: this style, and nothing else.
fn policy(style: &str) -> String {
    let hash = BASE64_STANDARD.encode(digest(&SHA256, style.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}
