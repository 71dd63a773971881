#!/usr/bin/env python3
"""Writes the reference tables of the shop beside this file: the same bytes at every run.

Integer arithmetic and fixed tables only. `spec.json` is the source of releases and holidays.
"""
import csv
import datetime
import json
import pathlib

here = pathlib.Path(__file__).resolve().parent
spec = json.loads((here.parent / "spec.json").read_text(encoding="utf-8"))
FIRST_DAY = datetime.date(2024, 1, 15)

# What the reference tables cover: the archive's year, and every day a world may live on.
FROM = datetime.date(2023, 1, 1)
UNTIL = datetime.date(2024, 12, 31)

HOLIDAY_NAMES = {
    "01-01": "신정", "03-01": "삼일절", "05-05": "어린이날", "06-06": "현충일", "08-15": "광복절",
    "10-03": "개천절", "10-09": "한글날", "12-25": "성탄절",
}
LUNAR = {
    "2023-01-21": "설날 연휴", "2023-01-22": "설날", "2023-01-23": "설날 연휴",
    "2023-01-24": "대체공휴일", "2023-05-27": "부처님오신날", "2023-05-29": "대체공휴일",
    "2023-09-28": "추석 연휴", "2023-09-29": "추석", "2023-09-30": "추석 연휴",
    "2023-10-02": "임시공휴일",
    "2024-02-09": "설날 연휴", "2024-02-10": "설날", "2024-02-11": "설날 연휴",
    "2024-02-12": "대체공휴일", "2024-04-10": "국회의원 선거일", "2024-05-06": "대체공휴일",
    "2024-05-15": "부처님오신날", "2024-09-16": "추석 연휴", "2024-09-17": "추석",
    "2024-09-18": "추석 연휴",
}


def write(name, header, rows):
    with open(here / name, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def dim_date():
    day = FROM
    holidays = set(spec["holidays"])
    names = "월화수목금토일"
    while day <= UNTIL:
        text = day.isoformat()
        is_holiday = text in holidays
        name = LUNAR.get(text) or (HOLIDAY_NAMES.get(text[5:], "") if is_holiday else "")
        yield [
            int(text.replace("-", "")), text, day.year, (day.month - 1) // 3 + 1, day.month,
            day.day, day.isoweekday(), names[day.weekday()],
            "true" if day.weekday() >= 5 else "false", "true" if is_holiday else "false", name,
            f"{day.isocalendar()[0]}-W{day.isocalendar()[1]:02d}",
        ]
        day += datetime.timedelta(days=1)


def fx_rates():
    """Synthetic won per unit, in hundredths, drawn back to an anchor.

    Each month two rates are published again two days later: the dollar's of the 12th, the yen's of
    the 16th.
    """
    state = 20240115
    anchors = {"USD": 131_000, "JPY": 925}
    rates = dict(anchors)
    day = FROM
    while day <= UNTIL:
        for currency in ("JPY", "USD"):
            state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
            step = (state >> 33) % 1_201 - 600
            rates[currency] += rates[currency] * step // 100_000
            rates[currency] += (anchors[currency] - rates[currency]) // 40
            rate = rates[currency]
            published = f"{day.isoformat()}T11:00:00+09:00"
            yield [day.isoformat(), currency, f"{rate // 100}.{rate % 100:02d}", published, 1]
            if (day.day, currency) in ((12, "USD"), (16, "JPY")):
                fixed = rate * 10_175 // 10_000
                again = day + datetime.timedelta(days=2)
                yield [
                    day.isoformat(), currency, f"{fixed // 100}.{fixed % 100:02d}",
                    f"{again.isoformat()}T09:30:00+09:00", 2,
                ]
        day += datetime.timedelta(days=1)


def app_releases():
    for platform in spec["platforms"]:
        for release in platform["releases"]:
            day = FIRST_DAY + datetime.timedelta(days=release["day"])
            for index, permille in enumerate(release["adoption_permille"]):
                yield [
                    platform["name"], release["version"], day.isoformat(),
                    (day + datetime.timedelta(days=index)).isoformat(),
                    f"0.{permille:03d}" if permille < 1000 else "1.000",
                ]


def push_campaigns():
    titles = [
        "오늘만 무료 배송", "장바구니에 담아 둔 상품이 있어요", "신규 회원 쿠폰", "주말 특가",
        "겨울 신상 입고", "재입고 알림", "설 선물 미리 준비", "브랜드 데이",
    ]
    for number in range(spec["campaign_count"]):
        day = FIRST_DAY + datetime.timedelta(days=number % 10 - 7)
        hour = (9, 12, 18, 20)[number % 4]
        yield [
            f"camp_{number:03d}", titles[number % len(titles)],
            f"{day.isoformat()}T{hour:02d}:00:00+09:00", ("all", "cart", "new", "dormant")[number % 4],
            "true" if number % 4 != 1 else "false",
        ]


def bot_rules():
    yield ["BOT-1", "device_model", "equals", "HeadlessChrome", "2023-06-01", ""]
    yield ["BOT-2", "device_model", "equals", "python-requests", "2023-06-01", ""]
    yield ["BOT-3", "events_per_minute", "greater_than", "60", "2023-09-12", ""]
    yield ["BOT-4", "events_per_session", "greater_than", "1000", "2023-02-01", "2023-09-11"]


write(
    "dim_date.csv",
    ["date_key", "date", "year", "quarter", "month", "day", "iso_weekday", "weekday_ko",
     "is_weekend", "is_holiday", "holiday_name_ko", "iso_week"], dim_date())
write("fx_rates.csv", ["rate_date", "currency", "krw_per_unit", "published_at", "revision"], fx_rates())
write("app_releases.csv", ["platform", "version", "released_on", "date", "adoption"], app_releases())
write("push_campaigns.csv", ["campaign_id", "title_ko", "sent_at", "audience", "is_marketing"], push_campaigns())
write("bot_rules.csv", ["rule_id", "field", "comparison", "value", "valid_from", "valid_until"], bot_rules())
