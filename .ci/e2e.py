"""The whole flow as a user runs it: new, local, requests, deploy, url, the deployed zip again, delete.

AWS is moto's server on loopback; the read-back is by boto3, not by our own code. Each step asserts what a user would see;
the first surprise ends the run with what was expected, what came, and what the programs said.
"""

import base64
import contextlib
import hashlib
import io
import json
import logging
import os
import pathlib
import platform
import queue
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zipfile

import boto3
from moto.awslambda_simple.models import lambda_simple_backends
from moto.core import DEFAULT_ACCOUNT_ID
from moto.server import ThreadedMotoServer

REGION = "eu-central-1"
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "cli" / "tests"))
import moto_more  # noqa: E402, F401: the calls of API Gateway that moto lacks
PATIENCE = 900  # Seconds for a cold release build on a slow machine; nothing is measured here.


def main():
    run(["cargo", "build", "--quiet", "--package", "cargo-fw"], cwd=ROOT)
    cli = str(ROOT / "target" / "debug" / "cargo-fw")
    with tempfile.TemporaryDirectory(prefix="fw-e2e-") as folder, moto() as aws:
        folder = pathlib.Path(folder)
        env = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "FW_"))},
            "AWS_ACCESS_KEY_ID": "e2e",
            "AWS_SECRET_ACCESS_KEY": "e2e",
            "AWS_REGION": REGION,
            # The project's dependencies are mostly the workspace's own: built once, used twice.
            "CARGO_TARGET_DIR": str(ROOT / "target"),
        }

        say("a new project")
        run([cli, "fw", "new", "notes", "--template", "s3"], cwd=folder, env=env)
        project = folder / "notes"
        again = run([cli, "fw", "new", "notes"], cwd=folder, env=env, fails=65)
        expect("not empty" in again.stderr, "a second `new` says that the folder is not empty", again.stderr)

        say("the project's own `cargo fw`, and the routes")
        version = run(["cargo", "fw", "--version"], cwd=project, env=without_target(env))
        expect(version.stdout.startswith("cargo-fw "), "the CLI by the project's alias", version)
        routes = run([cli, "fw", "-q", "routes"], cwd=project, env=env)
        expect(
            [line.split()[:2] for line in routes.stdout.splitlines()]
            == [["GET", "/"], ["GET", "/objects/{key}"], ["PUT", "/objects/{key}"]],
            "the route table",
            routes,
        )

        say("local: build, serve, four requests")
        with serving([cli, "fw", "local", "--port", "0"], cwd=project, env=env) as url:
            four_requests(url)
        say("local again: the data is still there")
        with serving([cli, "fw", "local", "--port", "0", "--no-reload"], cwd=project, env=env) as url:
            expect_answer("GET", url + "/objects/document.json", 200, {"value1": 123})

        say("deploy: the plan, the deploy, and nothing more to do")
        account = ["--endpoint-url", aws]
        plan = run([cli, "fw", "deploy", "--plan", *account], cwd=project, env=env, fails=2)
        expect("GET /objects/{key}" in plan.stdout + plan.stderr, "the plan names the routes", plan)
        deployed = run([cli, "fw", "deploy", *account], cwd=project, env=env)
        again = run([cli, "fw", "deploy", "--plan", *account], cwd=project, env=env)
        url = run([cli, "fw", "url", *account], cwd=project, env=env).stdout.strip()
        expect(url.startswith("https://") and url in deployed.stdout, "`url` prints what `deploy` printed", url)

        say("read back by boto3")
        bootstrap = read_back(aws, url, folder)

        say("the deployed zip's own bootstrap, served locally")
        local = [cli, "fw", "local", "--bootstrap", str(bootstrap), "--port", "0"]
        with serving(local, cwd=project, env={**env, "CARGO_TARGET_DIR": str(folder / "elsewhere")}) as url:
            four_requests(url)

        say("delete: nothing is left")
        refused = run([cli, "fw", "delete", *account], cwd=project, env=env, fails=None)
        expect(refused.returncode != 0, "delete without `--yes` and without a terminal does nothing", refused)
        run([cli, "fw", "delete", "--yes", *account], cwd=project, env=env)
        groups = clients(aws)["logs"].describe_log_groups()["logGroups"]
        expect([group["logGroupName"] for group in groups] == ["/aws/lambda/notes-dev"], "the logs stay", groups)
        run([cli, "fw", "delete", "--yes", "--logs", *account], cwd=project, env=env)
        nothing_left(aws)
        run([cli, "fw", "delete", "--yes", *account], cwd=project, env=env)
        gone = run([cli, "fw", "url", *account], cwd=project, env=env, fails=None)
        expect(gone.returncode != 0 and "deploy" in gone.stderr, "`url` of nothing says how to deploy", gone)

        say("a cross build, deployed: the other architecture's bootstrap, by nothing but rustup and rust-lld")
        cross_build(cli, aws, folder, env)
        orders(cli, env)
        orders_deployed(cli, aws, folder, env)
        say("the embedded S3 with other clients")
        python = ROOT / "target" / "tools" / "clients" / "bin" / "python"
        run([str(python), str(ROOT / ".ci" / "s3_clients.py"), cli], cwd=folder)
        document(cli, folder, env)
        readme(cli, folder, env)
    print("\n1 passed, 0 failed")


def orders(cli, env):
    """The example with sources: an order's way by a queue, a bucket and a topic; a failure, a schedule and an event."""
    say("sources: the example `orders`, served locally")
    # From the sources, so that each function has the policy that is derived for it; nothing of an earlier run.
    shutil.rmtree(ROOT / "target" / "fw" / "orders", ignore_errors=True)
    which = ["--package", "orders"]

    def fw(*args):
        return run([cli, "fw", *args, *which], cwd=ROOT, env=env).stdout

    def queues():
        return {one["name"]: one for one in json.loads(fw("queues", "--output", "json"))}

    command = [cli, "fw", "local", "--port", "0", "--no-reload", *which]
    with process(command, cwd=ROOT, env=env) as (child, lines):
        url = wait_for(child, lines, r"(http://localhost:\d+)\s*$")
        order = {"id": 7, "item": "lamp"}
        expect_answer("POST", url + "/orders", 202, order, body=order)
        wait_for(child, lines, r"to the customer: (order 7 is on its way)")
        fw("send", "orders", '{"id": 8, "item": "piano"}')
        wait_for(child, lines, r"function pack: failed \(attempt (1)\)")
        fw("clock", "advance", "10m")
        wait_for(child, lines, r"function pack: failed \(attempt (2)\)")
        expect(queues()["orders-dev-orders"]["in_flight"] == 1, "the piano in flight", queues())
        fw("clock", "advance", "10m")
        deadline = time.monotonic() + 30
        while queues()["orders-dev-failed"]["visible"] != 1:
            expect(time.monotonic() < deadline, "the piano among the dead letters", queues())
            time.sleep(0.2)
        fw("queues", "--redrive", "failed")
        wait_for(child, lines, r"function pack: failed \(attempt (1)\)")
        fw("put-event", "--source", "carrier", "--detail-type", "Parcel Returned", '{"order": 7}')
        wait_for(child, lines, r"function returned: (delivered)")
        fw("fire", "nightly")
        wait_for(child, lines, r"function nightly: (delivered)")
        child.send_signal(signal.SIGINT)
        expect(child.wait(timeout=30) == 130, "Ctrl-C ends the server", child.returncode)


def orders_deployed(cli, aws, folder, env):
    """The same example in the account: each source as another tool sees it, and its own zip served locally."""
    say("sources: the example `orders`, deployed")
    which = ["--package", "orders"]
    account = [*which, "--endpoint-url", aws]
    run([cli, "fw", "deploy", "--yes", *account], cwd=ROOT, env=env)
    run([cli, "fw", "deploy", "--plan", *account], cwd=ROOT, env=env)
    client = {
        name: boto3.client(name, endpoint_url=aws, region_name=REGION, aws_access_key_id="e2e", aws_secret_access_key="e2e")
        for name in ("events", "lambda", "s3", "scheduler", "sns", "sqs")
    }
    names = sorted(one["FunctionName"] for one in client["lambda"].list_functions()["Functions"])
    functions = [f"orders-dev-{name}" for name in ("announce", "nightly", "notify", "pack", "returned")]
    expect(names == ["orders-dev", *functions], "a function for the API and one for each source", names)
    mapping = client["lambda"].list_event_source_mappings()["EventSourceMappings"]
    # moto puts the alias' version in its place.
    read = [(one["EventSourceArn"].split(":")[-1], one["FunctionArn"].split(":")[6]) for one in mapping]
    expect(read == [("orders-dev-orders", "orders-dev-pack")], "the queue's mapping", mapping)
    buckets = [one["Name"] for one in client["s3"].list_buckets()["Buckets"]]
    labels = next((name for name in buckets if name.startswith("orders-dev-labels-")), None)
    expect(labels is not None, "the bucket", buckets)
    reports = client["s3"].get_bucket_notification_configuration(Bucket=labels)["LambdaFunctionConfigurations"]
    read = [(one["Id"], one["LambdaFunctionArn"].split(":function:")[-1]) for one in reports]
    expect(read == [("fw:orders:dev:announce", "orders-dev-announce:live")], "the bucket's notification", reports)
    subscribed = client["sns"].list_subscriptions()["Subscriptions"]
    read = [(one["TopicArn"].split(":")[-1], one["Endpoint"].split(":function:")[-1]) for one in subscribed]
    expect(read == [("orders-dev-shipped", "orders-dev-notify:live")], "the topic's subscription", subscribed)
    rules = [rule["Name"] for rule in client["events"].list_rules()["Rules"]]
    expect(rules == ["orders-dev-returned"], "the rule", rules)
    schedules = [one["Name"] for one in client["scheduler"].list_schedules(GroupName="orders-dev")["Schedules"]]
    expect(schedules == ["nightly"], "the schedule", schedules)
    queue = client["sqs"].get_queue_url(QueueName="orders-dev-orders")["QueueUrl"]
    redrive = client["sqs"].get_queue_attributes(QueueUrl=queue, AttributeNames=["RedrivePolicy"])["Attributes"]["RedrivePolicy"]
    expect(json.loads(redrive)["deadLetterTargetArn"].endswith(":orders-dev-failed"), "the dead letters", redrive)
    shown = json.loads(run([cli, "fw", "info", "--output", "json", *account], cwd=ROOT, env=env).stdout)
    expect(shown["buckets"] == [labels], "`info` shows the bucket", shown)

    say("the zip of `orders`, served locally")
    zipped = lambda_simple_backends[DEFAULT_ACCOUNT_ID][REGION].get_function("orders-dev").code_bytes
    place = folder / "orders"
    place.mkdir()
    shutil.copy2(ROOT / "examples" / "orders" / "fw.toml", place)
    bootstrap = place / "deployed-bootstrap"
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        bootstrap.write_bytes(archive.read("bootstrap"))
    bootstrap.chmod(0o755)
    local = [cli, "fw", "local", "--bootstrap", str(bootstrap), "--port", "0"]
    with process(local, cwd=place, env=env) as (child, lines):
        url = wait_for(child, lines, r"(http://localhost:\d+)\s*$")
        order = {"id": 9, "item": "lamp"}
        expect_answer("POST", url + "/orders", 202, order, body=order)
        wait_for(child, lines, r"to the customer: (order 9 is on its way)")
        child.send_signal(signal.SIGINT)
        expect(child.wait(timeout=30) == 130, "Ctrl-C ends the server", child.returncode)

    say("delete: nothing of `orders` is left")
    client["s3"].put_object(Bucket=labels, Key="kept.txt", Body=b"text")
    deleted = run([cli, "fw", "delete", "--yes", "--logs", *account], cwd=ROOT, env=env)
    expect(f"the bucket `{labels}` has objects, and stays" in deleted.stderr, "a bucket with objects stays", deleted)
    client["s3"].delete_object(Bucket=labels, Key="kept.txt")
    run([cli, "fw", "delete", "--yes", "--logs", *account], cwd=ROOT, env=env)
    left = {
        "queues": client["sqs"].list_queues().get("QueueUrls", []),
        "topics": client["sns"].list_topics()["Topics"],
        "buckets": client["s3"].list_buckets()["Buckets"],
        "rules": client["events"].list_rules()["Rules"],
        "groups": [one for one in client["scheduler"].list_schedule_groups()["ScheduleGroups"] if one["Name"] != "default"],
    }
    expect(not any(left.values()), "nothing of the sources is left", left)
    nothing_left(aws)


def document(cli, folder, env):
    """The example with the hardest types: its document is valid, and what it says is so, behind each gateway."""
    which = ["--package", "catalog"]
    judges = ROOT / "target" / "tools" / "judges" / "bin"
    say("the document of the example `catalog`")
    for version in ["3.1", "3.0", "aws"]:
        path = folder / f"catalog-{version}.json"
        run([cli, "fw", "openapi", "--openapi", version, "--output", str(path), *which], cwd=ROOT, env=env)
        run([str(judges / "openapi-spec-validator"), str(path)], cwd=folder)
    path = folder / "catalog-3.1.json"
    run([cli, "fw", "diff", "--against", str(path), *which], cwd=ROOT, env=env)
    page = folder / "catalog.html"
    run([cli, "fw", "docs", str(page), *which], cwd=ROOT, env=env)
    expect(page.read_text().startswith("<!doctype html>"), "a page", page.read_text()[:200])
    bootstrap = str(ROOT / "target" / "debug" / "catalog")
    for gateway in ["http-api", "rest-api", "function-url"]:
        say(f"what the document says is so, behind {gateway}")
        place = folder / gateway
        place.mkdir()
        (place / "fw.toml").write_text(f'gateway = "{gateway}"\nconcurrency = 1\n')
        local = [cli, "fw", "local", "--bootstrap", bootstrap, "--port", "0"]
        with process(local, cwd=place, env=env) as (child, lines):
            url = wait_for(child, lines, r"^\s+(http://localhost:\d+\S*)\s*$")
            # API Gateway answers 404 or 403 to a method that a path does not have, where the check wants 405.
            checks = [] if gateway == "function-url" else ["--exclude-checks", "unsupported_method"]
            command = [str(judges / "schemathesis"), "run", str(path), "--url", url, "-n", "20"]
            run([*command, "--generation-deterministic", *checks], cwd=place)
            child.send_signal(signal.SIGINT)
            expect(child.wait(timeout=30) == 130, "Ctrl-C ends the server", child.returncode)


def readme(cli, folder, env):
    """The README's "Sixty seconds", word by word: in a clone, and in another folder with the installed command.

    A port that is free stands for 8000, and nothing else is changed. The clone's CLI takes the place of ours in the target folder, so this
    is the last thing to run.
    """
    env = {**env, "FW_PORT": "0"}
    text = (ROOT / "README.md").read_text()
    section = text.split("## Sixty seconds", 1)[1].split("\n## ", 1)[0]
    example, project, *_ = (re.findall(r"^\$ (.*)$", block, re.M) for block in re.findall(r"```console\n(.*?)```", section, re.S))
    installed = folder / "installed"
    installed.mkdir()
    shutil.copy2(cli, installed / "cargo-fw")

    say("the README in a clone: the example")
    clone = folder / "clone"
    files = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, files.decode().split("\0")):
        if (ROOT / name).is_file():
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, clone / name)
    for command in (["git", "init", "-q"], ["git", "add", "-A"]):
        run(command, cwd=clone)
    staged = run(["git", "status", "--porcelain"], cwd=clone).stdout
    commands = iter(example)
    with serving_as_typed(next(commands), cwd=clone, env=env) as url:
        answers = [run(["bash", "-c", typed.replace("localhost:8000", url.removeprefix("http://"))], cwd=clone).stdout for typed in commands]
        expect(len(answers) == 3 and " 200 " in answers[0] and answers[1].endswith('{"value1":123}'), "the document", answers)
        expect(" 404 " in answers[2] and "there is no such document" in answers[2], "a problem document", answers)

    say("the README in a clone: a project")
    follow(project, clone, env)
    changed = run(["git", "status", "--porcelain"], cwd=clone).stdout
    expect(changed == staged + "?? notes/\n", "nothing of the clone's own has changed", changed)

    say("the README in another folder, with the installed command")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    path = os.pathsep.join([str(installed), env["PATH"]])
    follow(project, elsewhere, {**env, "PATH": path})


def follow(commands, cwd, env):
    """Commands that end with a server, which is asked for what the template answers."""
    for command in commands[:-1]:
        if command.startswith("cd "):
            cwd = cwd / command.removeprefix("cd ")
        else:
            run(["bash", "-c", command], cwd=cwd, env=env)
    with serving_as_typed(commands[-1], cwd=cwd, env=env) as url:
        status, _, body = request("GET", url + "/")
        expect(status == 200 and "/objects/" in body, "an answer at `/`", (status, body))
        four_requests(url)


def serving_as_typed(command, cwd, env):
    return serving(["bash", "-c", f"exec {command}"], cwd=cwd, env=env)


def without_target(env):
    """As the developer's own shell: cargo chooses the target folder."""
    return {name: value for name, value in env.items() if name != "CARGO_TARGET_DIR"}


def four_requests(url):
    """The four requests of the README."""
    document = {"value1": 123}
    expect_answer("PUT", url + "/objects/document.json", 200, document, body=document)
    expect_answer("GET", url + "/objects/document.json", 200, document)
    status, headers, body = request("GET", url + "/objects/missing.json")
    problem = json.loads(body)
    expect(status == 404 and headers["content-type"].startswith("application/problem+json"), "a problem document", (status, body))
    expect((problem["detail"], problem["status"]) == ("there is no such document", 404), "the app's own 404", problem)
    status, _, body = request("GET", url + "/nowhere")
    expect((status, json.loads(body)) == (404, {"message": "Not Found"}), "the gateway's own 404", (status, body))


def read_back(aws, url, folder):
    """What is in the account, as another tool sees it; returns the deployed bootstrap."""
    client = clients(aws)
    functions = client["lambda"].list_functions()["Functions"]
    expect([f["FunctionName"] for f in functions] == ["notes-dev"], "one function", functions)
    function = functions[0]
    expect((function["Runtime"], function["MemorySize"]) == ("provided.al2023", 128), "its runtime", function)
    expect(function["Environment"]["Variables"]["BUCKET"] == "notes-documents", "its environment", function)
    alias = client["lambda"].get_alias(FunctionName="notes-dev", Name="live")
    expect(alias["FunctionVersion"].isdigit(), "the alias points at a version", alias)
    apis = client["apigatewayv2"].get_apis()["Items"]
    expect(len(apis) == 1 and apis[0]["ApiId"] in url, "one API, the URL's", (apis, url))
    expect(apis[0]["Tags"] == {"fw:app": "notes", "fw:stage": "dev"}, "its tags", apis)
    routes = client["apigatewayv2"].get_routes(ApiId=apis[0]["ApiId"])["Items"]
    expect(sorted(r["RouteKey"] for r in routes) == ["GET /", "GET /objects/{key}", "PUT /objects/{key}"], "its routes", routes)
    integrations = client["apigatewayv2"].get_integrations(ApiId=apis[0]["ApiId"])["Items"]
    expect(len(integrations) == 1 and integrations[0]["PayloadFormatVersion"] == "2.0", "its integration", integrations)
    expect(":function:notes-dev:live" in integrations[0]["IntegrationUri"], "it calls the alias", integrations)
    # moto has no address to download code from; its own memory of what was uploaded is the next best thing.
    zipped = lambda_simple_backends[DEFAULT_ACCOUNT_ID][REGION].get_function("notes-dev").code_bytes
    expect(base64.b64encode(hashlib.sha256(zipped).digest()).decode() == function["CodeSha256"], "its hash", len(zipped))
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        info = archive.getinfo("bootstrap")
        expect(stat.S_IMODE(info.external_attr >> 16) == 0o755, "the bootstrap may be executed", info)
        path = folder / "deployed-bootstrap"
        path.write_bytes(archive.read("bootstrap"))
    path.chmod(0o755)
    return path


def cross_build(cli, aws, folder, env):
    """`architecture` set to what this machine is not."""
    host = {"aarch64": "arm64"}.get(platform.machine(), platform.machine())
    other, target, machine = {
        "x86_64": ("arm64", "aarch64-unknown-linux-musl", 183),
        "arm64": ("x86_64", "x86_64-unknown-linux-musl", 62),
    }[host]
    installed = subprocess.run(["rustup", "target", "add", target], capture_output=True, text=True)
    expect(installed.returncode == 0, f"rustup adds {target}", installed.stderr)
    run([cli, "fw", "new", "greeter"], cwd=folder, env=env)
    project = folder / "greeter"
    (project / "fw.toml").write_text(f'architecture = "{other}"\n')
    account = ["--endpoint-url", aws]
    deployed = run([cli, "fw", "deploy", *account], cwd=project, env=env)
    expect("without a trial run" in deployed.stderr, "that it was not run here is told", deployed.stderr)
    function = clients(aws)["lambda"].get_function(FunctionName="greeter-dev")["Configuration"]
    expect(function["Architectures"] == [other], "the function's architecture", function)
    zipped = lambda_simple_backends[DEFAULT_ACCOUNT_ID][REGION].get_function("greeter-dev").code_bytes
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        header = archive.read("bootstrap")[:20]
    expect(header[:4] == b"\x7fELF" and int.from_bytes(header[18:20], "little") == machine, "its ELF header", header)
    run([cli, "fw", "delete", "--yes", "--logs", *account], cwd=project, env=env)
    nothing_left(aws)


def nothing_left(aws):
    client = clients(aws)
    left = {
        "functions": client["lambda"].list_functions()["Functions"],
        "apis": client["apigatewayv2"].get_apis()["Items"],
        "roles": client["iam"].list_roles()["Roles"],
        "log groups": client["logs"].describe_log_groups()["logGroups"],
    }
    expect(not any(left.values()), "nothing is left", left)


def clients(aws):
    def client(name):
        return boto3.client(
            name, endpoint_url=aws, region_name=REGION, aws_access_key_id="e2e", aws_secret_access_key="e2e"
        )

    return {name: client(name) for name in ("apigatewayv2", "iam", "lambda", "logs")}


@contextlib.contextmanager
def moto():
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    # Invocations echo what they are sent; the default would look for Docker.
    config = json.dumps({"lambda": {"use_docker": False}}).encode()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        simple = urllib.request.Request(url + "/moto-api/config", config, {"content-type": "application/json"})
        urllib.request.urlopen(simple).close()
        yield url
    finally:
        server.stop()


@contextlib.contextmanager
def serving(command, cwd, env):
    """A local server, until the end of the block; then it must go at once and cleanly."""
    with process(command, cwd=cwd, env=env) as (child, lines):
        yield wait_for(child, lines, r"(http://(?:localhost|127\.0\.0\.1):\d+)\s*$")
        child.send_signal(signal.SIGINT)
        code = child.wait(timeout=30)
        expect(code == 130, "Ctrl-C ends the server", code)


@contextlib.contextmanager
def process(command, env, cwd=None):
    child = subprocess.Popen(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines = queue.Queue()

    def read():
        for line in child.stdout:
            sys.stdout.write("    | " + line)
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    try:
        yield child, lines
    finally:
        if child.poll() is None:
            child.terminate()
            child.wait(timeout=30)


def wait_for(child, lines, pattern):
    end = time.monotonic() + PATIENCE
    while True:
        line = lines.get(timeout=max(0.1, end - time.monotonic()))
        expect(line is not None, f"a line like {pattern}", f"the program ended with {child.poll()}")
        match = re.search(pattern, line)
        if match:
            return match.group(1)


def expect_answer(method, url, status, document, body=None):
    got, headers, text = request(method, url, body)
    expect((got, json.loads(text)) == (status, document), f"{method} {url}", (got, headers, text))
    expect(headers["content-type"] == "application/json", "a JSON content type", headers)


def request(method, url, body=None):
    data = None if body is None else json.dumps(body).encode()
    headers = {} if body is None else {"content-type": "application/json"}
    call = urllib.request.Request(url, data=data, headers=headers, method=method)
    try:
        with urllib.request.urlopen(call, timeout=60) as response:
            return response.status, {k.lower(): v for k, v in response.headers.items()}, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read().decode()


def run(command, cwd, env=None, fails=0):
    """Runs to the end; `fails` is the exit code that is expected, or None for any."""
    done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)
    shown = f"{' '.join(command)}\n{done.stdout}{done.stderr}"
    for line in shown.splitlines():
        print("    | " + line)
    expect(fails is None or done.returncode == fails, f"exit code {fails}", f"{done.returncode} from {shown}")
    return done


def say(text):
    print(f"-- {text}", flush=True)


def expect(holds, what, came):
    if not holds:
        sys.exit(f"e2e: expected {what}\n     came: {came}\n0 passed, 1 failed")


if __name__ == "__main__":
    main()
