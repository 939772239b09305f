//! http and https by reqwest, with everything that could surprise turned off or bounded.
//!
//! No content is decoded; at most ten redirects, to http and https only and never from https to
//! http; credentials go to the host of the first URL only, and only by https (those that a caller
//! brings, see [`Manner`], also to this machine itself). Proxies are taken from the environment, by
//! reqwest itself; this machine is asked without one. Certificates are judged by the platform's
//! roots.

use std::io::Read;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use reqwest::blocking::{Client, Response};
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, ETAG, HeaderMap,
    HeaderValue, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE, RETRY_AFTER, WWW_AUTHENTICATE,
};
use reqwest::{StatusCode, Url};

use super::netrc::Netrc;
use super::retry::Pace;
use super::sources::SNAPSHOT_HOST;
use super::trouble::{Again, Refusal, Trouble};
use super::url;

const USER_AGENT: &str = concat!("rootlock/", env!("CARGO_PKG_VERSION"));
/// As browsers and curl's users have it.
const MAX_REDIRECTS: usize = 10;
/// Connections at once to [`SNAPSHOT_HOST`], which asks for that.
const SNAPSHOT_CONNECTIONS: usize = 2;

/// The clients, made when they are first needed.
#[derive(Debug)]
pub(super) struct Http {
    client: OnceLock<Result<Client, String>>,
    /// The one for this machine itself, without proxies.
    own_client: OnceLock<Result<Client, String>>,
    netrc: Netrc,
    pace: Pace,
    snapshot: Gate,
}

/// How a URL is asked, beside what is asked of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Manner<'a> {
    /// The media types that are understood.
    pub(super) accept: Option<&'a str>,
    /// Who asks; netrc says it where this does not.
    pub(super) authorization: Option<&'a HeaderValue>,
}

/// What a URL gives.
pub(super) struct Body<'a> {
    reader: Box<dyn Read + 'a>,
    /// The place of its first byte in the file.
    pub(super) start: u64,
    /// How many bytes follow, where it says.
    pub(super) len: Option<u64>,
    /// What tells this state of the file from another, for `If-Range`.
    pub(super) validator: Option<String>,
    _pass: Option<Pass<'a>>,
}

impl<'a> Body<'a> {
    pub(super) fn of_file(file: impl Read + 'a, len: u64) -> Self {
        Self {
            reader: Box::new(file),
            start: 0,
            len: Some(len),
            validator: None,
            _pass: None,
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Trouble> {
        loop {
            match self.reader.read(buffer) {
                Ok(read) => return Ok(read),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let reason = format!("the connection broke: {}", innermost(&error));
                    return Err(Trouble::outside(reason, Again::Soon));
                }
            }
        }
    }
}

impl Http {
    pub(super) fn new(netrc: Option<&str>, pace: Pace) -> Self {
        Self {
            client: OnceLock::new(),
            own_client: OnceLock::new(),
            netrc: netrc.map(Netrc::parse).unwrap_or_default(),
            pace,
            snapshot: Gate::new(SNAPSHOT_CONNECTIONS),
        }
    }

    fn client(&self, url: &Url) -> Result<&Client, Trouble> {
        let own = url.host_str().is_some_and(url::is_loopback);
        let client = match own {
            true => &self.own_client,
            false => &self.client,
        };
        let made = client.get_or_init(|| {
            // Another user of rustls in the process may have chosen a provider; that one is kept.
            let _ = rustls::crypto::ring::default_provider().install_default();
            let builder = || {
                let builder = match own {
                    true => Client::builder().no_proxy(),
                    false => Client::builder(),
                };
                builder
                    .user_agent(USER_AGENT)
                    .redirect(reqwest::redirect::Policy::none())
                    .referer(false)
                    .connect_timeout(self.pace.connect)
                    .timeout(self.pace.read)
            };
            // A machine without root certificates can still use plain http.
            builder()
                .build()
                .or_else(|_| builder().tls_certs_only([]).build())
                .map_err(|error| innermost(&error))
        });
        made.as_ref()
            .map_err(|reason| Trouble::outside(reason.clone(), Again::Never))
    }

    /// Asks for `url` from byte `from` on; the answer says where it really begins.
    pub(super) fn open(
        &self,
        url: &str,
        from: u64,
        validator: Option<&str>,
        manner: Manner<'_>,
    ) -> Result<Body<'_>, Trouble> {
        let first = parse(url)?;
        let mut url = first.clone();
        for _ in 0..=MAX_REDIRECTS {
            let pass = (url.host_str() == Some(SNAPSHOT_HOST)).then(|| self.snapshot.enter());
            let mut request = self
                .client(&url)?
                .get(url.clone())
                .header(ACCEPT_ENCODING, "identity");
            if from > 0 {
                request = request.header(RANGE, format!("bytes={from}-"));
                if let Some(validator) = validator {
                    request = request.header(IF_RANGE, validator);
                }
            }
            if let Some(accept) = manner.accept {
                request = request.header(ACCEPT, accept);
            }
            if let Some(authorization) = manner.authorization {
                if same_host(&first, &url) && unheard(&url) {
                    request = request.header(AUTHORIZATION, authorization);
                }
            } else if let Some(login) = self.login(&first, &url) {
                request = request.basic_auth(&login.user, Some(&login.password));
            }
            let response = request.send().map_err(|error| no_answer(&error))?;
            if response.status().is_redirection() && response.headers().contains_key(LOCATION) {
                url = redirected(&url, &response)?;
                continue;
            }
            // What another host refuses is no word of this one on who may ask it.
            let own = same_host(&first, &url);
            return body(response, from, pass).map_err(|trouble| Trouble {
                refusal: trouble.refusal.filter(|_| own),
                ..trouble
            });
        }
        Err(Trouble::outside(
            format!("it redirects more than {MAX_REDIRECTS} times"),
            Again::Never,
        ))
    }

    fn login(&self, first: &Url, url: &Url) -> Option<&super::netrc::Login> {
        let secret = first.scheme() == "https" && url.scheme() == "https";
        let told = same_host(first, url) && secret;
        self.netrc.login(url.host_str().filter(|_| told)?)
    }
}

fn same_host(first: &Url, url: &Url) -> bool {
    url.host_str() == first.host_str()
        && url.port_or_known_default() == first.port_or_known_default()
}

/// Whether nobody between here and the host can listen.
fn unheard(url: &Url) -> bool {
    url.scheme() == "https" || url.host_str().is_some_and(url::is_loopback)
}

fn parse(url: &str) -> Result<Url, Trouble> {
    let wrong = || Trouble::outside("it is not an http or https URL", Again::Never);
    let url = Url::parse(url).map_err(|_| wrong())?;
    let known = matches!(url.scheme(), "http" | "https") && url.has_host();
    let plain = url.username().is_empty() && url.password().is_none();
    (known && plain).then_some(url).ok_or_else(wrong)
}

/// Where a redirect leads, if one may go there.
fn redirected(from: &Url, response: &Response) -> Result<Url, Trouble> {
    let wrong = |reason: &str| Err(Trouble::outside(reason, Again::Never));
    let location = response.headers().get(LOCATION).map(|value| value.to_str());
    let Some(Ok(location)) = location else {
        return wrong("it redirects to something that is not text");
    };
    let Ok(to) = from.join(location) else {
        return wrong("it redirects to something that is not a URL");
    };
    if !matches!(to.scheme(), "http" | "https") {
        return wrong("it redirects to something other than http and https");
    }
    if from.scheme() == "https" && to.scheme() == "http" {
        return wrong("it redirects from https to http");
    }
    if !to.username().is_empty() || to.password().is_some() {
        return wrong("it redirects to a URL with credentials");
    }
    Ok(to)
}

/// Judges the status and finds out what the body is.
fn body<'a>(response: Response, from: u64, pass: Option<Pass<'a>>) -> Result<Body<'a>, Trouble> {
    let headers = response.headers();
    let start = match response.status() {
        StatusCode::OK => 0,
        StatusCode::PARTIAL_CONTENT if from > 0 => match range_start(headers) {
            Some(start) if start == from => start,
            _ => {
                return Err(Trouble::outside(
                    "it answers with another range",
                    Again::FromStart,
                ));
            }
        },
        // What is there is longer than the file: the whole is asked for instead.
        StatusCode::RANGE_NOT_SATISFIABLE if from > 0 => {
            return Err(Trouble::outside(
                "it does not have that range",
                Again::FromStart,
            ));
        }
        status => return Err(refused(status, headers)),
    };
    let len = headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let strong = headers
        .get(ETAG)
        .filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    let validator = strong
        .or_else(|| headers.get(LAST_MODIFIED))
        .and_then(|value| value.to_str().ok())
        .map(str::to_owned);
    Ok(Body {
        start,
        len,
        validator,
        reader: Box::new(response),
        _pass: pass,
    })
}

/// The first byte that `Content-Range: bytes FIRST-LAST/SIZE` names.
fn range_start(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (first, _) = text.trim().strip_prefix("bytes ")?.split_once('-')?;
    first.trim().parse().ok()
}

/// What a status other than success means.
fn refused(status: StatusCode, headers: &HeaderMap) -> Trouble {
    let said = format!("the server says {status}");
    let after = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok())
        .map(Duration::from_secs);
    let challenges = headers.get_all(WWW_AUTHENTICATE).into_iter();
    let challenges = challenges.filter_map(|value| Some(value.to_str().ok()?.to_owned()));
    let refusal = Refusal {
        status: status.as_u16(),
        challenges: challenges.collect(),
    };
    let trouble = match status.as_u16() {
        404 | 410 => Trouble::absent(said),
        429 | 503 => Trouble::outside(said, after.map_or(Again::Soon, Again::After)),
        408 | 500 | 502 | 504 => Trouble::outside(said, Again::Soon),
        401 | 407 => Trouble::outside(
            format!("{said}; credentials are taken from netrc, for https only"),
            Again::Never,
        ),
        _ => Trouble::outside(said, Again::Never),
    };
    Trouble {
        refusal: Some(refusal),
        ..trouble
    }
}

/// No answer came.
fn no_answer(error: &reqwest::Error) -> Trouble {
    let reason = innermost(error);
    let lookup = causes_contain(error, "dns error");
    let certificate = causes_contain(error, "certificate");
    let again = match (error.is_connect(), error.is_timeout()) {
        (true, true) => Again::Never,
        (true, _) if lookup || certificate => Again::Never,
        _ => Again::Soon,
    };
    let reason = match error.is_timeout() {
        true => "it does not answer in time".to_owned(),
        false if lookup => format!("its host cannot be found: {reason}"),
        false if certificate => format!("its certificate is not accepted: {reason}"),
        false => reason,
    };
    Trouble {
        unreachable: error.is_connect(),
        ..Trouble::outside(reason, again)
    }
}

/// The cause beneath all causes: the ones above it say "error sending request".
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

fn causes_contain(error: &(dyn std::error::Error + 'static), word: &str) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.to_string().contains(word) {
            return true;
        }
        next = error.source();
    }
    false
}

/// Lets so many in at once.
#[derive(Debug)]
struct Gate {
    free: Mutex<usize>,
    left: Condvar,
}

/// Being in; dropping it leaves.
struct Pass<'a>(&'a Gate);

impl Gate {
    fn new(places: usize) -> Self {
        Self {
            free: Mutex::new(places),
            left: Condvar::new(),
        }
    }

    fn enter(&self) -> Pass<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.left.wait_while(free, |free| *free == 0);
        *waited.unwrap_or_else(PoisonError::into_inner) -= 1;
        Pass(self)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.left.notify_one();
    }
}
