-- The audit log: written in the transaction of the act, never changed.

-- name: write_audit
-- One act of an operator.
insert into audit (actor, act, subject, details) values ($1, $2, $3, $4::jsonb);

-- name: audit_rows
-- The newest acts since a time: all, one act, or all acts of a group.
select id, at, actor, act, subject, details::text from audit
where at >= $1 and ($2::text = '' or act = $2 or starts_with(act, $2 || '.')) order by id desc limit $3;

-- name: audit_from
-- Acts behind an id, oldest first.
select id, at, actor, act, subject, details::text from audit where id > $1 and at >= $2 order by id limit $3;
