//! `/certificates/contacts`: the recipients of expiry notices.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::exchange::Response;
use crate::problem;
use crate::vault::body::{Body, invalid};
use crate::vault::{Context, Vault, ok};

/// A contact of a vault.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Contact {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

impl Contact {
    fn can_be_written_to(&self) -> bool {
        self.email.as_ref().is_some_and(|email| (1..=LONGEST_EMAIL).contains(&email.len()))
    }
}

impl Vault {
    pub(super) fn contacts(&self, context: &Context<'_>) -> Response {
        if self.objects.contacts.is_empty() {
            return problem::vault(404, "ContactsNotFound", None, "Contacts not found");
        }
        ok(&json!({
            "id": context.request.link("/certificates/contacts"),
            "contacts": self.objects.contacts,
        }))
    }

    /// Replaces all contacts.
    pub(super) fn set_contacts(&mut self, context: &Context<'_>) -> Response {
        let wanted: Result<Option<Vec<Contact>>, _> =
            Body::of(context.request).and_then(|body| body.typed("contacts"));
        match wanted {
            Ok(Some(contacts))
                if !contacts.is_empty() && contacts.iter().all(Contact::can_be_written_to) =>
            {
                self.objects.contacts = contacts;
            }
            Ok(_) => return invalid("contacts"),
            Err(refusal) => return refusal,
        }
        self.contacts(context)
    }

    pub(super) fn delete_contacts(&mut self, context: &Context<'_>) -> Response {
        let answer = self.contacts(context);
        self.objects.contacts.clear();
        answer
    }
}

/// The longest mail address (RFC 5321).
const LONGEST_EMAIL: usize = 254;
