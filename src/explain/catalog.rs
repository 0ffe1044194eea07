//! Every message that `explain` knows: one constant per entry, one file per area.
#![allow(missing_docs, reason = "the summary of an entry documents it")]

mod access;
mod api;
mod ca;
mod command_line;
mod connectivity;
mod diagnosis;
mod established;
mod gateways;
mod harmless;
mod http_status;
mod identity;
mod kubernetes;
mod names;
mod other_subsystems;
mod servers;
mod staleness;
mod startup;
mod text;
mod tls;
mod tls_alerts;
mod token;

use std::sync::LazyLock;

use super::Entry;

pub use self::{
    access::*, api::*, ca::*, command_line::*, connectivity::*, diagnosis::*, established::*, gateways::*,
    harmless::*, http_status::*, identity::*, kubernetes::*, names::*, other_subsystems::*, servers::*,
    staleness::*, startup::*, text::*, tls::*, tls_alerts::*, token::*,
};

/// Returns every entry, sorted by area.
pub fn entries() -> &'static [&'static Entry] {
    static ALL: LazyLock<Vec<&'static Entry>> = LazyLock::new(|| {
        let files: [&[&Entry]; 21] = [
            text::ENTRIES,
            token::ENTRIES,
            ca::ENTRIES,
            staleness::ENTRIES,
            names::ENTRIES,
            connectivity::ENTRIES,
            tls::ENTRIES,
            tls_alerts::ENTRIES,
            identity::ENTRIES,
            access::ENTRIES,
            api::ENTRIES,
            http_status::ENTRIES,
            servers::ENTRIES,
            startup::ENTRIES,
            established::ENTRIES,
            gateways::ENTRIES,
            kubernetes::ENTRIES,
            other_subsystems::ENTRIES,
            harmless::ENTRIES,
            command_line::ENTRIES,
            diagnosis::ENTRIES,
        ];
        files.concat()
    });
    &ALL
}
