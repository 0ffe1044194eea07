//! Finds the tokens in a document: API responses, Kubernetes Secrets and Lists, Terraform states, several pasted tokens.
//!
//! A document is not what Consul is given, so each text in it is judged by itself, damaged or not. [`extract`] returns
//! those texts. [`recover`](super::recover::recover) repairs one of them.

mod encoding;
mod kubernetes;
mod likeness;
mod lines;
mod pasted;
mod terraform;
mod values;

use serde_json::Value;
use zeroize::Zeroizing;

use super::repair::Repair;
pub(crate) use encoding::{Utf16Order, decode_utf16, from_utf16, utf16_order};
pub(crate) use kubernetes::{Secret as KubernetesSecret, name_of};
pub(crate) use likeness::is_token_json;
pub(crate) use values::parse;

/// The maximum length of a document, in bytes: room for every Secret of a Kubernetes cluster.
pub const MAX_DOCUMENT_LEN: usize = 64 * 1024 * 1024;

/// A text in a document that is a token, or should be one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extracted {
    /// The text that Consul is given. It may be damaged.
    pub text: Zeroizing<Vec<u8>>,
    /// The kind of document.
    pub document: Repair,
    /// Its place in the document, such as `consul/peering-token`; `None` if the document has no names.
    pub place: Option<String>,
}

/// Returns the texts in a document, in order; none if the text is not a document, or contains no token.
pub fn extract(text: &[u8]) -> Vec<Extracted> {
    let converted = from_utf16(text);
    let text = converted.as_ref().map_or(text, |text| text.as_slice());
    let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text).trim_ascii();
    if likeness::is_base64(text) && !pasted::may_be_several(text) {
        return Vec::new();
    }
    let mut found = match parse(text) {
        Some(documents) if documents.iter().any(is_token_json) => return Vec::new(),
        Some(documents) => from_values(&documents),
        None => kubernetes::from_go_map(text).into_iter().chain(lines::find(text)).collect(),
    };
    // An empty value is a mistake of its own, unless it is all there is.
    if found.iter().all(|it| it.text.trim_ascii().is_empty()) {
        found.clear();
    }
    if found.is_empty() { pasted::find(text) } else { found }
}

fn from_values(documents: &[Value]) -> Vec<Extracted> {
    let is_alone = documents.len() == 1;
    let mut found = Vec::new();
    for document in documents {
        if let Some(data) = kubernetes::data_of_one_secret(document).filter(|_| is_alone) {
            found.extend(data);
        } else {
            values::walk(document, is_alone, &mut found);
        }
    }
    found
}
