//! Secrets have types: wiped on drop, `Debug` prints the type only, no `Display`, no `Serialize`.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Default)]
        pub struct $name(SecretString);

        impl $name {
            /// The secret itself: only where it is used, never where it is shown.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }

            /// Whether there is nothing in it.
            pub fn is_empty(&self) -> bool {
                self.expose().is_empty()
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(SecretString::from(text))
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(SecretString::from(text))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

secret! {
    /// The password of a PKCS#12 file or of an encrypted PEM key.
    ///
    /// ```
    /// use akv_core::Password;
    /// let password = Password::from("correct horse");
    /// assert_eq!(format!("{password:?}"), "Password(…)");
    /// ```
    Password
}

impl Password {
    /// The longest password, in characters: five times what Key Vault takes. Key derivations hash it
    /// again and again, so its length is work.
    pub const MAX_CHARACTERS: usize = 1024;

    /// Whether it is longer than any file's may be.
    pub fn is_too_long(&self) -> bool {
        self.expose().chars().nth(Self::MAX_CHARACTERS).is_some()
    }
}

secret! {
    /// The client secret of a service principal.
    ClientSecret
}

secret! {
    /// A secret of which nothing more is known: what a vault of secrets gives.
    ///
    /// ```
    /// use akv_core::{Password, Secret};
    /// let password: Password = Secret::from("correct horse").into();
    /// assert_eq!(password.expose(), "correct horse");
    /// ```
    Secret
}

impl From<Secret> for Password {
    fn from(secret: Secret) -> Self {
        Self(secret.0)
    }
}

impl From<Secret> for ClientSecret {
    fn from(secret: Secret) -> Self {
        Self(secret.0)
    }
}
