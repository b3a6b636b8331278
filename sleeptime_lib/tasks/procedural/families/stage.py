"""Families about the theatre and music."""

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

THEATRE: Final = Family(
    name="theatre",
    slots={
        "rows": Int(5, 8),
        "per_row": Int(6, 12, 2),
        "sold": Int(16, 30, 2),
        "price": Money("6", "10"),
        "returned": Int(2, 8),
        "group": Int(4, 12),
        "reduced": Money("3", "5"),
        "show": Word(("comedy", "puppet play", "musical", "crime play")),
    },
    story=(
        Sentence(
            (
                "{name} sells tickets for a {show} in a small theatre that has {rows} rows of {per_row} seats.",
                "In a small theatre with {rows} rows of {per_row} seats each, {name} is in charge of the tickets for a {show}.",
                "A {show} is on at a small theatre of {rows} rows with {per_row} seats in each, and {name} sells the tickets.",
            )
        ),
        Sentence(
            (
                "In advance {they} sells {sold} tickets at {price} each.",
                "By the evening {they} has sold {sold} tickets for {price} each.",
            )
        ),
        Sentence(
            (
                "Then {returned} of the tickets are given back, and {they} returns the money for them.",
                "But {returned} of these tickets are handed back, and their price is refunded.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "Just before the show begins, {group} students buy tickets at a reduced price of {reduced} each.",
                "At the last minute a group of {group} students comes in and pays {reduced} a head.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "seats",
            "rows * per_row",
            "seats in the theatre",
            ("How many seats does the theatre have?",),
        ),
        Fact(
            "kept",
            "sold - returned",
            "tickets sold in advance and kept",
            ("How many of the tickets sold in advance are not handed back?",),
            1,
        ),
        Fact(
            "refund",
            "returned * price",
            "dollars refunded",
            ("How many dollars are refunded?",),
            1,
            whole=False,
        ),
        Fact(
            "audience",
            "kept + group",
            "people in the audience",
            ("How many people are in the audience?",),
            2,
        ),
        Fact(
            "empty",
            "seats - sold",
            "seats that stay empty",
            ("How many seats are empty when the show begins?", "How many seats stay empty?"),
            p1="seats - kept",
            p2="seats - audience",
        ),
        Fact(
            "full_price",
            "kept * price",
            "dollars from tickets at the full price",
            ("How many dollars come from the tickets at the full price?",),
            2,
            whole=False,
        ),
        Fact(
            "group_money",
            "group * reduced",
            "dollars from the students",
            ("How many dollars do the students pay?",),
            2,
            whole=False,
        ),
        Fact(
            "income",
            "sold * price",
            "dollars of ticket money the theatre keeps in the end",
            (
                "How many dollars from tickets does the theatre have when the show begins?",
                "How many dollars of ticket money does the theatre keep in the end?",
            ),
            whole=False,
            p1="kept * price",
            p2="full_price + group_money",
        ),
        Fact(
            "sold_out",
            "seats * price",
            "dollars from a full house",
            ("If every seat were taken at {price}, how many dollars would the full house bring?",),
            whole=False,
        ),
        Fact(
            "actors",
            "income / 2",
            "dollars for the actors, half of the ticket money",
            ("If the actors get half of the ticket money, how many dollars is that?",),
            whole=False,
        ),
        Fact(
            "hall",
            "income - 50",
            "dollars of ticket money left after the lighting",
            ("If $50 of the ticket money goes on lighting, how many dollars of it are left?",),
            whole=False,
        ),
        Fact(
            "two_shows",
            "income * 2",
            "dollars from 2 shows with the same ticket sales",
            ("How many dollars would 2 shows with the same ticket sales bring in?",),
            whole=False,
        ),
        Fact(
            "school_class",
            "empty - 8",
            "seats that stay empty if 8 friends come",
            ("If 8 friends of the actors come in free, how many seats stay empty then?",),
        ),
        Fact(
            "half_empty",
            "seats / 2",
            "seats in half of the theatre",
            ("How many seats would be taken if the theatre were exactly half full?",),
        ),
        Fact("longer_row", "per_row + 2", "seats in a row with 2 more"),
        Fact(
            "rebuilt",
            "rows * longer_row",
            "seats with 2 more in each row",
            ("If each row had 2 seats more, how many seats would the theatre have?",),
        ),
        Fact(
            "chairs",
            "empty / 2",
            "empty seats on each side of the aisle",
            (
                "If equally many seats stay empty left and right of the aisle, how many is that on either side?",
            ),
        ),
    ),
)


MUSIC_PRACTICE: Final = Family(
    name="music_practice",
    slots={
        "minutes": Int(15, 40, 5),
        "days": Int(2, 4),
        "lesson": Minutes(30, 60, 15),
        "fee": Money("15", "30", "5"),
        "k": Times(3),
        "band": Minutes(45, 120, 15),
        "instrument": Word(("piano", "violin", "trumpet", "cello", "guitar")),
    },
    story=(
        Sentence(
            (
                "{name} is learning to play the {instrument} and practises at home for {minutes} minutes on each of {days} weekdays.",
                "On {days} weekdays {name} practises the {instrument} at home, {minutes} minutes each time.",
            )
        ),
        Sentence(
            (
                "Once a week {they} has a lesson of {lesson}, which costs {fee}.",
                "{Their} weekly lesson lasts {lesson} and costs {fee}.",
            )
        ),
        Sentence(
            (
                "On Sunday {they} practises at home {k} as long as on one of those weekdays.",
                "The practice at home on Sunday is {k} as long as on one of those weekdays.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "Every week {they} also plays the {instrument} in a band for {band}.",
                "Besides, {they} plays the {instrument} with a band for {band} every Saturday.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "weekdays",
            "minutes * days",
            "minutes of practice on weekdays",
            ("How many minutes of practice at home fall on weekdays?",),
            1,
            whole=False,
        ),
        Fact(
            "sunday",
            "minutes * k",
            "minutes of practice on Sunday",
            ("How many minutes does {name} practise on Sunday?",),
            1,
            whole=False,
        ),
        Fact(
            "home",
            "minutes * days",
            "minutes of practice at home in a week",
            ("How many minutes a week does {name} practise at home?",),
            whole=False,
            p1="weekdays + sunday",
        ),
        Fact(
            "without_band",
            "home + lesson",
            "minutes of practice and lesson without the band",
            ("How many minutes do lesson and practice at home take without the band?",),
            2,
            whole=False,
        ),
        Fact(
            "total",
            "home + lesson",
            "minutes a week with the {instrument}, at home and elsewhere",
            (
                "How many minutes a week does {name} play the {instrument} in all, at home and elsewhere?",
                "At home and elsewhere, how many minutes does {name} play the {instrument} in a week?",
            ),
            whole=False,
            p2="without_band + band",
        ),
        Fact(
            "home_month",
            "home * 4",
            "minutes of practice at home in 4 weeks",
            ("How many minutes does {name} practise at home in 4 weeks?",),
            whole=False,
        ),
        Fact(
            "extra_weekday",
            "home + minutes",
            "minutes at home with one more weekday",
            (
                "If {name} practised on one more weekday, how many minutes a week would {they} practise at home?",
            ),
            whole=False,
        ),
        Fact(
            "friend",
            "home - 15",
            "minutes at home for a friend who does 15 less",
            (
                "If a friend practises 15 minutes a week less at home than {name}, how many minutes a week does the friend practise at home?",
            ),
            whole=False,
        ),
        Fact(
            "over_lesson",
            "home - lesson",
            "minutes more at home than in the lesson",
            ("How many more minutes a week does {name} practise at home than the lesson takes?",),
            whole=False,
        ),
        Fact(
            "to_ten_hours",
            "600 - total",
            "minutes short of 600 with the {instrument}",
            (
                "How many more minutes a week would {name} have to play the {instrument} to reach 600 minutes in all?",
            ),
            whole=False,
        ),
        Fact(
            "month",
            "total * 4",
            "minutes in 4 weeks with the {instrument}, at home and elsewhere",
            (
                "How many minutes does {name} play the {instrument} in 4 weeks, at home and elsewhere?",
            ),
            whole=False,
        ),
        Fact(
            "holiday",
            "total / 2",
            "minutes with the {instrument} in a holiday week, half as long",
            (
                "If {name} plays the {instrument} only half as long in all in a holiday week, how many minutes is that?",
            ),
            whole=False,
        ),
        Fact(
            "listening",
            "total + 20",
            "minutes a week with music, 20 of listening added",
            (
                "If {name} also listens to music for 20 minutes a week, how many minutes do playing and listening take in all?",
            ),
            whole=False,
        ),
        Fact(
            "fees",
            "fee * 4",
            "dollars for 4 lessons",
            ("How many dollars do 4 lessons cost?",),
            whole=False,
        ),
        Fact(
            "fees_and_book",
            "fees + 12",
            "dollars for 4 lessons and a music book",
            (
                "If {name} pays for 4 lessons and a music book of $12, how many dollars is that together?",
            ),
            whole=False,
        ),
        Fact(
            "lesson_month",
            "lesson * 4",
            "minutes of lessons in 4 weeks",
            ("How many minutes of lessons does {name} have in 4 weeks?",),
            whole=False,
        ),
        Fact("longer", "minutes + 10", "minutes on a weekday with 10 more", whole=False),
        Fact(
            "longer_weekdays",
            "longer * days",
            "minutes of practice on the weekdays at 10 minutes longer",
            (
                "If {name} practised 10 minutes longer on each of the weekdays, how many minutes would the practice on weekdays take?",
            ),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (THEATRE, MUSIC_PRACTICE)
