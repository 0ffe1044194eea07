//! Peering resources in Kubernetes.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[
    &KUBERNETES_SECRET_MISSING,
    &KUBERNETES_SECRET_SHARED,
    &KUBERNETES_RESOURCE_INCOMPLETE,
    &KUBERNETES_CONSUL_UNREACHABLE,
    &KUBERNETES_TOKEN_REGENERATED,
    &KUBERNETES_RE_ESTABLISHING,
    &HELM_VALUES_INCOMPLETE,
    &KUBERNETES_KIND_MISSING,
    &KUBERNETES_WEBHOOK_UNREACHABLE,
    &KUBERNETES_RESOURCE_MISSING,
];

pub static KUBERNETES_SECRET_MISSING: Entry = Entry {
    name: "kubernetes-secret-missing",
    area: Area::Kubernetes,
    summary: "The Secret that the PeeringDialer names does not exist in its namespace.",
    causes: &[
        "The Secret was not copied from the acceptor's cluster yet, or was copied to a different namespace.",
        "Its name or key differs from `spec.peer.secret`.",
    ],
    remedy: "Copy the Secret to the namespace of the PeeringDialer.",
    next: "kubectl get secret -l consul.hashicorp.com/peering-token=true -A",
    source: "hashicorp/consul-k8s source code (dialer controller)",
    patterns: &[
        Pattern::part("PeeringDialer spec.peer.secret does not exist"),
        Pattern::part("spec.peer.secret does not exist"),
    ],
};

pub static KUBERNETES_SECRET_SHARED: Entry = Entry {
    name: "kubernetes-secret-shared",
    area: Area::Kubernetes,
    summary: "A different peering resource in the namespace already uses this Secret name.",
    causes: &["Two PeeringAcceptors or PeeringDialers have the same `spec.peer.secret.name`."],
    remedy: "Give each resource its own Secret name. A Secret contains one token.",
    next: "kubectl get peeringacceptors,peeringdialers -A",
    source: "hashicorp/consul-k8s source code (webhooks)",
    patterns: &[
        Pattern::part("an existing PeeringAcceptor resource has the same secret name"),
        Pattern::part("an existing PeeringDialer resource has the same secret name"),
    ],
};

pub static KUBERNETES_RESOURCE_INCOMPLETE: Entry = Entry {
    name: "kubernetes-resource-incomplete",
    area: Area::Kubernetes,
    summary: "A field of `spec.peer` is missing, invalid or immutable.",
    causes: &[
        "`spec.peer.secret` lacks its name, key or backend.",
        "The backend is not `kubernetes`, the only supported one.",
    ],
    remedy: "Set spec.peer.secret with name, key and backend: kubernetes. To change the backend, delete the resource and create it again.",
    next: "kubectl explain peeringacceptor.spec.peer.secret",
    source: "hashicorp/consul-k8s source code (resource types)",
    patterns: &[
        Pattern::part("secret must be specified"),
        Pattern::part("peer must be specified"),
        Pattern::part("backend must be \"kubernetes\""),
        Pattern::part("PeeringAcceptor backend cannot be changed"),
    ],
};

pub static KUBERNETES_CONSUL_UNREACHABLE: Entry = Entry {
    name: "kubernetes-cannot-reach-consul",
    area: Area::Kubernetes,
    summary: "The controller can't reach the Consul servers.",
    causes: &[
        "The servers are down or not ready.",
        "The controller has the wrong address or ACL token for them.",
    ],
    remedy: "Check the controller's log before this line, and check the servers.",
    next: "kubectl logs deployment/consul-connect-injector -n consul",
    source: "hashicorp/consul-k8s source code (controllers)",
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
    summary: "The acceptor's controller generates a token, which invalidates the previous token if it is unused.",
    causes: &[
        "The annotation `consul.hashicorp.com/peering-version` was increased.",
        "The Secret was deleted, or its name or key in the resource changed.",
        "The peering no longer exists in Consul.",
    ],
    remedy: "Copy the new Secret to the dialing cluster. An established connection stays up.",
    next: "kubectl get secret -l consul.hashicorp.com/peering-token=true -A",
    source: "hashicorp/consul-k8s source code (acceptor controller)",
    patterns: &[
        Pattern::part("generating new token for an existing peering"),
        Pattern::part("stale secret in status; deleting stale secret"),
        Pattern::part("peering doesn't exist in Consul; creating new peering"),
    ],
};

pub static KUBERNETES_RE_ESTABLISHING: Entry = Entry {
    name: "kubernetes-re-establishing",
    area: Area::Kubernetes,
    summary: "The dialer's controller establishes again with the token in the Secret.",
    causes: &[
        "The Secret changed (its resourceVersion is different). Restoring a backup uses an old token again.",
        "The version annotation was increased, or the peering no longer exists in Consul.",
    ],
    remedy: "If Consul then reports an invalid secret, the Secret contains a used token. Generate a token on the acceptor and copy it.",
    next: "peering stale @token -name ACCEPTOR_NAME -probe",
    source: "hashicorp/consul-k8s source code (dialer controller)",
    patterns: &[
        Pattern::part("re-establishing peering"),
        Pattern::part("establishing peering with the existing spec.peer.secret"),
    ],
};

pub static HELM_VALUES_INCOMPLETE: Entry = Entry {
    name: "helm-values-incomplete",
    area: Area::Kubernetes,
    summary: "The Helm chart rejects the values: peering needs other values that are not set.",
    causes: &["Peering needs TLS (`global.tls.enabled`), `meshGateway.enabled` and `connectInject.enabled`."],
    remedy: "Set the value that the message names to true in your Helm values, and install or upgrade again.",
    next: "kubectl get pods -n consul",
    source: "hashicorp/consul-k8s source code (chart)",
    patterns: &[
        Pattern::part("setting global.peering.enabled to true requires {value} to be true"),
        Pattern::part("setting global.peering.enabled to true requires"),
    ],
};

pub static KUBERNETES_KIND_MISSING: Entry = Entry {
    name: "kubernetes-kind-missing",
    area: Area::Kubernetes,
    summary: "The Kubernetes cluster does not have the resource kinds of peering (CRDs).",
    causes: &[
        "The Helm chart installs them only with `global.peering.enabled: true`.",
        "The chart was not installed in this cluster, or kubectl uses a different context.",
    ],
    remedy: "Set global.peering.enabled to true in the Helm values and upgrade the release. Then apply the resource again.",
    next: "kubectl get crd peeringacceptors.consul.hashicorp.com peeringdialers.consul.hashicorp.com",
    source: "hashicorp/consul-k8s source code (chart)",
    patterns: &[
        Pattern::part("no matches for kind \"PeeringAcceptor\""),
        Pattern::part("no matches for kind \"PeeringDialer\""),
        Pattern::part("server doesn't have a resource type \"peeringacceptor"),
        Pattern::part("server doesn't have a resource type \"peeringdialer"),
    ],
};

pub static KUBERNETES_WEBHOOK_UNREACHABLE: Entry = Entry {
    name: "kubernetes-webhook-unreachable",
    area: Area::Kubernetes,
    summary: "Kubernetes could not call Consul's webhook, so it did not store the resource.",
    causes: &[
        "The pod consul-connect-injector is not running or not ready.",
        "A firewall blocks the way from the Kubernetes API server to the pod.",
        "The webhook's certificate does not match its configuration.",
    ],
    remedy: "Check the pods of consul-connect-injector and their log. Apply the resource again when they are ready.",
    next: "kubectl logs deployment/consul-connect-injector -n consul",
    source: "Kubernetes error messages",
    patterns: &[Pattern::outer("failed calling webhook {detail}")],
};

pub static KUBERNETES_RESOURCE_MISSING: Entry = Entry {
    name: "kubernetes-resource-missing",
    area: Area::Kubernetes,
    summary: "The resource does not exist in the namespace that kubectl used.",
    causes: &[
        "It is in a different namespace: kubectl uses the one of its context unless -n is given.",
        "The acceptor's controller has not written the Secret yet. Its log contains the reason.",
        "The name is misspelled.",
    ],
    remedy: "List the resources in all namespaces, and use the name and namespace shown there.",
    next: "kubectl get peeringacceptors,peeringdialers,secrets -A",
    source: "Kubernetes error messages",
    patterns: &[
        Pattern::part("peeringacceptors.consul.hashicorp.com \"{name}\" not found"),
        Pattern::part("peeringdialers.consul.hashicorp.com \"{name}\" not found"),
        Pattern::part("Error from server (NotFound): secrets \"{name}\" not found"),
    ],
};
