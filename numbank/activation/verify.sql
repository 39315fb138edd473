-- The proofs of the activations and of what they have to do with holds, numbers and messages. A check gives one row per
-- thing looked at: null when it is right, else what is wrong. States and events: activation/states.py; below 8 is live.

-- name: exclusive
-- The live leases on a number are one, or those of one group: of one customer, each for a service of its own.
select case
    when count(distinct coalesce(group_id, id)) > 1 or count(distinct account_id) > 1
      then format('number %s is in the live leases %s', number_id, string_agg(id::text, ', ' order by id))
    when count(distinct service_id) < count(*)
      then format('number %s is in the live leases %s, two of them for one service', number_id, string_agg(id::text, ', ' order by id))
  end
from activation where state < 8 and number_id is not null group by number_id;

-- name: leased
-- Every live lease that has a number is its holder, or of the holder's group.
select case
    when n.id is null then format('lease %s: number %s does not exist', a.id, a.number_id)
    when n.state <> 1 or n.holder <> coalesce(a.group_id, a.id)
      then format('lease %s is live on number %s, which is in state %s and held by %s', a.id, n.id, n.state, coalesce(n.holder::text, 'nobody'))
    when a.group_id is null and n.last_service_id is distinct from a.service_id
      then format('number %s is leased for service %s, but counts as busy for %s', n.id, a.service_id, n.last_service_id)
  end
from activation a left join number n on n.id = a.number_id where a.state < 8 and a.number_id is not null;

-- name: holders
-- Every number that is held under a positive id (leases/refs.py) is held by a lease of that number, which lives, or another of
-- its group does.
select case
    when a.id is null then format('number %s is held by lease %s, which does not exist', n.id, n.holder)
    when a.state >= 8 and not exists (select from activation m where m.group_id = a.id and m.state < 8)
      then format('number %s is held by lease %s, which ended', n.id, a.id)
    when a.number_id is distinct from n.id then format('number %s is held by lease %s, which is of number %s', n.id, a.id, a.number_id)
  end
from number n left join activation a on a.id = n.holder where n.id >= $1 and n.id < $2 and n.holder > 0;

-- name: grouped
-- Every further lease on a number is of the lease that holds it: same customer, same number, which is marked as shared.
-- What an additional service or a reactivation goes back to is of the same customer and number, of another service for
-- the one, and of the same and done for the other.
select case
    when (a.origin in (2, 3)) <> (a.parent_id is not null) or a.group_id is not null and a.origin not in (1, 2)
      then format('lease %s of origin %s has parent %s and group %s', a.id, a.origin, a.parent_id, a.group_id)
    when a.group_id is not null and (r.id is null or r.group_id is not null or r.id = a.id)
      then format('lease %s is of the group of lease %s, which holds no number', a.id, a.group_id)
    when r.account_id <> a.account_id or r.number_id is distinct from a.number_id and r.id is not null
      then format('lease %s of account %s on number %s is of the group of lease %s of account %s on number %s',
        a.id, a.account_id, a.number_id, r.id, r.account_id, r.number_id)
    when a.group_id is not null and not coalesce(n.shared, false) then format('lease %s is on number %s, which is not shared', a.id, a.number_id)
    when a.parent_id is not null and (p.id is null or p.account_id <> a.account_id or p.number_id is distinct from a.number_id
        or (a.origin = 3) <> (p.service_id = a.service_id) or a.origin = 3 and p.state <> 8)
      then format('lease %s of origin %s goes back to lease %s in state %s', a.id, a.origin, a.parent_id, p.state)
  end
from activation a
left join lateral (select id, group_id, account_id, number_id from activation where id = a.group_id offset 0) r on true
left join lateral (select id, account_id, number_id, service_id, state from activation where id = a.parent_id offset 0) p on true
left join lateral (select shared from number where id = a.number_id offset 0) n on true
where a.id >= $1 and a.id < $2 and (a.origin <> 0 or a.group_id is not null or a.parent_id is not null);

-- name: charges
-- The hold of every lease is its price, of its account, open before the first message, posted by it, voided by a cancel.
with lease as materialized (
  select id, account_id, hold_id, price, state from activation where id >= $1 and id < $2
)
select case
    when h.id is null then format('lease %s: hold %s does not exist', a.id, a.hold_id)
    when h.account_id <> a.account_id then format('lease %s of account %s is charged to account %s', a.id, a.account_id, h.account_id)
    when h.cash + h.cashback <> a.price then format('lease %s costs %s, its hold is %s + %s', a.id, a.price, h.cash, h.cashback)
    when h.state <> case when a.state in (3, 4, 8) then 1 when a.state = 9 then 2 else 0 end
      then format('lease %s is in state %s, its hold %s in state %s', a.id, a.state, h.id, h.state)
  end
from lease a
left join hold h on h.id = a.hold_id and h.id between (select min(hold_id) from lease) and (select max(hold_id) from lease);

-- name: references
-- Account, country, service, operator and supplier of every lease exist, and its number is the one it shows. The numbers of a
-- slice lie all over the table: they are looked up in their order, or each slice would read all numbers.
with lease as materialized (
  select id, account_id, currency, country_id, service_id, operator_id, supplier_id, number_id, e164
  from activation where id >= $1 and id < $2 order by number_id
)
select case
    when ac.id is null then format('lease %s: account %s does not exist', a.id, a.account_id)
    when ac.currency <> a.currency then format('lease %s is in currency %s, its account in %s', a.id, a.currency, ac.currency)
    when co.id is null then format('lease %s: country %s does not exist', a.id, a.country_id)
    when se.id is null then format('lease %s: service %s does not exist', a.id, a.service_id)
    when op.id is null then format('lease %s: operator %s does not exist', a.id, a.operator_id)
    when su.id is null then format('lease %s: supplier %s does not exist', a.id, a.supplier_id)
    when a.number_id is not null and n.id is null then format('lease %s: number %s does not exist', a.id, a.number_id)
    when a.e164 is distinct from n.e164 then format('lease %s shows %s, its number %s is %s', a.id, a.e164, a.number_id, n.e164)
  end
from lease a
left join account ac on ac.id = a.account_id
left join country co on co.id = a.country_id
left join service se on se.id = a.service_id
left join operator op on op.id = a.operator_id
left join supplier su on su.id = a.supplier_id
left join lateral (select id, e164 from number where id = a.number_id offset 0) n on true;

-- name: terms
-- A lease pays a surcharge only when it forwards, within its price; its tier, while there is one, is of its country, service,
-- kind and supplier, and has not given out more than it had. What took one of a tier's count knows of which.
select case
    when a.surcharge < 0 or a.surcharge > a.price or a.surcharge > 0 and not a.forward
      then format('lease %s of price %s pays %s for forwarding %s', a.id, a.price, a.surcharge, a.forward)
    when a.discount_bp not between 0 and 10000 then format('lease %s has a discount of %s', a.id, a.discount_bp)
    when (o.country_id, o.service_id, o.kind, o.supplier_id) <> (a.country_id, a.service_id, a.kind, a.supplier_id)
      then format('lease %s was bought at tier %s, which sells something else', a.id, o.id)
    when a.counted and a.offer_id is null then format('lease %s took one of the count of a tier, but is of none', a.id)
    when o.remaining < 0 then format('tier %s of lease %s has %s left', o.id, a.id, o.remaining)
  end
from activation a left join lateral (
  select id, country_id, service_id, kind, supplier_id, remaining from offer where id = a.offer_id offset 0
) o on true
where a.id >= $1 and a.id < $2;

-- name: endings
-- A lease has an end, after its beginning and by an event that leads to its state, if and only if it is over.
select case
    when state not in (0, 1, 2, 3, 4, 5, 8, 9) then format('lease %s is in state %s', id, state)
    when (state >= 8) <> (ended_at is not null) then format('lease %s in state %s ended at %s', id, state, ended_at)
    when ended_at < created_at then format('lease %s began at %s and ended at %s', id, created_at, ended_at)
    when not case state when 8 then coalesce(ended_by in (6, 21), false)
        when 9 then coalesce(ended_by in (6, 8, 21, 24), false) else ended_by is null end
      then format('lease %s in state %s was ended by event %s', id, state, ended_by)
    when state between 1 and 7 and number_id is null then format('lease %s in state %s has no number', id, state)
  end
from activation where id >= $1 and id < $2;

-- name: guarded
-- Every lease that was not cancelled has marked its number as used for its service; looked up as in `references`.
with lease as materialized (
  select id, state, number_id, service_id
  from activation where id >= $1 and id < $2 and state <> 9 and number_id is not null order by number_id
)
select case when u.number_id is null then format('lease %s is in state %s, number %s is not used for service %s',
    a.id, a.state, a.number_id, a.service_id) end
from lease a left join lateral (
  select number_id from use where number_id = a.number_id and service_id = a.service_id offset 0
) u on true;

-- name: pairs
-- The hashes of the pairs of number and service of a slice's leases that were not cancelled, in 256 heaps; of several turns,
-- those of one. Reactivations, which go back to a lease of the same pair, are left out.
select (hash & 255)::int as heap, string_agg(int8send(hash), '') as hashes from (
  select hashint8extended(number_id, service_id) as hash from activation
  where id >= $1 and id < $2 and state <> 9 and number_id is not null and origin <> 3
) pair where (hash >> 8 & 65535) % $4 = $3 group by 1;

-- name: suspects
-- The leases of a slice whose pair has one of these hashes.
select id from activation
where id >= $1 and id < $2 and state <> 9 and number_id is not null and origin <> 3
  and hashint8extended(number_id, service_id) = any ($3::bigint[]);

-- name: once
-- A number is in at most one lease of a service that was not cancelled; reactivations, which go back to one, apart.
select format('number %s is in the leases %s and %s of service %s', number_id, earlier, id, service_id) from (
  select id, number_id, service_id, lag(id) over (partition by number_id, service_id order by id) as earlier
  from activation where id = any ($1::bigint[]) and state <> 9
) lease where earlier is not null order by id;

-- name: orders
-- Every orderId is of a lease of the same account.
select case
    when a.id is null then format('order %s of account %s names lease %s, which does not exist', k.digest, k.account_id, k.lease_id)
    when a.account_id <> k.account_id then format('order %s of account %s names lease %s of account %s', k.digest, k.account_id, a.id, a.account_id)
  end
from order_key k left join activation a on a.id = k.lease_id and a.id >= $1 and a.id < $2 where k.lease_id >= $1 and k.lease_id < $2;

-- name: attached
-- Every message that is attached to an activation is of the number of its lease, which was delivered.
with arrival as materialized (
  select id, number_id, e164, lease_id from message where id >= $1 and id < $2 and lease_id > 0
)
select case
    when a.id is null then format('message %s is attached to lease %s, which does not exist', m.id, m.lease_id)
    when a.number_id is distinct from m.number_id or a.e164 is distinct from m.e164
      then format('message %s to %s is attached to lease %s of %s', m.id, m.e164, a.id, a.e164)
    when a.state not in (3, 4, 8) then format('message %s is attached to lease %s in state %s', m.id, a.id, a.state)
  end
from arrival m
left join activation a on a.id = m.lease_id and a.id between (select min(lease_id) from arrival) and (select max(lease_id) from arrival);

-- name: shown
-- A lease shows a message if and only if it was delivered, one that is attached to it, and the code of one of its messages
-- unless that was erased (retention).
with lease as materialized (
  select id, state, code, message_id from activation where id >= $1 and id < $2
)
select case
    when (a.message_id is not null) <> (a.state in (3, 4, 8)) then format('lease %s in state %s shows message %s', a.id, a.state, a.message_id)
    when a.message_id is null and a.code is not null then format('lease %s shows a code without a message', a.id)
    when a.message_id is not null and m.id is null then format('lease %s shows message %s, which does not exist', a.id, a.message_id)
    when m.lease_id is distinct from a.id and a.message_id is not null
      then format('lease %s shows message %s, which is of lease %s', a.id, m.id, coalesce(m.lease_id::text, 'nobody'))
    when a.message_id is not null and (a.code is null or a.code is distinct from m.code) and not case
        when a.code is null then not exists (select from message o where o.lease_id = a.id and o.code is not null)
        else exists (select from message o where o.lease_id = a.id and o.code = a.code) end
        and not exists (
          select from retention r where r.topic = 'activation' and a.id <= r.upto or r.topic = 'message' and a.message_id <= r.upto
        )
      then format('the code that lease %s shows is of none of its messages', a.id)
  end
from lease a
left join message m on m.id = a.message_id and m.id between (select min(message_id) from lease) and (select max(message_id) from lease);

-- name: acquired
-- Every acquisition is of a lease of its supplier, which is one that is asked; held while that is live, for its number.
with question as materialized (
  select id, lease_id, supplier_id, state, e164 from acquisition where id >= $1 and id < $2
)
select case
    when a.id is null then format('acquisition %s is for lease %s, which does not exist', q.id, q.lease_id)
    when a.supplier_id <> q.supplier_id
      then format('acquisition %s asks supplier %s for lease %s of supplier %s', q.id, q.supplier_id, a.id, a.supplier_id)
    when not coalesce(su.asked, false) then format('acquisition %s is of supplier %s, which is not asked', q.id, q.supplier_id)
    when q.state = 1 and (a.state not between 1 and 7 or a.e164 is distinct from q.e164)
      then format('acquisition %s holds %s for lease %s of %s in state %s', q.id, q.e164, a.id, a.e164, a.state)
    when q.state <> 1 and a.state between 1 and 7
      then format('acquisition %s is in state %s, its lease %s is live in state %s', q.id, q.state, a.id, a.state)
  end
from question q
left join activation a on a.id = q.lease_id and a.id between (select min(lease_id) from question) and (select max(lease_id) from question)
left join supplier su on su.id = q.supplier_id;

-- name: ordered
-- Every live lease of a supplier that is asked has its one acquisition: without an answer while it is ordered, then held.
select case
    when count(q.id) <> 1 then format('lease %s in state %s has %s acquisitions', a.id, a.state, count(q.id))
    when a.state = 0 and min(q.state) not in (0, 3) or a.state > 0 and min(q.state) <> 1
      then format('lease %s is in state %s, its acquisition in state %s', a.id, a.state, min(q.state))
  end
from activation a join supplier su on su.id = a.supplier_id and su.asked left join acquisition q on q.lease_id = a.id
where a.state < 8 group by a.id, a.state;

-- name: settled_day
-- No lease of a day before this one can begin or receive its first message any more.
select (least((select min(created_at) from activation where state < 8), bank_now() - interval '1 hour') at time zone 'utc')::date;

-- name: sold_in_slice
-- The leases of a slice before a day: per day, country, service and supplier how many, and how many received a message.
select (created_at at time zone 'utc')::date, country_id, service_id, supplier_id, count(*), count(*) filter (where state in (3, 4, 8))
from activation
where id >= $1 and id < $2 and number_id is not null and (created_at at time zone 'utc')::date < $3 group by 1, 2, 3, 4;

-- name: sold
-- The sales that are kept per day, country, service and supplier are the leases of that day.
select day, country_id, service_id, supplier_id, sum(leased)::bigint, sum(delivered)::bigint from (
  select day, country_id, service_id, supplier_id, leased, delivered from tally where day < $1
  union all
  select day, country_id, service_id, supplier_id, leased, delivered from tally_move where day < $1
) kept group by 1, 2, 3, 4;

-- name: received
-- A lease receives what it was leased for: a call for a call, an SMS for an SMS; and the code of a call by number is the tail
-- of its caller, unless that was erased.
select case
    when (m.kind = 1) <> (a.kind <> 0) then format('message %s of kind %s is attached to lease %s of kind %s', m.id, m.kind, a.id, a.kind)
    when a.kind = 1 and m.sender <> '' and not regexp_replace(m.sender, '\D', '', 'g') like '%' || m.code
      then format('call %s from %s gave lease %s the code %s', m.id, m.sender, a.id, m.code)
  end
from message m cross join lateral (select id, kind from activation where id = m.lease_id offset 0) a
where m.id >= $1 and m.id < $2;

-- name: errands
-- Every errand is of a lease on its number and at its supplier; what is passed on reached that lease, which was bought with
-- forwarding, and calls are placed for those that are verified by calls.
select case
    when a.id is null then format('errand %s is of lease %s, which does not exist', e.id, e.lease_id)
    when (a.e164, a.supplier_id) <> (e.e164, e.supplier_id)
      then format('errand %s from %s at supplier %s is of lease %s on %s at supplier %s', e.id, e.e164, e.supplier_id, a.id, a.e164, a.supplier_id)
    when e.kind = 0 and (not a.forward or m.lease_id is distinct from e.lease_id)
      then format('errand %s passes message %s on for lease %s', e.id, e.message_id, e.lease_id)
    when e.kind = 1 and a.kind = 0 then format('errand %s is a call for lease %s, which is for an SMS', e.id, a.id)
  end
from errand e
left join lateral (select id, e164, supplier_id, forward, kind from activation where id = e.lease_id offset 0) a on true
left join lateral (select lease_id from message where id = e.message_id offset 0) m on true
where e.id >= $1 and e.id < $2;
