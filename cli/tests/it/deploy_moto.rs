//! A moto server on loopback: AWS for tests. The unit tests of `deploy` include this file too.

use std::{
    ffi::OsString,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

fn program() -> OsString {
    std::env::var_os("FW_MOTO_SERVER").unwrap_or_else(|| "moto_server".into())
}

/// The Python that has moto and boto3: its server's script names it in the first line.
pub(crate) fn python() -> Option<String> {
    let script = std::fs::read_to_string(program()).ok()?;
    let first = script.lines().next()?;
    first.strip_prefix("#!").map(str::to_owned)
}

/// A moto server of this test's own, ended with it.
pub(crate) struct Moto {
    child: Child,
    pub(crate) url: String,
}

impl Moto {
    pub(crate) fn start() -> Self {
        let program = program();
        // Its first line names the Python that has moto; ours is run by that one, with the calls that moto lacks.
        let more = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/moto_more.py");
        let mut command = match python() {
            Some(python) => {
                let mut command = Command::new(python);
                command.arg(more);
                command
            }
            None => Command::new(&program),
        };
        let mut child = command
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "the deploy tests talk to moto, and `{}` cannot be started ({error}): `.ci/test` installs it and \
                     sets FW_MOTO_SERVER, or `pip install 'moto[server]'` puts `moto_server` in PATH",
                    program.display()
                )
            });
        let stderr = child.stderr.take().unwrap();
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            // Read to the end, so that the server never waits for a full pipe.
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                if let Some(url) = line
                    .split_whitespace()
                    .find(|word| word.starts_with("http://127"))
                {
                    let _ = sender.send(url.to_owned());
                }
            }
        });
        let mut moto = Self {
            child,
            url: String::new(),
        };
        moto.url = receiver
            .recv_timeout(Duration::from_secs(120))
            .expect("moto says where it listens");
        moto.call("/moto-api/config", "{\"lambda\":{\"use_docker\":false}}");
        moto
    }

    /// Tells the server itself something.
    pub(crate) fn call(&self, path: &str, body: &str) {
        let host = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(host).unwrap();
        let length = body.len();
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
