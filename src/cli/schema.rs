//! The JSON Schemas of all JSON output, generated from its types.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::json;

use super::commands::connect::Connection;
use super::commands::context::{ContextList, ContextValues};
use super::commands::explain;
use super::commands::revoke::Revocation;
use crate::audit;
use crate::diagnosis::{Diagnoses, Diagnosis};
use crate::inspect::Inspections;
use crate::inspect::diff::Comparison;
use crate::net::bundle::Index;
use crate::net::consul::Peering;
use crate::net::gather::contexts::ContextChecks;
use crate::net::ledger::history::History;
use crate::render::{audit as render_audit, found, jsonl};
use crate::staleness::Staleness;

/// Returns every schema with its name: the command, and a suffix if a flag changes the document.
pub fn all() -> Vec<(&'static str, Schema)> {
    let mut line = of::<jsonl::Entry<'static>>("A line of peering validate -format jsonl, and of -batch");
    if let Some(properties) = line.get_mut("properties").and_then(serde_json::Value::as_object_mut) {
        let input = json!({
            "description": "The other keys of the input line, unchanged. Only in a batch of JSON lines.",
            "type": "object",
        });
        properties.insert("input".to_owned(), input);
    }
    vec![
        ("inspect", of::<Inspections>("peering inspect -format json")),
        ("validate", of::<jsonl::Document<'static>>("peering validate -format json")),
        ("validate-line", line),
        ("stale", of::<Staleness>("peering stale -format json")),
        ("diagnose", of::<Diagnosis>("peering diagnose -format json")),
        ("diagnose-several", of::<Diagnoses<'static>>("peering diagnose -format json for several tokens")),
        ("audit", of::<audit::Report>("peering audit -format json")),
        ("audit-line", of::<render_audit::Line<'static>>("A line of peering audit -format jsonl")),
        ("audit-changes", of::<audit::Changes>("peering audit -diff FILE -format json")),
        ("audit-fact", of::<audit::facts::Line<'static>>("A line of peering audit collect")),
        ("bundle-index", of::<Index>("index.json in a bundle of peering diagnose -bundle")),
        ("find", of::<crate::find::report::Report>("peering find -format json")),
        ("find-line", of::<found::Line<'static>>("A line of peering find -format jsonl")),
        ("diff", of::<Comparison>("peering diff -format json")),
        ("explain", of::<explain::Document<'static>>("peering explain -format json")),
        ("explain-log", of::<explain::LogDocument>("peering explain -log FILE -format json")),
        ("explain-list", of::<explain::List<'static>>("peering explain -list -format json")),
        ("connect", of::<Connection<'static>>("peering connect -format json")),
        ("revoke", of::<Revocation<'static>>("peering revoke -format json")),
        ("context-list", of::<ContextList>("peering context list -format json")),
        ("context-show", of::<ContextValues>("peering context show -format json")),
        ("context-check", of::<ContextChecks>("peering context check -format json")),
        ("history", of::<History>("peering history -format json")),
        ("read", of::<Peering>("peering read -format json; its keys are Consul's")),
        ("list", of::<Vec<Peering>>("peering list -format json; its keys are Consul's")),
        ("exported-services", of::<Vec<String>>("peering exported-services -format json")),
    ]
}

/// Returns the schema of a type. Objects are closed: a field that the schema lacks is an error.
fn of<T: JsonSchema + ?Sized>(title: &str) -> Schema {
    let mut schema =
        SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    // A type that is flattened into another object must stay open.
    let mut shared = Vec::new();
    RecursiveTransform(|schema: &mut Schema| {
        if let (Some(other), true) = (schema.get("$ref").cloned(), schema.get("properties").is_some()) {
            shared.push(other);
            schema.insert("unevaluatedProperties".to_owned(), false.into());
        } else if schema.get("properties").is_some() && schema.get("additionalProperties").is_none() {
            schema.insert("additionalProperties".to_owned(), false.into());
        }
    })
    .transform(&mut schema);
    for other in shared {
        let path = other.as_str().and_then(|path| path.strip_prefix('#')).unwrap_or_default();
        if let Some(shared) = schema.pointer_mut(path).and_then(serde_json::Value::as_object_mut) {
            shared.remove("additionalProperties");
        }
    }
    schema
}
