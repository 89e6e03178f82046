//! The reason for which a configuration is read. The service may read files that nobody else can.

use std::path::Path;

/// The folder in which systemd shows a service its credentials. They are there only while it runs.
const CREDENTIALS: &str = "/run/credentials";

/// The reason for which a configuration is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The collector serves.
    Serve,
    /// `check`: like `Serve`, but a credential that only the service can read is no fault.
    Check,
    /// Another command. It needs no vendor's key, no certificate and no folder that is served, and
    /// may be without the rights and the environment of the service.
    Command,
}

impl Purpose {
    /// Whether the files, folders and variables of the service must be there.
    pub(super) fn needs_all(self) -> bool {
        self != Self::Command
    }

    /// Whether a file that cannot be read is no fault, because only the service can read it.
    pub(super) fn is_of_service(self, file: &Path) -> bool {
        self == Self::Check && file.starts_with(CREDENTIALS)
    }
}

/// The sentence about a file that only the service can read.
pub(super) fn of_service(file: &Path) -> String {
    format!("{} was not checked, because only the service can read it", file.display())
}
