//! The sections `[contexts.NAME]`, in the configuration file and in an inventory.
//!
//! ```toml
//! [contexts.east]
//! http_addr = "https://consul.east.example.com:8501"
//! ca_file = "east-ca.pem"                # relative to the directory of this file
//! token_command = ["vault", "read", "-field=token", "consul/creds/peering"]
//! labels = { env = "prod" }
//! ```

use toml::Spanned;
use toml::de::DeValue;

use super::{Mistake, line_at};
use crate::cli::args::suggest::nearest;
use crate::net::context::{Context, ContextBuilder, FieldError, FieldValue, KEYS};

/// Reads the contexts of the table `contexts`, in the order of their names. `text` is the whole file.
pub(super) fn contexts(text: &str, table: &Spanned<DeValue<'_>>) -> Result<Vec<Context>, Mistake> {
    let Some(sections) = table.get_ref().as_table() else {
        return Err(not_a_section("contexts").at(line_at(text, table.span().start)));
    };
    let mut all = Vec::new();
    for (name, section) in sections {
        let at = line_at(text, name.span().start);
        let name = name.get_ref().as_ref();
        let Some(fields) = section.get_ref().as_table() else {
            return Err(not_a_section(name).at(at));
        };
        let mut builder = ContextBuilder::default();
        for (key, value) in fields {
            let set = builder.set(key.get_ref(), field_value(value.get_ref()));
            let described = |error: FieldError| match error {
                FieldError::UnknownKey(key) if value.get_ref().is_table() => dotted_name(name, &key),
                error => mistake(&error, name),
            };
            set.map_err(|error| described(error).at(line_at(text, key.span().start)))?;
        }
        all.push(builder.build(name).map_err(|error| mistake(&error, name).at(at))?);
    }
    all.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(all)
}

fn not_a_section(name: &str) -> Mistake {
    let remedy = "put the keys of a context below [contexts.NAME]".to_owned();
    Mistake::new(format!("{name:?} is not a section [contexts.NAME]"), Some(remedy))
}

/// The mistake of `[contexts.prod.eu]`: TOML reads a dot as the start of another key.
fn dotted_name(name: &str, key: &str) -> Mistake {
    let remedy = format!("put quotes around a name with a dot: [contexts.\"{name}.{key}\"]");
    Mistake::new(format!("[contexts.{name}.{key}] is not a section of the context {name:?}"), Some(remedy))
}

fn mistake(error: &FieldError, name: &str) -> Mistake {
    let near = match error {
        FieldError::UnknownKey(key) => nearest(key, KEYS).map(|near| format!("did you mean {near:?}?")),
        _ => None,
    };
    let place = if *error == FieldError::Name { String::new() } else { format!("context {name:?}: ") };
    Mistake::new(format!("{place}{error}"), Some(near.unwrap_or_else(|| error.remedy())))
}

fn field_value(value: &DeValue<'_>) -> FieldValue {
    let text = |value: &Spanned<DeValue<'_>>| value.get_ref().as_str().map(str::to_owned);
    match value {
        DeValue::String(text) => FieldValue::Text(text.to_string()),
        DeValue::Array(all) => {
            all.iter().map(text).collect::<Option<_>>().map_or(FieldValue::Other, FieldValue::List)
        }
        DeValue::Table(entries) => {
            let entries = entries.iter().map(|(key, value)| Some((key.get_ref().to_string(), text(value)?)));
            entries.collect::<Option<_>>().map_or(FieldValue::Other, FieldValue::Table)
        }
        _ => FieldValue::Other,
    }
}
