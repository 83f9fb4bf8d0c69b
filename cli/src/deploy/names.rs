//! The names and tags of a deployment, and the ARNs of what is named so.

use fw_manifest::Part;

use super::kind::artifact_bucket::desired::ArtifactBucket;
use crate::{
    aws::{s3::Bucket, sts::Caller},
    error::{Failure, Result},
    values::{
        lambda::ALIAS,
        names::{Tags, is_plain},
    },
};

/// The tag that names the app a resource belongs to.
pub(crate) const TAG_APP: &str = "fw:app";
/// The tag that names the stage a resource belongs to.
pub(crate) const TAG_STAGE: &str = "fw:stage";
/// The tag that names the tags of the settings, so that those are known that the settings no longer have.
pub(crate) const TAG_TAGS: &str = "fw:tags";
/// The tag of the main function that names the domains of one's own that lead to the deployment.
pub(crate) const TAG_DOMAIN: &str = "fw:domain";

/// A role's one inline policy.
pub(crate) const POLICY: &str = "fw";
/// The statement that lets the API invoke the alias.
pub(crate) const GRANT: &str = "fw-http-api";
/// The statement that lets the API ask an authorizer.
pub(crate) const ASK_GRANT: &str = "fw-http-api-authorizer";
/// The statement that lets the REST API invoke the alias.
pub(crate) const REST_GRANT: &str = "fw-rest-api";
/// The statement that lets the REST API ask an authorizer.
pub(crate) const REST_ASK_GRANT: &str = "fw-rest-api-authorizer";
/// The statement that lets everybody call the function's URL.
pub(crate) const URL_GRANT: &str = "fw-url";
/// The statement that lets everybody invoke the function through its URL.
pub(crate) const THROUGH_URL_GRANT: &str = "fw-url-invoke";
/// All of them: what else may call the alias was let in by somebody else.
pub(crate) const GRANTS: [&str; 6] = [
    GRANT,
    ASK_GRANT,
    REST_GRANT,
    REST_ASK_GRANT,
    URL_GRANT,
    THROUGH_URL_GRANT,
];
/// What the names of functions' log groups begin with.
const LOG_GROUPS: &str = "/aws/lambda/";
/// What the names of access logs' groups begin with.
const ACCESS_LOGS: &str = "/aws/apigateway/";
/// The longest name that IAM gives a role and Lambda a function.
pub(crate) const LONGEST_NAME: usize = 64;

/// One deployment of one app: what its resources are named and tagged with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Names {
    /// The app.
    pub(crate) app: String,
    /// The stage.
    pub(crate) stage: String,
    /// The function's and the API's name.
    pub(crate) function: String,
    /// The main function's role's name. IAM knows no regions, so it carries the region: two regions' deployments share nothing.
    pub(crate) role: String,
    /// The log group that Lambda writes to.
    pub(crate) log_group: String,
    /// The names of the other functions, as far as the manifest is known.
    pub(crate) others: Vec<String>,
    /// The tags of the settings.
    pub(crate) yours: Tags,
    /// The buckets through which large zips go, where they are to be read.
    pub(crate) artifact_buckets: Vec<ArtifactBucket>,
    /// The queues that the settings have, as AWS calls them.
    pub(crate) queues: Vec<String>,
    /// The names of the functions that read queues.
    pub(crate) mapped: Vec<String>,
    /// The names of their event source mappings in plans.
    pub(crate) mappings: Vec<String>,
    /// The ARNs of the queues that they read and the deployment does not own.
    pub(crate) existing: Vec<String>,
    /// The topics that the deployment creates, as AWS calls them.
    pub(crate) topics: Vec<String>,
    /// The topics that are there already and lead to the deployment, by ARN.
    pub(crate) existing_topics: Vec<String>,
    /// The buses that the deployment creates, as AWS calls them.
    pub(crate) buses: Vec<String>,
    /// The buses that are there already and have rules of the deployment's, by name.
    pub(crate) existing_buses: Vec<String>,
    /// The buckets of the deployment, and those in which it has notifications.
    pub(crate) buckets: Vec<Bucket>,
    /// The rules, by the names of their buses and their own.
    pub(crate) rules: Vec<(String, String)>,
    /// What else is looked for in the account.
    pub(crate) sought: Sought,
}

/// What is looked for in the account since the settings speak of it: a call that nobody needs is not made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sought {
    /// The access log's group.
    pub(crate) access_log: bool,
    /// Whether the account lets REST APIs write logs.
    pub(crate) logging_role: bool,
    /// The domain in front of the API; those that the main function notes are looked for anyway.
    pub(crate) domain: Option<String>,
    /// A URL, beside an API that it takes the place of as well.
    pub(crate) url: bool,
    /// The digest of the document that a REST API is to serve: where it serves another one, that is read.
    pub(crate) document: Option<String>,
    /// The queues, also those that the settings no longer have.
    pub(crate) queues: bool,
    /// The topics, in the same way.
    pub(crate) topics: bool,
    /// The buses and rules.
    pub(crate) buses: bool,
    /// The buckets.
    pub(crate) buckets: bool,
    /// The schedules.
    pub(crate) schedules: bool,
}

impl Names {
    /// The names of an app's stage in a region.
    ///
    /// # Errors
    ///
    /// When the app's name has characters that AWS does not take in a function's name, or is too long; exit code 65.
    pub(crate) fn new(app: &str, stage: &str, region: &str) -> Result<Self> {
        if !is_plain(app) {
            return Err(Failure::input(format!(
                "not a valid app name on AWS: `{}`",
                app.escape_debug()
            ))
            .because_of(
                "names in AWS contain it, so it may have letters, digits, hyphens and underscores",
            )
            .hint("change the name given to `App::new`"));
        }
        let function = format!("{app}-{stage}");
        let role = format!("{function}-{region}");
        if role.len() > LONGEST_NAME {
            return Err(Failure::input(format!("the app's name is too long: {app}"))
                .because_of(format!(
                    "its role would have the name `{role}` with {} characters, but IAM accepts {LONGEST_NAME}",
                    role.len()
                ))
                .hint("shorten the name given to `App::new`, or the stage's name"));
        }
        Ok(Self {
            app: app.to_owned(),
            stage: stage.to_owned(),
            log_group: Self::log_group_of(&function),
            others: Vec::new(),
            yours: Tags::new(),
            artifact_buckets: Vec::new(),
            queues: Vec::new(),
            mapped: Vec::new(),
            mappings: Vec::new(),
            existing: Vec::new(),
            topics: Vec::new(),
            existing_topics: Vec::new(),
            buses: Vec::new(),
            existing_buses: Vec::new(),
            buckets: Vec::new(),
            rules: Vec::new(),
            sought: Sought::default(),
            function,
            role,
        })
    }

    /// What stands before the app's own names for things.
    pub(crate) fn prefix(&self) -> String {
        format!("{}-", self.function)
    }

    /// The name of a part's function.
    pub(crate) fn of(&self, part: &Part) -> String {
        match part.name() {
            None => self.function.clone(),
            Some(name) => format!("{}{name}", self.prefix()),
        }
    }

    /// What the schedules' role is named after. No function's name has a full stop in it.
    pub(crate) fn scheduler(&self) -> String {
        format!("{}.scheduler", self.function)
    }

    /// The name of an authorizer's function.
    pub(crate) fn authorizer(&self, name: &str) -> String {
        self.of(&Part::Authorizer(name.to_owned()))
    }

    /// The name of the role of a function: the function's and the region.
    pub(crate) fn role_of(&self, function: &str) -> String {
        let region = self.role.strip_prefix(&self.function).unwrap_or_default();
        format!("{function}{region}")
    }

    /// The log group that Lambda writes a function's log to.
    pub(crate) fn log_group_of(function: &str) -> String {
        format!("{LOG_GROUPS}{function}")
    }

    /// The log group that the gateway writes the access log to.
    pub(crate) fn access_log(&self) -> String {
        format!("{ACCESS_LOGS}{}", self.function)
    }

    /// The domains that the main function's tags note.
    pub(crate) fn domains(tags: &Tags) -> impl Iterator<Item = String> {
        let noted = tags.get(TAG_DOMAIN).into_iter();
        noted.flat_map(|list| list.split_whitespace().map(str::to_owned))
    }

    /// The functions' names: the main one's first.
    pub(crate) fn functions(&self) -> impl Iterator<Item = &str> {
        let all = std::iter::once(&self.function).chain(&self.others);
        all.map(String::as_str)
    }

    /// The function whose log group that would be, if it is one of this deployment's: the main one's, or another's that is
    /// named after it.
    pub(crate) fn function_of<'a>(&self, log_group: &'a str) -> Option<&'a str> {
        let function = log_group.strip_prefix(LOG_GROUPS)?;
        let rest = function.strip_prefix(&self.function)?;
        (rest.is_empty() || rest.starts_with('-')).then_some(function)
    }

    /// The tags of its resources: those that say whose they are, and those of the settings.
    pub(crate) fn tags(&self) -> Tags {
        let mut all = self.yours.clone();
        if !all.is_empty() {
            let keys: Vec<&str> = all.keys().map(String::as_str).collect();
            all.insert(TAG_TAGS.to_owned(), keys.join(" "));
        }
        all.insert(TAG_APP.to_owned(), self.app.clone());
        all.insert(TAG_STAGE.to_owned(), self.stage.clone());
        all
    }

    /// Whether a resource with those tags is this deployment's.
    pub(crate) fn own(&self, tags: &Tags) -> bool {
        tags.get(TAG_APP) == Some(&self.app) && tags.get(TAG_STAGE) == Some(&self.stage)
    }
}

/// Where the deployment is: what every ARN begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AwsLocation {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub(crate) partition: String,
    /// The account's twelve digits.
    pub(crate) account: String,
    /// The region.
    pub(crate) region: String,
}

impl AwsLocation {
    /// The caller's account, in that region.
    pub(crate) fn new(caller: &Caller, region: &str) -> Self {
        Self {
            partition: caller.partition.clone(),
            account: caller.account.clone(),
            region: region.to_owned(),
        }
    }

    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        let Self {
            partition,
            account,
            region,
        } = self;
        format!("arn:{partition}:{service}:{region}:{account}:{resource}")
    }

    /// A role.
    pub(crate) fn role(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role/{name}", self.partition, self.account)
    }

    /// A queue.
    pub(crate) fn queue(&self, name: &str) -> String {
        self.arn("sqs", name)
    }

    /// A topic.
    pub(crate) fn topic(&self, name: &str) -> String {
        self.arn("sns", name)
    }

    /// A rule: `NAME` on the default bus, `BUS/NAME` on another one (case evt-eb-112).
    pub(crate) fn rule(&self, name: &str) -> String {
        self.arn("events", &format!("rule/{name}"))
    }

    /// A bucket.
    pub(crate) fn bucket(&self, name: &str) -> String {
        format!("arn:{}:s3:::{name}", self.partition)
    }

    /// A log group, as the tagging calls take it.
    pub(crate) fn log_group(&self, name: &str) -> String {
        self.arn("logs", &format!("log-group:{name}"))
    }

    /// A function's alias.
    pub(crate) fn alias(&self, function: &str) -> String {
        self.arn("lambda", &format!("function:{function}:{ALIAS}"))
    }

    /// Every authorizer of an API, as the source of an invocation (API Gateway developer guide, "Control access to HTTP APIs
    /// with AWS Lambda authorizers").
    pub(crate) fn asking(&self, id: &str) -> String {
        self.arn("execute-api", &format!("{id}/authorizers/*"))
    }

    /// Every stage and route of an API, as the source of an invocation (API Gateway developer guide, "Create AWS
    /// Lambda proxy integrations for HTTP APIs").
    pub(crate) fn api(&self, id: &str) -> String {
        self.arn("execute-api", &format!("{id}/*/*"))
    }
}
