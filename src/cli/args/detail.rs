//! `-short` and `-long`: how much a command shows.

use clap::Args;

use crate::render::pretty::Detail;

/// How much to show.
#[derive(Debug, Args)]
pub struct DetailOptions {
    /// Show only the answer and what to do
    #[arg(long, env = "PEERING_SHORT", overrides_with = "long")]
    short: bool,
    /// Show everything
    #[arg(long, env = "PEERING_LONG", overrides_with = "short")]
    long: bool,
}

impl DetailOptions {
    /// Returns how much to show. The last of the two flags counts.
    pub fn detail(&self) -> Detail {
        match (self.short, self.long) {
            (_, true) => Detail::Long,
            (true, false) => Detail::Short,
            (false, false) => Detail::Normal,
        }
    }
}
