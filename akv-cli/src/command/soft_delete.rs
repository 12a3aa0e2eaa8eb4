//! `akv list-deleted`, `akv recover` and `akv purge`

use akv_azure::AzureJobs;
use akv_core::StorePath;
use akv_core::job::SoftDeleteJobs;
use anyhow::Result;

use crate::args::{Common, DeletedArgs, ListDeletedArgs};
use crate::changes::Changes;
use crate::exit::Exit;
use crate::render;
use crate::wiring::Wiring;

pub(super) async fn list(common: &Common, args: &ListDeletedArgs, wiring: Wiring) -> Result<Exit> {
    let outcome = jobs(common, &args.store, &wiring, &wiring.jobs).await?.list().await;
    render::deleted(common.output, &outcome)
}

pub(super) async fn recover(common: &Common, args: &DeletedArgs, wiring: Wiring) -> Result<Exit> {
    let changes = Changes::new(common, &args.change);
    let jobs = jobs(common, &args.store, &wiring, &changes.by(&wiring.jobs)).await?;
    changes.report(common.output, &jobs.recover(&args.alias).await)
}

pub(super) async fn purge(common: &Common, args: &DeletedArgs, wiring: Wiring) -> Result<Exit> {
    let changes = Changes::new(common, &args.change);
    let jobs = jobs(common, &args.store, &wiring, &changes.by(&wiring.jobs)).await?;
    changes.report(common.output, &jobs.purge(&args.alias).await)
}

async fn jobs(
    common: &Common,
    store: &StorePath,
    wiring: &Wiring,
    jobs: &AzureJobs,
) -> Result<SoftDeleteJobs> {
    let address = wiring.address(common, store).await?;
    let credential = wiring.credential(common).await?;
    Ok(jobs.soft_delete(&address, &credential)?)
}
