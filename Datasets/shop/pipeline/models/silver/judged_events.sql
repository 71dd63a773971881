{{ config(
    materialized='table', database='lake', schema='silver', partition_by='dt') }}
-- Every line of Bronze once, with its verdict: silver, duplicate or quarantine, and the reason.
-- A line is judged valid or not first; only valid lines compete to be the first of their event.
WITH parsed AS (
  -- Rule 1: parse. What is no JSON becomes NULL here, and its text stays.
  SELECT object, line, kafka_partition, kafka_offset, received_at AS arrived_at, json,
    try(json_parse(json)) AS event
  FROM {{ source('bronze', 'events') }}
),
texts AS (
  SELECT object, line, kafka_partition, kafka_offset, arrived_at, json, event,
    json_extract_scalar(event, '$.event_id') AS event_id,
    json_extract_scalar(event, '$.event_name') AS sent_name,
    json_extract_scalar(event, '$.event_time') AS event_time_text,
    json_extract_scalar(event, '$.sent_at') AS sent_at_text,
    json_extract_scalar(event, '$.received_at') AS received_at_text,
    json_extract_scalar(event, '$.schema_version') AS schema_version_text,
    json_extract_scalar(event, '$.seq') AS seq_text,
    json_extract(event, '$.properties') AS properties,
    json_extract_scalar(event, '$.properties.price') AS price_text,
    json_extract_scalar(event, '$.properties.quantity') AS quantity_text,
    json_extract_scalar(event, '$.properties.amount') AS amount_text,
    upper(coalesce(json_extract_scalar(event, '$.properties.currency'), 'KRW')) AS currency
  FROM parsed
),
typed AS (
  -- Rule 2: types. A cast that fails is NULL here and a reason below. A time must name its zone, or
  -- it would be read in the session's; AT TIME ZONE shows all of them in one, and moves none.
  SELECT *,
    CASE WHEN regexp_like(event_time_text, 'T.*(Z|[+-]\d\d:\d\d)$')
      THEN try(from_iso8601_timestamp(event_time_text) AT TIME ZONE 'UTC') END AS device_time,
    CASE WHEN regexp_like(sent_at_text, 'T.*(Z|[+-]\d\d:\d\d)$')
      THEN try(from_iso8601_timestamp(sent_at_text) AT TIME ZONE 'UTC') END AS sent_at,
    CASE WHEN regexp_like(received_at_text, 'T.*(Z|[+-]\d\d:\d\d)$')
      THEN try(from_iso8601_timestamp(received_at_text) AT TIME ZONE 'UTC') END AS received_at,
    try_cast(schema_version_text AS integer) AS schema_version,
    try_cast(seq_text AS bigint) AS seq,
    try_cast(price_text AS decimal(15, 2)) AS price,
    try_cast(quantity_text AS bigint) AS quantity,
    try_cast(amount_text AS decimal(15, 2)) AS amount
  FROM texts
),
timed AS (
  -- The phone's clock measures only how long the event waited on it.
  SELECT *,
    CASE WHEN sent_at >= device_time
      THEN coalesce(try(received_at - (sent_at - device_time)), device_time)
      ELSE device_time END AS event_time
  FROM typed
),
dated AS (
  -- Rule 3: the day in Seoul. An instant has its zone already; nothing is added to it.
  SELECT *, CAST(event_time AT TIME ZONE 'Asia/Seoul' AS date) AS event_day FROM timed
),
rates AS (
  -- A day's last published rate, until the next day that has one.
  SELECT currency, krw_per_unit, rate_date,
    lead(rate_date) OVER (PARTITION BY currency ORDER BY rate_date) AS next_date
  FROM (
    SELECT currency, rate_date, max_by(krw_per_unit, revision) AS krw_per_unit
    FROM {{ source('shop', 'fx_rates') }}
    GROUP BY currency, rate_date
  )
),
rated AS (
  SELECT d.*,
    CASE WHEN d.currency = 'KRW' THEN DECIMAL '1.00' ELSE r.krw_per_unit END AS krw_per_unit
  FROM dated AS d
  LEFT JOIN rates AS r ON r.currency = d.currency AND d.event_day >= r.rate_date
    AND (r.next_date IS NULL OR d.event_day < r.next_date)
),
converted AS (
  -- Rule 6: money in whole won, at the rate of the event's own day.
  SELECT *,
    try_cast(round(price * krw_per_unit) AS bigint) AS price_krw,
    try_cast(round(amount * krw_per_unit) AS bigint) AS amount_krw
  FROM rated
),
checked AS (
  -- The first thing that is wrong with a line; NULL for a valid one.
  SELECT *,
    CASE
      WHEN event IS NULL THEN 'json'
      WHEN coalesce(event_id, '') = '' THEN 'event_id'
      WHEN coalesce(sent_name, '') = '' THEN 'event_name'
      WHEN device_time IS NULL THEN 'event_time'
      WHEN sent_at IS NULL AND sent_at_text IS NOT NULL THEN 'sent_at'
      WHEN received_at IS NULL THEN 'received_at'
      WHEN schema_version IS NULL AND schema_version_text IS NOT NULL THEN 'schema_version'
      WHEN seq IS NULL AND seq_text IS NOT NULL THEN 'seq'
      WHEN price IS NULL AND price_text IS NOT NULL THEN 'price'
      WHEN quantity IS NULL AND quantity_text IS NOT NULL THEN 'quantity'
      WHEN amount IS NULL AND amount_text IS NOT NULL THEN 'amount'
      WHEN krw_per_unit IS NULL THEN 'currency'
      WHEN price_krw IS NULL AND price IS NOT NULL THEN 'price'
      WHEN amount_krw IS NULL AND amount IS NOT NULL THEN 'amount'
    END AS fault
  FROM converted
),
named AS (
  -- Rule 7: an event has one name, whatever the app's version calls it. Unknown names stay.
  SELECT c.*,
    json_extract_scalar(event, '$.install_id') AS install_id,
    json_extract_scalar(event, '$.app_id') AS app_id,
    json_extract_scalar(event, '$.properties.order_id') AS order_id,
    coalesce(n.event_name, c.sent_name) AS event_name,
    CAST(n.preference AS bigint) AS preference
  FROM checked AS c
  LEFT JOIN {{ ref('event_names') }} AS n ON n.sent_name = c.sent_name
),
by_id AS (
  -- Rule 4: of the valid lines with one id the first that came.
  SELECT *,
    CASE WHEN fault IS NULL THEN row_number() OVER (
      PARTITION BY fault, event_id
      ORDER BY received_at, kafka_offset, kafka_partition, object, line) END AS id_place
  FROM named
),
by_seq AS (
  -- Rule 5: an SDK that makes a new id when it sends again keeps the install and the seq.
  SELECT *,
    CASE WHEN id_place = 1 AND install_id IS NOT NULL AND seq IS NOT NULL THEN row_number() OVER (
      PARTITION BY id_place, install_id, seq
      ORDER BY received_at, kafka_offset, kafka_partition, object, line) ELSE id_place END
      AS seq_place
  FROM by_id
),
by_order AS (
  -- While an app sends an event under its old name and its new one, they are one order: the new.
  SELECT *,
    CASE WHEN id_place = 1 AND seq_place = 1 AND preference IS NOT NULL AND order_id IS NOT NULL
      THEN row_number() OVER (
        PARTITION BY id_place, seq_place, app_id, event_name, order_id
        ORDER BY preference, received_at, kafka_offset, kafka_partition, object, line)
      ELSE 1 END AS order_place
  FROM by_seq
),
judged AS (
  SELECT *,
    CASE WHEN fault IS NOT NULL THEN 'quarantine'
      WHEN id_place > 1 OR seq_place > 1 OR order_place > 1 THEN 'duplicate'
      ELSE 'silver' END AS verdict,
    CASE WHEN fault IS NOT NULL THEN fault
      WHEN id_place > 1 THEN 'event_id'
      WHEN seq_place > 1 THEN 'install_id, seq'
      WHEN order_place > 1 THEN 'order_id' END AS reason
  FROM by_order
),
counted AS (
  SELECT *,
    CASE WHEN verdict = 'silver' AND install_id IS NOT NULL THEN count(*) OVER (
      PARTITION BY verdict, install_id, date_trunc('minute', event_time)) END AS events_per_minute,
    CASE WHEN verdict = 'silver' AND session_id IS NOT NULL THEN count(*) OVER (
      PARTITION BY verdict, session_id) END AS events_per_session
  FROM (
    SELECT *,
      json_extract_scalar(event, '$.session_id') AS session_id,
      json_extract_scalar(event, '$.device_model') AS device_model
    FROM judged
  )
),
bots AS (
  -- Rule 9: which rule says that a bot made it. A rule that was wrong can be taken back, so nothing
  -- is dropped.
  SELECT e.object, e.line, min(r.rule_id) AS bot_rule
  FROM counted AS e
  JOIN {{ source('shop', 'bot_rules') }} AS r
    ON e.verdict = 'silver' AND e.event_day >= r.valid_from
    AND (r.valid_until IS NULL OR e.event_day <= r.valid_until)
    AND CASE
      WHEN r.field = 'device_model' AND r.comparison = 'equals' THEN e.device_model = r.value
      WHEN r.field = 'events_per_minute' AND r.comparison = 'greater_than'
        THEN e.events_per_minute > try_cast(r.value AS bigint)
      WHEN r.field = 'events_per_session' AND r.comparison = 'greater_than'
        THEN e.events_per_session > try_cast(r.value AS bigint)
      ELSE false END
  GROUP BY e.object, e.line
)
SELECT
  e.verdict,
  e.reason,
  e.object,
  e.line,
  e.kafka_partition,
  e.kafka_offset,
  e.event_id,
  e.event_name,
  e.sent_name,
  e.schema_version,
  e.app_id,
  e.event_time,
  e.device_time,
  e.sent_at,
  e.received_at,
  -- Rule 8: who it was is a pseudonym: nobody without the salt can try ids out.
  lower(to_hex(hmac_sha256(to_utf8(json_extract_scalar(event, '$.user_id')),
    to_utf8('{{ var('user_salt') }}')))) AS user_hash,
  json_extract_scalar(event, '$.device_id') AS device_id,
  e.install_id,
  e.session_id,
  e.seq,
  json_extract_scalar(event, '$.platform') AS platform,
  json_extract_scalar(event, '$.os_version') AS os_version,
  e.device_model,
  json_extract_scalar(event, '$.app_version') AS app_version,
  json_extract_scalar(event, '$.locale') AS locale,
  json_extract_scalar(event, '$.timezone') AS timezone,
  json_extract_scalar(event, '$.network') AS network,
  e.order_id,
  json_extract_scalar(event, '$.properties.product_id') AS product_id,
  e.price,
  e.quantity,
  e.amount,
  e.currency,
  e.price_krw,
  e.amount_krw,
  json_extract_scalar(event, '$.properties.payment_method') AS payment_method,
  json_format(e.properties) AS properties,
  b.bot_rule IS NOT NULL AS is_bot,
  b.bot_rule,
  CASE WHEN e.verdict = 'quarantine' THEN e.json END AS json,
  CASE WHEN e.verdict = 'quarantine' THEN CAST(e.arrived_at AT TIME ZONE 'Asia/Seoul' AS date)
    ELSE e.event_day END AS dt
FROM counted AS e
LEFT JOIN bots AS b ON b.object = e.object AND b.line = e.line
