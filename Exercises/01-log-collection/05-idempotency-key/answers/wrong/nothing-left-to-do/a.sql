SELECT DISTINCT event_id, received_at FROM lake.silver.events WHERE event_name = 'add_to_cart' AND CAST(received_at AT TIME ZONE 'Asia/Seoul' AS date) = DATE '{{ds_kst}}'
