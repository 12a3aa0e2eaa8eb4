//! Bundles through the public interface: files of other tools in, bundles and errors out.

#[cfg(test)]
mod cost;
#[cfg(test)]
mod crafted;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod dearest;
#[cfg(test)]
mod der;
#[cfg(test)]
mod field;
#[cfg(test)]
mod field_files;
#[cfg(test)]
mod findings;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod formats;
#[cfg(test)]
mod leaf_first;
#[cfg(test)]
mod leaks;
#[cfg(test)]
mod lenient;
#[cfg(test)]
mod made_by_openssl;
#[cfg(test)]
mod manifest;
#[cfg(test)]
mod mutation;
#[cfg(test)]
mod offered;
#[cfg(test)]
mod order;
#[cfg(test)]
mod passwords;
#[cfg(test)]
mod pem;
#[cfg(test)]
mod pki;
#[cfg(test)]
mod ways;
#[cfg(test)]
mod witness;
