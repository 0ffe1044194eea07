//! The endpoints about the cluster: leader, CA roots, agent, permissions, config entries and snapshot.

use http::StatusCode;
use serde_json::json;

use super::{Api, Reply, internal, percent_decoded, response, state_error};
use crate::acceptor::fault::Fault;
use crate::acceptor::snapshot;
use crate::certificate::Certificate;
use crate::gostd::pem;

/// The version of Consul that these responses are from.
const VERSION: &str = "1.23.0";

impl Api<'_> {
    #[allow(clippy::unnecessary_wraps)] // has the type of the other endpoints
    pub(super) fn leader(&mut self) -> Reply {
        Ok(self.json(&"127.0.0.1:8300"))
    }

    pub(super) fn roots(&mut self) -> Reply {
        let cluster = self.store.cluster();
        let block = pem::decode(cluster.root.as_bytes()).ok_or_else(|| internal("the root is not PEM"))?;
        let root = Certificate::from_der(&block.bytes)
            .map_err(|error| (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
        let id = with_colons(&root.sha1);
        Ok(self.json_of_state(&json!({
            "ActiveRootID": id,
            "TrustDomain": cluster.trust_domain,
            "Roots": [{
                "ID": id,
                "Name": "Consul CA Primary Cert",
                "SerialNumber": 7,
                "SigningKeyID": root.subject_key_id.as_deref().map(with_colons),
                "ExternalTrustDomain": cluster.trust_domain.trim_end_matches(".consul"),
                "NotBefore": root.not_before.to_string(),
                "NotAfter": root.not_after.to_string(),
                "RootCert": cluster.root,
                "IntermediateCerts": null,
                "Active": true,
                "PrivateKeyType": "ec",
                "PrivateKeyBits": 256,
                "CreateIndex": cluster.root_index,
                "ModifyIndex": cluster.root_index,
            }],
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
