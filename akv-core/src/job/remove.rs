//! Remove: what is not there is a warning that says so.

use super::outcome::{Effect, Outcome};
use crate::certificate::CertificateName;
use crate::store::{CertificateStore, Deletion};

/// A certificate to be removed.
#[derive(Debug, Clone)]
pub struct RemoveRequest {
    /// Which.
    pub name: CertificateName,
    /// Whether it is to be gone for good.
    pub purge: Purge,
}

/// What becomes of a removed certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purge {
    /// It stays in soft delete for the vault's retention.
    #[default]
    No,
    /// It is purged: it cannot be recovered.
    Yes,
}

pub(super) async fn run(store: &dyn CertificateStore, request: &RemoveRequest) -> Outcome {
    let RemoveRequest { name, purge } = request;
    let vault = store.vault();
    let deletion = match store.delete(name).await {
        Ok(Some(deletion)) => deletion,
        Ok(None) => {
            return Outcome::warning(
                Effect::Nothing,
                format!("certificate {name} is not in vault {vault}: nothing to remove"),
            );
        }
        Err(error) => return Outcome::failure(error),
    };
    let removed = Effect::Removed { name: name.clone(), deletion };
    let settled = match deletion {
        Deletion::SoftDeleted => "it is in soft delete and can be recovered",
        Deletion::Unseen => {
            "the service took the request, but the caller may not read deleted certificates, so \
             the end of it was not seen"
        }
        Deletion::Gone => "the vault has no soft delete",
    };
    if *purge == Purge::No || deletion == Deletion::Gone {
        return Outcome::success(removed, format!("removed certificate {name} from vault {vault}"))
            .with_notes([settled.to_owned()]);
    }
    match store.purge(name).await {
        Ok(_) => Outcome::success(
            Effect::Purged { name: name.clone() },
            format!("removed certificate {name} from vault {vault} and purged it"),
        ),
        Err(error) => Outcome::failure(error).with_effect(removed).with_notes([format!(
            "certificate {name} was removed before that, but not purged: {settled}"
        )]),
    }
}
