//! S3: what buckets report of their objects. One call sets all configurations of a bucket, so those of others are read and written back.

use aws_sdk_s3::types::{
    Event, EventBridgeConfiguration, FilterRule, FilterRuleName, LambdaFunctionConfiguration,
    NotificationConfiguration, NotificationConfigurationFilter, QueueConfiguration, S3KeyFilter,
    TopicConfiguration,
};

use crate::{
    aws::{
        account::Account,
        error::{Error, Operation, Result},
        s3::Bucket,
    },
    values::notification::{Notification, Receiver},
};

pub(crate) const GET: Operation = Operation::new("s3", "GetBucketNotificationConfiguration");
pub(crate) const PUT: Operation = Operation::new("s3", "PutBucketNotificationConfiguration");

/// All that a bucket reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Notifications {
    /// The configurations.
    pub(crate) all: Vec<Notification>,
    /// Whether everything goes to the default event bus as well.
    pub(crate) event_bridge: bool,
}

/// The calls used.
pub(crate) trait BucketNotifications {
    /// `GetBucketNotificationConfiguration`; `None` when there is no such bucket.
    async fn notifications(&self, bucket: &Bucket) -> Result<Option<Notifications>>;
    /// `PutBucketNotificationConfiguration`, in place of all that there was.
    async fn put_notifications(&self, bucket: &Bucket, all: &Notifications) -> Result<()>;
}

impl BucketNotifications for Account {
    async fn notifications(&self, bucket: &Bucket) -> Result<Option<Notifications>> {
        let request = self.s3.get_bucket_notification_configuration();
        let request = request.bucket(&bucket.name);
        let request = request.set_expected_bucket_owner(bucket.owner.clone());
        let Some(answer) = GET.sort_found(request.send().await)? else {
            return Ok(None);
        };
        let functions = answer.lambda_function_configurations().iter().map(|one| {
            let receiver = Receiver::Function(one.lambda_function_arn().to_owned());
            read(one.id(), receiver, one.events(), one.filter())
        });
        let queues = answer.queue_configurations().iter().map(|one| {
            let receiver = Receiver::Queue(one.queue_arn().to_owned());
            read(one.id(), receiver, one.events(), one.filter())
        });
        let topics = answer.topic_configurations().iter().map(|one| {
            let receiver = Receiver::Topic(one.topic_arn().to_owned());
            read(one.id(), receiver, one.events(), one.filter())
        });
        Ok(Some(Notifications {
            all: functions.chain(queues).chain(topics).collect(),
            event_bridge: answer.event_bridge_configuration().is_some(),
        }))
    }

    async fn put_notifications(&self, bucket: &Bucket, all: &Notifications) -> Result<()> {
        let mut written = NotificationConfiguration::builder();
        for one in &all.all {
            let (id, filter) = (one.id.clone(), filter(one));
            let events = Some(
                one.events
                    .iter()
                    .map(|event| Event::from(event.as_str()))
                    .collect(),
            );
            written = match &one.receiver {
                Receiver::Function(arn) => {
                    let built = LambdaFunctionConfiguration::builder()
                        .id(id)
                        .lambda_function_arn(arn)
                        .set_events(events)
                        .set_filter(filter)
                        .build();
                    written
                        .lambda_function_configurations(built.map_err(|error| incomplete(&error))?)
                }
                Receiver::Queue(arn) => {
                    let built = QueueConfiguration::builder()
                        .id(id)
                        .queue_arn(arn)
                        .set_events(events)
                        .set_filter(filter)
                        .build();
                    written.queue_configurations(built.map_err(|error| incomplete(&error))?)
                }
                Receiver::Topic(arn) => {
                    let built = TopicConfiguration::builder()
                        .id(id)
                        .topic_arn(arn)
                        .set_events(events)
                        .set_filter(filter)
                        .build();
                    written.topic_configurations(built.map_err(|error| incomplete(&error))?)
                }
            };
        }
        if all.event_bridge {
            let bridge = EventBridgeConfiguration::builder().build();
            written = written.event_bridge_configuration(bridge);
        }
        let request = self.s3.put_bucket_notification_configuration();
        let request = request
            .bucket(&bucket.name)
            .set_expected_bucket_owner(bucket.owner.clone())
            .notification_configuration(written.build());
        PUT.sort(request.send().await).map(drop)
    }
}

fn read(
    id: Option<&str>,
    receiver: Receiver,
    events: &[Event],
    filter: Option<&NotificationConfigurationFilter>,
) -> Notification {
    let rules = filter.and_then(NotificationConfigurationFilter::key);
    let rules = rules.map(S3KeyFilter::filter_rules).unwrap_or_default();
    // S3 reads names in any case and gives them back with a capital (case s3e-018).
    let rule = |wanted: &str| {
        let mut rules = rules.iter();
        let named = |rule: &&FilterRule| {
            let name = rule.name().map_or("", FilterRuleName::as_str);
            name.eq_ignore_ascii_case(wanted)
        };
        rules
            .find(named)
            .map(|rule| rule.value().unwrap_or_default().to_owned())
    };
    Notification {
        id: id.unwrap_or_default().to_owned(),
        receiver,
        events: events
            .iter()
            .map(|event| event.as_str().to_owned())
            .collect(),
        prefix: rule("prefix"),
        suffix: rule("suffix"),
    }
}

fn filter(one: &Notification) -> Option<NotificationConfigurationFilter> {
    let rule = |name: FilterRuleName, value: &Option<String>| {
        let value = value.as_ref()?;
        Some(FilterRule::builder().name(name).value(value).build())
    };
    let rules = [
        rule(FilterRuleName::Prefix, &one.prefix),
        rule(FilterRuleName::Suffix, &one.suffix),
    ];
    let rules: Vec<FilterRule> = rules.into_iter().flatten().collect();
    (!rules.is_empty()).then(|| {
        let key = S3KeyFilter::builder().set_filter_rules(Some(rules)).build();
        NotificationConfigurationFilter::builder().key(key).build()
    })
}

/// A configuration that lacks what it must have is never built here.
fn incomplete(error: &dyn std::error::Error) -> Error {
    Error::answered(PUT, "", error.to_string())
}
