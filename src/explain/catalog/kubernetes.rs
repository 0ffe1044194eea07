//! Peering resources in Kubernetes.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &KUBERNETES_SECRET_MISSING,
    &KUBERNETES_SECRET_SHARED,
    &KUBERNETES_RESOURCE_INCOMPLETE,
    &KUBERNETES_CONSUL_UNREACHABLE,
    &KUBERNETES_TOKEN_REGENERATED,
    &KUBERNETES_RE_ESTABLISHING,
];

pub static KUBERNETES_SECRET_MISSING: Entry = Entry {
    name: "kubernetes-secret-missing",
    area: Area::Kubernetes,
    summary: "The PeeringDialer names a Secret that is not in its namespace.",
    why: &[
        "The Secret with the token was not copied from the acceptor's cluster yet, or into another namespace.",
        "Its name or key differs from `spec.peer.secret`.",
    ],
    remedy: "Copy the Secret over, into the namespace of the PeeringDialer.",
    next: "kubectl get secret -l consul.hashicorp.com/peering-token=true -A",
    source: "hashicorp/consul-k8s, the dialer's controller",
    patterns: &[
        Pattern::part("PeeringDialer spec.peer.secret does not exist"),
        Pattern::part("spec.peer.secret does not exist"),
    ],
};

pub static KUBERNETES_SECRET_SHARED: Entry = Entry {
    name: "kubernetes-secret-shared",
    area: Area::Kubernetes,
    summary: "Another peering resource in the namespace already uses a Secret of this name.",
    why: &["Two PeeringAcceptors or PeeringDialers were given one `spec.peer.secret.name`."],
    remedy: "Give each its own Secret name: one Secret holds one token.",
    next: "kubectl get peeringacceptors,peeringdialers -A",
    source: "hashicorp/consul-k8s, the webhooks",
    patterns: &[
        Pattern::part("an existing PeeringAcceptor resource has the same secret name"),
        Pattern::part("an existing PeeringDialer resource has the same secret name"),
    ],
};

pub static KUBERNETES_RESOURCE_INCOMPLETE: Entry = Entry {
    name: "kubernetes-resource-incomplete",
    area: Area::Kubernetes,
    summary: "The peering resource lacks a part of `spec.peer`, or changes one that cannot change.",
    why: &[
        "`spec.peer.secret` with name, key and backend is missing.",
        "The backend is another than `kubernetes`, the only one.",
    ],
    remedy: "Write spec.peer.secret with name, key and backend: kubernetes. To change the backend, delete the resource and create it again.",
    next: "kubectl explain peeringacceptor.spec.peer.secret",
    source: "hashicorp/consul-k8s, the resource types",
    patterns: &[
        Pattern::part("secret must be specified"),
        Pattern::part("peer must be specified"),
        Pattern::part("backend must be \"kubernetes\""),
        Pattern::part("PeeringAcceptor backend cannot be changed"),
    ],
};

pub static KUBERNETES_CONSUL_UNREACHABLE: Entry = Entry {
    name: "kubernetes-consul-unreachable",
    area: Area::Kubernetes,
    summary: "The controller could not speak with Consul's servers.",
    why: &[
        "The servers are down or not ready.",
        "The controller's address for them, or its ACL token, is wrong.",
    ],
    remedy: "Look at the controller's log just before this line, and at the servers.",
    next: "kubectl logs deployment/consul-connect-injector -n consul",
    source: "hashicorp/consul-k8s, the controllers",
    patterns: &[
        Pattern::part("failed to get Consul server state"),
        Pattern::part("failed to create Consul API client"),
        Pattern::vague("failed to get Peering from Consul"),
        Pattern::vague("failed to get generate token"),
        Pattern::vague("failed to initiate peering"),
        Pattern::vague("failed to delete Peering from Consul"),
    ],
};

pub static KUBERNETES_TOKEN_REGENERATED: Entry = Entry {
    name: "kubernetes-token-regenerated",
    area: Area::Kubernetes,
    summary: "The acceptor's controller generates a new token: the one before it stops working, if it was not used yet.",
    why: &[
        "The annotation `consul.hashicorp.com/peering-version` was increased.",
        "The Secret was deleted, or its name or key in the resource changed.",
        "The peering was gone from Consul.",
    ],
    remedy: "Copy the new Secret to the dialing cluster. The established connection goes on meanwhile.",
    next: "kubectl get secret -l consul.hashicorp.com/peering-token=true -A",
    source: "hashicorp/consul-k8s, the acceptor's controller",
    patterns: &[
        Pattern::part("generating new token for an existing peering"),
        Pattern::part("stale secret in status; deleting stale secret"),
        Pattern::part("peering doesn't exist in Consul; creating new peering"),
    ],
};

pub static KUBERNETES_RE_ESTABLISHING: Entry = Entry {
    name: "kubernetes-re-establishing",
    area: Area::Kubernetes,
    summary: "The dialer's controller establishes again, with whatever token the Secret holds now.",
    why: &[
        "The Secret was written again (its resourceVersion changed). After restoring a backup that replays an old token.",
        "The version annotation was increased, or the peering was gone from Consul.",
    ],
    remedy: "If Consul then answers that the secret is invalid, the Secret holds a used token: generate a new one on the acceptor and copy it.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "hashicorp/consul-k8s, the dialer's controller",
    patterns: &[
        Pattern::part("re-establishing peering"),
        Pattern::part("establishing peering with the existing spec.peer.secret"),
    ],
};
