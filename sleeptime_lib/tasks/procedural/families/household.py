"""Families about work in the house."""

from __future__ import annotations

from typing import Final

from sleeptime_lib.tasks.procedural.grammar import (
    Clock,
    Fact,
    Family,
    Int,
    Minutes,
    Money,
    Sentence,
    Word,
)

PAINTING_ROOMS: Final = Family(
    name="painting_rooms",
    slots={
        "rooms": Int(2, 5),
        "wall": Int(20, 40, 10),
        "cover": Int(5, 10),
        "price": Money("3", "8"),
        "open": Int(10, 20, 5),
        "old": Int(2, 6),
        "colour": Word(("white", "yellow", "pale blue", "light green")),
    },
    story=(
        Sentence(
            (
                "{name} is going to paint {rooms} rooms {colour}, and each room has {wall} square metres of wall.",
                "In {name}'s new flat {rooms} rooms are to be painted {colour}, each with {wall} square metres of wall.",
            )
        ),
        Sentence(
            (
                "Doors and windows take up {open} square metres of that in all and get no paint.",
                "Of all this wall, {open} square metres are covered with tiles and stay as they are.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "A litre of paint is enough for {cover} square metres and costs {price}.",
                "With one litre of paint, which costs {price}, {they} can cover {cover} square metres.",
            )
        ),
        Sentence(
            (
                "In the cellar {they} finds {old} litres of the very same paint, which {they} uses up first.",
                "A neighbour gives {them} {old} litres of the same paint for nothing, so {they} buys that much less.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "walls",
            "rooms * wall",
            "square metres of wall in all the rooms",
            ("How many square metres of wall are there in all the rooms, painted or not?",),
            1,
        ),
        Fact(
            "area",
            "rooms * wall",
            "square metres to paint in all",
            (
                "How many square metres does {name} have to paint?",
                "How many square metres are there to paint in all?",
            ),
            p1="walls - open",
        ),
        Fact(
            "litres",
            "area / cover",
            "litres of paint needed for all the rooms",
            ("How many litres of paint are needed for all the rooms?",),
            whole=False,
        ),
        Fact(
            "bought",
            "litres - old",
            "litres of paint to buy",
            ("How many litres of paint does {name} have to buy?",),
            2,
            whole=False,
        ),
        Fact(
            "cost",
            "litres * price",
            "dollars {name} has to spend on paint",
            (
                "How many dollars does {name} spend on paint?",
                "How many dollars does {name} have to spend on paint?",
            ),
            whole=False,
            p2="bought * price",
        ),
        Fact(
            "with_brushes",
            "cost + 12",
            "dollars for paint and brushes",
            (
                "If {name} also buys brushes for $12, how many dollars do paint and brushes cost {them} together?",
            ),
            whole=False,
        ),
        Fact(
            "shared",
            "cost / 2",
            "dollars the flatmate pays for paint",
            (
                "If a flatmate pays half of what {name} spends on paint, how many dollars does the flatmate pay?",
            ),
            whole=False,
        ),
        Fact(
            "change",
            "400 - cost",
            "dollars of the painting budget left over",
            (
                "Of $400 put aside for the painting, how many dollars are left over when the paint is paid for?",
            ),
            whole=False,
        ),
        Fact(
            "voucher",
            "cost - 10",
            "dollars {name} has to spend on paint with a voucher",
            ("With a voucher for $10, how many dollars does {name} have to spend on paint?",),
            whole=False,
        ),
        Fact(
            "minutes",
            "area * 3",
            "minutes all the painting takes",
            (
                "If it takes 3 minutes to paint a square metre, how many minutes does all the painting take?",
            ),
            whole=False,
        ),
        Fact(
            "two_coats",
            "litres * 2",
            "litres of paint needed for two coats",
            ("If all the rooms get two coats, how many litres of paint are needed for them?",),
            whole=False,
        ),
        Fact(
            "painter",
            "area * 4",
            "dollars a painter would ask",
            (
                "If a painter asks $4 for every square metre that is painted, how many dollars would {name} pay the painter?",
            ),
            whole=False,
        ),
        Fact(
            "room_litres",
            "wall / cover",
            "litres enough for one room painted all over",
            (
                "How many litres of paint are enough for one room painted all over, {wall} square metres?",
            ),
            whole=False,
        ),
        Fact(
            "room_cost",
            "room_litres * price",
            "dollars in the shop for one room painted all over",
            (
                "How many dollars does the paint for one room painted all over, {wall} square metres, cost in the shop?",
            ),
            whole=False,
        ),
        Fact(
            "hall",
            "area + 15",
            "square metres to paint with the hall",
            (
                "If a hall with 15 square metres to paint is added, how many square metres does {name} have to paint in all?",
            ),
        ),
    ),
)

IRONING_DAY: Final = Family(
    name="ironing_day",
    slots={
        "pieces": Int(6, 14),
        "each": Int(3, 6),
        "kitchen": Minutes(20, 50, 5),
        "begin": Clock("1:00 pm", "2:30 pm", 15),
        "film": Clock("4:30 pm", "5:45 pm", 15),
        "pause": Minutes(10, 30, 5),
        "helped": Int(2, 4),
        "item": Word(("shirts", "blouses", "tablecloths", "dresses")),
    },
    story=(
        Sentence(
            (
                "{name} has {pieces} {item} to iron and needs {each} minutes for each piece.",
                "On {name}'s ironing pile are {pieces} {item}, and each piece takes {them} {each} minutes.",
            )
        ),
        Sentence(
            (
                "A brother of {name}'s takes {helped} of the {item} off the pile and irons them in another room.",
                "Fortunately {helped} of the {item} are ironed by a flatmate of {name}'s in another room.",
            ),
            clause=2,
        ),
        Sentence(
            (
                "When the ironing is done, {they} cleans the kitchen, which takes {kitchen}.",
                "After the ironing {they} spends {kitchen} on cleaning the kitchen.",
            )
        ),
        Sentence(
            (
                "Between the two jobs {name} rests for {pause}.",
                "Before {they} turns to the kitchen, {name} has a rest of {pause}.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "{They} starts at {begin}, and at {film} a film begins that {they} wants to see.",
                "It is {begin} when {they} starts, and {their} favourite film begins at {film}.",
            )
        ),
    ),
    facts=(
        Fact(
            "own",
            "pieces - helped",
            "{item} that {name} irons",
            ("How many of the {item} does {name} iron?",),
            2,
        ),
        Fact(
            "ironing",
            "pieces * each",
            "minutes {name} has to spend ironing",
            ("How many minutes does {name} spend ironing?",),
            whole=False,
            p2="own * each",
        ),
        Fact(
            "work",
            "ironing + kitchen",
            "minutes of work without the rest",
            ("How many minutes does {name} work, not counting the rest?",),
            1,
            whole=False,
        ),
        Fact(
            "total",
            "ironing + kitchen",
            "minutes from the start until everything is done",
            (
                "How many minutes after the start is everything done?",
                "How many minutes does {name} need from the start until everything is done?",
            ),
            whole=False,
            p1="work + pause",
        ),
        Fact(
            "window",
            "film - begin",
            "minutes between the start and the film",
            ("How many minutes are there between {name}'s start and the film?",),
            whole=False,
        ),
        Fact(
            "spare",
            "window - total",
            "minutes free before the film",
            ("How many minutes are free before the film, once everything is done?",),
            whole=False,
        ),
        Fact(
            "four_weeks",
            "total * 4",
            "minutes for all of this on four afternoons",
            (
                "If {name} goes through all of this on four afternoons, how many minutes is that in all?",
            ),
            whole=False,
        ),
        Fact(
            "half",
            "total / 2",
            "minutes until done if everything took half as long",
            (
                "If everything took only half as long, how many minutes after the start would it be done?",
            ),
            whole=False,
        ),
        Fact(
            "with_shopping",
            "total + 25",
            "minutes from the start until the shopping is done",
            (
                "If {name} then goes shopping for 25 minutes, how many minutes after the start is the shopping done?",
            ),
            whole=False,
        ),
        Fact(
            "one_more",
            "ironing + each",
            "minutes to spend ironing with one more piece",
            ("If {name} had one more piece to iron, how many minutes would {they} spend ironing?",),
            whole=False,
        ),
        Fact(
            "gap",
            "ironing - kitchen",
            "minutes more to spend ironing than cleaning the kitchen",
            ("How many minutes more does {name} spend ironing than cleaning the kitchen?",),
            whole=False,
        ),
        Fact(
            "songs",
            "ironing / 3",
            "songs {name} listens to while ironing",
            (
                "If {name} listens to songs of 3 minutes each while ironing, how many songs is that?",
            ),
        ),
        Fact(
            "kitchen_month",
            "kitchen * 4",
            "minutes of cleaning the kitchen in a month",
            (
                "If {name} cleans the kitchen like this 4 times a month, how many minutes a month is that?",
            ),
            whole=False,
        ),
        Fact(
            "later",
            "window + 20",
            "minutes between the start and the delayed film",
            (
                "If the film is delayed by 20 minutes, how many minutes are there between {name}'s start and the delayed film?",
            ),
            whole=False,
        ),
        Fact(
            "all_value",
            "pieces * 2",
            "dollars a laundry would ask",
            (
                "If a laundry asks $2 for a piece, how many dollars would it have cost to have all the {item} ironed there?",
            ),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (PAINTING_ROOMS, IRONING_DAY)
