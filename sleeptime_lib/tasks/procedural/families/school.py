"""Families about classrooms and marking."""

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

CLASS_SUPPLIES: Final = Family(
    name="class_supplies",
    slots={
        "packs": Int(4, 9),
        "per_pack": Int(6, 12, 2),
        "children": Int(5, 10),
        "each": Int(2, 3),
        "price": Money("2", "5", "0.50"),
        "broken": Int(2, 6),
        "share": Share(("1/2", "1/3", "1/4")),
        "item": Word(("pencils", "crayons", "markers", "paintbrushes")),
    },
    story=(
        Sentence(
            (
                "{name} buys {packs} packs of {item} for {their} class, with {per_pack} {item} in each pack.",
                "{name}, who teaches a small class, orders {packs} packs of {per_pack} {item} each.",
                "For a new school year {name} gets {packs} packs of {item}, and every pack holds {per_pack}.",
            )
        ),
        Sentence(
            (
                "A pack costs {price}, and each of the {children} children is given {each} {item}.",
                "The price of a pack is {price}, and every one of the {children} children in the class gets {each} {item}.",
            )
        ),
        Sentence(
            (
                "Before they are handed out, {broken} of the {item} turn out to be broken and are thrown away.",
                "While unpacking, {name} finds that {broken} of the {item} are broken and throws them out.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "After the lesson {name} keeps {share} of the {item} left over and gives the rest to the class next door.",
                "Of the {item} that have not been handed out, {name} keeps {share}, and the class next door gets the rest.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "bought",
            "packs * per_pack",
            "{item} bought in the packs",
            ("How many {item} does {name} buy?", "How many {item} are in the packs together?"),
        ),
        Fact(
            "cost",
            "packs * price",
            "dollars for the packs",
            ("How many dollars do the packs cost in all?",),
            whole=False,
        ),
        Fact(
            "given",
            "children * each",
            "{item} handed out to the children",
            ("How many {item} are handed out to the children in all?",),
        ),
        Fact(
            "usable",
            "bought - broken",
            "{item} not broken",
            ("How many of the {item} that {name} bought are not broken?",),
            1,
        ),
        Fact(
            "spare",
            "usable - given",
            "{item} left over before any go next door",
            ("How many {item} are left over before {name} gives any to the class next door?",),
            2,
        ),
        Fact(
            "left",
            "bought - given",
            "{item} still left at the end",
            (
                "How many {item} does {name} still have at the end?",
                "At the end, how many {item} are left with {name}?",
            ),
            p1="usable - given",
            p2="spare * share",
        ),
        Fact(
            "next_door",
            "spare - left",
            "{item} for the class next door",
            ("How many {item} does the class next door get?",),
            2,
        ),
        Fact(
            "gone",
            "bought - left",
            "bought {item} that are gone at the end",
            (
                "How many of the {item} that {name} bought are no longer with {them} at the end?",
                "Of the {item} bought, how many are gone at the end?",
            ),
            1,
        ),
        Fact(
            "change",
            "50 - cost",
            "dollars of change from $50",
            ("If {name} pays for the packs with $50, how many dollars of change does {they} get?",),
            whole=False,
        ),
        Fact(
            "unit_price",
            "price / per_pack",
            "dollars for one of the {item}",
            ("How many dollars does one of the {item} cost?",),
            whole=False,
        ),
        Fact(
            "school_pays",
            "cost / 2",
            "dollars paid by the school for half of the packs' cost",
            ("If the school pays half of the cost of the packs, how many dollars does it pay?",),
            whole=False,
        ),
        Fact(
            "three_terms",
            "cost * 3",
            "dollars for the same packs in 3 terms",
            (
                "If {name} buys the same packs in each of 3 terms, how many dollars does {they} spend?",
            ),
            whole=False,
        ),
        Fact("bigger_class", "children + 3", "children with 3 more in the class"),
        Fact(
            "given_bigger",
            "bigger_class * each",
            "{item} handed out with 3 more children",
            ("If 3 more children joined the class, how many {item} would be handed out?",),
        ),
        Fact(
            "four_weeks",
            "given * 4",
            "{item} handed out in 4 weeks",
            (
                "If the children get the same number of {item} every week, how many {item} are handed out in 4 weeks?",
            ),
        ),
        Fact(
            "twice_packs",
            "bought * 2",
            "{item} in twice as many packs",
            ("If {name} bought twice as many packs, how many {item} would be in them?",),
        ),
        Fact(
            "with_new",
            "left + 20",
            "{item} at the end with 20 new ones",
            (
                "If 20 new {item} are put with those {name} still has at the end, how many {item} is that?",
            ),
        ),
        Fact(
            "drawers",
            "left / 2",
            "{item} at the end in each of 2 drawers",
            (
                "If the {item} that {name} still has at the end go into 2 drawers in equal numbers, how many are in each drawer?",
            ),
        ),
    ),
)


MARKING: Final = Family(
    name="marking",
    slots={
        "classes": Int(2, 4),
        "per_class": Int(10, 20, 2),
        "minutes": Int(3, 6),
        "done": Int(10, 24, 2),
        "missing": Int(2, 6),
        "share": Share(("1/2", "1/3", "1/4", "2/3")),
        "paper": Word(("test", "report", "worksheet", "dictation")),
    },
    story=(
        Sentence(
            (
                "{name} teaches {classes} classes of {per_class} pupils, and every pupil writes one {paper}.",
                "{name} has {classes} classes with {per_class} pupils in each, and all of them write a {paper}.",
                "In each of {name}'s {classes} classes there are {per_class} pupils, and every one of them writes a {paper}.",
            )
        ),
        Sentence(
            (
                "Marking one {paper} takes {them} {minutes} minutes, and on Saturday {they} marks {done} of them.",
                "It takes {them} {minutes} minutes to mark one {paper}, and on Saturday {they} gets through {done} of them.",
            )
        ),
        Sentence(
            (
                "It turns out that {missing} pupils were ill and did not write the {paper} at all.",
                "In fact {missing} of the pupils were absent and wrote no {paper}.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "On Sunday a colleague helps and marks {share} of the {paper}s that are still unmarked.",
                "A colleague then offers to mark {share} of the {paper}s that remain, and does so.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "pupils",
            "classes * per_class",
            "pupils in the classes",
            ("How many pupils are in {name}'s classes together?",),
            1,
        ),
        Fact(
            "papers",
            "classes * per_class",
            "{paper}s written",
            ("How many {paper}s were written in all?",),
            p1="pupils - missing",
        ),
        Fact(
            "unmarked",
            "papers - done",
            "{paper}s unmarked before the colleague helped",
            ("How many {paper}s were unmarked before the colleague helped?",),
            2,
        ),
        Fact(
            "colleague",
            "unmarked * share",
            "{paper}s marked by the colleague",
            ("How many {paper}s does the colleague mark?",),
            2,
        ),
        Fact(
            "left",
            "papers - done",
            "{paper}s still left to mark",
            (
                "How many {paper}s does {name} still have to mark?",
                "How many {paper}s are still left for {name} to mark?",
            ),
            p2="unmarked - colleague",
        ),
        Fact(
            "own",
            "papers - colleague",
            "{paper}s marked by {name} in all",
            ("Counting Saturday's, how many {paper}s does {name} mark in all?",),
            2,
        ),
        Fact(
            "left_minutes",
            "left * minutes",
            "minutes to mark the {paper}s still left",
            ("How many minutes does {name} need to mark the {paper}s that {they} still has left?",),
            whole=False,
        ),
        Fact(
            "saturday_minutes",
            "done * minutes",
            "minutes of marking this Saturday",
            ("How many minutes does {name} spend on marking this Saturday?",),
            whole=False,
        ),
        Fact(
            "all_minutes",
            "papers * minutes",
            "minutes to mark all the {paper}s alone",
            ("How many minutes would {name} need to mark all the {paper}s alone?",),
            whole=False,
        ),
        Fact(
            "per_hour",
            "60 / minutes",
            "{paper}s marked in an hour",
            ("How many {paper}s can {name} mark in one hour?",),
        ),
        Fact(
            "pay",
            "papers * 2",
            "dollars at $2 for every {paper}",
            (
                "If the school pays $2 for marking each {paper} that was written, how many dollars does it pay?",
            ),
            whole=False,
        ),
        Fact("longer", "minutes + 2", "minutes for one {paper} that takes 2 minutes longer"),
        Fact(
            "slow_saturday",
            "done * longer",
            "minutes on Saturday at 2 minutes longer",
            (
                "If each {paper} had taken 2 minutes longer, how many minutes of marking would {name} have done on Saturday?",
            ),
            whole=False,
        ),
        Fact(
            "left_pages",
            "left * 4",
            "pages still left to mark",
            (
                "If every {paper} is 4 pages long, how many pages does {name} still have left to mark?",
            ),
        ),
        Fact(
            "with_breaks",
            "left_minutes + 30",
            "minutes for the rest with breaks",
            (
                "If {name} adds breaks of 30 minutes in all while marking the rest of {their} {paper}s, how many minutes does that take?",
            ),
            whole=False,
        ),
        Fact(
            "three_days",
            "done * 3",
            "{paper}s marked on 3 days like this Saturday",
            ("How many {paper}s would {name} mark on 3 days like this Saturday?",),
        ),
        Fact(
            "two_evenings",
            "left / 2",
            "{paper}s still left for each of 2 evenings",
            (
                "If {name} spreads the {paper}s that {they} still has left evenly over 2 evenings, how many does {they} mark each evening?",
            ),
        ),
        Fact(
            "ahead",
            "left - done",
            "more {paper}s left than marked on Saturday",
            (
                "How many more {paper}s does {name} still have left to mark than {they} marked on Saturday?",
            ),
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (CLASS_SUPPLIES, MARKING)
