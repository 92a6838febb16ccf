//! A Stripe that says what a test lets it say: for answers that the sandbox never gives.

use backend::stripe::{Stripe, StripeConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::shop::WEBHOOK_SECRET;
use crate::support::entropy;

/// How requests begin, and the status and body that they get.
pub(super) struct Line(pub(super) &'static str, pub(super) u16, pub(super) &'static str);

/// Answers by the first line that fits, until the test ends; 404 where none does.
pub(super) async fn scripted(lines: Vec<Line>) -> anyhow::Result<Stripe> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let config = StripeConfig {
        api_base: format!("http://{}", listener.local_addr()?),
        secret_key: "sk_test_scripted".to_owned().into(),
        webhook_secrets: vec![WEBHOOK_SECRET.to_owned().into()],
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A caller that has gone away needs no answer.
            let _gone = answer(stream, &lines).await;
        }
    });
    Ok(Stripe::new(config, entropy())?)
}

async fn answer(mut stream: TcpStream, lines: &[Line]) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0; 4096];
    while !is_whole(&request) {
        let count = stream.read(&mut part).await?;
        if count == 0 {
            return Ok(());
        }
        request.extend_from_slice(&part[..count]);
    }
    let request = String::from_utf8_lossy(&request);
    let found = lines.iter().find(|line| request.starts_with(line.0));
    let (status, body) = found.map_or((404, "{}"), |line| (line.1, line.2));
    let length = body.len();
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

/// Whether a request has come with all of its body.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    body.len() >= length.unwrap_or(0)
}
