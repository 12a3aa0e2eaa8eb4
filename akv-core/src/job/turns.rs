//! Turns: serializes changes to one name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use futures::lock::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::certificate::CertificateName;
use crate::vault::VaultName;

/// A lock per name of a vault. Clones share it.
///
/// The service has no conditional import: of two additions that both find the name available, the
/// second would replace the first one's certificate. Jobs that share their turns check and import
/// one after another.
#[derive(Debug, Clone, Default)]
pub struct Turns(Arc<Mutex<HashMap<Place, Weak<AsyncMutex<()>>>>>);

/// A name in a vault, or the vault itself.
type Place = (String, Option<CertificateName>);

impl Turns {
    /// Waits for the turn and holds it until the guard is dropped.
    pub(super) async fn take(
        &self,
        vault: &VaultName,
        name: Option<&CertificateName>,
    ) -> OwnedMutexGuard<()> {
        let place = (vault.as_str().to_ascii_lowercase(), name.cloned());
        let line = {
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            lines.retain(|_, line| line.strong_count() > 0);
            lines.get(&place).and_then(Weak::upgrade).unwrap_or_else(|| {
                let line = Arc::new(AsyncMutex::new(()));
                lines.insert(place, Arc::downgrade(&line));
                line
            })
        };
        line.lock_owned().await
    }
}
