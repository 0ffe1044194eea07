//! Queries the sources of evidence and returns plain values: what the commands do, for the library.
pub mod regenerate;
pub mod staleness;
