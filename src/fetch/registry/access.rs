//! Asking one repository of a registry, and telling it who asks where it wants to know (Docker
//! Registry v2 authentication, token.md; distribution-spec 1.1, pull).
//!
//! A registry is asked without credentials first. Where it answers with a challenge, netrc is searched
//! for the registry's own host, and for no other: whichever host a registry names as the one that
//! gives out tokens, it gets no credentials that are another's. A token is asked for pulling from
//! this repository alone, whatever the challenge says, and goes to the registry alone, not to
//! where it redirects.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use reqwest::Url;
use reqwest::header::HeaderValue;
use serde::Deserialize;

use super::challenge::Challenge;
use super::document::{ACCEPT, Blob, MAX_DOCUMENT};
use super::{ImageReference, RegistryError};
use crate::fetch::Network;
use crate::fetch::http::Manner;
use crate::fetch::netrc::{Login, Netrc};
use crate::fetch::retry::Pace;
use crate::fetch::transport::Transport;
use crate::fetch::trouble::{Again, Trouble};
use crate::fetch::url::{is_loopback, public};
use crate::model::{Class, Sha256};
use crate::store::Partial;

/// Bytes of an answer that holds a token.
const MAX_TOKEN: u64 = 1 << 20;

/// Asks for what one repository has. Can be used from any thread.
pub(super) struct Access<'a> {
    reference: &'a ImageReference,
    transport: Transport,
    netrc: Netrc,
    /// What the registry is told of who asks, since it wanted to know.
    authorization: Mutex<Option<HeaderValue>>,
}

/// What gives out tokens says.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
    access_token: Option<String>,
}

impl<'a> Access<'a> {
    pub(super) fn new(network: &Network, reference: &'a ImageReference, pace: Pace) -> Self {
        Self {
            reference,
            // Its own netrc would be used before the registry has said how, and for its redirects.
            transport: Transport::new(network.offline, None, pace),
            netrc: network
                .netrc
                .as_deref()
                .map(Netrc::parse)
                .unwrap_or_default(),
            authorization: Mutex::new(None),
        }
    }

    /// The manifest or index that the reference names.
    pub(super) fn top(&self) -> Result<Vec<u8>, RegistryError> {
        let bytes = self.document(&self.reference.version(), MAX_DOCUMENT)?;
        match self.reference.digest() {
            Some(digest) => self.checked(bytes, &digest),
            None => Ok(bytes),
        }
    }

    /// A manifest that an index names.
    pub(super) fn manifest(&self, blob: Blob) -> Result<Vec<u8>, RegistryError> {
        let version = blob.digest.to_string();
        let bytes = self.checked(self.document(&version, blob.size)?, &blob.digest)?;
        match bytes.len() as u64 == blob.size {
            true => Ok(bytes),
            false => Err(RegistryError::Malformed {
                what: self.reference.to_string(),
                why: format!(
                    "its index gives {} bytes to {version}, which has {}",
                    blob.size,
                    bytes.len()
                ),
            }),
        }
    }

    fn document(&self, version: &str, max: u64) -> Result<Vec<u8>, RegistryError> {
        let url = format!("{}/manifests/{version}", self.reference.url());
        self.asked(&self.manifest_name(version), &url, |authorization| {
            let manner = Manner {
                accept: Some(ACCEPT),
                authorization,
            };
            self.transport.read_in(manner, &url, max, &mut |_| {})
        })
        .map_err(|error| match error {
            RegistryError::Failed { miss, .. } if miss.absent => RegistryError::Absent {
                registry: self.reference.registry().into(),
                repository: self.reference.repository().into(),
                what: match version.contains(':') {
                    true => format!("manifest {version}"),
                    false => format!("tag `{version}`"),
                },
            },
            other => other,
        })
    }

    fn checked(&self, bytes: Vec<u8>, digest: &Sha256) -> Result<Vec<u8>, RegistryError> {
        let found = Sha256::of(&bytes);
        if found == *digest {
            return Ok(bytes);
        }
        let version = digest.to_string();
        let url = format!("{}/manifests/{version}", self.reference.url());
        let reason = format!("it has {found} where {digest} is needed");
        let wrong = Trouble::wrong(reason);
        Err(self.failed(&self.manifest_name(&version), &url, wrong))
    }

    fn manifest_name(&self, version: &str) -> String {
        match version == self.reference.version() {
            true => format!("the manifest of {}", self.reference),
            false => format!("the manifest {version} of {}", self.reference),
        }
    }

    /// Fills a partial blob. A token may end while that lasts: as long as bytes keep coming, another
    /// one is asked for.
    pub(super) fn blob(
        &self,
        what: &str,
        blob: Blob,
        partial: &mut Partial,
        advance: &mut dyn FnMut(u64),
    ) -> Result<(), RegistryError> {
        let url = format!("{}/blobs/{}", self.reference.url(), blob.digest);
        loop {
            let before = partial.len();
            let brought = self.asked(what, &url, |authorization| {
                let manner = Manner {
                    accept: None,
                    authorization,
                };
                self.transport
                    .bring_in(manner, &url, partial, blob.size, advance)
            });
            match brought {
                Err(RegistryError::Denied { .. }) if partial.len() > before => {}
                Ok(()) if partial.digest() != blob.digest => {
                    let reason = format!(
                        "it has {} where {} is needed",
                        partial.digest(),
                        blob.digest
                    );
                    return Err(self.failed(what, &url, Trouble::wrong(reason)));
                }
                other => return other,
            }
        }
    }

    /// Asks with what the registry was told last, and once more where it then wants to know more.
    fn asked<T>(
        &self,
        what: &str,
        url: &str,
        mut once: impl FnMut(Option<&HeaderValue>) -> Result<T, Trouble>,
    ) -> Result<T, RegistryError> {
        let told = self.lock().clone();
        let trouble = match once(told.as_ref()) {
            Ok(done) => return Ok(done),
            Err(trouble) => trouble,
        };
        let trouble = match trouble
            .refusal
            .as_ref()
            .filter(|refusal| refusal.status == 401)
        {
            None => trouble,
            Some(refusal) => {
                let authorization = self.introduce(told.as_ref(), &refusal.challenges)?;
                match once(Some(&authorization)) {
                    Ok(done) => return Ok(done),
                    Err(trouble) => trouble,
                }
            }
        };
        match trouble.refusal.as_ref().map(|refusal| refusal.status) {
            Some(401 | 403) => Err(self.denied()),
            _ => Err(self.failed(what, url, trouble)),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<HeaderValue>> {
        self.authorization
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What answers a challenge. Threads that are challenged together get the answer of the first.
    fn introduce(
        &self,
        told: Option<&HeaderValue>,
        challenges: &[String],
    ) -> Result<HeaderValue, RegistryError> {
        let mut authorization = self.lock();
        if let Some(newer) = authorization.as_ref().filter(|newer| Some(*newer) != told) {
            return Ok(newer.clone());
        }
        let offered: Vec<Challenge> = challenges
            .iter()
            .flat_map(|header| Challenge::parse(header))
            .collect();
        let scheme = |name| offered.iter().find(|challenge| challenge.scheme == name);
        let answer = match (scheme("bearer"), scheme("basic")) {
            (Some(bearer), _) => self.token(bearer)?,
            (None, Some(_)) => basic(self.login().ok_or_else(|| self.denied())?),
            (None, None) => return Err(self.challenge("it names no way that is known")),
        };
        let answer = secret(&answer)
            .ok_or_else(|| self.challenge("its token has characters that no token has"))?;
        *authorization = Some(answer.clone());
        Ok(answer)
    }

    /// The credentials for the registry.
    fn login(&self) -> Option<&Login> {
        self.netrc.login(self.reference.machine())
    }

    /// A token for pulling from the repository, with the user's credentials where there are some.
    fn token(&self, bearer: &Challenge) -> Result<String, RegistryError> {
        let realm = bearer.parameter("realm").unwrap_or_default();
        let mut url = Url::parse(realm).map_err(|_| self.challenge("its realm is not a URL"))?;
        let own = is_loopback(self.reference.machine());
        let here = own && url.scheme() == "http" && url.host_str().is_some_and(is_loopback);
        if url.scheme() != "https" && !here {
            return Err(self.challenge("its realm is not an https URL"));
        }
        let shown = public(realm);
        url.set_fragment(None);
        let scope = format!("repository:{}:pull", self.reference.repository());
        if let Some(service) = bearer.parameter("service") {
            url.query_pairs_mut().append_pair("service", service);
        }
        url.query_pairs_mut().append_pair("scope", &scope);
        let told = self.login().and_then(|login| secret(&basic(login)));
        let manner = Manner {
            accept: None,
            authorization: told.as_ref(),
        };
        let what = format!("a token for {}", self.reference);
        let read = self
            .transport
            .read_in(manner, url.as_str(), MAX_TOKEN, &mut |_| {});
        let bytes =
            read.map_err(
                |trouble| match trouble.refusal.as_ref().map(|refusal| refusal.status) {
                    Some(401 | 403) => self.denied(),
                    _ => self.failed(&what, &shown, trouble),
                },
            )?;
        let token: Option<Token> = serde_json::from_slice(&bytes).ok();
        let token = token.and_then(|answer| answer.token.or(answer.access_token));
        match token.filter(|token| !token.is_empty()) {
            Some(token) => Ok(format!("Bearer {token}")),
            None => {
                let none = Trouble::outside("its answer holds no token", Again::Never);
                Err(self.failed(&what, &shown, none))
            }
        }
    }

    fn denied(&self) -> RegistryError {
        RegistryError::Denied {
            registry: self.reference.registry().into(),
            repository: self.reference.repository().into(),
            machine: self.reference.machine().into(),
            told: self.login().is_some(),
        }
    }

    fn challenge(&self, why: &'static str) -> RegistryError {
        RegistryError::Challenge {
            registry: self.reference.registry().into(),
            why,
        }
    }

    fn failed(&self, what: &str, url: &str, trouble: Trouble) -> RegistryError {
        let refused = trouble.refusal.is_some() && trouble.again == Again::Never;
        let advice = match (trouble.unreachable, trouble.class) {
            (_, Class::Untrusted) => None,
            (true, _) if url.starts_with("https:") => Some(
                "registries are asked by https, with a certificate that this machine trusts, and by \
                 plain http only on this machine (localhost, 127.0.0.1)",
            ),
            (true, _) => Some("start the registry: one on this machine is asked by plain http"),
            (false, _) if refused && url.starts_with("http:") => {
                Some("a registry on this machine is asked by plain http: it may want https")
            }
            (false, _) if refused => None,
            _ => Some("run the command again"),
        };
        RegistryError::Failed {
            what: what.into(),
            advice,
            miss: trouble.miss(&public(url)),
        }
    }
}

fn basic(login: &Login) -> String {
    let pair = format!("{}:{}", login.user, login.password);
    format!("Basic {}", BASE64.encode(pair))
}

/// A header that is never shown.
fn secret(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
