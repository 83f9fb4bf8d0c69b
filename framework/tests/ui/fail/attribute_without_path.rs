use fw::{get, route};

#[route] //~ mistake
async fn a() {}

#[get] //~ mistake
async fn b() {}

#[get()] //~ mistake
async fn c() {}

#[route(methods = [GET])] //~ mistake
async fn d() {}

fn main() {}
