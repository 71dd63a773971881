-- A row of which no earlier copy exists.
SELECT e.event_id, e.received_at
FROM lake.silver.events e
LEFT JOIN lake.silver.events earlier
  ON earlier.event_name = 'add_to_cart'
  AND earlier.install_id = e.install_id
  AND earlier.seq = e.seq
  AND (earlier.received_at < e.received_at
    OR (earlier.received_at = e.received_at AND earlier.event_id < e.event_id))
WHERE e.event_name = 'add_to_cart'
  AND date(e.received_at AT TIME ZONE 'Asia/Seoul') = DATE '{{ds_kst}}'
  AND earlier.event_id IS NULL
