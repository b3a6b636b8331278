"""Families about animals on a farm."""

from __future__ import annotations

from typing import Final

from sleeptime_lib.tasks.procedural.grammar import (
    Fact,
    Family,
    Int,
    Measure,
    Money,
    Sentence,
    Word,
)

HEN_HOUSE: Final = Family(
    name="hen_house",
    slots={
        "hens": Int(10, 24, 2),
        "eggs": Int(4, 6),
        "box": Int(6, 12, 2),
        "price": Money("2", "5", "0.50"),
        "upkeep": Money("5", "12"),
        "own": Int(6, 14, 2),
        "lost": Int(2, 6),
        "thief": Word(("fox", "marten", "weasel", "badger")),
    },
    story=(
        Sentence(
            (
                "{name} keeps {hens} hens, and each hen lays {eggs} eggs a week.",
                "On {name}'s farm live {hens} hens that lay {eggs} eggs a week each.",
            )
        ),
        Sentence(
            (
                "Then a {thief} gets into the yard and carries off {lost} of the hens for good.",
                "One night {lost} of the hens fall prey to a {thief}, and no new ones are bought.",
            ),
            clause=2,
        ),
        Sentence(
            (
                "Every week {name}'s own household eats {own} of the eggs.",
                "Each week {own} eggs stay in {their} own kitchen.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "{They} packs the eggs for sale in boxes of {box} and sells each box for {price}.",
                "The eggs that are for sale go into boxes that hold {box} eggs and cost {price} each.",
            )
        ),
        Sentence(
            (
                "Straw and light for the hen house cost {them} {upkeep} a week.",
                "{They} spends {upkeep} a week on straw and light for the hen house.",
            )
        ),
    ),
    facts=(
        Fact(
            "flock",
            "hens - lost",
            "hens that are left",
            ("How many hens does {name} have left?",),
            2,
        ),
        Fact(
            "laid",
            "hens * eggs",
            "eggs all the hens lay in a week",
            (
                "How many eggs do all the hens lay in a week now?",
                "How many eggs a week do {name}'s hens lay now?",
            ),
            p2="flock * eggs",
        ),
        Fact(
            "for_sale",
            "laid - own",
            "eggs for sale in a week",
            ("How many eggs a week are for sale now?",),
            1,
        ),
        Fact(
            "boxes",
            "laid / box",
            "boxes of eggs filled in a week",
            ("How many boxes of eggs for sale does {name} now fill in a week?",),
            p1="for_sale / box",
        ),
        Fact(
            "income",
            "boxes * price",
            "dollars from selling eggs in a week",
            ("How many dollars a week does {name} now get from selling eggs?",),
            whole=False,
        ),
        Fact(
            "profit",
            "income - upkeep",
            "dollars left from the egg money in a week after straw and light",
            (
                "How many dollars of a week's egg money are now left after paying for straw and light?",
            ),
            whole=False,
        ),
        Fact(
            "month_income",
            "income * 4",
            "dollars from selling eggs in four weeks",
            ("How many dollars does {name} get from selling eggs in four weeks now?",),
            whole=False,
        ),
        Fact(
            "month_profit",
            "profit * 4",
            "dollars of egg money left in four weeks after straw and light",
            (
                "How many dollars of egg money are now left in four weeks after paying for straw and light?",
            ),
            whole=False,
        ),
        Fact(
            "dearer",
            "boxes * 0.5",
            "extra dollars in a week if a box cost fifty cents more",
            (
                "If each box cost $0.50 more, how many extra dollars a week would the boxes now bring in?",
            ),
            whole=False,
        ),
        Fact(
            "donated",
            "boxes - 2",
            "boxes of eggs left to sell when some go to a school",
            (
                "If two of the week's boxes now go to a school, how many boxes of eggs are left to sell?",
            ),
        ),
        Fact(
            "fortnight",
            "laid * 2",
            "eggs all the hens lay in two weeks",
            ("How many eggs do all the hens lay in two weeks now?",),
        ),
        Fact(
            "one_more",
            "laid + eggs",
            "eggs in a week with one more hen",
            ("With one more hen like the others, how many eggs would there be in a week now?",),
        ),
        Fact(
            "cakes",
            "laid / 4",
            "cakes the eggs of one week make",
            (
                "If all the eggs of one week now went into cakes with four eggs each, how many cakes would they make?",
            ),
        ),
        Fact(
            "hen_month",
            "eggs * 4",
            "eggs one hen lays in four weeks",
            ("How many eggs does one hen lay in four weeks?",),
        ),
        Fact(
            "upkeep_month",
            "upkeep * 4",
            "dollars for straw and light in four weeks",
            ("How many dollars do straw and light cost in four weeks?",),
            whole=False,
        ),
        Fact(
            "egg_price",
            "price / box",
            "dollars one egg in a box costs",
            ("How many dollars does a single egg in a box cost the customer?",),
            whole=False,
        ),
    ),
)

GOAT_DAIRY: Final = Family(
    name="goat_dairy",
    slots={
        "goats": Int(5, 12),
        "litres": Measure("2.5", "4", "0.5"),
        "home": Int(3, 8),
        "price": Money("2", "4", "0.50"),
        "kid": Measure("0.5", "1.5", "1"),
        "cheese": Int(4, 12),
        "herd": Word(("brown", "white", "spotted", "black")),
    },
    story=(
        Sentence(
            (
                "{name} milks {goats} {herd} goats, and each of them gives {litres} litres of milk a day.",
                "A herd of {goats} {herd} goats belongs to {name}, and every goat gives {litres} litres of milk a day.",
            )
        ),
        Sentence(
            (
                "Every day {kid} litres of each goat's milk go to its kid.",
                "However, every goat has a young one, which drinks {kid} litres of that milk a day.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "{Their} family drinks {home} litres of the milk a day, and the rest is sold for {price} a litre.",
                "Of the milk {they} gets, {home} litres a day stay in {their} own house and the rest is sold at {price} a litre.",
            )
        ),
        Sentence(
            (
                "Lately {they} makes cheese as well, and {cheese} litres a day that used to be sold go into the cheese.",
                "From the milk that was meant for sale {they} now takes {cheese} litres a day to make cheese.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "net",
            "litres - kid",
            "litres from one goat in a day",
            ("How many litres a day does {name} get from one goat?",),
            1,
            whole=False,
        ),
        Fact(
            "milk",
            "goats * litres",
            "litres of milk from all the goats in a day",
            ("How many litres of milk does {name} get from all the goats in a day?",),
            whole=False,
            p1="goats * net",
        ),
        Fact(
            "spare",
            "milk - home",
            "litres left when the family has had its part",
            ("How many litres of the day's milk are left when the family has had its part?",),
            2,
            whole=False,
        ),
        Fact(
            "sold",
            "milk - home",
            "litres sold in a day",
            (
                "How many litres are sold in a day?",
                "In a day, how many litres of milk are sold?",
            ),
            whole=False,
            p2="spare - cheese",
        ),
        Fact(
            "income",
            "sold * price",
            "dollars for the milk sold in a day",
            ("How many dollars does {name} get in a day for the milk that is sold?",),
            whole=False,
        ),
        Fact(
            "week_income",
            "income * 7",
            "dollars for the milk sold in seven days",
            ("How many dollars does {name} get in seven days for the milk that is sold?",),
            whole=False,
        ),
        Fact(
            "after_hay",
            "income - 6",
            "dollars of the day's milk money left after hay",
            (
                "If hay for a day costs $6, how many dollars of the day's milk money are left after paying for it?",
            ),
            whole=False,
        ),
        Fact(
            "bottles",
            "sold * 2",
            "half-litre bottles of milk sold in a day",
            (
                "If the milk for sale goes into half-litre bottles, how many bottles are sold each day?",
            ),
        ),
        Fact(
            "sold_gap",
            "sold - home",
            "litres more sold in a day than the family drinks",
            ("How many litres more are sold in a day than the family drinks?",),
            whole=False,
        ),
        Fact(
            "week_milk",
            "milk * 7",
            "litres of milk from all the goats in seven days",
            ("How many litres of milk does {name} get from all the goats in seven days?",),
            whole=False,
        ),
        Fact(
            "all_value",
            "milk * price",
            "dollars in a day if every litre were sold",
            (
                "If every litre of the milk {name} gets were sold, how many dollars would that be in a day?",
            ),
            whole=False,
        ),
        Fact(
            "home_week",
            "home * 7",
            "litres the family drinks in seven days",
            ("How many litres does the family drink in seven days?",),
        ),
        Fact(
            "home_value",
            "home * price",
            "dollars the milk the family drinks would bring",
            ("How many dollars would the milk the family drinks in a day bring if it were sold?",),
            whole=False,
        ),
        Fact(
            "hay",
            "goats * 3",
            "kilos of hay all the goats eat in a day",
            (
                "If a goat eats 3 kilos of hay a day, how many kilos of hay do all the goats eat in a day?",
            ),
        ),
        Fact(
            "hay_week",
            "hay * 7",
            "kilos of hay all the goats eat in seven days",
            (
                "If a goat eats 3 kilos of hay a day, how many kilos of hay do all the goats eat in seven days?",
            ),
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (HEN_HOUSE, GOAT_DAIRY)
