//! A cloud as its Resource Manager describes it.

use akv_core::{Cloud, Error, ErrorKind, Result};
use azure_core::http::Method;

use crate::api::{ApiOperation, version};
use crate::exchange::{Deadline, Origin, Retry};
use crate::page::unreadable;
use crate::pipeline::{Call, Pacing, Pipeline};
use crate::shared::Shared;
use crate::wire::cloud::{self as wire, Cloud as Described};

pub(crate) async fn from_metadata(shared: &Shared, resource_manager: &str) -> Result<Cloud> {
    let resource_manager = resource_manager.trim().trim_end_matches('/');
    let origin = Origin::new("Resource Manager URL", resource_manager)?;
    let operation = format!("read the endpoints of the cloud from {}", origin.host());
    let url = origin.url(&["metadata", "endpoints"], &[("api-version", version::CLOUD_METADATA)]);
    let pipeline = Pipeline {
        transport: shared.transport(&Cloud::public())?,
        origin,
        tokens: None,
        audience: None,
        pacing: Pacing::Free,
        cancellation: shared.cancellation(),
    };
    let call = Call::new(ApiOperation::ReadCloudMetadata, Method::Get, url, operation);
    let mut retry = Retry::new(Deadline::after(shared.deadline()));
    let answer = pipeline.send(&call, &mut retry).await?;
    let own = |cloud: &Described| {
        cloud.resource_manager.as_deref().is_some_and(|url| is_same(url, resource_manager))
    };
    let mut clouds =
        wire::read(answer.body()).map_err(|error| unreadable(&call.operation, &error))?;
    let described = if clouds.len() == 1 { clouds.pop() } else { clouds.into_iter().find(own) };
    described.and_then(|cloud| translated(cloud, resource_manager)).ok_or_else(|| {
        Error::new(
            ErrorKind::Protocol,
            &call.operation,
            "the response does not contain the authority and the vault suffix of this cloud",
        )
        .with_advice("use a cloud file instead")
    })
}

fn translated(cloud: Described, resource_manager: &str) -> Option<Cloud> {
    let suffix = cloud.suffixes.key_vault_dns?;
    let suffix = suffix.trim_start_matches('.').to_ascii_lowercase();
    // The URL of Resource Manager if it is an audience, as in newer clouds; otherwise the first
    // audience.
    let audiences = &cloud.authentication.audiences;
    let audience = audiences
        .iter()
        .find(|it| is_same(it, resource_manager))
        .or(audiences.first())
        .map_or(resource_manager, |it| it.trim_end_matches('/'));
    Some(
        Cloud::new(
            cloud.name.unwrap_or_else(|| resource_manager.to_owned()),
            cloud.authentication.login_endpoint.trim_end_matches('/'),
            resource_manager,
            suffix,
        )
        .with_resource_manager_audience(audience),
    )
}

fn is_same(one: &str, other: &str) -> bool {
    one.trim_end_matches('/').eq_ignore_ascii_case(other.trim_end_matches('/'))
}
