//! Reading the command line: flags, options and where their values come from.
pub(crate) mod checks;
pub(crate) mod config_file;
pub(crate) mod defaults;
pub(crate) mod detail;
pub(crate) mod facts_place;
pub(crate) mod go_flags;
pub(crate) mod http_options;
pub(crate) mod ledger_options;
pub(crate) mod number;
pub(crate) mod option_sources;
pub(crate) mod output_format;
pub(crate) mod paths;
pub(crate) mod reference;
pub(crate) mod severity;
pub(crate) mod suggest;
pub(crate) mod time;
pub(crate) mod token;
