//! Reports in a real browser: nothing runs or is requested, they fit on every width, and they are accessible.

use std::path::Path;

use serde_json::Value;

use crate::browser::Browser;
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
        browser.open(&file);
        assert_eq!(browser.of("Network.requestWillBeSent").len(), 1, "{arguments:?}: only the file itself");
        assert!(browser.of("Page.javascriptDialogOpening").is_empty(), "{arguments:?}: a script ran");
        assert_eq!(browser.of("Log.entryAdded"), Vec::<&Value>::new(), "{arguments:?}: the policy fits");
        // The style is in effect.
        assert_eq!(browser.evaluate("getComputedStyle(document.querySelector('h1')).margin"), "0px");
        for width in [320, 360, 800, 1440, 1920] {
            browser.resize(width, false);
            let too_wide = browser
                .evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(too_wide, 0, "{arguments:?} at {width} pixels");
        }
    }
}

#[test]
fn reports_are_accessible() {
    let Ok(script) = std::env::var("AXE_JS") else {
        eprintln!("SKIPPED: axe-core on reports: set AXE_JS to its axe.min.js to run it");
        return;
    };
    let Some(mut browser) = Browser::start("axe-core on reports") else { return };
    let script = std::fs::read_to_string(script).unwrap();
    let directory = tempfile::tempdir().unwrap();
    for arguments in reports() {
        let file = write(directory.path(), &arguments);
        for is_dark in [false, true] {
            browser.resize(1000, is_dark);
            browser.open(&file);
            browser.evaluate(&format!("{script};0"));
            let violations = browser.evaluate(
                "axe.run().then(it => it.passes.length < 10 ? 'too few rules ran' : \
                 it.violations.map(it => it.id + ': ' + it.nodes[0].html).join('\\n'))",
            );
            assert_eq!(violations, "", "{arguments:?}, dark: {is_dark}");
        }
    }
}
