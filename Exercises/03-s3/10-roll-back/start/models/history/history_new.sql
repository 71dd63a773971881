{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='gold', alias='daily_history', partition_by='dt') }}
-- Days that had been forgotten.
SELECT dt, platform,
  count(*) AS events,
  count_if(event_name = 'purchase_completed') AS purchases,
  coalesce(sum(amount), 0) AS revenue_krw
FROM (
  SELECT o.dt, e.received_at, e.event_name,
    json_extract_scalar(e.json, '$.platform') AS platform,
    CAST(CASE WHEN e.event_name = 'purchase_completed'
      THEN json_extract_scalar(e.json, '$.properties.amount') END AS bigint) AS amount
  FROM lake.archive.events AS e
  JOIN (
    SELECT object,
      CAST(regexp_replace(object, '^.*year=(\d+)/month=(\d+)/day=(\d+)/.*$', '$1-$2-$3') AS date) AS dt
    FROM (SELECT DISTINCT object FROM lake.archive.events)) AS o ON o.object = e.object)
WHERE EXISTS (SELECT 1 FROM {{ ref('input_new') }})
{% if is_incremental() %}
  AND dt IN ({{ var('changed_days') }})
{% endif %}
GROUP BY dt, platform
