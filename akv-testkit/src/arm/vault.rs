//! Vaults in Resource Manager's form.

use serde_json::{Map, Value, json};
use time::format_description::well_known::Rfc3339;

use crate::arm::Resources;
use crate::arm::subscription::known_location;
use crate::arm::vault_request::{Sku, VaultRequest};
use crate::arm::{Call, DeletedVault, page};
use crate::exchange::Response;
use crate::problem::resource_manager as error;
use crate::vault::{AccessModel, Objects, Purging, SoftDelete, Vault};

impl Call<'_> {
    pub(super) fn vaults(&self, resources: &Resources<'_>) -> Response {
        let own = resources.vaults.iter().filter(|(_, vault)| {
            self.is_in_scope(vault)
                && self.target.group.as_deref().is_none_or(|g| g.eq_ignore_ascii_case(&vault.group))
        });
        let own = own.map(|(key, vault)| (key.as_str(), self.vault_json(vault)));
        page::answer_and_more(self.request, resources.arm.page_size, own)
    }

    /// The generic resource list: without address and properties.
    pub(super) fn resources(&self, resources: &Resources<'_>) -> Response {
        let filter = self.request.find_query("$filter").unwrap_or_default().to_ascii_lowercase();
        if !filter.is_empty() && !filter.contains("'microsoft.keyvault/vaults'") {
            return Response::json(200, &json!({ "value": [] }));
        }
        let own = resources.vaults.iter().filter(|(_, vault)| self.is_in_scope(vault));
        let own = own.map(|(key, vault)| {
            let value = json!({
                "id": resource_id(vault),
                "name": vault.name,
                "type": "Microsoft.KeyVault/vaults",
                "location": vault.location,
                "tags": vault.tags,
            });
            (key.as_str(), value)
        });
        page::answer(self.request, resources.arm.page_size, own)
    }

    pub(super) fn vault(&self, resources: &Resources<'_>) -> Response {
        match self.found(resources) {
            Some(vault) => Response::json(200, &self.vault_json(vault)),
            None => self.not_found(),
        }
    }

    pub(super) fn create(&self, resources: &mut Resources<'_>) -> Response {
        match self.created(resources) {
            Ok(answer) | Err(answer) => answer,
        }
    }

    fn created(&self, resources: &mut Resources<'_>) -> Result<Response, Response> {
        let key = self.key();
        let name = self.target.vault.clone().unwrap_or_default();
        let wanted = VaultRequest::read(self.request)?;
        check_vault_name(&name)?;

        if let Some(deleted) = resources.arm.deleted.get(&key) {
            if !self.is_in_scope(&deleted.vault) {
                return Err(already_exists(&name));
            }
            if !wanted.is_recovery {
                return Err(error(
                    409,
                    "ConflictError",
                    &format!(
                        "A vault with the same name already exists in deleted state. You need to \
                         either recover or purge existing key vault. Vault: {name}"
                    ),
                ));
            }
            return Ok(self.recovered(resources));
        }
        let existing = resources.vaults.get(&key);
        if existing.is_some_and(|vault| !self.is_in_place(vault)) {
            return Err(already_exists(&name));
        }
        let is_new = existing.is_none();
        let creator = existing.and_then(|vault| vault.created_by.clone());
        let created = existing.map_or(self.now, |vault| vault.created);
        let was_protected = existing.is_some_and(|vault| vault.purging == Purging::Protected);
        let registered = match existing {
            Some(vault) => vault.registered,
            None => self.now + resources.timing.registration,
        };
        let mut vault = self.described(&name, wanted)?;
        vault.created = created;
        vault.registered = registered;
        vault.created_by = creator.or(vault.created_by.take());
        if was_protected {
            vault.purging = Purging::Protected;
        }
        let mut answer = self.vault_json(&vault);
        // All other answers have a final slash.
        if let Some(uri) = answer.pointer_mut("/properties/vaultUri") {
            *uri = json!(self.endpoints.vault_uri(&vault.name.to_ascii_lowercase()));
        }
        if let Some(existing) = resources.vaults.remove(&key) {
            vault.objects = existing.objects;
        }
        if is_new && !resources.timing.graph_lag.is_zero() {
            resources.arm.graph.see_later(&key, self.now + resources.timing.graph_lag);
        }
        resources.vaults.insert(key, vault);
        let answer = Response::json(200, &answer);
        Ok(if registered > self.now { answer.with_header("Retry-After", "5") } else { answer })
    }

    /// The vault that a PUT describes: omitted settings get the service's defaults.
    fn described(&self, name: &str, wanted: VaultRequest) -> Result<Vault, Response> {
        let location = wanted.location.as_deref().unwrap_or_default();
        let location = known_location(location).ok_or_else(|| {
            error(
                400,
                "RegionNotSupported",
                &format!("The provided location '{location}' is not available for resource type 'Microsoft.KeyVault/vaults'."),
            )
        })?;
        if !wanted.tenant.as_ref().is_some_and(|tenant| tenant.eq_ignore_ascii_case(self.tenant)) {
            return Err(bad_request("The parameter tenantId is missing or not the caller's."));
        }
        let sku =
            wanted.sku.as_ref().and_then(Sku::known).ok_or_else(|| {
                error(400, "SkuNotSupported", "The SKU is missing or not supported.")
            })?;
        let version = self.request.find_query("api-version").unwrap_or_default();
        // From this version on, RBAC is the default of a new vault.
        let rbac = wanted.rbac.unwrap_or(version >= "2026-02-01");
        if !rbac && !wanted.has_policies {
            return Err(bad_request("The parameter accessPolicies is not specified."));
        }
        Ok(Vault {
            name: name.to_owned(),
            tenant: self.tenant.to_owned(),
            subscription: self.target.subscription.clone().unwrap_or_default(),
            group: self.target.group.clone().unwrap_or_default(),
            location: location.to_owned(),
            created: self.now,
            registered: self.now,
            created_by: Some(self.caller.to_owned()),
            modified: self.now,
            modified_by: Some(self.caller.to_owned()),
            access: access_model(rbac),
            purging: wanted.purging(),
            soft_delete: SoftDelete::On,
            retention_days: wanted.retention_days,
            sku: sku.to_owned(),
            tags: wanted.tags.unwrap_or_default(),
            settings: wanted.settings,
            objects: Objects::default(),
        })
    }

    pub(super) fn update(&self, resources: &mut Resources<'_>) -> Response {
        let wanted = match VaultRequest::read(self.request) {
            Ok(wanted) => wanted,
            Err(answer) => return answer,
        };
        let key = self.key();
        let Some(vault) = resources.vaults.get_mut(&key).filter(|vault| self.is_in_place(vault))
        else {
            return self.not_found();
        };
        if wanted.purging() == Purging::Protected {
            vault.purging = Purging::Protected;
        }
        vault.access = wanted.rbac.map_or(vault.access, access_model);
        vault.settings.extend(wanted.settings);
        if let Some(tags) = wanted.tags {
            vault.tags = tags;
        }
        vault.changed(self.caller, self.now);
        Response::json(200, &self.vault_json(vault))
    }

    pub(super) fn delete(&self, resources: &mut Resources<'_>) -> Response {
        if self.found(resources).is_none() {
            return Response::empty(204);
        }
        let key = self.key();
        if let Some(vault) = resources.vaults.remove(&key) {
            let purge = self.now + time::Duration::days(i64::from(vault.retention_days));
            resources.arm.deleted.insert(key, DeletedVault { vault, at: self.now, purge });
        }
        Response::empty(200)
    }

    fn recovered(&self, resources: &mut Resources<'_>) -> Response {
        let key = self.key();
        match resources.arm.deleted.remove(&key) {
            Some(deleted) => {
                let answer = self.vault_json(&deleted.vault);
                resources.vaults.insert(key, deleted.vault);
                Response::json(200, &answer)
            }
            None => self.not_found(),
        }
    }

    pub(super) fn key(&self) -> String {
        self.target.vault.as_deref().unwrap_or_default().to_ascii_lowercase()
    }

    pub(super) fn is_in_scope(&self, vault: &Vault) -> bool {
        let id = self.target.subscription.as_deref().unwrap_or_default();
        vault.subscription.eq_ignore_ascii_case(id)
    }

    pub(super) fn is_in_place(&self, vault: &Vault) -> bool {
        let group = self.target.group.as_deref().unwrap_or_default();
        self.is_in_scope(vault) && vault.group.eq_ignore_ascii_case(group)
    }

    fn found<'s>(&self, resources: &'s Resources<'_>) -> Option<&'s Vault> {
        resources.vaults.get(&self.key()).filter(|vault| self.is_in_place(vault))
    }

    pub(super) fn not_found(&self) -> Response {
        error(
            404,
            "ResourceNotFound",
            &format!(
                "The Resource 'Microsoft.KeyVault/vaults/{}' under resource group '{}' was not \
                 found.",
                self.target.vault.as_deref().unwrap_or_default(),
                self.target.group.as_deref().unwrap_or_default(),
            ),
        )
    }

    pub(super) fn vault_json(&self, vault: &Vault) -> Value {
        let ready = vault.registered <= self.now;
        let timestamp = |moment: time::OffsetDateTime| moment.format(&Rfc3339).unwrap_or_default();
        let uri = self.endpoints.vault_uri(&vault.name.to_ascii_lowercase());
        let mut properties = Map::from_iter([
            ("tenantId".to_owned(), json!(vault.tenant)),
            ("sku".to_owned(), json!({ "family": "A", "name": vault.sku })),
            ("accessPolicies".to_owned(), json!([])),
            ("enabledForDeployment".to_owned(), json!(false)),
            ("enableSoftDelete".to_owned(), json!(vault.soft_delete == SoftDelete::On)),
            ("softDeleteRetentionInDays".to_owned(), json!(vault.retention_days)),
            ("enableRbacAuthorization".to_owned(), json!(vault.access == AccessModel::Rbac)),
            // With a final slash, as the service usually returns it; a client must accept both.
            ("vaultUri".to_owned(), json!(format!("{uri}/"))),
            (
                "provisioningState".to_owned(),
                json!(if ready { "Succeeded" } else { "RegisteringDns" }),
            ),
            ("publicNetworkAccess".to_owned(), json!("Enabled")),
        ]);
        if vault.purging == Purging::Protected {
            properties.insert("enablePurgeProtection".to_owned(), json!(true));
        }
        properties.extend(vault.settings.clone());
        json!({
            "id": resource_id(vault),
            "name": vault.name,
            "type": "Microsoft.KeyVault/vaults",
            "location": vault.location,
            "tags": vault.tags,
            "systemData": {
                "createdBy": vault.created_by.as_deref().unwrap_or(NO_CREATOR),
                "createdByType": "Application",
                "createdAt": timestamp(vault.created),
                "lastModifiedBy": vault.modified_by.as_deref().unwrap_or(NO_CREATOR),
                "lastModifiedByType": "Application",
                "lastModifiedAt": timestamp(vault.modified.max(vault.created)),
            },
            "properties": properties,
        })
    }
}

pub(super) fn resource_id(vault: &Vault) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.KeyVault/vaults/{}",
        vault.subscription, vault.group, vault.name
    )
}

pub(super) fn is_vault_name(name: &str) -> bool {
    let bytes = name.as_bytes();
    (3..=24).contains(&bytes.len())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
        && bytes.first().is_some_and(u8::is_ascii_alphabetic)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && !name.contains("--")
}

fn check_vault_name(name: &str) -> Result<(), Response> {
    if is_vault_name(name) {
        return Ok(());
    }
    Err(error(
        400,
        "VaultNameNotValid",
        "The vault name is invalid. A vault's name must be between 3-24 alphanumeric characters. \
         The name must begin with a letter, end with a letter or digit, and not contain \
         consecutive hyphens.",
    ))
}

fn already_exists(name: &str) -> Response {
    error(
        409,
        "VaultAlreadyExists",
        &format!("The vault name '{name}' is already in use. Vault names are globally unique."),
    )
}

fn bad_request(message: &str) -> Response {
    error(400, "BadRequest", message)
}

fn access_model(rbac: bool) -> AccessModel {
    if rbac { AccessModel::Rbac } else { AccessModel::Policies }
}

/// The creator of the initial vaults.
const NO_CREATOR: &str = "00000000-0000-0000-0000-000000000000";
