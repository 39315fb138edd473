-- What the operator's commands look up on their own.

-- name: fate_of_message
-- What became of a message: its fate, the lease that got it, and the code in it.
select m.fate, m.lease_id, m.code from message_key k join message m on m.id = k.message_id
where k.ref = $1 and k.content = $2;

-- name: customer_named
-- The oldest active customer of a name, and what is on the account.
select c.id, a.cash from customer c join account a on a.id = c.id where c.name = $1 and c.active order by c.id limit 1;
