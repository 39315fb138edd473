-- Learning from finished leases (learning.py). States and kinds are numbered in activation/states.py and messages/calls.py.

-- name: learned_upto
-- How far leases are learned from; nothing while another node is at it.
select lease_id from code_learned for update skip locked;

-- name: next_lessons
-- How far the next leases behind an id reach that are older than a time, and how many they are. Those that were made by a
-- clock that is wrong, later than $4, hold nobody up.
with slice as materialized (select id, created_at from activation where id > $1 order by id limit $3)
select count(*), max(id) from slice
where id < coalesce((select min(id) from slice where created_at >= $2 and created_at < $4), 9223372036854775807);

-- name: lessons
-- What leases teach that were done with a code that was sure by itself. Calls by number have no code of the service's own.
select a.account_id, a.service_id, a.code, m.sender
from activation a cross join lateral (select sender, code, confidence from message where id = a.message_id offset 0) m
where a.id > $1 and a.id <= $2 and a.state = 8 and a.kind <> 1 and m.code = a.code and m.confidence > $3;

-- name: learned_to
-- Leases are learned from up to here.
update code_learned set lease_id = $1;

-- name: add_habits
-- Codes that looked so.
insert into code_habit as h (service_id, length, letters, times)
select s, l, m, n from unnest($1::int[], $2::smallint[], $3::boolean[], $4::bigint[]) k(s, l, m, n) order by s, l, m
on conflict (service_id, length, letters) do update set times = h.times + excluded.times;

-- name: fade_habits
-- Services that are known by very many codes remember half of them: what came lately weighs more.
with much as (
  select service_id from code_habit where service_id = any($1::int[]) group by service_id having sum(times) > $2
), gone as (
  delete from code_habit h using much where h.service_id = much.service_id and h.times = 1
)
update code_habit h set times = h.times / 2 from much where h.service_id = much.service_id and h.times > 1;

-- name: senders
-- What is kept of senders.
select k.service_id, k.digest, k.sender is not null, k.accounts from unnest($1::int[], $2::uuid[]) w(service_id, digest)
join code_sender k on k.service_id = w.service_id and k.digest = w.digest;

-- name: save_senders
-- Senders as they are known now; one whose name is known keeps it. The accounts stand with commas between them.
insert into code_sender as k (service_id, digest, sender, accounts, seen_at)
select s, d, n, string_to_array(a, ',')::bigint[], $5 from unnest($1::int[], $2::uuid[], $3::text[], $4::text[]) w(s, d, n, a)
order by s, d
on conflict (service_id, digest) do update
set sender = excluded.sender, accounts = excluded.accounts, seen_at = excluded.seen_at;

-- name: forget_senders
-- Senders that were not met for long, so many of each: the nameless since $1, the others since $2 (null: they stay).
with old as (
  (select service_id, digest from code_sender where sender is null and seen_at < $1 order by seen_at limit $3) union all
  (select service_id, digest from code_sender where sender is not null and seen_at < $2 order by seen_at limit $3)
)
delete from code_sender k using old where k.service_id = old.service_id and k.digest = old.digest;
