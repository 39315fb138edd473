-- Mailboxes. States and events are numbered in mailbox/states.py; below 8 a lease is live. Where a set is joined to a growing
-- table its ids stand there once more (any($1)): planned while the table was empty, the join alone reads all of it.

-- name: mail_offers
-- The prices at which a name is sold for a site, or for any: those of the popular domain of that name, and of the zone.
select w.name, w.site, p.id, p.mail_type, p.site, p.price, p.remaining
from unnest($1::text[], $2::text[]) w(name, site) cross join lateral (
  (
    select p.id, 2 as mail_type, p.site, p.price, p.remaining
    from mail_domain d join mail_price p on p.zone is null and p.domain_id = d.id and p.site in ('', w.site)
    where d.name = w.name and d.popular and d.active
  ) union all (
    select p.id, 1, p.site, p.price, p.remaining from mail_price p
    where p.zone = w.name and p.domain_id is null and p.site in ('', w.site)
      and exists (select from mail_domain d where d.zone = w.name and d.active)
  )
) p;

-- name: domains_with_room
-- The domains of zones (1) and the domains by their own names (2) that take leases, those with the most room first.
select w.name, w.mail_type, d.id from unnest($1::text[], $2::int[]) w(name, mail_type) cross join lateral (
  (select id, capacity - live as room from mail_domain where w.mail_type = 2 and name = w.name and active and live < capacity)
  union all
  (
    select id, capacity - live from mail_domain where w.mail_type = 1 and zone = w.name and active and live < capacity
    order by capacity - live desc, id limit $3
  )
) d
order by d.room desc, d.id;

-- name: lock_prices
-- Lock prices in id order; what they say is read by the next statement (engine 1.1).
select id from mail_price where id = any($1::int[]) order by id for no key update;

-- name: read_prices
-- Locked prices.
select id, case when zone is null then 2 else 1 end, site, price, remaining from mail_price where id = any($1::int[]);

-- name: lock_domains
-- Lock domains in id order; what they are is read by the next statement (engine 1.1).
select id from mail_domain where id = any($1::int[]) order by id for no key update;

-- name: read_rooms
-- The room on locked domains.
select id, name, capacity - live from mail_domain where id = any($1::int[]) and active;

-- name: fill_domains
-- Leases begin on locked domains. Counts the domains that had the room.
with filled as (
  update mail_domain d set live = d.live + w.n from unnest($1::int[], $2::bigint[]) w(id, n)
  where d.id = w.id and d.live + w.n <= d.capacity returning 1
)
select count(*) from filled;

-- name: free_domains
-- Leases on locked domains ended. Counts the domains that had them.
with freed as (
  update mail_domain d set live = d.live - w.n from unnest($1::int[], $2::bigint[]) w(id, n)
  where d.id = w.id and d.live >= w.n returning 1
)
select count(*) from freed;

-- name: take_from_prices
-- Leases begin at limited prices that are locked. Counts the prices that had enough.
with taken as (
  update mail_price p set remaining = p.remaining - w.n from unnest($1::int[], $2::bigint[]) w(id, n)
  where p.id = w.id and p.remaining >= w.n returning 1
)
select count(*) from taken;

-- name: give_to_prices
-- Leases at limited prices that are locked were cancelled; a price that is gone, has no limit any more, or a new one since then,
-- needs nothing.
update mail_price p set remaining = p.remaining + w.n
from (
  select q.id, count(*)::int as n from unnest($1::int[], $2::bigint[]) c(price_id, mailbox_id)
  cross join lateral (select id from mail_price where id = c.price_id and limited_after < c.mailbox_id limit 1) q group by 1
) w
where p.id = w.id and p.id = any($1) and p.remaining is not null;

-- name: insert_addresses
-- New addresses of accounts; those that are there already do not come back.
insert into mail_address (domain_id, local, account_id)
select d, l, a from unnest($1::int[], $2::text[], $3::bigint[]) w(d, l, a) order by d, l
on conflict (domain_id, local) do nothing returning id, domain_id, local;

-- name: hold_addresses
-- Leases begin on addresses that are new or locked. Counts those that nobody held.
with held as (
  update mail_address a set holder = w.holder, rests_until = null from unnest($1::bigint[], $2::bigint[]) w(id, holder)
  where a.id = w.id and a.id = any($1) and a.holder is null returning 1
)
select count(*) from held;

-- name: rest_addresses
-- Leases on locked addresses ended. Counts those that they held.
with rested as (
  update mail_address a set holder = null, rests_until = $3 from unnest($1::bigint[], $2::bigint[]) w(id, holder)
  where a.id = w.id and a.id = any($1) and a.holder = w.holder returning 1
)
select count(*) from rested;

-- name: wake_addresses
-- Addresses that have rested take no mail any more. Those that somebody works on come next time.
with rested as materialized (
  select id from mail_address where rests_until <= $1 order by rests_until limit $2 for no key update skip locked
), woken as (
  update mail_address set rests_until = null where id = any(array(select id from rested)) returning 1
)
select count(*) from woken;

-- name: next_mailbox_ids
-- Fresh ids for leases and their holds, and the time of this batch.
select nextval('mailbox_id'), nextval('hold_id'), bank_now() from generate_series(1, $1::int);

-- name: insert_mailboxes
-- New leases on addresses that are held in the same transaction.
insert into mailbox (
  id, account_id, address_id, domain_id, email, site, mail_type, price_id, hold_id, price, currency, parent_id, state,
  created_at, cancel_from, due_at
)
select n.*, 1, $13::timestamptz, $14::timestamptz, $15::timestamptz from unnest(
  $1::bigint[], $2::bigint[], $3::bigint[], $4::int[], $5::text[], $6::text[], $7::smallint[], $8::int[], $9::bigint[],
  $10::bigint[], $11::smallint[], $12::bigint[]
) n;

-- name: parents
-- Leases that may be gone on with; what of them never changes. Of other customers' leases nothing is read: it would take longer
-- than to find none.
select id, account_id, address_id, domain_id, email, site, mail_type from mailbox
where id = any($1::bigint[]) and account_id = any($2::bigint[]);

-- name: offers_of_parents
-- The prices of now for what was bought: those of the zone that the domain is in, or of the domain.
select b.id, p.id, b.mail_type, p.site, p.price, p.remaining
from mailbox b join mail_domain d on d.id = b.domain_id and d.active
cross join lateral (
  (
    select id, site, price, remaining from mail_price
    where b.mail_type = 1 and zone = d.zone and domain_id is null and site in ('', b.site)
  ) union all (
    select id, site, price, remaining from mail_price
    where b.mail_type = 2 and d.popular and zone is null and domain_id = d.id and site in ('', b.site)
  )
) p
where b.id = any($1::bigint[]);

-- name: keys_of_mailboxes
-- What never changes about leases; read unlocked, to know what to lock (engine 1.2). The price only where it is limited and may be
-- given back: what got a mail is never cancelled.
select id, account_id, address_id, domain_id, case when state = 1 then (
  select p.id from mail_price p where p.id = price_id and p.remaining is not null
) end
from mailbox where id = any($1::bigint[]);

-- name: lock_mailboxes
-- Lock leases in id order.
select id from mailbox where id = any($1::bigint[]) order by id for no key update;

-- name: read_mailboxes
-- Locked leases as the rules see them, and the time of this batch. The account's own rate of cashback is looked up for those
-- that may be done next.
select id, account_id, address_id, domain_id, email, site, hold_id, price, currency, state, ended_by, created_at, cancel_from,
  due_at, mails, mail_id, value, has_code,
  case when state = 3 then (select cu.cashback_bp from customer cu where cu.id = account_id) end, bank_now()
from mailbox where id = any($1::bigint[]);

-- name: save_ends
-- Leases that ended; each write repeats the state that it relies on. Counts what it changed.
with changed as (
  update mailbox b set state = c.state, ended_by = c.ended_by, ended_at = $5
  from unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::smallint[]) c(id, was, state, ended_by)
  where b.id = c.id and b.id = any($1) and b.state = c.was returning 1
)
select count(*) from changed;

-- name: due_mailboxes
-- Live leases whose time is over, as many as one sweep takes; without those that could not be ended lately.
select id from mailbox where state < 8 and due_at <= $1 and id <> all($3::bigint[]) order by due_at, id limit $2;

-- name: texts_of_mails
-- The texts of mails, cut; the subject of one that says nothing else.
select id, left(coalesce(nullif(text, ''), subject), $2) from mail where id = any($1::bigint[]);

-- name: accepting
-- Which recipients (local part, domain) take mail now: they are leased, or rest on a domain that is in use. Looked up one by one:
-- a join that was planned in a young bank reads all addresses.
select w.local, w.domain from unnest($1::text[], $2::text[]) w(local, domain)
cross join lateral (select id, active from mail_domain where name = w.domain limit 1) d
cross join lateral (select holder, rests_until from mail_address where domain_id = d.id and local = w.local limit 1) a
where a.holder is not null or a.rests_until > bank_now() and d.active;

-- name: addresses_of
-- The ids of recipients (local part, domain).
select w.local, w.domain, a.id from unnest($1::text[], $2::text[]) w(local, domain)
cross join lateral (select id from mail_domain where name = w.domain limit 1) d
cross join lateral (select id from mail_address where domain_id = d.id and local = w.local limit 1) a;

-- name: lock_addresses
-- Lock addresses in id order; what they are is read by the next statement (engine 1.1).
select id from mail_address where id = any($1::bigint[]) order by id for no key update;

-- name: read_addresses
-- Who holds locked addresses.
select id, holder from mail_address where id = any($1::bigint[]);

-- name: next_mail_ids
-- Fresh ids of mails and the time of this batch.
select nextval('mail_id'), bank_now() from generate_series(1, $1::int);

-- name: remember_mails
-- Remember the keys of mails, in order; of twins in one batch the first counts. Only keys that are new come back.
insert into mail_key (digest, mail_id) select k, id from unnest($1::uuid[], $2::bigint[]) w(k, id) order by k, id
on conflict do nothing returning digest;

-- name: save_mails
-- Leases that got mails: state, how many, what shows. Each write repeats what it relies on. Counts what it changed.
with changed as (
  update mailbox b set state = c.state, mails = c.mails, mail_id = c.mail_id, value = c.value, has_code = c.has_code
  from unnest($1::bigint[], $2::smallint[], $3::int[], $4::smallint[], $5::int[], $6::bigint[], $7::text[], $8::boolean[])
    c(id, was, had, state, mails, mail_id, value, has_code)
  where b.id = c.id and b.id = any($1) and b.state = c.was and b.mails = c.had returning 1
)
select count(*) from changed;

-- name: insert_mails
-- Keep mails, whatever became of them.
insert into mail (
  id, address_id, recipient, mailbox_id, sender, author, subject, text, html, attachments, bytes, code, link, confidence, fate,
  received_at
)
select m.id, m.address_id, m.recipient, m.mailbox_id, m.sender, m.author, m.subject, m.text, m.html, m.attachments::jsonb,
  m.bytes, m.code, m.link, m.confidence, m.fate, $16::timestamptz
from unnest(
  $1::bigint[], $2::bigint[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
  $10::text[], $11::int[], $12::text[], $13::text[], $14::real[], $15::smallint[]
) m(id, address_id, recipient, mailbox_id, sender, author, subject, text, html, attachments, bytes, code, link, confidence, fate);
