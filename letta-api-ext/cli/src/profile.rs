//! Profiles: accounts and servers to switch between, kept in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use letta_api_ext::Secret;
use serde::{Deserialize, Serialize};

use crate::failure::Failure;
use crate::{environment, key, private};

const FILE: &str = "config.toml";

/// All profiles.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profiles {
    /// The profile that is used if none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) default: Option<String>,
    #[serde(default)]
    pub(crate) profiles: BTreeMap<String, Profile>,
    #[serde(skip)]
    folder: PathBuf,
}

/// An account at a server. It holds no secret, and says where the secret is.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) base_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) project: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) allow_plain_http: bool,
    pub(crate) key: KeySource,
}

/// Where the key of a profile is.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum KeySource {
    /// The server needs no key.
    None,
    /// A file, beside the configuration unless the path is absolute.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
    /// The keyring of the system.
    Keyring,
}

impl std::fmt::Display for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "variable {name}"),
            Self::Keyring => f.write_str("keyring"),
        }
    }
}

impl Profiles {
    /// Reads the file. None is as good as an empty one.
    pub(crate) fn load() -> Result<Self, Failure> {
        let folder = folder()?;
        let path = folder.join(FILE);
        let mut profiles: Self = match std::fs::read_to_string(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                let shown = path.display();
                // What the parser says quotes the file, and somebody may have written a key into it.
                let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
                let place = line.map(|line| format!(":{line}")).unwrap_or_default();
                Failure::usage(format!("`{shown}{place}` is not what a file of profiles has there")).advise(
                    "A profile has `key`, and may have `base_url`, `project` and `allow_plain_http`. The key is \"none\", \
                     \"keyring\", { env = \"VARIABLE\" } or { file = \"PATH\" }. Mend the file, or remove it and add the profiles \
                     again.",
                )
            })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(error) => {
                let shown = path.display();
                return Err(Failure::usage(format!("`{shown}` cannot be read: {error}")));
            }
        };
        profiles.folder = folder;
        Ok(profiles)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(FILE)
    }

    /// Writes the file.
    pub(crate) fn save(&self) -> Result<(), Failure> {
        let text = toml::to_string(self)
            .map_err(|error| Failure::other(format!("the profiles cannot be written: {error}")))?;
        write_private(&self.path(), &text)
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Profile, Failure> {
        self.profiles.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
            let failure = Failure::usage(format!("there is no profile `{name}`"));
            match known.is_empty() {
                true => failure.advise(format!("Add it: letta profile add {name}")),
                false => failure.advise(format!("There are: {}", known.join(", "))),
            }
        })
    }

    /// The key of a profile. `None` if its server needs none.
    pub(crate) fn key(&self, name: &str, profile: &Profile) -> Result<Option<Secret>, Failure> {
        let again = format!("Add the profile again: letta profile add {name}");
        match &profile.key {
            KeySource::None => Ok(None),
            KeySource::File(path) => {
                let what = format!("the key of profile `{name}`");
                let key = key::read(&self.folder.join(path), &what);
                key.map(Some).map_err(|failure| failure.advise(again))
            }
            KeySource::Env(variable) => match std::env::var(variable) {
                Ok(key) if !key.trim().is_empty() => Ok(Some(Secret::new(key.trim()))),
                _ => {
                    let message = format!(
                        "the variable {variable}, which profile `{name}` takes its key from, is not set"
                    );
                    Err(Failure::usage(message).advise(format!("Set {variable}.")))
                }
            },
            KeySource::Keyring => keyring::get(name)
                .map(Some)
                .map_err(|failure| failure.advise(again)),
        }
    }

    /// Keeps a key, and says where.
    pub(crate) fn keep_key(
        &self,
        name: &str,
        key: &Secret,
        in_keyring: bool,
    ) -> Result<KeySource, Failure> {
        if in_keyring {
            keyring::set(name, key)?;
            return Ok(KeySource::Keyring);
        }
        let path = key_file(name);
        let line = format!("{}\n", key.expose_secret());
        write_private(&self.folder.join(&path), &line)?;
        Ok(KeySource::File(path))
    }

    /// Removes the key that `keep_key` has kept.
    pub(crate) fn forget_key(&self, name: &str, source: &KeySource) -> Result<(), Failure> {
        match source {
            // A file that the user has named is the user's.
            KeySource::File(path) if *path == key_file(name) => {
                match std::fs::remove_file(self.folder.join(path)) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        let shown = self.folder.join(path);
                        let shown = shown.display();
                        Err(Failure::other(format!(
                            "`{shown}` cannot be removed: {error}"
                        )))
                    }
                    _ => Ok(()),
                }
            }
            KeySource::Keyring => keyring::remove(name),
            _ => Ok(()),
        }
    }
}

fn key_file(name: &str) -> PathBuf {
    Path::new("keys").join(name)
}

/// Whether the name can be that of a file and of a key in TOML.
pub(crate) fn check_name(name: &str) -> Result<(), Failure> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    match !name.is_empty() && name.bytes().all(is_plain) {
        true => Ok(()),
        false => Err(Failure::usage(format!(
            "`{name}` cannot be the name of a profile: use letters, digits, - and _"
        ))),
    }
}

/// The folder of the configuration: that of `LETTA_CONFIG_DIR`, or the usual one.
fn folder() -> Result<PathBuf, Failure> {
    environment::folder("LETTA_CONFIG_DIR", "APPDATA", "XDG_CONFIG_HOME", ".config").ok_or_else(
        || {
            Failure::usage("there is no folder for profiles, since HOME is not set")
                .advise("Set LETTA_CONFIG_DIR to a folder.")
        },
    )
}

/// Writes a file that only its owner can read.
fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    private::write(path, text).map_err(|error| {
        let shown = path.display();
        Failure::other(format!("`{shown}` cannot be written: {error}"))
    })
}

/// The keyring of the system.
#[cfg(feature = "keyring")]
mod keyring {
    use letta_api_ext::Secret;

    use crate::failure::Failure;

    const SERVICE: &str = "letta-cli";

    fn entry(name: &str) -> Result<keyring::Entry, Failure> {
        keyring::Entry::new(SERVICE, name).map_err(failed)
    }

    fn failed(error: keyring::Error) -> Failure {
        // Some errors hold what was found, so only those are shown that do not.
        let why = match error {
            keyring::Error::NoEntry => "it has no key of this profile".to_owned(),
            keyring::Error::PlatformFailure(cause) | keyring::Error::NoStorageAccess(cause) => {
                cause.to_string()
            }
            _ => "there is none, it is locked, or it refused the request".to_owned(),
        };
        Failure::usage(format!("the keyring cannot be used: {why}"))
            .advise("Keep the key in a file: `letta profile add` without --keyring.")
    }

    pub(super) fn get(name: &str) -> Result<Secret, Failure> {
        let text = entry(name)?.get_password().map_err(failed)?;
        Ok(Secret::new(text))
    }

    pub(super) fn set(name: &str, key: &Secret) -> Result<(), Failure> {
        entry(name)?
            .set_password(key.expose_secret())
            .map_err(failed)
    }

    pub(super) fn remove(name: &str) -> Result<(), Failure> {
        match entry(name)?.delete_credential() {
            Ok(()) | Err(keyring::Error::NoEntry) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }
}

/// This program was built without it.
#[cfg(not(feature = "keyring"))]
mod keyring {
    use letta_api_ext::Secret;

    use crate::failure::Failure;

    fn missing() -> Failure {
        Failure::usage("this program was built without the keyring").advise(
            "Keep the key in a file, or install the program with it: cargo install letta-cli --features keyring",
        )
    }

    pub(super) fn get(_: &str) -> Result<Secret, Failure> {
        Err(missing())
    }

    pub(super) fn set(_: &str, _: &Secret) -> Result<(), Failure> {
        Err(missing())
    }

    pub(super) fn remove(_: &str) -> Result<(), Failure> {
        Err(missing())
    }
}
