//! A token's JSON, read into the fields of Consul's `structs.PeeringToken` as Go's `json.Unmarshal` does.
//!
//! What may surprise: a `null` leaves a field as an earlier duplicate of its key left it, but empties a list; in a
//! list, too, a `null` keeps what an earlier, even longer, duplicate of the list left at that place; the first value
//! of a wrong type is reported, but only if the syntax is good to the end.

mod list;
mod names;

use zeroize::Zeroizing;

use super::observation::{ObservationKind, Observed};
use super::{CaCache, Observation};
use crate::gostd::json::{Items, RawString, Reader, SyntaxError, ValueKind, key_matches};
use crate::token::{Locality, Remote, Secret, Token};
use list::List;
use names::{Field, LOCALITY, REMOTE, TOKEN, TypeError, Which};

/// Why a JSON text is not a token.
pub(super) enum Fault {
    /// It is not JSON at all.
    Syntax(SyntaxError),
    /// A value has another type than its field.
    Type(TypeError),
}

impl From<SyntaxError> for Fault {
    fn from(error: SyntaxError) -> Self {
        Self::Syntax(error)
    }
}

/// Reads a token's JSON.
pub(super) fn read(json: &[u8], memory: &mut impl CaCache) -> Result<(Token, Vec<Observation>), Fault> {
    let mut fields = Fields::new(json, memory);
    fields.whole()?;
    fields.reader.end()?;
    fields.type_error.map_or_else(
        || Ok((fields.token.finish(), fields.observed.finish())),
        |error| Err(Fault::Type(error)),
    )
}

struct Fields<'a, M> {
    reader: Reader<'a>,
    memory: &'a mut M,
    token: Draft,
    type_error: Option<TypeError>,
    observed: Observed,
}

/// A token whose lists still remember earlier duplicates.
#[derive(Default)]
struct Draft {
    ca: List,
    manual_server_addresses: List,
    server_addresses: List,
    rest: Token,
}

impl Draft {
    fn finish(self) -> Token {
        Token {
            ca: self.ca.finish(),
            manual_server_addresses: self.manual_server_addresses.finish(),
            server_addresses: self.server_addresses.finish(),
            ..self.rest
        }
    }

    fn remote(&mut self) -> &mut Remote {
        self.rest.remote.get_or_insert_default()
    }

    fn locality(&mut self) -> &mut Locality {
        self.remote().locality.get_or_insert_default()
    }
}

/// An object that is being read.
struct Object {
    items: Items,
    fields: &'static [Field],
    /// A bit for each field that was there.
    seen: u8,
    /// The field that Consul writes next.
    next: usize,
}

type Result_<T> = Result<T, SyntaxError>;

impl<'a, M: CaCache> Fields<'a, M> {
    fn new(json: &'a [u8], memory: &'a mut M) -> Self {
        Self {
            reader: Reader::new(json),
            memory,
            token: Draft::default(),
            type_error: None,
            observed: Observed::default(),
        }
    }

    fn whole(&mut self) -> Result_<()> {
        match self.reader.kind()? {
            ValueKind::Object => self.object(&TOKEN),
            other => self.refuse(other, None, "structs.PeeringToken"),
        }
    }

    fn object(&mut self, fields: &'static [Field]) -> Result_<()> {
        let mut object = Object { items: self.reader.enter()?, fields, seen: 0, next: 0 };
        while let Some(field) = self.next_field(&mut object)? {
            self.value(field)?;
        }
        Ok(())
    }

    fn value(&mut self, field: &'static Field) -> Result_<()> {
        match field.which {
            Which::Ca | Which::ManualServerAddresses | Which::ServerAddresses => self.list(field)?,
            Which::EstablishmentSecret => self.secret(field)?,
            Which::ServerName => self.text(field, |token| &mut token.rest.server_name)?,
            Which::PeerId => self.text(field, |token| &mut token.rest.peer_id)?,
            Which::Partition => self.text(field, |token| &mut token.remote().partition)?,
            Which::Datacenter => self.text(field, |token| &mut token.remote().datacenter)?,
            Which::Region => self.text(field, |token| &mut token.locality().region)?,
            Which::Zone => self.text(field, |token| &mut token.locality().zone)?,
            Which::Remote => match self.reader.kind()? {
                ValueKind::Object => {
                    self.token.remote();
                    self.object(&REMOTE)?;
                }
                other => self.refuse(other, Some(field), "structs.PeeringTokenRemote")?,
            },
            Which::Locality => match self.reader.kind()? {
                ValueKind::Object => {
                    self.token.locality();
                    self.object(&LOCALITY)?;
                }
                ValueKind::Null => {
                    self.token.remote().locality = None;
                    self.reader.skip()?;
                }
                other => self.refuse(other, Some(field), "structs.Locality")?,
            },
        }
        Ok(())
    }

    fn text(&mut self, field: &'static Field, place: impl Fn(&mut Draft) -> &mut String) -> Result_<()> {
        match self.reader.kind()? {
            ValueKind::String => {
                let raw = self.reader.string()?;
                *place(&mut self.token) = self.unescape(&raw, || field.path.to_owned());
                Ok(())
            }
            other => self.refuse(other, Some(field), "string"),
        }
    }

    fn secret(&mut self, field: &'static Field) -> Result_<()> {
        match self.reader.kind()? {
            ValueKind::String => {
                let raw = self.reader.string()?;
                let text = Zeroizing::new(self.unescape(&raw, || field.path.to_owned()));
                self.token.rest.establishment_secret = Secret::from(text.as_str());
                Ok(())
            }
            other => self.refuse(other, Some(field), "string"),
        }
    }

    fn list(&mut self, field: &'static Field) -> Result_<()> {
        match self.reader.kind()? {
            ValueKind::List => {}
            ValueKind::Null => {
                *self.list_of(field) = List::default();
                return self.reader.skip();
            }
            other => return self.refuse(other, Some(field), "[]string"),
        }
        let mut items = self.reader.enter()?;
        let mut index = 0;
        while let Some(()) = self.reader.next_element(&mut items)? {
            let element = match self.reader.kind()? {
                ValueKind::String if field.which == Which::Ca => Some(self.ca(index)?),
                ValueKind::String => {
                    let raw = self.reader.string()?;
                    Some(self.unescape(&raw, || format!("{}[{index}]", field.path)))
                }
                other => {
                    self.refuse(other, Some(field), "string")?;
                    None
                }
            };
            self.list_of(field).put(index, element);
            index += 1;
        }
        self.list_of(field).end(index);
        Ok(())
    }

    /// An entry of `CA`, which may have been read in another token.
    fn ca(&mut self, index: usize) -> Result_<String> {
        let written = self.reader.up_to_quote();
        if let Some(text) = self.memory.get(written) {
            self.reader.pass_string(written);
            return Ok(text);
        }
        let raw = self.reader.string()?;
        let observed = self.observed.count();
        let text = self.unescape(&raw, || format!("CA[{index}]"));
        if self.observed.count() == observed {
            self.memory.insert(raw.bytes, &text);
        }
        Ok(text)
    }

    fn list_of(&mut self, field: &Field) -> &mut List {
        match field.which {
            Which::Ca => &mut self.token.ca,
            Which::ManualServerAddresses => &mut self.token.manual_server_addresses,
            _ => &mut self.token.server_addresses,
        }
    }

    /// Takes a value of another type than the field's; a `null` is of every type.
    fn refuse(
        &mut self,
        kind: ValueKind,
        field: Option<&'static Field>,
        expected: &'static str,
    ) -> Result_<()> {
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

    /// Goes to the next field that Consul knows; what it does not know is skipped.
    fn next_field(&mut self, object: &mut Object) -> Result_<Option<&'static Field>> {
        while let Some(key) = self.reader.next_key(&mut object.items)? {
            if let Some(field) = self.recognise(&key, object) {
                return Ok(Some(field));
            }
            self.reader.skip()?;
        }
        Ok(None)
    }

    fn recognise(&mut self, key: &RawString<'a>, object: &mut Object) -> Option<&'static Field> {
        let fields = object.fields;
        let index = match exactly(key, object) {
            Some(index) => index,
            None => self.recognise_folded(key, fields)?,
        };
        let field = &fields[index];
        if object.seen & 1 << index != 0 {
            self.observed.add(ObservationKind::DuplicateField, || {
                let path = beside(field, &key.unescape().text);
                Observation::DuplicateField { path, offset: key.offset }
            });
        }
        object.seen |= 1 << index;
        object.next = index + 1;
        Some(field)
    }

    fn recognise_folded(&mut self, key: &RawString<'a>, fields: &'static [Field]) -> Option<usize> {
        let offset = key.offset;
        let text = key.unescape().text;
        let path = || beside(&fields[0], &text);
        let index = fields.iter().position(|field| key_matches(&text, field.key));
        if let Some(index) = index {
            let expected = fields[index].key;
            if text != expected {
                self.observed.add(ObservationKind::FieldCase, || Observation::FieldCase {
                    path: path(),
                    expected,
                    offset,
                });
            }
        } else {
            self.observed
                .add(ObservationKind::UnknownField, || Observation::UnknownField { path: path(), offset });
        }
        index
    }

    fn unescape(&mut self, raw: &RawString<'a>, path: impl FnOnce() -> String) -> String {
        let unescaped = raw.unescape();
        if let Some(offset) = unescaped.replaced {
            self.observed
                .add(ObservationKind::ReplacedText, || Observation::ReplacedText { path: path(), offset });
        }
        unescaped.text.into_owned()
    }
}

/// The field of exactly this key; nearly always the next one in Consul's order.
fn exactly(key: &RawString<'_>, object: &Object) -> Option<usize> {
    let is_key_of =
        |index: &usize| object.fields.get(*index).is_some_and(|field| field.key.as_bytes() == key.bytes);
    Some(object.next).filter(is_key_of).or_else(|| (0..object.fields.len()).find(is_key_of))
}

/// The path of a key as written that stands in the same object as a field.
fn beside(field: &Field, key: &str) -> String {
    let object = &field.path[..field.path.len() - field.key.len()];
    format!("{object}{key}")
}
