//! All read operations.

use crate::exchange::Response;
use crate::vault::object::Object;
use crate::vault::page;
use crate::vault::wire::{Asked, Renderer};
use crate::vault::{
    Context, Vault, certificate_not_found, deleted_not_found, key_of, ok, version_not_found,
};

impl Vault {
    pub(super) fn list(&self, context: &Context<'_>) -> Response {
        let renderer = self.renderer(context);
        let all = wants_pending(context);
        page::answer(context.request, context.pages, &self.objects.live, |live| {
            let newest = live.object.newest().filter(|_| live.is_visible(context.now))?;
            if newest.is_pending() && !all {
                return None;
            }
            Some(renderer.item(&live.object, newest))
        })
    }

    pub(super) fn certificate(
        &self,
        name: &str,
        version: Option<&str>,
        context: &Context<'_>,
    ) -> Response {
        let Some(object) = self.visible(name, context) else {
            return version_not_found(name, version);
        };
        let Some(found) = object.version(version) else {
            return version_not_found(name, version);
        };
        let asked = if version.is_some() { Asked::ByVersion } else { Asked::ForNewest };
        ok(&self.renderer(context).bundle(object, found, asked))
    }

    pub(super) fn versions(&self, name: &str, context: &Context<'_>) -> Response {
        let renderer = self.renderer(context);
        let object = self.visible(name, context);
        let versions = object.map(|object| {
            let versions = object.versions.iter();
            versions.map(|version| (version.id.to_string(), (object, version))).collect()
        });
        // A name without versions has an empty list: the service does not return 404 here.
        page::answer(
            context.request,
            context.pages,
            &versions.unwrap_or_default(),
            |(object, version)| Some(renderer.version_item(object, version)),
        )
    }

    pub(super) fn policy(&self, name: &str, context: &Context<'_>) -> Response {
        match self.visible(name, context).and_then(|object| Some((object, object.newest()?))) {
            Some((object, newest)) => ok(&self.renderer(context).policy(object, newest)),
            None => certificate_not_found(name),
        }
    }

    pub(super) fn list_deleted(&self, context: &Context<'_>) -> Response {
        let renderer = self.renderer(context);
        let all = wants_pending(context);
        page::answer(context.request, context.pages, &self.objects.deleted, |deleted| {
            let is_listed = deleted.settled <= context.now && (all || !deleted.object.is_pending());
            is_listed.then(|| renderer.deleted_item(deleted))
        })
    }

    pub(super) fn deleted(&self, name: &str, context: &Context<'_>) -> Response {
        let found = self.objects.deleted.get(&key_of(name));
        match found.filter(|deleted| deleted.settled <= context.now) {
            Some(deleted) => ok(&self.renderer(context).deleted_bundle(deleted)),
            None => deleted_not_found(name),
        }
    }

    pub(super) fn visible(&self, name: &str, context: &Context<'_>) -> Option<&Object> {
        let live = self.objects.live.get(&key_of(name))?;
        live.is_visible(context.now).then_some(&live.object)
    }

    pub(super) fn renderer<'a>(&'a self, context: &'a Context<'_>) -> Renderer<'a> {
        Renderer { request: context.request, vault: self }
    }
}

/// Whether a list includes pending certificates.
fn wants_pending(context: &Context<'_>) -> bool {
    let wanted = context.request.find_query("includePending");
    wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case("true"))
}
