"""Families about water: a ferry on it, and a tank for it."""

from __future__ import annotations

from typing import Final

from sleeptime_lib.tasks.procedural.grammar import (
    Fact,
    Family,
    Int,
    Minutes,
    Money,
    Sentence,
    Times,
    Word,
)

FERRY: Final = Family(
    name="ferry",
    slots={
        "morning": Int(10, 24, 2),
        "times": Times(3),
        "fare": Money("2", "4"),
        "fuel": Money("15", "40", "5"),
        "children": Int(4, 12, 2),
        "bikes": Money("10", "30", "2"),
        "water": Word(("river", "lake", "bay", "strait")),
    },
    story=(
        Sentence(
            (
                "{name}'s ferry takes {morning} passengers across the {water} in the morning and {times} as many in the afternoon.",
                "In the morning {name} takes {morning} passengers across the {water} on {their} ferry, and in the afternoon {times} as many.",
            )
        ),
        Sentence(
            (
                "Among all the passengers of the day there are {children} small children, who travel free.",
                "Small children travel free, and {children} of the day's passengers are small children.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "A ticket costs {fare}, and {name} spends {fuel} on fuel that day.",
                "{They} sells the tickets at {fare} each, and the fuel for the day costs {fuel}.",
            )
        ),
        Sentence(
            (
                "Passengers who bring a bicycle pay an extra fee, which adds up to {bikes} that day.",
                "On top of the tickets, the fees for bicycles bring {them} {bikes} that day.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "afternoon",
            "morning * times",
            "passengers in the afternoon",
            ("How many passengers does the ferry carry in the afternoon?",),
        ),
        Fact(
            "passengers",
            "morning + afternoon",
            "passengers in the whole day",
            ("How many passengers does the ferry carry in the whole day?",),
        ),
        Fact(
            "payers",
            "passengers - children",
            "passengers with a ticket",
            ("How many passengers of the day need a ticket?",),
            1,
        ),
        Fact(
            "tickets",
            "payers * fare",
            "dollars from tickets only",
            ("How many dollars do the tickets only bring in?",),
            2,
            whole=False,
        ),
        Fact(
            "takings",
            "passengers * fare",
            "dollars taken in that day",
            (
                "How many dollars does {name} take in that day?",
                "How many dollars does the ferry take in during the day?",
            ),
            whole=False,
            p1="payers * fare",
            p2="tickets + bikes",
        ),
        Fact(
            "profit",
            "takings - fuel",
            "dollars left that day after paying for fuel",
            (
                "How many dollars of the money taken in that day are left after paying for the fuel?",
            ),
            whole=False,
        ),
        Fact(
            "town_share",
            "takings / 4",
            "dollars of the money taken in for the town",
            (
                "If a quarter of all the money taken in that day goes to the town, how many dollars does the town get?",
            ),
            whole=False,
        ),
        Fact(
            "ten_days",
            "takings * 10",
            "dollars taken in on ten days like this",
            ("How many dollars are taken in on ten days like this one?",),
            whole=False,
        ),
        Fact(
            "last_year",
            "takings - 12",
            "dollars taken in on the same day last year",
            (
                "If the ferry took in $12 less on the same day last year, how many dollars was that?",
            ),
            whole=False,
        ),
        Fact(
            "gap",
            "afternoon - morning",
            "more passengers in the afternoon than in the morning",
            (
                "How many more passengers does the ferry carry in the afternoon than in the morning?",
            ),
        ),
        Fact(
            "week",
            "passengers * 7",
            "passengers in a week of such days",
            ("How many passengers does the ferry carry in a week of seven such days?",),
        ),
        Fact(
            "per_crossing",
            "passengers / 10",
            "passengers on an average crossing",
            (
                "If the ferry makes ten crossings that day, how many passengers are on an average crossing?",
            ),
            whole=False,
        ),
        Fact(
            "morning_value",
            "morning * fare",
            "dollars if all the morning passengers had a ticket",
            (
                "If each of the morning passengers had a ticket, how many dollars would these tickets cost together?",
            ),
            whole=False,
        ),
        Fact(
            "fuel_week",
            "fuel * 7",
            "dollars the fuel for a week costs",
            ("How many dollars does the fuel for a week of seven such days cost?",),
            whole=False,
        ),
        Fact(
            "empty",
            "120 - passengers",
            "empty places in the day",
            ("If the ferry has 120 places in the whole day, how many of these places stay empty?",),
        ),
    ),
)

RAIN_TANK: Final = Family(
    name="rain_tank",
    slots={
        "start": Int(40, 120, 10),
        "rate": Int(5, 12),
        "time": Minutes(10, 30, 5),
        "leak": Int(2, 4),
        "buckets": Int(4, 10),
        "bucket": Int(5, 12),
        "job": Word(("wash the car", "scrub the terrace", "rinse the boat", "clean the stable")),
    },
    story=(
        Sentence(
            (
                "There are {start} litres of rainwater in {name}'s tank when a storm begins.",
                "When a storm begins, {name} has {start} litres of rainwater in a tank behind the house.",
            )
        ),
        Sentence(
            (
                "Water runs in from the roof at {rate} litres a minute for {time}.",
                "For {time} the roof sends {rate} litres of water a minute into the tank.",
            )
        ),
        Sentence(
            (
                "All that time {leak} litres a minute escape through a crack in the pipe before they reach the tank.",
                "But the pipe is cracked, so {leak} litres of it are lost every minute and never reach the tank.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "After the storm {they} takes out {buckets} buckets of {bucket} litres each to {job}.",
                "To {job} after the storm, {name} draws {buckets} buckets from the tank, each with {bucket} litres.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "net",
            "rate - leak",
            "litres that reach the tank in a minute",
            ("How many litres really reach the tank each minute?",),
            1,
            whole=False,
        ),
        Fact(
            "added",
            "rate * time",
            "litres the storm adds to the tank",
            ("How many litres does the storm add to the tank?",),
            whole=False,
            p1="net * time",
        ),
        Fact(
            "after_storm",
            "start + added",
            "litres in the tank right after the storm",
            (
                "How many litres are in the tank right after the storm, before any bucket is filled?",
            ),
            2,
            whole=False,
        ),
        Fact(
            "used",
            "buckets * bucket",
            "litres taken out in buckets",
            ("How many litres does {name} take out in buckets?",),
            2,
            False,
        ),
        Fact(
            "now",
            "start + added",
            "litres in the tank at the end",
            (
                "How many litres are in the tank at the end?",
                "How many litres of water does {name}'s tank hold in the end?",
            ),
            whole=False,
            p2="after_storm - used",
        ),
        Fact(
            "free",
            "600 - now",
            "litres of room in the tank at the end",
            (
                "If the tank can hold 600 litres, for how many more litres is there room at the end?",
            ),
            whole=False,
        ),
        Fact(
            "days",
            "now / 10",
            "days the water in the tank lasts",
            (
                "If the family uses 10 litres a day from then on, for how many days does the water in the tank last?",
            ),
            whole=False,
        ),
        Fact(
            "pumping",
            "now / 20",
            "minutes to pump the tank empty",
            (
                "If a pump takes out 20 litres a minute, how many minutes does it take to pump the tank empty at the end?",
            ),
            whole=False,
        ),
        Fact(
            "half",
            "now / 2",
            "litres in each of two equal tanks",
            (
                "If the water in the tank at the end is shared equally between two smaller tanks, how many litres does each get?",
            ),
            whole=False,
        ),
        Fact(
            "next_rain",
            "now + 60",
            "litres in the tank after the next shower",
            ("If the next shower brings 60 litres, how many litres are in the tank after it?",),
            whole=False,
        ),
        Fact(
            "evaporated",
            "now - 15",
            "litres left in the tank when some evaporate",
            ("If 15 litres then evaporate, how many litres are left in the tank?",),
            whole=False,
        ),
        Fact(
            "ten_minutes",
            "rate * 10",
            "litres the storm adds in ten minutes",
            ("How many litres does the storm add to the tank in ten minutes?",),
            whole=False,
            p1="net * 10",
        ),
        Fact(
            "hour",
            "rate * 60",
            "litres off the roof in an hour",
            ("If it rained like this for an hour, how many litres would run off the roof?",),
            whole=False,
        ),
        Fact(
            "gap",
            "added - start",
            "litres more added than in the tank at first",
            ("How many litres more does the storm add than were in the tank at first?",),
            whole=False,
        ),
        Fact(
            "two_storms",
            "added * 2",
            "litres two such storms add",
            ("How many litres do two such storms add to the tank?",),
            whole=False,
        ),
        Fact(
            "value",
            "added * 0.01",
            "dollars the added water is worth",
            (
                "If a litre from the tap costs $0.01, how many dollars is the water that the storm adds worth?",
            ),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (FERRY, RAIN_TANK)
