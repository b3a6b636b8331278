"""Families about repairs."""

from __future__ import annotations

from typing import Final

from sleeptime_lib.tasks.procedural.grammar import (
    Fact,
    Family,
    Int,
    Money,
    Sentence,
    Word,
)

BICYCLE_REPAIR: Final = Family(
    name="bicycle_repair",
    slots={
        "rate": Money("15", "30", "5"),
        "hours": Int(3, 8),
        "parts": Int(4, 10),
        "part_price": Money("6", "15"),
        "extra": Int(2, 3),
        "off": Money("2", "4"),
        "part": Word(("tyres", "chains", "saddles", "pedals")),
    },
    story=(
        Sentence(
            (
                "{name} repairs the bicycles of a cycling club and charges {rate} for each hour of labour.",
                "For repairing a cycling club's bicycles {name} asks {rate} for each hour of labour.",
                "A cycling club brings its bicycles to {name}, whose price for an hour of labour is {rate}.",
            )
        ),
        Sentence(
            (
                "{They} plans to work {hours} hours and to fit {parts} new {part} at {part_price} each.",
                "The plan is {hours} hours of labour and {parts} new {part} that cost {part_price} each.",
            )
        ),
        Sentence(
            (
                "Because of rusty screws the work takes {extra} hours longer than planned.",
                "The work turns out to be harder and takes {extra} hours more than planned.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "Since the club is a regular customer, {they} makes each of the {part} {off} cheaper.",
                "{They} lowers the price of each of the {part} by {off} for the club.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "worked",
            "hours + extra",
            "hours of labour in all",
            ("How many hours does {name} work in the end?",),
            1,
            whole=False,
        ),
        Fact(
            "labour",
            "hours * rate",
            "dollars for labour",
            ("How many dollars does the labour cost in all?",),
            whole=False,
            p1="worked * rate",
        ),
        Fact(
            "club_price",
            "part_price - off",
            "dollars the club pays for one of the {part}",
            ("How many dollars does the club pay for one of the {part}?",),
            2,
            whole=False,
        ),
        Fact(
            "parts_cost",
            "parts * part_price",
            "dollars for the new {part}",
            ("How many dollars do the new {part} cost in all?",),
            whole=False,
            p2="parts * club_price",
        ),
        Fact(
            "bill",
            "labour + parts_cost",
            "dollars on the club's whole bill, labour and {part}",
            (
                "How many dollars does the club pay for labour and {part} together?",
                "How many dollars is the whole bill for the club?",
            ),
            whole=False,
        ),
        Fact(
            "delay_cost",
            "extra * rate",
            "dollars for the extra hours",
            ("How many dollars do the unplanned hours cost?",),
            1,
            whole=False,
        ),
        Fact(
            "saved",
            "parts * off",
            "dollars the club saves on the {part}",
            ("How many dollars does the club save on the {part}?",),
            2,
            whole=False,
        ),
        Fact(
            "labour_lead",
            "labour - parts_cost",
            "dollars more for labour than for the {part}",
            ("How many dollars more does the labour cost than the new {part}?",),
            whole=False,
        ),
        Fact(
            "to_pay",
            "bill - 50",
            "dollars still to pay on the bill",
            (
                "If the club has already paid $50 of the whole bill, how many dollars does it still have to pay?",
            ),
            whole=False,
        ),
        Fact(
            "budget",
            "500 - bill",
            "dollars of the club's $500 left",
            ("If the club has $500 for the whole bill, how many dollars are left afterwards?",),
            whole=False,
        ),
        Fact(
            "halves",
            "bill / 2",
            "dollars of the whole bill in each of 2 equal parts",
            ("If the club pays the whole bill in 2 equal parts, how many dollars is each part?",),
            whole=False,
        ),
        Fact(
            "with_lamps",
            "bill + 24",
            "dollars on the bill with lamps",
            ("If lamps for $24 are added to the whole bill, how many dollars is it then?",),
            whole=False,
        ),
        Fact(
            "per_member",
            "bill / 10",
            "dollars of the whole bill for each of 10 members",
            (
                "If 10 members share the whole bill equally, how many dollars does each of them pay?",
            ),
            whole=False,
        ),
        Fact("dearer_hour", "rate + 5", "dollars for an hour that is $5 dearer", whole=False),
        Fact(
            "dearer_day",
            "dearer_hour * 8",
            "dollars for 8 hours at $5 dearer",
            ("If an hour of labour cost $5 more, how many dollars would 8 hours of labour cost?",),
            whole=False,
        ),
        Fact(
            "full_day",
            "rate * 12",
            "dollars for 12 hours of labour",
            ("How many dollars do 12 hours of labour cost?",),
            whole=False,
        ),
        Fact(
            "spare_parts",
            "parts * 3",
            "new {part} for 3 clubs",
            ("If 3 clubs need as many new {part} each, how many {part} is that?",),
        ),
        Fact(
            "apprentice",
            "labour / 5",
            "dollars of the labour for an apprentice",
            ("If an apprentice gets a fifth of the money for labour, how many dollars is that?",),
            whole=False,
        ),
        Fact("more_parts", "parts + 2", "{part} with 2 more"),
        Fact(
            "fitting",
            "more_parts * 20",
            "minutes to fit 2 more {part}",
            (
                "If 2 more {part} than planned are needed and fitting one takes 20 minutes, how many minutes does it take to fit all the {part}?",
            ),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (BICYCLE_REPAIR,)
