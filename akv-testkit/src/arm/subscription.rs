//! Tenants, subscriptions, locations, resource groups, and the cloud's own description.

use serde_json::{Value, json};

use crate::arm::Resources;
use crate::arm::{Call, Group, Subscription, page};
use crate::endpoints::Endpoints;
use crate::exchange::Response;

impl Call<'_> {
    pub(super) fn tenants(&self, resources: &Resources<'_>) -> Response {
        let tenants = resources.tenants.iter().map(|tenant| {
            let value = json!({
                "id": format!("/tenants/{}", tenant.id),
                "tenantId": tenant.id,
                "displayName": tenant.domain,
                "defaultDomain": tenant.domain,
                "tenantCategory": "Home",
                "tenantType": "AAD",
            });
            (tenant.id.as_str(), value)
        });
        page::answer(self.request, MANY, tenants)
    }

    /// Only the subscriptions of the token's tenant.
    pub(super) fn subscriptions(&self, resources: &Resources<'_>) -> Response {
        let own = resources
            .arm
            .subscriptions
            .iter()
            .filter(|(_, subscription)| subscription.tenant.eq_ignore_ascii_case(self.tenant))
            .map(|(key, subscription)| (key.as_str(), subscription_json(subscription)));
        let count = own.clone().count();
        let answer = page::answer(self.request, resources.arm.page_size, own);
        if answer.status() != 200 {
            return answer;
        }
        let mut body = answer.body_json();
        if let Some(body) = body.as_object_mut() {
            body.insert("count".to_owned(), json!({ "type": "Total", "value": count }));
        }
        Response::json(200, &body)
    }

    pub(super) fn subscription(&self, resources: &Resources<'_>) -> Response {
        let found = self.scope(resources).map(subscription_json);
        Response::json(200, &found.unwrap_or_default())
    }

    pub(super) fn locations(&self) -> Response {
        let id = self.target.subscription.as_deref().unwrap_or_default();
        let locations = LOCATIONS.iter().map(|(name, display)| {
            let value = json!({
                "id": format!("/subscriptions/{id}/locations/{name}"),
                "name": name,
                "type": "Region",
                "displayName": display,
                "regionalDisplayName": display,
                "metadata": { "regionType": "Physical", "regionCategory": "Recommended" },
            });
            (*name, value)
        });
        page::answer(self.request, MANY, locations)
    }

    pub(super) fn resource_groups(&self, resources: &Resources<'_>) -> Response {
        let Some(subscription) = self.scope(resources) else { return Response::empty(404) };
        let groups = subscription.groups.iter();
        let groups = groups.map(|(key, group)| (key.as_str(), group_json(subscription, group)));
        page::answer(self.request, MANY, groups)
    }

    pub(super) fn resource_group(&self, resources: &Resources<'_>) -> Response {
        let name = self.target.group.as_deref().unwrap_or_default().to_ascii_lowercase();
        let found = self.scope(resources).and_then(|subscription| {
            Some(group_json(subscription, subscription.groups.get(&name)?))
        });
        Response::json(200, &found.unwrap_or_default())
    }
}

/// The cloud's endpoints, which `GET /metadata/endpoints` returns without a token.
pub(crate) fn cloud_metadata(endpoints: Endpoints) -> Response {
    let authority = endpoints.authority();
    Response::json(
        200,
        &json!([{
            "name": match endpoints {
                Endpoints::Public => "AzureCloud",
                Endpoints::Government => "AzureUSGovernment",
                Endpoints::China => "AzureChinaCloud",
                Endpoints::Loopback { .. } => "AzureFakeCloud",
            },
            "authentication": {
                "loginEndpoint": format!("{authority}/"),
                "audiences": endpoints.resource_manager_audiences(),
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "resourceManager": format!("{}/", endpoints.resource_manager()),
            "suffixes": {
                "keyVaultDns": endpoints
                    .vault_audience()
                    .strip_prefix("https://")
                    .unwrap_or_default(),
            },
        }]),
    )
}

/// A region of the fake by its name, without regard to case and spaces.
pub(super) fn known_location(name: &str) -> Option<&'static str> {
    let wanted: String = name.split_whitespace().collect::<String>().to_ascii_lowercase();
    LOCATIONS.iter().find(|(known, _)| *known == wanted).map(|(known, _)| *known)
}

fn subscription_json(subscription: &Subscription) -> Value {
    json!({
        "id": format!("/subscriptions/{}", subscription.id),
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant,
        "displayName": subscription.name,
        "state": subscription.state,
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
        "managedByTenants": [],
    })
}

fn group_json(subscription: &Subscription, group: &Group) -> Value {
    json!({
        "id": format!("/subscriptions/{}/resourceGroups/{}", subscription.id, group.name),
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "properties": { "provisioningState": "Succeeded" },
    })
}

/// The page size of lists that the service does not split.
const MANY: usize = 1000;

const LOCATIONS: [(&str, &str); 14] = [
    ("chinaeast2", "China East 2"),
    ("chinanorth3", "China North 3"),
    ("eastus", "East US"),
    ("eastus2", "East US 2"),
    ("francecentral", "France Central"),
    ("germanywestcentral", "Germany West Central"),
    ("northeurope", "North Europe"),
    ("switzerlandnorth", "Switzerland North"),
    ("uksouth", "UK South"),
    ("usgovtexas", "USGov Texas"),
    ("usgovvirginia", "USGov Virginia"),
    ("westeurope", "West Europe"),
    ("westus", "West US"),
    ("westus2", "West US 2"),
];
