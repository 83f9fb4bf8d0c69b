//! A function's settings other than code, memory, timeout and variables: disk, logging, key,
//! network, layers, tracing, and the destination of failed events. They are part of a version, so a
//! change is published like one of the code.

use aws_sdk_lambda::{
    operation::{
        create_function::builders::CreateFunctionFluentBuilder,
        update_function_configuration::builders::UpdateFunctionConfigurationFluentBuilder,
    },
    types::{
        DeadLetterConfig, EphemeralStorage, FunctionConfiguration, LogFormat as SdkLogFormat,
        LoggingConfig, TracingConfig, TracingMode, VpcConfig,
    },
};

use crate::values::lambda::{
    AppLevel, EPHEMERAL_STORAGE, LogFormat, Logging, Options, SystemLevel,
};

impl Options {
    /// Read from Lambda's answer for a function or a version.
    pub(in crate::aws) fn seen(found: &FunctionConfiguration) -> Self {
        let text = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
        let vpc = found.vpc_config();
        Self {
            ephemeral_storage: found
                .ephemeral_storage()
                .and_then(|storage| u32::try_from(storage.size()).ok())
                .unwrap_or(EPHEMERAL_STORAGE),
            logging: found.logging_config().map(logging).unwrap_or_default(),
            kms_key: text(found.kms_key_arn()),
            subnets: vpc
                .map(|vpc| vpc.subnet_ids().iter().cloned().collect())
                .unwrap_or_default(),
            security_groups: vpc
                .map(|vpc| vpc.security_group_ids().iter().cloned().collect())
                .unwrap_or_default(),
            layers: found
                .layers()
                .iter()
                .filter_map(|layer| layer.arn().map(str::to_owned))
                .collect(),
            tracing: found.tracing_config().and_then(|tracing| tracing.mode())
                == Some(&TracingMode::Active),
            dead_letter: text(
                found
                    .dead_letter_config()
                    .and_then(|dead| dead.target_arn()),
            ),
        }
    }

    /// A new function's: what is Lambda's default is left out.
    pub(in crate::aws) fn on_create(
        &self,
        request: CreateFunctionFluentBuilder,
    ) -> CreateFunctionFluentBuilder {
        let without = Self::default();
        let mut request = request
            .set_kms_key_arn(self.kms_key.clone())
            .set_layers((!self.layers.is_empty()).then(|| self.layers.clone()))
            .set_vpc_config((!self.subnets.is_empty()).then(|| self.vpc()))
            .set_dead_letter_config(self.dead_letter.is_some().then(|| self.dead()));
        if self.ephemeral_storage != without.ephemeral_storage {
            request = request.set_ephemeral_storage(self.storage());
        }
        if self.logging != without.logging {
            request = request.logging_config(self.log());
        }
        if self.tracing {
            request = request.tracing_config(self.trace());
        }
        request
    }

    /// For an existing function: everything, because missing settings would stay (Lambda API
    /// reference, `UpdateFunctionConfiguration`: empty texts and lists remove them).
    pub(in crate::aws) fn on_update(
        &self,
        request: UpdateFunctionConfigurationFluentBuilder,
    ) -> UpdateFunctionConfigurationFluentBuilder {
        request
            .kms_key_arn(self.kms_key.clone().unwrap_or_default())
            .set_layers(Some(self.layers.clone()))
            .vpc_config(self.vpc())
            .dead_letter_config(self.dead())
            .set_ephemeral_storage(self.storage())
            .logging_config(self.log())
            .tracing_config(self.trace())
    }

    fn vpc(&self) -> VpcConfig {
        VpcConfig::builder()
            .set_subnet_ids(Some(self.subnets.iter().cloned().collect()))
            .set_security_group_ids(Some(self.security_groups.iter().cloned().collect()))
            .build()
    }

    fn dead(&self) -> DeadLetterConfig {
        DeadLetterConfig::builder()
            .target_arn(self.dead_letter.clone().unwrap_or_default())
            .build()
    }

    fn storage(&self) -> Option<EphemeralStorage> {
        let size = i32::try_from(self.ephemeral_storage).unwrap_or(i32::MAX);
        // It fails only without a size.
        EphemeralStorage::builder().size(size).build().ok()
    }

    fn log(&self) -> LoggingConfig {
        let Logging {
            format,
            app,
            system,
        } = self.logging;
        let format = match format {
            LogFormat::Text => SdkLogFormat::Text,
            LogFormat::Json => SdkLogFormat::Json,
        };
        LoggingConfig::builder()
            .log_format(format)
            .set_application_log_level(app.map(|level| level.as_aws().into()))
            .set_system_log_level(system.map(|level| level.as_aws().into()))
            .build()
    }

    fn trace(&self) -> TracingConfig {
        let mode = match self.tracing {
            true => TracingMode::Active,
            false => TracingMode::PassThrough,
        };
        TracingConfig::builder().mode(mode).build()
    }
}

fn logging(found: &LoggingConfig) -> Logging {
    Logging {
        format: match found.log_format() {
            Some(SdkLogFormat::Json) => LogFormat::Json,
            _ => LogFormat::Text,
        },
        app: found
            .application_log_level()
            .and_then(|level| AppLevel::from_aws(level.as_str())),
        system: found
            .system_log_level()
            .and_then(|level| SystemLevel::from_aws(level.as_str())),
    }
}
