-- Voice calls after they came in. Fates and kinds of messages are numbered in messages/, states of leases in activation/.

-- name: call_of_lease
-- A customer's lease and the newest call that reached it, with what there is of its audio.
select a.id as lease_id, a.supplier_id, a.e164, c.iso2, a.kind, a.state, a.ended_by, a.language as wanted, m.id as message_id,
  m.sender, coalesce(r.transcript, m.text) as transcript, case when r.message_id is null then m.language else r.language end as language,
  coalesce(m.parsings, 0) as parsings, r.state as recording
from activation a join country c on c.id = a.country_id
left join message m on m.id = a.message_id and m.kind = 1 left join recording r on r.message_id = m.id
where a.id = $1 and a.account_id = $2 and a.number_id is not null;

-- name: count_parsing
-- Count one more parsing of a call unless it has had as many as it may; gives the count.
update message set parsings = parsings + 1 where id = $1 and parsings < $2 returning parsings;

-- name: add_parse_task
-- Have a call written down in a language.
insert into parse_task (message_id, lease_id, language, next_try_at) values ($1, $2, $3, bank_now());

-- name: take_parse_tasks
-- Due transcripts for one writer, with what there is to write from; put off by a growing pause. One whose recording is
-- still to be fetched waits for that.
with due as (
  select t.id from parse_task t
  where t.next_try_at <= bank_now() and not exists (select from recording r where r.message_id = t.message_id and r.state = 0)
  order by t.next_try_at, t.id limit $1 for update skip locked
), taken as (
  update parse_task t set tries = t.tries + 1,
    next_try_at = bank_now() + make_interval(secs => $2::float8 + least($3::float8 * 2 ^ least(t.tries, 20), $4::float8))
  from due where t.id = due.id returning t.*
)
select t.id, t.message_id, t.lease_id, t.language, t.tries, m.e164, m.sender, coalesce(r.transcript, m.text) as transcript,
  case when r.message_id is null then m.language else r.language end as written, l.language as wanted, c.iso2,
  l.kind, s.id as service_id, s.code as service
from taken t join message m on m.id = t.message_id cross join lateral (
  select language, country_id, kind, service_id from activation where id = t.lease_id
  union all
  select null, country_id, 2, service_id from rent where id = -t.lease_id
) l join country c on c.id = l.country_id join service s on s.id = l.service_id
left join recording r on r.message_id = t.message_id order by t.id;

-- name: audio
-- The audio of a call.
select audio from recording where message_id = $1 and state = 1;

-- name: lock_message
-- Hold a message still: erasing it waits, or has been before.
select id from message where id = $1 for no key update;

-- name: end_parse_task
-- A transcript that is written, or never will be; no row when the call was erased meanwhile, or a later one was written.
delete from parse_task where id = $1 returning id;

-- name: end_older_parse_tasks
-- Transcripts of a call that were asked for earlier and are not there yet: nobody waits for them any more.
delete from parse_task where message_id = $1 and id < $2;

-- name: save_transcript
-- A call's transcript and code from now on, also on the lease that shows it; both are locked. A code that was read before
-- stays when this transcript has none, or only a guess ($6).
with written as (
  update message m set text = $2, language = $3, code = coalesce(case when $6 then m.code end, $4, m.code),
    confidence = case when m.code is not null and ($6 or $4 is null) then m.confidence else $5 end
  where m.id = $1 returning m.id, m.lease_id, m.code
)
update activation a set code = coalesce(w.code, a.code) from written w where a.id = w.lease_id and a.message_id = w.id
returning a.id;

-- name: language_of_lease
-- The language in which a voice call was leased, and the country of the lease. A rental (under minus its id) has no language.
select l.language, c.iso2 from (
  select language, country_id from activation where id = $1
  union all
  select null, country_id from rent where id = -$1::bigint
) l join country c on c.id = l.country_id;
