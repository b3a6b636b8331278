"""Families about buying things and saving up for them."""

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

SHOE_SHOP: Final = Family(
    name="shoe_shop",
    slots={
        "pairs": Int(2, 5),
        "price": Money("15", "40", "5"),
        "extra_price": Money("6", "14"),
        "cash": Money("120", "250", "10"),
        "off": Money("2", "8"),
        "card": Money("10", "40", "5"),
        "item": Word(("sandals", "boots", "sneakers", "slippers")),
        "extra": Word(("belt", "cap", "scarf", "backpack")),
    },
    story=(
        Sentence(
            (
                "{name} buys {pairs} pairs of {item} at {price} a pair and a {extra} for {extra_price}.",
                "In a shoe shop {name} picks out {pairs} pairs of {item} for {price} a pair, and also a {extra} for {extra_price}.",
            )
        ),
        Sentence(
            (
                "Because of a sale, the shop takes {off} off each pair of {item}.",
                "It is the last week of a sale, so every pair of {item} is {off} cheaper.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "{name} has {cash} in cash to pay with.",
                "To pay, {they} has brought {cash} in cash.",
            )
        ),
        Sentence(
            (
                "A gift card covers {card} of the bill, and only the rest is paid in cash.",
                "{They} first uses up a gift card worth {card} and pays the rest of the bill in cash.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "reduced",
            "price - off",
            "dollars for one pair in the sale",
            ("How many dollars does one pair of {item} cost in the sale?",),
            clause=1,
            whole=False,
        ),
        Fact(
            "shoes",
            "pairs * price",
            "dollars for all the {item}",
            ("How many dollars do all the pairs of {item} cost together?",),
            whole=False,
            p1="pairs * reduced",
        ),
        Fact(
            "bill",
            "shoes + extra_price",
            "dollars on the whole bill",
            (
                "How many dollars is the whole bill?",
                "How many dollars does the whole bill come to?",
            ),
            whole=False,
        ),
        Fact(
            "paid",
            "bill - card",
            "dollars paid in cash",
            ("How many dollars are paid in cash?",),
            clause=2,
            whole=False,
        ),
        Fact(
            "left",
            "cash - bill",
            "dollars of cash left after paying",
            (
                "How many dollars of the cash does {name} have left after paying?",
                "How many dollars of cash are left when {name} leaves the shop?",
            ),
            whole=False,
            p2="cash - paid",
        ),
        Fact(
            "after_bus",
            "left - 4",
            "dollars left after the bus ride home",
            (
                "If a bus ride home then costs $4 in cash, how many dollars does {name} come home with?",
            ),
            whole=False,
        ),
        Fact(
            "half_left",
            "left / 2",
            "dollars of left-over cash for the savings box",
            (
                "If {name} puts half of the cash left over into a savings box, how many dollars go into the box?",
            ),
            whole=False,
        ),
        Fact(
            "paid_back",
            "left + 25",
            "dollars with what a friend pays back",
            (
                "If a friend then pays back $25 of an old loan, how many dollars in cash does {name} have?",
            ),
            whole=False,
        ),
        Fact(
            "one_more",
            "bill + price",
            "dollars on the bill with one more pair",
            ("If {name} took one more pair of {item}, how many dollars would the bill be?",),
            whole=False,
            p1="bill + reduced",
        ),
        Fact(
            "second_extra",
            "bill + extra_price",
            "dollars on the bill with a second {extra}",
            (
                "If {name} took a second {extra} just like the first, how many dollars would the bill be?",
            ),
            whole=False,
        ),
        Fact(
            "gap",
            "price - extra_price",
            "dollars more for one pair than for the {extra}",
            ("How many dollars more does one pair of {item} cost than the {extra}?",),
            whole=False,
            p1="reduced - extra_price",
        ),
        Fact(
            "shoes_gap",
            "shoes - extra_price",
            "dollars more for all the {item} than for the {extra}",
            ("How many dollars more do all the pairs of {item} cost together than the {extra}?",),
            whole=False,
        ),
        Fact(
            "split",
            "bill / 2",
            "dollars for each if a friend shared the bill equally",
            (
                "If {name} and a friend shared the whole bill equally, how many dollars would each pay?",
            ),
            whole=False,
        ),
        Fact(
            "work",
            "bill / 10",
            "hours of work that equal the bill",
            ("If {name} earns $10 an hour, how many hours of work does the whole bill equal?",),
            whole=False,
        ),
        Fact(
            "soles",
            "pairs * 2",
            "single shoes bought",
            ("How many single shoes does {name} carry home, if a pair counts as two?",),
        ),
        Fact(
            "saved",
            "pairs * off",
            "dollars saved on all the pairs",
            ("How many dollars are saved on all the pairs together because of the sale?",),
            clause=1,
            whole=False,
        ),
    ),
)

SAVING_UP: Final = Family(
    name="saving_up",
    slots={
        "weekly": Int(5, 15),
        "weeks": Int(4, 12),
        "cost": Money("150", "240", "10"),
        "extra_cost": Money("15", "40", "5"),
        "gift": Money("10", "30", "5"),
        "off": Money("10", "30", "5"),
        "goal": Word(("bicycle", "guitar", "tent", "tablet", "camera")),
        "extra": Word(("bag", "cover", "repair kit", "lamp")),
    },
    story=(
        Sentence(
            (
                "{name} puts {weekly} dollars a week into a savings box and has done so for {weeks} weeks.",
                "For {weeks} weeks {name} has been putting {weekly} dollars a week into a savings box.",
            )
        ),
        Sentence(
            (
                "On top of that, {their} grandmother has just put {gift} into the box.",
                "As a birthday present {name} received {gift}, and that money is in the box too.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "{They} wants to buy a {goal} for {cost} and a {extra} to go with it for {extra_cost}.",
                "With the money {they} means to buy a {goal} that costs {cost} as well as a {extra} that costs {extra_cost}.",
            )
        ),
        Sentence(
            (
                "This morning the shop lowered the price of the {goal} by {off}.",
                "Luckily, the {goal} has just become {off} cheaper.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "saved",
            "weekly * weeks",
            "dollars saved from the weekly money alone",
            ("How many dollars has {name} saved from the weekly money alone?",),
            whole=False,
        ),
        Fact(
            "have",
            "saved + gift",
            "dollars in the savings box",
            ("How many dollars are in the savings box now?",),
            clause=1,
            whole=False,
        ),
        Fact(
            "reduced",
            "cost - off",
            "dollars the {goal} costs now",
            ("How many dollars does the {goal} cost now?",),
            clause=2,
            whole=False,
        ),
        Fact(
            "both",
            "cost + extra_cost",
            "dollars for the {goal} and the {extra} together",
            ("How many dollars do the {goal} and the {extra} cost together?",),
            whole=False,
            p2="reduced + extra_cost",
        ),
        Fact(
            "missing",
            "both - saved",
            "dollars still missing for both things",
            (
                "How many dollars are still missing for both things together?",
                "How many dollars are still missing before {name} can buy both things?",
            ),
            whole=False,
            p1="both - have",
        ),
        Fact(
            "goal_missing",
            "cost - saved",
            "dollars still missing for the {goal} alone",
            ("How many dollars are still missing for the {goal} alone?",),
            whole=False,
            p1="cost - have",
            p2="reduced - have",
        ),
        Fact(
            "weeks_to_go",
            "missing / weekly",
            "more weeks of saving for both things",
            ("Saving as before, how many more weeks does {name} need to pay for both things?",),
        ),
        Fact(
            "half_missing",
            "missing / 2",
            "dollars the aunt would pay for half of what is missing",
            (
                "If {their} aunt pays half of what {name} still needs for both things, how many dollars does the aunt pay?",
            ),
            whole=False,
        ),
        Fact(
            "after_sale",
            "missing - 20",
            "dollars missing for both after selling old skates",
            (
                "If {name} sells {their} old skates for $20, how many dollars will still be missing for both things?",
            ),
            whole=False,
        ),
        Fact(
            "with_lock",
            "missing + 15",
            "dollars missing for all three things with a lock",
            (
                "If {name} decides to get a lock for $15 as well, how many dollars are missing for all three things?",
            ),
            whole=False,
        ),
        Fact(
            "in_ten_weeks",
            "missing / 10",
            "dollars a week to have the missing money in ten weeks",
            (
                "To have the missing money for both things in ten weeks, how many dollars a week must {name} save?",
            ),
            whole=False,
        ),
        Fact(
            "one_more_week",
            "saved + weekly",
            "dollars of weekly money saved after one more week",
            (
                "How many dollars of weekly money will {name} have saved in all after one more week?",
            ),
            whole=False,
        ),
        Fact(
            "four_weeks",
            "weekly * 4",
            "dollars of weekly money in any four weeks",
            ("How many dollars of weekly money go into the box in any four weeks?",),
            whole=False,
        ),
        Fact(
            "gap",
            "cost - extra_cost",
            "dollars more for the {goal} than for the {extra}",
            ("How many dollars more does the {goal} cost than the {extra}?",),
            whole=False,
            p2="reduced - extra_cost",
        ),
        Fact(
            "two_sets",
            "both * 2",
            "dollars that two of each would cost, {goal} and {extra}",
            ("How many dollars would two of each cost, {goal} and {extra}?",),
            whole=False,
        ),
        Fact(
            "instalment",
            "both / 5",
            "dollars for each of five equal payments",
            (
                "If the shop let {name} pay for both things in five equal payments, how many dollars would each payment be?",
            ),
            whole=False,
        ),
    ),
)


FAMILIES: Final[tuple[Family, ...]] = (SHOE_SHOP, SAVING_UP)
