//! A change that was begun and may not be left half done outlives the caller's cancellation for a
//! while.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::key_vault::KeyVault;

/// The same vault, cancelled so much later. A second signal does not come here: it ends the process.
pub(super) fn of(vault: &KeyVault) -> KeyVault {
    let (asked, late) = (vault.pipeline().cancellation.clone(), CancellationToken::new());
    let (end, over) = (late.clone(), late.clone());
    tokio::spawn(async move {
        over.run_until_cancelled(async {
            asked.cancelled().await;
            tokio::time::sleep(GRACE).await;
            end.cancel();
        })
        .await;
    });
    vault.cancelled_by(late.clone(), late.drop_guard())
}

/// Long enough for an import while a recovery still lingers, and for a deletion after it.
const GRACE: Duration = Duration::from_secs(30);
