//! IAM: no wildcard, no managed policy, and a role that one service alone can take.

use crate::model::{Template, assert_finds, assert_none, each, render};
use serde_json::Value;

/// A statement of a policy and where it is.
pub struct Statement<'a> {
    /// Logical id of the resource that holds it, and the policy's name.
    pub place: String,
    /// The statement.
    pub value: &'a Value,
}

impl Statement<'_> {
    /// Its actions.
    pub fn actions(&self) -> Vec<String> {
        each(&self.value["Action"]).into_iter().map(render).collect()
    }

    /// Its resources, each as one text.
    pub fn resources(&self) -> Vec<String> {
        each(&self.value["Resource"]).into_iter().map(render).collect()
    }
}

fn statements<'a>(place: &str, document: &'a Value) -> Vec<Statement<'a>> {
    let found = each(&document["Statement"]).into_iter();
    found.map(|value| Statement { place: place.to_owned(), value }).collect()
}

/// The statements that a role allows.
pub fn of_role<'a>(id: &str, role: &'a Value) -> Vec<Statement<'a>> {
    let policies = each(&role["Policies"]).into_iter();
    let named = |policy: &Value| format!("{id}, policy {}", render(&policy["PolicyName"]));
    policies.flat_map(|policy| statements(&named(policy), &policy["PolicyDocument"])).collect()
}

/// Every statement of every policy, of roles and of resources; key policies aside, which can only say `*` of their key.
fn all(template: &Template) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    for (id, resource) in template.section("Resources") {
        let properties = &resource["Properties"];
        match resource["Type"].as_str() {
            Some("AWS::KMS::Key") => {}
            Some("AWS::IAM::Role") => found.extend(of_role(id, properties)),
            _ => found.extend(
                ["PolicyDocument", "ResourcePolicy"].iter().flat_map(|key| statements(id, &properties[*key])),
            ),
        }
    }
    found
}

/// Actions that AWS knows no resource of (service authorization reference): they can only be allowed on `*`.
pub const WITHOUT_RESOURCE: [&str; 1] = ["ses:GetAccount"];

/// What is wrong with what is allowed. A statement that denies may be as wide as it likes.
fn wildcards(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for statement in all(template).iter().filter(|s| s.value["Effect"] != "Deny") {
        let place = &statement.place;
        for turned in ["NotAction", "NotResource", "NotPrincipal"] {
            if !statement.value[turned].is_null() {
                faults.push(format!("{place}: {turned} allows what nobody named: list what is needed"));
            }
        }
        if !statement.value["Principal"].is_null() && render(&statement.value["Principal"]).contains('*') {
            faults.push(format!("{place}: Principal * is everybody: name who"));
        }
        let actions = statement.actions();
        let of_s3 = actions.iter().all(|action| action.starts_with("s3:"));
        for action in actions.iter().filter(|action| action.contains(['*', '?'])) {
            faults.push(format!("{place}: Action {action}: list the actions"));
        }
        let without_resource = actions.iter().all(|action| WITHOUT_RESOURCE.contains(&action.as_str()));
        for resource in statement.resources().into_iter().filter(|r| !(without_resource && r == "*")) {
            let is_path = of_s3 && resource.contains(".Arn}/") && resource.ends_with("/*");
            let stars = resource.matches(['*', '?']).count();
            if stars > usize::from(is_path) {
                faults.push(format!(
                    "{place}: Resource {resource}: name the resource; only an S3 path may end in /*"
                ));
            }
        }
    }
    faults
}

/// What is wrong with the roles themselves.
fn roles(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, role) in template.of_type("AWS::IAM::Role") {
        if !role["ManagedPolicyArns"].is_null() {
            faults.push(format!("{id}: ManagedPolicyArns: write the statements out instead"));
        }
        // Whoever may deploy this may make roles only within a boundary: shared/cli/deploy/deploy-role.yaml.
        if role["PermissionsBoundary"]["Fn::If"][1]["Ref"] != "PermissionsBoundaryArn" {
            faults.push(format!(
                "{id}: PermissionsBoundary must be the parameter PermissionsBoundaryArn, if there is one"
            ));
        }
        let trust = statements(id, &role["AssumeRolePolicyDocument"]);
        let [trust] = trust.as_slice() else {
            faults.push(format!("{id}: AssumeRolePolicyDocument must have one statement"));
            continue;
        };
        let principal = trust.value["Principal"].as_object();
        let service = principal.filter(|p| p.len() == 1).and_then(|p| p.get("Service"));
        let service = service.map(each).filter(|s| s.len() == 1).and_then(|s| s[0].as_str());
        if !service.is_some_and(|s| s.ends_with(".amazonaws.com") && !s.contains('*')) {
            faults.push(format!("{id}: AssumeRolePolicyDocument must name one service as Principal"));
        }
        if trust.actions() != ["sts:AssumeRole"] {
            faults.push(format!("{id}: AssumeRolePolicyDocument must allow sts:AssumeRole alone"));
        }
    }
    for (id, permission) in template.of_type("AWS::Lambda::Permission") {
        let principal = permission["Principal"].as_str().unwrap_or_default();
        if !principal.ends_with(".amazonaws.com") || permission["SourceArn"].is_null() {
            faults
                .push(format!("{id}: it must name a service as Principal, and on whose behalf as SourceArn"));
        }
    }
    for kind in ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy", "AWS::IAM::User"] {
        let found = template.of_type(kind);
        faults.extend(found.iter().map(|(id, _)| format!("{id}: put it into Policies of its role")));
    }
    for (id, function) in template.functions() {
        for property in ["Policies", "PermissionsBoundary", "AssumeRolePolicyDocument"] {
            if !function[property].is_null() {
                faults.push(format!("{id}: {property}: its role is written out, put it there"));
            }
        }
    }
    faults
}

#[test]
fn nothing_is_allowed_by_a_wildcard() {
    assert_none(&wildcards(&Template::own()));
}

#[test]
fn a_role_is_written_out_and_one_service_takes_it() {
    assert_none(&roles(&Template::own()));
}

const GOOD: &str = r#"
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Statement: [{Effect: Allow, Action: 'kms:*', Resource: '*'}]}}}
  Guard:
    Type: AWS::S3::BucketPolicy
    Properties:
      PolicyDocument: {Statement: [{Effect: Deny, Principal: '*', Action: 's3:*', Resource: !Sub '${B.Arn}/*'}]}
  Role:
    Type: AWS::IAM::Role
    Properties:
      PermissionsBoundary: !If [HasPermissionsBoundary, !Ref PermissionsBoundaryArn, !Ref AWS::NoValue]
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: sts:AssumeRole}]
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: [dynamodb:GetItem], Resource: !GetAtt T.Arn}
              - {Effect: Allow, Action: s3:PutObject, Resource: !Sub '${B.Arn}/failed/*'}
              - {Effect: Allow, Action: 'ses:GetAccount', Resource: '*'}
  F: {Type: AWS::Serverless::Function, Properties: {Role: !GetAtt Role.Arn}}
  Calls: {Type: AWS::Lambda::Permission, Properties: {Principal: apigateway.amazonaws.com, SourceArn: !Sub '${Api}/*'}}
"#;

#[test]
fn a_wildcard_is_found_wherever_it_hides() {
    assert_finds(
        wildcards,
        GOOD,
        &[
            ("dynamodb:GetItem", "'dynamodb:*'", "Role, policy p: Action dynamodb:*"),
            ("dynamodb:GetItem", "'dynamodb:Get?tem'", "Action dynamodb:Get?tem"),
            ("Resource: !GetAtt T.Arn", "Resource: '*'", "Resource *"),
            ("'ses:GetAccount'", "[ses:GetAccount, ses:SendEmail]", "Resource *"),
            ("Resource: !GetAtt T.Arn", "Resource: [!GetAtt T.Arn, !Sub '${T.Arn}/index/*']", "/index/*"),
            ("Resource: !GetAtt T.Arn", "NotResource: x", "NotResource"),
            ("${B.Arn}/failed/*", "${B.Arn}*", "Resource ${B.Arn}*"),
            ("${B.Arn}/failed/*", "${B.Arn}/*/x/*", "${B.Arn}/*/x/*"),
            ("Action: s3:PutObject", "Action: [s3:PutObject, kms:Encrypt]", "failed/*"),
            ("Effect: Deny, Principal: '*'", "Effect: Allow, Principal: '*'", "Guard: Principal *"),
        ],
    );
}

#[test]
fn a_role_that_is_not_written_out_or_open_to_others_is_found() {
    assert_finds(
        roles,
        GOOD,
        &[
            (
                "      Policies:\n",
                "      ManagedPolicyArns: [x]\n      Policies:\n",
                "Role: ManagedPolicyArns",
            ),
            ("!Ref PermissionsBoundaryArn", "!Ref Other", "Role: PermissionsBoundary must be"),
            ("{Service: lambda.amazonaws.com}", "{AWS: '123456789012'}", "one service"),
            ("lambda.amazonaws.com", "[lambda.amazonaws.com, ec2.amazonaws.com]", "one service"),
            ("{Service: lambda.amazonaws.com}", "'*'", "one service"),
            ("Action: sts:AssumeRole", "Action: [sts:AssumeRole, sts:TagSession]", "sts:AssumeRole alone"),
            ("Role: !GetAtt Role.Arn", "Policies: [AWSLambdaExecute]", "F: Policies"),
            ("Principal: apigateway.amazonaws.com", "Principal: '*'", "Calls: it must name a service"),
            (", SourceArn: !Sub '${Api}/*'", "", "Calls: it must name a service"),
            ("AWS::S3::BucketPolicy", "AWS::IAM::ManagedPolicy", "Guard: put it into"),
        ],
    );
}
