"""Damage to the software shop."""

from __future__ import annotations

from tests.verify.damage import damage

FIRST, LAST = "(select min(id) from purchase)", "(select max(id) from purchase)"
# Both statements of a swap see what was there before.
KEY_OF = "(select key_id from purchase where id = {})"
STOCK = "(select min(id) from licence_key where purchase_id is null)"
DEAR = "(select id from purchase where price > 0 order by id limit 1)"

SOFTWARE = (
    damage("a purchase whose key is gone", "software.purchases",
           f"delete from licence_key where id = {KEY_OF.format(FIRST)}"),
    damage("a purchase whose key is in stock", "software.purchases",
           f"update licence_key set purchase_id = null where id = {KEY_OF.format(FIRST)}"),
    damage("a purchase of another product than its key", "software.purchases",
           "update purchase set product_id = (select max(id) from product) where id = " + FIRST),
    damage("a purchase without a hold", "software.purchases", f"update purchase set hold_id = -1 where id = {FIRST}",
           also="leases.owned"),
    damage("a purchase that another account paid", "software.purchases",
           f"update purchase set account_id = (select min(id) from account) where id = {FIRST}"),
    damage("a purchase that was paid with another amount", "software.purchases",
           f"update purchase set price = price + 1 where id = {FIRST}"),
    damage("a purchase whose hold is open", "software.purchases",
           f"update hold set state = 0 where id = (select hold_id from purchase where id = {DEAR})",
           also="ledger.holds ledger.held ledger.cashbacks leases.open_holds"),
    damage("a purchase in a currency that is not its account's", "software.purchases",
           f"update purchase set currency = 978 where id = {FIRST}"),
    damage("a purchase that is gone, its key in stock again", "leases.owned",
           f"update licence_key set purchase_id = null where id = {KEY_OF.format(DEAR)}",
           f"delete from purchase where id = {DEAR}"),
    damage("a key of a product that does not exist", "software.keys",
           f"update licence_key set product_id = 9999 where id = {STOCK}"),
    damage("a key that is sold by no purchase", "software.keys",
           f"update licence_key set purchase_id = 999 where id = {STOCK}"),
    damage("a key that is sold by the purchase of another key", "software.keys",
           "drop index licence_key_purchase",
           f"update licence_key set purchase_id = {FIRST} where id = {STOCK}"),
    damage("a key that is there twice", "software.keys",
           "alter table licence_key drop constraint licence_key_digest_key",
           "insert into licence_key (product_id, digest, sealed) select product_id, digest, sealed from licence_key"
           f" where id = {STOCK}"),
    damage("the key of the digests is gone", "software.pepper", "delete from software_pepper"),
)  # fmt: skip
