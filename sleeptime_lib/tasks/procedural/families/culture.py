"""Families about books and museums."""

from __future__ import annotations

from typing import Final

from sleeptime_lib.tasks.procedural.grammar import (
    Fact,
    Family,
    Int,
    Minutes,
    Money,
    Sentence,
    Share,
    Times,
    Word,
)

READING: Final = Family(
    name="reading",
    slots={
        "pages": Int(140, 260, 20),
        "per_day": Int(10, 20, 5),
        "days": Int(3, 6),
        "k": Times(3),
        "notes": Int(10, 30, 5),
        "book": Word(("detective novel", "ghost story", "history of chess", "sea adventure")),
    },
    story=(
        Sentence(
            (
                "{name} borrows a {book} of {pages} pages from the library.",
                "{name} starts to read a {book} that is {pages} pages long.",
                "For {their} birthday {name} got a {book} with {pages} pages and has begun to read it.",
            )
        ),
        Sentence(
            (
                "{They} reads {per_day} pages a day for {days} days.",
                "On each of the first {days} days {they} reads {per_day} pages.",
            )
        ),
        Sentence(
            (
                "The next day is a holiday, and {they} reads {k} as many pages as on a normal day.",
                "On the rainy Sunday after that {they} reads {k} as many pages as on a normal day.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "The last {notes} pages are a list of names that {they} does not want to read.",
                "{They} is going to skip the last {notes} pages, which hold nothing but notes.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "first_days",
            "per_day * days",
            "pages read on the normal days",
            ("How many pages did {name} read on the normal days together?",),
            1,
        ),
        Fact(
            "free_day",
            "per_day * k",
            "pages read on the last day",
            ("How many pages did {name} read on the last day?",),
            1,
        ),
        Fact(
            "read",
            "per_day * days",
            "pages read so far",
            ("How many pages has {name} read so far?", "So far, how many pages has {name} read?"),
            p1="first_days + free_day",
        ),
        Fact(
            "wanted",
            "pages - notes",
            "pages of the {book} without the skipped ones",
            ("How many pages does the {book} have without those that {name} skips?",),
            2,
        ),
        Fact(
            "left",
            "pages - read",
            "pages left to read",
            (
                "How many pages are left for {name} to read?",
                "How many pages does {name} still want to read?",
            ),
            p2="wanted - read",
        ),
        Fact(
            "finished",
            "pages - left",
            "pages of the {book} either read or skipped",
            ("How many pages of the {book} are either read so far or skipped?",),
            2,
        ),
        Fact(
            "left_minutes",
            "left * 2",
            "minutes to read the pages left",
            (
                "If one page takes 2 minutes, how many minutes does {name} need for the pages left to read?",
            ),
            whole=False,
        ),
        Fact(
            "read_minutes",
            "read * 3",
            "minutes spent on the pages read so far",
            ("If a page took 3 minutes to read, how many minutes has {name} read so far?",),
            whole=False,
        ),
        Fact(
            "tonight",
            "left - 4",
            "pages left after 4 more tonight",
            ("If {name} reads 4 more pages tonight, how many pages are left then?",),
        ),
        Fact(
            "with_story",
            "left + 30",
            "pages left to read with a story of 30 pages",
            (
                "If {name} also wants to read a fairy tale of 30 pages, how many pages are left to read in all?",
            ),
        ),
        Fact(
            "more_days",
            "left / per_day",
            "more normal days needed for the pages left to read",
            ("How many more normal days does {name} need for the pages left to read?",),
        ),
        Fact(
            "week",
            "per_day * 7",
            "pages read in a week of 7 normal days",
            ("How many pages would {name} read in a week of 7 normal days?",),
        ),
        Fact("faster", "per_day + 5", "pages on a day with 5 pages more"),
        Fact(
            "fast_week",
            "faster * 7",
            "pages read in 7 days with 5 pages more a day",
            (
                "If {name} read 5 pages more a day than on a normal day, how many pages would {they} read in 7 days?",
            ),
        ),
        Fact(
            "stickers",
            "read / 5",
            "stickers earned so far",
            (
                "If a reading club gives one sticker for every 5 pages, how many stickers has {name} earned so far?",
            ),
        ),
        Fact(
            "friend",
            "read + 15",
            "pages read by a friend who is 15 pages ahead",
            (
                "If a friend is 15 pages ahead of {name} in the same {book}, how many pages has the friend read?",
            ),
        ),
        Fact(
            "second_volume",
            "pages * 2",
            "pages in 2 volumes together",
            (
                "If there is a second volume with just as many pages, how many pages do the two volumes have together?",
            ),
        ),
        Fact(
            "half",
            "pages / 2",
            "pages in half of the {book}",
            ("How many pages make up half of the whole {book}?",),
        ),
        Fact(
            "past_half",
            "read - half",
            "pages read past the middle",
            ("How many pages past the middle of the whole {book} is {name}?",),
        ),
    ),
)


MUSEUM_TOURS: Final = Family(
    name="museum_tours",
    slots={
        "tours": Int(2, 5),
        "per_tour": Int(6, 14, 2),
        "length": Minutes(30, 75, 15),
        "price": Money("3", "8"),
        "share": Share(("1/2", "1/3", "1/4")),
        "fewer": Int(2, 6),
        "place": Word(("castle", "science museum", "old lighthouse", "toy museum")),
    },
    story=(
        Sentence(
            (
                "{name} leads {tours} tours a day through the {place}, with {per_tour} visitors on each tour.",
                "Every day {name} guides {tours} groups of {per_tour} visitors through the {place}.",
                "At the {place} {name} gives {tours} guided tours a day for {per_tour} visitors at a time.",
            )
        ),
        Sentence(
            (
                "A tour takes {length}, and a ticket costs {price}.",
                "Each tour lasts {length}, and the price of a ticket is {price}.",
            )
        ),
        Sentence(
            (
                "Today {fewer} people who had signed up for the last tour do not come at all.",
                "The last tour today has {fewer} visitors fewer than usual.",
            ),
            clause=2,
        ),
        Sentence(
            (
                "{share} of the day's visitors are children, who get in for free.",
                "Children need no ticket, and {share} of the day's visitors are children.",
            ),
            clause=1,
        ),
    ),
    facts=(
        Fact(
            "usual",
            "tours * per_tour",
            "visitors on a usual day",
            ("How many visitors would {name} guide on a usual day?",),
            2,
        ),
        Fact(
            "visitors",
            "tours * per_tour",
            "visitors in the day",
            ("How many visitors take part in the day's tours?",),
            p2="usual - fewer",
        ),
        Fact(
            "children",
            "visitors * share",
            "children in for free",
            ("How many children get into the {place} for free?",),
            1,
        ),
        Fact(
            "payers",
            "visitors - children",
            "visitors who pay",
            ("How many visitors pay for a ticket?",),
            1,
        ),
        Fact(
            "income",
            "visitors * price",
            "dollars for tickets",
            (
                "How many dollars do the visitors pay for tickets in all?",
                "How many dollars do the day's tickets bring in?",
            ),
            whole=False,
            p1="payers * price",
        ),
        Fact(
            "waived",
            "children * price",
            "dollars the children would pay",
            ("If the children had to buy tickets too, how many dollars would they pay?",),
            1,
            whole=False,
        ),
        Fact(
            "tour_minutes",
            "tours * length",
            "minutes {name} spends on tours in one day",
            ("How many minutes does {name} spend on the tours of one day?",),
            whole=False,
        ),
        Fact(
            "day_minutes",
            "tour_minutes + 40",
            "minutes with pauses of 40 minutes in all",
            (
                "If the pauses between the tours add up to 40 minutes, how many minutes do tours and pauses take together?",
            ),
            whole=False,
        ),
        Fact(
            "three_days",
            "tour_minutes * 3",
            "minutes {name} spends on tours in 3 days",
            ("How many minutes does {name} spend on the tours of 3 days?",),
            whole=False,
        ),
        Fact(
            "upkeep",
            "income - 30",
            "dollars left from the tickets after $30 for cleaning",
            (
                "If $30 of the ticket money goes to a cleaning firm, how many dollars of it are left?",
            ),
            whole=False,
        ),
        Fact(
            "roof",
            "income / 2",
            "dollars of ticket money for the roof",
            ("If half of the ticket money is put aside for a new roof, how many dollars is that?",),
            whole=False,
        ),
        Fact(
            "two_days",
            "income * 2",
            "dollars for tickets in 2 such days",
            ("How many dollars would the tickets bring in on 2 such days?",),
            whole=False,
        ),
        Fact(
            "average",
            "income / tours",
            "dollars of ticket money for each tour on average",
            ("How many dollars do the tickets bring in for each tour on average?",),
            whole=False,
        ),
        Fact(
            "leaflets",
            "visitors * 2",
            "leaflets for the visitors",
            ("If every visitor is given 2 leaflets, how many leaflets does {name} hand out?",),
        ),
        Fact(
            "school_class",
            "visitors + 25",
            "visitors with a school class",
            (
                "If a school class of 25 joined the tours as well, how many visitors would there be?",
            ),
        ),
        Fact("one_more", "tours + 1", "tours with one more"),
        Fact(
            "longer_day",
            "one_more * length",
            "minutes of tours with one tour more",
            ("If there were one tour more, how many minutes of tours would the day have?",),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (READING, MUSEUM_TOURS)
