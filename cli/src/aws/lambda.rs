//! Lambda: the function, its versions, its alias, and who may invoke it.

mod model;
mod parts;

use std::collections::{BTreeMap, HashMap};

use aws_sdk_lambda::{
    primitives::Blob,
    types::{
        AliasRoutingConfiguration, FunctionCode, FunctionUrlAuthType,
        InvocationType as SdkInvocationType, InvokeMode, LogType,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;

pub(crate) use self::model::{
    Alias, Allows, Canary, Configuration, Function, FunctionUrl, Grant, Invoked, Readiness,
    UrlSettings,
};
use self::parts::{
    auth_type, cors_from_sdk, cors_to_sdk, decoded, environment, invoke_mode, named_alias, number,
    number_in, seen, statements,
};
use super::{download, s3};
use crate::{
    aws::{
        account::Account,
        error::{Error, Kind, Operation, Result},
    },
    values::{
        code::{Code, Way},
        lambda::InvocationType,
        names::Tags,
    },
};

pub(super) const GET_FUNCTION: Operation = Operation::new("lambda", "GetFunction");
const LIST_TAGS: Operation = Operation::new("lambda", "ListTags");
pub(super) const CREATE_FUNCTION: Operation = Operation::new("lambda", "CreateFunction");
pub(super) const UPDATE_CODE: Operation = Operation::new("lambda", "UpdateFunctionCode");
pub(super) const UPDATE_CONFIGURATION: Operation =
    Operation::new("lambda", "UpdateFunctionConfiguration");
pub(super) const PUBLISH_VERSION: Operation = Operation::new("lambda", "PublishVersion");
pub(super) const LIST_ALIASES: Operation = Operation::new("lambda", "ListAliases");
pub(super) const CREATE_ALIAS: Operation = Operation::new("lambda", "CreateAlias");
pub(super) const UPDATE_ALIAS: Operation = Operation::new("lambda", "UpdateAlias");
pub(super) const GET_POLICY: Operation = Operation::new("lambda", "GetPolicy");
pub(super) const ADD_PERMISSION: Operation = Operation::new("lambda", "AddPermission");
pub(super) const REMOVE_PERMISSION: Operation = Operation::new("lambda", "RemovePermission");
pub(super) const INVOKE: Operation = Operation::new("lambda", "InvokeFunction");
pub(super) const LIST_FUNCTIONS: Operation = Operation::new("lambda", "ListFunctions");
pub(super) const DELETE_FUNCTION: Operation = Operation::new("lambda", "DeleteFunction");
pub(super) const GET_URL: Operation = Operation::new("lambda", "GetFunctionUrlConfig");
pub(crate) const CREATE_URL: Operation = Operation::new("lambda", "CreateFunctionUrlConfig");
pub(crate) const UPDATE_URL: Operation = Operation::new("lambda", "UpdateFunctionUrlConfig");
pub(crate) const DELETE_URL: Operation = Operation::new("lambda", "DeleteFunctionUrlConfig");
pub(super) const LIST_VERSIONS: Operation = Operation::new("lambda", "ListVersionsByFunction");

/// The calls used. `qualifier` is a version's number or an alias.
pub(crate) trait Lambda {
    /// `GetFunction`, of a version or of what is not yet published.
    async fn function(&self, name: &str, qualifier: Option<&str>) -> Result<Option<Function>>;
    /// `GetFunction` of a version, and from the place that it names the end of the zip, with zeros before it.
    async fn code(&self, name: &str, version: &str) -> Result<Bytes>;
    /// `CreateFunction` with its first version; returns the version's number.
    async fn create_function(
        &self,
        name: &str,
        code: &Code,
        configuration: &Configuration,
        tags: &Tags,
    ) -> Result<String>;
    /// `UpdateFunctionCode`, optionally with a version in the same call; returns the version's
    /// number, or `$LATEST`.
    async fn update_code(&self, name: &str, code: &Code, publish: bool) -> Result<String>;
    /// `UpdateFunctionConfiguration`.
    async fn update_configuration(&self, name: &str, configuration: &Configuration) -> Result<()>;
    /// `PublishVersion` of exactly this code; returns the version's number.
    async fn publish_version(&self, name: &str, sha256: &str) -> Result<String>;
    /// `ListVersionsByFunction`: what is published, by number, without tags.
    async fn versions(&self, name: &str) -> Result<Vec<(String, Function)>>;
    /// `ListAliases`: where each sends the traffic, by name.
    async fn aliases(&self, name: &str) -> Result<BTreeMap<String, Alias>>;
    /// `CreateAlias`.
    async fn create_alias(&self, name: &str, alias: &str, version: &str) -> Result<()>;
    /// `UpdateAlias`: all traffic to this version, except the canary's part.
    async fn update_alias(
        &self,
        name: &str,
        alias: &str,
        version: &str,
        canary: Option<&Canary>,
    ) -> Result<()>;
    /// `GetFunctionUrlConfig` of an alias.
    async fn function_url(&self, name: &str, alias: &str) -> Result<Option<FunctionUrl>>;
    /// `CreateFunctionUrlConfig`; returns the URL.
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
    /// `AddPermission`: lets this service invoke the alias.
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
        // Without permission to list tags, Lambda answers without them: then the owner is not
        // known.
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
            url.ok_or_else(|| Error::answered(GET_FUNCTION, "", "it has no location of the code"))?;
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
            .code(match &code.way {
                Way::Stored { bucket, key } => {
                    let stored = FunctionCode::builder().s3_bucket(bucket);
                    stored.s3_key(key).build()
                }
                Way::Sent | Way::Large => {
                    let zip = Blob::new(code.zip.to_vec());
                    FunctionCode::builder().zip_file(zip).build()
                }
            })
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
        let answer = CREATE_FUNCTION.sort(request.send().await);
        let answer = answer.map_err(of_bucket)?;
        number_in(CREATE_FUNCTION, answer.version)
    }

    async fn update_code(&self, name: &str, code: &Code, publish: bool) -> Result<String> {
        let request = self
            .lambda
            .update_function_code()
            .function_name(name)
            .architectures(code.architecture.as_str().into())
            .publish(publish);
        let request = match &code.way {
            Way::Stored { bucket, key } => request.s3_bucket(bucket).s3_key(key),
            Way::Sent | Way::Large => request.zip_file(Blob::new(code.zip.to_vec())),
        };
        let answer = UPDATE_CODE.sort(request.send().await);
        let answer = answer.map_err(of_bucket)?;
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

    async fn aliases(&self, name: &str) -> Result<BTreeMap<String, Alias>> {
        let mut found = BTreeMap::new();
        let mut next = None;
        loop {
            let request = self.lambda.list_aliases();
            let request = request.function_name(name).set_marker(next);
            let Some(answer) = LIST_ALIASES.sort_found(request.send().await)? else {
                return Ok(found);
            };
            let all = answer.aliases.unwrap_or_default();
            found.extend(all.into_iter().filter_map(named_alias));
            next = answer.next_marker;
            if next.is_none() {
                return Ok(found);
            }
        }
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
            // An empty configuration removes the one before; without it, the one before would stay.
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
                .source_arn(&grant.source)
                .set_source_account(grant.account.clone()),
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

/// Lambda reads the bucket with the caller's credentials: where S3 denies that, it is S3's action that is missing.
fn of_bucket(error: Error) -> Error {
    let denied = error.kind == Kind::Denied && error.message.contains("denied by S3");
    match denied {
        true => Error {
            operation: s3::GET_OBJECT,
            ..error
        },
        false => error,
    }
}
