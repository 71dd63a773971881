SELECT count(*) AS buyers
FROM warehouse.mart.fact_purchase
WHERE dt = DATE '{{ds_kst}}'
