#!/usr/bin/env python3
"""A second implementation of cron schedules, written without the first one: when random expressions fire within ten years.

    cron_reference.py SEED COUNT

prints one JSON object a line: `expression`, `zone`, `count` of the times, `sum` of them in milliseconds (mod 2^64), and the `first` 50.
It needs the standard library alone. Each expression is made together with the question that it asks of a day and of a minute, so that nothing
here reads the expressions. A fifth are in Berlin's time: what summer time skips does not fire, what comes twice fires the first time.
"""
import calendar
import datetime
import json
import random
import sys

# Expressions with more times than that are left out, as they would take long and show little more.
MOST = 10_000
START, END = datetime.date(2026, 1, 1), datetime.date(2036, 1, 1)
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split()


def one_item(rng, low, high, names):
    """An item of a field, and the set of numbers that it stands for."""
    show = lambda n: rng.choice([str(n), names[n - low]]) if names else str(n)
    kind = rng.randrange(5)
    a, b = sorted((rng.randint(low, high), rng.randint(low, high)))
    step = rng.randint(1, high)
    if kind <= 1:
        return show(a), {a}
    if kind == 2:
        return f"{show(a)}-{show(b)}", set(range(a, b + 1))
    if kind == 3:
        return f"{a}/{step}", set(range(a, high + 1, step))
    return f"{a}-{b}/{step}", set(range(a, b + 1, step))


def field(rng, low, high, names=None, sparse=False):
    """A field, and the set of numbers that it stands for."""
    if sparse:
        n = rng.randint(low, high)
        return str(n), {n}
    if rng.random() < 0.25:
        return "*", set(range(low, high + 1))
    items = [one_item(rng, low, high, names) for _ in range(rng.randint(1, 3))]
    return ",".join(text for text, _ in items), set().union(*(numbers for _, numbers in items))


def sunday_first(day):
    """1 for Sunday to 7 for Saturday."""
    return day.isoweekday() % 7 + 1


def month_length(day):
    return calendar.monthrange(day.year, day.month)[1]


def nearest_weekday(year, month, wanted):
    """The Monday to Friday that is nearest to a day, in the same month."""
    length = calendar.monthrange(year, month)[1]
    for distance in (0, -1, 1, -2, 2):
        at = wanted + distance
        if 1 <= at <= length and datetime.date(year, month, at).weekday() < 5:
            return at
    raise AssertionError


def day_of_month(rng):
    kind = rng.randrange(6)
    if kind == 0:
        return "L", lambda day: day.day == month_length(day)
    if kind == 1:
        wanted = rng.randint(1, 28)
        return f"{wanted}W", lambda day: day.day == nearest_weekday(day.year, day.month, wanted)
    if kind == 2:
        return "LW", lambda day: day.day == max(
            d for d in range(1, month_length(day) + 1) if datetime.date(day.year, day.month, d).weekday() < 5)
    text, numbers = field(rng, 1, 31)
    return text, lambda day: day.day in numbers


def day_of_week(rng):
    kind = rng.randrange(5)
    number = rng.randint(1, 7)
    shown = rng.choice([str(number), WEEKDAYS[number - 1]])
    if kind == 0:
        return f"{shown}L", lambda day: sunday_first(day) == number and day.day + 7 > month_length(day)
    if kind == 1:
        nth = rng.randint(1, 5)
        return f"{shown}#{nth}", lambda day: sunday_first(day) == number and (day.day + 6) // 7 == nth
    if kind == 2 and rng.random() < 0.3:
        return "L", lambda day: sunday_first(day) == 7
    text, numbers = field(rng, 1, 7, WEEKDAYS)
    return text, lambda day: sunday_first(day) in numbers


def last_sunday(year, month):
    day = datetime.date(year, month, 31)
    return day - datetime.timedelta(days=day.isoweekday() % 7)


def berlin_ms(day, minute):
    """Minutes since a day's midnight in Berlin, as milliseconds UTC; none for what summer time skips."""
    spring, autumn = last_sunday(day.year, 3), last_sunday(day.year, 10)
    if day == spring and 120 <= minute < 180:
        return None
    summer = spring < day < autumn or (day == spring and minute >= 180) or (day == autumn and minute < 180)
    return utc_ms(day, minute - (120 if summer else 60))


def utc_ms(day, minute):
    return ((day - datetime.date(1970, 1, 1)).days * 1440 + minute) * 60000


def case(rng):
    minutes_text, minutes = field(rng, 0, 59, sparse=rng.random() < 0.6)
    hours_text, hours = field(rng, 0, 23)
    months_text, months = field(rng, 1, 12, MONTHS)
    years_text, years = ("*", None) if rng.random() < 0.7 else field(rng, 2024, 2040)
    if rng.random() < 0.5:
        dom_text, fits = day_of_month(rng)
        days_text = (dom_text, "?")
    else:
        dow_text, fits = day_of_week(rng)
        days_text = ("?", dow_text)
    zone, ms = ("Europe/Berlin", berlin_ms) if rng.random() < 0.2 else ("UTC", utc_ms)
    of_day = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    times, day = [], START
    while day < END:
        if day.month in months and (years is None or day.year in years) and fits(day):
            times.extend(at for at in (ms(day, minute) for minute in of_day) if at is not None)
        day += datetime.timedelta(days=1)
    return {
        "expression": f"cron({minutes_text} {hours_text} {days_text[0]} {months_text} {days_text[1]} {years_text})",
        "zone": zone,
        "count": len(times),
        "sum": sum(times) % 2**64,
        "first": times[:50],
    }


def main():
    rng = random.Random(int(sys.argv[1]))
    left = int(sys.argv[2])
    while left:
        found = case(rng)
        if found["count"] <= MOST:
            print(json.dumps(found))
            left -= 1


main()
