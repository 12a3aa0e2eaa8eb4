//! Who a job acts as, and the secrets it names.

use akv_core::{ClientId, ClientSecret, Credential, Password};
use secrecy::{ExposeSecret, SecretString};

use super::document::{Member, Object};
use super::problem::Problem;
use crate::pam::SecretResolver;

/// The credential that `ServerUsername` and `ServerPassword` name. No password, or the word
/// `managed`, is a managed identity; with a user name the user-assigned one of that client id.
pub(crate) async fn credential(
    job: &Object<'_>,
    secrets: &dyn SecretResolver,
) -> Result<Credential, Problem> {
    let (username, password) = (job.member("ServerUsername"), job.member("ServerPassword"));
    let client_id = resolved(&username, secrets).await?;
    let client_id = match client_id.expose_secret().trim() {
        "" => None,
        id => {
            let id: Result<ClientId, _> = id.parse();
            Some(id.map_err(|invalid| {
                let expected =
                    format!("the client id of an application or identity, {}", invalid.expected());
                username.invalid(expected)
            })?)
        }
    };
    let secret = ClientSecret::from(resolved(&password, secrets).await?.expose_secret());
    Credential::from_client(client_id, &secret).ok_or_else(|| {
        username.missing(
            "the client id that the secret in ServerPassword belongs to (without one, leave \
             ServerPassword empty for the machine's own managed identity)",
        )
    })
}

/// A password; absent is empty.
pub(crate) async fn password(
    member: &Member<'_>,
    secrets: &dyn SecretResolver,
) -> Result<Password, Problem> {
    Ok(Password::from(resolved(member, secrets).await?.expose_secret()))
}

async fn resolved(
    member: &Member<'_>,
    secrets: &dyn SecretResolver,
) -> Result<SecretString, Problem> {
    let Some(value) = member.secret()? else { return Ok(SecretString::default()) };
    if value.trim().is_empty() {
        return Ok(SecretString::default());
    }
    let unresolved = |why: String| Problem::Unresolved { field: member.path().to_owned(), why };
    match secrets.resolve(&value).await {
        Ok(Some(secret)) => Ok(secret),
        Ok(None) if is_reference(&value) => Err(unresolved(
            "it is a reference to a secret, and no resolver here knows its kind".into(),
        )),
        Ok(None) => Ok(SecretString::from(value.as_ref())),
        Err(error) => Err(unresolved(error.to_string())),
    }
}

/// PAM references are small JSON objects. Braces are enough to tell: a misspelt reference must not
/// go out as a password either.
fn is_reference(value: &str) -> bool {
    let value = value.trim();
    value.starts_with('{') && value.ends_with('}')
}
