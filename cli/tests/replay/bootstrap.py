#!/usr/bin/env python3
"""A bootstrap as a stranger writes it from docs/manifest.md alone: plays the handlers and authorizers of a conformance case.

The folder that it is started in holds `manifest.json`, which it prints, and `case.json`: the case's `setup`. Each event is
written to `seen.jsonl` there, before it is answered.
"""
import fcntl, http.client, json, os, sys, time

if os.environ.get("FW_MANIFEST"):
    sys.stdout.write(open("manifest.json").read())
    sys.exit(0)

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
ROOT = "/2018-06-01/runtime/invocation/"
PART = os.environ["_HANDLER"]
SETUP = json.load(open("case.json"))


def note(entry):
    with open("seen.jsonl", "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(entry) + "\n")


def post(connection, path, body, headers=None):
    connection.request("POST", ROOT + path, body, headers or {})
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 202, (answer.status, path)


def route_of(event):
    """The case's route that the event is for, by what the event says of itself."""
    routes = SETUP.get("routes")
    if not routes:
        return {"handler": SETUP["handler"], "id": None}
    if event.get("version") == "2.0":
        key = event["routeKey"]
        return next(route for route in routes if route["route"] == key)
    resource, method = event["resource"], event["httpMethod"]
    found = [r for r in routes if r["route"].split(" ")[-1] == resource]
    exact = [r for r in found if r["route"].split(" ")[0] == method]
    return (exact or [r for r in found if r["route"].split(" ")[0] in ("ANY", "$default")] or found)[0]


def text_of(status, body, content_type="application/json"):
    return {"statusCode": status, "headers": {"content-type": content_type}, "body": body}


def authorize(authorizer, event):
    name, _, argument = authorizer["behaviour"].partition(":")
    arn = event.get("methodArn") or event.get("routeArn")
    if name == "authz-raise":
        return None, {"errorType": "Exception", "errorMessage": argument}
    if name == "authz-return":
        return argument.encode(), None
    if name == "authz-iam-by-token":
        token = event.get("authorizationToken")
        if token is None:
            values = list((event.get("queryStringParameters") or {}).values())
            token = "allow" if "allow" in values else "deny"
        argument = "Allow" if token == "allow" else "Deny"
    elif name == "authz-iam-other-resource":
        argument, arn = "Allow", arn + "/somewhere/else"
    answer = {
        "principalId": "user",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Action": "execute-api:Invoke", "Effect": argument, "Resource": arn}],
        },
    }
    if "context" in authorizer:
        answer["context"] = authorizer["context"]
    if "usage_identifier_key" in authorizer:
        answer["usageIdentifierKey"] = authorizer["usage_identifier_key"]
    return json.dumps(answer).encode(), None


def handle(connection, request_id, handler, event):
    name, _, argument = handler.partition(":")
    answer = request_id + "/response"
    if name == "raise":
        kind, _, message = argument.partition(":")
        post(connection, request_id + "/error", json.dumps({"errorType": kind, "errorMessage": message}))
    elif name == "exit":
        os._exit(int(argument))
    elif name == "stream":
        pieces = iter([piece.encode() for piece in argument.split("|")])
        headers = {
            "Lambda-Runtime-Function-Response-Mode": "streaming",
            "Transfer-Encoding": "chunked",
            "Content-Type": "application/octet-stream",
        }
        connection.request("POST", ROOT + answer, pieces, headers, encode_chunked=True)
        connection.getresponse().read()
    else:
        if name == "sleep":
            time.sleep(float(argument))
        body = {
            "echo-event": lambda: json.dumps(text_of(200, json.dumps(event))).encode(),
            "echo-body": lambda: json.dumps(
                {
                    **text_of(200, event.get("body"), "application/octet-stream"),
                    "isBase64Encoded": event.get("isBase64Encoded"),
                }
            ).encode(),
            "return-json": lambda: json.dumps(text_of(200, argument)).encode(),
            "return-raw": lambda: argument.encode(),
            "return-string": lambda: json.dumps(argument).encode(),
            "return-none": lambda: b"null",
            "record-event": lambda: b"null",
            "sleep": lambda: b"null",
            "large-body": lambda: json.dumps({"statusCode": 200, "body": "a" * int(argument)}).encode(),
        }[name]()
        connection.request("POST", ROOT + answer, body)
        # 413 for what is too large.
        connection.getresponse().read()


def main():
    connection = http.client.HTTPConnection(API)
    while True:
        connection.request("GET", ROOT + "next")
        answer = connection.getresponse()
        event, request_id = json.loads(answer.read()), answer.headers["Lambda-Runtime-Aws-Request-Id"]
        if PART.startswith("authorizer."):
            name = PART[len("authorizer.") :]
            note({"authorizer": name, "event": event})
            result, error = authorize(SETUP["authorizers"][name], event)
            if error is not None:
                post(connection, request_id + "/error", json.dumps(error))
            else:
                post(connection, request_id + "/response", result)
            continue
        route = route_of(event)
        note({"handler": route.get("id"), "event": event, "request_id": request_id})
        handle(connection, request_id, route["handler"], event)


main()
