//! Whose port it is: what each port of `cargo fw local` and `cargo fw services` looks at before it answers.
//!
//! A port on this machine is within reach of every program on it, and of every page that the developer's browser shows. Four things
//! tell a caller that has a right to it from the others:
//!
//! - **The host** that a request names ([`Hosts`]). A page can have the browser ask a name of the page's own that leads to this machine
//!   ("DNS rebinding"), and read the answer; such a request bears that name.
//! - **`Origin`**, which browsers send with each request that can change something or whose answer a page may read (Fetch standard,
//!   "append a request `Origin` header"). It names the page.
//! - **`Sec-Fetch-Site`**, which browsers send with all of them, an image's too (W3C, Fetch Metadata Request Headers).
//! - **The peer**: on Linux the kernel says which user holds the other end of a connection within this machine. It is asked once for each
//!   connection.
//!
//! | port | host | pages | peers, on loopback |
//! |---|---|---|---|
//! | the gateway | own and allowed | all | the server's user |
//! | embedded S3 | own and allowed | own and allowed | the server's user |
//! | `fw-services` | own and allowed | own and allowed | the server's user |
//! | Lambda's API | own and allowed | own and allowed | the server's user |
//! | a Runtime API, an instance's or a trial's | addresses and bare words | never | the process of that function, its group, and what they have started |
//!
//! The gateway takes requests of all pages on purpose: an app on another origin is what CORS is for, and a request that needs no CORS
//! reaches the deployed API as well. Whether a page may read an answer or send more than a form is decided by the gateway's own CORS model.

#[cfg(target_os = "linux")]
mod group;
mod hosts;
mod peer;
#[cfg(target_os = "linux")]
mod sock_diag;

use std::{fmt, sync::Arc, time::Duration};

use http::{Method, Request};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

pub use self::{hosts::Hosts, peer::Pair};
use self::{
    hosts::Name,
    peer::{Found, is_ours},
};

/// How long a client that is turned away may go on sending, and how much, so that it sees why.
const FAREWELL: Duration = Duration::from_secs(2);
const LONGEST_FAREWELL: usize = 1024 * 1024;

/// What one port asks of its callers. Cheap to clone.
#[derive(Clone, Debug)]
pub struct PortGuard(Arc<Asks>);

#[derive(Debug)]
struct Asks {
    /// The hosts that it answers for; on a Runtime API all addresses and bare words.
    hosts: Option<Hosts>,
    /// Whether a request without a host is refused.
    needs_host: bool,
    pages: Pages,
    peers: Peers,
}

/// Which pages in a browser may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pages {
    /// All of them.
    All,
    /// Those of this machine and of the allowed hosts, by their `Origin`. A page elsewhere may show what it cannot read, as an image by a
    /// presigned URL, where `shows` is set.
    Own { shows: bool },
    /// Not one.
    Never,
}

/// Which processes may connect.
#[derive(Clone, Copy, Debug)]
enum Peers {
    All,
    /// Those of the server's user.
    User,
    /// Those of that process's group, and what they have started.
    Group(u32),
}

impl Peers {
    /// Those that a server for these hosts is for: others are meant to reach one that listens beyond loopback.
    fn of(hosts: &Hosts) -> Self {
        match hosts.are_loopback() {
            true => Self::User,
            false => Self::All,
        }
    }
}

/// Why a connection is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// The other end is held by a process of that user.
    User(u32),
    /// The other end was closed before it was looked at, so its user is not known.
    Gone,
    /// The other end is not held by the processes that this port is for.
    Process,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is for that host.
    Host(String),
    /// It names no host.
    NoHost,
    /// It comes from a page of that origin.
    Origin(String),
    /// It comes from a page elsewhere that does not say where.
    Page,
}

impl PortGuard {
    /// The guard of the gateway: requests for those hosts, of whatever page. On loopback the server's user alone is let in.
    pub fn gateway(hosts: Hosts) -> Self {
        let peers = Peers::of(&hosts);
        Self(Arc::new(Asks {
            hosts: Some(hosts),
            // Its codec says what it makes of a request without one.
            needs_host: false,
            pages: Pages::All,
            peers,
        }))
    }

    /// The guard of an endpoint of services whose `GET` may change something (the query protocol of SQS and SNS): requests for those hosts,
    /// and of pages on them or on this machine. On loopback the server's user alone is let in.
    #[must_use]
    pub fn endpoint(hosts: Hosts) -> Self {
        let peers = Peers::of(&hosts);
        Self(Arc::new(Asks {
            hosts: Some(hosts),
            needs_host: true,
            pages: Pages::Own { shows: false },
            peers,
        }))
    }

    /// The guard of an embedded service on loopback: requests for those hosts, and of pages on them or on this machine.
    ///
    /// A page elsewhere may show an answer that it cannot read (`GET` and `HEAD` without `Origin`): that is how an image is embedded by a
    /// presigned URL.
    pub fn service(hosts: Hosts) -> Self {
        Self::of_user(hosts, Pages::Own { shows: true })
    }

    /// The guard of Lambda's API on loopback: as of a service, without anything for pages elsewhere.
    pub fn api(hosts: Hosts) -> Self {
        Self::of_user(hosts, Pages::Own { shows: false })
    }

    fn of_user(hosts: Hosts, pages: Pages) -> Self {
        Self(Arc::new(Asks {
            hosts: Some(hosts),
            needs_host: true,
            pages,
            peers: Peers::User,
        }))
    }

    /// The guard of a Runtime API: it is for the process of that id, which leads a group, and for what it has started.
    pub fn instance(process: u32) -> Self {
        Self(Arc::new(Asks {
            hosts: None,
            needs_host: false,
            pages: Pages::Never,
            peers: Peers::Group(process),
        }))
    }

    /// Looks at a connection that was accepted, once and for all of its requests.
    ///
    /// # Errors
    ///
    /// When its other end is not held by somebody whom this port is for. Where the system does not say by whom it is held, it is let in.
    pub async fn admit(&self, pair: Pair) -> Result<(), Stranger> {
        let process = match self.0.peers {
            Peers::All => return Ok(()),
            Peers::User => None,
            Peers::Group(process) => Some(process),
        };
        let holder = match peer::find(pair) {
            Found::Holder(holder) => holder,
            Found::Nobody => return Err(Stranger::Gone),
            Found::Unknown => return Ok(()),
        };
        if !is_ours(holder.user) {
            return Err(Stranger::User(holder.user));
        }
        match process {
            Some(process) => is_of_group(process, holder.inode).await,
            None => Ok(()),
        }
    }

    /// Looks at a stream as [`PortGuard::admit`] does. A stranger is told so in HTTP, and its connection is closed.
    ///
    /// # Errors
    ///
    /// The same.
    pub async fn receive(&self, stream: TcpStream) -> Result<TcpStream, Stranger> {
        let (Ok(here), Ok(there)) = (stream.local_addr(), stream.peer_addr()) else {
            return Err(Stranger::Gone);
        };
        match self.admit(Pair::new(here, there)).await {
            Ok(()) => Ok(stream),
            Err(stranger) => {
                turn_away(stream, stranger).await;
                Err(stranger)
            }
        }
    }

    /// Begins to look at a request.
    pub fn look(&self) -> Look<'_> {
        Look {
            asks: &self.0,
            names_host: false,
            origin: false,
            elsewhere: false,
            refusal: None,
        }
    }
}

/// A look at one request's fields, in whichever order they come.
#[derive(Debug)]
pub struct Look<'g> {
    asks: &'g Asks,
    names_host: bool,
    /// Whether a page that may call has said where it is.
    origin: bool,
    /// Whether the browser says that the page is elsewhere.
    elsewhere: bool,
    refusal: Option<Refusal>,
}

impl Look<'_> {
    /// Takes a header field.
    pub fn field(&mut self, name: &str, value: &[u8]) {
        // Most names are told apart by their length alone.
        match name.len() {
            4 if name.eq_ignore_ascii_case("host") => self.host(value),
            6 if name.eq_ignore_ascii_case("origin") => self.origin(value),
            14 if name.eq_ignore_ascii_case("sec-fetch-site") => self.site(value),
            _ => {}
        }
    }

    /// Takes a host that the request names, with or without a port: by its field, or in its target.
    pub fn host(&mut self, host: &[u8]) {
        self.names_host = true;
        let text = std::str::from_utf8(host).ok();
        let name = text.and_then(Name::parse);
        let allowed = match &self.asks.hosts {
            Some(hosts) => name.is_some_and(|name| hosts.allow(name)),
            // As every bootstrap writes it. A name that a page can have rebound has a dot.
            None => name.is_some_and(Name::is_undotted),
        };
        if !allowed {
            let shown = match name {
                Some(name) => name.to_string(),
                None => String::from_utf8_lossy(host).into_owned(),
            };
            self.refuse(Refusal::Host(shown));
        }
    }

    fn origin(&mut self, origin: &[u8]) {
        let is_own = match self.asks.pages {
            Pages::All => return,
            Pages::Never => false,
            Pages::Own { .. } => self.asks.hosts.as_ref().is_some_and(|hosts| {
                let text = std::str::from_utf8(origin).ok();
                text.is_some_and(|text| hosts.allow_origin(text))
            }),
        };
        if is_own {
            self.origin = true;
        } else {
            let shown = String::from_utf8_lossy(origin).into_owned();
            self.refuse(Refusal::Origin(shown));
        }
    }

    fn site(&mut self, site: &[u8]) {
        match self.asks.pages {
            Pages::All => {}
            // A URL that somebody opens in a browser, by hand even, would take an event from the process.
            Pages::Never => self.refuse(Refusal::Page),
            Pages::Own { .. } => {
                // What a later standard adds is not one of these.
                self.elsewhere |= !matches!(site.trim_ascii(), b"same-origin" | b"none");
            }
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.refusal.get_or_insert(refusal);
    }

    /// Ends the look. `reads` is true of a method that changes nothing, `GET` and `HEAD`.
    ///
    /// # Errors
    ///
    /// Why the request is refused.
    pub fn end(self, reads: bool) -> Result<(), Refusal> {
        if let Some(refusal) = self.refusal {
            return Err(refusal);
        }
        if self.asks.needs_host && !self.names_host {
            return Err(Refusal::NoHost);
        }
        let may_show = matches!(self.asks.pages, Pages::Own { shows: true }) && reads;
        if self.elsewhere && !self.origin && !may_show {
            return Err(Refusal::Page);
        }
        Ok(())
    }
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(
                f,
                "the client belongs to another user of this machine (uid {user})"
            ),
            Self::Gone => f.write_str("the client disconnected before its user was known"),
            Self::Process => f.write_str("the client is not a process of this function"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(host) => write!(
                f,
                "this server does not answer for the host `{host}`; pass `--allow-host {host}` to `cargo fw local` to accept it"
            ),
            Self::NoHost => f.write_str("the request has no host"),
            Self::Origin(origin) => write!(
                f,
                "this server does not answer pages of `{origin}`; pass `--allow-host HOST` to `cargo fw local` to accept a host's pages"
            ),
            Self::Page => f.write_str("this server does not answer pages of other sites"),
        }
    }
}

/// Looks at a whole request of hyper's.
///
/// # Errors
///
/// Why the guard refuses it.
pub fn guarded<B>(guard: &PortGuard, request: &Request<B>) -> Result<(), Refusal> {
    let mut look = guard.look();
    for (name, value) in request.headers() {
        look.field(name.as_str(), value.as_bytes());
    }
    if let Some(authority) = request.uri().authority() {
        look.host(authority.as_str().as_bytes());
    }
    look.end(matches!(*request.method(), Method::GET | Method::HEAD))
}

/// Whether the socket is held by that process, its group, or what they have started.
#[cfg(target_os = "linux")]
async fn is_of_group(process: u32, inode: u64) -> Result<(), Stranger> {
    use self::group::{Holds, group_holds, process_holds};

    let holds = match process_holds(process, inode) {
        // A script polls by its children; to find those takes a while where there are many processes.
        Holds::No => tokio::task::spawn_blocking(move || group_holds(process, inode))
            .await
            .unwrap_or(Holds::No),
        known => known,
    };
    match holds {
        Holds::Yes | Holds::Hidden => Ok(()),
        Holds::No => Err(Stranger::Process),
    }
}

#[cfg(not(target_os = "linux"))]
async fn is_of_group(_process: u32, _inode: u64) -> Result<(), Stranger> {
    Ok(())
}

/// Answers 403 before anything is read, and closes the connection.
async fn turn_away(mut stream: TcpStream, why: Stranger) {
    let text = format!("{why}: refused\n");
    let answer = format!(
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{text}",
        text.len()
    );
    // To close with something unread would take the answer from the client (RFC 9112 §9.6). It may have left by now.
    let _ = timeout(FAREWELL, async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        let mut nowhere = vec![0; 4096];
        let mut read = 0;
        while read < LONGEST_FAREWELL {
            match stream.read(&mut nowhere).await? {
                0 => break,
                more => read += more,
            }
        }
        std::io::Result::Ok(())
    })
    .await;
}

#[cfg(test)]
mod tests;
