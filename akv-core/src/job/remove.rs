//! Remove: an absent certificate is a warning.

use super::outcome::{Effect, Outcome};
use super::turns::Turns;
use crate::certificate::CertificateName;
use crate::store::{CertificateStore, Deletion, Purged};

/// A certificate to remove.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RemoveRequest {
    /// Its name.
    pub name: CertificateName,
    /// Whether it is purged.
    pub purge: Purge,
}

impl RemoveRequest {
    /// Removes this certificate and leaves it in soft delete.
    pub fn new(name: CertificateName) -> Self {
        Self { name, purge: Purge::default() }
    }
}

setters! { RemoveRequest { with_purge(purge: Purge) } }

/// What to do with a removed certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Purge {
    /// It stays in soft delete for the vault's retention period.
    #[default]
    No,
    /// It is purged and cannot be recovered.
    Yes,
}

pub(super) async fn run(
    store: &dyn CertificateStore,
    turns: &Turns,
    request: &RemoveRequest,
) -> Outcome {
    let name = &request.name;
    let _turn = turns.take(store.vault(), Some(name)).await;
    match (store.delete(name).await, request.purge) {
        (Err(error), _) if error.was_accepted() => {
            let effect = Effect::Removed { name: name.clone(), deletion: Deletion::Unseen };
            Outcome::failure(error).with_effect(effect)
        }
        (Err(error), _) => Outcome::failure(error),
        (Ok(None), Purge::No) => not_there(store, name),
        (Ok(None), Purge::Yes) => purge_deleted(store, name).await,
        (Ok(Some(deletion)), purge) => removed(store, name, deletion, purge).await,
    }
}

fn not_there(store: &dyn CertificateStore, name: &CertificateName) -> Outcome {
    let vault = store.vault();
    let message = format!("certificate {name} is not in vault {vault}: nothing to remove");
    Outcome::warning(Effect::Nothing, message)
}

async fn removed(
    store: &dyn CertificateStore,
    name: &CertificateName,
    deletion: Deletion,
    purge: Purge,
) -> Outcome {
    let vault = store.vault();
    let effect = Effect::Removed { name: name.clone(), deletion };
    let settled = match deletion {
        Deletion::SoftDeleted => "it is soft-deleted and can be recovered",
        Deletion::Unseen => {
            "the service accepted the request; akv could not see it complete, because the caller \
             cannot read deleted certificates"
        }
        Deletion::Gone => "the vault has no soft delete",
    };
    if purge == Purge::No || deletion == Deletion::Gone {
        return Outcome::success(effect, format!("removed certificate {name} from vault {vault}"))
            .with_notes([settled.to_owned()]);
    }
    match store.purge(name).await {
        Ok(Purged::Done) => Outcome::success(
            Effect::Purged { name: name.clone() },
            format!("removed certificate {name} from vault {vault} and purged it"),
        ),
        Ok(Purged::NothingThere) => Outcome::warning(
            effect,
            format!("removed certificate {name} from vault {vault}, but did not purge it"),
        )
        .with_notes(["another client recovered or purged it meanwhile".to_owned()]),
        Err(error) => Outcome::failure(error).with_effect(effect).with_notes([format!(
            "certificate {name} was removed before that, but not purged: {settled}"
        )]),
    }
}

/// Nothing may be left, so a soft-deleted certificate is purged.
async fn purge_deleted(store: &dyn CertificateStore, name: &CertificateName) -> Outcome {
    match store.purge(name).await {
        Ok(Purged::Done) => Outcome::success(
            Effect::Purged { name: name.clone() },
            format!("purged the soft-deleted certificate {name} of vault {}", store.vault()),
        ),
        Ok(Purged::NothingThere) => not_there(store, name),
        Err(error) => Outcome::failure(error),
    }
}
