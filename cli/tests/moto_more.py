"""moto's server, with the few calls of API Gateway that it lacks and deploys make.

Usage: python moto_more.py ARGUMENTS, as `moto_server ARGUMENTS`; or imported, for what it adds (`.ci/e2e.py`, `.ci/bench_deploy.py`).

Added are reads and changes of what moto already keeps: nothing here answers for AWS what moto would answer otherwise.
"""

import json
from urllib.parse import unquote

import xmltodict
from moto.apigateway.models import APIGatewayBackend, apigateway_backends
from moto.apigateway.models import Stage as RestStage
from moto.apigateway.responses import APIGatewayResponse
from moto.apigateway.urls import url_paths as v1_paths
from moto.apigatewayv2.models import ApiGatewayV2Backend as V2Backend
from moto.apigatewayv2.models import Route
from moto.apigatewayv2.responses import ApiGatewayV2Response as V2
from moto.apigatewayv2.urls import url_paths as v2_paths
from moto.awslambda.models import LambdaBackend
from moto.awslambda.responses import LambdaResponse
from moto.awslambda.utils import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult
from moto.moto_api._internal.urls import url_paths as moto_paths
from moto.resourcegroupstaggingapi.models import ResourceGroupsTaggingAPIBackend
from moto.s3.responses import S3Response


def words(path):
    return [unquote(word) for word in path.split("/v2/apis/")[1].split("/")]


def get_authorizers(self):
    api = self.apigatewayv2_backend.get_api(words(self.path)[0])
    return 200, {}, json.dumps({"items": [one.to_json() for one in api.authorizers.values()]})


def stage_of(self):
    api, _, name = words(self.path)[:3]
    return self.apigatewayv2_backend.get_stage(api, name)


def update_stage(self):
    """What is not said stays; an empty stage variable goes."""
    stage = stage_of(self)
    said = json.loads(self.body)
    stage.auto_deploy = said.get("autoDeploy", stage.auto_deploy)
    stage.default_route_settings = {**stage.default_route_settings, **said.get("defaultRouteSettings", {})}
    stage.route_settings = {**stage.route_settings, **said.get("routeSettings", {})}
    variables = {**stage.stage_variables, **said.get("stageVariables", {})}
    stage.stage_variables = {name: value for name, value in variables.items() if value}
    stage.access_log_settings = said.get("accessLogSettings", stage.access_log_settings)
    return 200, {}, json.dumps(stage.to_json())


def delete_route_settings(self):
    stage_of(self).route_settings.pop("/".join(words(self.path)[4:]), None)
    return 204, {}, ""


def delete_access_log_settings(self):
    stage_of(self).access_log_settings = None
    return 204, {}, ""


def domain_of(self):
    return self.path.split("/v2/domainnames/")[1].split("/")


def update_domain_name(self):
    domain = self.apigatewayv2_backend.get_domain_name(domain_of(self)[0])
    domain.domain_name_configurations = json.loads(self.body)["domainNameConfigurations"]
    return 200, {}, json.dumps(domain.to_json())


def update_api_mapping(self):
    domain, _, name = domain_of(self)
    mapping = self.apigatewayv2_backend.get_api_mapping(name, domain)
    said = json.loads(self.body)
    mapping.api_id, mapping.stage = said.get("apiId", mapping.api_id), said.get("stage", mapping.stage)
    return 200, {}, json.dumps(mapping.to_json())


V2.get_authorizers = get_authorizers
V2.update_domain_name = update_domain_name
V2.update_api_mapping = update_api_mapping
V2.update_stage = update_stage
V2.delete_route_settings = delete_route_settings
V2.delete_access_log_settings = delete_access_log_settings
STAGE = "{0}/v2/apis/(?P<api_id>[^/]+)/stages/(?P<stage_name>[^/]+)"
MORE = {
    STAGE + "/routesettings/(?P<route_key>.+)$": V2.dispatch,
    STAGE + "/accesslogsettings$": V2.dispatch,
}
v2_paths.update(MORE)
v1_paths.update(MORE)

mapped = V2Backend.create_api_mapping


def create_api_mapping(self, api_id, *more, **named):
    """A mapping leads to REST APIs too, which moto keeps elsewhere."""
    rests = apigateway_backends[self.account_id][self.region_name].apis
    borrowed = api_id in rests and api_id not in self.apis
    if borrowed:
        self.apis[api_id] = rests[api_id]
    try:
        return mapped(self, api_id, *more, **named)
    finally:
        if borrowed:
            del self.apis[api_id]


V2Backend.create_api_mapping = create_api_mapping

changed = Route.update


def update_route(self, *, authorization_scopes=None, **more):
    """moto takes an empty list of scopes for none said."""
    changed(self, authorization_scopes=authorization_scopes, **more)
    if authorization_scopes is not None:
        self.authorization_scopes = authorization_scopes


Route.update = update_route

arguments = APIGatewayBackend._build_integration_args


def integration_arguments(self, integration):
    """A mock has neither address nor method, which moto asks of each."""
    return {"uri": "", "integration_method": "POST", **{k: v for k, v in arguments(self, integration).items() if v is not None}}


APIGatewayBackend._build_integration_args = integration_arguments

put = APIGatewayBackend.put_rest_api


def put_rest_api(self, function_id, api_doc, *more, **named):
    """API Gateway calls the method for all of them `ANY`; and moto leaves who may call, which it keeps of other ways to say it."""
    said = json.loads(json.dumps(api_doc))
    for methods in api_doc["paths"].values():
        if any_method := methods.pop("x-amazon-apigateway-any-method", None):
            methods["any"] = any_method
    api = put(self, function_id, api_doc, *more, **named)
    schemes = api_doc.get("components", {}).get("securitySchemes", {})
    api.document = said
    api.authorizers.clear()
    ids = {}
    for name, said in schemes.items():
        if asks := said.get("x-amazon-apigateway-authorizer"):
            source = asks.get("identitySource")
            if asks["type"] == "token":
                source = "method.request.header." + said["name"]
            more = {"auth_type": "custom", "authorizer_uri": asks["authorizerUri"], "identity_source": source}
            ttl = asks.get("authorizerResultTtlInSeconds")
            made = self.create_authorizer(function_id, name, asks["type"].upper(), authorizer_result_ttl=ttl, **more)
            ids[name] = made.id
    for path, methods in api_doc["paths"].items():
        for word, said in methods.items():
            method = api.get_resource_for_path(path).resource_methods[word.upper()]
            asked = {name for one in said.get("security", []) for name in one}
            signed = any(schemes[name].get("x-amazon-apigateway-authtype") == "awsSigv4" for name in asked)
            method.authorizer_id = next((ids[name] for name in asked if name in ids), None)
            method.authorization_type = "AWS_IAM" if signed else "CUSTOM" if method.authorizer_id else "NONE"
            method.api_key_required = any(schemes[name]["name"] == "x-api-key" for name in asked if name not in ids)
    return api


APIGatewayBackend.put_rest_api = put_rest_api

deployed = APIGatewayBackend.create_deployment


def create_deployment(self, function_id, *more, **named):
    """What a stage serves is the document of then."""
    made = deployed(self, function_id, *more, **named)
    made.document = self.get_rest_api(function_id).document
    return made


def get_export(self):
    _, _, api, _, stage = self.path.split("/")[:5]
    held = self.backend.get_rest_api(api)
    document = held.deployments[held.stages[stage].deployment_id].document
    return 200, {"content-type": "application/json"}, json.dumps(document)


APIGatewayBackend.create_deployment = create_deployment
APIGatewayResponse.get_export = get_export

applied = RestStage.apply_operations


def apply_operations(self, patch_operations):
    """moto leaves the settings of methods that are to be removed."""
    for op in patch_operations:
        if op["op"] == "remove":
            self.method_settings.pop(op["path"].removeprefix("/"), None)
    return applied(self, patch_operations)


RestStage.apply_operations = apply_operations

deleted = APIGatewayBackend.delete_api_key


def delete_api_key(self, api_key_id):
    """moto leaves a key that is gone in its usage plans."""
    for keys in self.usage_plan_keys.values():
        keys.pop(api_key_id, None)
    return deleted(self, api_key_id)


APIGatewayBackend.delete_api_key = delete_api_key

tagged, untagged = APIGatewayResponse.tag_resource, APIGatewayResponse.untag_resource


def tag_resource(self):
    """moto has tags of stages alone."""
    kind, name = unquote(self.path).split("/")[-2:]
    if kind != "restapis":
        return tagged(self)
    api = self.backend.get_rest_api(name)
    api.tags = {**(api.tags or {}), **self._get_param("tags")}
    return ""


def untag_resource(self):
    kind, name = unquote(self.path).split("/")[-2:]
    if kind != "restapis":
        return untagged(self)
    api = self.backend.get_rest_api(name)
    gone = self.querystring.get("tagKeys", [])
    api.tags = {key: value for key, value in (api.tags or {}).items() if key not in gone}
    return ""


APIGatewayResponse.tag_resource = tag_resource
APIGatewayResponse.untag_resource = untag_resource
REST_TAGS = "{0}/tags/arn:(?P<partition>[^/]+):apigateway:(?P<region_name>[^/]+)::/restapis/(?P<function_id>[^/]+)$"
v1_paths[REST_TAGS] = APIGatewayResponse.dispatch

got_function = LambdaResponse.get_function


def get_function(self):
    """moto names a place for the code at which nothing lies."""
    said = json.loads(got_function(self))
    version = self._get_param("Qualifier") or "latest"
    place = f"{self.region}/{said['Configuration']['FunctionName']}/{version}"
    said["Code"]["Location"] = f"http://{self.headers['Host']}/moto-api/code/{place}"
    return json.dumps(said)


def code(_request, full_url, _headers):
    """A version's zip, as it was uploaded."""
    region, name, version = full_url.split("?")[0].split("/")[-3:]
    qualifier = None if version == "latest" else version
    zipped = get_backend(DEFAULT_ACCOUNT_ID, region).get_function(unquote(name), qualifier).code_bytes
    return 200, {"Content-Type": "application/zip"}, zipped


LambdaResponse.get_function = get_function
moto_paths["{0}/moto-api/code/(?P<region>[^/]+)/(?P<name>[^/]+)/(?P<version>[^/]+)$"] = code

# moto looks for the tags of functions that containers run, and these are run by none.
ResourceGroupsTaggingAPIBackend.lambda_backend = property(lambda self: get_backend(self.account_id, self.region_name))

put_config = LambdaBackend.put_function_event_invoke_config


def put_function_event_invoke_config(self, function_name, config):
    """moto keeps the first configuration that was put; Lambda replaces it."""
    self.get_function(function_name).event_invoke_config.clear()
    return put_config(self, function_name, config)


LambdaBackend.put_function_event_invoke_config = put_function_event_invoke_config

put_bucket = S3Response._bucket_response_put


def bucket_response_put(self, request, bucket_name, querystring):
    """moto leaves the tags that are given with the call that makes a bucket."""
    answer = put_bucket(self, request, bucket_name, querystring)
    said = xmltodict.parse(self.body) if self.body and not querystring else {}
    tags = ((said.get("CreateBucketConfiguration") or {}).get("Tags") or {}).get("Tag") or []
    if tags:
        tags = tags if isinstance(tags, list) else [tags]
        self.backend.put_bucket_tagging(bucket_name, {one["Key"]: one["Value"] for one in tags})
    return answer


S3Response._bucket_response_put = bucket_response_put

get_notification = S3Response.get_bucket_notification


def get_bucket_notification(self):
    """moto names the document of a bucket that reports nothing another way than S3 does, and gives one rule of a filter as no list."""
    found = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if not found:
        self.data["Action"] = "GetBucketNotificationConfiguration"
        return self.serialized(ActionResult({}))
    for one in [*found.topic, *found.queue, *found.cloud_function]:
        rules = ((one.filters or {}).get("S3Key") or {}).get("FilterRule")
        if isinstance(rules, dict):
            one.filters["S3Key"]["FilterRule"] = [rules]
    return get_notification(self)


S3Response.get_bucket_notification = get_bucket_notification

if __name__ == "__main__":
    from moto.server import main

    main()
