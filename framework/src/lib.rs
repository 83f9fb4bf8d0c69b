//! An API-first web micro-framework that compiles to AWS Lambda.
