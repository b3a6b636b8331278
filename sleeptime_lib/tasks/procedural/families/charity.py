"""Families about sponsored sport and an animal shelter."""

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

SPONSORED_SWIM: Final = Family(
    name="sponsored_swim",
    slots={
        "lengths": Int(10, 24, 2),
        "pool": Int(20, 50, 5),
        "sponsors": Int(5, 10),
        "rate": Money("0.50", "2", "0.50"),
        "dropped": Int(2, 3),
        "percent": Percent(10, 50, 10),
        "cause": Word(("a children's hospital", "a lifeboat station", "a new youth club")),
        "firm": Word(("dairy", "bank", "bookshop", "newspaper")),
    },
    story=(
        Sentence(
            (
                "{name} swims {lengths} lengths of a {pool}-metre pool to raise money for {cause}.",
                "To help {cause}, {name} swims {lengths} lengths in a pool that is {pool} metres long.",
                "At a sponsored swim for {cause}, {name} manages {lengths} lengths of the {pool}-metre pool.",
            )
        ),
        Sentence(
            (
                "{They} has {sponsors} sponsors, and each of them promises {rate} for every length.",
                "For every length, each of {their} {sponsors} sponsors promises {rate}.",
            )
        ),
        Sentence(
            (
                "Sadly {dropped} of the sponsors forget their promise and give nothing.",
                "In the end {dropped} sponsors do not pay.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "A local {firm} then adds {percent} of what the sponsors have paid.",
                "On top of the sponsors' money, a local {firm} gives a further {percent} of that amount.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "metres",
            "lengths * pool",
            "metres {name} swims",
            ("How many metres does {name} swim?",),
        ),
        Fact(
            "each_gives",
            "lengths * rate",
            "dollars from one sponsor who pays",
            ("How many dollars does one sponsor who keeps the promise pay?",),
            whole=False,
        ),
        Fact(
            "payers",
            "sponsors - dropped",
            "sponsors who pay",
            ("How many sponsors keep their promise?",),
            1,
        ),
        Fact(
            "sponsors_money",
            "each_gives * payers",
            "dollars from the sponsors alone",
            ("How many dollars come from the sponsors alone?",),
            2,
            whole=False,
        ),
        Fact(
            "bonus",
            "sponsors_money * percent",
            "dollars from the {firm}",
            ("How many dollars does the {firm} give?",),
            2,
            whole=False,
        ),
        Fact(
            "raised",
            "each_gives * sponsors",
            "dollars raised in all",
            (
                "How many dollars does {name} raise in all?",
                "How many dollars are raised through {name}'s swim altogether?",
            ),
            whole=False,
            p1="each_gives * payers",
            p2="sponsors_money + bonus",
        ),
        Fact(
            "unpaid",
            "each_gives * dropped",
            "promised dollars never paid",
            ("How many promised dollars are never paid?",),
            1,
            whole=False,
        ),
        Fact(
            "missing",
            "600 - raised",
            "dollars missing to a goal of $600",
            ("If the goal is to raise $600, how many dollars are missing?",),
            whole=False,
        ),
        Fact(
            "two_causes",
            "raised / 2",
            "dollars raised for each of 2 good causes",
            (
                "If the money raised is divided equally between 2 good causes, how many dollars does each get?",
            ),
            whole=False,
        ),
        Fact(
            "with_cakes",
            "raised + 45",
            "dollars raised with a raffle of $45",
            (
                "If a raffle brings in $45 as well, how many dollars are raised by swim and raffle together?",
            ),
            whole=False,
        ),
        Fact(
            "three_years",
            "raised * 3",
            "dollars raised in 3 such years",
            ("If {name} raised as much in each of 3 years, how many dollars would that be?",),
            whole=False,
        ),
        Fact("more_lengths", "lengths + 5", "lengths with 5 more"),
        Fact(
            "longer_swim",
            "more_lengths * pool",
            "metres with 5 more lengths",
            ("If {name} swam 5 lengths more, how many metres would that be in all?",),
        ),
        Fact(
            "more_each",
            "more_lengths * rate",
            "dollars from one sponsor for 5 more lengths",
            (
                "If {name} swam 5 lengths more, how many dollars would a sponsor who keeps the promise pay?",
            ),
            whole=False,
        ),
        Fact(
            "to_two_km",
            "2000 - metres",
            "more metres to reach 2,000 metres",
            ("How many metres more would {name} have to swim to reach 2,000 metres?",),
        ),
        Fact(
            "seconds",
            "lengths * 40",
            "seconds {name} swims at 40 seconds a length",
            ("If a length takes 40 seconds, how many seconds does {name} swim?",),
            whole=False,
        ),
        Fact(
            "half_way",
            "metres / 2",
            "metres at the half-way mark",
            ("How many metres has {name} swum at the half-way mark?",),
            whole=False,
        ),
    ),
)


ANIMAL_SHELTER: Final = Family(
    name="animal_shelter",
    slots={
        "dogs": Int(4, 9),
        "cats": Int(6, 12),
        "dog_scoops": Int(4, 6),
        "cat_scoops": Int(2, 3),
        "new_dogs": Int(2, 4),
        "adopted": Int(2, 4),
        "place": Word(
            ("an animal shelter", "a home for lost pets", "a small animal rescue centre")
        ),
    },
    story=(
        Sentence(
            (
                "{name} looks after {dogs} dogs and {cats} cats at {place}.",
                "At {place}, {name} takes care of {dogs} dogs and {cats} cats.",
                "There are {dogs} dogs and {cats} cats at {place} where {name} is the keeper.",
            )
        ),
        Sentence(
            (
                "Every day {they} gives each dog {dog_scoops} scoops of food and each cat {cat_scoops} scoops.",
                "A dog gets {dog_scoops} scoops of food a day, and a cat gets {cat_scoops} scoops.",
            )
        ),
        Sentence(
            (
                "Today {new_dogs} more dogs are brought in, and they stay.",
                "This morning the police bring {new_dogs} more dogs.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "Also today, {adopted} of the cats move out to new families.",
                "On the same day {adopted} of the cats find a new home and leave.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "dogs_now",
            "dogs + new_dogs",
            "dogs at the shelter now",
            ("How many dogs does {name} look after now?",),
            1,
        ),
        Fact(
            "dog_food",
            "dogs * dog_scoops",
            "scoops for the dogs in a day",
            ("How many scoops of food do the dogs together get in a day now?",),
            p1="dogs_now * dog_scoops",
        ),
        Fact(
            "cats_now",
            "cats - adopted",
            "cats at the shelter now",
            ("How many cats does {name} look after now?",),
            2,
        ),
        Fact(
            "cat_food",
            "cats * cat_scoops",
            "scoops for the cats in a day",
            ("How many scoops of food do the cats together get in a day now?",),
            p2="cats_now * cat_scoops",
        ),
        Fact(
            "animals",
            "dogs + cats",
            "animals to look after",
            (
                "How many animals does {name} look after now?",
                "How many dogs and cats together does {name} look after now?",
            ),
            p1="dogs_now + cats",
            p2="dogs_now + cats_now",
        ),
        Fact(
            "daily",
            "dog_food + cat_food",
            "scoops of food in a day for all animals",
            (
                "How many scoops of food does {name} give to all the animals in a day now?",
                "How many scoops of food a day do all the animals get now?",
            ),
        ),
        Fact(
            "arrivals_food",
            "new_dogs * dog_scoops",
            "scoops a day for the new dogs",
            ("How many scoops of food a day do the new dogs get?",),
            1,
        ),
        Fact(
            "week",
            "daily * 7",
            "scoops of food in 7 days for all animals",
            (
                "If the number of animals stays as it is now, how many scoops of food do they all get in 7 days?",
            ),
        ),
        Fact(
            "sack",
            "250 - daily",
            "scoops left in a sack after a day",
            (
                "If a sack holds 250 scoops, how many scoops are left in it after all the animals have been fed for one day?",
            ),
        ),
        Fact(
            "meal",
            "daily / 2",
            "scoops for all animals at each of 2 meals",
            (
                "If all the animals get their food in 2 equal meals, how many scoops does {name} give out at a meal now?",
            ),
            whole=False,
        ),
        Fact(
            "food_cost",
            "daily * 0.5",
            "dollars for a day's food",
            (
                "If a scoop of food costs $0.50, how many dollars does a day's food for all the animals cost now?",
            ),
            whole=False,
        ),
        Fact(
            "blankets",
            "animals * 2",
            "blankets for the animals",
            ("If each animal needs 2 blankets, how many blankets are needed now?",),
        ),
        Fact(
            "vet",
            "animals * 10",
            "minutes for the vet to see all animals",
            (
                "If the vet needs 10 minutes for each animal, how many minutes does it take to see all of them now?",
            ),
            whole=False,
        ),
        Fact(
            "rabbits",
            "animals + 6",
            "animals with 6 rabbits",
            ("If {name} also takes in 6 rabbits, how many animals are there then?",),
        ),
        Fact(
            "full",
            "60 - animals",
            "more animals until the shelter is full",
            ("If there is room for 60 animals, how many more can be taken in?",),
        ),
        Fact(
            "one_dog",
            "dog_scoops * 7",
            "scoops of food in 7 days for a single dog",
            ("How many scoops of food does a single dog get in 7 days?",),
        ),
        Fact(
            "dog_lead",
            "dog_food - cat_food",
            "more scoops for the dogs than for the cats",
            ("How many more scoops of food a day do the dogs get now than the cats?",),
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (SPONSORED_SWIM, ANIMAL_SHELTER)
