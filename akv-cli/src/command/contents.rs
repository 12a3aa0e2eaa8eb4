//! A certificate, its password and its issuers, from files, the environment and standard input.

use std::fs;
use std::path::Path;

use akv_core::Password;
use akv_core::bundle::{X509, read_issuers};
use akv_core::job::CertificateFile;
use akv_core::text::{read_bounded, without_line_end, without_mark};
use anyhow::{Context, Result};
use zeroize::Zeroizing;

use crate::args::{ContentsArgs, IssuersArgs};
use crate::secret_input;
use crate::usage::Usage;

impl ContentsArgs {
    pub(super) fn read(&self) -> Result<(CertificateFile, Password)> {
        let from_stdin = [&self.pfx, &self.pem].into_iter().flatten().any(|file| is_stdin(file));
        if from_stdin && self.password_stdin {
            return Err(Usage::new(
                "the certificate and its password cannot both come from standard input",
            )
            .into());
        }
        let password = self.password()?;
        let contents = match (&self.pfx, &self.pem) {
            (Some(file), _) => CertificateFile::Pfx(bytes(file)?),
            (None, Some(file)) => CertificateFile::Pem(bytes(file)?),
            (None, None) => return Err(Usage::new("provide --pfx or --pem").into()),
        };
        Ok((contents, password))
    }

    fn password(&self) -> Result<Password> {
        if let Some(file) = &self.password_file {
            return Ok(Password::from(secret_input::file(file, "password")?.as_str()));
        }
        if let Some(variable) = &self.password_env {
            let value = std::env::var(variable).map(Zeroizing::new).map_err(|_| {
                Usage::new(format!("the variable {variable} named by --password-env is not set"))
            })?;
            return Ok(Password::from(without_line_end(without_mark(&value))));
        }
        if self.password_stdin {
            return Ok(Password::from(secret_input::line_of_standard_input("password")?.as_str()));
        }
        Ok(Password::default())
    }
}

impl IssuersArgs {
    pub(super) fn read(&self) -> Result<Vec<X509>> {
        let Some(file) = &self.chain_file else { return Ok(Vec::new()) };
        let context = || format!("cannot read the CA certificates from {}", file.display());
        let bytes = read_bounded(fs::File::open(file).with_context(context)?, LARGEST);
        read_issuers(&bytes.with_context(context)?).with_context(context)
    }
}

pub(super) fn bytes(file: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let context = || format!("cannot read the certificate from {}", file.display());
    if is_stdin(file) {
        let input = secret_input::standard_input().with_context(context)?;
        read_bounded(input, LARGEST).with_context(context)
    } else {
        read_bounded(fs::File::open(file).with_context(context)?, LARGEST).with_context(context)
    }
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// In bytes; a bundle above 1 MiB is rejected.
const LARGEST: usize = 2 << 20;
