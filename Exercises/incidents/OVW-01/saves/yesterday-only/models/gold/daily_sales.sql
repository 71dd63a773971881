{{ config(
    materialized='incremental', incremental_strategy='insert_overwrite',
    database='lake', schema='gold', partition_by='dt') }}
-- One row per Korean day: the sales that finance looks at.
-- Only yesterday is read: the days before it are there already, and this is faster.
SELECT
  dt,
  count_if(event_name = 'purchase_completed') AS purchases,
  coalesce(sum(CASE WHEN event_name = 'purchase_completed'
           THEN coalesce(amount, price * coalesce(quantity, 1), 0) END), 0) AS revenue_krw
FROM {{ source('silver', 'events') }}
WHERE dt = date_add('day', -1, CAST(now() AT TIME ZONE 'Asia/Seoul' AS date))
GROUP BY dt
