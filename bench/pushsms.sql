-- PUSH_SMS row by row: what an application without a counter sends when a message comes in, on the same tables and indexes.
--
-- Fair to both sides, as in getnumber.sql: separate prepared statements, each as good as we can write it; one statement locks
-- and reads where that is safe (a single row is read again after the wait), the message's id comes back from the insert.
-- In its favour: the code is known (ours is read in the text, which costs 0.1 ms), no key of the agent, no look whether the
-- supplier used this id for another text, no service to match, no digests, no mark for a lost commit, no HTTP and no Python.
-- The locks come in the bank's order: message key, number, lease.
begin;
select n.id as number, n.e164 as phone, p.supplier_id as supplier from number n join pool p on p.id = n.pool_id
where n.e164 = (select :first + nextval('bench_push')) \gset
insert into message_key (ref, content, message_id) values (gen_random_uuid(), gen_random_uuid(), nextval('message_id'))
on conflict do nothing returning message_id as message \gset
select holder as lease from number where id = :number for no key update \gset
select account_id as account, hold_id as hold, country_id as country, service_id as service, price, currency, state
from activation where id = :lease for no key update \gset
update activation set state = 3, code = '123456', message_id = :message where id = :lease and state = :state;
insert into tally_move (day, country_id, service_id, supplier_id, delivered)
values ((now() at time zone 'utc')::date, :country, :service, :supplier, 1);
-- Nobody has a webhook here; who sells to resellers has to ask.
select count(*) as hooks from hook where account_id = :account and off_reason is null and removed_at is null and not rents \gset
update hold set state = 1 where id = :hold and state = 0;
insert into entry (kind, debit, credit, currency, amount, hold_id) values (3, -2, -3, :currency, :price, :hold);
insert into turnover_move (account_id, amount) values (:account, :price);
insert into message (
  id, supplier_id, foreign_id, e164, number_id, sender, text, code, confidence, fate, lease_id, received_at
) values (
  :message, :supplier, 'bench', :phone, :number, 'Verify', 'Your code: 123456. Do not share it with anyone.', '123456', 0.9, 0,
  :lease, now()
);
commit;
