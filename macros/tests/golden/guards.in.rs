#[get("/a", authorizer = auth::members)]
async fn stateless() {}

#[get("/b", authorizer = members, api_key)]
async fn stateful(store: &Store) {}

#[route("/c", methods = [GET], jwt = "main", scopes = ["items:read", "items:all"])]
async fn claims() {}

#[put("/d", iam)]
async fn signed() {}

#[put("/e", public)]
async fn open() {}
