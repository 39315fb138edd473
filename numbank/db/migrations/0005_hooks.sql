-- 0005_hooks
-- oldest code: 2
select 1;
