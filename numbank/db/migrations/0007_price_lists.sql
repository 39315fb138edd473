-- Price lists: which countries changed since somebody looked. One look at two small tables tells what has to be read again.
-- oldest code: 2

-- Bumped by the triggers below, in the transaction of the change; country -1 stands for all. What a lease takes off `remaining`
-- is left out: that would be a hot row, and the lease's stock movement tells it.
create table offer_version (country_id int primary key, value bigint not null default 1) with (fillfactor = 50);
-- Bumped by the fold alone (supply/queries.sql), one node at a time: leases never wait for it.
create table stock_version (country_id int primary key, value bigint not null default 1) with (fillfactor = 50);

create function offers_changed(countries int[]) returns void language sql as $$
  insert into offer_version (country_id) select distinct c from unnest(countries) c order by 1
  on conflict (country_id) do update set value = offer_version.value + 1
$$;

create function offers_written() returns trigger language plpgsql as $$
begin
  perform offers_changed(array(select country_id from written group by country_id));
  return null;
end $$;
-- Per statement: a sandbox loads 418,000 offers at once.
create trigger offers_added after insert on offer
  referencing new table as written for each statement execute function offers_written();
create trigger offers_removed after delete on offer
  referencing old table as written for each statement execute function offers_written();

create function offer_edited() returns trigger language plpgsql as $$
begin
  perform offers_changed(array[old.country_id, new.country_id]);
  return null;
end $$;
create trigger offer_edited after update on offer for each row
  when ((old.country_id, old.service_id, old.kind, old.supplier_id, old.operator_id, old.price, old.regular, old.remaining is null)
    is distinct from
    (new.country_id, new.service_id, new.kind, new.supplier_id, new.operator_id, new.price, new.regular, new.remaining is null))
  execute function offer_edited();

create function supplier_edited() returns trigger language plpgsql as $$
begin
  perform offers_changed(array[-1]);
  return null;
end $$;
create trigger supplier_edited after update on supplier for each row
  when ((old.active, old.asked) is distinct from (new.active, new.asked)) execute function supplier_edited();
