//! Peerings in the format of Consul's own command line, byte for byte.
//!
//! There are two intended differences. Consul prints several peer server addresses on one line without separators: here
//! each has its own line. Consul prints metadata in random order: here it is sorted by key.

use std::fmt::{Display, Write};

use jiff::Timestamp;
use jiff::tz::Offset;
use serde::Serialize;

use crate::gostd::json::quote;
use crate::net::consul::Peering;

/// Formats `list`: a table with one row per peering, in the given order. The last row has no newline.
pub fn list(peerings: &[Peering]) -> String {
    let header = ["Name", "State", "Imported Svcs", "Exported Svcs", "Meta"].map(str::to_owned);
    let rows = peerings.iter().map(|peering| {
        let meta: Vec<String> = peering.meta.iter().map(|(key, value)| format!("{key}={value}")).collect();
        [
            peering.name.clone(),
            peering.state.clone(),
            count(peering.stream.imported_services.as_ref()),
            count(peering.stream.exported_services.as_ref()),
            meta.join(","),
        ]
    });
    // Every cell is trimmed, and all but the last are padded to the widest, in characters.
    let rows: Vec<[String; 5]> =
        std::iter::once(header).chain(rows).map(|row| row.map(|cell| cell.trim().to_owned())).collect();
    let mut widths = [0; 5];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |[name, state, imported, exported, meta]: &[String; 5]| {
        let [a, b, c, d, _] = widths;
        format!("{name:<a$}  {state:<b$}  {imported:<c$}  {exported:<d$}  {meta}")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Formats `read`: all fields. The text ends with a newline, after which Consul prints another.
pub fn one(peering: &Peering) -> String {
    let mut text = String::new();
    let mut line = |label: &str, value: &dyn Display| {
        writeln!(text, "{label}{value}").expect("writing to a string never fails");
    };
    line("Name:         ", &peering.name);
    line("ID:           ", &peering.id);
    if !peering.partition.is_empty() {
        line("Partition:    ", &peering.partition);
    }
    if let Some(at) = peering.deleted_at {
        line("DeletedAt:    ", &at.strftime("%Y-%m-%dT%H:%M:%SZ"));
    }
    line("State:        ", &peering.state);
    if !peering.meta.is_empty() {
        line("Meta:", &"");
        for (key, value) in &peering.meta {
            line("    ", &format_args!("{key}={value}"));
        }
    }
    line("", &"");
    line("Peer ID:               ", &peering.peer_id);
    line("Peer Server Name:      ", &peering.peer_server_name);
    line("Peer CA Pems:          ", &peering.peer_ca_pems.len());
    if peering.peer_server_addresses.is_empty() {
        line("", &"");
    } else {
        // Like in Consul, no empty line follows.
        line("Peer Server Addresses:", &"");
        for address in &peering.peer_server_addresses {
            line("    ", address);
        }
    }
    let stream = &peering.stream;
    line("Imported Services: ", &count(stream.imported_services.as_ref()));
    line("Exported Services: ", &count(stream.exported_services.as_ref()));
    line("", &"");
    line("Last Heartbeat:    ", &time(stream.last_heartbeat));
    line("Last Send:         ", &time(stream.last_send));
    line("Last Receive:      ", &time(stream.last_receive));
    line("", &"");
    line("Create Index: ", &peering.create_index);
    line("Modify Index: ", &peering.modify_index);
    text
}

/// Formats `exported-services`: one name per line, in Consul's order. The last line has no newline.
pub fn exported_services(names: &[String]) -> String {
    names.iter().map(|name| name.trim()).collect::<Vec<_>>().join("\n")
}

/// Formats `exported-services -format json` like Consul's service IDs.
pub fn exported_services_json(names: &[String]) -> String {
    let mut text = "[".to_owned();
    for (at, name) in names.iter().enumerate() {
        text.push_str(if at == 0 { "{\"ID\":" } else { ",{\"ID\":" });
        quote(name, &mut text);
        text.push('}');
    }
    text + "]"
}

/// Formats a value as JSON like Go's `encoding/json`: compact, with HTML characters escaped.
pub fn json(value: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut written = Vec::new();
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut written, GoFormatter))?;
    Ok(String::from_utf8_lossy(&written).into_owned())
}

/// Escapes strings like Go.
struct GoFormatter;

impl serde_json::ser::Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> std::io::Result<()> {
        let mut quoted = String::with_capacity(fragment.len() + 2);
        quote(fragment, &mut quoted);
        writer.write_all(&quoted.as_bytes()[1..quoted.len() - 1])
    }
}

fn count(services: Option<&Vec<String>>) -> String {
    services.map_or(0, Vec::len).to_string()
}

/// Formats a time like Go formats a `*time.Time` in UTC.
fn time(at: Option<Timestamp>) -> String {
    at.map_or_else(
        || "<nil>".to_owned(),
        |at| Offset::UTC.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S%.f +0000 UTC").to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialed() -> Peering {
        serde_json::from_str(
            r#"{"ID":"1","Name":"west","DeletedAt":"2026-11-23T18:54:47.4Z","Meta":{"b":"<2>","a":"1"},
            "State":"DELETING","PeerID":"2","PeerCAPems":null,"PeerServerName":"server.dc1",
            "PeerServerAddresses":["10.0.0.1:8503","10.0.0.2:8503"],
            "StreamStatus":{"ImportedServices":["web"],"ExportedServices":[],
            "LastHeartbeat":"2026-11-23T18:54:47.40801Z","LastReceive":"2026-11-23T18:54:47Z","LastSend":null},
            "CreateIndex":23,"ModifyIndex":32,
            "Remote":{"Partition":"","Datacenter":"dc2","Locality":{"Region":"r","Zone":"z"}}}"#,
        )
        .unwrap()
    }

    #[test]
    fn each_peer_address_has_its_own_line() {
        assert_eq!(
            one(&dialed()),
            "Name:         west\nID:           1\nDeletedAt:    2026-11-23T18:54:47Z\nState:        DELETING\n\
             Meta:\n    a=1\n    b=<2>\n\nPeer ID:               2\nPeer Server Name:      server.dc1\n\
             Peer CA Pems:          0\nPeer Server Addresses:\n    10.0.0.1:8503\n    10.0.0.2:8503\n\
             Imported Services: 1\nExported Services: 0\n\nLast Heartbeat:    2026-11-23 18:54:47.40801 +0000 UTC\n\
             Last Send:         <nil>\nLast Receive:      2026-11-23 18:54:47 +0000 UTC\n\n\
             Create Index: 23\nModify Index: 32\n"
        );
    }

    #[test]
    fn json_is_one_line_in_consuls_order_and_gos_escapes() {
        assert_eq!(
            json(&dialed()).unwrap(),
            r#"{"ID":"1","Name":"west","DeletedAt":"2026-11-23T18:54:47.4Z","Meta":{"a":"1","b":"\u003c2\u003e"},"State":"DELETING","PeerID":"2","PeerServerName":"server.dc1","PeerServerAddresses":["10.0.0.1:8503","10.0.0.2:8503"],"StreamStatus":{"ImportedServices":["web"],"ExportedServices":[],"LastHeartbeat":"2026-11-23T18:54:47.40801Z","LastReceive":"2026-11-23T18:54:47Z","LastSend":null},"CreateIndex":23,"ModifyIndex":32,"Remote":{"Partition":"","Datacenter":"dc2","Locality":{"Region":"r","Zone":"z"}}}"#
        );
    }

    #[test]
    fn exported_services_are_ids_in_json() {
        assert_eq!(exported_services_json(&[]), "[]");
        assert_eq!(
            exported_services_json(&["api".to_owned(), "a&b".to_owned()]),
            r#"[{"ID":"api"},{"ID":"a\u0026b"}]"#
        );
    }
}
