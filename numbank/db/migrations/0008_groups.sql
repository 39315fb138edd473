-- Several leases on one number, numbers that come back to their last customer, and lines that are not connected.
-- oldest code: 2

alter table number
  -- Served several leases at once at some time: its use for a service may lie ahead of that shelf's bookmark, and who
  -- handles it has to look for the other leases of its holder's group.
  add column shared boolean not null default false,
  -- Which lease held it last: only that customer may have it again while it rests.
  add column last_holder bigint,
  -- The line is not connected. A leased number stays with its leases; it goes offline when the last of them ends.
  add column offline boolean not null default false;
update number set offline = true where state = 3;
alter table number add constraint number_line check (case state when 1 then true when 3 then offline else not offline end);
