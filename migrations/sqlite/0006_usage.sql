-- What instances report of the use of features, added up per license and UTC day.

CREATE TABLE feature_use (
    vendor_id       TEXT NOT NULL,
    license_id      TEXT NOT NULL,
    feature         TEXT NOT NULL,
    day             TEXT NOT NULL,                     -- YYYY-MM-DD, UTC
    amount          BIGINT NOT NULL,
    PRIMARY KEY (license_id, feature, day),
    FOREIGN KEY (vendor_id, license_id) REFERENCES licenses (vendor_id, id)
);
