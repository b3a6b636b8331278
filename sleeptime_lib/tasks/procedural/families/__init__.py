"""The scenario families, grouped by setting. Each module lists its own in `FAMILIES`."""

from __future__ import annotations

from typing import Final

from sleeptime_lib.tasks.procedural.families import (
    charity,
    culture,
    energy,
    farm,
    fruit,
    garden,
    household,
    kitchen,
    repair,
    school,
    service,
    shopping,
    sport,
    stage,
    trade,
    travel,
    water,
    workshop,
)
from sleeptime_lib.tasks.procedural.grammar import Family

FAMILIES: Final[tuple[Family, ...]] = (
    *charity.FAMILIES,
    *culture.FAMILIES,
    *energy.FAMILIES,
    *farm.FAMILIES,
    *fruit.FAMILIES,
    *garden.FAMILIES,
    *household.FAMILIES,
    *kitchen.FAMILIES,
    *repair.FAMILIES,
    *school.FAMILIES,
    *service.FAMILIES,
    *shopping.FAMILIES,
    *sport.FAMILIES,
    *stage.FAMILIES,
    *trade.FAMILIES,
    *travel.FAMILIES,
    *water.FAMILIES,
    *workshop.FAMILIES,
)
