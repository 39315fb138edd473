-- Messages. Fates are numbered in messages/model.py.

-- name: next_message_ids
-- Fresh message ids and the time of this batch.
select nextval('message_id'), bank_now() from generate_series(1, $1::int);

-- name: remember_keys
-- Remember message keys, in order; of twins in one batch the first counts. Only keys that are new come back.
insert into message_key (ref, content, message_id)
select r, c, id from unnest($1::uuid[], $2::uuid[], $3::bigint[]) k(r, c, id) order by r, c, id
on conflict do nothing returning ref, content;

-- name: same_ref
-- Which supplier message ids were used before with another content.
select distinct k.ref from unnest($1::uuid[], $2::uuid[]) w(ref, content)
join message_key k on k.ref = w.ref and k.content <> w.content;

-- name: insert_messages
-- Keep messages, whatever became of them.
insert into message (
  id, supplier_id, foreign_id, e164, number_id, sender, text, code, confidence, fate, lease_id, same_id_other_text, kind,
  language, received_at
)
select m.*, $15 from unnest(
  $1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::real[],
  $10::smallint[], $11::bigint[], $12::boolean[], $13::smallint[], $14::text[]
) m;

-- name: unclaimed
-- Messages to a number, from its supplier, since a time, that reached nobody; in the order in which they came.
select m.id, m.supplier_id, m.foreign_id, m.e164, m.sender, m.text, m.same_id_other_text, m.kind, m.language
from unnest($1::bigint[], $2::int[], $3::timestamptz[]) w(e164, supplier_id, since)
join message m on m.e164 = w.e164 and m.lease_id is null and m.supplier_id = w.supplier_id and m.received_at >= w.since
order by m.id;

-- name: claim_messages
-- Messages that reached nobody found their leases. Counts what was without one.
with claimed as (
  update message m set fate = 0, number_id = c.number_id, lease_id = c.lease_id, code = c.code, confidence = c.confidence
  from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::real[]) c(id, number_id, lease_id, code, confidence)
  where m.id = c.id and m.lease_id is null
  returning 1
)
select count(*) from claimed;

-- name: unmatched
-- Messages that reached no customer, newest first.
select id, e164, sender, text, fate, received_at, kind from message where lease_id is null order by id desc limit $1;

-- name: newest_messages
-- The newest messages. What one says is shown only where no customer got it.
select id, e164, kind as medium, fate, lease_id, code is not null as has_code, confidence, received_at,
  text = '' and sender = '' as is_empty, case when lease_id is null then sender else '' end as sender,
  case when lease_id is null then text else '' end as text, case when lease_id is null then code end as code
from message order by id desc limit $1;

-- name: supplier_of_number
-- The supplier that owns a telephone number.
select p.supplier_id from number n join pool p on p.id = n.pool_id where n.e164 = $1;

-- name: fate_of_message
-- What became of a message: its fate, the lease that got it, and the code in it.
select m.fate, m.lease_id, m.code from message_key k join message m on m.id = k.message_id
where k.ref = $1 and k.content = $2;
