//! Certificates as Key Vault returns them (data plane 7.4): list items, bundles, deleted bundles.

use std::collections::BTreeMap;

use akv_core::bundle::X509;
use akv_core::{
    Attributes, Certificate, CertificateDer, CertificateName, DeletedCertificate, Exportable,
    KeyState, ListedCertificate, ListedDeletedCertificate, ListedVersion, OperationState, Tags,
    Thumbprint, text,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct CertificateBundle {
    #[serde(default)]
    id: String,
    kid: Option<String>,
    x5t: Option<String>,
    cer: Option<String>,
    #[serde(default)]
    attributes: Option<WireAttributes>,
    tags: Option<BTreeMap<String, String>>,
    policy: Option<Policy>,
    #[serde(rename = "recoveryId")]
    recovery_id: Option<String>,
    #[serde(rename = "deletedDate")]
    deleted: Option<i64>,
    #[serde(rename = "scheduledPurgeDate")]
    scheduled_purge: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
struct WireAttributes {
    enabled: Option<bool>,
    nbf: Option<i64>,
    exp: Option<i64>,
    created: Option<i64>,
    updated: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Policy {
    key_props: Option<KeyProperties>,
}

#[derive(Debug, Deserialize)]
struct KeyProperties {
    exportable: Option<bool>,
    kty: Option<String>,
}

/// The creation of a certificate, as `pending` shows it. It remains there after its end.
#[derive(Debug, Deserialize)]
pub(crate) struct CertificateOperation {
    status: Option<String>,
}

impl CertificateOperation {
    pub(crate) fn state(&self) -> Result<OperationState, &'static str> {
        match self.status.as_deref() {
            Some("inProgress") => Ok(OperationState::InProgress),
            Some("completed") => Ok(OperationState::Completed),
            Some("cancelled") => Ok(OperationState::Cancelled),
            Some("failed") => Ok(OperationState::Failed),
            _ => Err("it does not contain the status of the operation"),
        }
    }
}

/// The tags that replace a certificate's existing tags.
#[derive(Debug, Serialize)]
pub(crate) struct TagsUpdate<'a> {
    pub(crate) tags: BTreeMap<&'a str, &'a str>,
}

impl CertificateBundle {
    /// An item of which at most the ID can be read.
    pub(crate) fn named(id: String) -> Self {
        Self { id, ..Self::default() }
    }

    /// A list item; `None` if its ID names no certificate.
    pub(crate) fn listed(self) -> Option<ListedCertificate> {
        Some(
            ListedCertificate::new(name(&self.id)?)
                .with_thumbprint(self.thumbprint())
                .with_attributes(self.attributes.unwrap_or_default().read())
                .with_tags(tags(self.tags)),
        )
    }

    /// An item of the list of deleted certificates; `None` if its ID names no certificate.
    pub(crate) fn listed_deleted(self) -> Option<ListedDeletedCertificate> {
        let (deleted, scheduled_purge) = (self.deleted, self.scheduled_purge);
        Some(
            ListedDeletedCertificate::new(self.listed()?)
                .with_deleted(deleted.and_then(moment))
                .with_scheduled_purge(scheduled_purge.and_then(moment)),
        )
    }

    /// An item of the versions of the `asked` certificate; `None` if its ID names no version of it.
    pub(crate) fn listed_version(self, asked: &CertificateName) -> Option<ListedVersion> {
        let mut segments = segments(&self.id);
        let name: CertificateName = segments.next()?.parse().ok()?;
        let version = segments.next().filter(|_| name == *asked)?.parse().ok()?;
        let thumbprint = self.thumbprint();
        let attributes = self.attributes.unwrap_or_default().read();
        Some(ListedVersion::new(version, thumbprint, attributes, tags(self.tags)))
    }

    /// The `asked` certificate, or the reason why it is invalid.
    pub(crate) fn certificate(self, asked: &CertificateName) -> Result<Certificate, &'static str> {
        let mut segments = segments(&self.id);
        let name = segments.next().and_then(|name| name.parse().ok());
        let version = segments.next().and_then(|version| version.parse().ok());
        let (name, version): (CertificateName, _) =
            name.zip(version).ok_or("it does not contain the certificate name and version")?;
        if !name.as_str().eq_ignore_ascii_case(asked.as_str()) {
            return Err("it is for another certificate than requested");
        }
        let der = self.der()?;
        let key = self.kid.is_some().then(|| {
            let properties = self.policy.as_ref().and_then(|policy| policy.key_props.as_ref());
            KeyState::default()
                .with_exportable(properties.and_then(|it| it.exportable).map(exportable))
                .with_kind(properties.and_then(|it| it.kty.clone()))
        });
        Ok(Certificate::new(name, version)
            .with_thumbprint(der.as_deref().map(Thumbprint::of).or_else(|| self.thumbprint()))
            .with_der(der)
            .with_attributes(self.attributes.unwrap_or_default().read())
            .with_tags(tags(self.tags))
            .with_key(key))
    }

    /// The certificate; `None` while it is pending. It must be a valid certificate and match its
    /// thumbprint, if that can be read.
    fn der(&self) -> Result<Option<CertificateDer>, &'static str> {
        let Some(cer) = self.cer.as_deref().filter(|cer| !cer.is_empty()) else { return Ok(None) };
        let der = text::from_base64(cer.as_bytes()).ok_or("the certificate in it is not base64")?;
        if !X509::can_parse(&der) {
            return Err("the certificate in it is not valid");
        }
        match self.thumbprint() {
            Some(thumbprint) if thumbprint != Thumbprint::of(&der) => {
                Err("the certificate in it does not match its `x5t`")
            }
            _ => Ok(Some(CertificateDer::from(&**der))),
        }
    }

    pub(crate) fn deleted(
        self,
        asked: &CertificateName,
    ) -> Result<DeletedCertificate, &'static str> {
        let (deleted, scheduled_purge) = (self.deleted, self.scheduled_purge);
        Ok(DeletedCertificate::new(self.certificate(asked)?)
            .with_deleted(deleted.and_then(moment))
            .with_scheduled_purge(scheduled_purge.and_then(moment)))
    }

    /// Without a recovery ID the vault has no soft delete, and the certificate is gone.
    pub(crate) fn is_recoverable(&self) -> bool {
        self.recovery_id.as_deref().is_some_and(|id| !id.is_empty())
    }

    /// The ID as the service sent it, for the message if it is invalid.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    fn thumbprint(&self) -> Option<Thumbprint> {
        let bytes = text::from_base64(self.x5t.as_deref()?.as_bytes())?;
        Some(Thumbprint::from_bytes(bytes.as_slice().try_into().ok()?))
    }
}

impl WireAttributes {
    fn read(self) -> Attributes {
        Attributes::default()
            .with_enabled(self.enabled.unwrap_or(true))
            .with_not_before(self.nbf.and_then(moment))
            .with_expires(self.exp.and_then(moment))
            .with_created(self.created.and_then(moment))
            .with_updated(self.updated.and_then(moment))
    }
}

fn exportable(yes: bool) -> Exportable {
    if yes { Exportable::Yes } else { Exportable::No }
}

fn tags(tags: Option<BTreeMap<String, String>>) -> Tags {
    Tags::as_stored(tags.unwrap_or_default())
}

fn moment(seconds: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(seconds).ok()
}

fn name(id: &str) -> Option<CertificateName> {
    segments(id).next()?.parse().ok()
}

/// The part of an ID after `/certificates/` or `/deletedcertificates/`.
fn segments(id: &str) -> impl Iterator<Item = &str> {
    id.split('/').skip_while(|it| !it.ends_with("certificates")).skip(1).filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use akv_testkit::pki::{Leaf, TestPki};
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    fn leaf() -> Leaf {
        TestPki::elliptic(datetime!(2026-11-01 0:00 UTC)).leaf("www.contoso.com").issue()
    }

    fn named(name: &str) -> CertificateName {
        name.parse().expect("a name")
    }

    fn read(body: &serde_json::Value) -> CertificateBundle {
        serde_json::from_value(body.clone()).expect("a bundle")
    }

    #[test]
    fn a_bundle_in_full() {
        let leaf = leaf();
        let x5t = URL_SAFE_NO_PAD.encode(leaf.thumbprint().as_bytes());
        let bundle = read(&json!({
            "id": "https://contoso.vault.azure.net/certificates/Web-01/0123456789abcdef0123456789abcdef",
            "kid": "https://contoso.vault.azure.net/keys/Web-01/0123456789abcdef0123456789abcdef",
            "x5t": x5t,
            "cer": STANDARD.encode(leaf.der()),
            "attributes": {"enabled": false, "nbf": 1, "exp": 2, "created": 3, "updated": 4, "recoveryLevel": "Recoverable"},
            "tags": {"owner": "pki"},
            "policy": {"key_props": {"exportable": false, "kty": "RSA-HSM", "x": 1}, "new": {}},
            "surprise": [1]
        }));
        let certificate = bundle.certificate(&named("web-01")).expect("a certificate");
        assert_eq!(certificate.name.as_str(), "Web-01");
        assert_eq!(certificate.version.as_str(), "0123456789abcdef0123456789abcdef");
        assert_eq!(certificate.der.as_deref(), Some(leaf.der()));
        assert_eq!(certificate.thumbprint, Some(leaf.thumbprint()));
        assert!(!certificate.attributes.enabled);
        let key = certificate.key.expect("a key");
        assert_eq!((key.exportable, key.kind.as_deref()), (Some(Exportable::No), Some("RSA-HSM")));
    }

    #[test]
    fn a_pending_certificate_has_neither_thumbprint_nor_der() {
        let item = json!({"id": "https://x/certificates/new", "attributes": {"enabled": false}, "subject": ""});
        let listed = read(&item).listed().expect("an item");
        assert_eq!((listed.name.as_str(), listed.thumbprint), ("new", None));
        let unversioned = read(&json!({"id": "https://x/certificates/new"}));
        assert!(unversioned.certificate(&named("new")).is_err());
    }

    #[test]
    fn invalid_certificate_is_not_returned() {
        let id = "https://x/certificates/web/0123456789abcdef0123456789abcdef";
        let other = "AAECAwQFBgcICQoLDA0ODxAREhM";
        let random = vec![7; 100_000];
        let fitting = URL_SAFE_NO_PAD.encode(Thumbprint::of(&random).as_bytes());
        for (cer, x5t, problem) in [
            ("@@".to_owned(), Some(other), "not base64"),
            (STANDARD.encode(leaf().der()), Some(other), "does not match"),
            (STANDARD.encode(&random), Some(fitting.as_str()), "not valid"),
            ("AAAA".to_owned(), None, "not valid"),
            ("PGh0bWw+YmxvY2tlZDwvaHRtbD4=".to_owned(), Some("odd"), "not valid"),
        ] {
            let bundle = read(&json!({ "id": id, "cer": cer, "x5t": x5t }));
            let message = bundle.certificate(&named("web")).expect_err(problem);
            assert!(message.contains(problem), "{problem}: {message}");
        }
        let pending = read(&json!({ "id": id, "cer": "" })).certificate(&named("WEB"));
        assert_eq!(pending.map(|it| it.der), Ok(None));
        let message = read(&json!({ "id": id })).certificate(&named("web-1")).expect_err("another");
        assert!(message.contains("another certificate"), "{message}");
    }

    #[test]
    fn invalid_id_is_not_a_certificate() {
        for id in ["", "https://x/", "https://x/secrets/a/b", "https://x/certificates/a b/"] {
            assert!(read(&json!({ "id": id })).listed().is_none(), "{id}");
        }
    }
}
