//! `cargo fw list`: the apps and stages in the account, by their tags.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::{
    args::{self, Output},
    aws::{Account, Aws, tagging::Tagged},
    console::{Console, columns},
    deploy::{
        self,
        names::{AwsLocation, TAG_APP, TAG_STAGE},
    },
    error::{Context as _, Exit, Result},
};

/// The version of the JSON document.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct ListedDeployment<'a> {
    schema: u32,
    account: &'a str,
    region: &'a str,
    deployments: &'a [Deployment],
}

/// A stage of an app.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Deployment {
    app: String,
    stage: String,
    /// The names of its functions.
    functions: Vec<String>,
    /// The ARNs of all that carries its tags in this region.
    resources: Vec<String>,
}

/// Prints each deployment in the region.
pub(super) fn list(args: &args::List, console: &Console) -> Result<Exit> {
    deploy::block_on(async {
        let aws = Account::connect(&args.account).await?;
        let place = deploy::place(&aws).await?;
        let all = deployments(&aws).await?;
        match args.output {
            Output::Json => {
                let document = ListedDeployment {
                    schema: SCHEMA,
                    account: &place.account,
                    region: &place.region,
                    deployments: &all,
                };
                let text = serde_json::to_string_pretty(&document).context("cannot write JSON")?;
                console.result(text);
            }
            Output::Text => print(&all, &place, console),
        }
        Ok(Exit::Success)
    })
}

fn print(all: &[Deployment], place: &AwsLocation, console: &Console) {
    let AwsLocation {
        account, region, ..
    } = place;
    if all.is_empty() {
        console.line(format_args!(
            "no app is deployed in {region} of account {account}"
        ));
    }
    let rows: Vec<Vec<String>> = all
        .iter()
        .map(|one| vec![one.app.clone(), one.stage.clone(), one.functions.join(", ")])
        .collect();
    for line in columns(&rows) {
        console.result(line);
    }
}

async fn deployments(aws: &impl Aws) -> Result<Vec<Deployment>> {
    let tagged = aws.tagged(&[(TAG_APP, None), (TAG_STAGE, None)]).await;
    let tagged = tagged.map_err(|error| error.into_failure("cannot list what is deployed"))?;
    Ok(sorted(tagged))
}

fn sorted(tagged: Vec<Tagged>) -> Vec<Deployment> {
    let mut by_name: BTreeMap<(String, String), Vec<Tagged>> = BTreeMap::new();
    for one in tagged {
        let tag = |key: &str| one.tags.get(key).cloned().unwrap_or_default();
        let key = (tag(TAG_APP), tag(TAG_STAGE));
        by_name.entry(key).or_default().push(one);
    }
    by_name
        .into_iter()
        // Of a stage that was deleted the logs may be left, and of a deploy that was killed the lock.
        .filter(|(_, tagged)| !tagged.iter().all(Tagged::is_log_group))
        .map(|((app, stage), tagged)| {
            let functions: BTreeSet<&str> = tagged.iter().filter_map(Tagged::function).collect();
            let functions = functions.into_iter().map(str::to_owned).collect();
            let mut resources: Vec<String> = tagged.iter().map(|one| one.arn.clone()).collect();
            resources.sort();
            Deployment {
                app,
                stage,
                functions,
                resources,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Deployment, sorted};
    use crate::{aws::tagging::Tagged, values::names::Tags};

    fn tagged(arn: &str, app: &str, stage: &str) -> Tagged {
        Tagged {
            arn: arn.to_owned(),
            tags: Tags::from([
                ("fw:app".to_owned(), app.to_owned()),
                ("fw:stage".to_owned(), stage.to_owned()),
            ]),
        }
    }

    #[test]
    fn a_stage_of_which_logs_or_the_lock_are_left_is_not_deployed() {
        let group = |name: &str| format!("arn:aws:logs:eu-central-1:1:log-group:{name}");
        let of = |name: &str, stage: &str| tagged(&group(name), "notes", stage);
        let left = [
            of("/aws/lambda/notes-dev", "dev"),
            of("/aws/lambda/notes-dev-door:*", "dev"),
            of("/fw/lock/notes-pr-7", "pr-7"),
        ];
        assert_eq!(sorted(left.to_vec()), []);
        // A log group does not count as a function.
        let api = tagged("arn:aws:apigateway:eu-central-1::/apis/a1", "notes", "dev");
        let all = sorted([&left[..], &[api]].concat());
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].stage.as_str(), all[0].resources.len()), ("dev", 3));
        assert_eq!(all[0].functions, Vec::<String>::new());
    }

    #[test]
    fn resources_are_gathered_by_app_and_stage() {
        let function = "arn:aws:lambda:eu-central-1:1:function:notes-dev";
        let group = "arn:aws:logs:eu-central-1:1:log-group:/aws/lambda/notes-dev";
        let all = sorted(vec![
            tagged("arn:x", "notes", "prod"),
            tagged(group, "notes", "dev"),
            tagged(function, "notes", "dev"),
        ]);
        assert_eq!(all.len(), 2);
        assert_eq!(
            all[0],
            Deployment {
                app: "notes".to_owned(),
                stage: "dev".to_owned(),
                functions: vec!["notes-dev".to_owned()],
                resources: vec![function.to_owned(), group.to_owned()],
            }
        );
        assert_eq!(all[1].functions, Vec::<String>::new());
    }
}
