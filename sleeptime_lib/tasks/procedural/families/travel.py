"""Families about journeys by car and by train."""

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

ROAD_TRIP: Final = Family(
    name="road_trip",
    slots={
        "hours": Int(2, 5),
        "speed": Int(50, 100, 10),
        "economy": Int(10, 20, 5),
        "price": Money("1", "2", "0.50"),
        "extra": Int(20, 60, 10),
        "toll": Money("4", "12"),
        "host": Word(("an old friend", "a cousin", "an aunt", "a former neighbour")),
    },
    story=(
        Sentence(
            (
                "To visit {host}, {name} drives for {hours} hours at {speed} kilometres an hour.",
                "{name} sets out to visit {host} and drives {hours} hours at a steady {speed} kilometres an hour.",
            )
        ),
        Sentence(
            (
                "Then {they} leaves the motorway, and the last {extra} kilometres are on small roads.",
                "After that there are another {extra} kilometres to go on small roads.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "The car goes {economy} kilometres on a litre of petrol, which costs {price}.",
                "On one litre of petrol the car goes {economy} kilometres, and a litre costs {price}.",
            )
        ),
        Sentence(
            (
                "Apart from petrol, {they} pays {toll} for a tunnel on the way.",
                "On the way {they} also pays a bridge toll of {toll}.",
            ),
            clause=2,
        ),
    ),
    facts=(
        Fact(
            "motorway",
            "hours * speed",
            "kilometres before the small roads begin",
            ("How many kilometres does {name} drive before the small roads begin?",),
            1,
        ),
        Fact(
            "distance",
            "hours * speed",
            "kilometres of the whole trip there",
            (
                "How many kilometres long is the whole trip there?",
                "How many kilometres does {name} drive on the whole trip there?",
            ),
            p1="motorway + extra",
        ),
        Fact(
            "fuel",
            "distance / economy",
            "litres of petrol for the trip",
            ("How many litres of petrol does the car use on the trip there?",),
            whole=False,
        ),
        Fact(
            "fuel_cost",
            "fuel * price",
            "dollars for petrol only",
            ("How many dollars does {name} spend on petrol only?",),
            2,
            whole=False,
        ),
        Fact(
            "cost",
            "fuel * price",
            "dollars the trip there costs",
            (
                "How many dollars does the trip there cost {name}?",
                "How many dollars does {name} spend on the trip there?",
            ),
            whole=False,
            p2="fuel_cost + toll",
        ),
        Fact(
            "both_ways",
            "distance * 2",
            "kilometres there and back",
            (
                "If {name} comes home by the same way, how many kilometres does {they} drive there and back?",
            ),
            whole=False,
        ),
        Fact(
            "both_ways_cost",
            "cost * 2",
            "dollars both ways cost together",
            (
                "If coming home costs as much as going, how many dollars do both ways cost {name} together?",
            ),
            whole=False,
        ),
        Fact(
            "shared",
            "cost / 2",
            "dollars each if a passenger shares the cost",
            (
                "If a passenger shares the cost of the trip there equally with {name}, how many dollars does each of them pay?",
            ),
            whole=False,
        ),
        Fact(
            "money_left",
            "100 - cost",
            "dollars left of a hundred after the trip there",
            (
                "If {name} starts with $100 in {their} pocket, how many dollars are left after the trip there?",
            ),
            whole=False,
        ),
        Fact(
            "four_trips",
            "cost * 4",
            "dollars the four trips cost",
            (
                "If {name} makes the trip there four times, how many dollars do the four trips cost {them}?",
            ),
            whole=False,
        ),
        Fact(
            "tank_left",
            "50 - fuel",
            "litres left in the tank",
            (
                "If there were 50 litres in the tank at the start, how many litres are left on arrival?",
            ),
            whole=False,
        ),
        Fact(
            "halfway",
            "distance / 2",
            "kilometres to the halfway point",
            ("If {name} takes a break exactly halfway, after how many kilometres is that?",),
            whole=False,
        ),
        Fact(
            "short_by_train",
            "distance - 15",
            "kilometres by railway",
            (
                "If the railway line there is 15 kilometres shorter than the trip by car, how many kilometres long is the line?",
            ),
            whole=False,
        ),
        Fact(
            "hour_fuel",
            "speed / economy",
            "litres of petrol in an hour at the steady speed",
            (
                "How many litres of petrol does the car use in one hour at {speed} kilometres an hour?",
            ),
            whole=False,
        ),
        Fact(
            "hour_cost",
            "hour_fuel * price",
            "dollars for petrol in an hour at the steady speed",
            (
                "How many dollars of petrol does the car use in one hour at {speed} kilometres an hour?",
            ),
            whole=False,
        ),
        Fact(
            "hundred_fuel",
            "100 / economy",
            "litres of petrol for a hundred kilometres",
            ("How many litres of petrol does the car need for 100 kilometres?",),
            whole=False,
        ),
    ),
)

TRAIN_JOURNEY: Final = Family(
    name="train_journey",
    slots={
        "start": Clock("8:00 am", "9:30 am", 15),
        "end": Clock("10:15 am", "11:45 am", 15),
        "walk": Minutes(10, 30, 5),
        "people": Int(2, 5),
        "ticket": Money("8", "24"),
        "late": Int(5, 25, 5),
        "lead": Minutes(20, 50, 10),
        "place": Word(("the coast", "the capital", "the mountains", "the lake district")),
    },
    story=(
        Sentence(
            (
                "{name}'s train to {place} leaves at {start} and is due to arrive at {end}.",
                "{name} takes a train to {place} that departs at {start} and, by the timetable, arrives at {end}.",
            )
        ),
        Sentence(
            (
                "{name} leaves home {lead} before the train departs.",
                "To catch the train, {they} has to set off from home {lead} before it departs.",
            ),
            clause=2,
        ),
        Sentence(
            (
                "The train departs on time but arrives {late} minutes late.",
                "A broken signal on the line delays the arrival by {late} minutes.",
            ),
            clause=1,
        ),
        Sentence(
            (
                "From the station there {they} walks for {walk} to {their} hotel.",
                "The hotel is {walk} on foot from the station there.",
            )
        ),
        Sentence(
            (
                "{They} buys {people} tickets for {their} family at {ticket} each.",
                "The tickets for {their} family, {people} in number, cost {ticket} each.",
            )
        ),
    ),
    facts=(
        Fact(
            "planned",
            "end - start",
            "minutes planned by the timetable",
            ("By the timetable, how many minutes are planned for the train ride?",),
            1,
            whole=False,
        ),
        Fact(
            "ride",
            "end - start",
            "minutes the train ride takes",
            (
                "How many minutes does the train ride take?",
                "How many minutes does the ride on the train take?",
            ),
            whole=False,
            p1="planned + late",
        ),
        Fact(
            "to_hotel",
            "ride + walk",
            "minutes to reach the hotel after the train departs",
            ("How many minutes after the train departs does {name} reach the hotel?",),
            2,
            whole=False,
        ),
        Fact(
            "way",
            "ride + walk",
            "minutes on the whole way to the hotel",
            (
                "How many minutes is {name} on the way in all before reaching the hotel?",
                "How many minutes does the whole way to the hotel take {name}?",
            ),
            whole=False,
            p2="to_hotel + lead",
        ),
        Fact(
            "both_ways",
            "way * 2",
            "minutes the two ways take together",
            (
                "If the whole way home takes just as long, how many minutes do the two ways take together?",
            ),
            whole=False,
        ),
        Fact(
            "car_gap",
            "360 - way",
            "minutes saved by taking the train and not the car",
            (
                "If the whole way takes 360 minutes by car, how many minutes are saved by taking the train?",
            ),
            whole=False,
        ),
        Fact(
            "awake",
            "way - 30",
            "minutes awake on the way",
            (
                "If {name} sleeps for 30 minutes of the whole way, how many minutes of it is {they} awake?",
            ),
            whole=False,
        ),
        Fact(
            "half_way",
            "way / 2",
            "minutes on the way when half of the time has passed",
            (
                "When half of the time for the whole way has passed, how many minutes has {name} been on the way?",
            ),
            whole=False,
        ),
        Fact(
            "pages",
            "ride / 5",
            "pages read on the train",
            (
                "If {name} reads a page every 5 minutes on the train, how many pages are read on the train?",
            ),
        ),
        Fact(
            "ride_gap",
            "ride - walk",
            "minutes more for the train ride than for the walk",
            ("How many minutes more does the train ride take than the walk to the hotel?",),
            whole=False,
        ),
        Fact(
            "fare",
            "people * ticket",
            "dollars for the tickets",
            ("How many dollars do all the tickets cost together?",),
            whole=False,
        ),
        Fact(
            "reservations",
            "people * 3",
            "dollars for reserved seats",
            (
                "If every reserved seat costs $3, how many dollars do reserved seats for the whole family cost?",
            ),
            whole=False,
        ),
        Fact(
            "reserved_fare",
            "fare + reservations",
            "dollars for tickets and reserved seats",
            (
                "If every reserved seat costs $3, how many dollars do tickets and reserved seats cost the family together?",
            ),
            whole=False,
        ),
        Fact(
            "return_fare",
            "fare * 2",
            "dollars for tickets there and back",
            (
                "If the tickets home cost the same, how many dollars do the tickets there and back cost?",
            ),
            whole=False,
        ),
        Fact(
            "change",
            "150 - fare",
            "dollars of change for the tickets",
            (
                "If {name} pays for the tickets with $150 in notes, how many dollars of change does {they} get?",
            ),
            whole=False,
        ),
    ),
)

FAMILIES: Final[tuple[Family, ...]] = (ROAD_TRIP, TRAIN_JOURNEY)
