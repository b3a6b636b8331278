"""Sequences, term by term."""


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
