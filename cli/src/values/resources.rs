//! Resources with logical names (`orders`): their names in AWS, and the variables through which the
//! code finds them. Both are built only here.

use std::fmt;

use super::names::is_plain;
use crate::error::{Failure, Result};

/// The end of the name of a queue or topic that keeps the order of its messages.
pub(crate) const FIFO: &str = ".fifo";

/// A kind of resource that the settings declare by a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ResourceKind {
    /// A queue of SQS.
    Queue,
    /// A topic of SNS.
    Topic,
    /// An event bus of EventBridge.
    Bus,
}

impl ResourceKind {
    /// The word for one.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Topic => "topic",
            Self::Bus => "bus",
        }
    }

    /// The table of the settings that declares them.
    pub(crate) const fn table(self) -> &'static str {
        match self {
            Self::Queue => "queues",
            Self::Topic => "topics",
            Self::Bus => "buses",
        }
    }

    /// The service in their ARNs.
    pub(crate) const fn service(self) -> &'static str {
        match self {
            Self::Queue => "sqs",
            Self::Topic => "sns",
            Self::Bus => "events",
        }
    }

    /// The longest name that AWS accepts, `.fifo` included (SQS, SNS and EventBridge API
    /// references: `CreateQueue`, `CreateTopic`, `CreateEventBus`).
    const fn longest(self) -> usize {
        match self {
            Self::Queue => 80,
            Self::Topic | Self::Bus => 256,
        }
    }

    /// The variable that has the address of the resource with this name: `FW_QUEUE_ORDERS`.
    pub(crate) fn variable(self, name: &str) -> String {
        variable(self.word(), name)
    }

    /// The resource's name in AWS: the deployment's name (`notes-dev`), a hyphen, the logical name,
    /// and a suffix: [`FIFO`] for resources that keep the order of their messages, otherwise empty.
    ///
    /// # Errors
    ///
    /// If the name has characters that AWS does not accept, or the name in AWS would be too long;
    /// exit code 65.
    pub(crate) fn physical(self, deployment: &str, name: &str, suffix: &str) -> Result<String> {
        self.check(name)?;
        let physical = format!("{deployment}-{name}{suffix}");
        let longest = self.longest();
        if physical.len() > longest {
            return Err(
                Failure::input(format!("the {}'s name is too long: {name}", self.word()))
                    .because_of(format!(
                        "its name in AWS would be `{physical}` with {} characters, but AWS accepts {longest}",
                        physical.len()
                    ))
                    .hint("shorten its name, the app's, or the stage's"),
            );
        }
        Ok(physical)
    }

    /// Refuses a name that AWS would.
    ///
    /// # Errors
    ///
    /// If it has characters other than letters, digits, hyphens and underscores; exit code 65.
    pub(crate) fn check(self, name: &str) -> Result<()> {
        if is_plain(name) {
            return Ok(());
        }
        Err(Failure::input(format!(
            "not a valid name for a {}: `{}`",
            self.word(),
            name.escape_debug()
        ))
        .because_of("it takes letters, digits, hyphens and underscores")
        .hint(format!("write `[{}.orders]`, for example", self.table())))
    }
}

/// The variable that has the address of the resource of this kind and name: `FW_BUCKET_UPLOADS` for
/// `bucket` and `uploads`.
pub(crate) fn variable(kind: &str, name: &str) -> String {
    let kind = kind.to_ascii_uppercase();
    let name = name.to_ascii_uppercase().replace('-', "_");
    format!("FW_{kind}_{name}")
}

/// The word for a table of DynamoDB, in variables.
pub(crate) const TABLE: &str = "table";

/// The word for a bucket, in variables and in statements.
pub(crate) const BUCKET: &str = "bucket";

/// A bucket by the app's own name for it, or its objects, as statements have it until the account is known: `bucket:uploads/*`.
pub(crate) fn bucket(name: &str, objects: bool) -> String {
    let inside = if objects { "/*" } else { "" };
    format!("{BUCKET}:{name}{inside}")
}

/// The bucket that a statement is about by the app's own name, `bucket:uploads`, and what of it: `/*` for its objects. `None` for any other
/// text.
pub(crate) fn bucket_of(text: &str) -> Option<(&str, &str)> {
    let name = text.strip_prefix("bucket:")?;
    let (name, inside) = match name.strip_suffix("/*") {
        Some(name) => (name, "/*"),
        None => (name, ""),
    };
    is_plain(name).then_some((name, inside))
}

/// A resource by the app's own name for it, as statements have it until the account is known: `queue:orders`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Its kind.
    pub(crate) kind: ResourceKind,
    /// The app's name for it.
    pub(crate) name: String,
}

impl Reference {
    /// The resource that a text refers to; `None` for an ARN, and for any other text.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let (word, name) = text.split_once(':')?;
        let mut kinds = [ResourceKind::Queue, ResourceKind::Topic, ResourceKind::Bus].into_iter();
        let kind = kinds.find(|kind| kind.word() == word)?;
        let name = name.to_owned();
        is_plain(&name).then_some(Self { kind, name })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.word(), self.name)
    }
}

/// The part of an ARN that names the resource, and the account and region before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arn<'a> {
    /// `sqs`.
    pub(crate) service: &'a str,
    /// `eu-central-1`.
    pub(crate) region: &'a str,
    /// Twelve digits.
    pub(crate) account: &'a str,
    /// The part of the ARN after the account.
    pub(crate) resource: &'a str,
}

impl<'a> Arn<'a> {
    /// The parts of `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`; `None` for what is not one, or has an empty part.
    pub(crate) fn of(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let (arn, partition) = (parts.next()?, parts.next()?);
        let [service, region, account, resource] =
            [parts.next()?, parts.next()?, parts.next()?, parts.next()?];
        let all = [partition, service, region, account, resource];
        let full = arn == "arn" && all.iter().all(|part| !part.is_empty());
        full.then_some(Self {
            service,
            region,
            account,
            resource,
        })
    }

    /// A bus' name, by which rules are put on it.
    pub(crate) fn bus(&self) -> &'a str {
        let resource = self.resource;
        resource.strip_prefix("event-bus/").unwrap_or(resource)
    }

    /// A queue's URL, by which the SDKs call it (SQS developer guide, "Amazon SQS queue and message identifiers").
    pub(crate) fn queue_url(&self) -> String {
        let Self {
            region,
            account,
            resource,
            ..
        } = self;
        // AWS General Reference, "Service endpoints": China has its own domain.
        let domain = match region.starts_with("cn-") {
            true => "amazonaws.com.cn",
            false => "amazonaws.com",
        };
        format!("https://sqs.{region}.{domain}/{account}/{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Arn, FIFO, Reference, ResourceKind};

    #[test]
    fn a_resource_is_named_after_its_deployment() {
        let queue = |name: &str, fifo| {
            let suffix = if fifo { FIFO } else { "" };
            ResourceKind::Queue.physical("notes-dev", name, suffix)
        };
        assert_eq!(queue("orders", false).unwrap(), "notes-dev-orders");
        assert_eq!(queue("orders", true).unwrap(), "notes-dev-orders.fifo");
        assert_eq!(queue(&"a".repeat(70), false).unwrap().len(), 80);
        for (name, fifo) in [("a".repeat(71), false), ("a".repeat(66), true)] {
            let failure = queue(&name, fifo).unwrap_err();
            let why = failure.causes().join(" ");
            assert!(why.contains("81 characters, but AWS accepts 80"), "{why}");
        }
        assert!(
            ResourceKind::Topic
                .physical("notes-dev", &"a".repeat(71), "")
                .is_ok()
        );
        for name in ["", "or.ders", "or/ders", "größe", "a b"] {
            assert!(queue(name, false).is_err(), "{name}");
        }
    }

    #[test]
    fn the_code_finds_it_by_a_variable() {
        for (kind, name, variable) in [
            (ResourceKind::Queue, "orders", "FW_QUEUE_ORDERS"),
            (
                ResourceKind::Queue,
                "late-orders_2",
                "FW_QUEUE_LATE_ORDERS_2",
            ),
            (ResourceKind::Topic, "news", "FW_TOPIC_NEWS"),
            (ResourceKind::Bus, "shop", "FW_BUS_SHOP"),
        ] {
            assert_eq!(kind.variable(name), variable);
        }
    }

    #[test]
    fn a_reference_is_no_arn() {
        let reference = Reference::of("queue:orders").unwrap();
        assert_eq!(reference.to_string(), "queue:orders");
        for other in [
            "arn:aws:sqs:eu-central-1:1:orders",
            "*",
            "queue:",
            "queue:a*",
            "q:a",
        ] {
            assert_eq!(Reference::of(other), None, "{other}");
        }
    }

    #[test]
    fn a_statement_names_a_bucket_or_its_objects() {
        assert_eq!(super::bucket_of("bucket:labels"), Some(("labels", "")));
        assert_eq!(super::bucket_of("bucket:labels/*"), Some(("labels", "/*")));
        for other in [
            "arn:aws:s3:::labels",
            "bucket:",
            "bucket:a*",
            "queue:labels",
        ] {
            assert_eq!(super::bucket_of(other), None, "{other}");
        }
    }

    #[test]
    fn a_queues_url_follows_from_its_arn() {
        let url = |arn: &str| Arn::of(arn).unwrap().queue_url();
        assert_eq!(
            url("arn:aws:sqs:eu-central-1:123456789012:notes-dev-orders.fifo"),
            "https://sqs.eu-central-1.amazonaws.com/123456789012/notes-dev-orders.fifo"
        );
        assert_eq!(
            url("arn:aws-cn:sqs:cn-north-1:123456789012:orders"),
            "https://sqs.cn-north-1.amazonaws.com.cn/123456789012/orders"
        );
        for wrong in [
            "orders",
            "arn:aws:sqs:eu-central-1:1",
            "arn:aws:sqs::1:orders",
            "urn:aws:sqs:r:1:q",
        ] {
            assert_eq!(Arn::of(wrong), None, "{wrong}");
        }
    }
}
