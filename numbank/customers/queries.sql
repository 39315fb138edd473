-- Customers and their keys. A key is kept as its SHA-256; the key itself is shown once.

-- name: add_customer
-- A new customer on a new account.
insert into customer (id, name) values ($1, $2);

-- name: add_key
-- A new API key.
insert into api_key (digest, customer_id) values ($1, $2);

-- name: customer_of_key
-- Who a key belongs to, with what limits purchases and the discount of the loyalty rank; nobody when it was revoked.
select c.id, c.active, c.blocked,
  (select max(b.until) from ban b where b.account_id = c.id and b.end_user is null and b.lifted_at is null and b.until > bank_now()),
  c.max_live, c.dialect, c.phone_exception,
  coalesce((select r.discount_bp from rank r where r.turnover <= c.turnover order by r.turnover desc limit 1), 0),
  c.requests_per_s, c.leases_per_min, c.verified
from api_key k join customer c on c.id = k.customer_id where k.digest = $1 and k.revoked_at is null;

-- name: revoke_keys
-- Revoke the live keys of a customer; gives how many.
with revoked as (
  update api_key set revoked_at = now() where customer_id = $1 and revoked_at is null returning 1
)
select count(*) from revoked;

-- name: revoke_key
-- Revoke one key by its digest; gives the customer.
update api_key set revoked_at = now() where digest = $1 and revoked_at is null returning customer_id;

-- name: customers
-- All customers with what they hold.
select c.id, c.name, c.active, a.currency, a.cash, c.created_at,
  (select count(*) from api_key k where k.customer_id = c.id and k.revoked_at is null) as keys
from customer c join account a on a.id = c.id order by c.id;

-- name: customer_exists
-- Whether there is such a customer.
select exists (select from customer where id = $1);

-- name: set_dialect
-- The dialect of a customer on the paths of the base dialect; '' is the base itself. Gives the id if there is such a customer.
update customer set dialect = $2 where id = $1 returning id;

-- name: balance
-- What a customer holds.
select cash from account where id = $1;

-- name: customer_named
-- The oldest active customer of a name, and what is on the account.
select c.id, a.cash from customer c join account a on a.id = c.id where c.name = $1 and c.active order by c.id limit 1;
