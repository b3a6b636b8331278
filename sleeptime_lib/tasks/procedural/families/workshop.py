"""Families about things made by hand."""

from __future__ import annotations

from typing import Final

from sleeptime_lib.tasks.procedural.grammar import (
    Fact,
    Family,
    Int,
    Money,
    Percent,
    Sentence,
    Word,
)

WOODWORK: Final = Family(
    name="woodwork",
    slots={
        "per_day": Int(2, 5),
        "days": Int(3, 6),
        "wood": Money("2", "6"),
        "price": Money("12", "20"),
        "crooked": Int(2, 4),
        "cut": Money("2", "5"),
        "item": Word(("birdhouse", "footstool", "toy boat", "picture frame", "serving tray")),
    },
    story=(
        Sentence(
            (
                "{name} builds {per_day} {item}s a day and works {days} days this week.",
                "In {their} workshop {name} makes {per_day} {item}s a day on {days} days this week.",
                "This week {name} spends {days} days in the workshop and finishes {per_day} {item}s on each of them.",
            )
        ),
        Sentence(
            (
                "The wood for one {item} costs {wood}, and {they} sells every {item} for {price}.",
                "{They} pays {wood} for the wood of each {item} and sells it for {price}.",
            )
        ),
        Sentence(
            (
                "Unfortunately {crooked} of the {item}s turn out crooked, and nobody buys those.",
                "But {crooked} of the finished {item}s are crooked and cannot be sold.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "To find buyers {they} finally has to lower the price of each {item} by {cut}.",
                "As trade is slow, {they} takes {cut} off the price of every {item}.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "made",
            "per_day * days",
            "{item}s built",
            ("How many {item}s does {name} build in all?",),
        ),
        Fact("sold", "made - crooked", "{item}s sold", ("How many {item}s are sold?",), 1),
        Fact(
            "final_price",
            "price - cut",
            "dollars for one {item} after the price cut",
            ("How many dollars does a buyer finally pay for one {item}?",),
            2,
            whole=False,
        ),
        Fact(
            "wood_cost",
            "made * wood",
            "dollars for the wood of all {item}s",
            ("How many dollars does the wood for all the {item}s cost?",),
            whole=False,
        ),
        Fact(
            "income",
            "made * price",
            "dollars {name} takes in from sales of the {item}s",
            (
                "How many dollars does {name} take in from selling the {item}s?",
                "How many dollars do the sales of the {item}s bring in?",
            ),
            whole=False,
            p1="sold * price",
            p2="sold * final_price",
        ),
        Fact(
            "profit",
            "income - wood_cost",
            "dollars left from the sales once the wood is paid",
            ("How many dollars of the money from the sales are left once the wood is paid?",),
            whole=False,
        ),
        Fact(
            "gain_each",
            "price - wood",
            "dollars from the price of the wood to the selling price",
            ("How many dollars is the selling price of one {item} above the price of its wood?",),
            whole=False,
            p2="final_price - wood",
        ),
        Fact(
            "wasted",
            "crooked * wood",
            "dollars for the wood of the crooked {item}s",
            ("How many dollars did the wood for the crooked {item}s cost?",),
            1,
            whole=False,
        ),
        Fact(
            "given_up",
            "sold * cut",
            "dollars given up by the price cut",
            ("How many dollars does {name} give up in all by lowering the price?",),
            2,
            whole=False,
        ),
        Fact(
            "two_weeks",
            "income * 2",
            "dollars taken in from sales in 2 weeks",
            ("How many dollars would {name} take in from sales in 2 weeks like this one?",),
            whole=False,
        ),
        Fact(
            "helper",
            "income / 4",
            "dollars for a helper who gets a quarter of the sales",
            (
                "If a helper gets a quarter of the money from the sales, how many dollars does the helper get?",
            ),
            whole=False,
        ),
        Fact(
            "rent",
            "income - 15",
            "dollars from sales left after a rent of $15",
            (
                "If {name} pays a rent of $15 from the money of the sales, how many dollars of it are left?",
            ),
            whole=False,
        ),
        Fact(
            "screws",
            "made * 8",
            "screws used for the {item}s",
            ("If each {item} needs 8 screws, how many screws does {name} use in all?",),
        ),
        Fact(
            "five_weeks",
            "made * 5",
            "{item}s built in 5 weeks",
            ("How many {item}s would {name} build in 5 weeks like this one?",),
        ),
        Fact(
            "extra_day",
            "made + per_day",
            "{item}s built with one more day",
            ("If {name} worked one day longer, how many {item}s would {they} build in all?",),
        ),
        Fact(
            "wood_change",
            "200 - wood_cost",
            "dollars of $200 left after buying all the wood",
            (
                "If {name} has $200 and buys the wood for all the {item}s from it, how many dollars are left?",
            ),
            whole=False,
        ),
        Fact(
            "dearer_wood",
            "wood + 1",
            "dollars for the wood of one {item} if $1 dearer",
            whole=False,
        ),
        Fact(
            "dearer",
            "made * dearer_wood",
            "dollars for the wood if $1 dearer for each {item}",
            (
                "If the wood for each {item} cost $1 more, how many dollars would all of the wood cost?",
            ),
            whole=False,
        ),
    ),
)


POTTERY: Final = Family(
    name="pottery",
    slots={
        "loads": Int(2, 5),
        "per_load": Int(6, 10, 2),
        "price": Money("4", "9"),
        "cracked": Int(2, 6),
        "percent": Percent(10, 50, 10),
        "item": Word(("mugs", "bowls", "vases", "teapots")),
    },
    story=(
        Sentence(
            (
                "{name} is a potter and this month fires {loads} loads of {item} in {their} kiln, with {per_load} {item} in each load.",
                "This month {name} fires {per_load} {item} at a time in {their} kiln and does so {loads} times.",
                "In {name}'s pottery the kiln holds {per_load} {item}, and this month it is filled and fired {loads} times.",
            )
        ),
        Sentence(
            (
                "A gallery sells the {item} for {price} each and pays the money out to {them}.",
                "They are sold in a gallery at {price} apiece, and the money goes to {name}.",
            )
        ),
        Sentence(
            (
                "In the heat {cracked} of the {item} crack, so they never reach the gallery.",
                "However, {cracked} of the {item} come out cracked and are not put up for sale.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "The gallery keeps {percent} of the sales money for itself.",
                "For its work the gallery holds back {percent} of what the buyers pay.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "fired",
            "loads * per_load",
            "{item} fired",
            ("How many {item} does {name} put into the kiln in all?",),
            1,
        ),
        Fact(
            "sold",
            "loads * per_load",
            "{item} sold",
            ("How many {item} are sold?",),
            p1="fired - cracked",
        ),
        Fact(
            "takings",
            "sold * price",
            "dollars the buyers pay to the gallery in all",
            ("How many dollars do the buyers pay to the gallery in all?",),
            2,
            whole=False,
        ),
        Fact(
            "fee",
            "takings * percent",
            "dollars kept by the gallery",
            ("How many dollars does the gallery keep for itself?",),
            2,
            whole=False,
        ),
        Fact(
            "income",
            "sold * price",
            "dollars received from the gallery",
            (
                "How many dollars does {name} receive from the gallery?",
                "How many dollars does the gallery pay out to {name}?",
            ),
            whole=False,
            p2="takings - fee",
        ),
        Fact(
            "cracked_value",
            "cracked * price",
            "dollars the cracked {item} would have cost",
            (
                "If the cracked {item} had been sold, how many dollars would buyers have paid for them?",
            ),
            1,
            whole=False,
        ),
        Fact(
            "after_clay",
            "income - 20",
            "dollars received that are left after $20 for clay",
            (
                "If {name} spends $20 of the money received from the gallery on clay, how many dollars of it are left?",
            ),
            whole=False,
        ),
        Fact(
            "two_months",
            "income * 2",
            "dollars received in 2 months",
            ("How many dollars does {name} receive in 2 months that go like this?",),
            whole=False,
        ),
        Fact(
            "apprentice",
            "income / 2",
            "dollars received for each if shared equally with an apprentice",
            (
                "If {name} shares the money received equally with an apprentice, how many dollars does each of them get?",
            ),
            whole=False,
        ),
        Fact(
            "new_wheel",
            "500 - income",
            "dollars still missing for a wheel of $500",
            (
                "If {name} saves all the money received for a potter's wheel of $500, how many dollars are still missing?",
            ),
            whole=False,
        ),
        Fact("load_clay", "per_load * 2", "kilograms of clay in one load", whole=False),
        Fact(
            "clay",
            "load_clay * loads",
            "kilograms of clay in all loads",
            (
                "If each of the {item} takes 2 kilograms of clay, how many kilograms of clay go into all the loads?",
            ),
            whole=False,
        ),
        Fact(
            "kiln_hours",
            "loads * 9",
            "hours of firing all the loads",
            ("If firing a load takes 9 hours, how many hours does firing all the loads take?",),
            whole=False,
        ),
        Fact(
            "power",
            "loads * 6",
            "dollars of electricity for all the loads",
            (
                "If the electricity for a load costs $6, how many dollars does it cost for all the loads?",
            ),
            whole=False,
        ),
        Fact("more_loads", "loads + 2", "loads with two more"),
        Fact(
            "fired_more",
            "more_loads * per_load",
            "{item} in the kiln with 2 more loads",
            ("If {name} fired 2 more loads like these, how many {item} would go into the kiln?",),
        ),
        Fact(
            "wrapping",
            "sold * 3",
            "sheets of paper to wrap the {item} sold",
            (
                "If every one of the {item} sold is wrapped in 3 sheets of paper, how many sheets does that take?",
            ),
        ),
        Fact(
            "dearer_price", "price + 2", "dollars for one of the {item} if $2 dearer", whole=False
        ),
        Fact(
            "dearer",
            "sold * dearer_price",
            "dollars the buyers pay in all at $2 more each",
            (
                "If each of the {item} sold cost $2 more, how many dollars would the buyers pay in all?",
            ),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (WOODWORK, POTTERY)
