//! A diagnosis as server-sent events: `step` when a step of an address has finished or starts, `result` at the end.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::StreamBody;
use hyper::body::Frame;
use serde_json::json;
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_stream::{Stream, StreamExt};

use super::answers::screen;
use super::state::State;
use crate::cli::args::http_options::{client_of, wait_for};
use crate::cli::contexts;
use crate::cli::env::{host, now};
use crate::cli::error::CliError;
use crate::cli::{given_secrets, redaction};
use crate::diagnosis::diagnose;
use crate::net::consul::Options;
use crate::net::context::Context;
use crate::net::gather::diagnosis::{Request, Sources, gather};
use crate::net::probe::Progress;
use crate::render::html::ui;
use crate::render::pretty;
use crate::shell::quoted;

/// The body of the answer.
pub(super) type Events = StreamBody<Frames>;

type Frames = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>;

/// Starts a diagnosis of a peering, and returns its events. It ends by its timeouts even if the browser is gone.
pub(super) fn events(
    state: &Arc<State>,
    context: &Context,
    name: &str,
    permit: OwnedSemaphorePermit,
) -> Events {
    let (sender, receiver) = unbounded_channel();
    let (context, name, state) = (context.clone(), name.to_owned(), Arc::clone(state));
    std::thread::spawn(move || {
        let html = diagnosed(&state, &context, &name, &sender)
            .unwrap_or_else(|error| ui::diagnosis(Err(&error.to_string()), &screen()));
        send(&sender, "result", &json!({ "html": html }));
        drop(permit);
    });
    let frames = UnboundedReceiverStream::new(receiver).map(|event| Ok(Frame::data(event)));
    StreamBody::new(Box::pin(frames))
}

fn send(sender: &UnboundedSender<Bytes>, event: &str, data: &serde_json::Value) {
    // JSON has no line break, so the data is one line. Without a reader, nothing is to be done.
    let text = format!("event: {event}\ndata: {data}\n\n");
    let _ = sender.send(Bytes::from(given_secrets::hide(&text).into_owned()));
}

/// Diagnoses, and returns the result as HTML.
fn diagnosed(
    state: &State,
    context: &Context,
    name: &str,
    sender: &UnboundedSender<Bytes>,
) -> Result<String, CliError> {
    let client = client_of(contexts::config(context, &Options::default())?)?;
    let steps = sender.clone();
    let progress = Progress::new(move |index, trace, step| {
        let line = pretty::progress_line(trace, &screen());
        let text = redaction::in_text(&anstream::adapter::strip_str(&line).to_string()).into_owned();
        send(&steps, "step", &json!({ "index": index, "text": text, "running": step }));
    });
    let kind = state.ledger.kind()?;
    let ledger = state.ledger.open(kind, Some(&client));
    let sources = Sources {
        ledger,
        timeout: state.collect.timeout(),
        progress,
        ..Sources::new(Some(&client), now, host())
    };
    let flags = format!("-context {}", quoted(&context.name));
    let request = Request { name: Some(name), cluster_flags: Some(&flags), ..Request::default() };
    let diagnosis = diagnose(wait_for(gather(&sources, request)));
    Ok(ui::diagnosis(Ok(&diagnosis), &screen()))
}
