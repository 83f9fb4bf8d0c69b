use fw::get;

#[get("/a")]
async unsafe fn a() {} //~ mistake

#[get("/b")]
async extern "C" fn b() {} //~ mistake

fn main() {}
