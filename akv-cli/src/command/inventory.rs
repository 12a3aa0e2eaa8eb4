//! `akv inventory`

use akv_core::Pending;
use akv_core::job::{
    CertificateScope, FleetOutcome, InventoryRequest, PreviousInventory, Status, Unchanged,
    inventory_fleet,
};
use anyhow::Result;

use crate::args::{Common, InventoryArgs};
use crate::exit::Exit;
use crate::render::previous::Previous;
use crate::render::{self, Ended, InventoryWriter};
use crate::selection::Selection;
use crate::wiring::Wiring;

pub(super) async fn run(common: &Common, args: &InventoryArgs, wiring: Wiring) -> Result<Exit> {
    args.selection.check()?;
    let scope = if args.chain { CertificateScope::Chain } else { CertificateScope::Leaf };
    let selection = Selection::of(common, &args.selection, &wiring).await?;
    let Selection { credential, stores, missed, is_fleet } = selection;
    let mut previous = match &args.since {
        Some(file) => {
            let file = file.clone();
            let paths: Vec<_> = stores.iter().map(|store| store.path.clone()).collect();
            Some(wiring.blocking(move || Previous::read(&file, &paths, scope)).await?)
        }
        None => None,
    };
    let unchanged = if previous.is_some() { Unchanged::Skip } else { Unchanged::Fetch };
    let request = |store: &_| {
        InventoryRequest::default()
            .with_scope(scope)
            .with_previous(
                previous.as_mut().map_or_else(PreviousInventory::default, |it| it.take(store)),
            )
            .with_unchanged(unchanged)
            .with_concurrency(args.concurrency)
            .with_pending(Pending::Include)
    };
    let mut writer = InventoryWriter::new(common, is_fleet);
    let mut outcome =
        inventory_fleet(&wiring.jobs, &credential, stores, request, &mut writer).await;
    if !is_fleet {
        return match (writer.only(), outcome.failed.pop()) {
            (Some(one), _) => {
                let message = one.message();
                writer.finish(&Ended::of_store(&one, &message), &outcome)?;
                match &one.error {
                    Some(error) => render::say_error(error),
                    None => render::say(&message),
                }
                Ok(one.status.into())
            }
            (None, failed) => Err(failed.map_or_else(
                || anyhow::anyhow!("the vault was not read"),
                |(_, error)| error.into(),
            )),
        };
    }
    let status = judge(&outcome, missed.is_empty());
    let message = outcome.message();
    writer.finish(&Ended { status, message: &message, error: outcome.error.as_ref() }, &outcome)?;
    render::say(&message);
    Ok(status.into())
}

/// If a search was incomplete, some vaults may be missing.
pub(super) fn judge(outcome: &FleetOutcome, is_whole: bool) -> Status {
    match (outcome.status(), outcome.stores, is_whole) {
        (Status::Success, 0, false) => Status::Failure,
        (Status::Success, 0, true) | (Status::Success, _, false) => Status::Warning,
        (status, ..) => status,
    }
}
