//! Requests of this process to its own acceptor, without a network: `-http-addr=embedded`.

use super::body::GENERATE;
use super::{Acceptor, Fault};
use crate::net::consul::{ApiRequest, ApiResponse, RequestError, Sending, Transport};

impl Transport for Acceptor {
    fn send(&self, request: ApiRequest) -> Sending<'_> {
        Box::pin(async move {
            let ApiRequest { method, path, headers, body } = request;
            let mut request = http::Request::new(body.unwrap_or_default());
            *request.uri_mut() =
                path.parse().map_err(|_| RequestError::Setup(format!("{path:?} is not a valid path")))?;
            *request.method_mut() = method;
            *request.headers_mut() = headers;
            let (parts, body) = self.answer(&request).into_parts();
            if self.settings.fault == Some(Fault::GenerateCut) && request.uri().path() == GENERATE {
                let (method, url, cause) = ("Post", GENERATE.to_owned(), "EOF".to_owned());
                return Err(RequestError::Transport { method, url, cause, is_sent: true });
            }
            tracing::info!(
                method = %request.method(),
                path = request.uri().path(),
                status = parts.status.as_u16(),
                bytes = body.len(),
                "the embedded acceptor responded"
            );
            Ok(ApiResponse { status: parts.status, headers: parts.headers, body })
        })
    }
}
