//! `peering audit -listen`: audits again and again, and serves the last result. A request never causes a request to Consul.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;

use super::Arguments;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::output::{note, print, shown};
use crate::cli::serve::until_interrupt;
use crate::net::context::Context;
use crate::net::http_server::browser;

/// After this many intervals without a new result, the server is not healthy.
const MAX_MISSED: u32 = 3;

/// The media types of the answers.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const JSON_LINES: &str = "application/jsonl; charset=utf-8";
const PLAIN: &str = "text/plain; charset=utf-8";

/// The result of an audit.
struct Served {
    metrics: Bytes,
    facts: Bytes,
    at: Instant,
}

/// The last result; none before the first audit has finished.
type Last = Arc<Mutex<Option<Served>>>;

/// Runs until it is interrupted.
pub(super) fn run(arguments: Arc<Arguments>) -> Result<Exit, CliError> {
    let Some(address) = arguments.listen else { return Ok(Exit::Done) };
    let contexts = arguments.collect.contexts()?;
    let every = arguments.every;
    until_interrupt(address, |bound| {
        // Scripts wait for this line and read the port from it.
        print(&format!("Listening on http://{bound}\n"))?;
        note("Serves /metrics, /facts and /healthz. Press Ctrl-C to stop.");
        let last = Last::default();
        let written = Arc::clone(&last);
        // Ends with the process.
        thread::spawn(move || audit_again_and_again(&arguments, &contexts, &written));
        Ok(move |request| {
            let answer = answer(&request, bound, &last, every);
            async move { Ok(answer) }
        })
    })
}

fn audit_again_and_again(arguments: &Arguments, contexts: &[Context], last: &Last) {
    loop {
        let start = Instant::now();
        let facts = arguments.collect.collect_from(contexts.to_vec());
        let served = Served {
            metrics: Bytes::from(shown(&arguments.judge.metrics(&facts))),
            facts: Bytes::from(shown(&facts.to_lines())),
            at: Instant::now(),
        };
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(served);
        thread::sleep(arguments.every.saturating_sub(start.elapsed()));
    }
}

fn answer(
    request: &Request<Incoming>,
    address: SocketAddr,
    last: &Last,
    every: Duration,
) -> Response<Full<Bytes>> {
    // On other addresses, a client may use any name of this host.
    if address.ip().is_loopback()
        && let Err(text) = browser::check(request)
    {
        return response(StatusCode::FORBIDDEN, PLAIN, text);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return response(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "Only GET and HEAD are allowed\n");
    }
    let last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let not_yet = || response(StatusCode::SERVICE_UNAVAILABLE, PLAIN, "The first audit has not finished\n");
    match (request.uri().path(), &*last) {
        ("/", _) => response(StatusCode::OK, PLAIN, "peering audit: /metrics /facts /healthz\n"),
        ("/metrics" | "/facts" | "/healthz", None) => not_yet(),
        ("/metrics", Some(served)) => response(StatusCode::OK, OPENMETRICS, served.metrics.clone()),
        ("/facts", Some(served)) => response(StatusCode::OK, JSON_LINES, served.facts.clone()),
        ("/healthz", Some(served)) if served.at.elapsed() <= every * MAX_MISSED => {
            response(StatusCode::OK, PLAIN, "ok\n")
        }
        ("/healthz", Some(served)) => {
            let text = format!("The last audit finished {} s ago\n", served.at.elapsed().as_secs());
            response(StatusCode::SERVICE_UNAVAILABLE, PLAIN, text)
        }
        _ => response(StatusCode::NOT_FOUND, PLAIN, "Not found\n"),
    }
}

fn response(status: StatusCode, media_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
