-- How many licenses are under each version of a plan is counted in an index that holds all that is asked for.
CREATE INDEX licenses_by_plan ON licenses (vendor_id, plan_id, plan_version, status, vendor_standing, ends_at);
