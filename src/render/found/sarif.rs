//! SARIF 2.1.0: one rule, and one result per token.

use std::collections::BTreeMap;

use serde_json::json;
use serde_sarif::sarif::{
    ArtifactLocation, Location, Message, PhysicalLocation, PropertyBag, Region, ReportingConfiguration,
    ReportingDescriptor, Result as SarifResult, ResultLevel, Run,
};

use super::{MESSAGE, REMEDY, RULE, described};
use crate::find::report::Report;
use crate::find::token_found::TokenFound;
use crate::render::sarif::{document, invocation, notification_of, text, tool, uri_of_path};

/// Returns the document.
pub fn sarif(report: &Report) -> String {
    let rule = ReportingDescriptor::builder()
        .id(RULE.to_owned())
        .short_description(text("A file contains a Consul peering token."))
        .full_description(text(&format!("{MESSAGE}.")))
        .help(text(REMEDY))
        .default_configuration(ReportingConfiguration::builder().level(json!("error")).build())
        .build();
    let unreadable = report
        .unreadable
        .iter()
        .map(|unread| notification_of(&format!("{}: {}", unread.path, unread.reason)))
        .collect::<Vec<_>>();
    let run = Run::builder()
        .tool(tool(vec![rule]))
        .invocations(vec![invocation(unreadable)])
        .column_kind(json!("unicodeCodePoints"))
        .results(report.tokens.iter().map(result).collect::<Vec<_>>())
        .build();
    document(run)
}

fn result(token: &TokenFound) -> SarifResult {
    let number = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let uri = if token.path == "-" { "standard-input".to_owned() } else { uri_of_path(&token.path) };
    let region = Region::builder()
        .start_line(number(token.span.line))
        .start_column(number(token.span.column))
        .end_line(number(token.span.end_line))
        .end_column(number(token.span.end_column))
        .build();
    let physical = PhysicalLocation::builder()
        .artifact_location(ArtifactLocation::builder().uri(uri).build())
        .region(region)
        .build();
    let properties = [
        ("peer_id", json!(token.peer_id)),
        ("server_name", json!(token.server_name)),
        ("token_sha256", json!(token.token_sha256)),
        ("commit", json!(token.commit)),
        ("change", json!(token.change)),
    ];
    let properties = properties.map(|(name, value)| (name.to_owned(), value));
    SarifResult::builder()
        .rule_id(RULE.to_owned())
        .rule_index(0)
        .level(ResultLevel::Error)
        .message(Message::builder().text(described(token)).build())
        .locations(vec![Location::builder().physical_location(physical).build()])
        // A scanner recognizes a token that moved within its file.
        .partial_fingerprints(BTreeMap::from([("tokenSha256/v1".to_owned(), token.token_sha256.clone())]))
        .properties(PropertyBag::builder().additional_properties(BTreeMap::from(properties)).build())
        .build()
}
