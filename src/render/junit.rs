//! Reports as JUnit XML: one suite per token, with a case for Consul's verdict and one for each check.

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use super::pretty::printable;
use crate::lint::{Check, Finding, Report, Severity, UnreadableInput, ValidatedToken, rules};

/// Returns the document. A case passes if its findings are less severe than `fail_on`; they are in its output.
///
/// # Panics
/// If the document has no XML form, which cannot happen because its text is escaped.
pub fn render(tokens: &[Result<ValidatedToken, UnreadableInput>], fail_on: Severity) -> String {
    let mut document = Junit::new("peering validate");
    for (token, number) in tokens.iter().zip(1..) {
        let source = token.as_ref().map_or_else(|input| &input.source, |token| &token.source);
        let mut suite = TestSuite::new(printable(&format!("token {number} ({source})")));
        let token = match token {
            Ok(token) => token,
            Err(input) => {
                suite.add_test_case(unreadable(input));
                document.add_test_suite(suite);
                continue;
            }
        };
        suite.add_test_case(consul(&token.report));
        for check in rules::checks() {
            suite.add_test_case(case(check, &token.report, fail_on));
        }
        document.add_test_suite(suite);
    }
    document.to_string().expect("escaped text has an XML form")
}

fn unreadable(input: &UnreadableInput) -> TestCase {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status.set_message(printable(&input.reason)).set_type("unreadable");
    TestCase::new("readable", status)
}

fn consul(report: &Report) -> TestCase {
    let status = match &report.consul.message {
        None => TestCaseStatus::success(),
        Some(message) => failure(&printable(message), &format!("The verdict of {}", report.consul.reference)),
    };
    let mut case = TestCase::new("consul-accepts-token", status);
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
    let skipped = report.skipped.iter().find(|skipped| skipped.check == check.name);
    let fails = findings.iter().any(|finding| finding.severity >= fail_on);
    let status = match (skipped, fails) {
        (Some(skipped), _) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(skipped.reason);
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
