-- Since when a limited tier counts: a lease from before gives nothing back to it when it is cancelled.
-- oldest code: 2

-- Null: since it was made.
alter table offer add column limited_since timestamptz;
