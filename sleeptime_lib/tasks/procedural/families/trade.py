"""Families about stalls, shops and prices."""

from __future__ import annotations

from typing import Final

from sleeptime_lib.tasks.procedural.grammar import Fact, Family, Int, Money, Sentence, Share, Word

MARKET_BAKER: Final = Family(
    name="market_baker",
    slots={
        "trays": Int(3, 9),
        "per_tray": Int(6, 20, 2),
        "sold": Int(12, 60, 2),
        "price": Money("1", "4", "0.50"),
        "dropped": Int(2, 8),
        "share": Share(("1/2", "1/4", "1/3")),
        "item": Word(("muffins", "scones", "rolls", "bagels")),
    },
    story=(
        Sentence(
            (
                "{name} bakes {trays} trays of {item} with {per_tray} {item} on each tray.",
                "Before dawn {name} bakes {trays} trays of {item}, and every tray holds {per_tray} of them.",
            )
        ),
        Sentence(
            (
                "At the market {they} sells {sold} {item} for {price} each.",
                "By noon {sold} of the {item} have been sold at {price} apiece.",
            )
        ),
        Sentence(
            (
                "On the way home {dropped} of the remaining {item} fall into a puddle.",
                "Then {dropped} of the unsold {item} are crushed in the van and thrown away.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "{They} brings {share} of the good ones that remain to a neighbour.",
                "A neighbour gets {share} of what is still good.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact("baked", "trays * per_tray", "{item} baked", ("How many {item} did {name} bake?",)),
        Fact(
            "revenue",
            "sold * price",
            "dollars from sales",
            ("How many dollars did {name} take in?", "How many dollars did the sales bring in?"),
            whole=False,
        ),
        Fact("unsold", "baked - sold", "{item} not sold", ("How many {item} were not sold?",), 1),
        Fact(
            "good",
            "unsold - dropped",
            "unsold {item} still good",
            ("How many of the unsold {item} were still good before the neighbour came?",),
            2,
        ),
        Fact(
            "gift",
            "good * share",
            "{item} for the neighbour",
            ("How many {item} did the neighbour get?",),
            2,
        ),
        Fact(
            "left",
            "baked - sold",
            "{item} left at the end",
            (
                "How many {item} does {name} have left at the end?",
                "At the end, how many {item} has {name} still got?",
            ),
            p1="unsold - dropped",
            p2="good - gift",
        ),
        Fact(
            "left_value",
            "left * price",
            "dollars the {item} left would bring",
            (
                "If {name} sold everything that is left at the same price, how many dollars would that bring?",
            ),
            whole=False,
        ),
        Fact(
            "possible",
            "revenue + left_value",
            "dollars in all if the rest is sold",
            (
                "How many dollars would {name} have in all if the rest were sold at the same price too?",
            ),
            whole=False,
        ),
        Fact(
            "full_value",
            "baked * price",
            "dollars for the whole batch",
            ("How many dollars would the whole batch have brought at that price?",),
            whole=False,
        ),
        Fact(
            "missed",
            "full_value - revenue",
            "dollars missed by not selling the whole batch",
            ("How many dollars did {name} miss by not selling the whole batch?",),
            whole=False,
        ),
        Fact(
            "bags",
            "left / 2",
            "bags filled with two {item} each",
            (
                "If the {item} left are packed into bags with two in each, how many bags are filled?",
            ),
        ),
        Fact(
            "fresh",
            "left + per_tray",
            "{item} there with one fresh tray",
            ("If one fresh tray is added to what is left, how many {item} are there then?",),
        ),
        Fact(
            "per_helper",
            "revenue / 2",
            "dollars for each of two helpers",
            ("If the money is split evenly between 2 helpers, how many dollars does each get?",),
            whole=False,
        ),
        Fact(
            "two_days",
            "baked * 2",
            "{item} baked in two such days",
            ("How many {item} are baked in two days like this one?",),
        ),
        Fact(
            "week_revenue",
            "revenue * 5",
            "dollars from five such days",
            ("How many dollars do five days like this one bring in?",),
            whole=False,
        ),
    ),
)


FRUIT_STAND: Final = Family(
    name="fruit_stand",
    slots={
        "crates": Int(3, 8),
        "per_crate": Int(10, 30, 5),
        "cost": Money("3", "8"),
        "sold": Int(25, 60, 5),
        "price": Money("1", "3", "0.50"),
        "rent": Money("5", "15"),
        "late": Int(5, 20, 5),
        "deal": Money("4", "12", "2"),
        "item": Word(("pears", "peaches", "mangoes", "oranges")),
    },
    story=(
        Sentence(
            (
                "{name} buys {crates} crates of {item} for {cost} a crate, and there are {per_crate} {item} in each crate.",
                "At the wholesale market {name} pays {cost} a crate for {crates} crates of {item}, each with {per_crate} {item} in it.",
            )
        ),
        Sentence(
            (
                "During the day {they} sells {sold} {item} at {their} stand for {price} each.",
                "At {their} stand, customers buy {sold} of the {item} for {price} apiece.",
            )
        ),
        Sentence(
            (
                "The place for the stand costs {name} another {rent} that day.",
                "Besides the crates, {name} has to pay {rent} that day for the place where the stand is.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "Just before closing, a restaurant takes {late} of the remaining {item} for {deal} in all.",
                "In the evening a cook comes by and buys {late} more {item}, for which {name} asks {deal} altogether.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "total",
            "crates * per_crate",
            "{item} bought in all",
            ("How many {item} has {name} bought in all?",),
        ),
        Fact(
            "crate_cost",
            "crates * cost",
            "dollars for all the crates",
            ("How many dollars do all the crates together cost {name}?",),
            whole=False,
        ),
        Fact(
            "stand_sales",
            "sold * price",
            "dollars from sales at the stand alone",
            (
                "How many dollars do the sales at the stand bring in, counting only those at {price} each?",
            ),
            clause=2,
            whole=False,
        ),
        Fact(
            "revenue",
            "sold * price",
            "dollars taken in from sales that day",
            ("How many dollars does {name} take in from all sales that day?",),
            whole=False,
            p2="stand_sales + deal",
        ),
        Fact(
            "gone",
            "sold + late",
            "{item} sold that day",
            ("How many {item} are sold that day in all?",),
            clause=2,
        ),
        Fact(
            "left",
            "total - sold",
            "{item} left unsold",
            (
                "How many {item} are left unsold at the end of the day?",
                "How many {item} does {name} have left when the day is over?",
            ),
            p2="total - gone",
        ),
        Fact(
            "spent",
            "crate_cost + rent",
            "dollars spent on crates and place",
            (
                "How many dollars does {name} spend on the crates and the place for the stand together?",
            ),
            clause=1,
            whole=False,
        ),
        Fact(
            "profit",
            "revenue - crate_cost",
            "dollars of profit that day",
            (
                "How many dollars of profit does {name} make that day?",
                "How many dollars more does {name} take in that day than {they} spends?",
            ),
            whole=False,
            p1="revenue - spent",
        ),
        Fact(
            "shared",
            "profit / 2",
            "dollars of profit for each of two partners",
            (
                "If {name} shares the day's profit equally with a partner, how many dollars does each of the two get?",
            ),
            whole=False,
        ),
        Fact(
            "six_days",
            "profit * 6",
            "dollars of profit in six such days",
            ("How many dollars of profit do six days like this one bring {name}?",),
            whole=False,
        ),
        Fact(
            "after_gift",
            "profit - 5",
            "dollars of profit to keep after giving some to a cousin",
            (
                "After giving $5 of the day's profit to a cousin, how many dollars of profit can {name} keep?",
            ),
            whole=False,
        ),
        Fact(
            "last_week",
            "profit + 8",
            "dollars of profit on the same day last week",
            (
                "If the profit was $8 higher on the same day last week, how many dollars was it then?",
            ),
            whole=False,
        ),
        Fact(
            "left_value",
            "left * price",
            "dollars the unsold {item} would bring the next day",
            (
                "If the {item} left unsold went for {price} each the next day, how many dollars would they bring?",
            ),
            whole=False,
        ),
        Fact(
            "all_value",
            "total * price",
            "dollars if all the {item} in the crates were sold",
            (
                "If every one of the {item} in the crates were sold at {price}, how many dollars would that bring?",
            ),
            whole=False,
        ),
        Fact(
            "bags",
            "left / 5",
            "bags of five {item} left unsold",
            (
                "If the {item} left unsold are packed in bags of five, how many bags does that make?",
            ),
        ),
        Fact(
            "one_more_crate",
            "total + per_crate",
            "{item} with one more crate",
            ("If {name} had bought one more crate, how many {item} would {they} have bought?",),
        ),
        Fact(
            "crate_value",
            "per_crate * price",
            "dollars a full crate brings",
            ("How many dollars does a full crate bring if all its {item} are sold at {price}?",),
            whole=False,
        ),
        Fact(
            "crate_gain",
            "crate_value - cost",
            "dollars a full crate brings beyond its cost",
            (
                "How many dollars more than it cost does a full crate bring if all its {item} are sold at {price}?",
            ),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (MARKET_BAKER, FRUIT_STAND)
