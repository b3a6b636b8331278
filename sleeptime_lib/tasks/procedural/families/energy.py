"""Families about electric power: made on a roof, and used on the road."""

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
    Word,
)

SOLAR_ROOF: Final = Family(
    name="solar_roof",
    slots={
        "panels": Int(8, 20, 2),
        "output": Measure("1.5", "3", "0.5"),
        "use": Int(5, 12),
        "price": Money("0.10", "0.30", "0.10"),
        "loss": Percent(10, 50, 10),
        "charging": Int(2, 6),
        "vehicle": Word(("scooter", "delivery bike", "lawn tractor", "golf cart")),
    },
    story=(
        Sentence(
            (
                "{name} has {panels} solar panels on the roof, and each panel makes {output} kilowatt-hours a day.",
                "There are {panels} solar panels on {name}'s roof, and every one of them makes {output} kilowatt-hours a day.",
            )
        ),
        Sentence(
            (
                "But a tall tree has begun to keep off the sun, and {loss} of all this power is lost.",
                "Lately the shade of a tall tree takes away {loss} of all this power.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "{Their} household uses {use} kilowatt-hours a day, and {they} sells what is left over for {price} a kilowatt-hour.",
                "A day in {their} house takes {use} kilowatt-hours, and the grid pays {price} for each kilowatt-hour that is not needed.",
            )
        ),
        Sentence(
            (
                "Now {they} has an electric {vehicle} too, which needs another {charging} kilowatt-hours a day.",
                "Charging {their} new electric {vehicle} at home takes {charging} more kilowatt-hours every day.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "full",
            "panels * output",
            "kilowatt-hours all the panels would make without the tree",
            ("How many kilowatt-hours would all the panels make in a day without the tree?",),
            1,
            whole=False,
        ),
        Fact(
            "lost",
            "full * loss",
            "kilowatt-hours lost in a day because of the tree",
            ("How many kilowatt-hours are lost in a day because of the tree?",),
            1,
            whole=False,
        ),
        Fact(
            "made",
            "panels * output",
            "kilowatt-hours all the panels now make in a day",
            ("How many kilowatt-hours do all the panels now make in a day?",),
            whole=False,
            p1="full - lost",
        ),
        Fact(
            "need",
            "use + charging",
            "kilowatt-hours {name} needs in a day",
            ("How many kilowatt-hours does {name} need in a day now?",),
            2,
            whole=False,
        ),
        Fact(
            "surplus",
            "made - use",
            "kilowatt-hours left over in a day",
            (
                "How many kilowatt-hours are left over in a day?",
                "How many kilowatt-hours are left over for {name} to sell in a day?",
            ),
            whole=False,
            p2="made - need",
        ),
        Fact(
            "income",
            "surplus * price",
            "dollars for the power sold in a day",
            ("How many dollars does {name} get in a day for the power that is sold?",),
            whole=False,
        ),
        Fact(
            "week_surplus",
            "surplus * 7",
            "kilowatt-hours left over in seven days",
            ("How many kilowatt-hours are left over in seven days?",),
            whole=False,
        ),
        Fact(
            "battery",
            "surplus - 2",
            "kilowatt-hours still sold in a day with a battery",
            (
                "With a battery that stores two of the kilowatt-hours left over, how many kilowatt-hours are still sold in a day?",
            ),
            whole=False,
        ),
        Fact(
            "neighbour",
            "surplus / 2",
            "kilowatt-hours the neighbour gets in a day",
            (
                "If a neighbour gets half of what is left over, how many kilowatt-hours does the neighbour get in a day?",
            ),
            whole=False,
        ),
        Fact(
            "ten_income",
            "income * 10",
            "dollars for the power sold in ten days",
            ("How many dollars does {name} get in ten days for the power that is sold?",),
            whole=False,
        ),
        Fact(
            "week_made",
            "made * 7",
            "kilowatt-hours all the panels now make in seven days",
            ("How many kilowatt-hours do all the panels now make in seven days?",),
            whole=False,
        ),
        Fact(
            "week_use",
            "use * 7",
            "kilowatt-hours the household alone uses in seven days",
            ("How many kilowatt-hours does the household alone use in seven days?",),
            whole=False,
        ),
        Fact(
            "panel_week",
            "output * 7",
            "kilowatt-hours one panel without any shade makes in seven days",
            ("How many kilowatt-hours does one panel without any shade make in seven days?",),
            whole=False,
        ),
        Fact(
            "panel_value",
            "output * price",
            "dollars one panel without any shade brings in a day",
            (
                "If all its power is sold, how many dollars does one panel without any shade bring in a day?",
            ),
            whole=False,
        ),
        Fact(
            "use_cost",
            "use * 0.4",
            "dollars the household's own use would cost in a day",
            (
                "If it were all bought at $0.40 a kilowatt-hour, how many dollars would the household's own use cost in a day?",
            ),
            whole=False,
        ),
        Fact(
            "misty",
            "made - 3",
            "kilowatt-hours all the panels make on a misty day",
            (
                "If all the panels together make 3 kilowatt-hours less on a misty day, how many kilowatt-hours are made on a misty day?",
            ),
            whole=False,
        ),
    ),
)

ELECTRIC_CAR: Final = Family(
    name="electric_car",
    slots={
        "charge": Int(24, 40, 2),
        "per": Int(5, 8),
        "trips": Int(2, 5),
        "leg": Int(8, 20, 2),
        "added": Int(4, 12, 2),
        "detour": Int(6, 24, 2),
        "goods": Word(("parcels", "flowers", "groceries", "newspapers")),
    },
    story=(
        Sentence(
            (
                "The battery of {name}'s electric car holds {charge} kilowatt-hours this morning, and the car goes {per} kilometres on each of them.",
                "{name}'s electric car goes {per} kilometres on a kilowatt-hour, and this morning there are {charge} kilowatt-hours in the battery.",
            )
        ),
        Sentence(
            (
                "Before setting off, {they} charges another {added} kilowatt-hours.",
                "While {they} has breakfast, another {added} kilowatt-hours flow into the battery.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "To deliver {goods}, {they} makes {trips} trips of {leg} kilometres each.",
                "{They} delivers {goods} on {trips} trips, each of them {leg} kilometres long.",
            )
        ),
        Sentence(
            (
                "A blocked road then forces {them} to drive another {detour} kilometres.",
                "Because of roadworks, {they} ends up driving {detour} kilometres on top of these trips.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "battery",
            "charge + added",
            "kilowatt-hours in the battery when setting off",
            ("How many kilowatt-hours are in the battery when {name} sets off?",),
            1,
        ),
        Fact(
            "reach",
            "charge * per",
            "kilometres the car can go when {name} sets off",
            (
                "How many kilometres can the car go with what is in the battery when {name} sets off?",
            ),
            p1="battery * per",
        ),
        Fact(
            "planned",
            "trips * leg",
            "kilometres of the trips themselves",
            ("How many kilometres are the trips themselves, without any extra driving?",),
            2,
        ),
        Fact(
            "driven",
            "trips * leg",
            "kilometres driven in all",
            (
                "How many kilometres has {name} driven in all at the end of the day?",
                "How many kilometres are driven that day in all?",
            ),
            p2="planned + detour",
        ),
        Fact(
            "left",
            "reach - driven",
            "kilometres the car can still go",
            (
                "At the end of the day, how many kilometres can the car still go?",
                "How many kilometres can the car still go before the battery is empty?",
            ),
        ),
        Fact(
            "round_trip",
            "left / 2",
            "kilometres away {name} can go and come back",
            (
                "With what is left in the battery at the end, how many kilometres away can {name} go and come back?",
            ),
            whole=False,
        ),
        Fact(
            "after_visit",
            "left - 20",
            "kilometres the car can still go after the visit",
            (
                "If a visit to a friend then takes another 20 kilometres, how many kilometres can the car still go after the visit?",
            ),
        ),
        Fact(
            "after_top_up",
            "left + 50",
            "kilometres the car can go after a quick charge",
            (
                "If a quick charge in the evening gives the car 50 kilometres more, how many kilometres can it go after that quick charge?",
            ),
        ),
        Fact(
            "days_left",
            "left / 10",
            "days the rest of the battery lasts at ten kilometres a day",
            (
                "At ten kilometres a day from then on, how many days does the rest of the battery last?",
            ),
            whole=False,
        ),
        Fact(
            "in_the_cold",
            "reach - 30",
            "kilometres possible in the cold when {name} sets off",
            (
                "If the cold takes away 30 kilometres, how many kilometres are possible in the cold when {name} sets off?",
            ),
        ),
        Fact(
            "five_days",
            "driven * 5",
            "kilometres driven on five such days",
            ("How many kilometres are driven on five such days?",),
        ),
        Fact(
            "hours",
            "driven / 40",
            "hours of driving",
            (
                "If {name} drives 40 kilometres an hour on average, how many hours does {they} drive that day?",
            ),
            whole=False,
        ),
        Fact(
            "petrol",
            "driven / 20",
            "litres of petrol for the same driving",
            (
                "If a petrol car goes 20 kilometres on a litre, how many litres would it burn for the same driving?",
            ),
            whole=False,
        ),
        Fact(
            "one_more",
            "driven + leg",
            "kilometres driven with one more trip",
            (
                "With one more trip of the same length, how many kilometres are driven that day in all?",
            ),
        ),
        Fact(
            "ten_units",
            "per * 10",
            "kilometres on ten kilowatt-hours",
            ("How many kilometres does the car go on ten kilowatt-hours?",),
        ),
        Fact(
            "value",
            "charge * 0.5",
            "dollars the charge in the battery is worth when setting off",
            (
                "If a kilowatt-hour costs $0.50, how many dollars is the charge in the battery worth when {name} sets off?",
            ),
            whole=False,
            p1="battery * 0.5",
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (SOLAR_ROOF, ELECTRIC_CAR)
