//! Who may see the pages: the browser that opened the printed URL, and requests of the pages themselves.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::PoisonError;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use ring::rand::{SecureRandom, SystemRandom};
use subtle::ConstantTimeEq;

use crate::cli::error::CliError;
use crate::hex::hex;

/// Whether a request was sent by a page of this server, or by the user (`none`).
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The length of the token and of the cookie's value, in bytes.
const SECRET_LEN: usize = 32;

/// The access to the pages.
pub(super) struct Session {
    /// The values of `Host` that lead here.
    hosts: [String; 2],
    /// The token of the printed URL, until it was used.
    token: Mutex<Option<String>>,
    cookie_name: String,
    cookie: String,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The `Host` header is not this server.
    Host,
    /// A page of another site sent it.
    Site,
    /// Its cookie is missing or wrong.
    Cookie,
    /// Its token is wrong, or was used.
    Token,
}

impl Refusal {
    /// Returns what the page says.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Host => "This server answers only requests to its own address.",
            Self::Site => "This server answers only its own pages.",
            Self::Cookie => "Open the address that peering ui printed. It works in one browser.",
            Self::Token => "The address that peering ui printed was opened already. Start peering ui again.",
        }
    }
}

impl Session {
    /// Creates a session, and the token with which a browser joins it.
    pub(super) fn new(address: SocketAddr) -> Result<(Self, String), CliError> {
        let (token, cookie) = (random()?, random()?);
        let session = Self {
            hosts: [address.to_string(), format!("localhost:{}", address.port())],
            token: Mutex::new(Some(token.clone())),
            // Cookies do not belong to a port.
            cookie_name: format!("peering_ui_{}", address.port()),
            cookie,
        };
        Ok((session, token))
    }

    /// Checks where a request was sent, and who sent it.
    pub(super) fn check_origin<B>(&self, request: &Request<B>) -> Result<(), Refusal> {
        let headers = request.headers();
        let host = only(headers, &header::HOST).ok_or(Refusal::Host)?;
        let authority = request.uri().authority().map(ToString::to_string);
        let is_here = |host: &str| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host));
        if !is_here(host) || authority.is_some_and(|authority| !is_here(&authority)) {
            return Err(Refusal::Host);
        }
        let origins = headers.get_all(header::ORIGIN).iter().count();
        let own = format!("http://{host}");
        let is_own = only(headers, &header::ORIGIN).is_some_and(|origin| origin.eq_ignore_ascii_case(&own));
        // A browser sends it with each POST.
        if origins > 0 && !is_own || origins == 0 && request.method() == Method::POST {
            return Err(Refusal::Site);
        }
        let mut sites = headers.get_all(SEC_FETCH_SITE).iter();
        let is_trusted = sites.all(|site| site == "same-origin" || site == "none");
        is_trusted.then_some(()).ok_or(Refusal::Site)
    }

    /// Checks the cookie of a request.
    pub(super) fn check_cookie(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut values = pairs.flat_map(|line| line.split(';')).filter_map(|pair| {
            let (name, value) = pair.trim().split_once('=')?;
            (name == self.cookie_name).then_some(value)
        });
        values.any(|value| is_equal(value, &self.cookie)).then_some(()).ok_or(Refusal::Cookie)
    }

    /// Exchanges the token for the value of `Set-Cookie`. This works once.
    pub(super) fn join(&self, token: &str) -> Result<HeaderValue, Refusal> {
        let mut expected = self.token.lock().unwrap_or_else(PoisonError::into_inner);
        if !expected.as_ref().is_some_and(|expected| is_equal(token, expected)) {
            return Err(Refusal::Token);
        }
        *expected = None;
        let cookie = format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie_name, self.cookie);
        HeaderValue::try_from(cookie).map_err(|_| Refusal::Token)
    }
}

/// Returns the value of a header that a request has once.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

fn is_equal(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

fn random() -> Result<String, CliError> {
    let mut bytes = [0; SECRET_LEN];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| CliError::new("the operating system returned no random bytes"))?;
    Ok(hex(&bytes))
}
