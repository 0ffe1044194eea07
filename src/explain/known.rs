//! The known messages, a file an area.

mod access;
mod afterwards;
mod api;
mod ca;
mod command_line;
mod identity;
mod kubernetes;
mod names;
mod reach;
mod seen;
mod servers;
mod stale;
mod text;
mod tls;
mod tls_alerts;
mod token;

use std::sync::LazyLock;

use super::Entry;

/// Every known message, by area.
pub fn entries() -> &'static [&'static Entry] {
    static ALL: LazyLock<Vec<&'static Entry>> = LazyLock::new(|| {
        let files: [&'static [Entry]; 16] = [
            text::ENTRIES,
            token::ENTRIES,
            ca::ENTRIES,
            stale::ENTRIES,
            names::ENTRIES,
            reach::ENTRIES,
            tls::ENTRIES,
            tls_alerts::ENTRIES,
            identity::ENTRIES,
            access::ENTRIES,
            api::ENTRIES,
            servers::ENTRIES,
            afterwards::ENTRIES,
            kubernetes::ENTRIES,
            command_line::ENTRIES,
            seen::ENTRIES,
        ];
        files.into_iter().flatten().collect()
    });
    &ALL
}
