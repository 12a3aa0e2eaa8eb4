//! The alternative names of a reenrollment, in both forms that Command sends: an object of arrays
//! (Command 25.3), or one text such as `dns=a.example&ip=10.0.0.1` (entry parameters of earlier
//! versions).

use akv_core::InvalidValue;
use akv_core::bundle::AlternativeName;

use crate::document::{Member, Object, Text};
use crate::problem::Problem;

/// The names of a member; empty if it is absent. An unsupported kind of name is an error.
pub(crate) fn read(member: &Member<'_>) -> Result<Vec<AlternativeName>, Problem> {
    let mut names = Names { path: member.path().to_owned(), read: Vec::new() };
    if !member.is_present() {
        return Ok(names.read);
    }
    if let Ok(text) = member.text() {
        let text = text.as_deref().unwrap_or_default();
        if text.starts_with('{') {
            names.of_object(&member.object_or_text()?.object()?)?;
        } else {
            names.of_text(text)?;
        }
    } else {
        names.of_object(&member.object()?)?;
    }
    Ok(names.read)
}

struct Names {
    path: String,
    read: Vec<AlternativeName>,
}

impl Names {
    fn of_object(&mut self, object: &Object<'_>) -> Result<(), Problem> {
        for (kind, values) in object.members() {
            let mut add =
                |text: Option<Text<'_>>| text.map_or(Ok(()), |text| self.add(kind, &text));
            match values.text() {
                Ok(text) => add(text)?,
                Err(_) => values.each(|value| add(value.text()?))?,
            }
        }
        Ok(())
    }

    fn of_text(&mut self, text: &str) -> Result<(), Problem> {
        for name in text.split('&').map(str::trim).filter(|name| !name.is_empty()) {
            let expected = "names such as dns=www.example.com&ip=10.0.0.1";
            let (kind, value) = name
                .split_once(['=', ':'])
                .ok_or_else(|| Problem::invalid(&self.path, expected))?;
            self.add(kind, value)?;
        }
        Ok(())
    }

    fn add(&mut self, kind: &str, value: &str) -> Result<(), Problem> {
        if self.read.len() >= MOST {
            return Err(Problem::invalid(&self.path, "at most 100 names"));
        }
        let kind = kind.trim().to_ascii_lowercase();
        let known = KINDS.iter().find(|(words, _)| words.contains(&kind.as_str()));
        let Some((_, read)) = known else {
            // Only a known kind is shown; an unknown one may be a value.
            let shown = NOT_CARRIED.iter().find(|other| **other == kind).unwrap_or(&"another kind");
            let expected = format!(
                "names of the kinds dns, ip, email, uri and upn: Key Vault cannot request a \
                 certificate with a name of {shown}"
            );
            return Err(Problem::invalid(&self.path, expected));
        };
        let name = read(value).map_err(|invalid| Problem::of_value(&self.path, &invalid))?;
        self.read.push(name);
        Ok(())
    }
}

type Read = fn(&str) -> Result<AlternativeName, InvalidValue>;

const KINDS: &[(&[&str], Read)] = &[
    (&["dns", "dnsname"], AlternativeName::dns),
    (&["ip", "ip4", "ip6", "ipaddress", "ipv4", "ipv6"], AlternativeName::address),
    (&["email", "rfc822", "rfc822name"], AlternativeName::email),
    (&["uri", "url"], AlternativeName::uri),
    (&["upn", "ms_upn", "userprincipalname"], AlternativeName::user_principal_name),
];
/// Kinds that Command supports but this adapter does not.
const NOT_CARRIED: &[&str] = &[
    "directory",
    "directoryname",
    "registeredid",
    "ms_ntprincipalname",
    "ms_ntdsreplication",
    "othername",
];
const MOST: usize = 100;
