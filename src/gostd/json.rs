//! The parts of Go's `encoding/json` (version 1) that read and write a peering token.
//!
//! [`Reader`] reads a text of any depth without recursion and returns Go's syntax errors. It does not check types: Go
//! checks the syntax of the whole text first, so a caller keeps the first type error until the end. [`RawString`] is a
//! string as written, [`key_matches`] compares a key with a field name, and [`quote()`] writes a string.

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
