//! Reports as SARIF 2.1.0, for code scanning. Each check is a rule, and so is Consul's verdict.

use std::collections::BTreeMap;
use std::path::{MAIN_SEPARATOR, Path};

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};
use serde_sarif::sarif::{
    ArtifactLocation, Invocation, Location, LogicalLocation, Message, MultiformatMessageString, Notification,
    PhysicalLocation, PropertyBag, Region, ReportingConfiguration, ReportingDescriptor,
    Result as SarifResult, ResultLevel, Run, Sarif, Tool, ToolComponent,
};

use super::json;
use crate::lint::{Check, Finding, Reference, Severity, UnreadableInput, ValidatedToken, rules};

/// The published schema of the document.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The rule for tokens that Consul rejects.
pub(super) const REFUSAL: &str = "consul-rejects-token";

/// The name of what prevents reading a token.
pub(super) const UNREADABLE: &str = "unreadable";

/// The page that describes the checks, and the page about Consul's messages.
const CHECKS_PAGE: &str =
    concat!("https://docs.rs/crate/consul-peering/", env!("CARGO_PKG_VERSION"), "/source/docs/checks.md");
const MESSAGES_PAGE: &str =
    concat!("https://docs.rs/crate/consul-peering/", env!("CARGO_PKG_VERSION"), "/source/docs/messages.md");

/// The characters that must be encoded in a URI's path (RFC 3986 §3.3).
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}');

/// Returns the document.
pub fn render(tokens: &[Result<ValidatedToken, UnreadableInput>]) -> String {
    let validated = tokens.iter().flatten().next();
    let reference = validated.map_or_else(Reference::default, |token| token.report.consul.reference);
    let validated = tokens.iter().zip(1..).filter_map(|(token, number)| Some((token.as_ref().ok()?, number)));
    let results = validated.flat_map(|(token, number)| results(token, number)).collect::<Vec<_>>();
    let unreadable =
        tokens.iter().filter_map(|token| token.as_ref().err()).map(notification).collect::<Vec<_>>();
    let run = Run::builder()
        .tool(tool(rules(reference)))
        .invocations(vec![invocation(unreadable)])
        .results(results)
        .build();
    document(run)
}

/// Returns the document with one run.
pub(super) fn document(run: Run) -> String {
    json::render(&Sarif::builder().schema(SCHEMA.to_owned()).version(json!("2.1.0")).runs(vec![run]).build())
}

/// Returns this program with its rules.
pub(super) fn tool(rules: Vec<ReportingDescriptor>) -> Tool {
    let driver = ToolComponent::builder()
        .name("peering".to_owned())
        .version(env!("CARGO_PKG_VERSION").to_owned())
        .rules(rules)
        .build();
    Tool::builder().driver(driver).build()
}

/// Returns the invocation, which failed if something could not be read.
pub(super) fn invocation(unreadable: Vec<Notification>) -> Invocation {
    Invocation::builder()
        .execution_successful(unreadable.is_empty())
        .tool_execution_notifications(unreadable)
        .build()
}

fn notification(input: &UnreadableInput) -> Notification {
    notification_of(&input.reason)
}

/// Returns the notification of something that could not be read.
pub(super) fn notification_of(reason: &str) -> Notification {
    Notification::builder()
        .message(Message::builder().text(sentence(reason)).build())
        .level(json!("error"))
        .build()
}

fn rules(reference: Reference) -> Vec<ReportingDescriptor> {
    let refusal = ReportingDescriptor::builder()
        .id(REFUSAL.to_owned())
        .short_description(text("Consul rejects the token."))
        .full_description(text(&format!("{reference} rejects the token before it dials an address.")))
        .help_uri(MESSAGES_PAGE.to_owned())
        .help(text("The other findings show the cause. \"peering explain\" explains the message."))
        .default_configuration(ReportingConfiguration::builder().level(json!("error")).build())
        .build();
    std::iter::once(refusal).chain(rules::checks().map(rule)).collect()
}

/// Returns the rule of a check.
pub(super) fn rule(check: &Check) -> ReportingDescriptor {
    let help = format!("{}\n\nWhat to do: {}\n\nSource: {}.", check.why, check.remedy, check.source);
    ReportingDescriptor::builder()
        .id(check.name.to_owned())
        .short_description(text(check.summary))
        .full_description(text(check.why))
        .help_uri(format!("{CHECKS_PAGE}#{}", check.name))
        .help(text(&help))
        .default_configuration(
            ReportingConfiguration::builder().level(json!(level_name(check.severity))).build(),
        )
        .build()
}

fn results(token: &ValidatedToken, number: usize) -> Vec<SarifResult> {
    let refusal = token.report.consul.message.as_ref().map(|message| {
        let message = in_place(token, &sentence(&format!("Consul rejects this token: {message}")));
        result(token, number, REFUSAL, Severity::Error, &message, "text", BTreeMap::new())
    });
    let findings = token.report.findings.iter().map(|finding| {
        let message = in_place(token, &format!("{} {}", sentence(&finding.message), remedy(finding)));
        let values = finding.values.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
        result(token, number, finding.check, finding.severity, message.trim_end(), &finding.path, values)
    });
    refusal.into_iter().chain(findings).collect()
}

/// Returns a text that ends like a sentence.
pub(super) fn sentence(text: &str) -> String {
    let end = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    format!("{text}{end}")
}

/// Names the place of a token in a document with several tokens.
fn in_place(token: &ValidatedToken, message: &str) -> String {
    token.place.as_ref().map_or_else(|| message.to_owned(), |place| format!("{place}: {message}"))
}

fn remedy(finding: &Finding) -> &'static str {
    rules::find(finding.check).map_or("", |check| check.remedy)
}

fn result(
    token: &ValidatedToken,
    number: usize,
    rule: &str,
    severity: Severity,
    message: &str,
    path: &str,
    values: BTreeMap<String, Value>,
) -> SarifResult {
    let artifact = ArtifactLocation::builder().uri(uri(token, number)).build();
    let region = Region::builder().start_line(1).build();
    let physical = PhysicalLocation::builder().artifact_location(artifact).region(region).build();
    let logical =
        LogicalLocation::builder().fully_qualified_name(path.to_owned()).kind("member".to_owned()).build();
    let location = Location::builder().physical_location(physical).logical_locations(vec![logical]).build();
    let properties = PropertyBag::builder().additional_properties(values).build();
    let index =
        std::iter::once(REFUSAL).chain(rules::checks().map(|check| check.name)).position(|name| name == rule);
    SarifResult::builder()
        .rule_id(rule.to_owned())
        .rule_index(index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1))
        .level(level(severity))
        .message(Message::builder().text(message.to_owned()).build())
        .locations(vec![location])
        .properties(properties)
        .build()
}

/// Returns the path of a file, or the number of an argument that is not a file.
fn uri(token: &ValidatedToken, number: usize) -> String {
    match &token.file {
        Some(path) => uri_of_path(&path.display().to_string()),
        None if token.source == "argument" => format!("argument-{number}"),
        None => "standard-input".to_owned(),
    }
}

/// Returns the URI of a file.
pub(super) fn uri_of_path(path: &str) -> String {
    let path = with_slashes(path);
    let scheme = if path.starts_with('/') {
        "file://"
    } else if Path::new(&path).is_absolute() {
        // `C:/`
        "file:///"
    } else {
        ""
    };
    format!("{scheme}{}", utf8_percent_encode(&path, NOT_IN_PATHS))
}

/// Returns a path with slashes, as Windows accepts them and everything else requires them.
pub(super) fn with_slashes(path: &str) -> String {
    path.replace(MAIN_SEPARATOR, "/")
}

pub(super) fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Error => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
        Severity::Info => ResultLevel::Note,
    }
}

fn level_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

pub(super) fn text(text: &str) -> MultiformatMessageString {
    MultiformatMessageString::builder().text(text.to_owned()).build()
}
