//! SARIF 2.1.0: each check of an audit is a rule. A cluster is the artifact, because findings are not in files.

use std::collections::BTreeMap;

use serde_json::json;
use serde_sarif::sarif::{
    ArtifactLocation, Location, LogicalLocation, Message, PhysicalLocation, PropertyBag, Region,
    Result as SarifResult, Run,
};

use crate::audit::{Finding, Report, checks};
use crate::lint::Rule;
use crate::render::sarif::{document, invocation, level, rule, sentence, tool, uri_of_path};

/// Returns the document.
pub fn sarif(report: &Report) -> String {
    let rules = checks::ALL.iter().map(|it| rule(it.check())).collect();
    let results = report.findings.iter().map(result).collect::<Vec<_>>();
    document(
        Run::builder().tool(tool(rules)).invocations(vec![invocation(Vec::new())]).results(results).build(),
    )
}

fn result(finding: &Finding) -> SarifResult {
    let index = checks::ALL.iter().position(|rule| rule.check.name == finding.check);
    let remedy = index.map_or("", |index| checks::ALL[index].check.remedy);
    let place = finding.place();
    let message = format!("{place}: {} {remedy}", sentence(&finding.message));
    let artifact = ArtifactLocation::builder().uri(uri_of_path(&finding.cluster.replace('/', "-"))).build();
    let region = Region::builder().start_line(1).build();
    let physical = PhysicalLocation::builder().artifact_location(artifact).region(region).build();
    let logical =
        LogicalLocation::builder().fully_qualified_name(place.clone()).kind("resource".to_owned()).build();
    let location = Location::builder().physical_location(physical).logical_locations(vec![logical]).build();
    let values: BTreeMap<_, _> =
        finding.values.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    SarifResult::builder()
        .rule_id(finding.check.to_owned())
        .rule_index(index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1))
        .level(level(finding.severity))
        .message(Message::builder().text(message.trim_end().to_owned()).build())
        .locations(vec![location])
        // A dashboard recognizes a finding whose message changed.
        .partial_fingerprints(BTreeMap::from([("place/v1".to_owned(), json!(place).to_string())]))
        .properties(PropertyBag::builder().additional_properties(values).build())
        .build()
}
