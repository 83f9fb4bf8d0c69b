//! Checks of the account: caller, permissions, quotas, clock.

use std::collections::{BTreeMap, BTreeSet};

use super::{Check, Outcome};
use crate::{
    aws::{
        self, Aws, Kind,
        sts::Caller,
        survey::{Limits, Survey},
    },
    deploy::{
        lock,
        names::{AwsLocation, Names},
        needed::needed_for,
    },
    policy::ShownSource,
    settings::Settings,
    values::{gateway::Gateway, since},
};

/// Seconds that a request's time may be off: Signature Version 4 refuses more (IAM user guide, "AWS Signature Version 4 for
/// API requests": five minutes).
const SKEW: i64 = 300;

/// All checks that need the account. The first that cannot be answered ends them.
pub(super) async fn checks<A: Aws + Survey>(
    aws: &A,
    name: Option<&str>,
    stage: &str,
    settings: Option<(&Settings, &BTreeSet<ShownSource>)>,
) -> Vec<Check> {
    let region = Check::ok("region", aws.region());
    let caller = match aws.caller().await {
        Ok(caller) => caller,
        Err(error) => {
            let failure = error.into_failure("AWS does not accept the credentials");
            let said = failure.to_string();
            let check = Check::new("credentials", Outcome::Failed, said);
            return vec![region, check.mend(failure.advice().unwrap_or_default())];
        }
    };
    let place = AwsLocation::new(&caller, aws.region());
    let (permissions, quotas, clock) = tokio::join!(
        permissions(aws, &caller, &place, name.unwrap_or("app"), stage, settings),
        quotas(aws),
        clock(aws),
    );
    vec![
        region,
        Check::ok("credentials", caller.arn.clone()),
        permissions,
        quotas,
        clock,
    ]
}

/// Simulates what a deploy needs, on resources of an app that is named like the package.
async fn permissions<S: Survey>(
    aws: &S,
    caller: &Caller,
    place: &AwsLocation,
    name: &str,
    stage: &str,
    settings: Option<(&Settings, &BTreeSet<ShownSource>)>,
) -> Check {
    let check = "permissions";
    let Some(principal) = principal(caller) else {
        return Check::new(
            check,
            Outcome::Warning,
            "these are the account's root credentials, which may do everything",
        )
        .mend("create a user or a role for deploys: anyone with these keys controls the account");
    };
    let Ok(names) = Names::new(name, stage, &place.region) else {
        return Check::new(
            check,
            Outcome::Unknown,
            "the package name cannot be used as an app name on AWS",
        );
    };
    let mut missing = Vec::new();
    let needed = needed(&names, place, settings);
    for (resource, actions) in needed {
        match aws.denied(&principal, &actions, &resource).await {
            Ok(denied) => missing.extend(denied),
            Err(error) => {
                let said = format!("cannot simulate them: {error}");
                return unanswered(
                    check,
                    said,
                    error,
                    "; a deploy also reports missing permissions",
                );
            }
        }
    }
    if missing.is_empty() {
        return Check::ok(check, "everything that a deploy calls");
    }
    missing.sort();
    missing.dedup();
    let list = missing.join("`, `");
    Check::new(check, Outcome::Failed, format!("not allowed: `{list}`"))
        .mend("add them to the policy of the user or role; a permissions boundary or an organization's policy may deny them too")
}

/// A check that AWS gave no answer to: what would let it, by the kind of the failure.
fn unanswered(check: &'static str, said: String, error: aws::Error, more: &str) -> Check {
    let action = error.operation.action();
    let denied = error.kind == Kind::Denied;
    let found = Check::new(check, Outcome::Unknown, said);
    match error.into_failure("").advice() {
        Some(_) if denied => found.mend(format!(
            "allow `{action}` in a policy so that `doctor` can check them{more}"
        )),
        Some(advice) => found.mend(advice),
        None => found,
    }
}

/// The user or role whose policies count: the session of an assumed role has no policies of its
/// own.
fn principal(caller: &Caller) -> Option<String> {
    let Caller {
        arn,
        account,
        partition,
    } = caller;
    if arn.ends_with(":root") {
        return None;
    }
    match arn.split_once(":assumed-role/") {
        // The session's ARN leaves out the role's path, which only roles of services and of SSO have.
        Some((_, rest)) => {
            let role = rest.split('/').next().unwrap_or(rest);
            let path = if role.starts_with("AWSReservedSSO_") {
                "aws-reserved/sso.amazonaws.com/"
            } else {
                ""
            };
            Some(format!("arn:{partition}:iam::{account}:role/{path}{role}"))
        }
        None => Some(arn.clone()),
    }
}

/// The actions of a deploy by the resources that they are on.
fn needed(
    names: &Names,
    place: &AwsLocation,
    settings: Option<(&Settings, &BTreeSet<ShownSource>)>,
) -> BTreeMap<String, Vec<String>> {
    let AwsLocation {
        partition,
        account,
        region,
    } = place;
    let group = |name: &str| format!("arn:{partition}:logs:{region}:{account}:log-group:{name}");
    let apis = |kind: &str| format!("arn:{partition}:apigateway:{region}::/{kind}");
    let rest = settings.is_some_and(|(settings, _)| settings.gateway == Gateway::RestApi);
    let more = settings.map(|(settings, sources)| needed_for(settings, sources));
    let more = more.unwrap_or_default();
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for action in aws::needed().into_iter().chain(more) {
        let (service, call) = action.split_once(':').unwrap_or_default();
        let resources = match (service, call) {
            ("iam", _) => vec![format!(
                "arn:{partition}:iam::{account}:role/{}",
                names.role
            )],
            // These resources have their own names.
            ("lambda", "GetLayerVersion") => vec!["*".to_owned()],
            // Service Authorization Reference, "AWS Lambda": a mapping is of an id that Lambda chooses.
            ("lambda", call)
                if call.ends_with("EventSourceMapping")
                    || call.ends_with("EventSourceMappings") =>
            {
                vec!["*".to_owned()]
            }
            ("lambda", _) => vec![format!(
                "arn:{partition}:lambda:{region}:{account}:function:{}",
                names.function
            )],
            // Deliveries are of the account, not of a group.
            ("logs", call) if call.contains("Deliver") || call.contains("ResourcePolic") => {
                vec!["*".to_owned()]
            }
            // The lock is a group that keeps nothing.
            ("logs", "PutRetentionPolicy") => vec![group(&names.log_group)],
            ("logs", _) => vec![group(&names.log_group), group(&lock::group(names))],
            // Whichever gateway it is, the other's APIs are looked for.
            ("apigateway", "GET") => vec![apis("apis"), apis("restapis")],
            ("apigateway", _) => vec![apis(if rest { "restapis" } else { "apis" })],
            _ => vec!["*".to_owned()],
        };
        for resource in resources {
            let actions = all.entry(resource).or_default();
            if !actions.contains(&action) {
                actions.push(action.clone());
            }
        }
    }
    all
}

async fn quotas<S: Survey>(aws: &S) -> Check {
    match aws.limits().await {
        Ok(limits) => quotas_of(limits),
        Err(error) => unanswered("quotas", error.to_string(), error, ""),
    }
}

fn quotas_of(limits: Limits) -> Check {
    let Limits {
        concurrency,
        unreserved,
        stored,
        storage,
    } = limits;
    let said = format!(
        "{unreserved} of {concurrency} concurrent executions are available, {} of {} MB of code storage are used",
        stored / 1_000_000,
        storage / 1_000_000
    );
    // A new account has 10; the quota for others is 1000 (Lambda developer guide, "Lambda quotas").
    if unreserved <= 10 {
        Check::new("quotas", Outcome::Warning, said)
            .mend("request more \"Concurrent executions\" of Lambda in the Service Quotas console: it is free")
    } else if storage > 0 && stored > storage / 10 * 9 {
        Check::new("quotas", Outcome::Warning, said)
            .mend("delete old versions of functions, or request more \"Function and layer storage\" in Service Quotas")
    } else {
        Check::ok("quotas", said)
    }
}

async fn clock<S: Survey>(aws: &S) -> Check {
    match aws.clock().await {
        Ok(Some(theirs)) => clock_of(since::now() / 1000 - theirs),
        Ok(None) => Check::new("clock", Outcome::Unknown, "AWS's answer has no date"),
        Err(error) => unanswered("clock", error.to_string(), error, ""),
    }
}

fn clock_of(ahead: i64) -> Check {
    let said = match ahead {
        -5..=5 => "as AWS's".to_owned(),
        ahead if ahead > 0 => format!("{ahead} s ahead of AWS's"),
        behind => format!("{} s behind AWS's", -behind),
    };
    let mend = "set the clock: `timedatectl set-ntp true` keeps it right on Linux, `w32tm /resync` on Windows with WSL";
    match ahead.abs() {
        0..=5 => Check::ok("clock", said),
        6..SKEW => Check::new("clock", Outcome::Warning, said).mend(mend),
        _ => Check::new(
            "clock",
            Outcome::Failed,
            format!("{said}: AWS refuses requests signed with this time"),
        )
        .mend(mend),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::{Outcome, clock_of, needed, permissions, principal, quotas_of};
    use crate::{
        aws::{
            Error, Operation,
            error::Result,
            sts::Caller,
            survey::{Limits, Survey},
        },
        deploy::{
            block_on,
            names::{AwsLocation, Names},
        },
    };

    #[test]
    fn what_is_not_answered_is_mended_by_its_kind() {
        let operation = Operation::new("lambda", "GetAccountSettings");
        let of = |code: &str| {
            let error = Error::answered(operation, code, "no");
            let check = super::unanswered("quotas", error.to_string(), error, "");
            assert_eq!(check.outcome, Outcome::Unknown);
            check.mend
        };
        let denied = of("AccessDeniedException").unwrap();
        assert!(
            denied.contains("allow `lambda:GetAccountSettings`"),
            "{denied}"
        );
        let throttled = of("TooManyRequestsException").unwrap();
        assert!(throttled.contains("wait a minute"), "{throttled}");
        assert_eq!(of("ServiceException"), None);
    }

    /// An account whose policies deny this action.
    struct Stub {
        denies: Option<&'static str>,
        simulates: bool,
        asked: RefCell<Vec<String>>,
    }

    impl Survey for Stub {
        async fn denied(
            &self,
            principal: &str,
            actions: &[String],
            resource: &str,
        ) -> Result<Vec<String>> {
            if !self.simulates {
                let operation = Operation::new("iam", "SimulatePrincipalPolicy");
                return Err(Error::answered(operation, "AccessDenied", "no"));
            }
            self.asked
                .borrow_mut()
                .push(format!("{principal} {resource}"));
            let denied = actions
                .iter()
                .filter(|action| Some(action.as_str()) == self.denies);
            Ok(denied.cloned().collect())
        }

        async fn limits(&self) -> Result<Limits> {
            Err(Error::answered(
                Operation::new("lambda", "GetAccountSettings"),
                "AccessDenied",
                "no",
            ))
        }

        async fn clock(&self) -> Result<Option<i64>> {
            Ok(None)
        }
    }

    fn caller(arn: &str) -> Caller {
        Caller {
            account: "123456789012".to_owned(),
            partition: "aws".to_owned(),
            arn: arn.to_owned(),
        }
    }

    #[test]
    fn what_a_deploy_lacks_is_named() {
        let user = caller("arn:aws:iam::123456789012:user/ci");
        let place = AwsLocation::new(&user, "eu-central-1");
        let check = |denies, simulates, who: &Caller| {
            let stub = Stub {
                denies,
                simulates,
                asked: RefCell::default(),
            };
            let check =
                block_on(async { Ok(permissions(&stub, who, &place, "notes", "dev", None).await) });
            (check.unwrap(), stub.asked.into_inner())
        };
        let (all, asked) = check(None, true, &user);
        assert_eq!(all.outcome, Outcome::Ok);
        assert!(
            asked.contains(&"arn:aws:iam::123456789012:user/ci arn:aws:lambda:eu-central-1:123456789012:function:notes-dev".to_owned()),
            "{asked:?}"
        );
        let (lacking, _) = check(Some("iam:PassRole"), true, &user);
        assert_eq!(lacking.outcome, Outcome::Failed);
        assert_eq!(lacking.said, "not allowed: `iam:PassRole`");
        let (unknown, _) = check(None, false, &user);
        assert_eq!(unknown.outcome, Outcome::Unknown);
        assert!(
            unknown
                .mend
                .unwrap()
                .contains("iam:SimulatePrincipalPolicy")
        );
        let (root, _) = check(None, true, &caller("arn:aws:iam::123456789012:root"));
        assert_eq!(root.outcome, Outcome::Warning);
    }

    #[test]
    fn a_sessions_policies_are_its_roles() {
        let of = |arn: &str| principal(&caller(arn)).unwrap();
        assert_eq!(
            of("arn:aws:sts::123456789012:assumed-role/deployer/session"),
            "arn:aws:iam::123456789012:role/deployer"
        );
        assert_eq!(
            of("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Admin_1f/me@example.org"),
            "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_1f"
        );
    }

    #[test]
    fn every_call_of_a_deploy_is_simulated() {
        let place = AwsLocation::new(&caller("arn:aws:iam::1:user/x"), "eu-central-1");
        let names = Names::new("notes", "dev", "eu-central-1").unwrap();
        let all = needed(&names, &place, None);
        let lock = &all["arn:aws:logs:eu-central-1:123456789012:log-group:/fw/lock/notes-dev"];
        assert!(lock.contains(&"logs:CreateLogGroup".to_owned()), "{lock:?}");
        let rests = &all["arn:aws:apigateway:eu-central-1::/restapis"];
        assert_eq!(*rests, ["apigateway:GET"]);
        let actions: Vec<&String> = all.values().flatten().collect();
        for action in [
            "iam:CreateRole",
            "iam:PassRole",
            "lambda:CreateFunction",
            "lambda:PublishVersion",
            "apigateway:POST",
            "logs:CreateLogGroup",
        ] {
            assert!(
                actions.iter().any(|one| *one == action),
                "{action}: {actions:?}"
            );
        }
    }

    #[test]
    fn quotas_and_clock_are_judged() {
        let limits = |unreserved, stored| {
            quotas_of(Limits {
                concurrency: 1000,
                unreserved,
                stored,
                storage: 80_000_000_000,
            })
            .outcome
        };
        assert_eq!(limits(1000, 0), Outcome::Ok);
        assert_eq!(limits(10, 0), Outcome::Warning);
        assert_eq!(limits(1000, 79_000_000_000), Outcome::Warning);
        assert_eq!(clock_of(-3).outcome, Outcome::Ok);
        assert_eq!(clock_of(60).outcome, Outcome::Warning);
        assert_eq!(clock_of(-400).outcome, Outcome::Failed);
        assert!(clock_of(-400).said.starts_with("400 s behind"));
    }
}
