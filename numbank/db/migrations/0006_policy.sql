-- 0006_policy
-- oldest code: 2
select 1;
