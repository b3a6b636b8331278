"""Families about growing fruit and making it last."""

from __future__ import annotations

from typing import Final

from sleeptime_lib.tasks.procedural.grammar import (
    Fact,
    Family,
    Int,
    Money,
    Sentence,
    Share,
    Word,
)

JAM_MAKING: Final = Family(
    name="jam_making",
    slots={
        "kilos": Int(6, 20),
        "cost": Money("2", "4"),
        "jars": Int(2, 4),
        "sugar": Int(4, 9),
        "price": Money("3", "6"),
        "bad": Share(("1/2", "1/3", "1/4", "1/5")),
        "own": Int(3, 9),
        "fruit": Word(("plums", "strawberries", "apricots", "cherries")),
    },
    story=(
        Sentence(
            (
                "To make jam, {name} buys {kilos} kilos of {fruit} at {cost} a kilo.",
                "{name} pays {cost} a kilo for {kilos} kilos of {fruit} to turn into jam.",
            )
        ),
        Sentence(
            (
                "It turns out that {bad} of the {fruit} have gone bad and cannot be used.",
                "At home {name} finds that {bad} of the {fruit} are mouldy, so they go on the compost.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "Every kilo that {they} cooks fills {jars} jars, and {sugar} spoons of sugar go into each jar.",
                "From each kilo of fruit that is cooked {they} fills {jars} jars, using {sugar} spoons of sugar for a jar.",
            )
        ),
        Sentence(
            (
                "{Their} own family keeps {own} of the jars.",
                "Once the jam is cold, {own} jars go to the shelf of {their} own family.",
            ),
            clause=2,
        ),
        Sentence(
            (
                "At the village fair the jam goes for {price} a jar until nothing is left to sell.",
                "Everything on offer is sold at the village fair for {price} a jar.",
            )
        ),
    ),
    facts=(
        Fact(
            "fruit_cost",
            "kilos * cost",
            "dollars paid for the {fruit}",
            ("How many dollars does {name} pay for the {fruit}?",),
            whole=False,
        ),
        Fact(
            "spoiled",
            "kilos * bad",
            "kilos of {fruit} thrown out",
            ("How many kilos of {fruit} are thrown out?",),
            1,
        ),
        Fact(
            "cooked",
            "kilos - spoiled",
            "kilos of {fruit} cooked",
            ("How many kilos of {fruit} are cooked?",),
            1,
        ),
        Fact(
            "filled",
            "kilos * jars",
            "jars of jam filled",
            ("How many jars of jam does {name} fill?", "How many jars are filled with jam in all?"),
            p1="cooked * jars",
        ),
        Fact(
            "sugar_used",
            "filled * sugar",
            "spoons of sugar used",
            ("How many spoons of sugar are used for all the jam?",),
            whole=False,
        ),
        Fact(
            "sold",
            "filled - own",
            "jars sold at the fair",
            ("How many jars are sold at the fair?",),
            2,
        ),
        Fact(
            "sales",
            "filled * price",
            "dollars from the sale at the fair",
            (
                "How many dollars does the sale at the fair bring in?",
                "How many dollars does {name} take in at the fair?",
            ),
            whole=False,
            p2="sold * price",
        ),
        Fact(
            "gain",
            "sales - fruit_cost",
            "dollars taken in beyond the cost of the {fruit}",
            ("How many dollars more does {name} take in at the fair than the {fruit} cost?",),
            whole=False,
        ),
        Fact(
            "charity",
            "sales / 2",
            "dollars from the fair for the fire brigade",
            (
                "If {name} gives half of the money from the fair to the fire brigade, how many dollars does the brigade get?",
            ),
            whole=False,
        ),
        Fact(
            "after_fee",
            "sales - 10",
            "dollars from the fair left after the table fee",
            (
                "If a table at the fair costs $10, how many dollars of the money taken in are left after paying for it?",
            ),
            whole=False,
        ),
        Fact(
            "three_fairs",
            "sales * 3",
            "dollars three fairs would bring in",
            ("How many dollars would three fairs with the same sale bring in?",),
            whole=False,
        ),
        Fact(
            "kilo_value",
            "jars * price",
            "dollars from the jam of one cooked kilo",
            (
                "If all the jam from one cooked kilo is sold at the fair, how many dollars does that kilo bring in?",
            ),
            whole=False,
        ),
        Fact(
            "kilo_sugar",
            "jars * sugar",
            "spoons of sugar for one cooked kilo",
            ("How many spoons of sugar go with one cooked kilo of {fruit}?",),
            whole=False,
        ),
        Fact(
            "cheaper",
            "fruit_cost - kilos",
            "dollars paid for cheaper {fruit}",
            (
                "If the {fruit} had been cheaper by $1 a kilo, how many dollars would {name} have paid for them?",
            ),
            whole=False,
        ),
        Fact(
            "twice",
            "filled * 2",
            "jars filled on two such days",
            (
                "If {name} did exactly the same again on another day, how many jars would be filled on the two days?",
            ),
        ),
        Fact(
            "labels",
            "filled + 5",
            "labels printed",
            (
                "If {name} prints a label for every jar that is filled and 5 spare ones, how many labels are printed?",
            ),
        ),
    ),
)

ORCHARD: Final = Family(
    name="orchard",
    slots={
        "rows": Int(2, 5),
        "per_row": Int(4, 8),
        "kilos": Int(4, 8),
        "price": Money("1", "2.50", "0.50"),
        "sick": Int(2, 6),
        "juice_share": Share(("1/2", "1/3", "1/4", "1/5")),
        "tree": Word(("apple", "pear", "cherry", "plum", "olive")),
    },
    story=(
        Sentence(
            (
                "{name} has {rows} rows of {tree} trees, and {per_row} trees stand in each row.",
                "There are {rows} rows of {tree} trees on {name}'s land, with {per_row} trees in a row.",
            )
        ),
        Sentence(
            (
                "This year {sick} of the trees are sick and bear nothing.",
                "After the late frost, {sick} of these trees carry no fruit at all this year.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "Every tree that bears gives {kilos} kilos of fruit, and {they} sells it at {price} a kilo.",
                "{name} picks {kilos} kilos from each tree that bears fruit and gets {price} for a kilo at the market.",
            )
        ),
        Sentence(
            (
                "Before the sale {name} has {juice_share} of the harvest pressed for the family, so only the rest is sold.",
                "Only part of the fruit goes on sale, because {juice_share} of the harvest is pressed for {their} own use.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "trees",
            "rows * per_row",
            "{tree} trees in all rows",
            ("How many {tree} trees does {name} have?",),
        ),
        Fact(
            "bearing",
            "trees - sick",
            "trees that bear fruit",
            ("How many of the trees bear fruit this year?",),
            1,
        ),
        Fact(
            "harvest",
            "trees * kilos",
            "kilos of fruit in the whole harvest",
            (
                "How many kilos of fruit does {name} harvest?",
                "How many kilos of fruit are in the whole harvest?",
            ),
            p1="bearing * kilos",
        ),
        Fact(
            "pressed",
            "harvest * juice_share",
            "kilos of fruit pressed",
            ("How many kilos of fruit are pressed?",),
            2,
        ),
        Fact(
            "sold",
            "harvest - pressed",
            "kilos of fruit sold",
            ("How many kilos of fruit are sold?",),
            2,
        ),
        Fact(
            "income",
            "harvest * price",
            "dollars {name} gets from selling the fruit",
            (
                "How many dollars does selling the fruit bring in?",
                "How many dollars does {name} get from selling the fruit?",
            ),
            whole=False,
            p2="sold * price",
        ),
        Fact(
            "bottles",
            "pressed / 2",
            "bottles filled from the pressed fruit",
            ("If every 2 kilos of pressed fruit fill one bottle, how many bottles are filled?",),
            2,
        ),
        Fact(
            "sold_gap",
            "sold - pressed",
            "kilos more sold than pressed",
            ("How many more kilos of fruit are sold than pressed?",),
            2,
        ),
        Fact(
            "sold_days",
            "sold / 10",
            "days to sell the fruit at ten kilos a day",
            (
                "If 10 kilos are sold each day, how many days does it take to sell the fruit meant for sale?",
            ),
            2,
            whole=False,
        ),
        Fact(
            "after_pickers",
            "income - 40",
            "dollars from the fruit left after paying the pickers",
            (
                "If {name} pays the pickers $40 out of what the sold fruit brings in, how many dollars are left?",
            ),
            whole=False,
        ),
        Fact(
            "row_kilos",
            "per_row * kilos",
            "kilos from one row in which all trees bear",
            ("How many kilos of fruit does one row give if all its trees bear?",),
        ),
        Fact(
            "row_value",
            "row_kilos * price",
            "dollars one row is worth if all its trees bear",
            (
                "If all the trees in one row bear and all their fruit is sold, how many dollars does that row bring in?",
            ),
            whole=False,
        ),
        Fact(
            "tree_value",
            "kilos * price",
            "dollars the fruit of one bearing tree is worth",
            ("At the market price, how many dollars is the fruit of one bearing tree worth?",),
            whole=False,
        ),
        Fact(
            "baskets",
            "harvest / 5",
            "baskets filled by the whole harvest",
            ("If a basket holds 5 kilos, how many baskets does the whole harvest fill?",),
        ),
        Fact(
            "two_years",
            "harvest * 2",
            "kilos harvested in two such years",
            ("How many kilos do two years with the same harvest give?",),
        ),
        Fact(
            "two_pickers",
            "harvest / 2",
            "kilos each of two pickers picks",
            (
                "If two pickers share the work of the harvest equally, how many kilos does each picker pick?",
            ),
            whole=False,
        ),
        Fact(
            "last_year",
            "harvest + 30",
            "kilos harvested last year",
            (
                "If last year's harvest was 30 kilos bigger, how many kilos were harvested last year?",
            ),
        ),
        Fact(
            "new_row",
            "trees + per_row",
            "{tree} trees with one more row",
            ("If {name} plants one more row just as long, how many {tree} trees will there be?",),
        ),
        Fact(
            "water",
            "trees * 20",
            "litres of water for all the {tree} trees",
            (
                "If every one of the {tree} trees gets 20 litres of water, how many litres is that in all?",
            ),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (JAM_MAKING, ORCHARD)
