//! The vendor's products and releases, for its build pipelines.

use app::api::management::endpoints::{LIST_PRODUCTS, LIST_RELEASES, PUBLISH_RELEASE};
use app::api::management::wire::{Page, ProductResponse, PublishReleaseRequest, PublishedResponse, ReleaseResponse};
use axum::Json;
use axum::body::Body;
use axum::extract::Path;
use backend::catalog::{
    NewRelease, Publication, find_product_by_code, list_products as list_all, list_releases, publish_release,
};
use backend::text::en::management_docs::refused as text;
use sdk::error::{Code, Problem};

use super::Refused;
use super::call::Call;
use super::query::named;

/// `GET /products`.
pub(super) async fn list_products(call: Call) -> Result<Json<Page<ProductResponse>>, Refused> {
    let found = call.read(&LIST_PRODUCTS, |tx, caller| {
        Box::pin(async move {
            let products = list_all(tx, &caller.cx.vendor_id).await?;
            Ok::<_, Refused>(Page {
                items: products.into_iter().map(ProductResponse::from).collect(),
                next_cursor: None,
            })
        })
    });
    Ok(Json(found.await?))
}

/// `GET /products/{product}/releases`.
pub(super) async fn list(call: Call, Path(code): Path<String>) -> Result<Json<Page<ReleaseResponse>>, Refused> {
    let found = call.read(&LIST_RELEASES, move |tx, caller| {
        Box::pin(async move {
            let vendor_id = &caller.cx.vendor_id;
            let product = find_product_by_code(tx, vendor_id, named(&code)?).await?;
            let product = product.ok_or_else(Refused::nothing)?;
            let releases = list_releases(tx, vendor_id, &product.id).await?;
            Ok::<_, Refused>(Page {
                items: releases.into_iter().map(ReleaseResponse::from).collect(),
                next_cursor: None,
            })
        })
    });
    Ok(Json(found.await?))
}

/// `POST /products/{product}/releases`.
pub(super) async fn publish(
    call: Call,
    Path(product): Path<String>,
    body: Body,
) -> Result<Json<PublishedResponse>, Refused> {
    let asked = call.json::<PublishReleaseRequest>(body).await;
    let published = call.write(&PUBLISH_RELEASE, move |tx, caller| {
        Box::pin(async move {
            // A stranger hears what is wrong with the token, not with the body.
            let product = named(&product)?.to_owned();
            let PublishReleaseRequest { version, released_on, channel } = asked?;
            let new = NewRelease { product, version, released_on, channel };
            let (created, release) = match publish_release(tx, &caller.cx, &new).await? {
                Publication::Published(release) => (true, release),
                Publication::Same(release) => (false, release),
                Publication::Differs(known) => {
                    return Err(Problem::of(Code::ReleaseConflict).with_detail(text::published(&known)).into());
                }
                Publication::Malformed(member) => {
                    return Err(Refused::invalid(member, text::NOT_OF_A_RELEASE));
                }
                Publication::ProductNotFound | Publication::NotAllowed => return Err(Refused::nothing()),
            };
            Ok::<_, Refused>(PublishedResponse { created, release: release.into() })
        })
    });
    Ok(Json(published.await?))
}
