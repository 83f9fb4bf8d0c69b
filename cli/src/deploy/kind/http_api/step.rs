//! The steps on an HTTP API: routes, authorizers, integrations, stages.

use crate::{
    aws::{
        Aws,
        apigateway::{Checks, Guard, Stage},
        error::Error,
        lambda::Grant,
    },
    deploy::{
        change::{Action, Change, Output, Resource, STAGE, lost},
        ids::{ApiId, AuthorizerId, Handle, IntegrationId},
        names::{ASK_GRANT, AwsLocation, GRANT},
        phase::Lane,
        retry::just_made,
        run::{Run, Trouble},
    },
    values::{
        gateway::{Cors, PayloadFormat},
        lambda::ALIAS,
        names::Tags,
    },
};

/// One change of an HTTP API: one mutating call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum HttpStep {
    /// Creates the API, with no way in until it has a stage.
    CreateApi {
        name: String,
        cors: Option<Cors>,
        tags: Tags,
    },
    /// Sets the API's CORS configuration.
    SetCors {
        name: String,
        api: ApiId,
        cors: Cors,
    },
    /// Removes the API's CORS configuration.
    DeleteCors { name: String, api: ApiId },
    /// Connects the API with the alias.
    CreateIntegration {
        api: Handle<ApiId>,
        function: String,
        alias: String,
        format: PayloadFormat,
        /// In milliseconds.
        timeout: u32,
    },
    /// Connects the API with the alias again.
    UpdateIntegration {
        api: ApiId,
        id: IntegrationId,
        function: String,
        alias: String,
        format: PayloadFormat,
        /// In milliseconds.
        timeout: u32,
    },
    /// Removes a connection that no route uses.
    DeleteIntegration { api: ApiId, id: IntegrationId },
    /// Lets the API invoke the alias.
    AddPermission {
        function: String,
        api: Handle<ApiId>,
        place: AwsLocation,
        /// True if it invokes the function as an authorizer.
        asks: bool,
    },
    /// Creates a route.
    CreateRoute {
        api: Handle<ApiId>,
        key: String,
        integration: Handle<IntegrationId>,
        guard: Guard<AuthorizerId>,
    },
    /// Connects a route with the integration, and sets its guard.
    UpdateRoute {
        api: ApiId,
        id: String,
        key: String,
        integration: Handle<IntegrationId>,
        guard: Guard<AuthorizerId>,
    },
    /// Removes a route.
    DeleteRoute { api: ApiId, id: String, key: String },
    /// Creates an authorizer, which guards nothing until a route asks for it.
    CreateAuthorizer {
        api: Handle<ApiId>,
        name: String,
        checks: Checks,
    },
    /// Changes which callers an authorizer admits.
    UpdateAuthorizer {
        api: ApiId,
        id: String,
        name: String,
        checks: Checks,
    },
    /// Removes an authorizer that no route asks for.
    DeleteAuthorizer {
        api: ApiId,
        id: String,
        name: String,
    },
    /// Opens the API.
    CreateStage {
        api: Handle<ApiId>,
        /// The API's URL, if it already exists.
        endpoint: Option<String>,
        stage: Stage,
        tags: Tags,
    },
    /// Sets up the stage.
    UpdateStage {
        api: ApiId,
        stage: Stage,
        /// The variables that it has no longer.
        gone: Vec<String>,
    },
    /// Takes a route's own throttle away.
    DropThrottle {
        api: ApiId,
        stage: String,
        key: String,
    },
    /// Logs requests no longer.
    DropAccessLog { api: ApiId, stage: String },
    /// Closes the API's way in under that name.
    DeleteStage { api: ApiId, stage: String },
    /// Removes the API and all in it.
    DeleteApi {
        name: String,
        api: ApiId,
        /// True if it gets traffic.
        open: bool,
    },
}

fn made<'a, T>(handle: &Handle<T>, output: Output<'a>) -> Option<Output<'a>> {
    match handle {
        Handle::Known(_) => None,
        Handle::Made => Some(output),
    }
}

/// The authorizer of a guard, if an earlier step creates it.
fn asked(guard: &Guard<AuthorizerId>) -> Option<Output<'_>> {
    let asked = guard.authorizer().filter(|asked| asked.id.is_none());
    asked.map(|asked| Output::Authorizer(&asked.name))
}

impl Change for HttpStep {
    fn subject(&self) -> (Action, Resource<'_>) {
        use Action::{Create, Delete, Update};
        let (action, kind, name) = match self {
            Self::CreateApi { name, .. } => (Create, "API", name),
            Self::SetCors { name, .. } => (Update, "CORS of API", name),
            Self::DeleteCors { name, .. } => (Delete, "CORS of API", name),
            Self::CreateIntegration { function, .. } => {
                (Create, "integration with function", function)
            }
            Self::UpdateIntegration { function, .. } => {
                (Update, "integration with function", function)
            }
            Self::DeleteIntegration { id, .. } => (Delete, "integration", &id.0),
            Self::AddPermission { function, .. } => (Create, "permission on function", function),
            Self::CreateRoute { key, .. } => (Create, "route", key),
            Self::UpdateRoute { key, .. } => (Update, "route", key),
            Self::DeleteRoute { key, .. } => (Delete, "route", key),
            Self::CreateAuthorizer { name, .. } => (Create, "authorizer", name),
            Self::UpdateAuthorizer { name, .. } => (Update, "authorizer", name),
            Self::DeleteAuthorizer { name, .. } => (Delete, "authorizer", name),
            Self::CreateStage { stage, .. } => (Create, STAGE, &stage.name),
            Self::UpdateStage { stage, .. } => (Update, STAGE, &stage.name),
            Self::DropThrottle { key, .. } => (Update, "throttle of route", key),
            Self::DropAccessLog { stage, .. } => (Update, "access log of stage", stage),
            Self::DeleteStage { stage, .. } => (Delete, STAGE, stage),
            Self::DeleteApi { name, .. } => (Delete, "API", name),
        };
        (action, Resource { kind, name })
    }

    fn lane(&self) -> Lane<'_> {
        match self {
            Self::AddPermission { function, .. } => Lane::Function(function),
            Self::CreateApi { .. }
            | Self::SetCors { .. }
            | Self::DeleteCors { .. }
            | Self::CreateIntegration { .. }
            | Self::UpdateIntegration { .. }
            | Self::DeleteIntegration { .. }
            | Self::CreateRoute { .. }
            | Self::UpdateRoute { .. }
            | Self::DeleteRoute { .. }
            | Self::CreateAuthorizer { .. }
            | Self::UpdateAuthorizer { .. }
            | Self::DeleteAuthorizer { .. }
            | Self::CreateStage { .. }
            | Self::UpdateStage { .. }
            | Self::DropThrottle { .. }
            | Self::DropAccessLog { .. }
            | Self::DeleteStage { .. }
            | Self::DeleteApi { .. } => Lane::Api,
        }
    }

    fn needs(&self) -> Vec<Output<'_>> {
        match self {
            Self::CreateIntegration { api, .. }
            | Self::AddPermission { api, .. }
            | Self::CreateAuthorizer { api, .. }
            | Self::CreateStage { api, .. } => made(api, Output::Api).into_iter().collect(),
            Self::CreateRoute {
                api,
                integration,
                guard,
                ..
            } => {
                let integration = made(integration, Output::Integration);
                let all = [made(api, Output::Api), integration, asked(guard)];
                all.into_iter().flatten().collect()
            }
            Self::UpdateRoute {
                integration, guard, ..
            } => {
                let integration = made(integration, Output::Integration);
                [integration, asked(guard)].into_iter().flatten().collect()
            }
            Self::CreateApi { .. }
            | Self::SetCors { .. }
            | Self::DeleteCors { .. }
            | Self::UpdateIntegration { .. }
            | Self::DeleteIntegration { .. }
            | Self::DeleteRoute { .. }
            | Self::UpdateAuthorizer { .. }
            | Self::DeleteAuthorizer { .. }
            | Self::UpdateStage { .. }
            | Self::DropThrottle { .. }
            | Self::DropAccessLog { .. }
            | Self::DeleteStage { .. }
            | Self::DeleteApi { .. } => Vec::new(),
        }
    }

    fn makes(&self) -> Option<Output<'_>> {
        match self {
            Self::CreateApi { .. } => Some(Output::Api),
            Self::CreateIntegration { .. } => Some(Output::Integration),
            Self::CreateAuthorizer { name, .. } => Some(Output::Authorizer(name)),
            _ => None,
        }
    }

    fn prepares(&self) -> bool {
        // The API itself may change after the traffic has moved.
        matches!(
            self,
            Self::CreateIntegration { .. } | Self::AddPermission { .. }
        )
    }

    fn loses(&self) -> Vec<String> {
        match self {
            Self::DeleteCors { .. }
            | Self::DeleteRoute { .. }
            | Self::DeleteStage { .. }
            | Self::DeleteApi { open: true, .. } => lost(self),
            // Nobody reaches these.
            Self::DeleteIntegration { .. }
            | Self::DeleteAuthorizer { .. }
            | Self::DeleteApi { open: false, .. } => Vec::new(),
            Self::CreateApi { .. }
            | Self::SetCors { .. }
            | Self::CreateIntegration { .. }
            | Self::UpdateIntegration { .. }
            | Self::AddPermission { .. }
            | Self::CreateRoute { .. }
            | Self::UpdateRoute { .. }
            | Self::CreateAuthorizer { .. }
            | Self::UpdateAuthorizer { .. }
            | Self::CreateStage { .. }
            | Self::UpdateStage { .. }
            | Self::DropThrottle { .. }
            | Self::DropAccessLog { .. } => Vec::new(),
        }
    }

    fn passes(&self, error: &Error) -> Option<&'static str> {
        let creates = matches!(
            self,
            Self::AddPermission { .. }
                | Self::CreateIntegration { .. }
                | Self::CreateRoute { .. }
                | Self::CreateAuthorizer { .. }
                | Self::CreateStage { .. }
        );
        just_made(error).filter(|_| creates)
    }

    fn begins(&self) -> Option<String> {
        None
    }

    async fn run<A: Aws>(&self, run: &Run<'_, A>) -> Result<(), Trouble> {
        let aws = run.aws;
        match self {
            Self::CreateApi { name, cors, tags } => {
                let api = aws.create_api(name, cors.as_ref(), tags).await?;
                let mut made = run.made.borrow_mut();
                made.api = Some(ApiId(api.id));
                made.endpoint = Some(api.endpoint);
            }
            Self::SetCors { api, cors, .. } => aws.set_cors(&api.0, cors).await?,
            Self::DeleteCors { api, .. } => aws.delete_cors(&api.0).await?,
            Self::CreateIntegration {
                api,
                alias,
                format,
                timeout,
                ..
            } => {
                let ApiId(api) = run.api(api)?;
                let made = aws.create_integration(&api, alias, *format, *timeout);
                let id = made.await?;
                run.made.borrow_mut().integration = Some(IntegrationId(id));
            }
            Self::UpdateIntegration {
                api,
                id,
                alias,
                format,
                timeout,
                ..
            } => {
                let changed = aws.update_integration(&api.0, &id.0, alias, *format, *timeout);
                changed.await?;
            }
            Self::DeleteIntegration { api, id } => aws.delete_integration(&api.0, &id.0).await?,
            Self::AddPermission {
                function,
                api,
                place,
                asks,
            } => {
                let ApiId(api) = run.api(api)?;
                let grant = match asks {
                    true => Grant::of_api(ASK_GRANT, place.asking(&api)),
                    false => Grant::of_api(GRANT, place.api(&api)),
                };
                aws.add_permission(function, ALIAS, &grant).await?;
            }
            Self::CreateRoute {
                api,
                key,
                integration,
                guard,
            } => {
                let ApiId(api) = run.api(api)?;
                let IntegrationId(id) = run.integration(integration)?;
                let guard = run.guard(guard)?;
                aws.create_route(&api, key, &id, &guard).await?;
            }
            Self::UpdateRoute {
                api,
                id,
                integration,
                guard,
                ..
            } => {
                let IntegrationId(integration) = run.integration(integration)?;
                let guard = run.guard(guard)?;
                aws.update_route(&api.0, id, &integration, &guard).await?;
            }
            Self::DeleteRoute { api, id, .. } => aws.delete_route(&api.0, id).await?,
            Self::CreateAuthorizer { api, name, checks } => {
                let ApiId(api) = run.api(api)?;
                let id = aws.create_authorizer(&api, name, checks).await?;
                let mut made = run.made.borrow_mut();
                made.authorizers.insert(name.clone(), id);
            }
            Self::UpdateAuthorizer {
                api, id, checks, ..
            } => aws.update_authorizer(&api.0, id, checks).await?,
            Self::DeleteAuthorizer { api, id, .. } => aws.delete_authorizer(&api.0, id).await?,
            Self::CreateStage {
                api,
                endpoint,
                stage,
                tags,
            } => {
                let ApiId(api) = run.api(api)?;
                aws.create_stage(&api, stage, tags).await?;
                let mut made = run.made.borrow_mut();
                let endpoint = endpoint.as_ref().or(made.endpoint.as_ref());
                made.endpoint = endpoint.map(|url| format!("{url}{}", stage.prefix()));
            }
            Self::UpdateStage { api, stage, gone } => {
                aws.update_stage(&api.0, stage, gone).await?;
            }
            Self::DropThrottle { api, stage, key } => {
                aws.delete_route_settings(&api.0, stage, key).await?;
            }
            Self::DropAccessLog { api, stage } => aws.delete_access_log(&api.0, stage).await?,
            Self::DeleteStage { api, stage } => aws.delete_stage(&api.0, stage).await?,
            Self::DeleteApi { api, .. } => aws.delete_api(&api.0).await?,
        }
        Ok(())
    }
}
