//! The endpoints about the cluster: leader, CA roots, agent, permissions, config entries and snapshot.

use http::StatusCode;
use serde_json::json;

use super::{Api, LEADER, Reply, internal, percent_decoded, response, state_error};
use crate::acceptor::fault::Fault;
use crate::acceptor::snapshot;
use crate::acceptor::store::{Cluster, StoredRoot};
use crate::certificate::Certificate;
use crate::gostd::pem;

/// The version of Consul that these responses are from.
const VERSION: &str = "1.23.0";

impl Api<'_> {
    #[allow(clippy::unnecessary_wraps)] // has the type of the other endpoints
    pub(super) fn leader(&mut self) -> Reply {
        let has_leader = self.settings.fault != Some(Fault::NoQuorum);
        Ok(self.json(&if has_leader { LEADER } else { "" }))
    }

    pub(super) fn roots(&mut self) -> Reply {
        let Cluster { trust_domain, root, inactive } = self.store.cluster();
        let last_change = root.index;
        let mut active_id = None;
        let mut roots = Vec::new();
        for (root, active) in [(Some(root), true), (inactive.as_ref(), false)] {
            let Some(StoredRoot { certificate: pem, index }) = root else { continue };
            let block = pem::decode(pem.as_bytes()).ok_or_else(|| internal("the root is not PEM"))?;
            let certificate =
                Certificate::from_der(&block.bytes).map_err(|error| internal(&error.to_string()))?;
            let id = with_colons(&certificate.sha1);
            roots.push(json!({
                "ID": id,
                "Name": "Consul CA Primary Cert",
                "SerialNumber": 7,
                "SigningKeyID": certificate.subject_key_id.as_deref().map(with_colons),
                "ExternalTrustDomain": trust_domain.trim_end_matches(".consul"),
                "NotBefore": certificate.not_before.to_string(),
                "NotAfter": certificate.not_after.to_string(),
                "RootCert": pem,
                "IntermediateCerts": null,
                "Active": active,
                "PrivateKeyType": "ec",
                "PrivateKeyBits": 256,
                "CreateIndex": index,
                "ModifyIndex": last_change,
            }));
            active_id.get_or_insert(id);
        }
        Ok(self.json_of_state(&json!({
            "ActiveRootID": active_id,
            "TrustDomain": trust_domain,
            "Roots": roots,
        })))
    }

    pub(super) fn snapshot(&mut self) -> Reply {
        self.require_permission("acl:write", "")?;
        let peerings = self.store.list().map_err(state_error)?;
        let index = self.store.index().map_err(state_error)?;
        let cluster_id = self.store.cluster().trust_domain.trim_end_matches(".consul");
        let snapshot = snapshot::write(cluster_id, &peerings, index, (self.settings.clock)())
            .map_err(|error| internal(&error.to_string()))?;
        Ok(response(StatusCode::OK, "application/x-gzip", snapshot))
    }

    pub(super) fn agent_self(&mut self) -> Reply {
        let node = &self.settings.node;
        self.require_permission("agent:read", &format!(" on {node:?}"))?;
        Ok(self.json(&json!({
            "Config": {
                "Datacenter": self.settings.datacenter,
                "PrimaryDatacenter": self.settings.datacenter,
                "NodeName": node,
                "Revision": "",
                "Server": true,
                "Version": VERSION,
            },
            "DebugConfig": {
                "ACLsEnabled": self.settings.acl_token.is_some(),
                "ConnectEnabled": self.settings.connect,
                "PeeringEnabled": self.settings.peering,
            },
        })))
    }

    /// Returns this server, as the service `consul` in the catalog.
    #[allow(clippy::unnecessary_wraps)] // has the type of the other endpoints
    pub(super) fn servers(&mut self) -> Reply {
        let (host, port) =
            self.settings.grpc_address.rsplit_once(':').unwrap_or((&self.settings.grpc_address, ""));
        Ok(self.json(&json!([{
            "Node": self.settings.node,
            "Address": host.trim_matches(['[', ']']),
            "Datacenter": self.settings.datacenter,
            "ServiceName": "consul",
            "ServiceMeta": { "grpc_tls_port": port, "version": VERSION },
        }])))
    }

    /// Returns what the ACL token of the request may do, in the order of the questions.
    pub(super) fn authorize(&mut self) -> Reply {
        if self.settings.acl_token.is_none() && self.settings.fault != Some(Fault::AclDenied) {
            return Err((StatusCode::UNAUTHORIZED, "ACL support disabled".to_owned()));
        }
        let mut questions: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_slice(self.request.body()).map_err(|error| {
                (StatusCode::BAD_REQUEST, format!("Failed to decode request body: {error}"))
            })?;
        let allow = match self.require_permission("peering:write", "") {
            Ok(()) => true,
            // An unknown token is an error; a token without the permission gets `false`.
            Err((_, text)) if text == "ACL not found" => return Err((StatusCode::FORBIDDEN, text)),
            Err(_) => false,
        };
        for question in &mut questions {
            question.insert("Allow".to_owned(), allow.into());
        }
        Ok(self.json(&questions))
    }

    /// Returns that the config entry does not exist; there are none.
    pub(super) fn config_entry(&mut self) -> Reply {
        let path = self.request.uri().path().trim_start_matches("/v1/config/");
        let (kind, name) = path.split_once('/').unwrap_or((path, ""));
        let text =
            format!("Config entry not found for {:?} / {:?}", percent_decoded(kind), percent_decoded(name));
        Err((StatusCode::NOT_FOUND, text))
    }
}

fn with_colons(hex: &str) -> String {
    hex.as_bytes().chunks(2).map(|pair| String::from_utf8_lossy(pair)).collect::<Vec<_>>().join(":")
}
