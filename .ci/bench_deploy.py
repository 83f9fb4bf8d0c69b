"""Deploys the same-shaped app with `chalice deploy` and with `cargo fw deploy` to one moto server: calls and seconds.

Usage: .ci/bench_deploy.py CARGO_FW CHALICE PYTHON: two programs, and a Python that has `moto[server]`. Prints a table, and ends with 1 where `cargo fw`
takes more time than Chalice for a first deploy, one without a change, or one of new code. Building is done before the clock starts;
packing, hashing, the trial run and all calls are within it.
"""

import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

RUNS = 3

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
SHIM = f"""
import sys
sys.path.append({str(pathlib.Path(__file__).resolve().parent.parent / "cli" / "tests")!r})
import moto_more
from moto.apigateway.models import APIGatewayBackend as Backend
from moto.server import main


def modern(doc):
    if doc.pop("swagger", None):
        doc["openapi"] = "3.0.0"
        doc["info"].setdefault("description", "")
    return doc


made, put = Backend.import_rest_api, Backend.put_rest_api
Backend.import_rest_api = lambda self, doc, _warn: made(self, modern(doc), False)
Backend.put_rest_api = lambda self, id, doc, mode="merge", fail_on_warnings=False: put(self, id, modern(doc), False, mode)
main()
"""


class Moto:
    """A moto server whose log of requests is counted."""

    def __init__(self, program, folder):
        self.log = folder / "moto.log"
        self.child = subprocess.Popen([program, "-c", SHIM, "-H", "127.0.0.1", "-p", "0"], stdout=subprocess.DEVNULL, stderr=self.log.open("w"))
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
        return len(re.findall(r'"(?:GET|POST|PUT|PATCH|DELETE) (?!/moto-api)', self.log.read_text()))


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
    before, start = moto.calls(), time.monotonic()
    run(command, folder, env)
    return moto.calls() - before, time.monotonic() - start


def fw(program, name, folder):
    (folder / "src").mkdir(parents=True)
    (folder / "Cargo.toml").write_text(f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2024"\n[workspace]\n')

    def write(code, env):
        (folder / "src/main.rs").write_text(RUST.replace("NAME", name).replace("@CODE@", code))
        run(["cargo", "build", "--release", "--quiet"], folder, env)

    return write, [program, "fw", "deploy"]


def chalice(program, name, folder):
    (folder / ".chalice").mkdir(parents=True)
    config = {"version": "2.0", "app_name": name, "stages": {"dev": {"api_gateway_stage": "api"}}}
    (folder / ".chalice/config.json").write_text(json.dumps(config))
    (folder / "requirements.txt").write_text("")

    def write(code, env):
        (folder / "app.py").write_text(PYTHON.replace("NAME", name).replace("@CODE@", code))

    return write, [program, "deploy"]


def main():
    programs = dict(zip(("fw", "chalice", "moto"), [str(pathlib.Path(path).absolute()) for path in sys.argv[1:4]]))
    results = {}
    with tempfile.TemporaryDirectory(prefix="fw-bench-") as root:
        root = pathlib.Path(root)
        moto = Moto(programs["moto"], root)
        try:
            for turn in range(RUNS + 1):
                for kind, make in (("fw", fw), ("chalice", chalice)):
                    name = f"{kind}{turn}"
                    folder = root / name
                    write, deploy = make(programs[kind], name, folder)
                    env = environment(moto, folder)
                    write("one", env)
                    first = measured(moto, deploy, folder, env)
                    same = measured(moto, deploy, folder, env)
                    write("two", env)
                    code = measured(moto, deploy, folder, env)
                    # The first turn warms moto up, which loads a service with its first call.
                    if turn > 0:
                        for what, found in (("first", first), ("no change", same), ("new code", code)):
                            results.setdefault((what, kind), []).append(found)
        finally:
            moto.child.terminate()
            moto.child.wait(timeout=30)
    worse = False
    print(f"{'deploy':10} {'calls fw':>9} {'chalice':>8}   {'seconds fw':>10} {'chalice':>8}   ratio")
    for what in ("first", "no change", "new code"):
        ours, theirs = results[what, "fw"], results[what, "chalice"]
        calls = [statistics.median(one[0] for one in side) for side in (ours, theirs)]
        seconds = [statistics.median(one[1] for one in side) for side in (ours, theirs)]
        ratio = seconds[0] / seconds[1]
        print(f"{what:10} {calls[0]:9.0f} {calls[1]:8.0f}   {seconds[0]:10.2f} {seconds[1]:8.2f}   {ratio:.2f}")
        worse = worse or ratio >= 1
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
