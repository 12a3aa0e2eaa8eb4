//! The settings of an added certificate.

use akv_core::job::ExistingTags;
use akv_core::{Exportable, Tags};

use super::certificate_tags;
use crate::document::Object;
use crate::problem::Problem;
use crate::store_type::{CERTIFICATE_TAGS, NON_EXPORTABLE, PRESERVE_EXISTING_TAGS};

/// The entry parameters of an addition. Each one is optional: a store type that was defined without
/// it does not send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntryParameters {
    pub(crate) tags: Tags,
    pub(crate) existing_tags: ExistingTags,
    pub(crate) exportable: Exportable,
}

impl EntryParameters {
    pub(crate) fn of(job: &Object<'_>) -> Result<Self, Problem> {
        let nested = job.member("JobProperties").object_or_text()?;
        let parameters = nested.object()?;
        let flag = |name: &str| Ok(parameters.member(name).boolean()?.unwrap_or(false));
        Ok(Self {
            tags: tags(&parameters)?,
            existing_tags: if flag(PRESERVE_EXISTING_TAGS.name)? {
                ExistingTags::Preserve
            } else {
                ExistingTags::Replace
            },
            exportable: if flag(NON_EXPORTABLE.name)? { Exportable::No } else { Exportable::Yes },
        })
    }
}

fn tags(parameters: &Object<'_>) -> Result<Tags, Problem> {
    let member = parameters.member(CERTIFICATE_TAGS.name);
    // An object in place of a string is read as its text.
    match member.secret() {
        Ok(Some(text)) if !text.trim().is_empty() => {
            certificate_tags::read(&text).map_err(|expected| member.invalid(expected))
        }
        Ok(_) => Ok(Tags::default()),
        Err(_) => Err(member.invalid("text that holds a JSON object")),
    }
}
