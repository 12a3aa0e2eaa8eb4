//! The agent of Azure Arc, which issues tokens to clients that can read its folder of keys.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use uuid::Uuid;

use super::ManagedIdentities;
use super::imds::{IDENTITY_PARAMETERS, bad, check_form};
use crate::entra::Entra;
use crate::exchange::{Request, Response};
use crate::owner_only::create_for_owner;
use crate::problem;

/// The agent's endpoint (`IDENTITY_ENDPOINT`), in process.
pub(crate) const ARC_ENDPOINT: &str = "http://localhost:40342/metadata/identity/oauth2/token";

/// The agent: its folder, and its unused keys.
#[derive(Debug)]
pub(super) struct ArcAgent {
    folder: PathBuf,
    keys: Vec<Key>,
}

/// A key. Its file exists as long as the key is valid.
struct Key {
    file: PathBuf,
    secret: String,
}

impl Drop for Key {
    fn drop(&mut self) {
        // The test may have deleted the whole folder.
        let _ = fs::remove_file(&self.file);
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("file", &self.file).finish_non_exhaustive()
    }
}

impl ManagedIdentities {
    pub(super) fn arc(
        &mut self,
        request: &Request,
        entra: &Entra,
        now: OffsetDateTime,
    ) -> Response {
        if let Err(refusal) = check_form(request, &API_VERSIONS) {
            return refusal;
        }
        if IDENTITY_PARAMETERS.iter().any(|id| request.find_query(id).is_some()) {
            return bad("Only the system-assigned identity is supported");
        }
        let Some(agent) = &mut self.arc else { return Response::unreachable() };
        if !agent.admits(request) {
            return agent.challenge();
        }
        match &self.system {
            Some(principal) => self.metadata_token(principal, request, entra, now),
            None => bad("Identity not found"),
        }
    }
}

impl ArcAgent {
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        // Links are not resolved: clients compare the path with the expected one.
        Ok(Self { folder: std::path::absolute(folder)?, keys: Vec::new() })
    }

    /// Whether the request proves that its sender has read a key. Each key is valid once.
    fn admits(&mut self, request: &Request) -> bool {
        let header = request.find_header("authorization").and_then(|value| value.split_once(' '));
        let given = header.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
        let found = given
            .and_then(|(_, secret)| self.keys.iter().position(|key| key.secret == secret.trim()));
        let Some(at) = found else { return false };
        self.keys.remove(at);
        true
    }

    /// Writes a new key and names its file.
    fn challenge(&mut self) -> Response {
        let file = self.folder.join(format!("{}.key", Uuid::new_v4()));
        let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let created = create_for_owner(&file);
        if let Err(error) = created.and_then(|mut to| to.write_all(secret.as_bytes())) {
            let text = format!("{} cannot be written: {error}", file.display());
            return problem::managed_identity(500, "server_error", &text);
        }
        let challenge = format!("Basic realm={}", file.display());
        if self.keys.len() >= MOST_KEYS {
            // The client with the oldest key has had enough time to use it.
            self.keys.remove(0);
        }
        self.keys.push(Key { file, secret });
        problem::managed_identity(401, "unauthorized_client", "Missing Basic Authorization header")
            .with_header("WWW-Authenticate", challenge)
    }
}

/// The versions of the published clients, and of Azure Arc's documentation.
const API_VERSIONS: [&str; 3] = ["2019-11-01", "2020-06-01", "2021-02-01"];

/// The largest number of open challenges.
const MOST_KEYS: usize = 16;
