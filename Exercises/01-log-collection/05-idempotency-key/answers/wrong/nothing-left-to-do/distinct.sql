SELECT event_id, received_at FROM (SELECT DISTINCT * FROM lake.silver.events WHERE event_name = 'add_to_cart') t WHERE CAST(received_at AT TIME ZONE 'Asia/Seoul' AS date) = DATE '{{ds_kst}}'
