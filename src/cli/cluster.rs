//! Which cluster a command asks.

/// Returns which cluster `-http-addr` is for a command.
pub fn cluster_of(command: &str) -> Option<&'static str> {
    match command {
        "generate-token" => Some("the accepting cluster, which generates the token"),
        "revoke" => Some("the accepting cluster, which generated the token"),
        "establish" | "diagnose" => Some("the dialing cluster, which uses the token"),
        "stale" => Some("the accepting cluster, which generated the tokens"),
        "list" | "read" | "delete" | "exported-services" => Some("the cluster whose peerings you mean"),
        "find" | "history" | "ledger import" | "ledger verify" => {
            Some("the cluster of the ledger, with -ledger=consul")
        }
        "audit" | "audit collect" | "audit judge" => Some("the hub of consul-kv:, not a cluster to audit"),
        _ => None,
    }
}
