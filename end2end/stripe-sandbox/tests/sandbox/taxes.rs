//! Tax by where the account is, where it is registered, and where the buyer is.

use serde_json::Value;

use crate::{Shop, id};

/// A draft over 99.00 for a new buyer there.
async fn taxed(shop: &Shop, address: &[(&str, &str)], vat_id: Option<&str>) -> Value {
    let mut form = vec![("email", "jo@acme.example")];
    form.extend(address);
    form.extend(vat_id.iter().flat_map(|id| [("tax_id_data[0][type]", "eu_vat"), ("tax_id_data[0][value]", *id)]));
    let customer = id(&shop.post("customers", &form).await);
    let form = [("customer", customer.as_str()), ("automatic_tax[enabled]", "true"), ("currency", "usd")];
    let invoice = id(&shop.post("invoices", &form).await);
    let item = [("customer", customer.as_str()), ("invoice", &invoice), ("amount", "9900"), ("currency", "usd")];
    shop.post("invoiceitems", &item).await;
    shop.get(&format!("invoices/{invoice}?expand[]=total_taxes.tax_rate_details.tax_rate")).await
}

/// `(amount, reason)` of each of its taxes.
fn taxes(invoice: &Value) -> Vec<(i64, &str)> {
    let entries = invoice["total_taxes"].as_array().unwrap().iter();
    entries.map(|tax| (tax["amount"].as_i64().unwrap(), tax["taxability_reason"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn the_head_office_decides_who_pays_which_vat() {
    let shop = Shop::open().await;
    let in_country = |code: &'static str| [("address[country]", code)];
    let (german, french) = (Some("DE123456789"), Some("FR40303265045"));
    assert_eq!(taxes(&taxed(&shop, &in_country("DE"), german).await), [(1_881, "standard_rated")]);
    assert_eq!(taxes(&taxed(&shop, &in_country("FR"), french).await), [(0, "reverse_charge")]);

    let move_to = async |country: &str, state: &str| {
        let form = [("head_office[address][country]", country), ("head_office[address][state]", state)];
        shop.post("tax/settings", &form).await;
        let registered = shop.get("tax/registrations?status=active").await;
        assert_eq!(registered["data"][0]["country"], country);
    };
    move_to("FR", "").await;
    assert_eq!(taxes(&taxed(&shop, &in_country("FR"), french).await), [(1_980, "standard_rated")]);
    assert_eq!(taxes(&taxed(&shop, &in_country("DE"), german).await), [(0, "reverse_charge")]);
    assert_eq!(taxes(&taxed(&shop, &in_country("DE"), None).await), [(1_881, "standard_rated")]);
    assert!(taxes(&taxed(&shop, &in_country("GB"), None).await).is_empty());
    move_to("GB", "").await;
    let british = taxed(&shop, &in_country("GB"), None).await;
    assert_eq!(taxes(&british), [(1_980, "standard_rated")]);
    assert!(taxes(&taxed(&shop, &in_country("DE"), None).await).is_empty(), "it is not registered there");
    move_to("US", "CA").await;
    assert!(taxes(&taxed(&shop, &in_country("GB"), None).await).is_empty());
    let californian = [("address[country]", "US"), ("address[state]", "CA")];
    assert_eq!(taxes(&taxed(&shop, &californian, None).await), [(594, "standard_rated"), (25, "standard_rated")]);
}

#[tokio::test]
async fn a_registration_in_a_state_brings_sales_tax_of_state_and_county() {
    let shop = Shop::open().await;
    let buyer = [("address[country]", "US"), ("address[state]", "NY")];
    assert!(taxes(&taxed(&shop, &buyer, None).await).is_empty(), "nobody is registered there");
    let form = [
        ("country", "US"),
        ("active_from", "now"),
        ("country_options[us][state]", "NY"),
        ("country_options[us][type]", "state_sales_tax"),
    ];
    let registration = shop.post("tax/registrations", &form).await;
    assert_eq!(registration["status"], "active");
    assert_eq!(registration["country_options"]["us"]["state"], "NY");
    let listed = shop.get("tax/registrations?status=active").await;
    let countries: Vec<&str> =
        listed["data"].as_array().unwrap().iter().map(|one| one["country"].as_str().unwrap()).collect();
    assert_eq!(countries, ["US", "DE"]);

    let invoice = taxed(&shop, &buyer, None).await;
    assert_eq!(taxes(&invoice), [(396, "standard_rated"), (470, "standard_rated")]);
    assert_eq!(
        (invoice["total"].as_i64(), invoice["lines"]["data"][0]["taxes"][1]["amount"].as_i64()),
        (Some(10_766), Some(470))
    );
    let rate = |at: usize| &invoice["total_taxes"][at]["tax_rate_details"]["tax_rate"];
    for (at, level, jurisdiction, percentage) in [(0, "state", "New York", 4.0), (1, "county", "Erie", 4.75)] {
        let rate = rate(at);
        assert_eq!((rate["tax_type"].as_str(), rate["display_name"].as_str()), (Some("sales_tax"), Some("Sales Tax")));
        assert_eq!(
            (rate["jurisdiction_level"].as_str(), rate["jurisdiction"].as_str()),
            (Some(level), Some(jurisdiction))
        );
        assert_eq!((rate["state"].as_str(), rate["percentage"].as_f64()), (Some("NY"), Some(percentage)));
    }
    // Of a credit note each tax has its share.
    shop.post(&format!("invoices/{}/finalize", id(&invoice)), &[]).await;
    let note = shop.post("credit_notes", &[("invoice", id(&invoice).as_str()), ("amount", "5383")]).await;
    assert_eq!(taxes(&note), [(198, "standard_rated"), (235, "standard_rated")]);

    let elsewhere = [("address[country]", "US"), ("address[postal_code]", "98101")];
    assert!(taxes(&taxed(&shop, &elsewhere, None).await).is_empty(), "Washington is another state");
    shop.post(&format!("tax/registrations/{}", id(&registration)), &[("expires_at", "now")]).await;
    assert!(taxes(&taxed(&shop, &buyer, None).await).is_empty());
    let ended = shop.get("tax/registrations?status=expired").await;
    assert_eq!(ended["data"][0]["id"], registration["id"]);
    let nameless = [("country", "US"), ("active_from", "now"), ("country_options[us][type]", "state_sales_tax")];
    assert_eq!(shop.try_post("tax/registrations", &nameless).await.0, 400);
}
