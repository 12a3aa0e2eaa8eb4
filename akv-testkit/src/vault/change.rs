//! Changes to an existing certificate: attributes, tags, policy.

use crate::exchange::Response;
use crate::vault::body::{Body, invalid};
use crate::vault::import::being_recovered;
use crate::vault::wire::{Asked, Renderer};
use crate::vault::{Context, Vault, certificate_not_found, key_of, ok, policy, version_not_found};
use crate::vault_generated::Order;

impl Vault {
    pub(super) fn update(
        &mut self,
        name: &str,
        version: Option<&str>,
        context: &Context<'_>,
    ) -> Response {
        self.updated(name, version, context).unwrap_or_else(|refusal| refusal)
    }

    fn updated(
        &mut self,
        name: &str,
        version: Option<&str>,
        context: &Context<'_>,
    ) -> Result<Response, Response> {
        let body = Body::of(context.request)?;
        if body.object("policy")?.is_some() {
            // In the schema, but reported to be rejected; the policy has its own address.
            return Err(invalid("policy"));
        }
        let (tags, enabled) = (body.tags()?, body.enabled()?);
        let live = self.objects.live.get_mut(&key_of(name));
        let live = live.ok_or_else(|| version_not_found(name, version))?;
        if !live.is_writable(context.now) {
            return Err(being_recovered(name));
        }
        let found = live.object.version_mut(version);
        let found = found.ok_or_else(|| version_not_found(name, version))?;
        found.tags = tags.or(found.tags.take());
        found.enabled = enabled.unwrap_or(found.enabled);
        found.updated = context.now;
        let renderer = Renderer { request: context.request, vault: self };
        let bundle = self.objects.live.get(&key_of(name)).and_then(|live| {
            Some(renderer.bundle(&live.object, live.object.version(version)?, Asked::ForNewest))
        });
        Ok(ok(&bundle.unwrap_or_default()))
    }

    pub(super) fn update_policy(&mut self, name: &str, context: &Context<'_>) -> Response {
        self.policy_updated(name, context).unwrap_or_else(|refusal| refusal)
    }

    fn policy_updated(&mut self, name: &str, context: &Context<'_>) -> Result<Response, Response> {
        let wanted = Body::of(context.request)?.into_value();
        policy::check_form(&wanted)?;
        self.objects.check_issuer(&wanted)?;
        let object = self.visible(name, context);
        let mut changed = object
            .and_then(|object| Some(self.renderer(context).policy(object, object.newest()?)))
            .ok_or_else(|| certificate_not_found(name))?;
        policy::lay_over(&mut changed, &policy::known(&wanted));
        if wanted.get("x509_props").is_some_and(|wanted| !wanted.is_null()) {
            Order::read(&changed).map_err(policy::refused)?;
        }
        policy::note_update(&mut changed, context.now);
        if let Some(live) = self.objects.live.get_mut(&key_of(name)) {
            live.object.policy = Some(changed.clone());
        }
        self.objects.note_policy(&key_of(name), &changed);
        Ok(self.policy(name, context))
    }
}
