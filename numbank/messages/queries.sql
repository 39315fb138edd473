-- Messages. Fates are numbered in messages/model.py.

-- name: remember_keys
-- Remember message keys, in order; of twins in one batch the first counts. Only keys that are new come back, with their ids,
-- whether their supplier used its id before with another content (in an earlier batch), and the time of this one. The ids
-- are drawn in the order of arrival, before anything is sorted.
with numbered as materialized (
  select r, c, nextval('message_id') as id from unnest($1::uuid[], $2::uuid[]) k(r, c)
)
insert into message_key (ref, content, message_id) select r, c, id from numbered order by r, c, id
on conflict do nothing returning ref, content, message_id, (
  select 1 from message_key k where k.ref = message_key.ref and k.content <> message_key.content limit 1
) is not null as reused, (select bank_now()) as batch_at;

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
-- Messages to a number, from its supplier, since a time, that reached nobody: the last $4, in the order in which they came.
select m.id, m.supplier_id, m.foreign_id, m.e164, m.sender, m.text, m.same_id_other_text, m.kind, m.language
from unnest($1::bigint[], $2::int[], $3::timestamptz[]) w(e164, supplier_id, since) cross join lateral (
  select id, supplier_id, foreign_id, e164, sender, text, same_id_other_text, kind, language from message u
  where u.e164 = w.e164 and u.lease_id is null and u.supplier_id = w.supplier_id and u.received_at >= w.since
  order by u.id desc limit $4
) m order by m.id;

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
-- The newest messages, with who leased for what (a rental stands under minus its id: leases/refs.py). What one says is
-- shown only where no customer got it.
select m.id, m.e164, m.kind as medium, m.fate, m.lease_id, m.code is not null as has_code, m.confidence, m.received_at,
  m.text = '' and m.sender = '' as is_empty, case when m.lease_id is null then m.sender else '' end as sender,
  case when m.lease_id is null then m.text else '' end as text, case when m.lease_id is null then m.code end as code,
  coalesce(a.account_id, r.account_id) as account_id, coalesce(a.service_id, r.service_id) as service_id
from (select * from message order by id desc limit $1) m
left join lateral (select account_id, service_id from activation where id = m.lease_id) a on m.lease_id > 0
left join lateral (select account_id, service_id from rent where id = -m.lease_id) r on m.lease_id < 0
order by m.id desc;

-- name: supplier_of_number
-- The supplier that owns a telephone number.
select p.supplier_id from number n join pool p on p.id = n.pool_id where n.e164 = $1;

-- name: fate_of_message
-- What became of a message: its fate, the lease that got it, the code in it and how sure that is.
select m.fate, m.lease_id, m.code, m.confidence from message_key k join message m on m.id = k.message_id
where k.ref = $1 and k.content = $2;
