{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='silver', alias='sales_files', partition_by='DT') }}
-- Files for the accountants, a directory a day.
SELECT event_id, order_id, amount, CAST(dt AS varchar) AS "DT"
FROM lake.silver.events
WHERE event_name = 'purchase_completed'
  AND dt = (SELECT min(dt) FROM lake.silver.events)
