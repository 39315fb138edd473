-- The proofs of the rentals and of what they have to do with holds, numbers and messages. A check gives one row per thing looked
-- at: null when it is right, else what is wrong. States and events: rent/states.py; below 8 is live.

-- name: exclusive
-- A number is in one live rental at most.
select case when count(*) > 1 then format('number %s is in the live rentals %s', number_id, string_agg(id::text, ', ' order by id)) end
from rent where state < 8 group by number_id;

-- name: leased
-- Every live rental is the holder of its number, which serves what it was rented for.
select case
    when n.id is null then format('rental %s: number %s does not exist', r.id, r.number_id)
    when n.state <> 1 or n.holder is distinct from -r.id
      then format('rental %s is live on number %s, which is in state %s and held by %s', r.id, n.id, n.state, coalesce(n.holder::text, 'nobody'))
    when n.last_service_id is distinct from r.service_id
      then format('number %s is rented for service %s, but counts as busy for %s', n.id, r.service_id, n.last_service_id)
  end
from rent r left join number n on n.id = r.number_id where r.state < 8;

-- name: holders
-- Every number that is held under a negative id is held by a live rental of that number.
select case
    when r.id is null then format('number %s is held by rental %s, which does not exist', n.id, -n.holder)
    when r.state >= 8 then format('number %s is held by rental %s, which ended', n.id, r.id)
    when r.number_id <> n.id then format('number %s is held by rental %s, which is of number %s', n.id, r.id, r.number_id)
  end
from number n left join rent r on r.id = -n.holder where n.id >= $1 and n.id < $2 and n.holder < 0;

-- name: charges
-- Hours and price of every rental are the sums of its charges, the first of its beginning; each is its hold of the same account,
-- open while nothing was paid, then posted, voided by a cancel, and given back when the number was lost.
select case
    when r.id is null then format('charges of rental %s, which does not exist', c.rent_id)
    when c.rent_id is null then format('rental %s was never charged', r.id)
    when (r.hours, r.price) <> (c.hours, c.price) or c.first_at <> r.created_at
      then format('rental %s of %s h costs %s, it was charged %s for %s h', r.id, r.hours, r.price, c.price, c.hours)
    when c.missing > 0 then format('rental %s: %s of its holds do not exist', r.id, c.missing)
    when c.foreign_holds > 0 then format('rental %s of account %s is charged to another account, or another price', r.id, r.account_id)
    when not case r.state when 1 then c.open = c.charges when 9 then c.voided = c.charges
        when 10 then c.voided = c.charges or c.refunded = c.charges else c.posted = c.charges end
      then format('rental %s is in state %s, of its %s holds %s are open, %s posted, %s voided, %s refunded',
        r.id, r.state, c.charges, c.open, c.posted, c.voided, c.refunded)
  end
from (select id, account_id, hours, price, state, created_at from rent where id >= $1 and id < $2) r
full join (
  select c.rent_id, sum(c.hours) as hours, sum(c.price) as price, min(c.at) as first_at, count(*) as charges,
    count(*) filter (where h.id is null) as missing,
    count(*) filter (where h.account_id <> (select account_id from rent where id = c.rent_id) or h.cash + h.cashback <> c.price) as foreign_holds,
    count(*) filter (where h.state = 0) as open, count(*) filter (where h.state = 1 and h.refunded_at is null) as posted,
    count(*) filter (where h.state = 2) as voided, count(*) filter (where h.state = 1 and h.refunded_at is not null) as refunded
  from rent_charge c
  left join lateral (select id, account_id, cash, cashback, state, refunded_at from hold where id = c.hold_id offset 0) h on true
  where c.rent_id >= $1 and c.rent_id < $2 group by c.rent_id
) c on c.rent_id = r.id;

-- name: references
-- Account, country, service, operator and supplier of every rental exist, its number is the one it shows, its endpoint is of the
-- same account, and what it goes on with is a finished rental of the same customer, number and service.
select case
    when ac.id is null then format('rental %s: account %s does not exist', r.id, r.account_id)
    when ac.currency <> r.currency then format('rental %s is in currency %s, its account in %s', r.id, r.currency, ac.currency)
    when co.id is null then format('rental %s: country %s does not exist', r.id, r.country_id)
    when se.id is null then format('rental %s: service %s does not exist', r.id, r.service_id)
    when op.id is null then format('rental %s: operator %s does not exist', r.id, r.operator_id)
    when su.id is null then format('rental %s: supplier %s does not exist', r.id, r.supplier_id)
    when n.id is null then format('rental %s: number %s does not exist', r.id, r.number_id)
    when n.e164 <> r.e164 then format('rental %s shows %s, its number %s is %s', r.id, r.e164, r.number_id, n.e164)
    -- An endpoint that was removed is forgotten with its log.
    when k.account_id <> r.account_id or not k.rents
      then format('rental %s of account %s tells endpoint %s of account %s', r.id, r.account_id, r.hook_id, k.account_id)
    when r.parent_id is not null and (p.id is null or p.state <> 8
        or (p.account_id, p.number_id, p.service_id) <> (r.account_id, r.number_id, r.service_id))
      then format('rental %s goes on with rental %s in state %s', r.id, r.parent_id, p.state)
  end
from rent r
left join account ac on ac.id = r.account_id
left join country co on co.id = r.country_id
left join service se on se.id = r.service_id
left join operator op on op.id = r.operator_id
left join supplier su on su.id = r.supplier_id
left join number n on n.id = r.number_id
left join hook k on k.id = r.hook_id
left join lateral (select id, state, account_id, number_id, service_id from rent where id = r.parent_id offset 0) p on true
where r.id >= $1 and r.id < $2;

-- name: times
-- A rental ends its hours after its beginning, can be cancelled no longer than that, and the sweep looks when the next of both is.
select case
    when ends_at <> created_at + make_interval(hours => hours) then format('rental %s of %s h is from %s to %s', id, hours, created_at, ends_at)
    when cancel_until < created_at or cancel_until > ends_at
      then format('rental %s from %s to %s can be cancelled until %s', id, created_at, ends_at, cancel_until)
    when state < 8 and due_at <> case state when 1 then least(cancel_until, ends_at) else ends_at end
      then format('rental %s in state %s until %s is due at %s', id, state, ends_at, due_at)
  end
from rent where id >= $1 and id < $2;

-- name: endings
-- A rental has an end, after its beginning and by an event that leads to its state, if and only if it is over; what received a
-- message was never cancelled.
select case
    when state not in (1, 3, 8, 9, 10) then format('rental %s is in state %s', id, state)
    when (state >= 8) <> (ended_at is not null) then format('rental %s in state %s ended at %s', id, state, ended_at)
    when ended_at < created_at then format('rental %s began at %s and ended at %s', id, created_at, ended_at)
    when not case state when 8 then coalesce(ended_by in (2, 5), false) when 9 then coalesce(ended_by = 3, false)
        when 10 then coalesce(ended_by = 6, false) else ended_by is null end
      then format('rental %s in state %s was ended by event %s', id, state, ended_by)
    when messages > 0 and state in (1, 9) then format('rental %s in state %s has %s messages', id, state, messages)
  end
from rent where id >= $1 and id < $2;

-- name: guarded
-- The number of every live rental is marked as used for its service; that of one for a single service stays so when a message came.
select case when u.number_id is null then format('rental %s is in state %s, number %s is not used for service %s',
    r.id, r.state, r.number_id, r.service_id) end
from rent r join service s on s.id = r.service_id
left join use u on u.number_id = r.number_id and u.service_id = r.service_id
where r.id >= $1 and r.id < $2 and (r.state < 8 or r.messages > 0 and s.code <> 'full');

-- name: places
-- The messages of every rental have the places from 1 to their number, each once, and are all that was handed to it.
select case
    when r.id is null then format('%s messages have places in rental %s, which does not exist', p.places, p.rent_id)
    when r.messages <> coalesce(p.places, 0) or coalesce(p.first, 1) <> 1 or coalesce(p.last, 0) <> r.messages
      then format('rental %s counts %s messages, %s have places from %s to %s', r.id, r.messages, coalesce(p.places, 0), p.first, p.last)
    when coalesce(p.theirs, 0) <> r.messages or m.attached <> r.messages
      then format('rental %s counts %s messages, %s of those with places and %s in all are its own', r.id, r.messages, coalesce(p.theirs, 0), m.attached)
  end
from (select id, messages from rent where id >= $1 and id < $2) r
full join (
  select q.rent_id, count(*) as places, min(q.place) as first, max(q.place) as last,
    count(distinct q.message_id) filter (where m.lease_id = -q.rent_id) as theirs
  from rent_message q left join lateral (select lease_id from message where id = q.message_id offset 0) m on true
  where q.rent_id >= $1 and q.rent_id < $2 group by q.rent_id
) p on p.rent_id = r.id
left join lateral (select count(*) as attached from message where lease_id = -r.id) m on true;

-- name: attached
-- Every message of a rental is of its number and came while it lived, but for the seconds that batches wait for each other; a call
-- only to one with calls.
with arrival as materialized (
  select id, number_id, e164, lease_id, kind, received_at from message where id >= $1 and id < $2 and lease_id < 0
)
select case
    when r.id is null then format('message %s is attached to rental %s, which does not exist', m.id, -m.lease_id)
    when r.number_id is distinct from m.number_id or r.e164 <> m.e164
      then format('message %s to %s is attached to rental %s of %s', m.id, m.e164, r.id, r.e164)
    when m.received_at < r.created_at - interval '1 minute' or m.received_at > r.ended_at + interval '1 minute'
      then format('message %s of %s is attached to rental %s from %s to %s', m.id, m.received_at, r.id, r.created_at, r.ended_at)
    when m.kind = 1 and not r.calls then format('call %s is attached to rental %s, which is without calls', m.id, r.id)
  end
from arrival m
left join rent r on r.id = -m.lease_id and r.id between (select min(-lease_id) from arrival) and (select max(-lease_id) from arrival);

-- name: tables
-- In no table of terms a longer one costs less.
select case when price < before then format('%s h of service %s in country %s cost %s, less than the shorter term at %s',
    hours, service_id, country_id, price, before) end
from (
  select country_id, service_id, hours, price, lag(price) over (partition by country_id, service_id order by hours) as before from rent_term
) term;
