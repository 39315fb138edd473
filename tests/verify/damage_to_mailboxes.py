"""Damage to mailboxes, their addresses, their mails and what they cost."""

from __future__ import annotations

from tests.verify.damage import CUSTOMER, damage

WAITING = "(select min(id) from mailbox where state = 1)"
RECEIVED = "(select min(id) from mailbox where state = 3)"
CODED = "(select min(id) from mailbox where state = 3 and has_code)"
DONE = "(select min(id) from mailbox where state = 8)"
CANCELLED = "(select min(id) from mailbox where state = 9)"
CHILD = "(select min(id) from mailbox where parent_id is not null)"
MAIL = "(select min(id) from mail where mailbox_id is not null)"

MAILBOXES = (
    damage(
        "an address is held by nobody",
        "mailbox.mailbox_holders",
        "update mail_address set holder = 1, rests_until = null"
        f" where id = (select address_id from mailbox where id = {CANCELLED})",
    ),
    damage(
        "an address is held by a lease that ended",
        "mailbox.mailbox_holders",
        f"update mail_address set holder = {CANCELLED}, rests_until = null"
        f" where id = (select address_id from mailbox where id = {CANCELLED})",
    ),
    damage(
        "two addresses are held by one lease",
        "mailbox.mailbox_holders",
        f"update mail_address set holder = {WAITING}, rests_until = null"
        f" where id = (select address_id from mailbox where id = {CANCELLED})",
    ),
    damage(
        "a live lease does not hold its address",
        "mailbox.addressed",
        f"update mail_address set holder = null where id = (select address_id from mailbox where id = {WAITING})",
    ),
    damage(
        "an address is of another account",
        "mailbox.addressed",
        f"update mail_address set account_id = {CUSTOMER}"
        f" where id = (select address_id from mailbox where id = {CANCELLED})",
    ),
    damage(
        "a lease has another name than its address",
        "mailbox.addressed",
        f"update mailbox set email = 'x@a.box' where id = {CANCELLED}",
    ),
    damage(
        "an address is lost",
        "mailbox.addressed",
        f"delete from mail_address where id = (select address_id from mailbox where id = {CANCELLED})",
        also="mailbox.mails_attached",
    ),
    damage(
        "a domain counts a lease too many",
        "mailbox.rooms",
        "update mail_domain set live = live + 1 where name = 'a.box'",
    ),
    damage(
        "nobody knows of which leases a limited price is",
        "mailbox.mail_prices",
        "update mail_price set limited_after = null where remaining is not null",
    ),
    damage(
        "a lease is dearer than its hold",
        "mailbox.mailbox_charges",
        f"update mailbox set price = price + 1 where id = {WAITING}",
    ),
    damage(
        "a lease shows the hold of another one",
        "mailbox.mailbox_charges",
        f"update mailbox set hold_id = (select hold_id from mailbox where id = {DONE}) where id = {WAITING}",
        also="leases.open_holds leases.owned",
    ),
    damage(
        "a lease has received something without a mail",
        "mailbox.mailbox_states",
        f"update mailbox set state = 3 where id = {WAITING}",
        also="mailbox.mailbox_charges leases.open_holds",
    ),
    damage(
        "a lease was cancelled inside its window",
        "mailbox.mailbox_states",
        "update mailbox set cancel_from = ended_at + interval '1 s' where ended_by = 2",
    ),
    damage(
        "a lease shows another code than its mail",
        "mailbox.mailbox_shown",
        f"update mailbox set value = '000000' where id = {CODED}",
    ),
    damage(
        "a lease shows a mail of another one",
        "mailbox.mailbox_shown",
        f"update mailbox set mail_id = (select mail_id from mailbox where id = {DONE}) where id = {RECEIVED}",
    ),
    damage(
        "a lease counts a mail too many",
        "mailbox.mailbox_mails",
        f"update mailbox set mails = mails + 1 where id = {RECEIVED}",
    ),
    damage(
        "a mail is of a lease on another address",
        "mailbox.mails_attached",
        f"update mail set address_id = (select address_id from mailbox where id = {WAITING}), recipient ="
        f" (select email from mailbox where id = {WAITING}) where id = {MAIL}",
    ),
    damage(
        "a mail names another address",
        "mailbox.mails_attached",
        f"update mail set recipient = 'x@a.box' where id = {MAIL}",
    ),
    damage("a mail has no key", "mailbox.mails_once", f"delete from mail_key where mail_id = {MAIL}"),
    damage("a mail has two keys", "mailbox.mails_once", f"insert into mail_key values (gen_random_uuid(), {MAIL})"),
    damage("a key has no mail", "mailbox.mails_once", "insert into mail_key values (gen_random_uuid(), 10000000)"),
    damage(
        "a lease goes on with one that lives",
        "mailbox.reordered",
        f"update mailbox set parent_id = {WAITING} where id = {CHILD}",
    ),
)
