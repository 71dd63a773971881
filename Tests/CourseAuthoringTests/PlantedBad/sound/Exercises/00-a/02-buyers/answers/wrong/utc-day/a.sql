SELECT count(DISTINCT user_id) AS buyers
FROM warehouse.mart.fact_purchase
WHERE CAST(purchased_at AT TIME ZONE 'UTC' AS date) = DATE '{{ds_kst}}'
