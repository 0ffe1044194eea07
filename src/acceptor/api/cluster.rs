//! The endpoints that tell of the cluster and of who asks: its leader, its CA, its agent, permissions, a snapshot.

use http::StatusCode;
use serde_json::json;

use super::{Answer, Api, broken, internal, percent_decoded, response};
use crate::acceptor::fault::Fault;
use crate::acceptor::snapshot;
use crate::certificate::Certificate;
use crate::gostd::pem;

/// The version of Consul whose answers these are.
const VERSION: &str = "1.23.0";

impl Api<'_> {
    #[allow(clippy::unnecessary_wraps)] // an endpoint like the others
    pub(super) fn leader(&mut self) -> Answer {
        Ok(self.json(&"127.0.0.1:8300"))
    }

    pub(super) fn roots(&mut self) -> Answer {
        let cluster = self.store.cluster();
        let block = pem::decode(cluster.root.as_bytes()).ok_or_else(|| internal("the root is no PEM"))?;
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

    pub(super) fn snapshot(&mut self) -> Answer {
        self.allowed("acl:write", "")?;
        let peerings = self.store.list().map_err(broken)?;
        let index = self.store.index().map_err(broken)?;
        let cluster_id = self.store.cluster().trust_domain.trim_end_matches(".consul");
        let snapshot = snapshot::of(cluster_id, &peerings, index, (self.settings.clock)())
            .map_err(|error| internal(&error.to_string()))?;
        Ok(response(StatusCode::OK, "application/x-gzip", snapshot))
    }

    pub(super) fn agent_self(&mut self) -> Answer {
        let node = &self.settings.node;
        self.allowed("agent:read", &format!(" on {node:?}"))?;
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

    /// What the ACL token of the request may do, one answer for each question.
    pub(super) fn authorize(&mut self) -> Answer {
        if self.settings.acl_token.is_none() && self.settings.fault != Some(Fault::AclDenied) {
            return Err((StatusCode::UNAUTHORIZED, "ACL support disabled".to_owned()));
        }
        let mut questions: Vec<serde_json::Map<String, serde_json::Value>> =
            serde_json::from_slice(self.request.body()).map_err(|error| {
                (StatusCode::BAD_REQUEST, format!("Failed to decode request body: {error}"))
            })?;
        let allow = match self.allowed("peering:write", "") {
            Ok(()) => true,
            // A token that is not known is refused; one that is known and may not is told so.
            Err((_, text)) if text == "ACL not found" => return Err((StatusCode::FORBIDDEN, text)),
            Err(_) => false,
        };
        for question in &mut questions {
            question.insert("Allow".to_owned(), allow.into());
        }
        Ok(self.json(&questions))
    }

    /// There are no config entries.
    pub(super) fn config_entry(&mut self) -> Answer {
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
