"""Families about cooking at home and eating out."""

from __future__ import annotations

from typing import Final

from sleeptime_lib.tasks.procedural.grammar import (
    Fact,
    Family,
    Int,
    Measure,
    Money,
    Percent,
    Sentence,
    Share,
    Word,
)

PANCAKE_BREAKFAST: Final = Family(
    name="pancake_breakfast",
    slots={
        "batches": Int(3, 6),
        "per_batch": Int(8, 16, 2),
        "eggs": Int(2, 4),
        "flour": Measure("1.5", "3", "0.5"),
        "eaten": Int(10, 40, 2),
        "burnt": Int(2, 6, 2),
        "share": Share(("1/2", "1/3", "1/4")),
        "item": Word(("pancakes", "waffles", "crepes")),
    },
    story=(
        Sentence(
            (
                "{name} makes {batches} batches of {item} for a family breakfast, and each batch gives {per_batch} {item}.",
                "For a family breakfast {name} mixes {batches} batches of batter, and every batch makes {per_batch} {item}.",
            )
        ),
        Sentence(
            (
                "One batch takes {eggs} eggs and {flour} cups of flour.",
                "Each batch of batter needs {eggs} eggs and {flour} cups of flour.",
            )
        ),
        Sentence(
            (
                "While {name} is on the phone, {burnt} of the {item} burn and have to be thrown away.",
                "The pan gets too hot once, and {burnt} {item} are burnt and go into the bin.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "The family eats {eaten} of the {item}.",
                "At the table {eaten} {item} are eaten.",
            )
        ),
        Sentence(
            (
                "After the meal {name} takes {share} of the leftover {item} to a neighbour.",
                "A neighbour then gets {share} of the {item} that are left over.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "made",
            "batches * per_batch",
            "{item} made",
            ("How many {item} does {name} make in all?",),
        ),
        Fact(
            "eggs_used",
            "batches * eggs",
            "eggs used",
            ("How many eggs does {name} use?", "How many eggs go into all the batches together?"),
        ),
        Fact(
            "flour_used",
            "batches * flour",
            "cups of flour used",
            (
                "How many cups of flour does {name} use?",
                "How many cups of flour go into all the batches together?",
            ),
            whole=False,
        ),
        Fact(
            "good",
            "made - burnt",
            "{item} that did not burn",
            ("How many of the {item} did not burn?",),
            1,
        ),
        Fact(
            "leftover",
            "good - eaten",
            "{item} left over after the meal",
            ("How many {item} are left over right after the meal, before the neighbour gets any?",),
            2,
        ),
        Fact(
            "gift",
            "leftover * share",
            "{item} for the neighbour",
            ("How many {item} does the neighbour get?",),
            2,
        ),
        Fact(
            "left",
            "made - eaten",
            "{item} left in the end",
            (
                "How many {item} does {name} have left in the end?",
                "How many {item} does {name} still have at the very end?",
            ),
            p1="good - eaten",
            p2="leftover - gift",
        ),
        Fact(
            "bags",
            "left / 2",
            "bags of two {item} for the freezer",
            (
                "If the {item} left in the end go into the freezer in bags of two, how many bags is that?",
            ),
        ),
        Fact(
            "fresh",
            "left + per_batch",
            "{item} there after one fresh batch",
            (
                "If {name} adds one fresh batch to the {item} left in the end, how many {item} are there then?",
            ),
        ),
        Fact(
            "snack",
            "left - 2",
            "{item} that remain after a snack",
            ("If {name} eats two more {item} as a snack after all this, how many {item} remain?",),
        ),
        Fact(
            "gap",
            "eaten - left",
            "{item} more eaten than left",
            ("How many more {item} are eaten at breakfast than are left in the end?",),
        ),
        Fact(
            "minutes",
            "made * 2",
            "minutes of cooking",
            (
                "If each one takes 2 minutes to cook, one after another, how many minutes does cooking all the {item} take?",
            ),
            whole=False,
        ),
        Fact(
            "egg_cost",
            "eggs_used * 0.5",
            "dollars for the eggs",
            ("If an egg costs $0.50, how many dollars are the eggs in the batter worth?",),
            whole=False,
        ),
        Fact(
            "eggs_left",
            "30 - eggs_used",
            "eggs left from a tray of thirty",
            ("If there was a tray of 30 eggs in the kitchen, how many eggs are left on the tray?",),
        ),
        Fact(
            "flour_left",
            "20 - flour_used",
            "cups of flour left in the bag",
            (
                "If the bag held 20 cups of flour at first, how many cups of flour are left in the bag?",
            ),
            whole=False,
        ),
        Fact(
            "milk_used",
            "flour_used * 2",
            "cups of milk used",
            (
                "If two cups of milk go with every cup of flour, how many cups of milk does {name} use?",
            ),
            whole=False,
        ),
    ),
)

DINNER_BILL: Final = Family(
    name="dinner_bill",
    slots={
        "people": Int(4, 8),
        "plates": Int(3, 9),
        "dish_price": Money("8", "15"),
        "drink_price": Money("6", "12"),
        "rate": Percent(10, 20, 5),
        "voucher": Money("5", "20", "5"),
        "dish": Word(("noodles", "curry", "dumplings", "fish pie")),
        "drink": Word(("lemonade", "iced tea", "juice")),
    },
    story=(
        Sentence(
            (
                "{name} has booked a table in a restaurant, and {people} people sit down at it.",
                "{name} goes to a restaurant with some friends, {people} people in all.",
            )
        ),
        Sentence(
            (
                "They order {plates} plates of {dish} at {dish_price} each and share a jug of {drink} for {drink_price}.",
                "The order is {plates} plates of {dish} for {dish_price} a plate and one jug of {drink} for {drink_price}.",
            )
        ),
        Sentence(
            (
                "A service charge of {rate} of the order is added.",
                "For service, the restaurant adds {rate} to the price of the order.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "In the end a voucher that {name} has saved takes {voucher} off the amount to pay.",
                "Then {name} hands over a voucher, which lowers the amount to pay by {voucher}.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "food",
            "plates * dish_price",
            "dollars for all the plates of {dish}",
            ("How many dollars do all the plates of {dish} cost together?",),
            whole=False,
        ),
        Fact(
            "order",
            "food + drink_price",
            "dollars for the order before service",
            ("How many dollars does the order cost before anything is added for service?",),
            clause=1,
            whole=False,
        ),
        Fact(
            "charge",
            "order * rate",
            "dollars for service",
            ("How many dollars are added for service?",),
            clause=1,
            whole=False,
        ),
        Fact(
            "full",
            "order + charge",
            "dollars to pay without the voucher",
            ("How many dollars would the table have to pay without the voucher?",),
            clause=2,
            whole=False,
        ),
        Fact(
            "due",
            "food + drink_price",
            "dollars the whole table has to pay",
            (
                "How many dollars does the whole table have to pay?",
                "What is the final amount in dollars that the whole table pays?",
            ),
            whole=False,
            p1="order + charge",
            p2="full - voucher",
        ),
        Fact(
            "each",
            "due / people",
            "dollars each person pays",
            (
                "If everyone at the table pays the same, how many dollars does each person pay?",
                "How many dollars is each person's part if the final amount is shared equally?",
            ),
            whole=False,
        ),
        Fact(
            "couple",
            "each * 2",
            "dollars two people pay for their parts",
            (
                "If everyone pays the same, how many dollars do two of the people pay for their parts together?",
            ),
            whole=False,
        ),
        Fact(
            "change",
            "200 - due",
            "dollars of change that come back",
            ("If the table pays with $200 in notes, how many dollars of change come back?",),
            whole=False,
        ),
        Fact(
            "rest",
            "due - 20",
            "dollars left for the others to pay",
            (
                "If {name} pays $20 of the final amount, how many dollars are left for the others to pay?",
            ),
            whole=False,
        ),
        Fact(
            "half",
            "due / 2",
            "dollars in half of the final amount",
            (
                "If {name} treats the others by paying half of the final amount, how many dollars does {name} pay?",
            ),
            whole=False,
        ),
        Fact(
            "three_evenings",
            "due * 3",
            "dollars for three such evenings",
            ("How many dollars would three evenings with the same final amount cost?",),
            whole=False,
        ),
        Fact(
            "gap",
            "food - drink_price",
            "dollars more for the plates of {dish} than for the jug of {drink}",
            ("How many dollars more do all the plates of {dish} cost than the jug of {drink}?",),
            whole=False,
        ),
        Fact(
            "one_less",
            "food - dish_price",
            "dollars for one plate of {dish} less",
            ("With one plate less, how many dollars would the plates of {dish} cost together?",),
            whole=False,
        ),
        Fact(
            "desserts",
            "people * 4",
            "dollars for desserts",
            (
                "If everybody at the table also took a dessert for $4, how many dollars would the desserts cost?",
            ),
            whole=False,
        ),
        Fact(
            "jugs",
            "drink_price * 3",
            "dollars for three jugs of {drink}",
            ("How many dollars do three jugs of {drink} cost?",),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (PANCAKE_BREAKFAST, DINNER_BILL)
