//! Soft delete: lists, recovers and purges certificates.

use std::fmt;
use std::sync::Arc;

use futures::StreamExt;

use super::mark::Mark;
use super::outcome::{Effect, Outcome, Status, counted};
use super::turns::Turns;
use crate::certificate::{Certificate, CertificateName};
use crate::error::{Error, ErrorKind};
use crate::soft_deleted::ListedDeletedCertificate;
use crate::store::{CertificateStore, Purged};

/// The jobs on the soft-deleted certificates of one vault.
#[derive(Clone)]
pub struct SoftDeleteJobs {
    store: Arc<dyn CertificateStore>,
    turns: Turns,
}

/// The soft-deleted certificates of a vault.
#[derive(Debug, Clone)]
pub struct DeletedOutcome {
    /// Success only if the complete list was read.
    pub status: Status,
    /// The certificates, in the service's order.
    pub deleted: Vec<ListedDeletedCertificate>,
    /// The error that ended the list early.
    pub error: Option<Error>,
    vault: String,
}

impl DeletedOutcome {
    /// The message of the outcome.
    pub fn message(&self) -> String {
        match &self.error {
            Some(error) => format!("the list is incomplete: {error}"),
            None => format!(
                "{} in vault {}",
                counted(self.deleted.len(), "soft-deleted certificate"),
                self.vault
            ),
        }
    }
}

impl SoftDeleteJobs {
    /// The jobs of the vault behind `store`.
    pub fn new(store: Arc<dyn CertificateStore>) -> Self {
        Self { store, turns: Turns::default() }
    }

    /// Changes to a name wait for other jobs that share these turns.
    #[must_use]
    pub fn with_turns(self, turns: Turns) -> Self {
        Self { turns, ..self }
    }

    /// Lists the soft-deleted certificates.
    pub async fn list(&self) -> DeletedOutcome {
        let mut outcome = DeletedOutcome {
            status: Status::Success,
            deleted: Vec::new(),
            error: None,
            vault: self.store.vault().to_string(),
        };
        let Some(capability) = self.store.soft_deleted() else {
            let operation =
                format!("list the deleted certificates of vault {}", self.store.vault());
            let problem = "this kind of store does not support this list";
            outcome.status = Status::Failure;
            outcome.error = Some(Error::new(ErrorKind::Invalid, operation, problem));
            return outcome;
        };
        let mut list = capability.list();
        while let Some(next) = list.next().await {
            match next {
                Ok(mut one) => {
                    one.certificate.tags = Mark::read(&one.certificate.tags).tags;
                    outcome.deleted.push(one);
                }
                Err(error) => {
                    outcome.status = Status::Failure;
                    outcome.error = Some(error);
                    break;
                }
            }
        }
        outcome
    }

    /// Recovers a certificate with all its versions.
    pub async fn recover(&self, name: &CertificateName) -> Outcome {
        let vault = self.store.vault();
        let _turn = self.turns.take(vault, Some(name)).await;
        match self.store.recover(name).await {
            Ok(Some(recovered)) => {
                let effect = Effect::Recovered { name: recovered.name.clone() };
                let summary = format!("recovered certificate {} in vault {vault}", recovered.name);
                let notes = self.without_mark(&recovered).await;
                Outcome::success(effect, summary).with_notes(notes)
            }
            Ok(None) => match self.is_live(name).await {
                Ok(true) => Outcome::warning(
                    Effect::Nothing,
                    format!(
                        "certificate {name} in vault {vault} is not deleted: nothing to recover"
                    ),
                ),
                Ok(false) => {
                    let why = (ErrorKind::Absent, "it is not in the vault, deleted or not");
                    Outcome::failure(self.refused("recover", name, why))
                }
                Err(error) => undecided(name, error),
            },
            Err(error) if error.was_accepted() => {
                Outcome::failure(error).with_effect(Effect::Recovered { name: name.clone() })
            }
            Err(error) => Outcome::failure(error),
        }
    }

    /// Purges a soft-deleted certificate. A live one is not changed.
    pub async fn purge(&self, name: &CertificateName) -> Outcome {
        let vault = self.store.vault();
        let _turn = self.turns.take(vault, Some(name)).await;
        match self.store.purge(name).await {
            Ok(Purged::Done) => Outcome::success(
                Effect::Purged { name: name.clone() },
                format!("purged certificate {name} from vault {vault}"),
            ),
            Ok(Purged::NothingThere) => match self.is_live(name).await {
                Ok(false) => Outcome::warning(
                    Effect::Nothing,
                    format!(
                        "certificate {name} is not in vault {vault}, deleted or not: nothing to purge"
                    ),
                ),
                Ok(true) => {
                    let why = (ErrorKind::Conflict, "it is not deleted");
                    Outcome::failure(
                        self.refused("purge", name, why).with_advice("remove it first"),
                    )
                }
                Err(error) => undecided(name, error),
            },
            Err(error) => Outcome::failure(error),
        }
    }

    /// Removes the mark of an interrupted addition, so that the addition cannot continue with a
    /// certificate that a person recovered.
    async fn without_mark(&self, recovered: &Certificate) -> Option<String> {
        let mark = Mark::read(&recovered.tags);
        mark.recovered_for?;
        match self.store.finishing().update_tags(&recovered.name, &mark.tags).await {
            Ok(_) => None,
            Err(error) => Some(format!(
                "the certificate still has the tag of an interrupted add, which can replace it \
                 when it runs again: {error}"
            )),
        }
    }

    /// Whether the name, which is not in soft delete, is live.
    async fn is_live(&self, name: &CertificateName) -> Result<bool, Error> {
        self.store.certificate(name).await.map(|live| live.is_some())
    }

    fn refused(&self, verb: &str, name: &CertificateName, why: (ErrorKind, &str)) -> Error {
        let operation = format!("{verb} certificate {name} in vault {}", self.store.vault());
        Error::new(why.0, operation, why.1)
    }
}

/// Nothing was changed, because it is unknown whether the name is live.
fn undecided(name: &CertificateName, error: Error) -> Outcome {
    Outcome::failure(error).with_notes([format!(
        "certificate {name} is not soft-deleted, and akv cannot tell whether it exists: nothing was \
         changed"
    )])
}

impl fmt::Debug for SoftDeleteJobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoftDeleteJobs").field("vault", self.store.vault()).finish_non_exhaustive()
    }
}
