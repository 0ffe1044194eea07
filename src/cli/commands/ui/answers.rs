//! The answer to each request.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;

use super::live;
use super::session::Refusal;
use super::state::State;
use crate::cli::env::now;
use crate::cli::{given_secrets, output};
use crate::page;
use crate::render::html::ui;
use crate::render::pretty::{Detail, Screen};

/// The body of an answer: a page, or events.
type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// The maximum length of the token that a browser sends, in bytes.
const MAX_BODY_LEN: usize = 256;

/// What a browser may load and do: this server's own script and style, and its events.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

const AUDIT_FAILED: &str = "The audit failed.";

const NO_PEERING: &str = "The last audit has no such peering.";

const HTML: &str = "text/html; charset=utf-8";

/// Answers a request.
pub(super) async fn answer(state: &Arc<State>, request: Request<Incoming>) -> Answer {
    let mut answer = match route(state, request).await {
        Ok(answer) => answer,
        Err(refusal) => refused(refusal),
    };
    let headers = answer.headers_mut();
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

async fn route(state: &Arc<State>, request: Request<Incoming>) -> Result<Answer, Refusal> {
    let session = &state.session;
    session.check_origin(&request)?;
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    match (request.uri().path(), is_read) {
        // These contain nothing of a cluster.
        ("/", true) => return Ok(document(ui::start())),
        ("/ui.js", true) => return Ok(text("text/javascript; charset=utf-8", ui::SCRIPT)),
        ("/ui.css", true) => return Ok(text("text/css; charset=utf-8", ui::style())),
        ("/session", false) if request.method() == Method::POST => return join(state, request).await,
        ("/session", _) => return Ok(status(StatusCode::METHOD_NOT_ALLOWED, "Only POST is allowed")),
        (_, false) => return Ok(status(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD are allowed")),
        _ => session.check_cookie(request.headers())?,
    }
    let query = request.uri().query().unwrap_or_default();
    let key = query.strip_prefix("key=").unwrap_or_default();
    Ok(match request.uri().path() {
        "/peerings" => peerings(state, query == "new=1").await,
        "/peering" => peering(state, key).await,
        "/diagnose" => diagnose(state, key).await,
        "/history" => history(state).await,
        "/page" => token_page(),
        _ => status(StatusCode::NOT_FOUND, "There is no such page."),
    })
}

/// Exchanges the token in the body for the cookie.
async fn join(state: &State, request: Request<Incoming>) -> Result<Answer, Refusal> {
    let body = Limited::new(request.into_body(), MAX_BODY_LEN).collect().await.map_err(|_| Refusal::Token)?;
    let token = String::from_utf8(body.to_bytes().to_vec()).map_err(|_| Refusal::Token)?;
    let cookie = state.session.join(&token)?;
    let mut answer = text(HTML, "");
    answer.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(answer)
}

async fn peerings(state: &Arc<State>, wants_new: bool) -> Answer {
    match state.report(wants_new).await {
        Some(report) => document(ui::peerings(&report, &screen())),
        None => status(StatusCode::INTERNAL_SERVER_ERROR, AUDIT_FAILED),
    }
}

async fn peering(state: &Arc<State>, key: &str) -> Answer {
    let Some(report) = state.report(false).await else {
        return status(StatusCode::INTERNAL_SERVER_ERROR, AUDIT_FAILED);
    };
    let Some(place) = ui::place(&report, key) else {
        return status(StatusCode::NOT_FOUND, NO_PEERING);
    };
    let history = state.history().await.ok();
    match ui::peering(&report, place, history.as_ref(), &screen()) {
        Some(page) => document(page),
        None => status(StatusCode::NOT_FOUND, NO_PEERING),
    }
}

/// Diagnoses a peering of the last audit, as the cluster that reported it sees it.
async fn diagnose(state: &Arc<State>, key: &str) -> Answer {
    let report = state.report(false).await;
    let place = report.as_ref().and_then(|report| ui::place(report, key));
    let Some((cluster, _, Some(name))) = place else {
        return status(StatusCode::NOT_FOUND, NO_PEERING);
    };
    let Some(context) = state.context(cluster) else {
        return status(StatusCode::NOT_FOUND, "There is no context with the name of this cluster.");
    };
    let Ok(permit) = Arc::clone(&state.diagnoses).try_acquire_owned() else {
        return status(StatusCode::TOO_MANY_REQUESTS, "Too many diagnoses are running. Try again.");
    };
    let events = live::events(state, context, name, permit);
    let mut answer = Response::new(UnsyncBoxBody::new(events));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    answer
}

async fn history(state: &Arc<State>) -> Answer {
    match state.history().await {
        Ok(history) => document(ui::history(&history, &screen())),
        Err(reason) => document(ui::message(&format!("The ledger cannot be read: {reason}"))),
    }
}

/// Returns the page of `peering page`, with the policy that it contains.
fn token_page() -> Answer {
    let mut answer = text(HTML, page::HTML);
    let policy = format!("{}; frame-ancestors 'none'", page::policy());
    if let Ok(policy) = HeaderValue::try_from(policy) {
        answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// Returns what pages are rendered for.
pub(super) fn screen() -> Screen {
    Screen { ascii: false, hints: true, ..output::screen(Detail::Normal, now()) }
}

fn refused(refusal: Refusal) -> Answer {
    status(StatusCode::FORBIDDEN, refusal.text())
}

fn document(document: String) -> Answer {
    text(HTML, document)
}

fn text(media_type: &'static str, body: impl AsRef<str>) -> Answer {
    // No secret of this process leaves it.
    let body = Full::new(Bytes::from(given_secrets::hide(body.as_ref()).into_owned()));
    let mut answer = Response::new(UnsyncBoxBody::new(body));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

fn status(status: StatusCode, message: &str) -> Answer {
    let mut answer = document(ui::message(message));
    *answer.status_mut() = status;
    answer
}
