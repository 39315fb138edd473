-- The proofs of retention. A check gives one row per thing looked at: null when it is right, else what is wrong.

-- name: messages
-- Up to the bookmark no message has a sender, a text, a code or a recording any more.
select case
    when m.id > r.upto then null
    when m.text <> '' or m.sender <> '' or m.code is not null then format('message %s is not erased', m.id)
    when c.state <> 3 or c.transcript <> '' then format('the recording of message %s is not erased', m.id)
  end
from retention r, message m left join recording c on c.message_id = m.id
where r.topic = 'message' and m.id >= $1 and m.id < $2;

-- name: activations
-- Up to the bookmark no activation has a code or a target any more.
select case
    when a.id <= r.upto and (a.code is not null or a.forward_to is not null) then format('activation %s is not erased', a.id)
  end
from retention r, activation a where r.topic = 'activation' and a.id >= $1 and a.id < $2;

-- name: errands
-- Up to the bookmark no errand has a target or a supplier's words any more.
select case when e.id <= r.upto and (e.target <> 0 or e.reason <> '') then format('errand %s is not erased', e.id) end
from retention r, errand e where r.topic = 'errand' and e.id >= $1 and e.id < $2;

-- name: mailboxes
-- Up to the bookmark no lease of a mailbox has a code or a link any more.
select case when b.id <= r.upto and b.value is not null then format('mailbox %s is not erased', b.id) end
from retention r, mailbox b where r.topic = 'mailbox' and b.id >= $1 and b.id < $2;

-- name: mails
-- Up to the bookmark no mail says anything any more.
select case
    when m.id <= r.upto and (
      m.sender <> '' or m.author <> '' or m.subject <> '' or m.text <> '' or m.html <> '' or m.attachments <> '[]'
      or m.code is not null or m.link is not null
    ) then format('mail %s is not erased', m.id)
  end
from retention r, mail m where r.topic = 'mail' and m.id >= $1 and m.id < $2;

-- name: in_time
-- Nothing is kept a day longer than the days by which the bank erases.
select case
    when first.at < bank_now() - make_interval(secs => (r.days + 1) * 86400)
    then format('%s %s of %s is kept longer than %s days', r.topic, first.id, first.at, r.days)
  end
from retention r left join lateral (
  (select id, received_at as at from message where r.topic = 'message' and id > r.upto order by id limit 1) union all
  (select id, created_at from activation where r.topic = 'activation' and id > r.upto order by id limit 1) union all
  (select id, at from errand where r.topic = 'errand' and id > r.upto order by id limit 1) union all
  (select id, created_at from mailbox where r.topic = 'mailbox' and id > r.upto order by id limit 1) union all
  (select id, received_at from mail where r.topic = 'mail' and id > r.upto order by id limit 1) union all
  (select errand_id, at from simulated_errand where r.topic = 'simulated_errand' and errand_id > r.upto order by errand_id limit 1)
) first on true;
