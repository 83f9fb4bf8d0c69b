//! Posts to HTTP endpoints. Only those on this machine are called: these services do not reach the network.

use std::time::Duration;

use ::http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use ::http::{Request, Uri};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// How long an endpoint has to answer.
const TIMEOUT: Duration = Duration::from_secs(15);
/// How much of an answer is read.
const MOST_ANSWER: usize = 64 * 1024;

/// What a post is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    SubscriptionConfirmation,
    UnsubscribeConfirmation,
    Notification { is_raw: bool },
}

/// A post to an endpoint.
#[derive(Clone, Debug)]
pub(super) struct Post {
    pub(super) kind: Kind,
    pub(super) message_id: String,
    pub(super) topic: String,
    pub(super) subscription: Option<String>,
    pub(super) content_type: String,
    pub(super) body: String,
}

/// What became of a post.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    Taken,
    /// The endpoint will not take it later either.
    Refused,
    Failed,
}

/// Posts to an endpoint on this machine. An endpoint elsewhere is refused.
pub(super) async fn post(endpoint: &str, post: &Post) -> Answer {
    let Ok(uri) = endpoint.parse::<Uri>() else {
        return Answer::Refused;
    };
    if uri.scheme_str() != Some("http") || !uri.host().is_some_and(is_local) {
        return Answer::Refused;
    }
    match tokio::time::timeout(TIMEOUT, send(&uri, post)).await {
        Ok(Some(status)) if status.is_success() => Answer::Taken,
        Ok(Some(status)) if status.is_client_error() && status.as_u16() != 429 => Answer::Refused,
        _ => Answer::Failed,
    }
}

/// Whether a host of a URL is this machine.
fn is_local(host: &str) -> bool {
    let name = host.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

async fn send(uri: &Uri, post: &Post) -> Option<::http::StatusCode> {
    let host = uri.host()?.trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, uri.port_u16().unwrap_or(80)))
        .await
        .ok()?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .ok()?;
    let connection = tokio::spawn(connection);
    let answer = sender.send_request(request(uri, post)?).await.ok();
    let status = match answer {
        Some(answer) => {
            let status = answer.status();
            let _ = Limited::new(answer.into_body(), MOST_ANSWER)
                .collect()
                .await;
            Some(status)
        }
        None => None,
    };
    connection.abort();
    status
}

fn request(uri: &Uri, post: &Post) -> Option<Request<Full<Bytes>>> {
    let kind = match post.kind {
        Kind::SubscriptionConfirmation => "SubscriptionConfirmation",
        Kind::UnsubscribeConfirmation => "UnsubscribeConfirmation",
        Kind::Notification { .. } => "Notification",
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::post(path)
        .header(HOST, uri.authority()?.as_str())
        .header(CONTENT_TYPE, post.content_type.as_str())
        .header(USER_AGENT, "Amazon Simple Notification Service Agent")
        .header("x-amz-sns-message-type", kind)
        .header("x-amz-sns-message-id", post.message_id.as_str())
        .header("x-amz-sns-topic-arn", post.topic.as_str());
    if let Some(subscription) = &post.subscription {
        request = request.header("x-amz-sns-subscription-arn", subscription.as_str());
    }
    if post.kind == (Kind::Notification { is_raw: true }) {
        request = request.header("x-amz-sns-rawdelivery", "true");
    }
    request.body(Full::from(post.body.clone())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn endpoints_elsewhere_are_not_called() {
        let message = Post {
            kind: Kind::Notification { is_raw: true },
            message_id: "1".into(),
            topic: "t".into(),
            subscription: None,
            content_type: "text/plain".into(),
            body: "x".into(),
        };
        for endpoint in [
            "http://192.0.2.1/",
            "http://localhost.example/",
            "https://127.0.0.1/",
            "nothing",
        ] {
            assert_eq!(
                post(endpoint, &message).await,
                Answer::Refused,
                "{endpoint}"
            );
        }
    }
}
