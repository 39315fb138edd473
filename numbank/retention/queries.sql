-- Retention. Every table is walked by id behind a bookmark, in bounded steps; a step gives how many rows it saw, how far
-- everything is erased now, and how many rows it erased. Rows come in order of time but for seconds: a younger one among
-- older ones holds the bookmark until its own time has come, and no longer.

-- name: take_topic
-- How far a table is erased; nothing comes while another node is at it.
select upto from retention where topic = $1 for update skip locked;

-- name: wait_for_topic
-- How far a table is erased, once no other node is at it.
select upto from retention where topic = $1 for update;

-- name: move_on
-- Remember how far a table is erased, and by how many days.
update retention set upto = $2, days = $3, looked_at = now() where topic = $1;

-- name: keep_for_ever
-- Remember that nothing is erased any more.
update retention set days = null, looked_at = now() where days is not null;

-- name: erase_message
-- Messages: sender, text and code go, with the recording of a call and what was still to be written down of it. Those of a
-- activation that runs wait for its end. Those of a rental do not: it may run for weeks, and everybody's later messages would
-- wait for it.
with seen as materialized (
  select m.id, m.received_at < $2 and coalesce(l.state, 8) >= 8 as old
  from (select id, received_at, lease_id from message where id > $1 order by id limit $3) m
  left join lateral (select a.state from activation a where a.id = m.lease_id offset 0) l on true
), due as materialized (
  select m.id from message m join seen s on s.id = m.id where s.old order by m.id for no key update of m
), erased as (
  update message m set sender = '', text = '', code = null from due
  where m.id = due.id and (m.sender <> '' or m.text <> '' or m.code is not null) returning 1
), silent as (
  update recording r set state = 3, audio = null, url = '', transcript = '', next_try_at = null from due where r.message_id = due.id and r.state <> 3
), unwritten as (
  delete from parse_task t using due where t.message_id = due.id
)
select count(*), coalesce(min(id) filter (where not old) - 1, max(id)), (select count(*) from erased) from seen;

-- name: erase_activation
-- Activations: the code and the target of forwarding go. One that runs waits for its end.
with seen as materialized (
  select id, created_at < $2 and state >= 8 as old from activation where id > $1 order by id limit $3
), due as materialized (
  select a.id from activation a join seen s on s.id = a.id where s.old and (a.code is not null or a.forward_to is not null)
  order by a.id for no key update of a
), erased as (
  update activation a set code = null, forward_to = null from due where a.id = due.id returning 1
)
select count(*), coalesce(min(id) filter (where not old) - 1, max(id)), (select count(*) from erased) from seen;

-- name: erase_mailbox
-- Leases of mailboxes: the code or link goes. One that runs waits for its end. Addresses stay, as telephone numbers do.
with seen as materialized (
  select id, created_at < $2 and state >= 8 as old from mailbox where id > $1 order by id limit $3
), due as materialized (
  select b.id from mailbox b join seen s on s.id = b.id where s.old and b.value is not null order by b.id for no key update of b
), erased as (
  update mailbox b set value = null from due where b.id = due.id returning 1
)
select count(*), coalesce(min(id) filter (where not old) - 1, max(id)), (select count(*) from erased) from seen;

-- name: erase_mail
-- Mails: senders, subject, texts, code, link and the names of attachments go. Those of a lease that runs wait for its end.
with seen as materialized (
  select m.id, m.received_at < $2 and coalesce(l.state, 8) >= 8 as old
  from (select id, received_at, mailbox_id from mail where id > $1 order by id limit $3) m
  left join lateral (select b.state from mailbox b where b.id = m.mailbox_id offset 0) l on true
), due as materialized (
  select m.id from mail m join seen s on s.id = m.id where s.old order by m.id for no key update of m
), erased as (
  update mail m set sender = '', author = '', subject = '', text = '', html = '', attachments = '[]', code = null, link = null
  from due
  where m.id = due.id and (
    m.sender <> '' or m.author <> '' or m.subject <> '' or m.text <> '' or m.html <> '' or m.attachments <> '[]'
    or m.code is not null or m.link is not null
  )
  returning 1
)
select count(*), coalesce(min(id) filter (where not old) - 1, max(id)), (select count(*) from erased) from seen;

-- name: erase_errand
-- Errands for suppliers, which are the log of forwarding: the target goes. One that is still open waits.
with seen as materialized (
  select id, at < $2 and state <> 0 as old from errand where id > $1 order by id limit $3
), erased as (
  update errand e set target = 0, reason = '' from seen s where s.old and e.id = s.id and (e.target <> 0 or e.reason <> '') returning 1
)
select count(*), coalesce(min(id) filter (where not old) - 1, max(id)), (select count(*) from erased) from seen;

-- name: erase_simulated_errand
-- What the simulator did for leases is forgotten.
with seen as materialized (
  select errand_id as id, at < $2 as old from simulated_errand where errand_id > $1 order by errand_id limit $3
), erased as (
  delete from simulated_errand e using seen s where s.old and e.errand_id = s.id returning 1
)
select count(*), coalesce(min(id) filter (where not old) - 1, max(id)), (select count(*) from erased) from seen;

-- name: standing
-- Where each table stands.
select topic, upto, days, looked_at from retention order by topic;

-- name: next_message
-- The first message from an id on.
select id, received_at from message where id >= $1 order by id limit 1;

-- name: next_activation
-- The first activation from an id on.
select id, created_at from activation where id >= $1 order by id limit 1;

-- name: next_mailbox
-- The first lease of a mailbox from an id on.
select id, created_at from mailbox where id >= $1 order by id limit 1;

-- name: next_mail
-- The first mail from an id on.
select id, received_at from mail where id >= $1 order by id limit 1;

-- name: next_errand
-- The first errand from an id on.
select id, at from errand where id >= $1 order by id limit 1;

-- name: next_simulated_errand
-- The first errand of the simulator from an id on.
select errand_id, at from simulated_errand where errand_id >= $1 order by errand_id limit 1;

-- name: last_ids
-- The highest id of a table by its topic.
select case $1::text
  when 'message' then (select max(id) from message)
  when 'activation' then (select max(id) from activation)
  when 'errand' then (select max(id) from errand)
  when 'mailbox' then (select max(id) from mailbox)
  when 'mail' then (select max(id) from mail)
  else (select max(errand_id) from simulated_errand)
end;

-- name: waiting
-- How many rows of a table lie between two ids: what is due to be erased.
select case $1::text
  when 'message' then (select count(*) from message where id > $2 and id <= $3)
  when 'activation' then (select count(*) from activation where id > $2 and id <= $3)
  when 'errand' then (select count(*) from errand where id > $2 and id <= $3)
  when 'mailbox' then (select count(*) from mailbox where id > $2 and id <= $3)
  when 'mail' then (select count(*) from mail where id > $2 and id <= $3)
  else (select count(*) from simulated_errand where errand_id > $2 and errand_id <= $3)
end;
