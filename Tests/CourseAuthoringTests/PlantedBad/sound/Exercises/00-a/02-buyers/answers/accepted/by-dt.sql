SELECT count(DISTINCT user_id) AS buyers
FROM warehouse.mart.fact_purchase
WHERE dt = DATE '{{ds_kst}}'
