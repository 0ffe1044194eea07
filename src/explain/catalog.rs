//! The known messages, a file an area.

pub(crate) mod access;
pub(crate) mod api;
pub(crate) mod ca;
pub(crate) mod command_line;
pub(crate) mod diagnose_only;
pub(crate) mod established;
pub(crate) mod identity;
pub(crate) mod kubernetes;
pub(crate) mod names;
pub(crate) mod reach;
pub(crate) mod servers;
pub(crate) mod stale;
pub(crate) mod text;
pub(crate) mod tls;
pub(crate) mod tls_alerts;
pub(crate) mod token;

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
            established::ENTRIES,
            kubernetes::ENTRIES,
            command_line::ENTRIES,
            diagnose_only::ENTRIES,
        ];
        files.into_iter().flatten().collect()
    });
    &ALL
}
