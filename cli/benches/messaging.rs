//! The local services in one run beside two others, ministack and moto: rounds of send, receive and delete; from a message's answer to
//! the start of its function; events on buses with many rules; what they take when nothing happens.
//!
//! ```console
//! $ python3 -m venv target/peers && target/peers/bin/pip install ministack==1.5.33 'moto[server]==5.2.5'
//! $ cargo bench --profile cli -p cargo-fw --bench messaging          # with `-- --check` it fails where a limit is missed
//! ```
//!
//! Without the two the limits beside them are left out. What the figures mean, and their limits: docs/benchmarks.md.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod support;

use std::{
    collections::BTreeMap,
    fs::OpenOptions,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use base64::Engine as _;
use serde_json::{Value, json};
use support::{
    Limits, Result, cargo, median,
    process::Server,
    queue_load::{Caller, rounds},
    root,
};

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(3);
const CONNECTIONS: [usize; 2] = [1, 16];
/// How many messages the way to a function is measured with.
const MESSAGES: usize = 40;
/// How many starts and how long nothing happens.
const STARTS: usize = 7;
const IDLE: Duration = Duration::from_secs(10);

const OURS: &str = "cargo fw services";
const MINISTACK: &str = "ministack 1.5.33";
const MOTO: &str = "moto 5.2.5";

/// What a function writes its starts into, beside its executable.
const STARTED: &str = "started";

/// The function of ministack's: it writes when it starts.
const PYTHON: &str = "import time\n\ndef handler(event, context):\n    now = time.time_ns()\n    with open('STARTED', 'a') as file:\n        file.write(f'{now}\\n')\n";

fn main() -> Result<()> {
    if std::env::var_os("FW_MANIFEST").is_some() {
        println!("{}", manifest());
        return Ok(());
    }
    if let Ok(api) = std::env::var("AWS_LAMBDA_RUNTIME_API") {
        return function(&api);
    }
    let root = root()?;
    cargo(
        &root,
        &["build", "--profile", "cli", "--package", "cargo-fw"],
    )?;
    let mut limits = Limits::default();
    start(&root, &mut limits)?;
    load(&root, &mut limits)?;
    to_the_function(&root, &mut limits)?;
    events(&root, &mut limits)?;
    idle(&root, &mut limits)?;
    limits.conclude()
}

/// `cargo fw services` of this build, once it answers.
fn ours(root: &Path) -> Result<Server> {
    let mut command = Command::new(root.join("target/cli/cargo-fw"));
    command.args(["fw", "services", "--port", "0"]);
    Server::printing(command, "/_fw/health")
}

/// A program of `target/peers`, if it is installed.
fn peer(root: &Path, name: &str) -> Option<PathBuf> {
    let path = root.join("target/peers/bin").join(name);
    path.exists().then_some(path)
}

fn ministack(root: &Path) -> Result<Option<Server>> {
    let Some(program) = peer(root, "ministack") else {
        return Ok(None);
    };
    let port = free_port()?;
    let mut command = Command::new(program);
    command
        .env("GATEWAY_PORT", port.to_string())
        .env("LOG_LEVEL", "ERROR");
    Server::quiet(command, port, "/_ministack/health").map(Some)
}

fn moto(root: &Path) -> Result<Option<Server>> {
    let Some(program) = peer(root, "moto_server") else {
        return Ok(None);
    };
    let port = free_port()?;
    let mut command = Command::new(program);
    command.args(["-p", &port.to_string()]);
    Server::quiet(command, port, "/moto-api/data.json").map(Some)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// From the start of the program to its first answer, and its memory then.
fn start(root: &Path, limits: &mut Limits) -> Result<()> {
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let server = ours(root)?;
        starts.push((server.ready.as_secs_f64() * 1e3, server.resident()?));
    }
    let (ready, resident) = median(starts, |start| start.0).ok_or("no starts")?;
    println!("{OURS}: ready {ready:.1} ms after its start, with {resident:.1} MB resident");
    limits.expect(ready <= 50.0, format!("ready in 50 ms, not {ready:.1}"));
    limits.expect(resident <= 20.0, format!("20 MB, not {resident:.1}"));
    Ok(())
}

/// Sends, receives and deletes, beside the others.
fn load(root: &Path, limits: &mut Limits) -> Result<()> {
    let mut rows = vec![(OURS, ours(root)?)];
    rows.extend(ministack(root)?.map(|server| (MINISTACK, server)));
    rows.extend(moto(root)?.map(|server| (MOTO, server)));
    let mut queues = Vec::new();
    for (_, server) in &rows {
        let created = Caller::open(server.address)?
            .json("AmazonSQS.CreateQueue", &json!({"QueueName": "load"}))?;
        queues.push(text(&created, "/QueueUrl")?);
    }
    let mut rates: BTreeMap<(&str, usize), Vec<f64>> = BTreeMap::new();
    for _ in 0..ROUNDS {
        for ((name, server), queue) in rows.iter().zip(&queues) {
            for connections in CONNECTIONS {
                let rate = rounds(server.address, queue, connections, ROUND)?;
                rates.entry((name, connections)).or_default().push(rate);
            }
        }
    }
    println!(
        "\nsend, receive, delete; rounds per second, median of {ROUNDS} times {} s\n",
        ROUND.as_secs()
    );
    println!(
        "{:<22}{:>14}{:>16}{:>14}",
        "", "1 connection", "16 connections", "resident, MB"
    );
    let mut of = |name, connections| {
        let all = rates.remove(&(name, connections)).unwrap_or_default();
        median(all, |rate| *rate).unwrap_or_default()
    };
    let ours = CONNECTIONS.map(|connections| of(OURS, connections));
    for (name, server) in &rows {
        let theirs = match *name {
            OURS => ours,
            name => CONNECTIONS.map(|connections| of(name, connections)),
        };
        println!(
            "{name:<22}{:>14.0}{:>16.0}{:>14.1}",
            theirs[0],
            theirs[1],
            server.resident()?
        );
        let least = match *name {
            MINISTACK => 5.0,
            MOTO => 60.0,
            _ => continue,
        };
        for ((connections, ours), theirs) in CONNECTIONS.iter().zip(ours).zip(theirs) {
            let ratio = ours / theirs;
            println!("{:>22} {connections:>2}: {ratio:.1} of its rate", "");
            limits.expect(
                ratio >= least,
                format!("{least} of {name} at {connections} connections, not {ratio:.1}"),
            );
        }
    }
    Ok(())
}

/// From the answer of `SendMessage` to the start of the function that reads the queue.
fn to_the_function(root: &Path, limits: &mut Limits) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let bootstrap = folder.path().join("bootstrap");
    std::fs::copy(std::env::current_exe()?, &bootstrap)?;
    let services = free_port()?;
    let mut command = Command::new(root.join("target/cli/cargo-fw"));
    command
        .args(["fw", "local", "--port", "0", "--services-port"])
        .arg(services.to_string())
        .arg("--bootstrap")
        .arg(&bootstrap)
        .current_dir(folder.path());
    let address = SocketAddr::from(([127, 0, 0, 1], services));
    let server = Server::quiet(command, services, "/_fw/health")?;
    let mut caller = Caller::open(address)?;
    let url = json!({"QueueName": "shop-dev-orders"});
    let queue = until(|| {
        let found = caller.json("AmazonSQS.GetQueueUrl", &url).ok()?;
        text(&found, "/QueueUrl").ok()
    })?;
    let ours = latency(address, &queue, &folder.path().join(STARTED))?;
    drop(server);
    println!("\nto the function's start, p50 of {MESSAGES} messages, ms\n");
    println!(
        "{:<22}{:>20}{:>20}",
        "", "from the request", "from its answer"
    );
    let show = |name, [request, answer]: [f64; 2]| {
        println!("{name:<22}{request:>20.2}{answer:>20.2}");
    };
    show("cargo fw local", ours);
    if let Some(server) = ministack(root)? {
        let started = folder.path().join("started-there");
        let queue = python_function(server.address, &started)?;
        let theirs = latency(server.address, &queue, &started)?;
        show(MINISTACK, theirs);
        let ([_, ours], [_, theirs]) = (ours, theirs);
        limits.expect(
            ours <= 0.1 * theirs,
            format!("0.1 of ministack's {theirs:.2} ms, not {ours:.2}"),
        );
    }
    Ok(())
}

/// Creates a function in Python and its mapping: the queue that it reads.
fn python_function(address: SocketAddr, started: &Path) -> Result<String> {
    let code = PYTHON.replace("STARTED", &started.display().to_string());
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("index.py", zip::write::SimpleFileOptions::default())?;
    archive.write_all(code.as_bytes())?;
    let bytes = archive.finish()?.into_inner();
    let mut caller = Caller::open(address)?;
    let created = caller.json("AmazonSQS.CreateQueue", &json!({"QueueName": "orders"}))?;
    let function = json!({
        "FunctionName": "ship",
        "Runtime": "python3.11",
        "Role": "arn:aws:iam::000000000000:role/r",
        "Handler": "index.handler",
        "Code": {"ZipFile": base64::engine::general_purpose::STANDARD.encode(bytes)},
    });
    caller.ask(&post(address, "/2015-03-31/functions", &function))?;
    let mapping = json!({
        "FunctionName": "ship",
        "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:orders",
        "BatchSize": 1,
    });
    caller.ask(&post(
        address,
        "/2015-03-31/event-source-mappings/",
        &mapping,
    ))?;
    text(&created, "/QueueUrl")
}

/// A request of Lambda's API.
fn post(address: SocketAddr, path: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends one message after the other: ms from a request, and from its answer, to the function's start, the middle ones. A function may
/// start before the sender has read the answer.
fn latency(address: SocketAddr, queue: &str, started: &Path) -> Result<[f64; 2]> {
    let mut caller = Caller::open(address)?;
    let mut all = [Vec::new(), Vec::new()];
    let now = || SystemTime::now().duration_since(UNIX_EPOCH);
    for number in 0..=MESSAGES {
        let input = json!({"QueueUrl": queue, "MessageBody": number.to_string()});
        let sent = now()?.as_nanos();
        caller.json("AmazonSQS.SendMessage", &input)?;
        let answered = now()?.as_nanos();
        let start = until(|| {
            let text = std::fs::read_to_string(started).ok()?;
            let line = text.split_inclusive('\n').nth(number)?;
            line.strip_suffix('\n')?.parse::<u128>().ok()
        })?;
        // The first one starts the process.
        if number > 0 {
            for (all, since) in all.iter_mut().zip([sent, answered]) {
                all.push((start as f64 - since as f64) / 1e6);
            }
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(all.map(|all| median(all, |one| *one).unwrap_or_default()))
}

/// Asks until there is an answer, for a minute.
fn until<T>(mut ask: impl FnMut() -> Option<T>) -> Result<T> {
    let end = Instant::now() + Duration::from_secs(60);
    while Instant::now() < end {
        if let Some(answer) = ask() {
            return Ok(answer);
        }
        thread::sleep(Duration::from_millis(1));
    }
    Err("nothing came within a minute".into())
}

/// `PutEvents` on a bus with few rules, and with many.
fn events(root: &Path, limits: &mut Limits) -> Result<()> {
    let server = ours(root)?;
    let mut caller = Caller::open(server.address)?;
    let mut times = BTreeMap::new();
    for rules in [10, 1_000] {
        let bus = format!("bus{rules}");
        caller.json("AWSEvents.CreateEventBus", &json!({"Name": bus}))?;
        for rule in 0..rules {
            let pattern = json!({"source": ["shop"], "detail": {"kind": [format!("kind{rule}")], "total": [{"numeric": [">", 100]}]}});
            caller.json(
                "AWSEvents.PutRule",
                &json!({"Name": format!("r{rule}"), "EventBusName": bus, "EventPattern": pattern.to_string()}),
            )?;
        }
        let detail = json!({"kind": "kind7", "total": 150, "lines": [{"sku": "A1"}]});
        let entry = json!({"EventBusName": bus, "Source": "shop", "DetailType": "placed", "Detail": detail.to_string()});
        let input = json!({"Entries": [entry]});
        let mut rounds = Vec::new();
        for _ in 0..5 {
            let start = Instant::now();
            for _ in 0..500 {
                caller.json("AWSEvents.PutEvents", &input)?;
            }
            rounds.push(start.elapsed().as_secs_f64() * 1e6 / 500.0);
        }
        let time = median(rounds, |time| *time).unwrap_or_default();
        println!("PutEvents with {rules} rules on the bus: {time:.0} µs");
        times.insert(rules, time);
    }
    let ratio = times[&1_000] / times[&10];
    limits.expect(
        ratio <= 10.0,
        format!("1,000 rules cost {ratio:.1} times what 10 do"),
    );
    Ok(())
}

/// The processor time of a while in which nothing is due.
fn idle(root: &Path, limits: &mut Limits) -> Result<()> {
    let server = ours(root)?;
    let mut caller = Caller::open(server.address)?;
    for number in 0..100 {
        caller.json(
            "AmazonSQS.CreateQueue",
            &json!({"QueueName": format!("q{number}")}),
        )?;
    }
    for number in 0..1_000 {
        let schedule = json!({
            "ScheduleExpression": format!("cron({} {} 1 1 ? 2040)", number % 60, number % 24),
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": "arn:aws:sqs:us-east-1:123456789012:q1", "RoleArn": "arn:aws:iam::123456789012:role/r"},
        });
        let request = post(server.address, &format!("/schedules/s{number}"), &schedule);
        let request = String::from_utf8(request)?.replacen("/lambda/", "/scheduler/", 1);
        caller.ask(request.as_bytes())?;
    }
    thread::sleep(Duration::from_secs(2));
    let before = server.running()?;
    thread::sleep(IDLE);
    let took = (server.running()? - before).as_secs_f64() * 1e3;
    println!(
        "idle with 100 queues and 1,000 schedules: {took:.2} ms of the processor in {} s, {:.1} MB resident",
        IDLE.as_secs(),
        server.resident()?
    );
    limits.expect(
        took < 1.0,
        format!("no processor time when idle, not {took:.2} ms"),
    );
    Ok(())
}

fn text(document: &Value, pointer: &str) -> Result<String> {
    let found = document.pointer(pointer).and_then(Value::as_str);
    Ok(found
        .ok_or_else(|| format!("no {pointer} in {document}"))?
        .to_owned())
}

/// The manifest of the app that this program is for `cargo fw local`.
fn manifest() -> Value {
    json!({
        "schema": 2,
        "app": "shop",
        "routes": [],
        "sources": [{"name": "ship", "handler": "shop::ship", "event": {"type": "sqs", "queue": "orders"}}],
    })
}

/// The function of that app: it writes when it starts, and answers that all is well.
fn function(api: &str) -> Result<()> {
    let started = std::env::current_exe()?.with_file_name(STARTED);
    let mut file = OpenOptions::new().create(true).append(true).open(started)?;
    let mut stream = BufReader::new(TcpStream::connect(api)?);
    stream.get_ref().set_nodelay(true)?;
    loop {
        let next =
            format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {api}\r\n\r\n");
        stream.get_mut().write_all(next.as_bytes())?;
        let (head, _) = answer(&mut stream)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        writeln!(file, "{now}")?;
        let id = head
            .get("lambda-runtime-aws-request-id")
            .ok_or("no request id")?;
        let done = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {api}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        stream.get_mut().write_all(done.as_bytes())?;
        answer(&mut stream)?;
    }
}

/// An answer of the Runtime API: its head by lower-case names, and its body.
fn answer(stream: &mut BufReader<TcpStream>) -> Result<(BTreeMap<String, String>, Vec<u8>)> {
    let mut head = BTreeMap::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err("the Runtime API closed the connection".into());
        }
        if line == "\r\n" {
            break;
        }
        let (name, value) = line.split_once(':').unwrap_or((&line, ""));
        head.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = head
        .get("content-length")
        .map_or(Ok(0), |text| text.parse())?;
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((head, body))
}
