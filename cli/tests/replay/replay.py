#!/usr/bin/env python3
"""Plays conformance cases from outside: a bootstrap in Python behind `cargo fw local --bootstrap`, over plain sockets.

Knows the cases' format, docs/manifest.md and docs/settings.md, and nothing of the code: a second reading of each case beside the
one that goes straight through the gateway model (framework/tests/conformance).

usage: replay.py CLI TARGET [ID …]     TARGET: http-api, rest-api, function-url, or `own`: what the words of the format can say
                                       that no case of these uses, as the documents have it

Prints a line for each case that does not hold, or that settings and manifest cannot say, and a summary. Exit code 1 when any does
not hold.
"""
import base64, concurrent.futures, hashlib, http.server, json, os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
FRAMEWORK = os.path.join(HERE, "..", "..", "..", "framework", "tests")
FIXTURES = os.path.join(HERE, "..", "..", "..", "framework", "gateway", "tests", "fixtures")
HOST = "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com"
# A slow machine may take long for anything; no case is about time.
PATIENCE = 60


class Inexpressible(Exception):
    """What neither `fw.toml` nor the manifest can say."""


# --- tokens -----------------------------------------------------------------------------------------------------------------


def der(data):
    """The integers of a PKCS #8 RSA key."""

    def element(data, at):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(data[at : at + count], "big"), at + count
        return tag, data[at : at + length], at + length

    _, body, _ = element(data, 0)
    at, key = 0, None
    while at < len(body):
        tag, value, at = element(body, at)
        if tag == 4:
            key = value
    _, body, _ = element(key, 0)
    numbers, at = [], 0
    while at < len(body):
        _, value, at = element(body, at)
        numbers.append(int.from_bytes(value, "big"))
    return numbers


def url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


KEY = der(open(os.path.join(FIXTURES, "test-only-rsa.pk8"), "rb").read())
KEYS = open(os.path.join(FIXTURES, "test-only-jwks.json"), "rb").read()


def sign(alg, claims):
    header = {"alg": alg, "kid": "test-only", "typ": "JWT"}
    message = url64(json.dumps(header).encode()) + "." + url64(json.dumps(claims).encode())
    if alg == "HS256":
        import hmac

        return message + "." + url64(hmac.new(KEYS, message.encode(), hashlib.sha256).digest())
    _, modulus, _, private = KEY[0:4]
    length = (modulus.bit_length() + 7) // 8
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    digest = prefix + hashlib.sha256(message.encode()).digest()
    padded = b"\0\1" + b"\xff" * (length - len(digest) - 3) + b"\0" + digest
    signature = pow(int.from_bytes(padded, "big"), private, modulus).to_bytes(length, "big")
    return message + "." + url64(signature)


class Issuer(http.server.BaseHTTPRequestHandler):
    """Tells the keys as OpenID discovery has it."""

    def do_GET(self):
        base = "http://127.0.0.1:%d" % self.server.server_address[1]
        found = {
            "/.well-known/openid-configuration": json.dumps({"issuer": base, "jwks_uri": base + "/keys"}).encode(),
            "/keys": KEYS,
        }.get(self.path)
        self.send_response(200 if found else 404)
        self.send_header("content-length", str(len(found or b"")))
        self.end_headers()
        self.wfile.write(found or b"")

    def log_message(self, *_):
        pass


# --- from a case to settings and a manifest --------------------------------------------------------------------------------


def toml(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join("%s = %s" % (json.dumps(k), toml(v)) for k, v in value.items()) + " }"
    return json.dumps(value)


KNOWN_SETUP = set(
    "stage payload_format routes path_mode endpoint cors stage_variables binary_media_types authorizers api_keys "
    "gateway_responses api_key_source usage_plan auth_type invoke_mode handler invoke_permission reserved_concurrency".split()
)
KNOWN_ROUTE = set(
    "route handler id invoke_permission function_timeout_s cors api_key_required authorizer authorization_scopes "
    "request_validator required models integration integration_http_method request_parameters throttle "
    "integration_timeout_ms".split()
)


def settings(case, issuer):
    setup, target = case["setup"], case["target"]
    unknown = set(setup) - KNOWN_SETUP
    if unknown:
        raise Inexpressible("setup: " + ", ".join(sorted(unknown)))
    out = {"gateway": target, "memory": 256}
    tables = []
    if target == "http-api":
        out["payload_format"] = setup.get("payload_format", "2.0")
    if target != "function-url" and setup.get("stage"):
        out["stage_name"] = setup["stage"]
    if setup.get("stage_variables"):
        out["stage_variables"] = setup["stage_variables"]
    if target == "rest-api":
        # An API without any is AWS's default, and not that of `fw.toml`.
        out["binary_media_types"] = setup.get("binary_media_types", [])
    if setup.get("cors"):
        out["cors"] = setup["cors"]
    if target == "function-url":
        out["auth"] = {"NONE": "none", "AWS_IAM": "iam"}[setup["auth_type"]]
        out["invoke_mode"] = setup["invoke_mode"].lower().replace("_", "-")
    if setup.get("reserved_concurrency") is not None:
        out["concurrency"] = setup["reserved_concurrency"]
    if setup.get("invoke_permission") is False:
        raise Inexpressible("a gateway that may not invoke the function")
    timeouts, throttles = set(), {}
    for route in setup.get("routes", []):
        unknown = set(route) - KNOWN_ROUTE
        if unknown:
            raise Inexpressible("route: " + ", ".join(sorted(unknown)))
        if route.get("invoke_permission") is False:
            raise Inexpressible("a gateway that may not invoke the function")
        if route.get("integration", "lambda-proxy") != "lambda-proxy" or route["handler"].startswith("mock:"):
            raise Inexpressible("an integration that is no Lambda proxy")
        if route.get("integration_http_method") or route.get("request_parameters"):
            raise Inexpressible("parameters of the integration")
        if route.get("integration_timeout_ms"):
            out["integration_timeout"] = route["integration_timeout_ms"]
        if route.get("throttle"):
            throttles[route["route"]] = {k: v for k, v in route["throttle"].items() if k in ("rate", "burst")}
        if route.get("function_timeout_s"):
            timeouts.add(int(route["function_timeout_s"]))
        if route.get("cors"):
            cors = dict(route["cors"])
            cors["allow_origins"] = [cors.pop("allow_origin")]
            for name in ("allow_headers", "expose_headers"):
                if isinstance(cors.get(name), str):
                    cors[name] = [cors[name]]
            out["cors"] = {k: v for k, v in cors.items() if v is not None}
        if route.get("request_validator"):
            out["request_validation"] = True
    if timeouts:
        out["timeout"] = max(timeouts)
    if throttles:
        out["throttle"] = {"routes": throttles}
    if setup.get("gateway_responses"):
        out["gateway_responses"] = setup["gateway_responses"]
    jwt = {}
    for name, authorizer in setup.get("authorizers", {}).items():
        if authorizer["type"] == "JWT":
            jwt[name] = {
                "issuer": issuer if authorizer["issuer"] == "local" else authorizer["issuer"],
                "audience": authorizer["audience"],
                "identity": authorizer["identity_source"],
            }
        elif authorizer["type"] == "COGNITO_USER_POOLS":
            raise Inexpressible("an authorizer of a Cognito user pool")
    if jwt:
        out["jwt"] = jwt
    if setup.get("api_keys"):
        out["api_keys"] = [{"name": name, "value": value} for name, value in setup["api_keys"].items()]
    if setup.get("api_key_source"):
        out["api_key_source"] = setup["api_key_source"].lower()
    if setup.get("usage_plan") is not None:
        plan = {k: v for k, v in setup["usage_plan"].items() if k in ("rate", "burst")}
        plan["keys"] = list(setup.get("api_keys", {}))
        if setup["usage_plan"].get("quota") is not None:
            plan["quota"] = {"limit": setup["usage_plan"]["quota"], "period": "day"}
        out["usage_plans"] = {"plan": plan}
    return "".join("%s = %s\n" % (key, toml(value)) for key, value in out.items()) + "".join(tables)


PLACES = {"header": "header", "path": "path", "querystring": "query"}


def manifest(case):
    setup = case["setup"]
    authorizers = []
    for name, authorizer in setup.get("authorizers", {}).items():
        if authorizer["type"] == "JWT":
            continue
        sources = authorizer.get("identity_sources") or [authorizer["identity_source"]]
        entry = {
            "name": name,
            "identity": [source.replace("method.request.", "$request.") for source in sources],
            "ttl": authorizer.get("result_ttl_s", 0),
        }
        if authorizer["type"] == "TOKEN":
            entry["kind"] = "token"
        if case["target"] == "http-api":
            entry["payload_format"] = authorizer.get("payload_format", "2.0")
            entry["simple"] = authorizer.get("enable_simple_responses", False)
        authorizers.append(entry)
    routes = []
    for route in setup.get("routes", []):
        key = route["route"]
        method, path = key.split(" ", 1) if " " in key else ("ANY", key)
        entry = {"method": method, "path": path}
        by = route.get("authorizer")
        if by == "AWS_IAM":
            entry["authorization"] = {"type": "iam"}
        elif by:
            kind = "jwt" if setup["authorizers"][by]["type"] == "JWT" else "lambda"
            entry["authorization"] = {"type": kind, "name": by}
            if route.get("authorization_scopes"):
                entry["authorization"]["scopes"] = route["authorization_scopes"]
        if route.get("api_key_required"):
            entry["api_key"] = True
        validator = route.get("request_validator") or {}
        if validator.get("parameters"):
            entry["parameters"] = [
                {"name": name, "in": PLACES[place], "required": True, "multiple": False}
                for place, name in (
                    text.replace("method.request.", "").split(".", 1) for text in route.get("required", [])
                )
            ]
        elif route.get("required"):
            # Required, and not checked: nobody is asked for them.
            pass
        if validator.get("body") and route.get("models"):
            (content_type, schema), = route["models"].items()
            entry["body"] = {"content_type": content_type, "required": True, "schema": schema}
        routes.append(entry)
    if case["target"] == "function-url":
        routes = [{"method": "ANY", "path": "/{rest+}"}]
    return {"schema": 1, "app": "replayed", "routes": routes, "authorizers": authorizers}


# --- the client -------------------------------------------------------------------------------------------------------------


def exchange(port, data, method):
    """Sends it on a connection that stays open, as clients do, and reads one answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as stream:
        try:
            stream.sendall(data)
        except OSError:
            pass
        answer = b""

        def more():
            nonlocal answer
            piece = stream.recv(1 << 16)
            answer += piece
            return bool(piece)

        while b"\r\n\r\n" not in answer and more():
            pass
        head, _, answer = answer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = [tuple(line.split(": ", 1)) for line in lines[1:]]
        named = {name.lower(): value for name, value in headers}
        if method == "HEAD" or status in (204, 304):
            return status, headers, b""
        if "transfer-encoding" not in named:
            length = int(named["content-length"])
            while len(answer) < length and more():
                pass
            return status, headers, answer
        whole = b""
        while True:
            while b"\r\n" not in answer and more():
                pass
            size, _, answer = answer.partition(b"\r\n")
            size = int(size, 16)
            while len(answer) < size + 2 and more():
                pass
            whole, answer = whole + answer[:size], answer[size + 2 :]
            if size == 0:
                return status, headers, whole


def request_bytes(case, request, port, issuer):
    setup = case["setup"]
    stage = setup.get("stage")
    path = request["path"]
    if case["target"] != "function-url" and setup.get("path_mode") == "stage-relative" and stage not in (None, "$default"):
        path = "/" + stage + path
    headers = [(n, v) for n, v in request.get("headers", []) if v is not None]
    if "jwt" in request:
        jwt = request["jwt"]
        claims = {k: issuer if k == "iss" and v == "local" else v for k, v in jwt["claims"].items()}
        now = int(time.time())
        for name, value in claims.items():
            # Times relative to the signing: `+3600`.
            if isinstance(value, str) and name in ("exp", "nbf", "iat") and re.fullmatch(r"[+-]\d+", value):
                claims[name] = now + int(value)
        token = sign(jwt["alg"], claims)
        scheme = jwt.get("scheme")
        headers.append((jwt["header"], "%s %s" % (scheme, token) if scheme else token))
    if "body_base64" in request:
        body = base64.b64decode(request["body_base64"])
    elif "body_repeat" in request:
        body = (request["body_repeat"]["char"] * request["body_repeat"]["count"]).encode()
    else:
        body = (request.get("body") or "").encode()
    names = {n.lower() for n, _ in headers}
    if "host" not in names:
        headers.insert(0, ("Host", "localhost:%d" % port))
    if body and "content-length" not in names:
        headers.append(("Content-Length", str(len(body))))
    head = "%s %s HTTP/1.1\r\n" % (request["method"], path) + "".join("%s: %s\r\n" % pair for pair in headers)
    return head.encode() + b"\r\n" + body


# --- expectations -----------------------------------------------------------------------------------------------------------

MISSING = object()


def pointer(value, path):
    for part in path.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return MISSING
    return value


def contains(whole, part):
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(key in whole and contains(whole[key], value) for key, value in part.items())
    return whole == part


def same(a, b):
    return type(a) is type(b) and a == b or (isinstance(a, (int, float)) and isinstance(b, (int, float)) and not isinstance(a, bool) and not isinstance(b, bool) and a == b)


KNOWN_EXPECT = set(
    "status status_any if_200 headers headers_list headers_joined headers_set headers_pattern headers_exact_case "
    "headers_present headers_absent header_equals_context body body_compare body_json body_json_subset body_base64 handler event "
    "event_absent event_absent_or_null event_present event_pattern event_equal authorizer_calls authorizer_event "
    "authorizer_event_present authorizer_event_pattern config_error max_duration_ms".split()
)


def check(expect, answer, seen):
    problems = []
    status, headers, body = answer
    unknown = set(expect) - KNOWN_EXPECT
    if unknown:
        problems.append("unknown expectations: %s" % unknown)

    def fail(what, got):
        problems.append("%s: %r" % (what, got))

    def lines(name):
        return [v for n, v in headers if n.lower() == name.lower()]

    def parsed():
        try:
            return json.loads(body)
        except ValueError:
            return MISSING

    if "status" in expect and status != expect["status"]:
        fail("status", (status, body[:200]))
    if "status_any" in expect and status not in expect["status_any"]:
        fail("status", status)
    if "if_200" in expect and status == 200:
        problems += check(expect["if_200"], answer, seen)
    for name, value in expect.get("headers", {}).items():
        if lines(name) != [value]:
            fail("header " + name, (lines(name), value))
    for name, values in expect.get("headers_list", {}).items():
        if lines(name) != values:
            fail("header " + name, lines(name))
    for name, value in expect.get("headers_joined", {}).items():
        if ", ".join(lines(name)) != value:
            fail("header " + name, lines(name))
    for name, values in expect.get("headers_set", {}).items():
        if {v.strip().lower() for v in ",".join(lines(name)).split(",")} != {v.lower() for v in values}:
            fail("header " + name, lines(name))
    for name, wanted in expect.get("headers_pattern", {}).items():
        if not any(re.search(wanted, value) for value in lines(name)):
            fail("header " + name, lines(name))
    for name in expect.get("headers_present", []):
        if not lines(name):
            fail("header " + name, "absent")
    for name in expect.get("headers_absent", []):
        if lines(name):
            fail("header " + name, lines(name))
    for name in expect.get("headers_exact_case", []):
        if name not in [n for n, _ in headers]:
            fail("spelling of " + name, [n for n, _ in headers])
    handled = [entry for entry in seen if "authorizer" not in entry]
    asked = [entry for entry in seen if "authorizer" in entry]
    last = handled[-1] if handled else None
    for name in expect.get("header_equals_context", {}):
        if not last or lines(name) != [last["request_id"]]:
            fail("header " + name, lines(name))
    if "body" in expect:
        if expect.get("body_compare") == "json":
            if parsed() is MISSING or parsed() != json.loads(expect["body"]):
                fail("body", body[:200])
        elif body != expect["body"].encode():
            fail("body", body[:200])
    if "body_json" in expect and parsed() != expect["body_json"]:
        fail("body", body[:200])
    if "body_json_subset" in expect and not contains(parsed(), expect["body_json_subset"]):
        fail("body", body[:200])
    if "body_base64" in expect and base64.b64encode(body).decode() != expect["body_base64"]:
        fail("body", body[:200])
    if "handler" in expect:
        if expect["handler"] is None and last is not None:
            fail("a handler ran", last["handler"])
        if expect["handler"] is not None and (last is None or last["handler"] != expect["handler"]):
            fail("handler", last and last["handler"])
    event = last["event"] if last else None
    for path, wanted in expect.get("event", {}).items():
        if not same(pointer(event, path), wanted):
            fail("event " + path, (pointer(event, path), wanted))
    for path in expect.get("event_absent", []):
        if event is None or pointer(event, path) is not MISSING:
            fail("event " + path, pointer(event, path))
    for path in expect.get("event_absent_or_null", []):
        if event is None or pointer(event, path) not in (MISSING, None):
            fail("event " + path, pointer(event, path))
    for path in expect.get("event_present", []):
        if pointer(event, path) is MISSING:
            fail("event " + path, "absent")
    for path, wanted in expect.get("event_pattern", {}).items():
        value = pointer(event, path)
        if not isinstance(value, str) or not re.search(wanted, value):
            fail("event " + path, value)
    for a, b in expect.get("event_equal", []):
        if pointer(event, a) is MISSING or pointer(event, a) != pointer(event, b):
            fail("event " + a, (pointer(event, a), pointer(event, b)))
    if "authorizer_calls" in expect and len(asked) != expect["authorizer_calls"]:
        fail("authorizer calls", len(asked))
    asked = asked[0]["event"] if asked else None
    for path, wanted in expect.get("authorizer_event", {}).items():
        if not same(pointer(asked, path), wanted):
            fail("authorizer event " + path, pointer(asked, path))
    for path in expect.get("authorizer_event_present", []):
        if pointer(asked, path) is MISSING:
            fail("authorizer event " + path, "absent")
    for path, wanted in expect.get("authorizer_event_pattern", {}).items():
        value = pointer(asked, path)
        if not isinstance(value, str) or not re.search(wanted, value):
            fail("authorizer event " + path, value)
    return problems


# --- one case ---------------------------------------------------------------------------------------------------------------


class Server:
    def __init__(self, cli, folder):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "FW_"))}
        command = [cli, "fw", "local", "--port", "0", "--bootstrap", "./bootstrap", "--allow-host", HOST]
        self.process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
        )
        self.log, self.port, ready = [], None, threading.Event()

        def read():
            for line in self.process.stderr:
                self.log.append(line)
                found = re.match(r"\s*http://localhost:(\d+)", line)
                if found and self.port is None:
                    self.port = int(found[1])
                    ready.set()
            ready.set()

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()
        ready.wait(PATIENCE)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)


def run(cli, case, issuer):
    """Nothing when it holds, or what does not."""
    text, described = settings(case, issuer), manifest(case)
    folder = tempfile.mkdtemp(prefix="fw-replay-")
    try:
        with open(os.path.join(folder, "fw.toml"), "w") as file:
            file.write(text)
        with open(os.path.join(folder, "manifest.json"), "w") as file:
            json.dump(described, file)
        with open(os.path.join(folder, "case.json"), "w") as file:
            json.dump(case["setup"], file)
        shutil.copy(os.path.join(HERE, "bootstrap.py"), os.path.join(folder, "bootstrap"))
        os.chmod(os.path.join(folder, "bootstrap"), 0o755)
        server = Server(cli, folder)
        try:
            refused = server.port is None
            if case["expect"].get("config_error"):
                return [] if refused else ["the configuration was accepted"]
            if refused:
                return ["it did not start: " + "".join(server.log)]
            requests = case.get("requests") or [case["request"]]
            for request in requests:
                answer = exchange(server.port, request_bytes(case, request, server.port, issuer), request["method"])
        finally:
            server.stop()
        seen = os.path.join(folder, "seen.jsonl")
        seen = [json.loads(line) for line in open(seen)] if os.path.exists(seen) else []
        problems = check(case["expect"], answer, seen)
        return [p + "\n    " + "    ".join(server.log[-6:]) if p.startswith("status") else p for p in problems]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    cli, target, only = sys.argv[1], sys.argv[2], sys.argv[3:]
    folder = HERE if target == "own" else os.path.join(FRAMEWORK, "conformance")
    cases = [json.loads(line) for line in open(os.path.join(folder, target + ".jsonl"))]
    cases = [case for case in cases if not only or case["id"] in only]
    keys = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    threading.Thread(target=keys.serve_forever, daemon=True).start()
    issuer = "http://127.0.0.1:%d" % keys.server_address[1]

    def one(case):
        try:
            return case["id"], run(cli, case, issuer), None
        except Inexpressible as why:
            return case["id"], [], str(why)

    failed = left = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=3) as pool:
        for id, problems, why in pool.map(one, cases):
            if why:
                left += 1
                print("left out %s: %s" % (id, why))
            for problem in problems:
                print("%s: %s" % (id, problem))
            failed += bool(problems)
    print("%s: %d hold, %d do not, %d cannot be said" % (target, len(cases) - failed - left, failed, left))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
