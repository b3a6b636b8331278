"""Paths, points and cuts, one by one."""

from itertools import combinations, product


def robot_on_a_grid(n, level):
    end = (n["width"], n["height"])

    def paths(start, goal):
        """Every path, as the tuple of its points."""
        if start == goal:
            yield (start,)
            return
        x, y = start
        for after in ((x + 1, y), (x, y + 1)):
            if after[0] <= goal[0] and after[1] <= goal[1]:
                for rest in paths(after, goal):
                    yield (start, *rest)

    every = list(paths((0, 0), end))
    points = {point for path in every for point in path}
    found = {
        "moves": len(every[0]) - 1,
        "paths": len(every),
        "cells": sum(1 for x in range(end[0]) for y in range(end[1])),
        "points": len(points),
        "right_first": sum(path[1] == (1, 0) for path in every),
        "other_points": len(points - {(0, 0), end}),
    }
    if level:
        station = (n["across"], n["up"])
        found |= {
            "near": len(list(paths((0, 0), station))),
            "rest": len(list(paths(station, end))),
            "through": sum(station in path for path in every),
            "past": sum(station not in path for path in every),
        }
    if level == 2:
        hole = (n["hole_across"], n["hole_up"])
        found |= {
            "both": sum(station in path and hole in path for path in every),
            "safe": sum(station in path and hole not in path for path in every),
            "hole_only": sum(station not in path and hole in path for path in every),
            "neither": sum(station not in path and hole not in path for path in every),
        }
    return found


def tiled_floor(n, level):
    width, length = n["width"] * n.get("copies", 1), n["length"]
    cut = sum(  # corners of a tile strictly on both sides of the line
        (x + 1) * length > y * width and x * length < (y + 1) * width
        for x in range(width)
        for y in range(length)
    )
    corners = list(product(range(width + 1), range(length + 1)))
    inside = [(x, y) for x, y in corners if 0 < x < width and 0 < y < length]
    found = {
        "crossings": sum(x * length == y * width for x, y in corners),
        "cut": cut,
        "tiles": sum(1 for _ in range(width) for _ in range(length)),
        "uncut": width * length - cut,
        "border": len(corners) - len(inside),
        "inner": len(inside),
        "half": sum(x * length > y * width for x, y in inside),
    }
    if level == 2:
        found |= {
            "full": cut // n["box"],
            "opened": cut % n["box"],
            "piece_rest": (cut + cut) % n["box"],
        }
    return found


def polygon(n, level):
    """Points by colour; a diagonal meets another where their ends take turns around the edge."""
    corners = range(n["corners"])
    segments = list(combinations(corners, 2))
    sides = {tuple(sorted((c, (c + 1) % len(corners)))) for c in corners}
    diagonals = [s for s in segments if s not in sides]
    meetings = sum(a < c < b < d for (a, b), (c, d) in product(diagonals, diagonals))
    of_first = [d for d in diagonals if 0 in d]
    regions = 1
    for place, (a, b) in enumerate(diagonals):  # one region more, and one for each line met
        met = sum(a < c < b < d or c < a < d < b for c, d in diagonals[:place])
        regions += 1 + met
    found = {
        "segments": len(segments),
        "diagonals": len(diagonals),
        "triangles": len(list(combinations(corners, 3))),
        "fans": len(of_first) + 1,
        "fewest": len(of_first),
        "meetings": meetings,
        "regions": regions,
    }
    if level:
        colours = ["red"] * n["red"] + ["blue"] * (len(corners) - n["red"])
        found |= {
            "two_coloured": sum(len(set(pair)) == 2 for pair in combinations(colours, 2)),
            "plain": sum(len(set(pair)) == 1 for pair in combinations(colours, 2)),
            "red_two": sum(sorted(t) == ["blue", "red", "red"] for t in combinations(colours, 3)),
            "some_red": sum("red" in t for t in combinations(colours, 3)),
        }
    if level == 2:
        colours += ["green"] * n["inner"]
        triangles = list(combinations(colours, 3))
        found |= {
            "rainbow": sum(len(set(t)) == 3 for t in triangles),
            "with_red": sum("red" in t for t in triangles),
            "red_green": sum(sorted(t) == ["green", "red", "red"] for t in triangles),
            "alike": sum(len(set(pair)) == 1 for pair in combinations(colours, 2)),
        }
    return found
