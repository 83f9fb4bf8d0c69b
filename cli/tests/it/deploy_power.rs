//! Power that somebody gave a deployment in the console: read from moto's account, told, and taken back.

use crate::{
    deploy_account::Account,
    deploy_moto::Moto,
    deploy_support::{App, REGION},
};

#[test]
fn what_somebody_else_allowed_is_told_and_taken_back() {
    let moto = Moto::start();
    let app = App::new("notes");
    app.program("one", &["GET /"]);
    app.fw(&moto, &["deploy"]).ends(0);
    let account = Account::of(&moto);
    let iam = aws_sdk_iam::Client::new(&account.config);
    let role = format!("notes-dev-{REGION}");
    let all =
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;
    let made = account.run(
        iam.create_policy()
            .policy_name("most")
            .policy_document(all)
            .send(),
    );
    let most = made.unwrap().policy.unwrap().arn.unwrap();
    let open = || {
        let call = iam.put_role_policy().role_name(&role).policy_name("mine");
        account.run(call.policy_document(all).send()).unwrap();
        let call = iam.attach_role_policy().role_name(&role);
        account.run(call.policy_arn(&most).send()).unwrap();
    };
    open();
    let lambda = aws_sdk_lambda::Client::new(&account.config);
    let call = lambda.add_permission().function_name("notes-dev");
    let call = call.qualifier("live").statement_id("open").principal("*");
    account
        .run(call.action("lambda:InvokeFunction").send())
        .unwrap();

    let told = [
        format!("policy attached to the role `{most}`"),
        "inline policy of the role `mine`".to_owned(),
        "permission `open`".to_owned(),
    ];
    let plan = app.fw(&moto, &["deploy", "--plan"]).ends(2);
    let asked = app.fw(&moto, &["deploy"]).ends(64);
    for one in &told {
        assert!(plan.stdout.contains(one), "{one}: {}", plan.stdout);
        assert!(asked.stderr.contains(one), "{one}: {}", asked.stderr);
    }
    app.fw(&moto, &["deploy", "--yes"]).ends(0);
    // One inline policy is left, the deployment's own.
    assert!(
        !account
            .role_policy(&role)
            .contains("\"*\",\"Resource\":\"*\"")
    );
    let attached = account.run(iam.list_attached_role_policies().role_name(&role).send());
    assert_eq!(attached.unwrap().attached_policies.unwrap_or_default(), []);
    assert!(!account.policy("notes-dev").to_string().contains("open"));
    app.fw(&moto, &["deploy", "--plan"]).ends(0);

    // A deletion goes through at the first run.
    open();
    app.fw(&moto, &["delete", "--yes", "--logs"]).ends(0);
    assert_eq!(account.roles(), [""; 0]);
}
