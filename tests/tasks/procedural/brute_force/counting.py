"""Choices, codes, ways and outcomes, listed one by one."""

from fractions import Fraction
from itertools import combinations, product


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
