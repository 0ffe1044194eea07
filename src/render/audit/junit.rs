//! JUnit XML: one suite per cluster, with a case for each check.

use std::collections::HashMap;

use quick_junit::{NonSuccessKind, Report as Junit, TestCase, TestCaseStatus, TestSuite};

use crate::audit::{ClusterRow, ClusterStatus, Finding, Report, checks};
use crate::lint::{Area, Check, Rule, Severity};
use crate::render::pretty::printable;

/// Returns the document. A case passes if its findings are less severe than `fail_on`; they are in its output.
///
/// # Panics
/// If the document has no XML form, which cannot happen because its text is escaped.
pub fn junit(report: &Report, fail_on: Severity) -> String {
    let mut findings: HashMap<(&str, &str, &str), Vec<&Finding>> = HashMap::new();
    for finding in &report.findings {
        findings.entry((&finding.cluster, &finding.partition, finding.check)).or_default().push(finding);
    }
    let mut document = Junit::new("peering audit");
    for cluster in &report.clusters {
        let name = match cluster.partition.as_str() {
            "" => cluster.cluster.clone(),
            partition => format!("{}/{partition}", cluster.cluster),
        };
        let mut suite = TestSuite::new(printable(&name));
        for check in checks::ALL.iter().map(|rule| rule.check()) {
            let found = findings.get(&(&*cluster.cluster, &*cluster.partition, check.name));
            let found = found.map(Vec::as_slice).unwrap_or_default();
            suite.add_test_case(case(check, skipped(check, cluster, report), found, fail_on));
        }
        document.add_test_suite(suite);
    }
    document.to_string().expect("escaped text has an XML form")
}

/// Returns why a check did not run for a cluster.
fn skipped(check: &Check, cluster: &ClusterRow, report: &Report) -> Option<&'static str> {
    let deselected = report.skipped.iter().find(|skipped| skipped.check == check.name);
    let unread = cluster.status != ClusterStatus::Ok && check.area == Area::Peerings;
    deselected
        .map(|skipped| skipped.reason)
        .or(unread.then_some("the peerings of the cluster could not be read"))
}

fn case(check: &Check, skipped: Option<&'static str>, found: &[&Finding], fail_on: Severity) -> TestCase {
    let lines: Vec<String> = found
        .iter()
        .map(|it| printable(&format!("{} at {}: {}", it.severity, it.place(), it.message)))
        .collect();
    let fails = found.iter().any(|finding| finding.severity >= fail_on);
    let status = match skipped {
        Some(reason) => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(reason);
            status
        }
        None if fails => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let description = format!("{}\n{}", check.why, check.remedy);
            status.set_message(lines.join("; ")).set_type("finding").set_description(description);
            status
        }
        None => TestCaseStatus::success(),
    };
    let mut case = TestCase::new(check.name, status);
    case.set_classname(check.area.title().to_lowercase());
    if !fails && !lines.is_empty() {
        case.set_system_out(lines.join("\n"));
    }
    case
}
