-- What operators tell about services (hints.py).

-- name: lock_hints
-- One change at a time, so that nobody counts past another's new row.
select value from version where topic = 'codes' for no key update;

-- name: add_hint
-- A hint; nothing comes back when it is there.
insert into code_hint (service_id, kind, country, text) values ($1, $2, $3, $4) on conflict do nothing returning service_id;

-- name: count_hints
-- How many hints of a kind a service has, and how many there are.
select count(*) filter (where service_id = $1 and kind = $2), count(*) from code_hint;

-- name: remove_hint
-- Forget a hint; nothing comes back when there is none.
delete from code_hint where service_id = $1 and kind = $2 and country = $3 and text = $4 returning service_id;

-- name: hints
-- All hints.
select s.code, h.kind, h.country, h.text, h.added_at from code_hint h join service s on s.id = h.service_id
order by s.code, h.kind, h.country, h.text;
