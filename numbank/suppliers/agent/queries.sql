-- Agents are suppliers of kind `agent`; their keys are kept like those of customers, as SHA-256.

-- name: add_agent
-- A new agent; no row if a supplier has this name already.
insert into supplier (name, kind) values ($1, 'agent') on conflict do nothing returning id;

-- name: add_agent_key
-- A key for an agent.
insert into agent_key (digest, supplier_id) values ($1, $2);

-- name: agent_of_key
-- Who a key belongs to; nobody when it was revoked or the agent is switched off.
select s.id, s.name from agent_key k join supplier s on s.id = k.supplier_id
where k.digest = $1 and k.revoked_at is null and s.active;

-- name: revoke_agent_key
-- Revoke one key by its digest; gives the agent.
update agent_key k set revoked_at = now() from supplier s
where k.digest = $1 and k.revoked_at is null and s.id = k.supplier_id returning s.name;
