//! Lets a change that must not be left half done continue for a while after the caller cancelled.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::key_vault::KeyVault;

/// The same vault, cancelled [`GRACE`] later. A second signal ends the process directly.
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

/// Long enough for an import during a slow recovery, and for a deletion after it.
const GRACE: Duration = Duration::from_secs(30);
