-- The software shop: products, licence keys, purchases.

-- name: products_for_sale
-- What active products cost and how they are used, of those that are asked for.
select id, price, manual from product where id = any($1::int[]) and active;

-- name: claim_keys
-- Lock keys in stock, the oldest first, so many of each product; what another node is selling just now is passed by, and what
-- this node could not open. Rows are compared here and below: the planner would take the primary key for the order, and walk
-- through what is sold.
select w.product_id, k.id, k.sealed
from unnest($1::bigint[], $2::int[]) w(product_id, wanted)
cross join lateral (
  select l.id, l.sealed from licence_key l
  where (l.product_id, l.id) > (w.product_id, 0) and (l.product_id, l.id) < (w.product_id + 1, 0) and l.purchase_id is null
    and l.id <> all($3::bigint[])
  order by l.product_id, l.id limit w.wanted for no key update skip locked
) k;

-- name: more_keys
-- Which of these products have keys in stock beside those that were claimed or could not be opened: another node holds them and may yet let go.
select w.product_id from unnest($1::bigint[]) w(product_id)
cross join lateral (
  select from licence_key l
  where (l.product_id, l.id) > (w.product_id, 0) and (l.product_id, l.id) < (w.product_id + 1, 0) and l.purchase_id is null
    and l.id <> all($2::bigint[])
  order by l.product_id, l.id limit 1
) more;

-- name: next_purchase_ids
-- Ids for purchases and their holds, and the batch's time.
select nextval('purchase_id'), nextval('hold_id'), bank_now() from generate_series(1, $1::int);

-- name: own_cashback
-- The cashback rates of accounts that have one of their own.
select id, cashback_bp from customer where id = any($1::bigint[]) and cashback_bp is not null;

-- name: sell_keys
-- Write purchases down and mark their keys as sold; gives how many keys were in stock.
with wanted as (
  select * from unnest(
    $1::bigint[], $2::bigint[], $3::int[], $4::bigint[], $5::bigint[], $6::bigint[], $7::smallint[], $8::timestamptz[]
  ) w(id, account_id, product_id, key_id, hold_id, price, currency, at)
), sold as (
  update licence_key l set purchase_id = w.id from wanted w
  where l.id = w.key_id and l.product_id = w.product_id and l.purchase_id is null returning l.id
), written as (
  insert into purchase (id, account_id, product_id, key_id, hold_id, price, currency, at)
  select id, account_id, product_id, key_id, hold_id, price, currency, at from wanted
)
select count(*) from sold;

-- name: shop_window
-- All products with their stock, counted up to a limit.
select p.id, p.name, p.price, p.manual, p.active, (
  select count(*) from (
    select from licence_key l
    where (l.product_id, l.id) > (p.id, 0) and (l.product_id, l.id) < (p.id::bigint + 1, 0) and l.purchase_id is null
    order by l.product_id, l.id limit $1
  ) stock
)
from product p order by p.id;

-- name: bought
-- A page of what an account bought, the newest first. Rows are compared: the planner would read the primary key backwards.
select b.id, b.account_id, p.name, b.price, b.currency, b.at, b.product_id, k.sealed, p.manual
from (
  select id, account_id, product_id, key_id, price, currency, at from purchase
  where (account_id, id) > ($1, 0) and (account_id, id) < ($1 + 1, 0)
  order by account_id desc, id desc offset $2 limit $3
) b
cross join lateral (select name, manual from product where id = b.product_id offset 0) p
cross join lateral (select sealed from licence_key where id = b.key_id offset 0) k
order by b.id desc;

-- name: add_product
-- A new product; gives its id, nothing when the name is taken.
insert into product (name, price, manual) values ($1, $2, $3) on conflict (name) do nothing returning id;

-- name: change_product
-- Change what is given of a product, null leaves it as it is; gives the id if there is such a product.
update product set name = coalesce($2, name), price = coalesce($3, price), manual = coalesce($4, manual),
  active = coalesce($5, active)
where id = $1 returning id;

-- name: name_taken
-- Whether another product has this name.
select exists (select from product where name = $2 and id <> $1);

-- name: product_line
-- One product without its stock.
select id, name, price, manual, active from product where id = $1;

-- name: key_counts
-- How many keys of a product are in stock and sold, and when the newest was loaded.
select count(*) filter (where purchase_id is null), count(purchase_id), max(loaded_at) from licence_key where product_id = $1;

-- name: sold
-- The newest purchases, of one product or account, or of all.
select b.id, b.account_id, p.name, b.price, b.currency, b.at, b.product_id from purchase b join product p on p.id = b.product_id
where ($1::int is null or b.product_id = $1) and ($2::bigint is null or b.account_id = $2)
order by b.id desc limit $3;

-- name: hold_seal
-- Keep the seal as it is for this transaction: what is sealed now with an old key is not missed by a rotation.
select sealed from seal_check for share;

-- name: pepper
-- The sealed key of the digests; no row before the first load. Locked, so that loads go one after the other.
select sealed from software_pepper for no key update;

-- name: add_pepper
-- Keep the sealed key of the digests; the first one counts.
insert into software_pepper (sealed) values ($1) on conflict do nothing;

-- name: change_pepper
-- Keep the key of the digests under another seal.
update software_pepper set sealed = $1;

-- name: known_keys
-- Which of these digests are of keys that the bank has or had.
select digest from licence_key where digest = any($1::bytea[]);

-- name: add_keys
-- Put keys in stock; gives the digests of those that are new.
insert into licence_key (product_id, digest, sealed)
select $1, digest, sealed from unnest($2::bytea[], $3::bytea[]) with ordinality k(digest, sealed, at) order by at
on conflict (digest) do nothing returning digest;

-- name: count_keys
-- How many keys there are, in stock or sold.
select count(*) from licence_key;

-- name: keys_to_reseal
-- Lock some keys by id, from an id on; a sale passes them by meanwhile.
select id, sealed from licence_key where id > $1 order by id limit $2 for no key update;

-- name: lock_key
-- One key, with the purchase and the account that it was sold to.
select k.id, k.product_id, k.sealed, k.purchase_id, b.account_id
from licence_key k left join purchase b on b.id = k.purchase_id where k.id = $1 for no key update of k;

-- name: delete_key
-- Take a key in stock away.
delete from licence_key where id = $1 and purchase_id is null;

-- name: reseal_keys
-- Keep keys under another seal; gives how many.
with resealed as (
  update licence_key l set sealed = w.sealed from unnest($1::bigint[], $2::bytea[]) w(id, sealed) where l.id = w.id returning 1
)
select count(*) from resealed;
