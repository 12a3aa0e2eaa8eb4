//! `akv cancel`

use akv_core::job::Jobs;
use anyhow::Result;

use crate::args::{CancelArgs, Common};
use crate::changes::Changes;
use crate::exit::Exit;
use crate::wiring::Wiring;

pub(super) async fn run(common: &Common, args: &CancelArgs, wiring: Wiring) -> Result<Exit> {
    let address = wiring.address(common, &args.store).await?;
    let credential = wiring.credential(common).await?;
    let changes = Changes::new(common, &args.change);
    let jobs = changes.by(&wiring.jobs);
    let outcome = jobs.requests(&address, &credential)?.cancel(&args.alias).await;
    changes.report(common.output, &outcome)
}
