//! Answers of Consul's HTTP API as facts.

use crate::audit::facts::{CaFact, RemoteFact, RootFact, State, VERSION};
use crate::audit::{ClusterFact, PeeringFact, Role};
use crate::certificate::Certificate;
use crate::net::consul::{CaRoots, Peering};

/// Returns the facts of a peering that a cluster reported.
pub(super) fn of_peering(cluster: &ClusterFact, peering: &Peering) -> PeeringFact {
    let stream = &peering.stream;
    let region_and_zone = peering.remote.locality.clone().unwrap_or_default();
    PeeringFact {
        version: VERSION,
        cluster: cluster.cluster.clone(),
        partition: cluster.partition.clone(),
        observed_at: cluster.observed_at,
        name: peering.name.clone(),
        id: peering.id.clone(),
        peer_id: peering.peer_id.clone(),
        role: if peering.peer_id.is_empty() { Role::Acceptor } else { Role::Dialer },
        state: State::from_name(&peering.state),
        deleted_at: peering.deleted_at,
        last_heartbeat: stream.last_heartbeat,
        last_receive: stream.last_receive,
        last_send: stream.last_send,
        imported_services: sorted(stream.imported_services.as_deref()),
        exported_services: sorted(stream.exported_services.as_deref()),
        peer_cas: CaFact::of_pems(&peering.peer_ca_pems),
        peer_server_name: peering.peer_server_name.clone(),
        peer_addresses: sorted(Some(&peering.peer_server_addresses)),
        remote: RemoteFact {
            partition: peering.remote.partition.clone(),
            datacenter: peering.remote.datacenter.clone(),
            region: region_and_zone.region,
            zone: region_and_zone.zone,
        },
    }
}

fn sorted(all: Option<&[String]>) -> Vec<String> {
    let mut all = all.unwrap_or_default().to_vec();
    all.sort();
    all
}

/// Returns the roots that can be parsed.
pub(super) fn of_roots(roots: &CaRoots) -> Vec<RootFact> {
    let root = |root: &crate::net::consul::CaRoot| {
        let certificate = Certificate::from_pem(&root.certificate)?;
        Some(RootFact {
            certificate: CaFact::new(&certificate),
            active: root.active,
            intermediates: CaFact::of_pems(root.intermediates.iter().flatten()),
        })
    };
    roots.roots.iter().filter_map(root).collect()
}
