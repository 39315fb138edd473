-- The proofs of the books. A check gives one row per thing looked at: null when it is right, else what is wrong.
-- Books, kinds and hold states are numbered in ledger/books.py.

-- name: transfers
-- Every transfer moves a positive amount between two different books that exist, in their currency, as its kind demands.
select case
    when e.debit = e.credit then format('entry %s moves from book %s to itself', e.id, e.debit)
    when e.amount <= 0 then format('entry %s moves %s', e.id, e.amount)
    when (e.debit >= 0 and d.id is null) or e.debit < -4 then format('entry %s: book %s does not exist', e.id, e.debit)
    when (e.credit >= 0 and c.id is null) or e.credit < -4 then format('entry %s: book %s does not exist', e.id, e.credit)
    when e.currency <> coalesce(d.currency, e.currency) or e.currency <> coalesce(c.currency, e.currency)
      then format('entry %s is in currency %s, the account is not', e.id, e.currency)
    when not case e.kind
        when 1 then e.debit = -1 and e.credit >= 0 and e.credit % 2 = 0
        when 2 then e.debit >= 0 and e.credit = -2
        when 3 then e.debit = -2 and e.credit = -3
        when 4 then e.debit = -2 and e.credit >= 0
        when 5 then e.debit = -3 and e.credit >= 0
        when 6 then (e.debit = -4 and e.credit >= 0 and e.credit % 2 = 1) or (e.debit >= 0 and e.credit = -4)
        else e.debit <> -2 and e.credit <> -2
      end then format('entry %s of kind %s moves from book %s to book %s', e.id, e.kind, e.debit, e.credit)
    when e.kind in (2, 3, 4, 5, 6) and e.hold_id is null then format('entry %s of kind %s names no hold', e.id, e.kind)
  end
from entry e
left join account d on e.debit >= 0 and d.id = e.debit / 2
left join account c on e.credit >= 0 and c.id = e.credit / 2
where e.id >= $1 and e.id < $2;

-- name: holds
-- Each hold was taken once as booked, posted or voided once as its state says, and no transfer names a hold that is missing.
select case
    when id is null then format('%s transfers name hold %s, which does not exist', entries, hold_id)
    when (taken_cash, taken_cashback) <> (cash, cashback) or takings <> (cash > 0)::int + (cashback > 0)::int
      then format('hold %s of %s + %s was taken as %s + %s', id, cash, cashback, taken_cash, taken_cashback)
    when posted <> case when state = 1 then cash + cashback else 0 end or posts <> (state = 1 and cash + cashback > 0)::int
      then format('hold %s of %s in state %s has %s posts of %s', id, cash + cashback, state, posts, posted)
    when (voided_cash, voided_cashback) <> (case when state = 2 then cash else 0 end, case when state = 2 then cashback else 0 end)
      or voids <> case when state = 2 then (cash > 0)::int + (cashback > 0)::int else 0 end
      then format('hold %s of %s + %s in state %s has %s voids of %s + %s', id, cash, cashback, state, voids, voided_cash, voided_cashback)
  end
from (
  select h.id, h.cash, h.cashback, h.state, max(e.hold_id) as hold_id, count(e.hold_id) as entries,
    count(*) filter (where e.kind = 2) as takings, count(*) filter (where e.kind = 3) as posts, count(*) filter (where e.kind = 4) as voids,
    coalesce(sum(e.amount) filter (where e.kind = 2 and e.debit = 2 * h.account_id and e.credit = -2), 0) as taken_cash,
    coalesce(sum(e.amount) filter (where e.kind = 2 and e.debit = 2 * h.account_id + 1 and e.credit = -2), 0) as taken_cashback,
    coalesce(sum(e.amount) filter (where e.kind = 3 and e.debit = -2 and e.credit = -3), 0) as posted,
    coalesce(sum(e.amount) filter (where e.kind = 4 and e.debit = -2 and e.credit = 2 * h.account_id), 0) as voided_cash,
    coalesce(sum(e.amount) filter (where e.kind = 4 and e.debit = -2 and e.credit = 2 * h.account_id + 1), 0) as voided_cashback
  from (select id, account_id, cash, cashback, state from hold where id >= $1 and id < $2) h
  full join (select hold_id, kind, debit, credit, amount from entry where hold_id >= $1 and hold_id < $2) e on e.hold_id = h.id
  group by h.id, h.cash, h.cashback, h.state, coalesce(h.id, e.hold_id)
) booked;

-- name: cashbacks
-- Each posted hold earned cashback at most once and less than it cost; a refund gave all of it back once, or the part that was
-- decided on, in the proportion of cash and cashback, less that cashback.
select case
    when id is null then format('%s transfers give or take cashback of hold %s, which does not exist', entries, hold_id)
    when credits > 1 or credited > cash + cashback or (credits > 0 and state <> 1)
      then format('hold %s of %s in state %s earned cashback %s times, %s in all', id, cash + cashback, state, credits, credited)
    when foreign_books > 0 then format('hold %s of account %s moves the books of another account', id, account_id)
    when refunded_at is null and (refunds > 0 or takings > 0)
      then format('hold %s is not refunded, but gave back %s and took cashback of %s', id, refunded_cash + refunded_cashback, taken)
    when refunded_at is not null and (state <> 1 or (refunded_cash, refunded_cashback) <> (due_cash, due - due_cash)
        or refunds <> (due_cash > 0)::int + (due > due_cash)::int or due > cash + cashback)
      then format('hold %s of %s + %s in state %s was refunded %s times as %s + %s, %s in all was due',
        id, cash, cashback, state, refunds, refunded_cash, refunded_cashback, due)
    when refunded_at is not null and taken <> credited
      then format('hold %s was refunded and earned cashback of %s, of which %s was taken back', id, credited, taken)
  end
from (
  select h.id, h.account_id, h.cash, h.cashback, h.state, h.refunded_at, h.due, h.due_cash, max(e.hold_id) as hold_id,
    count(e.hold_id) as entries, count(*) filter (where e.kind = 6 and e.debit = -4) as credits, count(*) filter (where e.kind = 5) as refunds,
    count(*) filter (where e.kind = 6 and e.credit = -4) as takings,
    count(*) filter (where (e.debit >= 0 and e.debit / 2 <> h.account_id) or (e.credit >= 0 and e.credit / 2 <> h.account_id)) as foreign_books,
    coalesce(sum(e.amount) filter (where e.kind = 6 and e.debit = -4), 0) as credited,
    coalesce(sum(e.amount) filter (where e.kind = 6 and e.credit = -4), 0) as taken,
    coalesce(sum(e.amount) filter (where e.kind = 5 and e.credit = 2 * h.account_id), 0) as refunded_cash,
    coalesce(sum(e.amount) filter (where e.kind = 5 and e.credit = 2 * h.account_id + 1), 0) as refunded_cashback
  from (
    select id, account_id, cash, cashback, state, refunded_at, coalesce(refunded_part, cash + cashback) as due, case
        when refunded_part <> cash + cashback then div(2 * refunded_part::numeric * cash + cash + cashback, greatest(2 * (cash + cashback), 1))
        else cash
      end as due_cash
    from hold where id >= $1 and id < $2
  ) h
  full join (
    select hold_id, kind, debit, credit, amount from entry where hold_id >= $1 and hold_id < $2 and kind in (5, 6)
  ) e on e.hold_id = h.id
  where e.hold_id is not null or h.refunded_at is not null
  group by h.id, h.account_id, h.cash, h.cashback, h.state, h.refunded_at, h.due, h.due_cash, coalesce(h.id, e.hold_id)
) booked;

-- name: settled_turnover
-- What a slice of the settled journal adds to the turnover of each account.
select h.account_id, sum(case when e.kind = 3 then e.amount else -e.amount end)::bigint from entry e join hold h on h.id = e.hold_id
where e.id >= $1 and e.id < $2 and e.id <= $3 and e.kind in (3, 5) group by 1;

-- name: turnovers
-- Every customer's turnover, with the movements that are not folded yet, is what was posted less what was refunded.
select c.id, c.turnover + coalesce(m.amount, 0)::bigint as kept, coalesce(y.amount, 0)::bigint as young
from customer c
left join (select account_id, sum(amount) as amount from turnover_move group by 1) m on m.account_id = c.id
left join (
  select h.account_id, sum(case when e.kind = 3 then e.amount else -e.amount end) as amount
  from entry e join hold h on h.id = e.hold_id where e.id > $3 and e.kind in (3, 5) group by 1
) y on y.account_id = c.id
where c.id >= $1 and c.id < $2 order by c.id;

-- name: topups
-- Every top-up has its idempotency key, every key its one top-up of the same account and amount.
select case
    when e.id is null then format('top-up key %s of account %s names entry %s, which is no top-up', k.key, k.account_id, k.entry_id)
    when k.entry_id is null then format('top-up %s has no key', e.id)
    when k.twins > 1 then format('top-up %s has %s keys', e.id, k.twins)
    when e.credit <> 2 * k.account_id or e.amount <> k.amount
      then format('top-up %s gave %s to book %s, its key says %s to account %s', e.id, e.amount, e.credit, k.amount, k.account_id)
  end
from (select id, credit, amount from entry where id >= $1 and id < $2 and kind = 1) e
full join (
  select account_id, key, entry_id, amount, count(*) over (partition by entry_id) as twins
  from topup_key where entry_id >= $1 and entry_id < $2
) k on k.entry_id = e.id;

-- name: settled
-- What a slice of the settled journal adds to each customer's book.
select book, currency, sum(amount)::bigint from (
  select debit as book, currency, -amount as amount from entry where id >= $1 and id < $2 and id <= $3 and debit >= 0
  union all
  select credit, currency, amount from entry where id >= $1 and id < $2 and id <= $3 and credit >= 0
) posting group by book, currency;

-- name: balances
-- Every customer's balance, cash and cashback, is the sum of its postings.
with young as (
  select book, currency, sum(amount) as amount from (
    select debit as book, currency, -amount as amount from entry where id > $3
    union all
    select credit, currency, amount from entry where id > $3
  ) posting group by book, currency
)
select a.id, a.currency, a.cash, a.cashback, coalesce(c.amount, 0)::bigint as young_cash, coalesce(b.amount, 0)::bigint as young_cashback
from account a
left join young c on c.book = 2 * a.id and c.currency = a.currency
left join young b on b.book = 2 * a.id + 1 and b.currency = a.currency
where a.id >= $1 and a.id < $2 order by a.id;

-- name: settled_held
-- What a slice of the settled journal adds to the held book of each currency.
select currency, sum(case when credit = -2 then amount else -amount end)::bigint from entry
where id >= $1 and id < $2 and id <= $3 and (debit = -2 or credit = -2) group by currency;

-- name: held
-- The held book of each currency is the sum of the open holds.
select currency, sum(open)::bigint as open, sum(young)::bigint as young from (
  select a.currency, h.cash + h.cashback as open, 0 as young from hold h left join account a on a.id = h.account_id where h.state = 0
  union all
  select currency, 0, case when credit = -2 then amount else -amount end from entry where id > $1 and (debit = -2 or credit = -2)
) book group by currency;
