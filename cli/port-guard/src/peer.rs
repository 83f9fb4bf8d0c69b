//! Which user and which process hold the other end of a connection.

use std::net::SocketAddr;

/// A connection: our end of it, and the other one.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub(super) here: SocketAddr,
    pub(super) there: SocketAddr,
}

impl Pair {
    /// The connection between those two addresses, ours first.
    pub fn new(here: SocketAddr, there: SocketAddr) -> Self {
        let plain =
            |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        Self {
            here: plain(here),
            there: plain(there),
        }
    }

    /// True unless the system says that no process of this machine holds the other end any more.
    #[cfg(target_os = "linux")]
    pub fn is_held(self) -> bool {
        !matches!(find(self), Found::Nobody)
    }
}

/// What holds an end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Holder {
    /// The user whose process made the socket.
    pub(super) user: u32,
    /// The socket's number in the processes' lists of open files.
    pub(super) inode: u64,
}

/// What the system says of the other end.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(target_os = "linux"),
    expect(dead_code, reason = "the system does not report who owns a socket")
)]
pub(super) enum Found {
    Holder(Holder),
    /// No process holds it: it was closed, or is not of this machine.
    Nobody,
    /// This system does not say.
    Unknown,
}

#[cfg(target_os = "linux")]
pub(super) use super::sock_diag::find;

#[cfg(not(target_os = "linux"))]
pub(super) fn find(_pair: Pair) -> Found {
    Found::Unknown
}

/// The users that may reach what is this user's alone: the server's, root, which can do everything anyway, and the one that runs
/// `sudo cargo fw local`.
pub(super) fn is_ours(user: u32) -> bool {
    let own = rustix::process::geteuid().as_raw();
    user == own || user == 0 || (own == 0 && sudo_user() == Some(user))
}

/// The user that runs a program by sudo, as a number; sudo sets it.
const SUDO_UID: &str = "SUDO_UID";

fn sudo_user() -> Option<u32> {
    std::env::var(SUDO_UID).ok()?.parse().ok()
}
