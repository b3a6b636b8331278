"""Families about a copy shop and a surgery."""

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

COPY_SHOP: Final = Family(
    name="copy_shop",
    slots={
        "copies": Int(10, 30, 5),
        "pages": Int(4, 12, 2),
        "page_price": Money("0.05", "0.20", "0.05"),
        "cover": Money("0.50", "1.50", "0.50"),
        "percent": Percent(10, 50, 10),
        "speed": Int(10, 30, 10),
        "doc": Word(("brochure", "club magazine", "cookery booklet", "song book", "guide book")),
    },
    story=(
        Sentence(
            (
                "{name} has {copies} copies of a {doc} printed at a copy shop, and each copy has {pages} pages.",
                "At a copy shop {name} orders {copies} copies of a {doc} with {pages} pages in each copy.",
                "{name} needs {copies} copies of a {doc} that has {pages} pages and takes it to a copy shop.",
            )
        ),
        Sentence(
            (
                "The shop charges {page_price} for each page, and its machine prints {speed} pages a minute.",
                "A page costs {page_price}, and the machine prints {speed} pages every minute.",
            )
        ),
        Sentence(
            (
                "Every copy also gets a plastic cover that costs {cover}.",
                "In addition, {they} wants a cover for each copy, which costs {cover} apiece.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "Because the order is for a school, {percent} is taken off the whole bill.",
                "As a regular customer {they} gets {percent} off the whole bill.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "all_pages", "copies * pages", "pages printed", ("How many pages are printed in all?",)
        ),
        Fact(
            "minutes",
            "all_pages / speed",
            "minutes to print all the pages",
            ("How many minutes does it take to print all the pages?",),
            whole=False,
        ),
        Fact(
            "pages_cost",
            "pages * page_price",
            "dollars for the pages of one copy",
            ("How many dollars do the pages of one copy cost without the cover?",),
            1,
            whole=False,
        ),
        Fact(
            "copy_cost",
            "pages * page_price",
            "dollars for one copy",
            ("How many dollars does one copy cost?",),
            whole=False,
            p1="pages_cost + cover",
        ),
        Fact(
            "copy_cost",
            "pages_cost + cover",
            "dollars for one copy without the discount",
            ("How many dollars does one copy cost without the discount?",),
            2,
            whole=False,
        ),
        Fact(
            "covers_cost",
            "copies * cover",
            "dollars for the covers on the bill",
            ("How many dollars on the bill are for the covers?",),
            1,
            whole=False,
        ),
        Fact(
            "full_bill",
            "copies * copy_cost",
            "dollars for the order without the discount",
            ("How many dollars would {name} pay without the discount?",),
            2,
            whole=False,
        ),
        Fact(
            "discount",
            "full_bill * percent",
            "dollars taken off the bill",
            ("How many dollars are taken off the bill?",),
            2,
            whole=False,
        ),
        Fact(
            "paid",
            "copies * copy_cost",
            "dollars {name} pays for the order",
            (
                "How many dollars does {name} pay for the whole order?",
                "How many dollars does the shop get from {name} for the order?",
            ),
            whole=False,
            p2="full_bill - discount",
        ),
        Fact(
            "change",
            "150 - paid",
            "dollars of change from $150",
            (
                "If {name} hands over $150 for the whole order, how many dollars of change does {they} get?",
            ),
            whole=False,
        ),
        Fact(
            "delivery",
            "paid + 8",
            "dollars {name} pays for order and delivery",
            (
                "If delivery costs $8 more, how many dollars does {name} pay for order and delivery?",
            ),
            whole=False,
        ),
        Fact(
            "two_clubs",
            "paid / 2",
            "dollars for each of 2 clubs that share the order",
            (
                "If 2 clubs share equally what {name} pays for the order, how many dollars is that for each?",
            ),
            whole=False,
        ),
        Fact(
            "three_orders",
            "paid * 3",
            "dollars for 3 orders exactly like this one",
            ("How many dollars would 3 orders exactly like this one cost {name}?",),
            whole=False,
        ),
        Fact(
            "with_pause",
            "minutes + 15",
            "minutes until all is printed if the machine stands still for 15",
            (
                "If the machine also stands still for 15 minutes, how many minutes pass until all the pages are printed?",
            ),
            whole=False,
        ),
        Fact(
            "sheets",
            "all_pages / 2",
            "sheets of paper printed on both sides",
            (
                "If the pages are printed on both sides of the paper, 2 to a sheet, how many sheets are used?",
            ),
        ),
        Fact(
            "hour",
            "speed * 60",
            "pages printed in an hour",
            ("How many pages can the machine print in one hour?",),
        ),
        Fact("more_copies", "copies + 5", "copies with 5 more"),
        Fact(
            "more_pages",
            "more_copies * pages",
            "pages printed for 5 more copies",
            ("If {name} ordered 5 copies more, how many pages would be printed in all?",),
        ),
        Fact(
            "ink_left",
            "500 - all_pages",
            "more pages that the ink allows",
            (
                "If the machine has ink for 500 pages, how many more pages can it print after the order?",
            ),
        ),
        Fact(
            "half_speed",
            "minutes * 2",
            "minutes of printing at half the speed",
            ("If the machine worked at half its speed, how many minutes would the printing take?",),
            whole=False,
        ),
    ),
)


SURGERY: Final = Family(
    name="surgery",
    slots={
        "morning": Int(5, 10),
        "afternoon": Int(4, 9),
        "minutes": Int(10, 20, 5),
        "fee": Money("10", "20", "5"),
        "absent": Int(2, 4),
        "urgent": Int(2, 5),
        "doctor": Word(("dentist", "vet", "children's doctor", "skin doctor")),
    },
    story=(
        Sentence(
            (
                "{name} is a {doctor} and has {morning} patients booked for this morning and {afternoon} for the afternoon.",
                "Today {morning} patients in the morning and {afternoon} in the afternoon have an appointment with {name}, who is a {doctor}.",
            )
        ),
        Sentence(
            (
                "{They} takes {minutes} minutes for every patient and charges {fee} for a visit.",
                "A visit to {them} takes {minutes} minutes and costs {fee}.",
            )
        ),
        Sentence(
            (
                "However, {absent} of the patients with an appointment do not come.",
                "On the phone {absent} of the booked patients cancel their visit.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "In between {they} sees {urgent} patients without an appointment, each for the usual fee and in the usual time.",
                "Later {urgent} other patients come without an appointment, and {they} treats them for the usual fee in the usual time.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "booked",
            "morning + afternoon",
            "patients who had an appointment",
            ("How many patients had an appointment?",),
            1,
        ),
        Fact(
            "came",
            "booked - absent",
            "booked patients who come",
            ("How many patients with an appointment do come?",),
            2,
        ),
        Fact(
            "patients",
            "morning + afternoon",
            "patients seen today",
            (
                "How many patients does {name} see today?",
                "How many patients are treated by {name} today?",
            ),
            p1="booked - absent",
            p2="came + urgent",
        ),
        Fact(
            "time",
            "patients * minutes",
            "minutes with patients today",
            ("How many minutes does {name} spend with patients today?",),
            whole=False,
        ),
        Fact(
            "income",
            "patients * fee",
            "dollars today's visits bring in",
            ("How many dollars do today's visits bring in?",),
            whole=False,
        ),
        Fact(
            "lost",
            "absent * fee",
            "dollars the missed visits would have brought",
            ("How many dollars would the missed visits have brought in?",),
            1,
            whole=False,
        ),
        Fact(
            "urgent_time",
            "urgent * minutes",
            "minutes for patients without an appointment",
            ("How many minutes do the patients without an appointment take?",),
            2,
            whole=False,
        ),
        Fact(
            "nurse",
            "income - 80",
            "dollars from today's visits left after paying a nurse",
            (
                "If {name} pays a nurse $80 from the money for today's visits, how many dollars of it are left?",
            ),
            whole=False,
        ),
        Fact(
            "two_days",
            "income * 2",
            "dollars the visits bring in on 2 days like today",
            ("How many dollars would the visits bring in on 2 days like today?",),
            whole=False,
        ),
        Fact(
            "rent",
            "income / 10",
            "dollars of today's visits set aside for new instruments",
            (
                "If a tenth of the money from today's visits is set aside for new instruments, how many dollars is that?",
            ),
            whole=False,
        ),
        Fact(
            "working_day",
            "time + 60",
            "minutes with patients and paperwork today",
            (
                "If paperwork takes another 60 minutes, how many minutes do patients and paperwork take today?",
            ),
            whole=False,
        ),
        Fact(
            "free",
            "480 - time",
            "minutes without patients in a day of 480",
            (
                "If {name} is at work for 480 minutes today, how many of these minutes are without patients?",
            ),
            whole=False,
        ),
        Fact(
            "week",
            "patients * 4",
            "patients seen on 4 days like today",
            ("How many patients would {name} see on 4 days like today?",),
        ),
        Fact(
            "gloves",
            "patients * 2",
            "gloves used up today",
            (
                "If {name} puts on 2 new gloves for each patient, how many gloves are used up today?",
            ),
        ),
        Fact(
            "hour",
            "60 / minutes",
            "visits that fit into an hour",
            ("How many visits fit into one hour?",),
        ),
        Fact(
            "hour_income",
            "hour * fee",
            "dollars from an hour full of visits",
            ("How many dollars does an hour full of visits bring in?",),
            whole=False,
        ),
        Fact("dearer", "fee + 5", "dollars for a visit if $5 dearer", whole=False),
        Fact(
            "dearer_ten",
            "dearer * 10",
            "dollars for 10 visits if $5 dearer",
            ("If a visit cost $5 more, how many dollars would 10 visits bring in?",),
            whole=False,
        ),
        Fact(
            "hours",
            "time / 60",
            "hours with patients today",
            ("How many hours does {name} spend with patients today?",),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (COPY_SHOP, SURGERY)
