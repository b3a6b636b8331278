"""Divisors, multiples, remainders, digits and fractions, listed one by one."""

from fractions import Fraction
from itertools import combinations


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
