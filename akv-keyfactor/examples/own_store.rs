//! A custom store type: a folder of PKCS#12 files behind the same jobs. `akv-core` makes every
//! decision (aliases, tags, overwriting, findings about certificates); only the store's operations
//! are written here.
//!
//! `cargo run -p akv-keyfactor --example own_store`

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use akv_core::bundle::{Bundle, X509};
use akv_core::job::{DiscoveryJob, InventoryJob, Jobs, ManagementJob, StoreJobs};
use akv_core::memory::MemoryDirectory;
use akv_core::{
    Attributes, Certificate, CertificateDer, CertificateName, CertificateStore, Cloud, Credential,
    DeletedCertificate, Deletion, Error, ErrorKind, Import, KeyState, ListOptions,
    ListedCertificate, OperationState, Password, Purged, Result, StoreAddress, SystemClock, Tags,
    VaultName, Version,
};
use akv_keyfactor::Options;
use akv_testkit::pki::TestPki;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::stream::{self, BoxStream, StreamExt as _};
use serde_json::json;
use time::OffsetDateTime;

/// A folder with `NAME.pfx` and `NAME.tags` for each certificate. It keeps one version of each and
/// has no soft delete.
#[derive(Clone)]
struct Folder {
    path: PathBuf,
    name: VaultName,
}

impl Folder {
    fn file(&self, name: &CertificateName, extension: &str) -> PathBuf {
        // A name contains only letters, digits and hyphens, and is not case-sensitive.
        self.path.join(name.as_str().to_ascii_lowercase()).with_extension(extension)
    }

    fn bundle(&self, name: &CertificateName) -> Result<Option<Bundle>> {
        let operation = || format!("read certificate {name} in folder {}", self.name);
        match fs::read(self.file(name, "pfx")) {
            Ok(bytes) => Bundle::from_pfx(&bytes, &Password::default(), OffsetDateTime::now_utc())
                .map(Some)
                .map_err(|error| Error::new(ErrorKind::Invalid, operation(), error.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(operation(), &error)),
        }
    }

    fn tags(&self, name: &CertificateName) -> Result<Tags> {
        let operation = || format!("read the tags of certificate {name} in folder {}", self.name);
        match fs::read(self.file(name, "tags")) {
            Ok(bytes) => serde_json::from_slice::<Vec<(String, String)>>(&bytes)
                .map(Tags::as_stored)
                .map_err(|_| Error::new(ErrorKind::Invalid, operation(), "they are not JSON")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Tags::default()),
            Err(error) => Err(failed(operation(), &error)),
        }
    }

    fn names(&self) -> io::Result<Vec<CertificateName>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let name = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
            names.extend(name.filter(|_| path.extension().is_some_and(|ext| ext == "pfx")));
        }
        names.sort();
        Ok(names)
    }
}

#[async_trait]
impl CertificateStore for Folder {
    fn vault(&self) -> &VaultName {
        &self.name
    }

    fn finishing(&self) -> Arc<dyn CertificateStore> {
        Arc::new(self.clone())
    }

    fn list(&self, _: ListOptions) -> BoxStream<'_, Result<ListedCertificate>> {
        let names = match self.names() {
            Ok(names) => names,
            Err(error) => {
                let failed =
                    failed(format!("list the certificates in folder {}", self.name), &error);
                return stream::iter([Err(failed)]).boxed();
            }
        };
        let listed = stream::iter(names).then(async |name| {
            let listed = ListedCertificate::new(name);
            Ok(match self.certificate(&listed.name).await? {
                Some(certificate) => listed
                    .with_thumbprint(certificate.thumbprint)
                    .with_attributes(certificate.attributes)
                    .with_tags(certificate.tags),
                None => listed,
            })
        });
        listed.boxed()
    }

    async fn certificate(&self, name: &CertificateName) -> Result<Option<Certificate>> {
        let Some(bundle) = self.bundle(name)? else { return Ok(None) };
        let leaf = bundle.leaf();
        let version: Version =
            leaf.thumbprint().to_string().chars().take(32).collect::<String>().parse()?;
        let attributes =
            Attributes::default().with_not_before(leaf.not_before()).with_expires(leaf.not_after());
        Ok(Some(
            Certificate::new(name.clone(), version)
                .with_der(leaf.der().to_vec())
                .with_thumbprint(leaf.thumbprint())
                .with_attributes(attributes)
                .with_tags(self.tags(name)?)
                .with_key(KeyState::default()),
        ))
    }

    async fn chain(&self, name: &CertificateName, _: &Version) -> Result<Vec<CertificateDer>> {
        let bundle = self.bundle(name)?.ok_or_else(|| {
            let operation = format!("read the chain of certificate {name} in folder {}", self.name);
            Error::new(ErrorKind::Absent, operation, "there is no such certificate")
        })?;
        let chain = std::iter::once(bundle.leaf()).chain(bundle.chain()).map(X509::der);
        Ok(chain.map(CertificateDer::from).collect())
    }

    async fn operation(&self, _: &CertificateName) -> Result<Option<OperationState>> {
        Ok(None)
    }

    async fn deleted(&self, _: &CertificateName) -> Result<Option<DeletedCertificate>> {
        Ok(None)
    }

    async fn import(&self, import: &Import) -> Result<Certificate> {
        let name = &import.name;
        let operation = || format!("import certificate {name} into folder {}", self.name);
        write(&self.file(name, "pfx"), &import.bundle.to_pkcs12())
            .map_err(|error| failed(operation(), &error))?;
        self.update_tags(name, &import.tags).await
    }

    async fn update_tags(&self, name: &CertificateName, tags: &Tags) -> Result<Certificate> {
        let operation = || format!("write the tags of certificate {name} in folder {}", self.name);
        let tags: Vec<(&str, &str)> = tags.iter().collect();
        write(&self.file(name, "tags"), json!(tags).to_string().as_bytes())
            .map_err(|error| failed(operation(), &error))?;
        let found = self.certificate(name).await?;
        found.ok_or_else(|| {
            Error::new(ErrorKind::Absent, operation(), "there is no such certificate")
        })
    }

    async fn delete(&self, name: &CertificateName) -> Result<Option<Deletion>> {
        let operation = || format!("delete certificate {name} in folder {}", self.name);
        let removed = fs::remove_file(self.file(name, "pfx"));
        match removed.and_then(|()| fs::remove_file(self.file(name, "tags"))) {
            Ok(()) => Ok(Some(Deletion::Gone)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(operation(), &error)),
        }
    }

    async fn recover(&self, _: &CertificateName) -> Result<Option<Certificate>> {
        Ok(None)
    }

    async fn purge(&self, _: &CertificateName) -> Result<Purged> {
        Ok(Purged::NothingThere)
    }
}

fn failed(operation: String, error: &io::Error) -> Error {
    Error::new(ErrorKind::Unavailable, operation, error.kind().to_string())
}

/// A reader sees the old or the new file completely, and only the owner can read it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    io::Write::write_all(&mut file, bytes)?;
    file.persist(path)?;
    Ok(())
}

/// Creates the jobs of any folder below `root`: the store path's name is the folder's.
struct FolderJobs {
    root: PathBuf,
}

impl FolderJobs {
    fn of(&self, address: &StoreAddress) -> StoreJobs {
        let name = address.path.vault().clone();
        let store = Folder { path: self.root.join(name.as_str()), name };
        // An operator creates the folders: there is no directory in which a job could create one.
        let directory = Arc::new(MemoryDirectory::default());
        StoreJobs::new(Arc::new(store), directory, None, Arc::new(SystemClock))
    }
}

impl Jobs for FolderJobs {
    fn inventory(&self, address: &StoreAddress, _: &Credential) -> Result<Box<dyn InventoryJob>> {
        Ok(Box::new(self.of(address)))
    }

    fn management(&self, address: &StoreAddress, _: &Credential) -> Result<Box<dyn ManagementJob>> {
        Ok(Box::new(self.of(address)))
    }

    fn discovery(&self, _: &Cloud, _: &Credential) -> Result<Box<dyn DiscoveryJob>> {
        Err(Error::new(ErrorKind::Invalid, "discover folders", "name them in Command by hand"))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let root = tempfile::tempdir()?;
    fs::create_dir(root.path().join("web-servers"))?;
    let jobs = FolderJobs { root: root.path().to_owned() };
    let options = Options::default();
    let leaf = TestPki::new(OffsetDateTime::now_utc()).leaf("www.contoso.com").issue();
    let certificate = json!({ "Alias": "www", "Contents": STANDARD.encode(leaf.pfx()) });
    for (capability, operation) in [("Management", 2), ("Inventory", 1), ("Management", 3)] {
        let job = json!({
            "Capability": format!("CertStores.Folder.{capability}"),
            "JobHistoryId": 42,
            "OperationType": operation,
            "CertificateStoreDetails": { "StorePath": "web-servers" },
            "JobCertificate": certificate,
            "JobProperties": { "CertificateTags": "{'owner':'pki'}" },
        });
        let output = akv_keyfactor::run(job.to_string().as_bytes(), &jobs, &options).await;
        show(&format!("{capability}: {}", serde_json::to_string(&output)?));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "an example shows what it does")]
fn show(line: &str) {
    println!("{line}");
}
