//! The answer to each request.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;

use super::live;
use super::session::Refusal;
use super::state::State;
use crate::cli::commands::history;
use crate::cli::env::now;
use crate::cli::output::shown;
use crate::render::html::ui;
use crate::render::pretty::{Detail, Screen};

/// The body of an answer: a page, or events.
type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

/// The maximum length of the token that a browser sends, in bytes.
const MAX_BODY_LEN: usize = 256;

/// What a browser may load and do: this server's own script and style, and its events.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

const HTML: &str = "text/html; charset=utf-8";

/// Answers a request.
pub(super) async fn answer(state: &Arc<State>, request: Request<Incoming>) -> Answer {
    let mut answer = match route(state, request).await {
        Ok(answer) => answer,
        Err(refusal) => refused(refusal),
    };
    let headers = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
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
        ("/", true) => return Ok(page(ui::start())),
        ("/ui.js", true) => return Ok(text("text/javascript; charset=utf-8", ui::SCRIPT)),
        ("/ui.css", true) => return Ok(text("text/css; charset=utf-8", ui::style())),
        ("/session", false) if request.method() == Method::POST => return join(state, request).await,
        ("/session", _) => return Ok(status(StatusCode::METHOD_NOT_ALLOWED, "Only POST is allowed")),
        (_, false) => return Ok(status(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD are allowed")),
        _ => session.check_cookie(request.headers())?,
    }
    let query = Query(request.uri().query().unwrap_or_default());
    Ok(match request.uri().path() {
        "/peerings" => peerings(state, query.get("new").is_some()).await,
        "/peering" => peering(state, query).await,
        "/diagnose" => diagnose(state, query),
        "/history" => ledger(state).await,
        _ => status(StatusCode::NOT_FOUND, "There is no such page"),
    })
}

/// Exchanges the token in the body for the cookie.
async fn join(state: &State, request: Request<Incoming>) -> Result<Answer, Refusal> {
    let body = Limited::new(request.into_body(), MAX_BODY_LEN).collect().await.map_err(|_| Refusal::Token)?;
    let token = String::from_utf8(body.to_bytes().to_vec()).map_err(|_| Refusal::Token)?;
    let cookie = state.session.join(&token)?;
    let mut answer = status(StatusCode::OK, "");
    answer.headers_mut().insert(header::SET_COOKIE, cookie);
    Ok(answer)
}

async fn peerings(state: &Arc<State>, wants_new: bool) -> Answer {
    match state.report(wants_new).await {
        Some(report) => page(ui::peerings(&report, &screen())),
        None => status(StatusCode::INTERNAL_SERVER_ERROR, "The audit failed"),
    }
}

async fn peering(state: &Arc<State>, query: Query<'_>) -> Answer {
    let Some(report) = state.report(false).await else {
        return status(StatusCode::INTERNAL_SERVER_ERROR, "The audit failed");
    };
    let (cluster, partition, name) = query.place();
    match ui::peering(&report, (&cluster, &partition, &name), &screen()) {
        Some(document) => page(document),
        None => status(StatusCode::NOT_FOUND, "The last audit has no such peering"),
    }
}

fn diagnose(state: &Arc<State>, query: Query<'_>) -> Answer {
    let (cluster, _, name) = query.place();
    let Some(context) = state.context(&cluster) else {
        return status(StatusCode::NOT_FOUND, "There is no such cluster");
    };
    let Ok(permit) = Arc::clone(&state.diagnoses).try_acquire_owned() else {
        return status(StatusCode::TOO_MANY_REQUESTS, "Other diagnoses are running");
    };
    let events = live::events(state, context, &name, permit);
    let mut answer = Response::new(UnsyncBoxBody::new(events));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    answer
}

async fn ledger(state: &Arc<State>) -> Answer {
    let read = {
        let state = Arc::clone(state);
        tokio::task::spawn_blocking(move || history::of_local_ledger(&state.ledger, &screen()))
    };
    match read.await {
        Ok(Ok(text)) => page(ui::history(&live::plain(&text))),
        Ok(Err(error)) => page(ui::history(&error.to_string())),
        Err(_) => status(StatusCode::INTERNAL_SERVER_ERROR, "The ledger cannot be read"),
    }
}

/// Returns what pages are rendered for.
pub(super) fn screen() -> Screen {
    Screen { width: 100, ascii: false, detail: Detail::Normal, hints: true, now: now(), aliases: None }
}

/// The query of a URL.
#[derive(Clone, Copy)]
struct Query<'q>(&'q str);

impl<'q> Query<'q> {
    /// Returns the decoded value of a name.
    fn get(self, name: &str) -> Option<Cow<'q, str>> {
        let value = self.0.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
        Some(percent_decode_str(value).decode_utf8_lossy())
    }

    /// Returns cluster, partition and local name of a peering.
    fn place(self) -> (Cow<'q, str>, Cow<'q, str>, Cow<'q, str>) {
        let value = |name| self.get(name).unwrap_or_default();
        (value("cluster"), value("partition"), value("name"))
    }
}

fn refused(refusal: Refusal) -> Answer {
    status(StatusCode::FORBIDDEN, refusal.text())
}

fn page(document: String) -> Answer {
    text(HTML, document)
}

fn text(media_type: &'static str, body: impl AsRef<str>) -> Answer {
    // No secret of this process leaves it.
    let body = Full::new(Bytes::from(shown(body.as_ref())));
    let mut answer = Response::new(UnsyncBoxBody::new(body));
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

fn status(status: StatusCode, message: &str) -> Answer {
    let mut answer = if message.is_empty() { text(HTML, "") } else { page(ui::message(message)) };
    *answer.status_mut() = status;
    answer
}
