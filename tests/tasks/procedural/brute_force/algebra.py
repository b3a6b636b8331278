"""Polynomials and the powers and products of their roots."""

from fractions import Fraction


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
