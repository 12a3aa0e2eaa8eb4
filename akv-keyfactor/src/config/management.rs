//! The configuration of a management job: add, remove, create.

use akv_core::job::{AddRequest, CertificateFile, CreateRequest, Overwrite, RemoveRequest};
use akv_core::text::from_base64;
use akv_core::{CertificateName, VaultId};
use zeroize::Zeroizing;

use super::credentials::password;
use super::entry_parameters::EntryParameters;
use super::store::Store;
use crate::document::Object;
use crate::options::Options;
use crate::problem::Problem;

/// A change request.
pub(crate) struct Management {
    pub(crate) store: Store,
    pub(crate) operation: Operation,
}

/// Keyfactor's `CertStoreOperationType`, with the request of each operation.
pub(crate) enum Operation {
    Add(AddRequest),
    Remove(RemoveRequest),
    Create(CreateRequest),
    /// Create the vault if it does not exist, then add.
    CreateAdd(CreateRequest, AddRequest),
}

impl Management {
    pub(crate) async fn of(job: &Object<'_>, options: &Options) -> Result<Self, Problem> {
        let operation = OperationType::of(job)?;
        let store = Store::of(job, options).await?;
        let operation = match operation {
            OperationType::Add => Operation::Add(add(job, options).await?),
            OperationType::Remove => Operation::Remove(remove(job, options)?),
            OperationType::Create => Operation::Create(create(&store, options)?),
            OperationType::CreateAdd => {
                Operation::CreateAdd(create(&store, options)?, add(job, options).await?)
            }
        };
        Ok(Self { store, operation })
    }
}

enum OperationType {
    Add,
    Remove,
    Create,
    CreateAdd,
}

impl OperationType {
    fn of(job: &Object<'_>) -> Result<Self, Problem> {
        let member = job.member("OperationType");
        let expected = "2 (Add), 3 (Remove), 4 (Create) or 5 (CreateAdd)";
        let text = member.text().map_err(|_| member.invalid(expected))?;
        let text = text.ok_or_else(|| member.missing(expected))?;
        match text.to_ascii_lowercase().as_str() {
            "2" | "add" => Ok(Self::Add),
            "3" | "remove" => Ok(Self::Remove),
            "4" | "create" => Ok(Self::Create),
            "5" | "createadd" => Ok(Self::CreateAdd),
            _ => Err(member.invalid(expected)),
        }
    }
}

async fn add(job: &Object<'_>, options: &Options) -> Result<AddRequest, Problem> {
    let certificate = job_certificate(job)?;
    let EntryParameters { tags, existing_tags, exportable } = EntryParameters::of(job)?;
    // A renewal names the certificate that it replaces in JobCertificate.Thumbprint. Overwrite
    // still decides whether the job may replace it.
    let overwrite = match job.member("Overwrite").boolean()? {
        Some(true) => Overwrite::Yes,
        Some(false) | None => Overwrite::No,
    };
    Ok(AddRequest::new(
        contents(&certificate)?,
        password(&certificate.member("PrivateKeyPassword"), &*options.secrets).await?,
    )
    .with_name(certificate.member("Alias").parsed()?)
    .with_issuers(options.issuers.clone())
    .with_overwrite(overwrite)
    .with_tags(tags)
    .with_existing_tags(existing_tags)
    .with_exportable(exportable)
    .with_soft_deleted(options.soft_deleted))
}

fn remove(job: &Object<'_>, options: &Options) -> Result<RemoveRequest, Problem> {
    let alias = job_certificate(job)?.member("Alias");
    let name: Option<CertificateName> = alias.parsed()?;
    let name = name.ok_or_else(|| alias.missing("the name of the certificate to remove"))?;
    Ok(RemoveRequest::new(name).with_purge(options.purge))
}

fn create(store: &Store, options: &Options) -> Result<CreateRequest, Problem> {
    let id = VaultId::try_from(&store.address.path)
        .map_err(|invalid| Problem::of_value("CertificateStoreDetails.StorePath", &invalid))?;
    if store.address.tenant.is_none() {
        return Err(Problem::invalid(
            "CertificateStoreDetails.ClientMachine",
            "the tenant ID (or the store property TenantId), because a new vault belongs to a \
             tenant",
        ));
    }
    let sku = store.properties.sku.unwrap_or(options.new_vault.sku);
    Ok(CreateRequest::new(id)
        .with_region(store.properties.region.clone())
        .with_options(options.new_vault.clone().with_sku(sku)))
}

fn job_certificate<'a>(job: &Object<'a>) -> Result<Object<'a>, Problem> {
    let member = job.member("JobCertificate");
    if member.is_present() {
        member.object()
    } else {
        Err(member.missing("an object with Alias, Contents and PrivateKeyPassword"))
    }
}

/// The certificate in its format; PFX if none is given, as older orchestrators expect. PEM text
/// needs no base64 encoding, whatever the format says.
fn contents(certificate: &Object<'_>) -> Result<CertificateFile, Problem> {
    let member = certificate.member("Contents");
    let format = certificate.member("ContentsFormat");
    let Some(text) = member.file()? else {
        return Err(member.missing("a certificate with its private key, in base64"));
    };
    let contents = match format.text()?.as_deref().map(str::to_ascii_uppercase).as_deref() {
        None | Some("PFX") => CertificateFile::Pfx,
        Some("PEM") => CertificateFile::Pem,
        Some(_) => return Err(format.invalid("PFX or PEM")),
    };
    if text.trim_start().starts_with("-----BEGIN") {
        return Ok(CertificateFile::Pem(Zeroizing::new(text.as_bytes().to_vec())));
    }
    from_base64(text.as_bytes()).map(contents).ok_or_else(|| member.invalid("base64 or PEM text"))
}
