//! What takes power from somebody asks for the password once more, as what gives it does.

use axum::http::Method;

use super::world::World;

#[tokio::test]
async fn taking_power_from_an_owner_or_administrator_asks_for_the_password() -> anyhow::Result<()> {
    let world = World::new().await?;
    let form = world.own().form();
    let same_origin: &[(&str, &str)] = &[("sec-fetch-site", "same-origin")];
    for (path, by, plain, powerful) in [
        ("/act/change-member-role", "owner", "user_id=usr_viewer", "user_id=usr_owner"),
        ("/act/remove-member", "owner", "user_id=usr_viewer", "user_id=usr_owner"),
        ("/act/change-staff-role", "admin", "colleague_id=usr_read_only", "colleague_id=usr_admin"),
        ("/act/remove-colleague", "admin", "colleague_id=usr_read_only", "colleague_id=usr_admin"),
    ] {
        assert!(form.contains(plain), "{plain} in {form}");
        let answer = world.send(Method::POST, path, by, same_origin, &form.replace(plain, powerful)).await;
        let place = answer.header("location");
        assert!(place.starts_with("/confirm"), "{path} of somebody powerful: {place}");
        let answer = world.send(Method::POST, path, by, same_origin, &form).await;
        let place = answer.header("location");
        assert!(!place.starts_with("/confirm"), "{path} of anybody else: {place}");
    }
    Ok(())
}
