//! `-reference`: the Consul whose verdict is reported.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::lint::Reference;

/// Parses the number of a released line, such as `2.1`.
pub fn reference() -> impl TypedValueParser<Value = Reference> {
    PossibleValuesParser::new(Reference::ALL.map(Reference::name))
        .map(|name| Reference::from_name(&name).unwrap_or_default())
}
