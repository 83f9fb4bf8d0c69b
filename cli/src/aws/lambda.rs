//! Lambda: the function, its versions, its alias, and who may invoke it.

use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use aws_sdk_lambda::{
    primitives::Blob,
    types::{
        AliasRoutingConfiguration, Architecture as SdkArchitecture, Cors as SdkCors, Environment,
        FunctionCode, FunctionConfiguration, FunctionUrlAuthType,
        InvocationType as SdkInvocationType, InvokeMode, LastUpdateStatus, LogType, Runtime,
        State as SdkState,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Account, Error, Operation, Result, Tags, download, options::Options};
use crate::{
    args::InvocationType,
    settings::{Architecture, Cors},
};

pub(super) const GET_FUNCTION: Operation = Operation::new("lambda", "GetFunction");
const LIST_TAGS: Operation = Operation::new("lambda", "ListTags");
pub(super) const CREATE_FUNCTION: Operation = Operation::new("lambda", "CreateFunction");
pub(super) const UPDATE_CODE: Operation = Operation::new("lambda", "UpdateFunctionCode");
pub(super) const UPDATE_CONFIGURATION: Operation =
    Operation::new("lambda", "UpdateFunctionConfiguration");
pub(super) const PUBLISH_VERSION: Operation = Operation::new("lambda", "PublishVersion");
pub(super) const GET_ALIAS: Operation = Operation::new("lambda", "GetAlias");
pub(super) const CREATE_ALIAS: Operation = Operation::new("lambda", "CreateAlias");
pub(super) const UPDATE_ALIAS: Operation = Operation::new("lambda", "UpdateAlias");
pub(super) const GET_POLICY: Operation = Operation::new("lambda", "GetPolicy");
pub(super) const ADD_PERMISSION: Operation = Operation::new("lambda", "AddPermission");
pub(super) const REMOVE_PERMISSION: Operation = Operation::new("lambda", "RemovePermission");
pub(super) const INVOKE: Operation = Operation::new("lambda", "InvokeFunction");
pub(super) const LIST_FUNCTIONS: Operation = Operation::new("lambda", "ListFunctions");
pub(super) const DELETE_FUNCTION: Operation = Operation::new("lambda", "DeleteFunction");
pub(super) const GET_URL: Operation = Operation::new("lambda", "GetFunctionUrlConfig");
pub(super) const CREATE_URL: Operation = Operation::new("lambda", "CreateFunctionUrlConfig");
pub(super) const UPDATE_URL: Operation = Operation::new("lambda", "UpdateFunctionUrlConfig");
pub(super) const DELETE_URL: Operation = Operation::new("lambda", "DeleteFunctionUrlConfig");
pub(super) const LIST_VERSIONS: Operation = Operation::new("lambda", "ListVersionsByFunction");

/// What is uploaded: the zip, and what Lambda will say about it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Code {
    /// The zip file.
    pub(crate) zip: Bytes,
    /// Its SHA-256 in base64, as Lambda's `CodeSha256`.
    pub(crate) sha256: String,
    /// The instruction set that it was built for.
    pub(crate) architecture: Architecture,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Code")
            .field("bytes", &self.zip.len())
            .field("sha256", &self.sha256)
            .field("architecture", &self.architecture)
            .finish()
    }
}

/// A function's configuration, besides its code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Configuration {
    /// The ARN of the role that it runs as.
    pub(crate) role: String,
    /// `provided.al2023`.
    pub(crate) runtime: String,
    /// What the app finds in `_HANDLER`.
    pub(crate) handler: String,
    /// Memory in MB.
    pub(crate) memory: u32,
    /// The timeout in seconds.
    pub(crate) timeout: u32,
    /// The environment variables.
    pub(crate) environment: BTreeMap<String, String>,
    /// All else.
    #[serde(default)]
    pub(crate) options: Options,
}

/// Whether a function can be invoked and changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Readiness {
    /// It can.
    Ready,
    /// Lambda is still making or changing it.
    Pending,
    /// Lambda gave up, and says why.
    Failed(String),
}

/// A function, or one version of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Function {
    /// Its code's SHA-256 in base64.
    pub(crate) sha256: String,
    /// Its code's size in bytes, zipped.
    pub(crate) size: u64,
    /// Its instruction set, by Lambda's name.
    pub(crate) architecture: String,
    /// Its configuration.
    pub(crate) configuration: Configuration,
    /// How many invocations are kept for the function, whatever its version.
    pub(crate) reserved: Option<u32>,
    /// Whether it can be invoked and changed.
    pub(crate) readiness: Readiness,
    /// The function's tags.
    pub(crate) tags: Tags,
}

/// What came of an invocation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Invoked {
    /// The result, or the error's document.
    pub(crate) payload: Bytes,
    /// Whether it is an error's document.
    pub(crate) failed: bool,
    /// The end of the log, where Lambda gave it.
    pub(crate) log: Option<String>,
}

/// Where an alias sends the traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alias {
    /// The version that takes all of it, or what the other one leaves.
    pub(crate) version: String,
    /// The version that takes a part of it.
    pub(crate) canary: Option<Canary>,
}

/// A version that takes a part of an alias' traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Canary {
    /// Its number.
    pub(crate) version: String,
    /// Its part in percent, 1 to 99.
    pub(crate) percent: u32,
}

/// How a function URL is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct UrlSettings {
    /// Whether callers sign their requests; everybody may call where they do not.
    pub(crate) iam: bool,
    /// Whether answers go out as they come.
    pub(crate) stream: bool,
    /// Its CORS configuration.
    pub(crate) cors: Option<Cors>,
}

/// An alias' URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FunctionUrl {
    /// The URL, without a slash at the end.
    pub(crate) url: String,
    /// How it is set up.
    pub(crate) settings: UrlSettings,
}

/// What a statement of a resource policy allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Allows {
    /// Invoking, for a service.
    #[default]
    Service,
    /// Calling the URL without a signature, for everybody.
    Url,
    /// Invoking, for everybody, through the URL alone (Lambda developer guide, "Control access to Lambda function URLs": a
    /// URL of `NONE` needs both).
    ThroughUrl,
}

/// One statement of a function's resource policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    /// The statement's id.
    pub(crate) id: String,
    /// The service that may invoke: `apigateway.amazonaws.com`.
    pub(crate) principal: String,
    /// The ARN pattern that the caller must match.
    pub(crate) source: String,
    /// What it allows.
    pub(crate) allows: Allows,
}

impl Grant {
    /// Lets everybody call the URL.
    pub(crate) fn of_url(id: impl Into<String>, allows: Allows) -> Self {
        Self {
            id: id.into(),
            principal: "*".to_owned(),
            source: String::new(),
            allows,
        }
    }

    /// Lets API Gateway invoke for every API and route that the ARN pattern matches.
    pub(crate) fn of_api(id: impl Into<String>, source: String) -> Self {
        Self {
            id: id.into(),
            principal: "apigateway.amazonaws.com".to_owned(),
            source,
            allows: Allows::Service,
        }
    }
}

/// The calls used. `qualifier` is a version's number or an alias.
pub(crate) trait Lambda {
    /// `GetFunction`, of a version or of what is not yet published.
    async fn function(&self, name: &str, qualifier: Option<&str>) -> Result<Option<Function>>;
    /// `GetFunction` of a version, and from the place that it names the end of the zip, with zeros before it.
    async fn code(&self, name: &str, version: &str) -> Result<Bytes>;
    /// `CreateFunction` with its first version; gives the version's number.
    async fn create_function(
        &self,
        name: &str,
        code: &Code,
        configuration: &Configuration,
        tags: &Tags,
    ) -> Result<String>;
    /// `UpdateFunctionCode`, and a version of it in the same call when that is wanted; gives the version's number, or
    /// `$LATEST`.
    async fn update_code(&self, name: &str, code: &Code, publish: bool) -> Result<String>;
    /// `UpdateFunctionConfiguration`.
    async fn update_configuration(&self, name: &str, configuration: &Configuration) -> Result<()>;
    /// `PublishVersion` of exactly that code; gives the version's number.
    async fn publish_version(&self, name: &str, sha256: &str) -> Result<String>;
    /// `ListVersionsByFunction`: what is published, by number, without tags.
    async fn versions(&self, name: &str) -> Result<Vec<(String, Function)>>;
    /// `GetAlias`: where it sends the traffic.
    async fn alias(&self, name: &str, alias: &str) -> Result<Option<Alias>>;
    /// `CreateAlias`.
    async fn create_alias(&self, name: &str, alias: &str, version: &str) -> Result<()>;
    /// `UpdateAlias`: all traffic to that version, but for what the canary takes.
    async fn update_alias(
        &self,
        name: &str,
        alias: &str,
        version: &str,
        canary: Option<&Canary>,
    ) -> Result<()>;
    /// `GetFunctionUrlConfig` of an alias.
    async fn function_url(&self, name: &str, alias: &str) -> Result<Option<FunctionUrl>>;
    /// `CreateFunctionUrlConfig`: gives the URL.
    async fn create_function_url(
        &self,
        name: &str,
        alias: &str,
        settings: &UrlSettings,
    ) -> Result<String>;
    /// `UpdateFunctionUrlConfig`.
    async fn update_function_url(
        &self,
        name: &str,
        alias: &str,
        settings: &UrlSettings,
    ) -> Result<()>;
    /// `DeleteFunctionUrlConfig`.
    async fn delete_function_url(&self, name: &str, alias: &str) -> Result<()>;
    /// `GetPolicy`: who may invoke the alias.
    async fn grants(&self, name: &str, qualifier: &str) -> Result<Vec<Grant>>;
    /// `AddPermission`: lets that service invoke the alias.
    async fn add_permission(&self, name: &str, qualifier: &str, grant: &Grant) -> Result<()>;
    /// `RemovePermission`.
    async fn remove_permission(&self, name: &str, qualifier: &str, id: &str) -> Result<()>;
    /// `Invoke`, with the end of the log.
    async fn invoke(
        &self,
        name: &str,
        qualifier: Option<&str>,
        kind: InvocationType,
        event: Bytes,
        client_context: Option<&str>,
    ) -> Result<Invoked>;
    /// `ListFunctions`: the names on its first page, in Lambda's order.
    async fn functions(&self) -> Result<Vec<String>>;
    /// `DeleteFunction`, with all versions and aliases.
    async fn delete_function(&self, name: &str) -> Result<()>;
    /// `DeleteFunction` of one version.
    async fn delete_version(&self, name: &str, version: &str) -> Result<()>;
}

impl Lambda for Account {
    async fn function(&self, name: &str, qualifier: Option<&str>) -> Result<Option<Function>> {
        let request = self
            .lambda
            .get_function()
            .function_name(name)
            .set_qualifier(qualifier.map(str::to_owned));
        let Some(answer) = GET_FUNCTION.sort_found(request.send().await)? else {
            return Ok(None);
        };
        // Without permission to list tags, Lambda answers and leaves them out: then nobody knows whose it is.
        if let Some(error) = &answer.tags_error {
            return Err(Error::answered(
                LIST_TAGS,
                error.error_code(),
                error.message(),
            ));
        }
        let Some(found) = &answer.configuration else {
            return Ok(None);
        };
        let tags = answer.tags.clone().unwrap_or_default();
        let reserved = answer.concurrency.as_ref();
        let reserved = reserved.and_then(|one| one.reserved_concurrent_executions);
        Ok(Some(Function {
            reserved: reserved.and_then(|count| u32::try_from(count).ok()),
            ..seen(found, tags.into_iter().collect())
        }))
    }

    async fn code(&self, name: &str, version: &str) -> Result<Bytes> {
        let request = self.lambda.get_function().function_name(name);
        let answer = GET_FUNCTION.sort(request.qualifier(version).send().await)?;
        let url = answer.code().and_then(|code| code.location());
        let url =
            url.ok_or_else(|| Error::answered(GET_FUNCTION, "", "it names no place of the code"))?;
        let end = download::end_of(url).await;
        end.map_err(|reason| Error::answered(GET_FUNCTION, "", reason))
    }

    async fn create_function(
        &self,
        name: &str,
        code: &Code,
        configuration: &Configuration,
        tags: &Tags,
    ) -> Result<String> {
        let request = self
            .lambda
            .create_function()
            .function_name(name)
            .code(
                FunctionCode::builder()
                    .zip_file(Blob::new(code.zip.to_vec()))
                    .build(),
            )
            .architectures(code.architecture.as_str().into())
            .role(&configuration.role)
            .runtime(configuration.runtime.as_str().into())
            .handler(&configuration.handler)
            .memory_size(number(configuration.memory))
            .timeout(number(configuration.timeout))
            .environment(environment(configuration))
            .publish(true)
            .set_tags(Some(tags.clone().into_iter().collect()));
        let request = configuration.options.on_create(request);
        let answer = CREATE_FUNCTION.sort(request.send().await)?;
        number_in(CREATE_FUNCTION, answer.version)
    }

    async fn update_code(&self, name: &str, code: &Code, publish: bool) -> Result<String> {
        let request = self
            .lambda
            .update_function_code()
            .function_name(name)
            .zip_file(Blob::new(code.zip.to_vec()))
            .architectures(code.architecture.as_str().into())
            .publish(publish);
        let answer = UPDATE_CODE.sort(request.send().await)?;
        number_in(UPDATE_CODE, answer.version)
    }

    async fn update_configuration(&self, name: &str, configuration: &Configuration) -> Result<()> {
        let request = self
            .lambda
            .update_function_configuration()
            .function_name(name)
            .role(&configuration.role)
            .runtime(configuration.runtime.as_str().into())
            .handler(&configuration.handler)
            .memory_size(number(configuration.memory))
            .timeout(number(configuration.timeout))
            .environment(environment(configuration));
        let request = configuration.options.on_update(request);
        UPDATE_CONFIGURATION.sort(request.send().await).map(drop)
    }

    async fn publish_version(&self, name: &str, sha256: &str) -> Result<String> {
        let request = self
            .lambda
            .publish_version()
            .function_name(name)
            .code_sha256(sha256);
        let answer = PUBLISH_VERSION.sort(request.send().await)?;
        number_in(PUBLISH_VERSION, answer.version)
    }

    async fn versions(&self, name: &str) -> Result<Vec<(String, Function)>> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let request = self.lambda.list_versions_by_function();
            let request = request.function_name(name).set_marker(next);
            let Some(answer) = LIST_VERSIONS.sort_found(request.send().await)? else {
                return Ok(found);
            };
            found.extend(answer.versions().iter().filter_map(|one| {
                let number = one.version().filter(|version| *version != "$LATEST")?;
                Some((number.to_owned(), seen(one, Tags::new())))
            }));
            next = answer.next_marker;
            if next.is_none() {
                return Ok(found);
            }
        }
    }

    async fn alias(&self, name: &str, alias: &str) -> Result<Option<Alias>> {
        let request = self.lambda.get_alias().function_name(name).name(alias);
        let Some(answer) = GET_ALIAS.sort_found(request.send().await)? else {
            return Ok(None);
        };
        let weights = answer
            .routing_config
            .and_then(|routing| routing.additional_version_weights)
            .unwrap_or_default();
        // An alias has one additional version at the most (Lambda API reference, `AliasRoutingConfiguration`).
        let canary = weights.into_iter().next().map(|(version, weight)| Canary {
            version,
            percent: percent(weight),
        });
        Ok(answer
            .function_version
            .map(|version| Alias { version, canary }))
    }

    async fn create_alias(&self, name: &str, alias: &str, version: &str) -> Result<()> {
        let request = self
            .lambda
            .create_alias()
            .function_name(name)
            .name(alias)
            .function_version(version);
        CREATE_ALIAS.sort(request.send().await).map(drop)
    }

    async fn update_alias(
        &self,
        name: &str,
        alias: &str,
        version: &str,
        canary: Option<&Canary>,
    ) -> Result<()> {
        let weights: HashMap<String, f64> = canary
            .into_iter()
            .map(|canary| (canary.version.clone(), f64::from(canary.percent) / 100.0))
            .collect();
        let request = self
            .lambda
            .update_alias()
            .function_name(name)
            .name(alias)
            .function_version(version)
            // Weights that are not taken back would go on sending traffic elsewhere.
            .routing_config(
                AliasRoutingConfiguration::builder()
                    .set_additional_version_weights(Some(weights))
                    .build(),
            );
        UPDATE_ALIAS.sort(request.send().await).map(drop)
    }

    async fn function_url(&self, name: &str, alias: &str) -> Result<Option<FunctionUrl>> {
        let request = self.lambda.get_function_url_config().function_name(name);
        let answer = request.qualifier(alias).send().await;
        let found = GET_URL.sort_found(answer)?;
        Ok(found.map(|found| FunctionUrl {
            url: found.function_url().trim_end_matches('/').to_owned(),
            settings: UrlSettings {
                iam: *found.auth_type() == FunctionUrlAuthType::AwsIam,
                stream: found.invoke_mode() == Some(&InvokeMode::ResponseStream),
                cors: found.cors().map(cors_from_sdk),
            },
        }))
    }

    async fn create_function_url(
        &self,
        name: &str,
        alias: &str,
        settings: &UrlSettings,
    ) -> Result<String> {
        let request = self
            .lambda
            .create_function_url_config()
            .function_name(name)
            .qualifier(alias)
            .auth_type(auth_type(settings))
            .invoke_mode(invoke_mode(settings))
            .set_cors(settings.cors.as_ref().map(cors_to_sdk));
        let answer = CREATE_URL.sort(request.send().await)?;
        Ok(answer.function_url.trim_end_matches('/').to_owned())
    }

    async fn update_function_url(
        &self,
        name: &str,
        alias: &str,
        settings: &UrlSettings,
    ) -> Result<()> {
        let request = self
            .lambda
            .update_function_url_config()
            .function_name(name)
            .qualifier(alias)
            .auth_type(auth_type(settings))
            .invoke_mode(invoke_mode(settings))
            // An empty configuration takes away the one before; what is left out would stay.
            .cors(cors_to_sdk(&settings.cors.clone().unwrap_or_default()));
        UPDATE_URL.sort(request.send().await).map(drop)
    }

    async fn delete_function_url(&self, name: &str, alias: &str) -> Result<()> {
        let request = self.lambda.delete_function_url_config().function_name(name);
        let answer = request.qualifier(alias).send().await;
        DELETE_URL.sort(answer).map(drop)
    }

    async fn grants(&self, name: &str, qualifier: &str) -> Result<Vec<Grant>> {
        let request = self
            .lambda
            .get_policy()
            .function_name(name)
            .qualifier(qualifier);
        let answer = GET_POLICY.sort_found(request.send().await)?;
        let policy = answer.and_then(|answer| answer.policy).unwrap_or_default();
        Ok(statements(&policy))
    }

    async fn add_permission(&self, name: &str, qualifier: &str, grant: &Grant) -> Result<()> {
        let request = self
            .lambda
            .add_permission()
            .function_name(name)
            .qualifier(qualifier)
            .statement_id(&grant.id)
            .principal(&grant.principal);
        let request = match grant.allows {
            Allows::Service => request
                .action("lambda:InvokeFunction")
                .source_arn(&grant.source),
            Allows::Url => request
                .action("lambda:InvokeFunctionUrl")
                .function_url_auth_type(FunctionUrlAuthType::None),
            Allows::ThroughUrl => request
                .action("lambda:InvokeFunction")
                .invoked_via_function_url(true),
        };
        ADD_PERMISSION.sort(request.send().await).map(drop)
    }

    async fn remove_permission(&self, name: &str, qualifier: &str, id: &str) -> Result<()> {
        let request = self
            .lambda
            .remove_permission()
            .function_name(name)
            .qualifier(qualifier)
            .statement_id(id);
        REMOVE_PERMISSION.sort(request.send().await).map(drop)
    }

    async fn invoke(
        &self,
        name: &str,
        qualifier: Option<&str>,
        kind: InvocationType,
        event: Bytes,
        client_context: Option<&str>,
    ) -> Result<Invoked> {
        let (kind, log) = match kind {
            InvocationType::RequestResponse => {
                (SdkInvocationType::RequestResponse, Some(LogType::Tail))
            }
            InvocationType::Event => (SdkInvocationType::Event, None),
            InvocationType::DryRun => (SdkInvocationType::DryRun, None),
        };
        let request = self
            .lambda
            .invoke()
            .function_name(name)
            .set_qualifier(qualifier.map(str::to_owned))
            .invocation_type(kind)
            .set_log_type(log)
            .set_client_context(client_context.map(|context| STANDARD.encode(context)))
            .payload(Blob::new(event.to_vec()));
        let answer = INVOKE.sort(request.send().await)?;
        Ok(Invoked {
            failed: answer.function_error().is_some(),
            log: answer.log_result().map(decoded),
            payload: answer
                .payload
                .map(|payload| payload.into_inner().into())
                .unwrap_or_default(),
        })
    }

    async fn functions(&self) -> Result<Vec<String>> {
        let answer = LIST_FUNCTIONS.sort(self.lambda.list_functions().send().await)?;
        let names = answer
            .functions()
            .iter()
            .filter_map(|one| one.function_name());
        Ok(names.map(str::to_owned).collect())
    }

    async fn delete_function(&self, name: &str) -> Result<()> {
        let request = self.lambda.delete_function().function_name(name);
        DELETE_FUNCTION.sort(request.send().await).map(drop)
    }

    async fn delete_version(&self, name: &str, version: &str) -> Result<()> {
        let request = self.lambda.delete_function().function_name(name);
        let answer = request.qualifier(version).send().await;
        DELETE_FUNCTION.sort(answer).map(drop)
    }
}

/// A function, or a version of it, as it is listed.
fn seen(found: &FunctionConfiguration, tags: Tags) -> Function {
    Function {
        sha256: found.code_sha256().unwrap_or_default().to_owned(),
        size: u64::try_from(found.code_size()).unwrap_or_default(),
        architecture: found
            .architectures()
            .first()
            .map_or("x86_64", SdkArchitecture::as_str)
            .to_owned(),
        configuration: configuration(found),
        reserved: None,
        readiness: readiness(found),
        tags,
    }
}

/// The version that an answer names.
fn number_in(operation: Operation, version: Option<String>) -> Result<String> {
    version.ok_or_else(|| Error::answered(operation, "", "the answer has no version in it"))
}

/// A weight, 0 to 1, in percent.
fn percent(weight: f64) -> u32 {
    (1..=100)
        .find(|percent| f64::from(*percent) / 100.0 + 0.005 > weight)
        .unwrap_or(100)
}

fn auth_type(settings: &UrlSettings) -> FunctionUrlAuthType {
    match settings.iam {
        true => FunctionUrlAuthType::AwsIam,
        false => FunctionUrlAuthType::None,
    }
}

fn invoke_mode(settings: &UrlSettings) -> InvokeMode {
    match settings.stream {
        true => InvokeMode::ResponseStream,
        false => InvokeMode::Buffered,
    }
}

fn cors_to_sdk(cors: &Cors) -> SdkCors {
    let list = |values: &[String]| Some(values.to_vec()).filter(|values| !values.is_empty());
    SdkCors::builder()
        .set_allow_origins(list(&cors.allow_origins))
        .set_allow_methods(list(&cors.allow_methods))
        .set_allow_headers(list(&cors.allow_headers))
        .set_expose_headers(list(&cors.expose_headers))
        .set_max_age(cors.max_age.and_then(|age| i32::try_from(age).ok()))
        .allow_credentials(cors.allow_credentials)
        .build()
}

fn cors_from_sdk(cors: &SdkCors) -> Cors {
    Cors {
        allow_origins: cors.allow_origins().to_vec(),
        allow_methods: cors.allow_methods().to_vec(),
        allow_headers: cors.allow_headers().to_vec(),
        expose_headers: cors.expose_headers().to_vec(),
        max_age: cors.max_age().and_then(|age| u32::try_from(age).ok()),
        allow_credentials: cors.allow_credentials().unwrap_or(false),
    }
}

/// The SDK's integers are signed; the settings' ranges fit.
fn number(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn environment(configuration: &Configuration) -> Environment {
    Environment::builder()
        .set_variables(Some(
            configuration.environment.clone().into_iter().collect(),
        ))
        .build()
}

fn configuration(found: &FunctionConfiguration) -> Configuration {
    let variables = found
        .environment()
        .and_then(|environment| environment.variables())
        .cloned()
        .unwrap_or_default();
    Configuration {
        role: found.role().unwrap_or_default().to_owned(),
        runtime: found.runtime().map_or("", Runtime::as_str).to_owned(),
        handler: found.handler().unwrap_or_default().to_owned(),
        memory: found
            .memory_size()
            .and_then(|size| u32::try_from(size).ok())
            .unwrap_or_default(),
        timeout: found
            .timeout()
            .and_then(|seconds| u32::try_from(seconds).ok())
            .unwrap_or_default(),
        environment: variables.into_iter().collect(),
        options: Options::seen(found),
    }
}

/// `State` and `LastUpdateStatus` together (Lambda developer guide, "Lambda function states").
fn readiness(found: &FunctionConfiguration) -> Readiness {
    match (found.state(), found.last_update_status()) {
        (Some(SdkState::Failed), _) => {
            Readiness::Failed(found.state_reason().unwrap_or("no reason given").to_owned())
        }
        (Some(SdkState::Pending), _) | (_, Some(LastUpdateStatus::InProgress)) => {
            Readiness::Pending
        }
        (_, Some(LastUpdateStatus::Failed)) => Readiness::Failed(
            found
                .last_update_status_reason()
                .unwrap_or("no reason given")
                .to_owned(),
        ),
        // An idle function is `Inactive`; it can be changed, and wakes when it is invoked.
        _ => Readiness::Ready,
    }
}

/// The log as Lambda gives it: base64.
fn decoded(log: &str) -> String {
    let bytes = STANDARD.decode(log).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The statements of a resource policy that let a service invoke.
fn statements(policy: &str) -> Vec<Grant> {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = policy["Statement"].as_array();
    list.into_iter()
        .flatten()
        .map(|statement| {
            let principal = &statement["Principal"];
            let everybody = *principal == "*" || principal["AWS"] == "*";
            Grant {
                id: text(&statement["Sid"]),
                principal: match everybody {
                    true => "*".to_owned(),
                    false => text(&principal["Service"]),
                },
                source: text(&statement["Condition"]["ArnLike"]["AWS:SourceArn"]),
                allows: match everybody {
                    false => Allows::Service,
                    true if statement["Action"] == "lambda:InvokeFunctionUrl" => Allows::Url,
                    true => Allows::ThroughUrl,
                },
            }
        })
        .collect()
}
