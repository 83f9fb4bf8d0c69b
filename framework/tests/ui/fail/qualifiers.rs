use fw::get;

#[get("/a")]
async unsafe fn a() {} //~ mistake

#[get("/b")]
async extern "C" fn b() {} //~ mistake

#[get("/c")]
const async fn c() {} //~ mistake

#[get("/d")]
async fn d(arguments: ...) {} //~ mistake

fn main() {}
