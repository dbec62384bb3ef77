//! The HTTP API: the routes of the routers and no others, each with a limit, and logs that name nobody.

use crate::model::{Template, assert_finds, assert_none, each, references, render, target};
use crate::routers::{Served, own_routes};
use serde_json::Value;
use std::collections::BTreeMap;

/// What an access log must not hold: who somebody is, or the path, whose last part may be a person's token.
const PERSONAL: [&str; 6] = ["sourceip", "useragent", ".path", "identity.", "authorizer", "querystring"];

fn integration<'a>(template: &'a Template, route: &Value) -> &'a Value {
    let named = references(&route["Target"]).into_iter().next().unwrap_or_default();
    &template.root["Resources"][named]["Properties"]
}

/// Whether a pattern with `*` for any text covers a text.
fn covers(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        let at = if index + 1 == parts.len() && rest.ends_with(part) {
            Some(rest.len() - part.len())
        } else {
            rest.find(part)
        };
        let Some(at) = at else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

/// Whether Lambda lets this API call a function for a path.
fn is_permitted(template: &Template, api: &str, function: &str, path: &str) -> bool {
    template.of_type("AWS::Lambda::Permission").iter().any(|(_, permission)| {
        let source = render(&permission["SourceArn"]);
        let below = source.split_once(&format!("${{{api}}}/*/*")).map(|(_, below)| below.to_owned());
        target(&permission["FunctionName"]) == Some(function)
            && permission["Principal"] == "apigateway.amazonaws.com"
            && permission["Action"] == "lambda:InvokeFunction"
            && below.is_some_and(|below| covers(&below, path) || below.is_empty())
    })
}

/// What is wrong between the API's routes and those that the routers serve.
fn routes(template: &Template, served: &Served) -> Vec<String> {
    let mut faults = Vec::new();
    let mut given: BTreeMap<(String, String), String> = BTreeMap::new();
    for (id, route) in template.of_type("AWS::ApiGatewayV2::Route") {
        let key = render(&route["RouteKey"]);
        let Some((method, path)) = key.split_once(' ') else {
            faults.push(format!("{id}: RouteKey {key} is no method and path"));
            continue;
        };
        let integration = integration(template, route);
        let function = target(&integration["IntegrationUri"]).unwrap_or_default();
        if integration["IntegrationType"] != "AWS_PROXY"
            || render(&integration["PayloadFormatVersion"]) != "2.0"
        {
            faults.push(format!("{id}: its integration must be AWS_PROXY with PayloadFormatVersion \"2.0\""));
        }
        let api = target(&route["ApiId"]).unwrap_or_default();
        if !is_permitted(template, api, function, path) {
            faults.push(format!("{id}: no AWS::Lambda::Permission lets {api} call {function} for {path}"));
        }
        let asked = |m: &str| method == "ANY" || method == m;
        if !served.iter().any(|(f, m, p)| f == function && p == path && asked(m)) {
            faults.push(format!("{id}: {function} serves no {key}: remove the route"));
        }
        if given.insert((method.to_owned(), path.to_owned()), function.to_owned()).is_some() {
            faults.push(format!("{id}: {key} a second time"));
        }
    }
    for (function, method, path) in served {
        let found = [method, "ANY"].iter().find_map(|m| given.get(&((*m).to_owned(), path.clone())));
        if found != Some(function) {
            faults.push(format!("{function}: it serves {method} {path} and no route of the API leads there"));
        }
    }
    faults
}

/// What is wrong with the API and its stage.
fn stage(template: &Template) -> Vec<String> {
    let mut faults = Vec::new();
    for (id, api) in template.of_type("AWS::ApiGatewayV2::Api") {
        if !api["CorsConfiguration"].is_null() {
            faults.push(format!(
                "{id}: CorsConfiguration: remove it, it would override what the functions answer"
            ));
        }
    }
    let routes: BTreeMap<String, &str> = template
        .of_type("AWS::ApiGatewayV2::Route")
        .into_iter()
        .map(|(id, r)| (render(&r["RouteKey"]), id))
        .collect();
    let stages = template.of_type("AWS::ApiGatewayV2::Stage");
    if stages.len() != 1 {
        faults.push(format!("Resources: one AWS::ApiGatewayV2::Stage is expected; found {}", stages.len()));
    }
    for (id, stage) in stages {
        let settings = stage["RouteSettings"].as_object().cloned().unwrap_or_default();
        let waits = each(&template.root["Resources"][id]["DependsOn"]);
        for (key, route) in &routes {
            for limit in ["ThrottlingRateLimit", "ThrottlingBurstLimit"] {
                let written = settings.get(key).map_or(&Value::Null, |s| &s[limit]);
                if template.numbers(written).iter().all(|n| *n < 1) {
                    faults.push(format!("{id}: RouteSettings of {key} must have a {limit} of 1 or more"));
                }
            }
            if !waits.iter().any(|name| name.as_str() == Some(route)) {
                faults.push(format!("{id}: DependsOn must name {route}: settings of a route need the route"));
            }
        }
        let extra = settings.keys().filter(|key| !routes.contains_key(*key));
        faults.extend(extra.map(|key| format!("{id}: RouteSettings of {key}: the API has no such route")));
        faults
            .extend(access_log(&stage["AccessLogSettings"]).into_iter().map(|what| format!("{id}: {what}")));
    }
    faults
}

fn access_log(settings: &Value) -> Vec<String> {
    let format = render(&settings["Format"]);
    let Ok(Value::Object(_)) = serde_json::from_str(&format) else {
        return vec!["AccessLogSettings.Format must be a JSON object on one line".to_owned()];
    };
    let mut faults: Vec<String> = PERSONAL
        .iter()
        .filter(|word| format.to_lowercase().contains(*word))
        .map(|word| format!("AccessLogSettings.Format holds {word}: a log names nobody"))
        .collect();
    if target(&settings["DestinationArn"]).is_none() {
        faults.push("AccessLogSettings.DestinationArn must be a log group of this template".to_owned());
    }
    faults
}

#[tokio::test]
async fn the_apis_routes_are_those_that_the_functions_serve() {
    let served = own_routes().await;
    let has = |method: &str, path: &str| served.iter().any(|(_, m, p)| m == method && p == path);
    assert!(
        has("POST", "/v1/batch") && has("OPTIONS", "/v1/batch") && !has("PUT", "/v1/batch"),
        "{served:?}"
    );
    assert!(
        has("GET", "/u/{token}") && has("POST", "/u/{token}") && !has("OPTIONS", "/u/{token}"),
        "{served:?}"
    );
    assert_none(&routes(&Template::own(), &served));
}

#[test]
fn every_route_has_a_limit_and_logs_name_nobody() {
    assert_none(&stage(&Template::own()));
}

const GOOD: &str = r#"
Resources:
  HttpApi: {Type: AWS::ApiGatewayV2::Api, Properties: {ProtocolType: HTTP}}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt F.Arn, PayloadFormatVersion: "2.0"}
  Permission:
    Type: AWS::Lambda::Permission
    Properties:
      Action: lambda:InvokeFunction
      FunctionName: !Ref F
      Principal: apigateway.amazonaws.com
      SourceArn: !Sub arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${HttpApi}/*/*/v1/*
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref HttpApi, RouteKey: ANY /v1/batch, Target: !Sub 'integrations/${Integration}'}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    DependsOn: [Route]
    Properties:
      RouteSettings:
        ANY /v1/batch: {ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20}
      AccessLogSettings: {DestinationArn: !GetAtt Logs.Arn, Format: '{"id":"$context.requestId","key":"$context.routeKey"}'}
"#;

#[test]
fn a_route_without_a_router_and_a_router_without_a_route_are_found() {
    let served = |method: &str| ("F".to_owned(), method.to_owned(), "/v1/batch".to_owned());
    let served = Served::from([served("POST"), served("OPTIONS")]);
    assert_finds(
        |template| routes(template, &served),
        GOOD,
        &[
            ("RouteKey: ANY /v1/batch", "RouteKey: POST /v1/batch", "F: it serves OPTIONS /v1/batch"),
            ("RouteKey: ANY /v1/batch", "RouteKey: ANY /v1/other", "Route: F serves no ANY /v1/other"),
            ("RouteKey: ANY /v1/batch", "RouteKey: PUT /v1/batch", "Route: F serves no PUT"),
            ("RouteKey: ANY /v1/batch", "RouteKey: $default", "is no method and path"),
            ("IntegrationUri: !GetAtt F.Arn", "IntegrationUri: !GetAtt G.Arn", "F: it serves POST"),
            ("PayloadFormatVersion: \"2.0\"", "PayloadFormatVersion: \"1.0\"", "Route: its integration"),
            ("/*/*/v1/*", "/*/*/u/*", "Route: no AWS::Lambda::Permission"),
            ("FunctionName: !Ref F", "FunctionName: !Ref G", "no AWS::Lambda::Permission"),
            ("Principal: apigateway", "Principal: events", "no AWS::Lambda::Permission"),
        ],
    );
}

#[test]
fn a_route_without_a_limit_and_a_log_that_names_somebody_are_found() {
    let path = "'{\"path\":\"$context.path\"}'";
    let address = "'{\"ip\":\"$context.identity.sourceIp\"}'";
    let log = "'{\"id\":\"$context.requestId\",\"key\":\"$context.routeKey\"}'";
    assert_finds(
        stage,
        GOOD,
        &[
            ("ThrottlingRateLimit: 10", "ThrottlingRateLimit: 0", "ANY /v1/batch must have a ThrottlingRate"),
            ("ThrottlingBurstLimit: 20", "DetailedMetricsEnabled: true", "must have a ThrottlingBurstLimit"),
            ("        ANY /v1/batch:", "        ANY /v1/b:", "RouteSettings of ANY /v1/b: the API has no"),
            ("DependsOn: [Route]", "DependsOn: []", "DependsOn must name Route"),
            ("ProtocolType: HTTP", "CorsConfiguration: {}", "HttpApi: CorsConfiguration"),
            (log, path, "holds .path"),
            (log, address, "holds sourceip"),
            (log, "'$context.requestId'", "must be a JSON object"),
            ("DestinationArn: !GetAtt Logs.Arn", "DestinationArn: x", "DestinationArn must be"),
        ],
    );
}

#[test]
fn a_pattern_covers_what_it_says() {
    assert!(covers("/v1/*", "/v1/batch") && covers("/u/*", "/u/{token}") && covers("/v1/a", "/v1/a"));
    assert!(!covers("/v1/a", "/v1/ab") && !covers("/v1/*", "/u/x") && !covers("/v1/*/x", "/v1/a/y"));
}
