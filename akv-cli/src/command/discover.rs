//! `akv discover`

use akv_core::Cloud;
use akv_core::job::{DiscoveryRequest, Jobs};
use anyhow::Result;

use crate::args::{Common, ViaArgs};
use crate::exit::Exit;
use crate::render;
use crate::usage::Usage;
use crate::wiring::{Wiring, tenants};

pub(super) async fn run(common: &Common, args: ViaArgs, wiring: Wiring) -> Result<Exit> {
    let request = DiscoveryRequest::new(tenants(common)?).with_via(args.resolved());
    if request.tenants.is_empty() {
        return Err(Usage::new("provide a tenant: --tenant or AZURE_TENANT_ID").into());
    }
    let cloud = wiring.cloud(common).await?.unwrap_or_else(Cloud::public);
    let credential = wiring.credential(common).await?;
    let outcome = wiring.jobs.discovery(&cloud, &credential)?.discover(&request).await;
    render::discovery(common.output, &outcome)
}
