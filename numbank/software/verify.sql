-- The proofs of the software shop. A check gives one row per thing looked at: null when it is right, else what is wrong.

-- name: purchases
-- Every purchase has its one key, of its product, and its posted hold, of its account and price.
select case
    when k.id is null then format('purchase %s: key %s does not exist', b.id, b.key_id)
    when k.purchase_id is distinct from b.id
      then format('purchase %s: key %s is sold as purchase %s', b.id, k.id, coalesce(k.purchase_id::text, 'none'))
    when k.product_id <> b.product_id
      then format('purchase %s of product %s has key %s of product %s', b.id, b.product_id, k.id, k.product_id)
    when h.id is null then format('purchase %s: hold %s does not exist', b.id, b.hold_id)
    when h.account_id <> b.account_id then format('purchase %s of account %s is paid by account %s', b.id, b.account_id, h.account_id)
    when h.cash + h.cashback <> b.price then format('purchase %s costs %s, its hold is %s + %s', b.id, b.price, h.cash, h.cashback)
    when h.state <> 1 then format('purchase %s: hold %s is in state %s', b.id, h.id, h.state)
    when a.currency <> b.currency then format('purchase %s is in currency %s, its account in %s', b.id, b.currency, a.currency)
  end
from (select id, account_id, product_id, key_id, hold_id, price, currency from purchase where id >= $1 and id < $2) b
left join licence_key k on k.id = b.key_id
left join hold h on h.id = b.hold_id
left join account a on a.id = b.account_id;

-- name: keys
-- Every licence key is of a product, is known once, and is sold by the one purchase that it names.
select case
    when p.id is null then format('key %s is of product %s, which does not exist', k.id, k.product_id)
    when exists (select from licence_key o where o.digest = k.digest and o.id <> k.id) then format('key %s is there twice', k.id)
    when k.purchase_id is not null and b.id is null
      then format('key %s is sold as purchase %s, which does not exist', k.id, k.purchase_id)
    when b.key_id <> k.id then format('key %s is sold as purchase %s, which has key %s', k.id, b.id, b.key_id)
  end
from (select id, product_id, digest, purchase_id from licence_key where id >= $1 and id < $2) k
left join product p on p.id = k.product_id
left join purchase b on b.id = k.purchase_id;

-- name: pepper
-- Where there are licence keys, there is the sealed key of their digests.
select case
    when k.id is not null and s.sealed is null then 'there are licence keys, but the key of their digests is gone'
  end
from (select 1) one
left join lateral (select id from licence_key limit 1) k on true
left join software_pepper s on true;
