"""Damage to the books and to the message store."""

from __future__ import annotations

from tests.verify.damage import CUSTOMER, LIVE, damage

VOIDED = "(select max(id) from hold where cashback > 0)"
EARNED = "(select min(id) from entry where kind = 6 and debit = -4)"

BOOKS = (
    damage(
        "a transfer to itself", "ledger.transfers",
        "alter table entry drop constraint entry_check",
        "insert into entry (kind, debit, credit, currency, amount) values (7, -1, -1, 840, 5)",
    ),
    damage(
        "a transfer of nothing", "ledger.transfers",
        "alter table entry drop constraint entry_amount_check",
        "insert into entry (kind, debit, credit, currency, amount) values (7, -1, -3, 840, 0)",
    ),
    damage("a book that does not exist", "ledger.transfers",
           "insert into entry (kind, debit, credit, currency, amount) values (7, -1, 2000000, 840, 5)"),
    damage("a house book that does not exist", "ledger.transfers",
           "insert into entry (kind, debit, credit, currency, amount) values (7, -9, -1, 840, 5)"),
    damage("a foreign currency", "ledger.transfers",
           f"insert into entry (kind, debit, credit, currency, amount) select 7, -1, 2 * {CUSTOMER}, 978, 5"),
    damage("a post that names no hold", "ledger.transfers",
           "insert into entry (kind, debit, credit, currency, amount) values (3, -2, -3, 840, 5)", also="ledger.held"),
    damage("a hold between the wrong books", "ledger.transfers",
           "insert into entry (kind, debit, credit, currency, amount, hold_id) values (2, -1, -3, 840, 5, 1)",
           also="ledger.holds"),
    damage("cash that was never booked", "ledger.balances",
           f"update account set cash = cash + 1 where id = {CUSTOMER}"),
    damage("cashback that was never booked", "ledger.balances",
           f"update account set cashback = cashback + 1 where id = {CUSTOMER}"),
    damage("a top-up that is not in the balance", "ledger.balances",
           f"insert into entry (kind, debit, credit, currency, amount) select 7, -1, 2 * {CUSTOMER}, 840, 5"),
    damage("a hold that is not what was taken", "ledger.holds",
           f"update hold set cashback = cashback + 1 where id = {VOIDED}", also="activation.charges"),
    damage("a void that is missing", "ledger.holds", f"delete from entry where kind = 4 and hold_id = {VOIDED}",
           also="ledger.balances ledger.held"),
    damage("a post on top of a void", "ledger.holds",
           f"insert into entry (kind, debit, credit, currency, amount, hold_id) select 3, -2, -3, 840, 50, {VOIDED}",
           also="ledger.held ledger.turnovers"),
    damage("a transfer for a hold that is missing", "ledger.holds",
           "insert into entry (kind, debit, credit, currency, amount, hold_id) values (7, -3, -1, 840, 5, 999999)"),
    damage("cashback that was credited twice", "ledger.cashbacks",
           f"insert into entry (kind, debit, credit, currency, amount, hold_id) select kind, debit, credit, currency,"
           f" amount, hold_id from entry where id = {EARNED}", also="ledger.balances"),
    damage("cashback that is more than the charge", "ledger.cashbacks",
           f"update entry set amount = amount + 1000000 where id = {EARNED}", also="ledger.balances"),
    damage("cashback of a hold that is missing", "ledger.cashbacks",
           f"update entry set hold_id = 999999 where id = {EARNED}", also="ledger.holds"),
    damage("cashback for somebody else", "ledger.cashbacks",
           f"update entry set credit = 2 * (select max(id) from account) + 1 where id = {EARNED}", also="ledger.balances"),
    damage("a refund that is not noted", "ledger.cashbacks",
           "update hold set refunded_at = null where refunded_at is not null", also="rent.charges"),
    damage("a refund of another part than was decided on", "ledger.cashbacks",
           "update hold set refunded_part = refunded_part + 1 where refunded_part is not null"),
    damage("a refund of less than was charged", "ledger.cashbacks",
           "update entry set amount = amount - 1 where kind = 5", also="ledger.balances ledger.turnovers"),
    damage("cashback that stayed after a refund", "ledger.cashbacks",
           "delete from entry where kind = 6 and credit = -4", also="ledger.balances"),
    damage("a refund to a house book", "ledger.transfers",
           "update entry set credit = -1 where kind = 5", also="ledger.balances ledger.cashbacks"),
    damage("cashback from the wrong book", "ledger.transfers", f"update entry set debit = -3 where id = {EARNED}"),
    damage("a turnover that was never booked", "ledger.turnovers",
           f"update customer set turnover = turnover + 1 where id = {CUSTOMER}"),
    damage("a lost movement of turnover", "ledger.turnovers",
           "delete from turnover_move where id = (select min(id) from turnover_move)"),
    damage("a held book that is not the open holds", "ledger.held",
           f"update entry set amount = amount + 1 where kind = 2"
           f" and hold_id = (select hold_id from activation where id = {LIVE})",
           also="ledger.balances ledger.holds"),
    damage("a top-up without a key", "ledger.topups",
           "delete from topup_key where entry_id = (select min(entry_id) from topup_key)"),
    damage("a top-up with two keys", "ledger.topups",
           "insert into topup_key select account_id, gen_random_uuid(), entry_id, amount from topup_key limit 1"),
    damage("a key without a top-up", "ledger.topups",
           f"insert into topup_key select {CUSTOMER}, gen_random_uuid(), 999999, 5"),
    damage("a key of another amount", "ledger.topups", "update topup_key set amount = amount + 1"),
)  # fmt: skip

MESSAGES = (
    damage("a habit is nobody's", "messages.habits", "insert into code_habit values (0, 6, false, 1)"),
    damage(
        "a sender is nobody's",
        "messages.habits",
        "insert into code_sender values (0, gen_random_uuid(), 'acme', '{}', now())",
    ),
    damage(
        "it is learned from leases to come",
        "messages.habits",
        "update code_learned set lease_id = (select max(id) + 1 from activation)",
    ),
    damage("it is learned twice", "messages.habits", "insert into code_learned select lease_id from code_learned"),
    damage("a message without a key", "messages.keys",
           "delete from message_key where message_id = (select min(id) from message)"),
    damage("a message with two keys", "messages.keys",
           "insert into message_key select gen_random_uuid(), content, message_id from message_key limit 1"),
    damage("a key without a message", "messages.keys",
           "insert into message_key values (gen_random_uuid(), gen_random_uuid(), 999999)"),
    damage("a fate that contradicts its columns", "messages.fates", "update message set fate = 1 where fate = 3"),
)  # fmt: skip
