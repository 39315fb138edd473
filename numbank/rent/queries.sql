-- Rentals. States and events are numbered in rent/states.py; below 8 a rental is live. A number is held under minus the id.

-- name: terms
-- The terms of (country, service) where rentals are sold.
select t.country_id, t.service_id, t.hours::int, t.price from unnest($1::int[], $2::int[]) k(country_id, service_id)
join country c on c.id = k.country_id and c.rent join rent_term t on t.country_id = k.country_id and t.service_id = k.service_id;

-- name: pools
-- The pools whose numbers can be rented for (country, service, with calls), with kept counts; key is the place in the list.
select k.key, p.id, p.supplier_id, p.operator_id, op.name, coalesce(s.free, 0) - coalesce(w.withheld - w.busy, 0) as available
from unnest($1::int[], $2::int[], $3::boolean[]) with ordinality k(country_id, service_id, calls, key)
join pool p on p.country_id = k.country_id and p.abilities & 8 <> 0 and p.abilities & case when k.calls then 2 else 1 end <> 0
join supplier su on su.id = p.supplier_id and su.active and not su.asked
join operator op on op.id = p.operator_id
left join stock s on s.pool_id = p.id
left join shelf_stock w on w.pool_id = p.id and w.service_id = k.service_id;

-- name: next_ids
-- Fresh ids for rentals and their holds, and the time of this batch.
select nextval('rent_id'), nextval('hold_id'), bank_now() from generate_series(1, $1::int);

-- name: next_holds
-- Fresh ids for the holds of extensions, and the time of this batch.
select nextval('hold_id'), bank_now() from generate_series(1, $1::int);

-- name: insert_rents
-- New rentals on numbers that are taken in the same transaction, each with its first charge.
with made as (
  insert into rent (
    id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, currency, hours, price, tries, calls,
    hook_id, parent_id, cancel_until, ends_at, due_at, state, created_at
  )
  select id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, currency, hours, price, tries, calls,
    hook_id, parent_id, cancel_until, ends_at, due_at, 1, $20::timestamptz
  from unnest(
    $1::bigint[], $2::bigint[], $3::int[], $4::int[], $5::int[], $6::int[], $7::bigint[], $8::bigint[], $9::smallint[],
    $10::smallint[], $11::bigint[], $12::smallint[], $13::boolean[], $14::bigint[], $15::bigint[], $16::timestamptz[],
    $17::timestamptz[], $18::timestamptz[]
  ) n(id, account_id, country_id, service_id, supplier_id, operator_id, number_id, e164, currency, hours, price, tries, calls,
      hook_id, parent_id, cancel_until, ends_at, due_at)
)
insert into rent_charge (rent_id, hold_id, hours, price, at)
select id, hold_id, hours, price, $20 from unnest($1::bigint[], $19::bigint[], $10::smallint[], $11::bigint[]) c(id, hold_id, hours, price);

-- name: keys_of_rents
-- What never changes about rentals; read unlocked, to know what to lock (engine 1.2). One that is over stays so. And whether the
-- end of one that lives has come, so that the sweep is about to meet it.
select id, account_id, number_id, service_id, country_id, state >= 8 as ended,
  (select n.pool_id from number n where n.id = number_id) as pool_id, state < 8 and ends_at <= bank_now() as overdue
from rent where id = any($1::bigint[]);

-- name: lock_rents
-- Lock rentals in id order. Joined, so that each id meets its own partition only.
select r.id from unnest($1::bigint[]) w(id) join rent r on r.id = w.id order by r.id for no key update of r;

-- name: read_rents
-- Rentals as the rules see them, and the time of this batch; those of one account only where one is named ($2). Of other
-- customers' rentals nothing is read then: it would take longer than to find none.
select r.id, r.account_id, r.country_id, r.service_id, r.supplier_id, r.operator_id, r.number_id, r.e164, r.currency, r.hours,
  r.price, r.state, r.tries, r.calls, r.hook_id, r.messages, r.created_at, r.cancel_until, r.ends_at, s.code = 'full' as full,
  (select cu.cashback_bp from customer cu where cu.id = r.account_id) as cashback_bp, bank_now() as batch_at
from rent r join service s on s.id = r.service_id
where r.id = any($1::bigint[]) and ($2::bigint is null or r.account_id = $2);

-- name: charges
-- What was charged for rentals, with the holds, the first charge first.
select rent_id, hold_id, price, hours::int, at from rent_charge where rent_id = any($1::bigint[]) order by rent_id, hold_id;

-- name: save_states
-- New states; each write repeats the state that it relies on. Counts what it changed.
with changed as (
  update rent r set state = c.state, ended_by = c.ended_by, due_at = c.due_at,
    ended_at = case when c.state >= 8 then $6::timestamptz end
  from unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::smallint[], $5::timestamptz[]) c(id, was, state, ended_by, due_at)
  where r.id = c.id and r.state + 0 = c.was returning 1
)
select count(*) from changed;

-- name: save_extended
-- Live rentals that go on for longer, each with its further charge. Counts what it changed.
with changed as (
  update rent r set hours = r.hours + c.hours, price = r.price + c.price, ends_at = c.ends_at, due_at = c.due_at
  from unnest($1::bigint[], $2::smallint[], $3::smallint[], $5::smallint[], $6::bigint[], $7::timestamptz[], $8::timestamptz[])
    c(id, was, had, hours, price, ends_at, due_at)
  where r.id = c.id and r.state + 0 = c.was and r.hours = c.had returning 1
), charged as (
  insert into rent_charge (rent_id, hold_id, hours, price, at)
  select id, hold_id, hours, price, $9 from unnest($1::bigint[], $4::bigint[], $5::smallint[], $6::bigint[]) c(id, hold_id, hours, price)
)
select count(*) from changed;

-- name: save_received
-- Messages that were handed over: new states and counts of rentals. Counts what it changed.
with changed as (
  update rent r set state = c.state, messages = c.messages, due_at = c.due_at
  from unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::int[], $5::int[], $6::timestamptz[]) c(id, was, state, had, messages, due_at)
  where r.id = c.id and r.state + 0 = c.was and r.messages = c.had returning 1
)
select count(*) from changed;

-- name: add_messages
-- The places of messages that were handed over.
insert into rent_message (rent_id, place, message_id, service_id)
select * from unnest($1::bigint[], $2::int[], $3::bigint[], $4::int[]);

-- name: lines
-- The numbers of rentals that are over: state (one that goes offline with its lease counts as offline), whose lease held each
-- last, and whether its supplier still lends from here.
select n.id, case when n.state = 1 and n.offline then 3 else n.state end,
  case when n.last_holder < 0 then (select r.account_id from rent r where r.id = -n.last_holder)
    else (select a.account_id from activation a where a.id = n.last_holder) end,
  su.active and not su.asked and p.abilities & 8 <> 0
from number n join pool p on p.id = n.pool_id join supplier su on su.id = p.supplier_id where n.id = any($1::bigint[]);

-- name: holder
-- State and holder of a number; unlocked, to know what to lock.
select state, holder from number where id = $1;

-- name: given_back
-- The account of a rental that was revoked, and what went back to it: all that was open, and what was refunded.
select r.account_id, (
  select sum(case when h.state = 2 then h.cash + h.cashback else coalesce(h.refunded_part, h.cash + h.cashback) end)::bigint
  from rent_charge c join hold h on h.id = c.hold_id where c.rent_id = r.id
)
from rent r where r.id = $1;

-- name: used_for
-- Which of these numbers are used for these services.
select u.number_id, u.service_id from unnest($1::bigint[], $2::int[]) w(number_id, service_id)
join use u on u.number_id = w.number_id and u.service_id = w.service_id;

-- name: due_rents
-- Live rentals at which it is time to look, and whether their time is over, as many as one sweep takes; without those that
-- could not be moved on lately.
select id, ends_at <= $1 as over from rent where state < 8 and due_at <= $1 and id <> all($3::bigint[]) order by due_at, id limit $2;

-- name: rent_view
-- One rental as its customer may see it.
select id, account_id, country_id, service_id, e164, hours, price, currency, state, created_at, cancel_until, ends_at, messages
from rent where id = $1 and account_id = $2;

-- name: live_views
-- A page of the live rentals of one account, newest first. Rows are compared, as in `history`.
select id, account_id, country_id, service_id, e164, hours, price, currency, state, created_at, cancel_until, ends_at, messages
from rent where (account_id, id) > ($1::bigint, 0) and (account_id, id) < ($1 + 1, 0) and state < 8
order by account_id desc, id desc limit $2 offset $3;

-- name: inbox_page
-- The messages of a rental at the places from $3 down to $2, the newest first; each looked up, for a join that was planned in
-- a young bank reads all messages. The service is the one that a message names, else that of the rental, else `ot`.
select m.sender, m.text, coalesce(s.code, $4) as service, m.received_at, case when m.recorded then p.message_id end as recording_id
from (select place, message_id, service_id from rent_message where rent_id = $1 and place >= $2 and place <= $3 order by place desc limit $5) p
join lateral (select sender, text, received_at, recorded from message where id = p.message_id limit 1) m on true
left join service s on s.id = p.service_id order by p.place desc;

-- name: code_of_service
-- The code of a service.
select code from service where id = $1;

-- name: rentable_countries
-- The countries in which something can be rented: with terms, and with numbers for that.
select c.id from country c
where c.rent and exists (select from rent_term t where t.country_id = c.id) and exists (
  select from pool p join supplier su on su.id = p.supplier_id and su.active and not su.asked
  where p.country_id = c.id and p.abilities & 8 <> 0 and p.last_seq > 0
) order by c.id;

-- name: terms_of_country
-- Of each table of a country where rentals are sold the two terms around $2 hours: the last one that is shorter, the first that
-- is not. A longer term never costs less, so prices and hours go together.
select t.service_id, s.code,
  max(t.hours) filter (where t.hours < $2)::int, max(t.price) filter (where t.hours < $2),
  min(t.hours) filter (where t.hours >= $2)::int, min(t.price) filter (where t.hours >= $2)
from rent_term t join country c on c.id = t.country_id and c.rent
join service s on s.id = t.service_id where t.country_id = $1 group by t.service_id, s.code;

-- name: pools_of_country
-- The pools of a country whose numbers can be rented, with how many are free for a service that nobody had from them.
select p.id, p.supplier_id, p.operator_id, op.name, coalesce(s.free, 0) as available
from pool p
join supplier su on su.id = p.supplier_id and su.active and not su.asked
join operator op on op.id = p.operator_id
left join stock s on s.pool_id = p.id
where p.country_id = $1 and p.abilities & 8 <> 0 and p.abilities & case when $2 then 2 else 1 end <> 0;

-- name: withheld
-- How many free numbers of these pools are not to be had for a service.
select pool_id, service_id, withheld - busy from shelf_stock where pool_id = any($1::int[]) and withheld <> busy;
