"""Which number a reply gives as its answer, and when it equals the gold number."""

import pytest
from paper_scripts import paper_grade

from sleeptime_lib.errors import InputError
from sleeptime_lib.tasks.grading import extract_answer, is_correct
from sleeptime_lib.tasks.numerals import parse_number

# why this reply means this number: (reply, number)
READINGS = {
    # formats of one number
    "bare number": ("72", "72"),
    "trailing zeros are no digits": ("12.00", "12"),
    "money with separator and cents": ("It costs $1,234.50.", "1234.5"),
    "cents without a zero": ("That is $.40 each", "0.4"),
    "other currency": ("Then the price is ₣12.", "12"),
    "currency behind": ("Total: 5€", "5"),
    "fraction": ("3/4", "0.75"),
    "fraction in the text": ("So 3/4 of it is left", "3/4"),
    "mixed number": ("1 1/2", "1.5"),
    "mixed number with and": ("2 and 1/2 cups", "2.5"),
    "number beside an improper fraction": ("4 7/2", "3.5"),
    "vulgar fraction": ("He needs ½ cup", "0.5"),
    "mixed vulgar fraction": ("1½ cups", "1.5"),
    "decimal that does not end stays exact": ("1/3", "1/3"),
    "percent keeps its sign": ("75%", "75%"),
    "percent in a word": ("40 percent of them", "40%"),
    "scientific": ("1.2e3", "1200"),
    "scientific with a power": ("1.2 × 10^3 stars", "1200"),
    "scientific with superscript": ("about 2×10³", "2000"),
    "power": ("10^3", "1000"),
    "power with superscript": ("2³", "8"),
    "negative": ("-5", "-5"),
    "Unicode minus": ("−5 degrees", "-5"),
    "negative money": ("-$5", "-5"),
    "money, then the sign": ("$-5", "-5"),
    "spaced minus behind an equals sign": ("x = - 5", "-5"),
    "minus as a word": ("minus 5", "-5"),
    "minus as a word in a sentence": ("The temperature fell to minus 5 degrees.", "-5"),
    "negative as a word": ("It is a negative 5.", "-5"),
    "minus as a word before money": ("The balance is minus $5.", "-5"),
    "minus between numbers is no sign": ("10 minus 5 equals 5", "5"),
    "minus behind a noun is no sign": ("The answer is x minus 5", "5"),
    "hyphen between numbers is no sign": ("a range of 5-7", "7"),
    "comma separators": ("12,345,678 people", "12345678"),
    "thin-space separators": ("12\u2009345 people", "12345"),
    "narrow no-break separators": ("12\u202f345 people", "12345"),
    "plain-space separators": ("250 000 dollars", "250000"),
    "Indian separators": ("1,23,456 rupees", "123456"),
    "list with commas is no number": ("3, 4", "4"),
    "million": ("$1.5 million", "1500000"),
    "thousands as a letter": ("12k", "12000"),
    "money in thousands": ("$1.2k", "1200"),
    "money in millions": ("It costs $3M.", "3000000"),
    "metres are no millions": ("3m", "3"),
    "kilograms are no thousands": ("12kg", "12"),
    "dollars and cents": ("12 dollars and 50 cents", "12.5"),
    "dollars and cents, with a sign": ("That makes $12 and 5 cents.", "12.05"),
    "dollars and cents in words": ("twelve dollars and fifty cents", "12.5"),
    "dollars and cents, then how many": ("So it is 12 dollars and 50 cents for the 3.", "12.5"),
    "pounds and pence": ("3 pounds 50 pence", "3.5"),
    "cents alone": ("50 cents", "50"),
    "a half in words": ("5 and a half hours", "5.5"),
    "unit": ("12 apples", "12"),
    "unit with decimals": ("3.5 kg", "3.5"),
    "unit without space": ("3.5kg", "3.5"),
    "square unit": ("12 m^2", "12"),
    "square unit with superscript": ("12 m²", "12"),
    "digit inside a name": ("12 litres of H2O", "12"),
    "time unit": ("45 minutes", "45"),
    # markup
    "bold": ("**42**", "42"),
    "code": ("`42`", "42"),
    "math dollars": ("$42$ apples", "42"),
    "escaped dollar": (r"\$42", "42"),
    "LaTeX fraction": (r"\frac{3}{4}", "0.75"),
    "LaTeX display fraction": (r"\[ \dfrac{3}{4} \]", "0.75"),
    "LaTeX mixed number": (r"1\frac{1}{2}", "1.5"),
    "LaTeX negative fraction": (r"-\frac{3}{4}", "-0.75"),
    "LaTeX separator": (r"1{,}234", "1234"),
    "LaTeX thin space": (r"1\,234", "1234"),
    "LaTeX times": (r"1.2 \times 10^{3}", "1200"),
    "LaTeX percent": (r"75\%", "75%"),
    # explicit final answers
    "sentence": ("The answer is 42.", "42"),
    "sentence with a unit": ("The final answer is 42 apples.", "42"),
    "sentence with bold": ("The answer is **$42**.", "42"),
    "label": ("Answer: 42", "42"),
    "bold label": ("**Answer:** 42", "42"),
    "label in a sentence": ("So she pays; answer = 42", "42"),
    "heading": ("### Final Answer\n42", "42"),
    "tag": ("It follows. <answer>42</answer>", "42"),
    "boxed": (r"\boxed{42}", "42"),
    "boxed with text": (r"\[ \boxed{\text{42 dollars}} \]", "42"),
    "boxed fraction": (r"\boxed{\frac{1}{3}}", "1/3"),
    "boxed and cut off": (r"5 + 3 gives \boxed{8", "8"),
    "GSM8K mark": ("5 + 3 = 8\n#### 42", "42"),
    "remark in parentheses behind": ("72 (see step 3)", "72"),
    "answer with a remark behind": ("The answer is 72 (see step 3).", "72"),
    "answer in parentheses": ("The answer is (-5).", "-5"),
    "reason behind": ("The answer is 8 because 10 is 2 more.", "8"),
    "reason behind a comma": ("The answer is 8, as 3 * 4 = 12 shows.", "8"),
    "reason in a new sentence": ("The answer is 42. There are 6 rows of 7.", "42"),
    "date behind": ("Answer: 42\n\nChecked on 12 May 2024.", "42"),
    "steps behind": ("Answer: 42\n\n1. Add 30 and 12\n2. Done", "42"),
    "name of the unknown": ("The answer is x = 42", "42"),
    "calculation": ("answer: 5 - 3 = 2", "2"),
    "words before the number": ("The answer is approximately 3.33 hours", "3.33"),
    "question repeated": ("The answer to how many of the 9 are left is 4.", "4"),
    "qualified": ("The final answer, in dollars, is 42.50", "42.5"),
    "clause": ("The answer is that there are 5 red and 3 blue, so 8 in all.", "8"),
    "last of several": ("The answer is 5. Wait, no. The answer is 6.", "6"),
    "explicit before a later number": ("The answer is 5.\nThat leaves 3 for Tom.", "5"),
    "boxed before a later number": ("\\boxed{5}\nwith 3 steps", "5"),
    "denied": ("The answer is not 5. Taken together it is 7.", "7"),
    "derivation under a heading": ("Answer: First, 5 + 3 = 8.\nThen 8 * 2 = 16.", "16"),
    "the same in two forms": ("The answer is 0.4 = 40%.", "40%"),
    "the same in two forms with or": ("The answer is 1/2, or 0.5.", "0.5"),
    "fraction of a number": ("The answer is 1/2 of 20, that is 10.", "10"),
    "percentage of a number": ("The answer is 20% of 60, which is 12.", "12"),
    "percentage of a number, then a sentence": ("The answer is 20% of 60. That is 12.", "12"),
    "share of a number in words": ("The answer is half of 20, or 10.", "10"),
    "multiple in words": ("The answer is twice 6, so 12.", "12"),
    "operator in words": ("The answer is 3 times 4, which is 12. There are 5 more.", "12"),
    "percentage and what it is of": ("The answer is 20% of 60 students.", "20%"),
    "fraction and what it is of": ("The answer is 1/4 of the cake, which is 2 slices.", "1/4"),
    "some of several": ("The answer is 3 of the 10 apples.", "3"),
    "result before its calculation": ("The answer is 10, which is 1/2 of 20.", "10"),
    "corrected": ("The answer is not 12 but 15.", "15"),
    "contrasted": ("The answer is 15, not 12.", "15"),
    # JSON
    "JSON": ('{"answer": 12}', "12"),
    "JSON text": ('{"answer": "12"}', "12"),
    "JSON text with a unit": ('{"answer": "12 dollars", "books": 3}', "12"),
    "JSON in a fence": ('```json\n{"answer": 12, "books": 3}\n```', "12"),
    "JSON over lines": ('{\n  "answer": -12.50,\n  "why": "3 books at $4"\n}', "-12.5"),
    "JSON behind a text": ('Step 1.\n```json\n{"final_answer": "12", "n": 3}\n```', "12"),
    "JSON list": ('{"answer": [12], "n": 3}', "12"),
    "JSON object": ('{"answer": {"value": 12, "unit": "books"}, "n": 3}', "12"),
    "JSON as Python writes it": ("{'answer': 12, 'n': 3}", "12"),
    "JSON with a calculation": ('{"answer": "5 + 7 = 12", "n": 3}', "12"),
    "Markdown heading of a step": ("#### 1. Add\n5 + 5 = 10\n#### 2. Say it\nIt is 10.", "10"),
    "purpose, not a label": ("To answer this, add 3 and 4. That makes 7.", "7"),
    # equations and last numbers
    "equation": ("12 trays x 5 = 60", "60"),
    "equation with units": ("12 trays x 5 buns = 60 buns on 3 shelves", "60"),
    "money equation": ("$12 - $5 = $7", "7"),
    "chain": ("4 x 15 = 60 = 60 minutes", "60"),
    "several equations": ("1 + 1 = 2, and 2 + 2 = 4", "4"),
    "equals in words": ("So 5 plus 3 equals 8 for the 2 of them", "8"),
    "unfinished calculation": ("T = 320 - 271, which is 49", "49"),
    "last sentence": ("5 + 3 = 8. Then 8 * 2 = 16.", "16"),
    "lines": ("Step 1: 3 * 4 = 12\nStep 2: 12 + 5 = 17", "17"),
    "conclusion": ("Since 12 > 10, 12 - 10 = 2, so she has 7 left.", "7"),
    "reason": ("He needs 14 more plates because each plate holds 20.", "14"),
    "comparison": ("Mia sells 14 more than the 28 of Tom.", "14"),
    "price of one": ("He made 612 dollars at $12 each.", "612"),
    "origin": ("He has 12 apples left over from 20.", "12"),
    "offer behind": ("That makes 28.\nLet me know if the 3 steps are clear.", "28"),
    "share": ("3 out of 10 are left", "3"),
    "rate": ("She earns $15 per 2 hours", "15"),
    "purpose": ("She pays $12.50 in total for the 4 tickets.", "12.5"),
    "what a total is for": ("So Anna pays $12 in total for 3 books.", "12"),
    "what a number in all is for": ("So he bakes 36 cookies in all for 12 friends.", "36"),
    "what money is for": ("Anna spends 12 dollars on 3 books.", "12"),
    "what money suffices for": ("So $20 lasts for 5 days.", "5"),
    "what can be paid for": ("With $20 she can pay for 5 books.", "5"),
    "what a result is a share of": ("She gets 10, which is 1/2 of 20.", "10"),
    "condition with a choice": ("If she buys 10 or 12 pens, she needs 5 bags.", "5"),
    "contrast": ("She has 15 left, not 12.", "15"),
    "something else denied": ("He did not eat 3 of the 12, so 9 were eaten.", "9"),
    "comparison before": ("Mia has 9 more than the 3 of Tom, in all 12.", "12"),
    "condition first": ("After 3 days she has 12.", "12"),
    "condition last": ("She has 12 left after 3 days.", "12"),
    "parenthesis": ("She has 42 left (that is 3 fewer).", "42"),
    "bracket": ("[42]", "42"),
    "calculation in parentheses": ("(25% + 40%) / 2 = 32.5%", "32.5%"),
    # what is no answer
    "step number": ("She has 42 left. See step 3.", "42"),
    "day of a month": ("She has 42 left on May 5, 2024.", "42"),
    "ISO date": ("She has 42 left on 2024-05-12.", "42"),
    "clock time": ("She has 42 left at 3:45.", "42"),
    "ordinal": ("She has 42 left on the 5th day.", "42"),
    "compound adjective": ("She cuts 42 pieces from a 12-inch board.", "42"),
    "list number": ("She has 42 left:\n1. Look", "42"),
    "number at the start is not always a list number": ("72. That is all.", "72"),
    # words
    "word": ("The answer is seven.", "7"),
    "words": ("The answer is three hundred and twenty-five.", "325"),
    "negative in words": ("The answer is minus four.", "-4"),
    "half in words": ("She needs two and a half.", "2.5"),
    "word without any digits": ("She has seven left", "7"),
    "word in the conclusion": ("She had 12 and ate 5. So seven remain.", "7"),
    "only word": ("One.", "1"),
    "dozen": ("a dozen", "12"),
    "dozens": ("three dozen", "36"),
    "half a dozen": ("He needs half a dozen.", "6"),
    "a number word elsewhere is no answer": ("That is 12. Both of the two ways lead there.", "12"),
}


@pytest.mark.parametrize(("reply", "number"), READINGS.values(), ids=READINGS)
def test_the_answer_is_read(reply, number):
    assert extract_answer(reply) == str(parse_number(number))


# numbers with several readings: (reply, text that keeps them, what it equals, what it does not)
SEVERAL = {
    "percentage": ("It is 75%.", "75%", ("75", "0.75", "75%"), ("0.75%", "7500%")),
    "hours and minutes": (
        "The answer is 5 hours and 30 minutes.",
        "5 hours 30 minutes",
        ("330", "5.5", "5 hours 30 minutes"),
        ("5", "30", "5.3", "5 hours 3 minutes"),
    ),
    "with a comma": ("5 hours, 30 minutes", "5 hours 30 minutes", ("330", "5.5"), ("5",)),
    "bold": ("It takes **5 hrs 30 min**.", "5 hrs 30 min", ("330", "5.5"), ("5",)),
    "without spaces": ("5h30m", "5 h 30 m", ("330", "5.5"), ("5",)),
    "LaTeX": (
        r"\boxed{5 \text{ hours and } 30 \text{ minutes}}",
        "5 hours 30 minutes",
        ("330", "5.5"),
        ("5",),
    ),
    "in words": (
        "five hours and thirty minutes",
        "5 hours 30 minutes",
        ("330", "5.5"),
        ("5",),
    ),
    "an hour": ("an hour and 30 minutes", "1 hour 30 minutes", ("90", "1.5"), ("30",)),
    "three units": (
        "1 hour, 5 minutes and 30 seconds",
        "1 hour 5 minutes 30 seconds",
        ("65.5", "3930"),
        ("1",),
    ),
    "feet and inches": ("6 feet 2 inches", "6 feet 2 inches", ("74", "37/6"), ("6", "6.2")),
    "pounds and ounces": ("3 lb 8 oz", "3 lb 8 oz", ("56", "3.5"), ("3",)),
    "weeks and days": ("2 weeks and 3 days", "2 weeks 3 days", ("17",), ("2", "3", "5")),
    "the same in another unit": (
        "2 hours (120 minutes)",
        "2 hours (120 minutes)",
        ("2", "120"),
        ("122", "60"),
    ),
    "the same with or": (
        "The answer is 330 minutes, or 5 hours and 30 minutes.",
        "330 minutes (5 hours 30 minutes)",
        ("330", "5.5"),
        ("5", "30"),
    ),
    "not the same in another unit": ("2 hours (100 minutes)", "2", ("2",), ("100", "120")),
    "dozens": ("The answer is 3 dozen eggs.", "3 dozen", ("36", "3"), ("12",)),
}


@pytest.mark.parametrize(("reply", "text", "equal", "different"), SEVERAL.values(), ids=SEVERAL)
def test_every_reading_of_a_number_counts_and_no_other(reply, text, equal, different):
    prediction = extract_answer(reply)
    assert prediction == text
    assert all(is_correct(prediction, gold) and is_correct(gold, prediction) for gold in equal)
    assert not any(is_correct(prediction, gold) for gold in different)


def test_parts_of_two_things_are_no_amount():
    assert extract_answer("He worked 2 hours for Ann and 45 minutes for Bo") == "45"
    assert extract_answer("5 hours and 90 minutes") == "90"


NO_ANSWERS = {
    "empty": "",
    "said so": "I have no answer",
    "said so as the answer": "There are 5 red ones. The answer is unknown.",
    "said so, with a number behind": "The answer is unknown. There are 5 red ones.",
    "cannot be determined": "There are 5 red ones. The rest cannot be determined.",
    "no number": "She sells all of them.",
    "one is not a number here": "No one knows which one that is.",
    "division by zero": "1/0",
    "denied": "not 12",
    "denied as the answer": "The answer is not 12.",
    "denied as a label": "Answer: not 12",
    "denied as impossible": "The answer can't be 12.",
    "denied behind a calculation": "5 + 3 = 8. The answer is not 8.",
    "both denied": "The answer is neither 10 nor 12.",
    "either": "either 10 or 12",
    "either, as the answer": "The answer is either 10 or 12.",
    "either, with units": "It could be either 10 apples or 12 apples.",
    "choice": "The answer is 10 or 12.",
    "choice in words": "It is ten or twelve.",
    "choice denied": "Not 10 or 12.",
    "JSON null": '{"answer": null, "steps": 3}',
    "too long for a number": "9" * 5000,
}


@pytest.mark.parametrize("reply", NO_ANSWERS.values(), ids=NO_ANSWERS)
def test_no_answer_is_none(reply):
    assert extract_answer(reply) is None


@pytest.mark.parametrize(
    ("prediction", "gold", "right"),
    [
        ("12", "12.00", True),
        ("1234.5", "$1,234.50", True),
        ("0.75", "3/4", True),
        ("1/3", "2/6", True),
        ("0.333333", "1/3", False),
        ("1200", "1.2e3", True),
        ("5", "-5", False),
        ("−5", "-5", True),
        ("32.5", "32.5", True),
        ("32.50001", "32.5", False),
        ("12 apples", "12", False),
        ("", "0", False),
        (None, "0", False),
    ],
)
def test_values_are_compared_exactly(prediction, gold, right):
    assert is_correct(prediction, gold) is right


@pytest.mark.parametrize(
    ("prediction", "gold", "right"),
    [
        ("75%", "75", True),
        ("75%", "0.75", True),
        ("75%", "75%", True),
        ("75", "75%", True),
        ("0.75", "75", False),
        ("75", "0.75", False),
        ("0.75%", "75%", False),
        ("7500%", "75%", False),
    ],
)
def test_a_percentage_equals_its_number_and_its_value(prediction, gold, right):
    assert is_correct(prediction, gold) is right


def test_a_gold_answer_that_is_no_number_is_refused():
    with pytest.raises(InputError, match="'twelve apples' is not a number"):
        is_correct("12", "twelve apples")


@pytest.mark.parametrize(
    ("reply", "gold", "ours", "papers"),
    [
        ("The answer is 72.", "72", True, True),
        ("It costs $1,234.50", "1234.50", True, True),
        ("72 (see step 3)", "72", True, False),
        ("12.00", "12", True, False),
        ("$1,234.50", "1234.5", True, False),
        ("3/4", "0.75", True, False),
        ("75%", "0.75", True, False),
        ("1.2e3", "1200", True, False),
        ("−5", "-5", True, False),
        ("12 000", "12000", True, False),
        ("The answer is seven.", "7", True, False),
        ("12.00", "12.00", True, True),
        ("-5", "-5", True, True),
        ("10-5", "-5", False, True),
        ("No number", "7", False, False),
    ],
)
def test_where_the_papers_grader_differs(reply, gold, ours, papers):
    prediction = extract_answer(reply)
    assert (prediction is not None and is_correct(prediction, gold)) is ours
    assert paper_grade(reply, gold) is papers
