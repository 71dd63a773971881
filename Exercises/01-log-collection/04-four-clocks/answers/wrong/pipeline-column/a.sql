SELECT event_id, event_time AS event_ts, dt FROM lake.silver.events WHERE event_name = 'purchase_completed' AND CAST(received_at AT TIME ZONE 'Asia/Seoul' AS date) = DATE '{{ds_kst}}'
