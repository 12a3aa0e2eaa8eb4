//! Changes to a certificate that is there: attributes, tags, policy.

use serde_json::Value;

use crate::exchange::Response;
use crate::problem;
use crate::vault::import::being_recovered;
use crate::vault::wire::{Asked, Renderer};
use crate::vault::{
    Context, Vault, certificate_not_found, enabled_of, key_of, object_body, ok, policy, tags_of,
};

impl Vault {
    pub(super) fn update(
        &mut self,
        name: &str,
        version: Option<&str>,
        context: &Context<'_>,
    ) -> Response {
        let body = match object_body(context.request) {
            Ok(body) => body,
            Err(answer) => return answer,
        };
        if body.get("policy").is_some_and(|policy| !policy.is_null()) {
            // In the schema, but reported to be refused; the policy has its own address.
            return problem::bad_parameter("Property policy has invalid value");
        }
        let tags = match tags_of(&body) {
            Ok(tags) => tags,
            Err(answer) => return answer,
        };
        let Some(live) = self.objects.live.get_mut(&key_of(name)) else {
            return certificate_not_found(name);
        };
        if !live.is_writable(context.now) {
            return being_recovered(name);
        }
        let Some(found) = live.object.version_mut(version) else {
            return certificate_not_found(name);
        };
        if let Some(tags) = tags {
            found.tags = tags;
        }
        found.enabled = enabled_of(&body).unwrap_or(found.enabled);
        found.updated = context.now;
        let asked = if version.is_some() { Asked::ByVersion } else { Asked::ForNewest };
        let renderer = Renderer { request: context.request, vault: self };
        let bundle = self.objects.live.get(&key_of(name)).and_then(|live| {
            Some(renderer.bundle(&live.object, live.object.version(version)?, asked))
        });
        ok(&bundle.unwrap_or_default())
    }

    pub(super) fn update_policy(&mut self, name: &str, context: &Context<'_>) -> Response {
        let wanted = match object_body(context.request) {
            Ok(wanted) => Value::Object(wanted),
            Err(answer) => return answer,
        };
        let Some(mut changed) = self
            .visible(name, context)
            .and_then(|object| Some(self.renderer(context).policy(object, object.newest()?)))
        else {
            return certificate_not_found(name);
        };
        policy::lay_over(&mut changed, &wanted);
        if let Some(live) = self.objects.live.get_mut(&key_of(name)) {
            live.object.policy = Some(changed.clone());
        }
        self.objects.note_policy(&key_of(name), &changed);
        self.policy(name, context)
    }
}
