//! Reports as JUnit XML: a suite for each token, a case for Consul's word and for each check.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::pretty::printable;
use crate::lint::acceptance::REFERENCE;
use crate::lint::report::{Finding, Report, UnreadableInput, ValidatedToken};
use crate::lint::rule::{Check, Severity};
use crate::lint::rules;

/// The document. A finding below `fail_on` leaves its case passed, with the finding in its output.
///
/// # Panics
/// Never: what XML cannot hold is escaped before.
pub fn render(tokens: &[Result<ValidatedToken, UnreadableInput>], fail_on: Severity) -> String {
    let mut document = Junit::new("peering validate");
    for (token, number) in tokens.iter().zip(1..) {
        let source = token.as_ref().map_or_else(|unread| &unread.source, |token| &token.source);
        let mut suite = TestSuite::new(printable(&format!("token {number} ({source})")));
        let token = match token {
            Ok(token) => token,
            Err(unread) => {
                suite.add_test_case(unreadable(unread));
                document.add_test_suite(suite);
                continue;
            }
        };
        suite.add_test_case(word(&token.report));
        for check in rules::ALL {
            suite.add_test_case(case(check, &token.report, fail_on));
        }
        document.add_test_suite(suite);
    }
    document.to_string().expect("escaped text has an XML form")
}

fn unreadable(unread: &UnreadableInput) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(printable(&unread.reason)).set_type("unreadable");
    TestCase::new("can-be-read", status)
}

fn word(report: &Report) -> TestCase {
    let status = match &report.consul.message {
        None => TestCaseStatus::success(),
        Some(message) => failure(&printable(message), &format!("What {REFERENCE} says")),
    };
    let mut case = TestCase::new("consul-accepts-it", status);
    case.set_classname("consul");
    case
}

fn case(check: &Check, report: &Report, fail_on: Severity) -> TestCase {
    let findings: Vec<&Finding> =
        report.findings.iter().filter(|finding| finding.check == check.name).collect();
    let lines: Vec<String> = findings
        .iter()
        .map(|finding| printable(&format!("{} at {}: {}", finding.severity, finding.path, finding.message)))
        .collect();
    let skipped = report.not_applied.iter().find(|skipped| skipped.check == check.name);
    let fails = findings.iter().any(|finding| finding.severity >= fail_on);
    let status = match (skipped, fails) {
        (Some(skipped), _) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(skipped.because);
            status
        }
        (None, true) => failure(&lines.join("; "), &format!("{}\n{}", check.why, check.remedy)),
        (None, false) => TestCaseStatus::success(),
    };
    let mut case = TestCase::new(check.name, status);
    case.set_classname(format!("{:?}", check.area).to_lowercase());
    if !fails && !lines.is_empty() {
        case.set_system_out(lines.join("\n"));
    }
    case
}

fn failure(message: &str, description: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    status.set_message(message).set_type("finding").set_description(description);
    status
}
