"""What can be asked about the contexts of procedural-aime, found by trying out all cases.

One function for each family, in a file of the name of its data file: the numbers that the text
states (those of a level's sentences) to the values of its quantities by key. Nothing here knows a
formula of the data files: what they count is listed here, what they follow with a rule is acted out
step by step.
"""

from tasks.procedural.brute_force import algebra, counting, numbers, sequences, shapes

FAMILIES = {
    name: function
    for module in (algebra, counting, numbers, sequences, shapes)
    for name, function in vars(module).items()
    if callable(function) and function.__module__ == module.__name__ and name[0] != "_"
}
