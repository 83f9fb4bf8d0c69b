//! An account in memory, made of what a template says.

use super::*;

/// An account that was made from a template: what it says, and nothing else.
pub(super) async fn made(format: PackageFormat, document: &Value) -> Fake {
    let fake = Fake::default();
    // The API's id is chosen when it is made: the first thing in the account.
    let api = match said(format, document, "").door {
        SaidDoor::Http(http) => {
            let (name, cors, tags) = &http.api;
            let made = fake.create_api(name, cors.as_ref(), tags).await;
            made.unwrap().id
        }
        SaidDoor::Rest(rest) => fake.create_rest_api(&rest.name, &rest.tags).await.unwrap(),
        SaidDoor::Url(..) => String::new(),
    };
    let said = said(format, document, &api);
    // What the settings may name is there already.
    calls::create(
        &fake,
        &queue_arn("shared"),
        &Attributes::default(),
        &Tags::new(),
    )
    .await
    .unwrap();
    fake.create_role("mine", &lambdas(), None, &Tags::new())
        .await
        .unwrap();
    for role in &said.roles {
        let boundary = role.boundary.as_deref();
        fake.create_role(&role.name, &role.trust, boundary, &role.tags)
            .await
            .unwrap();
        fake.put_role_policy(&role.name, &role.policy.0, &role.policy.1)
            .await
            .unwrap();
    }
    for (group, days, tags) in &said.groups {
        fake.create_log_group(group, tags).await.unwrap();
        fake.put_retention(group, *days).await.unwrap();
    }
    let mut queues = said.queues.clone();
    queues.sort_by_key(|(_, queue, _)| queue.dead_letter.is_some());
    for (name, attributes, tags) in &queues {
        let mut attributes = attributes.clone();
        attributes.senders = said.senders.get(name).cloned().unwrap_or_default();
        let arn = queue_arn(name);
        calls::create(&fake, &arn, &attributes, tags).await.unwrap();
    }
    for (name, attributes, tags) in &said.topics {
        topic::calls::create(&fake, name, attributes, tags)
            .await
            .unwrap();
    }
    for (name, tags) in &said.buses {
        bus::calls::create(&fake, name, tags).await.unwrap();
    }
    for (rule, tags) in &said.rules {
        bus::calls::put_rule(&fake, rule, Some(tags)).await.unwrap();
        bus::calls::put_target(&fake, rule).await.unwrap();
    }
    for (name, tags) in &said.schedule_groups {
        schedule::calls::create_group(&fake, name, tags)
            .await
            .unwrap();
    }
    for (group, one) in &said.schedules {
        schedule::calls::create(&fake, group, one).await.unwrap();
    }
    for one in &said.subscriptions {
        topic::calls::subscribe(&fake, one).await.unwrap();
    }
    for one in &said.functions {
        let code = code(match one.architecture.as_str() {
            "arm64" => Architecture::Arm64,
            _ => Architecture::X86_64,
        });
        fake.create_function(&one.name, &code, &one.configuration, &one.tags)
            .await
            .unwrap();
        let version = fake.publish_version(&one.name, &code.sha256).await.unwrap();
        fake.create_alias(&one.name, &one.alias, &version)
            .await
            .unwrap();
        let [reserved, provisioned] = one.concurrency;
        if reserved.is_some() {
            fake.reserve(&one.name, reserved).await.unwrap();
            fake.provision(&one.name, &one.alias, provisioned)
                .await
                .unwrap();
        }
    }
    for (function, alias, config) in &said.events {
        fake.put_invoke_config(function, alias, config)
            .await
            .unwrap();
    }
    for one in &said.mappings {
        fake.create_source_mapping(&one.queue, &one.alias, &one.polling, &one.tags)
            .await
            .unwrap();
    }
    match &said.door {
        SaidDoor::Http(http) => open_http(&fake, &api, http).await,
        SaidDoor::Rest(rest) => open_rest(&fake, &api, rest).await,
        SaidDoor::Url(arn, settings) => {
            let (function, alias) = arn.rsplit_once(':').unwrap();
            let function = function.rsplit(':').next().unwrap();
            fake.create_function_url(function, alias, settings)
                .await
                .unwrap();
        }
    }
    if let Some(domain) = &said.domain {
        // A domain that the template does not make is there already.
        let (certificate, tags) = domain.own.clone().unwrap_or_default();
        fake.create_domain(&domain.name, &certificate, &tags)
            .await
            .unwrap();
        let (key, stage) = &domain.mapping;
        fake.create_mapping(&domain.name, key, &api, stage)
            .await
            .unwrap();
    }
    for (function, alias, grant) in &said.grants {
        fake.add_permission(function, alias, grant).await.unwrap();
    }
    for one in &said.buckets {
        let bucket = Bucket {
            name: one.name.clone(),
            owner: None,
        };
        fake.create_bucket(&bucket, &one.tags).await.unwrap();
        fake.make_private(&bucket).await.unwrap();
        let mut all = one.reports.clone();
        for report in &mut all {
            // A stack's have no ids of their own: S3 chooses them, where a deploy has the function's.
            let Receiver::Function(arn) = &report.receiver else {
                panic!("{report:?}");
            };
            let function = arn.rsplit(':').nth(1).unwrap();
            let source = function.rsplit("-dev-").next().unwrap();
            let app = function.split("-dev-").next().unwrap();
            report.id = format!("fw:{app}:dev:{source}");
        }
        let all = Notifications {
            all,
            event_bridge: false,
        };
        fake.put_notifications(&bucket, &all).await.unwrap();
    }
    fake
}

async fn open_http(fake: &Fake, api: &str, http: &SaidHttp) {
    let (uri, kind, payload) = &http.integration;
    assert_eq!(kind, "AWS_PROXY");
    let format = serde_json::from_value(json!(payload)).unwrap();
    let patience = http.patience.unwrap_or(Integration::TIMEOUT);
    let integration = fake
        .create_integration(api, uri, format, patience)
        .await
        .unwrap();
    let mut ids = BTreeMap::new();
    for (name, checks) in &http.authorizers {
        let made = fake.create_authorizer(api, name, checks).await.unwrap();
        ids.insert(name.clone(), made);
    }
    for (key, guard) in &http.routes {
        let guard = guard.try_map(|name| ids.get(name).cloned().ok_or(()));
        fake.create_route(api, key, &integration, &guard.unwrap())
            .await
            .unwrap();
    }
    fake.create_stage(api, &http.stage, &http.api.2)
        .await
        .unwrap();
}

async fn open_rest(fake: &Fake, api: &str, rest: &SaidRest) {
    fake.put_rest_api(api, &rest.document.to_string())
        .await
        .unwrap();
    let deployment = fake.create_deployment(api, &rest.description).await;
    let stage = &rest.stage;
    fake.create_rest_stage(api, stage, &deployment.unwrap(), &rest.tags)
        .await
        .unwrap();
    let methods = stage.methods.iter();
    let change = StageChange {
        throttle: Some(stage.throttle),
        log: Some(stage.log.clone()),
        methods: methods
            .map(|(key, rate)| (key.clone(), Some(*rate)))
            .collect(),
        ..StageChange::default()
    };
    fake.update_rest_stage(api, &stage.name, &change)
        .await
        .unwrap();
    let mut ids = BTreeMap::new();
    for (name, value, enabled, tags) in &rest.keys {
        let value = value.clone().map(Secret);
        let made = fake.create_api_key(name, value.as_ref(), *enabled, tags);
        ids.insert(name, made.await.unwrap());
    }
    for (name, limits, keys, tags) in &rest.plans {
        let stage = (api, stage.name.as_str());
        let made = fake.create_usage_plan(name, limits, stage, tags).await;
        let made = made.unwrap();
        for key in keys {
            fake.create_plan_key(&made, &ids[key]).await.unwrap();
        }
    }
}
