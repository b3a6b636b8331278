"""What can be asked about the contexts of procedural-aime, found by trying out all cases.

One function for each family: the numbers that the text states (those of a level's sentences) to
the values of its quantities by key. Nothing here knows a formula of the data files: what they
count is listed here, what they follow with a rule is acted out step by step.
"""

from fractions import Fraction
from itertools import combinations, product


def two_roots(n, level):
    """Powers and products of the roots themselves, which are a + b * sqrt(d): pairs (a, b)."""
    s, q = n["sum"], n["product"]
    d = Fraction(s * s - 4 * q)

    def times(x, y):
        return (x[0] * y[0] + x[1] * y[1] * d, x[0] * y[1] + x[1] * y[0])

    def plus(x, y):
        return (x[0] + y[0], x[1] + y[1])

    def power_sum(roots, power):
        total = (Fraction(0), Fraction(0))
        for root in roots:
            value = (Fraction(1), Fraction(0))
            for _ in range(power):
                value = times(value, root)
            total = plus(total, value)
        assert total[1] == 0
        return total[0]

    def shifted(roots):
        value = (Fraction(1), Fraction(0))
        for root in roots:
            value = times(value, plus(root, (Fraction(1), Fraction(0))))
        assert value[1] == 0
        return value[0]

    def coefficients(roots):
        """From the constant up."""
        found = [(Fraction(1), Fraction(0))]
        for root in roots:
            minus = (-root[0], -root[1])
            found = [
                plus(
                    times(minus, found[i]) if i < len(found) else (Fraction(0), Fraction(0)),
                    found[i - 1] if i else (Fraction(0), Fraction(0)),
                )
                for i in range(len(found) + 1)
            ]
        return [value[0] for value in found]

    half = Fraction(1, 2)
    r, t = (s * half, half), (s * half, -half)
    difference = plus(r, (-t[0], -t[1]))
    found = {
        "squares": power_sum((r, t), 2),
        "cubes": power_sum((r, t), 3),
        "shifted": shifted((r, t)),
        "mixed": plus(times(times(r, r), t), times(times(t, t), r))[0],
        "gap": times(difference, difference)[0],
    }
    if level >= 1:
        three = (r, t, (Fraction(n["third"]), Fraction(0)))
        constant, linear, *_ = coefficients(three)
        found |= {
            "linear": linear,
            "root_product": -constant,
            "root_squares": power_sum(three, 2),
            "root_cubes": power_sum(three, 3),
            "root_shifted": shifted(three),
        }
    if level >= 2:
        four = (*three, (Fraction(n["fourth"]), Fraction(0)))
        _, linear, quadratic, *_ = coefficients(four)
        found |= {
            "quadratic": quadratic,
            "cubic": -linear,
            "all_squares": power_sum(four, 2),
            "all_shifted": shifted(four),
            "shifted_rest": shifted(four) % 1000,
        }
    return found


def music_club(n, level):
    people = [("p", i) for i in range(n["pianists"])] + [("v", i) for i in range(n["violinists"])]
    people += [("c", i) for i in range(n.get("cellists", 0))]
    rivals = {("c", i) for i in range(n.get("rivals", 0))}

    def groups(size, kinds=None, peaceful=True):
        return sum(
            (kinds is None or sorted(kind for kind, _ in group) == sorted(kinds))
            and not (peaceful and len(rivals & set(group)) > 1)
            for group in combinations(people, size)
        )

    found = {
        "mixed": groups(2, "pv"),
        "two_one": groups(3, "ppv"),
    }
    pairs, trios = groups(2), groups(3)
    same = sum(groups(2, 2 * kind) for kind in "pvc")
    if level == 2:
        found |= {"peaceful_pairs": pairs, "peaceful_trios": trios, "peaceful_same": same}
    else:
        found |= {"pairs": pairs, "trios": trios, "same": same}
    if level:
        found["one_each"] = groups(3, "pvc")
        found["leaders"] = sum(one != other for one, other in product(people, people))
    return found


def bag_of_marbles(n, level):
    bag = ["red"] * n["red"] + ["blue"] * n["blue"] + ["green"] * n.get("green", 0)

    def m_plus_n(cases, size):
        draws = list(combinations(bag, size))
        chance = Fraction(sum(map(cases, draws)), len(draws))
        return chance.numerator + chance.denominator

    pairs = list(combinations(bag, 2))
    found = {
        "red_chance": m_plus_n(lambda draw: draw == ("red",), 1),
        "blue_chance": m_plus_n(lambda draw: draw == ("blue",), 1),
        "pairs": len(pairs),
        "mixed": sum(set(pair) == {"red", "blue"} for pair in pairs),
        "alike": sum(pair in (("red", "red"), ("blue", "blue")) for pair in pairs),
        "same": sum(len(set(pair)) == 1 for pair in pairs),
        "some_red": sum("red" in pair for pair in pairs),
    }
    if level == 2:
        size = n["drawn"]
        draws = list(combinations(bag, size))
        found |= {
            "ways": len(draws),
            "with_red": sum("red" in draw for draw in draws),
            "red_draw": m_plus_n(lambda draw: set(draw) == {"red"}, size),
            "none_draw": m_plus_n(lambda draw: "red" not in draw, size),
        }
    return found


def raffle_tickets(n, level):
    digits = n["digits"] - n.get("banned", 0)
    tickets = list(product(range(n["letters"]), range(n["letters"]), range(digits)))
    kinds = {
        "tickets": tickets,
        "unlike": [t for t in tickets if t[0] != t[1]],
        "alike": [t for t in tickets if t[0] == t[1]],
        "ordered": [t for t in tickets if t[0] < t[1]],
        "a_tickets": [t for t in tickets if 0 in t[:2]],
    }
    found = {key: len(chosen) for key, chosen in kinds.items()}
    if level == 2:
        box = n["box"]

        def packed(chosen):
            boxes = [chosen[i : i + box] for i in range(0, len(chosen), box)]
            rest = sum(len(b) for b in boxes if len(b) < box)
            return sum(len(b) == box for b in boxes), rest

        found["full"], found["rest"] = packed(tickets)
        found["unlike_full"], found["unlike_rest"] = packed(kinds["unlike"])
        _, found["a_rest"] = packed(kinds["a_tickets"])
    return found


def staircase(n, level):
    landing = n.get("landing")

    def climbs(at, to, most, stop):
        """Every sequence of moves from one step to another that sets foot on the landing."""
        if at == to:
            yield ()
            return
        longest = most if stop is not None and at >= stop else 2
        for move in range(1, longest + 1):
            after = at + move
            if after <= to and not (stop is not None and at < stop < after):
                for rest in climbs(after, to, most, stop):
                    yield (move, *rest)

    ways = list(climbs(0, n["stairs"], n.get("most", 2), landing))
    found = {
        "ways": len(ways),
        "single": sum(way[0] == 1 for way in ways),
        "double": sum(way[0] == 2 for way in ways),
        "one_double": sum(sorted(way, reverse=True)[:2] in ([2, 1], [2]) for way in ways),
    }
    if level:
        found["below"] = len(list(climbs(0, landing, 2, None)))
        found["above"] = len(list(climbs(landing, n["stairs"], n.get("most", 2), landing)))
        found["free"] = len(list(climbs(0, n["stairs"], 2, None)))
    return found


def two_dice(n, level):
    rolls = list(product(range(1, n["red"] + 1), range(1, n["blue"] + 1)))
    found = {
        "outcomes": len(rolls),
        "not_more": sum(b <= r for r, b in rolls),
        "blue_more": sum(b > r for r, b in rolls),
        "red_more": sum(r > b for r, b in rolls),
        "sums": len({r + b for r, b in rolls}),
        "unequal": sum(r != b for r, b in rolls),
    }
    if level:
        wins = [r + b <= n["limit"] for r, b in rolls]
        chance = Fraction(sum(wins), len(rolls))
        found |= {
            "wins": sum(wins),
            "losses": wins.count(False),
            "win_chance": chance.numerator + chance.denominator,
            "exact": sum(r + b == n["limit"] for r, b in rolls),
            "below": sum(r + b < n["limit"] for r, b in rolls),
        }
    if level == 2:
        all_win, all_lose, games = 1, 1, 1
        for _ in range(n["rounds"]):  # a game more for each way to go on
            all_win = sum(all_win for win in wins if win)
            all_lose = sum(all_lose for win in wins if not win)
            games = sum(games for _ in wins)
        found |= {
            "all_win_rest": int(str(all_win)[-3:]),
            "lose_rest": int(str(all_lose)[-3:]),
            "some_rest": int(str(games - all_lose)[-3:]),
        }
    return found


def _divisors(n):
    return {d for d in range(1, n + 1) if n % d == 0}


def divisors(n, level):
    mine = _divisors(n["number"])
    found = {
        "listed": len(mine),
        "total": sum(mine),
        "proper": sum(mine - {n["number"]}),
        "inner": len(mine - {1, n["number"]}),
        "pairs": len(list(combinations(mine, 2))),
    }
    if level:
        theirs = _divisors(n["second"])
        found |= {
            "common": max(mine & theirs),
            "shared": len(mine & theirs),
            "shared_sum": sum(mine & theirs),
            "only_first": len(mine - theirs),
            "different": len(mine | theirs),
        }
    if level == 2:
        circled = {d for d in mine & theirs if d % n["step"] == 0}
        found |= {
            "circled": len(circled),
            "circled_sum": sum(circled),
            "plain": len(mine & theirs - circled),
            "plain_sum": sum(mine & theirs - circled),
        }
    return found


def ringing_bells(n, level):
    def strokes(every):
        return {m for m in range(1, n["span"] + 1) if m % every == 0}

    def first_together(*bells):
        return next(m for m in range(1, 10**6) if all(m % bell == 0 for bell in bells))

    one, two = strokes(n["first"]), strokes(n["second"])
    found = {
        "meeting": first_together(n["first"], n["second"]),
        "first_strokes": len(one),
        "second_strokes": len(two),
        "together": len(one & two),
        "strokes": len(one) + len(two),
        "lone_first": len(one - two),
        "two_moments": len(one | two),
    }
    if level:
        three = strokes(n["third"])
        found |= {
            "all_meet": first_together(n["first"], n["second"], n["third"]),
            "moments": len(one | two | three),
            "lone_third": len(three - one - two),
            "all_strokes": len(one) + len(two) + len(three),
        }
    if level == 2:
        chair, laps = 0, 0
        for _ in one | two | three:
            chair += 1
            if chair == n["chairs"]:
                chair, laps = 0, laps + 1
        found |= {"chair": chair, "laps": laps}
    return found


def numbered_cards(n, level):
    cards = list(range(1, n["cards"] + 1))
    taken = [c for c in cards if c % n["first"] == 0]
    kept = [c for c in cards if c not in taken]
    found = {
        "sum": sum(cards),
        "taken": len(taken),
        "kept": len(kept),
        "taken_sum": sum(taken),
        "kept_sum": sum(kept),
    }
    if level:
        also = [c for c in kept if c % n["second"] == 0]
        stay = [c for c in kept if c not in also]
        found |= {
            "both": sum(c % n["first"] == c % n["second"] == 0 for c in cards),
            "second_taken": len(also),
            "all_taken": len(taken) + len(also),
            "stay": len(stay),
        }
    if level == 2:
        hands = [0] * n["players"]
        for place, _ in enumerate(stay):
            hands[place % n["players"]] += 1
        found |= {
            "each": min(hands),
            "ahead": sum(hand > min(hands) for hand in hands),
            "shown": min(hands) * len(hands),
        }
    return found


def island_numerals(n, level):
    base = n["base"]
    digits = [n["high"], n["low"], *([n["last"]] if level else [])]

    def value(digits):
        return sum(digit * base**place for place, digit in enumerate(reversed(digits)))

    def written(number, base):
        return ([*written(number // base, base), number % base]) if number else []

    two_digits = [v for v in range(base**3) if len(written(v, base)) == 2]
    found = {
        "value": value(digits),
        "turned": value(digits[::-1]),
        "largest": max(two_digits),
        "numerals": len(two_digits),
        "ones": bin(value(digits)).count("1"),
    }
    if level == 2:
        other = n["second_base"]
        there = written(value(digits), other)
        found |= {
            "tail": there[-1],
            "digit_total": sum(there),
            "pair": sum(digit * other**place for place, digit in enumerate(there[:-3:-1])),
            "turned_total": sum(written(value(digits[::-1]), other)),
        }
    return found


def fraction_lists(n, level):
    def fractions(over):
        return [(k, over) for k in range(1, over)]

    def lowest(pairs):
        return [(k, over) for k, over in pairs if Fraction(k, over).denominator == over]

    mine = fractions(n["first"])
    found = {
        "listed": len(mine),
        "lowest": len(lowest(mine)),
        "reducible": len(mine) - len(lowest(mine)),
        "numerators": sum(k for k, _ in mine),
        "lowest_sum": sum(Fraction(*pair) for pair in lowest(mine)),
    }
    if level:
        theirs = fractions(n["second"])
        values, other_values = ({Fraction(*p) for p in pairs} for pairs in (mine, theirs))
        found |= {
            "shared": len(values & other_values),
            "different": len(values | other_values),
            "both_lowest": len(lowest(mine)) + len(lowest(theirs)),
        }
    if level == 2:
        stay = [p for p in mine + theirs if Fraction(*p) <= Fraction(1, n["bound"])]
        found |= {
            "kept": len(stay),
            "different_kept": len({Fraction(*p) for p in stay}),
            "crossed": len(mine) + len(theirs) - len(stay),
        }
    return found


def jumping_frog(n, level):
    stones, jump, jumps = n["stones"], n["jump"], n["jumps"]
    ahead = 0
    toad, toad_falls = n.get("start", 0), 0
    for number in range(1, jumps + 1):
        ahead += jump
        if level == 2 and number % n["tired"] == 0:
            ahead -= 1
        before, toad = toad, (toad + jump) % stones
        toad_falls += toad < before
    visited, at = [0], jump % stones
    while at:
        visited.append(at)
        at = (at + jump) % stones
    frog = 0
    for _ in range(ahead):
        frog = 0 if frog == stones - 1 else frog + 1
    found = {
        "far": ahead,
        "end": frog,
        "laps": sum(place % stones == 0 for place in range(1, ahead + 1)),
        "back": len(visited),
        "reached": len(set(visited)),
    }
    if level:
        found |= {
            "toad_end": toad,
            "ends": frog + toad,
            "toad_laps": toad_falls,
            "product": frog * toad,
        }
    return found


def step_by_step(n, level):
    def terms(first):
        found = [first]
        while len(found) < 4:
            found.append(sum(found[-1] for _ in range(n["factor"])) + n["added"])
        return found

    row = terms(n["first"])
    found = {
        "second": row[1],
        "third": row[2],
        "fourth": row[3],
        "rise": row[1] - row[0],
        "two": row[0] + row[1],
    }
    if level:
        rests = [term - term // n["modulus"] * n["modulus"] for term in row]
        found |= {
            "second_rest": rests[1],
            "third_rest": rests[2],
            "fourth_rest": rests[3],
            "rests": rests[2] + rests[3],
        }
    if level == 2:
        other = terms(n["second_first"])[2]
        found |= {
            "other_rest": other % n["modulus"],
            "both_rest": (row[2] + other) % n["modulus"],
            "product_rest": rests[2] * (other % n["modulus"]),
            "times_rest": row[2] * other % n["modulus"],
        }
    return found


def sums_of_two(n, level):
    row = [n["first"], n["second"]]
    while len(row) < 8:
        row.append(row[-1] + row[-2])
    found = {
        "third": row[2],
        "fourth": row[3],
        "fifth": row[4],
        "sixth": row[5],
        "two": sum(row[:3]),
        "four": sum(row[:4]),
    }
    if level:
        rests = [number % n["modulus"] for number in row]
        found |= {
            "fifth_rest": rests[4],
            "sixth_rest": rests[5],
            "seventh_rest": rests[6],
            "eighth_rest": rests[7],
            "rests": rests[4] + rests[5],
        }
    if level == 2:
        times = [rest * n["factor"] for rest in rests]
        found |= {
            "seventh_times": times[6],
            "eighth_times": times[7],
            "times": times[6] + times[7],
        }
    return found


def growing_number(n, level):
    def minutes(start, rate):
        held = [start]
        while len(held) < 5:
            held.append(held[-1] * rate)
        return held

    held = minutes(n.get("start", 1), n["base"])
    shown = [number % n["modulus"] for number in held]
    found = {
        "second": held[2],
        "third": held[3],
        "second_rest": shown[2],
        "third_rest": shown[3],
        "fourth_rest": shown[4],
        "rests": shown[2] + shown[3],
        "times": held[3] // n["modulus"],
    }
    if level == 2:
        other = minutes(1, n["rate"])
        found |= {
            "product_second_rest": held[2] * other[2] % n["modulus"],
            "product_third_rest": held[3] * other[3] % n["modulus"],
            "sum_third_rest": (held[3] + other[3]) % n["modulus"],
        }
    return found


def stacked_logs(n, level):
    rows = [n["top"]]
    while len(rows) < n["rows"]:
        rows.append(rows[-1] + n["more"])
    found = {
        "growth": rows[-1] - rows[0],
        "bottom": rows[-1],
        "third": rows[2],
        "two_rows": sum(rows[:2]),
        "three_rows": sum(rows[:3]),
        "ends": rows[0] + rows[-1],
        "total": sum(rows),
    }
    if level:
        left = sum(rows) - n["taken"]
        found |= {
            "left": left,
            "left_ends": left - rows[0] - rows[-1],
            "left_two": left - n["taken"],
        }
    if level == 2:
        loads = [left]
        while loads[-1] >= n["cart"]:
            loads.append(loads[-1] - n["cart"])
        found |= {
            "full": len(loads) - 1,
            "rest": loads[-1],
            "on_full": left - loads[-1],
            "two_rest": (left - n["taken"]) % n["cart"],
        }
    return found


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


FAMILIES = {
    function.__name__: function
    for function in (
        two_roots,
        music_club,
        bag_of_marbles,
        raffle_tickets,
        staircase,
        two_dice,
        divisors,
        ringing_bells,
        numbered_cards,
        island_numerals,
        fraction_lists,
        jumping_frog,
        step_by_step,
        sums_of_two,
        growing_number,
        stacked_logs,
        robot_on_a_grid,
        tiled_floor,
        polygon,
    )
}
