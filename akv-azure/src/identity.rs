//! The identity of a token, from the token's own claims.

use std::fmt;
use std::time::Duration;

use akv_core::{ClientId, Cloud, Credential, Identity, ObjectId, Result, TenantId};
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::azure::Azure;
use crate::exchange::Deadline;

/// An identity that is signed in to Entra ID. `None`: the token does not contain the claim.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedIn {
    /// The application (client) ID.
    pub application: Option<ClientId>,
    /// The object ID of the service principal, managed identity or user. Roles are assigned to it.
    pub object: Option<ObjectId>,
    /// The tenant that issued the token.
    pub tenant: Option<TenantId>,
    /// When the token expires (UTC).
    pub expires: Option<OffsetDateTime>,
}

/// The claims that are used here. All other claims are ignored.
#[derive(Default, Deserialize)]
struct Claims {
    #[serde(default)]
    appid: Option<String>,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    oid: Option<String>,
    #[serde(default)]
    tid: Option<String>,
    #[serde(default)]
    exp: Option<i64>,
}

impl SignedIn {
    /// Reads a token without checking its signature, which is the service's task: no decision
    /// depends on these claims.
    fn read(token: &str) -> Self {
        let claims = token.split('.').nth(1).and_then(|claims| {
            let json = Zeroizing::new(URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?);
            serde_json::from_slice::<Claims>(&json).ok()
        });
        let Claims { appid, azp, oid, tid, exp } = claims.unwrap_or_default();
        Self {
            application: appid.or(azp).and_then(|id| id.parse().ok()),
            object: oid.and_then(|id| id.parse().ok()),
            tenant: tid.and_then(|id| id.parse().ok()),
            expires: exp.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()),
        }
    }
}

impl Azure {
    /// Signs in as a job in this cloud and tenant would, and reads the identity.
    pub async fn signed_in(
        &self,
        cloud: &Cloud,
        tenant: Option<&TenantId>,
        credential: &Credential,
    ) -> Result<SignedIn> {
        let operation = "sign in to Entra ID";
        let shared = self.shared();
        let tokens =
            shared.tokens(cloud, &credential.into(), tenant, &cloud.vault_audience, operation)?;
        let token = tokens.token(Deadline::after(shared.deadline())).await;
        Ok(SignedIn::read(token.map_err(|denied| denied.into_error(operation))?.secret()))
    }
}

/// The identity of a credential: its client ID, or the claims of its token.
pub(crate) struct CredentialIdentity {
    pub(crate) azure: Azure,
    pub(crate) cloud: Cloud,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) credential: Credential,
}

#[async_trait]
impl Identity for CredentialIdentity {
    async fn id(&self) -> Option<String> {
        match &self.credential {
            Credential::ClientSecret { client_id, .. }
            | Credential::ClientCertificate { client_id, .. }
            | Credential::UserAssignedIdentity { client_id }
            | Credential::WorkloadIdentity { client_id, .. } => Some(client_id.to_string()),
            _ => {
                // The change itself needs the same token, so this wait costs no extra time.
                let read =
                    self.azure.signed_in(&self.cloud, self.tenant.as_ref(), &self.credential);
                let signed_in = tokio::time::timeout(PATIENCE, read).await.ok()?.ok()?;
                let object = signed_in.object.map(|id| id.to_string());
                signed_in.application.map(|id| id.to_string()).or(object)
            }
        }
    }
}

impl fmt::Debug for CredentialIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialIdentity").finish_non_exhaustive()
    }
}

/// The deadline for reading an identity.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("e30.{}.signature", URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn reads_a_token_of_either_version() {
        let id = "11111111-2222-3333-4444-555555555555";
        for name in ["appid", "azp"] {
            let read = SignedIn::read(&token(&format!(
                r#"{{"{name}":"{id}","oid":"{id}","tid":"{id}","exp":1795392000,"aud":["x"]}}"#
            )));
            assert_eq!(read.application.map(|it| it.to_string()).as_deref(), Some(id));
            assert_eq!(read.object.map(|it| it.to_string()).as_deref(), Some(id));
            assert_eq!(read.tenant.map(|it| it.to_string()).as_deref(), Some(id));
            assert_eq!(read.expires.map(OffsetDateTime::unix_timestamp), Some(1_795_392_000));
        }
    }

    #[test]
    fn an_unreadable_token_says_nothing() {
        let unknown = SignedIn { application: None, object: None, tenant: None, expires: None };
        for odd in [
            "",
            "opaque",
            "a.b.c",
            "e30.!!.x",
            &token(r#"{"oid":"a secret","appid":"\u001b[2J"}"#),
            &token("[]"),
        ] {
            assert_eq!(SignedIn::read(odd), unknown, "{odd}");
        }
    }
}
