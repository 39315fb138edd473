-- What a count of a tier is of: the leases that took one of it. A time of a transaction does not tell, for it is that of its
-- beginning; nor does the lease's id alone, for leases of a tier without a limit lock no tier.
-- oldest code: 12

-- Leases up to this id give nothing back to this count. Drawn under the tier's lock, as are those of the leases that are of a
-- count. Null: `limited_since` alone tells, where it can.
alter table offer add column limited_after bigint;

-- Whether it took one of its tier's count. Null: before this was written down; `limited_since` tells.
alter table activation add column counted boolean;
