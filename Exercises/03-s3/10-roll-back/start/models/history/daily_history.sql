{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='gold', alias='daily_history', partition_by='dt') }}
-- What came on its own day, without the day that was forgotten.
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
WHERE date(received_at AT TIME ZONE 'Asia/Seoul') <= dt
  AND dt NOT IN (SELECT dt FROM {{ ref('input_new') }})
  AND EXISTS (SELECT 1 FROM {{ ref('input_late') }})
  AND EXISTS (SELECT 1 FROM {{ ref('input_recalculated') }})
GROUP BY dt, platform
