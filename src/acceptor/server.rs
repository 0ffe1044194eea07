//! The HTTP server of the embedded acceptor.

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::{IntoResponse, Response};
use http::{Request, StatusCode};
use tokio::net::TcpListener;

use super::{Acceptor, AcceptorError, fault};

/// The maximum length of a request body, in bytes: Consul's limit for most endpoints.
const MAX_BODY_LEN: usize = 512 * 1024;

/// Serves the HTTP API until `stop` is ready, then finishes the open requests.
pub async fn serve(
    listener: TcpListener,
    acceptor: Arc<Acceptor>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(), AcceptorError> {
    let router =
        Router::new().fallback(answer).layer(DefaultBodyLimit::max(MAX_BODY_LEN)).with_state(acceptor);
    axum::serve(listener, router)
        .with_graceful_shutdown(stop)
        .await
        .map_err(|error| AcceptorError::Serve(error.to_string()))
}

async fn answer(State(acceptor): State<Arc<Acceptor>>, request: Request<axum::body::Body>) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, MAX_BODY_LEN).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "Request body too large").into_response();
    };
    let request = Request::from_parts(parts, body);
    // SQLite waits for other processes, which must not block the runtime.
    let (fault, path) = (acceptor.settings.fault, request.uri().path().to_owned());
    match tokio::task::spawn_blocking(move || acceptor.answer(&request)).await {
        Ok(response) => fault::answer(fault, &path, response),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
