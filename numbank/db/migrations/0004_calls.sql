-- 0004_calls
-- oldest code: 2
select 1;
