//! Secret types: zeroized on drop, `Debug` prints only the type, no `Display`, no `Serialize`.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Default)]
        pub struct $name(SecretString);

        impl $name {
            /// The secret itself, for use and never for display.
            pub fn expose(&self) -> &str {
                self.0.expose_secret()
            }

            /// Whether it is empty.
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
    /// The longest password, in characters: five times Key Vault's limit. Key derivations hash it
    /// again and again, so its length costs time.
    pub const MAX_CHARACTERS: usize = 1024;

    /// Whether it is longer than any file's password can be.
    pub fn is_too_long(&self) -> bool {
        self.expose().chars().nth(Self::MAX_CHARACTERS).is_some()
    }
}

secret! {
    /// The client secret of a service principal.
    ClientSecret
}

secret! {
    /// A secret of unknown purpose, such as one from a password vault.
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
