-- What is known of the codes of services, learned from finished leases (activation/habits.sql).

-- name: habits
-- How often the codes of each service looked so.
select service_id, length, letters, times from code_habit;

-- name: known_senders
-- Who sends the codes of which service: senders that enough accounts have met, those that were met last.
select service_id, sender from code_sender where sender is not null order by seen_at desc limit $1;
