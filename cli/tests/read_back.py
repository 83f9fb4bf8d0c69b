"""Prints, as JSON, what boto3 sees of an account's gateways. Usage: python read_back.py ENDPOINT REGION"""

import json
import sys

import boto3

endpoint, region = sys.argv[1:]
client = {
    name: boto3.client(name, endpoint_url=endpoint, region_name=region, aws_access_key_id="test", aws_secret_access_key="test")
    for name in ("apigatewayv2", "apigateway", "lambda", "s3", "iam", "logs")
}


def http(api):
    v2, of = client["apigatewayv2"], {"ApiId": api["ApiId"]}
    return {
        **api,
        "Integrations": v2.get_integrations(**of)["Items"],
        "Routes": sorted(v2.get_routes(**of)["Items"], key=lambda one: one["RouteKey"]),
        "Authorizers": v2.get_authorizers(**of)["Items"],
        "Stages": v2.get_stages(**of)["Items"],
    }


def rest(api):
    v1, of = client["apigateway"], {"restApiId": api["id"]}
    stages = v1.get_stages(**of)["item"]
    return {
        **api,
        "resources": v1.get_resources(**of, embed=["methods"])["items"],
        "deployments": v1.get_deployments(**of)["items"],
        "stages": stages,
    }


def plans():
    v1 = client["apigateway"]
    for plan in v1.get_usage_plans()["items"]:
        keys = v1.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
        yield {**plan, "keys": sorted(key["name"] for key in keys)}


def bucket(name):
    s3 = client["s3"]
    tags = s3.get_bucket_tagging(Bucket=name)["TagSet"]
    return {
        "name": name,
        "tags": {tag["Key"]: tag["Value"] for tag in tags},
        "block": s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"],
        "keys": [one["Key"] for one in s3.list_objects_v2(Bucket=name).get("Contents", [])],
    }


def there(call, *keys, **named):
    """What a call gives under those keys; nothing where the thing is not there."""
    try:
        said = call(**named)
    except Exception as error:
        if "NotFound" not in type(error).__name__ and "NoSuch" not in type(error).__name__:
            raise
        return None
    for key in keys:
        said = (said or {}).get(key)
    if isinstance(said, dict):
        said.pop("ResponseMetadata", None)
    return said


def function(name):
    of, live = {"FunctionName": name}, {"FunctionName": name, "Qualifier": "live"}
    lambdas = client["lambda"]
    versions = lambdas.list_versions_by_function(**of)["Versions"]
    configuration = there(lambdas.get_function_configuration, **of)
    return {
        **configuration,
        "tags": lambdas.list_tags(Resource=configuration["FunctionArn"])["Tags"],
        "versions": [one["Version"] for one in versions if one["Version"] != "$LATEST"],
        "alias": there(lambdas.get_alias, FunctionName=name, Name="live"),
        "url": there(lambdas.get_function_url_config, **live),
        "reserved": there(lambdas.get_function_concurrency, "ReservedConcurrentExecutions", **of),
        "grants": json.loads(there(lambdas.get_policy, "Policy", **live) or "{}").get("Statement", []),
    }


def role(name):
    iam, of = client["iam"], {"RoleName": name}
    return {
        "name": name,
        "boundary": there(iam.get_role, "Role", "PermissionsBoundary", "PermissionsBoundaryArn", **of),
        "policy": there(iam.get_role_policy, "PolicyDocument", **of, PolicyName="fw"),
        "tags": iam.list_role_tags(**of)["Tags"],
    }


seen = {
    "functions": [function(one["FunctionName"]) for one in client["lambda"].list_functions()["Functions"]],
    "roles": [role(one["RoleName"]) for one in client["iam"].list_roles()["Roles"]],
    "groups": client["logs"].describe_log_groups()["logGroups"],
    "http": [http(api) for api in client["apigatewayv2"].get_apis()["Items"]],
    "rest": [rest(api) for api in client["apigateway"].get_rest_apis()["items"]],
    "keys": client["apigateway"].get_api_keys(includeValues=True)["items"],
    "plans": list(plans()),
    "buckets": [bucket(one["Name"]) for one in client["s3"].list_buckets()["Buckets"]],
}
print(json.dumps(seen, default=str))
