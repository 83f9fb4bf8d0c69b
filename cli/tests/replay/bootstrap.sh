#!/bin/sh
# A bootstrap in a shell with every option of docs/manifest.md: authorizers, signatures, API keys, models, and a streamed answer.
set -eu
if [ -n "${FW_MANIFEST:-}" ]; then
    # A function URL has none of them, and a route that asks for one is refused there.
    if grep -q function-url fw.toml; then
        echo '{"schema": 1, "app": "options", "routes": [{"method": "GET", "path": "/{any+}"}]}'
        exit
    fi
    cat <<'MANIFEST'
{"schema": 1, "app": "options",
 "routes": [
  {"method": "GET", "path": "/open"},
  {"method": "GET", "path": "/stream"},
  {"method": "GET", "path": "/token", "authorization": {"type": "lambda", "name": "by_token"}},
  {"method": "GET", "path": "/iam", "authorization": {"type": "iam"}},
  {"method": "GET", "path": "/key", "api_key": true},
  {"method": "POST", "path": "/model",
   "parameters": [{"name": "page", "in": "query", "required": true, "multiple": false}],
   "body": {"content_type": "application/json", "required": true,
            "schema": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}}}
 ],
 "authorizers": [{"name": "by_token", "kind": "token", "identity": ["$request.header.Authorization"], "ttl": 0}]}
MANIFEST
    exit
fi

api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
head=$(mktemp)
trap 'rm -f "$head"' EXIT
while true; do
    event=$(curl -sS -D "$head" "$api/next")
    id=$(tr -d '\r' <"$head" | sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p')
    case "$_HANDLER" in
    authorizer.by_token)
        arn=$(printf '%s' "$event" | sed -n 's/.*"methodArn":"\([^"]*\)".*/\1/p')
        case "$event" in
        *'"authorizationToken":"allow"'*) effect=Allow ;;
        *) effect=Deny ;;
        esac
        printf '{"principalId":"ann","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"%s","Resource":"%s"}]}}' \
            "$effect" "$arn" | curl -sS -o /dev/null --data-binary @- "$api/$id/response"
        continue
        ;;
    esac
    case "$event" in
    *'"rawPath":"/stream"'*)
        # Status and headers, eight NUL bytes, and then the body as it comes.
        {
            printf '{"statusCode":201,"headers":{"x-own":"1"}}\000\000\000\000\000\000\000\000'
            printf 'one'
            sleep 0.1
            printf 'two'
        } | curl -sS -o /dev/null -T - -X POST \
            -H 'Lambda-Runtime-Function-Response-Mode: streaming' \
            -H 'Content-Type: application/vnd.awslambda.http-integration-response' "$api/$id/response"
        continue
        ;;
    esac
    body=$(printf '%s' "$event" | sed -n 's/.*"resource":"\/\([a-z]*\)".*/\1/p')
    printf '{"statusCode":200,"body":"%s"}' "$body" | curl -sS -o /dev/null --data-binary @- "$api/$id/response"
done
