"""Families about games and training."""

from __future__ import annotations

from typing import Final

from sleeptime_lib.tasks.procedural.grammar import (
    Fact,
    Family,
    Int,
    Minutes,
    Sentence,
    Word,
)

TOURNAMENT: Final = Family(
    name="tournament",
    slots={
        "twos": Int(8, 20),
        "threes": Int(5, 10),
        "games": Int(3, 6),
        "other_points": Int(12, 30),
        "free": Int(3, 12),
        "annulled": Int(2, 4),
        "event": Word(("basketball tournament", "basketball league", "basketball cup")),
    },
    story=(
        Sentence(
            (
                "In a {event} {name} scores with {twos} two-point shots and {threes} three-point shots.",
                "{name} plays in a {event}, where {they} makes {twos} two-point shots and {threes} three-point shots.",
                "{name}, who plays in a {event}, hits {twos} two-point shots and {threes} three-point shots.",
            )
        ),
        Sentence(
            (
                "{Their} team plays {games} games, and {other} scores {other_points} points in them.",
                "There are {games} games, in which {their} team mate {other} scores {other_points} points.",
            )
        ),
        Sentence(
            (
                "{name} also scores with {free} free throws, which are worth 1 point each.",
                "On top of that {name} makes {free} free throws for 1 point each.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "After a look at the video, {annulled} of {name}'s three-point shots are not counted at all.",
                "Later the judges decide that {annulled} of the three-point shots by {name} do not count.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "two_points",
            "twos * 2",
            "points from two-point shots",
            ("How many points does {name} get from two-point shots?",),
        ),
        Fact(
            "valid",
            "threes - annulled",
            "three-point shots that count",
            ("How many of {name}'s shots from three-point range count in the end?",),
            2,
        ),
        Fact(
            "three_points",
            "threes * 3",
            "points from three-point shots",
            ("How many points does {name} get from three-point shots?",),
            p2="valid * 3",
        ),
        Fact(
            "shots",
            "twos + threes",
            "two-point and three-point shots that count",
            ("How many of {name}'s two-point and three-point shots count?",),
            p2="twos + valid",
        ),
        Fact(
            "from_shots",
            "two_points + three_points",
            "points without the free throws",
            ("How many points would {name} have without the free throws?",),
            1,
        ),
        Fact(
            "points",
            "two_points + three_points",
            "points {name} scores",
            (
                "How many points does {name} score in all?",
                "What is the total number of points that {name} scores?",
            ),
            p1="from_shots + free",
        ),
        Fact(
            "taken_back",
            "annulled * 3",
            "points {name} loses to the judges",
            ("How many points does {name} lose because of the shots that are not counted?",),
            2,
        ),
        Fact(
            "both",
            "points + other_points",
            "points of {name} and {other} together",
            ("How many points do {name} and {other} score together?",),
        ),
        Fact(
            "ahead",
            "points - other_points",
            "points more than {other}",
            ("How many points more than {other} does {name} score?",),
        ),
        Fact(
            "average",
            "points / games",
            "points {name} scores in each game on average",
            ("How many points does {name} score in each game on average?",),
            whole=False,
        ),
        Fact(
            "record",
            "120 - points",
            "points {name} is short of a record of 120",
            ("If the club record is 120 points, how many points is {name} short of it?",),
        ),
        Fact(
            "sponsor",
            "points * 2",
            "dollars from a sponsor for {name}'s points",
            (
                "If a sponsor gives $2 for every point that {name} scores, how many dollars does the sponsor give?",
            ),
            whole=False,
        ),
        Fact(
            "one_more",
            "points + 3",
            "points {name} scores with another three-point shot",
            (
                "If {name} had made another three-point shot that counts, how many points would {they} have scored?",
            ),
        ),
        Fact(
            "two_minus_three",
            "two_points - three_points",
            "points more from two-point than from three-point shots",
            ("How many more points does {name} get from two-point than from three-point shots?",),
        ),
        Fact(
            "court_time",
            "games * 40",
            "minutes of play",
            ("If every game lasts 40 minutes, how many minutes does the team play in all?",),
            whole=False,
        ),
        Fact("other_twice", "other_points * 2", "points for {other} with twice as many"),
        Fact(
            "other_next",
            "other_twice + 10",
            "points {other} hopes for next year",
            (
                "If {other} hopes to score twice as many points plus 10 next year, how many points is that?",
            ),
        ),
    ),
)


LAP_TRAINING: Final = Family(
    name="lap_training",
    slots={
        "laps": Int(5, 10),
        "track": Int(200, 400, 50),
        "minutes": Int(2, 4),
        "warm_up": Minutes(10, 25),
        "extra": Int(2, 4),
        "breaks": Int(2, 4),
        "rest": Int(2, 6),
        "day": Word(("Saturday", "Tuesday", "Thursday", "Sunday")),
    },
    story=(
        Sentence(
            (
                "On {day} {name} runs {laps} laps on a track that is {track} metres long.",
                "{name} trains on a {track}-metre track and runs {laps} laps on {day}.",
                "This {day} {name} runs {laps} laps of a track that measures {track} metres.",
            )
        ),
        Sentence(
            (
                "{They} needs {minutes} minutes for a lap, and {their} training starts with a warm-up of {warm_up}.",
                "Before that {they} warms up for {warm_up}, and each lap takes {minutes} minutes.",
            )
        ),
        Sentence(
            (
                "As {they} feels well, {they} adds {extra} laps at the same speed.",
                "At the end {they} runs another {extra} laps just as fast.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "{Their} training also has {breaks} breaks of {rest} minutes each.",
                "Between laps {they} stops for {breaks} breaks, each of them {rest} minutes long.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "all_laps",
            "laps + extra",
            "laps run in all",
            ("How many laps does {name} run in all?",),
            1,
        ),
        Fact(
            "metres",
            "laps * track",
            "metres run in all",
            ("How many metres does {name} run in all?",),
            p1="all_laps * track",
        ),
        Fact(
            "running",
            "laps * minutes",
            "minutes spent running",
            ("How many minutes does {name} spend running?",),
            whole=False,
            p1="all_laps * minutes",
        ),
        Fact(
            "moving",
            "running + warm_up",
            "minutes of warm-up and running",
            ("How many minutes do the warm-up and the running take without the breaks?",),
            2,
            whole=False,
        ),
        Fact(
            "resting",
            "breaks * rest",
            "minutes of breaks",
            ("How many minutes do the breaks take together?",),
            2,
            whole=False,
        ),
        Fact(
            "session",
            "running + warm_up",
            "minutes of the whole training",
            (
                "How many minutes does the whole training take?",
                "How many minutes long is {name}'s whole training?",
            ),
            whole=False,
            p2="moving + resting",
        ),
        Fact(
            "week",
            "session * 3",
            "minutes of the whole training 3 times a week",
            ("If {name} does the whole training 3 times a week, how many minutes is that?",),
            whole=False,
        ),
        Fact(
            "with_way",
            "session + 30",
            "minutes of the training and the way there and back",
            (
                "If the way there and back takes 30 minutes, how many minutes do the way and the whole training take?",
            ),
            whole=False,
        ),
        Fact(
            "free_time",
            "180 - session",
            "minutes left of 180 after the whole training",
            ("If {name} has 180 minutes and does the whole training, how many minutes are left?",),
            whole=False,
        ),
        Fact(
            "halved",
            "session / 2",
            "minutes of a training half as long",
            ("How many minutes would a training take that is half as long as this whole one?",),
            whole=False,
        ),
        Fact(
            "longer_run",
            "running - warm_up",
            "minutes more of running than of warm-up",
            ("How many more minutes does the running take than the warm-up?",),
            whole=False,
        ),
        Fact(
            "to_ten",
            "10000 - metres",
            "more metres to run to reach 10,000 metres",
            ("How many more metres would {name} have to run to reach 10,000 metres?",),
        ),
        Fact(
            "two_days",
            "metres * 2",
            "metres run on 2 days like this one",
            ("How many metres would {name} run on 2 days like this one?",),
        ),
        Fact("slow_lap", "minutes + 1", "minutes for a slower lap", whole=False),
        Fact(
            "slow_ten",
            "slow_lap * 10",
            "minutes for 10 laps with one minute more",
            ("If a lap took one minute more, how many minutes would 10 laps take?",),
            whole=False,
        ),
        Fact(
            "speed",
            "track / minutes",
            "metres run in one minute",
            ("How many metres does {name} run in one minute?",),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (TOURNAMENT, LAP_TRAINING)
