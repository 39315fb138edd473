-- What the supervisor asks before it opens the bank.

-- name: other_currency
-- The currency of an account that is kept in another one than the house's; nothing when all agree.
select currency from account where currency <> $1 limit 1;
