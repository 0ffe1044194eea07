//! Builds the HTTP answer that produces a recorded standard output.

use serde_json::{Map, Value, json};

/// Returns the answer to `list`, `read` or `exported-services`.
pub fn of_stdout(command: &str, stdout: &str) -> Value {
    match (command, serde_json::from_str::<Value>(stdout)) {
        ("exported-services", Ok(ids)) => {
            return exporting(ids.as_array().unwrap().iter().map(|id| &id["ID"]));
        }
        (_, Ok(answer)) => return reversed(answer),
        _ => {}
    }
    match command {
        "list" if stdout == "There are no peering connections.\n" => json!([]),
        "list" => list(stdout),
        "read" => read(stdout),
        "exported-services" => exporting(stdout.trim().lines()),
        other => panic!("{other} does not print peerings"),
    }
}

fn exporting(services: impl Iterator<Item = impl serde::Serialize>) -> Value {
    let services: Vec<_> = services.collect();
    json!({ "ID": "", "Name": "", "StreamStatus": { "ExportedServices": services } })
}

/// Reverses the order of the keys and adds an unknown one. The command must restore the order.
fn reversed(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(reversed).collect(),
        Value::Object(fields) => {
            let reverse = |(key, value): (String, Value)| match key.as_str() {
                "Meta" => (key, value), // users choose its keys
                _ => (key, reversed(value)),
            };
            let mut fields: Map<_, _> = fields.into_iter().rev().map(reverse).collect();
            fields.insert("UnknownField".to_owned(), Value::from(1));
            fields.into()
        }
        other => other,
    }
}

fn list(stdout: &str) -> Value {
    let mut lines = stdout.lines();
    let header = lines.next().unwrap();
    let at = ["State", "Imported", "Exported", "Meta"].map(|title| header.find(title).unwrap());
    let rows: Vec<Value> = lines
        .map(|line| {
            json!({
                "ID": "",
                "Name": line[..at[0]].trim(),
                "State": line[at[0]..at[1]].trim(),
                "StreamStatus": {
                    "ImportedServices": services(&line[at[1]..at[2]]),
                    "ExportedServices": services(&line[at[2]..at[3]]),
                },
                "Meta": meta(line[at[3]..].split(',').filter(|pair| !pair.is_empty())),
            })
        })
        .collect();
    // The command sorts the peerings.
    rows.into_iter().rev().collect()
}

fn read(stdout: &str) -> Value {
    let field = |label: &str| {
        let line = stdout.lines().find_map(|line| line.strip_prefix(label)?.strip_prefix(':'));
        line.unwrap_or_else(|| panic!("{label} in {stdout}")).trim().to_owned()
    };
    let number = |label: &str| field(label).parse::<u64>().unwrap();
    let time = |label: &str| match field(label).as_str() {
        "<nil>" => Value::Null,
        time => time.replace(" +0000 UTC", "Z").replacen(' ', "T", 1).into(),
    };
    let certificates = usize::try_from(number("Peer CA Pems")).unwrap();
    json!({
        "ID": field("ID"),
        "Name": field("Name"),
        "State": field("State"),
        "Meta": meta(stdout.lines().filter_map(|line| line.strip_prefix("    "))),
        "PeerID": field("Peer ID"),
        "PeerServerName": field("Peer Server Name"),
        "PeerCAPems": vec!["PEM"; certificates],
        "StreamStatus": {
            "ImportedServices": services(&field("Imported Services")),
            "ExportedServices": services(&field("Exported Services")),
            "LastHeartbeat": time("Last Heartbeat"),
            "LastSend": time("Last Send"),
            "LastReceive": time("Last Receive"),
        },
        "CreateIndex": number("Create Index"),
        "ModifyIndex": number("Modify Index"),
    })
}

fn services(count: &str) -> Vec<&'static str> {
    vec!["web"; count.trim().parse().unwrap()]
}

fn meta<'a>(pairs: impl Iterator<Item = &'a str>) -> Value {
    pairs
        .map(|pair| pair.split_once('=').unwrap())
        .map(|(key, value)| (key.to_owned(), Value::from(value)))
        .collect()
}
