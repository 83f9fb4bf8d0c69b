//! Who is let in by which port.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::*;

fn hosts(listens: &str) -> Hosts {
    Hosts::new(listens.parse().unwrap(), &["friend.example".to_owned()])
}

fn judged(guard: &PortGuard, method: &str, fields: &[(&str, &str)]) -> Result<(), Refusal> {
    let mut look = guard.look();
    for (name, value) in fields {
        look.field(name, value.as_bytes());
    }
    look.end(matches!(method, "GET" | "HEAD"))
}

const HOST: (&str, &str) = ("host", "127.0.0.1:4711");

#[test]
fn each_port_takes_the_pages_that_it_is_for() {
    let gateway = PortGuard::gateway(hosts("127.0.0.1"));
    let service = PortGuard::service(hosts("127.0.0.1"));
    let api = PortGuard::api(hosts("127.0.0.1"));
    let instance = PortGuard::instance(1);
    // By the gateway, a service, Lambda's API, an instance's Runtime API.
    for (method, fields, taken) in [
        ("GET", &[][..], [true, true, true, true]),
        (
            "POST",
            &[("Origin", "http://evil.example")],
            [true, false, false, false],
        ),
        (
            "GET",
            &[("ORIGIN", "http://evil.example")],
            [true, false, false, false],
        ),
        ("POST", &[("origin", "null")], [true, false, false, false]),
        (
            "POST",
            &[("origin", "http://localhost:3000")],
            [true, true, true, false],
        ),
        (
            "POST",
            &[("origin", "https://friend.example")],
            [true, true, true, false],
        ),
        (
            "POST",
            &[
                ("origin", "http://localhost"),
                ("origin", "http://evil.example"),
            ],
            [true, false, false, false],
        ),
        (
            "PUT",
            &[
                ("sec-fetch-site", "cross-site"),
                ("origin", "http://localhost:3000"),
            ],
            [true, true, true, false],
        ),
        (
            "GET",
            &[("Sec-Fetch-Site", "cross-site")],
            [true, true, false, false],
        ),
        (
            "HEAD",
            &[("sec-fetch-site", "same-site")],
            [true, true, false, false],
        ),
        (
            "POST",
            &[("sec-fetch-site", "cross-site")],
            [true, false, false, false],
        ),
        (
            "DELETE",
            &[("sec-fetch-site", "same-site")],
            [true, false, false, false],
        ),
        (
            "DELETE",
            &[("sec-fetch-site", "of-a-later-standard")],
            [true, false, false, false],
        ),
        (
            "GET",
            &[("sec-fetch-site", "same-origin")],
            [true, true, true, false],
        ),
        (
            "GET",
            &[("sec-fetch-site", "none")],
            [true, true, true, false],
        ),
    ] {
        let all = [&[HOST], fields].concat();
        let judgements =
            [&gateway, &service, &api, &instance].map(|guard| judged(guard, method, &all).is_ok());
        assert_eq!(judgements, taken, "{method} {fields:?}");
    }
}

#[test]
fn each_port_takes_the_hosts_that_it_is_for() {
    let service = PortGuard::service(hosts("127.0.0.1"));
    let instance = PortGuard::instance(1);
    for (host, by_service, by_instance) in [
        ("127.0.0.1:9001", true, true),
        ("localhost", true, true),
        ("[::1]:9001", true, true),
        ("friend.example", true, false),
        ("runtime", false, true),
        ("evil.example", false, false),
        ("localhost.evil.example", false, false),
        ("[::1].evil.example", false, false),
        ("[::1]evil", false, false),
        ("[localhost]", false, false),
        ("[::1", false, false),
        ("", false, false),
        ("é", false, false),
    ] {
        let fields = [("Host", host)];
        assert_eq!(
            judged(&service, "GET", &fields).is_ok(),
            by_service,
            "{host}"
        );
        assert_eq!(
            judged(&instance, "GET", &fields).is_ok(),
            by_instance,
            "{host}"
        );
    }
    // The second of two counts as well, and one in the target.
    let two = [HOST, ("host", "evil.example")];
    assert_eq!(
        judged(&service, "GET", &two),
        Err(Refusal::Host("evil.example".to_owned()))
    );
    let mut look = service.look();
    look.field(HOST.0, HOST.1.as_bytes());
    look.host(b"evil.example");
    assert!(look.end(true).is_err());
    assert_eq!(judged(&service, "GET", &[]), Err(Refusal::NoHost));
}

#[tokio::test]
async fn a_connection_of_ours_is_admitted_and_one_that_nobody_holds_is_not() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (accepted, there) = listener.accept().unwrap();
    let pair = Pair::new(accepted.local_addr().unwrap(), there);
    let service = PortGuard::service(hosts("127.0.0.1"));
    let own = PortGuard::instance(std::process::id());
    assert_eq!(service.admit(pair).await, Ok(()));
    assert_eq!(own.admit(pair).await, Ok(()));
    let mut other = std::process::Command::new("sleep")
        .arg("60")
        .spawn()
        .unwrap();
    if cfg!(target_os = "linux") {
        let others = PortGuard::instance(other.id());
        assert_eq!(others.admit(pair).await, Err(Stranger::Process));
        drop(client);
        // A process that another test starts in this moment has the socket, too, until it is another program.
        let started = std::time::Instant::now();
        while service.admit(pair).await != Err(Stranger::Gone) {
            assert!(started.elapsed().as_secs() < 20, "it is still held");
        }
    }
    other.kill().unwrap();
    other.wait().unwrap();
    // A server that others can reach does not ask.
    for (listens, expected) in [("0.0.0.0", true), ("192.168.1.5", true), ("::1", false)] {
        let gateway = PortGuard::gateway(hosts(listens));
        assert_eq!(matches!(gateway.0.peers, Peers::All), expected, "{listens}");
    }
}
