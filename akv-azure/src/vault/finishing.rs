//! A change that was begun and may not be left half done outlives the caller's cancellation for a
//! while.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Inner, KeyVault};
use crate::pipeline::Pipeline;

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
    KeyVault(Arc::new(Inner {
        pipeline: Pipeline { cancellation: late.clone(), ..vault.pipeline().clone() },
        vault: vault.0.vault.clone(),
        deadline: vault.0.deadline,
        _watch: Some(late.drop_guard()),
    }))
}

/// Long enough for an import while a recovery still lingers, and for a deletion after it.
const GRACE: Duration = Duration::from_secs(30);
