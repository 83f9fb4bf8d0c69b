/// Knows members.
#[authorizer(identity = ["header:authorization", "query:key", "context:routeKey", "stage:tenant"], ttl = 300)]
pub async fn members(store: &Store, Bearer(token): Bearer, ip: Option<SourceIp>) -> Result<Allow> {
    store.find(token, ip)
}

#[authorizer(token)]
async fn tokens(Token(token): Token) -> Option<Allow> {
    None
}

#[authorizer]
async fn nobody() -> Deny {
    Deny
}
