//! Soft-deleted vaults, and whether a name is available.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::arm::Resources;
use crate::arm::vault::{is_vault_name, resource_id};
use crate::arm::{Call, DeletedVault, page};
use crate::exchange::Response;
use crate::problem::resource_manager as error;
use crate::vault::Purging;

impl Call<'_> {
    pub(super) fn deleted_vaults(&self, resources: &Resources<'_>) -> Response {
        let own =
            resources.arm.deleted.iter().filter(|(_, deleted)| self.is_in_scope(&deleted.vault));
        let own = own.map(|(key, deleted)| (key.as_str(), deleted_json(deleted)));
        page::answer_and_more(self.request, resources.arm.page_size, own)
    }

    pub(super) fn deleted_vault(&self, resources: &Resources<'_>) -> Response {
        match self.found_deleted(resources) {
            Some(deleted) => Response::json(200, &deleted_json(deleted)),
            None => self.deleted_not_found(),
        }
    }

    pub(super) fn purge(&self, resources: &mut Resources<'_>) -> Response {
        match self.found_deleted(resources) {
            None => self.deleted_not_found(),
            Some(deleted) if deleted.vault.purging == Purging::Protected => error(
                409,
                "DeletedVaultPurge",
                "The vault cannot be purged because purge protection is enabled for it.",
            ),
            Some(_) => {
                resources.arm.deleted.remove(&self.key());
                let id = uuid::Uuid::new_v4().simple().to_string();
                resources.arm.operations.insert(id.clone(), self.now + resources.timing.purge);
                self.going_on(&id)
            }
        }
    }

    /// 202 while a purge is in progress, then 200.
    pub(super) fn operation_result(&self, resources: &Resources<'_>) -> Response {
        let id = self.target.detail.as_deref().unwrap_or_default();
        match resources.arm.operations.get(id) {
            Some(end) if *end > self.now => self.going_on(id),
            Some(_) => Response::empty(200),
            None => error(404, "ResourceNotFound", "There is no such operation."),
        }
    }

    fn going_on(&self, id: &str) -> Response {
        let subscription = self.target.subscription.as_deref().unwrap_or_default();
        let location = self.target.location.as_deref().unwrap_or_default();
        let version = self.request.find_query("api-version").unwrap_or_default();
        let path = format!(
            "/subscriptions/{subscription}/providers/Microsoft.KeyVault/locations/{location}\
             /operationResults/{id}?api-version={version}"
        );
        Response::empty(202)
            .with_header("Location", self.request.link(&path))
            .with_header("Retry-After", "1")
    }

    pub(super) fn check_name(&self, resources: &Resources<'_>) -> Response {
        let body = self.request.json().unwrap_or_default();
        let name = body.get("name").and_then(Value::as_str).unwrap_or_default();
        let key = name.to_ascii_lowercase();
        let taken = resources.vaults.contains_key(&key) || resources.arm.deleted.contains_key(&key);
        let (reason, message) = match (is_vault_name(name), taken) {
            (true, false) => return Response::json(200, &json!({ "nameAvailable": true })),
            (false, _) => ("AccountNameInvalid", "The vault name is invalid."),
            (true, true) => ("AlreadyExists", "The vault name is already in use."),
        };
        Response::json(
            200,
            &json!({ "nameAvailable": false, "reason": reason, "message": message }),
        )
    }

    fn found_deleted<'s>(&self, resources: &'s Resources<'_>) -> Option<&'s DeletedVault> {
        let location = self.target.location.as_deref().unwrap_or_default();
        resources.arm.deleted.get(&self.key()).filter(|deleted| {
            self.is_in_scope(&deleted.vault)
                && deleted.vault.location.eq_ignore_ascii_case(location)
        })
    }

    fn deleted_not_found(&self) -> Response {
        let name = self.target.vault.as_deref().unwrap_or_default();
        error(404, "DeletedVaultNotFound", &format!("The deleted vault '{name}' was not found."))
    }
}

fn deleted_json(deleted: &DeletedVault) -> Value {
    let vault = &deleted.vault;
    let at = |moment: time::OffsetDateTime| moment.format(&Rfc3339).unwrap_or_default();
    let mut json = json!({
        "id": format!(
            "/subscriptions/{}/providers/Microsoft.KeyVault/locations/{}/deletedVaults/{}",
            vault.subscription, vault.location, vault.name
        ),
        "name": vault.name,
        "type": "Microsoft.KeyVault/deletedVaults",
        "properties": {
            "vaultId": resource_id(vault),
            "location": vault.location,
            "deletionDate": at(deleted.at),
            "scheduledPurgeDate": at(deleted.purge),
            "tags": vault.tags,
        },
    });
    let properties = json.pointer_mut("/properties").and_then(Value::as_object_mut);
    let is_protected = vault.purging == Purging::Protected;
    if let Some(properties) = properties.filter(|_| is_protected) {
        properties.insert("purgeProtectionEnabled".to_owned(), json!(true));
    }
    json
}
