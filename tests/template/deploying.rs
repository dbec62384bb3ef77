//! Who deploys: `shared/cli/deploy/deploy-role.yaml` lets CloudFormation make what is in the template, and nothing else.

use crate::model::{Template, assert_finds, assert_none, each, read, render};
use crate::policies::of_role;
use crate::yaml;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What SAM makes of a function (SAM developer guide, "Generated CloudFormation resources").
const OF_FUNCTION: [&str; 7] = [
    "AWS::CodeDeploy::Application",
    "AWS::CodeDeploy::DeploymentGroup",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Version",
];
/// Statements of CloudFormation's whose actions AWS knows no name for, or none that is known beforehand.
const NAMELESS: [&str; 3] = ["LogsWithoutNames", "Mappings", "New"];
/// Characters of a managed policy at most, spaces apart (IAM user guide, "IAM and AWS STS quotas").
const POLICY_CHARS_MAX: usize = 6_144;

/// Types of resources that CloudFormation makes.
fn types(template: &Template) -> BTreeSet<String> {
    let written = template.section("Resources").filter_map(|(_, resource)| resource["Type"].as_str());
    let made = written.flat_map(|kind| match kind {
        "AWS::Serverless::Function" => OF_FUNCTION.to_vec(),
        kind => vec![kind],
    });
    made.map(ToOwned::to_owned).collect()
}

/// The statements of some managed policies.
fn statements<'a>(deploy: &'a Template, policies: &[&str]) -> Vec<&'a Value> {
    let document =
        |name: &&str| &deploy.root["Resources"][*name]["Properties"]["PolicyDocument"]["Statement"];
    policies.iter().flat_map(|name| each(document(name))).collect()
}

fn actions<'a>(statements: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    statements.into_iter().flat_map(|statement| each(&statement["Action"])).map(render).collect()
}

/// The policies that a role of the file has, by their ids.
fn policies_of(deploy: &Template, role: &str) -> Vec<String> {
    let attached = each(&deploy.root["Resources"][role]["Properties"]["ManagedPolicyArns"]);
    attached.into_iter().map(|policy| render(policy).trim_matches(['$', '{', '}']).to_owned()).collect()
}

/// What is wrong between what the template is made of, what that needs, and what is allowed.
fn faults(template: &Template, deploy: &Template, needs: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let (types, needs) = (types(template), needs.as_object().cloned().unwrap_or_default());
    let listed: BTreeSet<String> = needs.keys().cloned().collect();
    faults.extend(
        types.difference(&listed).map(|kind| format!("{kind}: deploy.yaml does not say what it needs")),
    );
    faults.extend(
        listed.difference(&types).map(|kind| format!("{kind}: deploy.yaml has it, and the template none")),
    );
    let attached = policies_of(deploy, "StackRole");
    let attached: Vec<&str> = attached.iter().map(String::as_str).collect();
    let allowed = statements(deploy, &attached);
    let mut needed: BTreeMap<String, &str> = BTreeMap::new();
    for (kind, actions) in &needs {
        needed.extend(each(actions).into_iter().map(|action| (render(action), kind.as_str())));
    }
    let found = actions(allowed.iter().copied());
    let missing = needed.iter().filter(|(action, _)| !found.contains(*action));
    faults.extend(
        missing.map(|(action, kind)| format!("StackRole: {action} is not allowed, and {kind} needs it")),
    );
    let spare = found.iter().filter(|action| !needed.contains_key(*action));
    faults.extend(spare.map(|action| format!("StackRole: {action} is allowed, and no type needs it")));
    for statement in allowed {
        let sid = render(&statement["Sid"]);
        let is_wide = each(&statement["Resource"]).into_iter().any(|resource| resource == "*");
        if is_wide != NAMELESS.contains(&sid.as_str()) {
            faults.push(format!("StackRole, {sid}: name what it is about, or list it in deploying.rs"));
        }
    }
    faults.extend(bounds(template, deploy));
    faults
}

/// What is wrong with the boundary, with who hands the stack over, and with the policies themselves.
fn bounds(template: &Template, deploy: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    let roles = template.of_type("AWS::IAM::Role");
    let of_roles = roles.iter().flat_map(|(id, role)| of_role(id, role));
    let taken: BTreeSet<String> = of_roles.flat_map(|statement| statement.actions()).collect();
    let bound = actions(statements(deploy, &["Boundary"]));
    faults.extend(taken.difference(&bound).map(|one| format!("Boundary: a role of the stack has {one}")));
    faults.extend(bound.difference(&taken).map(|one| format!("Boundary: no role of the stack has {one}")));
    let more =
        ["iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"];
    for statement in statements(deploy, &["ComputePolicy"]) {
        let is_more = actions([statement]).iter().any(|action| more.contains(&action.as_str()));
        let on = each(&statement["Resource"]).into_iter().map(render).collect::<String>();
        let is_bound = statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"]["Ref"] == "Boundary";
        if is_more && !is_bound && !on.contains("-CodeDeployServiceRole-") {
            faults.push(format!(
                "ComputePolicy, {}: a role could be made without the boundary",
                statement["Sid"]
            ));
        }
    }
    for statement in statements(deploy, &["DeployPolicy"]) {
        let of_iam =
            actions([statement]).into_iter().find(|one| one.starts_with("iam:") && one != "iam:PassRole");
        faults.extend(of_iam.map(|action| format!("DeployPolicy: {action} is for CloudFormation alone")));
    }
    for (id, policy) in deploy.of_type("AWS::IAM::ManagedPolicy") {
        let size = policy["PolicyDocument"].to_string().chars().filter(|c| !c.is_whitespace()).count();
        if size > POLICY_CHARS_MAX {
            faults.push(format!("{id}: {size} characters, and IAM takes {POLICY_CHARS_MAX}"));
        }
        let starred = actions(statements(deploy, &[id])).into_iter().find(|action| action.contains('*'));
        faults.extend(starred.map(|action| format!("{id}: Action {action}: list the actions")));
    }
    for (id, role) in deploy.of_type("AWS::IAM::Role") {
        let names = policies_of(deploy, id);
        faults.extend(
            names.iter().filter(|name| name.contains(':')).map(|name| format!("{id}: {name} is AWS's")),
        );
        if render(&role["RoleName"]).starts_with("${StackName}") {
            faults.push(format!("{id}: RoleName is one that the stack's own deployment may change"));
        }
    }
    faults
}

#[test]
fn cloudformation_may_make_what_is_in_the_template_and_nothing_else() {
    let deploy = Template::parse(&read("shared/cli/deploy/deploy-role.yaml")).unwrap();
    let needs = yaml::parse(&read("tests/template/deploy.yaml")).unwrap();
    assert_none(&faults(&Template::own(), &deploy, &needs));
}

const DEPLOY: &str = "Resources:
  DeployRole: {Type: AWS::IAM::Role, Properties: {RoleName: deploy, ManagedPolicyArns: [!Ref DeployPolicy]}}
  StackRole:
    Type: AWS::IAM::Role
    Properties: {RoleName: cfn, ManagedPolicyArns: [!Ref ComputePolicy]}
  DeployPolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties: {PolicyDocument: {Statement: [{Sid: HandOver, Action: iam:PassRole, Resource: r}]}}
  ComputePolicy:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument:
        Statement:
          - {Sid: Queues, Action: [sqs:CreateQueue, sqs:DeleteQueue], Resource: q}
          - {Sid: New, Action: kms:CreateKey, Resource: '*'}
          - Sid: Roles
            Action: iam:CreateRole
            Resource: role/x-*
            Condition: {StringEquals: {iam:PermissionsBoundary: !Ref Boundary}}
  Boundary:
    Type: AWS::IAM::ManagedPolicy
    Properties: {PolicyDocument: {Statement: [{Sid: Q, Action: sqs:SendMessage, Resource: q}]}}
";

#[test]
fn a_right_too_few_or_too_many_of_who_deploys_is_found() {
    let template = "Resources:
  Q: {Type: AWS::SQS::Queue}
  K: {Type: AWS::KMS::Key}
  R:
    Type: AWS::IAM::Role
    Properties: {Policies: [{PolicyName: p, PolicyDocument: {Statement: [{Action: sqs:SendMessage, Resource: q}]}}]}
";
    let own = Template::parse(template).unwrap();
    let needs = "AWS::SQS::Queue: [sqs:CreateQueue, sqs:DeleteQueue]\nAWS::KMS::Key: [kms:CreateKey]\n\
        AWS::IAM::Role: [iam:CreateRole]\n";
    let needs = yaml::parse(needs).unwrap();
    assert_finds(
        |deploy| faults(&own, deploy, &needs),
        DEPLOY,
        &[
            (", sqs:DeleteQueue]", "]", "sqs:DeleteQueue is not allowed, and AWS::SQS::Queue needs it"),
            (
                ", sqs:DeleteQueue]",
                ", sqs:DeleteQueue, sqs:PurgeQueue]",
                "sqs:PurgeQueue is allowed, and no type",
            ),
            ("sqs:DeleteQueue]", "'sqs:*']", "ComputePolicy: Action sqs:*"),
            (
                "Resource: q}\n          - {Sid: New",
                "Resource: '*'}\n          - {Sid: New",
                "Queues: name what",
            ),
            (
                "Action: sqs:SendMessage",
                "Action: sqs:ReceiveMessage",
                "a role of the stack has sqs:SendMessage",
            ),
            ("Action: sqs:SendMessage", "Action: [sqs:SendMessage, sqs:X]", "no role of the stack has sqs:X"),
            ("iam:PermissionsBoundary: !Ref Boundary", "x: y", "made without the boundary"),
            ("Action: iam:PassRole", "Action: iam:CreateUser", "iam:CreateUser is for CloudFormation alone"),
            (
                "[!Ref ComputePolicy]",
                "[!Ref ComputePolicy, 'arn:aws:iam::aws:policy/A']",
                "policy/A is AWS's",
            ),
            ("RoleName: cfn", "RoleName: !Sub '${StackName}-cfn'", "StackRole: RoleName"),
        ],
    );
    let deploy = Template::parse(DEPLOY).unwrap();
    let newer = Template::parse(&template.replace("AWS::SQS::Queue", "AWS::SNS::Topic")).unwrap();
    let found = faults(&newer, &deploy, &needs);
    assert!(found[0].contains("AWS::SNS::Topic: deploy.yaml does not say"), "{found:?}");
    assert!(found[1].contains("AWS::SQS::Queue: deploy.yaml has it, and the template none"), "{found:?}");
}
