-- 0003_statistics
-- oldest code: 2
select 1;
