//! A certificate and its password, from files, the environment and standard input.

use std::fs;
use std::io::{self, BufRead, Read};
use std::path::Path;

use akv_core::Password;
use akv_core::job::Contents;
use anyhow::{Context, Result};
use zeroize::Zeroizing;

use super::Usage;
use crate::args::ContentsArgs;
use crate::wiring::secret_file;

impl ContentsArgs {
    pub(super) fn read(&self) -> Result<(Contents, Password)> {
        let from_stdin = [&self.pfx, &self.pem].into_iter().flatten().any(|file| is_stdin(file));
        if from_stdin && self.password_stdin {
            return Err(Usage::new(
                "the certificate and its password cannot both come from standard input",
            )
            .into());
        }
        let password = self.password()?;
        let contents = match (&self.pfx, &self.pem) {
            (Some(file), _) => Contents::Pfx(bytes(file)?),
            (None, Some(file)) => Contents::Pem(bytes(file)?),
            (None, None) => return Err(Usage::new("give --pfx or --pem").into()),
        };
        Ok((contents, password))
    }

    fn password(&self) -> Result<Password> {
        if let Some(file) = &self.password_file {
            return Ok(Password::from(secret_file(file, "password")?.as_str()));
        }
        if let Some(variable) = &self.password_env {
            let value = std::env::var(variable).map(Zeroizing::new).map_err(|_| {
                Usage::new(format!("the variable {variable} named by --password-env is not set"))
            })?;
            return Ok(Password::from(value.as_str()));
        }
        if self.password_stdin {
            let mut line = Zeroizing::new(String::with_capacity(LONGEST_PASSWORD));
            io::stdin()
                .lock()
                .take(LONGEST_PASSWORD as u64)
                .read_line(&mut line)
                .context("read the password from standard input")?;
            return Ok(Password::from(line.trim_end_matches(['\r', '\n'])));
        }
        Ok(Password::default())
    }
}

fn bytes(file: &Path) -> Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(LARGEST));
    let limit = LARGEST as u64 + 1;
    let tried = || format!("read the certificate from {}", file.display());
    if is_stdin(file) {
        io::stdin().lock().take(limit).read_to_end(&mut bytes).with_context(tried)?;
    } else {
        fs::File::open(file)
            .with_context(tried)?
            .take(limit)
            .read_to_end(&mut bytes)
            .with_context(tried)?;
    }
    Ok(bytes)
}

fn is_stdin(file: &Path) -> bool {
    file.as_os_str() == "-"
}

/// In bytes; Key Vault itself takes 200 characters.
const LONGEST_PASSWORD: usize = 4096;

/// More is refused by the bundle anyway; a buffer of this size never grows, so no copy of a key is
/// left behind.
const LARGEST: usize = 2 << 20;
