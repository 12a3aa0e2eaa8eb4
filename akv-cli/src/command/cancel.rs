//! `akv cancel`

use akv_core::job::Jobs;
use anyhow::Result;

use crate::args::{CancelArgs, ChangeArgs, Common};
use crate::changes::Changes;
use crate::exit::Exit;
use crate::render;
use crate::wiring::Wiring;

pub(super) async fn run(common: &Common, args: &CancelArgs, wiring: Wiring) -> Result<Exit> {
    let address = wiring.address(common, &args.store).await?;
    let credential = wiring.credential(common).await?;
    let jobs = Changes::new(common, &ChangeArgs { dry_run: false }).by(&wiring.jobs);
    let outcome = jobs.requests(&address, &credential)?.cancel(&args.alias).await;
    render::outcome(common.output, &outcome)
}
