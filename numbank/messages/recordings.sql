-- Recordings of calls: fetched from their suppliers, kept, written down. States are numbered in messages/recordings.py.

-- name: expect_recordings
-- Recordings to come; those of calls that a customer got are fetched at once, the others wait for one.
insert into recording (message_id, url, transcript, language, next_try_at, at)
select id, url, transcript, language, case when lease_id is not null then $6::timestamptz end, $6::timestamptz
from unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::text[]) r(id, url, lease_id, transcript, language)
order by id;

-- name: want_recordings
-- Calls found their customers after all: their recordings are fetched now.
update recording set next_try_at = $2 where message_id = any($1::bigint[]) and state = 0 and next_try_at is null;

-- name: take_recordings
-- Due recordings for one fetcher; put off by a growing pause, so that it is tried again should this node die.
with due as (
  select message_id from recording where next_try_at <= bank_now() order by next_try_at, message_id
  limit $1 for update skip locked
)
update recording r set tries = r.tries + 1,
  next_try_at = bank_now() + make_interval(secs => $2::float8 + least($3::float8 * 2 ^ least(r.tries, 20), $4::float8))
from due where r.message_id = due.message_id returning r.message_id, r.url, r.tries;

-- name: keep_recording
-- The audio arrived, and its message says so; gives the call's lease and whether nobody wrote it down.
with kept as (
  update recording set state = 1, audio = $2, content_type = $3, next_try_at = null
  where message_id = $1 and state = 0 returning message_id
)
update message m set recorded = true from kept where m.id = kept.message_id
returning m.lease_id, m.text = '' as unwritten;

-- name: give_up_recordings
-- Recordings that cannot be had.
update recording set state = 2, next_try_at = null where message_id = any($1::bigint[]) and state = 0;

-- name: recording_of_customer
-- The recording of a call, for the customer whose activation or rental (under minus its id) got it: its type and how long it is.
select r.content_type, octet_length(r.audio) from recording r join message m on m.id = r.message_id
where r.message_id = $1 and r.state = 1 and $2 = case when m.lease_id < 0 then (select e.account_id from rent e where e.id = -m.lease_id)
  else (select a.account_id from activation a where a.id = m.lease_id) end;

-- name: recording_piece
-- So many bytes of a recording from a place on, the first is 1.
select substring(audio from $2 for $3) from recording where message_id = $1 and state = 1;
