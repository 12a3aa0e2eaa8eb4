//! The configuration of a reenrollment: the vault generates a key, and the certificate that was
//! issued for it is merged.

use akv_core::bundle::SubjectName;
use akv_core::job::{CertificateSpec, KeyRequest, MergeRequest, Overwrite};
use akv_core::{CertificateName, Exportable, KeyProtection, RequestedCertificate, RequestedKey};

use super::alternative_names;
use super::entry_parameters::EntryParameters;
use super::store::Store;
use crate::document::{Member, Object};
use crate::options::Options;
use crate::problem::Problem;

/// One of the two steps of a reenrollment.
pub(crate) struct Reenrollment {
    pub(crate) store: Store,
    pub(crate) step: Step,
}

/// The document decides the step: the second one contains the issued certificate.
pub(crate) enum Step {
    Request(KeyRequest),
    Merge(MergeRequest),
}

impl Reenrollment {
    pub(crate) async fn of(job: &Object<'_>, options: &Options) -> Result<Self, Problem> {
        let nested = job.member("JobProperties").object_or_text()?;
        let properties = nested.object()?;
        let alias = either(job, &properties, "Alias");
        let name: Option<CertificateName> = alias.parsed()?;
        let name = name.ok_or_else(|| alias.missing("the name of the certificate"))?;
        let EntryParameters { tags, existing_tags, exportable } = EntryParameters::of(job)?;
        let issued = job.member("IssuedCertificate");
        let step = if issued.is_present() {
            let expected = "the issued certificate in base64 or PEM";
            let text = issued.file()?.ok_or_else(|| issued.invalid(expected))?;
            let request = MergeRequest::new(name, text.as_bytes().to_vec())
                .with_issuers(options.issuers.clone());
            Step::Merge(request.with_tags(tags, existing_tags))
        } else {
            let wanted = CertificateSpec::Explicit(wanted(job, &properties, exportable, options)?);
            let overwrite = match either(job, &properties, "Overwrite").boolean()? {
                Some(true) => Overwrite::Yes,
                Some(false) | None => Overwrite::No,
            };
            let request = KeyRequest::new(name, wanted).with_overwrite(overwrite);
            Step::Request(request.with_tags(tags, existing_tags))
        };
        Ok(Self { store: Store::of(job, options).await?, step })
    }
}

/// A member of the job, as Command 25.3 sends it; in earlier versions an entry parameter of the
/// store type.
fn either<'a>(job: &Object<'a>, properties: &Object<'a>, name: &str) -> Member<'a> {
    let member = job.member(name);
    let parameter = properties.member(name);
    if !member.is_present() && parameter.is_present() { parameter } else { member }
}

fn wanted(
    job: &Object<'_>,
    properties: &Object<'_>,
    exportable: Exportable,
    options: &Options,
) -> Result<RequestedCertificate, Problem> {
    let subject: Option<SubjectName> = properties.member("subjectText").parsed()?;
    let mut names = Vec::new();
    for member in [job.member("SANs"), properties.member("SANs"), properties.member("SAN")] {
        names.extend(alternative_names::read(&member)?);
    }
    let subject = subject.unwrap_or_default();
    if subject.is_empty() && names.is_empty() {
        return Err(properties.member("subjectText").missing("the subject of the certificate"));
    }
    let protection = options.requested_key_protection;
    if protection == KeyProtection::Hsm && exportable == Exportable::Yes {
        return Err(Problem::invalid(
            "JobProperties.NonExportable",
            "true, because this orchestrator creates keys in HSMs (hsm-keys), and such a key \
             cannot be exportable",
        ));
    }
    Ok(RequestedCertificate::new(subject)
        .with_names(names)
        .with_key(key(properties)?)
        .with_protection(protection)
        .with_exportable(exportable))
}

/// `keyType` and `keySize`; if one is missing, the other one implies it.
fn key(properties: &Object<'_>) -> Result<RequestedKey, Problem> {
    let (kind, size) = (properties.member("keyType"), properties.member("keySize"));
    let bits = size.integer()?;
    let is_ec = match kind.text()?.as_deref().map(str::to_ascii_uppercase).as_deref() {
        Some("RSA") => false,
        Some("ECP" | "ECC" | "EC" | "ECDSA") => true,
        Some(_) => return Err(kind.invalid("RSA or ECC")),
        None => bits.is_some_and(|bits| bits < 1024),
    };
    let key = match bits {
        Some(bits) if is_ec => format!("ec-p{bits}"),
        Some(bits) => format!("rsa-{bits}"),
        None if is_ec => "ec-p256".to_owned(),
        None => return Ok(RequestedKey::default()),
    };
    key.parse().map_err(|_| {
        size.invalid(if is_ec { "256, 384 or 521 for ECC" } else { "2048, 3072 or 4096 for RSA" })
    })
}
