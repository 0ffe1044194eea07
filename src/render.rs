//! Writes values as text, one file per format. Renderers make no decisions.

pub mod audit;
#[cfg(feature = "net")]
pub mod consul;
#[cfg(feature = "cli")]
pub mod found;
#[cfg(feature = "cli")]
pub mod github;
#[cfg(feature = "cli")]
pub mod html;
pub mod json;
pub mod jsonl;
#[cfg(feature = "cli")]
pub mod junit;
#[cfg(feature = "cli")]
pub mod lines;
pub mod mark;
#[cfg(feature = "cli")]
pub mod pretty;
#[cfg(feature = "cli")]
pub mod sarif;
#[cfg(feature = "cli")]
pub mod yaml;
