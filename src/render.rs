//! Values → text, one renderer a file. Nothing is decided here.

#[cfg(feature = "net")]
pub mod consul;
pub mod json;
pub mod jsonl;
#[cfg(feature = "cli")]
pub mod junit;
#[cfg(feature = "cli")]
pub mod pretty;
#[cfg(feature = "cli")]
pub mod sarif;
#[cfg(feature = "cli")]
pub mod yaml;
