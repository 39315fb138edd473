-- The operator's side of mailboxes: domains, prices, denied sites.

-- name: decisions
-- What is decided about hosts.
select d.host, d.denied from unnest($1::text[]) w(host) join denied_site d on d.host = w.host;

-- name: decide_site
-- Deny a host or lift that; nothing comes back when it was decided so.
insert into denied_site (host, denied, reason) values ($1, $2, $3)
on conflict (host) do update set denied = excluded.denied, reason = excluded.reason, changed_at = now()
where denied_site.denied <> excluded.denied returning host;

-- name: denied_sites
-- Decisions about hosts, behind one of an earlier page.
select host, denied, reason, changed_at from denied_site where host > $1 order by host limit $2;

-- name: add_domain
-- A new domain; nothing comes back when it is there.
insert into mail_domain (name, zone, popular, capacity) values ($1, $2, $3, $4) on conflict (name) do nothing returning id;

-- name: lock_domain_by_name
-- Lock a domain; what it is, is read by the next statement.
select id from mail_domain where name = $1 for no key update;

-- name: domain_by_name
-- A domain by its name.
select id, name, zone, popular, active, capacity, live from mail_domain where name = $1;

-- name: change_domain
-- Change what is given of a domain.
update mail_domain set zone = coalesce($2, zone), popular = coalesce($3, popular), active = coalesce($4, active),
  capacity = coalesce($5, capacity) where id = $1;

-- name: listed_domains
-- Domains in order of their zones and names; after a name, or from the start.
select id, name, zone, popular, active, capacity, live from mail_domain where (zone, name) > ($1, $2) order by zone, name limit $3;

-- name: zone_exists
-- Whether any domain is of a zone.
select exists (select from mail_domain where zone = $1);

-- name: put_price
-- The price of a zone or a domain for a site; one that is there is changed. A new count is of what is leased from now on: this
-- has the row's lock when it draws an id, and so have leases.
insert into mail_price (zone, domain_id, site, price, remaining, limited_after) values ($1, $2, $3, $4, $5, 0)
on conflict (zone, domain_id, site) do update set price = excluded.price, remaining = excluded.remaining,
  limited_after = case
    when mail_price.remaining is distinct from excluded.remaining then nextval('mailbox_id') else mail_price.limited_after
  end;

-- name: remove_price
-- Remove the price of a zone or a domain for a site; nothing comes back when there was none.
delete from mail_price where zone is not distinct from $1 and domain_id is not distinct from $2 and site = $3 returning id;

-- name: listed_prices
-- The prices of zones and domains, zones first; behind one of an earlier page.
select p.zone, d.name, p.site, p.price, p.remaining from mail_price p left join mail_domain d on d.id = p.domain_id
where (p.zone is null, coalesce(p.zone, d.name), p.site) > ($1, $2, $3)
order by p.zone is null, coalesce(p.zone, d.name), p.site limit $4;
