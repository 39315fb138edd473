-- The proofs of the message store. A check gives one row per thing looked at: null when it is right, else what is wrong.
-- Fates are numbered in messages/model.py. What leases have to do with messages: activation/verify.sql.

-- name: keys
-- Every message has its one key, every key its one message, so that no message was taken in twice.
select case
    when m.id is null then format('key %s names message %s, which does not exist', k.ref, k.message_id)
    when k.message_id is null then format('message %s has no key', m.id)
    when k.twins > 1 then format('message %s has %s keys', m.id, k.twins)
  end
from (select id from message where id >= $1 and id < $2) m
full join (
  select ref, message_id, count(*) over (partition by message_id) as twins from message_key where message_id >= $1 and message_id < $2
) k on k.message_id = m.id;

-- name: fates
-- A message is attached if and only if it names a lease, and it names a number unless the number is not ours.
select case
    when (fate = 0) <> (lease_id is not null) then format('message %s of fate %s names lease %s', id, fate, lease_id)
    when (fate = 3) <> (number_id is null) then format('message %s of fate %s names number %s', id, fate, number_id)
  end
from message where id >= $1 and id < $2;

-- name: calls
-- Only calls have a language, parsings and a recording; a recording is a call's, is kept as the call says, and is fetched for
-- a customer only.
select case
    when m.id is null then format('recording %s is of no message', r.message_id)
    when m.kind = 0 and (m.language is not null or m.recorded or m.parsings > 0 or r.message_id is not null)
      then format('message %s is an SMS and has what only calls have', m.id)
    when m.parsings > 4 then format('call %s was parsed %s times', m.id, m.parsings)
    when m.recorded and coalesce(r.state not in (1, 3), true) or not m.recorded and r.state = 1
      then format('call %s says recorded %s, its recording is in state %s', m.id, m.recorded, r.state)
    when r.next_try_at is not null and m.lease_id is null then format('the recording of call %s is fetched for nobody', m.id)
  end
from (select id, kind, language, recorded, parsings, lease_id from message where id >= $1 and id < $2) m
full join (select message_id, state, next_try_at from recording where message_id >= $1 and message_id < $2) r on r.message_id = m.id;

-- name: habits
-- What was learned of codes and senders is of services that exist, and leases are learned from only as far as they go.
select case when s.id is null then format('%s %s is of service %s, which does not exist', h.what, h.name, h.service_id) end
from (
  select 'the habit of length' as what, length::text as name, service_id from code_habit union all
  select 'the sender', coalesce(sender, 'without a name'), service_id from code_sender
) h left join service s on s.id = h.service_id
union all
select case
    when l.marks <> 1 then format('%s marks say how far leases are learned from', l.marks)
    when l.upto > coalesce((select max(id) from activation), 0)
      then format('leases are learned from up to %s, and there are none so far', l.upto)
  end
from (select count(*) as marks, max(lease_id) as upto from code_learned) l;
