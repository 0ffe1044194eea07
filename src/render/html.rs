//! Reports as HTML: one file for a ticket, without scripts and without anything from outside. The answers, labels and
//! remedies are those of [`super::pretty`].

mod audit;
mod diagnosis;
mod page;
mod parts;
mod report;
mod staleness;
pub mod ui;

pub use audit::audit;
pub use diagnosis::{diagnoses, diagnosis, peerings};
pub use report::reports;
pub use staleness::staleness;
