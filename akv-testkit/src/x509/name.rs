//! Names in the service's form: X.500 text in .NET's style, the most specific part first, a value
//! with a special character in double quotes.

use der::asn1::ObjectIdentifier;

use crate::pki::der::{element, sequence, set};

/// Parses a subject such as `CN=www.contoso.com, O="Contoso, Ltd."` into DER. `None`: it is
/// invalid, for example because a comma in a value is not in quotes.
pub(crate) fn read(text: &str) -> Option<Vec<u8>> {
    let mut rest = text.trim();
    let (mut names, mut parts) = (Vec::new(), Vec::new());
    while !rest.is_empty() {
        let (word, after) = rest.split_once('=')?;
        let kind = kind_of(word.trim())?;
        let (value, separator, after) = value_of(after.trim_start())?;
        parts.push(sequence(&[&element(OID, kind.as_bytes()), &encoded(kind, &value)?]));
        if separator != Some('+') {
            parts.sort();
            let parts: Vec<Vec<u8>> = std::mem::take(&mut parts);
            names.push(set(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>()));
        }
        rest = after.trim_start();
        if separator.is_some() && rest.is_empty() {
            return None;
        }
    }
    // In DER the most specific part comes last.
    names.reverse();
    Some(sequence(&names.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

/// Converts a name from RFC 4514 to the service's form.
pub(super) fn display(rfc4514: &str) -> String {
    let mut shown = String::new();
    let mut rest = rfc4514;
    while let Some((word, after)) = rest.split_once('=') {
        let (value, separator, after) = unescaped(after);
        let upper = word.to_ascii_uppercase();
        let known = KINDS
            .iter()
            .find(|(kind, words)| words.contains(&upper.as_str()) || kind.to_string() == word);
        match known.and_then(|(_, words)| words.first()) {
            Some(known) => shown.push_str(known),
            None if word.starts_with(|c: char| c.is_ascii_digit()) => {
                shown.push_str("OID.");
                shown.push_str(word);
            }
            None => shown.push_str(word),
        }
        shown.push('=');
        shown.push_str(&quoted(&value));
        shown.push_str(match separator {
            Some('+') => " + ",
            Some(_) => ", ",
            None => "",
        });
        rest = after;
    }
    shown
}

/// A value, its separator, and the rest.
fn value_of(text: &str) -> Option<(String, Option<char>, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ';', '+']).unwrap_or(text.len());
        let (value, after) = text.split_at(end);
        let (separator, after) = separated(after);
        return (!value.contains('"')).then(|| (value.trim().to_owned(), separator, after));
    };
    let (mut value, mut rest) = (String::new(), quoted);
    loop {
        let (before, after) = rest.split_once('"')?;
        value.push_str(before);
        let Some(after) = after.strip_prefix('"') else {
            let (separator, rest) = separated(after.trim_start());
            return (separator.is_some() || rest.is_empty()).then_some((value, separator, rest));
        };
        // Two quotes stand for one.
        value.push('"');
        rest = after;
    }
}

fn separated(text: &str) -> (Option<char>, &str) {
    let mut characters = text.chars();
    match characters.next().filter(|c| [',', ';', '+'].contains(c)) {
        Some(separator) => (Some(separator), characters.as_str()),
        None => (None, text),
    }
}

fn kind_of(word: &str) -> Option<ObjectIdentifier> {
    let word = word.to_ascii_uppercase();
    let known = KINDS.iter().find(|(_, words)| words.contains(&word.as_str()));
    let digits = word.strip_prefix("OID.").unwrap_or(&word);
    known.map(|(kind, _)| *kind).or_else(|| ObjectIdentifier::new(digits).ok())
}

/// A value in the narrowest string type that its attribute allows. `None`: there is none.
fn encoded(kind: ObjectIdentifier, value: &str) -> Option<Vec<u8>> {
    let printable =
        value.bytes().all(|b| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&b));
    let tag = match kind {
        EMAIL | DOMAIN_COMPONENT => value.is_ascii().then_some(IA5_STRING),
        COUNTRY | SERIAL_NUMBER => printable.then_some(PRINTABLE_STRING),
        _ if printable => Some(PRINTABLE_STRING),
        _ => Some(UTF8_STRING),
    };
    Some(element(tag?, value.as_bytes()))
}

/// An unescaped value (RFC 4514, section 2.4), its separator, and the rest.
fn unescaped(text: &str) -> (String, Option<char>, &str) {
    let mut value = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ',' | '+' => return (value, Some(character), characters.as_str()),
            '\\' if characters.as_str().starts_with("00") => {
                value.push('\0');
                characters.nth(1);
            }
            '\\' => value.extend(characters.next()),
            _ => value.push(character),
        }
    }
    (value, None, "")
}

fn quoted(value: &str) -> String {
    let special = |c: char| ",+;\"\n\r<>#=".contains(c);
    let blank = |c: Option<char>| c.is_none_or(char::is_whitespace);
    if value.contains(special) || blank(value.chars().next()) || blank(value.chars().last()) {
        return format!("\"{}\"", value.replace('"', "\"\""));
    }
    value.to_owned()
}

const OID: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const IA5_STRING: u8 = 0x16;

const EMAIL: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.1");
const DOMAIN_COMPONENT: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("0.9.2342.19200300.100.1.25");
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const SERIAL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.5");

/// The attribute types, each with the name that is written and all names that are read.
const KINDS: [(ObjectIdentifier, &[&str]); 14] = [
    (ObjectIdentifier::new_unwrap("2.5.4.3"), &["CN"]),
    (ObjectIdentifier::new_unwrap("2.5.4.10"), &["O"]),
    (ObjectIdentifier::new_unwrap("2.5.4.11"), &["OU"]),
    (COUNTRY, &["C"]),
    (ObjectIdentifier::new_unwrap("2.5.4.7"), &["L"]),
    (ObjectIdentifier::new_unwrap("2.5.4.8"), &["S", "ST"]),
    (ObjectIdentifier::new_unwrap("2.5.4.9"), &["STREET"]),
    (EMAIL, &["E", "EMAIL"]),
    (DOMAIN_COMPONENT, &["DC"]),
    (SERIAL_NUMBER, &["SERIALNUMBER"]),
    (ObjectIdentifier::new_unwrap("2.5.4.12"), &["T", "TITLE"]),
    (ObjectIdentifier::new_unwrap("2.5.4.42"), &["G", "GIVENNAME", "GN"]),
    (ObjectIdentifier::new_unwrap("2.5.4.43"), &["I", "INITIALS"]),
    (ObjectIdentifier::new_unwrap("2.5.4.4"), &["SN"]),
];

#[cfg(test)]
mod tests {
    use super::*;
    use akv_core::bundle::X509;
    use rcgen::KeyPair;
    use serde_json::json;
    use time::macros::datetime;

    use crate::vault_generated::Order;

    /// The subject of a certificate with that text in its policy.
    fn again(text: &str) -> Option<String> {
        let wanted = json!({ "subject": text, "sans": { "dns_names": ["www.contoso.com"] } });
        let order = Order::read(&json!({ "x509_props": wanted })).ok()?;
        let key = KeyPair::generate().expect("a key");
        let der = order.certificate(&key, datetime!(2026-11-26 12:00 UTC)).expect("signed");
        Some(display(&X509::from_der(&der).expect("a certificate").subject()))
    }

    #[test]
    fn a_name_is_written_as_the_service_writes_it() {
        for (text, written) in [
            ("cn=MyCert", "CN=MyCert"),
            ("CN=www.contoso.com,O=Contoso", "CN=www.contoso.com, O=Contoso"),
            (r#"O="Contoso, Ltd.", CN=www"#, r#"O="Contoso, Ltd.", CN=www"#),
            (r#"O="a ""b"" c";CN=x"#, r#"O="a ""b"" c", CN=x"#),
            ("ST=Some-State, C=AU", "S=Some-State, C=AU"),
            ("E=a@b.example, CN=x", "E=a@b.example, CN=x"),
            ("CN=München Portal", "CN=München Portal"),
            ("OU=a, OU=b, DC=contoso, DC=com", "OU=a, OU=b, DC=contoso, DC=com"),
            ("CN=x+OU=y, O=z", "CN=x + OU=y, O=z"),
            ("OID.1.2.3.4=x", "OID.1.2.3.4=x"),
            ("G=Ada, I=A, T=Dr, SERIALNUMBER=7", "G=Ada, I=A, T=Dr, SERIALNUMBER=7"),
            (r#"CN="a+b=c\d #e""#, r#"CN="a+b=c\d #e""#),
            (r#"CN=" a ""#, r#"CN=" a ""#),
            ("", ""),
        ] {
            assert_eq!(again(text).as_deref(), Some(written), "{text}");
        }
    }

    #[test]
    fn invalid_name_is_rejected() {
        for text in [
            "O=Contoso, Ltd., CN=www",
            r"O=Contoso\, Ltd., CN=www",
            "www.contoso.com",
            "XY=1",
            "CN=x,",
            r#"CN="x"#,
            r#"CN="x"y"#,
            r#"CN=x"y""#,
            "=x",
            "C=Ö",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
