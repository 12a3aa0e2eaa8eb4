//! `akv create`

use akv_core::job::{CreateRequest, Jobs};
use akv_core::{AccessModel, ObjectId, PublicAccess, PurgeProtection, VaultId, VaultOptions};
use anyhow::Result;

use super::tags::each_once;
use crate::args::{Common, CreateArgs};
use crate::changes::Changes;
use crate::exit::Exit;
use crate::usage::Usage;
use crate::wiring::Wiring;

pub(super) async fn run(common: &Common, args: &CreateArgs, wiring: Wiring) -> Result<Exit> {
    let request = CreateRequest::new(
        VaultId::try_from(&args.store).map_err(|error| Usage::new(error.to_string()))?,
    )
    .with_region(args.region.clone())
    .with_options(
        VaultOptions::default()
            .with_sku(args.sku)
            .with_access(access(args)?)
            .with_purge_protection(if args.purge_protection {
                PurgeProtection::On
            } else {
                PurgeProtection::Off
            })
            .with_retention(args.retention)
            .with_public_access(if args.no_public_access {
                PublicAccess::Disabled
            } else {
                PublicAccess::Enabled
            })
            .with_tags(each_once(&args.tags)?),
    );
    let address = wiring.address(common, &args.store).await?;
    let credential = wiring.credential(common).await?;
    let changes = Changes::new(common, &args.change);
    let jobs = changes.by(&wiring.jobs);
    let outcome = jobs.management(&address, &credential)?.create(&request).await;
    changes.report(common.output, &outcome)
}

fn access(args: &CreateArgs) -> Result<AccessModel> {
    let Some(ids) = &args.access_policy else { return Ok(AccessModel::Rbac) };
    let ids = ids.iter().filter(|id| !id.trim().is_empty());
    let ids: Result<Vec<ObjectId>, _> = ids.map(|id| id.parse()).collect();
    Ok(AccessModel::Policies(ids.map_err(|error| Usage::new(error.to_string()))?))
}
