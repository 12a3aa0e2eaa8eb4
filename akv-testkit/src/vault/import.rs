//! `POST /certificates/{name}/import`.

use std::sync::Arc;

use serde_json::Value;

use crate::exchange::Response;
use crate::problem;
use crate::vault::body::{Body, invalid};
use crate::vault::material::{self, ChainOrder};
use crate::vault::object::{ContentType, Live, Material, Object, Version};
use crate::vault::wire::{Asked, Renderer};
use crate::vault::{Context, Vault, key_of, ok, policy};

impl Vault {
    pub(super) fn import(&mut self, name: &str, context: &Context<'_>) -> Response {
        match self.imported(name, context) {
            Ok(body) => ok(&body),
            Err(answer) => answer,
        }
    }

    fn imported(&mut self, name: &str, context: &Context<'_>) -> Result<Value, Response> {
        let key = key_of(name);
        let body = Body::of(context.request)?;
        let value = body.text("value")?;
        let value = value.ok_or_else(|| problem::bad_parameter("Property value is required"))?;
        let password = body.text("pwd")?;
        let preserved = body.flag("preserveCertOrder")? == Some(true);
        let order = if preserved { ChainOrder::Preserved } else { ChainOrder::LeafFirst };
        let (tags, enabled) = (body.tags()?, body.enabled()?);
        let wanted = body.object("policy")?.cloned().map(Value::Object);
        wanted.as_ref().map_or(Ok(()), policy::check_form)?;
        let read = material::read(value, password, order, context.now)?;
        self.check_name_is_free(name, context)?;
        self.check_nothing_is_pending(name)?;

        let earlier = self.objects.live.get(&key).and_then(|live| live.object.newest());
        let earlier = earlier.filter(|version| !version.is_pending());
        let content_type = match &wanted {
            Some(wanted) => {
                self.objects.check_issuer(wanted)?;
                policy::check_wanted(wanted, &read.facts)?
            }
            // Without a policy, a new version keeps the content type of the name.
            None => earlier.map_or(read.form, |version| version.content_type),
        };
        if content_type != read.form {
            return Err(mismatch(content_type));
        }
        let mut policy = policy::derived(&read.facts, content_type, context.now);
        if let Some(wanted) = &wanted {
            policy::lay_over_import(&mut policy, wanted);
        }
        self.objects.keep_creation(&key, &mut policy);
        self.check_sku(&policy)?;
        let exportable = policy.pointer("/key_props/exportable").and_then(Value::as_bool);
        let version = Version {
            id: context.fresh_id.clone().into(),
            created: context.now,
            updated: context.now,
            enabled: enabled.unwrap_or(true),
            tags,
            exportable: exportable.unwrap_or(true),
            content_type,
            order_preserved: preserved,
            material: Material::Given(Arc::new(read.held)),
        };
        let live = self.objects.live.entry(key.clone());
        let live = live.or_insert_with(|| Live::new(Object::new(name)));
        live.object.add(version);
        live.object.policy = Some(policy.clone());
        self.objects.note_policy(&key, &policy);
        Ok(self.newest_bundle(&key, context))
    }

    /// Rejects a key type that the vault's SKU does not support, and an exportable HSM key.
    pub(super) fn check_sku(&self, policy: &Value) -> Result<(), Response> {
        let kind = policy.pointer("/key_props/kty").and_then(Value::as_str);
        if !kind.is_some_and(|kind| kind.ends_with("-HSM")) {
            return Ok(());
        }
        if self.sku != "premium" {
            return Err(problem::bad_parameter("The SKU of this vault has no HSM keys"));
        }
        match policy.pointer("/key_props/exportable") {
            Some(Value::Bool(true)) => Err(invalid("policy.key_props.exportable")),
            _ => Ok(()),
        }
    }

    /// Rejects a name that another object uses, or that is in transition.
    pub(super) fn check_name_is_free(
        &self,
        name: &str,
        context: &Context<'_>,
    ) -> Result<(), Response> {
        let key = key_of(name);
        let now = context.now;
        if let Some(deleted) = self.objects.deleted.get(&key) {
            return Err(if deleted.settled > now {
                being_deleted(name)
            } else {
                in_soft_delete(name)
            });
        }
        if self.objects.purging.contains_key(&key) {
            return Err(being_deleted(name));
        }
        if self.objects.live.get(&key).is_some_and(|live| !live.is_writable(now)) {
            return Err(being_recovered(name));
        }
        if self.objects.secrets.contains_key(&key) {
            return Err(problem::vault(
                409,
                "Conflict",
                None,
                &format!("A secret with (name/id) {name} that belongs to no certificate exists"),
            ));
        }
        Ok(())
    }

    pub(super) fn newest_bundle(&self, key: &str, context: &Context<'_>) -> Value {
        let renderer = Renderer { request: context.request, vault: self };
        let object = self.objects.live.get(key).map(|live| &live.object);
        object
            .and_then(|object| Some(renderer.bundle(object, object.newest()?, Asked::ForNewest)))
            .unwrap_or_default()
    }
}

pub(super) fn being_deleted(name: &str) -> Response {
    problem::conflict(
        "ObjectIsBeingDeleted",
        &format!("Certificate {name} is currently being deleted."),
    )
}

pub(super) fn being_recovered(name: &str) -> Response {
    problem::conflict(
        "ObjectIsBeingRecovered",
        &format!("Certificate {name} is currently being recovered."),
    )
}

fn in_soft_delete(name: &str) -> Response {
    problem::conflict(
        "ObjectIsDeletedButRecoverable",
        &format!(
            "Certificate {name} is currently in a deleted but recoverable state, and its name \
             cannot be reused; in this state, the certificate can only be recovered or purged."
        ),
    )
}

fn mismatch(wanted: ContentType) -> Response {
    problem::bad_parameter(match wanted {
        ContentType::Pkcs12 => {
            "The specified PKCS#12 X.509 certificate content can not be read. Please check if \
             certificate is in valid PKCS#12 format."
        }
        ContentType::Pem => {
            "The specified PEM X.509 certificate content is in an unexpected format. Please check \
             if certificate is in valid PEM format."
        }
    })
}
