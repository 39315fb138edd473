-- The proofs of the mailboxes. A check gives one row per thing looked at: null when it is right, else what is wrong. States:
-- mailbox/states.py; below 8 a lease is live.

-- name: mailbox_holders
-- Every address that has a holder is held by a live lease of it; none that is held rests.
select case
    when b.id is null then format('address %s is held by mailbox %s, which does not exist', a.id, a.holder)
    when b.state >= 8 then format('address %s is held by mailbox %s, which ended', a.id, a.holder)
    when b.address_id <> a.id then format('address %s is held by mailbox %s, which is of address %s', a.id, b.id, b.address_id)
  end
from mail_address a left join lateral (select id, state, address_id from mailbox where id = a.holder offset 0) b on true
where a.id >= $1 and a.id < $2 and a.holder is not null;

-- name: addressed
-- Every lease is of an address of its account and domain, under its name; a live one holds it, so it is the only one there.
select case
    when a.id is null then format('mailbox %s: address %s does not exist', b.id, b.address_id)
    when a.account_id <> b.account_id then format('mailbox %s of account %s is on address %s of account %s', b.id, b.account_id, a.id, a.account_id)
    when a.domain_id <> b.domain_id or d.id is null then format('mailbox %s of domain %s is on address %s of domain %s', b.id, b.domain_id, a.id, a.domain_id)
    when b.email <> a.local || '@' || d.name then format('mailbox %s does not have the name of its address %s', b.id, a.id)
    when b.state < 8 and a.holder is distinct from b.id
      then format('mailbox %s is live on address %s, which is held by %s', b.id, a.id, coalesce(a.holder::text, 'nobody'))
  end
from mailbox b
left join lateral (select id, account_id, domain_id, local, holder from mail_address where id = b.address_id offset 0) a on true
left join lateral (select id, name from mail_domain where id = a.domain_id offset 0) d on true
where b.id >= $1 and b.id < $2;

-- name: rooms
-- Every domain counts its live leases; they may be more than it takes, for the operator may take room away.
select case when d.live <> coalesce(l.live, 0) then format('domain %s has %s live leases, but counts %s', d.name, coalesce(l.live, 0), d.live) end
from mail_domain d left join (select domain_id, count(*) as live from mailbox where state < 8 group by 1) l on l.domain_id = d.id;

-- name: mail_prices
-- Every limited price has a count that can be, and says of which leases.
select case
    when p.remaining < 0 then format('price %s has %s left', p.id, p.remaining)
    when p.remaining is not null and p.limited_after is null then format('price %s is limited, but of which leases is not known', p.id)
  end
from mail_price p;

-- name: mailbox_charges
-- The hold of every lease is its price, of its account, open before the first mail, posted by it, voided by an end without one.
select case
    when h.id is null then format('mailbox %s: hold %s does not exist', b.id, b.hold_id)
    when h.account_id <> b.account_id then format('mailbox %s of account %s is charged to account %s', b.id, b.account_id, h.account_id)
    when h.cash + h.cashback <> b.price then format('mailbox %s costs %s, but its hold takes %s', b.id, b.price, h.cash + h.cashback)
    when h.state <> case b.state when 1 then 0 when 9 then 2 else 1 end
      then format('mailbox %s is in state %s, but its hold %s in state %s', b.id, b.state, h.id, h.state)
  end
from mailbox b
left join lateral (select id, account_id, cash, cashback, state from hold where id = b.hold_id offset 0) h on true
where b.id >= $1 and b.id < $2;

-- name: mailbox_states
-- Every lease is in the state that its mails and its end lead to.
select case
    when (b.mails > 0) <> (b.state in (3, 8, 10)) then format('mailbox %s is in state %s with %s mails', b.id, b.state, b.mails)
    when (b.ended_by is null) <> (b.state < 8) or b.state = 8 and b.ended_by not in (3, 4) or b.state = 10 and b.ended_by <> 2
      then format('mailbox %s is in state %s, ended by %s', b.id, b.state, coalesce(b.ended_by::text, 'nothing'))
    when b.ended_by = 2 and b.ended_at < b.cancel_from or b.ended_by = 3 and b.ended_at < b.due_at
      then format('mailbox %s ended by %s before its time', b.id, b.ended_by)
  end
from mailbox b where b.id >= $1 and b.id < $2;

-- name: mailbox_shown
-- What a lease shows is what its mail says: the code, else the link; both are gone where they were erased.
select case
    when (b.mails > 0) <> (b.mail_id is not null) then format('mailbox %s has %s mails and shows mail %s', b.id, b.mails, b.mail_id)
    when b.mail_id is not null and m.id is null then format('mailbox %s shows mail %s, which does not exist', b.id, b.mail_id)
    when m.mailbox_id is distinct from b.id and m.id is not null
      then format('mailbox %s shows mail %s, which is not its own', b.id, m.id)
    when b.mail_id is null and b.value is not null then format('mailbox %s shows a value without a mail', b.id)
    when b.id > coalesce(x.mailboxes, 0) and m.id > coalesce(x.mails, 0)
        and (b.value is distinct from coalesce(m.code, m.link) or b.has_code <> (m.code is not null))
      then format('mailbox %s does not show what its mail %s says', b.id, m.id)
  end
from mailbox b
left join lateral (select id, mailbox_id, code, link from mail where id = b.mail_id offset 0) m on true
cross join (
  select (select upto from retention where topic = 'mailbox') as mailboxes, (select upto from retention where topic = 'mail') as mails
) x
where b.id >= $1 and b.id < $2;

-- name: mailbox_mails
-- Every lease counts its mails.
select case when n.n <> b.mails then format('mailbox %s has %s mails, but counts %s', b.id, n.n, b.mails) end
from mailbox b cross join lateral (select count(*) as n from mail m where m.mailbox_id = b.id) n
where b.id >= $1 and b.id < $2;

-- name: mails_attached
-- Every mail that is somebody's came to the address of that lease; every mail came to the address that it names.
select case
    when m.mailbox_id is not null and b.id is null then format('mail %s is of mailbox %s, which does not exist', m.id, m.mailbox_id)
    when b.address_id <> m.address_id then format('mail %s to address %s is of mailbox %s on address %s', m.id, m.address_id, b.id, b.address_id)
    when a.email is null then format('mail %s: address %s does not exist', m.id, m.address_id)
    when a.email <> m.recipient then format('mail %s does not name its address %s', m.id, m.address_id)
  end
from mail m
left join lateral (select id, address_id from mailbox where id = m.mailbox_id offset 0) b on true
left join lateral (
  select a.local || '@' || d.name as email from mail_address a join mail_domain d on d.id = a.domain_id where a.id = m.address_id offset 0
) a on true
where m.id >= $1 and m.id < $2;

-- name: mails_once
-- Every mail has one key, and every key a mail.
select case
    when k.mail_id is null then format('mail %s has no key', m.id)
    when m.id is null then format('a key is of mail %s, which does not exist', k.mail_id)
    when k.twins > 1 then format('mail %s has %s keys', m.id, k.twins)
  end
from (select id from mail where id >= $1 and id < $2) m
full join (
  select mail_id, count(*) over (partition by mail_id) as twins from mail_key where mail_id >= $1 and mail_id < $2
) k on k.mail_id = m.id;

-- name: reordered
-- Every lease that goes on with another one is of the same account, address and site, and that one ended. When is not compared: a
-- time is that of the transaction's begin, and this one may have waited for that one's.
select case
    when p.id is null then format('mailbox %s goes on with mailbox %s, which does not exist', b.id, b.parent_id)
    when p.account_id <> b.account_id or p.address_id <> b.address_id or p.site <> b.site
      then format('mailbox %s goes on with mailbox %s, which is of something else', b.id, p.id)
    when p.id >= b.id or p.ended_at is null then format('mailbox %s began before mailbox %s ended', b.id, p.id)
  end
from mailbox b
left join lateral (select id, account_id, address_id, site, ended_at from mailbox where id = b.parent_id offset 0) p on true
where b.id >= $1 and b.id < $2 and b.parent_id is not null;
