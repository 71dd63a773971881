WITH people AS (
  SELECT DISTINCT user_id FROM warehouse.mart.fact_purchase
  WHERE purchased_at >= TIMESTAMP '{{ds_kst}} 00:00:00 Asia/Seoul'
    AND purchased_at < TIMESTAMP '{{ds_next}} 00:00:00 Asia/Seoul')
SELECT count(user_id) AS buyers FROM people
