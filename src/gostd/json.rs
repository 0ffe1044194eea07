//! Go's `encoding/json` (version 1), as far as reading and writing a peering token needs it.
//!
//! [`Reader`] walks over a text and refuses it with Go's words, whatever the text's depth, without recursion. It
//! leaves types to its callers: Go checks the whole text's syntax before it looks at any type, so a caller keeps the
//! first type error until the text has ended well. [`RawString`] is a string as written; [`key_matches`] tells which field
//! a key means; [`quote()`] writes a string.

pub(crate) mod key;
pub(crate) mod quote;
pub(crate) mod reader;
pub(crate) mod scan;
pub(crate) mod string;
pub(crate) mod syntax;

pub use key::key_matches;
pub use quote::quote;
pub use reader::{Items, MAX_DEPTH, Reader, ValueKind};
pub use string::{RawString, Unescaped};
pub use syntax::SyntaxError;
