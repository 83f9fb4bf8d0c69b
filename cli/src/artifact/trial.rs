//! Runs the artifact before the upload, until it polls for an event. An artifact that does not
//! start here would not start on Lambda, and this is reported while nothing has changed.
//!
//! It gets Lambda's environment with the settings' variables and placeholder credentials, an empty
//! folder as its working directory, and a Runtime API without events.

use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use fw_port_guard::{PortGuard, Refusal, guarded};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream, unix::pipe},
    sync::mpsc,
};

use crate::{
    aws::lambda::Configuration,
    error::{Context as _, Failure, Result},
    process::{
        Launch, Process,
        environment::{self, Function},
    },
    values::{credentials, lambda::Architecture},
};

/// How long Lambda lets a function initialise (Lambda developer guide, "Understanding the Lambda
/// execution environment lifecycle": 10 seconds).
const PATIENCE: Duration = Duration::from_secs(10);
/// How many lines of the app's output are shown.
const TAIL: usize = 12;
/// How many bytes of each output stream are kept.
const KEPT: usize = 64 * 1024;

/// True if this machine can run a build for this architecture.
pub(crate) fn possible(architecture: Architecture) -> bool {
    cfg!(target_os = "linux") && architecture == Architecture::HOST
}

/// Runs the executable until it asks for work.
///
/// # Errors
///
/// If it exits, reports a failed initialisation, or does not poll within 10 s. The failure has its
/// output.
pub(crate) async fn run(
    executable: &Path,
    name: &str,
    configuration: &Configuration,
) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("cannot listen for the artifact's first call")?;
    let address = listener
        .local_addr()
        .context("cannot listen for the artifact's first call")?;
    let folder = tempfile::tempdir().context("cannot create a folder to run the artifact in")?;
    let function = function(executable, folder.path(), name, configuration);
    let stream = environment::log_stream();
    let launch = Launch {
        program: executable.to_owned(),
        directory: folder.path().to_owned(),
        environment: environment::of_process(&function, &address.to_string(), &stream, None),
    };
    let (mut process, stdout, stderr) = Process::spawn(&launch)
        .await
        .with_context(|| format!("cannot run the artifact: {}", executable.display()))?;
    let (calls, mut called) = mpsc::channel(8);
    let api = RuntimeApi {
        calls,
        guard: PortGuard::instance(process.id()),
        refused: Arc::default(),
    };
    let refused = Arc::clone(&api.refused);
    let server = tokio::spawn(serve(listener, api));
    let said = tokio::spawn(async move { tokio::join!(text(stdout), text(stderr)) });
    let end = tokio::select! {
        biased;
        call = called.recv() => End::Called(call),
        status = process.wait() => End::Exited(status),
        () = tokio::time::sleep(PATIENCE) => End::Silent,
    };
    // A process that reported a failed start may still be printing. A process that polled has
    // nothing more to say.
    if matches!(end, End::Called(Some(Call::InitError(_)))) {
        let _ = tokio::time::timeout(Duration::from_secs(1), process.wait()).await;
    }
    process.kill();
    server.abort();
    let said = tokio::time::timeout(Duration::from_secs(1), said).await;
    let (out, err) = said
        .ok()
        .and_then(std::result::Result::ok)
        .unwrap_or_default();
    let refused = refused.get().map(String::as_str);
    judge(end, &mut called, &format!("{out}{err}"), refused)
}

fn function(
    executable: &Path,
    folder: &Path,
    name: &str,
    configuration: &Configuration,
) -> Function {
    Function {
        name: name.to_owned(),
        handler: configuration.handler.clone(),
        memory_mb: configuration.memory,
        timeout_seconds: configuration.timeout,
        bootstrap: executable.to_owned(),
        directory: PathBuf::from(folder),
        region: credentials::region(),
        account: credentials::ACCOUNT.to_owned(),
        strict: false,
        traces: false,
        asynchronous: None,
        credentials: credentials::LocalCredentials::well_known(),
        environment: configuration
            .environment
            .clone()
            .into_iter()
            .chain(configuration.options.log_variables())
            .collect(),
    }
}

/// How the trial ended.
#[derive(Debug)]
enum End {
    Called(Option<Call>),
    Exited(std::io::Result<ExitStatus>),
    Silent,
}

/// The Runtime API of one trial. It serves only the artifact's processes, so nothing else on this
/// machine can answer for it. Cheap to clone.
#[derive(Clone)]
struct RuntimeApi {
    calls: mpsc::Sender<Call>,
    guard: PortGuard,
    /// Why the first call that was not the artifact's was refused.
    refused: Arc<OnceLock<String>>,
}

/// A call of the Runtime API.
#[derive(Debug)]
enum Call {
    /// It polled for an event.
    Next,
    /// It reported why it cannot start.
    InitError(Bytes),
}

fn judge(
    end: End,
    called: &mut mpsc::Receiver<Call>,
    said: &str,
    refused: Option<&str>,
) -> Result<()> {
    // A process that exits at the same moment has made its call before.
    let end = match end {
        End::Exited(status) => called
            .try_recv()
            .map_or(End::Exited(status), |call| End::Called(Some(call))),
        end => end,
    };
    let cause = match end {
        End::Called(Some(Call::Next)) => return Ok(()),
        End::Called(Some(Call::InitError(document))) => {
            format!("its initialiser failed: {}", reason(&document))
        }
        End::Called(None) => "its Runtime API could no longer listen".to_owned(),
        End::Exited(Ok(status)) => format!("it ended before it polled for an event: {status}"),
        End::Exited(Err(error)) => format!("cannot wait for it: {error}"),
        End::Silent => format!(
            "it did not poll for an event within {} s, which is as long as Lambda waits",
            PATIENCE.as_secs()
        ),
    };
    let lines: Vec<&str> = said.lines().collect();
    let tail = &lines[lines.len().saturating_sub(TAIL)..];
    let failure =
        Failure::input("the artifact does not start, so nothing was changed").because_of(cause);
    let failure = match refused {
        Some(why) => failure.because_of(format!("a call to its Runtime API was refused: {why}")),
        None => failure,
    };
    let failure = match tail {
        [] => failure.because_of("it printed nothing"),
        tail => failure.because_of(format!("its output:\n{}", tail.join("\n"))),
    };
    Err(failure.hint(
        "`cargo fw local --release` runs the same build; if the initialiser needs something that exists only in the cloud, deploy with \
         `--no-trial`",
    ))
}

/// The message of an init error, or all of it.
fn reason(document: &[u8]) -> String {
    let parsed: Option<Value> = serde_json::from_slice(document).ok();
    let message = parsed
        .as_ref()
        .and_then(|parsed| parsed["errorMessage"].as_str());
    message.map_or_else(
        || String::from_utf8_lossy(document).into_owned(),
        str::to_owned,
    )
}

async fn text(stream: std::os::fd::OwnedFd) -> String {
    let mut bytes = Vec::new();
    if let Ok(mut stream) = pipe::Receiver::from_owned_fd(stream) {
        // Output read before a read error still helps to explain the failure. An app may print
        // endlessly, so only the end is kept.
        while let Ok(1..) = stream.read_buf(&mut bytes).await {
            if bytes.len() > 2 * KEPT {
                bytes.drain(..bytes.len() - KEPT);
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

async fn serve(listener: TcpListener, api: RuntimeApi) {
    // If no more connections are accepted, the trial ends by its timeout.
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(connection(stream, api.clone()));
    }
}

async fn connection(stream: TcpStream, api: RuntimeApi) {
    let stream = match api.guard.receive(stream).await {
        Ok(stream) => stream,
        Err(stranger) => {
            api.refused.get_or_init(|| stranger.to_string());
            return;
        }
    };
    let service = service_fn(|request| answer(request, api.clone()));
    // The error belongs to the process: it disconnected, and its exit status explains why.
    let _ = http1::Builder::new()
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    request: Request<Incoming>,
    api: RuntimeApi,
) -> Result<Response<Full<Bytes>>, hyper::Error> {
    if let Err(refusal) = guarded(&api.guard, &request) {
        api.refused.get_or_init(|| reason_of(&refusal));
        let mut response = Response::default();
        *response.status_mut() = StatusCode::FORBIDDEN;
        return Ok(response);
    }
    match (request.method(), request.uri().path()) {
        (&Method::GET, "/2018-06-01/runtime/invocation/next") => {
            // The receiver may have stopped waiting.
            let _ = api.calls.send(Call::Next).await;
            std::future::pending().await
        }
        (&Method::POST, "/2018-06-01/runtime/init/error") => {
            let document = request.into_body().collect().await?.to_bytes();
            let _ = api.calls.send(Call::InitError(document)).await;
            Ok(status(StatusCode::ACCEPTED))
        }
        _ => Ok(status(StatusCode::NOT_FOUND)),
    }
}

/// Why a request was refused. The flag that a refusal itself names is not one of a trial.
fn reason_of(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Host(host) => format!("its host is `{host}`"),
        Refusal::NoHost => "it has no host".to_owned(),
        Refusal::Origin(_) | Refusal::Page => "it comes from a web page".to_owned(),
    }
}

fn status(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(b"{\"status\":\"OK\"}\n")));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpStream,
        os::unix::fs::PermissionsExt as _,
        time::{Duration, Instant},
    };

    use super::{KEPT, PATIENCE, run, text};
    use crate::{aws::lambda::Configuration, error::Exit};

    /// Runs a shell script as the artifact and returns the failure's text.
    fn tried(script: &str) -> Result<(), String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bootstrap");
        std::fs::write(&path, format!("#!/bin/bash\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let configuration = Configuration {
            handler: "bootstrap".to_owned(),
            memory: 128,
            timeout: 30,
            environment: [("WHO".to_owned(), "me".to_owned())].into(),
            ..Configuration::default()
        };
        crate::deploy::block_on(run(&path, "app-dev", &configuration)).map_err(|failure| {
            assert_eq!(failure.exit(), Exit::Input);
            assert!(failure.advice().unwrap().contains("--no-trial"));
            failure.to_string()
        })
    }

    /// One call of the Runtime API in plain bash.
    fn call(line: &str) -> String {
        format!(
            "exec 3<>/dev/tcp/${{AWS_LAMBDA_RUNTIME_API/://}}\nprintf '{line}' >&3\nread -r answer <&3\n"
        )
    }

    #[test]
    fn an_artifact_that_asks_for_work_is_good() {
        let next =
            call("GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n");
        tried(&format!(
            "[ \"$WHO\" = me ] || exit 3\n[ \"$_HANDLER\" = bootstrap ] || exit 4\n{next}"
        ))
        .unwrap();
    }

    #[test]
    fn a_child_of_the_artifact_may_ask_for_work() {
        let next =
            call("GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n");
        tried(&format!("(\n{next})\nexit 7")).unwrap();
    }

    /// Other systems do not report which process owns a connection.
    #[cfg(target_os = "linux")]
    #[test]
    fn another_process_cannot_ask_for_work_or_report_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let (address, answered) = (
            folder.path().join("address"),
            folder.path().join("answered"),
        );
        for request in [
            "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n",
            "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}",
        ] {
            let script = format!(
                "echo \"$AWS_LAMBDA_RUNTIME_API\" >'{0}.new' && mv '{0}.new' '{0}'\nuntil [ -e '{1}' ]; do sleep 0.02; done\nexit 7",
                address.display(),
                answered.display()
            );
            let stranger = {
                let (address, answered) = (address.clone(), answered.clone());
                std::thread::spawn(move || {
                    let wait = Duration::from_millis(10);
                    let until = Instant::now() + PATIENCE;
                    while !address.exists() && Instant::now() < until {
                        std::thread::sleep(wait);
                    }
                    let address = std::fs::read_to_string(address).unwrap();
                    let mut stream = TcpStream::connect(address.trim()).unwrap();
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    // It gets an answer before it has sent anything.
                    let _ = stream.write_all(request.as_bytes());
                    let mut answer = [0; 12];
                    let read = stream.read_exact(&mut answer);
                    drop(stream);
                    std::fs::write(answered, "").unwrap();
                    read.map(|()| answer)
                })
            };
            let tried = tried(&script);
            let answer = stranger.join().unwrap();
            let failure = tried.unwrap_err();
            assert!(failure.contains("exit status: 7"), "{failure}");
            assert!(
                failure.contains("refused: the client is not a process of this function"),
                "{failure}"
            );
            assert_eq!(&answer.unwrap(), b"HTTP/1.1 403");
            std::fs::remove_file(&address).unwrap();
            std::fs::remove_file(&answered).unwrap();
        }
    }

    #[test]
    fn a_call_as_from_a_page_is_not_the_artifacts() {
        for (fields, why) in [
            (
                "Host: x\\r\\nOrigin: http://evil.example",
                "it comes from a web page",
            ),
            (
                "Host: x\\r\\nSec-Fetch-Site: none",
                "it comes from a web page",
            ),
            ("Host: rebound.example", "its host is `rebound.example`"),
        ] {
            let next = call(&format!(
                "GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\n{fields}\\r\\n\\r\\n"
            ));
            let failure = tried(&format!(
                "{next}[[ $answer == 'HTTP/1.1 403 '* ]] && exit 7\nexit 8"
            ))
            .unwrap_err();
            assert!(failure.contains("exit status: 7"), "{fields}: {failure}");
            assert!(failure.contains(why), "{fields}: {failure}");
        }
    }

    #[test]
    fn an_artifact_that_ends_is_told_with_its_last_words() {
        let failure = tried("echo 'cannot open the door' >&2; exit 7").unwrap_err();
        assert!(failure.contains("exit status: 7"), "{failure}");
        assert!(
            failure.contains("its output:\ncannot open the door"),
            "{failure}"
        );
        let failure = tried("exit 0").unwrap_err();
        assert!(
            failure.contains("before it polled for an event")
                && failure.contains("printed nothing"),
            "{failure}"
        );
    }

    #[test]
    fn an_artifact_that_prints_without_end_leaves_its_last_words() {
        let (reads, mut writes) = std::io::pipe().unwrap();
        let printing = std::thread::spawn(move || {
            let line = [b"y".repeat(1023), b"\n".to_vec()].concat();
            for _ in 0..16 * 1024 {
                writes.write_all(&line).unwrap();
            }
            writes.write_all(b"the last words\n").unwrap();
        });
        let said = crate::deploy::block_on(async { Ok(text(reads.into()).await) }).unwrap();
        printing.join().unwrap();
        assert!(said.ends_with("\nthe last words\n"));
        assert!(said.len() <= 4 * KEPT, "{}", said.len());
    }

    #[test]
    fn an_init_error_is_told_as_the_app_reports_it() {
        let report = call(
            "POST /2018-06-01/runtime/init/error HTTP/1.1\\r\\nHost: x\\r\\nContent-Length: 31\\r\\n\\r\\n{\"errorMessage\":\"no database!\"}",
        );
        let failure = tried(&report).unwrap_err();
        assert!(
            failure.contains("its initialiser failed: no database!"),
            "{failure}"
        );
    }
}
