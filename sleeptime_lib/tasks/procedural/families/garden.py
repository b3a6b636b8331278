"""Families about flower beds and lawns."""

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

FLOWER_BEDS: Final = Family(
    name="flower_beds",
    slots={
        "rows": Int(3, 8),
        "per_row": Int(6, 12, 2),
        "tray": Int(4, 6),
        "price": Money("3", "8", "0.50"),
        "border": Int(4, 20, 2),
        "free": Int(2, 3),
        "flower": Word(("tulips", "pansies", "marigolds", "violets")),
    },
    story=(
        Sentence(
            (
                "In the town park {name} plants {rows} rows of {flower} with {per_row} plants in each row.",
                "{name} is a gardener and sets out {flower} in {rows} rows of {per_row} plants.",
                "At the station {name} lays out a bed of {flower} with {rows} rows and {per_row} plants in every row.",
            )
        ),
        Sentence(
            (
                "The {flower} come in trays of {tray} plants, and a tray costs {price}.",
                "The nursery sells the {flower} in trays that hold {tray} plants and cost {price} each.",
            )
        ),
        Sentence(
            (
                "Around the fountain {they} plants {border} more of them.",
                "{They} also plants {border} of them along the path.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "Of all the trays {they} needs, {they} gets {free} as a present from the nursery.",
                "The nursery charges {them} nothing for {free} of the trays {they} needs.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "in_rows",
            "rows * per_row",
            "{flower} in the rows",
            ("How many {flower} stand in the rows?",),
            1,
        ),
        Fact(
            "planted",
            "rows * per_row",
            "{flower} {name} plants in all",
            ("How many {flower} does {name} plant in all?",),
            p1="in_rows + border",
        ),
        Fact("trays", "planted / tray", "trays needed", ("How many trays does {name} need?",)),
        Fact(
            "paid_trays",
            "trays - free",
            "trays paid for",
            ("How many trays does {name} have to pay for?",),
            2,
        ),
        Fact(
            "cost",
            "trays * price",
            "dollars paid for the trays",
            (
                "How many dollars does {name} pay for the trays?",
                "How many dollars do all the trays cost {name}?",
            ),
            whole=False,
            p2="paid_trays * price",
        ),
        Fact(
            "saved",
            "free * price",
            "dollars saved by the free trays",
            ("How many dollars does {name} save because of the free trays?",),
            2,
            whole=False,
        ),
        Fact(
            "plant_price",
            "price / tray",
            "dollars for a single plant",
            ("How many dollars does a single plant cost when a whole tray is bought?",),
            whole=False,
        ),
        Fact(
            "with_soil",
            "cost + 12",
            "dollars paid for trays and soil",
            (
                "If {name} also buys soil for $12, how many dollars does {they} pay for trays and soil together?",
            ),
            whole=False,
        ),
        Fact(
            "budget_left",
            "200 - cost",
            "dollars left of $200",
            (
                "If the town gives {name} $200 and {they} pays for the trays from it, how many dollars are left?",
            ),
            whole=False,
        ),
        Fact(
            "sponsor",
            "cost / 2",
            "dollars from a sponsor for half of the trays' price",
            (
                "If a sponsor pays half of what the trays cost {name}, how many dollars does the sponsor pay?",
            ),
            whole=False,
        ),
        Fact(
            "minutes",
            "planted * 2",
            "minutes of planting",
            (
                "If it takes 2 minutes to plant one of the {flower}, how many minutes does {name} spend planting?",
            ),
            whole=False,
        ),
        Fact(
            "seasons",
            "planted * 3",
            "{flower} planted in 3 seasons",
            (
                "If {name} does the same work in 3 seasons, how many {flower} are planted in all of them?",
            ),
        ),
        Fact("row_after", "rows + 1", "rows with one more"),
        Fact(
            "longer_bed",
            "row_after * per_row",
            "{flower} in the rows with one row more",
            ("If there were one row more, how many {flower} would stand in the rows?",),
        ),
        Fact(
            "weight",
            "trays * 3",
            "kilograms that the trays needed weigh",
            (
                "If every full tray weighs 3 kilograms, how many kilograms do all the trays that {name} needs weigh?",
            ),
            whole=False,
        ),
        Fact(
            "volunteers",
            "planted / 4",
            "{flower} for one of 4 volunteers",
            (
                "If 4 volunteers planted all of the {flower} and each did the same number, how many would one of them plant?",
            ),
        ),
        Fact(
            "wilted",
            "planted - 5",
            "{flower} alive if 5 wilt",
            ("If 5 of the {flower} that {name} planted wilt, how many are still alive?",),
        ),
    ),
)


LAWN_ROUND: Final = Family(
    name="lawn_round",
    slots={
        "lawns": Int(6, 12),
        "fee": Money("8", "20", "2"),
        "minutes": Int(20, 45, 5),
        "petrol": Money("6", "18"),
        "wet": Int(2, 4),
        "hedges": Int(2, 4),
        "hedge_fee": Money("15", "30", "5"),
        "where": Word(("street", "village", "part of town", "neighbourhood")),
    },
    story=(
        Sentence(
            (
                "Every week {name} mows {lawns} lawns in {their} {where} and is paid {fee} for each lawn.",
                "{name} earns {fee} for each lawn that {they} mows, and {they} looks after {lawns} lawns a week in {their} {where}.",
            )
        ),
        Sentence(
            (
                "A lawn takes {minutes} minutes, and this week the petrol costs {petrol} in all.",
                "Mowing one lawn takes {them} {minutes} minutes, and {they} spends {petrol} on petrol this week.",
            )
        ),
        Sentence(
            (
                "Because of heavy rain {wet} of the lawns cannot be mown this week.",
                "This week it rains so much that {wet} of the lawns have to be left out.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "{They} also trims {hedges} hedges this week and charges {hedge_fee} for each of them.",
                "In addition {hedges} customers each pay {them} {hedge_fee} this week for a trimmed hedge.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "mown",
            "lawns - wet",
            "lawns mown this week",
            ("How many lawns does {name} mow this week?",),
            1,
        ),
        Fact(
            "lawn_money",
            "mown * fee",
            "dollars for mowing alone",
            ("How many dollars does {name} get for mowing alone this week?",),
            2,
            whole=False,
        ),
        Fact(
            "hedge_money",
            "hedges * hedge_fee",
            "dollars for the hedges",
            ("How many dollars does {name} get for the hedges?",),
            2,
            whole=False,
        ),
        Fact(
            "income",
            "lawns * fee",
            "dollars the customers pay this week",
            (
                "How many dollars do the customers pay {name} this week?",
                "How many dollars does {name} take in from {their} customers this week?",
            ),
            whole=False,
            p1="mown * fee",
            p2="lawn_money + hedge_money",
        ),
        Fact(
            "kept",
            "income - petrol",
            "dollars left after the petrol",
            (
                "How many dollars does {name} have left from this week's work after paying for petrol?",
                "After the petrol is paid, how many dollars does {name} keep this week?",
            ),
            whole=False,
        ),
        Fact(
            "time",
            "lawns * minutes",
            "minutes {name} spends on mowing this week",
            ("How many minutes does {name} spend on mowing this week?",),
            whole=False,
            p1="mown * minutes",
        ),
        Fact(
            "lost",
            "wet * fee",
            "dollars lost through the rain",
            ("How many dollars does {name} lose through the rain?",),
            1,
            whole=False,
        ),
        Fact(
            "half_kept",
            "kept / 2",
            "dollars put in the bank, half of what is left",
            (
                "If {name} puts half of what is left after the petrol in the bank, how many dollars is that?",
            ),
            whole=False,
        ),
        Fact(
            "to_save",
            "400 - kept",
            "dollars missing for a mower of $400",
            (
                "If {name} puts what is left after the petrol towards a new mower of $400, how many dollars are missing?",
            ),
            whole=False,
        ),
        Fact(
            "four_weeks",
            "income * 4",
            "dollars the customers pay in 4 weeks",
            ("How many dollars would the customers pay {name} in 4 weeks like this one?",),
            whole=False,
        ),
        Fact(
            "tithe",
            "income / 10",
            "dollars given to charity",
            (
                "If {name} gives a tenth of the money from the customers to charity, how many dollars is that?",
            ),
            whole=False,
        ),
        Fact(
            "with_walks",
            "time + 60",
            "minutes of mowing and walking",
            (
                "If {name} also walks 60 minutes from lawn to lawn, how many minutes do mowing and walking take together?",
            ),
            whole=False,
        ),
        Fact(
            "two_weeks",
            "time * 2",
            "minutes {name} would mow in 2 weeks",
            ("How many minutes would {name} mow in 2 weeks like this one?",),
            whole=False,
        ),
        Fact("fast", "minutes - 5", "minutes for one lawn if 5 faster", whole=False),
        Fact(
            "fast_five",
            "fast * 5",
            "minutes for 5 lawns with a better mower",
            (
                "If a better mower saved 5 minutes on each lawn, how many minutes would 5 lawns take?",
            ),
            whole=False,
        ),
        Fact(
            "petrol_year",
            "petrol * 20",
            "dollars for petrol in 20 weeks",
            (
                "If petrol costs the same every week, how many dollars does {name} spend on it in 20 weeks?",
            ),
            whole=False,
        ),
        Fact(
            "hours",
            "time / 60",
            "hours {name} spends on mowing this week",
            ("How many hours does {name} spend on mowing this week?",),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (FLOWER_BEDS, LAWN_ROUND)
