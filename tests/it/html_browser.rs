//! Reports in a real browser: nothing runs or is requested, they fit on every width, and they are accessible.

use std::path::Path;

use crate::browser::{Axe, Browser, file_url};
use crate::html::{html, reports};

/// Writes a report to a file.
fn write(directory: &Path, arguments: &[&str]) -> std::path::PathBuf {
    let file = directory.join("report.html");
    std::fs::write(&file, html(arguments)).unwrap();
    file
}

#[test]
fn reports_fit_on_every_width_and_request_nothing() {
    let Some(mut browser) = Browser::start("reports in a browser") else { return };
    let directory = tempfile::tempdir().unwrap();
    for arguments in reports() {
        let file = write(directory.path(), &arguments);
        browser.open(&file_url(&file));
        assert_eq!(browser.requests().len(), 1, "{arguments:?}: only the file itself");
        assert!(browser.events("Page.javascriptDialogOpening").is_empty(), "{arguments:?}: a script ran");
        // The policy fits.
        browser.expect_no_errors();
        // The style is in effect.
        assert_eq!(browser.evaluate("getComputedStyle(document.querySelector('h1')).margin"), "0px");
        for width in [320, 360, 800, 1440, 1920] {
            browser.show_as(width, "light");
            browser.expect_to_fit(&format!("{arguments:?} at {width} pixels"));
        }
    }
}

#[test]
fn reports_are_accessible() {
    let Some(axe) = Axe::find("accessibility of reports") else { return };
    let Some(mut browser) = Browser::start("accessibility of reports") else { return };
    let directory = tempfile::tempdir().unwrap();
    for arguments in reports() {
        let file = write(directory.path(), &arguments);
        for scheme in ["light", "dark"] {
            browser.show_as(1000, scheme);
            browser.open(&file_url(&file));
            browser.expect_accessible(&axe, &format!("{arguments:?}, {scheme}"));
        }
    }
}
