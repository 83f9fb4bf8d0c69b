use fw::get;

#[get("/a", scopes = ["items:read"])] //~ mistake
async fn a() {}

#[get("/b", iam, scopes = ["items:read"])] //~ mistake
async fn b() {}

#[get("/c", jwt = "main", scopes = "items:read")] //~ mistake
async fn c() {}

#[get("/d", jwt = "main", scopes = [])] //~ mistake
async fn d() {}

#[get("/e", jwt = "main", scopes = ["items:read items:write"])] //~ mistake
async fn e() {}

#[get("/f", jwt = "main", scopes = [items:read])] //~ mistake
async fn f() {}

#[get("/g", jwt = "main", scopes = ["x", "x"])] //~ mistake
async fn g() {}

#[get("/h", jwt = "main", scopes = ["x"], scopes = ["y"])] //~ mistake
async fn h() {}

#[get("/i", jwt = "main", scope = ["x"])] //~ mistake
async fn i() {}

#[get("/j", jwt = "main", scopes = ["x",,])] //~ mistake
async fn j() {}

fn main() {}
