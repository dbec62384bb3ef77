//! What the end-to-end tests share: a stack with a steerable clock, on memory or on the embedded DynamoDB.
