//! Delete, recover, purge: their durations, and the conflicts in the meantime.

use time::Duration;

use crate::exchange::Response;
use crate::problem;
use crate::vault::import::{being_deleted, being_recovered};
use crate::vault::object::{Deleted, Live, Recovering};
use crate::vault::{
    Context, Purging, SoftDelete, Vault, certificate_not_found, deleted_not_found, key_of, ok,
};

impl Vault {
    pub(super) fn delete(&mut self, name: &str, context: &Context<'_>) -> Response {
        let key = key_of(name);
        let now = context.now;
        match self.objects.live.get(&key) {
            Some(live) if !live.is_writable(now) => return being_recovered(name),
            Some(_) => {}
            None if self.objects.deleted.get(&key).is_some_and(|d| d.settled > now) => {
                return being_deleted(name);
            }
            None => return certificate_not_found(name),
        }
        if self.soft_delete == SoftDelete::Off {
            // Without a recoveryId the client knows that it is gone.
            let bundle = self.newest_bundle(&key, context);
            self.objects.live.remove(&key);
            return ok(&bundle);
        }
        let Some(live) = self.objects.live.remove(&key) else {
            return certificate_not_found(name);
        };
        let deleted = Deleted {
            object: live.object,
            at: now,
            settled: now + context.timing.deletion,
            purge: now + Duration::days(i64::from(self.retention_days)),
        };
        let bundle = self.renderer(context).deleted_bundle(&deleted);
        self.objects.deleted.insert(key, deleted);
        ok(&bundle)
    }

    pub(super) fn recover(&mut self, name: &str, context: &Context<'_>) -> Response {
        let key = key_of(name);
        let now = context.now;
        if self.objects.live.get(&key).is_some_and(|live| !live.is_visible(now)) {
            return being_recovered(name);
        }
        match self.objects.deleted.get(&key) {
            None => return deleted_not_found(name),
            Some(deleted) if deleted.settled > now => return being_deleted(name),
            Some(_) => {}
        }
        let Some(deleted) = self.objects.deleted.remove(&key) else {
            return deleted_not_found(name);
        };
        let unseen_until = now + context.timing.recovery;
        let recovering = Recovering {
            unseen_until,
            unwritable_until: unseen_until + context.timing.recovery_lingers,
        };
        let live = Live { object: deleted.object, recovering: Some(recovering) };
        self.objects.live.insert(key.clone(), live);
        // Pending operations continue.
        self.objects.making.insert(key.clone());
        ok(&self.newest_bundle(&key, context))
    }

    pub(super) fn purge(&mut self, name: &str, context: &Context<'_>) -> Response {
        let key = key_of(name);
        let now = context.now;
        match self.objects.deleted.get(&key) {
            None => deleted_not_found(name),
            Some(deleted) if deleted.settled > now => being_deleted(name),
            Some(_) if self.purging == Purging::Protected => problem::vault(
                403,
                "Forbidden",
                // The service's inner code is unknown, so a client must not depend on it.
                None,
                "Operation \"purge\" is not allowed because purge protection is enabled for this \
                 vault. Key Vault service will automatically purge it after the retention period \
                 has passed.",
            ),
            Some(_) => {
                self.objects.deleted.remove(&key);
                if !context.timing.purge.is_zero() {
                    self.objects.purging.insert(key, now + context.timing.purge);
                }
                Response::empty(204)
            }
        }
    }
}
