"""Strings between numbers: whole numbers are written out, and what became of them is read again."""

from __future__ import annotations

from hypothesis import strategies as st

from oracle.graphs.bodies import Names
from oracle.graphs.builder import Draw, Graph, Value, family

WRITTEN = "r = Round(x) i = Cast<to = 7>(r) s = Cast<to = 8>(i) "


@family("words", since=20)
def words(draw: Draw, graph: Graph, x: Value, others: list[Value]) -> list[Value]:
    """Joined with those of another tensor, searched, split."""
    same = [y for y in [x, *others] if y.shape == x.shape]
    names: Names = {"x": x, "z": draw(st.sampled_from(same))}
    other = "a = Abs(z) p = Round(a) j = Cast<to = 7>(p) t = Cast<to = 8>(j) "
    text = draw(st.sampled_from([
        other + "y0 = StringConcat(s, t) y = Cast<to = 1>(y0)",
        'y0 = RegexFullMatch<pattern = "-?[02468]">(s) y = Cast<to = 1>(y0)',
        'w, n = StringSplit<delimiter = "1">(s) y = Cast<to = 1>(n)',
    ]))  # fmt: skip
    return graph.script(WRITTEN + text, **names)


@family("lower_case", since=10)
def lower_case(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """A row of words, or the one row of a matrix, each by itself: none is left out."""
    names: Names = {"zero": graph.ints(0), "first": graph.ints([0]), "x0": x}
    text, row = "", x.rank > 1 and draw(st.booleans())
    for step in range(x.rank - 1):
        picked = "first" if row and step == x.rank - 2 else "zero"
        text += f"x{step + 1} = Gather<axis = 0>(x{step}, {picked}) "
    text += WRITTEN.replace("(x)", f"(x{x.rank - 1})")
    case = draw(st.sampled_from(["LOWER", "UPPER"]))
    text += f'c = StringNormalizer<locale = "C", case_change_action = "{case}">(s) y = Cast<to = 1>(c)'
    return graph.script(text, **names)


@family("named_categories", since=9)
def named_categories(_draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """Numbers to names and back."""
    names = 'cats_int64s = [0, 1, 2], cats_strings = ["0.5", "1.5", "4"]'
    text = (
        f'r = Round(x) i = Cast<to = 7>(r) s = ai.onnx.ml.CategoryMapper<{names}, default_string = "7">(i) '
    )
    return graph.script(text + "y = Cast<to = 1>(s)", x=x)


@family("n_grams", since=9)
def n_grams(draw: Draw, graph: Graph, x: Value, _: list[Value]) -> list[Value]:
    """How often words, or pairs of them, stand in a row."""
    if not (x := graph.of_rank(x, 2)):
        return []
    mode = draw(st.sampled_from(["TF", "IDF", "TFIDF"]))
    skip = draw(st.integers(0, 1)) if x.shape[1] > 2 else 0
    attrs = f'mode = "{mode}", min_gram_length = 1, max_gram_length = 2, max_skip_count = {skip}, '
    attrs += "ngram_counts = [0, 3], ngram_indexes = [0, 1, 2, 3, 4], pool_int64s = [0, 1, -1, 0, 1, 1, 0], "
    attrs += "weights = [1.0, 1.5, 2.0, 2.5, 0.5]"
    return graph.script(f"r = Round(x) i = Cast<to = 7>(r) y = TfIdfVectorizer<{attrs}>(i)", x=x)
