//! What buckets report, with a notifier in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_sdk_s3::types::{
    Event, EventBridgeConfiguration, LambdaFunctionConfiguration, NotificationConfiguration,
    QueueConfiguration,
};
use fw_s3::{BucketReports, Notifier, TestIds};

use super::{Local, error, refused};

const QUEUE: &str = "arn:aws:sqs:us-east-1:123456789012:orders";
const GONE: &str = "arn:aws:sqs:us-east-1:123456789012:gone";
const FUNCTION: &str = "arn:aws:lambda:us-east-1:123456789012:function:look";

/// Keeps what buckets report, and which receivers were tested.
#[derive(Default)]
struct Kept {
    reports: Mutex<BTreeMap<String, BucketReports>>,
    tested: Mutex<Vec<String>>,
}

impl Notifier for Kept {
    fn reports(&self, bucket: &str) -> BucketReports {
        let reports = self.reports.lock().unwrap();
        reports.get(bucket).cloned().unwrap_or_default()
    }

    fn refuses(&self, arn: &str) -> Option<String> {
        (arn == GONE).then(|| "The destination queue does not exist".to_owned())
    }

    fn replace(&self, bucket: &str, reports: BucketReports, tested: &[String], ids: &TestIds) {
        assert_eq!(
            ids.request.is_empty(),
            reports == BucketReports::default() && tested.is_empty()
        );
        self.tested.lock().unwrap().extend(tested.iter().cloned());
        let mut kept = self.reports.lock().unwrap();
        kept.insert(bucket.to_owned(), reports);
    }
}

fn queue(arn: &str, event: &str) -> QueueConfiguration {
    let built = QueueConfiguration::builder().queue_arn(arn);
    built.events(Event::from(event)).build().unwrap()
}

async fn put(
    local: &Local,
    all: NotificationConfiguration,
    skip: bool,
) -> Result<(), (u16, String)> {
    let request = local.client.put_bucket_notification_configuration();
    let request = request
        .bucket("data")
        .skip_destination_validation(skip)
        .notification_configuration(all);
    match request.send().await {
        Ok(_) => Ok(()),
        answer => Err(refused(answer)),
    }
}

#[tokio::test]
async fn what_a_bucket_reports_is_kept_by_a_notifier() {
    let local = Local::start().await;
    let function = LambdaFunctionConfiguration::builder()
        .lambda_function_arn(FUNCTION)
        .events(Event::S3ObjectRemovedDelete);
    let all = NotificationConfiguration::builder()
        .queue_configurations(queue(QUEUE, "s3:ObjectCreated:*"))
        .lambda_function_configurations(function.build().unwrap())
        .event_bridge_configuration(EventBridgeConfiguration::builder().build());
    // Nobody would deliver it.
    let refused = put(&local, all.clone().build(), false).await;
    assert_eq!(refused, Err(error(501, "NotImplemented")));

    let kept = Arc::new(Kept::default());
    assert!(local.s3.service().notify_by(Arc::clone(&kept) as _));
    assert!(!local.s3.service().notify_by(Arc::new(Kept::default())));
    put(&local, all.build(), false).await.unwrap();
    // Functions are not tested.
    assert_eq!(*kept.tested.lock().unwrap(), [QUEUE]);
    let read = local.client.get_bucket_notification_configuration();
    let read = read.bucket("data").send().await.unwrap();
    let [queue] = read.queue_configurations() else {
        panic!("{read:?}");
    };
    assert_eq!((queue.queue_arn(), queue.id().unwrap().len()), (QUEUE, 48));
    assert_eq!(queue.events(), [Event::S3ObjectCreated]);
    assert_eq!(read.lambda_function_configurations().len(), 1);
    assert!(read.event_bridge_configuration().is_some());

    // A bucket that is created anew reports nothing.
    let delete = local.client.delete_bucket().bucket("data");
    delete.send().await.unwrap();
    assert_eq!(kept.reports("data"), BucketReports::default());
}

#[tokio::test]
async fn what_s3_refuses_is_refused() {
    let local = Local::start().await;
    let kept = Arc::new(Kept::default());
    local.s3.service().notify_by(Arc::clone(&kept) as _);
    let of = |all: Vec<QueueConfiguration>| {
        let built = NotificationConfiguration::builder();
        built.set_queue_configurations(Some(all)).build()
    };
    let invalid = Err(error(400, "InvalidArgument"));
    for all in [
        vec![queue("arn:aws:sqs", "s3:ObjectCreated:*")],
        vec![queue(FUNCTION, "s3:ObjectCreated:*")],
        vec![queue(QUEUE, "s3:ObjectEaten:*")],
        vec![queue(GONE, "s3:ObjectCreated:*")],
        vec![
            queue(QUEUE, "s3:ObjectCreated:*"),
            queue(QUEUE, "s3:ObjectCreated:Put"),
        ],
    ] {
        assert_eq!(
            put(&local, of(all.clone()), false).await,
            invalid,
            "{all:?}"
        );
    }
    let gone = of(vec![queue(GONE, "s3:ObjectCreated:*")]);
    put(&local, gone, true).await.unwrap();
    assert_eq!(kept.tested.lock().unwrap().len(), 0);
    assert_eq!(kept.reports("data").receivers.len(), 1);
}
