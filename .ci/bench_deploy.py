"""Deploys the same-shaped app with `chalice deploy` and with `cargo fw deploy` to one moto server: calls and seconds.

Usage: .ci/bench_deploy.py [--list] CARGO_FW CHALICE PYTHON: two programs, and a Python that has `moto[server]`. Prints a table, and ends with 1 where
`cargo fw` makes as many calls as Chalice or takes as long, for a first deploy, one without a change, or one of new code. Building is done
before the clock starts; packing, hashing, the trial run and all calls are within it. `--list` prints what each deploy called as well.

A last turn answers each call only after DELAY seconds: what a deploy takes longer by, in delays, is how many calls it makes one after the other
(`trips`). It ends with 1 as well where one without a change has more than 1.5 times the DEPTH of its chain of calls, or new code more
than FROM_UPLOAD from the upload's begin on.

Chalice knows REST APIs alone, so `rest` is the app of the same shape: the same two routes, gateway, stage, memory, timeout, architecture and log
retention. `http` is the same app behind an HTTP API, which is what `cargo fw` deploys when nothing is said.
"""

import json
import os
import pathlib
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

RUNS = 3
MEMORY, TIMEOUT, RETENTION = 128, 29, 30
DEPLOYS = ("first", "no change", "new code")
DELAY = 0.2
# Who is calling; what there is by its name; what that leads to, twice (cli/src/deploy/tests/side_by_side.rs).
DEPTH, FROM_UPLOAD = 4, 6

RUST = """
use std::io::{Read, Write};

fn main() {
    if std::env::var_os("FW_MANIFEST").is_some() {
        println!("{}", MANIFEST);
        return;
    }
    let code = std::hint::black_box("@CODE@");
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap_or_else(|_| code.to_owned());
    let mut stream = std::net::TcpStream::connect(&api).expect("the Runtime API");
    write!(stream, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nHost: {api}\\r\\n\\r\\n").expect("a call");
    let _ = stream.read(&mut [0]);
}

const MANIFEST: &str = r#"{"schema":1,"app":"NAME","routes":[{"method":"GET","path":"/objects/{key}"},{"method":"PUT","path":"/objects/{key}"}]}"#;
"""

PYTHON = """
from chalice import Chalice

app = Chalice(app_name="NAME")
CODE = "@CODE@"


@app.route("/objects/{key}", methods=["GET", "PUT"])
def objects(key):
    return {"key": key}
"""


# moto imports OpenAPI 3 with a description alone; API Gateway takes the Swagger 2 that Chalice sends. Told so, moto reads it as well.
# Each call is a line of a file of its own, written before its answer: werkzeug's log is for eyes, and dresses what is no 200 in escape codes.
SHIM = f"""
import io
import re
import sys
import threading
import time
sys.path.append({str(pathlib.Path(__file__).resolve().parent.parent / "cli" / "tests")!r})
import moto_more
import moto.server
from moto.apigateway.models import APIGatewayBackend as Backend


def modern(doc):
    if doc.pop("swagger", None):
        doc["openapi"] = "3.0.0"
        doc["info"].setdefault("description", "")
    return doc


made, put = Backend.import_rest_api, Backend.put_rest_api
Backend.import_rest_api = lambda self, doc, _warn: made(self, modern(doc), False)
Backend.put_rest_api = lambda self, id, doc, mode="merge", fail_on_warnings=False: put(self, id, modern(doc), False, mode)

calls, turn, delay = open(sys.argv.pop(1), "a"), threading.Lock(), 0.0


def named(environ):
    \"\"\"The service and the operation: by its name where the request holds it, else by method and path.\"\"\"
    service = re.search(r"/([a-z0-9-]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    if not operation and environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        operation = (re.search(rb"(?:^|&)Action=(\\w+)", body) or [b"", b""])[1].decode()
    return f"{{service[1] if service else '-'}} {{operation or environ['REQUEST_METHOD'] + ' ' + environ['PATH_INFO']}}"


class Counted(moto.server.DomainDispatcherApplication):
    def __call__(self, environ, start_response):
        global delay
        begin, path = time.monotonic(), environ["PATH_INFO"]
        if path.startswith("/bench/delay/"):
            delay = float(path.rpartition("/")[2])
            start_response("204 No Content", [])
            return []
        if path.startswith("/moto-api"):
            return super().__call__(environ, start_response)
        name = named(environ)
        time.sleep(delay)

        def start(status, *more):
            with turn:
                print(f"{{begin:.3f}} {{time.monotonic():.3f}}", name, status[:3], file=calls, flush=True)
            return start_response(status, *more)

        return super().__call__(environ, start)


moto.server.DomainDispatcherApplication = Counted
moto.server.main()
"""


class Moto:
    """A moto server that tells which calls it got."""

    def __init__(self, program, folder):
        self.log, self.told = folder / "moto.log", folder / "calls"
        self.told.touch()
        command = [program, "-c", SHIM, str(self.told), "-H", "127.0.0.1", "-p", "0"]
        self.child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=self.log.open("w"))
        end = time.monotonic() + 60
        while not (found := re.search(r"http://127\.0\.0\.1:\d+", self.log.read_text())):
            if time.monotonic() > end or self.child.poll() is not None:
                sys.exit(f"moto does not start: {self.log.read_text()}")
            time.sleep(0.1)
        self.url = found.group(0)
        self.post("/moto-api/config", {"lambda": {"use_docker": False}})

    def post(self, path, body):
        call = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"content-type": "application/json"})
        urllib.request.urlopen(call).close()

    def calls(self):
        """When each call began and was answered, and what it was."""
        lines = [line.split(" ", 2) for line in self.told.read_text().splitlines()]
        return [(float(begin), float(end), what) for begin, end, what in lines]

    def delay(self, seconds):
        urllib.request.urlopen(f"{self.url}/bench/delay/{seconds}").close()


def environment(moto, folder):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FW_"))}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": moto.url,
        "CARGO_TARGET_DIR": str(folder / "target"),
    }


def run(command, folder, env):
    done = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


def measured(moto, command, folder, env):
    before, start = len(moto.calls()), time.monotonic()
    run(command, folder, env)
    seconds = time.monotonic() - start
    return moto.calls()[before:], seconds


def fw(gateway):
    def make(program, name, folder):
        (folder / "src").mkdir(parents=True)
        (folder / "Cargo.toml").write_text(f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n')
        (folder / "fw.toml").write_text(f"{gateway}\nmemory = {MEMORY}\ntimeout = {TIMEOUT}\nlog_retention = {RETENTION}\n")

        def write(code, env):
            (folder / "src/main.rs").write_text(RUST.replace("NAME", name).replace("@CODE@", code))
            run(["cargo", "build", "--release", "--quiet"], folder, env)

        return write, [program, "fw", "deploy"]

    return make


def chalice(program, name, folder):
    (folder / ".chalice").mkdir(parents=True)
    config = {
        "version": "2.0",
        "app_name": name,
        "lambda_memory_size": MEMORY,
        "lambda_timeout": TIMEOUT,
        "log_retention_in_days": RETENTION,
        "lambda_architecture": "arm64" if platform.machine() in ("aarch64", "arm64") else "x86_64",
        "stages": {"dev": {"api_gateway_stage": "api"}},
    }
    (folder / ".chalice/config.json").write_text(json.dumps(config))
    (folder / "requirements.txt").write_text("")

    def write(code, env):
        (folder / "app.py").write_text(PYTHON.replace("NAME", name).replace("@CODE@", code))

    return write, [program, "deploy"]


KINDS = {
    "rest": ("fw", fw('gateway = "rest-api"\nstage_name = "api"')),
    "http": ("fw", fw('gateway = "http-api"')),
    "chalice": ("chalice", chalice),
}


def life(program, make, name, folder, moto):
    """What the three deploys of one app called, and how long they took."""
    write, deploy = make(program, name, folder)
    env = environment(moto, folder)
    write("one", env)
    yield measured(moto, deploy, folder, env)
    yield measured(moto, deploy, folder, env)
    write("two", env)
    yield measured(moto, deploy, folder, env)


def main():
    arguments = [one for one in sys.argv[1:] if one != "--list"]
    programs = dict(zip(("fw", "chalice", "moto"), [str(pathlib.Path(path).absolute()) for path in arguments]))
    if len(programs) != 3:
        sys.exit(__doc__)
    results, delayed = {}, {}
    with tempfile.TemporaryDirectory(prefix="fw-bench-") as root:
        root = pathlib.Path(root)
        moto = Moto(programs["moto"], root)
        try:
            for turn in range(RUNS + 1):
                for kind, (program, make) in KINDS.items():
                    name = f"{kind}{turn}"
                    found = zip(DEPLOYS, life(programs[program], make, name, root / name, moto))
                    for what, one in found:
                        # The first turn warms moto up, which loads a service with its first call.
                        if turn > 0:
                            results.setdefault((what, kind), []).append(one)
            moto.delay(DELAY)
            for kind, (program, make) in KINDS.items():
                name = f"{kind}-delayed"
                delayed.update(zip([(what, kind) for what in DEPLOYS], life(programs[program], make, name, root / name, moto)))
        finally:
            moto.child.terminate()
            moto.child.wait(timeout=30)
    if "--list" in sys.argv[1:]:
        for kind in KINDS:
            for what in DEPLOYS:
                calls, _ = results[what, kind][-1]
                print(f"{kind}, {what}: {len(calls)} calls")
                for number, (_, _, call) in enumerate(calls, 1):
                    print(f"  {number:2} {call}")
    behind = table(results, delayed)
    for one in behind:
        print(f"missed: {one}")
    sys.exit(1 if behind else 0)


def table(results, delayed):
    """Prints the medians, and gives where `cargo fw` is not better than Chalice, or waits for calls in turn that it need not."""
    calls = lambda what, kind: statistics.median(len(one[0]) for one in results[what, kind])
    seconds = lambda what, kind: statistics.median(one[1] for one in results[what, kind])
    trips = lambda what, kind: (delayed[what, kind][1] - seconds(what, kind)) / DELAY
    behind = []
    print(f"{'deploy':10}" + "".join(f" {kind + ' calls':>13} {'s':>5} {'ratio':>5} {'trips':>5}" for kind in KINDS))
    for what in DEPLOYS:
        row = f"{what:10}"
        for kind in KINDS:
            ratio = seconds(what, kind) / seconds(what, "chalice")
            row += f" {calls(what, kind):13.0f} {seconds(what, kind):5.2f} {ratio:5.2f} {trips(what, kind):5.1f}"
            if kind == "chalice":
                continue
            if calls(what, kind) >= calls(what, "chalice"):
                behind.append(f"{what}, {kind}: {calls(what, kind):.0f} calls, Chalice {calls(what, 'chalice'):.0f}")
            if ratio >= 1:
                behind.append(f"{what}, {kind}: {seconds(what, kind):.2f} s, Chalice {seconds(what, 'chalice'):.2f} s")
        print(row)
    for kind in KINDS:
        made = delayed["new code", kind][0]
        upload = next(begin for begin, _, what in made if re.search(r" PUT \S+/code ", what))
        # Whole delays; what else takes time is far less than half of one.
        after = round((max(end for _, end, _ in made) - upload) / DELAY)
        print(f"{kind}: {after} calls one after the other from the upload of new code on")
        if kind != "chalice" and after > FROM_UPLOAD:
            behind.append(f"new code, {kind}: {after} calls one after the other from the upload on, {FROM_UPLOAD} at the most")
        if kind != "chalice" and trips("no change", kind) > 1.5 * DEPTH:
            behind.append(f"no change, {kind}: {trips('no change', kind):.1f} calls one after the other, {1.5 * DEPTH} at the most")
    return behind


if __name__ == "__main__":
    main()
