-- What an account may do and at what terms: its switches, limits, bans, rank and end users.

-- name: name_end_users
-- Name end users once.
insert into end_user (account_id, digest, name) select * from unnest($1::bigint[], $2::uuid[], $3::text[])
on conflict do nothing;

-- name: change_customer
-- Change switches and limits of a customer; null leaves what is there, and less than 0 takes away a value of its own: the setting counts again.
update customer set
  active = coalesce($2, active), blocked = coalesce($3, blocked), spend_cashback = coalesce($4, spend_cashback),
  cashback_bp = case when $5::int is null then cashback_bp when $5 < 0 then null else $5 end,
  phone_exception = coalesce($6, phone_exception),
  max_live = case when $7::int is null then max_live when $7 < 0 then null else $7 end,
  requests_per_s = case when $8::int is null then requests_per_s when $8 < 0 then null else $8 end,
  leases_per_min = case when $9::int is null then leases_per_min when $9 < 0 then null else $9 end,
  verified = coalesce($10, verified)
where id = $1 returning id;

-- name: standing
-- Everything about an account that the operator decides or asks for.
select c.id, c.name, c.active, c.blocked, a.currency, a.cash, a.cashback, c.spend_cashback, c.cashback_bp,
  c.turnover + coalesce((select sum(m.amount) from turnover_move m where m.account_id = c.id), 0)::bigint as turnover,
  r.name as rank, coalesce(r.discount_bp, 0) as discount_bp, c.max_live, c.requests_per_s, c.leases_per_min,
  c.phone_exception, c.dialect, c.verified, c.created_at,
  (select count(*) from api_key k where k.customer_id = c.id and k.revoked_at is null) as keys
from customer c join account a on a.id = c.id
left join lateral (select name, discount_bp from rank where turnover <= c.turnover order by turnover desc limit 1) r on true
where c.id = $1;

-- name: money_of
-- What a customer holds in cash and cashback, and whether cashback is spent.
select a.cash, a.cashback, c.spend_cashback from account a join customer c on c.id = a.id where a.id = $1;

-- name: add_ban
-- A ban of an account or of one of its end users.
insert into ban (account_id, end_user, until, reason, by_rule, last_lease_id) values ($1, $2, $3, $4, $5, $6) returning id;

-- name: bank_time
-- The bank's time: the database's, moved by the offset of a test clock.
select bank_now();

-- name: bans
-- Bans, the newest first: those in force, or all.
select b.id, b.account_id, e.name as end_user, b.end_user as digest, b.until, b.reason, b.by_rule, b.created_at, b.lifted_at,
  b.lifted_at is null and b.until > bank_now() as in_force
from ban b left join end_user e on e.account_id = b.account_id and e.digest = b.end_user
where ($1::bigint is null or b.account_id = $1) and ($2 or (b.lifted_at is null and b.until > bank_now()))
order by b.id desc limit $3;

-- name: lift_ban
-- Lift a ban that was not lifted before; gives whose it was.
update ban set lifted_at = bank_now() where id = $1 and lifted_at is null returning account_id, end_user;

-- name: user_bans
-- Until when end users of accounts are banned; one row for each that is.
select w.account_id, w.digest, max(b.until) from unnest($1::bigint[], $2::uuid[]) w(account_id, digest)
join ban b on b.account_id = w.account_id and b.end_user = w.digest and b.lifted_at is null and b.until > bank_now()
group by 1, 2;

-- name: account_standings
-- Which accounts are banned now, and the newest lease of each that a rule has judged.
select w.account_id, exists (
    select from ban b where b.account_id = w.account_id and b.end_user is null and b.lifted_at is null and b.until > bank_now()
  ),
  coalesce((
    select max(b.last_lease_id) from ban b where b.account_id = w.account_id and b.end_user is null and b.by_rule
  ), 0)
from unnest($1::bigint[]) w(account_id);

-- name: user_standings
-- The same of end users.
select w.account_id, w.end_user, exists (
    select from ban b where b.account_id = w.account_id and b.end_user = w.end_user and b.lifted_at is null and b.until > bank_now()
  ),
  coalesce((
    select max(b.last_lease_id) from ban b where b.account_id = w.account_id and b.end_user = w.end_user and b.by_rule
  ), 0)
from unnest($1::bigint[], $2::uuid[]) w(account_id, end_user);

-- name: set_rank
-- A loyalty rank by its name.
insert into rank (name, turnover, discount_bp) values ($1, $2, $3)
on conflict (name) do update set turnover = excluded.turnover, discount_bp = excluded.discount_bp;

-- name: remove_rank
-- Remove a rank; nothing comes back when there is none of that name.
delete from rank where name = $1 returning id;

-- name: ranks
-- All ranks, the lowest first, with how many customers are in each.
select r.name, r.turnover, r.discount_bp, (
  select count(*) from customer c
  where c.turnover >= r.turnover and not exists (select from rank h where h.turnover > r.turnover and h.turnover <= c.turnover)
) as customers
from rank r order by r.turnover;

-- name: turnover_lock
-- One node folds at a time; the others let it.
select pg_try_advisory_xact_lock(1953854062);

-- name: take_turnover
-- Take the oldest movements of turnover, a bounded number at a time, summed up per account.
with taken as (
  delete from turnover_move where id in (select id from turnover_move order by id limit $1) returning account_id, amount
)
select account_id, sum(amount)::bigint as amount, count(*) as moves from taken group by account_id order by account_id;

-- name: lock_customers
-- Lock customers in id order (engine 1.2).
select id from customer where id = any($1::bigint[]) order by id for no key update;

-- name: add_turnover
-- Add to the turnover of customers; gives how many got another rank by it.
with moved as (
  select * from unnest($1::bigint[], $2::bigint[]) m(id, amount)
), changed as (
  update customer c set turnover = c.turnover + m.amount from moved m where c.id = m.id returning c.turnover, m.amount
)
select count(*) from changed
where (select max(r.turnover) from rank r where r.turnover <= changed.turnover)
  is distinct from (select max(r.turnover) from rank r where r.turnover <= changed.turnover - changed.amount);

-- name: cashback_spenders
-- Which of these accounts spend their cashback; read under the accounts' locks.
select id from customer where id = any($1::bigint[]) and spend_cashback;

-- name: start_spending_cashback
-- From now on these accounts spend their cashback first.
update customer set spend_cashback = true where id = any($1::bigint[]) and not spend_cashback;
