//! The credential of a job, and the secrets that it names.

use akv_core::{ClientId, Credential, Password, Secret, text};
use tracing::warn;

use crate::document::{Document, Member, Object};
use crate::options::Options;
use crate::pam::SecretResolver;
use crate::problem::Problem;

/// A credential and its origin.
pub(crate) struct Identity {
    pub(crate) credential: Credential,
    pub(crate) origin: Origin,
}

/// The origin of a credential: it decides where a job may send its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The job contains the client ID and the client secret themselves, so its author could use
    /// them without akv.
    Job,
    /// The machine provides it: a managed identity, the operator's credential, or a secret that the
    /// job only references.
    Machine,
}

/// The credential of the program; otherwise the one in `ServerUsername` and `ServerPassword`. An
/// empty password, or the word `managed`, selects a managed identity; with a user name, the
/// user-assigned one with that client ID.
pub(crate) async fn identity(job: &Object<'_>, options: &Options) -> Result<Identity, Problem> {
    if let Some(credential) = &options.credential {
        return Ok(Identity { credential: credential.clone(), origin: Origin::Machine });
    }
    let (username, password) = (job.member("ServerUsername"), job.member("ServerPassword"));
    let (client_id, id_origin) = resolved(&username, &*options.secrets).await?;
    let client_id = match client_id.expose().trim() {
        "" => None,
        id => {
            let id: Result<ClientId, _> = id.parse();
            Some(id.map_err(|invalid| {
                let expected =
                    format!("the client ID of an application or identity, {}", invalid.expected());
                username.invalid(expected)
            })?)
        }
    };
    let (secret, secret_origin) = resolved(&password, &*options.secrets).await?;
    let secret = match secret_origin {
        Origin::Machine => unquoted(secret),
        Origin::Job => secret,
    };
    if Password::from(secret.clone()).is_too_long() {
        return Err(password.invalid(TOO_LONG));
    }
    let credential = credential_of(client_id, secret).ok_or_else(|| {
        username.missing(
            "the client ID of the secret in ServerPassword (for the managed identity of this \
             machine, leave both empty)",
        )
    })?;
    let origin = match (&credential, id_origin, secret_origin) {
        (Credential::ClientSecret { .. }, Origin::Job, Origin::Job) => Origin::Job,
        _ => Origin::Machine,
    };
    Ok(Identity { credential, origin })
}

/// A client secret from a reference. Secrets contain no quotation marks, but variables and files
/// often have some around them.
fn unquoted(secret: Secret) -> Secret {
    let inner = text::unquoted(secret.expose());
    if inner == secret.expose().trim() {
        return secret;
    }
    warn!("the secret that ServerPassword refers to is in quotation marks, which were dropped");
    Secret::from(inner)
}

/// The credential for a user name and a password: an empty password, or the word `managed` in any
/// letter case, is a managed identity, and with a client ID the user-assigned one. `None`: a secret
/// without a client ID.
fn credential_of(client_id: Option<ClientId>, secret: Secret) -> Option<Credential> {
    let word = secret.expose().trim();
    let managed = word.is_empty() || word.eq_ignore_ascii_case("managed");
    match (managed, client_id) {
        (true, Some(client_id)) => Some(Credential::UserAssignedIdentity { client_id }),
        (true, None) => Some(Credential::SystemAssignedIdentity),
        (false, Some(client_id)) => {
            Some(Credential::ClientSecret { client_id, secret: secret.into() })
        }
        (false, None) => None,
    }
}

/// A password of at most 1,024 characters; empty if it is absent.
pub(crate) async fn password(
    member: &Member<'_>,
    secrets: &dyn SecretResolver,
) -> Result<Password, Problem> {
    let (password, _) = resolved(member, secrets).await?;
    let password = Password::from(password);
    if password.is_too_long() {
        return Err(member.invalid(TOO_LONG));
    }
    Ok(password)
}

async fn resolved(
    member: &Member<'_>,
    secrets: &dyn SecretResolver,
) -> Result<(Secret, Origin), Problem> {
    let Some(value) = member.secret()?.filter(|value| !value.trim().is_empty()) else {
        return Ok((Secret::default(), Origin::Job));
    };
    let unresolved = |why: String| Problem::Unresolved { field: member.path().to_owned(), why };
    match secrets.resolve(&value).await {
        Ok(Some(secret)) => Ok((secret, Origin::Machine)),
        Ok(None) if !in_braces(&value) => Ok((Secret::from(&*value), Origin::Job)),
        Ok(None) if is_object(&value) => Err(unresolved(UNKNOWN_KIND.into())),
        Ok(None) => Err(unresolved(NOT_JSON.into())),
        Err(error) => Err(unresolved(error.to_string())),
    }
}

/// PAM references are small JSON objects. Braces alone identify them: a misspelled reference must
/// not be sent as a password either.
fn in_braces(value: &str) -> bool {
    let value = value.trim();
    value.starts_with('{') && value.ends_with('}')
}

fn is_object(value: &str) -> bool {
    Document::read(value.as_bytes()).is_ok_and(|document| document.root().is_ok())
}

const TOO_LONG: &str = "a password of at most 1,024 characters";
const UNKNOWN_KIND: &str = "it is a reference to a secret of an unknown kind: the orchestrator's \
                            PAM provider must resolve it before the job runs";
const NOT_JSON: &str = "it is in braces like a reference to a secret, but it is not JSON: use \
                        double quotes, and write a backslash twice (\\\\) or as a slash (/)";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_around_a_secret_are_no_part_of_it() {
        for (secret, expected) in [("\"s~1\"\n", "s~1"), ("'s~1'", "s~1"), ("s~1 ", "s~1 ")] {
            assert_eq!(unquoted(Secret::from(secret)).expose(), expected, "{secret:?}");
        }
    }

    #[test]
    fn managed_is_a_keyword_and_not_a_secret() {
        let id = || "00000000-1111-2222-3333-444444444444".parse::<ClientId>().ok();
        for word in ["", " ", "managed", " Managed ", "MANAGED"] {
            let of = |id| credential_of(id, Secret::from(word));
            assert!(matches!(of(None), Some(Credential::SystemAssignedIdentity)), "{word:?}");
            let assigned = of(id());
            assert!(matches!(assigned, Some(Credential::UserAssignedIdentity { .. })), "{word:?}");
        }
        let secret = || Secret::from("managed by hand");
        assert!(matches!(credential_of(id(), secret()), Some(Credential::ClientSecret { .. })));
        assert!(credential_of(None, secret()).is_none());
    }
}
