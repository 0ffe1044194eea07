//! A diagnosis as server-sent events: `step` when a step of an address has finished or starts, `result` at the end.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

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
use crate::cli::output::shown;
use crate::diagnosis::diagnose;
use crate::net::consul::Options;
use crate::net::context::Context;
use crate::net::gather::diagnosis::{Request, Sources, gather};
use crate::net::probe::Progress;
use crate::render::pretty;
use crate::shell::quoted;

/// The timeout of each step.
const STEP_TIMEOUT: Duration = Duration::from_secs(5);

/// The body of the answer.
pub(super) type Events = StreamBody<Frames>;

type Frames = Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Infallible>> + Send>>;

/// Starts a diagnosis of a peering, and returns its events. Its timeouts end it, even if nobody reads the events.
pub(super) fn events(
    state: &Arc<State>,
    context: &Context,
    name: &str,
    permit: OwnedSemaphorePermit,
) -> Events {
    let (sender, receiver) = unbounded_channel();
    let (context, name, state) = (context.clone(), name.to_owned(), Arc::clone(state));
    std::thread::spawn(move || {
        let text = diagnosed(&state, &context, &name, &sender).unwrap_or_else(|error| error.to_string());
        send(&sender, "result", &json!({ "text": text }));
        drop(permit);
    });
    let frames = UnboundedReceiverStream::new(receiver).map(|event| Ok(Frame::data(event)));
    StreamBody::new(Box::pin(frames))
}

fn send(sender: &UnboundedSender<Bytes>, event: &str, data: &serde_json::Value) {
    // JSON has no line break, so the data is one line. Without a reader, nothing is to be done.
    let _ = sender.send(Bytes::from(shown(&format!("event: {event}\ndata: {data}\n\n"))));
}

/// Diagnoses, and returns the screen of the result.
fn diagnosed(
    state: &State,
    context: &Context,
    name: &str,
    sender: &UnboundedSender<Bytes>,
) -> Result<String, CliError> {
    let client = client_of(contexts::config(context, &Options::default())?)?;
    let steps = sender.clone();
    let progress = Progress::new(move |index, trace, step| {
        let text = plain(&pretty::progress_line(trace, &screen()));
        send(&steps, "step", &json!({ "index": index, "text": text, "running": step }));
    });
    let kind = state.ledger.kind()?;
    let ledger = state.ledger.open(kind, Some(&client));
    let sources =
        Sources { ledger, timeout: STEP_TIMEOUT, progress, ..Sources::new(Some(&client), now, host()) };
    let flags = format!("-context {}", quoted(&context.name));
    let request = Request { name: Some(name), cluster_flags: Some(&flags), ..Request::default() };
    let diagnosis = diagnose(wait_for(gather(&sources, request)));
    Ok(plain(&pretty::diagnosis(&diagnosis, false, &screen())))
}

/// Removes colors.
pub(super) fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}
