//! SARIF 2.1.0: one rule, and one result per token.

use std::collections::BTreeMap;

use serde_json::json;
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, Message, PhysicalLocation, PropertyBag, Region,
    ReportingConfiguration, ReportingDescriptor, Result as SarifResult, ResultLevel, Run, Sarif, Tool,
    ToolComponent,
};

use super::{MESSAGE, REMEDY, RULE, described};
use crate::find::report::{Report, TokenFound};
use crate::render::json;
use crate::render::sarif::{SCHEMA, notification_of, text, uri_of_path};

/// Returns the document.
pub fn sarif(report: &Report) -> String {
    let rule = ReportingDescriptor::builder()
        .id(RULE.to_owned())
        .short_description(text("A file contains a Consul peering token."))
        .full_description(text(&format!("{MESSAGE}.")))
        .help(text(REMEDY))
        .default_configuration(ReportingConfiguration::builder().level(json!("error")).build())
        .build();
    let driver = ToolComponent::builder()
        .name("peering".to_owned())
        .version(env!("CARGO_PKG_VERSION").to_owned())
        .rules(vec![rule])
        .build();
    let unreadable = report
        .unreadable
        .iter()
        .map(|unread| notification_of(&format!("{}: {}", unread.path, unread.reason)))
        .collect::<Vec<_>>();
    let invocation = Invocation::builder()
        .execution_successful(unreadable.is_empty())
        .tool_execution_notifications(unreadable)
        .build();
    let run = Run::builder()
        .tool(Tool::builder().driver(driver).build())
        .invocations(vec![invocation])
        .column_kind(json!("unicodeCodePoints"))
        .results(report.tokens.iter().map(result).collect::<Vec<_>>())
        .build();
    json::render(&Sarif::builder().schema(SCHEMA.to_owned()).version(json!("2.1.0")).runs(vec![run]).build())
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
