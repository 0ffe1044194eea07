//! Reads a token's JSON into the fields of Consul's `structs.PeeringToken`, as Go's `json.Unmarshal` does.
//!
//! Some of Go's rules are surprising:
//! - A `null` keeps the value that an earlier duplicate of the key set, but it resets a list.
//! - A `null` in a list keeps the value that an earlier, possibly longer, duplicate of the list had at that index.
//! - The first value of a wrong type is reported, but only if the syntax is valid to the end.

mod list;
mod names;

use zeroize::{Zeroize, Zeroizing};

use super::observation::Observations;
use super::{Observation, ObservationKind};
use crate::gostd::json::{Items, RawString, Reader, SyntaxError, ValueKind, key_matches};
use crate::token::{Locality, Remote, Secret, Token};
use list::List;
use names::{Field, FieldName, LOCALITY, REMOTE, TOKEN, TypeError};

/// The error for a JSON text that is not a token.
pub(super) enum ReadError {
    /// The text is not JSON.
    Syntax(SyntaxError),
    /// A value does not have the type of its field.
    Type(TypeError),
}

impl From<SyntaxError> for ReadError {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

/// Reads the JSON of a token.
pub(super) fn read(json: &[u8]) -> Result<(Token, Vec<Observation>), ReadError> {
    let mut fields = Fields::new(json);
    fields.whole()?;
    fields.reader.end()?;
    fields.type_error.map_or_else(
        || Ok((fields.token.finish(), fields.observations.finish())),
        |error| Err(ReadError::Type(error)),
    )
}

struct Fields<'a> {
    reader: Reader<'a>,
    token: Draft,
    type_error: Option<TypeError>,
    observations: Observations,
}

/// A token whose lists still contain the values of earlier duplicates.
#[derive(Default)]
struct Draft {
    ca: List,
    manual_server_addresses: List,
    server_addresses: List,
    rest: Token,
}

impl Draft {
    fn finish(mut self) -> Token {
        Token {
            ca: std::mem::take(&mut self.ca).finish(),
            manual_server_addresses: std::mem::take(&mut self.manual_server_addresses).finish(),
            server_addresses: std::mem::take(&mut self.server_addresses).finish(),
            ..std::mem::take(&mut self.rest)
        }
    }

    fn remote(&mut self) -> &mut Remote {
        self.rest.remote.get_or_insert_default()
    }

    fn locality(&mut self) -> &mut Locality {
        self.remote().locality.get_or_insert_default()
    }
}

/// Wipes the values of a text that is not a token. They can contain a private key.
impl Drop for Draft {
    fn drop(&mut self) {
        self.rest.wipe();
    }
}

/// The state of reading an object.
struct Object {
    items: Items,
    fields: &'static [Field],
    /// A bit for each field that was read.
    read: u8,
    /// The index of the field that Consul writes next.
    next: usize,
}

type SyntaxResult<T> = Result<T, SyntaxError>;

impl<'a> Fields<'a> {
    fn new(json: &'a [u8]) -> Self {
        Self {
            reader: Reader::new(json),
            token: Draft::default(),
            type_error: None,
            observations: Observations::default(),
        }
    }

    fn whole(&mut self) -> SyntaxResult<()> {
        match self.reader.kind()? {
            ValueKind::Object => self.object(&TOKEN),
            other => self.reject(other, None, "structs.PeeringToken"),
        }
    }

    fn object(&mut self, fields: &'static [Field]) -> SyntaxResult<()> {
        let mut object = Object { items: self.reader.enter()?, fields, read: 0, next: 0 };
        while let Some(field) = self.next_field(&mut object)? {
            self.value(field)?;
        }
        Ok(())
    }

    fn value(&mut self, field: &'static Field) -> SyntaxResult<()> {
        match field.name {
            FieldName::Ca | FieldName::ManualServerAddresses | FieldName::ServerAddresses => {
                self.list(field)?;
            }
            FieldName::EstablishmentSecret => self.secret(field)?,
            FieldName::ServerName => self.text(field, |token| &mut token.rest.server_name)?,
            FieldName::PeerId => self.text(field, |token| &mut token.rest.peer_id)?,
            FieldName::Partition => self.text(field, |token| &mut token.remote().partition)?,
            FieldName::Datacenter => self.text(field, |token| &mut token.remote().datacenter)?,
            FieldName::Region => self.text(field, |token| &mut token.locality().region)?,
            FieldName::Zone => self.text(field, |token| &mut token.locality().zone)?,
            FieldName::Remote => match self.reader.kind()? {
                ValueKind::Object => {
                    self.token.remote();
                    self.object(&REMOTE)?;
                }
                other => self.reject(other, Some(field), "structs.PeeringTokenRemote")?,
            },
            FieldName::Locality => match self.reader.kind()? {
                ValueKind::Object => {
                    self.token.locality();
                    self.object(&LOCALITY)?;
                }
                ValueKind::Null => {
                    self.token.remote().locality = None;
                    self.reader.skip()?;
                }
                other => self.reject(other, Some(field), "structs.Locality")?,
            },
        }
        Ok(())
    }

    fn text(&mut self, field: &'static Field, place: impl Fn(&mut Draft) -> &mut String) -> SyntaxResult<()> {
        match self.reader.kind()? {
            ValueKind::String => {
                let raw = self.reader.string()?;
                let text = self.unescape(&raw, || field.path.to_owned());
                std::mem::replace(place(&mut self.token), text).zeroize();
                Ok(())
            }
            other => self.reject(other, Some(field), "string"),
        }
    }

    fn secret(&mut self, field: &'static Field) -> SyntaxResult<()> {
        match self.reader.kind()? {
            ValueKind::String => {
                let raw = self.reader.string()?;
                let text = Zeroizing::new(self.unescape(&raw, || field.path.to_owned()));
                self.token.rest.establishment_secret = Secret::from(text.as_str());
                Ok(())
            }
            other => self.reject(other, Some(field), "string"),
        }
    }

    fn list(&mut self, field: &'static Field) -> SyntaxResult<()> {
        match self.reader.kind()? {
            ValueKind::List => {}
            ValueKind::Null => {
                *self.list_of(field) = List::default();
                return self.reader.skip();
            }
            other => return self.reject(other, Some(field), "[]string"),
        }
        let mut items = self.reader.enter()?;
        let mut index = 0;
        while let Some(()) = self.reader.next_element(&mut items)? {
            let element = match self.reader.kind()? {
                ValueKind::String => {
                    let raw = self.reader.string()?;
                    Some(self.unescape(&raw, || format!("{}[{index}]", field.path)))
                }
                other => {
                    self.reject(other, Some(field), "string")?;
                    None
                }
            };
            self.list_of(field).put(index, element);
            index += 1;
        }
        self.list_of(field).end(index);
        Ok(())
    }

    fn list_of(&mut self, field: &Field) -> &mut List {
        match field.name {
            FieldName::Ca => &mut self.token.ca,
            FieldName::ManualServerAddresses => &mut self.token.manual_server_addresses,
            _ => &mut self.token.server_addresses,
        }
    }

    /// Records a value of a wrong type and skips it. A `null` is valid for every type.
    fn reject(
        &mut self,
        kind: ValueKind,
        field: Option<&'static Field>,
        expected: &'static str,
    ) -> SyntaxResult<()> {
        let value = match kind {
            ValueKind::Null => return self.reader.skip(),
            ValueKind::Object => "object",
            ValueKind::List => "array",
            ValueKind::String => "string",
            ValueKind::Number => "number",
            ValueKind::Bool => "bool",
        };
        let offset = self.reader.position();
        self.type_error.get_or_insert(TypeError { offset, value, field, expected });
        self.reader.skip()
    }

    /// Advances to the next field of the token. Skips keys that Consul does not have.
    fn next_field(&mut self, object: &mut Object) -> SyntaxResult<Option<&'static Field>> {
        while let Some(key) = self.reader.next_key(&mut object.items)? {
            if let Some(field) = self.recognize(&key, object) {
                return Ok(Some(field));
            }
            self.reader.skip()?;
        }
        Ok(None)
    }

    fn recognize(&mut self, key: &RawString<'a>, object: &mut Object) -> Option<&'static Field> {
        let fields = object.fields;
        let index = match position_of(key, object) {
            Some(index) => index,
            None => self.recognize_folded(key, fields)?,
        };
        let field = &fields[index];
        if object.read & 1 << index != 0 {
            self.observations.add(ObservationKind::DuplicateField, || {
                let path = sibling_path(field, &key.unescape().text);
                Observation::DuplicateField { path, offset: key.offset }
            });
        }
        object.read |= 1 << index;
        object.next = index + 1;
        Some(field)
    }

    fn recognize_folded(&mut self, key: &RawString<'a>, fields: &'static [Field]) -> Option<usize> {
        let offset = key.offset;
        let text = key.unescape().text;
        let path = || sibling_path(&fields[0], &text);
        let index = fields.iter().position(|field| key_matches(&text, field.key));
        if let Some(index) = index {
            let expected = fields[index].key;
            if text != expected {
                self.observations.add(ObservationKind::FieldCase, || Observation::FieldCase {
                    path: path(),
                    expected,
                    offset,
                });
            }
        } else {
            self.observations
                .add(ObservationKind::UnknownField, || Observation::UnknownField { path: path(), offset });
        }
        index
    }

    fn unescape(&mut self, raw: &RawString<'a>, path: impl FnOnce() -> String) -> String {
        let unescaped = raw.unescape();
        if let Some(offset) = unescaped.replaced {
            self.observations
                .add(ObservationKind::ReplacedText, || Observation::ReplacedText { path: path(), offset });
        }
        unescaped.text.into_owned()
    }
}

/// Returns the index of the field with exactly this key. It is nearly always the next one in Consul's order.
fn position_of(key: &RawString<'_>, object: &Object) -> Option<usize> {
    let has_key =
        |index: &usize| object.fields.get(*index).is_some_and(|field| field.key.as_bytes() == key.bytes);
    Some(object.next).filter(has_key).or_else(|| (0..object.fields.len()).find(has_key))
}

/// Returns the path of a key, as written, in the same object as a field.
fn sibling_path(field: &Field, key: &str) -> String {
    let object = &field.path[..field.path.len() - field.key.len()];
    format!("{object}{key}")
}
