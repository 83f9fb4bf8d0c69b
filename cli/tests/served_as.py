"""Makes of a deployment what `cargo fw local --bootstrap` serves: the deployed zip, and settings and a manifest of the API alone.

Usage: python served_as.py ENDPOINT REGION FOLDER. boto3 reads; nothing of the app's sources, its own manifest or its settings is
looked at. What is written: FOLDER/bootstrap, FOLDER/manifest.json, FOLDER/fw.toml.
"""

import io
import json
import pathlib
import sys
import urllib.request
import zipfile

import boto3

endpoint, region, folder = sys.argv[1:]
folder = pathlib.Path(folder)
made = {"endpoint_url": endpoint, "region_name": region, "aws_access_key_id": "test", "aws_secret_access_key": "test"}
lambdas, v2, v1 = (boto3.client(name, **made) for name in ("lambda", "apigatewayv2", "apigateway"))
LIVE = "live"


def quoted(value):
    """A value of TOML; JSON's texts and numbers are."""
    if isinstance(value, list):
        return "[" + ", ".join(map(quoted, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {quoted(one)}" for key, one in value.items()) + " }"
    return json.dumps(value)


functions = sorted((one["FunctionName"] for one in lambdas.list_functions()["Functions"]), key=len)
main = functions[0]
found = lambdas.get_function(FunctionName=main, Qualifier=LIVE)
with urllib.request.urlopen(found["Code"]["Location"]) as answer:
    archive = zipfile.ZipFile(io.BytesIO(answer.read()))
bootstrap = folder / "bootstrap"
bootstrap.write_bytes(archive.read("bootstrap"))
bootstrap.chmod(archive.getinfo("bootstrap").external_attr >> 16)
configuration = found["Configuration"]
settings = {
    "memory": configuration["MemorySize"],
    "timeout": configuration["Timeout"],
    "environment": configuration.get("Environment", {}).get("Variables", {}),
}
manifest = {"schema": 1, "app": lambdas.list_tags(Resource=configuration["FunctionArn"].removesuffix(":" + LIVE))["Tags"]["fw:app"], "routes": [], "authorizers": []}


def leads(uri):
    """That a URI invokes the live version of the function."""
    assert f":function:{main}:{LIVE}" in uri, uri


def http(api):
    settings["gateway"] = "http-api"
    of = {"ApiId": api["ApiId"]}
    (stage,) = v2.get_stages(**of)["Items"]
    if stage["StageName"] != "$default":
        settings["stage_name"] = stage["StageName"]
    settings["stage_variables"] = stage.get("StageVariables", {})
    if cors := api.get("CorsConfiguration"):
        words = {"AllowOrigins": "allow_origins", "AllowMethods": "allow_methods", "AllowHeaders": "allow_headers", "MaxAge": "max_age"}
        settings["cors"] = {words[key]: value for key, value in cors.items() if key in words and value}
    (integration,) = v2.get_integrations(**of)["Items"]
    leads(integration["IntegrationUri"])
    settings["payload_format"] = integration["PayloadFormatVersion"]
    authorizers = {}
    for one in v2.get_authorizers(**of)["Items"]:
        if one["AuthorizerType"] == "JWT":
            name, said = one["Name"].removeprefix("jwt-"), one["JwtConfiguration"]
            settings.setdefault("jwt", {})[name] = {"issuer": said["Issuer"], "audience": said["Audience"]}
            authorizers[one["AuthorizerId"]] = {"type": "jwt", "name": name}
        else:
            name = one["Name"]
            manifest["authorizers"].append({
                "name": name,
                "identity": one.get("IdentitySource", []),
                "ttl": one.get("AuthorizerResultTtlInSeconds", 0),
                "simple": one.get("EnableSimpleResponses", False),
                "payload_format": one["AuthorizerPayloadFormatVersion"],
            })
            authorizers[one["AuthorizerId"]] = {"type": "lambda", "name": name}
    for route in v2.get_routes(**of)["Items"]:
        assert route["Target"] == f"integrations/{integration['IntegrationId']}", route
        method, path = route["RouteKey"].split(" ") if " " in route["RouteKey"] else ("ANY", route["RouteKey"])
        said = {"method": method, "path": path}
        kind = route.get("AuthorizationType", "NONE")
        if kind == "AWS_IAM":
            said["authorization"] = {"type": "iam"}
        elif kind != "NONE":
            said["authorization"] = {**authorizers[route["AuthorizerId"]]}
            if kind == "JWT":
                said["authorization"]["scopes"] = route.get("AuthorizationScopes", [])
        manifest["routes"].append(said)


def rest(api):
    settings["gateway"] = "rest-api"
    (stage,) = v1.get_stages(restApiId=api["id"])["item"]
    settings["stage_name"] = stage["stageName"]
    settings["stage_variables"] = stage.get("variables", {})
    authorizers = {}
    for one in v1.get_authorizers(restApiId=api["id"])["items"]:
        identity = [source.replace("method.request.", "$request.") for source in one.get("identitySource", "").split(", ") if source]
        authorizers[one["id"]] = one["name"]
        manifest["authorizers"].append({
            "name": one["name"],
            "kind": one["type"].lower(),
            "identity": identity,
            "ttl": one.get("authorizerResultTtlInSeconds", 0),
            "simple": False,
        })
    keys = v1.get_api_keys(includeValues=True)["items"]
    if keys:
        settings["api_keys"] = [{"name": one["name"], "value": one["value"]} for one in keys]
    for plan in v1.get_usage_plans()["items"]:
        assert plan["apiStages"] == [{"apiId": api["id"], "stage": stage["stageName"]}], plan
        held = v1.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
        said = {"keys": [one["name"] for one in held]}
        if throttle := plan.get("throttle"):
            said |= {"rate": throttle["rateLimit"], "burst": throttle["burstLimit"]}
        settings.setdefault("usage_plans", {})[plan["name"]] = said
    for resource in v1.get_resources(restApiId=api["id"], embed=["methods"])["items"]:
        for method, said in resource.get("resourceMethods", {}).items():
            integration = said["methodIntegration"]
            if integration["type"].upper() == "MOCK":
                headers = integration["integrationResponses"]["200"]["responseParameters"]
                said = {name.split(".")[-1]: value.strip("'").split(",") for name, value in headers.items()}
                words = {"Origin": "allow_origins", "Methods": "allow_methods", "Headers": "allow_headers"}
                allowed = {key: said.get(f"Access-Control-Allow-{word}") for word, key in words.items()}
                settings["cors"] = {key: value for key, value in allowed.items() if value}
                continue
            leads(integration["uri"])
            route = {"method": method, "path": resource["path"], "api_key": said["apiKeyRequired"]}
            match said["authorizationType"]:
                case "AWS_IAM":
                    route["authorization"] = {"type": "iam"}
                case "CUSTOM":
                    route["authorization"] = {"type": "lambda", "name": authorizers[said["authorizerId"]]}
            manifest["routes"].append(route)


def url(found):
    settings["gateway"] = "function-url"
    settings["auth"] = {"NONE": "none", "AWS_IAM": "iam"}[found["AuthType"]]
    settings["invoke_mode"] = found.get("InvokeMode", "BUFFERED").lower().replace("_", "-")
    if cors := found.get("Cors"):
        settings["cors"] = {"allow_origins": cors["AllowOrigins"]}
    manifest["routes"].append({"method": "ANY", "path": "$default"})


apis, rests = v2.get_apis()["Items"], v1.get_rest_apis()["items"]
if apis:
    (api,) = apis
    http(api)
elif rests:
    (api,) = rests
    rest(api)
else:
    url(lambdas.get_function_url_config(FunctionName=main, Qualifier=LIVE))
(folder / "manifest.json").write_text(json.dumps(manifest))
(folder / "fw.toml").write_text("".join(f"{key} = {quoted(value)}\n" for key, value in settings.items() if value != {}))
