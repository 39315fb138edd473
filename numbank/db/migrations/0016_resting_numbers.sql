-- A lease changes the state of its number, so no index may name the state: with one that does, every lease writes into all
-- indexes of `number` (PostgreSQL's HOT updates). The numbers that rest are those with a time at which they are rested.
-- oldest code: 12
-- outside transaction
-- Code before this looks for what is rested by that time too, and finds it with either index.
create index concurrently if not exists number_rests on number (rests_until) where rests_until is not null;
drop index concurrently if exists number_rest;
