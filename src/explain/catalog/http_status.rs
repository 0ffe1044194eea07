//! HTTP statuses of proxies in front of Consul's HTTP API.

use crate::explain::{Area, Entry, Pattern};

pub(super) static ENTRIES: &[&Entry] = &[&API_PROXY_FAILED, &API_PROXY_DENIED];

pub static API_PROXY_FAILED: Entry = Entry {
    name: "api-proxy-failed",
    area: Area::Access,
    summary: "A proxy or load balancer in front of Consul's HTTP API answered instead of Consul.",
    causes: &[
        "502 or 503: the proxy can't reach the Consul agent, or its health check fails.",
        "504: the proxy waited for less time than Consul needed. An establish can take 20 s and more.",
    ],
    remedy: "Consul may still complete the request, so read the peering before you retry. A second generate invalidates the token of the first. Raise the timeout of the proxy, or use the address of an agent.",
    next: "peering read -name NAME",
    source: "hashicorp/consul#18605",
    patterns: &[
        Pattern::status("502"),
        Pattern::status("503"),
        Pattern::status("504"),
        Pattern::status("408"),
        Pattern::whole("Bad Gateway"),
        Pattern::whole("Service Unavailable"),
        Pattern::whole("Gateway Timeout"),
        Pattern::whole("Gateway Time-out"),
    ],
};

pub static API_PROXY_DENIED: Entry = Entry {
    name: "api-proxy-denied",
    area: Area::Access,
    summary: "A proxy or load balancer in front of Consul's HTTP API denied the request.",
    causes: &[
        "The proxy requires its own credentials. Consul itself answers 403 with a text about permissions.",
        "A rule of the proxy forbids the path or the method.",
    ],
    remedy: "Give the proxy the credentials that it requires, or use the address of an agent. The request did not reach Consul.",
    next: "peering list -http-addr http://HOST:8500",
    source: "HTTP status codes",
    patterns: &[
        Pattern::status("401"),
        Pattern::status("403"),
        Pattern::status("407"),
        Pattern::whole("Unauthorized"),
        Pattern::whole("401 Unauthorized"),
        Pattern::whole("401 Authorization Required"),
        Pattern::whole("Forbidden"),
        Pattern::whole("403 Forbidden"),
        Pattern::whole("Proxy Authentication Required"),
    ],
};
