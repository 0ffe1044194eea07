//! Windows.

pub(super) mod files;
pub(super) mod net;
#[cfg(feature = "cli")]
pub(super) mod process;
