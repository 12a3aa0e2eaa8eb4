//! `akv doctor`: checks everything from the machine to the certificate. It changes nothing, shows
//! no secret, and after a problem continues with all independent checks.

mod access;
mod check;
mod control_plane;
mod hint;
mod machine;
mod network;
mod orchestrator;
mod show;

use akv_core::{Cloud, StoreAddress};
use anyhow::Result;

use crate::args::{Common, DoctorArgs};
use crate::exit::Exit;
use crate::wiring::{Wiring, one_tenant};

use check::Checks;

pub(crate) async fn run(
    common: &Common,
    args: &DoctorArgs,
    settings: Result<()>,
    wiring: Result<Wiring>,
) -> Result<Exit> {
    let mut checks = Checks::default();
    machine::settings(&mut checks, common, settings);
    machine::proxies(&mut checks, common);
    match wiring {
        Ok(wiring) => azure(&mut checks, common, args, &wiring).await,
        Err(error) => checks.problem("connections", format!("{error:#}"), None),
    }
    if let Some(folder) = args.orchestrator.clone() {
        let found = tokio::task::spawn_blocking(move || orchestrator::checks(&folder)).await;
        checks.extend(found.unwrap_or_default());
    }
    show::checks(common.output, &checks)
}

async fn azure(checks: &mut Checks, common: &Common, args: &DoctorArgs, wiring: &Wiring) {
    let cloud = match wiring.cloud(common).await {
        Ok(cloud) => cloud.unwrap_or_else(Cloud::public),
        Err(error) => return checks.problem("cloud", format!("{error:#}"), None),
    };
    checks.ok("cloud", cloud.name.clone());
    let tenant = one_tenant(common);
    if let Err(error) = &tenant {
        checks.problem("tenant", format!("{error:#}"), None);
    }
    let address = args.store.clone().map(|path| {
        StoreAddress::new(path)
            .with_tenant(tenant.as_ref().ok().cloned().flatten())
            .with_cloud(cloud.clone())
            .with_private_endpoint(common.private_endpoint.clone())
    });
    network::checks(checks, common, wiring, &cloud, address.as_ref()).await;
    let identity = if let Ok(tenant) = tenant {
        access::identity(checks, common, wiring, &cloud, tenant.as_ref()).await
    } else {
        checks.not_checked(&["identity"], "no tenant can be used");
        None
    };
    match (&identity, &address) {
        (Some(identity), Some(address)) => {
            access::vault(checks, wiring, address, identity, args.chain).await;
            control_plane::checks(checks, wiring, address, identity, args).await;
        }
        (None, Some(_)) => {
            checks.not_checked(&access::VAULT, "no token");
            checks.not_checked(&control_plane::CONTROL_PLANE, "no token");
        }
        (_, None) => checks.not_checked(&["vault"], "no STORE"),
    }
}
