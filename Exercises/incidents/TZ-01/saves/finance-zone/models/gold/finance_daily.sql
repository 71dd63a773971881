{{ config(
    materialized='table',
    database='lake', schema='gold', partition_by='dt') }}
-- Finance's sales per Korean day, from the shop's orders.
SELECT
  CAST(paid_at AT TIME ZONE 'Asia/Seoul' AS date) AS dt,
  count(*) AS orders,
  sum(amount_krw) AS revenue_krw
FROM {{ source('shop', 'orders') }}
WHERE paid_at IS NOT NULL
GROUP BY 1
