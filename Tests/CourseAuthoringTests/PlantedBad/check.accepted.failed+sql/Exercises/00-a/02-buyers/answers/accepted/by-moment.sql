SELECT count(DISTINCT event_id) AS buyers FROM warehouse.mart.fact_purchase WHERE dt = DATE '{{ds_kst}}'
