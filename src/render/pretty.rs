//! Text for people, wrapped to a terminal's width. The caller removes the colors if the output is not a terminal.

pub(super) mod audit;
mod batch;
#[cfg(feature = "net")]
mod connect;
#[cfg(feature = "net")]
mod contexts;
pub(super) mod diagnosis;
mod diff;
mod explanation;
pub(super) mod finding;
mod found;
#[cfg(feature = "net")]
pub(super) mod history;
pub(super) mod inspection;
mod page;
pub(super) mod report;
mod screen;
pub(super) mod staleness;
mod table;

pub(super) use crate::counted::count;
pub use crate::counted::{counted, grouped};
pub(super) use crate::token::shown::MAX_SHOWN;
pub use crate::token::shown::{is_hidden, printable};

pub use audit::{audit, changes};
pub use batch::{batch_line, batch_summary};
#[cfg(feature = "net")]
pub use connect::{connect_obstacles, connect_plan, connected};
#[cfg(feature = "net")]
pub use contexts::{ContextRow, context, context_checks, contexts};
pub use diagnosis::{NO_PEERINGS, diagnosis, peerings, progress_line};
pub use diff::diff;
pub use explanation::{check, entry, explanation, list_of_all, log_report};
pub use found::found;
#[cfg(feature = "net")]
pub use history::{Order, history};
pub use inspection::{Generated, generated, inspection};
pub use report::reports;
pub use screen::{Detail, Mark, Screen};
pub use staleness::staleness;

use page::Page;
