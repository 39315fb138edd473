-- What customers and the operator see of mailboxes.

-- name: mailbox_view
-- One lease as its customer may see it, with the text that shows, or the subject of a mail that says nothing else: looked up,
-- for a join that was planned in a young bank reads all mails.
select b.id, b.account_id, b.email, b.site, b.state, b.price, b.currency, b.created_at, b.cancel_from, b.due_at, b.value, m.text
from mailbox b left join lateral (select left(coalesce(nullif(text, ''), subject), $3) as text from mail where id = b.mail_id limit 1) m on true
where b.id = $1 and b.account_id = $2;

-- name: mailbox_history
-- A page of all leases of an account, and how many there are. Rows are compared: with an equality the planner might sort all
-- leases of the account. The page is cut first, so that what is skipped costs no look at its mail.
with page as materialized (
  (select id from mailbox where (account_id, id) > ($1::bigint, 0) and (account_id, id) < ($1 + 1, 0) and not $2::boolean
   order by account_id desc, id desc limit $3 offset $4)
  union all
  (select id from mailbox where (account_id, id) > ($1::bigint, 0) and (account_id, id) < ($1 + 1, 0) and $2::boolean
   order by account_id, id limit $3 offset $4)
)
select (select count(*) from mailbox where (account_id, id) > ($1::bigint, 0) and (account_id, id) < ($1 + 1, 0)) as total,
  b.id, b.account_id, b.email, b.site, b.state, b.price, b.currency, b.created_at, b.cancel_from, b.due_at, b.value, m.text
from (select 1) one left join page p on true
left join lateral (
  select id, account_id, email, site, state, price, currency, created_at, cancel_from, due_at, value, mail_id
  from mailbox where id = p.id limit 1
) b on true
left join lateral (select left(coalesce(nullif(text, ''), subject), $5) as text from mail where id = b.mail_id limit 1) m on true
order by case when $2 then p.id else -p.id end;

-- name: mailboxes_searched
-- A page of an account's leases that fit, and how many fit in all, of the newest $6.
with newest as (
  select b.id, b.email, b.site, b.state, b.created_at from mailbox b
  where (b.account_id, b.id) > ($1::bigint, 0) and (b.account_id, b.id) < ($1 + 1, 0)
  order by b.account_id desc, b.id desc limit $6
), fitting as materialized (
  select id from newest
  where ($7::text = '' or strpos(email, $7) > 0 or strpos(site, $7) > 0) and (cardinality($8::smallint[]) = 0 or state = any($8))
    and created_at >= coalesce($9::timestamptz, '-infinity') and created_at <= coalesce($10::timestamptz, 'infinity')
), page as materialized (
  select id from fitting order by case when $2::boolean then id else -id end limit $3 offset $4
)
select (select count(*) from fitting) as total, b.id, b.account_id, b.email, b.site, b.state, b.price, b.currency, b.created_at,
  b.cancel_from, b.due_at, b.value, m.text
from (select 1) one left join page p on true
left join lateral (
  select id, account_id, email, site, state, price, currency, created_at, cancel_from, due_at, value, mail_id
  from mailbox where id = p.id limit 1
) b on true
left join lateral (select left(coalesce(nullif(text, ''), subject), $5) as text from mail where id = b.mail_id limit 1) m on true
order by case when $2 then p.id else -p.id end;

-- name: offered
-- What is offered for a site: zones and popular domains that have room, with the price for the site, else that for any.
select 1 as mail_type, z.zone as name, p.price, p.remaining, z.room
from (
  select zone, sum(greatest(0, capacity - live)) as room from mail_domain where active group by zone
) z cross join lateral (
  select price, remaining from mail_price
  where zone = z.zone and domain_id is null and site in ('', $1) order by site desc limit 1
) p
union all
select 2, d.name, p.price, p.remaining, greatest(0, d.capacity - d.live)
from mail_domain d cross join lateral (
  select price, remaining from mail_price
  where zone is null and domain_id = d.id and site in ('', $1) order by site desc limit 1
) p
where d.popular and d.active
order by mail_type, name limit $2;

-- name: unmatched_mails
-- Mails that reached no customer, newest first.
select id, recipient, sender, author, subject, fate, bytes, received_at from mail where mailbox_id is null
order by id desc limit $1;

-- name: mail_by_id
-- One mail as it is kept.
select id, recipient, mailbox_id, sender, author, subject, text, html, attachments, bytes, code, link, confidence, fate,
  received_at
from mail where id = $1;
