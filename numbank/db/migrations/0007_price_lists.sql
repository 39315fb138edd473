-- 0007_price_lists
-- oldest code: 2
select 1;
