//! What Linux knows of the other end of a TCP connection within this machine.
//!
//! The kernel is asked for exactly one socket by the connection's four numbers (`sock_diag(7)`), which costs a few microseconds however
//! many sockets there are. Where it does not answer that, the socket is looked for in `/proc/net/tcp` and `tcp6` (proc(5)).

use std::{
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::OnceLock,
};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};

use super::peer::{Found, Holder, Pair};

/// `SOCK_DIAG_BY_FAMILY`, the only request.
const BY_FAMILY: u16 = 20;
const REQUEST: u16 = 1;
const TCP: u8 = 6;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// The states of a connection that a process may hold: all but `TIME_WAIT`, `CLOSE` and `LISTEN`.
const HELD: [u8; 8] = [1, 2, 3, 4, 5, 8, 9, 11];

/// The holder of the other end.
pub(super) fn find(pair: Pair) -> Found {
    /// Whether this system answers, which is tried once.
    static ANSWERS: OnceLock<bool> = OnceLock::new();
    if *ANSWERS.get_or_init(|| answers().unwrap_or(true)) {
        find_now(pair)
    } else {
        Found::Unknown
    }
}

fn find_now(pair: Pair) -> Found {
    ask(pair).unwrap_or_else(|| look_up(pair))
}

/// Whether the holder of a socket of our own is found. Some systems that run Linux programs have neither of the two, or tables without
/// lines.
fn answers() -> io::Result<bool> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let here = listener.local_addr()?;
    let client = TcpStream::connect(here)?;
    // It is connected without being accepted.
    let pair = Pair::new(here, client.local_addr()?);
    Ok(matches!(find_now(pair), Found::Holder(_)))
}

/// The kernel's answer about that socket; nothing where it has none, which it also says of a socket that does not exist.
fn ask(pair: Pair) -> Option<Found> {
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::DGRAM,
        SocketFlags::CLOEXEC,
        Some(netlink::SOCK_DIAG),
    )
    .ok()?;
    rustix::net::send(&socket, &request(pair), SendFlags::empty()).ok()?;
    let mut answer = [0; 512];
    // The kernel has put its answer into the queue by now.
    let (_, length) = rustix::net::recv(&socket, &mut answer, RecvFlags::DONTWAIT).ok()?;
    read(answer.get(..length)?, pair)
}

/// `struct nlmsghdr` and `struct inet_diag_req_v2` for the other end, whose own address is our peer's.
fn request(pair: Pair) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(72);
    bytes.extend(72_u32.to_ne_bytes());
    bytes.extend(BY_FAMILY.to_ne_bytes());
    bytes.extend(REQUEST.to_ne_bytes());
    bytes.extend([0; 8]);
    let is_v4 = pair.there.is_ipv4();
    bytes.extend([if is_v4 { AF_INET } else { AF_INET6 }, TCP, 0, 0]);
    bytes.extend(u32::MAX.to_ne_bytes());
    bytes.extend(pair.there.port().to_be_bytes());
    bytes.extend(pair.here.port().to_be_bytes());
    for address in [pair.there, pair.here] {
        match address.ip() {
            IpAddr::V4(v4) => {
                bytes.extend(v4.octets());
                bytes.extend([0; 12]);
            }
            IpAddr::V6(v6) => bytes.extend(v6.octets()),
        }
    }
    bytes.extend(0_u32.to_ne_bytes());
    // No cookie: whichever socket it is.
    bytes.extend([0xff; 8]);
    bytes
}

/// `struct inet_diag_msg`.
fn read(answer: &[u8], pair: Pair) -> Option<Found> {
    let kind = u16::from_ne_bytes(bytes(answer, 4)?);
    if kind != BY_FAMILY {
        return None;
    }
    let message = answer.get(16..)?;
    let state = *message.get(1)?;
    let ports = (
        u16::from_be_bytes(bytes(message, 4)?),
        u16::from_be_bytes(bytes(message, 6)?),
    );
    // In the place of a socket that is gone the kernel may answer with one that listens on that port.
    if ports != (pair.there.port(), pair.here.port()) {
        return None;
    }
    let user = u32::from_ne_bytes(bytes(message, 64)?);
    let inode = u32::from_ne_bytes(bytes(message, 68)?);
    Some(held(state, user, inode.into()))
}

fn bytes<const N: usize>(all: &[u8], at: usize) -> Option<[u8; N]> {
    all.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// A socket that its process has closed stays for a while, with the user 0 and without an inode: that user is not its holder.
fn held(state: u8, user: u32, inode: u64) -> Found {
    if inode == 0 || !HELD.contains(&state) {
        Found::Nobody
    } else {
        Found::Holder(Holder { user, inode })
    }
}

/// The same from the tables of all sockets.
fn look_up(pair: Pair) -> Found {
    // A client may hold an IPv4 connection by an IPv6 socket.
    for (file, mapped) in [
        ("/proc/net/tcp", false),
        ("/proc/net/tcp6", false),
        ("/proc/net/tcp6", true),
    ] {
        if mapped && pair.there.is_ipv6() {
            continue;
        }
        let Ok(table) = std::fs::read_to_string(file) else {
            continue;
        };
        let text = |address| in_table(address, mapped);
        if let Some(found) = find_line(&table, &text(pair.there), &text(pair.here)) {
            return found;
        }
    }
    Found::Nobody
}

/// The line of the socket with those two addresses.
fn find_line(table: &str, own: &str, other: &str) -> Option<Found> {
    table.lines().find_map(|line| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        if fields.next()? != own || fields.next()? != other {
            return None;
        }
        let state = u8::from_str_radix(fields.next()?, 16).ok()?;
        // The queues, the timer and the retransmissions stand between.
        let user = fields.nth(3)?.parse().ok()?;
        let inode = fields.nth(1)?.parse().ok()?;
        Some(held(state, user, inode))
    })
}

/// An address as the tables have it: words of 32 bits in the machine's order, and the port.
fn in_table(address: SocketAddr, mapped: bool) -> String {
    let octets = |v4: Ipv4Addr| v4.octets().to_vec();
    let all = match address.ip() {
        IpAddr::V4(v4) if mapped => v4.to_ipv6_mapped().octets().to_vec(),
        IpAddr::V4(v4) => octets(v4),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    };
    let words = all.chunks_exact(4).map(|word| {
        let word = word.try_into().unwrap_or_default();
        format!("{:08X}", u32::from_ne_bytes(word))
    });
    format!("{}:{:04X}", words.collect::<String>(), address.port())
}

#[cfg(test)]
mod tests {
    use std::net::Shutdown;

    use super::*;

    fn user() -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn pair_of(accepted: &TcpStream) -> Pair {
        Pair::new(
            accepted.local_addr().unwrap(),
            accepted.peer_addr().unwrap(),
        )
    }

    #[test]
    fn both_ways_give_the_user_and_the_socket_of_the_other_end() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(address) else {
                continue; // A machine without IPv6.
            };
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (accepted, _) = listener.accept().unwrap();
            let pair = pair_of(&accepted);
            let Some(Found::Holder(asked)) = ask(pair) else {
                panic!("the kernel gives no holder for {address}");
            };
            assert_eq!(asked.user, user());
            assert!(matches!(look_up(pair), Found::Holder(holder) if holder == asked));
            // One that sends no more still holds its end, and one that has closed it does not.
            client.shutdown(Shutdown::Write).unwrap();
            assert!(matches!(find(pair), Found::Holder(holder) if holder == asked));
            drop(client);
            // A process that another test starts in this moment has the socket, too, until it is another program.
            let started = std::time::Instant::now();
            while !matches!(find(pair), Found::Nobody) {
                assert!(started.elapsed().as_secs() < 20, "it is still held");
            }
        }
    }

    #[test]
    fn an_ipv4_connection_by_an_ipv6_socket_has_a_holder() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let Ok(_client) = TcpStream::connect(format!("[::ffff:127.0.0.1]:{port}")) else {
            return; // A machine without IPv6.
        };
        let (accepted, _) = listener.accept().unwrap();
        let pair = pair_of(&accepted);
        for found in [find(pair), look_up(pair)] {
            assert!(matches!(found, Found::Holder(holder) if holder.user == user()));
        }
    }

    #[test]
    fn a_socket_that_listens_is_not_taken_for_the_other_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap();
        // Nothing is connected from that port: the socket there listens.
        let pair = Pair::new("127.0.0.1:9".parse().unwrap(), here);
        assert!(matches!(find(pair), Found::Nobody));
    }
}
