-- The operator's policy: services denied for sale, and regions.

-- name: deny_by_default
-- The default list: services that nobody denied or lifted yet.
insert into denied_service (service_id, denied, reason)
select s.id, true, w.reason from unnest($1::text[], $2::text[]) w(code, reason) join service s on s.code = w.code
on conflict do nothing;

-- name: set_denied
-- Deny a service for sale, or lift that; nothing comes back when it was so already.
insert into denied_service as d (service_id, denied, reason) values ($1, $2, $3)
on conflict (service_id) do update set denied = excluded.denied, reason = excluded.reason, changed_at = now()
where d.denied <> excluded.denied
returning service_id;

-- name: denied_ids
-- The services that are denied for sale.
select service_id from denied_service where denied;

-- name: is_denied
-- Whether a service is denied for sale.
select exists (select from denied_service d join service s on s.id = d.service_id where s.code = $1 and d.denied);

-- name: denied_services
-- Every service that was ever denied, with the reason of the last change.
select s.code, s.name_en, d.denied, d.reason, d.changed_at from denied_service d join service s on s.id = d.service_id order by s.code;

-- name: set_region
-- Serve or refuse a region; nothing comes back when it was so already.
insert into region_rule as r (subject, allowed, reason) values ($1, $2, $3)
on conflict (subject) do update set allowed = excluded.allowed, reason = excluded.reason, added_at = now()
where r.allowed <> excluded.allowed
returning subject;

-- name: remove_region
-- Forget a rule about a region.
delete from region_rule where subject = $1 returning subject;

-- name: region_rules
-- All rules about regions.
select subject, allowed, reason, added_at from region_rule order by subject;
