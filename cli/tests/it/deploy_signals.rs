//! Ctrl-C at a deploy, at chosen moments: a gate between the CLI and moto keeps a call back until the test lets it go.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex, mpsc},
    thread,
    time::Duration,
};

use crate::{
    deploy_account::Account,
    deploy_moto::Moto,
    deploy_support::{App, Ran},
};

const ROUTES: &[&str] = &["GET /objects/{key}"];
const LIMIT: Duration = Duration::from_secs(120);

/// Forwards everything to moto, but what comes after the first call that has that text in it: that waits.
struct Gate {
    url: String,
    arrived: mpsc::Receiver<()>,
    shut: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    fn before(moto: &Moto, text: &'static str) -> Self {
        let host = moto.url.trim_start_matches("http://").trim_end_matches('/');
        let (host, listener) = (host.to_owned(), TcpListener::bind("127.0.0.1:0").unwrap());
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, arrived) = mpsc::channel();
        let shut = Arc::new((Mutex::new(false), Condvar::new()));
        let state = Arc::clone(&shut);
        // Both threads of a connection end with it, and this one with the test's process.
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let server = TcpStream::connect(&host).unwrap();
                let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || copied(back.0, back.1, |_| {}));
                let (sender, state) = (sender.clone(), Arc::clone(&state));
                thread::spawn(move || {
                    copied(client, server, |bytes| {
                        let mut shut = state.0.lock().unwrap();
                        let held = String::from_utf8_lossy(bytes).contains(text);
                        if held && sender.send(()).is_ok() {
                            *shut = true;
                        }
                        drop(state.1.wait_while(shut, |shut| *shut).unwrap());
                    });
                });
            }
        });
        Self { url, arrived, shut }
    }

    /// Waits until the call is there.
    fn reached(&self) {
        self.arrived.recv_timeout(LIMIT).unwrap();
    }

    /// Lets through what waits. The next such call waits again.
    fn open(&self) {
        *self.shut.0.lock().unwrap() = false;
        self.shut.1.notify_all();
    }
}

/// Copies until one side has ended.
fn copied(mut from: TcpStream, mut to: TcpStream, before: impl Fn(&[u8])) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        before(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

fn deploying(app: &App, gate: &Gate) -> Child {
    let mut command: Command = app.command(&["deploy", "--endpoint-url", &gate.url]);
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn interrupt(child: &Child) {
    let id = rustix::process::Pid::from_child(child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
}

fn ended(child: Child) -> Ran {
    Ran::from(child.wait_with_output().unwrap())
}

#[test]
fn an_interrupted_deploy_gives_its_lock_back_whenever_that_is() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = App::new("notes");
    app.program("one", ROUTES);

    // While the lock is being taken: it is waited for, given back, and nothing else is made.
    let gate = Gate::before(&moto, "Logs_20140328.CreateLogGroup");
    let child = deploying(&app, &gate);
    gate.reached();
    interrupt(&child);
    gate.open();
    ended(child).ends(130).says("error: interrupted");
    account.is_empty();

    // In the middle: what was done stays, the lock does not, and the next deploy goes on.
    let gate = Gate::before(&moto, "Action=CreateRole");
    let child = deploying(&app, &gate);
    gate.reached();
    interrupt(&child);
    gate.open();
    ended(child)
        .ends(130)
        .says("run the command again: it continues with what is left");
    let groups = account.log_groups();
    assert!(
        groups.keys().all(|name| name.starts_with("/aws/lambda/")),
        "{groups:?}"
    );
    app.fw(&moto, &["deploy"]).ends(0);
    app.fw(&moto, &["plan"]).ends(0);
}

#[test]
fn a_second_ctrl_c_ends_a_deploy_that_nobody_answers() {
    let moto = Moto::start();
    let account = Account::of(&moto);
    let app = App::new("notes");
    app.program("one", ROUTES);
    let gate = Gate::before(&moto, "Action=CreateRole");
    let mut child = deploying(&app, &gate);
    gate.reached();
    // The first is for the lock, whose calls wait as well; each later one is heard too.
    let mut tries = 0;
    while child.try_wait().unwrap().is_none() {
        interrupt(&child);
        tries += 1;
        assert!(tries < 1200, "it does not end");
        thread::sleep(Duration::from_millis(100));
    }
    assert!(tries > 1);
    ended(child)
        .ends(130)
        .says("the lock could not be released; run `cargo fw unlock` to remove it");
    gate.open();
    assert!(account.log_groups().contains_key("/fw/lock/notes-dev"));
    app.fw(&moto, &["deploy"])
        .ends(69)
        .says("another deploy holds the lock of stage `dev`");
    app.fw(&moto, &["unlock"]).ends(0);
    app.fw(&moto, &["deploy"]).ends(0);
}
