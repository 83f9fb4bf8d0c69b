use std::str::FromStr;

use fw::get;

struct Thing;
struct Silent;

impl FromStr for Thing {
    type Err = Silent;

    fn from_str(_: &str) -> Result<Self, Silent> {
        Ok(Self)
    }
}

#[get("/a/<thing>")]
async fn a(thing: Thing) { //~ mistake
    let _ = thing;
}

fn main() {}
