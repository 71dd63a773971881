{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='silver', alias='closed', partition_by='dt') }}
-- The last day of last year's books that has purchases: closed, and kept apart.
SELECT event_id,
  json_extract_scalar(json, '$.properties.order_id') AS order_id,
  CAST(json_extract_scalar(json, '$.properties.amount') AS bigint) AS amount,
  regexp_replace(object, '^.*year=(\d+)/month=(\d+)/day=(\d+)/.*$', '$1-$2-$3') AS dt
FROM lake.archive.events
WHERE event_name = 'purchase_completed'
  AND object = (SELECT max(object) FROM lake.archive.events WHERE event_name = 'purchase_completed')
