-- The journal. Books: 2 * account = cash, 2 * account + 1 = cashback, negative = house (ledger/books.py).

-- name: open_account
-- A new account without money.
insert into account (currency) values ($1) returning id;

-- name: lock_accounts
-- Lock accounts in id order; what they hold is read by the next statement (engine 1.1).
select id from account where id = any($1::bigint[]) order by id for no key update;

-- name: read_balances
-- What accounts hold, in 1/10,000.
select id, currency, cash, cashback from account where id = any($1::bigint[]);

-- name: topup_once
-- Remember a top-up's key; no row comes back when the key was used before.
insert into topup_key (account_id, key, entry_id, amount) values ($1, $2, nextval('entry_id'), $3)
on conflict do nothing returning entry_id;

-- name: topup_amount
-- The amount that was booked under a top-up's key.
select amount from topup_key where account_id = $1 and key = $2;

-- name: topup
-- Book money that came in from outside; gives the new balance.
with credited as (
  update account set cash = cash + $3 where id = $2 returning id, currency, cash
), booked as (
  insert into entry (id, kind, debit, credit, currency, amount)
  select $1, 1, -1, 2 * id, currency, $3 from credited
)
select cash from credited;

-- name: place_holds
-- Take holds from locked accounts: hold rows, transfers, new balances. The balance check refuses what is not there.
with wanted as (
  select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::smallint[])
    w(id, account_id, cash, cashback, currency)
), held as (
  insert into hold (id, account_id, cash, cashback) select id, account_id, cash, cashback from wanted
), booked as (
  insert into entry (kind, debit, credit, currency, amount, hold_id)
  select 2, 2 * account_id, -2, currency, cash, id from wanted where cash > 0
  union all
  select 2, 2 * account_id + 1, -2, currency, cashback, id from wanted where cashback > 0
), debited as (
  update account a set cash = a.cash - t.cash, cashback = a.cashback - t.cashback
  from (select account_id, sum(cash)::bigint as cash, sum(cashback)::bigint as cashback from wanted group by 1) t
  where a.id = t.account_id returning 1
)
select count(*) from debited;

-- name: post_holds
-- Earn open holds; touches no account row. Gives how many were open. $2 and $3 are the least and the greatest of the ids: by them
-- old partitions are left out, which an array does not do.
with posted as (
  update hold set state = 1 where id = any($1::bigint[]) and id >= $2::bigint and id <= $3::bigint and state = 0
  returning id, account_id, cash + cashback as amount
), booked as (
  insert into entry (kind, debit, credit, currency, amount, hold_id)
  select 3, -2, -3, a.currency, p.amount, p.id from posted p join account a on a.id = p.account_id where p.amount > 0
), turned_over as (
  insert into turnover_move (account_id, amount) select account_id, amount from posted where amount > 0
)
select count(*) from posted;

-- name: credit_cashback
-- Give cashback for posted holds to their locked accounts; gives how many accounts got some.
with wanted as (
  select * from unnest($1::bigint[], $2::bigint[], $3::bigint[]) w(hold_id, account_id, amount)
), booked as (
  insert into entry (kind, debit, credit, currency, amount, hold_id)
  select 6, -4, 2 * w.account_id + 1, a.currency, w.amount, w.hold_id from wanted w join account a on a.id = w.account_id
), credited as (
  update account a set cashback = a.cashback + t.amount
  from (select account_id, sum(amount)::bigint as amount from wanted group by 1) t where a.id = t.account_id returning 1
)
select count(*) from credited;

-- name: lock_hold
-- Lock a hold; it is read by the next statement (engine 1.1).
select account_id from hold where id = $1 for no key update;

-- name: hold_to_refund
-- A hold, whether it was posted and not refunded, and the cashback that it earned.
select h.account_id, h.cash, h.cashback, h.state = 1 as posted, h.refunded_at is not null as refunded,
  coalesce((select sum(e.amount) from entry e where e.hold_id = h.id and e.kind = 6 and e.debit = -4), 0)::bigint as credited
from hold h where h.id = $1;

-- name: refund_hold
-- Give a posted hold back to its locked account ($2 cash, $3 cashback) and take its cashback ($4 from the cash, $5 from the
-- cashback); $6 is the sum when that is not all of the hold. Nothing comes back when it was not open for that.
with refunded as (
  update hold set refunded_at = bank_now(), refunded_part = $6 where id = $1 and state = 1 and refunded_at is null returning id, account_id
), posting as (
  select r.id, r.account_id, a.currency, p.kind, p.debit, p.credit, p.amount
  from refunded r join account a on a.id = r.account_id cross join lateral (values
    (5, -3::bigint, 2 * r.account_id, $2::bigint), (5, -3, 2 * r.account_id + 1, $3::bigint),
    (6, 2 * r.account_id, -4, $4::bigint), (6, 2 * r.account_id + 1, -4, $5::bigint)
  ) p(kind, debit, credit, amount)
  where p.amount > 0
), booked as (
  insert into entry (kind, debit, credit, currency, amount, hold_id)
  select kind, debit, credit, currency, amount, id from posting
), turned_over as (
  insert into turnover_move (account_id, amount) select account_id, -($2 + $3) from refunded where $2 + $3 > 0
), paid as (
  update account a set cash = a.cash + $2 - $4, cashback = a.cashback + $3 - $5 from refunded r where a.id = r.account_id
)
select count(*) from refunded;

-- name: void_holds
-- Give open holds back to where they came from; the accounts are locked. Gives how many were open.
with voided as (
  update hold set state = 2 where id = any($1::bigint[]) and id >= $2::bigint and id <= $3::bigint and state = 0
  returning id, account_id, cash, cashback
), booked as (
  insert into entry (kind, debit, credit, currency, amount, hold_id)
  select 4, -2, 2 * v.account_id, a.currency, v.cash, v.id from voided v join account a on a.id = v.account_id where v.cash > 0
  union all
  select 4, -2, 2 * v.account_id + 1, a.currency, v.cashback, v.id
  from voided v join account a on a.id = v.account_id where v.cashback > 0
), credited as (
  update account a set cash = a.cash + t.cash, cashback = a.cashback + t.cashback
  from (select account_id, sum(cash)::bigint as cash, sum(cashback)::bigint as cashback from voided group by 1) t
  where a.id = t.account_id
)
select count(*) from voided;

-- name: other_currency
-- The currency of an account that is kept in another one than the house's; nothing when all agree.
select currency from account where currency <> $1 limit 1;
