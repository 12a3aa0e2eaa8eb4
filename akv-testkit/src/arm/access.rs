//! Access policies of a vault, one principal's or all: stored and returned, never enforced.

use serde_json::{Value, json};

use crate::arm::Call;
use crate::arm::Resources;
use crate::arm::vault::resource_id;
use crate::exchange::Response;
use crate::problem::resource_manager as error;

impl Call<'_> {
    pub(super) fn update_access(&self, resources: &mut Resources<'_>) -> Response {
        let body = self.request.json().unwrap_or_default();
        let given = body.pointer("/properties/accessPolicies").and_then(Value::as_array);
        let Some(given) = given.filter(|given| given.iter().all(Value::is_object)) else {
            let message = "The parameter properties.accessPolicies is missing or not a list.";
            return error(400, "BadRequest", message);
        };
        let key = self.key();
        let Some(vault) = resources.vaults.get_mut(&key).filter(|vault| self.is_in_place(vault))
        else {
            return self.not_found();
        };
        let kept = vault.settings.entry("accessPolicies").or_insert_with(|| json!([]));
        let Some(kept) = kept.as_array_mut() else { return Response::empty(500) };
        let kind = self.target.detail.as_deref().unwrap_or_default();
        match kind {
            "replace" => kept.clone_from(given),
            _ => kept.retain(|kept| !given.iter().any(|given| is_of_same(given, kept))),
        }
        if kind == "add" {
            kept.extend_from_slice(given);
        }
        if kept.len() > super::vault_request::MOST_POLICIES {
            kept.truncate(super::vault_request::MOST_POLICIES);
            return error(400, "BadRequest", "A vault has at most 1024 access policies.");
        }
        let policies = json!(kept);
        let answer = json!({
            "id": format!("{}/accessPolicies/", resource_id(vault)),
            "type": "Microsoft.KeyVault/vaults/accessPolicies",
            "location": vault.location,
            "properties": { "accessPolicies": policies },
        });
        vault.changed(self.caller, self.now);
        Response::json(200, &answer)
    }
}

/// Whether two policies belong to the same principal.
fn is_of_same(one: &Value, other: &Value) -> bool {
    ["tenantId", "objectId", "applicationId"].iter().all(|name| one.get(name) == other.get(name))
}
